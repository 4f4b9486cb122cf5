"""The price while the product is shown: a tag, a burst, or a small plain plate."""

from __future__ import annotations

import math
from collections.abc import Hashable

import skia

from schemas.layout import Format
from schemas.timeline import Card
from stages.composite import paint
from stages.composite.cards import WAS, Offer
from stages.composite.colours import argb
from stages.composite.easing import ease_in, ease_out, ease_out_back, progress
from stages.composite.fitting import Block
from stages.composite.look import Look

_COME_S, _GONE_S = 0.42, 0.20
_POINTS = 18
_TILT_DEG = -7.0


class PriceTag:
    """Comes with the second shot, leaves before the end card; stands at the right of its room."""

    def __init__(self, offer: Offer, card: Card, frame: Format, top_px: int, look: Look) -> None:
        """`top_px` is the band's upper edge."""
        self._card, self._look, self._own = card, look, look.template.price
        self._unit = unit = frame.unit
        x0, y0, x1, y1 = card.box.pixels(frame.width_px, frame.height_px)
        self._saving: Block | None = None
        self._regular: Block | None = None
        self._area = skia.Rect.MakeLTRB(x0, y0 - top_px, x1, y1 - top_px)
        if self._own.style == "burst":
            self._set_burst(offer)
        else:
            self._set_row(offer, 32 * unit if self._own.style == "tag" else 24 * unit)

    def _set_row(self, offer: Offer, pad: float) -> None:
        """In one line; where the price would get small, first without the saving."""
        unit, area, bold = self._unit, self._area, self._own.style == "tag"
        wanted = (58 if bold else 46) * unit
        self._pad, self._gap = pad, 16 * unit
        for saving in (offer.saving if self._own.discount else None, None):
            inside = self._fit_row(offer, saving, area.width() - 2 * pad, wanted, bold)
            if self._price.size_px >= 0.72 * wanted:
                break
        tall = min((92 if bold else 74) * unit, area.height())
        self.rect = skia.Rect.MakeXYWH(
            area.right() - inside - 2 * pad, area.top(), inside + 2 * pad, tall
        )
        """What it covers, in the band's pixels."""

    def _fit_row(
        self, offer: Offer, saving: str | None, room: float, size_px: float, bold: bool
    ) -> float:
        """Measure price, former price and saving; the width of all three."""
        unit, fit, inside = self._unit, self._look.lettering.fit, 0.0
        self._saving = fit(saving, "bold", 32 * unit, width_px=room * 0.26) if saving else None
        if self._saving:
            inside += self._saving.width_px + 24 * unit + self._gap
        self._regular = None
        if offer.regular:
            self._regular = fit(
                offer.regular, "semibold", 36 * unit, width_px=room * 0.4, min_size_px=20 * unit
            )
            inside += self._regular.width_px + self._gap
        weight = "black" if bold else "headline"
        self._price = fit(
            offer.price, weight, size_px, width_px=room - inside, min_size_px=24 * unit
        )
        return inside + self._price.width_px

    def _set_burst(self, offer: Offer) -> None:
        area, fit = self._area, self._look.lettering.fit
        tall = area.height()
        wide = min(area.width(), 1.35 * tall)
        self.rect = skia.Rect.MakeLTRB(area.right() - wide, area.top(), area.right(), area.bottom())
        room = 0.66 * wide
        self._price = fit(
            offer.price, "headline", 0.36 * tall, width_px=room, max_height_px=0.46 * tall,
            min_size_px=0.10 * tall,
        )  # fmt: skip
        if offer.regular:
            self._regular = fit(
                offer.regular, "bold", 0.13 * tall, width_px=0.5 * wide, max_height_px=0.18 * tall
            )
        if offer.saving and self._own.discount:
            self._saving = fit(
                offer.saving, "bold", 0.14 * tall, width_px=0.4 * wide, max_height_px=0.19 * tall
            )

    @property
    def texts(self) -> tuple[str, ...]:
        """What is written on it: the former price as such, for it is struck through."""
        was = (f"{WAS} {self._regular.text}",) if self._regular else ()
        return (self._price.text, *was, *((self._saving.text,) if self._saving else ()))

    def _moment(self, time_s: float) -> tuple[float, float]:
        """(scale, opacity)."""
        come = progress(time_s, self._card.start_s, _COME_S)
        gone = progress(time_s, self._card.end_s - _GONE_S, _GONE_S)
        quiet = self._own.style == "minimal"
        scale = 1.0 if quiet else (0.55 + 0.45 * ease_out_back(come)) * (1 - 0.25 * ease_in(gone))
        return scale, (ease_out(come) if quiet else min(come * 3, 1.0)) * (1 - gone)

    def state(self, time_s: float) -> Hashable:
        """See `Sprite.state`."""
        if not self._card.start_s <= time_s < self._card.end_s:
            return None
        scale, opacity = self._moment(time_s)
        return round(scale, 4), round(opacity, 3)

    def draw(self, canvas: skia.Canvas, time_s: float) -> None:
        """See `Sprite.draw`."""
        scale, opacity = self._moment(time_s)
        burst = self._own.style == "burst"
        x = self.rect.centerX() if burst else self.rect.right()
        canvas.save()
        paint.scaled(canvas, scale, x, self.rect.centerY())
        canvas.saveLayerAlpha(None, round(255 * opacity))
        if burst:
            self._draw_burst(canvas)
        else:
            self._draw_row(canvas)
        canvas.restore()
        canvas.restore()

    def _draw_row(self, canvas: skia.Canvas) -> None:
        unit, rect, look = self._unit, self.rect, self._look
        colours, letters = look.palette, look.lettering
        tag = self._own.style == "tag"
        shape = paint.pill(rect, look.radius(rect.height()))
        if tag:
            paint.shadow(canvas, shape, blur_px=22 * unit, drop_px=5 * unit, alpha=0.24)
        paint.fill(canvas, shape, colours.paper, 1.0 if tag else 0.94)
        if not tag:
            edge = skia.Rect.MakeXYWH(rect.left(), rect.top(), 3 * unit, rect.height())
            paint.fill(canvas, paint.pill(edge, 0), colours.accent)
        x = rect.left() + self._pad
        if self._regular:
            y = rect.centerY() - self._regular.height_px / 2
            paint.struck(canvas, letters, self._regular, colours.faint, x, y)
            x += self._regular.width_px + self._gap
        y = rect.centerY() - self._price.height_px / 2
        letters.draw(canvas, self._price, colours.accent if tag else colours.ink, x, y)
        if self._saving:
            x += self._price.width_px + self._gap
            tall = self._saving.height_px + 8 * unit
            badge = skia.Rect.MakeXYWH(
                x, rect.centerY() - tall / 2, self._saving.width_px + 24 * unit, tall
            )
            paint.fill(canvas, paint.pill(badge, look.radius(14 * unit)), colours.accent)
            top = badge.centerY() - self._saving.height_px / 2
            letters.draw(canvas, self._saving, colours.on_accent, x + 12 * unit, top)

    def _draw_burst(self, canvas: skia.Canvas) -> None:
        rect, look = self.rect, self._look
        colours, letters = look.palette.upon("accent"), look.lettering
        star = _burst(rect)
        blur = skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, 7 * self._unit)
        canvas.save()
        canvas.translate(0, 4 * self._unit)
        dark = skia.Paint(AntiAlias=True, Color=argb((0, 0, 0), 0.24), MaskFilter=blur)
        canvas.drawPath(star, dark)
        canvas.restore()
        canvas.drawPath(star, skia.Paint(AntiAlias=True, Color=argb(colours.paper)))
        canvas.rotate(_TILT_DEG, rect.centerX(), rect.centerY())
        rows = [block for block in (self._regular, self._price, self._saving) if block]
        # Figures have no depth below their line: what stands under the price moves up into it.
        tall = sum(block.height_px for block in rows)
        tall -= 0.16 * self._price.height_px if self._saving else 0.0
        y = rect.centerY() - tall / 2
        for block in rows:
            x = rect.centerX() - block.width_px / 2
            if block is self._regular:
                paint.struck(canvas, letters, block, colours.ink, x, y)
            else:
                letters.draw(canvas, block, colours.ink, x, y)
            y += block.height_px * (0.84 if block is self._price else 1.0)


def _burst(rect: skia.Rect) -> skia.Path:
    """A star of many short points inside the rectangle."""
    points = []
    for corner in range(2 * _POINTS):
        reach = 1.0 if corner % 2 == 0 else 0.90
        angle = math.pi * corner / _POINTS - math.pi / 2
        points.append(
            (
                rect.centerX() + reach * rect.width() / 2 * math.cos(angle),
                rect.centerY() + reach * rect.height() / 2 * math.sin(angle),
            )
        )
    return paint.path_of(points)
