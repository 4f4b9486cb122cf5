"""What every spot says: that it was made by AI; and the prices that cards show."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from decimal import Decimal

import skia

from schemas.layout import Format
from schemas.money import format_price
from stages.composite import paint
from stages.composite.text import Lettering

WAS = "instead of"
"""Stands for the line through a former price where what is drawn is told in words."""


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
        least = frame.label_letters * min(frame.width_px, frame.height_px)
        self._block = lettering.fit(
            text, "semibold", max(31 * unit, least), width_px=room, max_height_px=tall,
            min_size_px=max(18 * unit, least),
        )  # fmt: skip
        wide = self._block.width_px + 2 * pad + gap + spark
        self.rect = skia.Rect.MakeXYWH(x0, y0 - top_px, wide, tall)
        """In the band's pixels."""
        self._left = x0 + pad
        self._gap = gap
        self.texts = (self._block.text,)
        """What is written on it."""

    @property
    def cut(self) -> bool:
        """Whether its room is too small for all of the text."""
        return self._block.cut

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


def _spark(x: float, y: float, radius: float) -> skia.Path:
    """A four-pointed star."""
    path = skia.PathBuilder() if hasattr(skia, "PathBuilder") else skia.Path()
    path.moveTo(x, y - radius)
    corners = ((x + radius, y), (x, y + radius), (x - radius, y), (x, y - radius))
    for to_x, to_y in corners:
        path.quadTo(x, y, to_x, to_y)
    path.close()
    return path.detach() if hasattr(path, "detach") else path
