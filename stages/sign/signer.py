"""Signers: whose certificate and private key stand behind a signature."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import ClassVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from stages.sign.certificates import SignerError, leaf_of
from stages.sign.dev_chain import dev_chain


class Signer(ABC):
    """Signs with ES256. To sign in a key service or a security module, subclass it and let `sign`
    ask there: `kms_signer.py` is one, docs/provenance.md has the shape of another.

    An instance holds no key, only the place of one: it may be pickled, hashed and logged.
    """

    name: ClassVar[str]
    version: ClassVar[str] = "1"

    @abstractmethod
    def certificates_pem(self) -> bytes:
        """The leaf, then the intermediates, as PEM; never the root."""

    @abstractmethod
    def anchors_pem(self) -> bytes:
        """The root certificates that a reader must trust to trust this signer, as PEM."""

    @abstractmethod
    def sign(self, data: bytes) -> bytes:
        """Signature of `data` by ECDSA over P-256 with SHA-256: 64 bytes, r then s."""

    def check(self) -> None:
        """Raises `SignerError` unless a signature made now is one of the certificate."""
        data = b"does the key belong to the certificate?"
        made, key = self.sign(data), leaf_of(self.certificates_pem()).public_key()
        r, s = (int.from_bytes(half, "big") for half in (made[:32], made[32:]))
        assert isinstance(key, ec.EllipticCurvePublicKey)  # `certificates.faults` is asked first
        try:
            key.verify(encode_dss_signature(r, s), data, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            raise SignerError("what the key signs does not fit the certificate") from None

    @property
    def fingerprint(self) -> str:
        """sha256 of the leaf certificate, as hex: who signed."""
        return leaf_of(self.certificates_pem()).fingerprint(hashes.SHA256()).hex()

    @property
    def serial(self) -> str:
        """Serial number of the leaf certificate, as hex: what its authority calls it."""
        return f"{leaf_of(self.certificates_pem()).serial_number:x}"

    @property
    def identity(self) -> str:
        """Digest of leaf, intermediates and anchors: part of the key of all that is signed."""
        return hashlib.sha256(self.certificates_pem() + b"\0" + self.anchors_pem()).hexdigest()


@dataclass(frozen=True)
class DevSigner(Signer):
    """A chain of this machine, made on first use. Nobody else trusts it: for demos and tests."""

    name: ClassVar[str] = "dev"
    folder: str = field(default="~/.local/share/spotmill/dev-signer", metadata={"place": True})

    def certificates_pem(self) -> bytes:
        """See `Signer.certificates_pem`."""
        return _dev(self.folder)[0]

    def anchors_pem(self) -> bytes:
        """See `Signer.anchors_pem`: the root that was made with the chain."""
        return _dev(self.folder)[1]

    def sign(self, data: bytes) -> bytes:
        """See `Signer.sign`."""
        return _dev(self.folder)[2].sign(data)


@dataclass(frozen=True)
class FileSigner(Signer):
    """PEM files: `certificate` holds the leaf and the intermediates, `private_key` the leaf's key,
    `anchors` the roots. They are opened where signing happens, so each node must have them there.
    """

    name: ClassVar[str] = "file"
    certificate: str = field(metadata={"place": True})
    private_key: str = field(metadata={"place": True})
    anchors: str = field(metadata={"place": True})

    def certificates_pem(self) -> bytes:
        """See `Signer.certificates_pem`. Raises `SignerError` if the file can't be read."""
        return _read(self.certificate, "certificate")

    def anchors_pem(self) -> bytes:
        """See `Signer.anchors_pem`. Raises `SignerError` if the file can't be read."""
        return _read(self.anchors, "anchors")

    def sign(self, data: bytes) -> bytes:
        """See `Signer.sign`."""
        return _key_of(self.private_key, self.certificates_pem()).sign(data)


class _Key:
    """A private key that never shows itself: it can neither be printed nor pickled."""

    def __init__(self, pem: bytes, certificates_pem: bytes, source: str) -> None:
        try:
            key = serialization.load_pem_private_key(pem, password=None)
        except (ValueError, TypeError):
            raise SignerError(f"{source} holds no unencrypted private key in PEM") from None
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.key_size != 256:
            raise SignerError(f"{source} must be an EC key over P-256 (ES256)")
        leaf = leaf_of(certificates_pem)
        if leaf.public_key() != key.public_key():
            raise SignerError(f"{source} is not the key of the certificate {leaf.subject}")
        self._key = key

    def sign(self, data: bytes) -> bytes:
        r, s = decode_dss_signature(self._key.sign(data, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def __reduce__(self) -> str:
        raise TypeError("a private key is not handed from process to process")


@cache
def _dev(folder: str) -> tuple[bytes, bytes, _Key]:
    chain = dev_chain(Path(folder).expanduser())
    key = _Key(chain.key_path.read_bytes(), chain.certificates_pem, str(chain.key_path))
    return chain.certificates_pem, chain.root_pem, key


@cache
def _key_of(path: str, certificates_pem: bytes) -> _Key:
    return _Key(_read(path, "private_key"), certificates_pem, path)


@cache
def _read(path: str, what: str) -> bytes:
    try:
        content = Path(path).expanduser().read_bytes()
    except OSError as error:
        raise SignerError(f"{what} {path} cannot be read: {error.strerror}") from None
    if what != "private_key":
        try:
            x509.load_pem_x509_certificates(content)
        except ValueError:
            raise SignerError(f"{what} {path} holds no certificate in PEM") from None
    return content
