"""The file of a feed, opened as a stream and told by its content, and a row as it stands in it."""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, Any

from pipeline import storage

HEAD_BYTES = 1 << 16

_NO_FEED = {
    b"PK\x03\x04": "a ZIP archive or Excel sheet",
    b"\xd0\xcf\x11\xe0": "an Excel sheet",
    b"%PDF": "a PDF",
    b"PAR1": "a Parquet file",
    b"{": "JSON",
    b"[": "JSON",
}


class FeedError(ValueError):
    """The file as a whole cannot be read: which one, what is wrong, and what to do."""


@dataclass
class RawRow:
    """One row as it stands in the file: its line (1 is the first), its texts by attribute name."""

    line: int
    texts: dict[str, str]
    broken: str = ""
    """Why its columns cannot be trusted; empty if they can."""
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Source:
    """An open feed file: its bytes from the start, and what its first ones tell."""

    uri: str
    stream: IO[bytes]
    encoding: str
    is_xml: bool

    def text(self) -> IO[str]:
        """Its text; bytes that are not UTF-8 are read as Windows-1252, one by one."""
        return io.TextIOWrapper(self.stream, self.encoding, errors="spotmill_windows_1252")


@contextmanager
def open_source(uri: str) -> Iterator[Source]:
    """Open a feed at any storage URI; one that ends in ".gz" is unpacked on the fly.

    Raises `FeedError` where there is none, it is empty or plainly something else.
    """
    filesystem, path = storage.split(uri)
    try:
        file = filesystem.open(path, "rb", compression="infer")
    except (FileNotFoundError, IsADirectoryError):
        raise FeedError(f"{uri} is not there; check the path") from None
    with file as binary:
        head = _Rejoined(uri, b"", binary).read(HEAD_BYTES)
        for start, kind in _NO_FEED.items():
            if head.removeprefix(codecs.BOM_UTF8).lstrip().startswith(start):
                raise FeedError(f"{uri} is {kind}; export it as tab-separated text or XML")
        encoding = _encoding(head)
        beginning = head.decode(encoding, "replace").lstrip("\ufeff \t\r\n")
        if not beginning:
            raise FeedError(f"{uri} is empty; export it again")
        whole = io.BufferedReader(_Rejoined(uri, head, binary), HEAD_BYTES)
        yield Source(uri, whole, encoding, beginning.startswith("<"))


class _Rejoined(io.RawIOBase):
    """A stream whose first bytes were read already: packed and remote files seek badly."""

    def __init__(self, uri: str, head: bytes, rest: IO[bytes]) -> None:
        self._uri, self._head, self._rest = uri, head, rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            data = self._head[: len(buffer)] or self._rest.read(len(buffer))
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise FeedError(
                f"{self._uri} is a damaged gzip file ({error}); pack it again"
            ) from None
        self._head = self._head[len(buffer) :]
        buffer[: len(data)] = data
        return len(data)


def _encoding(head: bytes) -> str:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    # Without a mark: half of the bytes of Latin text in UTF-16 are zero.
    even, odd = head[0:400:2].count(0), head[1:400:2].count(0)
    if max(even, odd) > len(head[:400]) // 8:
        return "utf-16-be" if even > odd else "utf-16-le"
    return "utf-8-sig"


def _windows_1252(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error("spotmill_windows_1252", _windows_1252)
