"""Captions: what the voice says, a few words at a time, the spoken one marked."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import skia

from schemas.layout import Box, Format
from stages.composite.caption_drawing import MARGIN, MOVE_S, PAD_X, PAD_Y, CaptionPainter
from stages.composite.caption_group import Group, spoken_word
from stages.composite.easing import progress
from stages.composite.fitting import Block
from stages.composite.grouping import CaptionWord, caption_words, group_words
from stages.composite.look import Look

LEAD_S = 0.06
"""A group stands this long before its first word, so that the eye is there in time."""
HOLD_S = 0.50
"""And at most this long behind its last, if it can be read by then."""
READING_CPS = 18.0
"""Characters a second that are read with ease; a group stays longer where there is time for it.
Broadcasters allow 15 to 20 (BBC Subtitle Guidelines: 160 to 180 words a minute; Netflix: 20)."""
_WORD_GAP = {"pill": 1.35}  # room for the pill around the spoken word
_TEXT_PX, _SMALL_PX = 66.0, 40.0  # of a frame 1080 wide


class Captions:
    """The captions of one spot, drawn in a band that stands where the shot's layout wants it."""

    def __init__(
        self, rows: Sequence[Mapping[str, Any]], shots: Sequence[Mapping[str, Any]],
        frame: Format, look: Look, *, drawn: bool = True,
    ) -> None:  # fmt: skip
        """`rows` are WORD structs. Where they are not `drawn`, there is text but no `groups`."""
        self._frame, self._look, self._own = frame, look, look.template.captions
        self._unit = frame.unit
        self._weight = look.weight(self._own.face)
        self._gap = _WORD_GAP.get(self._own.highlight, 1.0)
        areas = [frame.shots[shot["layout"]].captions for shot in shots]
        tallest = max((a.y1 - a.y0 for a in areas if a), default=0.0) * frame.height_px
        self.height_px = round((tallest + 2 * MARGIN * self._unit) / 2) * 2
        words = caption_words(rows, look.lettering.fonts.drawable)
        self.spoken = group_words(words, [shot["start_s"] for shot in shots[1:]], self._crowding)
        """Every group of words, also those of shots in which no captions are drawn."""
        self.groups = self._place(shots) if drawn else []
        self._painter = CaptionPainter(self.groups, frame, look, self.height_px)

    def _crowding(self, text: str) -> float:
        width = self._room(self._frame.shots["presented"].captions)[0]
        text = self._look.cased(text, self._own.case)
        size = _TEXT_PX * self._own.size * self._unit
        block = self._look.lettering.fit(text, self._weight, size, width_px=1e6, word_gap=self._gap)
        wanted = block.width_px
        return 0.0 if wanted <= width else 2.0 + 4.0 * (wanted / width - 1.0)

    def _room(self, area: Box | None) -> tuple[float, float]:
        if area is None:
            return float(self._frame.width_px), float(self._frame.height_px)
        x0, y0, x1, y1 = area.pixels(self._frame.width_px, self._frame.height_px)
        return x1 - x0 - 2 * PAD_X * self._unit, y1 - y0 - 2 * PAD_Y * self._unit

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
            read_s = start_s + len(_text(words)) / READING_CPS
            end_s = min(max(words[-1].end_s + HOLD_S, read_s), next_s, shot["end_s"])
            end_s = max(end_s, words[-1].start_s + 0.04)
            drawn = tuple(
                replace(word, text=self._look.cased(word.text, self._own.case)) for word in words
            )
            width, height = self._room(area)
            size = _TEXT_PX * self._own.size * self._unit
            block = self._look.lettering.fit(
                _text(drawn), self._weight, size, width_px=width, max_lines=2,
                min_size_px=min(_SMALL_PX * self._unit, size), max_height_px=height,
                word_gap=self._gap,
            )  # fmt: skip
            follows = bool(placed) and placed[-1].area == area and start_s - placed[-1].end_s < 0.02
            placed.append(
                Group(drawn, start_s, end_s, area, block, self._plate(area, block), follows)
            )
        return placed

    def _plate(self, area: Box, block: Block) -> Box:
        wide = (block.width_px + 2 * PAD_X * self._unit) / self._frame.width_px / 2
        tall = (block.height_px + 2 * PAD_Y * self._unit) / self._frame.height_px / 2
        x, y = (area.x0 + area.x1) / 2, (area.y0 + area.y1) / 2
        return Box(x - wide, y - tall, x + wide, y + tall)

    @property
    def smallest_px(self) -> float:
        """Of the text of all groups; 0 if there are none."""
        return min((group.block.size_px for group in self.groups), default=0.0)

    def reading_cps(self) -> float:
        """Characters a second that 95 % of the groups ask for at most; 0 if there are none."""
        asked = [len(g.text) / max(g.end_s - g.start_s, 1e-3) for g in self.groups]
        return float(np.percentile(asked, 95)) if asked else 0.0

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
        entrance = self._painter.entered(group, time_s)
        leaving = self._painter.left(index, time_s)
        slide = progress(time_s, group.words[word].start_s, MOVE_S) if word else 1.0
        return index, word, round(entrance, 3), round(leaving, 3), round(slide, 3)

    def draw(self, canvas: skia.Canvas, time_s: float) -> None:
        """See `Sprite.draw`."""
        found = self._at(time_s)
        if found is not None:
            self._painter.draw(canvas, found[0], time_s)


def _text(words: Sequence[CaptionWord]) -> str:
    return " ".join(word.text for word in words)
