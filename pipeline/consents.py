"""Consents: by whose leave a campaign uses faces and voices, checked before anything is spent."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from pydantic import ValidationError

from pipeline import storage
from pipeline.media import digest_folder
from schemas.campaign import Campaign
from schemas.config_error import ConfigError, Refusal
from schemas.consent import Consent, ConsentRecord

SHIPPED_RIGS = frozenset(("0e86b90bed4b22f62899ff6872a18a720eebaf325d994fbb5abfa8364738ee7b",))
"""Digests of the rigs that come with Spotmill, examples/demo/presenter: rendered, nobody's
likeness."""


@dataclass(frozen=True)
class Lent:
    """A face or a voice that belongs to a person, and by whose leave the campaign uses it."""

    whose: str
    """ "voice" or "presenter"."""
    key: str
    record: str
    """Id of the record, or where it lies; "" where the campaign names none."""
    words: str
    """The consent as a sentence."""
    file: str | None
    """The record itself."""
    identity: str
    """sha256 of the picture, recording or rig; of a voice that has none its name."""


def name_records(raw: Any, base: str) -> None:
    """In a campaign as it is written, put the words of each record's file in its place.

    Raises `ConfigError` for a file that is no record.
    """
    if not isinstance(raw, dict):
        return
    for name in ("voice", "presenter_model", "presenter_process"):
        part = raw.get(name)
        told = part.get("consent") if isinstance(part, dict) else None
        if part is None or not (isinstance(told, str) and told.endswith(".json")):
            continue
        file = storage.absolute(told, base)
        record = read_record(file, f"{name}.consent")
        if name == "presenter_process":
            raw[name] = {**part, "consent": f"{record.id}: {record}", "consent_file": file}
        else:
            raw[name] = {**part, "consent": record.to_words(file)}


def lent(campaign: Campaign) -> Iterator[Lent]:
    """Everything of a campaign that is a person's: drawn hosts and the shipped rig are not."""
    voice = campaign.voice
    if voice.is_cloned:
        where = voice.url or voice.model or voice.preset or voice.engine
        identity = _sha256(voice.speaker) if voice.speaker else f"{where}#{voice.name or ''}"
        yield _in_words("voice", "voice.consent", voice.consent, identity)
    model = getattr(campaign, "presenter_model", None)
    if model is not None:
        identity = _sha256(model.portrait)
        yield _in_words("presenter", "presenter_model.consent", model.consent, identity)
    process = campaign.presenter_process
    if process is not None:
        record, file = process.consent, process.consent_file
        if file:
            record = read_record(file).id
        key, identity = "presenter_process.consent", _sha256(process.portrait)
        yield Lent("presenter", key, record, process.consent, file, identity)
    rig = campaign.presenter
    if rig is not None and rig.endswith("/") and (found := digest_folder(rig)) not in SHIPPED_RIGS:
        file = campaign.presenter_consent
        told = read_record(file, "presenter_consent") if file else None
        record, words = (told.id, str(told)) if told else ("", "")
        yield Lent("presenter", "presenter_consent", record, words, file, found)


def _in_words(whose: str, key: str, given: Consent | None, identity: str) -> Lent:
    if given is None:
        return Lent(whose, key, "", "", None, identity)
    return Lent(whose, key, given.record, str(given), given.file, identity)


def check_consents(campaign: Campaign, source: str) -> None:
    """Raises `ConfigError` for a face or a voice without a consent that covers this campaign."""
    refusals = list[Refusal]()
    today = campaign.date or date.today()
    for one in lent(campaign):
        if not one.words:
            fix = "it is a person's: name the record of their consent (.json); see docs/review.md"
            refusals.append(Refusal(one.key, "not set", fix))
        elif one.file is None and campaign.environment == "production":
            fix = "production takes a record's file (.json) alone; see docs/review.md"
            refusals.append(Refusal(one.key, one.record[:80], fix))
        elif one.file is not None:
            record = read_record(one.file, one.key)
            refusals += record.refusals(one.key, one.identity, campaign.rights, today)
            refusals += _signature(one.key, one.file, campaign.rights.public_key)
    if refusals:
        raise ConfigError(source, refusals)


def consents(campaign: Campaign) -> tuple[tuple[str, str], ...]:
    """(whose, id of the record, or what the campaign says in its place) for the credentials."""
    return tuple((one.whose, one.record) for one in lent(campaign))


def consent_verdicts(campaign: Campaign) -> list[dict[str, str]]:
    """A verdict for each face and voice, for the ledger."""
    return [
        {"gate": "consent", "rule": one.whose, "verdict": "pass",
         "evidence": f"{one.record}: {one.words.removeprefix(one.record + ': ')}"}
        for one in lent(campaign)
    ]  # fmt: skip


def read_record(uri: str, key: str = "consent") -> ConsentRecord:
    """The record in a file. Raises `ConfigError` naming what is wrong with it."""
    content = storage.read_bytes_or_none(uri)
    if content is None:
        raise ConfigError("consent", [Refusal(key, uri, "is not there; check the path")])
    try:
        return ConsentRecord.model_validate(json.loads(content))
    except ValidationError as error:
        refusals = [
            Refusal(f"{key} ({'.'.join(map(str, one['loc']))})", uri, one["msg"])
            for one in error.errors()
        ]
        raise ConfigError("consent", refusals) from None
    except ValueError as error:
        raise ConfigError("consent", [Refusal(key, uri, f"is no JSON: {error}")]) from None


def _signature(key: str, file: str, public_key: str | None) -> Iterator[Refusal]:
    if public_key is None:
        return
    place, record = f"{file}.sig", storage.read_bytes(file)
    signature = storage.read_bytes_or_none(place)
    if signature is None:
        yield Refusal(key, file, f"rights.public_key asks for a signature; put it at {place}")
        return
    try:
        if len(signature) != 64:
            signature = base64.b64decode(signature.strip(), validate=True)
        _key(public_key).verify(signature, record)
    except (InvalidSignature, binascii.Error):
        fix = f"{place} is not its signature by {public_key}: it was changed, or signed by another"
        yield Refusal(key, file, fix)


def _key(uri: str) -> Ed25519PublicKey:
    try:
        key = load_pem_public_key(storage.read_bytes(uri))
    except (OSError, ValueError):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        fix = "is no Ed25519 public key in PEM (openssl pkey -pubout)"
        raise ConfigError("consent", [Refusal("rights.public_key", uri, fix)])
    return key


@cache
def _sha256_of_version(uri: str, version: str) -> str:
    return hashlib.sha256(storage.read_bytes(uri)).hexdigest()


def _sha256(uri: str) -> str:
    return _sha256_of_version(uri, storage.version(uri))
