"""Keys: what made a thing, as a digest; same making, same key, on any machine."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import zlib
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

import numpy as np

from schemas.asset import Asset
from schemas.spot import SPOT_SCHEMA
from stages.base import Stage


def canonical(value: Any) -> Any:
    """`value` as JSON data that does not depend on the machine, the run or a file's place.

    An asset is its digest. A dataclass is its class, its `version` if it has one, its `identity`
    if it has one, and its constructor's fields. Raises `TypeError` for what has no such form.
    """
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, np.generic):
        return canonical(value.item())
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Enum):
        return canonical(value.value)
    if isinstance(value, Asset):
        return {"sha256": value.sha256}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _canonical_dataclass(value)
    if isinstance(value, Mapping):
        if set(value) == {"uri", "sha256"}:  # an asset in a row
            return {"sha256": value["sha256"]}
        return {str(name): canonical(value[name]) for name in sorted(value)}
    if isinstance(value, list | tuple):
        return [canonical(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted(canonical(item) for item in value)
    raise TypeError(f"{value!r} ({type(value).__name__}) cannot be part of a key")


def _canonical_dataclass(value: Any) -> dict[str, Any]:
    kept: dict[str, Any] = {"class": type(value).__qualname__}
    for name in ("version", "identity"):
        if isinstance(found := getattr(value, name, None), str):
            kept[name] = found
    for field in dataclasses.fields(value):
        if field.init and not field.metadata.get("place"):
            kept[field.name] = canonical(getattr(value, field.name))
    return kept


def digest(value: Any) -> str:
    """sha256, as hex, of the canonical form."""
    text = json.dumps(canonical(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


class StageKey:
    """Keys of one stage's work: its name, version, parameters and columns are digested once."""

    def __init__(self, stage: Stage) -> None:
        writes = {field.name: str(field.type) for field in stage.writes}
        self._reads = (*stage.reads, *(("seed",) if stage.seeded else ()))
        self.digest = digest([stage.name, stage.version, stage, writes])
        """Of all that is the same for every spot."""

    def of(self, spot: Mapping[str, Any]) -> str:
        """The key for one spot: the stage and the values of what it reads (media: digests)."""
        return digest([self.digest, {name: spot.get(name) for name in self._reads}])


def stage_key(stage: Stage, spot: Mapping[str, Any]) -> str:
    """Key of a stage's work on one spot."""
    return StageKey(stage).of(spot)


def recipe_digest(stages: Iterable[Stage]) -> str:
    """Digest of every stage with its version and parameters, in order."""
    return digest([StageKey(stage).digest for stage in stages])


def fingerprint_and_inputs(recipe: str, spot: Mapping[str, Any]) -> tuple[str, list[int]]:
    """Digest of all that decides how a spot comes out, the recipe and the spot's row; and a CRC-32
    of each column in `SPOT_SCHEMA`'s order, to tell later which of them has changed.

    Of an asset its content counts and not its place. A plan takes a million of these: rows are
    nearly flat, and their columns have one type each, so their texts do.
    """
    texts, inputs = [recipe.encode()], []
    for name in SPOT_SCHEMA.names:
        value = spot.get(name)
        if value is None:
            text = b"\0"
        elif isinstance(value, str):
            text = value.encode("utf-8", "surrogatepass")
        elif isinstance(value, Decimal):  # 24 and 24.00 are one price
            text = format(value.normalize(), "f").encode()
        elif isinstance(value, Mapping):
            text = value["sha256"].encode()
        elif isinstance(value, list):
            text = " ".join([item["sha256"] for item in value]).encode()
        else:
            text = str(value).encode()
        texts += (b"%d:" % len(text), text)
        inputs.append(zlib.crc32(text))
    return hashlib.sha256(b"".join(texts)).hexdigest(), inputs
