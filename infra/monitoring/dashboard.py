"""Writes dashboard.json for Grafana: `python -m infra.monitoring.dashboard`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

PLACE = Path(__file__).with_name("dashboard.json")
SOURCE = {"type": "prometheus", "uid": "${source}"}
OF = '{campaign=~"$campaign"}'

PANELS: list[tuple[str, str, str, int, list[tuple[str, str]]]] = [
    # title, kind, unit, width of 24, (query, legend)
    ("Accounted for", "stat", "percentunit", 4,
     [(f"sum(spotmill_run_spots{OF}) / sum(spotmill_run_expected_spots{OF})", "")]),
    ("Missing in the ledger", "stat", "none", 4, [(f"max(spotmill_run_missing_spots{OF})", "")]),
    ("Units left", "stat", "none", 4, [(f"max(spotmill_run_units_left{OF})", "")]),
    ("Spent, USD", "stat", "currencyUSD", 4, [(f"max(spotmill_run_spend_usd{OF})", "")]),
    ("Certificate ends in, days", "stat", "none", 4,
     [(f"min(spotmill_certificate_days_left{OF})", "")]),
    ("Oldest in review", "stat", "s", 4,
     [(f"max(spotmill_review_queue_oldest_seconds{OF})", "")]),
    ("Spots by what became of them", "timeseries", "none", 12,
     [(f"max by (status) (spotmill_run_spots{OF})", "{{status}}")]),
    ("Failed, of what was rendered", "timeseries", "percentunit", 12,
     [('sum(spotmill_run_spots{campaign=~"$campaign",status="failed"})'
       ' / sum(spotmill_run_spots{campaign=~"$campaign",'
       'status=~"published|held|rejected|failed"})', "failed")]),
    ("Busy share of stages", "timeseries", "percentunit", 12,
     [(f"max by (stage) (spotmill_stage_busy_ratio{OF})", "{{stage}}")]),
    ("Busy share of GPUs", "timeseries", "percentunit", 12,
     [(f"min by (campaign) (spotmill_gpu_busy_ratio{OF})", "{{campaign}}")]),
    ("Seconds of a stage on a spot, p95", "timeseries", "s", 12,
     [("histogram_quantile(0.95, sum by (stage, le) (rate(spotmill_stage_seconds_bucket[10m])))",
       "{{stage}}")]),
    ("Rows a second, by stage", "timeseries", "none", 12,
     [("sum by (stage) (rate(spotmill_stage_rows_total[5m]))", "{{stage}}")]),
    ("Spend against budget, USD", "timeseries", "currencyUSD", 12,
     [(f"max by (campaign) (spotmill_run_spend_usd{OF})", "spent {{campaign}}"),
      (f"max by (campaign) (spotmill_budget_usd{OF} > 0)", "budget {{campaign}}")]),
    ("Waiting for a person", "timeseries", "none", 12,
     [(f"max by (campaign) (spotmill_review_queue_spots{OF})", "{{campaign}}")]),
]  # fmt: skip


def dashboard() -> dict[str, Any]:
    """The whole of it."""
    panels: list[dict[str, Any]] = []
    left = top = 0
    for number, (title, kind, unit, width, queries) in enumerate(PANELS, 1):
        height = 4 if kind == "stat" else 8
        if left + width > 24:
            left, top = 0, top + panels[-1]["gridPos"]["h"]
        panels.append({
            "id": number, "title": title, "type": kind, "datasource": SOURCE,
            "gridPos": {"x": left, "y": top, "w": width, "h": height},
            "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
            "targets": [
                {"refId": chr(65 + at), "expr": query, "legendFormat": legend,
                 "datasource": SOURCE}
                for at, (query, legend) in enumerate(queries)
            ],
        })  # fmt: skip
        left += width
    return {
        "title": "Spotmill", "uid": "spotmill", "schemaVersion": 39, "version": 1,
        "editable": True, "refresh": "30s", "timezone": "browser", "tags": ["spotmill"],
        "time": {"from": "now-12h", "to": "now"},
        "templating": {"list": [
            {"name": "source", "type": "datasource", "query": "prometheus"},
            {"name": "campaign", "type": "query", "datasource": SOURCE, "includeAll": True,
             "multi": True, "refresh": 2,
             "query": "label_values(spotmill_run_active, campaign)"},
        ]},
        "panels": panels,
    }  # fmt: skip


def main() -> None:
    """Write it."""
    PLACE.write_text(json.dumps(dashboard(), indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
