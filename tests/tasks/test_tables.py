"""Tables of others as rows: text and spreadsheets mean the same; what is wrong is named."""

from zipfile import ZipFile

import pytest

from mmjudge.errors import TaskError
from mmjudge.sources.public_rows import PublicRow
from mmjudge.sources.tables import read_table
from mmjudge.task import BadItem

SPACE = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


class Cup(PublicRow):
    name: str
    litres: float
    chipped: bool | None = None


def sheet(path, rows, texts=()):
    body = "".join(f"<row>{''.join(cells)}</row>" for cells in rows)
    with ZipFile(path, "w") as book:
        book.writestr("xl/worksheets/sheet1.xml", f"<w {SPACE}><s>{body}</s></w>")
        if texts:
            shared = "".join(f"<si><r><t>{text}</t></r></si>" for text in texts)
            book.writestr("xl/sharedStrings.xml", f"<sst {SPACE}>{shared}</sst>")
    return path


def inline(place, text):
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


HEADER = [inline("A1", "name"), inline("B1", "litres"), inline("D1", "chipped")]


def test_text_and_spreadsheet_give_the_same_rows(tmp_path):
    cells = ['<c r="A2" t="s"><v>1</v></c>', '<c r="B2"><v>0.5</v></c>', inline("C2", "else")]
    rows = [HEADER, [*cells, '<c r="D2" t="b"><v>1</v></c>'], [inline("A3", "blue"), cells[1]]]
    rows[2][1] = rows[2][1].replace("B2", "B3")
    book = sheet(tmp_path / "cups.xlsx", rows, ("unused", "red_x000D_ &amp; round"))
    text = tmp_path / "cups.tsv"
    text.write_text('name\tlitres\tchipped\n"red\r & round"\t0.5\ttrue\n', newline="")
    one, two = read_table(book, Cup)
    (same,) = read_table(text, Cup)
    assert one == same == Cup(name="red\r & round", litres=0.5, chipped=True)
    assert two == Cup(name="blue", litres=0.5)


def test_a_bad_row_is_named_and_the_rest_is_kept(tmp_path):
    text = tmp_path / "cups.csv"
    text.write_text('name,litres\n"two\nlines",1\nred,much\ngreen\nblue,2\n')
    bad = [row for row in read_table(text, Cup) if isinstance(row, BadItem)]
    assert [row.where for row in bad] == [f"{text}:4", f"{text}:5"]
    assert "litres" in bad[0].problem
    assert sum(isinstance(row, Cup) for row in read_table(text, Cup)) == 2


@pytest.mark.parametrize("name", ["cups.csv", "cups.xlsx"])
def test_a_column_that_is_not_there_is_named_with_those_that_are(tmp_path, name):
    path = tmp_path / name
    if name.endswith(".csv"):
        path.write_text("name,size\nred,1\n")
    else:
        sheet(path, [[inline("A1", "name"), inline("B1", "size")]])
    with pytest.raises(TaskError, match=r"cups\..*:1: columns litres are needed, found name, size"):
        list(read_table(path, Cup))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"name,litres\n", "not a zip file"),
        (b"", "not a zip file"),
    ],
)
def test_what_is_no_spreadsheet_is_an_error_that_names_it(tmp_path, content, words):
    path = tmp_path / "cups.xlsx"
    path.write_bytes(content)
    with pytest.raises(TaskError, match=rf"cups\.xlsx.*{words}"):
        list(read_table(path, Cup))


def test_a_spreadsheet_without_its_sheet_or_with_half_of_it_is_an_error(tmp_path):
    path = tmp_path / "cups.xlsx"
    with ZipFile(path, "w") as book:
        book.writestr("xl/workbook.xml", "<w/>")
    with pytest.raises(TaskError, match=r"sheet1\.xml"):
        list(read_table(path, Cup))
    with ZipFile(path, "w") as book:
        book.writestr("xl/worksheets/sheet1.xml", f"<w {SPACE}><s><row>")
    with pytest.raises(TaskError, match="not a spreadsheet that can be read"):
        list(read_table(path, Cup))
