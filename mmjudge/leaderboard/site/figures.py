"""The site's plots, drawn when it is made; none where there is too little to draw."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from mmjudge.leaderboard.boards.board import Board, Cell, Column
from mmjudge.leaderboard.site.view import Row, line, name, places, state
from mmjudge.report.plots import Point, Tone, colour, configured, intervals, to_svg, unlike

MOST = 40
"""Judges in a plot of intervals."""
LINES = 20
"""Judges in a plot of places."""
LABEL = 48
"""Characters of a judge's name in a plot."""
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
    spec = intervals(_points(known, column), title, mark=column.chance).to_dict()
    drawn = []
    for place, (width, room) in (("roomy", ROOMY), ("tight", TIGHT)):
        axis = {**spec["config"]["axis"], "labelLimit": room}
        sized = {**spec, "width": width, "config": {**spec["config"], "axis": axis}}
        drawn.append(Markup('<div class="{}">{}</div>').format(place, to_svg(sized, label)))
    return Markup("\n").join(drawn)


def _points(rows: Sequence[Row], column: Column) -> list[Point]:
    return [
        Point(
            label=line(name(row.entry), LABEL),
            value=row.cell.value,
            low=row.cell.ci95[0] if row.cell.ci95 else None,
            high=row.cell.ci95[1] if row.cell.ci95 else None,
            tone=TONES.get(state(row.cell, column), "accent"),
            note=f"place {places(row.cell)}" if row.cell.places else "",
        )
        for row in rows
        if row.cell is not None and row.cell.value is not None
    ]


def moves(board: Board) -> Markup | None:
    """Places under each rule, a line for each of the first entries of the first rule."""
    if len(board.orders) < 2:
        return None
    first = [s.entry for s in board.orders[0].standings][:LINES]
    if len(first) < 2:
        return None
    names = unlike([line(name(board.entry(e)), LABEL) for e in first])
    labels = dict(zip(first, names, strict=True))
    rules = [order.title for order in board.orders]
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
    found = [s.place for o in board.orders for s in o.standings if s.entry in labels]
    label = f"Places of {len(first)} judges under {len(rules)} rules; the table below says all."
    return to_svg(_bump(values, rules, max(len(first), *found)), label)


def _bump(values: list[dict[str, Any]], rules: list[str], lowest: int) -> Any:
    """A line for each judge from rule to rule, its places in circles, its name at the end."""
    import altair as alt

    axis = alt.Axis(orient="top", labelAngle=0, grid=True, domain=False, ticks=False)
    x = alt.X("rule:N", sort=rules, title=None, scale=alt.Scale(padding=0.12), axis=axis)
    down = alt.Scale(domain=[0.5, lowest + 0.5], reverse=True, nice=False)
    y = alt.Y("place:Q", title=None, axis=None, scale=down)
    base = alt.Chart(alt.Data(values=values)).encode(x=x, y=y, description="said:N")
    last = alt.Chart(alt.Data(values=_apart([v for v in values if v["rule"] == rules[-1]])))
    shade, ink = alt.Color("tone:N", scale=None), alt.value(colour("ink"))
    layers = [
        base.mark_line(strokeWidth=2, opacity=0.55).encode(detail="judge:N", color=shade),
        base.mark_point(filled=True, size=330, opacity=1).encode(color=alt.value("var(--card)")),
        base.mark_point(filled=False, size=330, opacity=1, strokeWidth=1.5).encode(color=shade),
        base.mark_text(fontSize=11, baseline="middle").encode(text="place:Q", color=ink),
        last.mark_text(align="left", dx=18, fontSize=12, baseline="middle").encode(
            x=x, y=alt.Y("at:Q", title=None, axis=None, scale=down), text="judge:N", color=ink
        ),
    ]
    height = 27 * min(lowest, LINES + 10)
    return configured(alt.layer(*layers).properties(width=alt.Step(135), height=height))


def _apart(values: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Names one below the other where they share a place: the places behind it are free."""
    seen: Counter[int] = Counter()
    found = []
    for value in values:
        found.append({**value, "at": value["place"] + seen[value["place"]]})
        seen[value["place"]] += 1
    return found


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
    upright = Markup()
    if mark is not None:
        upright = Markup('<rect class="mark" x="{:g}" y="0" width="0.6" height="14"/>').format(
            at(mark) - 0.3
        )
    return Markup(
        '<svg class="bar {look}" viewBox="0 0 100 14" preserveAspectRatio="none" '
        'aria-hidden="true"><rect class="track" x="0" y="6" width="100" height="2"/>'
        '<rect class="span" x="{x:g}" y="3.5" width="{w:g}" height="7"/>{upright}'
        '<rect class="dot" x="{dot:g}" y="2" width="1.4" height="10"/></svg>'
    ).format(
        look=state(cell, column), x=at(low), w=max(round(at(high) - at(low), 2), 0.5),
        upright=upright, dot=min(max(at(cell.value) - 0.7, 0), 98.6),
    )  # fmt: skip
