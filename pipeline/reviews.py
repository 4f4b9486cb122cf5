"""Reviews: what people have decided of held spots, each decision once.

reviews/<spot_id>/<covers>.json   who decided what, when and why; `covers` is the digest of the
                                  findings and of what was looked at, so that a spot that has
                                  changed since has no decision yet
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pipeline import storage
from pipeline.evidence import fields_of
from stages.base import Decision

SCHEMA_VERSION = "1"
MOST_BY, MOST_WHY = 120, 2000
"""Characters of a name and of a reason."""


class NotReviewable(ValueError):
    """There is nothing that a person could decide; the message says why, and what to do."""


def decided(output: str) -> frozenset[str]:
    """All decisions, as "<spot_id>/<covers>": one listing, however many spots there are."""
    files = storage.list_files(_folder(output), ".json")
    return frozenset("/".join(uri.split("/")[-2:]).removesuffix(".json") for uri in files)


def decision(output: str, spot_id: str, covers: str) -> Decision | None:
    """The decision that counts, or None."""
    content = storage.read_bytes_or_none(_place(output, spot_id, covers))
    if content is None:
        return None
    told = json.loads(content)
    return Decision(
        approved=told["decision"] == "approved",
        by=told["by"],
        why=told["why"],
        at=told["at"],
        sha256=hashlib.sha256(content).hexdigest(),
    )


def decide(
    output: str, row: Mapping[str, Any], *, approved: bool, by: str, why: str
) -> tuple[Decision, bool]:
    """(the decision that counts, whether it is this one) on a held row of the ledger.

    Of several reviewers the first one decides. Raises `NotReviewable` for a spot that waits for
    nobody, a finding that blocks, and words that are missing.
    """
    by, why = " ".join(by.split()), " ".join(why.split())
    _check(row, by, why)
    spot_id, covers = row["spot_id"], row["review"]
    content = {
        "schema": "spotmill.decision",
        "schema_version": SCHEMA_VERSION,
        "decision": "approved" if approved else "rejected",
        "spot_id": spot_id,
        "covers": covers,
        "by": by,
        "why": why,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "findings": [fields_of(one) for one in row["verdicts"] or () if one["verdict"] == "review"],
        "run_id": row["run_id"],
        "fingerprint": row["fingerprint"],
        "preview_uri": row["preview_uri"],
        "token": secrets.token_hex(8),  # two who say the same at once are still two
    }
    text = json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False).encode()
    won = storage.commit_bytes(text, _place(output, spot_id, covers))
    counts = decision(output, spot_id, covers)
    assert counts is not None, "a decision is never removed"
    return counts, won


def _check(row: Mapping[str, Any], by: str, why: str) -> None:
    spot_id = row["spot_id"]
    blocks = [one for one in row["verdicts"] or () if one["verdict"] == "block"]
    if blocks:
        rule = f"{blocks[0]['gate']} {blocks[0]['rule']}"
        said = f"{spot_id} is blocked ({rule}: {blocks[0]['evidence']})"
        raise NotReviewable(f"{said}; a block can't be approved: change its input, and run again")
    if row["status"] != "held" or not row["review"]:
        why_not = f" ({row['reason']})" if row["reason"] else ""
        raise NotReviewable(f"{spot_id} is {row['status']}{why_not}: it waits for nobody")
    for name, text, most in (("--by", by, MOST_BY), ("--why", why, MOST_WHY)):
        if not 2 <= len(text) <= most:
            raise NotReviewable(f"{name} {text[:40]!r}: write 2 to {most} characters")


def _folder(output: str) -> str:
    return storage.join(output, "reviews")


def _place(output: str, spot_id: str, covers: str) -> str:
    return storage.join(_folder(output), spot_id, f"{covers}.json")
