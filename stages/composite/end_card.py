"""The end card: brand, tagline, price and button, under the product's last shot."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import skia

from schemas.layout import Format
from stages.composite import paint
from stages.composite.cards import Offer
from stages.composite.colours import Palette
from stages.composite.easing import ease_in_out, ease_out, ease_out_back, progress
from stages.composite.fitting import Block
from stages.composite.text import Lettering
from stages.shared.picture import read_picture

GAP = 0.010
"""Between the product's box and the card, as a fraction of the frame's height."""
_RISE_S, _ROW_S, _STAGGER_S = 0.50, 0.40, 0.09
_PULSE_EVERY_S = 1.6


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


class EndCard:
    """Drawn in a band below the product's box; everything on it is measured to fit."""

    def __init__(
        self, copy: Copy, frame: Format, lettering: Lettering, palette: Palette, *,
        start_s: float, logo: Path | None = None,
    ) -> None:  # fmt: skip
        self._lettering, self._palette, self._start_s = lettering, palette, start_s
        self._unit = unit = frame.height_px / 1920
        x0, _, x1, y1 = frame.safe_zone.pixels(frame.width_px, frame.height_px)
        product = frame.shots["end_card"].product
        y0 = (product.y1 + GAP) * frame.height_px
        self.top_px = int((y0 - 24 * unit) // 2 * 2)
        """The band's upper edge in the frame; even."""
        self.height_px = int((frame.height_px - self.top_px) // 2 * 2)
        pad = 44 * unit
        self._room = x1 - x0 - 2 * pad
        self._left = x0 + pad
        most = y1 - y0 - 2 * 32 * unit
        self._rows = self._fit_rows(copy, most, logo)
        inside = sum(row.height_px + row.gap_px for row in self._rows)
        self.rect = skia.Rect.MakeLTRB(
            x0, y0 - self.top_px, x1, y0 - self.top_px + inside + 2 * 32 * unit
        )
        """The card in the band's pixels."""

    def _fit_rows(self, copy: Copy, most_px: float, logo: Path | None) -> list[Row]:
        """All rows; where they are too high together, first without the title, then smaller."""
        for with_title, lines, scale in (
            (True, 2, 1.0), (True, 2, 0.88), (True, 1, 0.88), (False, 2, 0.88), (False, 1, 0.75)
        ):  # fmt: skip
            rows = self._rows_of(copy, with_title, lines, scale, logo)
            if sum(row.height_px + row.gap_px for row in rows) <= most_px:
                break
        return rows

    def _rows_of(
        self, copy: Copy, with_title: bool, lines: int, scale: float, logo: Path | None
    ) -> list[Row]:
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
                copy.title, "medium", 34 * unit, width_px=self._room, max_lines=1,
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

    def _pulse(self, time_s: float) -> float:
        """A soft swell of the button, 0 to 1, again and again once it stands."""
        since = time_s - self._start_s - _RISE_S - len(self._rows) * _STAGGER_S - 0.3
        if since < 0:
            return 0.0
        share = since % _PULSE_EVERY_S / 0.6
        return ease_in_out(1 - abs(2 * share - 1)) if share < 1 else 0.0

    def state(self, time_s: float) -> Hashable:
        """See `Sprite.state`."""
        if time_s < self._start_s:
            return None
        settled = self._start_s + _RISE_S + len(self._rows) * _STAGGER_S + _ROW_S
        return (min(time_s, settled), round(self._pulse(time_s), 3))

    def draw(self, canvas: skia.Canvas, time_s: float) -> None:
        """See `Sprite.draw`."""
        unit, colours = self._unit, self._palette
        risen = ease_out(progress(time_s, self._start_s, _RISE_S))
        canvas.save()
        canvas.translate(0, (1 - risen) * 220 * unit)
        canvas.saveLayerAlpha(None, round(255 * min(1.0, risen * 1.2)))
        shape = paint.pill(self.rect, 56 * unit)
        paint.shadow(canvas, shape, blur_px=44 * unit, drop_px=12 * unit, alpha=0.26)
        paint.fill(canvas, shape, colours.paper)
        y = self.rect.top() + 32 * unit
        for index, row in enumerate(self._rows):
            y += row.gap_px
            self._draw_row(canvas, row, y, self._start_s + 0.06 + index * _STAGGER_S, time_s)
            y += row.height_px
        canvas.restore()
        canvas.restore()

    def _draw_row(
        self, canvas: skia.Canvas, row: Row, y: float, start_s: float, time_s: float
    ) -> None:
        share = progress(time_s, start_s, _ROW_S)
        if share <= 0:
            return
        canvas.save()
        if row.pops and share < 1:
            scale = 0.7 + 0.3 * ease_out_back(share)
            centre, middle = self._left + self._room / 2, y + row.height_px / 2
            canvas.translate(centre, middle)
            canvas.scale(scale, scale)
            canvas.translate(-centre, -middle)
        elif share < 1:
            canvas.translate(0, (1 - ease_out(share)) * 46 * self._unit)
        if share < 1:
            canvas.saveLayerAlpha(None, round(255 * ease_out(share)))
            row.draw(canvas, y, time_s)
            canvas.restore()
        else:
            row.draw(canvas, y, time_s)
        canvas.restore()


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
