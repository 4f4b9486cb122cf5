"""The report of a campaign run: static pages beside the media, and the ledger for spreadsheets."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pipeline import storage
from pipeline.report.captions import read_captions
from pipeline.report.card import PAGE_ORDER, Card, card_of
from pipeline.report.distribution import Gates
from pipeline.report.glance import glance
from pipeline.report.ledger_csv import ledger_csv
from pipeline.report.page import render_page
from pipeline.report.rows import Rows, each_row
from pipeline.report.summary import RunSummary

SPOTS_PER_PAGE = 48
"""Cards on one page: each loads its poster (about 150 kB) at once."""
MOST_PAGES = 50
"""Beyond, the ledger is the better tool; the page says how many it leaves out."""


def write_report(
    output: str,
    campaign_name: str,
    rows: Rows,
    summary: RunSummary,
    *,
    gates: Gates | None = None,
    tracking_uri: str | None = None,
) -> str:
    """Write `OUT/report/index.html`, further pages if there are many spots, and `ledger.csv`.

    `gates` are the campaign's limits by metric, for the lines in the plots (else they are read
    from the verdicts' evidence); `tracking_uri` is where MLflow was told of the run. The pages
    replace those of an earlier run. Returns the URI of `index.html`.
    """
    folder = storage.join(storage.absolute(output), "report")
    pages = _paginate(_cards(rows, output))
    names = ["index.html", *(f"page-{n}.html" for n in range(2, len(pages) + 1))]
    shown = glance(
        campaign_name, rows, summary, output=output, gates=gates, tracking_uri=tracking_uri
    )
    shown_total = sum(map(len, pages))
    shown.update(page_names=names, shown_total=shown_total)
    if len(pages) > 1:
        storage.replace_bytes(_spots_js(pages, names), storage.join(folder, "spots.js"))
    storage.replace_bytes(ledger_csv(rows), storage.join(folder, "ledger.csv"))
    storage.replace_bytes(summary.to_json().encode(), summary_uri(output, summary.run_id))
    for index in reversed(range(len(pages))):  # the first page last: it links to all the others
        html = render_page(**shown, cards=_with_captions(pages[index]), page_index=index)
        storage.replace_bytes(html.encode(), storage.join(folder, names[index]))
    _remove_leftovers(folder, names)
    return storage.join(folder, "index.html")


def summary_uri(output: str, run_id: str) -> str:
    """Where `write_report` keeps the run's summary, so that the page can be built again."""
    return storage.join(storage.absolute(output), "report", "runs", f"{run_id or 'run'}.json")


def _cards(rows: Rows, output: str) -> list[Card]:
    """Cards of as many spots as the pages hold: what needs attention first, then by spot id."""
    rank = {status: place for place, status in enumerate(PAGE_ORDER)}
    by_status: dict[str, list[dict[str, Any]]] = {}
    most = SPOTS_PER_PAGE * MOST_PAGES
    for row in each_row(rows):
        alike = by_status.setdefault(row["status"], [])
        if len(alike) < most:
            alike.append(row)
    chosen = sorted(
        (row for alike in by_status.values() for row in alike),
        key=lambda row: (rank.get(row["status"], len(rank)), row["spot_id"]),
    )
    return [card_of(row, output) for row in chosen[:most]]


def _paginate(cards: list[Card]) -> list[list[Card]]:
    starts = range(0, max(len(cards), 1), SPOTS_PER_PAGE)
    return [cards[start : start + SPOTS_PER_PAGE] for start in starts]


def _with_captions(cards: Sequence[Card]) -> list[Card]:
    uris = [card.videos[0].captions_uri if card.videos else "" for card in cards]
    found = read_captions([uri for uri in uris if uri])
    return [replace(card, captions=found.get(uri)) for card, uri in zip(cards, uris, strict=True)]


def _spots_js(pages: Sequence[Sequence[Card]], names: Sequence[str]) -> bytes:
    """All spots with the page that shows them, for the search box of every page."""
    spots = [
        [card.row["spot_id"], card.title, card.row["status"], name, card.search_text]
        for name, cards in zip(names, pages, strict=True)
        for card in cards
    ]
    text = json.dumps(spots, separators=(",", ":"))
    return f"window.spotmillSpots = {text.replace('<', chr(92) + 'u003c')};\n".encode()


def _remove_leftovers(folder: str, names: Sequence[str]) -> None:
    """Pages of an earlier, larger report."""
    for uri in storage.list_files(folder, ".html"):
        name = uri.rpartition("/")[2]
        if name.startswith("page-") and name not in names:
            storage.remove(uri)
