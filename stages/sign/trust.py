"""Reads Content Credentials (C2PA) back and says how far they can be trusted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import c2pa  # type: ignore[import-untyped]

from stages.sign.manifest import SOFT_BINDING, SPOT_ASSERTION

PURPOSES = ("1.3.6.1.4.1.62558.2.1", "1.3.6.1.5.5.7.3.36", "1.3.6.1.5.5.7.3.4")
"""What a signer's certificate must be for: C2PA claim signing, document signing, e-mail."""

MEDIA_FAILURES = frozenset(("assertion.bmffHash.mismatch", "assertion.dataHash.mismatch"))
"""What does not hold of a manifest that is intact, read with media that were encoded anew."""


@dataclass(frozen=True)
class Credentials:
    """What a file says of itself, and whether to believe it.

    `state` is "Trusted" (intact, and signed by a known signer), "Valid" (intact, signer unknown),
    "Invalid" (altered, expired or forged) or "none". `failures` are the codes of the C2PA
    specification; `watermark_id` and `spot_id` are what the signed manifest holds. `time_stamped`
    says that an authority whose root is known has stamped it, `signature_intact` that the manifest
    itself is as it was signed, by somebody known, whatever became of the media.
    """

    state: str
    issuer: str | None = None
    common_name: str | None = None
    signed_at: datetime | None = None
    time_stamped: bool = False
    failures: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    ingredients: tuple[str, ...] = ()
    watermark_id: str | None = None
    spot_id: str | None = None
    product_id: str | None = None
    serial: str | None = None
    signature_intact: bool = False


def trust_context(anchors_pem: bytes, stamp_anchors_pem: bytes = b"") -> Any:
    """A c2pa context that trusts these roots, and never fetches anything a file points to.

    The library takes the roots of time-stamp authorities for signers, too: `read_credentials`
    looks whether that decided.
    """
    trust: dict[str, Any] = {"trust_config": "\n".join(PURPOSES) + "\n"}
    if anchors_pem:
        trust["trust_anchors"] = anchors_pem.decode()
    if stamp_anchors_pem:
        pem = stamp_anchors_pem.decode()
        trust["anchors"] = [{"trust_anchors": pem, "trust_kind": "tsa"}]
    verify = {
        "verify_trust": True,
        "verify_timestamp_trust": True,
        "remote_manifest_fetch": False,
        "ocsp_fetch": False,
    }
    return c2pa.Context.from_dict({"version": 1, "trust": trust, "verify": verify})


def read_credentials(
    path: Path, anchors_pem: bytes, stamp_anchors_pem: bytes = b"", *,
    manifest: bytes | None = None, mime: str = "video/mp4",
) -> Credentials:  # fmt: skip
    """The credentials inside a file, or those of a `manifest` kept beside it, checked against it.

    A file that was cut short or had junk appended is "Invalid", one without credentials "none".
    `stamp_anchors_pem` are roots of time-stamp authorities; they vouch for no signer.
    """
    read = _read(path, anchors_pem, stamp_anchors_pem, manifest, mime)
    if not stamp_anchors_pem or read.state != "Trusted":
        return read
    by_stamps_alone = _read(path, b"", stamp_anchors_pem, manifest, mime)
    if by_stamps_alone.state == "Trusted":  # it was not the signer's roots that decided
        return _read(path, anchors_pem, b"", manifest, mime)
    return read


def _read(
    path: Path, anchors_pem: bytes, stamp_anchors_pem: bytes, manifest: bytes | None, mime: str
) -> Credentials:
    try:
        with path.open("rb") as file, trust_context(anchors_pem, stamp_anchors_pem) as context:
            with c2pa.Reader(mime, file, manifest, context=context) as reader:
                return _credentials(str(reader.get_validation_state()), json.loads(reader.json()))
    except c2pa.C2paError.ManifestNotFound:
        return Credentials(state="none")
    except c2pa.C2paError as error:
        return Credentials(state="Invalid", failures=(f"unreadable: {str(error)[:200]}",))


def _credentials(state: str, store: Mapping[str, Any]) -> Credentials:
    active = store["manifests"][store["active_manifest"]]
    signature = active.get("signature_info") or {}
    assertions = {a["label"]: a.get("data") or {} for a in active.get("assertions", [])}
    actions = assertions.get("c2pa.actions.v2", assertions.get("c2pa.actions", {}))
    blocks = assertions.get("c2pa.soft-binding", {}).get("blocks") or [{}]
    ours = assertions.get("c2pa.soft-binding", {}).get("alg") == SOFT_BINDING
    spot = assertions.get(SPOT_ASSERTION, {})
    results = (store.get("validation_results") or {}).get("activeManifest") or {}
    held = {str(success.get("code")) for success in results.get("success") or []}
    failures = tuple(str(failure.get("code")) for failure in results.get("failure") or [])
    time = signature.get("time") or next(
        (a["when"] for a in actions.get("actions", []) if "when" in a), None
    )
    return Credentials(
        state=state,
        issuer=signature.get("issuer"),
        common_name=signature.get("common_name"),
        signed_at=datetime.fromisoformat(time) if time else None,
        time_stamped="timeStamp.trusted" in held,
        failures=failures,
        actions=tuple(str(a.get("action")) for a in actions.get("actions", [])),
        ingredients=tuple(str(i.get("title")) for i in active.get("ingredients", [])),
        watermark_id=blocks[0].get("value") if ours else None,
        spot_id=spot.get("spot_id"),
        product_id=spot.get("product_id"),
        serial=signature.get("cert_serial_number"),
        signature_intact={"claimSignature.validated", "signingCredential.trusted"} <= held
        and set(failures) <= MEDIA_FAILURES,
    )
