"""Web files: pictures that a feed links on the web, in the media store by content, remembered by
their link, and asked for again only when they are old."""

from __future__ import annotations

import hashlib
import io
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline import storage
from pipeline.web.fetcher import Fetched, Fetcher
from pipeline.web.link import REFUSED, UNREACHABLE, parsed
from pipeline.web.refusal import LinkRefused
from schemas.asset import Asset
from schemas.links import Links

THREADS = 32
GIVEN_UP_AFTER = 5
"""Files in a row that a host did not send, after which this plan asks it for no more."""
KEPT_DAYS = 90
"""What no plan asked for since is forgotten, and `jobs.clean` may remove it."""
SAY_EVERY_S = 15.0

_SCHEMA = pa.schema(
    [
        pa.field("link", pa.binary(16)),  # the link's digest: a link may hold a signature
        pa.field("sha256", pa.string()),
        pa.field("suffix", pa.string()),
        pa.field("etag", pa.string()),
        pa.field("modified", pa.string()),
        pa.field("asked_s", pa.float64()),  # since 1970
    ]
)


class Known(NamedTuple):
    """What lay at a link when it was asked last."""

    sha256: str
    suffix: str
    etag: str
    modified: str
    asked_s: float


class WebFiles:
    """The pictures of one output. A plan asks with `refresh` for many at once, then for each."""

    def __init__(
        self, rules: Links, output: str, *, fetcher: Fetcher | None = None,
        fetches: bool = True, say: Callable[[str], None] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:  # fmt: skip
        """With `fetches` False nobody is asked: what is remembered counts, however old, and what is
        not is taken to be new."""
        self.rules, self._fetches, self._say, self._clock = rules, fetches, say, clock
        self._fetcher = fetcher or Fetcher(rules)
        self._folder = storage.join(storage.absolute(output), "media", "web")
        self._place = storage.join(output, "plan", "web.parquet")
        self._known: dict[bytes, Known] | None = None
        self._refused: dict[bytes, LinkRefused] = {}
        self._fresh: set[bytes] = set()
        self._silent: Counter[str] = Counter()
        self._hosts: dict[str, threading.Semaphore] = {}
        self._lock = threading.Lock()
        self._done: Counter[str] = Counter()
        self._told_s = clock()

    def refresh(self, links: Collection[str]) -> None:
        """Ask for those that are new or old, many at a time. Raises what the store does."""
        old = [link for link in dict.fromkeys(links) if not self._is_fresh(_key(link))]
        if not old or not self._fetches:
            return
        with ThreadPoolExecutor(min(THREADS, len(old))) as threads:
            for _ in threads.map(self._ask, old):
                self._tell()

    def ensure(self, links: Collection[str]) -> None:
        """`refresh`, and fetch again those whose file has gone from the store."""
        self.refresh(links)
        here = [link for link in dict.fromkeys(links) if _key(link) in self._memory()]
        if not self._fetches or not here:
            return
        with ThreadPoolExecutor(min(THREADS, len(here))) as threads:
            for link, there in zip(here, threads.map(self._is_there, here), strict=True):
                if not there:
                    del self._memory()[_key(link)]
                    self._fresh.discard(_key(link))
        self.refresh(here)

    def version(self, link: str) -> str | None:
        """A text that changes when the picture does; None where there is none to be had."""
        key = _key(link)
        known = self._memory().get(key)
        return None if known is None or key in self._refused else known.sha256

    def asset(self, link: str) -> Asset:
        """The picture in the store. Raises `LinkRefused`, with a reason."""
        key = _key(link)
        if key in self._refused:
            raise self._refused[key]
        known = self._memory().get(key)
        if known is not None:
            return Asset(self._blob(known), known.sha256)
        parsed(link, self.rules)
        if not self._fetches:  # nobody knows yet: it counts as new
            return Asset(link, hashlib.sha256(link.encode("utf-8", "replace")).hexdigest())
        self.refresh([link])
        return self.asset(link)

    def save(self) -> None:
        """Remember what was asked for, for the next plan, and say what became of it."""
        if self._known is None or not self._done:
            return
        since = self._clock() - max(KEPT_DAYS * 86_400, 2 * 3600 * self.rules.max_age_hours)
        kept = {key: known for key, known in self._known.items() if known.asked_s >= since}
        columns: list[Any] = [list(kept), *map(list, zip(*kept.values(), strict=True))]
        table = pa.table(columns if kept else [[] for _ in _SCHEMA], schema=_SCHEMA)
        buffer = io.BytesIO()
        pq.write_table(table, buffer, compression="zstd")
        storage.replace_bytes(buffer.getvalue(), self._place)
        self._tell(at_the_end=True)

    def _is_fresh(self, key: bytes) -> bool:
        if key in self._fresh or key in self._refused:
            return True
        known = self._memory().get(key)
        return known is not None and (
            not self._fetches or self._clock() - known.asked_s < self.rules.max_age_hours * 3600
        )

    def _ask(self, link: str) -> None:
        """One link, in a thread of its own: known, or refused, afterwards."""
        key = _key(link)
        known = self._memory().get(key)
        try:
            host = parsed(link, self.rules).host
            with self._host(host):
                got = self._asked(link, host, known)
            if isinstance(got, Fetched):
                now = self._stored(got)
                self._count("fetched", len(got.content))
            else:
                assert known is not None  # only a known version is asked about
                now = known._replace(asked_s=self._clock())
                self._count("as they were")
        except LinkRefused as refused:
            if refused.passing and known is not None:
                self._count("kept from before, for their host did not send them")
            else:
                self._count("refused")
                with self._lock:
                    self._refused[key] = refused
                    self._memory().pop(key, None)
            now = None
        with self._lock:
            self._fresh.add(key)
            if now is not None:
                self._memory()[key] = now

    def _asked(self, link: str, host: str, known: Known | None) -> Fetched | None:
        if self._silent[host] >= GIVEN_UP_AFTER:
            said = f"{host} did not send {GIVEN_UP_AFTER} files in a row; it is asked again with"
            raise LinkRefused(UNREACHABLE, f"{said} the next run", passing=True)
        etag, modified = (known.etag, known.modified) if known else ("", "")
        try:
            got = self._fetcher.fetch(link, etag=etag, modified=modified)
            if got is None and not (etag or modified):
                raise LinkRefused(UNREACHABLE, f"{host} says of a new file that it is an old one")
        except LinkRefused as refused:
            with self._lock:
                self._silent[host] += 1 if refused.passing else -self._silent[host]
            raise
        with self._lock:
            self._silent[host] = 0
        return got

    def _stored(self, got: Fetched) -> Known:
        sha256 = hashlib.sha256(got.content).hexdigest()
        known = Known(sha256, got.suffix, got.etag, got.modified, self._clock())
        storage.commit_bytes(got.content, self._blob(known))
        return known

    def _blob(self, known: Known) -> str:
        name = known.sha256 + known.suffix
        return storage.join(self._folder, name[:2], name)

    def _is_there(self, link: str) -> bool:
        return storage.exists(self._blob(self._memory()[_key(link)]))

    def _host(self, host: str) -> threading.Semaphore:
        with self._lock:
            return self._hosts.setdefault(host, threading.Semaphore(self.rules.per_host))

    def _count(self, what: str, size: int = 0) -> None:
        with self._lock:
            self._done[what] += 1
            self._done["bytes"] += size

    def _tell(self, at_the_end: bool = False) -> None:
        if self._say is None or (not at_the_end and self._clock() - self._told_s < SAY_EVERY_S):
            return
        self._told_s = self._clock()
        parts = [f"{n:,} {what}" for what, n in sorted(self._done.items()) if what != "bytes"]
        self._say(f"pictures on the web: {', '.join(parts)}; {self._done['bytes'] / 1e6:,.1f} MB")

    def _memory(self) -> dict[bytes, Known]:
        if self._known is None:
            content = storage.read_bytes_or_none(self._place)
            self._known = {} if content is None else _read(content)
        return self._known


def remembered(output: str) -> set[str]:
    """Names of the files that plans of this output still know, as they lie in media/web."""
    content = storage.read_bytes_or_none(storage.join(output, "plan", "web.parquet"))
    known = {} if content is None else _read(content)
    return {one.sha256 + one.suffix for one in known.values()}


def not_here(link: str) -> LinkRefused:
    """The refusal of a link where nothing on the web is followed."""
    return LinkRefused(REFUSED, "links to the web are not followed here")


def _read(content: bytes) -> dict[bytes, Known]:
    table = pq.read_table(io.BytesIO(content), partitioning=None)
    keys, *columns = (table[name].to_pylist() for name in _SCHEMA.names)
    return {key: Known(*values) for key, *values in zip(keys, *columns, strict=True)}


def _key(link: str) -> bytes:
    return hashlib.sha256(link.encode("utf-8", "surrogatepass")).digest()[:16]
