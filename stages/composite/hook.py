"""The hook: a short text over the first shot that makes the viewer stay."""

from __future__ import annotations

from collections.abc import Hashable

import skia

from schemas.layout import Format
from schemas.timeline import Card
from stages.composite import paint
from stages.composite.colours import Palette
from stages.composite.easing import ease_in, ease_out, progress
from stages.composite.look import Look

_COME_S, _GONE_S = 0.32, 0.22
_TEXT_PX, _SMALL_PX = 92.0, 40.0
_PAD_X, _PAD_Y = 36.0, 15.0
_SHADE = Palette((16, 17, 20), (255, 255, 255), (255, 255, 255), (16, 17, 20), (200, 200, 200))


class Hook:
    """Up to two lines in the card's box, from its upper edge down; it can be read in frame one."""

    def __init__(self, card: Card, frame: Format, top_px: int, look: Look) -> None:
        """`top_px` is the band's upper edge."""
        own = look.template.hook
        assert own is not None, "a template without a hook has no card for it"
        self._own, self._card, self._look = own, card, look
        self._unit = unit = frame.unit
        x0, y0, x1, y1 = card.box.pixels(frame.width_px, frame.height_px)
        self._block = look.lettering.fit(
            look.cased(card.text, own.case), look.weight(own.face), _TEXT_PX * own.size * unit,
            width_px=x1 - x0 - 2 * _PAD_X * unit, max_lines=2, min_size_px=_SMALL_PX * unit,
            max_height_px=y1 - y0 - 2 * _PAD_Y * unit,
        )  # fmt: skip
        wide = self._block.width_px + 2 * _PAD_X * unit
        tall = self._block.height_px + 2 * _PAD_Y * unit
        share = {"left": 0.0, "centre": 0.5}[own.align]
        self.rect = skia.Rect.MakeXYWH(x0 + (x1 - x0 - wide) * share, y0 - top_px, wide, tall)
        """What it covers, in the band's pixels."""
        self._wide = float(frame.width_px)
        surface = {"plate": "paper", "block": "accent"}.get(own.style)
        self._colours = look.palette.upon(surface) if surface else _SHADE

    @property
    def texts(self) -> tuple[str, ...]:
        """What is written on it."""
        return (self._block.text,)

    def _moment(self, time_s: float) -> tuple[float, float]:
        """(share that has come, share that has gone). It stands in the very first frame, for that
        is the one that a feed shows before it plays."""
        since = self._card.start_s
        come = 0.45 + 0.55 * progress(time_s, since, _COME_S) if since <= 0 else progress(
            time_s, since, _COME_S
        )  # fmt: skip
        return ease_out(come), ease_in(progress(time_s, self._card.end_s - _GONE_S, _GONE_S))

    def state(self, time_s: float) -> Hashable:
        """See `Sprite.state`."""
        if not self._card.start_s <= time_s < self._card.end_s:
            return None
        return tuple(round(share, 4) for share in self._moment(time_s))

    def draw(self, canvas: skia.Canvas, time_s: float) -> None:
        """See `Sprite.draw`."""
        come, gone = self._moment(time_s)
        unit, rect, colours = self._unit, self.rect, self._colours
        canvas.save()
        if self._own.style != "plain":  # a scrim stays where the frame's edge is
            canvas.translate(0, -14 * unit * gone)
            paint.scaled(canvas, 0.94 + 0.06 * come, rect.left(), rect.centerY())
        canvas.saveLayerAlpha(None, round(255 * come * (1 - gone)))
        if self._own.style == "plain":
            paint.scrim(canvas, self._wide, rect.bottom() + 70 * unit, alpha=0.62)
        else:
            shape = paint.pill(rect, self._look.radius(34 * unit))
            paint.shadow(canvas, shape, blur_px=26 * unit, drop_px=6 * unit, alpha=0.24)
            paint.fill(canvas, shape, colours.paper, 0.98)
        self._look.lettering.draw(
            canvas, self._block, colours.ink, rect.left() + _PAD_X * unit,
            rect.top() + _PAD_Y * unit, align=self._own.align,
            box_width_px=rect.width() - 2 * _PAD_X * unit,
        )  # fmt: skip
        canvas.restore()
        canvas.restore()
