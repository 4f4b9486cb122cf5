"""Encoders: every codec's file, rates that hold for any picture, gradients without bands."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from schemas.encoding import Encoding
from schemas.layout import FORMATS
from stages.composite import encoders
from stages.composite.encoders import SOFTWARE, at_least, chosen_encoder, video_options
from stages.composite.graph import FILE_OPTIONS
from stages.inspect.container import read_container
from stages.shared.ffmpeg import decode_frames, run_ffmpeg
from stages.shared.frames import encode_frames
from stages.shared.nvenc import nvenc_fault
from stages.shared.watermark import carrier, detect

W, H, FPS = 360, 640, 24
FORM = dataclasses.replace(FORMATS["9x16"], width_px=W, height_px=H)
ENCODINGS = {
    "h264": Encoding(),
    "hevc": Encoding(codec="hevc", preset="ultrafast", crf=24),
    "av1": Encoding(codec="av1", preset="12", crf=32),
}
MARK = 0xA1B2C3D4E5F6


def _raw(path: Path, frames: list[np.ndarray]) -> list[str]:
    """Frames as a file of raw luma over neutral chroma, and ffmpeg's arguments to read it."""
    grey = np.full(W * H // 2, 128, np.uint8).tobytes()
    path.write_bytes(b"".join(frame.tobytes() + grey for frame in frames))
    tags = ["-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709"]
    size = ["-s", f"{W}x{H}", "-r", str(FPS)]
    return [
        "-f",
        "rawvideo",
        "-pix_fmt",
        "yuv420p",
        *tags,
        "-color_range",
        "tv",
        *size,
        "-i",
        str(path),
    ]


def _encode(source: list[str], encoding: Encoding, target: Path) -> Path:
    options = {**video_options(FORM, encoding, SOFTWARE[encoding.codec]), **FILE_OPTIONS}
    coding = [text for key, value in options.items() for text in (f"-{key}", str(value))]
    run_ffmpeg([*source, "-an", *coding, str(target)])
    return target


@pytest.fixture(scope="module")
def marked(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Two and a half seconds of soft shapes in motion, with a watermark."""
    random = np.random.default_rng(4)
    wide = cv2.GaussianBlur(random.uniform(0, 255, (H, W + 60)).astype(np.float32), (0, 0), 24)
    wide = 60 + 140 * (wide - wide.min()) / np.ptp(wide)
    mark = carrier(MARK, secret="codecs", width_px=W, height_px=H).astype(np.float32) - 128
    frames = [
        np.rint(wide[:, k : k + W] + mark + random.normal(0, 0.4, (H, W))).astype(np.uint8)
        for k in range(60)
    ]
    return _raw(tmp_path_factory.mktemp("marked") / "marked.yuv", frames)


@pytest.mark.parametrize("codec", list(ENCODINGS))
def test_each_codec_is_written_as_players_take_it(
    tmp_path: Path, marked: list[str], codec: str
) -> None:
    """Would catch HEVC that Apple does not play (hev1), open groups, colours without tags, a text
    about the encoder in the file, bytes that change, and a watermark that a codec wipes out.
    """
    path = _encode(marked, ENCODINGS[codec], tmp_path / "once.mp4")
    again = _encode(marked, ENCODINGS[codec], tmp_path / "again.mp4")
    digests = {hashlib.sha256(one.read_bytes()).hexdigest() for one in (path, again)}
    assert len(digests) == 1
    found = read_container(path)
    entry = {"h264": "avc1", "hevc": "hvc1", "av1": "av01"}[codec]
    assert (found.video_codec, found.sample_entry, found.pixel_format) == (codec, entry, "yuv420p")
    assert found.colour == (1, 1, 1, 1) and found.constant_rate and found.faststart
    assert found.closed_groups and found.longest_group_s <= 2.0 and found.duration_s == 2.5
    said = path.read_bytes()
    assert not [
        word for word in (b"Lavf", b"x264 - core", b"x265 (build", b"SVT-AV1") if word in said
    ]
    grey = decode_frames(path, W, H, pixels="gray", fps=6)
    matched = detect(grey, secret="codecs", expected=MARK).matched_z
    assert matched is not None and matched > 4.0, "in so small a frame"


def test_no_picture_is_over_the_limit(tmp_path: Path) -> None:
    """Would catch a quality without a bound: noise that makes a file of ten times the size that
    a platform takes.
    """
    random = np.random.default_rng(5)
    noise = [random.integers(16, 236, (H, W)).astype(np.uint8) for _ in range(60)]
    source = _raw(tmp_path / "noise.yuv", noise)
    free = read_container(_encode(source, Encoding(most_kbps=100_000), tmp_path / "free.mp4"))
    bound = read_container(_encode(source, Encoding(most_kbps=2000), tmp_path / "bound.mp4"))
    assert free.video_kbps > 15_000
    assert bound.peak_kbps <= 2000 * 2 * 1.03, "a second's bits and one buffer"
    assert bound.video_kbps <= 2000 * (2.5 + 1.0) / 2.5 * 1.03


def test_a_still_grey_picture_is_not_under_the_limit(tmp_path: Path) -> None:
    """Would catch a file that television refuses because a calm picture needed too few bits."""
    source = _raw(tmp_path / "grey.yuv", [np.full((H, W), 120, np.uint8)] * 60)
    calm = read_container(_encode(source, Encoding(least_kbps=600), tmp_path / "calm.mp4"))
    assert calm.video_kbps < 100
    instead = at_least(Encoding(least_kbps=600), calm.file_bytes, 2.5)
    assert instead is not None and instead.constant_kbps == 660
    filled = read_container(_encode(source, instead, tmp_path / "filled.mp4"))
    assert 600 <= filled.video_kbps <= 760
    assert at_least(Encoding(least_kbps=600), 10**6, 2.5) is None
    assert at_least(instead, calm.file_bytes, 2.5) is None, "never twice"


def test_the_card_is_asked_by_encoding(monkeypatch: pytest.MonkeyPatch) -> None:
    """Would catch a card that is there but has no encoder, found out only by a failed spot."""
    fault = nvenc_fault("h264")
    name, why = chosen_encoder(Encoding(encoder="auto"))
    assert name == ("h264_nvenc" if fault is None else "libx264") and why
    if fault is not None:
        assert fault in why
        with pytest.raises(RuntimeError, match=r"does not work on this machine.*auto"):
            chosen_encoder(Encoding(encoder="nvenc"))
    monkeypatch.setattr(encoders, "nvenc_fault", lambda codec: None)
    assert chosen_encoder(Encoding(codec="hevc", encoder="auto"))[0] == "hevc_nvenc"
    assert chosen_encoder(Encoding(codec="hevc"))[0] == "libx265", "software unless asked for"


def test_a_gradient_has_no_bands(tmp_path: Path) -> None:
    """Would catch a ground that breaks into stripes: two encodes (mezzanine and master) of a ramp
    of 24 levels over the frame, drawn with dither as the camera stage draws, under the mark.
    """
    ramp = np.linspace(150, 174, H)[:, None] * np.ones((1, W))
    random = np.random.default_rng(6)
    dither = random.uniform(-0.5, 0.5, (H, W))  # fixed, as the camera stage's
    drawn = np.rint(ramp + dither).astype(np.uint8)
    grey = np.full((H // 2, W), 128, np.uint8)
    clip = tmp_path / "clip.mp4"
    planes = np.concatenate([drawn, grey])
    encode_frames([planes] * 30, clip, width_px=W, height_px=H, fps=FPS, pixels="yuv420p")
    mark = carrier(MARK, secret="codecs", width_px=W, height_px=H).astype(int) - 128
    decoded = list(decode_frames(clip, W, H, pixels="gray"))
    master = _encode(
        _raw(tmp_path / "m.yuv", [np.clip(f + mark, 0, 255).astype(np.uint8) for f in decoded]),
        Encoding(), tmp_path / "master.mp4",
    )  # fmt: skip
    steps = _band_steps(next(iter(decode_frames(master, W, H, pixels="gray", start_s=0.5))))
    banded = _band_steps(np.rint(ramp).astype(np.uint8))
    assert banded > 0.9, "the measure finds bands where they are"
    assert steps < 0.35


def _band_steps(picture: np.ndarray) -> float:
    """Share of the ramp's rise that comes in single steps: rows whose mean over the width jumps by
    half a level or more against the row above. 1 is a flight of stairs, 0 a ramp."""
    rows = picture[8:-8].astype(np.float64).mean(axis=1)
    jumps = np.abs(np.diff(rows))
    return float(jumps[jumps >= 0.5].sum() / np.ptp(rows))


def test_players_are_offered_the_text_and_not_shown_it(tmp_path: Path, marked: list[str]) -> None:
    """Would catch captions that are shown twice, a language that is not told, and words that are
    not those of the file beside it.
    """
    from stages.composite.graph import Beside, _file
    from stages.composite.languages import iso_639_2
    from stages.composite.text_track import hide_text

    cues, sound, picture = (tmp_path / name for name in ("c.vtt", "s.wav", "p.mp4"))
    cues.write_text(
        "WEBVTT\n\n00:00:00.500 --> 00:00:01.250\nGrüße & <more>\n".replace("<more>", "more")
    )
    run_ffmpeg(["-f", "lavfi", "-i", "sine=d=2.5:r=48000", str(sound)])
    _encode(marked, Encoding(), picture)
    import ffmpeg  # type: ignore[import-untyped]

    beside = Beside(sound, cues, iso_639_2("de-AT"))
    target = tmp_path / "with.mp4"
    node: Any = _file(ffmpeg.input(str(picture)).video, beside, {"c:v": "copy"}, Encoding(), target)
    run_ffmpeg(ffmpeg.get_args(node))
    hide_text(target)
    assert read_container(target).text_languages == ("deu",)
    content = target.read_bytes()
    flags = [content[at + 7] for at in _all(content, b"tkhd")]
    assert flags == [3, 3, 2], "picture and sound are on, the text is not"
    with av.open(str(target)) as file:
        said = [p for p in file.demux(file.streams.subtitles[0]) if p.size > 2]
    assert [bytes(p)[2:].decode() for p in said] == ["Grüße & more"]
    assert float(said[0].pts * said[0].time_base) == pytest.approx(0.5)
    assert iso_639_2("xx") == "und" and iso_639_2(None) == "und"


def _all(content: bytes, word: bytes) -> list[int]:
    found, at = [], content.find(word)
    while at >= 0:
        found.append(at)
        at = content.find(word, at + 1)
    return found
