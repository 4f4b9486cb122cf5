"""The watermark's key of a campaign: found where the campaign says, before anything is spent."""

from __future__ import annotations

import os
from typing import Any

from pipeline import storage
from schemas.campaign import Campaign
from schemas.config_error import ConfigError, Refusal
from stages.shared.watermark import BUILT_IN, LEAST_LENGTH

_MOST_BYTES = 6144
"""Of a text that KMS encrypted: it takes no more."""


def watermark_secret(campaign: Campaign) -> str:
    """The campaign's key. Raises `ConfigError` where there is none at its place."""
    return secret_at(campaign.watermark.key, region=campaign.watermark.region)


def secret_at(
    place: str | None, *, region: str | None = None, key: str = "watermark.key"
) -> str:  # fmt: skip
    """The key at "env:NAME" or "kms:FILE"; None is the one that comes along.

    `key` is what an error says where `place` stood. Raises `ConfigError`, which never holds what
    was found.
    """
    if place is None:
        return BUILT_IN
    kind, _, name = place.partition(":")
    if kind == "env":
        found = os.environ.get(name, "")
        if not found:
            fix = f"the environment has no {name}; set it where the run is started"
            raise _refused(key, place, fix)
    elif kind == "kms":
        found = _decrypted(place, name, region, key)
    else:
        raise _refused(key, place, "write env:NAME or kms:FILE")
    if len(found) < LEAST_LENGTH:
        fix = f"holds {len(found)} letters; a key has {LEAST_LENGTH} or more"
        raise _refused(key, place, f"{fix}, as of: openssl rand -hex 32")
    return found


def _decrypted(place: str, file: str, region: str | None, key: str) -> str:
    import botocore.exceptions
    import botocore.session
    from botocore.config import Config

    try:
        sealed = storage.read_bytes_or_none(storage.absolute(file))
    except OSError as error:
        raise _refused(key, place, f"cannot be read: {error}") from None
    if sealed is None:
        raise _refused(key, place, "there is no such file; write it with aws kms encrypt")
    if not 0 < len(sealed) <= _MOST_BYTES:
        raise _refused(key, place, f"has {len(sealed)} bytes, and no text that KMS encrypted has")
    settings = Config(connect_timeout=5, read_timeout=10)
    try:
        client: Any = botocore.session.get_session().create_client(
            "kms", region_name=region, config=settings
        )
        plain: bytes = client.decrypt(CiphertextBlob=sealed)["Plaintext"]
    except botocore.exceptions.ClientError as error:
        code = error.response.get("Error", {}).get("Code")
        raise _refused(key, place, f"AWS KMS does not decrypt it: {code}") from None
    except (
        botocore.exceptions.BotoCoreError,
        botocore.exceptions.HTTPClientError,
    ) as error:
        raise _refused(key, place, f"AWS KMS cannot be asked: {error}") from None
    try:
        text = plain.decode("ascii").strip()
    except UnicodeDecodeError:
        return plain.hex()
    return text if text.isprintable() else plain.hex()


def _refused(key: str, place: str, fix: str) -> ConfigError:
    return ConfigError("the watermark", [Refusal(key, place, fix)])
