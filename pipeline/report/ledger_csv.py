"""The ledger as a CSV for people with spreadsheets, safe to open: no cell becomes a formula."""

from __future__ import annotations

import csv
import io

from pipeline.report.rows import Rows, each_row

COLUMNS = (
    "spot_id",
    "product_id",
    "variant",
    "status",
    "stage",
    "reason_code",
    "reason",
    "output_uri",
)

_STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def ledger_csv(rows: Rows) -> bytes:
    """All rows as UTF-8 CSV with a byte-order mark (Excel needs it) and one header line.

    A cell that a spreadsheet would take for a formula gets an apostrophe before it
    (OWASP, "CSV Injection").
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in each_row(rows):
        output = row["outputs"][0]["uri"] if row["outputs"] else ""
        writer.writerow([_inert(row[name]) for name in COLUMNS[:-1]] + [_inert(output)])
    return text.getvalue().encode("utf-8-sig")


def _inert(value: str | None) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.lstrip(" \n").startswith(_STARTS_FORMULA) else text
