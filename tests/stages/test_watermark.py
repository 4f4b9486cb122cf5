"""The watermark: its code, its pattern, and whether it survives real encoders."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from stages.shared.ffmpeg import decode_frames, run_ffmpeg
from stages.shared.frames import encode_frames
from stages.shared.watermark import (
    GRID_HEIGHT,
    GRID_WIDTH,
    carrier,
    detect,
    match,
    matched_z,
    perceptual_gain,
    spread_spectrum,
    threshold,
)
from stages.shared.watermark.bch import decode, encode
from stages.shared.watermark.spread_spectrum import LEAST_GAIN

WIDTH, HEIGHT, FPS = 540, 960, 12
PAYLOAD, SECRET = 0xA1B2C3D4E5F6, "under the rose"


class TestCode:
    """BCH(127, 64)."""

    def test_ten_wrong_bits_are_put_right(self) -> None:
        """Would catch a wrong generator, a wrong locator or a root search that misses a place."""
        dice = random.Random(1)
        for _ in range(150):
            message, errors = dice.getrandbits(64), dice.randint(0, 10)
            word = encode(message)
            for place in dice.sample(range(127), errors):
                word ^= 1 << place
            assert decode(word) == (message, errors)

    def test_more_wrong_bits_are_refused(self) -> None:
        """Would catch a decoder that invents a payload instead of giving up."""
        dice = random.Random(2)
        accepted = 0
        for _ in range(300):
            word = encode(dice.getrandbits(64))
            for place in dice.sample(range(127), dice.randint(11, 20)):
                word ^= 1 << place
            accepted += decode(word) is not None
        assert accepted == 0  # chance: 2.5e-5 for each

    def test_a_message_that_is_too_long_is_refused(self) -> None:
        """Would catch a payload whose upper bits are silently lost."""
        with pytest.raises(ValueError, match="64 bits"):
            encode(1 << 64)


def scene() -> Iterator[np.ndarray]:
    """Three seconds: a soft gradient, a textured thing that moves, a change of light."""
    dice = np.random.default_rng(0)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    wall = 120 + 60 * y / HEIGHT + 10 * np.sin(x / 90)
    thing = 110 + 40 * dice.standard_normal((220, 200)).cumsum(0).cumsum(1) / 60
    for index in range(3 * FPS):
        frame = wall + (12 if index > FPS else 0)
        left = 60 + 5 * index
        frame[300:520, left : left + 200] = thing.clip(0, 255)
        grey = frame.clip(16, 235).astype(np.uint8)
        chroma = np.full((HEIGHT // 2, WIDTH), 128, np.uint8)
        yield np.concatenate([grey, chroma])


def encoded(path: Path, mark: np.ndarray | None) -> Path:
    """The scene as H.264, with or without a mark."""

    def frames() -> Iterator[np.ndarray]:
        for frame in scene():
            if mark is not None:
                luma = frame[:HEIGHT].astype(np.int16) + mark - 128
                frame[:HEIGHT] = luma.clip(0, 255).astype(np.uint8)
            yield frame

    encode_frames(
        frames(), path, width_px=WIDTH, height_px=HEIGHT, fps=FPS, pixels="yuv420p", qp=20,
        preset="veryfast",
    )  # fmt: skip
    return path


def attacked(path: Path, filters: str, crf: int) -> Path:
    """A copy that went through a filter and a lossy encoder."""
    target = path.with_name(f"attacked-{crf}-{len(filters)}.mp4")
    options = ["-c:v", "libx264", "-preset", "veryfast", "-crf", str(crf), "-threads", "1"]
    run_ffmpeg(["-i", str(path), "-vf", filters, *options, str(target)])
    return target


def grey_frames(path: Path) -> Iterator[np.ndarray]:
    """Frames as the reader wants them."""
    return decode_frames(path, GRID_WIDTH, GRID_HEIGHT, fps=6, pixels="gray")


@pytest.fixture(scope="module")
def marked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scene with the mark in it."""
    mark = carrier(PAYLOAD, secret=SECRET, width_px=WIDTH, height_px=HEIGHT)
    return encoded(tmp_path_factory.mktemp("marked") / "marked.mp4", mark)


class TestCarrier:
    """The pattern itself."""

    def test_it_is_faint(self) -> None:
        """Would catch a default strength that can be seen."""
        mark = carrier(PAYLOAD, secret=SECRET, width_px=1080, height_px=1920).astype(float) - 128
        assert 20 * np.log10(255 / np.sqrt((mark**2).mean())) >= 48.5
        assert abs(mark.mean()) < 0.01, "it must not make the picture lighter"
        assert np.abs(mark).max() <= 3

    def test_it_has_the_strength_that_was_asked_for(self) -> None:
        """Would catch a weak pattern lost in rounding: dither keeps steps below one."""
        for strength in (0.3, 1.0):
            kwargs = dict(secret=SECRET, width_px=1080, height_px=1920, strength=strength)
            mark = carrier(PAYLOAD, **kwargs).astype(np.float64) - 128  # type: ignore[arg-type]
            coarse = mark.reshape(480, 4, 270, 4).mean(axis=(1, 3))
            assert coarse.std() == pytest.approx(strength, rel=0.15)

    def test_it_is_fainter_where_it_would_be_seen(self) -> None:
        """Would catch mottle on plain walls, and texture that drowns the mark."""
        dice = np.random.default_rng(4)
        frame = np.full((960, 540), 140, np.uint8)
        frame[480:] = (140 + 40 * dice.standard_normal((480, 540))).clip(0, 255).astype(np.uint8)
        gain = perceptual_gain([frame, frame])
        assert gain.shape == (GRID_HEIGHT, GRID_WIDTH)
        assert gain[:200].max() == pytest.approx(LEAST_GAIN) and gain[280:].min() > 0.95
        kwargs = dict(secret=SECRET, width_px=540, height_px=960, strength=1.0)
        mark = carrier(PAYLOAD, **kwargs, gain=gain).astype(float) - 128  # type: ignore[arg-type]
        plain, rough = (part.reshape(-1, 2, 270, 2).mean(axis=(1, 3)).std()
                        for part in (mark[:400], mark[560:]))  # fmt: skip
        assert plain / rough == pytest.approx(LEAST_GAIN, abs=0.06)
        assert np.array_equal(perceptual_gain([]), np.ones((GRID_HEIGHT, GRID_WIDTH)))

    def test_it_is_the_same_on_every_machine(self) -> None:
        """Would catch a pattern that changes with a library: old spots could not be read."""
        key = spread_spectrum.key_of("fixed")
        parts = key.chips.astype(np.int8), key.sync.astype(np.int8), key.owner.astype(np.uint8)
        found = hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest()
        assert found.startswith("0c678d01e4069b92")
        mark = carrier(1, secret="fixed", width_px=270, height_px=480)
        assert np.array_equal(mark, carrier(1, secret="fixed", width_px=270, height_px=480))

    def test_a_payload_that_is_too_long_is_refused(self) -> None:
        """Would catch an id whose upper bits are silently lost."""
        with pytest.raises(ValueError, match="48 bits"):
            carrier(1 << 48, secret=SECRET, width_px=64, height_px=64)


class TestReading:
    """From real H.264."""

    def test_it_survives_encoding(self, marked: Path) -> None:
        """Would catch a pattern that x264 throws away."""
        read = detect(grey_frames(marked), secret=SECRET, expected=PAYLOAD)
        assert read.payload == PAYLOAD and read.sync_z > 15
        assert read.matched_z is not None and read.matched_z > 10

    @pytest.mark.parametrize(
        ("filters", "crf"),
        [("null", 28), ("scale=480:-2", 26), ("fps=10,eq=contrast=1.1:brightness=0.03", 24)],
    )
    def test_it_survives_what_platforms_do(self, marked: Path, filters: str, crf: int) -> None:
        """Would catch a reader that fails after re-encoding, shrinking, or a change of rate."""
        read = detect(grey_frames(attacked(marked, filters, crf)), secret=SECRET)
        assert read.payload == PAYLOAD

    def test_it_survives_cropping(self, marked: Path) -> None:
        """Would catch a reader that only looks at the place and size it was written at."""
        copy = attacked(marked, f"crop=iw*0.95:ih*0.95:9:20,scale={WIDTH}:{HEIGHT}", 23)
        read = detect(grey_frames(copy), secret=SECRET)
        assert read.payload == PAYLOAD
        assert read.scale == pytest.approx(0.95, abs=0.003)

    @pytest.mark.parametrize(
        ("filters", "mirrored", "degrees"),
        [
            ("hflip", True, 0.0),
            ("rotate=2*PI/180", False, 2.0),
            ("hflip,rotate=-PI/180", True, 1.0),
        ],
    )
    def test_it_is_found_mirrored_and_turned(
        self, marked: Path, filters: str, mirrored: bool, degrees: float
    ) -> None:
        """Would catch copies that are mirrored or tilted to get away with it, and a search that
        turns the wrong way once it has mirrored."""
        read = detect(grey_frames(attacked(marked, filters, 26)), secret=SECRET)
        assert read.payload == PAYLOAD and read.place.mirrored == mirrored
        assert read.place.rotation_deg == pytest.approx(degrees, abs=0.1)

    def test_nothing_is_read_where_there_is_nothing(self, tmp_path: Path) -> None:
        """Would catch a reader that accuses unmarked videos."""
        plain = encoded(tmp_path / "plain.mp4", None)
        read = detect(grey_frames(plain), secret=SECRET, expected=PAYLOAD)
        assert read.payload is None and read.errors_corrected is None
        assert read.sync_z < 7 and abs(read.matched_z or 0.0) < 5

    def test_another_secret_reads_nothing(self, marked: Path) -> None:
        """Would catch a mark that anyone can read, and so imitate."""
        assert detect(grey_frames(marked), secret="another").payload is None

    def test_the_right_one_of_many_fits_best(self, marked: Path) -> None:
        """Would catch a matched filter whose code words differ from the written ones."""
        read = detect(grey_frames(marked), secret=SECRET)
        dice = random.Random(3)
        others = [dice.getrandbits(48) for _ in range(5000)]
        fits = matched_z(read.soft_bits[0], [*others, PAYLOAD])
        assert fits.argmax() == len(others)
        assert fits[-1] > 10 and fits[:-1].max() < 6

    def test_a_copy_too_poor_to_read_is_matched(self, marked: Path) -> None:
        """Would catch a copy that is lost although the ledger knows its id, a match of whatever id
        comes nearest, and a threshold that does not grow with the ids."""
        poor = attacked(marked, "scale=270:-2", 32)
        read = detect(grey_frames(poor), secret=SECRET)
        assert read.payload is None
        ids = np.random.default_rng(5).integers(0, 1 << 48, 300_000, dtype=np.uint64)
        wrong = match(read.soft_bits, ids)
        assert wrong is not None and not wrong.sure and wrong.p_value > 1e-6
        ids[123_456] = PAYLOAD
        found = match(read.soft_bits, ids)
        assert found is not None and found.sure and found.id == PAYLOAD
        assert found.p_value <= 1e-6 and found.candidates == 300_000
        assert match(read.soft_bits, ids[:0]) is None
        few, many = threshold(100), threshold(10_000_000)
        assert few == pytest.approx(5.61, abs=0.01) and many == pytest.approx(7.35, abs=0.01)

    def test_fits_are_those_of_the_words(self) -> None:
        """Would catch tables of code words whose pieces are joined in the wrong order."""
        dice = np.random.default_rng(8)
        ids = dice.integers(0, 1 << 48, 40, dtype=np.uint64)
        soft = dice.normal(size=(3, 127))
        words = np.stack([spread_spectrum.word_bits(int(one)) * 2.0 - 1 for one in ids])
        wanted = soft @ words.T / np.linalg.norm(soft, axis=1, keepdims=True)
        assert matched_z(soft, ids) == pytest.approx(wanted, abs=1e-5)
        assert matched_z(words[7], ids)[7] == pytest.approx(127**0.5)

    def test_no_frames_are_an_error(self) -> None:
        """Would catch an empty video that counts as unmarked."""
        with pytest.raises(ValueError, match="no frames"):
            detect([], secret=SECRET)
