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
    """Commits `spots/<spot_id>/<format>-<key16>.{mp4,jpg,vtt,srt}`; key16 is of all contents.

    The name follows from the content, so a second run finds its files already there, and a spot
    that changed comes to lie beside its predecessor: a reader never sees a file change.
    """

    name: ClassVar[str] = "publish"
    version: ClassVar[str] = "2"
    cached: ClassVar[bool] = False
    reads: ClassVar[tuple[str, ...]] = (
        "spot_id",
        "signed",
        "poster_uri",
        "captions_uri",
        "srt_uri",
    )
    writes: ClassVar[pa.Schema] = pa.schema([("outputs", pa.list_(OUTPUT))])
    hardware = Hardware(cpus=0.25, memory_gb=0.5)
    seconds_hint = 0.1

    def run(self, spot: Mapping[str, Any], media: Media) -> Mapping[str, Any]:
        """Side files first: whoever sees the MP4 also finds its poster and captions."""
        outputs = []
        for signed in spot["signed"]:
            stem = f"spots/{spot['spot_id']}/{signed['format']}-{_key16(signed['uri'], spot)}"
            media.publish(spot["poster_uri"], f"{stem}.jpg")
            for column, ending in (("captions_uri", "vtt"), ("srt_uri", "srt")):
                if spot.get(column):  # none where captions are in the picture alone
                    media.publish(spot[column], f"{stem}.{ending}")
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


def _key16(signed_uri: str, spot: Mapping[str, Any]) -> str:
    """16 hex digits of the digests of the MP4, the poster and the captions."""
    beside = (spot["poster_uri"], spot.get("captions_uri"), spot.get("srt_uri"))
    names = "\n".join((signed_uri, *(uri for uri in beside if uri)))
    return hashlib.sha256(names.encode()).hexdigest()[:16]
