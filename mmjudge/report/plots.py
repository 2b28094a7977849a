"""Plots as SVG that stands in a page: drawn by altair when the page is made, no script in it.

Colours are variables of the page's style, so that a plot is light or dark as the page is. Nothing
of a drawing is kept but shapes and texts: what strangers wrote can only be text.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias
from xml.etree import ElementTree as ET

from markupsafe import Markup

from mmjudge.errors import MissingExtraError
from mmjudge.report.outcome import printable

Tone: TypeAlias = Literal["good", "bad", "soft", "accent", "ink"]
"""A colour by its meaning: the name of a variable of the page's style."""

SVG = "http://www.w3.org/2000/svg"
WIDTH, ROW, TEXT = 300, 24, 12
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
    _, converter = _libraries()
    spec = chart if isinstance(chart, Mapping) else chart.to_dict()
    drawn = ET.fromstring(converter.vegalite_to_svg(_clean(spec)))
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
    ink, soft, line = colour("ink"), colour("soft"), "var(--line)"
    room = {"left": 12, "right": 10, "top": 4, "bottom": 4}
    return (
        chart.configure(background="transparent", padding=room)
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=ink, titleColor=soft, gridColor=line, tickColor=line, domainColor=line,
            labelFontSize=TEXT, titleFontSize=TEXT, titleFontWeight="normal", labelLimit=150,
            labelPadding=5, titlePadding=8,
        )
        .configure_legend(
            labelColor=ink, titleColor=soft, labelFontSize=TEXT, titleFontSize=TEXT,
            titleFontWeight="normal", labelLimit=150, orient="top",
        )
    )  # fmt: skip


def unlike(labels: Iterable[str], longest: int = LONGEST) -> list[str]:
    """Labels of one line, those that would read alike told apart by a number.

    Example:
        >>> unlike(["a", "b", "a"])
        ['a', 'b', 'a (2)']
    """
    seen: Counter[str] = Counter()
    found = []
    for text in labels:
        label = printable(text, longest) or "-"
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
    alt, _ = _libraries()
    labels = unlike(point.label for point in points)
    rows = [_row(point, label) for point, label in zip(points, labels, strict=True)]
    scale = alt.Scale(domain=list(span), clamp=True) if span else alt.Scale(zero=False, nice=True)
    x = alt.X("value:Q", title=printable(title), scale=scale, axis=alt.Axis(tickCount=5))
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
    chart = alt.layer(*layers).properties(width=WIDTH, height=alt.Step(ROW))
    return configured(chart)


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
