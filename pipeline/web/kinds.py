"""Kinds: what a file is by its first bytes; names and Content-Type are given by anyone."""

from __future__ import annotations

_RIFF = 12


def picture_suffix(head: bytes) -> str | None:
    """The suffix of a JPEG, PNG, WebP, AVIF or GIF by its first 32 bytes; None for all else."""
    if head.startswith(b"\xff\xd8\xff"):
        return ".jpg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return ".png"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return ".gif"
    if head[:4] == b"RIFF" and head[8:_RIFF] == b"WEBP":
        return ".webp"
    if head[4:8] == b"ftyp" and (b"avif" in head[8:32] or b"avis" in head[8:32]):
        return ".avif"
    return None


def told(head: bytes) -> str:
    """What else it looks like, in words for the shop."""
    bare = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"<svg" in bare:
        return "an SVG drawing"
    for start, words in (
        (b"<!doctype html", "a web page"), (b"<html", "a web page"), (b"<?xml", "an XML file"),
        (b"%pdf", "a PDF"), (b"#extm3u", "a playlist"), (b"ffconcat", "a playlist"),
        (b"ii*\0", "a TIFF"), (b"mm\0*", "a TIFF"), (b"bm", "a BMP"), (b"{", "JSON"),
        (b"\x1f\x8b", "packed"), (b"pk\x03\x04", "a ZIP archive"),
    ):  # fmt: skip
        if bare.startswith(start):
            return words
    return "a film or a picture of another kind" if head[4:8] == b"ftyp" else "none of these"
