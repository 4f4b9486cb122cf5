"""Rating stars: what buyers say of the product, as a chip over the picture or a row of a card."""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass

import skia

from schemas.layout import Format
from schemas.timeline import Card
from stages.composite import paint
from stages.composite.colours import Colour, argb
from stages.composite.easing import ease_in, ease_out, progress
from stages.composite.fitting import Block
from stages.composite.look import Look

STAR: Colour = (245, 166, 35)
_EMPTY: Colour = (206, 204, 198)
_COME_S, _GONE_S = 0.40, 0.20


@dataclass(frozen=True)
class Rating:
    """Stars out of five, and how many people gave them (None where nobody says)."""

    stars: float
    count: int | None

    @staticmethod
    def of(stars: float | None, count: int | None) -> Rating | None:
        """None without stars, or with zero people behind them."""
        if stars is None or not 0 < stars <= 5 or count == 0:
            return None
        return Rating(float(stars), count)

    def text(self, language: str) -> str:
        """ "4.8 (1,234)", as the language writes figures. The stars are rounded down: nobody is
        promised more than was given.
        """
        shown = f"{math.floor(self.stars * 10 + 1e-6) / 10:.1f}"
        count = "" if self.count is None else f" ({self.count:,})"
        tongue = language.split("-")[0].lower()
        if tongue in _COMMA:
            shown = shown.replace(".", ",")
            count = count.replace(",", "\u202f" if tongue in _SPACED else ".")
        return shown + count


_COMMA = frozenset(
    [
        "de",
        "fr",
        "es",
        "it",
        "pt",
        "nl",
        "pl",
        "cs",
        "sk",
        "sv",
        "da",
        "nb",
        "no",
        "fi",
        "tr",
        "ru",
        "uk",
        "el",
        "ro",
        "hu",
        "bg",
        "hr",
        "sl",
        "id",
    ]
)
_SPACED = frozenset(["fr", "pl", "cs", "sk", "sv", "nb", "no", "fi", "ru", "uk", "hu", "bg"])


class Stars:
    """Five stars and a figure, measured."""

    def __init__(self, rating: Rating, look: Look, size_px: float, room_px: float) -> None:
        self._rating, self._look = rating, look
        text, self.size_px = rating.text(look.language), size_px
        self.gap_px = 0.16 * size_px
        stars = 5 * size_px + 4 * self.gap_px
        self._block: Block = look.lettering.fit(
            text, "semibold", 0.92 * size_px, width_px=max(room_px - stars - 0.5 * size_px, 1.0)
        )
        self.width_px = stars + 0.5 * size_px + self._block.width_px
        self.texts = (self._block.text,)
        """The figures beside the stars."""
        self.height_px = max(size_px, self._block.height_px)

    def draw(self, canvas: skia.Canvas, x: float, y: float, text: Colour, shown: float) -> None:
        """With its upper left at (x, y); `shown` of the stars, 0 to 1, have come."""
        radius = self.size_px / 2
        middle = y + self.height_px / 2
        full = self._rating.stars * shown
        for number in range(5):
            star = _star(x + radius, middle, radius)
            canvas.drawPath(star, skia.Paint(AntiAlias=True, Color=argb(_EMPTY)))
            share = min(max(full - number, 0.0), 1.0)
            if share:
                canvas.save()
                part = skia.Rect.MakeXYWH(x, middle - radius, 2 * radius * share, 2 * radius)
                canvas.clipRect(part, skia.ClipOp.kIntersect, True)
                canvas.drawPath(star, skia.Paint(AntiAlias=True, Color=argb(STAR)))
                canvas.restore()
            x += self.size_px + self.gap_px
        top = middle - self._block.height_px / 2
        left = x - self.gap_px + 0.5 * self.size_px
        self._look.lettering.draw(canvas, self._block, text, left, top)


class RatingChip:
    """The stars on a small plate at the left of their room, while the product is shown."""

    def __init__(self, rating: Rating, card: Card, frame: Format, top_px: int, look: Look) -> None:
        """`top_px` is the band's upper edge."""
        self._card, self._look, self._unit = card, look, frame.unit
        x0, y0, x1, y1 = card.box.pixels(frame.width_px, frame.height_px)
        tall = min(66 * frame.unit, float(y1 - y0))
        self._pad = 0.34 * tall
        self._stars = Stars(rating, look, 0.52 * tall, x1 - x0 - 2 * self._pad)
        self.texts = self._stars.texts
        wide = self._stars.width_px + 2 * self._pad
        self.rect = skia.Rect.MakeXYWH(x0, y0 - top_px, wide, tall)
        """In the band's pixels."""

    def _moment(self, time_s: float) -> tuple[float, float]:
        come = ease_out(progress(time_s, self._card.start_s, _COME_S))
        return come, ease_in(progress(time_s, self._card.end_s - _GONE_S, _GONE_S))

    def state(self, time_s: float) -> Hashable:
        """See `Sprite.state`."""
        if not self._card.start_s <= time_s < self._card.end_s:
            return None
        return tuple(round(share, 3) for share in self._moment(time_s))

    def draw(self, canvas: skia.Canvas, time_s: float) -> None:
        """See `Sprite.draw`."""
        come, gone = self._moment(time_s)
        colours = self._look.palette
        canvas.save()
        canvas.translate(-24 * self._unit * (1 - come), 0)
        canvas.saveLayerAlpha(None, round(255 * come * (1 - gone)))
        shape = paint.pill(self.rect, self._look.radius(self.rect.height()))
        paint.fill(canvas, shape, colours.paper, 0.96)
        y = self.rect.centerY() - self._stars.height_px / 2
        self._stars.draw(canvas, self.rect.left() + self._pad, y, colours.ink, come)
        canvas.restore()
        canvas.restore()


def _star(x: float, y: float, radius: float) -> skia.Path:
    points = []
    for corner in range(10):
        reach = radius if corner % 2 == 0 else 0.42 * radius
        angle = math.pi * (corner / 5 - 0.5)
        points.append((x + reach * math.cos(angle), y + reach * math.sin(angle)))
    return paint.path_of(points)
