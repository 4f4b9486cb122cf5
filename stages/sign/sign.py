"""Sign: Content Credentials (C2PA) into every master, read back before they are believed."""

from __future__ import annotations

import hashlib
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, Literal

import pyarrow as pa

from schemas.arrow_types import CREDENTIAL, DISCLOSURE, MASTER, UPLOAD_HINT
from schemas.disclosure import UPLOAD_HINTS
from stages.base import Hardware, Media, Stage
from stages.shared.ffmpeg import ffmpeg_binary
from stages.shared.picture_hash import hash_seconds
from stages.sign import check
from stages.sign.boxes import XMP, with_box
from stages.sign.builder import open_builder, own_version, small_picture
from stages.sign.manifest import Agent, ingredient, source_type, spot_manifest
from stages.sign.pen import Pen, TimeStamps
from stages.sign.signer import DevSigner, Signer
from stages.sign.trust import read_credentials, trust_context
from stages.sign.xmp import xmp_packet


@dataclass(kw_only=True)
class Sign(Stage):
    """Signs as `signer` for `organisation` (the advertiser, as it stands in the manifest).

    The file gets an XMP packet that says the same to readers without C2PA, then credentials over
    all of it. What is needed to find them again when they were stripped goes into the row.
    """

    name: ClassVar[str] = "sign"
    version: ClassVar[str] = "3"
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
            ("manifest_uris", pa.list_(pa.string())),  # in the order of `signed`
            ("c2pa_state", pa.string()),
            ("manifest_sha256", pa.string()),
            ("signer", pa.string()),
            ("credentials", pa.list_(CREDENTIAL)),
            ("disclosure", DISCLOSURE),
            ("upload_hints", pa.list_(UPLOAD_HINT)),
        ]
    )
    hardware = Hardware(cpus=0.5, memory_gb=0.5)
    timeout_s = 240.0
    seconds_hint = 1.2

    signer: Signer = field(default_factory=DevSigner)
    organisation: str = ""
    campaign: str = ""
    agents: tuple[Agent, ...] = ()
    """Models and programs that made the spot."""
    consents: tuple[tuple[str, str], ...] = ()
    """(whose: "voice" or "presenter", where the record of their consent lies)."""
    photo_shown: bool = True
    """Whether the product photo itself is in the picture, and did not only lead a model."""
    training_mining: Literal["allowed", "notAllowed"] = "notAllowed"
    """Whether others may train models on the spot."""
    time_stamps: TimeStamps = field(default_factory=TimeStamps)
    disclosed: tuple[tuple[str, str | None], ...] = ()
    """(key, value) of `schemas.disclosure.Disclosure.to_record`."""
    aigc_field: bool = False
    """Adds the field of GB 45438-2025 to the XMP packet."""
    watermark_key_id: str = ""
    _pen: Pen | None = field(init=False, repr=False, compare=False, default=None)
    _compositor: tuple[str, str] = field(
        init=False, repr=False, compare=False, default=("ffmpeg", "")
    )

    @property
    def engine_name(self) -> str:
        """The signer's name: "dev", "file" or "kms"."""
        return self.signer.name

    def load(self) -> None:
        """Open the signer: once per worker, for it can't be handed from process to process."""
        self._pen = Pen(self.signer, self.time_stamps)
        said = subprocess.run(
            [ffmpeg_binary(), "-version"], capture_output=True, text=True, timeout=30, check=True
        ).stdout
        found = re.match(r"ffmpeg version (\S+)", said)
        self._compositor = ("ffmpeg", found[1] if found else "unknown")

    def run(self, spot: Mapping[str, Any], media: Media) -> Mapping[str, Any]:
        """Sign every format. Raises `Reject` unless each reads back as trusted, with this mark."""
        signed, kept, verdicts, credentials = [], [], [], []
        state, stamped = "none", 1.0
        for master in spot["masters"]:
            name, source = master["format"], media.open(master["uri"])
            target, when = media.scratch(f"{name}-signed.mp4"), datetime.now(UTC)
            manifest, authority = self._signed(spot, media, source, target, when)
            read = read_credentials(target, self.signer.anchors_pem(), self._stamp_anchors())
            verdicts += check.verdicts(read, spot, name, self.time_stamps, authority)
            stamped = min(stamped, float(read.time_stamped))
            uri, state = media.save(target), read.state
            store = media.scratch(f"{name}.c2pa")
            store.write_bytes(manifest)
            signed.append({**master, "uri": uri})
            kept.append(media.save(store))
            own = {"format": name, "sha256": target_digest(uri), "signed_at": when.isoformat()}
            credentials.append({**own, **self._traces(spot, source, manifest, authority)})
        return {
            "signed": signed,
            "manifest_uris": kept,
            "c2pa_state": state,
            "manifest_sha256": credentials[0]["manifest_sha256"],
            "signer": f"{self.signer.name}:{self.signer.fingerprint[:16]}",
            "credentials": credentials,
            "disclosure": dict(self.disclosed) or None,
            "upload_hints": [
                {"platform": platform, "field": key, "value": value}
                for platform, key, value in UPLOAD_HINTS
            ],
            "verdicts": verdicts,
            "metrics": {"time_stamped": stamped},
        }

    def _traces(
        self, spot: Mapping[str, Any], source: Path, manifest: bytes, authority: str | None
    ) -> dict[str, Any]:
        """By what the credentials of a stripped copy are found again, and who signed."""
        return {
            "manifest_sha256": hashlib.sha256(manifest).hexdigest(),
            "time_stamp_authority": authority,
            "certificate_serial": self.signer.serial,
            "certificate_sha256": self.signer.fingerprint,
            "watermark_id": spot["watermark_id"],
            "watermark_key_id": self.watermark_key_id,
            "picture_hashes": hash_seconds(source),
        }

    def _stamp_anchors(self) -> bytes:
        return self.time_stamps.anchors_pem.encode()

    def _signed(
        self, spot: Mapping[str, Any], media: Media, source: Path, target: Path, when: datetime
    ) -> tuple[bytes, str | None]:
        """Write the signed copy of one master: the bytes of its manifest store, and who stamped."""
        generator = ("Spotmill", own_version())
        definition = spot_manifest(
            spot,
            when=when,
            organisation=self.organisation,
            campaign=self.campaign,
            agents=self.agents,
            consents=self.consents,
            generator=generator,
            compositor=self._compositor,
            photo_shown=self.photo_shown,
            training_mining=self.training_mining,
        )
        packet = xmp_packet(
            source_type=source_type(self.photo_shown),
            generator=generator,
            creator=self.organisation,
            identifier=spot["watermark_id"],
            aigc=self.aigc_field,
        )
        told = media.scratch("told.mp4")
        with_box(source, told, XMP, packet)
        photo = media.open(spot["ingredient_uri"])
        thumbnail = small_picture(media.open(spot["poster_uri"]), media.scratch("thumbnail.jpg"))
        plain = media.scratch("photo.png")
        given = ingredient(spot["product_id"], self.photo_shown)
        assert self._pen is not None, "load() first"
        with trust_context(self.signer.anchors_pem(), self._stamp_anchors()) as context:

            def opened() -> Any:
                return open_builder(definition, context, thumbnail, given, photo, plain)

            return self._pen.write(opened, told, target)


def target_digest(uri: str) -> str:
    """The sha256 in a media URI."""
    return uri.partition(":")[2].partition(".")[0]
