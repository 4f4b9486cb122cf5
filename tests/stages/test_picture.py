"""Pictures as arrays, and frames to a mezzanine: colours, trimming, palette, encoding."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from stages.base import Reject
from stages.shared.ffmpeg import decode_frames, run_ffmpeg
from stages.shared.frames import encode_frames
from stages.shared.motion import jitter_rms_px
from stages.shared.nvenc import nvenc_works
from stages.shared.picture import (
    lab_to_rgb,
    palette,
    parse_colour,
    read_picture,
    rgb_to_lab,
    rgb_to_ycc,
    trim,
    write_png,
)


def test_png_keeps_channel_order_and_alpha(tmp_path: Path) -> None:
    """Catches red and blue swapped between reading and writing."""
    picture = np.zeros((4, 6, 4), np.uint8)
    picture[..., 0], picture[..., 3] = 200, 90
    write_png(tmp_path / "a.png", picture)
    assert np.array_equal(read_picture(tmp_path / "a.png", alpha=True), picture)
    assert np.array_equal(read_picture(tmp_path / "a.png"), picture[..., :3])


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_grey_and_deep_pictures_are_read(tmp_path: Path, depth: type) -> None:
    """Catches grey or 16-bit feed pictures that crash, or come out nearly black."""
    white: np.ndarray = np.full((5, 5), np.iinfo(depth).max, depth)
    cv2.imwrite(str(tmp_path / "w.png"), white)
    assert read_picture(tmp_path / "w.png", alpha=True).min() == 255
    assert read_picture(tmp_path / "w.png").shape == (5, 5, 3)


def test_broken_pictures_are_rejected(tmp_path: Path) -> None:
    """Catches a crash, counted as a bug of ours, for a file that is no picture."""
    (tmp_path / "x.png").write_bytes(b"\x89PNG not really")
    with pytest.raises(Reject, match=r"x\.png"):
        read_picture(tmp_path / "x.png")
    (tmp_path / "empty.png").write_bytes(b"")
    with pytest.raises(Reject):
        read_picture(tmp_path / "empty.png")


def test_colour_text() -> None:
    """Catches channels in the wrong place, and nonsense taken for a colour."""
    assert parse_colour("#102030") == (16, 32, 48)
    for wrong in ("#12345", "teal", "#12345g", ""):
        with pytest.raises(ValueError, match="rrggbb"):
            parse_colour(wrong)


def test_lab_round_trip() -> None:
    """Catches a scale error between 0..255, 0..1 and L*a*b*."""
    colours = np.random.default_rng(1).integers(0, 256, (16, 16, 3), np.uint8)
    # OpenCV goes to L*a*b* through a table: up to 1.2 levels off.
    assert np.abs(lab_to_rgb(rgb_to_lab(colours)) * 255 - colours).max() < 1.5


def test_ycc_matches_the_standard() -> None:
    """Catches BT.601 weights: known values of BT.709 bars (red, green, blue, white)."""
    bars = np.array([[(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)]], np.uint8)
    wanted = [(63, 102, 240), (173, 42, 26), (32, 240, 118), (235, 128, 128)]
    assert np.abs(rgb_to_ycc(bars)[0] - np.array(wanted)).max() < 1.0


def test_trim_cuts_to_the_visible() -> None:
    """Catches an off-by-one that shaves the product's edge, and an empty cut-out taken for one."""
    picture = np.zeros((40, 60, 4), np.uint8)
    picture[10:20, 30:45, 3] = 255
    cut = trim(picture, pad_px=0)
    assert (cut.x0_px, cut.y0_px, cut.picture.shape) == (30, 10, (10, 15, 4))
    assert cut.picture[..., 3].min() == 255
    with pytest.raises(Reject, match="empty_cutout"):
        trim(np.zeros((4, 4, 4), np.uint8))


def test_palette_ranks_by_area_and_ignores_the_transparent() -> None:
    """Catches a palette led by colours that nobody sees."""
    picture = np.zeros((100, 100, 4), np.uint8)
    picture[..., :3] = (0, 255, 0)
    picture[:60, :, :] = (200, 30, 30, 255)
    picture[60:80, :, :] = (30, 30, 200, 255)
    swatches = palette(picture, 3)
    first, second = swatches[0], swatches[1]
    assert first.lab[1] > 40 and first.share > 0.6
    assert second.lab[2] < -40
    assert sum(s.share for s in swatches) == pytest.approx(1)
    assert all(s.lab[1] > -30 for s in swatches), "green shows, though it is transparent"


def _bars(width: int, height: int) -> np.ndarray:
    colours = [(200, 40, 40), (40, 160, 60), (40, 60, 190), (128, 128, 128)]
    frame = np.zeros((height, width, 3), np.uint8)
    for index, colour in enumerate(colours):
        frame[:, index * width // 4 : (index + 1) * width // 4] = colour
    return frame


@pytest.mark.parametrize("pixels", ["rgb24", "yuv420p"])
def test_encoded_colours_are_bt709_in_fact_and_in_name(tmp_path: Path, pixels: str) -> None:
    """Catches a BT.601 matrix under BT.709 tags: reds and greens are off by up to 20 levels."""
    frame = _bars(128, 64)
    if pixels == "yuv420p":
        ycc = np.rint(rgb_to_ycc(frame)).astype(np.uint8)
        halves = [cv2.resize(ycc[..., i], (64, 32), interpolation=cv2.INTER_AREA) for i in (1, 2)]
        sent = np.concatenate([ycc[..., 0].ravel(), *(h.ravel() for h in halves)]).reshape(96, 128)
    else:
        sent = frame
    path = tmp_path / "c.mp4"
    encode_frames([sent] * 6, path, width_px=128, height_px=64, fps=24, pixels=pixels)  # type: ignore[arg-type]
    back = list(decode_frames(path, 128, 64))
    for index in range(4):
        patch = back[3][16:48, index * 32 + 8 : index * 32 + 24].reshape(-1, 3).mean(axis=0)
        assert np.abs(patch - frame[32, index * 32 + 16]).max() < 4, (index, patch)
    said = run_ffmpeg(["-i", str(path), "-f", "null", "-"])
    assert "yuv420p(tv, bt709" in said


def test_every_frame_arrives_once_in_order(tmp_path: Path) -> None:
    """Catches a frame dropped or doubled on the way through the encoder."""
    frames = [np.full((64, 64, 3), 20 + 3 * i, np.uint8) for i in range(61)]
    path = tmp_path / "n.mp4"
    assert encode_frames(iter(frames), path, width_px=64, height_px=64, fps=24) == 61
    means = [float(frame.mean()) for frame in decode_frames(path, 64, 64)]
    assert len(means) == 61
    assert np.abs(np.array(means) - [20 + 3 * i for i in range(61)]).max() < 2.5


def test_errors_of_the_frames_reach_the_caller(tmp_path: Path) -> None:
    """Catches a clip cut short in silence where drawing failed, and a frame of another size."""

    def broken() -> object:
        yield np.zeros((64, 64, 3), np.uint8)
        raise RuntimeError("the set fell over")

    with pytest.raises(RuntimeError, match="fell over"):
        encode_frames(broken(), tmp_path / "a.mp4", width_px=64, height_px=64, fps=24)  # type: ignore[arg-type]
    small = [np.zeros((32, 64, 3), np.uint8)]
    with pytest.raises(ValueError, match="frame 0"):
        encode_frames(small, tmp_path / "b.mp4", width_px=64, height_px=64, fps=24)


def _moving(whole_pixels: bool) -> list[np.ndarray]:
    noise = np.random.default_rng(4).random((500, 500)).astype(np.float32) * 255
    texture = cv2.GaussianBlur(noise, (0, 0), 2.0)
    frames = []
    for index in range(24):
        x, y = 0.37 * index + 0.01 * index**2, 0.21 * index
        if whole_pixels:
            x, y = round(x), round(y)
        shift = np.array([[1, 0, -60 - x], [0, 1, -60 - y]], np.float32)
        frames.append(cv2.warpAffine(texture, shift, (320, 320), flags=cv2.INTER_CUBIC))
    return frames


def test_jitter_measure_tells_smooth_from_stepping() -> None:
    """Catches a measure that passes whole-pixel stepping, or fails smooth motion."""
    assert jitter_rms_px(_moving(whole_pixels=False)) < 0.05
    assert jitter_rms_px(_moving(whole_pixels=True)) > 0.25


@pytest.mark.gpu
def test_a_card_that_encodes_gives_the_same_picture(tmp_path: Path) -> None:
    """Catches another colour matrix or range on machines whose card encodes."""
    if not nvenc_works():
        pytest.skip("no card here encodes H.264")
    tones = np.linspace(20, 235, 128, dtype=np.uint8)
    sent = np.stack([np.tile(tones, (64, 1)), np.full((64, 128), 90, np.uint8),
                     np.tile(tones[::-1], (64, 1))], axis=2)  # fmt: skip
    shown = []
    for nvenc in (False, True):
        path = tmp_path / f"{nvenc}.mp4"
        encode_frames([sent] * 6, path, width_px=128, height_px=64, fps=24, nvenc=nvenc)
        shown.append(np.stack(list(decode_frames(path, 128, 64))).astype(int))
    assert shown[0].shape == shown[1].shape and np.abs(shown[0] - shown[1]).mean() < 2
