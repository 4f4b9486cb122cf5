"""The interface of a watermark in pictures: an id goes into frames, soft bits come out of them.

Every engine carries the same 127-bit word of the same 48-bit id, so the blind reader, the ledger's
and their chances are the same for all. One of your own joins `tests/stages/test_mark_engines.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Protocol

import numpy as np

from stages.shared.watermark.detector import detect
from stages.shared.watermark.matching import matched_z
from stages.shared.watermark.spread_spectrum import STRENGTH, carrier, decoded


class MarkEngine(Protocol):
    """`name` and `version` tell engines apart in keys and manifests."""

    name: ClassVar[str]
    version: ClassVar[str]

    def load(self) -> None:
        """Once per worker: warm what it needs."""
        ...

    def mark(self, frames: np.ndarray, payload: int) -> np.ndarray:
        """`frames`, uint8 RGB (n, height, width, 3), with the 48-bit id: the same shape."""
        ...

    def soft_bits(self, frames: np.ndarray) -> np.ndarray:
        """How surely each bit of the word is 1 (above zero) or 0: float (trials, 127)."""
        ...


@dataclass(frozen=True)
class Reading:
    """What an engine's soft bits say; see `detector.Detection`."""

    payload: int | None
    errors_corrected: int | None
    matched_z: float | None
    soft_bits: np.ndarray


def read_with(engine: MarkEngine, frames: np.ndarray, expected: int | None = None) -> Reading:
    """Read frames by an engine, blind; `soft_bits` are for `matching.match`."""
    soft = engine.soft_bits(frames)
    found = next(filter(None, map(decoded, soft)), None)
    matched = None if expected is None else float(matched_z(soft, [expected]).max())
    payload, errors = found or (None, None)
    return Reading(payload, errors, matched, soft)


@dataclass(kw_only=True)
class SpreadSpectrum:
    """The embedded engine. The compositor adds the same pattern in its own graph, which is cheaper;
    here it is for whoever has frames."""

    name: ClassVar[str] = "spread-spectrum"
    version: ClassVar[str] = "1"
    secret: str = field(repr=False, metadata={"place": True})
    strength: float = STRENGTH

    def load(self) -> None:
        """See `MarkEngine.load`."""

    def mark(self, frames: np.ndarray, payload: int) -> np.ndarray:
        """See `MarkEngine.mark`."""
        height_px, width_px = frames.shape[1:3]
        pattern = carrier(
            payload, secret=self.secret, width_px=width_px, height_px=height_px,
            strength=self.strength,
        )  # fmt: skip
        step = pattern.astype(np.int16)[..., None] - 128
        return np.stack([(frame + step).clip(0, 255).astype(np.uint8) for frame in frames])

    def soft_bits(self, frames: np.ndarray) -> np.ndarray:
        """See `MarkEngine.soft_bits`."""
        luma = np.array([0.2126, 0.7152, 0.0722], np.float32)
        grey = (frame.astype(np.float32) @ luma for frame in frames)
        return detect((one.round().astype(np.uint8) for one in grey), secret=self.secret).soft_bits
