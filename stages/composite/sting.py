"""The sting: the brand's sign on its own for a moment, as the end card begins or the spot does."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
import skia

from schemas.layout import Format
from schemas.timeline import Card
from stages.composite import paint
from stages.composite.easing import ease_in_out, ease_out, progress
from stages.composite.logo import sign_of
from stages.composite.look import Look

_PAD_X, _PAD_Y = 40.0, 24.0


class Sting:
    """ "sweep": a field of the accent runs over the frame, the sign in its middle, and uncovers
    the end card. "rise": the sign on a plate rises in its box and leaves again.
    """

    def __init__(
        self, card: Card, frame: Format, top_px: int, look: Look, logo: np.ndarray | None
    ) -> None:
        """`top_px` is the band's upper edge: 0 for a sweep, whose band is the frame."""
        own = look.template.sting
        assert own is not None, "a template without a sting has no card for it"
        self._card, self._look, self._unit, self._sweep = (
            card,
            look,
            frame.unit,
            own.style == "sweep",
        )
        self._frame = frame
        x0, y0, x1, y1 = card.box.pixels(frame.width_px, frame.height_px)
        pad = _PAD_X * self._unit
        self._sign = sign_of(
            card.text, logo, look, weight="headline" if self._sweep else "bold",
            size_px=min((120 if self._sweep else 50) * self._unit, 0.7 * (y1 - y0)),
            room_px=x1 - x0 - 2 * pad,
            logo_px=min(0.8 * (y1 - y0), (240 if self._sweep else 90) * self._unit),
        )  # fmt: skip
        self.texts = (self._sign.name.text,) if self._sign.name else ()
        """What is written on it: nothing where it is a logo."""
        wide, tall = self._sign.width_px + 2 * pad, self._sign.height_px
        tall = min(tall + 2 * _PAD_Y * self._unit, y1 - y0)
        centre, middle = (x0 + x1) / 2, (y0 + y1) / 2 - top_px
        self.rect = skia.Rect.MakeXYWH(centre - wide / 2, middle - tall / 2, wide, tall)
        """Where the sign stands, in the band's pixels."""
        # A logo was made for paper: on the accent it gets a plate of it.
        self._on_plate = not self._sweep or logo is not None

    def _share(self, time_s: float) -> float:
        return progress(time_s, self._card.start_s, self._card.end_s - self._card.start_s)

    def state(self, time_s: float) -> Hashable:
        """See `Sprite.state`."""
        if not self._card.start_s <= time_s < self._card.end_s:
            return None
        return round(self._share(time_s), 4)

    def draw(self, canvas: skia.Canvas, time_s: float) -> None:
        """See `Sprite.draw`."""
        share = self._share(time_s)
        canvas.save()
        if self._sweep:
            self._field(canvas, share)
        else:
            come, gone = ease_out(min(share / 0.4, 1.0)), ease_in_out(max(share - 0.75, 0.0) / 0.25)
            canvas.saveLayerAlpha(None, round(255 * come * (1 - gone)))
            canvas.translate(0, 26 * self._unit * (1 - come))
        colours = self._look.palette
        if self._on_plate:
            shape = paint.pill(self.rect, self._look.radius(30 * self._unit))
            paint.fill(canvas, shape, colours.paper, 0.98)
        colour = colours.ink if self._on_plate else colours.on_accent
        x = self.rect.centerX() - self._sign.width_px / 2
        self._sign.draw(
            canvas, self._look, colour, x, self.rect.centerY() - self._sign.height_px / 2
        )
        canvas.restoreToCount(1)

    def _field(self, canvas: skia.Canvas, share: float) -> None:
        """In from the left, and out to the right; the sign is cut with it."""
        wide, tall = float(self._frame.width_px), float(self._frame.height_px)
        right = wide * ease_in_out(min(share / 0.36, 1.0)) * 1.02
        left = wide * ease_out(max(share - 0.64, 0.0) / 0.36)  # seen when the end card is heard
        field = skia.Rect.MakeLTRB(left, 0, max(right, left), tall)
        canvas.clipRect(field)
        paint.fill(canvas, paint.pill(field, 0), self._look.palette.accent)
