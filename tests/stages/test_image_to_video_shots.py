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


def _snapped(
    beats_s: np.ndarray, words: list[dict], *spans: tuple[float, float]
) -> tuple[list[int], list[int]]:
    """Starts of the shots (without the first) before and after."""
    before = [shot.start_frame for shot in _plan(*spans)]
    shots = plan_shots(_sentences(*spans), seed=1, words=words, beats_s=beats_s.tolist(), **LIMITS)
    return before[1:], [shot.start_frame for shot in shots][1:]


def _words(*spans: tuple[float, float]) -> list[dict]:
    """Three words to a sentence with 30 ms between them."""
    found = []
    for start, end in spans:
        third = (end - start) / 3
        found += [
            {"start_s": start + i * third + 0.03 * (i > 0), "end_s": start + (i + 1) * third}
            for i in range(3)
        ]
    return found


SPOKEN = ((0.4, 3.5), (4.0, 7.5), (8.0, 11.5), (12.0, 14.5))


def test_cuts_snap_to_the_beat_in_their_pause() -> None:
    """Would catch cuts that stay beside the beat, or take another than the nearest."""
    beats = np.arange(0.05, 15, 0.4)  # 3.65, 7.65 and 11.65 are nearest; 4.05 is a word's
    before, after = _snapped(beats, _words(*SPOKEN), *SPOKEN)
    assert before == [90, 186, 282]
    assert after == [round(time_s * FPS) for time_s in (3.65, 7.65, 11.65)]


def test_a_pause_is_room_beyond_120_ms_and_a_word_is_none() -> None:
    """Would catch a cut into a word because a beat is there, and one that stays although its long
    pause holds a beat."""
    spans = ((0.4, 3.0), (4.2, 7.7), (7.8, 11.5), (12.0, 14.5))
    beats = np.array([3.1, 7.66, 7.84])  # half a second early; both in words, 90 ms away
    before, after = _snapped(beats, _words(*spans), *spans)
    assert after[0] == round(3.1 * FPS) and after[1:] == before[1:]


@pytest.mark.parametrize("seed", range(200))
def test_snapping_keeps_every_rule(seed: int) -> None:
    """Would catch, on any script and any music: a cut off the frame grid or in a word that it was
    not in, one moved beyond its pause by more than 120 ms, shots that became too short or long."""
    random = np.random.default_rng(seed)
    spans = _random_spans(random)
    beat_s = random.uniform(0.3, 1.2)
    beats = np.arange(random.uniform(0, beat_s), 15, beat_s)
    words = _words(*spans)
    before, after = _snapped(beats, words, *spans)
    assert len(before) == len(after)
    assert 360 - 86 <= after[-1] <= 360 - 58
    for length in np.diff([0, *after]):
        assert 43 <= length <= 144
    for old, new in zip(before, after, strict=True):
        if new == old:
            continue
        assert min(abs(new - round(beat * FPS)) for beat in beats) == 0
        assert not any(w["start_s"] * FPS < new < w["end_s"] * FPS for w in words)
        pauses = [(a[1] * FPS - 0.5, b[0] * FPS + 0.5) for a, b in pairwise(spans)]
        same_pause = any(lo <= old <= hi and lo <= new <= hi for lo, hi in pauses)
        assert same_pause or abs(new - old) <= 0.12 * FPS + 1e-9


def test_without_beats_nothing_moves() -> None:
    """Would catch a plan that changes for spots without music."""
    before, after = _snapped(np.zeros(0), _words(*SPOKEN), *SPOKEN)
    assert before == after
