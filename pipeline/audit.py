"""Audit: what was generated from what, by which model, who answers for it; each row hashed.

    audit/run=<run_id>/unit=<n>-<token>.jsonl   rows of a unit, each with the hash of the one before
    audit/chain/<n>.json                        a link for each run that is over: the heads of its
                                                units, and the hash of the link before

Several drivers may render one unit: each has a file of its own, and the ledger's receipt of the
unit, of which only the first counts, names the file and its last hash. Of a run that is over, every
driver makes the same link from the receipts, and a link's place can be taken once: whoever comes
second finds it there. So there is one chain, however many drivers and runs there were at once.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from pipeline import ledger, storage
from pipeline.consents import lent
from pipeline.evidence import fields_of
from pipeline.keys import StageKey
from pipeline.recipes.signing import agents
from schemas.campaign import Campaign
from stages.base import Stage

BEGINNING = "spotmill audit 1"
LOOKED_BACK = 32
"""Links that are searched for a run's own: others that closed while this one did."""


def hashed(content: Mapping[str, Any]) -> dict[str, Any]:
    """The content with its sha256, of its JSON with sorted keys and without spaces."""
    return {**content, "sha256": hashlib.sha256(_canonical(content)).hexdigest()}


def _canonical(content: Mapping[str, Any]) -> bytes:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8", "surrogatepass")


def first_hash(run_id: str, unit: int) -> str:
    """What the first row of a unit follows from: rows can't be moved to another unit."""
    return f"{BEGINNING} {run_id} {unit}"


def audit_folder(output: str, run_id: str) -> str:
    """URI of a run's rows."""
    return storage.join(output, "audit", f"run={run_id}")


def chain_folder(output: str) -> str:
    """URI of the links."""
    return storage.join(output, "audit", "chain")


class UnitAudit:
    """The rows of one unit, by one driver. They count once the unit's receipt names them."""

    def __init__(
        self, output: str, run_id: str, unit: int, about: Mapping[str, Any],
        planned: Sequence[Mapping[str, Any]],
    ) -> None:  # fmt: skip
        """`about` is `about_run` of it, `planned` the rows that enter the first stage."""
        self._name = f"unit={unit:05d}-{secrets.token_hex(4)}.jsonl"
        self._place = storage.join(audit_folder(output, run_id), self._name)
        self._sources = {row["spot_id"]: _made_from(row) for row in planned}
        self._lines: list[bytes] = []
        self._last = first_hash(run_id, unit)
        self._add({"kind": "unit", "run_id": run_id, "unit": unit, **about})

    def add(self, result: Mapping[str, Any]) -> None:
        """A row of the ledger, as it is recorded."""
        made_from = self._sources.get(result["spot_id"])
        self._add({"kind": "spot", "at": _now(), **_of_result(result), "made_from": made_from})

    def _add(self, row: Mapping[str, Any]) -> None:
        # Through JSON, so that what is hashed is what a reader of the file finds.
        told = json.loads(json.dumps(row, default=str))
        line = hashed({"n": len(self._lines), "prev": self._last, "row": told})
        self._last = line["sha256"]
        self._lines.append(_canonical(line))

    def write(self) -> dict[str, Any]:
        """Put the rows at their place; what the unit's receipt says of them."""
        storage.replace_bytes(b"\n".join(self._lines) + b"\n", self._place)
        return {"file": self._name, "rows": len(self._lines), "head": self._last}

    def discard(self) -> None:
        """Another driver's receipt counts: these rows never did."""
        with contextlib.suppress(FileNotFoundError):
            storage.remove(self._place)


def link_run(output: str, run_id: str) -> dict[str, Any]:
    """Append a run whose units are all recorded to the chain; its link, whoever wrote it."""
    units = [
        {"unit": receipt["unit"], **receipt["audit"]}
        for receipt in ledger.receipts(output, run_id)
        if "audit" in receipt
    ]
    while True:
        places = storage.list_files(chain_folder(output), ".json")
        before = [json.loads(storage.read_bytes(place)) for place in places[-LOOKED_BACK:]]
        for link in reversed(before):
            if link["run_id"] == run_id:
                return dict(link)
        last: dict[str, Any] = before[-1] if before else {"n": 0, "sha256": BEGINNING}
        number = last["n"] + 1
        link = hashed({"n": number, "prev": last["sha256"], "run_id": run_id, "units": units})
        place = storage.join(chain_folder(output), f"{number:06d}.json")
        if storage.commit_bytes(_canonical(link), place):
            return link


def about_run(campaign: Campaign, stages: Sequence[Stage]) -> dict[str, Any]:
    """What is the same for every spot of a run: recipe, models, and who answers for what."""
    return {
        "campaign": campaign.name,
        "environment": campaign.environment,
        "recipe": [
            {"stage": s.name, "engine": s.engine_name, "version": s.version,
             "digest": StageKey(s).digest}
            for s in stages
        ],
        "agents": [asdict(agent) for agent in agents(stages)],
        "signer": campaign.signing.signer,
        "disclosure": campaign.disclosure.to_record(),
        "approvals": list(_approvals(campaign)),
        "gates": [list(gate) for gate in campaign.gates()],
    }  # fmt: skip


def _approvals(campaign: Campaign) -> list[dict[str, Any]]:
    """What a person had to agree to before the run could begin."""
    found: list[dict[str, Any]] = []
    for one in lent(campaign):
        found.append({"of": one.whose, "record": one.record, "consent": one.words})
    if (override := campaign.disclosure.override) is not None:
        found.append({"of": "disclosure", **override.model_dump(mode="json")})
    parts = ("voice", "video_model", "aligner", "presenter_process")
    for name in parts:
        if getattr(getattr(campaign, name), "licence_accepted", False):
            found.append({"of": f"{name}.licence"})
    return found


def _made_from(row: Mapping[str, Any]) -> dict[str, Any]:
    """Digests of what went in."""
    script = str(row.get("script") or "").encode("utf-8", "surrogatepass")
    return {
        "pictures": [asset["sha256"] for asset in row.get("images") or ()],
        "music": (row.get("music") or {}).get("sha256"),
        "control": (row.get("control") or {}).get("sha256"),
        "script_sha256": hashlib.sha256(script).hexdigest(),
        "price": None if row.get("price") is None else f"{row['price']} {row.get('currency')}",
        "feed_line": row.get("feed_line"),
        "fingerprint": row.get("fingerprint"),
    }


_STAGE = ("stage", "engine", "version", "key", "cached", "attempt")
_RESULT = (
    "spot_id", "product_id", "variant", "status", "stage", "reason_code", "reason", "seed",
    "attempt", "outputs", "disclosure", "provenance",
)  # fmt: skip


def _of_result(result: Mapping[str, Any]) -> dict[str, Any]:
    """Who made it, what the gates said, and which key signed."""
    signed = [
        {name: value for name, value in one.items() if name != "picture_hashes"}
        for one in result.get("credentials") or ()
    ]
    return {
        **{name: result.get(name) for name in _RESULT},
        "stages": [{name: run.get(name) for name in _STAGE} for run in result["stages"] or ()],
        "gates": [fields_of(verdict) for verdict in result.get("verdicts") or ()],
        "signed_by": signed,
    }


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
