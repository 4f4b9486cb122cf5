"""KmsSigner: signs with a key that never leaves AWS KMS."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cache
from typing import Any, ClassVar

import botocore.exceptions
import botocore.session
from botocore.config import Config
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from stages.base import Retry
from stages.sign.certificates import SignerError, leaf_of, public_key_der
from stages.sign.signer import Signer

MOST_RAW_BYTES = 4096
"""What kms:Sign takes as it is; of more it takes the digest."""
PASSING = frozenset(
    ("ThrottlingException", "DependencyTimeoutException", "KMSInternalException",
     "KeyUnavailableException", "ServiceUnavailable", "InternalFailure", "RequestTimeout")
)  # fmt: skip
"""Errors of the service that another try may cure."""


@dataclass(frozen=True)
class KmsSigner(Signer):
    """`key` is the ARN, id or alias of an ECC_NIST_P256 key in `region`; `certificates` and
    `anchors` are PEM texts, which are public and travel with the stage.

    Who may sign follows from the machine's role, as everywhere with AWS: kms:Sign and
    kms:GetPublicKey. Only workers of the stage need it, and whoever plans.
    """

    name: ClassVar[str] = "kms"
    key: str = field(metadata={"place": True})
    certificates: str = field(repr=False, metadata={"place": True})
    anchors: str = field(repr=False, metadata={"place": True})
    region: str | None = field(default=None, metadata={"place": True})

    def certificates_pem(self) -> bytes:
        """See `Signer.certificates_pem`."""
        return self.certificates.encode()

    def anchors_pem(self) -> bytes:
        """See `Signer.anchors_pem`."""
        return self.anchors.encode()

    def sign(self, data: bytes) -> bytes:
        """See `Signer.sign`. Raises `Retry` where the service is busy or away, `SignerError` where
        it refuses."""
        raw = len(data) <= MOST_RAW_BYTES
        answer = self._ask(
            "sign",
            Message=data if raw else hashlib.sha256(data).digest(),
            MessageType="RAW" if raw else "DIGEST",
            SigningAlgorithm="ECDSA_SHA_256",
        )
        r, s = decode_dss_signature(answer["Signature"])
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def check(self) -> None:
        """Raises `SignerError` unless the certificate is of this key, and it signs for us."""
        answer = self._ask("get_public_key")
        if "ECDSA_SHA_256" not in answer.get("SigningAlgorithms", ()):
            can = ", ".join(answer.get("SigningAlgorithms", ())) or "no algorithms for signing"
            raise SignerError(
                f"{self.key} cannot sign ECDSA_SHA_256 (it has {can});"
                " make a key of the spec ECC_NIST_P256 with the usage SIGN_VERIFY"
            )
        leaf = leaf_of(self.certificates_pem())
        if public_key_der(leaf) != answer["PublicKey"]:
            raise SignerError(
                f"{self.key} is not the key of the certificate {leaf.subject.rfc4514_string()};"
                " ask for a certificate from a request that was signed with this key"
            )
        super().check()

    def _ask(self, operation: str, **more: Any) -> dict[str, Any]:
        try:
            client = _client(self.region)
            return dict(getattr(client, operation)(KeyId=self.key, **more))
        except botocore.exceptions.ClientError as error:
            code = str(error.response.get("Error", {}).get("Code"))
            said = str(error.response.get("Error", {}).get("Message", ""))[:300]
            if code in PASSING:
                raise Retry(f"AWS KMS is busy ({code}: {said})") from None
            refused = f"AWS KMS refuses {operation} with {self.key}: {code}: {said}"
            raise SignerError(refused) from None
        except (
            botocore.exceptions.HTTPClientError,
            botocore.exceptions.ConnectionError,
        ) as error:
            raise Retry(f"AWS KMS does not answer: {error}") from None
        except botocore.exceptions.BotoCoreError as error:  # no region, no credentials
            raise SignerError(f"AWS KMS cannot be asked: {error}") from None


@cache
def _client(region: str | None) -> Any:
    """One per process and region. Credentials are botocore's own affair: a role, or variables."""
    settings = Config(connect_timeout=5, read_timeout=10)  # AWS_MAX_ATTEMPTS says how often
    session = botocore.session.get_session()
    return session.create_client("kms", region_name=region, config=settings)
