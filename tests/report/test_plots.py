"""Plots: they show the figures they were given, and hold nothing that a stranger could use."""

import re
import sys
from xml.etree import ElementTree as ET

import pytest

from mmjudge.errors import MissingExtraError
from mmjudge.report import plots
from mmjudge.report.plots import (
    ATTRIBUTES,
    ELEMENTS,
    SVG,
    WIDTH,
    Point,
    intervals,
    plots_missing,
    to_svg,
)

EVIL = "</text></svg><script>alert(1)</script><img src=x onerror=alert(2)>\"'&]]>\x00\x1b[31m"
POINTS = [
    Point("overall", 0.7004, 0.61, 0.8, "good", "30 items"),
    Point(EVIL, 0.4, 0.3, 0.55, "soft"),
    Point("alone", 0.25, tone="bad"),
]
ROOT = {"class", "viewBox", "role", "aria-label", "font-family"}


@pytest.fixture(scope="module")
def svg() -> str:
    return str(to_svg(intervals(POINTS, EVIL, 0.5, (0, 1)), EVIL, EVIL))


def test_a_plot_says_the_figures_it_was_given(svg):
    said = {title.text for title in ET.fromstring(svg).iter("title")}
    assert "overall: 0.700 [0.610, 0.800], 30 items" in said
    assert "alone: 0.250" in said


def test_a_plots_marks_stand_where_the_figures_are():
    dots = [
        float(re.search(r"translate\(([\d.]+)", mark.get("transform", ""))[1])  # type: ignore[index]
        for mark in ET.fromstring(str(to_svg(intervals(POINTS, "", None, (0, 1)), ""))).iter("path")
        if mark.get("stroke-width") == "2"
    ]
    assert dots == pytest.approx([WIDTH * point.value for point in POINTS], abs=0.01)


def test_what_strangers_wrote_is_text_in_a_plot(svg):
    root = ET.fromstring(svg)
    assert {str(e.tag) for e in root.iter()} <= {*ELEMENTS, "title", "desc"}
    assert {name for e in root.iter() for name in e.attrib} <= ATTRIBUTES | ROOT
    assert svg.count("<script") == svg.count("<img") == 0
    assert svg.count("&lt;script&gt;") >= 3
    assert "\\x00\\x1b" in root.get("aria-label", "")
    assert not re.search("[\x00-\x09\x0b-\x1f]", svg)


def test_a_plot_has_colours_of_the_page_alone(svg):
    colours = {v for e in ET.fromstring(svg).iter() for n in ("fill", "stroke") if (v := e.get(n))}
    tones = ("good", "bad", "soft", "ink", "line")
    assert colours == {"none", *(f"var(--{name})" for name in tones)}


def test_a_plot_is_the_same_when_drawn_again(svg):
    plots._drawn.cache_clear()
    assert str(to_svg(intervals(POINTS, EVIL, 0.5, (0, 1)), EVIL, EVIL)) == svg


def test_what_a_chart_links_loads_or_paints_with_is_left_out():
    chart = {
        "data": {"values": [{"a": "https://evil.example/a"}]},
        "layer": [
            {"mark": "bar", "encoding": {"href": {"field": "a"}, "x": {"field": "a"}}},
            {"mark": {"type": "bar", "color": "url(https://evil.example/x)"}},
        ],
    }
    svg = str(to_svg(chart, "x"))
    root = ET.fromstring(svg)
    assert {str(e.tag).replace(f"{{{SVG}}}", "") for e in root.iter()} <= {*ELEMENTS, "title"}
    assert "href" not in svg
    assert "url(" not in svg


def test_a_missing_library_names_its_extra(monkeypatch):
    assert not plots_missing()
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'mmjudge\[site\]'"):
        to_svg({"mark": "bar"}, "x")
    assert "mmjudge[site]" in plots_missing()
