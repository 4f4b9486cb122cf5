"""Admit: a spot that a gate left to a person waits here before anything is spent on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import pyarrow as pa

from stages.base import Hardware, Media, Stage
from stages.shared.review import decide

_SEEN = (
    "title", "brand", "script", "tagline", "cta", "price", "regular_price", "currency", "language",
    "images",
)  # fmt: skip


@dataclass(kw_only=True)
class Admit(Stage):
    """Lets a spot on to be made unless a "review" verdict is open. It stands behind `screen`, where
    a campaign's `policy.review` is before_render.

    A decision covers the findings, the texts and the pictures. What is found later, on the finished
    spot, asks anew.
    """

    name: ClassVar[str] = "admit"
    version: ClassVar[str] = "1"
    cached: ClassVar[bool] = False
    reads: ClassVar[tuple[str, ...]] = ("spot_id", "verdicts", *_SEEN)
    judges: ClassVar[tuple[str, ...]] = reads
    writes: ClassVar[pa.Schema] = pa.schema([])
    hardware = Hardware(cpus=0.1, memory_gb=0.2)
    seconds_hint = 0.01

    def run(self, spot: Mapping[str, Any], media: Media) -> Mapping[str, Any]:
        """See `Stage.run`. Raises `Hold` until somebody decides, `Reject` where that was no."""
        seen = {name: spot[name] for name in _SEEN}
        seen["images"] = [image["sha256"] for image in spot["images"] or ()]
        seen["price"], seen["regular_price"] = (
            None if spot[name] is None else f"{spot[name]:f}" for name in ("price", "regular_price")
        )
        return {"verdicts": decide(spot["spot_id"], spot["verdicts"], seen, media)}
