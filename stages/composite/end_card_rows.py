"""The rows of the end card: brand or logo, tagline, title, rating, prices, button."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import skia

from stages.composite import paint
from stages.composite.cards import WAS, Offer
from stages.composite.colours import Colour, Palette
from stages.composite.fitting import Block
from stages.composite.logo import sign_of
from stages.composite.look import Look
from stages.composite.rating import Rating, Stars


@dataclass(frozen=True)
class Row:
    """One row of the card: its height in pixels, how it is drawn at (y, time), how it enters."""

    height_px: float
    gap_px: float
    """Above it."""
    draw: Callable[[skia.Canvas, float, float], None]
    pops: bool = False
    texts: tuple[str, ...] = ()
    """What is written on it."""


@dataclass(frozen=True)
class Copy:
    """What the card says. Anything but `brand` may be missing."""

    brand: str
    tagline: str | None
    title: str | None
    cta: str | None
    offer: Offer | None
    rating: Rating | None = None


class RowSetter:
    """Measures each row so that it fits the card, and draws it in its place."""

    def __init__(
        self, look: Look, colours: Palette, unit: float, left_px: float, room_px: float,
        align: str, pulse: Callable[[float], float],
    ) -> None:  # fmt: skip
        """`unit` is `Format.unit`; `pulse(time_s)` the button's swell, 0 to 1."""
        self._look, self._colours, self._unit, self._pulse = look, colours, unit, pulse
        self._own, self._fit = look.template.end_card, look.lettering.fit
        self.left_px, self.room_px, self.centred = left_px, room_px, align == "centre"

    def rows(
        self, copy: Copy, lines: int, title_lines: int, scale: float, logo: np.ndarray | None,
        large: float = 1.0,
    ) -> list[Row]:  # fmt: skip
        """All that the card says, from top to bottom, at `scale` of the full size, tagline and
        price `large` times that; the tagline in so many lines, the title in others (0: none)."""
        unit = self._unit * scale
        rows = [self._brand(copy.brand, logo, unit)]
        if copy.tagline:
            headline = self._look.weight(self._own.face, "black")
            block = self._fit(
                self._look.cased(copy.tagline, self._own.case), headline, 76 * unit * large,
                width_px=self.room_px, max_lines=lines, min_size_px=46 * unit,
            )  # fmt: skip
            rows.append(self._words(block, 10 * unit, self._colours.ink))
        if copy.title and title_lines:
            block = self._fit(
                copy.title, "medium", 36 * unit, width_px=self.room_px, max_lines=title_lines,
                min_size_px=28 * unit,
            )  # fmt: skip
            rows.append(self._words(block, 6 * unit, self._colours.faint))
        if copy.rating:
            rows.append(self._stars(copy.rating, unit))
        if copy.offer:
            rows.append(self._prices(copy.offer, unit, large))
        if copy.cta:
            rows.append(self._button(self._look.cased(copy.cta, self._own.case), unit))
        return rows

    def _x(self, wide: float) -> float:
        """Where something of that width begins."""
        return self.left_px + ((self.room_px - wide) / 2 if self.centred else 0.0)

    def _words(self, block: Block, gap_px: float, colour: Colour) -> Row:
        align = "centre" if self.centred else "left"

        def draw(canvas: skia.Canvas, y: float, time_s: float) -> None:
            self._look.lettering.draw(
                canvas, block, colour, self.left_px, y, align=align, box_width_px=self.room_px
            )

        return Row(block.height_px, gap_px, draw, texts=(block.text,))

    def _brand(self, name: str, logo: np.ndarray | None, unit: float) -> Row:
        rules = self.centred and logo is None
        sign = sign_of(
            name, logo, self._look, weight="bold", size_px=40 * unit,
            room_px=self.room_px - (120 * unit if rules else 0.0), logo_px=72 * unit,
        )  # fmt: skip
        colour = self._colours.accent

        def draw(canvas: skia.Canvas, y: float, time_s: float) -> None:
            sign.draw(canvas, self._look, colour, self._x(sign.width_px), y)
            if not rules:
                return
            line, middle = y + sign.height_px / 2, self.left_px + self.room_px / 2
            for side in (-1, 1):  # a short rule on either side
                near = middle + side * (sign.width_px / 2 + 20 * unit)
                rule = skia.Rect.MakeLTRB(
                    min(near, near + side * 40 * unit), line - 1.5 * unit,
                    max(near, near + side * 40 * unit), line + 1.5 * unit,
                )  # fmt: skip
                paint.fill(canvas, paint.pill(rule, 2 * unit), colour)

        texts = (sign.name.text,) if sign.name else ()
        return Row(sign.height_px, 0.0, draw, texts=texts)

    def _stars(self, rating: Rating, unit: float) -> Row:
        stars = Stars(rating, self._look, 34 * unit, self.room_px)

        def draw(canvas: skia.Canvas, y: float, time_s: float) -> None:
            stars.draw(canvas, self._x(stars.width_px), y, self._colours.faint, 1.0)

        return Row(stars.height_px, 8 * unit, draw, texts=stars.texts)

    def _prices(self, offer: Offer, unit: float, large: float) -> Row:
        gap, room = 20 * unit, self.room_px
        saving = regular = None
        if offer.saving:
            saving = self._fit(offer.saving, "bold", 36 * unit, width_px=room * 0.25)
            room -= saving.width_px + 40 * unit + gap
        if offer.regular:
            regular = self._fit(offer.regular, "semibold", 46 * unit, width_px=room * 0.4)
            room -= regular.width_px + gap
        price = self._fit(
            offer.price, self._look.weight(self._own.face, "black"), 88 * unit * large,
            width_px=room,
            min_size_px=30 * unit,
        )  # fmt: skip
        widths = [price.width_px]
        widths += [regular.width_px] if regular else []
        widths += [saving.width_px + 40 * unit] if saving else []
        total = sum(widths) + gap * (len(widths) - 1)

        def draw(canvas: skia.Canvas, y: float, time_s: float) -> None:
            colours, letters = self._colours, self._look.lettering
            x, middle = self._x(total), y + price.height_px / 2
            letters.draw(canvas, price, colours.ink, x, y)
            x += price.width_px + gap
            if regular:
                base = y + price.ascent_px - regular.ascent_px
                paint.struck(canvas, letters, regular, colours.faint, x, base)
                x += regular.width_px + gap
            if saving:
                half = 30 * unit
                badge = skia.Rect.MakeLTRB(
                    x, middle - half, x + saving.width_px + 40 * unit, middle + half
                )
                shape = paint.pill(badge, self._look.radius(16 * unit))
                paint.fill(canvas, shape, colours.accent)
                top = middle - saving.height_px / 2
                letters.draw(canvas, saving, colours.on_accent, x + 20 * unit, top)

        was = (f"{WAS} {regular.text}",) if regular else ()
        texts = (price.text, *was, *((saving.text,) if saving else ()))
        return Row(price.height_px, 6 * unit, draw, pops=True, texts=texts)

    def _button(self, text: str, unit: float) -> Row:
        if self._own.button == "underline":
            return self._link(text, unit)
        arrow = 36 * unit
        block = self._fit(
            text, "bold", 50 * unit, width_px=self.room_px - 180 * unit, min_size_px=28 * unit
        )
        tall = 112 * unit
        wide = block.width_px + arrow + 20 * unit + 104 * unit
        wide = min(max(wide, 0.62 * self.room_px), self.room_px)
        radius = tall if self._own.button == "pill" else 0.0

        def draw(canvas: skia.Canvas, y: float, time_s: float) -> None:
            colours, left = self._colours, self._x(wide)
            middle, centre = y + tall / 2, left + wide / 2
            canvas.save()
            paint.scaled(canvas, 1 + 0.022 * self._pulse(time_s), centre, middle)
            shape = paint.pill(skia.Rect.MakeXYWH(left, y, wide, tall), radius)
            if radius:
                paint.shadow(canvas, shape, blur_px=24 * unit, drop_px=8 * unit, alpha=0.22)
            paint.fill(canvas, shape, colours.accent)
            x = centre - (block.width_px + arrow + 20 * unit) / 2
            top = middle - block.height_px / 2
            self._look.lettering.draw(canvas, block, colours.on_accent, x, top)
            shift = 5 * unit * self._pulse(time_s)
            x += block.width_px + 20 * unit + shift
            _arrow(canvas, x, middle, arrow, colours.on_accent)
            canvas.restore()

        return Row(tall, 18 * unit, draw, pops=True, texts=(block.text,))

    def _link(self, text: str, unit: float) -> Row:
        """The call as a line of text with a rule below it and an arrow behind."""
        arrow = 32 * unit
        block = self._fit(
            text, "semibold", 46 * unit, width_px=self.room_px - arrow - 24 * unit,
            min_size_px=26 * unit,
        )  # fmt: skip
        wide, tall = block.width_px + 20 * unit + arrow, block.height_px + 8 * unit

        def draw(canvas: skia.Canvas, y: float, time_s: float) -> None:
            colours, x = self._colours, self._x(wide)
            self._look.lettering.draw(canvas, block, colours.ink, x, y)
            rule = skia.Rect.MakeXYWH(x, y + tall - 4 * unit, block.width_px, 4 * unit)
            paint.fill(canvas, paint.pill(rule, 0), colours.accent)
            shift = 5 * unit * self._pulse(time_s)
            middle = y + block.height_px / 2
            _arrow(canvas, x + block.width_px + 15 * unit + shift, middle, arrow, colours.accent)

        return Row(tall, 22 * unit, draw, texts=(block.text,))


def _arrow(canvas: skia.Canvas, x: float, y: float, size_px: float, colour: Colour) -> None:
    stroke = skia.Paint(
        AntiAlias=True, Color=skia.ColorSetRGB(*colour), Style=skia.Paint.kStroke_Style,
        StrokeWidth=0.15 * size_px, StrokeCap=skia.Paint.kRound_Cap,
    )  # fmt: skip
    tip, wing = x + size_px, 0.34 * size_px
    canvas.drawLine(x, y, tip, y, stroke)
    canvas.drawLine(tip - wing, y - wing, tip, y, stroke)
    canvas.drawLine(tip - wing, y + wing, tip, y, stroke)
