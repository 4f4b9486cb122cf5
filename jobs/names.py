"""Lists of public figures, tried on a catalogue before they are used: `python -m jobs.names`."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from jobs.refusals import for_people
from pipeline import storage
from pipeline.campaign_file import read_campaign
from pipeline.feed import Scripts, read_feed, read_scripts
from schemas.config_error import ConfigError, Refusal
from stages.shared.text_gate.name_list import NameList, NameMatch
from stages.shared.text_gate.people import NamesFile, read_names
from stages.shared.text_gate.text_gate import shipped_names

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False)


@dataclass(frozen=True)
class Hit:
    """A product whose text names somebody."""

    product_id: str
    column: str
    match: NameMatch

    @property
    def outcome(self) -> str:
        """What the screen stage would make of it."""
        return "block" if self.match.certain else "review"


@app.callback()
def names() -> None:
    """The shipped list is `stages/shared/text_gate/names.json`; a campaign adds `policy.names`."""


@app.command()
def check(
    campaign: Annotated[
        str | None,
        typer.Argument(metavar="[CAMPAIGN]", help="Its feed and scripts are read, its names too."),
    ] = None,
    file: Annotated[
        str | None,
        typer.Option("--names", metavar="FILE", help="Names file (JSON or Parquet), path or URL."),
    ] = None,
    feed: Annotated[
        str | None, typer.Option(metavar="FEED", help="A feed, in the place of a campaign.")
    ] = None,
    alone: Annotated[
        bool, typer.Option("--alone", help="Without the shipped list: what FILE itself would do.")
    ] = False,
    limit: Annotated[int, typer.Option(metavar="N", min=1, help="Hits to show.")] = 50,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.csv", help="Also write all hits there.")
    ] = None,
) -> None:
    """How many products a list would stop, which, and by which rule. Nothing is changed.

    Exit status: 0 whatever was found; 2 where a file cannot be read as what it should be.
    """
    with for_people():
        settings = read_campaign(campaign) if campaign else None
        place = feed or (settings.feed if settings else None)
        if place is None:
            raise ConfigError("the check", [Refusal("CAMPAIGN", "", "name one, or give --feed")])
        own = file or (settings.policy.names if settings else None)
        files = [] if alone and own else [shipped_names()]
        files += [_file(own)] if own else []
        scripts = read_scripts(settings.scripts) if settings and settings.scripts else Scripts()
        listed = NameList(files)
        asked, found = 0, list[Hit]()
        for product_id, texts in _texts(storage.absolute(place), scripts):
            asked += 1
            found += hits(product_id, texts, listed)
    _show(asked, found, listed, limit)
    if out is not None:
        _write(found, out)


def hits(product_id: str, texts: dict[str, str], names: NameList) -> Iterator[Hit]:
    """Everybody whom a product's texts name, by column."""
    for column, text in texts.items():
        for match in names.find(text):
            yield Hit(product_id, column, match)


def _file(where: str) -> NamesFile:
    uri = storage.absolute(where)
    content = storage.read_bytes_or_none(uri)
    if content is None:
        raise ConfigError("the check", [Refusal("--names", where, f"{uri} is not there")])
    try:
        return read_names(content, uri)
    except ValueError as error:
        raise ConfigError("the check", [Refusal("--names", where, str(error))]) from None


def _texts(feed: str, scripts: Scripts) -> Iterator[tuple[str, dict[str, str]]]:
    for row in read_feed(feed):
        if row.product is None:
            continue
        texts = {"title": row.product.title, "brand": row.product.brand}
        script = scripts.get(row.product_id)
        if script is not None:
            texts |= {"script": script.script, "tagline": script.tagline, "cta": script.cta}
        yield row.product_id, {column: text for column, text in texts.items() if text}


def _show(asked: int, found: list[Hit], listed: NameList, limit: int) -> None:
    console = Console(width=120)
    console.print(f"{listed.audit}")
    if found:
        table = Table("product", "column", "says", "person", "rule", "would be")
        for hit in found[:limit]:
            match = hit.match
            rule = "named under disguise" if match.how.startswith("reads") else match.how
            table.add_row(
                hit.product_id, hit.column, match.said, match.person.name, rule, hit.outcome
            )
        console.print(table)
        if len(found) > limit:
            typer.echo(f"and {len(found) - limit:,} more; --limit shows them, --out writes all")
    blocked = {hit.product_id for hit in found if hit.outcome == "block"}
    held = {hit.product_id for hit in found} - blocked
    typer.echo(
        f"{asked:,} products: {len(blocked):,} would be blocked, {len(held):,} held for a person"
    )
    rules = Counter(hit.match.how.partition(' "')[0] for hit in found)
    people = Counter(hit.match.person.name for hit in found)
    for title, counts in (("by rule", rules), ("by person", people)):
        if counts:
            said = ", ".join(f"{name} {count:,}" for name, count in counts.most_common(12))
            typer.echo(f"{title}: {said}")


def _write(found: list[Hit], place: Path) -> None:
    with place.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["product_id", "column", "says", "person", "reason", "rule", "would_be"])
        for hit in found:
            match = hit.match
            rows.writerow([hit.product_id, hit.column, match.said, match.person.name,
                           match.person.reason, match.how, hit.outcome])  # fmt: skip
    typer.echo(f"{place}")


def main() -> None:
    """Entry point of `python -m jobs.names`."""
    app()


if __name__ == "__main__":
    main()
