"""What a signing certificate must be, and until when it holds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


class SignerError(ValueError):
    """The certificate or the key cannot be used; the message says which file and why."""


def leaf_of(certificates_pem: bytes, source: str = "the certificate") -> x509.Certificate:
    """The first certificate of a chain. Raises `SignerError` where there is none."""
    try:
        return x509.load_pem_x509_certificates(certificates_pem)[0]
    except (ValueError, IndexError):
        raise SignerError(f"{source} holds no certificate in PEM") from None


def public_key_der(certificate: x509.Certificate) -> bytes:
    """The certificate's public key (SubjectPublicKeyInfo, DER), to be compared."""
    return certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def faults(certificates_pem: bytes, now: datetime | None = None) -> Iterator[str]:
    """Why nothing can be signed with this chain now: each a sentence."""
    now = now or datetime.now(UTC)
    leaf = leaf_of(certificates_pem)
    key = leaf.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != "secp256r1":
        yield "its key is not of the curve P-256; ask for a certificate for an ES256 key"
    for certificate in x509.load_pem_x509_certificates(certificates_pem):
        name = certificate.subject.rfc4514_string()
        if certificate.not_valid_after_utc <= now:
            ended = f"{certificate.not_valid_after_utc:%Y-%m-%d %H:%M UTC}"
            yield f"{name} ended on {ended}; ask your authority for a new one"
        if certificate.not_valid_before_utc > now:
            begins = f"{certificate.not_valid_before_utc:%Y-%m-%d %H:%M UTC}"
            yield f"{name} is not valid before {begins}; wait, or check this machine's clock"


def days_left(certificates_pem: bytes, now: datetime | None = None) -> float:
    """Days until the first certificate of the chain ends; below 0 where one has."""
    ends = min(one.not_valid_after_utc for one in x509.load_pem_x509_certificates(certificates_pem))
    return (ends - (now or datetime.now(UTC))) / timedelta(days=1)


def ends_soon(certificates_pem: bytes, days: int, now: datetime | None = None) -> str | None:
    """A warning where a certificate of the chain ends within `days`; None where none does."""
    now = now or datetime.now(UTC)
    chain = x509.load_pem_x509_certificates(certificates_pem)
    first = min(chain, key=lambda certificate: certificate.not_valid_after_utc)
    left = first.not_valid_after_utc - now
    if left > timedelta(days=days):
        return None
    return (
        f"the certificate {first.subject.rfc4514_string()} ends on"
        f" {first.not_valid_after_utc:%Y-%m-%d}, in {left.days} days; ask for the next one now"
    )
