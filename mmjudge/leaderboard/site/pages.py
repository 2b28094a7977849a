"""The files of a site, from a board alone: the same board gives the same bytes."""

from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from mmjudge.errors import MmjudgeError
from mmjudge.leaderboard.boards.board import Board
from mmjudge.leaderboard.site import data, figures, judges, view, words
from mmjudge.leaderboard.site.duels import matrix, pairs, shown_first
from mmjudge.leaderboard.site.library import table_library

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'"
)
"""What a page may load: files of the site. A script or style in a page's text is refused."""

MENU = (
    ("Board", "index.html"),
    ("Orders", "orders.html"),
    ("Head to head", "duels.html"),
    ("Columns", "columns.html"),
)
PROTOCOLS = {
    "pair": "which of two candidates is better",
    "score": "how good a candidate is, on a scale",
    "rank": "in which order several candidates stand",
    "checklist": "which questions about a candidate it meets",
    "steps": "which steps of a solution are wrong, and in what",
}
STATIC = (
    "early.js", "page.js", "cells.js", "state.js", "fill.js", "table.js", "chooser.js", "board.js",
    "duels.js", "site.css",
)  # fmt: skip
BOARD_SCRIPTS = (
    "assets/library.js", "board.js", "assets/page.js", "assets/cells.js", "assets/state.js",
    "assets/fill.js", "assets/table.js", "assets/chooser.js",
    "assets/board.js",
)  # fmt: skip
OWNED = ("all.html", "judges/*.html", "tasks/*.html", "duels/*.js")
"""Pages whose number depends on the board."""
PLAIN = 100
"""Rows that the first page has for readers without script; more stand on a page of their own."""
ABOUT = "Judges of text, pictures, sound and video: how often they are right, and what moves them."
TOP = 3
"""Entries that are named with a column, or on the page of all boards."""


def write_site(board: Board, out: Path) -> None:
    """Write the pages of one board.

    Args:
        board: What the pages say.
        out: A folder; pages in it that the board no longer has are removed, other files stay.

    Raises:
        MmjudgeError: The folder cannot be written.
        MissingExtraError: The libraries of the table or of the plots are not installed.
    """
    _write(out, {**_shared(), **dict(_board_files(board))})


def write_sites(
    boards: Sequence[Board], out: Path, title: str = "Leaderboards", description: str = ABOUT
) -> None:
    """Write several boards, each into a folder of its name, and a page that leads to them.

    Args:
        boards: What the pages say.
        out: A folder, as in `write_site`.
        title: Of the page that leads to the boards.
        description: What stands below that title.

    Raises:
        MmjudgeError: The folder cannot be written, or two boards have the same name.
        MissingExtraError: The libraries of the table or of the plots are not installed.
    """
    names = [board.name for board in boards]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise MmjudgeError(f"boards: {', '.join(twice)} stands there twice; give each its own name")
    for board in boards:
        write_site(board, out / board.name)
    listed = []
    for board in boards:
        first = view.overall(board)
        listed.append((board, first, view.known(view.ordered(board, first))[:TOP]))
    page = _page(
        "boards", root="", here="index.html", menu=(("Boards", "index.html"),), site=title,
        home="index.html", brand=title, title=title, description=description or ABOUT,
        scripts=("assets/page.js",), made_with=boards[0].made_with if boards else "mmjudge",
        boards=listed,
    )  # fmt: skip
    _write(out, {**_shared(), "index.html": page})


def _write(out: Path, pages: dict[str, str]) -> None:
    """Write files; pages of an earlier site in the same folder that are no more are removed."""
    try:
        earlier = (out / "assets" / "site.css").is_file()
        found = [path for pattern in OWNED for path in out.glob(pattern)] if earlier else []
        for path in found:
            if path.relative_to(out).as_posix() not in pages:
                path.unlink()
        for name, text in pages.items():
            path = out / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise MmjudgeError(
            f"{out}: cannot be written: {error.strerror or error}; "
            "name a folder that you may write to"
        ) from error


@cache
def _shared() -> dict[str, str]:
    """Style, scripts and licences, which are the same for every board."""
    library, licences = table_library()
    own = files("mmjudge.leaderboard.site") / "static"
    found = {f"assets/{name}": (own / name).read_text(encoding="utf-8") for name in STATIC}
    base = files("mmjudge.report") / "templates" / "base.css"
    found["assets/base.css"] = base.read_text(encoding="utf-8")
    found["assets/icon.svg"] = (own / "icon.svg").read_text(encoding="utf-8")
    found["assets/library.js"] = library
    found["licences/library.txt"] = licences
    found["licences.html"] = _page(
        "licences", root="", here="", home="index.html", brand="mmjudge",
        menu=(("Start", "index.html"),), title="Licences", site="mmjudge",
        description="Licences of what this site is made with.",
        scripts=("assets/page.js",), made_with="mmjudge", licences=licences,
    )  # fmt: skip
    return found


def _board_files(whole: Board) -> Iterator[tuple[str, str]]:
    board = view.contested(whole)
    first = view.overall(board)
    rows = view.ordered(board, first)
    known = {
        "board": board, "site": board.leaderboard or board.title,
        "brand": board.leaderboard or "mmjudge",
        "home": "../index.html" if board.siblings else "index.html",
        "description": board.description or board.title,
        "menu": MENU, "made_with": board.made_with, "first": first, "rows": rows,
        "by_id": {entry.id: entry for entry in board.entries},
        "condorcet": board.entry(board.condorcet) if board.condorcet else None,
        "pairs": board.separated.get(board.overall), "common": view.shared_badges(board),
    }  # fmt: skip
    yield "index.html", _index(board, known)
    if len(rows) > PLAIN:
        yield "all.html", _page(
            "all", **known, root="", here="", title="All judges", columns=view.at_first(board),
            scripts=("assets/page.js",),
        )  # fmt: skip
    yield "orders.html", _orders(board, known)
    yield "duels.html", _duels(board, known)
    yield "columns.html", _columns(board, known)
    for task in board.tasks:
        yield f"tasks/{task.id}.html", _task(board, task.id, known)
    placed = judges.Placed(board)
    for entry in board.entries:
        said = placed.about(entry)
        yield f"judges/{entry.id}.html", _page(
            "judge", **known, root="../", here="", title=view.line(entry.judge, 60),
            scripts=("assets/page.js",), **said,
        )  # fmt: skip
    yield "board.js", data.script("board", data.table(board))
    yield "board.json", whole.model_dump_json(indent=1) + "\n"
    yield "board.csv", data.csv(whole)
    for name, rows_of in data.duels(board):
        yield f"duels/{name}.js", data.script(f"duels/{name}", rows_of)


def _index(board: Board, known: dict[str, Any]) -> str:
    entries, rows = board.entries, known["rows"]
    options = {
        "badges": sorted({badge for e in entries for badge in e.badges}),
        "modalities": sorted({m for e in entries for m in view.modalities(board, e)}),
        "licences": sorted({e.licence for e in entries if e.licence}),
        "parameters": sorted({f"{k}: {v}" for e in entries for k, v in e.parameters.items()})[:200],
        "blind": any(not e.looks for e in entries),
    }
    figure = figures.standing(rows, known["first"]) if known["first"] else None
    return _page(
        "index", **known, **options, root="", here="index.html", title=board.title,
        scripts=BOARD_SCRIPTS, columns=view.at_first(board), figure=figure, most=figures.MOST,
        plain=PLAIN,
    )  # fmt: skip


def _orders(board: Board, known: dict[str, Any]) -> str:
    by_rule = [{s.entry: s for s in order.standings} for order in board.orders]
    order = [s.entry for s in board.orders[0].standings] if board.orders else []
    order += [e.id for e in board.entries if e.id not in set(order)]
    rows = [(known["by_id"][e], [places.get(e) for places in by_rule]) for e in order]
    return _page(
        "orders", **{**known, "rows": rows if board.orders else []}, root="", here="orders.html",
        title="Orders", scripts=("assets/page.js",), figure=figures.moves(board),
        most=figures.LINES,
    )  # fmt: skip


def _duels(board: Board, known: dict[str, Any]) -> str:
    entries = [row.entry for row in known["rows"]]
    names = shown_first(entries)
    return _page(
        "duels", **known, root="", here="duels.html", title="Head to head", entries=entries,
        names=names, matrix=matrix(names, pairs(board), known["first"]),
        scripts=("board.js", "assets/page.js", "assets/cells.js", "assets/duels.js"),
    )  # fmt: skip


def _columns(board: Board, known: dict[str, Any]) -> str:
    def top(column: Any) -> list[view.Row]:
        return view.known(view.ordered(board, column))[:TOP]

    return _page(
        "columns", **known, root="", here="columns.html", title="Columns", top=top,
        groups=view.groups(board), scripts=("assets/page.js",),
    )  # fmt: skip


def _task(board: Board, name: str, known: dict[str, Any]) -> str:
    about = [column for column in view.arranged(board) if column.task == name]
    main = next((c for c in about if c.kind in ("task", "hidden")), None)
    ranked = view.ordered(board, main)
    asked = [r for r in ranked if any(board.cell(r.entry.id, c.id) for c in about)]
    rest = [c for c in about if c is not main and c.kind != "cost"]
    return _page(
        "task", **{**known, "rows": asked}, root="../", here="", task=board.task(name), main=main,
        columns=[main, *rest] if main else [], unasked=len(ranked) - len(asked),
        title=view.line(view.task_name(board.task(name)), 60), scripts=("assets/page.js",),
        figure=figures.standing(asked, main) if main else None,
    )  # fmt: skip


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("mmjudge.leaderboard.site"), autoescape=True,
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    made.filters.update(
        line=view.line, link=view.link, number=view.number, places=view.places, name=view.name,
        task_name=view.task_name, facts=view.facts, direction=view.direction, signed=view.signed,
        p_value=view.p_value, breaks=view.breaks, inner=inner,
    )  # fmt: skip
    made.globals.update(
        state=view.state, ends=view.ends, bar=figures.bar, about_of=view.about, policy=POLICY,
        STATES=words.STATES, BADGES=words.BADGES, FLAGS=words.FLAGS, KNOWN=words.KNOWN,
        ONE_OF=words.ONE_OF, PROTOCOLS=PROTOCOLS,
    )  # fmt: skip
    return made


def inner(path: str) -> str:
    """A way to another page of the site, or to this one where it is anything else.

    Example:
        >>> inner("../recorded/index.html"), inner("javascript:alert(1)"), inner("//a.example/")
        ('../recorded/index.html', 'index.html', 'index.html')
    """
    plain = path[:1] not in ("", "/") and all(c.isalnum() or c in "._-/" for c in path)
    return path if plain else "index.html"


def _page(template: str, **known: Any) -> str:
    page = _environment().get_template(f"{template}.html.jinja").render(**known)
    return "\n".join(text for text in page.splitlines() if text.strip()) + "\n"
