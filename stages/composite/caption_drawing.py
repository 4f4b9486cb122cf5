"""How a group of caption words is drawn: its ground, its letters, the mark of the spoken word."""

from __future__ import annotations

from collections.abc import Sequence

import skia

from schemas.layout import Format
from stages.composite import paint
from stages.composite.caption_group import Group, between, pieces_of, spoken_word
from stages.composite.colours import Colour, Palette, contrast, readable
from stages.composite.easing import ease_out, progress
from stages.composite.look import Look

MOVE_S = 0.07
PAD_X, PAD_Y = 34.0, 15.0
MARGIN = 36.0  # around the box, for the shadow
_OUTLINE = 0.10
"""Of letters with an outline, as a share of their size: it stays inside the padding."""
_SURFACES = {"plate": "paper", "block": "ink"}
_DARK: Palette = Palette((16, 17, 20), (255, 255, 255), (255, 255, 255), (16, 17, 20), (200,) * 3)
"""Of letters that stand on the picture itself, with an outline or a shade."""


class CaptionPainter:
    """Draws the groups of one spot in their band."""

    def __init__(self, groups: Sequence[Group], frame: Format, look: Look, height_px: int) -> None:
        self._groups, self._frame, self._look, self._height_px = groups, frame, look, height_px
        self._unit, self._own = frame.unit, look.template.captions
        if self._own.style in _SURFACES:
            self._colours = look.palette.upon(_SURFACES[self._own.style])
            self._mark_colour, self._on_mark = self._colours.accent, self._colours.on_accent
            accent = look.palette.accent
            if self._own.highlight == "pill" and contrast(accent, self._colours.paper) > 1.8:
                # A field may be as dark as the brand has it: what must read is the word on it.
                self._mark_colour, self._on_mark = accent, look.palette.on_accent
        else:
            self._colours = _DARK
            self._mark_colour = readable(look.palette.accent, _DARK.paper, 8.0)
            self._on_mark = _DARK.paper

    def entered(self, group: Group, time_s: float) -> float:
        """Share of its coming; a frame ahead: in its first frame a group can be read already."""
        return progress(time_s, group.start_s - 1 / self._frame.fps, MOVE_S)

    def left(self, index: int, time_s: float) -> float:
        """Share of its leaving; 0 where the next takes over."""
        last = index + 1 == len(self._groups) or not self._groups[index + 1].follows
        return progress(time_s, self._groups[index].end_s - MOVE_S, MOVE_S) if last else 0.0

    def draw(self, canvas: skia.Canvas, index: int, time_s: float) -> None:
        """Draw one group as it is at that time."""
        group = self._groups[index]
        entrance, gone = ease_out(self.entered(group, time_s)), self.left(index, time_s)
        plate = self._rect(group)
        grown, opacity = plate, entrance
        if group.follows:
            grown, opacity = between(self._rect(self._groups[index - 1]), plate, entrance), 1.0
        canvas.save()
        if gone or not group.follows:
            scale = 0.90 + 0.10 * entrance - 0.04 * gone
            paint.scaled(canvas, scale, plate.centerX(), plate.centerY())
        canvas.saveLayerAlpha(None, round(255 * opacity * (1 - gone)))
        self._ground(canvas, grown)
        if group.follows:
            canvas.saveLayerAlpha(None, round(255 * entrance))
        self._draw_words(canvas, group, plate, time_s)
        canvas.restoreToCount(1)

    def _ground(self, canvas: skia.Canvas, rect: skia.Rect) -> None:
        """What stands behind the letters; on a sheet, all that follows is cut at its edge."""
        style, unit = self._own.style, self._unit
        if style == "none":
            paint.shade(canvas, rect, blur_px=44 * unit, alpha=0.66)
        if style not in _SURFACES:
            return
        shape = paint.pill(rect, self._look.radius(30 * unit))
        if style == "plate":
            paint.shadow(canvas, shape, blur_px=26 * unit, drop_px=6 * unit, alpha=0.26)
        paint.fill(canvas, shape, self._colours.paper, 0.97)
        canvas.clipRRect(shape, skia.ClipOp.kIntersect, True)

    def _draw_words(
        self, canvas: skia.Canvas, group: Group, plate: skia.Rect, time_s: float
    ) -> None:
        left, top = plate.left() + PAD_X * self._unit, plate.top() + PAD_Y * self._unit
        room = plate.width() - 2 * PAD_X * self._unit
        if self._own.style == "stroke":
            self._letters(canvas, group, _DARK.paper, left, top, room, outlined=True)
        self._letters(canvas, group, self._colours.ink, left, top, room)
        mark = self._mark(group, left, top, room, time_s)
        if mark is None or self._own.highlight == "none":
            return
        if self._own.highlight == "underline":
            line = skia.Rect.MakeLTRB(
                mark.left(), mark.bottom() - 0.055 * mark.height(), mark.right(), mark.bottom()
            )
            paint.fill(
                canvas, paint.pill(line, self._look.radius(line.height())), self._mark_colour
            )
            return
        canvas.save()
        if self._own.highlight == "pill":
            shape = paint.pill(mark, self._look.radius(18 * self._unit))
            canvas.clipRRect(shape, skia.ClipOp.kIntersect, True)
            paint.fill(canvas, shape, self._mark_colour)
            self._letters(canvas, group, self._on_mark, left, top, room)
        else:
            canvas.clipRect(mark, skia.ClipOp.kIntersect, True)
            self._letters(canvas, group, self._mark_colour, left, top, room)
        canvas.restore()

    def _letters(
        self, canvas: skia.Canvas, group: Group, colour: Colour, left: float, top: float,
        room: float, *, outlined: bool = False,
    ) -> None:  # fmt: skip
        outline = _OUTLINE * group.block.size_px if outlined else 0.0
        self._look.lettering.draw(
            canvas, group.block, colour, left, top, align="centre", box_width_px=room,
            outline_px=outline,
        )  # fmt: skip

    def _mark(
        self, group: Group, left: float, top: float, room: float, time_s: float
    ) -> skia.Rect | None:
        """Around the spoken word, or on the way there from the word before."""
        word = spoken_word(group, time_s)
        there = self._word_rect(group, word, left, top, room)
        if there is None:
            return None
        share = ease_out(progress(time_s, group.words[word].start_s, MOVE_S))
        if word and share < 1 and self._own.highlight != "colour":
            before = self._word_rect(group, word - 1, left, top, room)
            if before is not None and abs(before.top() - there.top()) < 1:
                there = between(before, there, share)
        return there

    def _word_rect(
        self, group: Group, word: int, left: float, top: float, room: float
    ) -> skia.Rect | None:
        """Around all pieces of the block that belong to the word (it may have been broken)."""
        block = group.block
        first, last = pieces_of(group, word)
        pad = {"pill": 0.155, "colour": 0.06}.get(self._own.highlight, 0.0) * block.size_px
        for number, line in enumerate(block.lines):
            pieces = [piece for piece in line if first <= piece.index <= last]
            if pieces:
                start = left + (room - block.line_widths_px[number]) / 2
                x0 = start + min(piece.x_px for piece in pieces)
                x1 = start + max(piece.x_px + piece.width_px for piece in pieces)
                y0 = top + number * block.line_height_px
                inset = 0.02 * block.line_height_px
                return skia.Rect.MakeLTRB(
                    x0 - pad, y0 + inset, x1 + pad, y0 + block.line_height_px - inset
                )
        return None

    def _rect(self, group: Group) -> skia.Rect:
        """The plate in the band's pixels."""
        wide, tall = self._frame.width_px, self._frame.height_px
        middle = self._height_px / 2
        half = (group.box.y1 - group.box.y0) * tall / 2
        return skia.Rect.MakeLTRB(
            group.box.x0 * wide, middle - half, group.box.x1 * wide, middle + half
        )
