"""Captions: what the voice says, a few words at a time, the spoken one marked."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import skia

from schemas.layout import Box, Format
from stages.composite import paint
from stages.composite.caption_group import Group, between, pieces_of, spoken_word
from stages.composite.colours import Palette
from stages.composite.easing import ease_out, progress
from stages.composite.fitting import Block
from stages.composite.grouping import caption_words, group_words
from stages.composite.text import Lettering

LEAD_S = 0.06
"""A group stands this long before its first word, so that the eye is there in time."""
HOLD_S = 0.50
"""And at most this long behind its last."""
_MOVE_S = 0.07
_WORD_GAP = 1.35  # room for the pill around the spoken word
_TEXT_PX, _SMALL_PX = 66.0, 40.0  # of a frame 1080 wide
_PAD_X, _PAD_Y = 34.0, 15.0
_MARGIN = 36.0  # around the box, for the shadow


class Captions:
    """The captions of one spot, drawn in a band that stands where the shot's layout wants it."""

    def __init__(
        self, rows: Sequence[Mapping[str, Any]], shots: Sequence[Mapping[str, Any]],
        frame: Format, lettering: Lettering, palette: Palette,
    ) -> None:  # fmt: skip
        self._frame, self._lettering, self._palette = frame, lettering, palette
        self._unit = frame.unit
        areas = [frame.shots[shot["layout"]].captions for shot in shots]
        tallest = max((a.y1 - a.y0 for a in areas if a), default=0.0) * frame.height_px
        self.height_px = round((tallest + 2 * _MARGIN * self._unit) / 2) * 2
        words = caption_words(rows, lettering.fonts.drawable)
        self.spoken = group_words(words, [shot["start_s"] for shot in shots[1:]], self._crowding)
        """Every group of words, also those of shots in which no captions are drawn."""
        self.groups = self._place(shots)

    def _crowding(self, text: str) -> float:
        width = self._room(self._frame.shots["presented"].captions)[0]
        block = self._lettering.fit(
            text, "bold", _TEXT_PX * self._unit, width_px=1e6, word_gap=_WORD_GAP
        )
        wanted = block.width_px
        return 0.0 if wanted <= width else 2.0 + 4.0 * (wanted / width - 1.0)

    def _room(self, area: Box | None) -> tuple[float, float]:
        if area is None:
            return float(self._frame.width_px), float(self._frame.height_px)
        x0, y0, x1, y1 = area.pixels(self._frame.width_px, self._frame.height_px)
        return x1 - x0 - 2 * _PAD_X * self._unit, y1 - y0 - 2 * _PAD_Y * self._unit

    def _place(self, shots: Sequence[Mapping[str, Any]]) -> list[Group]:
        placed: list[Group] = []
        for index, words in enumerate(self.spoken):
            middle = (words[0].start_s + words[-1].end_s) / 2
            shot = max((s for s in shots if s["start_s"] <= middle), key=lambda s: s["start_s"])
            area = self._frame.shots[shot["layout"]].captions
            if area is None:
                continue
            start_s = max(words[0].start_s - LEAD_S, shot["start_s"], 0.0)
            if placed:
                start_s = max(start_s, placed[-1].end_s)
            later = self.spoken[index + 1 :]
            next_s = later[0][0].start_s - LEAD_S if later else shot["end_s"]
            end_s = min(words[-1].end_s + HOLD_S, next_s, shot["end_s"])
            end_s = max(end_s, words[-1].start_s + 0.04)
            width, height = self._room(area)
            block = self._lettering.fit(
                " ".join(word.text for word in words), "bold", _TEXT_PX * self._unit,
                width_px=width, max_lines=2, min_size_px=_SMALL_PX * self._unit,
                max_height_px=height, word_gap=_WORD_GAP,
            )  # fmt: skip
            follows = bool(placed) and placed[-1].area == area and start_s - placed[-1].end_s < 0.02
            placed.append(
                Group(tuple(words), start_s, end_s, area, block, self._plate(area, block), follows)
            )
        return placed

    def _plate(self, area: Box, block: Block) -> Box:
        wide = (block.width_px + 2 * _PAD_X * self._unit) / self._frame.width_px / 2
        tall = (block.height_px + 2 * _PAD_Y * self._unit) / self._frame.height_px / 2
        x, y = (area.x0 + area.x1) / 2, (area.y0 + area.y1) / 2
        return Box(x - wide, y - tall, x + wide, y + tall)

    @property
    def smallest_px(self) -> float:
        """Of the text of all groups; 0 if there are none."""
        return min((group.block.size_px for group in self.groups), default=0.0)

    def tops_px(self) -> list[tuple[float, int]]:
        """Where the band's upper edge stands: (from this second on, even pixel row) pairs."""
        tops: list[tuple[float, int]] = []
        for group in self.groups:
            middle = (group.area.y0 + group.area.y1) / 2 * self._frame.height_px
            top = round((middle - self.height_px / 2) / 2) * 2
            if not tops or tops[-1][1] != top:
                tops.append((group.start_s, top))
        return tops

    def _at(self, time_s: float) -> tuple[int, Group] | None:
        for index, group in enumerate(self.groups):
            if group.start_s - 1e-6 <= time_s < group.end_s - 1e-6:
                return index, group
        return None

    def state(self, time_s: float) -> Hashable:
        """See `Sprite.state`."""
        found = self._at(time_s)
        if found is None:
            return None
        index, group = found
        word = spoken_word(group, time_s)
        entrance = self._entered(group, time_s)
        leaving = progress(time_s, group.end_s - _MOVE_S, _MOVE_S) if self._ends(index) else 0.0
        slide = progress(time_s, group.words[word].start_s, _MOVE_S) if word else 1.0
        return index, word, round(entrance, 3), round(leaving, 3), round(slide, 3)

    def _entered(self, group: Group, time_s: float) -> float:
        # One frame ahead: in its first frame a group can be read already.
        return progress(time_s, group.start_s - 1 / self._frame.fps, _MOVE_S)

    def _ends(self, index: int) -> bool:
        return index + 1 == len(self.groups) or not self.groups[index + 1].follows

    def draw(self, canvas: skia.Canvas, time_s: float) -> None:
        """See `Sprite.draw`."""
        found = self._at(time_s)
        if found is None:
            return
        index, group = found
        entrance = ease_out(self._entered(group, time_s))
        left_share = 0.0
        if self._ends(index):
            left_share = progress(time_s, group.end_s - _MOVE_S, _MOVE_S)
        plate = self._rect(group)
        if group.follows:
            before = self._rect(self.groups[index - 1])
            grown = between(before, plate, entrance)
            opacity = 1.0
        else:
            grown, opacity = plate, entrance
        canvas.save()
        if left_share or not group.follows:
            scale = 0.90 + 0.10 * entrance - 0.04 * left_share
            canvas.translate(plate.centerX(), plate.centerY())
            canvas.scale(scale, scale)
            canvas.translate(-plate.centerX(), -plate.centerY())
        canvas.saveLayerAlpha(None, round(255 * opacity * (1 - left_share)))
        shape = paint.pill(grown, 30 * self._unit)
        paint.shadow(canvas, shape, blur_px=26 * self._unit, drop_px=6 * self._unit, alpha=0.26)
        paint.fill(canvas, shape, self._palette.paper, 0.97)
        canvas.clipRRect(shape, skia.ClipOp.kIntersect, True)
        if group.follows:
            canvas.saveLayerAlpha(None, round(255 * entrance))
        self._draw_words(canvas, group, plate, time_s)
        canvas.restoreToCount(1)

    def _draw_words(
        self, canvas: skia.Canvas, group: Group, plate: skia.Rect, time_s: float
    ) -> None:
        left, top = plate.left() + _PAD_X * self._unit, plate.top() + _PAD_Y * self._unit
        room = plate.width() - 2 * _PAD_X * self._unit
        mark = self._mark(group, left, top, room, time_s)
        colours = self._palette
        self._lettering.draw(
            canvas, group.block, colours.ink, left, top, align="centre", box_width_px=room
        )
        if mark is None:
            return
        canvas.save()
        canvas.clipRRect(mark, skia.ClipOp.kIntersect, True)
        paint.fill(canvas, mark, colours.accent)
        self._lettering.draw(
            canvas, group.block, colours.on_accent, left, top, align="centre", box_width_px=room
        )
        canvas.restore()

    def _mark(
        self, group: Group, left: float, top: float, room: float, time_s: float
    ) -> skia.RRect | None:
        """The pill behind the spoken word, on its way there from the word before."""
        word = spoken_word(group, time_s)
        there = self._word_rect(group, word, left, top, room)
        if there is None:
            return None
        share = ease_out(progress(time_s, group.words[word].start_s, _MOVE_S))
        if word and share < 1:
            before = self._word_rect(group, word - 1, left, top, room)
            if before is not None and abs(before.top() - there.top()) < 1:
                there = between(before, there, share)
        return paint.pill(there, 18 * self._unit)

    def _word_rect(
        self, group: Group, word: int, left: float, top: float, room: float
    ) -> skia.Rect | None:
        """Around all pieces of the block that belong to the word (it may have been broken)."""
        block = group.block
        first, last = pieces_of(group, word)
        for number, line in enumerate(block.lines):
            pieces = [piece for piece in line if first <= piece.index <= last]
            if pieces:
                start = left + (room - block.line_widths_px[number]) / 2
                x0 = start + min(piece.x_px for piece in pieces)
                x1 = start + max(piece.x_px + piece.width_px for piece in pieces)
                y0 = top + number * block.line_height_px
                pad = 0.155 * block.size_px
                inset = 0.02 * block.line_height_px
                return skia.Rect.MakeLTRB(
                    x0 - pad, y0 + inset, x1 + pad, y0 + block.line_height_px - inset
                )
        return None

    def _rect(self, group: Group) -> skia.Rect:
        """The plate in the band's pixels."""
        wide, tall = self._frame.width_px, self._frame.height_px
        middle = self.height_px / 2
        half = (group.box.y1 - group.box.y0) * tall / 2
        return skia.Rect.MakeLTRB(
            group.box.x0 * wide, middle - half, group.box.x1 * wide, middle + half
        )
