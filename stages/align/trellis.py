"""The best path of known letters through the emissions of a CTC model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np


@dataclass(frozen=True)
class Step:
    """Frames of one token on the path: from `first` up to, not with, `behind`; its mean log
    probability there."""

    first: int
    behind: int
    score: float


def best_path(emissions: np.ndarray, tokens: Sequence[int], blank: int) -> list[Step] | None:
    """Where each of `tokens` is emitted: one `Step` each, in order; None if they do not fit.

    `emissions` are log probabilities (frames, vocabulary), tokens are indices into it. The search
    is Viterbi's over the states of connectionist temporal classification (Graves et al., 2006,
    "Connectionist temporal classification", section 4.1): blanks before, between and behind the
    tokens may take any number of frames, or none, save between two equal tokens, where one must
    lie; with the largest probability of a path in the place of the sum over all. Work and memory
    are frames times tokens: 750 x 250 for a spot, 20 ms.
    """
    count = len(emissions)
    repeats = sum(a == b for a, b in pairwise(tokens))
    if not len(tokens) or count < len(tokens) + repeats:
        return None
    states = np.full(2 * len(tokens) + 1, blank)
    states[1::2] = tokens
    # A token may follow the one before it directly, past the blank, if it is another one.
    skips = np.zeros(len(states), bool)
    skips[3::2] = states[3::2] != states[1:-2:2]
    came = np.zeros((count, len(states)), np.int8)
    score = np.full(len(states), -np.inf)
    score[:2] = emissions[0, states[:2]]
    for frame in range(1, count):
        stay = score
        one = np.r_[-np.inf, score[:-1]]
        two = np.where(skips, np.r_[-np.inf, -np.inf, score[:-2]], -np.inf)
        choices = np.stack([stay, one, two])
        came[frame] = choices.argmax(axis=0)
        score = choices.max(axis=0) + emissions[frame, states]
    state = len(states) - 1 - int(score[-2] > score[-1])
    if not np.isfinite(score[state]):
        return None
    path = np.empty(count, np.int64)
    for frame in range(count - 1, -1, -1):
        path[frame] = state
        state -= int(came[frame, state])
    return [_step(emissions, path, index, token) for index, token in enumerate(tokens)]


def _step(emissions: np.ndarray, path: np.ndarray, index: int, token: int) -> Step:
    frames = np.flatnonzero(path == 2 * index + 1)
    first, behind = int(frames[0]), int(frames[-1]) + 1
    return Step(first, behind, float(emissions[first:behind, token].mean()))
