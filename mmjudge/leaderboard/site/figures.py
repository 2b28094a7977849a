"""The site's plots, drawn when it is made; none where there is too little to draw."""

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from mmjudge.leaderboard.board import Board, Cell, Column
from mmjudge.leaderboard.site.view import Row, line, name, places, state
from mmjudge.report.plots import Point, Tone, colour, configured, intervals, to_svg, unlike

MOST = 40
"""Judges in a plot of intervals."""
LINES = 20
"""Judges in a plot of places."""
LABEL = 48
"""Characters of a judge's name in a plot."""
SHORT = 20
"""The same on a phone."""
ROOMY, TIGHT = (860, 310), (175, 125)
"""Pixels of the inner width of a plot, and of the names beside it: on a wide page, on a phone."""

TONES: dict[str, Tone] = {"best": "good", "chance": "soft", "below": "bad", "biased": "bad"}


def standing(rows: Sequence[Row], column: Column) -> Markup | None:
    """A column's values with intervals, best first: once for wide pages, once for a phone."""
    known = [row for row in rows if row.cell is not None and row.cell.value is not None][:MOST]
    if len(known) < 2:
        return None
    title = f"{column.title}{f', {column.unit}' if column.unit else ''}"
    label = f"{title} of {len(known)} judges with intervals; the numbers stand in the table."
    drawn = [
        Markup('<div class="{}">{}</div>').format(
            place, to_svg(_sized(_points(known, column, letters), title, column, size), label)
        )
        for place, letters, size in (("roomy", LABEL, ROOMY), ("tight", SHORT, TIGHT))
    ]
    return Markup("\n").join(drawn)


def _points(rows: Sequence[Row], column: Column, letters: int) -> list[Point]:
    return [
        Point(
            label=line(name(row.entry), letters),
            value=row.cell.value,
            low=row.cell.ci95[0] if row.cell.ci95 else None,
            high=row.cell.ci95[1] if row.cell.ci95 else None,
            tone=TONES.get(state(row.cell, column), "accent"),
            note=f"place {places(row.cell)}" if row.cell.places else "",
        )
        for row in rows
        if row.cell is not None and row.cell.value is not None
    ]


def _sized(points: list[Point], title: str, column: Column, size: tuple[int, int]) -> Any:
    """A plot of that inner width, with so much room for names beside it."""
    spec = intervals(points, title, mark=column.chance).to_dict()
    spec["width"], spec["config"]["axis"]["labelLimit"] = size
    return spec


def moves(board: Board) -> Markup | None:
    """Places under each rule, a line for each of the first entries of the first rule."""
    if len(board.orders) < 2:
        return None
    first = [s.entry for s in board.orders[0].standings][:LINES]
    if len(first) < 2:
        return None
    labels = dict(zip(first, unlike([line(name(board.entry(e)), LABEL) for e in first]), strict=True))
    values = [
        {
            "rule": order.title,
            "place": standing.place,
            "judge": labels[standing.entry],
            "said": f"{labels[standing.entry]}: {standing.place} by {order.title}",
            "tone": colour("good" if standing.entry == first[0] else "accent"),
        }
        for order in board.orders
        for standing in order.standings
        if standing.entry in labels
    ]
    lowest = max(len(first), *(int(value["place"]) for value in values))
    return to_svg(
        _bump(values, [order.title for order in board.orders], lowest),
        f"Places of {len(first)} judges under {len(board.orders)} rules; the table below says all.",
    )


def _bump(values: list[dict[str, Any]], rules: list[str], lowest: int) -> Any:
    import altair as alt

    x = alt.X("rule:N", sort=rules, title=None, scale=alt.Scale(padding=0.12),
              axis=alt.Axis(orient="top", labelAngle=0, grid=True, domain=False, ticks=False))  # fmt: skip
    y = alt.Y("place:Q", title=None, axis=None, scale=alt.Scale(domain=[0.5, lowest + 0.5], reverse=True, nice=False))  # fmt: skip
    base = alt.Chart(alt.Data(values=values)).encode(x=x, y=y, description="said:N")
    shade = alt.Color("tone:N", scale=None)
    ends_of = alt.Chart(alt.Data(values=[v for v in values if v["rule"] == rules[-1]]))
    layers = [
        base.mark_line(strokeWidth=2, opacity=0.55).encode(detail="judge:N", color=shade),
        base.mark_point(filled=True, size=330, opacity=1).encode(color=alt.value(colour("card"))),
        base.mark_point(filled=False, size=330, opacity=1, strokeWidth=1.5).encode(color=shade),
        base.mark_text(fontSize=11, baseline="middle").encode(
            text="place:Q", color=alt.value(colour("ink"))
        ),
        ends_of.mark_text(align="left", dx=18, fontSize=12, baseline="middle").encode(
            x=x, y=y, text="judge:N", color=alt.value(colour("ink"))
        ),
    ]
    height = 27 * min(lowest, LINES + 10)
    return configured(alt.layer(*layers).properties(width=alt.Step(135), height=height))


def bar(cell: Cell, column: Column) -> Markup:
    """A cell on a line from the least to the greatest value, chance or no bias marked.

    Its numbers stand beside it, so it is hidden from those who listen.
    """
    least, most = column.low, column.high
    if cell.value is None or least is None or most is None or most <= least:
        return Markup()

    def at(value: float) -> float:
        return round(100 * min(max((value - least) / (most - least), 0), 1), 2)

    low, high = cell.ci95 or (cell.value, cell.value)
    mark = column.chance if column.direction != "zero" else (column.ideal or 0.0)
    line = f'<rect class="mark" x="{at(mark) - 0.3:g}" y="0" width="0.6" height="14"/>' if mark is not None else ""
    return Markup(
        '<svg class="bar {look}" viewBox="0 0 100 14" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="track" x="0" y="6" width="100" height="2"/>'
        '<rect class="span" x="{x}" y="3.5" width="{w:g}" height="7"/>{line}'
        '<rect class="dot" x="{dot:g}" y="2" width="1.4" height="10"/></svg>'
    ).format(
        look=state(cell, column), x=at(low), w=max(round(at(high) - at(low), 2), 0.5),
        line=Markup(line), dot=min(max(at(cell.value) - 0.7, 0), 98.6),
    )  # fmt: skip

