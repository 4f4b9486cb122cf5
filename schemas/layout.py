"""Layout: the formats that spots are made in, with the areas of each, and those of a campaign."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from schemas.arrangement import ARRANGEMENTS, ZONES
from schemas.format import FACE, HEAD, Box, Format, ShotLayout, faults
from schemas.platform import Platform, common_zone

__all__ = [
    "DEFAULT_FORMATS", "FACE", "FORMATS", "HEAD", "Box", "Format", "ShotLayout", "faults",
    "formats_of",
]  # fmt: skip

FORMATS: Mapping[str, Format] = {
    name: arrange(*ZONES[name]) for name, arrange in ARRANGEMENTS.items()
}
"""The formats by name, as they are for a campaign that names no platform."""

DEFAULT_FORMATS = (FORMATS["9x16"],)
"""What a stage is told if it is told nothing."""


def formats_of(
    names: Sequence[str],
    *,
    platforms: Sequence[Platform] = (),
    presenter: bool = True,
    known: Mapping[str, Format] = FORMATS,
    label_letters: float = 0.0,
) -> tuple[Format, ...]:
    """The formats of these names, as the stages of a recipe are told them, in their order.

    Where some of `platforms` take a format, it is laid out in the zone that all of these leave
    free. Without a `presenter` her room is the product's. `known` are formats by name.
    `label_letters` is the least size of the AI label's, as a share of the short side. Raises
    `ValueError` for a name that is no format, one that is there twice, and for none at all.
    """
    wrong = [name for name in names if name not in known]
    if wrong or not names or len(set(names)) < len(names):
        shown = ", ".join(names) or "none"
        raise ValueError(f"formats {shown}: use one or more of {', '.join(known)}, each once")
    found = []
    for name in names:
        form = known[name]
        zone = common_zone(name, platforms)
        if zone is not None or label_letters:
            arranged = ARRANGEMENTS[name](*(zone or ZONES[name]), label_letters)
            form = replace(arranged, width_px=form.width_px, height_px=form.height_px)
        if not presenter:
            form = replace(form, shots={**form.shots, "presented": form.shots["hero"]})
        found.append(form)
    return tuple(found)
