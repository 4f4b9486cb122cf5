"""Studio sets: which back, plinth, light and colours go together, and which of them a spot gets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from stages.image_to_video.colours import SCHEMES
from stages.image_to_video.gobo import LIGHTS
from stages.image_to_video.plinth import PLINTHS


@dataclass(frozen=True)
class StudioSet:
    """What a set may be made of; the seed picks where there is a choice."""

    back: str
    """What stands on or before the wall: one of `wall.BACKS`."""
    plinths: tuple[str, ...] = PLINTHS
    """"none": the product stands on the floor."""
    lights: tuple[str, ...] = LIGHTS
    gloss: float = 0.0
    """How much of the product the floor shows upside down, 0 to 1."""
    sun: float = 1.0
    """Strength of the light's pattern, against the others'."""


SETS: Mapping[str, StudioSet] = {
    "niche": StudioSet("arch"),
    "disc": StudioSet("disc"),
    "boards": StudioSet("panels"),
    "blocks": StudioSet("blocks", plinths=("round",), lights=("none", "blinds")),
    "cove": StudioSet("cove", plinths=("none",), lights=("none",), gloss=0.38),
    "ribs": StudioSet("ribs", lights=("none", "window")),
    "window": StudioSet(
        "bare", plinths=("none", "round"), lights=("window", "leaves"), gloss=0.3, sun=1.9
    ),
    "podium": StudioSet("podium", plinths=("round",), lights=("none", "leaves")),
}
"""The sets by name."""


@dataclass(frozen=True)
class SetDesign:
    """The set of one shot."""

    back: str
    plinth: str
    light: str
    gloss: float
    side: int
    """1, or -1 for its mirror image."""
    scheme: str
    """How its colours follow from the accent: one of `colours.SCHEMES`."""
    sun: float
    leaf: int
    """Seed of the leaves' shadow."""


def design_of(seed: int, shot: int, allowed: Sequence[str] = ()) -> SetDesign:
    """The set of a shot: a spot goes to and fro between two places, so that it comes back to where
    it began. `allowed` names the sets to choose among; without any it is all of them.
    """
    random = np.random.default_rng([seed & 0xFFFFFFFF, 77])
    names = sorted(set(allowed) or set(SETS))
    places = [names[int(place)] for place in random.permutation(len(names))[:2]]
    scheme = SCHEMES[int(random.integers(len(SCHEMES)))]
    side = 1 if random.random() < 0.5 else -1
    picks = [int(pick) for pick in random.integers(60, size=2)]
    own = SETS[places[shot % len(places)]]
    plinth = own.plinths[picks[0] % len(own.plinths)]
    return SetDesign(
        back=own.back,
        plinth=plinth,
        light=own.lights[picks[1] % len(own.lights)],
        gloss=own.gloss if plinth == "none" else 0.0,
        side=side,
        scheme=scheme,
        sun=own.sun,
        leaf=seed & 0xFFFFFFFF,
    )
