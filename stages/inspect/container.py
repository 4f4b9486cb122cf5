"""What a platform reads of an MP4 before it plays it: sizes, rates, lengths and the box order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import av


@dataclass(frozen=True)
class Container:
    """Facts of a file. `codecs` are of video and sound, `audio_s` is 0.0 where there is none."""

    duration_s: float
    fps: float
    width_px: int
    height_px: int
    bit_rate_kbps: float
    video_codec: str
    pixel_format: str
    audio_codec: str
    audio_s: float
    audio_rate_hz: int
    audio_channels: int
    faststart: bool
    file_bytes: int = 0
    video_kbps: float = 0.0
    """Of the pictures alone."""
    peak_kbps: float = 0.0
    """Of the pictures, in the second that has most."""
    colour: tuple[int, int, int, int] = (2, 2, 2, 0)
    """Primaries, transfer, matrix (ITU-T H.273: 1 is BT.709, 2 not said); range, 1 limited."""
    constant_rate: bool = False
    """Every frame stands as long as every other."""
    longest_group_s: float = 0.0
    """Between keyframes, from which alone a player can begin."""
    closed_groups: bool = False
    """No picture behind a keyframe is shown before it."""
    sample_entry: str = ""
    text_languages: tuple[str, ...] = ()
    """Of the text tracks, in three letters."""


def read_container(path: Path) -> Container:
    """Open the file and read its headers. Raises `av.error.FFmpegError` or, without video,
    `ValueError`."""
    with av.open(str(path), format="mp4") as file:
        if not file.streams.video:
            raise ValueError(f"{path.name} has no video")
        video = file.streams.video[0]
        sound = file.streams.audio[0] if file.streams.audio else None
        duration_s = float((video.duration or 0) * (video.time_base or 0))
        codec = video.codec_context
        pictures = _pictures(file, video)
        video_bytes = sum(picture.size for picture in pictures)
        return Container(
            duration_s=duration_s,
            fps=float(video.average_rate or 0),
            width_px=video.width,
            height_px=video.height,
            bit_rate_kbps=path.stat().st_size * 8 / 1000 / max(duration_s, 1e-3),
            video_codec=codec.codec.canonical_name,  # AV1 by whichever decoder
            pixel_format=video.codec_context.pix_fmt or "",
            audio_codec=sound.codec_context.name if sound else "",
            audio_s=float((sound.duration or 0) * (sound.time_base or 0)) if sound else 0.0,
            audio_rate_hz=sound.codec_context.sample_rate if sound else 0,
            audio_channels=sound.codec_context.channels if sound else 0,
            faststart=_index_first(path),
            file_bytes=path.stat().st_size,
            video_kbps=video_bytes * 8 / 1000 / max(duration_s, 1e-3),
            peak_kbps=_peak_kbps(pictures),
            colour=(
                codec.color_primaries,
                codec.color_trc,
                codec.colorspace,
                codec.color_range,
            ),
            constant_rate=_constant(pictures, float(video.average_rate or 0)),
            longest_group_s=_longest_group_s(pictures, duration_s),
            closed_groups=_closed(pictures),
            sample_entry=codec.codec_tag,
            text_languages=tuple(text.language or "und" for text in file.streams.subtitles),
        )


@dataclass(frozen=True)
class _Picture:
    """One coded picture, in the order of the file."""

    time_s: float
    size: int
    is_key: bool


def _pictures(file: Any, video: Any) -> list[_Picture]:
    step = float(video.time_base or 0)
    return [
        _Picture(packet.pts * step, packet.size, packet.is_keyframe)
        for packet in file.demux(video)
        if packet.pts is not None and packet.size
    ]


def _peak_kbps(pictures: Sequence[_Picture]) -> float:
    ordered = sorted(pictures, key=lambda picture: picture.time_s)
    most = total = first = 0
    for picture in ordered:
        total += picture.size
        while picture.time_s - ordered[first].time_s >= 1.0 - 1e-6:
            total -= ordered[first].size
            first += 1
        most = max(most, total)
    return most * 8 / 1000


def _constant(pictures: Sequence[_Picture], fps: float) -> bool:
    times = sorted(picture.time_s for picture in pictures)
    steps = [after - before for before, after in pairwise(times)]
    return bool(steps) and fps > 0 and max(abs(step - 1 / fps) for step in steps) < 2e-4


def _longest_group_s(pictures: Sequence[_Picture], duration_s: float) -> float:
    keys = [picture.time_s for picture in pictures if picture.is_key]
    return max((b - a for a, b in pairwise([*keys, duration_s])), default=duration_s)


def _closed(pictures: Sequence[_Picture]) -> bool:
    key_s = 0.0
    for picture in pictures:
        key_s = picture.time_s if picture.is_key else key_s
        if picture.time_s < key_s - 1e-6:
            return False
    return bool(pictures) and pictures[0].is_key


def _index_first(path: Path) -> bool:
    """Whether the index ("moov") lies before the media ("mdat"), so that playing starts at once."""
    with path.open("rb") as file:
        while len(head := file.read(8)) == 8:
            size, kind = int.from_bytes(head[:4], "big"), head[4:]
            if kind in (b"moov", b"mdat"):
                return kind == b"moov"
            if size == 1:
                size = int.from_bytes(file.read(8), "big") - 8
            if size < 8:
                return False
            file.seek(size - 8, 1)
    return False
