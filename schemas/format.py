"""Format: a frame size with the areas that things stand in, as fractions of width and height."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations


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

    def inside(self, part: Box) -> Box:
        """Where `part`, in fractions of this box, lies in the frame."""
        wide, tall = self.x1 - self.x0, self.y1 - self.y0
        return Box(
            self.x0 + part.x0 * wide,
            self.y0 + part.y0 * tall,
            self.x0 + part.x1 * wide,
            self.y0 + part.y1 * tall,
        )


FACE = Box(0.28, 0.12, 0.72, 0.58)
"""A presenter's face in her square picture: hairline to chin, with the room that she nods in.
Measured on the rendered presenter and the seven drawn hosts."""
HEAD = Box(0.20, 0.046, 0.80, 0.60)
"""The same with her hair: what text would be pasted over."""


_SLACK = 0.0005
"""Half a pixel: areas are rounded."""


@dataclass(frozen=True)
class ShotLayout:
    """Areas of one kind of shot. None: the thing is not shown in it."""

    product: Box
    captions: Box | None
    presenter: Box | None
    """Square in pixels; its lower edge is the frame's, so that the presenter never floats."""
    card: Box | None = None
    """Room for the end card, which is as high as what it says and stands at its upper edge, or in
    its middle where the product is beside it."""


@dataclass(frozen=True)
class Format:
    """A frame size with its areas. `fps` is exact: the length is a whole number of frames."""

    name: str
    width_px: int
    height_px: int
    fps: int
    safe_zone: Box
    """Platforms draw their buttons outside of it: all text, prices and the product are inside."""
    ai_label: Box
    price_tag: Box
    shots: Mapping[str, ShotLayout]
    face_zone: Box = Box(0.0, 0.0, 1.0, 1.0)
    """Where a face is not covered. It reaches lower than the safe zone: what a platform writes
    beside the middle of its lower edge leaves a face to be seen, but no text to be read."""
    text_scale: float = 1.0
    """Size of letters, rules and corners against those of a vertical spot of the same width."""
    label_letters: float = 0.0
    """Least size of the AI label's letters, as a share of the short side, where a region's rules
    ask for one; 0 as designed."""

    @property
    def unit(self) -> float:
        """Pixels that stand for one pixel of a design 1080 wide (or high, if that is shorter)."""
        return self.text_scale * min(self.width_px, self.height_px) / 1080

    @property
    def presenter_px(self) -> int:
        """Side of the presenter's square picture, even; 0 where no shot has a place for one."""
        sides = [0]
        for shot in self.shots.values():
            if shot.presenter is not None:
                x0, y0, x1, y1 = shot.presenter.pixels(self.width_px, self.height_px)
                sides.append(min(x1 - x0, y1 - y0) // 2 * 2)
        return max(sides)


def faults(form: Format) -> list[tuple[str, str]]:
    """What is wrong with a format's areas: (area, sentence). Empty for every format of ours.

    `area` is "ai_label", "price_tag" or "hero.captions". Text and product must lie in the safe
    zone and a face in the face zone, nothing of these over another, and the presenter, square, on
    the frame's lower edge.
    """
    found = []
    fixed = {"ai_label": form.ai_label, "price_tag": form.price_tag}
    for area, box in fixed.items():
        if not form.safe_zone.contains(box, slack=_SLACK):
            found.append((area, _left(box, form.safe_zone)))
    for name, shot in form.shots.items():
        areas = dict(_areas(name, shot))
        for area, box in areas.items():
            zone = form.face_zone if area.endswith("face") else form.safe_zone
            if not area.endswith("head") and not zone.contains(box, slack=_SLACK):
                found.append((area, _left(box, zone)))
        seen = {**areas, **fixed}
        if name == "end_card":  # the card says the price
            del seen["price_tag"]
        for (one, box), (other, there) in combinations(seen.items(), 2):
            if {one, other} != {f"{name}.face", f"{name}.head"} and box.overlaps(there):
                found.append((one, f"lies over {other}"))
        found += _floating(name, shot, form)
    return found


def _areas(name: str, shot: ShotLayout) -> Iterator[tuple[str, Box]]:
    yield f"{name}.product", shot.product
    for part, box in (("captions", shot.captions), ("card", shot.card)):
        if box is not None:
            yield f"{name}.{part}", box
    if shot.presenter is not None:
        yield f"{name}.face", shot.presenter.inside(FACE)
        yield f"{name}.head", shot.presenter.inside(HEAD)


def _floating(name: str, shot: ShotLayout, form: Format) -> list[tuple[str, str]]:
    box = shot.presenter
    if box is None:
        return []
    wide, tall = (box.x1 - box.x0) * form.width_px, (box.y1 - box.y0) * form.height_px
    if abs(wide - tall) > 0.004 * form.width_px:
        return [(f"{name}.presenter", f"is {wide:.0f} x {tall:.0f} px; her picture is square")]
    if abs(box.y1 - 1.0) > 1e-6:
        return [(f"{name}.presenter", f"ends at {box.y1:g}; her lower edge is the frame's, 1")]
    return []


def _left(box: Box, zone: Box) -> str:
    shown = [f"{value:.3f}" for value in (box.x0, box.y0, box.x1, box.y1)]
    least = [f"{value:.3f}" for value in (zone.x0, zone.y0, zone.x1, zone.y1)]
    return f"[{', '.join(shown)}] leaves the zone [{', '.join(least)}]"
