"""Layout: where things stand in the frame of each format, as fractions of width and height."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Box:
    """A rectangle in fractions of the frame: x to the right, y down, 0 to 1."""

    x0: float
    y0: float
    x1: float
    y1: float

    def pixels(self, width_px: int, height_px: int) -> tuple[int, int, int, int]:
        """(x0, y0, x1, y1) in whole pixels of a frame of that size."""
        return (
            round(self.x0 * width_px),
            round(self.y0 * height_px),
            round(self.x1 * width_px),
            round(self.y1 * height_px),
        )

    def contains(self, other: Box, slack: float = 0.0) -> bool:
        """Whether `other` lies inside, `slack` (fraction of the frame) being forgiven."""
        return (
            other.x0 >= self.x0 - slack
            and other.y0 >= self.y0 - slack
            and other.x1 <= self.x1 + slack
            and other.y1 <= self.y1 + slack
        )

    def overlaps(self, other: Box) -> bool:
        """Whether the two share any area."""
        return (
            self.x0 < other.x1 and other.x0 < self.x1 and self.y0 < other.y1 and other.y0 < self.y1
        )


@dataclass(frozen=True)
class ShotLayout:
    """Areas of one kind of shot. None: the thing is not shown in it."""

    product: Box
    captions: Box | None
    presenter: Box | None
    """Square in pixels; its lower edge is the frame's, so that the presenter never floats."""


@dataclass(frozen=True)
class Format:
    """A frame size with its areas. `fps` is exact: the length is a whole number of frames."""

    name: str
    width_px: int
    height_px: int
    fps: int
    safe_zone: Box
    """Platforms draw their buttons outside of it: all text and the presenter's face are inside."""
    ai_label: Box
    price_tag: Box
    shots: Mapping[str, ShotLayout]


FORMATS: Mapping[str, Format] = {
    "9x16": Format(
        name="9x16",
        width_px=1080,
        height_px=1920,
        fps=24,
        # TikTok keeps its top 150 px (7.8 %) and Shorts its bottom 20 % for itself.
        safe_zone=Box(0.06, 0.08, 0.94, 0.80),
        ai_label=Box(0.06, 0.085, 0.50, 0.115),
        price_tag=Box(0.56, 0.085, 0.94, 0.155),
        shots={
            "presented": ShotLayout(
                product=Box(0.08, 0.165, 0.92, 0.485),
                captions=Box(0.08, 0.490, 0.92, 0.580),
                presenter=Box(0.1089, 0.560, 0.8911, 1.0),
            ),
            "hero": ShotLayout(
                product=Box(0.06, 0.165, 0.94, 0.675),
                captions=Box(0.08, 0.690, 0.92, 0.790),
                presenter=None,
            ),
            "end_card": ShotLayout(
                product=Box(0.10, 0.130, 0.90, 0.520),
                captions=None,
                presenter=None,
            ),
        },
    )
}


DEFAULT_FORMATS = (FORMATS["9x16"],)
"""What a stage is told if it is told nothing."""


def formats_of(
    names: Sequence[str], *, known: Mapping[str, Format] = FORMATS
) -> tuple[Format, ...]:
    """The formats of these names, as the stages of a recipe are told them, in their order.

    `known` are formats whose areas are others than the shipped ones', by name. Raises `ValueError`
    for a name that is no format, one that is there twice, and for none at all.
    """
    wrong = [name for name in names if name not in known]
    if wrong or not names or len(set(names)) < len(names):
        shown = ", ".join(names) or "none"
        raise ValueError(f"formats {shown}: use one or more of {', '.join(known)}, each once")
    return tuple(known[name] for name in names)
