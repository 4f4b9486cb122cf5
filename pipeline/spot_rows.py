"""Spot rows: what a product, its script and the campaign come to, as the first stage reads it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from urllib.parse import quote, urlparse

from pipeline import storage
from pipeline.assets import AssetDigests
from pipeline.feed import ScriptRow, Scripts, UnreadRow, read_scripts
from pipeline.feed_links import Elsewhere, FeedLinks, below, links_of, shown
from pipeline.web.refusal import LinkRefused
from schemas.campaign import Campaign, Variant
from schemas.money import format_price
from schemas.product import Product
from schemas.rating import parse_rating

_UNREADABLE = (OSError, ValueError, TypeError, ImportError)
"""What storage raises for names that no file can have."""


_RATING = ("product_rating", "average_rating", "rating", "review_average")
_RATING_COUNT = ("rating_count", "product_review_count", "review_count", "number_of_reviews")
"""What shops call them: Google's product feed has no such attributes."""
MOST_QR = 300
"""Characters of a link that phones still read from a code of a card's size."""


class Unplannable(Exception):
    """A product that cannot become a spot; `reason_code` and the message go to the ledger."""

    def __init__(self, reason_code: str, reason: str) -> None:
        super().__init__(reason)
        self.reason_code = reason_code


class SpotRows:
    """Builds the rows of one campaign."""

    def __init__(
        self,
        campaign: Campaign,
        assets: AssetDigests | None = None,
        scripts: Scripts | None = None,
    ) -> None:
        """Without `scripts` those of the campaign are read."""
        self.campaign, self.assets = campaign, assets or AssetDigests()
        if scripts is None:
            scripts = read_scripts(campaign.scripts) if campaign.scripts else Scripts()
        self.scripts = scripts
        self._day = campaign.date or date.today()
        self._links = FeedLinks(campaign)
        self._scripts_folder = (campaign.scripts or "").rpartition("/")[0]

    def source(self, row: UnreadRow, pictures: Sequence[str | None]) -> str:
        """Digest of all that feed, scripts and folders say of a row, before it is read;
        `pictures` as the method gives them.

        If it is the same as before, so is the spot: nothing else of the row needs looking at.
        "" where that cannot be told so cheaply: an odd link, a file that is not there.
        """
        texts = row.raw.texts
        script = self.scripts.text(row.product_id)
        parts = [row.raw.broken, "again" if row.first_line != row.raw.line else "", repr(texts)]
        if "sale_price_effective_date" in texts:
            parts.append(self._day.isoformat())
        links = links_of(texts)
        for picture in pictures[: len(links)]:
            version = None if picture is None else self.assets.version(picture)
            if version is None:
                return ""
            parts.append(version)
        if self._film_link(texts):
            film = next(iter(pictures[len(links) :]), None)
            if film is None:
                return ""
            parts.append(f"film {self.assets.version(film)}")  # None if it is gone
        if script is not None:
            parts.append(script)
            own = self.scripts[row.product_id] if _brings_files(script) else None
            for file in (own.music, own.video_link) if own is not None else ():
                where = storage.join(self._scripts_folder, file)
                parts.append(f"{file} {self.assets.version(where)}")  # None if it is gone
        text = "\0".join(parts).encode("utf-8", "surrogatepass")
        return hashlib.blake2b(text, digest_size=16).hexdigest()

    def pictures(self, row: UnreadRow) -> list[str | None]:
        """URIs of the pictures that a row links, and of its film behind them; None for a link that
        needs a closer look."""
        links = links_of(row.raw.texts)
        film = self._film_link(row.raw.texts)
        return [self._links.at_a_glance(link) for link in [*links, *([film] if film else [])]]

    def _film_link(self, texts: Mapping[str, str]) -> str:
        """The link of a row's film; "" for none, and for one on the web, which is left alone."""
        link = texts.get("video_link", "").strip()
        return "" if "://" in link and self.campaign.images is None else link

    def build(self, product: Product, variant: Variant, spot_id: str) -> dict[str, Any]:
        """The row, with the day's prices. Raises `Unplannable`."""
        now, regular = product.price_on(self._day)
        written = self.scripts.get(product.id)
        return {
            "spot_id": spot_id,
            "product_id": product.id,
            "variant": variant.name,
            "language": self.campaign.language,
            "seed": derived_seed(self.campaign.seed, spot_id),
            "title": product.title,
            "brand": product.brand,
            "description": product.description,
            "script": self._script(product, variant, written),
            "tagline": variant.tagline or (written.tagline if written else ""),
            "cta": variant.cta or (written.cta if written else "") or "Shop now",
            "price": now.amount,
            "regular_price": regular.amount if regular else None,
            "currency": now.currency,
            "accent": (written.accent if written else "") or self.campaign.brand.accent,
            "images": self._images(product),
            "film": self._film(product.extra.get("video_link", ""), written),
            "hook": (written.hook if written else "") or None,
            **self._rating(product, written),
            "qr": self._qr(product, variant, written),
            "music": self._music(written.music if written else ""),
            "control": self._control(product.extra.get("control_link", "")),
        }

    def _rating(self, product: Product, written: ScriptRow | None) -> dict[str, Any]:
        """Stars of the script's table, else of the feed; none of either if they are no rating."""
        feed = [
            next((product.extra[name] for name in names if name in product.extra), "")
            for names in (_RATING, _RATING_COUNT)
        ]
        own = [written.rating, written.rating_count] if written else ["", ""]
        for stars, count in (own, feed):
            if (given := parse_rating(stars, count)) is not None:
                return {"rating": given[0], "rating_count": given[1]}
        return {"rating": None, "rating_count": None}

    def _qr(self, product: Product, variant: Variant, written: ScriptRow | None) -> str | None:
        """The link of the end card's code. Raises `Unplannable` for one that is none."""
        own = written.qr if written else ""
        link = own or self.campaign.qr
        if not link:
            return None
        values = {"id": quote(product.id, safe=""), "variant": variant.name, "link": product.link}
        for name, value in values.items():
            link = link.replace("{" + name + "}", value)
        parts = urlparse(link)
        if parts.scheme not in ("http", "https") or not parts.netloc or len(link) > MOST_QR:
            fix = f"write a link (https://...) of at most {MOST_QR} characters"
            raise Unplannable("qr_no_link", f"qr {link[:80]!r}: {fix}")
        return link

    def _script(self, product: Product, variant: Variant, written: ScriptRow | None) -> str:
        if variant.script is None and written is not None:
            return written.script
        template = variant.script or self.campaign.script or ""
        now, _ = product.price_on(self._day)
        price = format_price(now.amount, now.currency, self.campaign.language)
        words = {"title": product.title, "brand": product.brand, "price": price}
        for name, value in words.items():
            template = template.replace("{" + name + "}", value)
        return template

    def _images(self, product: Product) -> list[dict[str, str]]:
        """The product photo, which must be there, and those of the further pictures that are."""
        images = [self._image(product.image_link)]
        for link in product.additional_image_link:
            try:
                images.append(self._image(link))
            except Unplannable:
                continue
        return images

    def _film(self, link: str, written: ScriptRow | None) -> dict[str, str] | None:
        """The product's film: the scripts table's, beside it, else the feed's, where its pictures
        lie. A feed may link a film on the web, which is left alone."""
        if written is not None and written.video_link:
            folder = (self.campaign.scripts or "").rpartition("/")[0]
            try:
                return self._asset(below(folder, written.video_link))
            except (Elsewhere, *_UNREADABLE) as error:
                if storage.is_away(error):
                    raise
                said = f"video_link {written.video_link!r}: no such file beside the scripts table"
                raise Unplannable("film_missing", f"{said}; add it, or correct the path") from None
        if not link:
            return None
        try:
            return self._image(link, "video_link")
        except Unplannable:
            return None

    def _control(self, link: str) -> dict[str, str] | None:
        """The product's own control track, which lies where its pictures do."""
        return self._image(link, "control_link") if link else None

    def _image(self, link: str, attribute: str = "image_link") -> dict[str, str]:
        """The picture that a feed's link means: by file name in `images`, beside the feed, or on
        the web."""
        link_said = f"{attribute} {shown(link)}"
        try:
            if self._links.on_web(link):
                found = self.assets.from_web(link)
                return {"uri": found.uri, "sha256": found.sha256}
            return self._asset(self._links.file(link))
        except LinkRefused as refused:
            raise Unplannable(refused.code, f"{link_said}: {refused.reason}") from None
        except FileNotFoundError:
            there = self.campaign.images or "the folder of the feed"
            fix = f"no such file in {there}; add it, or correct the link"
            raise Unplannable("image_missing", f"{link_said}: {fix}") from None
        except Elsewhere as elsewhere:
            raise Unplannable("image_elsewhere", f"{link_said}: {elsewhere}") from None
        except _UNREADABLE as error:
            if storage.is_away(error):
                raise
            said = f"{link_said} cannot be read ({error}); correct the link"
            raise Unplannable("image_unreadable", said) from None

    def _music(self, own: str) -> dict[str, str] | None:
        bed = self.campaign.sound.music
        if not own or not self.campaign.scripts:
            return self._asset(bed) if bed else None
        try:
            return self._asset(below(self.campaign.scripts.rpartition("/")[0], own))
        except (Elsewhere, *_UNREADABLE) as error:
            if storage.is_away(error):
                raise
            fix = "no such file beside the scripts table; add it, or correct the path"
            raise Unplannable("music_missing", f"music {own!r}: {fix}") from None

    def _asset(self, uri: str) -> dict[str, str]:
        return {"uri": uri, "sha256": self.assets.digest(uri)}


def _brings_files(script: str) -> bool:
    return "music" in script or "video_link" in script


def derived_seed(seed: int, salt: str) -> int:
    """A 48-bit seed that follows from another and a word."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{salt}".encode()).digest()[:6], "big")
