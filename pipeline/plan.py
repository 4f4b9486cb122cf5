"""Plan: the feed as spots, what is decided already, and the rest cut into units."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import unquote, urlparse

from pipeline import storage
from pipeline.feed import FeedRow, ScriptRow, read_feed, read_scripts
from pipeline.keys import digest, fingerprint
from pipeline.rows import decided, new_row
from schemas.campaign import Campaign, Variant
from schemas.money import format_price
from schemas.product import Product
from stages.base import Stage

UNIT_SPOTS = 2000
"""Spots per unit: bounds the driver's memory (measured about 50 kB per row in flight)."""

_SAFE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


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
        self.scripts = read_scripts(campaign.scripts) if campaign.scripts else {}
        self.day = campaign.date or date.today()
        self._digests: dict[str, str] = {}

    def units(self) -> Iterator[Unit]:
        """Units in the feed's order, each full but the last; none for an empty selection."""
        unit, taken = Unit(0), 0
        for row in read_feed(self.campaign.feed):
            for variant in self.campaign.variants:
                if self.limit is not None and taken >= self.limit:
                    break
                if not self._selected(row, variant):
                    continue
                self._place(unit, row, variant)
                taken += 1
                if len(unit) >= self.unit_spots:
                    yield unit
                    unit = Unit(unit.number + 1)
        if len(unit):
            yield unit

    def _selected(self, row: FeedRow, variant: Variant) -> bool:
        ids = {row.product_id, spot_id_of(row.product_id, variant.name)}
        return not self.only or bool(ids & self.only)

    def _place(self, unit: Unit, row: FeedRow, variant: Variant) -> None:
        spot_id = spot_id_of(row.product_id or f"line-{row.line}", variant.name)
        if row.reason_code == "duplicate_id":
            spot_id = f"{spot_id}-line-{row.line}"  # the first row keeps the id
        common = {"variant": variant.name, "title": row.title, "feed_line": row.line}
        if row.product is None:
            assert row.reason_code is not None and row.reason is not None
            key = digest([row.reason_code, row.reason])
            unit.decided.append(
                decided(
                    spot_id, row.product_id, "rejected", row.reason_code, row.reason,
                    fingerprint=key, **common,
                )
            )  # fmt: skip
            return
        try:
            spot = self._spot(row.product, variant, spot_id)
        except _Unplannable as error:
            unit.decided.append(
                decided(
                    spot_id, row.product_id, "rejected", error.reason_code, str(error),
                    fingerprint=digest([error.reason_code, str(error)]), **common,
                )
            )  # fmt: skip
            return
        print_ = fingerprint(self.stages, spot)
        settled = self._settled(spot_id, print_)
        if settled is not None:
            unit.decided.append({**settled, **common})
        else:
            pending = new_row(spot, print_, row.line)
            script = self.scripts.get(row.product.id)
            mended = (*row.warnings, *(script.warnings if script else ()))
            pending["verdicts"] = [_warning(text) for text in mended]
            unit.pending.append(pending)

    def _settled(self, spot_id: str, print_: str) -> dict[str, Any] | None:
        """The ledger row of a spot that an earlier run settled and nothing has changed since."""
        before = self.known.get(spot_id)
        if before is None or before["fingerprint"] != print_ or before["status"] == "failed":
            return None
        if before["status"] in ("published", "unchanged"):
            if not all(storage.exists(output["uri"]) for output in before["outputs"] or []):
                return None
            return {**before, "status": "unchanged", "stages": _as_cached(before["stages"])}
        return {**before, "stages": _as_cached(before["stages"])}

    def _spot(self, product: Product, variant: Variant, spot_id: str) -> dict[str, Any]:
        now, regular = product.price_on(self.day)
        written = self.scripts.get(product.id)
        tagline, cta = variant.tagline, variant.cta
        if written is not None:
            tagline, cta = tagline or written.tagline, cta or written.cta
        music = (written.music if written else None) or None
        return {
            "spot_id": spot_id,
            "product_id": product.id,
            "variant": variant.name,
            "language": self.campaign.language,
            "seed": _seed(self.campaign.seed, spot_id),
            "title": product.title,
            "brand": product.brand,
            "description": product.description,
            "script": self._script(product, variant, written),
            "tagline": tagline or "",
            "cta": cta or "Shop now",
            "price": now.amount,
            "regular_price": regular.amount if regular else None,
            "currency": now.currency,
            "accent": (written.accent if written else None) or self.campaign.brand.accent,
            "images": self._images(product),
            "music": self._music(music),
        }

    def _script(self, product: Product, variant: Variant, written: ScriptRow | None) -> str:
        if variant.script is None and written is not None:
            return written.script or ""
        template = variant.script or self.campaign.script or ""
        now, _ = product.price_on(self.day)
        price = format_price(now.amount, now.currency, self.campaign.language)
        for name, value in (
            ("title", product.title),
            ("brand", product.brand or ""),
            ("price", price),
        ):
            template = template.replace("{" + name + "}", value)
        return template

    def _images(self, product: Product) -> list[dict[str, str]]:
        """The product photo, which must be there, and those of the further pictures that are."""
        images = [self._asset(product.image_link)]
        for link in product.additional_image_link:
            try:
                images.append(self._asset(link))
            except _Unplannable:
                continue
        return images

    def _asset(self, link: str) -> dict[str, str]:
        """The picture that a feed's link means: by file name in `images`, or a path of its own."""
        if self.campaign.images:
            name = unquote(urlparse(link).path).rpartition("/")[2] or link
            if name in ("", ".", ".."):
                raise _Unplannable("image_missing", f"image_link {link!r} names no file")
            uri = storage.join(self.campaign.images, name)
        elif urlparse(link).scheme in ("http", "https"):
            raise _Unplannable(
                "image_remote",
                f"image_link {link!r} is on the web; copy the images to a folder or bucket and"
                " name it in the campaign's `images`",
            )
        else:
            uri = storage.absolute(link, self.campaign.feed.rpartition("/")[0])
        try:
            return {"uri": uri, "sha256": self._digest(uri)}
        except FileNotFoundError:
            where = self.campaign.images or "the place it names"
            raise _Unplannable(
                "image_missing",
                f"image_link {link!r}: no such file in {where}; add it, or correct the link",
            ) from None

    def _music(self, own: str | None) -> dict[str, str] | None:
        if own and self.campaign.scripts:
            uri = storage.absolute(own, self.campaign.scripts.rpartition("/")[0])
            try:
                return {"uri": uri, "sha256": self._digest(uri)}
            except FileNotFoundError:
                raise _Unplannable(
                    "music_missing", f"music {own!r} of the scripts table is not there ({uri})"
                ) from None
        bed = self.campaign.sound.music
        return {"uri": bed, "sha256": self._digest(bed)} if bed else None

    def _digest(self, uri: str) -> str:
        if uri not in self._digests:
            self._digests[uri] = hashlib.sha256(storage.read_bytes(uri)).hexdigest()
        return self._digests[uri]


class _Unplannable(Exception):
    def __init__(self, reason_code: str, reason: str) -> None:
        super().__init__(reason)
        self.reason_code = reason_code


def spot_id_of(product_id: str, variant: str) -> str:
    """A product's spot id: its own id where that is safe as a file name, else a slug and a digest.

    Feeds are written by others: an id such as "../../x" must not choose where a file goes.
    """
    suffix = "" if variant == "main" else f"--{variant}"
    if _SAFE_ID.fullmatch(product_id):
        return product_id + suffix
    slug = re.sub(r"[^A-Za-z0-9]+", "-", product_id).strip("-")[:40] or "product"
    return f"{slug}-{hashlib.sha256(product_id.encode()).hexdigest()[:8]}{suffix}"


def new_run_id(now: datetime | None = None) -> str:
    """A run id that sorts by time: "20261124T060000123Z"."""
    return (now or datetime.now(UTC)).strftime("%Y%m%dT%H%M%S%f")[:-3] + "Z"


def next_seed(seed: int) -> int:
    """Another seed for the same spot, after a quality gate turned the first one down."""
    return _seed(seed, "again")


def _seed(seed: int, salt: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed}:{salt}".encode()).digest()[:6], "big")


def _warning(text: str) -> dict[str, str]:
    return {"gate": "feed", "rule": "mended", "verdict": "pass", "evidence": text}


def _as_cached(stages: Sequence[Mapping[str, Any]] | None) -> list[dict[str, Any]]:
    return [{**stage, "cached": True} for stage in stages or []]
