"""Fits pieces of text into a box: wraps, shrinks, balances, and at last cuts with an ellipsis."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from stages.composite.pieces import Piece, clusters, drop_last_letter, visual_order

ELLIPSIS = "…"
HYPHEN = "\u2010"
"""At the end of a line in which a word is broken; no text has it from a keyboard."""


@dataclass(frozen=True)
class PlacedPiece:
    """A piece at its place in a line: left edge and width in pixels; `index` in reading order."""

    text: str
    index: int
    spaced: bool
    x_px: float
    width_px: float


@dataclass(frozen=True)
class Block:
    """Lines of text that fit. Heights in pixels; the ink of all scripts lies within."""

    lines: tuple[tuple[PlacedPiece, ...], ...]
    line_widths_px: tuple[float, ...]
    weight: str
    size_px: float
    ascent_px: float
    line_height_px: float
    cut: bool
    """True where an ellipsis stands for text that did not fit."""

    @property
    def width_px(self) -> float:
        """Of the longest line."""
        return max(self.line_widths_px, default=0.0)

    @property
    def height_px(self) -> float:
        """Of all lines."""
        return self.line_height_px * len(self.lines)

    @property
    def text(self) -> str:
        """What is drawn, line by line, in reading order."""
        rows = [sorted(line, key=lambda piece: piece.index) for line in self.lines]
        return "\n".join(
            "".join((" " if p.spaced else "") + p.text for p in row).strip() for row in rows
        )


@dataclass(frozen=True)
class Fitter:
    """The box to fit into, and how wide a text is: `measure(text, size_px)` in pixels."""

    measure: Callable[[str, float], float]
    weight: str
    width_px: float
    max_lines: int
    max_height_px: float
    word_gap: float
    """Width of the space between words as a multiple of the font's own."""
    ascent: float = 0.935
    """Of a line, above its baseline, as a share of the size."""
    line: float = 1.25
    """Height of a line, as a share of the size."""

    def fit(self, pieces: Sequence[Piece], size_px: float, min_size_px: float) -> Block:
        """The largest block that fits, from `size_px` down; at `min_size_px` it is cut to fit."""
        size = size_px
        while True:
            block = self._set(pieces, size, self.width_px)
            fits = len(block.lines) <= self.max_lines and block.height_px <= self.max_height_px
            if fits and block.width_px <= self.width_px + 0.01:
                return self._balance(block, pieces)
            if size <= min_size_px:
                return self._cut(pieces, size)
            # All lines together are too short for it until it is this much smaller.
            needed = sum(block.line_widths_px)
            ratio = 1.02 * self.max_lines * self.width_px / needed if needed else 1.0
            size = max(size * min(0.96, ratio), min_size_px)

    def _set(
        self, pieces: Sequence[Piece], size_px: float, width_px: float, *, cut: bool = False
    ) -> Block:
        """Lines filled one after the other up to `width_px`."""
        lines: list[list[int]] = []
        used, space = 0.0, self._space(size_px)
        for index, piece in enumerate(pieces):
            width = self.measure(piece.text, size_px)
            gap = space if piece.spaced else 0.0
            if lines and used + gap + width <= width_px:
                lines[-1].append(index)
                used += gap + width
            else:
                lines.append([index])
                used = width
        return self._place(lines, pieces, size_px, cut)

    def _place(
        self, lines: list[list[int]], pieces: Sequence[Piece], size_px: float, cut: bool
    ) -> Block:
        space = self._space(size_px)
        to_left = next((p.direction == "R" for p in pieces if p.direction in "LR"), False)
        placed, widths = [], []
        for line in lines:
            x, row = 0.0, []
            order = visual_order([pieces[i].direction for i in line], to_left)
            for position, spot in enumerate(order):
                piece = pieces[line[spot]]
                if position:
                    later = max(spot, order[position - 1])
                    x += space if pieces[line[later]].spaced else 0.0
                width = self.measure(piece.text, size_px)
                row.append(PlacedPiece(piece.text, line[spot], piece.spaced, x, width))
                x += width
            placed.append(tuple(row))
            widths.append(x)
        return Block(
            lines=tuple(placed),
            line_widths_px=tuple(widths),
            weight=self.weight,
            size_px=size_px,
            ascent_px=size_px * self.ascent,
            line_height_px=size_px * self.line,
            cut=cut,
        )

    def _space(self, size_px: float) -> float:
        # A space alone has no width: measure it between letters.
        own = self.measure("x x", size_px) - self.measure("xx", size_px)
        return own * self.word_gap

    def _balance(self, block: Block, pieces: Sequence[Piece]) -> Block:
        """The same number of lines, of lengths as equal as can be."""
        count = len(block.lines)
        if count < 2:
            return block
        low, high = self.width_px / count, self.width_px
        while high - low > 4:
            middle = (low + high) / 2
            tried = self._set(pieces, block.size_px, middle)
            if len(tried.lines) <= count and tried.width_px <= middle:
                high, block = middle, tried
            else:
                low = middle
        return block

    def _cut(self, pieces: Sequence[Piece], size_px: float) -> Block:
        parts = [part for piece in pieces for part in self._break(piece, size_px)]
        block = self._set(parts, size_px, self.width_px)
        allowed = max(min(self.max_lines, int(self.max_height_px // block.line_height_px)), 1)
        if len(block.lines) <= allowed:
            return block
        kept = parts[: max(piece.index for piece in block.lines[allowed - 1]) + 1]
        shorter = [kept]
        while shorter[-1]:
            shorter.append(drop_last_letter(shorter[-1]))
        best, low, high = self._place([], [], size_px, True), 0, len(shorter) - 2
        while low <= high:  # what fits still does when a letter goes
            middle = (low + high) // 2
            head = shorter[middle]
            last = Piece(head[-1].text.rstrip(",.;:-–— ") + ELLIPSIS, head[-1].spaced)
            block = self._set([*head[:-1], last], size_px, self.width_px, cut=True)
            if len(block.lines) <= allowed and block.width_px <= self.width_px:
                best, high = block, middle - 1
            else:
                low = middle + 1
        return best

    def _break(self, piece: Piece, size_px: float) -> list[Piece]:
        """Parts of a piece that is wider than a line."""
        if self.measure(piece.text, size_px) <= self.width_px:
            return [piece]
        hyphen = HYPHEN if piece.text.isalpha() and piece.direction == "L" else ""
        parts, held = [], ""
        for cluster in clusters(piece.text):
            if held and self.measure(held + cluster + hyphen, size_px) > self.width_px:
                parts.append(held + hyphen)
                held = ""
            held += cluster
        parts.append(held)
        return [Piece(part, piece.spaced and n == 0) for n, part in enumerate(parts)]
