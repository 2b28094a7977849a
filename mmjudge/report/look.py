"""Files of style and script that pages take in."""

from importlib.resources import files


def stylesheet(*names: str) -> str:
    """Files of style of this package, one after the other: `base.css` is what all pages share."""
    folder = files("mmjudge.report") / "templates"
    return "".join((folder / name).read_text(encoding="utf-8") for name in names)


def script(*names: str) -> str:
    """Files of script, one after the other, in a scope of their own."""
    return f'(() => {{\n"use strict";\n{stylesheet(*names)}}})();\n'
