"""Kinds: what a film or a sound is by its first bytes, and so which demuxer may open it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av

FILM_DEMUXERS = ("mov", "matroska")
"""ffmpeg's readers of MP4 and MOV, and of MKV and WebM."""

_BOXES = (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot")


class UnknownKind(ValueError):
    """A file that is no MP4, MOV, MKV or WebM, whatever its name says."""


def demuxer_of(path: Path) -> str | None:
    """ffmpeg's name of the one reader for this file; None for a kind that Spotmill does not use.

    Names are given by anyone: a list of other files called film.mp4 is none of these kinds.
    """
    try:
        with path.open("rb") as file:
            head = file.read(12)
    except OSError:
        return None  # whoever opens it says why it cannot be
    if head[4:8] in _BOXES:
        return "mov"
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return "matroska"
    if head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE":
        return "wav"
    if head.startswith(b"fLaC"):
        return "flac"
    return "ogg" if head.startswith(b"OggS") else None


def open_film_file(path: Path) -> Any:
    """The film as a PyAV container: read from this file alone, by the reader of its kind.

    Raises `UnknownKind`, and what PyAV raises.
    """
    demuxer = demuxer_of(path)
    if demuxer not in FILM_DEMUXERS:
        raise UnknownKind(f"{path.name} is no MP4, MOV, MKV or WebM")
    options = {"protocol_whitelist": "file", "format_whitelist": ",".join(FILM_DEMUXERS)}
    return av.open(str(path), format=demuxer, options=options)
