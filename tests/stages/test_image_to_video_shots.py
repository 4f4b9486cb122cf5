"""Planning of shots: cuts between sentences, tiling, lengths."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from stages.image_to_video.shots import PlannedShot, plan_shots

FPS = 24
LIMITS: dict[str, Any] = {
    "length_s": 15.0, "fps": FPS, "min_shot_s": 1.8, "max_shot_s": 6.0,
    "min_end_card_s": 2.4, "max_end_card_s": 3.6,
}  # fmt: skip


def _sentences(*spans: tuple[float, float]) -> list[dict]:
    return [{"text": "x", "start_s": start, "end_s": end} for start, end in spans]


def _plan(*spans: tuple[float, float], seed: int = 1) -> list[PlannedShot]:
    return plan_shots(_sentences(*spans), seed=seed, **LIMITS)


def _random_spans(random: np.random.Generator) -> list[tuple[float, float]]:
    count = int(random.integers(0, 9))
    ends = np.sort(random.uniform(0, 15, 2 * count))
    if random.random() < 0.3:  # no pauses at all
        ends[1:-1:2] = ends[2::2]
    return list(zip(ends[::2].tolist(), ends[1::2].tolist(), strict=True))


@pytest.mark.parametrize("seed", range(300))
def test_any_script_is_tiled_by_good_shots(seed: int) -> None:
    """Catches gaps, overlaps, shots too short or too long, and an end card out of its bounds."""
    spans = _random_spans(np.random.default_rng(seed))
    shots = _plan(*spans, seed=seed)
    assert [shot.index for shot in shots] == list(range(len(shots)))
    assert shots[0].start_frame == 0 and shots[-1].end_frame == 360
    for before, after in pairwise(shots):
        assert before.end_frame == after.start_frame
        assert before.layout != after.layout
    assert [shot.layout for shot in shots].count("end_card") == 1
    assert shots[-1].layout == "end_card" and shots[0].layout == "presented"
    card = shots[-1].end_frame - shots[-1].start_frame
    assert 58 <= card <= 86
    for shot in shots[:-1]:
        assert 43 <= shot.end_frame - shot.start_frame <= 144, spans


def test_cuts_lie_midway_in_pauses() -> None:
    """Catches cuts in the middle of a word."""
    shots = _plan((0.4, 3.5), (4.0, 7.5), (8.0, 11.5), (12.0, 14.5))
    assert [shot.start_frame / FPS for shot in shots] == [0, 3.75, 7.75, 11.75]
    assert [shot.layout for shot in shots] == ["presented", "hero", "presented", "end_card"]


def test_end_card_is_clamped() -> None:
    """Catches an end card of five seconds, or of one, where the last sentence is long or short."""
    late = _plan((0.4, 4.0), (4.4, 8.0), (8.4, 13.4), (13.8, 14.8))
    assert late[-1].start_frame == 360 - 58
    early = _plan((0.4, 5.6), (6.0, 10.0), (10.4, 14.8))
    # The shot before runs on under the last sentence.
    assert [shot.start_frame for shot in early] == [0, 139, 360 - 86]


def test_a_shot_that_would_run_too_long_is_cut_where_the_last_sentence_begins() -> None:
    """Catches a cut in mid sentence where the script offers a pause."""
    assert [shot.start_frame for shot in _plan((0.4, 4.0), (4.4, 8.0), (8.4, 14.8))] == [
        0, 101, 197, 274,
    ]  # fmt: skip


def test_a_very_short_sentence_joins_its_neighbour() -> None:
    """Catches a half-second flash of a shot for "Wow."."""
    shots = _plan((0.3, 3.6), (3.8, 4.4), (4.6, 8.0), (8.2, 11.6), (12.0, 14.6))
    starts = [shot.start_frame / FPS for shot in shots]
    assert len(shots) == 4 and 3.5 < starts[1] < 4.6


@pytest.mark.parametrize("spans", [[], [(0.2, 14.8)]])
def test_no_and_one_sentence(spans: list[tuple[float, float]]) -> None:
    """Catches an eleven-second shot, or a crash, where nothing says where to cut."""
    shots = _plan(*spans)
    assert len(shots) >= 3 and max(s.end_frame - s.start_frame for s in shots) <= 144


def test_neighbouring_shots_move_differently() -> None:
    """Catches a spot that repeats one camera move."""
    for seed in range(8):
        shots = _plan(
            (0.3, 2.4), (2.5, 4.8), (5.0, 7.2), (7.4, 9.6), (9.8, 12.0), (12.2, 14.6), seed=seed
        )
        moves = [shot.move for shot in shots]
        assert len(set(moves[:4])) == 4, moves
