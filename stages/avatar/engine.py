"""What a presenter engine is asked for and what it gives back, whichever way it makes her talk."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from schemas.layout import Box
from stages.base import Media


@dataclass(frozen=True, kw_only=True)
class Performance:
    """One take to make: what she says, when she is seen, and the picture she stands in."""

    voice: Path
    """Sound file, 48 kHz mono, on the spot's clock: its first sample is second 0 of the spot."""
    phonemes: Sequence[Mapping[str, Any]]
    """`schemas.arrow_types.PHONEME` on the spot's clock, in order of time; may be empty."""
    sentences: Sequence[Mapping[str, Any]]
    """`schemas.arrow_types.SENTENCE` on the spot's clock."""
    first_frame: int
    """The frame of the spot that the take's frame 0 stands for."""
    visibility: tuple[float, ...]
    """One number per frame of the take: 1 seen, 0 off screen (nothing need be drawn), between: a
    crossfade; the alpha channel is multiplied by it."""
    size_px: int
    """Width and height of the picture; even. Her cut edge is the picture's lower edge."""
    fps: int
    audio_lead_s: float
    """How long the mouth runs ahead of the sound; for engines that are driven by phonemes."""
    seed: int

    @property
    def spans(self) -> list[tuple[int, int]]:
        """Runs of frames on screen, as (first, behind the last) indices into the take."""
        seen = [False, *(v > 0.0 for v in self.visibility), False]
        edges = [i for i in range(len(seen) - 1) if seen[i] != seen[i + 1]]
        return list(zip(edges[::2], edges[1::2], strict=True))


@dataclass(frozen=True)
class Take:
    """A finished take: a file as `track.write_track` writes it, and where its lips are."""

    path: Path
    mouth_box: Box
    """Around the lips in every frame, as fractions of the take's picture."""


class PresenterEngine(ABC):
    """A way to make a presenter talk: a parameter rig on the CPU, or a talking-head model.

    To add one, write one file with one dataclass (its fields are its parameters and part of the
    stage's key) that sets `name` and `version`, warms its model in `load`, and in `perform`:

    - draws frames for `performance.spans` only, `size_px` square, uint8 (height, width, 4) BGRA
      with straight alpha whose colours run on for some pixels under transparent ones;
    - passes one frame, or None when she is off screen, per entry of `performance.visibility`
      to `track.write_track`, which applies the fades and encodes;
    - uses no randomness but `performance.seed`, so that the same request gives the same bytes.

    Then add it to the engines in `tests/stages/test_contract.py`, the suite all engines must pass.
    """

    name: ClassVar[str]
    """The word for it in recipes and in the ledger."""
    version: ClassVar[str]
    """Bump when its pictures would change."""
    consent: str = ""
    """By whose leave a real face is shown, for reviewers; empty where nobody's is."""

    def prepare(self) -> None:  # noqa: B027 (an engine may have nothing to fetch)
        """Once per node: fetch weights."""

    def load(self) -> None:  # noqa: B027 (an engine may have nothing to warm)
        """Once per worker: warm the model."""

    @abstractmethod
    def perform(self, performance: Performance, media: Media) -> Take:
        """Make the take, a file in `media.scratch`. Raises `Reject` for an unusable asset."""
