"""The two small cards that stand over the shots: the AI label and the price tag."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from decimal import Decimal

import skia

from schemas.layout import Format
from schemas.money import format_price
from stages.composite import paint
from stages.composite.colours import Palette
from stages.composite.easing import ease_in, ease_out_back, progress
from stages.composite.text import Lettering


@dataclass(frozen=True)
class Offer:
    """Prices as they are shown; `regular` and `saving` only where a sale is on."""

    price: str
    regular: str | None
    saving: str | None

    @staticmethod
    def of(
        price: Decimal | None, regular: Decimal | None, currency: str | None, language: str | None
    ) -> Offer | None:
        """None without a price. The saving is rounded down: no spot promises more than is true."""
        if price is None or not currency:
            return None
        tongue = language or "en"
        shown = format_price(price, currency, tongue)
        if regular is None or regular <= price:
            return Offer(shown, None, None)
        percent = int((1 - price / regular) * 100)
        saving = f"−{percent}%" if percent >= 1 else None
        return Offer(shown, format_price(regular, currency, tongue), saving)


class AiLabel:
    """Says, as long as the spot runs, that it was made by AI."""

    def __init__(self, text: str, frame: Format, top_px: int, lettering: Lettering) -> None:
        """`top_px` is the band's upper edge."""
        x0, y0, x1, y1 = frame.ai_label.pixels(frame.width_px, frame.height_px)
        unit = frame.unit
        tall = float(y1 - y0)
        pad, gap, spark = 24 * unit, 12 * unit, 26 * unit
        room = x1 - x0 - 2 * pad - gap - spark
        self._lettering, self._unit, self._spark = lettering, unit, spark
        self._block = lettering.fit(
            text, "semibold", 31 * unit, width_px=room, max_height_px=tall, min_size_px=18 * unit
        )
        wide = self._block.width_px + 2 * pad + gap + spark
        self.rect = skia.Rect.MakeXYWH(x0, y0 - top_px, wide, tall)
        """In the band's pixels."""
        self._left = x0 + pad
        self._gap = gap

    def state(self, time_s: float) -> Hashable:
        """See `Sprite.state`: always the same."""
        return True

    def draw(self, canvas: skia.Canvas, time_s: float) -> None:
        """See `Sprite.draw`. White on dark: it reads over any picture (contrast at least 7)."""
        paint.fill(canvas, paint.pill(self.rect, self.rect.height()), (18, 19, 23), 0.74)
        white = (255, 255, 255)
        middle = self.rect.centerY()
        canvas.drawPath(
            _spark(self._left + self._spark / 2, middle, self._spark / 2),
            skia.Paint(AntiAlias=True, Color=skia.ColorWHITE),
        )
        y = middle - self._block.height_px / 2
        x = self._left + self._spark + self._gap
        self._lettering.draw(canvas, self._block, white, x, y)


class PriceTag:
    """A pill with the price, from its pop-in to its leave before the end card."""

    def __init__(
        self, offer: Offer, frame: Format, top_px: int, lettering: Lettering, palette: Palette,
        *, start_s: float, end_s: float,
    ) -> None:  # fmt: skip
        """`top_px` is the band's upper edge; the pill stands at the right of its area."""
        x0, y0, x1, y1 = frame.price_tag.pixels(frame.width_px, frame.height_px)
        unit = frame.unit
        pad, gap = 32 * unit, 16 * unit
        room = x1 - x0 - 2 * pad
        self._lettering, self._palette, self._unit = lettering, palette, unit
        self._start_s, self._end_s = start_s, end_s
        self._regular = None
        if offer.regular:
            self._regular = lettering.fit(
                offer.regular, "semibold", 36 * unit, width_px=room * 0.46, min_size_px=20 * unit
            )
            room -= self._regular.width_px + gap
        self._price = lettering.fit(
            offer.price, "black", 58 * unit, width_px=room, min_size_px=24 * unit
        )
        inside = self._price.width_px + (self._regular.width_px + gap if self._regular else 0.0)
        tall = min(92 * unit, float(y1 - y0))
        self.rect = skia.Rect.MakeXYWH(x1 - inside - 2 * pad, y0 - top_px, inside + 2 * pad, tall)
        """In the band's pixels."""
        self._pad, self._gap = pad, gap

    def _moment(self, time_s: float) -> tuple[float, float]:
        """(scale, opacity)."""
        come = progress(time_s, self._start_s, 0.42)
        gone = progress(time_s, self._end_s - 0.20, 0.20)
        scale = (0.55 + 0.45 * ease_out_back(come)) * (1 - 0.25 * ease_in(gone))
        return scale, min(come * 3, 1.0) * (1 - gone)

    def state(self, time_s: float) -> Hashable:
        """See `Sprite.state`."""
        if not self._start_s <= time_s < self._end_s:
            return None
        scale, opacity = self._moment(time_s)
        return round(scale, 4), round(opacity, 3)

    def draw(self, canvas: skia.Canvas, time_s: float) -> None:
        """See `Sprite.draw`."""
        scale, opacity = self._moment(time_s)
        unit, colours, rect = self._unit, self._palette, self.rect
        canvas.save()
        canvas.translate(rect.right(), rect.centerY())
        canvas.scale(scale, scale)
        canvas.translate(-rect.right(), -rect.centerY())
        canvas.saveLayerAlpha(None, round(255 * opacity))
        shape = paint.pill(rect, rect.height())
        paint.shadow(canvas, shape, blur_px=22 * unit, drop_px=5 * unit, alpha=0.24)
        paint.fill(canvas, shape, colours.paper)
        x = rect.left() + self._pad
        if self._regular:
            y = rect.centerY() - self._regular.height_px / 2
            paint.struck(canvas, self._lettering, self._regular, colours.faint, x, y)
            x += self._regular.width_px + self._gap
        y = rect.centerY() - self._price.height_px / 2
        self._lettering.draw(canvas, self._price, colours.accent, x, y)
        canvas.restore()
        canvas.restore()


def _spark(x: float, y: float, radius: float) -> skia.Path:
    """A four-pointed star."""
    path = skia.PathBuilder() if hasattr(skia, "PathBuilder") else skia.Path()
    path.moveTo(x, y - radius)
    corners = ((x + radius, y), (x, y + radius), (x - radius, y), (x, y - radius))
    for to_x, to_y in corners:
        path.quadTo(x, y, to_x, to_y)
    path.close()
    return path.detach() if hasattr(path, "detach") else path
