"""Sign: Content Credentials (C2PA) into every master, read back before they are believed."""

from __future__ import annotations

import hashlib
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any, ClassVar, Literal

import c2pa  # type: ignore[import-untyped]
import cv2
import pyarrow as pa

from schemas.arrow_types import MASTER
from stages.base import Hardware, Media, Reject, Retry, Stage, Verdict
from stages.shared.ffmpeg import ffmpeg_binary
from stages.sign.manifest import PRODUCT, spot_manifest
from stages.sign.signer import DevSigner, Signer
from stages.sign.trust import Credentials, read_credentials, trust_context

MIME = {".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".webp": "image/webp"}
THUMBNAIL_PX = 512
"""Long side of the picture in the manifest that viewers show beside the credentials."""


@dataclass(kw_only=True)
class Sign(Stage):
    """Signs as `signer` for `organisation` (the advertiser, as it stands in the manifest).

    `software` are (name, version) of the engines that made the spot; `training_mining` says
    whether others may train models on it.
    """

    name: ClassVar[str] = "sign"
    version: ClassVar[str] = "1"
    reads: ClassVar[tuple[str, ...]] = (
        "masters",
        "ingredient_uri",
        "watermark_id",
        "spot_id",
        "product_id",
        "seed",
        "poster_uri",
    )
    writes: ClassVar[pa.Schema] = pa.schema(
        [
            ("signed", pa.list_(MASTER)),
            ("manifest_uri", pa.string()),
            ("c2pa_state", pa.string()),
            ("manifest_sha256", pa.string()),
            ("signer", pa.string()),
        ]
    )
    hardware = Hardware(cpus=0.5, memory_gb=0.5)
    timeout_s = 120.0
    seconds_hint = 0.3

    signer: Signer = field(default_factory=DevSigner)
    organisation: str = ""
    software: tuple[tuple[str, str], ...] = ()
    training_mining: Literal["allowed", "notAllowed"] = "notAllowed"
    _pen: Any = field(init=False, repr=False, compare=False, default=None)
    _compositor: tuple[str, str] = field(
        init=False, repr=False, compare=False, default=("ffmpeg", "")
    )

    @property
    def engine_name(self) -> str:
        """The signer's name: "dev" or "file"."""
        return self.signer.name

    def load(self) -> None:
        """Open the signer: once per worker, for it can't be handed from process to process."""
        self._pen = c2pa.Signer.from_callback(
            self.signer.sign,
            c2pa.C2paSigningAlg.ES256,
            self.signer.certificates_pem().decode(),
            self.signer.timestamp_url,
        )
        said = subprocess.run(
            [ffmpeg_binary(), "-version"], capture_output=True, text=True, timeout=30, check=True
        ).stdout
        found = re.match(r"ffmpeg version (\S+)", said)
        self._compositor = ("ffmpeg", found[1] if found else "unknown")

    def run(self, spot: Mapping[str, Any], media: Media) -> Mapping[str, Any]:
        """Sign every format. Raises `Reject` unless each reads back as trusted, with this mark."""
        signed, manifests, verdicts, state = [], [], [], "none"
        for master in spot["masters"]:
            target = media.scratch(f"{master['format']}-signed.mp4")
            manifests.append(self._signed(spot, media, media.open(master["uri"]), target))
            read = read_credentials(target, self.signer.anchors_pem())
            verdicts.append(self._check(read, spot, master["format"]))
            signed.append({**master, "uri": media.save(target)})
            state = read.state
        kept = media.scratch("manifest.c2pa")
        kept.write_bytes(manifests[0])
        return {
            "signed": signed,
            "manifest_uri": media.save(kept),
            "c2pa_state": state,
            "manifest_sha256": hashlib.sha256(manifests[0]).hexdigest(),
            "signer": f"{self.signer.name}:{self.signer.fingerprint[:16]}",
            "verdicts": verdicts,
        }

    def _signed(self, spot: Mapping[str, Any], media: Media, source: Path, target: Path) -> bytes:
        """Write the signed copy of one master; returns the bytes of its manifest store."""
        definition = spot_manifest(
            spot,
            when=datetime.now(UTC),
            organisation=self.organisation,
            software=self.software,
            generator=("Spotmill", _own_version()),
            compositor=self._compositor,
            training_mining=self.training_mining,
        )
        photo = media.open(spot["ingredient_uri"])
        with trust_context(self.signer.anchors_pem()) as context:
            with c2pa.Builder(definition, context=context) as builder:
                with _thumbnail(media.open(spot["poster_uri"]), media) as thumbnail:
                    builder.add_resource("thumbnail", thumbnail)
                _add_product(builder, photo, spot["product_id"])
                target.unlink(missing_ok=True)
                try:
                    return bytes(builder.sign_file(source, target, self._pen))
                except c2pa.C2paError as error:
                    if self.signer.timestamp_url and re.search("http|time ?stamp", str(error)):
                        where = self.signer.timestamp_url
                        raise Retry(f"time-stamp service {where} gave no stamp: {error}") from None
                    raise

    def _check(self, read: Credentials, spot: Mapping[str, Any], name: str) -> Verdict:
        """Raises `Reject` unless the file is trusted and names this spot."""
        verdict = Verdict(
            gate="sign",
            rule="c2pa_state",
            verdict="pass" if read.state == "Trusted" else "block",
            evidence=f"{name}: {read.state} {', '.join(read.failures)}".strip(),
        )
        if read.state != "Trusted":
            raise Reject(
                "c2pa_not_trusted",
                f"the signed {name} reads back as {read.state}, not Trusted"
                f" ({', '.join(read.failures) or 'no reason given'}); check that the signer's"
                " certificate file holds its intermediates and that its roots are the anchors",
                verdicts=(verdict,),
            )
        if (read.watermark_id, read.spot_id) != (spot["watermark_id"], spot["spot_id"]):
            raise Reject(
                "c2pa_names_another",
                f"the manifest names spot {read.spot_id} and watermark {read.watermark_id},"
                f" not {spot['spot_id']} and {spot['watermark_id']}",
            )
        return verdict


def _own_version() -> str:
    try:
        return metadata.version("spotmill")
    except metadata.PackageNotFoundError:  # run from a checkout that is not installed
        return "0.1.0"


def _thumbnail(poster: Path, media: Media) -> Any:
    """The poster as a small JPEG, opened for reading. Raises `Reject` if it is no picture."""
    picture = cv2.imread(str(poster), cv2.IMREAD_COLOR)
    if picture is None:
        raise Reject("unreadable_picture", f"the poster {poster.name} cannot be decoded")
    scale = THUMBNAIL_PX / max(picture.shape[:2])
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    path = media.scratch("thumbnail.jpg")
    cv2.imwrite(str(path), small, [cv2.IMWRITE_JPEG_QUALITY, 85])
    return path.open("rb")


def _add_product(builder: Any, photo: Path, product_id: str) -> None:
    """The product photo as an ingredient, with the credentials that it may bring along."""
    mime = MIME.get(photo.suffix.lower())
    if mime is None:
        raise Reject(
            "ingredient_format",
            f"the product photo is a {photo.suffix or 'file without extension'};"
            f" use one of {', '.join(MIME)}",
        )
    ingredient = {
        "title": f"Product photo of {product_id}",
        "relationship": "componentOf",
        "label": PRODUCT,
    }
    try:
        with photo.open("rb") as file:
            builder.add_ingredient(ingredient, mime, file)
    except c2pa.C2paError as error:
        raise Reject(
            "ingredient_unreadable",
            f"the product photo cannot be taken as an ingredient: {str(error)[:200]};"
            " replace the picture or save it again without its metadata",
        ) from None
