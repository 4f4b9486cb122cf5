"""Lip-sync in numbers: known offsets put into real mouth pictures must be found again."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from stages.avatar.mouth import MouthBlend
from stages.avatar.rig import load_rig
from stages.avatar.visemes import viseme_weights
from stages.shared.lip_sync import VISEMES, expected_openness, lip_offset, mouth_openness

FOLDER = Path(__file__).parents[2] / "examples" / "demo" / "presenter"
FPS = 24
COUNT = 72
SAID = (
    "M AO R N IH NG Z SIL D IH Z ER V AH B EH T ER M AH G SIL IH T K IY P S K AO F IY W AO R M "
    "L AH V Z DH AH D IH SH W AA SH ER"
)


def phonemes(late_s: float = 0.0) -> list[dict[str, Any]]:
    """About three seconds of speech as PHONEME structs."""
    found, time_s = [], 0.1 + late_s
    for i, symbol in enumerate(SAID.split()):
        vowel = symbol[0] in "AEIOU"
        end_s = time_s + (0.2 if symbol == "SIL" else 0.09 if vowel else 0.055)
        stress = int(vowel and i % 2 == 1)
        found.append({"symbol": symbol, "stress": stress, "start_s": time_s, "end_s": end_s})
        time_s = end_s
    return found


@pytest.fixture(scope="module")
def crops() -> np.ndarray:
    """The mouth saying it on time: uint8 RGB (COUNT, h, w, 3)."""
    cv2.setNumThreads(1)
    sprites = load_rig(FOLDER).mouth.sprites
    mouth = MouthBlend(sprites, "sil")
    x0, y0, x1, y1 = mouth.lips_px()
    frames = []
    for weights in viseme_weights(phonemes(), np.arange(COUNT) / FPS):
        a, b = sorted(np.argsort(weights)[-2:])
        picture = mouth.mix(VISEMES[a], VISEMES[b], float(weights[b] / (weights[a] + weights[b])))
        frames.append(np.clip(picture[y0 - 8 : y1 + 8, x0 - 8 : x1 + 9, ::-1], 0, 255))
    return np.array(frames).astype(np.uint8)


def compressed(frames: np.ndarray, crf: int) -> np.ndarray:
    """The frames after H.264 at that quality."""
    frames = frames[:, : frames.shape[1] // 2 * 2, : frames.shape[2] // 2 * 2]
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as out:
        stream = out.add_stream(
            "libx264", rate=FPS, options={"crf": str(crf), "preset": "veryfast"}
        )
        stream.height, stream.width, stream.pix_fmt = frames.shape[1], frames.shape[2], "yuv420p"
        for frame in frames:
            out.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), "rgb24")))
        out.mux(stream.encode())
    file.seek(0)
    with av.open(file) as again:
        return np.stack([f.to_ndarray(format="rgb24") for f in again.decode(video=0)])


class TestOffset:
    """The chain of `expected_openness`, `mouth_openness` and `lip_offset`."""

    @pytest.mark.parametrize("late_ms", [-320, -160, -80, 0, 80, 160, 320])
    @pytest.mark.parametrize("crf", [None, 23, 30])
    def test_an_injected_shift_is_found(
        self, crops: np.ndarray, late_ms: int, crf: int | None
    ) -> None:
        """Would catch an offset of the wrong sign or scale, and one that compression hides."""
        measured = mouth_openness(crops if crf is None else compressed(crops, crf))
        expected = expected_openness(phonemes(-late_ms / 1000), np.arange(COUNT) / FPS)
        offset_ms, r = lip_offset(expected, measured, FPS)
        assert offset_ms == pytest.approx(late_ms, abs=20)
        assert r >= 0.6

    def test_light_and_size_do_not_matter(self, crops: np.ndarray) -> None:
        """Would catch a measure tuned to one exposure or one resolution."""
        dim = np.stack([cv2.resize(f, None, fx=0.6, fy=0.6) for f in crops]) * 0.7
        r = np.corrcoef(mouth_openness(crops), mouth_openness(dim.astype(np.uint8)))[0, 1]
        assert r > 0.95

    def test_another_script_does_not_match(self, crops: np.ndarray) -> None:
        """Would catch a correlation that calls any moving mouth in sync."""
        other = phonemes()[::-1]
        lengths = np.cumsum([0.1] + [p["end_s"] - p["start_s"] for p in other])
        moved = [
            {**p, "start_s": float(a), "end_s": float(b)}
            for p, a, b in zip(other, lengths[:-1], lengths[1:], strict=True)
        ]
        expected = expected_openness(moved, np.arange(COUNT) / FPS)
        assert lip_offset(expected, mouth_openness(crops), FPS)[1] < 0.6


class TestParts:
    """Each function by itself."""

    def test_a_still_mouth_gives_zeros(self, crops: np.ndarray) -> None:
        """Would catch codec noise that is stretched into speech."""
        still = np.repeat(crops[:1], 30, axis=0)
        assert not mouth_openness(still).any()
        assert lip_offset(np.sin(np.arange(30)), mouth_openness(still), FPS) == (0.0, 0.0)

    def test_expected_openness_is_in_range_and_shuts_on_lips(self) -> None:
        """Would catch closures that smoothing fills up."""
        times_s = np.arange(0, 3.5, 0.01)
        expected = expected_openness(phonemes(), times_s)
        assert expected.dtype == np.float32 and expected.min() >= 0 and expected.max() <= 1
        for phoneme in phonemes():
            if phoneme["symbol"] in ("M", "B", "P"):
                middle = (phoneme["start_s"] + phoneme["end_s"]) / 2
                assert np.interp(middle, times_s, expected) < 0.25

    def test_silence_is_shut(self) -> None:
        """Would catch a baseline that counts rest as speech."""
        assert not expected_openness([], np.arange(24) / FPS).any()
        assert len(expected_openness([], np.zeros(0))) == 0

    def test_a_fraction_of_a_frame_is_resolved(self) -> None:
        """Would catch offsets rounded to 42 ms steps."""
        knots = np.random.default_rng(4).random(42)
        curve = np.interp(np.arange(0, 5, 0.001), np.arange(42) * 0.12, knots)
        late = lip_offset(curve[1000:4000:40], curve[985:3985:40], 25.0)
        assert late[0] == pytest.approx(15, abs=6) and late[1] > 0.9

    def test_unequal_lengths_are_refused(self) -> None:
        """Would catch two tracks compared although one lost frames."""
        with pytest.raises(ValueError, match="equal"):
            lip_offset(np.zeros(30), np.zeros(29), FPS)
