"""The QR code of an end card: dark modules on a white field, its quiet zone kept."""

from __future__ import annotations

import segno
import skia

from stages.composite import paint
from stages.composite.look import Look

QUIET_MODULES = 4
"""Of clear space on every side (ISO/IEC 18004, 6.3.8)."""
LEAST_MODULE_PX = 4
"""Smaller ones do not survive the encoder on a phone's screen."""
MOST_CHARACTERS = 300
_SIDE_PX, _SHARE = 260.0, 0.44
_DARK = (12, 13, 16)


def code_side_px(room_px: float, most_px: float, unit: float) -> float:
    """Side of the square that an end card keeps for a code, in a card of that width and height."""
    return min(_SIDE_PX * max(unit, 0.8), _SHARE * most_px, _SHARE * room_px)


class QrCode:
    """A code that fills a square as large as it may be, in whole pixels a module."""

    def __init__(self, text: str, most_px: float) -> None:
        """Raises `ValueError` if the text needs more modules than the square has room for."""
        made = segno.make_qr(text, error="m", boost_error=False)
        self._rows = [tuple(row) for row in made.matrix]
        modules = len(self._rows) + 2 * QUIET_MODULES
        self._module_px = int(most_px // modules)
        if self._module_px < LEAST_MODULE_PX:
            raise ValueError(
                f"a QR code of {len(text)} characters needs {modules * LEAST_MODULE_PX} pixels and"
                f" has {most_px:.0f}; shorten the link"
            )
        self.side_px = float(self._module_px * modules)

    def draw(self, canvas: skia.Canvas, x: float, y: float, look: Look) -> None:
        """With its white field's upper left at (x, y), moved to whole pixels: modules with soft
        edges are the first that a camera loses."""
        x, y = round(x), round(y)
        field = skia.Rect.MakeXYWH(x, y, self.side_px, self.side_px)
        paint.fill(canvas, paint.pill(field, look.radius(1.5 * self._module_px)), (255, 255, 255))
        dark = skia.Paint(AntiAlias=False, Color=skia.ColorSetRGB(*_DARK))
        size = self._module_px
        for down, row in enumerate(self._rows):
            for across, module in enumerate(row):
                if module:
                    left = x + (across + QUIET_MODULES) * size
                    top = y + (down + QUIET_MODULES) * size
                    canvas.drawRect(skia.Rect.MakeXYWH(left, top, size, size), dark)
