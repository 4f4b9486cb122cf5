"""The rows of the end card: brand or logo, tagline, title, prices, button."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import skia

from stages.composite import paint
from stages.composite.cards import Offer
from stages.composite.colours import Palette
from stages.composite.fitting import Block
from stages.composite.text import Lettering
from stages.shared.picture import read_picture


@dataclass(frozen=True)
class Row:
    """One row of the card: its height in pixels, how it is drawn at (y, time), how it enters."""

    height_px: float
    gap_px: float
    """Above it."""
    draw: Callable[[skia.Canvas, float, float], None]
    pops: bool = False


@dataclass(frozen=True)
class Copy:
    """What the card says. Anything but `brand` may be missing."""

    brand: str
    tagline: str | None
    title: str | None
    cta: str | None
    offer: Offer | None


class RowSetter:
    """Measures each row so that it fits the card, and draws it centred."""

    def __init__(
        self, lettering: Lettering, palette: Palette, unit: float, left_px: float, room_px: float,
        pulse: Callable[[float], float],
    ) -> None:  # fmt: skip
        """`unit` is `Format.unit`; `pulse(time_s)` the button's swell, 0 to 1."""
        self._lettering, self._palette, self._unit = lettering, palette, unit
        self._left, self._room, self._pulse = left_px, room_px, pulse

    def rows(
        self, copy: Copy, with_title: bool, lines: int, scale: float, logo: Path | None
    ) -> list[Row]:
        """All that the card says, from top to bottom, at `scale` of the full size."""
        unit, fit = self._unit * scale, self._lettering.fit
        rows = [self._logo(logo, unit) if logo else self._brand(copy.brand, unit)]
        if copy.tagline:
            block = fit(
                copy.tagline, "black", 76 * unit, width_px=self._room, max_lines=lines,
                min_size_px=46 * unit,
            )  # fmt: skip
            rows.append(self._words(block, 10 * unit, self._palette.ink))
        if copy.title and with_title:
            block = fit(
                copy.title, "medium", 36 * unit, width_px=self._room, max_lines=lines,
                min_size_px=28 * unit,
            )  # fmt: skip
            rows.append(self._words(block, 6 * unit, self._palette.faint))
        if copy.offer:
            rows.append(self._prices(copy.offer, unit))
        if copy.cta:
            rows.append(self._button(copy.cta, unit))
        return rows

    def _words(self, block: Block, gap_px: float, colour: tuple[int, int, int]) -> Row:
        def draw(canvas: skia.Canvas, y: float, time_s: float) -> None:
            self._lettering.draw(
                canvas, block, colour, self._left, y, align="centre", box_width_px=self._room
            )

        return Row(block.height_px, gap_px, draw)

    def _brand(self, name: str, unit: float) -> Row:
        block = self._lettering.fit(
            name, "bold", 40 * unit, width_px=self._room - 120 * unit, min_size_px=24 * unit
        )

        def draw(canvas: skia.Canvas, y: float, time_s: float) -> None:
            colours, middle = self._palette, self._left + self._room / 2
            self._lettering.draw(
                canvas, block, colours.accent, self._left, y, align="centre",
                box_width_px=self._room,
            )  # fmt: skip
            line = y + block.height_px / 2
            for side in (-1, 1):  # a short rule on either side
                near = middle + side * (block.width_px / 2 + 20 * unit)
                rule = skia.Rect.MakeLTRB(
                    min(near, near + side * 40 * unit), line - 1.5 * unit,
                    max(near, near + side * 40 * unit), line + 1.5 * unit,
                )  # fmt: skip
                paint.fill(canvas, paint.pill(rule, 2 * unit), colours.accent)

        return Row(block.height_px, 0.0, draw)

    def _logo(self, path: Path, unit: float) -> Row:
        picture = read_picture(path, alpha=True)
        tall, wide = picture.shape[:2]
        scale = min(72 * unit / tall, 0.7 * self._room / wide)
        size = max(1, round(wide * scale)), max(1, round(tall * scale))
        premultiplied = picture.astype(np.float32)
        premultiplied[..., :3] *= premultiplied[..., 3:] / 255
        way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        small = cv2.resize(premultiplied, size, interpolation=way)
        image = skia.Image.fromarray(
            np.ascontiguousarray(np.clip(small, 0, 255).astype(np.uint8)),
            colorType=skia.kRGBA_8888_ColorType, alphaType=skia.kPremul_AlphaType,
        )  # fmt: skip

        def draw(canvas: skia.Canvas, y: float, time_s: float) -> None:
            canvas.drawImage(image, self._left + (self._room - size[0]) / 2, y)

        return Row(float(size[1]), 0.0, draw)

    def _prices(self, offer: Offer, unit: float) -> Row:
        fit, gap = self._lettering.fit, 20 * unit
        room = self._room
        saving = regular = None
        if offer.saving:
            saving = fit(offer.saving, "bold", 36 * unit, width_px=room * 0.25)
            room -= saving.width_px + 40 * unit + gap
        if offer.regular:
            regular = fit(offer.regular, "semibold", 46 * unit, width_px=room * 0.4)
            room -= regular.width_px + gap
        price = fit(offer.price, "black", 88 * unit, width_px=room, min_size_px=30 * unit)
        widths = [price.width_px]
        widths += [regular.width_px] if regular else []
        widths += [saving.width_px + 40 * unit] if saving else []
        total = sum(widths) + gap * (len(widths) - 1)

        def draw(canvas: skia.Canvas, y: float, time_s: float) -> None:
            colours = self._palette
            x = self._left + (self._room - total) / 2
            middle = y + price.height_px / 2
            self._lettering.draw(canvas, price, colours.ink, x, y)
            x += price.width_px + gap
            if regular:
                base = y + price.ascent_px - regular.ascent_px
                paint.struck(canvas, self._lettering, regular, colours.faint, x, base)
                x += regular.width_px + gap
            if saving:
                half = 30 * unit
                badge = skia.Rect.MakeLTRB(
                    x, middle - half, x + saving.width_px + 40 * unit, middle + half
                )
                paint.fill(canvas, paint.pill(badge, 16 * unit), colours.accent)
                top = middle - saving.height_px / 2
                self._lettering.draw(canvas, saving, colours.on_accent, x + 20 * unit, top)

        return Row(price.height_px, 6 * unit, draw, pops=True)

    def _button(self, text: str, unit: float) -> Row:
        arrow = 36 * unit
        block = self._lettering.fit(
            text, "bold", 50 * unit, width_px=self._room - 180 * unit, min_size_px=28 * unit
        )
        tall = 112 * unit
        wide = max(block.width_px + arrow + 20 * unit + 104 * unit, 0.62 * self._room)

        def draw(canvas: skia.Canvas, y: float, time_s: float) -> None:
            colours = self._palette
            middle, centre = y + tall / 2, self._left + self._room / 2
            swell = 1 + 0.022 * self._pulse(time_s)
            canvas.save()
            canvas.translate(centre, middle)
            canvas.scale(swell, swell)
            canvas.translate(-centre, -middle)
            rect = skia.Rect.MakeXYWH(centre - wide / 2, y, wide, tall)
            shape = paint.pill(rect, tall)
            paint.shadow(canvas, shape, blur_px=24 * unit, drop_px=8 * unit, alpha=0.22)
            paint.fill(canvas, shape, colours.accent)
            x = centre - (block.width_px + arrow + 20 * unit) / 2
            top = middle - block.height_px / 2
            self._lettering.draw(canvas, block, colours.on_accent, x, top)
            shift = 5 * unit * self._pulse(time_s)
            _arrow(canvas, x + block.width_px + 20 * unit + shift, middle, arrow, colours.on_accent)
            canvas.restore()

        return Row(tall, 18 * unit, draw, pops=True)


def _arrow(
    canvas: skia.Canvas, x: float, y: float, size_px: float, colour: tuple[int, int, int]
) -> None:
    stroke = skia.Paint(
        AntiAlias=True, Color=skia.ColorSetRGB(*colour), Style=skia.Paint.kStroke_Style,
        StrokeWidth=0.15 * size_px, StrokeCap=skia.Paint.kRound_Cap,
    )  # fmt: skip
    tip, wing = x + size_px, 0.34 * size_px
    canvas.drawLine(x, y, tip, y, stroke)
    canvas.drawLine(tip - wing, y - wing, tip, y, stroke)
    canvas.drawLine(tip - wing, y + wing, tip, y, stroke)
