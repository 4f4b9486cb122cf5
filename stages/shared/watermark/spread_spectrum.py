"""Watermark: 48 bits spread as a faint, fixed pattern over the luma of a whole video.

Spread spectrum (Cox et al., "Secure spread spectrum watermarking for multimedia", 1997) on a grid
of 270 x 480 points that is stretched over any frame: each point carries one of the 127 bits of a
BCH word, multiplied by a chip of a pseudo-noise sequence that only the secret gives. A second
sequence, the same for all payloads, tells where the grid lies. Both are band-passed: codecs drop
finer detail, and the eye sees coarser. The pattern is the same in every frame, so that a mean over
frames brings it out whatever the cuts, the codec and the frame rate.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache

import cv2
import numpy as np

from stages.shared.watermark import bch

GRID_WIDTH, GRID_HEIGHT = 270, 480
"""Points of the grid. Frames are reduced to this size before they are read."""

PAYLOAD_BITS, CHECK_BITS = 48, 16
"""The id, and the checksum that fills the rest of the BCH code's 64-bit message."""

STRENGTH = 0.8
"""RMS of the pattern in 8-bit luma steps, where all of it is put in."""

LEAST_GAIN = 0.6
"""Part of it that goes onto plain grounds: more than half a luma step is seen there, as mottle, by
who looks closely."""

_PLAIN, _ROUGH = 0.8, 4.0  # local spread of luma on the grid, in 8-bit steps

SYNC_SHARE = 0.25
"""Part of the pattern's power that goes into the synchronisation sequence."""

_BAND = (0.10, 0.26)  # cycles per grid point: waves 4 to 10 points long


@dataclass(frozen=True)
class Key:
    """The two sequences of a secret, on the grid."""

    sync: np.ndarray  # (480, 270) of -1 and 1
    chips: np.ndarray  # (480, 270) of -1 and 1
    owner: np.ndarray  # (480, 270): which bit a point carries
    template: np.ndarray  # spectrum of the band-passed sync sequence, conjugated


@lru_cache(maxsize=4)
def key_of(secret: str) -> Key:
    """The sequences of a secret; the same on every machine."""
    digest = hashlib.sha256(b"spotmill watermark 1\0" + secret.encode()).digest()
    # Philox's raw output never changes between numpy versions, unlike that of `Generator`.
    stream = np.random.Philox(key=int.from_bytes(digest[:16], "big"))
    shape, size = (GRID_HEIGHT, GRID_WIDTH), GRID_WIDTH * GRID_HEIGHT
    sync = np.where(stream.random_raw(size) & 1, 1, -1).reshape(shape).astype(np.float32)
    chips = np.where(stream.random_raw(size) & 1, 1, -1).reshape(shape).astype(np.float32)
    owner = np.argsort(stream.random_raw(size), kind="stable").reshape(shape) % bch.LENGTH
    return Key(sync, chips, owner, np.conj(np.fft.rfft2(band_passed(sync))))


@cache
def _band() -> np.ndarray:
    down = np.fft.fftfreq(GRID_HEIGHT)[:, None]
    across = np.fft.rfftfreq(GRID_WIDTH)[None, :]
    radius, (low, high) = np.hypot(down, across), _BAND
    return ((1 - np.exp(-((radius / low) ** 4))) * np.exp(-((radius / high) ** 8))).astype("f4")


def band_passed(picture: np.ndarray) -> np.ndarray:
    """A picture of the grid, (480, 270), without waves finer or coarser than the mark's."""
    return np.fft.irfft2(np.fft.rfft2(picture) * _band(), s=picture.shape).astype(np.float32)


def crc16(payload: int) -> int:
    """CRC-16/CCITT-FALSE of the payload's six bytes."""
    crc = 0xFFFF
    for byte in payload.to_bytes(PAYLOAD_BITS // 8, "big"):
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


def word_bits(payload: int) -> np.ndarray:
    """The 127 bits (0 or 1) that stand for a payload."""
    word = bch.encode(payload << CHECK_BITS | crc16(payload))
    return np.array([word >> i & 1 for i in range(bch.LENGTH)], np.uint8)


def carrier(
    payload: int, *, secret: str, width_px: int, height_px: int, strength: float = STRENGTH,
    gain: np.ndarray | None = None,
) -> np.ndarray:  # fmt: skip
    """The mark as uint8 (height_px, width_px); 128 changes nothing, 129 makes luma one lighter.

    To be added to every frame's luma: out = in + carrier - 128 (ffmpeg's blend "grainmerge").
    `strength` is the RMS in 8-bit steps, 0.4 (weak) to 1.5 (visible on flat grey). Steps below one
    are kept by ordered dither (interleaved gradient noise, Jimenez, SIGGRAPH 2014), whose fine
    grain the encoder smooths away. `gain`, float (480, 270), is how much of it goes where, as
    `perceptual_gain` says; everywhere all if left out. Raises `ValueError` for a payload over 48
    bits.
    """
    if not 0 <= payload < 1 << PAYLOAD_BITS:
        raise ValueError(f"payload {payload} does not fit into {PAYLOAD_BITS} bits")
    key = key_of(secret)
    signs = word_bits(payload).astype(np.float32) * 2 - 1
    data = key.chips * signs[key.owner]
    mark = band_passed(np.sqrt(1 - SYNC_SHARE) * data + np.sqrt(SYNC_SHARE) * key.sync)
    wide = cv2.resize(mark, (width_px, height_px), interpolation=cv2.INTER_CUBIC)
    wide = wide * np.float32(strength / wide.std())
    if gain is not None:
        wide *= cv2.resize(gain.astype(np.float32), (width_px, height_px))
    return (np.floor(wide + _grain(width_px, height_px)) + 128).clip(125, 131).astype(np.uint8)


def perceptual_gain(frames: Iterable[np.ndarray]) -> np.ndarray:
    """How much of the mark the eye lets pass where: float32 (480, 270), from `LEAST_GAIN` on plain
    grounds to 1 in texture, which hides it and which it must be read through.

    `frames` are grey, uint8, any size: one of each shot is enough, for what stands still counts.
    Noise is seen by its contrast to what lies around it (masking: Legge and Foley, "Contrast
    masking in human vision", 1980). All ones where there are no frames.
    """
    rough = []
    for frame in frames:
        grey = cv2.resize(frame, (GRID_WIDTH, GRID_HEIGHT), interpolation=cv2.INTER_AREA)
        fine = grey.astype(np.float32)
        fine -= cv2.GaussianBlur(fine, (0, 0), 2.0)
        rough.append(np.sqrt(cv2.GaussianBlur(fine * fine, (0, 0), 4.0)))
    if not rough:
        return np.ones((GRID_HEIGHT, GRID_WIDTH), np.float32)
    share = np.clip((np.mean(rough, axis=0) - _PLAIN) / (_ROUGH - _PLAIN), 0.0, 1.0)
    return np.asarray(LEAST_GAIN + (1 - LEAST_GAIN) * share, np.float32)


@lru_cache(maxsize=4)
def _grain(width_px: int, height_px: int) -> np.ndarray:
    """Thresholds 0 to 1 of the ordered dither, float64 (height_px, width_px)."""
    y, x = np.mgrid[0:height_px, 0:width_px]
    return (52.9829189 * ((0.06711056 * x + 0.00583715 * y) % 1.0)) % 1.0


def decoded(soft_bits: np.ndarray) -> tuple[int, int] | None:
    """(payload, bits put right) of 127 soft bits, or None where no intact word is near."""
    found = bch.decode(sum(1 << i for i in range(bch.LENGTH) if soft_bits[i] > 0))
    if found is None or crc16(found[0] >> CHECK_BITS) != found[0] & 0xFFFF:
        return None
    return found[0] >> CHECK_BITS, found[1]
