"""Links from the report to media: relative, so that they work from a disk, a share or a bucket."""

from __future__ import annotations

from urllib.parse import quote, unquote

from pipeline import storage
from pipeline.media import SCHEME, MediaStore


def relative_url(uri: str | None, output: str) -> str | None:
    """URL of a media URI or of a published file as seen from `OUT/report/index.html`.

    `output` is the campaign's output URI. A file that was published below another root (the
    output was moved or copied since) is looked for at the same place below this one. None where
    the file cannot lie below the output.
    """
    if not uri:
        return None
    root = storage.absolute(output).rstrip("/") + "/"
    place = MediaStore(output).place(uri) if uri.startswith(SCHEME) else uri
    if place.startswith(root):
        name = place.removeprefix(root)
    elif "/spots/" in place:
        name = "spots/" + place.rpartition("/spots/")[2]
    else:
        return None
    if ".." in name.split("/"):
        return None
    return "../" + quote(name, safe="/")


def place_below(url: str, output: str) -> str:
    """Full URI of what a relative URL made by `relative_url` points to."""
    return storage.join(storage.absolute(output), unquote(url.removeprefix("../")))
