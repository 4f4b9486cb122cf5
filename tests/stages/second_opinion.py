"""A reader of Content Credentials of our own, from the specifications: boxes, CBOR, COSE, hash.

It shares no line with the library that signs. It knows what Spotmill writes: C2PA 2.x in an MP4
that is not fragmented, ES256, c2pa.hash.bmff.v3. (ISO 14496-12; ISO 19566-5 JUMBF; RFC 8949;
RFC 9052.) It looks at no certificate's dates and at no time stamp.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding

STORE = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")


@dataclass(frozen=True)
class Opinion:
    """`state` is "none", "Invalid", "Valid" or "Trusted"; `fault` what did not hold first."""

    state: str
    fault: str = ""
    claim: Mapping[str, Any] | None = None
    assertions: Mapping[str, Any] | None = None


class _Fault(Exception):
    pass


def opinion(path: Path, root_pem: bytes, *, store: bytes | None = None) -> Opinion:
    """What the file says of itself, or a manifest store that was kept beside it."""
    content = path.read_bytes()
    try:
        boxes = list(_boxes(content, 0, len(content)))
        inside = [c for kind, _, _, c in boxes if kind == b"uuid" and c[:16] == STORE]
        if store is None and not inside:
            return Opinion("none")
        return _checked(content, store or _store_of(inside[0]), root_pem)
    except (_Fault, InvalidSignature) as error:
        return Opinion("Invalid", str(error) or "the signature does not fit the claim")


def _boxes(content: bytes, at: int, end: int) -> Iterator[tuple[bytes, int, int, bytes]]:
    """(type, first byte, byte behind it, content without the header) of each box."""
    while at < end:
        if end - at < 8:
            raise _Fault(f"{end - at} bytes behind the last box")
        size, kind = struct.unpack_from(">I4s", content, at)
        head = 8
        if size == 1:
            (size,), head = struct.unpack_from(">Q", content, at + 8), 16
        size = end - at if size == 0 else size
        if size < head or at + size > end:
            raise _Fault(f"the box at {at} is not whole")
        yield kind, at, at + size, content[at + head : at + size]
        at += size


def _store_of(box: bytes) -> bytes:
    """The JUMBF store in a C2PA box: behind its id, version, purpose and offset."""
    purpose_end = box.index(b"\0", 20)
    if box[20:purpose_end] != b"manifest":
        raise _Fault(f"a C2PA box for {box[20:purpose_end]!r}")
    return box[purpose_end + 9 :]


@dataclass(frozen=True)
class _Super:
    """A JUMBF superbox: its label, the boxes in it, and its bytes as they are hashed."""

    label: str
    parts: list[tuple[bytes, bytes]]
    supers: dict[str, _Super]
    raw: bytes


def _super(raw: bytes) -> _Super:
    (_, _, _, description), *rest = list(_boxes(raw, 0, len(raw)))
    label = ""
    if description[16] & 2:
        label = description[17 : description.index(b"\0", 17)].decode()
    supers, parts = {}, []
    for kind, _, _, content in rest:
        if kind == b"jumb":
            inner = _super(content)
            supers[inner.label] = _Super(inner.label, inner.parts, inner.supers, content)
        else:
            parts.append((kind, content))
    return _Super(label, parts, supers, raw)


def _checked(content: bytes, store: bytes, root_pem: bytes) -> Opinion:
    ((kind, _, _, inside), *_) = list(_boxes(store, 0, len(store)))
    if kind != b"jumb":
        raise _Fault("the store is no JUMBF superbox")
    manifest = list(_super(inside).supers.values())[-1]  # the active one stands last
    claim_box = manifest.supers["c2pa.claim.v2"]
    claim_bytes = claim_box.parts[0][1]
    claim = _cbor(claim_bytes)
    leaf, chain = _signature(manifest.supers["c2pa.signature"].parts[0][1], claim_bytes)
    assertions = manifest.supers["c2pa.assertions"].supers
    told = {}
    for reference in [*claim["created_assertions"], *claim.get("gathered_assertions", [])]:
        label = reference["url"].rpartition("/")[2]
        if hashlib.sha256(assertions[label].raw).digest() != reference["hash"]:
            raise _Fault(f"the assertion {label} is not the one that was signed")
        kind, data = assertions[label].parts[0]
        told[label] = _cbor(data) if kind == b"cbor" else data
    _check_media(content, told["c2pa.hash.bmff.v3"])
    return Opinion("Trusted" if _leads_to(leaf, chain, root_pem) else "Valid", "", claim, told)


def _signature(cose: bytes, claim: bytes) -> tuple[x509.Certificate, list[x509.Certificate]]:
    """Leaf and chain. Raises `InvalidSignature` unless the leaf's key signed the claim."""
    protected, unprotected, payload, signature = _cbor(cose)
    header = _cbor(protected)
    if header.get(1) != -7 or payload is not None:
        raise _Fault("no detached ES256 signature")
    certificates = header.get(33, unprotected.get("x5chain"))
    certificates = [certificates] if isinstance(certificates, bytes) else certificates
    leaf, *chain = [x509.load_der_x509_certificate(der) for der in certificates]
    structure = b"\x84" + b"".join(
        (_head(3, 10) + b"Signature1", _head(2, len(protected)) + protected, _head(2, 0),
         _head(2, len(claim)) + claim)
    )  # fmt: skip
    r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:64]))
    key = leaf.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    key.verify(encode_dss_signature(r, s), structure, ec.ECDSA(hashes.SHA256()))
    return leaf, chain


def _check_media(content: bytes, assertion: Mapping[str, Any]) -> None:
    """The hash over the top-level boxes: of each its offset (8 bytes), then all of it; without what
    the assertion excludes."""
    excluded = [(e["xpath"], e.get("data")) for e in assertion["exclusions"]]
    total = hashlib.new(assertion["alg"])
    for kind, start, end, inside in _boxes(content, 0, len(content)):
        if any(_matches(kind, inside, start, content, *one) for one in excluded):
            continue
        total.update(struct.pack(">Q", start))
        total.update(content[start:end])
    if total.digest() != assertion["hash"]:
        raise _Fault("the media are not those that were signed")


def _matches(kind: bytes, inside: bytes, start: int, content: bytes, xpath: str, data: Any) -> bool:
    if xpath != f"/{kind.decode('latin-1')}":
        return False
    return all(content[start + part["offset"] :].startswith(part["value"]) for part in data or ())


def _leads_to(leaf: x509.Certificate, chain: list[x509.Certificate], root_pem: bytes) -> bool:
    known = {
        one.public_bytes(Encoding.DER): one for one in x509.load_pem_x509_certificates(root_pem)
    }
    step = leaf
    for above in [*chain, *known.values()]:
        try:
            step.verify_directly_issued_by(above)
        except (ValueError, TypeError, InvalidSignature):
            continue
        if above.public_bytes(Encoding.DER) in known:
            return True
        step = above
    return False


def _head(kind: int, value: int) -> bytes:
    """The head of a CBOR item: its kind and its length."""
    if value < 24:
        return bytes((kind << 5 | value,))
    for code, form in ((24, ">B"), (25, ">H"), (26, ">I")):
        if value < 1 << 8 * struct.calcsize(form):
            return bytes((kind << 5 | code,)) + struct.pack(form, value)
    raise ValueError(value)


def _cbor(data: bytes) -> Any:
    """The first item of CBOR data."""
    return _item(data, 0)[0]


def _item(data: bytes, at: int) -> tuple[Any, int]:
    kind, more = data[at] >> 5, data[at] & 31
    at += 1
    endless = more == 31
    if more in (24, 25, 26, 27):
        size = 1 << (more - 24)
        value, at = int.from_bytes(data[at : at + size], "big"), at + size
    else:
        value = more
    if kind == 0:
        return value, at
    if kind == 1:
        return -1 - value, at
    if kind in (2, 3) and not endless:
        raw = data[at : at + value]
        return (raw if kind == 2 else raw.decode()), at + value
    if kind == 6:
        return _item(data, at)
    if kind in (4, 5):
        items = []
        while (endless and data[at] != 0xFF) or (not endless and len(items) < value * (kind - 3)):
            item, at = _item(data, at)
            items.append(item)
        at += endless
        return (items if kind == 4 else dict(zip(items[::2], items[1::2], strict=True))), at
    if kind == 7 and more in (20, 21, 22, 23):
        return {20: False, 21: True}.get(more), at
    if kind == 7 and more == 27:
        return struct.unpack(">d", data[at - 8 : at])[0], at
    raise _Fault(f"CBOR of kind {kind}, {more}")
