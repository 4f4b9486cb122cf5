"""Keys of lists of faces: one from the environment, or one that AWS KMS keeps."""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Mapping
from typing import Any

import botocore.exceptions
import botocore.session
from botocore.config import Config

from stages.base import Retry

KEY_VARIABLE = "SPOTMILL_FACES_KEY"
"""Environment variable with the key: 32 bytes as 64 hex digits or in base64."""

_CONTEXT = {"purpose": "spotmill list of faces"}
_PASSING = frozenset(
    ("ThrottlingException", "DependencyTimeoutException", "KMSInternalException",
     "KeyUnavailableException", "ServiceUnavailable", "InternalFailure", "RequestTimeout")
)  # fmt: skip


class FaceKeyError(ValueError):
    """There is no key, or it is not one: a sentence that says what to do, and never the key."""


def new_key(kms_key: str | None = None) -> tuple[bytes, dict[str, str]]:
    """(32 bytes, what the list's head says of them, so that `known_key` finds them again).

    With `kms_key` (ARN, id or alias) the service makes the bytes, and the head has them wrapped by
    that key; else they are the environment's. Raises `FaceKeyError`, `Retry`.
    """
    if kms_key is None:
        return _from_environment(), {"kind": "environment"}
    made = _ask(kms_key, "generate_data_key", KeyId=kms_key, KeySpec="AES_256")
    wrapped = base64.b64encode(made["CiphertextBlob"]).decode()
    return made["Plaintext"], {"kind": "kms", "key": made["KeyId"], "wrapped": wrapped}


def known_key(told: Mapping[str, str]) -> bytes:
    """The 32 bytes that a list's head tells of. Raises `FaceKeyError`, `Retry`."""
    if told.get("kind") == "environment":
        return _from_environment()
    if told.get("kind") != "kms":
        raise FaceKeyError(f"the list's key is of the kind {told.get('kind')!r}; make it anew")
    try:
        wrapped = base64.b64decode(told["wrapped"], validate=True)
        key = told["key"]
    except (KeyError, ValueError):
        raise FaceKeyError("the list's head has no key of KMS; make the list anew") from None
    return bytes(_ask(key, "decrypt", KeyId=key, CiphertextBlob=wrapped)["Plaintext"])


def _from_environment() -> bytes:
    given = os.environ.get(KEY_VARIABLE, "").strip()
    if not given:
        raise FaceKeyError(
            f"the environment has no {KEY_VARIABLE}, which opens the list of faces; set it to 64"
            " hex digits (openssl rand -hex 32 makes them), here and where workers start"
        )
    try:
        key = bytes.fromhex(given) if len(given) == 64 else base64.b64decode(given, validate=True)
    except (ValueError, binascii.Error):
        key = b""
    if len(key) != 32:
        raise FaceKeyError(
            f"{KEY_VARIABLE} has {len(given)} characters that are no key; set it to 64 hex digits,"
            " or 32 bytes in base64"
        )
    return key


def _ask(key: str, operation: str, **more: Any) -> dict[str, Any]:
    try:
        region = key.split(":")[3] if key.startswith("arn:") and key.count(":") >= 5 else None
        settings = Config(connect_timeout=5, read_timeout=10)
        session = botocore.session.get_session()
        client = session.create_client("kms", region_name=region, config=settings)
        return dict(getattr(client, operation)(EncryptionContext=_CONTEXT, **more))
    except botocore.exceptions.ClientError as error:
        code = str(error.response.get("Error", {}).get("Code"))
        said = str(error.response.get("Error", {}).get("Message", ""))[:300]
        if code in _PASSING:
            raise Retry(f"AWS KMS is busy ({code}: {said})") from None
        raise FaceKeyError(f"AWS KMS refuses {operation} with {key}: {code}: {said}") from None
    except (botocore.exceptions.HTTPClientError, botocore.exceptions.ConnectionError) as error:
        raise Retry(f"AWS KMS does not answer: {error}") from None
    except botocore.exceptions.BotoCoreError as error:  # no region, no credentials
        raise FaceKeyError(f"AWS KMS cannot be asked: {error}") from None
