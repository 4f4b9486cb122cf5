"""A recipe of small stages whose spots a person must look at: `--recipe` of the review tests."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa

from schemas.arrow_types import MASTER, OUTPUT
from schemas.campaign import Campaign
from stages.admit import Admit
from stages.base import Hardware, Media, Stage, Verdict
from stages.release import Release


@dataclass(kw_only=True)
class Judge(Stage):
    """Leaves wine to a person."""

    name: ClassVar[str] = "screen"
    version: ClassVar[str] = "1"
    reads: ClassVar[tuple[str, ...]] = ("script",)
    writes: ClassVar[pa.Schema] = pa.schema([])
    hardware: ClassVar[Hardware] = Hardware(cpus=0.2, memory_gb=0.2)

    def run(self, spot: Mapping[str, Any], media: Media) -> Mapping[str, Any]:
        """A verdict, which stops nothing."""
        word = "review" if "wine" in spot["script"] else "pass"
        return {"verdicts": [Verdict("screen.policy", "alcohol", word, f"{spot['script']!r}")]}


@dataclass(kw_only=True)
class Film(Stage):
    """Writes script and price to a file, and notes each real run in the file SPOTMILL_TEST_LOG."""

    name: ClassVar[str] = "composite"
    version: ClassVar[str] = "1"
    reads: ClassVar[tuple[str, ...]] = ("script", "price")
    writes: ClassVar[pa.Schema] = pa.schema(
        [
            ("masters", pa.list_(MASTER)),
            ("poster_uri", pa.string()),
            ("captions_uri", pa.string()),
            ("srt_uri", pa.string()),
        ]
    )
    hardware: ClassVar[Hardware] = Hardware(cpus=0.2, memory_gb=0.2)

    def run(self, spot: Mapping[str, Any], media: Media) -> Mapping[str, Any]:
        """Three files."""
        with Path(os.environ["SPOTMILL_TEST_LOG"]).open("a") as log:
            log.write(f"{spot['script']} {spot['price']}\n")
        uris = {}
        for suffix in ("mp4", "jpg", "vtt"):
            path = media.scratch(f"film.{suffix}")
            path.write_text(f"{suffix} {spot['script']} {spot['price']}")
            uris[suffix] = media.save(path)
        masters = [{"format": "9x16", "uri": uris["mp4"]}]
        beside = {"captions_uri": uris["vtt"], "srt_uri": None}
        return {"masters": masters, "poster_uri": uris["jpg"], **beside}


@dataclass(kw_only=True)
class Seal(Stage):
    """Puts a name under the film."""

    name: ClassVar[str] = "sign"
    version: ClassVar[str] = "1"
    reads: ClassVar[tuple[str, ...]] = ("masters",)
    writes: ClassVar[pa.Schema] = pa.schema([("signed", pa.list_(MASTER))])
    hardware: ClassVar[Hardware] = Hardware(cpus=0.2, memory_gb=0.2)

    def run(self, spot: Mapping[str, Any], media: Media) -> Mapping[str, Any]:
        """A file for each master."""
        (master,) = spot["masters"]
        path = media.scratch("signed.mp4")
        path.write_text(media.open(master["uri"]).read_text() + " signed")
        return {"signed": [{"format": master["format"], "uri": media.save(path)}]}


@dataclass(kw_only=True)
class Shelf(Stage):
    """Puts the signed film where everybody sees it."""

    name: ClassVar[str] = "publish"
    version: ClassVar[str] = "1"
    cached: ClassVar[bool] = False
    reads: ClassVar[tuple[str, ...]] = ("spot_id", "signed", "poster_uri", "captions_uri")
    writes: ClassVar[pa.Schema] = pa.schema([("outputs", pa.list_(OUTPUT))])
    hardware: ClassVar[Hardware] = Hardware(cpus=0.2, memory_gb=0.2)

    def run(self, spot: Mapping[str, Any], media: Media) -> Mapping[str, Any]:
        """The film with poster and captions, under the digest of the film."""
        (signed,) = spot["signed"]
        stem = f"spots/{spot['spot_id']}/9x16-{signed['uri'][6:22]}"
        media.publish(spot["poster_uri"], f"{stem}.jpg")
        media.publish(spot["captions_uri"], f"{stem}.vtt")
        done = media.publish(signed["uri"], f"{stem}.mp4")
        return {"outputs": [{"format": signed["format"], **vars(done)}]}


def recipe(campaign: Campaign) -> list[Stage]:
    """As the laptop's, in little."""
    admit = [Admit()] if campaign.policy.review == "before_render" else []
    return [Judge(), *admit, Film(), Release(), Seal(), Shelf()]
