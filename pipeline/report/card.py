"""Card: what the page shows of one spot, in the page's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.report.captions import Captions
from pipeline.report.links import place_below, relative_url
from pipeline.report.words import KEY_METRICS, metric_name, number
from schemas.layout import DEFAULT_FORMATS, FORMATS
from stages.shared.review import GATE

PAGE_ORDER = ("held", "failed", "rejected", "published", "unchanged", "withdrawn")
"""Statuses in the order in which the page shows them: what asks for a person comes first."""


@dataclass(frozen=True)
class Video:
    """One published file: URLs relative to the page."""

    format: str
    url: str
    poster_url: str | None
    captions_uri: str
    """Full URI of the WebVTT file beside the video; "" where there is none."""
    sha256: str
    bytes: int | None

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of its format; upright where that has no name (a preview)."""
        form = FORMATS.get(self.format, DEFAULT_FORMATS[0])
        return form.width_px, form.height_px


@dataclass(frozen=True)
class Figure:
    """One measurement, ready to read."""

    name: str
    label: str
    value: str
    unit: str


@dataclass(frozen=True)
class Card:
    """One spot. `row` is its ledger row for everything that is shown as it stands."""

    row: Mapping[str, Any]
    title: str
    price: str
    videos: tuple[Video, ...]
    captions: Captions | None
    contact_sheet_url: str | None
    figures: tuple[Figure, ...]
    key_figures: tuple[Figure, ...]

    @property
    def verdict_counts(self) -> dict[str, int]:
        """Gates by what they decided: "block", "review", "age_gate", "pass"."""
        decided = [verdict["verdict"] for verdict in self.row["verdicts"]]
        return {word: decided.count(word) for word in ("block", "review", "age_gate", "pass")}

    @property
    def checks(self) -> str:
        """ "1 blocked, 8 passed"."""
        asked = {"block": "blocked", "review": "to review", "age_gate": "for adults only",
                 "pass": "passed"}  # fmt: skip
        counts = self.verdict_counts
        return ", ".join(f"{counts[word]} {said}" for word, said in asked.items() if counts[word])

    @property
    def decisions(self) -> list[str]:
        """What reviewers have decided of it: who, when and why."""
        told = [verdict["evidence"] for verdict in self.row["verdicts"] if verdict["gate"] == GATE]
        return list(dict.fromkeys(told))

    @property
    def cached_stages(self) -> int:
        """Stages whose result was taken from the media store."""
        return sum(1 for run in self.row["stages"] if run["cached"])

    @property
    def work_seconds(self) -> float:
        """Wall seconds of the stages that ran for this spot, in this run."""
        return sum(run["seconds"] or 0.0 for run in self.row["stages"] if not run["cached"])

    @property
    def search_text(self) -> str:
        """What the search box looks through, in lower case."""
        row = self.row
        words = [self.title, self.price, self.captions.text if self.captions else ""]
        words += [row["spot_id"], row["product_id"], row["variant"], row["status"]]
        words += [row["stage"] or "", row["reason_code"] or "", row["reason"] or ""]
        return " ".join(word for word in words if word).casefold()


def card_of(row: Mapping[str, Any], output: str) -> Card:
    """The card of a complete row (`each_row`), without captions."""
    figures = {name: _figure(name, value) for name, value in sorted(row["metrics"].items())}
    return Card(
        row=row,
        title=row["title"] or row["product_id"],
        price=_price(row),
        videos=videos_of(row, output),
        captions=None,
        contact_sheet_url=relative_url(row["contact_sheet_uri"], output),
        figures=tuple(figures.values()),
        key_figures=tuple(figures[name] for name in KEY_METRICS if name in figures),
    )


def videos_of(row: Mapping[str, Any], output: str) -> tuple[Video, ...]:
    """The row's published videos; poster and captions lie beside each, under the same name.

    For a spot that was not published, the master that a person must decide about, where the row
    carries it as `preview_uri`.
    """
    videos = []
    for out in row["outputs"]:
        url = relative_url(out["uri"], output)
        if url is None or not url.endswith(".mp4"):
            continue
        stem = url.removesuffix(".mp4")
        captions_uri = place_below(f"{stem}.vtt", output)
        videos.append(
            Video(out["format"], url, f"{stem}.jpg", captions_uri, out["sha256"], out["bytes"])
        )
    preview = relative_url(row.get("preview_uri"), output)
    if not videos and preview:
        videos.append(Video("preview", preview, None, "", "", None))
    return tuple(videos)


def _figure(name: str, value: float | None) -> Figure:
    label, unit = metric_name(name)
    return Figure(name, label, number(value, unit), unit)


def _price(row: Mapping[str, Any]) -> str:
    """ "24.00 USD" where the row carries the price (ledgers of schema version 1 do not)."""
    price, currency = row.get("price"), row.get("currency")
    return f"{price:.2f} {currency or ''}".strip() if price is not None else ""
