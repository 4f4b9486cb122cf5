"""Screen stage: texts, prices and pictures of a spot are judged before anything is spent on it."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa

from schemas.arrow_types import PICTURE
from schemas.asset import Asset
from schemas.money import Price
from stages.base import Media, Reject, Stage
from stages.hardware import Hardware
from stages.screen.film import GATE as FILM_GATE
from stages.screen.film import BadFilm, Film, open_film
from stages.screen.finding import Finding, passed, settle
from stages.screen.image_set import ImageSet, choose_images
from stages.screen.names import NameList, read_people, screen_names
from stages.screen.photo import Picture, open_picture
from stages.screen.policy import Policy, read_rules, screen_policy
from stages.screen.prices import Offer, screen_prices

NAMES_FILE = Path(__file__).with_name("names.json")
POLICY_FILE = Path(__file__).with_name("policy.yaml")

LATIN_SHARE = 0.6
"""Of the letters of a script: the voices read Latin letters, and a word in others is a name."""


@dataclass(kw_only=True)
class Screen(Stage):
    """Refuses what must not ship and makes the product photo plain (upright, sRGB, PNG)."""

    name: ClassVar[str] = "screen"
    reads: ClassVar[tuple[str, ...]] = (
        "title", "brand", "script", "tagline", "cta", "price", "regular_price", "currency",
        "language", "images", "film",
    )  # fmt: skip
    judges: ClassVar[tuple[str, ...]] = reads[:-2]
    writes: ClassVar[pa.Schema] = pa.schema(
        [
            pa.field("photo_uri", pa.string()),  # RGB PNG, long side at most 2048 px
            pa.field("cutout_uri", pa.string()),  # RGBA PNG; null if no image has transparency
            pa.field("further_pictures", pa.list_(PICTURE)),  # other views of it
            pa.field("film_uri", pa.string()),  # H.264, upright, BT.709, silent; null for none
            pa.field("ingredient_uri", pa.string()),  # the product photo as it came
        ]
    )
    version: ClassVar[str] = (
        "2-" + sha256(NAMES_FILE.read_bytes() + POLICY_FILE.read_bytes()).hexdigest()[:12]
    )  # a longer list must look again at spots that a shorter one let pass
    hardware = Hardware(cpus=1, memory_gb=1.0)
    timeout_s = 300.0
    seconds_hint = 0.3

    names: Asset | None = None
    """Further people to look for, in the shape of names.json; added to the shipped ones."""
    rules: Asset | None = None
    """Policy file (YAML or JSON, in the shape of policy.yaml) in place of the shipped one."""
    max_image_bytes: int = 20_000_000
    """A larger file is refused before it is opened. Google's own limit is 16 MB."""
    min_image_px: int = 300
    """Least short side of the product photo; smaller ones are mush at 1080 px width."""

    _names: NameList | None = field(init=False, repr=False, compare=False, default=None)
    _policy: Policy | None = field(init=False, repr=False, compare=False, default=None)

    def load(self) -> None:
        """Build the shipped lists, if no asset takes part in them."""
        if self.names is None:
            self._names = NameList(read_people(NAMES_FILE.read_text("utf-8"), NAMES_FILE.name))
        if self.rules is None:
            self._policy = Policy(read_rules(POLICY_FILE.read_text("utf-8"), POLICY_FILE.name))

    def run(self, spot: Mapping[str, Any], media: Media) -> Mapping[str, Any]:
        """See `Stage.run`. A block in the texts is raised before any picture is opened."""
        script = (spot["script"] or "").strip()
        _check_script(script)
        spoken = _texts(spot, "script", "tagline", "cta")
        everything = spoken | _texts(spot, "title", "brand")
        findings = [
            *screen_names(everything, self._name_list(media)),
            *screen_policy(everything, self._policy_rules(media)),
            *screen_prices(spoken, _offer(spot)),
        ]
        if any(finding.verdict.verdict == "block" for finding in findings):
            settle(findings)
        images, image_findings = self._images(spot["images"], media)
        photo = images.photo
        film, film_findings = self._film(spot.get("film"), media)
        verdicts = settle([*findings, *image_findings, *film_findings])
        cutout = images.cutout
        return {
            "photo_uri": _save(photo.on_white(), "photo.png", media),
            "cutout_uri": _save(cutout.image, "cutout.png", media) if cutout else None,
            "further_pictures": [_further(picture, media) for picture in images.further],
            "film_uri": media.save(film.path) if film else None,
            "ingredient_uri": _keep(images.original, f"ingredient{photo.suffix}", media),
            "metrics": {
                "photo_width_px": float(photo.width_px),
                "photo_height_px": float(photo.height_px),
                "script_words": float(len(script.split())),
            },
            "verdicts": list(verdicts),
        }

    def _name_list(self, media: Media) -> NameList:
        if self._names is None:
            people = read_people(NAMES_FILE.read_text("utf-8"), NAMES_FILE.name)
            if self.names is not None:
                extra = media.open(self.names).read_text("utf-8-sig")
                people += read_people(extra, self.names.uri)
            self._names = NameList(people)
        return self._names

    def _policy_rules(self, media: Media) -> Policy:
        if self._policy is None:
            place = self.rules.uri if self.rules else POLICY_FILE.name
            path = media.open(self.rules) if self.rules else POLICY_FILE
            self._policy = Policy(read_rules(path.read_text("utf-8-sig"), place))
        return self._policy

    def _images(
        self, images: list[Mapping[str, str]] | None, media: Media
    ) -> tuple[ImageSet, list[Finding]]:
        places = [
            (f"image {number + 1} ({image['uri'].rsplit('/', 1)[-1]})", image)
            for number, image in enumerate(images or ())
        ]
        return choose_images(
            places, lambda image: media.open(Asset(image["uri"], image["sha256"])), self._open
        )

    def _film(
        self, film: Mapping[str, str] | None, media: Media
    ) -> tuple[Film | None, list[Finding]]:
        """The shop's film made plain; a spot goes on without one that cannot be used."""
        if not film:
            return None, []
        name = film["uri"].rsplit("/", 1)[-1]
        try:
            given = media.open(Asset(film["uri"], film["sha256"]))
            found = open_film(given, media.scratch("film.mp4"))
        except BadFilm as bad:
            said = f"the film {name} is not used: {bad.reason}"
            return None, [passed(FILM_GATE, bad.code, said)]
        seen = f"{name}: {', '.join(found.notes)}; {found.frames} frames are used"
        return found, [passed(FILM_GATE, "film", seen)]

    def _open(self, path: Path) -> Picture:
        return open_picture(path, max_bytes=self.max_image_bytes, min_side_px=self.min_image_px)


def _check_script(script: str) -> None:
    if not script:
        raise Reject("script_empty", "The script is empty; write what the voice should say.")
    letters = [char for char in script if char.isalpha()]
    latin = sum(
        unicodedata.name(char, "").startswith(("LATIN", "FULLWIDTH LATIN")) for char in letters
    )
    if not letters or latin < LATIN_SHARE * len(letters):
        share = 100 * latin / max(1, len(letters))
        raise Reject(
            "script_language",
            f"Only {share:.0f} % of the script's letters are Latin (it starts"
            f' "{script[:40]}"); write it in a language that the voice speaks.',
        )


def _texts(spot: Mapping[str, Any], *columns: str) -> dict[str, str]:
    return {column: spot[column] for column in columns if (spot[column] or "").strip()}


def _offer(spot: Mapping[str, Any]) -> Offer | None:
    if spot["price"] is None or not spot["currency"]:
        return None
    regular = spot["regular_price"]
    return Offer(
        price=Price(Decimal(str(spot["price"])).normalize(), spot["currency"]),
        regular=None if regular is None else Decimal(str(regular)),
        language=spot["language"] or "en",
    )


def _save(image: Any, name: str, media: Media) -> str:
    path = media.scratch(name)
    image.save(path, "PNG", compress_level=4)
    return media.save(path)


def _further(picture: Picture, media: Media) -> dict[str, str | None]:
    return {
        "photo_uri": _save(picture.on_white(), "further.png", media),
        "cutout_uri": _save(picture.image, "further_cutout.png", media)
        if picture.is_cutout
        else None,
    }


def _keep(original: Path, name: str, media: Media) -> str:
    path = media.scratch(name)
    path.write_bytes(original.read_bytes())
    return media.save(path)
