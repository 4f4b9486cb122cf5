"""Arrangements: where things stand in each aspect, inside the zone that platforms leave free.

Each function lays a frame out from its safe zone, so that a narrower zone gives another layout and
not one that is covered; `letters` is the least size of the AI label's, as a share of the short
side. Numbers of pixels are of a design 1080 wide (16:9: high), in `text_scale`.
"""

from __future__ import annotations

from collections.abc import Mapping

from schemas.format import FACE, HEAD, Box, Format, ShotLayout

FPS = 24
_LABEL_PX = (475.2, 57.6)
_PRICE_PX = (410.4, 96.0)
"""Width and height of the label's and the price tag's room."""
_LABEL_SIZE_PX = 31.0
"""Size of the label's letters; where a region asks for larger ones its room grows with them."""
_LABEL_LINE = 1.30
"""Height of a line to the size of its letters."""
_CARD_PX = 518.4
"""Height of an end card with all its rows."""
_CAPTIONS_PX = 128.0
"""Height of one line of captions, or of two smaller ones, where they stand over the picture."""


class _Frame:
    """A frame being laid out: its size, its zone, and pixels of the design as fractions of it."""

    def __init__(
        self, width_px: int, height_px: int, zone: Box, scale: float, letters: float
    ) -> None:
        self.width_px, self.height_px, self.zone, self.scale = width_px, height_px, zone, scale
        self._unit = scale * min(width_px, height_px) / 1080
        self.letters = letters

    def x(self, pixels: float) -> float:
        return pixels * self._unit / self.width_px

    def y(self, pixels: float) -> float:
        return pixels * self._unit / self.height_px

    def label_and_price(self, price_px: float = _PRICE_PX[1]) -> tuple[Box, Box]:
        """The label at the zone's upper left, the price tag at its upper right."""
        zone = self.zone
        top = zone.y0 + self.y(9.6)
        price = Box(zone.x1 - self.x(_PRICE_PX[0]), top, zone.x1, top + self.y(price_px))
        widened = max(1.0, self.letters * 1080 / (_LABEL_SIZE_PX * self.scale))
        right = min(zone.x0 + self.x(widened * _LABEL_PX[0]), price.x0 - self.x(20))
        short_px = min(self.width_px, self.height_px)
        tall = max(self.y(_LABEL_PX[1]), _LABEL_LINE * self.letters * short_px / self.height_px)
        return Box(zone.x0, top, right, top + tall), price

    def presenter(self, side: float, x0: float) -> Box:
        """Her square, `side` of the frame's height, on its lower edge."""
        return Box(x0, 1.0 - side, x0 + side * self.height_px / self.width_px, 1.0)

    def made(
        self, name: str, label: Box, price: Box, face_bottom: float, shots: dict[str, ShotLayout]
    ) -> Format:
        zone = self.zone
        return Format(
            name=name,
            width_px=self.width_px,
            height_px=self.height_px,
            fps=FPS,
            safe_zone=zone,
            ai_label=_rounded(label),
            price_tag=_rounded(price),
            shots={kind: _rounded_shot(shot) for kind, shot in shots.items()},
            face_zone=Box(zone.x0, zone.y0, zone.x1, face_bottom),
            text_scale=self.scale,
            label_letters=self.letters,
        )


def vertical(zone: Box, face_bottom: float, letters: float = 0.0) -> Format:
    """9:16. All in one column: product, captions below it, the presenter at the lower edge.

    She grows with what the platform covers of the lower edge, so that her chin stays above it.
    """
    frame = _Frame(1080, 1920, zone, 1.0, letters)
    label, price = frame.label_and_price(134.4)
    top = label.y0 + 0.080
    side = min(max(0.44, (1 - face_bottom) / (1 - FACE.y1)), 1080 / 1920)
    presenter = frame.presenter(side, (1 - side * 1920 / 1080) / 2)
    low = min(presenter.y0 + 0.020, zone.y1 - 0.010)
    said = Box(zone.x0 + 0.02, low - 0.090, zone.x1 - 0.02, low)
    below = Box(zone.x0 + 0.02, zone.y1 - 0.110, zone.x1 - 0.02, zone.y1 - 0.010)
    card = zone.y1 - min(frame.y(_CARD_PX), 0.52 * (zone.y1 - zone.y0))
    shots = {
        "presented": ShotLayout(
            product=Box(zone.x0 + 0.02, top, zone.x1 - 0.02, said.y0 - 0.005),
            captions=said,
            presenter=presenter,
        ),
        "hero": ShotLayout(
            product=Box(zone.x0, top, zone.x1, below.y0 - 0.015), captions=below, presenter=None
        ),
        "end_card": ShotLayout(
            product=Box(zone.x0 + 0.04, label.y0 + 0.045, zone.x1 - 0.04, card - 0.010),
            captions=None,
            presenter=None,
            card=Box(zone.x0, card, zone.x1, zone.y1),
        ),
    }
    return frame.made("9x16", label, price, face_bottom, shots)


def portrait(zone: Box, face_bottom: float, letters: float = 0.0) -> Format:
    """4:5. Product above, presenter below, captions over her chest as a lower third.

    Its areas hold the product as large as 9:16 shows it, so that it can be cut from those clips.
    """
    frame = _Frame(1080, 1350, zone, 0.88, letters)
    label, price = frame.label_and_price()
    top = price.y1 + 0.006
    below = _lower_third(frame, zone.x0 + 0.015, zone.x1 - 0.015)
    side = 0.432
    card = zone.y1 - frame.y(_CARD_PX)
    shots = {
        "presented": ShotLayout(
            product=Box(zone.x0, top, zone.x1, 1 - side),
            captions=below,
            presenter=frame.presenter(side, (1 - side * 1350 / 1080) / 2),
        ),
        "hero": ShotLayout(
            product=Box(zone.x0, top, zone.x1, below.y0 - 0.008), captions=below, presenter=None
        ),
        "end_card": ShotLayout(
            product=Box(zone.x0 + 0.04, label.y1 + 0.015, zone.x1 - 0.04, card - 0.012),
            captions=None,
            presenter=None,
            card=Box(zone.x0, card, zone.x1, zone.y1),
        ),
    }
    return frame.made("4x5", label, price, face_bottom, shots)


def square(zone: Box, face_bottom: float, letters: float = 0.0) -> Format:
    """1:1. Presenter in the lower right corner, product beside her, captions as a lower third."""
    frame = _Frame(1080, 1080, zone, 0.84, letters)
    label, price = frame.label_and_price()
    top = price.y1 + 0.012
    below = _lower_third(frame, zone.x0 + 0.015, zone.x1 - 0.015)
    side = 0.54
    left = min(1.0 - side, zone.x1 - FACE.x1 * side)
    card = zone.y1 - frame.y(_CARD_PX)
    shots = {
        "presented": ShotLayout(
            # Up to her hair: her shoulder is lower than the product's foot.
            product=Box(zone.x0, top, left + HEAD.x0 * side - 0.01, below.y0 - 0.015),
            captions=below,
            presenter=frame.presenter(side, left),
        ),
        "hero": ShotLayout(
            product=Box(zone.x0 + 0.02, top, zone.x1 - 0.02, below.y0 - 0.015),
            captions=below,
            presenter=None,
        ),
        "end_card": ShotLayout(
            product=Box(zone.x0 + 0.04, label.y1 + 0.012, zone.x1 - 0.04, card - 0.012),
            captions=None,
            presenter=None,
            card=Box(zone.x0, card, zone.x1, zone.y1),
        ),
    }
    return frame.made("1x1", label, price, face_bottom, shots)


def wide(zone: Box, face_bottom: float, letters: float = 0.0) -> Format:
    """16:9. Product left with the captions below it, presenter right; the card beside the product.

    Her picture has as many pixels as in 9:16, so that one drawing serves both as it is.
    """
    frame = _Frame(1920, 1080, zone, 0.84, letters)
    label, price = frame.label_and_price()
    top = label.y1 + 0.020
    side = 0.44 * 1920 / 1080
    left = min(0.975 - side * 1080 / 1920, zone.x1 - FACE.x1 * side * 1080 / 1920)
    below = _lower_third(frame, 0.20, 0.80)
    said = Box(zone.x0, below.y0, left, below.y1)
    shots = {
        "presented": ShotLayout(
            product=Box(zone.x0, top, left, said.y0 - 0.015),
            captions=said,
            presenter=frame.presenter(side, left),
        ),
        "hero": ShotLayout(
            product=Box(0.14, price.y1 + 0.012, 0.86, below.y0 - 0.015),
            captions=below,
            presenter=None,
        ),
        "end_card": ShotLayout(
            product=Box(zone.x0, top, 0.49, zone.y1 - 0.02),
            captions=None,
            presenter=None,
            card=Box(0.52, top, zone.x1, zone.y1 - 0.02),
        ),
    }
    return frame.made("16x9", label, price, face_bottom, shots)


ARRANGEMENTS = {"9x16": vertical, "4x5": portrait, "1x1": square, "16x9": wide}
"""From a format's name to the function that lays it out in (safe zone, lowest line of a face)."""

ZONES: Mapping[str, tuple[Box, float]] = {
    # TikTok keeps its top 150 px (7.8 %) and Shorts its bottom 20 % for itself.
    "9x16": (Box(0.06, 0.08, 0.94, 0.80), 0.82),
    "4x5": (Box(0.045, 0.045, 0.955, 0.935), 0.935),
    "1x1": (Box(0.045, 0.045, 0.955, 0.935), 0.935),
    "16x9": (Box(0.05, 0.06, 0.95, 0.92), 0.92),
}
"""Safe zone and lowest line of a face where the campaign names no platform."""


def _lower_third(frame: _Frame, x0: float, x1: float) -> Box:
    low = frame.zone.y1 - frame.y(12)
    return Box(x0, low - frame.y(_CAPTIONS_PX), x1, low)


def _rounded(box: Box) -> Box:
    """To a ten-thousandth: a fifth of a pixel, and the same number on every machine."""
    return Box(*(round(value, 4) for value in (box.x0, box.y0, box.x1, box.y1)))


def _rounded_shot(shot: ShotLayout) -> ShotLayout:
    boxes = (shot.product, shot.captions, shot.presenter, shot.card)
    return ShotLayout(*(None if box is None else _rounded(box) for box in boxes))  # type: ignore[arg-type]
