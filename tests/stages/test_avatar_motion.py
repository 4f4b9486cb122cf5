"""Mouth shapes over time, blinks and head: the curves that drive a presenter rig."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from stages.avatar.bust import NOD_MAX, TURN_MAX
from stages.avatar.motion import ACCENT_GAP_S, accents, plan_motion
from stages.avatar.visemes import viseme_weights
from stages.shared.lip_sync import VISEMES

FPS = 24
FRAMES_S = np.arange(360) / FPS


def said(text: str, start_s: float = 0.2, stressed: str = "") -> list[dict[str, Any]]:
    """PHONEME structs from "symbol:milliseconds" pairs."""
    phonemes, time_s = [], start_s
    for part in text.split():
        symbol, length_ms = part.split(":")
        end_s = time_s + int(length_ms) / 1000
        stress = int(symbol in stressed.split())
        phonemes.append({"symbol": symbol, "stress": stress, "start_s": time_s, "end_s": end_s})
        time_s = end_s
    return phonemes


def sentence(start_s: float, end_s: float) -> dict[str, Any]:
    """A SENTENCE struct, as far as motion reads it."""
    return {"text": "", "start_s": start_s, "end_s": end_s}


class TestVisemes:
    """`viseme_weights`."""

    @pytest.mark.parametrize("lips", ["P", "B", "M"])
    @pytest.mark.parametrize("phase_ms", [0, 10, 21, 31])
    def test_lips_meet_in_some_frame_of_every_closure(self, lips: str, phase_ms: int) -> None:
        """Would catch an M that falls between two frames and is never seen to close."""
        phonemes = said(f"AA:130 {lips}:55 AA:130", 0.3 + phase_ms / 1000, "AA")
        shape = viseme_weights(phonemes, FRAMES_S)
        middle = (phonemes[1]["start_s"] + phonemes[1]["end_s"]) / 2
        near = np.abs(FRAMES_S - middle) <= 0.5 / FPS + 1e-9
        assert shape[near, VISEMES.index("PP")].max() > 0.93

    def test_no_more_than_two_shapes_at_once(self) -> None:
        """Would catch a blend of three pictures, which blurs the lips."""
        phonemes = said(
            "S:90 T:40 R:50 AO:120 N:50 G:60 IH:60 S:80 T:50 M:60 AY:160", stressed="AO"
        )
        weights = viseme_weights(phonemes, np.arange(0, 1.5, 0.002))
        assert (weights > 1e-6).sum(axis=1).max() <= 2
        assert np.allclose(weights.sum(axis=1), 1.0, atol=1e-5)

    def test_the_mouth_never_jumps(self) -> None:
        """Would catch a partner shape that is exchanged at a weight above 0."""
        phonemes = said(
            "S:90 T:40 R:50 AO:120 N:50 G:60 IH:60 S:80 T:50 M:60 AY:160", stressed="AO"
        )
        fine = viseme_weights(phonemes, np.arange(0, 1.5, 0.0002))
        assert np.abs(np.diff(fine, axis=0)).max() < 0.1

    def test_a_pause_closes_the_mouth(self) -> None:
        """Would catch a presenter who listens with her mouth open."""
        phonemes = said("AA:150 SIL:600 AA:150", stressed="AA")
        middle = np.array([phonemes[1]["start_s"] + 0.3])
        assert viseme_weights(phonemes, middle)[0, 0] > 0.95
        assert viseme_weights([], np.array([1.0]))[0, 0] > 0.99

    def test_a_schwa_opens_less_than_a_stressed_vowel(self) -> None:
        """Would catch every "the" and "a" said like "ah"."""
        loud, weak = (
            viseme_weights(said("D:50 AH:90 B:60", stressed=s), FRAMES_S)[:, VISEMES.index("aa")]
            for s in ("AH", "")
        )
        assert loud.max() > 0.5 and weak.max() == 0.0

    def test_a_diphthong_moves_from_shape_to_shape(self) -> None:
        """Would catch "oh" that never rounds off."""
        weights = viseme_weights(said("OW:240", stressed="OW"), np.arange(0, 0.7, 0.005))
        first, then = (weights[:, VISEMES.index(v)].argmax() for v in ("O", "U"))
        assert 10 < then - first < 40


class TestMotion:
    """`plan_motion`."""

    phonemes = said(
        "S:90 L:60 OW:170 M:65 AO:150 N:55 IH:60 NG:60 Z:70 SIL:300 "
        "B:60 EH:160 T:50 ER:90 M:60 AH:150 G:60",
        0.3,
        "OW AO EH AH",
    )
    sentences = (sentence(0.3, 1.08), sentence(1.38, 2.01))

    @pytest.mark.parametrize("seed", range(6))
    def test_blinks_are_two_to_five_seconds_apart_and_drawn_in_steps(self, seed: int) -> None:
        """Would catch eyes that never close, flutter, or shut within one frame."""
        lids = plan_motion(self.phonemes, self.sentences, FRAMES_S, seed).lids
        shut = np.flatnonzero((lids[1:-1] >= lids[:-2]) & (lids[1:-1] > lids[2:])) + 1
        shut = [i for i in shut if lids[i] > 0.5]
        gaps_s = np.diff(shut) / FPS
        assert 2 <= len(shut) <= 7 and gaps_s.min() > 1.4 and gaps_s.max() < 5.6
        for i in shut:
            assert lids[i] > 0.9
            if 4 <= i < 352:
                assert ((lids[i - 4 : i + 8] > 0.02) & (lids[i - 4 : i + 8] < 0.9)).sum() >= 3

    def test_any_part_moves_as_the_whole(self) -> None:
        """Would catch a head that stands elsewhere when only some shots show it."""
        whole = plan_motion(self.phonemes, self.sentences, FRAMES_S, 3)
        part = plan_motion(self.phonemes, self.sentences, FRAMES_S[100:150], 3)
        assert np.array_equal(whole.turn[100:150], part.turn)
        assert np.array_equal(whole.lids[100:150], part.lids)

    def test_the_head_nods_on_stress(self) -> None:
        """Would catch motion that has nothing to do with what is said."""
        marked = accents(self.phonemes, self.sentences)
        assert marked and np.diff([t for t, _ in marked]).min() >= ACCENT_GAP_S
        rise = []
        for seed in range(8):
            nod = plan_motion(self.phonemes, self.sentences, FRAMES_S, seed).nod
            for time_s, _ in marked:
                i = round(time_s * FPS)
                rise.append(nod[i : i + 6].max() - nod[i - 3])
        assert np.mean(rise) > 0.08

    @pytest.mark.parametrize("seed", range(4))
    def test_it_stays_small_and_smooth(self, seed: int) -> None:
        """Would catch a jerk between two frames, and postures in which the warp would tear."""
        motion = plan_motion(self.phonemes, self.sentences, FRAMES_S, seed)
        assert np.abs(np.diff(motion.nod)).max() < 0.13
        assert np.abs(np.diff(motion.turn)).max() < 0.08
        assert np.abs(motion.turn).max() < TURN_MAX * 1.3
        assert np.abs(motion.nod).max() < NOD_MAX * 1.3
        assert np.abs(motion.tilt_deg).max() < 2.2
        assert np.abs(motion.sway_px).max() < 6

    def test_she_is_alive_in_silence(self) -> None:
        """Would catch a presenter who freezes when she does not speak."""
        motion = plan_motion([], [], FRAMES_S, 1)
        assert motion.turn.std() > 0.01 and motion.breath_px.std() > 0.3 and motion.lids.max() > 0.9
