"""The log of a run for machines: a line of JSON per event, without secrets and scripts."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TextIO

HIDDEN = "[hidden]"
_SECRETS = (
    # a URL's query: a presigned one is as good as the object; user:password@ before its host
    (re.compile(r"((?:https?|s3)://[^\s?\"'<>]+)\?[^\s\"'<>]+", re.IGNORECASE), rf"\1?{HIDDEN}"),
    (re.compile(r"(\w+://)[^/\s@]+:[^/\s@]+@"), rf"\1{HIDDEN}@"),
    (re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"), HIDDEN),
    (re.compile(r"(\bBearer\s+)[\w.~+/=-]{8,}", re.IGNORECASE), rf"\1{HIDDEN}"),
    (
        re.compile(
            r"((?:secret|token|password|passwd|api[_-]?key|signature|credential)\w*\"?\s*[=:]\s*\"?)"
            r"[^\s\"',;&}]{4,}",
            re.IGNORECASE,
        ),
        rf"\1{HIDDEN}",
    ),
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----", re.S),
     HIDDEN),
)  # fmt: skip
OF_A_SPOT = ("spot_id", "product_id", "run_id", "status", "stage", "reason_code", "attempt")
"""What the log has of a spot: words of ours alone. Reasons quote scripts; the ledger has them."""


def without_secrets(text: str) -> str:
    """The text with what opens doors replaced by "[hidden]"."""
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


@dataclass
class RunLog:
    """Writes events to a stream, each with its time (UTC), its name and the campaign."""

    campaign: str
    stream: TextIO = field(default_factory=lambda: sys.stdout)

    def event(self, name: str, **content: Any) -> None:
        """One line. Texts lose their secrets on the way."""
        shown = {
            key: without_secrets(value) if isinstance(value, str) else value
            for key, value in content.items()
        }
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = {"time": at, "event": name, "campaign": self.campaign, **shown}
        self.stream.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")
        self.stream.flush()

    def say(self, text: str) -> None:
        """A line for people, as an event."""
        for one in without_secrets(text).splitlines():
            if one.strip():
                self.event("note", message=one.strip())

    def spot(self, result: Mapping[str, Any]) -> None:
        """A spot that is done: what became of it, and its seconds."""
        ran = [one for one in result["stages"] or () if not one["cached"]]
        self.event(
            "spot",
            **{name: result.get(name) for name in OF_A_SPOT},
            seconds=round(sum(one["seconds"] or 0.0 for one in ran), 3),
            stages_run=len(ran),
        )

    def unit(self, receipt: Mapping[str, Any]) -> None:
        """A unit that is in the ledger."""
        names = ("run_id", "unit", "spots", "seconds", "counts")
        self.event("unit", **{name: receipt.get(name) for name in names})
