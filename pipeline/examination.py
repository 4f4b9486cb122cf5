"""Examination: whether a campaign could be rendered now: its store, models, signer and services."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import requests

from pipeline import storage
from pipeline.recipes import load_recipe
from pipeline.rows import RecipeError
from pipeline.tracking import why_unreachable
from schemas.campaign import Campaign
from schemas.config_error import ConfigError
from schemas.examined import Examined, State
from stages.base import Stage
from stages.sign import Sign
from stages.sign.certificates import days_left

SKEW_S = (60.0, 600.0)
"""Of the store's clock against ours: from when on it is told, and from when on it is a fault: S3
refuses signatures that are a quarter of an hour off."""
STAMP_WAIT_S = 10.0
_QUERY = bytes.fromhex("303902010130313 00d060960864801650304020105000420".replace(" ", "")) + (
    32 * b"\0" + b"\x01\x01\xff"
)
"""A time-stamp query (RFC 3161, 2.4.1) for the SHA-256 digest of 32 zeros, that asks for the
authority's certificate."""


def examine_store(output: str) -> Iterator[Examined]:
    """Writes a small file, a second time too, and removes it. Never raises."""
    place = storage.join(output, f".doctor-{secrets.token_hex(8)}")
    try:
        began = time.time()
        first = storage.commit_bytes(b"first", place)
        second = storage.commit_bytes(b"second", place)
        whole = storage.read_bytes(place) == b"first"
        skew_s = _written_s(place) - (began + time.time()) / 2
        storage.remove(place)
    except Exception as error:
        said = storage.refusal(error) or f"{type(error).__name__}: {error}"
        fix = "set the store's address and credentials (docs/operations.md), or name another"
        yield Examined("store", "fail", f"{output}: {said[:300]}", fix)
        return
    yield Examined("store", "ok", f"{output} can be written, read and removed")
    yield Examined.of(
        "conditional writes", first and whole and not second,
        "of two writers of one place the first wins" if not second else "the second writer won",
        "use a store that obeys If-None-Match (S3, MinIO, SeaweedFS, R2): leases need it",
    )  # fmt: skip
    state: State = "ok"
    if abs(skew_s) >= SKEW_S[0]:
        state = "warn" if abs(skew_s) < SKEW_S[1] else "fail"
    fix = "" if state == "ok" else "set this machine's clock by NTP"
    yield Examined("clock", state, f"{abs(skew_s):.0f} s off the store's", fix)


def _written_s(uri: str) -> float:
    filesystem, path = storage.split(uri)
    entry = filesystem.info(path)
    written: Any = entry.get("LastModified") or entry.get("mtime") or time.time()
    return written.timestamp() if isinstance(written, datetime) else float(written)


def examine_recipe(campaign: Campaign, recipe: str) -> tuple[list[Stage], list[Examined]]:
    """(its stages, [] where it was refused; what was found). Building a recipe reads every file
    that the campaign names, holds weights to their digests, and signs on trial."""
    try:
        stages = load_recipe(recipe, campaign)
    except ConfigError as error:
        found = [
            Examined(f"campaign {one.key}", "fail", str(one.value), one.fix)
            for one in error.refusals
        ]
        return [], found
    except RecipeError as error:
        return [], [Examined(f"recipe {recipe}", "fail", str(error), "mend the recipe's file")]
    said = f"{len(stages)} stages; the campaign's files, lists and weights are there"
    return stages, [Examined(f"recipe {recipe}", "ok", said), *_signer(stages, campaign)]


def _signer(stages: list[Stage], campaign: Campaign) -> Iterator[Examined]:
    for stage in stages:
        if not isinstance(stage, Sign):
            continue
        name, days = stage.signer.name, days_left(stage.signer.certificates_pem())
        said = f"{name} has signed on trial; its certificate ends in {days:.0f} days"
        if name == "dev":
            fix = "sign with `file` or `kms` before anything is published (docs/provenance.md)"
            yield Examined("signer", "warn", "a key made on this machine, which nobody trusts", fix)
        elif days < campaign.signing.warn_days:
            yield Examined("signer", "warn", said, "renew it: docs/operations.md")
        else:
            yield Examined("signer", "ok", said)


def examine_services(campaign: Campaign) -> Iterator[Examined]:
    """Time-stamp authorities and MLflow, where the campaign names them. Never raises."""
    stamps = campaign.signing.stamps
    authorities = stamps.authorities if stamps else ()
    for url in authorities:
        problem = _unstamped(url)
        if problem is None:
            yield Examined("time stamps", "ok", f"{url} gave a stamp")
            continue
        state: State = "warn" if len(authorities) > 1 else "fail"
        fix = "look at its address and at the way there; name a second one beside it"
        yield Examined("time stamps", state, f"{url} {problem}", fix)
    if stamps is None:
        fix = "name an authority in signing.timestamp: without one spots end with the certificate"
        yield Examined("time stamps", "warn", "no authority is named", fix)
    if campaign.tracking_uri:
        problem = why_unreachable(campaign.tracking_uri)
        fix = "a run goes on without MLflow; start it, or mend tracking_uri"
        told = problem or f"{campaign.tracking_uri} answers"
        yield Examined("MLflow", "warn" if problem else "ok", told, fix if problem else "")


def _unstamped(url: str) -> str | None:
    """Why an authority gave no stamp; None where it gave one."""
    try:
        answer = requests.post(
            url, data=_QUERY, timeout=STAMP_WAIT_S,
            headers={"Content-Type": "application/timestamp-query"},
        )  # fmt: skip
    except requests.RequestException as error:
        return f"does not answer ({type(error).__name__})"
    kind = answer.headers.get("Content-Type", "")
    if answer.status_code != 200 or "timestamp-reply" not in kind:
        return f"answers with status {answer.status_code} and {kind or 'no type'}, not a stamp"
    return None
