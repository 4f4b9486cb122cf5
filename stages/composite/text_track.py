"""The text track of a master: offered to whoever asks for captions, shown to nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

_HOLD_BOXES = (b"moov", b"trak", b"mdia")
_ENABLED = 1


def hide_text(path: Path) -> None:
    """Take the flag "enabled" from the text tracks of an MP4, in place: the same words are drawn in
    the picture, and some players show an enabled track without being asked (ISO/IEC 14496-12,
    8.3.2). ffmpeg enables the first track of each kind."""
    with path.open("r+b") as file:
        size = path.stat().st_size
        for _, start, end in _boxes(file, 0, size, b"trak"):
            boxes = {kind: at for kind, at, _ in _boxes(file, start, end, b"tkhd", b"hdlr")}
            file.seek(boxes[b"hdlr"] + 8)
            if file.read(4) in (b"sbtl", b"text", b"subt"):
                file.seek(boxes[b"tkhd"] + 3)
                flags = file.read(1)[0]
                file.seek(boxes[b"tkhd"] + 3)
                file.write(bytes([flags & ~_ENABLED]))


def _boxes(file: Any, start: int, end: int, *wanted: bytes) -> Iterator[tuple[bytes, int, int]]:
    """(kind, where its content begins, where it ends) of boxes at any depth of the index."""
    at = start
    while at + 8 <= end:
        file.seek(at)
        head = file.read(16)
        size, kind, content = int.from_bytes(head[:4], "big"), head[4:8], at + 8
        if size == 1:
            size, content = int.from_bytes(head[8:16], "big"), at + 16
        if size < 8:
            return
        if kind in wanted:
            yield kind, content, at + size
        elif kind in _HOLD_BOXES:
            yield from _boxes(file, content, at + size, *wanted)
        at += size
