"""Watermark of the sound: the video's 48 bits as faint changes of loudness in narrow bands.

Time is cut into cells of four STFT frames (43 ms) and 1.1 to 6.75 kHz into 40 bands. In each cell a
band is made a little louder in the first half and as much softer in the second, or the other way
round, by the sign of a bit of the BCH word times a chip that only the secret gives; so what the
sound itself does cancels. A quarter of the cells carry a fixed sequence, by which the reader finds
where the pattern lies; it repeats every 4.1 s. Silence times any gain is silence. (Patchwork in the
log-magnitude STFT: Bender et al., "Techniques for data hiding", 1996, in time instead of space.)
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from stages.shared.watermark import bch
from stages.shared.watermark.spread_spectrum import PAYLOAD_BITS, word_bits

RATE_HZ = 48_000
WINDOW, HOP = 2048, 512
BANDS, BAND_BINS, FIRST_BIN = 40, 6, 47
CELL_FRAMES, CELLS = 4, 96
PERIOD = CELL_FRAMES * CELLS
"""Frames after which the pattern begins anew: 4.1 s."""

STRENGTH_DB = 1.5
"""How much louder and softer bands get. Larger is read from worse copies, and heard sooner:
at 1.5 DNSMOS falls by 0.01 to 0.03, at 1.8 by 0.05 at the most (four mixes)."""

_SYNC_SHARE = 0.25


@dataclass(frozen=True)
class SoundKey:
    """`chips`, (40, 96), of -1 and 1; `owner`, (40, 96): the bit that a cell carries, 127 for the
    cells of the sync sequence."""

    chips: np.ndarray
    owner: np.ndarray


@lru_cache(maxsize=4)
def sound_key(secret: str) -> SoundKey:
    """The pattern of a secret; the same on every machine, for Philox's raw output never changes."""
    digest = hashlib.sha256(b"spotmill audio watermark 1\0" + secret.encode()).digest()
    stream = np.random.Philox(key=int.from_bytes(digest[:16], "big"))
    size = BANDS * CELLS
    chips = np.where(stream.random_raw(size) & 1, 1, -1).reshape(BANDS, CELLS).astype(np.float32)
    order = np.argsort(stream.random_raw(size), kind="stable")
    owner = np.full(size, bch.LENGTH)
    carrying = order[round(_SYNC_SHARE * size) :]
    owner[carrying] = np.arange(len(carrying)) % bch.LENGTH
    return SoundKey(chips, owner.reshape(BANDS, CELLS))


def mark_sound(
    sound: np.ndarray, payload: int, *, secret: str, strength_db: float = STRENGTH_DB
) -> np.ndarray:
    """`sound`, float32 (samples, channels) at 48 kHz, with the mark: float32 of the same shape.

    Raises `ValueError` for a payload over 48 bits.
    """
    if not 0 <= payload < 1 << PAYLOAD_BITS:
        raise ValueError(f"payload {payload} does not fit into {PAYLOAD_BITS} bits")
    key = sound_key(secret)
    signs = np.append(word_bits(payload).astype(np.float32) * 2 - 1, np.float32(1))
    cells = key.chips * signs[key.owner]
    halves = np.array([1, 1, -1, -1], np.float32)
    pattern = (cells[:, :, None] * halves).reshape(BANDS, PERIOD)  # bands x frames
    gain = 10 ** (strength_db * pattern / 20) - 1
    marked = sound.astype(np.float32, copy=True)
    for channel in range(sound.shape[1]):
        marked[:, channel] += _changed(sound[:, channel], gain)
    return marked


def _changed(wave: np.ndarray, gain: np.ndarray) -> np.ndarray:
    """What the gains add to a wave: only the bands that are changed go through the STFT."""
    window = np.hanning(WINDOW + 1)[:-1].astype(np.float32)
    padded = np.pad(wave.astype(np.float32), (WINDOW // 2, WINDOW))
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP]
    added = np.zeros_like(padded)
    whole = window / np.float32(1.5)  # four overlapping squares of the window sum to 1.5
    for start in range(0, len(frames), 256):
        part = np.fft.rfft(frames[start : start + 256] * window, axis=1)
        numbers = np.arange(start, start + len(part)) % PERIOD
        change = np.zeros_like(part)
        used = slice(FIRST_BIN, FIRST_BIN + BANDS * BAND_BINS)
        change[:, used] = part[:, used] * np.repeat(gain[:, numbers], BAND_BINS, axis=0).T
        waves = np.fft.irfft(change, axis=1).astype(np.float32) * whole
        for row, frame in enumerate(waves):
            at = (start + row) * HOP
            added[at : at + WINDOW] += frame
    return added[WINDOW // 2 : WINDOW // 2 + len(wave)]
