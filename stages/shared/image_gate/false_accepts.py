"""How often a stranger's face is taken for one of a list, and a listed person's is found."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

STRANGERS = ((0.40, 4.0e-6), (0.45, 4.2e-5), (0.50, 2.4e-4), (0.55, 1.1e-3), (0.60, 5.5e-3))
"""Share of pairs of two different people whose embeddings lie nearer than that (L2).

Not measured here, for want of faces: worked out from a table of precision and recall that Jack
Grimes published (jackgrimes.net/projects/face_recognition) of these weights on all 81,875,206 pairs
of 12,797 pictures of LFW. Recall times the number of pairs of one person (242,257 in all of LFW,
by the square of the pictures' share 226,600), times (1 - precision) / precision, over the number of
pairs; precision, which has two digits there, is taken at the worse end of its rounding, so that
0.40 is an upper bound. It agrees with the 99.38 % of pairs that dlib's author tells for 0.60.
"""

SAME = ((0.40, 0.29), (0.45, 0.59), (0.50, 0.84), (0.55, 0.96), (0.60, 0.99))
"""Share of pairs of pictures of one person that lie nearer than that: the recall of that table."""

BLOCK, REVIEW = 0.45, 0.60
"""Distances below which a face is taken for a listed one, and for one that a person should look
at: the largest that are used, with short lists. 0.60 is the threshold dlib names."""
MOST_BLOCKED, MOST_HELD = 0.01, 0.05
"""Shares of strangers' faces that default limits may stop: with long lists they are nearer."""


def false_accept_rate(faces: int, threshold: float) -> float:
    """Probability, 0 to 1, that a stranger's face is nearer than `threshold` to one of `faces`.

    1 - (1 - f)^faces, as if the listed faces were independent, with f from `STRANGERS` (its
    logarithm is interpolated; below 0.40 it is that at 0.40, an upper bound). Among people of one
    sex, age and origin it is higher than among those of LFW. Raises `ValueError` above 0.60.
    """
    return -math.expm1(faces * math.log1p(-_strangers(threshold)))


def found_rate(threshold: float) -> float:
    """Probability that another picture of a listed person is nearer than `threshold` to the one
    that is listed; of two listed pictures either may do."""
    return _between(SAME, threshold)


def default_limits(faces: int) -> tuple[float, float]:
    """(below which to block, below which to hold) for a list of so many faces: the largest, to two
    digits, at which no more strangers than `MOST_BLOCKED` and `MOST_HELD` are stopped."""
    block = _largest(faces, MOST_BLOCKED, BLOCK)
    return block, max(block, _largest(faces, MOST_HELD, REVIEW))


def _largest(faces: int, most: float, start: float) -> float:
    steps = [hundredth / 100 for hundredth in range(round(100 * start), 39, -1)]
    return next((t for t in steps if false_accept_rate(faces, t) <= most), 0.40)


def _strangers(threshold: float) -> float:
    if not 0 < threshold <= STRANGERS[-1][0]:
        raise ValueError(f"a distance of {threshold:g} tells nobody apart; take one up to 0.60")
    logarithms = [(at, math.log(share)) for at, share in STRANGERS]
    return math.exp(_between(logarithms, threshold))


def _between(points: Sequence[tuple[float, float]], at: float) -> float:
    if at <= points[0][0]:
        return points[0][1]
    for (x0, y0), (x1, y1) in pairwise(points):
        if at <= x1:
            return y0 + (y1 - y0) * (at - x0) / (x1 - x0)
    return points[-1][1]
