"""Text shaped, measured and drawn with the real fonts, in any script that they have."""

from __future__ import annotations

from functools import lru_cache

import skia

from stages.composite.colours import Colour, argb
from stages.composite.fitting import Block, Fitter
from stages.composite.pieces import Piece, has_high_accent, is_tall, is_wide, split
from stages.shared.fonts import Fonts

_RIGHT_TO_LEFT_MARK = "\u200f"
"""Around a word of such a script, so that its comma stands at its left."""
_DEEP = set(",;Q()|@[]{}$_")
"""What reaches below its line in a text of capitals."""


class Lettering:
    """Measures, fits and draws text in one set of fonts."""

    def __init__(self, fonts: Fonts) -> None:
        self.fonts = fonts
        self._shape = lru_cache(maxsize=1024)(self._shape_once)
        self.width_px = lru_cache(maxsize=16384)(self._measure)

    def _shape_once(
        self, text: str, weight: str, size_px: float, colour: int, outline_px: float = 0.0
    ) -> skia.textlayout.Paragraph:
        style = skia.textlayout.TextStyle()
        style.setFontFamilies(self.fonts.families(weight))
        style.setFontSize(size_px)
        style.setLetterSpacing(-0.012 * size_px if text.isascii() else 0.0)
        paint = skia.Paint(AntiAlias=True, Color=colour)
        if weight in ("bold", "black", "headline") and any(
            is_wide(character) for character in text
        ):
            # The shipped Chinese and Japanese typeface has one light weight: thicken its strokes.
            paint.setStyle(skia.Paint.kStrokeAndFill_Style)
            paint.setStrokeWidth(0.035 * size_px)
        if outline_px:
            paint.setStyle(skia.Paint.kStrokeAndFill_Style)
            paint.setStrokeWidth(2 * outline_px)
            paint.setStrokeJoin(skia.Paint.kRound_Join)
        style.setForegroundPaint(paint)
        whole = skia.textlayout.ParagraphStyle()
        whole.setTextStyle(style)
        builder = skia.textlayout.ParagraphBuilder.make(
            whole, self.fonts.collection, self.fonts.unicode
        )
        builder.pushStyle(style)
        if Piece(text, False).direction == "R":
            text = f"{_RIGHT_TO_LEFT_MARK}{text}{_RIGHT_TO_LEFT_MARK}"
        builder.addText(text)
        shaped = builder.Build()
        shaped.layout(1e6)
        return shaped

    def _measure(self, text: str, weight: str, size_px: float) -> float:
        """Advance width, in pixels, of one run of text."""
        return float(self._shape(text, weight, size_px, argb((0, 0, 0))).LongestLine)

    def fit(
        self, text: str, weight: str, size_px: float, *, width_px: float, max_lines: int = 1,
        min_size_px: float | None = None, max_height_px: float = 1e9, word_gap: float = 1.0,
    ) -> Block:  # fmt: skip
        """The largest setting of `text`, from `size_px` down, within the width, lines and height.

        At `min_size_px` (default 60 % of `size_px`) words that are too long are broken, and what
        still does not fit is cut with an ellipsis: the block returned always fits. `word_gap`
        widens the spaces between words.
        """
        pieces = split(self.fonts.drawable(text))
        smallest = size_px * 0.6 if min_size_px is None else min(min_size_px, size_px)

        def measure(piece: str, at_px: float) -> float:
            return self.width_px(piece, weight, at_px)

        ascent, line = self._heights(text, weight)
        fitter = Fitter(measure, weight, width_px, max_lines, max_height_px, word_gap, ascent, line)
        return fitter.fit(pieces, size_px, smallest)

    def _heights(self, text: str, weight: str) -> tuple[float, float]:
        """Ascent and height of a line, in shares of the size, that hold all ink of the text."""
        reach = self.fonts.reach(weight)
        above = reach.above_accented if has_high_accent(text) else reach.above
        ascent, below = max(0.935, above + 0.01), max(0.315, reach.below + 0.01)
        if text.isascii() and text.isupper() and not set(text) & _DEEP:
            below = 0.02 + max(ascent - 0.86, 0.1)  # nothing hangs down: stand in the middle
        if is_tall(text):
            ascent, below = max(1.10, ascent), max(0.52, below)
        return ascent, ascent + below

    def draw(
        self, canvas: skia.Canvas, block: Block, colour: Colour, x_px: float, y_px: float,
        *, align: str = "left", box_width_px: float | None = None, outline_px: float = 0.0,
    ) -> None:  # fmt: skip
        """Draw a block with its top at `y_px`, aligned ("left", "centre", "right") in a box;
        letters `outline_px` larger all round, to lie behind others.
        """
        room = block.width_px if box_width_px is None else box_width_px
        share = {"left": 0.0, "centre": 0.5, "right": 1.0}[align]
        for number, line in enumerate(block.lines):
            left = x_px + (room - block.line_widths_px[number]) * share
            baseline = y_px + number * block.line_height_px + block.ascent_px
            for piece in line:
                shaped = self._shape(
                    piece.text, block.weight, block.size_px, argb(colour), outline_px
                )
                shaped.paint(canvas, left + piece.x_px, baseline - shaped.AlphabeticBaseline)
