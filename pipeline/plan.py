"""Plan: the feed as spots, what is settled already, and the rest cut into units."""

from __future__ import annotations

import difflib
import hashlib
import itertools
import re
import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple

import pyarrow as pa

from pipeline import storage
from pipeline.assets import AssetDigests
from pipeline.build_rows import BLOCK, PENDING_SCHEMA, BlockBuilders, Unbuilt
from pipeline.feed import UnreadRow, unread_rows
from pipeline.keys import digest, recipe_digest
from pipeline.rows import to_rows, to_table
from pipeline.settled import Settled
from pipeline.spot_rows import SpotRows, derived_seed
from schemas.campaign import Campaign, Variant
from schemas.config_error import ConfigError, Refusal
from schemas.result import RESULT_SCHEMA
from stages.base import Stage

VERSION = "1"
"""Bump when the same feed would become other spot rows."""
UNIT_SPOTS = 2000
"""Spots to render per unit: bounds the driver's memory (about 50 kB per row in flight)."""
UNIT_ROWS = 20_000
"""All rows per unit, those that need no work included."""
CHECKED_OUTPUTS = 20_000
"""Up to so many settled spots a plan looks whether their published files are still there; beyond,
three requests to the store for each would cost more than the plan."""

_SAFE_ID = re.compile(r"(?!.*(--|line-\d))[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_STEERS_NOTHING = ("name", "tracking_uri", "quality", "budget")
"""Parts of a campaign that no spot row depends on; gates are parameters of the recipe's stages."""


class Standing(NamedTuple):
    """A spot that needs no work: its position in `Settled`, its line of the feed, its source."""

    position: int
    line: int
    source: str


@dataclass
class Unit:
    """A part of the campaign that is run, reconciled and recorded as one."""

    number: int
    refused: list[dict[str, Any]] = field(default_factory=list)
    """Ledger rows of feed rows that cannot become spots."""
    standing: list[Standing] = field(default_factory=list)
    """What an earlier run settled."""
    _parts: list[tuple[pa.Table, list[int]]] = field(default_factory=list)
    to_render: int = 0

    def __len__(self) -> int:
        return self.to_render + len(self.refused) + len(self.standing)

    def add(self, table: pa.Table, at: int) -> None:
        """One more row to render: that of the table."""
        if not self._parts or self._parts[-1][0] is not table:
            self._parts.append((table, []))
        self._parts[-1][1].append(at)
        self.to_render += 1

    @property
    def table(self) -> pa.Table:
        """Rows of `PENDING_SCHEMA` for the first stage."""
        tables = [
            table if len(rows) == table.num_rows else table.take(pa.array(rows, pa.int64()))
            for table, rows in self._parts
        ]
        return pa.concat_tables([PENDING_SCHEMA.empty_table(), *tables])

    @cached_property
    def pending(self) -> list[dict[str, Any]]:
        """The same, as rows."""
        return to_rows(self.table)

    def settled_rows(self, settled: Settled, run_id: str) -> pa.Table:
        """Ledger rows of all that needs no work."""
        refused = to_table([{**row, "run_id": run_id} for row in self.refused], RESULT_SCHEMA)
        positions, lines, sources = zip(*self.standing, strict=True) if self.standing else ((),) * 3
        standing = settled.rows(positions, run_id, feed_line=lines, source=sources)
        return pa.concat_tables([refused, standing])


class Planner:
    """Turns a campaign and its feed into units, one after the other."""

    def __init__(
        self,
        campaign: Campaign,
        stages: Sequence[Stage],
        settled: Settled | None = None,
        *,
        assets: AssetDigests | None = None,
        only: Collection[str] = (),
        limit: int | None = None,
        retry_failed: bool = False,
        unit_spots: int = UNIT_SPOTS,
    ) -> None:
        """`only` keeps these product or spot ids, `limit` the first so many spots. `settled` may
        be set later, before `units`."""
        self.campaign, self.stages = campaign, list(stages)
        self.settled = Settled() if settled is None else settled
        self.only, self.limit, self.unit_spots = frozenset(only), limit, unit_spots
        self.retry_failed = retry_failed
        self.assets = assets or AssetDigests()
        self._rows, self._recipe = SpotRows(campaign, self.assets), recipe_digest(stages)
        bed = campaign.sound.music  # a part of every spot's row, and of no stage's parameters
        sound = self.assets.digest(bed) if bed else None
        self._context = digest([VERSION, self._recipe, _steering(campaign), sound])[:16]

    @property
    def is_whole(self) -> bool:
        """Whether every row of the feed is looked at: only then can one be missed in it."""
        return not self.only and self.limit is None

    def key(self) -> str:
        """Digest of all that decides what the plan will be, but for what earlier runs settled."""
        places = [self.campaign.feed, self.campaign.scripts]
        files = [storage.version(uri) for uri in places if uri]
        day = (self.campaign.date or date.today()).isoformat()
        how = [sorted(self.only), self.limit, self.unit_spots, self.retry_failed, day]
        return digest([self._context, self.campaign.quality.attempts, files, how])[:32]

    def check(self) -> None:
        """Refuse before anything is spent what would break the plan late.

        Raises `FeedError` for a feed in one piece (XML, gzip) that breaks somewhere, and
        `ConfigError` for an id in `only` that the feed does not have.
        """
        missing, ids = set(self.only), set[str]()
        whole = self.only or not self.campaign.feed.lower().endswith((".tsv", ".csv", ".txt"))
        for row in unread_rows(self.campaign.feed):
            if not whole:
                break  # the header was read; below it a table cannot break, only its rows can
            here = self._ids(row)
            missing -= here
            ids |= here if self.only and len(ids) < 100_000 else set()
        if missing:
            raise ConfigError("--only", [_no_such_id(one, ids) for one in sorted(missing)])

    def units(self) -> Iterator[Unit]:
        """Units in the feed's order, each full but the last; none for an empty selection."""
        builders = BlockBuilders(self.campaign, self._recipe, self.assets, self.stages)
        unit = Unit(0)
        for block, built in builders.build(self._blocks()):
            place = at = 0  # of the unbuilt ones: in the block, in its table
            prints = built.table["fingerprint"].to_pylist()
            for one in block:
                if not isinstance(one, Unbuilt):
                    unit.standing.append(one)
                elif place in built.refused:
                    unit.refused.append(built.refused[place])
                else:
                    self._place(unit, one, built.table, at, prints[at])
                    at += 1
                place += isinstance(one, Unbuilt)
                if unit.to_render >= self.unit_spots or len(unit) >= UNIT_ROWS:
                    yield unit
                    unit = Unit(unit.number + 1)
        if len(unit):
            yield unit

    def _blocks(self) -> Iterator[tuple[list[Unbuilt | Standing], list[Unbuilt]]]:
        """The feed's spots in blocks: all of them, and those that must be looked at."""
        block: list[Unbuilt | Standing] = []
        unbuilt: list[Unbuilt] = []
        for one in itertools.islice(self._spots(), self.limit):
            block.append(one)
            if isinstance(one, Unbuilt):
                unbuilt.append(one)
            if len(unbuilt) >= BLOCK or len(block) >= UNIT_ROWS:
                yield block, unbuilt
                block, unbuilt = [], []
        if block:
            yield block, unbuilt

    def _spots(self) -> Iterator[Unbuilt | Standing]:
        """Each spot: what must be built, or where it stands (`Standing`)."""
        for row, pictures in self._looked_at():
            for number, variant in enumerate(self.campaign.variants):
                if not self._selected(row, variant):
                    continue
                spot_id, line = _spot_id(row, variant), row.raw.line
                source = self._rows.source(row, pictures)
                source = source and self._context + source
                at = self.settled.find(spot_id)
                if at is not None:
                    self.settled.seen[at] = True
                    if self.settled.same_source(at, source) and self._stands(at):
                        yield Standing(at, line, source)
                        continue
                script = self._rows.scripts.text(row.product_id)
                there = tuple(uri for uri in pictures if uri is not None)
                yield Unbuilt.of(spot_id, source, number, script, there, row)

    def _looked_at(self) -> Iterator[tuple[UnreadRow, list[str | None]]]:
        """Each row with the URIs of its pictures, of which those on the web were asked for."""
        wanted = unread_rows(self.campaign.feed)
        if self.only:
            variants = self.campaign.variants
            wanted = (row for row in wanted if any(self._selected(row, v) for v in variants))
        if self.limit is not None:
            wanted = itertools.islice(wanted, self.limit)
        while some := [(row, self._rows.pictures(row)) for row in itertools.islice(wanted, BLOCK)]:
            self.assets.refresh({uri for _, uris in some for uri in uris if uri is not None})
            yield from some

    def _place(self, unit: Unit, unbuilt: Unbuilt, table: pa.Table, at: int, print_: str) -> None:
        """Put a spot into the unit: to be rendered, or standing if it came to the same."""
        known = self.settled.find(unbuilt.spot_id)
        same = known is not None and self.settled.same_fingerprint(known, print_)
        if known is not None and same and self._stands(known):
            unit.standing.append(Standing(known, unbuilt.line, unbuilt.source))
        else:
            unit.add(table, at)

    def _ids(self, row: UnreadRow) -> set[str]:
        variants = self.campaign.variants
        return {row.product_id, *(spot_id_of(row.product_id, v.name) for v in variants)}

    def _selected(self, row: UnreadRow, variant: Variant) -> bool:
        if not self.only:
            return True
        return bool({row.product_id, spot_id_of(row.product_id, variant.name)} & self.only)

    def _stands(self, at: int) -> bool:
        """Whether what an earlier run settled may stand, now that nothing has changed since."""
        attempts = self.campaign.quality.attempts
        if not self.settled.stands(at, attempts=attempts, retry_failed=self.retry_failed):
            return False
        if len(self.settled) > CHECKED_OUTPUTS or not self.settled.is_published(at):
            return True
        return all(_is_there(output["uri"]) for output in self.settled.outputs(at))


def _steering(campaign: Campaign) -> Mapping[str, Any]:
    content = campaign.model_dump(mode="json", exclude=set(_STEERS_NOTHING))
    return {**content, "date": None}  # what depends on the day has it in its source


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


def _spot_id(row: UnreadRow, variant: Variant) -> str:
    suffix = "" if variant.name == "main" else f"--{variant.name}"
    if not row.product_id:
        return f"line-{row.raw.line}{suffix}"
    spot_id = spot_id_of(row.product_id, variant.name)
    # Of several rows with one id the first one keeps it.
    return spot_id if row.first_line == row.raw.line else f"{spot_id}-line-{row.raw.line}"


_TIME = "%Y%m%dT%H%M%S%f"


def new_run_id(now: datetime | None = None, *, after: str | None = None) -> str:
    """A run id that sorts by time, with a random end: "20261124T060000123Z-9f3c".

    `after` is the newest id there is: a machine whose clock is late still gets a later one.
    """
    moment = now or datetime.now(UTC)
    if after is not None and moment.strftime(_TIME)[:-3] <= after[:18]:
        moment = datetime.strptime(after[:18], _TIME).replace(tzinfo=UTC) + timedelta(
            milliseconds=1
        )
    return f"{moment.strftime(_TIME)[:-3]}Z-{secrets.token_hex(2)}"


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
