"""What is done to marked files: what platforms do, and what people who copy do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from stages.shared.ffmpeg import run_ffmpeg

_LOW = "scale=720:-2"
"""Geometry is attacked together with what an upload makes of it: 720p at CRF 28."""


@dataclass(frozen=True)
class Attack:
    """A filter graph and an encode. `seconds` is the excerpt that is kept, None all of it."""

    name: str
    filters: str = "null"
    coding: tuple[str, ...] = ("-crf", "28")
    seconds: float | None = None


def _crop(share: float, left: float, top: float) -> str:
    """Keep `share` of the width and height; `left` and `top` are the place, 0 to 1, of the rest."""
    kept = f"crop=iw*{share}:ih*{share}:iw*{(1 - share) * left:.4f}:ih*{(1 - share) * top:.4f}"
    return f"{kept},{_LOW}"


PICTURE: tuple[Attack, ...] = (
    Attack("x264 CRF 23", coding=("-crf", "23")),
    Attack("x264 CRF 28"),
    Attack("x264 CRF 33", coding=("-crf", "33")),
    Attack("720p CRF 28", _LOW),
    Attack("480p CRF 28", "scale=480:-2"),
    Attack("360p CRF 28", "scale=360:-2"),
    Attack("540p 600 kbit/s", "scale=540:-2", ("-b:v", "600k", "-maxrate", "900k",
                                               "-bufsize", "1200k")),
    Attack("30 to 24 fps", f"fps=24,{_LOW}"),
    Attack("crop 5 %", _crop(0.95, 0.5, 0.5)),
    Attack("crop 5 % off-centre", _crop(0.95, 0.1, 0.8)),
    Attack("crop 10 %", _crop(0.90, 0.5, 0.5)),
    Attack("crop 10 % off-centre", _crop(0.90, 0.9, 0.2)),
    Attack("2 s excerpt", _LOW, seconds=2.0),
    Attack("brightness and contrast", f"eq=brightness=0.08:contrast=1.2:saturation=1.3,{_LOW}"),
    Attack("horizontal flip", f"hflip,{_LOW}"),
    Attack("rotation 2 degrees", f"rotate=2*PI/180,{_LOW}"),
)  # fmt: skip

SOUND: tuple[Attack, ...] = (
    Attack("AAC 128", coding=("aac", "-b:a", "128k")),
    Attack("AAC 64", coding=("aac", "-b:a", "64k")),
    Attack("AAC 32", coding=("aac", "-b:a", "32k")),
    Attack("MP3 64", coding=("libmp3lame", "-b:a", "64k")),
    Attack("16 kHz", "aresample=16000", ("aac", "-b:a", "48k")),
    Attack("8 s excerpt", coding=("aac", "-b:a", "128k"), seconds=8.0),
    Attack("tempo 2 % faster", "atempo=1.02", ("aac", "-b:a", "128k")),
)


def attack_picture(source: Path, attack: Attack, target: Path, start_s: float = 0.0) -> None:
    """The copy. x264's veryfast is what a hurried upload gets."""
    cut = ["-ss", f"{start_s}", "-t", f"{attack.seconds}"] if attack.seconds else []
    coding = ["-c:v", "libx264", "-preset", "veryfast", "-threads", "2", *attack.coding]
    run_ffmpeg([*cut, "-i", str(source), "-an", "-vf", attack.filters, *coding, str(target)])


def attack_sound(source: Path, attack: Attack, target: Path, start_s: float = 0.0) -> None:
    """The copy; `target` is an .mp4, or an .mp3 where the codec is MP3."""
    cut = ["-ss", f"{start_s}", "-t", f"{attack.seconds}"] if attack.seconds else []
    filters = [] if attack.filters == "null" else ["-af", attack.filters]
    codec, *rate = attack.coding
    run_ffmpeg([*cut, "-i", str(source), "-vn", *filters, "-c:a", codec, *rate, str(target)])


def named(attacks: Sequence[Attack]) -> list[str]:
    """Their names, in order."""
    return [attack.name for attack in attacks]
