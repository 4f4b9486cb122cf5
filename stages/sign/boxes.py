"""The boxes of an MP4 (ISO 14496-12), and what may hide between and behind them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

C2PA = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
"""Of the "uuid" box with the credentials."""
XMP = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
"""Of the "uuid" box with an XMP packet."""
MOST_BOXES = 10_000
MOST_FREE_BYTES = 1024
"""Of all "free" and "skip" boxes: encoders leave a few bytes; more is a hiding place."""
KNOWN = frozenset((b"ftyp", b"moov", b"mdat", b"free", b"skip", b"uuid", b"wide", b"meta", b"mfra",
                   b"moof", b"sidx", b"styp", b"pdin", b"udta", b"emsg", b"prft"))  # fmt: skip


class BoxError(ValueError):
    """The file is not made of whole boxes; the message says where it breaks off."""


@dataclass(frozen=True)
class Box:
    """A box: its type, where it begins, and how many bytes it has, with its header."""

    type: bytes
    offset: int
    size: int
    header: int
    extended: bytes = b""
    """Of a "uuid" box: whose."""

    @property
    def end(self) -> int:
        """Where the next begins."""
        return self.offset + self.size


def top_level(path: Path) -> list[Box]:
    """The boxes of a file. Raises `BoxError` where what follows is no box."""
    length = path.stat().st_size
    with path.open("rb") as file:
        return list(_boxes(file, 0, length))


def _boxes(file: BinaryIO, at: int, length: int) -> Iterator[Box]:
    for _ in range(MOST_BOXES):
        if at == length:
            return
        file.seek(at)
        head = file.read(32)
        size, kind, header = int.from_bytes(head[:4], "big"), head[4:8], 8
        if size == 1 and len(head) >= 16:
            size, header = int.from_bytes(head[8:16], "big"), 16
        elif size == 0 and len(head) >= 8:
            size = length - at
        if len(head) < 8 or size < header or at + size > length:
            raise BoxError(f"{length - at} bytes from {at} on are no whole box")
        extended = head[header : header + 16] if kind == b"uuid" else b""
        yield Box(kind, at, size, header, extended)
        at += size
    raise BoxError(f"more than {MOST_BOXES} boxes")


def payload(path: Path, box: Box) -> bytes:
    """What is in a box, without its header and, for a "uuid" box, its id."""
    with path.open("rb") as file:
        file.seek(box.offset + box.header + len(box.extended))
        return file.read(box.end - file.tell())


def oddities(path: Path) -> Iterator[str]:
    """What is in a file that its credentials do not cover: each a sentence.

    The hash of a C2PA manifest leaves out "free", "skip" and the manifest's own box: bytes can be
    put there, and the signature still holds.
    """
    try:
        boxes = top_level(path)
    except BoxError as error:
        yield f"{error}: cut short, or something was put behind the end"
        return
    free = sum(box.size for box in boxes if box.type in (b"free", b"skip"))
    if free > MOST_FREE_BYTES:
        yield f"{free} bytes in boxes that are meant to be empty"
    for box in boxes:
        if box.type in (b"free", b"skip") and any(payload(path, box)[: MOST_FREE_BYTES * 4]):
            yield f"an empty box at {box.offset} that is not empty"
        if box.type not in KNOWN:
            yield f"a box of the unknown type {box.type!r} at {box.offset}"
    stores = [box for box in boxes if box.type == b"uuid" and box.extended == C2PA]
    if len(stores) > 1:
        yield f"{len(stores)} boxes with credentials"
    for box in stores:
        if extra := _behind_the_store(payload(path, box)):
            yield f"{extra} bytes behind the credentials in their own box"


def _behind_the_store(content: bytes) -> int:
    """Bytes of a C2PA box that are not part of its manifest store.

    The box has version and flags (4 bytes), a purpose that ends with 0, an offset (8 bytes), and
    the store: a JUMBF superbox that says its own length.
    """
    purpose_end = content.find(b"\0", 4)
    start = purpose_end + 1 + 8
    if purpose_end < 0 or len(content) < start + 8:
        return 0
    length = int.from_bytes(content[start : start + 4], "big")
    return max(0, len(content) - start - length) if content[start + 4 : start + 8] == b"jumb" else 0


def with_box(source: Path, target: Path, extended: bytes, content: bytes) -> None:
    """Copy a file and put a "uuid" box behind its last: no offset in the file changes.

    Raises `BoxError` for a file that is not made of whole boxes, or whose last has no end.
    """
    last = top_level(source)[-1]
    with source.open("rb") as reading, target.open("wb") as writing:
        reading.seek(last.offset)
        if reading.read(4) == b"\0\0\0\0":
            raise BoxError(f"the box at {last.offset} goes on to the end of the file")
        reading.seek(0)
        while chunk := reading.read(1 << 20):
            writing.write(chunk)
        size = 8 + len(extended) + len(content)
        writing.write(size.to_bytes(4, "big") + b"uuid" + extended + content)
