"""Reading with the ledger's help: which of the ids that were issued fits best, and how surely.

127 soft bits are correlated with the code words of all candidates. Of a video that does not carry
an id, the fit of its word is standard normal; so the best of N wrong ones at K places exceeds T
with a chance of at most N K Q(T), and T is chosen for the false matches that are accepted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import comb

import numpy as np
from scipy import stats  # type: ignore[import-untyped]

from stages.shared.watermark import bch
from stages.shared.watermark.spread_spectrum import CHECK_BITS, word_bits

FALSE_MATCHES = 1e-6
"""Accepted chance that something without a mark is taken for one of the ids that were issued."""

_AT_ONCE = 1 << 17
"""Ids that are matched at once: 20 MB."""


@dataclass(frozen=True)
class Match:
    """The best of `candidates` ids. `p_value` is the chance that some wrong one fits as well."""

    id: int
    z: float
    threshold: float
    p_value: float
    candidates: int

    @property
    def sure(self) -> bool:
        """Whether the fit is beyond what wrong ids reach."""
        return self.z >= self.threshold


def match(
    soft_bits: np.ndarray, ids: np.ndarray, *, false_matches: float = FALSE_MATCHES
) -> Match | None:
    """The id that fits best; None where there are none.

    `soft_bits`, shape (127,) or (trials, 127), are a detection's; `ids`, uint64 (n,), those that
    were issued (narrow them by date: fewer need less). Ten million take some 5 s on one core.
    """
    if len(ids) == 0:
        return None
    trials = np.atleast_2d(soft_bits)
    best, at = -np.inf, 0
    for start in range(0, len(ids), _AT_ONCE):
        fits = matched_z(trials, ids[start : start + _AT_ONCE]).max(axis=0)
        top = int(fits.argmax())
        if fits[top] > best:
            best, at = float(fits[top]), start + top
    asked = len(ids) * len(trials)
    chance = min(1.0, asked * float(stats.norm.sf(best)))
    return Match(int(ids[at]), best, threshold(asked, false_matches), chance, len(ids))


def threshold(asked: int, false_matches: float = FALSE_MATCHES) -> float:
    """Standard deviations that the best of `asked` (ids times places) must reach: 7.8 for ten
    million ids at four places. More than 11.27 cannot be had."""
    return float(stats.norm.isf(false_matches / max(1, asked)))


def matched_z(soft_bits: np.ndarray, payloads: Sequence[int] | np.ndarray) -> np.ndarray:
    """How well each payload fits, shape (n,) or (trials, n), in standard deviations of a payload
    that was not put in; sqrt(127) = 11.3 at most."""
    ids = np.asarray(payloads, np.uint64)
    pieces = ids.astype("<u8").view("<u2").reshape(-1, 4)
    words = _words_of_pieces()
    sent = words[0][pieces[:, 0]] ^ words[1][pieces[:, 1]] ^ words[2][pieces[:, 2]]
    parts = np.ascontiguousarray(sent).view("<u2").reshape(-1, _PARTS).astype(np.intp)
    soft = np.atleast_2d(soft_bits).astype(np.float64)
    soft = soft / np.maximum(np.linalg.norm(soft, axis=1, keepdims=True), 1e-12)
    fits = np.zeros((len(soft), len(ids)), np.float32)
    for row, own in zip(fits, soft, strict=True):
        tables = _fit_tables(own)
        for n in range(_PARTS):
            row += tables[n][parts[:, n]]
    return fits if np.ndim(soft_bits) > 1 else fits[0]


def blind_chance(errors: int, trials: int) -> float:
    """That one of `trials` words of 127 random bits lies within `errors` bits of a code word whose
    checksum is right."""
    within = sum(comb(bch.LENGTH, wrong) for wrong in range(errors + 1))
    return trials * within * 2.0 ** (bch.MESSAGE_BITS - bch.LENGTH - CHECK_BITS)


_PARTS = 8  # of 16 bits, in a word of 128


@cache
def _words_of_pieces() -> np.ndarray:
    """What each value of each 16 bits of an id puts into its word; checksum and code are affine, so
    the word is the exclusive or of three: uint64 (3, 65536, 2), packed, lowest bit first."""
    zero = word_bits(0)
    found = np.zeros((3, 1 << 16, 2), np.uint64)
    for piece in range(3):
        known = found[piece]
        known[0] = _packed(zero) if piece == 0 else 0
        for bit in range(16):
            flips = _packed(word_bits(1 << (16 * piece + bit)) ^ zero)
            known[1 << bit : 2 << bit] = known[: 1 << bit] ^ flips
    return found


def _packed(bits: np.ndarray) -> np.ndarray:
    padded = np.pad(bits, (0, 16 * _PARTS - bch.LENGTH))
    return np.packbits(padded, bitorder="little").view("<u8").astype(np.uint64)


def _fit_tables(soft: np.ndarray) -> np.ndarray:
    """What each value of each 16 bits of a word adds to its fit: float32 (8, 65536)."""
    weights = np.pad(soft, (0, 16 * _PARTS - bch.LENGTH)).reshape(2 * _PARTS, 8)
    values = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1, bitorder="little")
    of_bytes = weights @ (2.0 * values.T - 1)  # (16, 256)
    low, high = of_bytes[0::2], of_bytes[1::2]
    return (high[:, :, None] + low[:, None, :]).reshape(_PARTS, -1).astype(np.float32)
