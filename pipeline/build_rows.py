"""Builds the rows of new and changed spots: by far the larger part of a plan, so on all cores."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pyarrow as pa
from loky import ProcessPoolExecutor
from loky.backend import get_context

from pipeline.assets import AssetDigests
from pipeline.consents import consent_verdicts
from pipeline.feed import Scripts, UnreadRow
from pipeline.feed_source import RawRow
from pipeline.keys import digest, fingerprint_and_inputs
from pipeline.rows import decided, new_row, row_schema, to_table
from pipeline.spot_rows import SpotRows, Unplannable
from pipeline.web.files import not_here
from pipeline.web.link import is_web
from pipeline.web.refusal import LinkRefused
from schemas.asset import Asset
from schemas.campaign import Campaign
from stages.base import Reject, Stage

PENDING_SCHEMA = row_schema([])
BLOCK = 1000
"""Spots that are built at a time."""
ALONE = 8 * BLOCK
"""Up to so many spots are built in this process: others take a second to come up."""


class Unbuilt(NamedTuple):
    """A spot of which the feed, the scripts or the folders say something new.

    Flat, and a tuple: a million of them are sent to other processes.
    """

    spot_id: str
    source: str
    variant: int
    """Which of the campaign's variants."""
    script: str | None
    """What the scripts table says of the product, as `Scripts.text` has it."""
    pictures: tuple[str, ...]
    """URIs, as far as they can be told at a glance."""
    product_id: str
    first_line: int
    line: int
    texts: dict[str, str]
    broken: str
    warnings: list[str]

    @classmethod
    def of(
        cls, spot_id: str, source: str, variant: int, script: str | None,
        pictures: tuple[str, ...], row: UnreadRow,
    ) -> Unbuilt:  # fmt: skip
        """With what the feed says."""
        raw = row.raw
        return cls(
            spot_id, source, variant, script, pictures, row.product_id, row.first_line,
            raw.line, raw.texts, raw.broken, raw.warnings,
        )  # fmt: skip

    @property
    def row(self) -> UnreadRow:
        """The row of the feed."""
        raw = RawRow(self.line, self.texts, self.broken, self.warnings)
        return UnreadRow(raw, self.product_id, self.first_line)


@dataclass(frozen=True)
class Given:
    """What whoever plans knows of the files that a block's rows link, by URI."""

    digests: Mapping[str, str] = field(default_factory=dict)
    """What is not in it is read."""
    web: Mapping[str, Asset | LinkRefused] = field(default_factory=dict)
    """What was fetched, or why not: only the planner itself asks the web."""


@dataclass(frozen=True)
class Built:
    """What a block of spots came to."""

    table: pa.Table
    """Rows of `PENDING_SCHEMA` for the first stage, of those that can be spots, in order."""
    refused: Mapping[int, dict[str, Any]]
    """Ledger rows of those that cannot, by their place in the block."""


class RowBuilder:
    """Builds the rows of one campaign; whoever plans gives it digests and scripts."""

    def __init__(self, campaign: Campaign, recipe: str, stages: Sequence[Stage] = ()) -> None:
        self._campaign, self._recipe = campaign, recipe
        self._foreseeing = foreseeing(stages)
        self._assets, self._scripts = _GivenDigests(), Scripts()
        self._rows = SpotRows(campaign, self._assets, self._scripts)
        self._consents = consent_verdicts(campaign)

    def build(self, block: Sequence[Unbuilt], given: Given) -> Built:
        """Rows of a block."""
        self._assets.given = given
        rows: list[dict[str, Any]] = []
        refused: dict[int, dict[str, Any]] = {}
        for place, unbuilt in enumerate(block):
            self._scripts.only(unbuilt.product_id, unbuilt.script)
            try:
                rows.append(self._build(unbuilt))
            except _Refused as end:
                refused[place] = end.row
        return Built(to_table(rows, PENDING_SCHEMA), refused)

    def _build(self, unbuilt: Unbuilt) -> dict[str, Any]:
        row, line = unbuilt.row, unbuilt.line
        variant = self._campaign.variants[unbuilt.variant]
        product = row.read()
        try:
            if product.product is None:
                raise Unplannable(product.reason_code or "", product.reason or "")
            spot = self._rows.build(product.product, variant, unbuilt.spot_id)
            for stage in self._foreseeing:
                stage.foresee(spot)
        except (Unplannable, Reject) as error:
            code = error.reason_code
            reason = error.reason if isinstance(error, Reject) else str(error)
            raise _Refused(
                decided(
                    unbuilt.spot_id, row.product_id, "rejected", code, reason, variant=variant.name,
                    title=product.title, feed_line=line, fingerprint=digest([code, reason]),
                    source=unbuilt.source,
                )
            ) from None  # fmt: skip
        print_, inputs = fingerprint_and_inputs(self._recipe, spot)
        pending = new_row(spot, print_, line, unbuilt.source, inputs)
        script = self._rows.scripts.get(row.product_id)
        mended = (*product.warnings, *(script.warnings if script else ()))
        pending["verdicts"] = [*self._consents, *(_warning(text) for text in mended)]
        return pending


def foreseeing(stages: Sequence[Stage]) -> list[Stage]:
    """Those that can tell from a row that they will reject its spot."""
    return [stage for stage in stages if type(stage).foresee is not Stage.foresee]


class BlockBuilders:
    """Builds blocks one after the other, first in this process, of a large plan on all cores."""

    def __init__(
        self, campaign: Campaign, recipe: str, assets: AssetDigests, stages: Sequence[Stage] = ()
    ) -> None:
        self._campaign, self._recipe, self._assets = campaign, recipe, assets
        self._stages = foreseeing(stages)
        self._here: RowBuilder | None = None

    def build(self, blocks: Iterable[tuple[Any, Sequence[Unbuilt]]]) -> Iterator[tuple[Any, Built]]:
        """Each block with what it came to, in order; beside it what it came with."""
        waiting: deque[tuple[Any, Future[Built]]] = deque()
        pool: ProcessPoolExecutor | None = None
        workers, built = len(os.sched_getaffinity(0)), 0
        try:
            for what, block in blocks:
                given = self._given(block)
                built += len(block)
                if pool is None and built > ALONE and workers > 1:
                    pool = self._pool(workers)
                if pool is None or not block:
                    done = Future[Built]()
                    done.set_result(self._build_here(block, given))
                else:
                    done = pool.submit(_build_there, block, given)
                waiting.append((what, done))
                while waiting and (waiting[0][1].done() or len(waiting) > 3 * workers):
                    what, done = waiting.popleft()
                    yield what, done.result()
            for what, done in waiting:
                yield what, done.result()
        finally:
            if pool is not None:
                pool.shutdown(kill_workers=True)

    def _build_here(self, block: Sequence[Unbuilt], given: Given) -> Built:
        if self._here is None:
            self._here = RowBuilder(self._campaign, self._recipe, self._stages)
        return self._here.build(block, given)

    def _pool(self, workers: int) -> ProcessPoolExecutor:
        # Not forked, for this process has threads of the object store's client; and not spawned as
        # multiprocessing does it, which runs the caller's script once more.
        return ProcessPoolExecutor(
            workers, context=get_context("loky"), initializer=_start_there,
            initargs=(self._campaign, self._recipe, self._stages), env={"OMP_NUM_THREADS": "1"},
        )  # fmt: skip

    def _given(self, block: Sequence[Unbuilt]) -> Given:
        """The pictures that the rows link, as far as they are there: read by many threads."""
        uris = {uri for unbuilt in block for uri in unbuilt.pictures}
        links = sorted(uri for uri in uris if is_web(uri))
        if links and self._assets.web is not None:
            self._assets.web.ensure(links)
        return Given(self._assets.digests(uris), {link: self._on_web(link) for link in links})

    def _on_web(self, link: str) -> Asset | LinkRefused:
        try:
            return self._assets.from_web(link)
        except LinkRefused as refused:
            return refused


_there: RowBuilder | None = None


def _start_there(campaign: Campaign, recipe: str, stages: Sequence[Stage]) -> None:
    global _there
    pa.set_cpu_count(1)
    _there = RowBuilder(campaign, recipe, stages)


def _build_there(block: Sequence[Unbuilt], given: Given) -> Built:
    assert _there is not None
    return _there.build(block, given)


class _GivenDigests(AssetDigests):
    """Knows what it was given; other digests it reads, and of the web it knows nothing else."""

    given = Given()

    def digest(self, uri: str) -> str:
        """See `AssetDigests.digest`."""
        return self.given.digests.get(uri) or super().digest(uri)

    def from_web(self, link: str) -> Asset:
        """See `AssetDigests.from_web`."""
        found = self.given.web.get(link, not_here(link))
        if isinstance(found, LinkRefused):
            raise found
        return found


class _Refused(Exception):
    def __init__(self, row: dict[str, Any]) -> None:
        super().__init__()
        self.row = row


def _warning(text: str) -> dict[str, str]:
    return {"gate": "feed", "rule": "mended", "verdict": "pass", "evidence": text}
