"""The end card: brand, tagline, price and button, under the product's last shot."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path

import skia

from schemas.layout import Format
from stages.composite import paint
from stages.composite.colours import Palette
from stages.composite.easing import ease_in_out, ease_out, ease_out_back, progress
from stages.composite.end_card_rows import Copy, Row, RowSetter
from stages.composite.text import Lettering

_RISE_S, _ROW_S, _STAGGER_S = 0.50, 0.40, 0.09
_PULSE_EVERY_S = 1.6


class EndCard:
    """Drawn in its area, in whose middle it stands where that is beside the product; everything
    on it is measured to fit."""

    def __init__(
        self, copy: Copy, frame: Format, lettering: Lettering, palette: Palette, *,
        start_s: float, logo: Path | None = None,
    ) -> None:  # fmt: skip
        self._lettering, self._palette, self._start_s = lettering, palette, start_s
        self._unit = unit = frame.unit
        area = frame.shots["end_card"].card
        if area is None:
            raise ValueError(f"format {frame.name} has no place for an end card")
        x0, y0, x1, y1 = area.pixels(frame.width_px, frame.height_px)
        self.top_px = int((y0 - 24 * unit) // 2 * 2)
        """The band's upper edge in the frame; even."""
        self.height_px = int((frame.height_px - self.top_px) // 2 * 2)
        pad = 44 * unit
        self._room = x1 - x0 - 2 * pad
        self._left = x0 + pad
        most = y1 - y0 - 2 * 32 * unit
        self._rows = self._fit_rows(copy, most, logo)
        tall = sum(row.height_px + row.gap_px for row in self._rows) + 2 * 32 * unit
        beside = area.x0 >= frame.shots["end_card"].product.x1
        top = y0 - self.top_px + (max(0.0, y1 - y0 - tall) / 2 if beside else 0.0)
        self.rect = skia.Rect.MakeLTRB(x0, top, x1, top + tall)
        """The card in the band's pixels."""

    def _fit_rows(self, copy: Copy, most_px: float, logo: Path | None) -> list[Row]:
        """All rows; where they are too high together, first without the title, then smaller."""
        setter = RowSetter(
            self._lettering, self._palette, self._unit, self._left, self._room, self._pulse
        )
        for with_title, lines, scale in (
            (True, 2, 1.0), (True, 2, 0.88), (True, 1, 0.88), (False, 2, 0.88), (False, 1, 0.75)
        ):  # fmt: skip
            rows = setter.rows(copy, with_title, lines, scale, logo)
            if sum(row.height_px + row.gap_px for row in rows) <= most_px:
                break
        return rows

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
