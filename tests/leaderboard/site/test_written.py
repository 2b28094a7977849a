"""The files of a site, without a browser."""

import csv
import filecmp
import inspect
import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from typing import get_args

import pytest

from mmjudge.errors import MmjudgeError
from mmjudge.leaderboard.boards.board import Badge, Board, Cell, ColumnKind
from mmjudge.leaderboard.site import write_site, write_sites
from mmjudge.leaderboard.site.library import table_library
from mmjudge.leaderboard.site.pages import POLICY
from mmjudge.leaderboard.site.view import badness, contested, state
from mmjudge.leaderboard.site.words import BADGES, FLAGS, KINDS, ONE_OF
from mmjudge.leaderboard.submissions import flags, likeness
from tests.leaderboard.site.boards import EVIL, board

ATTRIBUTES = {
    "aria-controls", "aria-current", "aria-expanded", "aria-hidden", "aria-label",
    "aria-labelledby", "aria-live", "autocomplete", "charset", "checked", "class", "colspan",
    "content", "d", "data-theme-next", "defer", "download", "fill", "hidden", "href", "http-equiv",
    "id", "lang", "name", "placeholder", "rel", "role", "scope", "spellcheck", "src", "stroke",
    "stroke-linecap", "stroke-linejoin", "stroke-width", "tabindex", "title", "type", "value",
    "viewbox", "x", "y", "width", "height", "preserveaspectratio",
}  # fmt: skip
"""All that the templates use outside of drawn plots: none that runs or dresses anything."""


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.in_plot = False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.in_plot = self.in_plot or (tag == "svg" and dict(attrs).get("class") == "plot")
        if not self.in_plot:
            self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        self.in_plot = self.in_plot and tag != "svg"

    def handle_data(self, data):
        self.text += data


def pages(folder):
    return {p.relative_to(folder).as_posix(): Tags(p.read_text()) for p in folder.rglob("*.html")}


@pytest.fixture(scope="module")
def found(written):
    """The pages of the large site, read once."""
    return pages(written[1])


def same_files(left, right) -> bool:
    names = sorted(p.relative_to(left) for p in left.rglob("*") if p.is_file())
    assert names == sorted(p.relative_to(right) for p in right.rglob("*") if p.is_file())
    return not filecmp.cmpfiles(left, right, [str(n) for n in names], shallow=False)[1]


def test_the_same_board_gives_the_same_bytes(hostile, tmp_path):
    made = board(4, 20, say=EVIL, n_tasks=2)
    write_site(Board.model_validate_json(made.model_dump_json()), tmp_path)
    assert same_files(hostile, tmp_path)


AGAIN = """
from pathlib import Path
from mmjudge.leaderboard.submissions import flags, likeness
from mmjudge.leaderboard.boards.board import Badge, Board, Cell, ColumnKind
from mmjudge.leaderboard.site import write_site
write_site(Board.model_validate_json(Path("{json}").read_text()), Path("{out}"))
"""


@pytest.mark.slow
@pytest.mark.parametrize("seed", ["1", "2"])
def test_another_process_writes_the_same_bytes(written, tmp_path, root, seed):
    _, folder = written
    code = AGAIN.format(json=folder / "board.json", out=tmp_path / "again")
    settings = {**os.environ, "PYTHONHASHSEED": seed, "LC_ALL": "C", "TZ": "Asia/Tokyo"}
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root, env=settings, timeout=300)
    assert same_files(folder, tmp_path / "again")


def test_texts_of_strangers_are_texts_on_every_page(hostile):
    found = pages(hostile)
    assert len(found) == 4 + 2 + 5
    for name, page in found.items():
        tags = {tag for tag, _ in page.found}
        assert not tags & {"img", "iframe", "object", "embed", "form", "base", "style"}, name
        assert {a for _, attrs in page.found for a in attrs} <= ATTRIBUTES, name
        scripts = [attrs.get("src", "") for tag, attrs in page.found if tag == "script"]
        assert all(re.fullmatch(r"(\.\./)?(assets/[a-z]+|board)\.js", s) for s in scripts), name
        links = [attrs["href"] for _, attrs in page.found if "href" in attrs]
        assert all(re.match(r"https://example\.org/|[a-z./]+[\w.#-]|#", to) for to in links), name
        if name != "licences.html":
            assert "<script>alert(1)" in page.text, name


def test_every_page_refuses_scripts_and_styles_in_its_text(written, found):
    _, folder = written
    for name, page in found.items():
        policies = [a["content"] for t, a in page.found if t == "meta" and "http-equiv" in a]
        assert policies == [POLICY], name
        assert "unsafe" not in POLICY
        assert not [a for _, a in page.found if "style" in a], name
        inner = re.findall(r"<script(?![^>]*\bsrc=)|\bon[a-z]+=", (folder / name).read_text())
        assert not inner, name


def test_data_of_scripts_cannot_end_a_script_element(hostile):
    for path in [hostile / "board.js", *hostile.glob("duels/*.js")]:
        assert "<" not in path.read_text()


def test_every_link_inside_of_the_site_leads_to_a_page_and_a_place_on_it(written, found):
    _, folder = written
    places = {name: {a["id"] for _, a in page.found if "id" in a} for name, page in found.items()}
    for name, page in found.items():
        for to in (a["href"] for _, a in page.found if "href" in a):
            if to.startswith(("https://", "../recorded")):
                continue
            path, _, anchor = to.partition("#")
            target = (folder / name).parent.joinpath(path).resolve() if path else folder / name
            if target == folder.parent / "index.html":  # of all boards: it is not written here
                continue
            assert target.is_file(), f"{name}: {to}"
            if anchor and "=" not in anchor:
                assert anchor in places[target.relative_to(folder).as_posix()], f"{name}: {to}"


def test_every_cell_stands_on_the_page_of_its_judge_and_in_the_files_to_keep(written):
    made, folder = written
    entry = made.entries[7]
    page = (folder / "judges" / f"{entry.id}.html").read_text()
    with (folder / "board.csv").open() as stream:
        rows = {(row["entry"], row["column"]): row for row in csv.DictReader(stream)}
    assert len(rows) == sum(len(cells) for cells in made.cells.values())
    for name, cell in made.cells[entry.id].items():
        assert f'columns.html#c-{name}"' in page
        row = rows[entry.id, name]
        assert row["value"] == ("" if cell.value is None else str(cell.value))
        assert row["place_first"] == (str(cell.places[0]) if cell.places else "")
    assert Board.model_validate_json((folder / "board.json").read_text()) == made


def test_no_cell_of_the_csv_is_a_formula_to_a_spreadsheet(tmp_path):
    write_site(board(2, 12, say='=HYPERLINK("https://x.example")', n_tasks=1), tmp_path)
    with (tmp_path / "board.csv").open() as stream:
        cells = [cell for row in csv.reader(stream) for cell in row]
    texts = [c for c in cells if not re.fullmatch(r"-?[\d.]+(e-?\d+)?", c)]
    assert any("HYPERLINK" in c for c in texts)
    assert not [c for c in texts if c.lstrip().startswith(("=", "+", "-", "@", "\t", "\r"))]


@pytest.mark.parametrize("entries", [0, 1])
def test_a_board_of_none_or_one_has_all_its_pages(tmp_path, entries):
    write_site(board(entries, 12, n_tasks=1), tmp_path)
    assert len(pages(tmp_path)) == 5 + 1 + entries
    text = (tmp_path / "index.html").read_text()
    assert ("No judge has been entered yet" in text) == (entries == 0)


def test_a_board_without_columns_orders_or_duels_is_written(tmp_path):
    bare = board(3, 12, n_tasks=1).model_copy(
        update={"columns": (), "cells": {}, "orders": (), "duels": (), "overall": "", "voters": (),
                "separated": {}, "tasks": ()}
    )  # fmt: skip
    bare = bare.model_copy(
        update={"entries": tuple(e.model_copy(update={"runs": ()}) for e in bare.entries)}
    )
    write_site(Board.model_validate(bare.model_dump()), tmp_path)
    assert "No two judges" in (tmp_path / "duels.html").read_text()


def test_pages_of_judges_that_left_are_removed_and_nothing_else(tmp_path):
    (tmp_path / "tasks").mkdir(parents=True)
    (tmp_path / "tasks" / "mine.html").write_text("mine")
    write_site(board(3, 12, n_tasks=1), tmp_path)
    assert (tmp_path / "tasks" / "mine.html").exists()  # no site of ours was here before
    (tmp_path / "CNAME").write_text("board.example.org")
    write_site(board(2, 12, n_tasks=1), tmp_path)
    assert len(list((tmp_path / "judges").iterdir())) == 2
    assert (tmp_path / "CNAME").read_text() == "board.example.org"


def test_several_boards_stand_in_folders_of_their_own_behind_one_page(tmp_path):
    first = board(3, 12, n_tasks=1)
    second = board(0, 12, n_tasks=1).model_copy(update={"name": "season", "title": "A season"})
    write_sites([first, second], tmp_path)
    text = (tmp_path / "index.html").read_text()
    assert 'href="synthetic/index.html"' in text
    assert 'href="season/index.html"' in text
    assert first.entries[0].judge in text
    write_sites([first, second], tmp_path, "Ours <b>", "What ours are for.")
    text = (tmp_path / "index.html").read_text()
    assert "<h1><bdi>Ours &lt;b&gt;</bdi></h1>" in text
    assert "What ours are for." in text
    with pytest.raises(MmjudgeError, match="synthetic stands there twice"):
        write_sites([first, first], tmp_path)


def test_from_a_board_of_several_there_is_a_way_to_all_of_them(tmp_path):
    several = board(2, 12, n_tasks=1)
    assert several.siblings
    write_site(several.model_copy(update={"leaderboard": "Ours"}), tmp_path / "several")
    text = (tmp_path / "several" / "orders.html").read_text()
    assert re.search(r'<a class="brand" href="../index.html">.*Ours', text)
    write_site(several.model_copy(update={"siblings": ()}), tmp_path / "one")
    text = (tmp_path / "one" / "orders.html").read_text()
    assert re.search(r'<a class="brand" href="index.html">.*mmjudge', text)


def test_a_place_that_nobody_can_have_is_not_called_shared(tmp_path):
    two = board(2, 12, n_tasks=1)
    standings = tuple(
        s.model_copy(update={"place": i + 1}) for i, s in enumerate(two.orders[0].standings)
    )
    order = two.orders[0].model_copy(update={"standings": standings})
    write_site(two.model_copy(update={"orders": (order,)}), tmp_path)
    rules = (tmp_path / "index.html").read_text().partition('id="rules"')[2].partition("</table>")
    assert len(standings) == 2
    assert "shared" not in rules[0]


def test_every_judge_of_a_board_with_duels_has_the_file_that_a_page_asks_for(tmp_path):
    made = board(3, 12, n_tasks=1)
    write_site(made, tmp_path / "some")
    files = {path.stem for path in (tmp_path / "some" / "duels").iterdir()}
    assert files == {entry.id for entry in made.entries}
    write_site(made.model_copy(update={"duels": ()}), tmp_path / "none")
    assert not (tmp_path / "none" / "duels").exists()


def test_a_place_where_no_site_can_be_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(MmjudgeError, match=r"file.*cannot be written.*name a folder"):
        write_site(board(1, 2, n_tasks=1), tmp_path / "file")


def test_the_library_is_a_plain_script_with_the_licences_of_its_parts():
    script, licences = table_library()
    assert "export{" not in script
    assert script.rstrip().endswith("})();")
    for part in ("jQuery", "DataTables", "MIT License", "itables"):
        assert part in licences


def test_what_scripts_read_is_what_the_board_says(written):
    made, folder = written
    text = (folder / "board.js").read_text()
    said = json.loads(text[text.index(" = ") + 3 :].rstrip(";\n"))
    order = [entry["id"] for entry in said["entries"]]
    assert sorted(order) == sorted(e.id for e in made.entries)
    for column in said["columns"]:
        for name, value, items in zip(order, column["value"], column["items"], strict=True):
            cell = made.cell(name, column["id"])
            assert (items is None) == (cell is None)
            if cell is not None and cell.value is not None:
                assert value == pytest.approx(cell.value, abs=1e-6)


def test_every_kind_badge_and_flag_of_the_records_has_its_words():
    assert set(BADGES) == set(get_args(Badge))
    assert set(KINDS) == set(ONE_OF) == set(get_args(ColumnKind))
    source = inspect.getsource(flags) + inspect.getsource(likeness)
    assert not [name for name in FLAGS if f'"{name}"' not in source]


def test_to_be_first_of_one_is_no_place(tmp_path):
    made = board(3, 12, n_tasks=1)
    name = "task-genai_bench-pair"
    alone = {e: {c: cell for c, cell in cells.items() if c != name or e == "judge-001"}
             for e, cells in made.cells.items()}  # fmt: skip
    alone["judge-001"][name] = Cell(value=0.9, ci95=(0.8, 0.95), n_items=50, places=(1, 1))
    column = made.column(name)
    assert state(alone["judge-001"][name], column) == "best"
    shown = contested(made.model_copy(update={"cells": alone}))
    assert state(shown.cell("judge-001", name), column) == ""
    assert shown.cell("judge-001", "overall") == made.cell("judge-001", "overall")


def test_a_bias_of_few_items_is_not_called_one_and_stands_behind_the_certain():
    column = board(1, 12, n_tasks=1).column("bias-verbosity")
    few = Cell(value=-1.0, ci95=(-1.0, -1.0), n_items=5)
    many = Cell(value=0.1, ci95=(0.05, 0.15), n_items=50)
    assert (state(few, column), state(many, column)) == ("", "biased")
    assert badness(many, column) > badness(few, column)


def test_evil_is_what_the_tests_fear():
    assert "<script>" in EVIL
    assert "javascript:" in EVIL
