"""Rows of tables that others wrote as text (csv, tsv) or as a spreadsheet (xlsx).

The first row names the columns. Of a spreadsheet the first sheet is read, in the form that
xlsxwriter and openpyxl give it (ECMA-376, part 1, section 18), by the standard library alone.
"""

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from xml.etree.ElementTree import Element, ParseError, iterparse
from zipfile import BadZipFile, ZipFile

from pydantic import BaseModel, ValidationError

from mmjudge.errors import TaskError
from mmjudge.jsonl import MAX_LINE_BYTES, explain
from mmjudge.task import BadItem

MAX_MEMBER_BYTES = 256 * 1024 * 1024
"""A larger part of a spreadsheet is refused before it is unpacked."""
DELIMITERS = {".csv": ",", ".tsv": "\t"}
TEXTS = "xl/sharedStrings.xml"
SHEET = "xl/worksheets/sheet1.xml"
_SPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")

T = TypeVar("T", bound=BaseModel)


class _Row(NamedTuple):
    """A row with its number in the file."""

    number: int
    values: dict[str, Any]


def read_table(path: Path, record: type[T]) -> Iterator[T | BadItem]:
    """The rows of a table as records; a row that is none comes as a `BadItem` that names it.

    An empty cell is as good as none: the field has its default.

    Args:
        path: A file that ends in .csv, .tsv or .xlsx.
        record: What a row is; its fields are columns, those without a default are required.

    Raises:
        TaskError: The file cannot be read, or lacks a column that is needed.
    """
    rows = _sheet_rows(path) if path.suffix == ".xlsx" else _text_rows(path)
    first = next(rows, None)
    found = [] if first is None else [*first.values]
    needed = [name for name, field in record.model_fields.items() if field.is_required()]
    if missing := [name for name in needed if name not in found]:
        shown = ", ".join(map(str, found[:12])) or "nothing"
        raise TaskError(f"{path}:1: columns {', '.join(missing)} are needed, found {shown}")
    for row in rows:
        where = f"{path}:{row.number}"
        filled = {name: cell for name, cell in row.values.items() if cell not in ("", None)}
        try:
            yield record.model_validate(filled)
        except ValidationError as error:
            yield BadItem(id=f"row {row.number}", where=where, problem=explain(error))


def _text_rows(path: Path) -> Iterator[_Row]:
    """The header, whose names stand for themselves, then the rows."""
    csv.field_size_limit(MAX_LINE_BYTES)
    try:
        with path.open(encoding="utf-8-sig", newline="") as text:
            lines = csv.DictReader(text, delimiter=DELIMITERS[path.suffix])
            yield _Row(1, {name: name for name in lines.fieldnames or ()})
            for values in lines:
                yield _Row(lines.line_num, {name or "": value for name, value in values.items()})
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TaskError(f"{path}: cannot be read as a table: {error}") from error


def _sheet_rows(path: Path) -> Iterator[_Row]:
    """The same of a spreadsheet; a cell that is not there is None."""
    names: dict[str, str] = {}
    try:
        with ZipFile(path) as book:
            texts = [_text(one) for one in _elements(book, TEXTS, "si")]
            for number, row in enumerate(_elements(book, SHEET, "row"), 1):
                cells = dict(_cell(one, texts) for one in row.iter(f"{_SPACE}c"))
                if not names:
                    names = {column: str(name) for column, name in cells.items()}
                yield _Row(number, {name: cells.get(column) for column, name in names.items()})
    except (OSError, BadZipFile, ParseError, LookupError, ValueError) as error:
        raise TaskError(f"{path}: not a spreadsheet that can be read: {error}") from error


def _elements(book: ZipFile, name: str, tag: str) -> Iterator[Element]:
    """The elements of one kind in a part of the file, each dropped once it was used."""
    if name == TEXTS and name not in book.namelist():
        return
    size = book.getinfo(name).file_size
    if size > MAX_MEMBER_BYTES:
        raise ValueError(f"{name}: {size} bytes; at most {MAX_MEMBER_BYTES}")
    with book.open(name) as part:
        for _, element in iterparse(part):
            if element.tag == f"{_SPACE}{tag}":
                yield element
                element.clear()


def _text(element: Element) -> str:
    """All text of an element; control characters are written as _x000D_ in it."""
    text = "".join(one.text or "" for one in element.iter(f"{_SPACE}t"))
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)


def _cell(cell: Element, texts: list[str]) -> tuple[str, str | float | bool | None]:
    """Letters of the column, and the value."""
    column = cell.attrib["r"].rstrip("0123456789")
    value = cell.findtext(f"{_SPACE}v")
    match cell.get("t"), value:
        case "inlineStr", _:
            return column, _text(cell)
        case (_, None) | ("e", _):
            return column, None
        case "s", str():
            return column, texts[int(value)]
        case "b", str():
            return column, value == "1"
        case "str", str():
            return column, value
    number = float(value or "nan")
    return column, int(number) if number.is_integer() else number
