"""Contact sheet: a spot at a glance, eight frames with their times."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

COLUMNS, ROWS = 4, 2
TILE_WIDTH_PX, GAP_PX, MARGIN_PX, LINE_PX = 270, 14, 22, 26
_PAPER, _INK = "#f4f2ee", "#4a4a4f"
_FONT = Path(__file__).parents[1] / "shared" / "fonts" / "Inter-Medium.otf"


def sheet_times_s(length_s: float, fades_s: Sequence[tuple[float, float]] = ()) -> list[float]:
    """The middles of eight equal parts of the spot, in seconds; those that fall into a crossfade
    (`fades_s`, from and to) move on behind it, as no picture stands alone there."""
    times = [length_s * (index + 0.5) / (COLUMNS * ROWS) for index in range(COLUMNS * ROWS)]
    behind_s = 0.15
    return [
        next((end_s + behind_s for start_s, end_s in fades_s if start_s < t < end_s + behind_s), t)
        for t in times
    ]


def contact_sheet(pictures: Sequence[np.ndarray], times_s: Sequence[float]) -> Image.Image:
    """Pictures, uint8 RGB, in rows of four, each with its time below it."""
    height, width = pictures[0].shape[:2]
    tile_height = round(TILE_WIDTH_PX * height / width)
    step = tile_height + LINE_PX + GAP_PX
    sheet = Image.new(
        "RGB",
        (
            2 * MARGIN_PX + COLUMNS * TILE_WIDTH_PX + (COLUMNS - 1) * GAP_PX,
            2 * MARGIN_PX + ROWS * step - GAP_PX,
        ),
        _PAPER,
    )
    pen, font = ImageDraw.Draw(sheet), ImageFont.truetype(str(_FONT), 15)
    mask = _rounded(TILE_WIDTH_PX, tile_height, 10)
    for index, (picture, time_s) in enumerate(zip(pictures, times_s, strict=True)):
        x = MARGIN_PX + index % COLUMNS * (TILE_WIDTH_PX + GAP_PX)
        y = MARGIN_PX + index // COLUMNS * step
        tile = Image.fromarray(picture).resize(
            (TILE_WIDTH_PX, tile_height), Image.Resampling.LANCZOS
        )
        sheet.paste(tile, (x, y), mask)
        pen.text((x + 3, y + tile_height + 6), f"{time_s:.1f} s", fill=_INK, font=font)
    return sheet


def _rounded(width: int, height: int, radius: int) -> Image.Image:
    """A mask with rounded corners, drawn four times as large so that its edge is smooth."""
    large = Image.new("L", (4 * width, 4 * height), 0)
    ImageDraw.Draw(large).rounded_rectangle((0, 0, 4 * width - 1, 4 * height - 1), 4 * radius, 255)
    return large.resize((width, height), Image.Resampling.BOX)
