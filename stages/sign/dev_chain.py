"""Development certificates: a root, an intermediate and a short-lived leaf, made on first use."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

C2PA_CLAIM_SIGNING = ObjectIdentifier("1.3.6.1.4.1.62558.2.1")
LEAF_LIFE = timedelta(days=90)
RENEWED_BEFORE = timedelta(days=7)
AUTHORITY_LIFE = timedelta(days=3650)
_BACKDATED = timedelta(minutes=10)  # clocks of two machines differ


@dataclass(frozen=True)
class DevChain:
    """Leaf and intermediate as PEM, the root as PEM, and where the leaf's key lies."""

    certificates_pem: bytes
    root_pem: bytes
    key_path: Path


def dev_chain(folder: Path) -> DevChain:
    """The chain kept in `folder`; made if it is not there, its leaf renewed in its last 7 days.

    Safe to call from several processes at once: they work one after the other, and all get the
    same chain. Files are readable by their owner alone.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _locked(folder / "lock"):
        if not _usable(folder):
            _make_authorities(folder)
        if _days_left(folder / "leaf.pem") < RENEWED_BEFORE:
            _make_leaf(folder)
        certificates = (folder / "leaf.pem").read_bytes()
        certificates += (folder / "intermediate.pem").read_bytes()
        return DevChain(certificates, (folder / "root.pem").read_bytes(), folder / "leaf.key")


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _usable(folder: Path) -> bool:
    """Whether both authorities were made to the end (the marker comes last) and live on."""
    return (folder / "authorities").exists() and all(
        _days_left(folder / name) > LEAF_LIFE for name in ("root.pem", "intermediate.pem")
    )


def _days_left(path: Path) -> timedelta:
    """How long a certificate is still valid; less than nothing if it is not there or broken."""
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return timedelta(days=-1)
    return certificate.not_valid_after_utc - datetime.now(UTC)


def _make_authorities(folder: Path) -> None:
    (folder / "authorities").unlink(missing_ok=True)
    (folder / "leaf.pem").unlink(missing_ok=True)  # it would not fit the new ones
    root_key, key = _new_key(), _new_key()
    root_name, name = _subject("Development Root"), _subject("Development Intermediate")
    root = _authority(root_name, root_key, root_name, root_key, path_length=1)
    intermediate = _authority(name, key, root_name, root_key, path_length=0)
    _write(folder / "root.pem", root.public_bytes(serialization.Encoding.PEM))
    _write(folder / "intermediate.pem", intermediate.public_bytes(serialization.Encoding.PEM))
    _write(folder / "intermediate.key", _key_pem(key))  # the root's key is thrown away
    _write(folder / "authorities", b"complete\n")


def _make_leaf(folder: Path) -> None:
    authority_key = serialization.load_pem_private_key(
        (folder / "intermediate.key").read_bytes(), password=None
    )
    assert isinstance(authority_key, ec.EllipticCurvePrivateKey)
    authority = x509.load_pem_x509_certificate((folder / "intermediate.pem").read_bytes())
    key = _new_key()
    uses = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION, C2PA_CLAIM_SIGNING])
    leaf = (
        _begun(_subject("Development Signer"), key, authority.subject, LEAF_LIFE)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(digital_signature=True), critical=True)
        .add_extension(uses, critical=False)
        .add_extension(_authority_id(authority_key), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    # The key first: a leaf that is there always has its key.
    _write(folder / "leaf.key", _key_pem(key))
    _write(folder / "leaf.pem", leaf.public_bytes(serialization.Encoding.PEM))


def _authority(
    name: x509.Name, key: ec.EllipticCurvePrivateKey, issuer: x509.Name,
    issuer_key: ec.EllipticCurvePrivateKey, *, path_length: int,
) -> x509.Certificate:  # fmt: skip
    return (
        _begun(name, key, issuer, AUTHORITY_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
        .add_extension(_key_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .add_extension(_authority_id(issuer_key), critical=False)
        .sign(issuer_key, hashes.SHA256())
    )


def _begun(
    name: x509.Name, key: ec.EllipticCurvePrivateKey, issuer: x509.Name, life: timedelta
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _key_usage(**granted: bool) -> x509.KeyUsage:
    uses: tuple[str, ...]
    uses = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment")
    uses += ("key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")
    return x509.KeyUsage(**{use: granted.get(use, False) for use in uses})


def _authority_id(key: ec.EllipticCurvePrivateKey) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())


def _subject(role: str) -> x509.Name:
    organisation = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Spotmill development")
    return x509.Name([organisation, x509.NameAttribute(NameOID.COMMON_NAME, f"Spotmill {role}")])


def _new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    pkcs8, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, pkcs8, plain)


def _write(path: Path, content: bytes) -> None:
    """Put the whole file at its place at once, readable by its owner alone."""
    part = path.with_suffix(path.suffix + ".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    part.replace(path)
