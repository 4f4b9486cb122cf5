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

from schemas.asset import Asset
from schemas.money import Price
from stages.base import Media, Reject, Stage, Verdict
from stages.hardware import Hardware
from stages.screen.finding import Finding, passed, settle
from stages.screen.names import NameList, read_people, screen_names
from stages.screen.photo import GATE as IMAGE_GATE
from stages.screen.photo import BadImage, Picture, open_picture
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
        "title", "brand", "script", "tagline", "cta", "hook", "price", "regular_price", "currency",
        "language", "images",
    )  # fmt: skip
    judges: ClassVar[tuple[str, ...]] = reads[:-1]
    writes: ClassVar[pa.Schema] = pa.schema(
        [
            pa.field("photo_uri", pa.string()),  # RGB PNG, long side at most 2048 px
            pa.field("cutout_uri", pa.string()),  # RGBA PNG; null if no image has transparency
            pa.field("ingredient_uri", pa.string()),  # the product photo as it came
        ]
    )
    version: ClassVar[str] = (
        "1-" + sha256(NAMES_FILE.read_bytes() + POLICY_FILE.read_bytes()).hexdigest()[:12]
    )  # a longer list must look again at spots that a shorter one let pass
    hardware = Hardware(cpus=1, memory_gb=1.0)
    timeout_s = 60.0
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
        spoken = _texts(spot, "script", "tagline", "cta", "hook")
        everything = spoken | _texts(spot, "title", "brand")
        findings = [
            *screen_names(everything, self._name_list(media)),
            *screen_policy(everything, self._policy_rules(media)),
            *screen_prices(spoken, _offer(spot)),
        ]
        if any(finding.verdict.verdict == "block" for finding in findings):
            settle(findings)
        photo, cutout, ingredient, image_findings = self._pictures(spot["images"], media)
        verdicts = settle([*findings, *image_findings])
        return {
            "photo_uri": _save(photo.on_white(), "photo.png", media),
            "cutout_uri": _save(cutout.image, "cutout.png", media) if cutout else None,
            "ingredient_uri": _keep(ingredient, f"ingredient{photo.suffix}", media),
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

    def _pictures(
        self, images: list[Mapping[str, str]] | None, media: Media
    ) -> tuple[Picture, Picture | None, Path, list[Finding]]:
        """(product photo, first cut-out, path of the photo as it came, findings)."""
        photo: Picture | None = None
        cutout: Picture | None = None
        original, findings = Path(), list[Finding]()
        for number, image in enumerate(images or ()):
            place = f"image {number + 1} ({image['uri'].rsplit('/', 1)[-1]})"
            if photo is not None and cutout is not None:
                findings.append(passed(IMAGE_GATE, "image_unused", f"{place} is not needed"))
                continue
            try:
                path = media.open(Asset(image["uri"], image["sha256"]))
                picture = self._open(path)
            except BadImage as bad:
                if photo is None:
                    verdict = Verdict(IMAGE_GATE, bad.code, "block", f"{place}: {bad.reason}")
                    findings.append(Finding(verdict, bad.code, f"{bad.reason} It is {place}."))
                    settle(findings)
                skipped = f"{place} skipped: {bad.reason}"
                findings.append(passed(IMAGE_GATE, bad.code, skipped))
                continue
            seen = f"{place}: {picture.width_px} x {picture.height_px} px"
            findings.append(passed(IMAGE_GATE, "image", ", ".join([seen, *picture.notes])))
            if photo is None:
                photo, original = picture, path
            if cutout is None and picture.is_cutout:
                cutout = picture
        if photo is None:
            reason = "The row has no product photo; link one in image_link."
            raise Reject("image_missing", reason, verdicts=tuple(f.verdict for f in findings))
        return photo, cutout, original, findings

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
    return {column: spot[column] for column in columns if (spot.get(column) or "").strip()}


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


def _keep(original: Path, name: str, media: Media) -> str:
    path = media.scratch(name)
    path.write_bytes(original.read_bytes())
    return media.save(path)
