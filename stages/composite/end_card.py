"""The end card: brand, tagline, rating, price, button and code, beside or below the product."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
import skia

from schemas.layout import Format
from schemas.timeline import Card
from stages.composite import paint
from stages.composite.caption_group import between
from stages.composite.colours import argb
from stages.composite.easing import ease_in_out, ease_out, ease_out_back, progress
from stages.composite.end_card_rows import Copy, Row, RowSetter
from stages.composite.look import Look
from stages.composite.qr import QrCode, code_side_px

_RISE_S, _ROW_S, _STAGGER_S = 0.50, 0.40, 0.09
_PULSE_EVERY_S = 1.6
_PAD_Y = 32.0


class EndCard:
    """Drawn in its area; everything on it is measured to fit, the least important goes first."""

    def __init__(
        self, copy: Copy, card: Card, frame: Format, look: Look, logo: np.ndarray | None = None,
        qr: str | None = None,
    ) -> None:  # fmt: skip
        """Raises `ValueError` for a QR code that has no room."""
        self._look, self._start_s, self._frame = look, card.start_s, frame
        self._own = look.template.end_card
        # Texts stand still while a window closes: they wait until nothing is behind them.
        self._rows_s = card.start_s + (0.24 if self._own.design == "full" else 0.06)
        self._colours = look.palette.upon(self._own.surface)
        self._unit = unit = frame.unit
        x0, y0, x1, y1 = card.box.pixels(frame.width_px, frame.height_px)
        product = frame.shots["end_card"].product
        self._beside = card.box.x0 >= product.x1
        whole = self._own.design == "full" or (self._beside and self._own.design == "split")
        self.top_px = 0 if whole else int((y0 - 24 * unit) // 2 * 2)
        """The band's upper edge in the frame; even."""
        self.height_px = int((frame.height_px - self.top_px) // 2 * 2)
        plate = self._own.design == "plate"
        pad = (44 if plate else 12) * unit
        pad_y = (_PAD_Y if plate else 14.0) * unit
        left, room, most = x0 + pad, x1 - x0 - 2 * pad, y1 - y0 - 2 * pad_y
        aside, below = 0.0, 0.0
        self._qr = None
        if qr is not None:
            stacked = self._beside and most > 1.1 * room
            self._qr = QrCode(qr, code_side_px(float(x1 - x0), float(y1 - y0), unit))
            side, gap = self._qr.side_px, 32 * unit
            aside, below = (0.0, side + gap) if stacked else (side + gap, 0.0)
        self._setter = RowSetter(
            look, self._colours, unit, left, room - aside, self._own.align, self._pulse
        )
        self._rows = self._fit_rows(copy, most - below, logo)
        inside = sum(row.height_px + row.gap_px for row in self._rows) + below
        if self._qr is not None and aside:
            inside = max(inside, self._qr.side_px)
        tall = inside + 2 * pad_y
        centred = self._beside or not plate
        top = y0 - self.top_px + (max(0.0, y1 - y0 - tall) / 2 if centred else 0.0)
        self.rect = skia.Rect.MakeLTRB(x0, top, x1, top + tall)
        """What its texts lie in, in the band's pixels."""
        rows = sum(row.height_px + row.gap_px for row in self._rows)
        self._first_y = top + pad_y + (inside - below - rows) / 2
        if self._qr is not None:
            self._qr_x = left + room - self._qr.side_px if aside else self._qr_left(left, room)
            self._qr_y = top + tall - pad_y - self._qr.side_px
            if aside:
                self._qr_y = top + (tall - self._qr.side_px) / 2
        self._window = product

    @property
    def texts(self) -> tuple[str, ...]:
        """What is written on it below the brand's sign, from top to bottom; a code is no text."""
        return tuple(text for row in self._rows[1:] for text in row.texts)

    @property
    def sign_texts(self) -> tuple[str, ...]:
        """The brand's name; nothing where its logo stands."""
        return self._rows[0].texts

    def _qr_left(self, left: float, room: float) -> float:
        assert self._qr is not None, "asked only where there is a code"
        return left + (room - self._qr.side_px) / 2 if self._own.align == "centre" else left

    def _fit_rows(self, copy: Copy, most_px: float, logo: np.ndarray | None) -> list[Row]:
        """All rows; where they are too high together, first without the title, then smaller."""
        size = self._own.size
        for lines, title_lines, scale, large in (
            (2, 2, 1.0, size), (2, 2, 1.0, (1 + size) / 2), (2, 2, 1.0, 1.0), (2, 2, 0.88, 1.0),
            (2, 1, 0.88, 1.0), (2, 0, 0.88, 1.0), (2, 0, 0.75, 1.0), (1, 0, 0.75, 1.0),
            (1, 0, 0.62, 1.0), (1, 0, 0.5, 1.0),
        ):  # fmt: skip
            rows = self._setter.rows(copy, lines, title_lines, scale, logo, large)
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
        settled = self._rows_s + _RISE_S + len(self._rows) * _STAGGER_S + _ROW_S
        return (min(time_s, settled), round(self._pulse(time_s), 3))

    def draw(self, canvas: skia.Canvas, time_s: float) -> None:
        """See `Sprite.draw`."""
        risen = ease_out(progress(time_s, self._start_s, _RISE_S))
        canvas.save()
        self._ground(canvas, risen)
        y = self._first_y
        for index, row in enumerate(self._rows):
            y += row.gap_px
            self._draw_row(canvas, row, y, self._rows_s + index * _STAGGER_S, time_s)
            y += row.height_px
        if self._qr is not None:
            shown = progress(time_s, self._rows_s + len(self._rows) * _STAGGER_S, _ROW_S)
            if shown > 0:
                canvas.saveLayerAlpha(None, round(255 * ease_out(shown)))
                self._qr.draw(canvas, self._qr_x, self._qr_y, self._look)
                canvas.restore()
        canvas.restoreToCount(1)

    def _ground(self, canvas: skia.Canvas, risen: float) -> None:
        """What the texts stand on; a plate takes them with it as it rises."""
        unit, colours = self._unit, self._colours
        if self._own.design == "plate":
            canvas.translate(0, (1 - risen) * 220 * unit)
            canvas.saveLayerAlpha(None, round(255 * min(1.0, risen * 1.2)))
            shape = paint.pill(self.rect, self._look.radius(56 * unit))
            paint.shadow(canvas, shape, blur_px=44 * unit, drop_px=12 * unit, alpha=0.26)
            paint.fill(canvas, shape, colours.paper)
        elif self._own.design == "split":
            canvas.translate(*self._way_in(risen))
            paint.fill(canvas, paint.pill(self._field(), 0), colours.paper)
        else:
            self._draw_window(canvas, risen)

    def _field(self) -> skia.Rect:
        """Of a split: from the card's edge to those of the frame."""
        wide, tall = float(self._frame.width_px), float(self.height_px)
        if not self._beside:
            return skia.Rect.MakeLTRB(0, 24 * self._unit, wide, tall)
        return skia.Rect.MakeLTRB(self.rect.left() - 0.022 * wide, 0, wide, tall)

    def _way_in(self, risen: float) -> tuple[float, float]:
        field = self._field()
        if self._beside:
            return (1 - risen) * field.width(), 0.0
        return 0.0, (1 - risen) * field.height()

    def _draw_window(self, canvas: skia.Canvas, risen: float) -> None:
        """The frame in one colour around the product, closing in on it."""
        frame = skia.Rect.MakeWH(float(self._frame.width_px), float(self._frame.height_px))
        x0, y0, x1, y1 = self._window.pixels(self._frame.width_px, self._frame.height_px)
        window = between(frame, skia.Rect.MakeLTRB(x0, y0, x1, y1), risen)
        canvas.save()
        shape = paint.pill(window, self._look.radius(48 * self._unit))
        canvas.clipRRect(shape, skia.ClipOp.kDifference, True)
        canvas.drawRect(frame, skia.Paint(Color=argb(self._colours.paper)))
        canvas.restore()

    def _draw_row(
        self, canvas: skia.Canvas, row: Row, y: float, start_s: float, time_s: float
    ) -> None:
        share = progress(time_s, start_s, _ROW_S)
        if share <= 0:
            return
        canvas.save()
        if row.pops and share < 1:
            x = self._setter.left_px + self._setter.room_px * (0.5 if self._setter.centred else 0.0)
            paint.scaled(canvas, 0.7 + 0.3 * ease_out_back(share), x, y + row.height_px / 2)
        elif share < 1:
            canvas.translate(0, (1 - ease_out(share)) * 46 * self._unit)
        if share < 1:
            canvas.saveLayerAlpha(None, round(255 * ease_out(share)))
            row.draw(canvas, y, time_s)
            canvas.restore()
        else:
            row.draw(canvas, y, time_s)
        canvas.restore()
