"""Colours of the studio set, from the accent and the product, so that the product stands out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stages.image_to_video.drawing import Lab
from stages.shared.picture import Swatch, colour_lab

SCHEMES = ("tone", "paper", "near")
"""How the set's colours follow from the accent: all in its tone, its shapes alone in it before a
nearly neutral wall, or the wall in a neighbouring hue."""


NEAR_HUE = 0.36
"""Radians from the accent's hue to its neighbour's: a little less than the next on a colour circle
of twelve."""

OLIVE = 1.85
"""Hue, in radians, at which a dark wall looks dirty: neighbours are taken on the side away from
it."""


@dataclass(frozen=True)
class SetColours:
    """CIE L*a*b* colours of the set: the wall, the shape on it, the plinth, and the light."""

    wall: Lab
    shape: Lab
    plinth: Lab
    warmth: Lab
    """What direct light adds to a surface: a small shift in L*, a*, b*."""


def _polar(lightness: float, chroma: float, hue: float) -> Lab:
    return lightness, float(chroma * np.cos(hue)), float(chroma * np.sin(hue))


def _distance(one: Lab, other: Lab) -> float:
    """CIE 1976 colour difference, with lightness at half its weight: hue must not clash alone."""
    return float(
        np.sqrt((0.5 * (one[0] - other[0])) ** 2 + sum((np.array(one[1:]) - other[1:]) ** 2))
    )


def set_colours(
    accent: str, swatches: list[Swatch], layout: str, scheme: str = "tone"
) -> SetColours:
    """Colours of the set for a kind of shot.

    "hero" is rich, the others are light; the hue is the accent's, or the product's own where
    the accent is grey. Lightness moves away from the product's until the two differ well. `scheme`
    is one of `SCHEMES`; an end card is always "tone".
    """
    own = colour_lab(accent)
    chroma, hue = float(np.hypot(own[1], own[2])), float(np.arctan2(own[2], own[1]))
    if chroma < 6:
        vivid = max(swatches, key=lambda swatch: swatch.chroma * swatch.share**0.5)
        chroma, hue = vivid.chroma, float(np.arctan2(vivid.lab[2], vivid.lab[1]))
    mean = sum((np.array(s.lab) * s.share for s in swatches), np.zeros(3))
    if layout == "hero":
        wanted = (63.0, float(np.clip(0.72 * chroma, 7, 33)))
    elif layout == "end_card":
        wanted = (89.0, float(np.clip(0.26 * chroma, 3, 12)))
    else:
        wanted = (81.0, float(np.clip(0.46 * chroma, 5, 22)))
    lightness = _apart(wanted[0], wanted[1], hue, mean, least=62.0 if layout != "hero" else 44.0)
    if layout == "end_card":
        lightness = max(lightness, 84.0)
    wall = _polar(lightness, wanted[1], hue)
    shape = _polar(lightness - 9.0, wanted[1] * 1.25, hue)
    if layout != "end_card" and scheme == "paper":
        lightness = min(lightness + 4.0, 90.0)
        wall = _polar(lightness, 0.3 * wanted[1], hue)
        shape = _polar(lightness - 12.0, wanted[1] * 1.3, hue)
    elif layout != "end_card" and scheme == "near":
        away = -1.0 if np.sin(OLIVE - hue) > 0 else 1.0
        wall = _polar(lightness, 0.85 * wanted[1], hue + away * NEAR_HUE)
    if layout == "end_card":
        # A tinted disc behind the product alone: pale products need it, the text's ground doesn't.
        deep = 7.0 if mean[0] < 68 else 13.0
        shape = _polar(lightness - deep, float(np.clip(0.55 * chroma, 5, 24)), hue)
    plinth = _polar(
        min(max(lightness + (13 if layout == "hero" else 7), 66.0), 89.0), wanted[1] * 0.62, hue
    )
    return SetColours(wall, shape, plinth, (9.0, 0.4, 2.2))


def _apart(wanted: float, chroma: float, hue: float, mean: np.ndarray, least: float) -> float:
    """The lightness nearest to `wanted` at which the wall differs by 13 from the mean colour."""
    for step in range(0, 40):
        for lightness in (wanted - step, wanted + step):
            if not least <= lightness <= 92:
                continue
            if _distance(_polar(lightness, chroma, hue), tuple(mean)) >= 13.0:
                return lightness
    return wanted
