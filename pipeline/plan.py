"""Plan: the feed as spots, what is decided already, and the rest cut into units."""

from __future__ import annotations

import difflib
import hashlib
import re
import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pipeline import storage
from pipeline.feed import FeedRow, read_feed
from pipeline.keys import digest, fingerprint, recipe_digest
from pipeline.rows import decided, new_row
from pipeline.spot_rows import SpotRows, Unplannable, derived_seed
from schemas.campaign import Campaign, Variant
from schemas.config_error import ConfigError, Refusal
from stages.base import Stage

UNIT_SPOTS = 2000
"""Spots to render per unit: bounds the driver's memory (about 50 kB per row in flight)."""
UNIT_ROWS = 20_000
"""All rows per unit, those that need no work included."""

_SAFE_ID = re.compile(r"(?!.*(--|line-\d))[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass
class Unit:
    """A part of the campaign that is run, reconciled and recorded as one."""

    number: int
    pending: list[dict[str, Any]] = field(default_factory=list)
    """Rows for the first stage."""
    decided: list[dict[str, Any]] = field(default_factory=list)
    """Ledger rows that need no work: bad feed rows, and what earlier runs settled."""

    def __len__(self) -> int:
        return len(self.pending) + len(self.decided)

    @property
    def digest(self) -> str:
        """Of what goes in: spot ids and fingerprints."""
        rows = [*self.pending, *self.decided]
        return digest(sorted([row["spot_id"], row["fingerprint"]] for row in rows))


class Planner:
    """Turns a campaign and its feed into units, one after the other."""

    def __init__(
        self,
        campaign: Campaign,
        stages: Sequence[Stage],
        known: Mapping[str, Mapping[str, Any]],
        *,
        only: Collection[str] = (),
        limit: int | None = None,
        unit_spots: int = UNIT_SPOTS,
    ) -> None:
        """`known` is the newest ledger row per spot id; `only` keeps these product or spot ids."""
        self.campaign, self.stages, self.known = campaign, list(stages), known
        self.only, self.limit, self.unit_spots = frozenset(only), limit, unit_spots
        self._rows, self._recipe = SpotRows(campaign), recipe_digest(stages)

    def check(self) -> int:
        """Read the whole feed once before anything is spent; returns how many rows it has.

        Raises `FeedError` for a feed that breaks somewhere, and `ConfigError` for an id in `only`
        that it does not have.
        """
        count, missing = 0, set(self.only)
        ids: set[str] = set()
        for row in read_feed(self.campaign.feed):
            count += 1
            if self.only:
                here = self._ids(row)
                missing -= here
                ids |= here if len(ids) < 100_000 else set()
        if missing:
            raise ConfigError("--only", [_no_such_id(one, ids) for one in sorted(missing)])
        return count

    def units(self) -> Iterator[Unit]:
        """Units in the feed's order, each full but the last; none for an empty selection."""
        unit, taken = Unit(0), 0
        for row in read_feed(self.campaign.feed):
            for variant in self.campaign.variants:
                if not self._selected(row, variant):
                    continue
                if self.limit is not None and taken >= self.limit:
                    yield from [unit] if len(unit) else []
                    return
                self._place(unit, row, variant)
                taken += 1
                if len(unit.pending) >= self.unit_spots or len(unit) >= UNIT_ROWS:
                    yield unit
                    unit = Unit(unit.number + 1)
        if len(unit):
            yield unit

    def _ids(self, row: FeedRow) -> set[str]:
        variants = self.campaign.variants
        return {row.product_id, *(spot_id_of(row.product_id, v.name) for v in variants)}

    def _selected(self, row: FeedRow, variant: Variant) -> bool:
        ids = {row.product_id, spot_id_of(row.product_id, variant.name)}
        return not self.only or bool(ids & self.only)

    def _place(self, unit: Unit, row: FeedRow, variant: Variant) -> None:
        """Put one spot into the unit: to be rendered, or decided already."""
        spot_id = _spot_id(row, variant)
        common = {"variant": variant.name, "title": row.title, "feed_line": row.line}
        try:
            if row.product is None:
                raise Unplannable(row.reason_code or "", row.reason or "")
            spot = self._rows.build(row.product, variant, spot_id)
        except Unplannable as error:
            print_ = digest([error.reason_code, str(error)])
            more = {"fingerprint": print_, **common}
            unit.decided.append(
                decided(spot_id, row.product_id, "rejected", error.reason_code, str(error), **more)
            )
            return
        print_ = fingerprint(self._recipe, spot)
        settled = self._settled(spot_id, print_)
        if settled is not None:
            unit.decided.append({**settled, **common})
            return
        pending = new_row(spot, print_, row.line)
        script = self._rows.scripts.get(row.product.id)
        mended = (*row.warnings, *(script.warnings if script else ()))
        pending["verdicts"] = [_warning(text) for text in mended]
        unit.pending.append(pending)

    def _settled(self, spot_id: str, print_: str) -> dict[str, Any] | None:
        """The ledger row of a spot that an earlier run settled and nothing has changed since."""
        before = self.known.get(spot_id)
        if before is None or before["fingerprint"] != print_ or before["status"] == "failed":
            return None
        if before["status"] in ("published", "unchanged"):
            if not all(_is_there(output["uri"]) for output in before["outputs"] or []):
                return None
            return {**before, "status": "unchanged", "stages": _as_cached(before["stages"])}
        if before["another_seed"] and (before["attempt"] or 1) < self.campaign.quality.attempts:
            return None  # the campaign now allows more seeds than were tried
        return {**before, "stages": _as_cached(before["stages"])}


def spot_id_of(product_id: str, variant: str) -> str:
    """A product's spot id: its own id where that is safe as a file name, else a slug and a digest.

    Feeds are written by others: an id such as "../../x" must not choose where a file goes, nor
    may it look like an id that Spotmill makes itself ("mug--b", "line-3").
    """
    suffix = "" if variant == "main" else f"--{variant}"
    if _SAFE_ID.fullmatch(product_id):
        return product_id + suffix
    slug = re.sub(r"[^A-Za-z0-9]+", "-", product_id).strip("-")[:40] or "product"
    return f"{slug}-{hashlib.sha256(product_id.encode()).hexdigest()[:16]}{suffix}"


def _spot_id(row: FeedRow, variant: Variant) -> str:
    suffix = "" if variant.name == "main" else f"--{variant.name}"
    if not row.product_id:
        return f"line-{row.line}{suffix}"
    spot_id = spot_id_of(row.product_id, variant.name)
    # Of several rows with one id the first one keeps it.
    return f"{spot_id}-line-{row.line}" if row.reason_code == "duplicate_id" else spot_id


def new_run_id(now: datetime | None = None) -> str:
    """A run id that sorts by time, with a random end: "20261124T060000123Z-9f3c"."""
    time = (now or datetime.now(UTC)).strftime("%Y%m%dT%H%M%S%f")[:-3]
    return f"{time}Z-{secrets.token_hex(2)}"


def next_seed(seed: int) -> int:
    """Another seed for the same spot, after a quality gate turned the first one down."""
    return derived_seed(seed, "again")


def _no_such_id(one: str, ids: Collection[str]) -> Refusal:
    close = difflib.get_close_matches(one, list(ids), n=1)
    fix = f"; did you mean {close[0]}?" if close else ""
    return Refusal(one, "", f"the feed has no product or spot of this id{fix}")


def _is_there(uri: str) -> bool:
    """Whether a published spot, its poster and its captions are all at their place."""
    stem = uri.rpartition(".")[0]
    return all(storage.exists(place) for place in (uri, f"{stem}.jpg", f"{stem}.vtt"))


def _warning(text: str) -> dict[str, str]:
    return {"gate": "feed", "rule": "mended", "verdict": "pass", "evidence": text}


def _as_cached(stages: Sequence[Mapping[str, Any]] | None) -> list[dict[str, Any]]:
    return [{**stage, "cached": True} for stage in stages or []]
