"""Reading with the ledger's help: which of the ids that were issued fits best, and how surely.

127 soft bits are correlated with the code words of all candidates. Of a video that does not carry
an id, the fit of its word is standard normal; so the best of N wrong ones at K places exceeds T
with a chance of at most N K Q(T), and T is chosen for the false matches that are accepted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb

import numpy as np
from scipy import stats  # type: ignore[import-untyped]

from stages.shared.watermark import bch
from stages.shared.watermark.spread_spectrum import CHECK_BITS, PAYLOAD_BITS, word_bits

FALSE_MATCHES = 1e-6
"""Accepted chance that something without a mark is taken for one of the ids that were issued."""

_AT_ONCE = 1 << 17
"""Ids that are matched in one product: 66 MB of code words."""


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
    were issued (narrow them by date: fewer need less). Ten million take some 10 s on one core, in
    less than 300 MB.
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
    zero, flips = _affine()
    ids = np.asarray(payloads, np.uint64)
    bits = np.unpackbits(ids.astype("<u8").view(np.uint8).reshape(-1, 8), axis=1, bitorder="little")
    words = bits[:, :PAYLOAD_BITS].astype(np.float32) @ flips
    words += zero
    np.mod(words, 2.0, out=words)
    soft = np.atleast_2d(soft_bits).astype(np.float32)
    soft = soft / np.maximum(np.linalg.norm(soft, axis=1, keepdims=True), 1e-12)
    fits = 2 * (soft @ words.T) - soft.sum(axis=1, keepdims=True)
    return fits if np.ndim(soft_bits) > 1 else fits[0]


def blind_chance(errors: int, trials: int) -> float:
    """That one of `trials` words of 127 random bits lies within `errors` bits of a code word whose
    checksum is right."""
    within = sum(comb(bch.LENGTH, wrong) for wrong in range(errors + 1))
    return trials * within * 2.0 ** (bch.MESSAGE_BITS - bch.LENGTH - CHECK_BITS)


def _affine() -> tuple[np.ndarray, np.ndarray]:
    """(the word of id 0, what each bit of an id flips in it): checksum and code are affine."""
    zero = word_bits(0)
    flips = np.stack([word_bits(1 << i) ^ zero for i in range(PAYLOAD_BITS)])
    return zero.astype(np.float32), flips.astype(np.float32)
