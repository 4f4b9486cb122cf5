"""Screen stage: texts, prices and pictures of a spot are judged before anything is spent on it."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
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
from stages.screen.image_set import ImageSet, choose_images
from stages.screen.photo import Picture, open_picture
from stages.screen.shown import look_at
from stages.shared.image_gate import ImageGate
from stages.shared.text_gate import Finding, Offer, TextGate, passed, settle
from stages.shared.text_gate.judge import TextJudge
from stages.shared.text_gate.text_gate import VERSION as TEXT_GATE_VERSION

LATIN_SHARE = 0.6
"""Of the letters of a script: the voices read Latin letters, and a word in others is a name."""


@dataclass(kw_only=True)
class Screen(Stage):
    """Refuses what must not ship and makes the product photo plain (upright, sRGB, PNG)."""

    name: ClassVar[str] = "screen"
    reads: ClassVar[tuple[str, ...]] = (
        "title", "brand", "script", "tagline", "cta", "hook", "price", "regular_price", "currency",
        "language", "rating", "rating_count", "images", "film",
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
    version: ClassVar[str] = f"4-{TEXT_GATE_VERSION}"
    hardware: Hardware = field(default=Hardware(cpus=1, memory_gb=1.0), metadata={"place": True})
    timeout_s: float = field(default=300.0, metadata={"place": True})
    seconds_hint: float = field(default=0.5, metadata={"place": True})

    names: Asset | None = None
    """Further people to look for, in the shape of names.json; added to the shipped ones."""
    rules: Asset | None = None
    """Policy file (YAML or JSON, in the shape of policy.yaml) in place of the shipped one."""
    profiles: tuple[str, ...] = ("standard",)
    """Platforms whose rules count, as the policy file names them; the strictest of them decides."""
    safeguard: TextJudge | None = None
    """A model that reads the texts as well."""
    prompts: tuple[str, ...] = ()
    """What video models are asked for, with columns in braces ("{title} on a table"): checked as a
    text of the spot's."""
    shown: ImageGate = field(default_factory=ImageGate)
    """What pictures, and the keyframes of a film, are held against."""
    most_faces: int | None = 0
    """Faces that a product photo may show; None for any number."""
    max_image_bytes: int = 20_000_000
    """A larger file is refused before it is opened. Google's own limit is 16 MB."""
    min_image_px: int = 300
    """Least short side of the product photo; smaller ones are mush at 1080 px width."""

    _gate: TextGate | None = field(init=False, repr=False, compare=False, default=None)

    def prepare(self) -> None:
        """Fetch the safeguards' weights."""
        self.shown.prepare()
        if self.safeguard is not None:
            self.safeguard.prepare()

    def load(self) -> None:
        """Build the shipped lists, if no asset takes part in them, and warm the models."""
        self.shown.load()
        if self.safeguard is not None:
            self.safeguard.load()
        if self.names is None and self.rules is None:
            self._gate = TextGate.of_files(profiles=self.profiles, judge=self.safeguard)

    def run(self, spot: Mapping[str, Any], media: Media) -> Mapping[str, Any]:
        """See `Stage.run`. A block in the texts is raised before any picture is opened."""
        script = (spot["script"] or "").strip()
        _check_script(script)
        spoken = {name: spot.get(name) or "" for name in ("script", "tagline", "cta", "hook")}
        texts = spoken | {name: spot[name] or "" for name in ("title", "brand")}
        texts |= {f"prompt {n}": _filled(one, spot) for n, one in enumerate(self.prompts, 1)}
        findings = self._text_gate(media).find(
            texts, offer=_offer(spot), priced=(*spoken, "title"), brand=spot["brand"] or ""
        )
        if any(finding.verdict.verdict == "block" for finding in findings):
            settle(findings)
        images, image_findings = self._images(spot["images"], media)
        photo = images.photo
        film, film_findings = self._film(spot.get("film"), media)
        self.shown.receive({name: media.open(one) for name, one in self.shown.assets.items()})
        images, film, shown = look_at(images, film, self.shown, self.most_faces)
        verdicts = settle([*findings, *image_findings, *film_findings, *shown])
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

    def _text_gate(self, media: Media) -> TextGate:
        if self.safeguard is not None:
            assets = self.safeguard.assets.items()
            self.safeguard.receive({name: media.open(one) for name, one in assets})
        if self._gate is None:
            names, rules = self.names, self.rules
            self._gate = TextGate.of_files(
                names=(media.open(names).read_bytes(), names.uri) if names else None,
                rules=(media.open(rules).read_text("utf-8-sig"), rules.uri) if rules else None,
                profiles=self.profiles,
                judge=self.safeguard,
            )
        return self._gate

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


def _filled(prompt: str, spot: Mapping[str, Any]) -> str:
    for name in ("title", "brand", "tagline"):
        prompt = prompt.replace("{" + name + "}", spot[name] or "")
    return prompt


def _offer(spot: Mapping[str, Any]) -> Offer | None:
    if spot["price"] is None or not spot["currency"]:
        return None
    regular = spot["regular_price"]
    return Offer(
        price=Price(Decimal(str(spot["price"])).normalize(), spot["currency"]),
        regular=None if regular is None else Decimal(str(regular)),
        language=spot["language"] or "en",
        rating=None if spot.get("rating") is None else Decimal(str(spot["rating"])),
        rating_count=spot.get("rating_count"),
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
