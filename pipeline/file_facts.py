"""File facts: what can be read off a file alone, whoever made it and whatever it is."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from pipeline import storage
from pipeline.guarded import Lost, guarded
from stages.shared.ffmpeg import FfmpegError, decode_audio, decode_frames
from stages.shared.picture_hash import hash_seconds
from stages.shared.watermark import (
    GRID_HEIGHT,
    GRID_WIDTH,
    Detection,
    SoundDetection,
    detect,
    detect_sound,
)
from stages.sign.boxes import XMP, BoxError, oddities, payload, top_level
from stages.sign.trust import Credentials, read_credentials

KINDS = {".mp4": "video/mp4", ".m4v": "video/mp4", ".mov": "video/mp4", ".jpg": "image/jpeg",
         ".jpeg": "image/jpeg", ".png": "image/png"}  # fmt: skip
SOUND_HZ = 48_000
LOOKED_AT_S = 60.0
"""A mark lies in every frame: more of a long film says no more."""
TIME_LIMIT_S = 60.0
_LARGEST_XMP = 1 << 20


@dataclass(frozen=True)
class FileFacts:
    """`kind` is the media type by the file's content, None for what is none of those that are read;
    `unread` says why the file could not be examined. `mark` is None where no secret was given or
    there are no pictures, `sound_mark` where there is no sound. `source_type` is IPTC's word in the
    XMP packet."""

    sha256: str
    kind: str | None
    credentials: Credentials = field(default_factory=lambda: Credentials(state="none"))
    mark: Detection | None = None
    sound_mark: SoundDetection | None = None
    oddities: tuple[str, ...] = ()
    source_type: str | None = None
    unread: str = ""


def examine(
    path: Path, *, anchors_pem: bytes, stamp_anchors_pem: bytes = b"", secret: str | None = None,
    seconds: float = TIME_LIMIT_S,
) -> FileFacts:  # fmt: skip
    """Look at a file in a process of its own, `seconds` long at the most.

    Raises `ValueError` for a name that no kind of file has that is read, `FileNotFoundError`.
    """
    if path.suffix.lower() not in KINDS:
        raise ValueError(f"{path.name}: Content Credentials are read from .mp4, .jpg and .png")
    sha256, kind = storage.sha256_file(path), kind_of(path)
    if kind is None:
        return FileFacts(sha256, None, unread="it is no MP4, JPEG or PNG, whatever its name says")
    look = partial(_look, path, sha256, kind, anchors_pem, stamp_anchors_pem, secret)
    try:
        return guarded(look, seconds=seconds)
    except Lost as error:
        return FileFacts(sha256, kind, unread=str(error))


def kind_of(path: Path) -> str | None:
    """Media type by the first bytes: names are given by anyone."""
    with path.open("rb") as file:
        head = file.read(16)
    if head[4:8] == b"ftyp":
        return "video/mp4"
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    return "image/png" if head.startswith(b"\x89PNG\r\n\x1a\n") else None


def recover(
    path: Path, kind: str, manifest: bytes, anchors_pem: bytes, stamp_anchors_pem: bytes,
    seconds: float = TIME_LIMIT_S,
) -> Credentials | None:  # fmt: skip
    """The credentials that a ledger kept, read with a file that lost its own; None if the reader
    was lost with it."""
    read = partial(
        read_credentials, path, anchors_pem, stamp_anchors_pem, manifest=manifest, mime=kind
    )
    try:
        return guarded(read, seconds=seconds)
    except Lost:
        return None


def picture_hashes(path: Path, seconds: float = TIME_LIMIT_S) -> list[int]:
    """Of a film, one for each second; [] where it has no pictures."""
    try:
        return guarded(partial(hash_seconds, path, timeout_s=seconds), seconds=seconds)
    except (FfmpegError, Lost):
        return []


def _look(
    path: Path, sha256: str, kind: str, anchors_pem: bytes, stamp_anchors_pem: bytes,
    secret: str | None,
) -> FileFacts:  # fmt: skip
    film = kind == "video/mp4"
    return FileFacts(
        sha256=sha256,
        kind=kind,
        credentials=read_credentials(path, anchors_pem, stamp_anchors_pem, mime=kind),
        mark=_mark(path, secret) if film and secret else None,
        sound_mark=_sound_mark(path, secret) if film and secret else None,
        oddities=tuple(oddities(path)) if film else (),
        source_type=_source_type(path) if film else None,
    )


def _mark(path: Path, secret: str) -> Detection | None:
    try:
        frames = decode_frames(
            path, GRID_WIDTH, GRID_HEIGHT, fps=5, pixels="gray", length_s=LOOKED_AT_S
        )
        return detect(frames, secret=secret)
    except (FfmpegError, ValueError):  # no pictures in it
        return None


def _sound_mark(path: Path, secret: str) -> SoundDetection | None:
    try:
        sound = decode_audio(path, SOUND_HZ, length_s=LOOKED_AT_S)
        return detect_sound(sound, secret=secret)
    except (FfmpegError, ValueError):  # no sound in it, or silence
        return None


def _source_type(path: Path) -> str | None:
    try:
        boxes = [box for box in top_level(path) if box.extended == XMP]
    except BoxError:
        return None
    for box in boxes:
        if box.size <= _LARGEST_XMP:
            found = re.search(rb'DigitalSourceType="[^"]*/([A-Za-z]+)"', payload(path, box))
            if found:
                return found[1].decode()
    return None
