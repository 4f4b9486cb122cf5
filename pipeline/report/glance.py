"""The run at a glance: what the head of the report says, in words and rounded numbers."""

from __future__ import annotations

from typing import Any

from pipeline import storage
from pipeline.report import words
from pipeline.report.distribution import Gates, distributions
from pipeline.report.histogram import histogram
from pipeline.report.rows import Rows
from pipeline.report.summary import RunSummary


def glance(
    campaign_name: str,
    rows: Rows,
    summary: RunSummary,
    *,
    output: str,
    gates: Gates | None = None,
    tracking_uri: str | None = None,
) -> dict[str, Any]:
    """What all pages of a report show, by the names that the template uses."""
    spread = distributions(rows, gates)
    totals = [total.seconds + total.saved_seconds for total in summary.stage_seconds]
    return {
        "campaign_name": campaign_name,
        "summary": summary,
        "headline": headline(summary),
        "facts": [
            ("Run", summary.run_id),
            ("Started", words.moment(summary.started_at)),
            ("Recipe", summary.recipe),
            ("Machine", summary.machine),
        ],
        "costs": _costs(summary),
        "shares": _shares(summary),
        "longest_seconds": max(totals, default=0.0) or 1.0,
        "plots": [histogram(spread[name]) for name in words.KEY_METRICS if name in spread],
        "mlflow_hint": _mlflow_hint(output, tracking_uri),
    }


def headline(summary: RunSummary) -> str:
    """The run in one or two sentences."""
    counts = summary.counts
    live = counts.get("published", 0) + counts.get("unchanged", 0)
    if not summary.spots:
        return "There was nothing to render."
    text = f"{live:,} of {words.spots(summary.spots)} {'is' if live == 1 else 'are'} ready to run."
    asks = [
        ("held", "waits for a decision", "wait for a decision"),
        ("rejected", "must not ship", "must not ship"),
        ("failed", "failed", "failed"),
    ]
    said = [
        f"{counts[status]:,} {one if counts[status] == 1 else many}"
        for status, one, many in asks
        if counts.get(status)
    ]
    if said:
        text += " " + (", ".join(said[:-1]) + " and " if said[1:] else "") + said[-1] + "."
    if counts.get("unchanged"):
        text += f" {words.spots(counts['unchanged'])} needed no work."
    return text


def _costs(summary: RunSummary) -> list[tuple[str, str]]:
    share = summary.cached_share
    return [
        ("Time per spot", words.duration(summary.seconds_per_spot)),
        ("CPU time per spot", words.duration(summary.cpu_seconds_per_spot)),
        ("Run time", words.duration(summary.seconds)),
        ("Results from the store", "–" if share is None else f"{share:.0%}"),
    ]


def _shares(summary: RunSummary) -> list[dict[str, Any]]:
    """The bar of statuses: x and width in thousandths."""
    parts, x = [], 0.0
    for status, count in summary.counts.items():
        width = 1000 * count / summary.spots if summary.spots else 0.0
        if count:
            parts.append({"status": status, "x": round(x, 2), "width": round(width, 2)})
        x += width
    return parts


def _mlflow_hint(output: str, tracking_uri: str | None) -> str:
    """How to see the run in MLflow; "" where the page cannot say without giving away a login."""
    if tracking_uri is None:
        local = storage.is_local(output)
        return "mlflow ui --backend-store-uri sqlite:///mlflow.db" if local else ""
    if "@" in tracking_uri:
        return ""
    at_server = tracking_uri.startswith(("http://", "https://"))
    return tracking_uri if at_server else f"mlflow ui --backend-store-uri {tracking_uri}"
