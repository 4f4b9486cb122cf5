"""Publish: the signed spot, its poster and its captions at their final place, once for ever."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import pyarrow as pa

from schemas.arrow_types import OUTPUT
from stages.base import Hardware, Media, Stage


@dataclass(kw_only=True)
class Publish(Stage):
    """Commits `spots/<spot_id>/<format>-<key16>.{mp4,jpg,vtt,srt}`; key16 is of all contents, the
    poster is in the video's format. Their credentials go to `credentials/<aa>/<sha256>.c2pa`: a
    copy that lost its own is led back to them, long after the media store was cleaned.

    The name follows from the content, so a second run finds its files already there, and a spot
    that changed comes to lie beside its predecessor: a reader never sees a file change.
    """

    name: ClassVar[str] = "publish"
    version: ClassVar[str] = "2"
    cached: ClassVar[bool] = False
    reads: ClassVar[tuple[str, ...]] = (
        "spot_id", "signed", "poster_uri", "captions_uri", "srt_uri", "manifest_uris",
    )  # fmt: skip
    writes: ClassVar[pa.Schema] = pa.schema([("outputs", pa.list_(OUTPUT))])
    hardware = Hardware(cpus=0.25, memory_gb=0.5)
    seconds_hint = 0.1

    def run(self, spot: Mapping[str, Any], media: Media) -> Mapping[str, Any]:
        """Side files first: whoever sees the MP4 also finds its poster, captions, credentials."""
        outputs = []
        for uri in spot["manifest_uris"]:
            name = uri.rpartition(":")[2]
            media.publish(uri, f"credentials/{name[:2]}/{name}")
        for signed in spot["signed"]:
            poster_uri = signed.get("poster_uri") or spot["poster_uri"]
            words = [spot.get("captions_uri"), spot.get("srt_uri")]
            key16 = _key16(signed["uri"], poster_uri, *(uri for uri in words if uri))
            stem = f"spots/{spot['spot_id']}/{signed['format']}-{key16}"
            media.publish(poster_uri, f"{stem}.jpg")
            for uri, ending in zip(words, ("vtt", "srt"), strict=True):
                if uri:  # none where captions are in the picture alone
                    media.publish(uri, f"{stem}.{ending}")
            done = media.publish(signed["uri"], f"{stem}.mp4")
            outputs.append(
                {
                    "format": signed["format"],
                    "uri": done.uri,
                    "sha256": done.sha256,
                    "bytes": done.bytes,
                }
            )
        return {"outputs": outputs}


def _key16(*uris: str) -> str:
    """16 hex digits of the digests of the MP4, the poster and the captions."""
    names = "\n".join(uris)
    return hashlib.sha256(names.encode()).hexdigest()[:16]
