"""Plots as SVG that stands in a page: drawn by altair when the page is made, no script in it.

Colours are variables of the page's style, so that a plot is light or dark as the page is. Nothing
of a drawing is kept but shapes and texts: what strangers wrote can only be text.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any, Literal, NamedTuple, TypeAlias
from xml.etree import ElementTree as ET

from markupsafe import Markup

from mmjudge.errors import MissingExtraError
from mmjudge.report.outcome import printable

Tone: TypeAlias = Literal["good", "bad", "soft", "accent", "ink", "line", "card"]
"""A colour by its meaning: the name of a variable of the page's style."""

SVG = "http://www.w3.org/2000/svg"
WIDTH, ROW, TEXT = 240, 24, 12
"""Pixels of a plot's inner width, of a row of it, and of its letters."""
FONT = "Arial, Liberation Sans, Helvetica, sans-serif"
"""Letters of the widths that vl-convert reckons with, whatever the page's own are."""
LONGEST = 60
"""Characters of a label; its place on an axis may show fewer."""
ELEMENTS = frozenset({"svg", "g", "path", "line", "rect", "circle", "text", "tspan"})
ATTRIBUTES = frozenset(
    (
        "cx", "cy", "d", "dx", "dy", "fill", "fill-opacity", "font-size", "font-weight", "height",
        "opacity", "r", "stroke", "stroke-dasharray", "stroke-linecap", "stroke-linejoin",
        "stroke-opacity", "stroke-width", "text-anchor", "transform", "width", "x", "x1", "x2",
        "y", "y1", "y2",
    )
)  # fmt: skip
"""What is kept of a drawing: nothing that links, loads, runs, or has an id."""
NUMBER = re.compile(r"-?\d+\.\d{3,}")
COLOUR = re.compile(r"none|transparent|currentColor|#[0-9a-fA-F]{3,8}|var\(--[a-z0-9-]+\)")


class Point(NamedTuple):
    """A value with its interval, as one row of a plot.

    Attributes:
        label: What it is about; may be a stranger's text.
        value: Where its dot is.
        low: Where its interval begins; None for no interval.
        high: Where its interval ends.
        tone: Its colour.
        note: What is said of it beside value and interval, such as its number of items.
    """

    label: str
    value: float
    low: float | None = None
    high: float | None = None
    tone: Tone = "accent"
    note: str = ""


def plots_missing() -> str:
    """Why there can be no plots, and what to do about it; empty where there can."""
    try:
        _libraries()
    except MissingExtraError as error:
        return str(error)
    return ""


def _libraries() -> tuple[Any, Any]:
    try:
        import altair
        import vl_convert
    except ImportError as error:
        raise MissingExtraError("a plot", "altair with vl-convert", "site") from error
    return altair, vl_convert


def colour(tone: Tone) -> str:
    """A tone as the page's style knows it.

    Example:
        >>> colour("good")
        'var(--good)'
    """
    return f"var(--{tone})"


def to_svg(chart: Any, label: str, description: str = "") -> Markup:
    """A chart as SVG to stand in a page: the same bytes for the same chart.

    Args:
        chart: An altair chart, or its specification as a dictionary. A mark's `description` is
            shown where a pointer rests on it.
        label: What the plot shows, for those who do not see it.
        description: More of the same, such as its main figures.

    Returns:
        An `svg` element of the class `plot`, as wide as its page allows. It has no script, style,
        link, or id; a text of a stranger in it is text.

    Raises:
        MissingExtraError: altair or vl-convert is not installed.
    """
    spec = chart if isinstance(chart, Mapping) else chart.to_dict(validate=False)
    drawn = ET.fromstring(_drawn(json.dumps(_clean(spec), sort_keys=True)))
    kept = _kept(drawn)
    width, height = (_rounded(drawn.get(side, "0")) for side in ("width", "height"))
    kept.attrib = {
        "class": "plot",
        "viewBox": f"0 0 {width} {height}",
        "width": width,
        "height": height,
        "font-family": FONT,
        "role": "img",
        "aria-label": printable(label),
    }
    if description:
        said = ET.Element("desc")
        said.text = printable(description)
        kept.insert(0, said)
    return Markup(ET.tostring(kept, encoding="unicode"))


@lru_cache(maxsize=512)
def _drawn(spec: str) -> str:
    """The drawing of a specification; a page that is made again draws nothing again."""
    _, converter = _libraries()
    return str(converter.vegalite_to_svg(spec))


def _clean(spec: Any) -> Any:
    """A specification whose texts hold no control characters, which XML could not say."""
    if isinstance(spec, Mapping):
        return {key: _clean(value) for key, value in spec.items()}
    if isinstance(spec, list | tuple):
        return [_clean(value) for value in spec]
    return printable(spec, 1000) if isinstance(spec, str) and not spec.isprintable() else spec


def _kept(element: ET.Element) -> ET.Element:
    """The element with what may be kept of its attributes and of what it holds."""
    kept = ET.Element(_name(element), dict(_attributes(element)))
    kept.text = element.text if _name(element) in ("text", "tspan") else None
    mark = element.get("aria-roledescription", "")
    if (said := element.get("aria-label")) and "container" not in mark and mark != "axis":
        ET.SubElement(kept, "title").text = said
    for child in element:
        ground = child.get("class") in ("background", "foreground") or child.get("fill") == "white"
        if _name(child) in ELEMENTS and not (ground and not child.get("stroke")):
            below = _kept(child)
            if _name(child) != "g" or len(below):
                kept.append(below)
    return kept


def _name(element: ET.Element) -> str:
    return str(element.tag).removeprefix(f"{{{SVG}}}")


def _attributes(element: ET.Element) -> Iterable[tuple[str, str]]:
    for name, value in element.attrib.items():
        as_ever = (name, value) in (("opacity", "1"), ("stroke-width", "1"))
        paints = name in ("fill", "stroke")
        if name in ATTRIBUTES and not as_ever and (not paints or COLOUR.fullmatch(value)):
            yield name, _rounded(value)


def _rounded(text: str) -> str:
    """Places of a drawing to a hundredth of a pixel."""
    return NUMBER.sub(lambda found: f"{float(found[0]):.2f}".rstrip("0").rstrip("."), text)


def configured(chart: Any) -> Any:
    """A chart in the page's colours and letters, without a frame or a ground."""
    made = chart.copy(deep=False)
    made.config = _look()
    return made


@cache
def _look() -> Any:
    """What all plots have in common; made once, since altair takes long to check it."""
    alt, _ = _libraries()
    ink, soft, line = colour("ink"), colour("soft"), colour("line")
    letters = {
        "labelColor": ink, "titleColor": soft, "labelFontSize": TEXT, "titleFontSize": TEXT,
        "titleFontWeight": "normal",
    }  # fmt: skip
    axis = alt.AxisConfig(
        **letters, gridColor=line, tickColor=line, domainColor=line, labelLimit=130,
        labelPadding=5, titlePadding=8,
    )  # fmt: skip
    return alt.Config(
        background="transparent",
        padding={"left": 12, "right": 10, "top": 4, "bottom": 4},
        view=alt.ViewConfig(stroke=None),
        axis=axis,
        legend=alt.LegendConfig(**letters, labelLimit=150, orient="top"),
    )


def unlike(labels: Iterable[str], longest: int = LONGEST) -> list[str]:
    """Labels of one line, those that would read alike told apart by a number.

    Example:
        >>> unlike(["a", "b", "a"])
        ['a', 'b', 'a (2)']
    """
    seen: Counter[str] = Counter()
    found = []
    for text in labels:
        label = printable(text, longest).replace("->", " → ") or "-"
        seen[label] += 1
        found.append(f"{label} ({seen[label]})" if seen[label] > 1 else label)
    return found


def intervals(
    points: Sequence[Point],
    title: str,
    mark: float | None = None,
    span: tuple[float, float] | None = None,
) -> Any:
    """Values with their intervals, one below the other in the given order.

    Args:
        points: At least one.
        title: What the values are.
        mark: Where an upright line is drawn: chance, or no bias.
        span: Lowest and highest value of the axis; as the points need it, if left out.

    Raises:
        MissingExtraError: altair is not installed.
    """
    return _intervals(tuple(points), title, mark, span)


@lru_cache(maxsize=512)
def _intervals(
    points: tuple[Point, ...],
    title: str,
    mark: float | None,
    span: tuple[float, float] | None,
) -> Any:
    """The same for a page that is made again: altair takes longer to make a chart than to draw."""
    alt, _ = _libraries()
    labels = unlike(point.label for point in points)
    rows = [_row(point, label) for point, label in zip(points, labels, strict=True)]
    scale = alt.Scale(domain=list(span), clamp=True) if span else alt.Scale(zero=False, nice=True)
    axis = alt.Axis(tickCount=5, labelFlush=False)
    x = alt.X("value:Q", title=printable(title), scale=scale, axis=axis)
    y = alt.Y("label:N", sort=labels, title=None, axis=alt.Axis(ticks=False, domain=False))
    shade = alt.Color("colour:N", scale=None)
    base = alt.Chart(alt.Data(values=rows)).encode(y=y, description="said:N")
    layers = [
        base.mark_rule(strokeWidth=4, strokeCap="round", opacity=0.45).encode(
            x=alt.X("low:Q", scale=scale), x2="high:Q", color=shade
        ),
        base.mark_point(filled=True, size=70, opacity=1).encode(x=x, color=shade),
    ]
    if mark is not None:
        at = alt.Chart(alt.Data(values=[{"at": mark}])).mark_rule(
            color=colour("ink"), strokeDash=[3, 3], opacity=0.7
        )
        layers.insert(0, at.encode(x=alt.X("at:Q", scale=scale), description=alt.value("")))
    return configured(alt.layer(*layers).properties(width=WIDTH, height=alt.Step(ROW)))


def _row(point: Point, label: str) -> dict[str, Any]:
    low = point.value if point.low is None else point.low
    high = point.value if point.high is None else point.high
    ends = "" if point.low is None else f" [{low:.3f}, {high:.3f}]"
    note = f", {point.note}" if point.note else ""
    return {
        "label": label,
        "value": point.value,
        "low": low,
        "high": high,
        "colour": colour(point.tone),
        "said": f"{label}: {point.value:.3f}{ends}{note}",
    }


class Dot(NamedTuple):
    """A place in a plot of two numbers.

    Attributes:
        x: Its place from left to right.
        y: Its place from below.
        low: Where a line through it begins; None for no line.
        high: Where the line ends.
        said: What is shown where a pointer rests on it.
    """

    x: float
    y: float
    low: float | None = None
    high: float | None = None
    said: str = ""


class Side(NamedTuple):
    """An axis of numbers: what they are, and the lowest and highest, if not as they come."""

    title: str
    span: tuple[float, float] | None = None


def dots(points: Sequence[Dot], x: Side, y: Side, diagonal: bool = False) -> Any:
    """Numbers against numbers, each with an upright line where it has one.

    Args:
        points: At least one.
        x: The axis below.
        y: The axis at the left.
        diagonal: Whether the line is drawn where both are the same; both need a span.

    Raises:
        MissingExtraError: altair is not installed.
    """
    alt, _ = _libraries()
    rows = [
        {"x": p.x, "y": p.y, "low": p.y if p.low is None else p.low,
         "high": p.y if p.high is None else p.high, "said": printable(p.said)}
        for p in points
    ]  # fmt: skip
    base = alt.Chart(alt.Data(values=rows)).encode(x=_number(x, "x"), description="said:N")
    layers = [
        base.mark_rule(strokeWidth=4, strokeCap="round", opacity=0.45, color=colour("accent"))
        .encode(y=_number(y, "low"), y2="high:Q"),
        base.mark_point(filled=True, size=60, opacity=1, color=colour("accent"))
        .encode(y=_number(y, "y")),
    ]  # fmt: skip
    if diagonal:
        ends = alt.Data(values=[{"x": end, "y": end} for end in x.span or (0, 1)])
        line = alt.Chart(ends).mark_line(color=colour("ink"), strokeDash=[3, 3], opacity=0.7)
        same = line.encode(x=_number(x, "x"), y=_number(y, "y"), description=alt.value(""))
        layers.insert(0, same)
    return configured(alt.layer(*layers).properties(width=WIDTH, height=180))


def curve(points: Sequence[Dot], x: Side, y: Side) -> Any:
    """A line through points from left to right; those that say something are marked.

    Args:
        points: At least one, in the order of x.
        x: The axis below.
        y: The axis at the left.

    Raises:
        MissingExtraError: altair is not installed.
    """
    alt, _ = _libraries()
    rows = [{"x": p.x, "y": p.y, "said": printable(p.said)} for p in points]
    base = alt.Chart(alt.Data(values=rows)).encode(x=_number(x, "x"), y=_number(y, "y"))
    line = base.mark_line(color=colour("accent"), strokeWidth=2).encode(description=alt.value(""))
    marked = alt.Chart(alt.Data(values=[row for row in rows if row["said"]]))
    spots = marked.mark_point(filled=True, size=40, opacity=1, color=colour("accent")).encode(
        x=_number(x, "x"), y=_number(y, "y"), description="said:N"
    )
    return configured(alt.layer(line, spots).properties(width=WIDTH, height=180))


def _number(side: Side, field: str) -> Any:
    """A channel of numbers, named as the axis they are on."""
    alt, _ = _libraries()
    scale = alt.Scale(domain=list(side.span), clamp=True) if side.span else alt.Scale(zero=False)
    kind = alt.X if field == "x" else alt.Y
    axis = alt.Axis(tickCount=5, labelFlush=False)
    return kind(f"{field}:Q", title=printable(side.title), scale=scale, axis=axis)
