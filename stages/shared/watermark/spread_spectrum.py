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
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import cv2
import numpy as np

from stages.shared.watermark import bch

GRID_WIDTH, GRID_HEIGHT = 270, 480
"""Points of the grid. Frames are reduced to this size before they are read."""

PAYLOAD_BITS = 48
"""A 16-bit checksum fills the rest of the BCH code's 64-bit message."""

STRENGTH = 0.5
"""RMS of the pattern in 8-bit luma steps. 0.5 is 52 dB PSNR and survives a 480p crf 28 copy."""

SYNC_SHARE = 0.25
"""Part of the pattern's power that goes into the synchronisation sequence."""

SYNC_Z = 7.0
"""Sync peak from which bits are read: the highest of a million positions by chance is about 5."""

_BAND = (0.10, 0.26)  # cycles per grid point: waves 4 to 10 points long
_SCALES = tuple(np.arange(1.0, 0.7749, -0.004))  # a frame cropped to 78 % is the most searched for


@dataclass(frozen=True)
class Detection:
    """What was read from a video.

    `payload` is None where no intact word was found, and `errors_corrected` then too. `sync_z` and
    `matched_z` (of the expected payload; None if none was expected) are in standard deviations of
    an unmarked video. `scale` is the part of the frame's width that a crop left. `soft_bits`,
    shape (127,), are the correlations with each bit, for `matched_z` over a list of payloads.
    """

    payload: int | None
    errors_corrected: int | None
    sync_z: float
    matched_z: float | None
    scale: float
    soft_bits: np.ndarray


@dataclass(frozen=True)
class _Key:
    sync: np.ndarray  # (480, 270) of -1 and 1
    chips: np.ndarray  # (480, 270) of -1 and 1
    owner: np.ndarray  # (480, 270): which bit a point carries
    template: np.ndarray  # spectrum of the band-passed sync sequence, conjugated


@lru_cache(maxsize=4)
def _key(secret: str) -> _Key:
    digest = hashlib.sha256(b"spotmill watermark 1\0" + secret.encode()).digest()
    # Philox's raw output never changes between numpy versions, unlike that of `Generator`.
    stream = np.random.Philox(key=int.from_bytes(digest[:16], "big"))
    shape, size = (GRID_HEIGHT, GRID_WIDTH), GRID_WIDTH * GRID_HEIGHT
    sync = np.where(stream.random_raw(size) & 1, 1, -1).reshape(shape).astype(np.float32)
    chips = np.where(stream.random_raw(size) & 1, 1, -1).reshape(shape).astype(np.float32)
    owner = np.argsort(stream.random_raw(size), kind="stable").reshape(shape) % bch.LENGTH
    return _Key(sync, chips, owner, np.conj(np.fft.rfft2(_band_passed(sync))))


@cache
def _band() -> np.ndarray:
    down = np.fft.fftfreq(GRID_HEIGHT)[:, None]
    across = np.fft.rfftfreq(GRID_WIDTH)[None, :]
    radius, (low, high) = np.hypot(down, across), _BAND
    return ((1 - np.exp(-((radius / low) ** 4))) * np.exp(-((radius / high) ** 8))).astype("f4")


def _band_passed(picture: np.ndarray) -> np.ndarray:
    return np.fft.irfft2(np.fft.rfft2(picture) * _band(), s=picture.shape).astype(np.float32)


def _crc16(payload: int) -> int:
    """CRC-16/CCITT-FALSE of the payload's six bytes."""
    crc = 0xFFFF
    for byte in payload.to_bytes(PAYLOAD_BITS // 8, "big"):
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


def _word_bits(payload: int) -> np.ndarray:
    """The 127 bits (0 or 1) that stand for a payload."""
    word = bch.encode(payload << 16 | _crc16(payload))
    return np.array([word >> i & 1 for i in range(bch.LENGTH)], np.uint8)


def carrier(
    payload: int, *, secret: str, width_px: int, height_px: int, strength: float = STRENGTH
) -> np.ndarray:
    """The mark as uint8 (height_px, width_px); 128 changes nothing, 129 makes luma one lighter.

    To be added to every frame's luma: out = in + carrier - 128 (ffmpeg's blend "grainmerge").
    `strength` is the RMS in 8-bit steps, 0.4 (weak) to 1.5 (visible on flat grey). Steps below one
    are kept by ordered dither (interleaved gradient noise, Jimenez, SIGGRAPH 2014), whose fine
    grain the encoder smooths away. Raises `ValueError` for a payload over 48 bits.
    """
    if not 0 <= payload < 1 << PAYLOAD_BITS:
        raise ValueError(f"payload {payload} does not fit into {PAYLOAD_BITS} bits")
    key = _key(secret)
    signs = _word_bits(payload).astype(np.float32) * 2 - 1
    data = key.chips * signs[key.owner]
    mark = _band_passed(np.sqrt(1 - SYNC_SHARE) * data + np.sqrt(SYNC_SHARE) * key.sync)
    wide = cv2.resize(mark, (width_px, height_px), interpolation=cv2.INTER_CUBIC)
    wide = wide * np.float32(strength / wide.std())
    return (np.floor(wide + _grain(width_px, height_px)) + 128).clip(125, 131).astype(np.uint8)


@lru_cache(maxsize=4)
def _grain(width_px: int, height_px: int) -> np.ndarray:
    """Thresholds 0 to 1 of the ordered dither, float64 (height_px, width_px)."""
    y, x = np.mgrid[0:height_px, 0:width_px]
    return (52.9829189 * ((0.06711056 * x + 0.00583715 * y) % 1.0)) % 1.0


def detect(frames: Iterable[np.ndarray], *, secret: str, expected: int | None = None) -> Detection:
    """Read the mark from grey frames (uint8, any one size; 5 per second of video are enough).

    The chance that an unmarked video gives a payload is below 1e-8: the BCH code (2.5e-5 of random
    words are within 10 bits of a code word) and the checksum (1.5e-5) must agree, and so must the
    sync peak where the frame was cropped. Raises `ValueError` when there are no frames.
    """
    residual = _mean_residual(frames)
    z, placed = _synchronised(residual, secret)
    scale, soft = 1.0, _soft_bits(residual if z < SYNC_Z else placed, secret)
    payload, errors = _decoded(soft)
    if payload is None and z < SYNC_Z:
        best_z, best = _best_scale(residual, secret)
        if best_z >= SYNC_Z:
            z, scale = best_z, best
            soft = _soft_bits(_synchronised(_shrunk(residual, scale), secret)[1], secret)
            payload, errors = _decoded(soft)
    matched = None if expected is None else float(matched_z(soft, [expected])[0])
    return Detection(payload, errors, float(z), matched, float(scale), soft)


def matched_z(soft_bits: np.ndarray, payloads: Sequence[int]) -> np.ndarray:
    """How well each payload fits, shape (n,), in standard deviations of a payload that was not
    put in; 11.3 at most. For N candidates demand z with N * Q(z) < 1e-6: 7.8 for ten million.
    """
    zero = _word_bits(0)  # checksum and code are affine over GF(2): each payload bit flips a set
    flips = np.stack([_word_bits(1 << i) ^ zero for i in range(PAYLOAD_BITS)]).astype(np.float32)
    bits = (np.array(payloads, np.uint64)[:, None] >> np.arange(PAYLOAD_BITS, dtype=np.uint64)) & 1
    words = (bits.astype(np.float32) @ flips + zero) % 2
    return (words * 2 - 1) @ soft_bits / (np.linalg.norm(soft_bits) or 1.0)


def _mean_residual(frames: Iterable[np.ndarray]) -> np.ndarray:
    """Mean over frames of what is fine in them, in units of its local spread, so that no textured
    place and no bright frame outweighs the others."""
    total, count = np.zeros((GRID_HEIGHT, GRID_WIDTH), np.float32), 0
    for frame in frames:
        grey = frame
        if frame.shape != total.shape:
            grey = cv2.resize(frame, (GRID_WIDTH, GRID_HEIGHT), interpolation=cv2.INTER_AREA)
        grey = grey.astype(np.float32)
        fine = grey - cv2.GaussianBlur(grey, (0, 0), 2.0)
        spread = np.sqrt(cv2.GaussianBlur(fine * fine, (0, 0), 3.0)) + 0.7
        total += np.clip(fine / spread, -2.5, 2.5)
        count += 1
    if count == 0:
        raise ValueError("no frames to read a watermark from")
    return total / count


def _synchronised(residual: np.ndarray, secret: str) -> tuple[float, np.ndarray]:
    """(height of the sync peak in standard deviations, the residual moved to where it fits)."""
    fit = np.fft.irfft2(np.fft.rfft2(residual) * _key(secret).template, s=residual.shape)
    down, across = np.unravel_index(int(fit.argmax()), fit.shape)
    return float(fit.max() / (fit.std() or 1.0)), np.roll(residual, (-down, -across), (0, 1))


def _best_scale(residual: np.ndarray, secret: str) -> tuple[float, float]:
    """(sync peak, scale) of the best of all scales, in steps of 0.004 and then 0.001."""
    best = max((_synchronised(_shrunk(residual, s), secret)[0], s) for s in _SCALES)
    near = (best[1] + step for step in np.arange(-0.003, 0.0031, 0.001))
    return max((_synchronised(_shrunk(residual, s), secret)[0], s) for s in near)


def _shrunk(residual: np.ndarray, scale: float) -> np.ndarray:
    """The residual scaled down about its top left corner: undoes the enlarging of a crop."""
    to = np.array([[scale, 0, 0], [0, scale, 0]], np.float32)
    return cv2.warpAffine(residual, to, (GRID_WIDTH, GRID_HEIGHT), flags=cv2.INTER_LINEAR)


def _soft_bits(residual: np.ndarray, secret: str) -> np.ndarray:
    key = _key(secret)
    fits = (_band_passed(residual) * key.chips).ravel()
    return np.bincount(key.owner.ravel(), fits, bch.LENGTH)


def _decoded(soft_bits: np.ndarray) -> tuple[int | None, int | None]:
    found = bch.decode(sum(1 << i for i in range(bch.LENGTH) if soft_bits[i] > 0))
    if found is None or _crc16(found[0] >> 16) != found[0] & 0xFFFF:
        return None, None
    return found[0] >> 16, found[1]
