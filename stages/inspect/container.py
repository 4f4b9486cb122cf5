"""What a platform reads of an MP4 before it plays it: sizes, rates, lengths and the box order."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

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


def read_container(path: Path) -> Container:
    """Open the file and read its headers. Raises `av.error.FFmpegError` or, without video,
    `ValueError`."""
    with av.open(str(path), format="mp4") as file:
        if not file.streams.video:
            raise ValueError(f"{path.name} has no video")
        video = file.streams.video[0]
        sound = file.streams.audio[0] if file.streams.audio else None
        duration_s = float((video.duration or 0) * (video.time_base or 0))
        return Container(
            duration_s=duration_s,
            fps=float(video.average_rate or 0),
            width_px=video.width,
            height_px=video.height,
            bit_rate_kbps=path.stat().st_size * 8 / 1000 / max(duration_s, 1e-3),
            video_codec=video.codec_context.name,
            pixel_format=video.codec_context.pix_fmt or "",
            audio_codec=sound.codec_context.name if sound else "",
            audio_s=float((sound.duration or 0) * (sound.time_base or 0)) if sound else 0.0,
            audio_rate_hz=sound.codec_context.sample_rate if sound else 0,
            audio_channels=sound.codec_context.channels if sound else 0,
            faststart=_index_first(path),
        )


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
