"""Release: a finished spot that a gate left to a person waits here, unsigned and unpublished."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import pyarrow as pa

from stages.base import Hardware, Media, Stage
from stages.shared.review import decide


@dataclass(kw_only=True)
class Release(Stage):
    """Lets a spot on to be signed unless a "review" verdict is open. It stands before `sign`.

    A decision covers the findings and the very files that the reviewer has seen. Nothing is kept
    under its key: a decision may come any day.
    """

    name: ClassVar[str] = "release"
    version: ClassVar[str] = "1"
    cached: ClassVar[bool] = False
    reads: ClassVar[tuple[str, ...]] = (
        "spot_id", "verdicts", "masters", "poster_uri", "captions_uri",
    )  # fmt: skip
    writes: ClassVar[pa.Schema] = pa.schema([])
    hardware = Hardware(cpus=0.1, memory_gb=0.2)
    seconds_hint = 0.01

    def run(self, spot: Mapping[str, Any], media: Media) -> Mapping[str, Any]:
        """See `Stage.run`. Raises `Hold` until somebody decides, `Reject` where that was no."""
        seen = {name: spot[name] for name in ("masters", "poster_uri", "captions_uri")}
        return {"verdicts": decide(spot["spot_id"], spot["verdicts"], seen, media)}
