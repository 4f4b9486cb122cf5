"""Platform: where a spot runs: what it covers of the picture, and which files it takes."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.checked import checked
from schemas.data_files import parsed_yaml
from schemas.format import Box

SHIPPED = Path(__file__).with_name("platforms.yaml")

Share = Annotated[float, Field(ge=0, lt=0.5)]
FormatName = Literal["9x16", "4x5", "1x1", "16x9"]
Limits = tuple[float | None, float | None]
"""(least, most); None is no limit."""


class Covers(BaseModel):
    """Part of each edge, as a fraction of width or height, that lies under the platform's things.

    `face_bottom` is that of the lower edge which a face must not reach into; `bottom` if left out.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    top: Share
    right: Share
    bottom: Share
    left: Share
    face_bottom: Share | None = None


class Platform(BaseModel):
    """One entry of `platforms.yaml`. Rates are kbit/s, lengths seconds, sizes bytes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = ""
    title: str
    covers: Mapping[FormatName, Covers]
    """By format: those it takes."""
    min_px: Mapping[FormatName, tuple[int, int]]
    """Smallest frame, width and height, by format."""
    max_bytes: Annotated[int, Field(gt=0)]
    length_s: Limits
    video_kbps: Limits
    audio_kbps: Limits
    fps: Limits
    codecs: tuple[Literal["h264", "hevc", "av1"], ...]
    loudness_lufs: Annotated[float, Field(ge=-30, le=-10)]
    """Integrated (BS.1770)."""
    tolerance_lu: Annotated[float, Field(gt=0, le=3)] = 1.0
    """How far the loudness may be off."""
    true_peak_dbtp: Annotated[float, Field(ge=-9, le=0)] = -1.0
    clickable: bool = True
    """False where nobody can click: a picture of a button is then refused by the platform."""
    sources: tuple[str, ...]
    estimated: tuple[str, ...] = ()
    """What no source says: our own reading of the platform's screen."""

    @property
    def formats(self) -> tuple[FormatName, ...]:
        """Names of the formats that it takes, best first."""
        return tuple(self.covers)


@cache
def shipped_platforms() -> Mapping[str, Platform]:
    """All platforms by name."""
    raw = parsed_yaml(SHIPPED.read_bytes(), SHIPPED.name)
    return {
        name: checked(Platform, {"name": name, **one}, f"{SHIPPED.name}: {name}")
        for name, one in raw.items()
    }


def unknown_platform(name: str) -> str:
    """The fix for a name that is no platform."""
    known = list(shipped_platforms())
    close = difflib.get_close_matches(name, known, n=1)
    meant = f"did you mean {close[0]}? " if close else ""
    return f"{meant}there are {', '.join(known)}"


def platforms_of(names: Sequence[str]) -> tuple[Platform, ...]:
    """The platforms of these names. Raises `ValueError` for one that is not there."""
    for name in names:
        if name not in shipped_platforms():
            raise ValueError(f"platform {name}: {unknown_platform(name)}")
    return tuple(shipped_platforms()[name] for name in names)


def common_zone(name: str, platforms: Sequence[Platform]) -> tuple[Box, float] | None:
    """What all `platforms` that take the format `name` leave free of it, and the lowest line that a
    face may reach; None if none of them takes it."""
    covers = [platform.covers[name] for platform in platforms if name in platform.covers]  # type: ignore[index]
    if not covers:
        return None
    zone = Box(
        max(one.left for one in covers),
        max(one.top for one in covers),
        1 - max(one.right for one in covers),
        1 - max(one.bottom for one in covers),
    )
    low = max(one.bottom if one.face_bottom is None else one.face_bottom for one in covers)
    return zone, 1 - low
