"""The film gate: films of every kind made plain, and what is refused; then the shots they fill."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from stages.screen.film import BadFilm, Film, open_film
from stages.shared.ffmpeg import decode_frames, ffmpeg_binary
from stages.shared.motion import jitter_rms_px

BARS = "testsrc2=size={size}:rate={rate}:duration={length}"


def _film(path: Path, *options: str, source: str = BARS, **shape: object) -> Path:
    """A test picture of the given size, rate and length (s), encoded as `options` say."""
    given = {"size": "640x480", "rate": 24, "length": 2.5, **shape}
    command = [ffmpeg_binary(), "-y", "-loglevel", "error", "-f", "lavfi"]
    command += ["-i", source.format(**given), *options, str(path)]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return path


X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")


def _hdr(transfer: str) -> tuple[str, ...]:
    """Ten bits in BT.2020's colours, and tags that say so."""
    tags = f"setparams=color_primaries=bt2020:colorspace=bt2020nc:color_trc={transfer}"
    return ("-vf", f"format=yuv420p10le,{tags}", "-c:v", "libx265", "-preset", "ultrafast",
            "-x265-params", "log-level=error")  # fmt: skip


def _odd_size(folder: Path) -> Path:
    odd = ("-vf", "scale=641:483,setsar=1,format=yuv444p", "-c:v", "ffv1")
    return _film(folder / "odd.mkv", *odd)


def _variable_rate(folder: Path) -> Path:
    """Frames 30 a second, of which two seconds lose every other one."""
    drop = ("-vf", "select='not(between(t,0.5,1.5)*mod(n,2))'", "-fps_mode", "vfr")
    return _film(folder / "vfr.mp4", *drop, *X264, rate=30, length=3)


def _turned(folder: Path) -> Path:
    upright = _film(folder / "flat.mp4", *X264, size="640x400")
    target = folder / "turned.mp4"
    turn = ["-display_rotation", "90", "-i", str(upright), "-c", "copy", str(target)]
    subprocess.run([ffmpeg_binary(), "-y", "-loglevel", "error", *turn], check=True)
    return target


def _interlaced(folder: Path) -> Path:
    weave = ("-vf", "interlace=lowpass=off,setfield=tff", *X264, "-flags", "+ilme+ildct")
    return _film(folder / "fields.mp4", *weave, "-x264-params", "tff=1", rate=50)


def _with_sound(folder: Path) -> Path:
    sound = ("-f", "lavfi", "-i", "sine=frequency=440:duration=2.5")
    return _film(folder / "sound.mov", *sound, *X264, "-c:a", "aac")


def _anamorphic(folder: Path) -> Path:
    return _film(folder / "wide.mp4", "-vf", "setsar=2/1", *X264, size="480x480")


def _pq(folder: Path) -> Path:
    return _film(folder / "pq.mp4", *_hdr("smpte2084"), length=2)


def _hlg(folder: Path) -> Path:
    return _film(folder / "hlg.mp4", *_hdr("arib-std-b67"), length=2)


def _wide_colours(folder: Path) -> Path:
    return _film(folder / "wide.mov", *_hdr("bt709"), length=2)


def _slow(folder: Path) -> Path:
    return _film(folder / "slow.mp4", *X264, rate=12)


def _fast(folder: Path) -> Path:
    return _film(folder / "fast.webm", "-c:v", "libvpx-vp9", "-deadline", "realtime",
                 "-cpu-used", "8", rate=60)  # fmt: skip


HANDLED: dict[str, tuple[Callable[[Path], Path], tuple[int, int], str]] = {
    "odd size": (_odd_size, (640, 482), "641 x 483"),
    "variable rate": (_variable_rate, (640, 480), "frames a second"),
    "turned": (_turned, (400, 640), "turned upright"),
    "interlaced": (_interlaced, (640, 480), "deinterlaced"),
    "with sound": (_with_sound, (640, 480), "24 frames a second"),
    "anamorphic": (_anamorphic, (960, 480), "480 x 480"),
    "PQ": (_pq, (640, 480), "HDR (PQ) to BT.709"),
    "HLG": (_hlg, (640, 480), "HDR (HLG) to BT.709"),
    "BT.2020": (_wide_colours, (640, 480), "wide colours to BT.709"),
    "12 a second": (_slow, (640, 480), "mixed to 24"),
    "60 a second": (_fast, (640, 480), "60 frames a second, played at 80%"),
}


@pytest.mark.parametrize("kind", HANDLED)
def test_films_of_every_kind_become_plain(tmp_path: Path, kind: str) -> None:
    """Would catch a film shown lying down, squeezed, combed, washed out or stuttering."""
    make, size, note = HANDLED[kind]
    film = open_film(make(tmp_path), tmp_path / "plain.mp4")
    assert note in ", ".join(film.notes)
    with av.open(str(film.path)) as plain:
        stream = plain.streams.video[0]
        assert ((stream.width, stream.height), len(plain.streams)) == (size, 1)
        times = [frame.time for frame in plain.decode(stream)]
        colours = (frame_colours(film.path),)
    assert len(times) == film.frames >= 36
    steps = np.diff(times)
    assert steps.max() - steps.min() < 0.002, "an uneven rate"
    assert colours == (("yuv420p", 1, 1, 1, 1),)


def frame_colours(path: Path) -> tuple[object, ...]:
    """Pixel format, transfer, primaries, matrix and range (1: limited) of the first frame."""
    with av.open(str(path)) as film:
        frame = next(film.decode(video=0))
        tags = (frame.color_trc, frame.color_primaries, frame.colorspace, frame.color_range)
        return (frame.format.name, *(int(tag) for tag in tags))


def _moving(folder: Path, rate: int) -> Film:
    """Noise that slides by a steady four pixels a frame."""
    noise = np.random.default_rng(4).random((480, 1800)) * 255
    still = cv2.GaussianBlur(noise, (0, 0), 2.5)
    still = np.clip((still - 127) * 4 + 127, 0, 255).astype(np.uint8)
    path = folder / "moving.mp4"
    command = [ffmpeg_binary(), "-y", "-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "gray"]
    command += ["-s", "640x480", "-framerate", str(rate), "-i", "pipe:0", *X264, "-crf", "8"]
    frames = b"".join(still[:, 4 * n : 4 * n + 640].tobytes() for n in range(3 * rate))
    subprocess.run([*command, str(path)], input=frames, check=True)
    return open_film(path, folder / "plain.mp4")


@pytest.mark.parametrize("rate", [25, 30, 60])
def test_motion_stays_steady_whatever_the_rate(tmp_path: Path, rate: int) -> None:
    """Would catch frames dropped or doubled to make 24 a second: a pan that judders."""
    film = _moving(tmp_path, rate)
    frames = list(decode_frames(film.path, 640, 480, pixels="gray"))[2:26]
    assert jitter_rms_px(frames, window_px=320) < 0.1


def test_hdr_white_stays_white(tmp_path: Path) -> None:
    """Would catch a tone map that shows an HDR film's paper white as grey, or clips it away."""
    # PQ's code for 203 cd/m2, the reference white of BT.2408, is 58 % of the range.
    white = "color=c=gray:size=640x480:rate=24:duration=2,format=gbrp16le,"
    white += "lutrgb=r=65535*0.58:g=65535*0.58:b=65535*0.58,"
    white += "zscale=m=bt2020nc:r=tv:p=bt2020:t=smpte2084:pin=bt2020:tin=smpte2084:rin=pc"
    path = _film(tmp_path / "white.mp4", *_hdr("smpte2084"), source=white)
    film = open_film(path, tmp_path / "plain.mp4")
    shown = next(decode_frames(film.path, 64, 48)).mean()
    assert 165 < shown < 252


def _refused(folder: Path, kind: str) -> Path:
    made = folder / "film.mp4"
    if kind == "film_too_small":
        return _film(made, *X264, size="320x240")
    if kind == "film_too_short":
        return _film(made, *X264, length=0.8)
    if kind == "cut off":
        whole = _film(made, *X264).read_bytes()
        made.write_bytes(whole[: len(whole) // 2])
    elif kind == "playlist":
        made.write_text("#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:2,\nfile:///etc/hostname\n")
    elif kind == "a list of files":
        made.write_text("ffconcat version 1.0\nfile /etc/hostname\n")
    elif kind == "sound alone":
        sound = "sine=frequency=440:duration=3"
        return _film(made, "-c:a", "aac", source=sound)
    elif kind == "gif":
        return _film(folder / "film.gif", size="400x400", rate=10)
    else:
        made.write_bytes(b"\0\0\0\x20ftypisom" + np.random.default_rng(1).bytes(5000))
    return made


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("film_too_small", "film_too_small"), ("film_too_short", "film_too_short"),
        ("cut off", "film_broken"), ("playlist", "film_broken"),
        ("a list of files", "film_broken"), ("sound alone", "film_broken"),
        ("gif", "film_broken"), ("noise", "film_broken"),
    ],
)  # fmt: skip
def test_films_that_cannot_be_used(tmp_path: Path, kind: str, code: str) -> None:
    """Would catch a worker that dies of a film, or one that reads other files for it."""
    with pytest.raises(BadFilm) as bad:
        open_film(_refused(tmp_path, kind), tmp_path / "plain.mp4")
    assert bad.value.code == code and str(bad.value).endswith(".")


def test_a_file_that_is_too_heavy_is_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Would catch an hour of 4K that is decoded for a shot of four seconds."""
    monkeypatch.setattr("stages.screen.film.MAX_BYTES", 10_000)
    with pytest.raises(BadFilm, match="bytes, more than"):
        open_film(_film(tmp_path / "a.mp4", *X264), tmp_path / "plain.mp4")
    monkeypatch.setattr("stages.screen.film.MAX_BYTES", 10**9)
    monkeypatch.setattr("stages.screen.film.MAX_LENGTH_S", 2.0)
    with pytest.raises(BadFilm, match="more than 2; cut out"):
        open_film(tmp_path / "a.mp4", tmp_path / "plain.mp4")


def test_the_same_film_gives_the_same_bytes(tmp_path: Path) -> None:
    """Would catch a date or a thread's whim in the file, which makes all later stages run again."""
    given = _film(tmp_path / "a.mp4", *X264)
    one, two = (open_film(given, tmp_path / f"{n}.mp4").path.read_bytes() for n in range(2))
    assert one == two
