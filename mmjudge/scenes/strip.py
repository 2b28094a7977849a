"""A moving scene as a strip of frames: one row for each move, from left to right in time."""

from PIL import Image, ImageDraw, ImageFont

from mmjudge.scenes.facts import Moving
from mmjudge.scenes.film import SIDE, Staging, stills
from mmjudge.scenes.levels import Level

PANEL = 96
"""Pixels of a side of a panel."""
_GAP = 4
_MARGIN = 16
"""Width of the column in which the rows are numbered."""


def strip(scene: Moving, level: Level, staging: Staging) -> Image.Image:
    """The frames of each move in a row; rows are numbered in the order of time."""
    rows = stills(scene, level, staging)
    width = _MARGIN + len(rows[0]) * (PANEL + _GAP)
    sheet = Image.new("RGB", (width, len(rows) * (PANEL + _GAP) + _GAP), (255, 255, 255))
    canvas, font = ImageDraw.Draw(sheet), ImageFont.load_default_imagefont()
    for row, panels in enumerate(rows):
        top = _GAP + row * (PANEL + _GAP)
        canvas.text((5, top + PANEL // 2 - 5), str(row + 1), fill=(0, 0, 0), font=font)
        for column, panel in enumerate(panels):
            small = panel.resize(
                (PANEL, PANEL), Image.Resampling.BOX if SIDE % PANEL == 0 else None
            )
            sheet.paste(small, (_MARGIN + column * (PANEL + _GAP), top))
    return sheet
