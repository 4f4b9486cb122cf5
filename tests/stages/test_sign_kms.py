"""Signing with a key in AWS KMS: moto's, on loopback, asked by the real client."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from pipeline.media import Workspace
from pipeline.recipes.signing import signer as planned_signer
from schemas.campaign import Campaign, parse_campaign
from schemas.config_error import ConfigError
from stages.base import Retry
from stages.sign import KmsSigner, Sign, SignerError, dev_chain, kms_signer
from tests.kms_service import SECRET, kms_service
from tests.stages.test_sign import row, stage

REGION = "eu-central-1"


@dataclass(frozen=True)
class Kms:
    """A service on loopback with one key, and a certificate for that key."""

    client: Any
    key: str
    folder: Path

    @property
    def certificate(self) -> Path:
        """Leaf and intermediate."""
        return self.folder / "chain.pem"

    @property
    def anchors(self) -> Path:
        """The root."""
        return self.folder / "dev" / "root.pem"

    def signer(self, **more: str) -> KmsSigner:
        """One with that key."""
        given = {
            "key": self.key,
            "certificates": self.certificate.read_text(),
            "anchors": self.anchors.read_text(),
            "region": REGION,
        }
        return KmsSigner(**{**given, **more})

    def campaign(self, **more: Any) -> Campaign:
        """One that signs with that key, in production."""
        signing = {
            "signer": "kms", "key": self.key, "region": REGION,
            "certificate": str(self.certificate), "anchors": str(self.anchors), **more,
        }  # fmt: skip
        brand = {"name": "Hearth & Field"}
        raw = {"name": "c", "feed": "f.tsv", "brand": brand, "signing": signing,
               "watermark": {"key": "env:OUR_MARK"}}  # fmt: skip
        return parse_campaign({**raw, "environment": "production"}, "campaign.yaml")

    def certify(self, days: tuple[int, int] = (-1, 90)) -> bytes:
        """A chain for the key, valid from and to so many days from now."""
        chain = dev_chain.dev_chain(self.folder / "dev")
        der = self.client.get_public_key(KeyId=self.key)["PublicKey"]
        pem = (self.folder / "dev" / "intermediate.key").read_bytes()
        authority = serialization.load_pem_private_key(pem, password=None)
        leaf, above = x509.load_pem_x509_certificates(chain.certificates_pem)
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(x509.Name.from_rfc4514_string("CN=Campaigns,O=Hearth and Field"))
            .issuer_name(above.subject)
            .public_key(serialization.load_der_public_key(der))  # type: ignore[arg-type]
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + timedelta(days=days[0]))
            .not_valid_after(now + timedelta(days=days[1]))
        )
        for extension in leaf.extensions:
            if extension.oid != x509.SubjectKeyIdentifier.oid:
                made = made.add_extension(extension.value, extension.critical)
        signed = made.sign(authority, hashes.SHA256())  # type: ignore[arg-type]
        pems = [one.public_bytes(serialization.Encoding.PEM) for one in (signed, above)]
        return b"".join(pems)


@pytest.fixture(scope="module")
def kms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kms]:
    """The service, found by the environment, as botocore finds it."""
    with kms_service(REGION) as (client, _):
        kms_signer._client.cache_clear()
        made = client.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
        folder = tmp_path_factory.mktemp("kms")
        found = Kms(client, made["KeyMetadata"]["Arn"], folder)
        found.certificate.write_bytes(found.certify())
        yield found
    kms_signer._client.cache_clear()


class TestKms:
    """A key that never leaves the service."""

    def test_a_spot_is_signed_and_trusted(self, kms: Kms, media: Workspace, tmp_path: Path) -> None:
        """Would catch a signature in the service's own form (DER) where C2PA wants r and s, and a
        chain that does not lead to the anchors."""
        written = stage(tmp_path, signer=kms.signer()).run(row(media, tmp_path), media)
        assert written["c2pa_state"] == "Trusted" and written["signer"].startswith("kms:")

    def test_long_messages_go_as_their_digest(self, kms: Kms) -> None:
        """Would catch claims over the 4096 bytes that the service takes, as of a long chain of
        certificates. (moto takes a digest for a message and hashes it again; the check does so.)"""
        data, signer = b"claim" * 1000, kms.signer()
        key = x509.load_pem_x509_certificates(kms.certificate.read_bytes())[0].public_key()
        assert isinstance(key, ec.EllipticCurvePublicKey)
        for message, signed in ((data, hashlib.sha256(data).digest()), (data[:4096], data[:4096])):
            made = signer.sign(message)
            r, s = (int.from_bytes(half, "big") for half in (made[:32], made[32:]))
            key.verify(encode_dss_signature(r, s), signed, ec.ECDSA(hashes.SHA256()))

    def test_neither_key_nor_credentials_travel(self, kms: Kms) -> None:
        """Would catch a secret in what is sent to workers or written to a log, and an opened client
        that cannot be sent at all."""
        signer = kms.signer()
        signer.sign(b"warm")
        sign = Sign(signer=signer)
        sent = pickle.dumps(sign)
        assert SECRET.encode() not in sent and SECRET not in repr(sign)
        assert "BEGIN CERTIFICATE" not in repr(signer)
        assert pickle.loads(sent).signer == signer  # noqa: S301
        loaded = replace(sign)
        loaded.load()
        with pytest.raises(TypeError, match="not handed from process to process"):
            pickle.dumps(loaded)

    def test_a_service_that_is_away_is_a_passing_fault(
        self, kms: Kms, media: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Would catch spots that fail for good, by the native library's word for any bad signature,
        because the service was down for a minute."""
        sign, spot = stage(tmp_path, signer=kms.signer()), row(media, tmp_path)
        monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", "http://127.0.0.1:9")
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
        kms_signer._client.cache_clear()
        try:
            with pytest.raises(Retry, match="AWS KMS does not answer"):
                sign.run(spot, media)
        finally:
            kms_signer._client.cache_clear()


class TestPlanning:
    """What is refused, or warned of, before anything is spent."""

    def test_a_campaign_may_sign_with_it(self, kms: Kms, caplog: pytest.LogCaptureFixture) -> None:
        """Would catch the production path refused."""
        assert planned_signer(kms.campaign()) == kms.signer()
        assert not caplog.records

    def test_another_keys_certificate_is_refused(self, kms: Kms, tmp_path: Path) -> None:
        """Would catch a mix-up of keys that shows only when the first spot is signed."""
        other = kms.client.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
        with pytest.raises(ConfigError, match=r"signing\.key: .*is not the key of the certificate"):
            planned_signer(kms.campaign(key=other["KeyMetadata"]["Arn"]))
        rsa = kms.client.create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")
        with pytest.raises(SignerError, match="cannot sign ECDSA_SHA_256"):
            kms.signer(key=rsa["KeyMetadata"]["Arn"]).check()
        with pytest.raises(ConfigError, match="NotFoundException"):
            planned_signer(kms.campaign(key="alias/no-such-key"))

    @pytest.mark.parametrize(
        ("days", "said"), [((-9, -2), "ended on"), ((2, 9), "is not valid before")]
    )
    def test_a_certificate_out_of_its_time_is_refused(
        self, kms: Kms, tmp_path: Path, days: tuple[int, int], said: str
    ) -> None:
        """Would catch a run of hours whose every spot fails at its last stage."""
        chain = tmp_path / "chain.pem"
        chain.write_bytes(kms.certify(days))
        with pytest.raises(ConfigError, match=rf"signing\.certificate: .*{said}"):
            planned_signer(kms.campaign(certificate=str(chain)))

    def test_a_certificate_that_ends_soon_is_warned_of(
        self, kms: Kms, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Would catch signing that stops one night because nobody was told."""
        chain = tmp_path / "chain.pem"
        chain.write_bytes(kms.certify((-9, 12)))
        planned_signer(kms.campaign(certificate=str(chain), warn_days=5))
        assert not caplog.records
        planned_signer(kms.campaign(certificate=str(chain)))
        assert "CN=Campaigns" in caplog.text and "in 11 days" in caplog.text

    def test_a_private_key_among_the_certificates_is_refused(
        self, kms: Kms, tmp_path: Path
    ) -> None:
        """Would catch a key that travels to every worker inside a public file."""
        both = tmp_path / "both.pem"
        key = (kms.folder / "dev" / "leaf.key").read_bytes()
        both.write_bytes(kms.certificate.read_bytes() + key)
        with pytest.raises(ConfigError, match="holds a private key, too"):
            planned_signer(kms.campaign(certificate=str(both)))
