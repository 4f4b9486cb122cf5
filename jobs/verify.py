"""Verify videos: `python -m jobs.verify FILE... [--trust ROOT.pem] [--ledger OUT] [--json]`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from jobs.verify_lines import lines, record
from pipeline import storage
from pipeline.audit_check import check_audit
from pipeline.recipes.marking import secret_at
from pipeline.verdicts import CONTRADICTED, FOUND, NOTHING, PROVEN, STATUS
from pipeline.verify import LedgerEntry, read_entries, verify
from schemas.config_error import ConfigError
from stages.sign import DevSigner

REFUSED = 2
WORST_LAST = (PROVEN, FOUND, NOTHING, CONTRADICTED, REFUSED)


def main(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="FILE",
            help="Videos (.mp4, .mov); also pictures (.jpg, .png), by their credentials alone.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    trust: Annotated[
        Path | None,
        typer.Option(
            metavar="ROOT.PEM",
            help="Root certificates to trust (PEM); this machine's development root if left out.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    trust_stamps: Annotated[
        Path | None,
        typer.Option(
            metavar="ROOT.PEM",
            help="Roots of time-stamp authorities (PEM): their stamps are believed, no signer is.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    key: Annotated[
        str | None,
        typer.Option(
            metavar="PLACE",
            help="Where the watermark's key is, as in watermark.key of the campaign: env:NAME or"
            " kms:FILE. The built-in one if left out.",
        ),
    ] = None,
    ledger: Annotated[
        str | None,
        typer.Option(
            metavar="OUT",
            help="Output of a campaign, a folder or fsspec URL: says which run published a file,"
            " has the credentials of stripped copies, and whether a newer version is out.",
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="A list of JSON objects, one for each file.")
    ] = False,
    seconds: Annotated[
        float, typer.Option(help="The longest that one file is examined.", min=1, max=3600)
    ] = 60.0,
    since: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            metavar="DATE",
            help="With --ledger: of a mark that cannot be read unaided, try only ids that were"
            " signed on this day or later. Fewer ids are told apart in worse copies.",
        ),
    ] = None,
    until: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], metavar="DATE", help="And on this day or earlier."),
    ] = None,
    audit: Annotated[
        str | None,
        typer.Option(metavar="OUT", help="Check the audit of a campaign's output; takes no FILE."),
    ] = None,
    head: Annotated[
        str | None,
        typer.Option(metavar="HASH", help="With --audit: a head noted before, to be found again."),
    ] = None,
) -> None:
    """Say where videos come from, and whether to believe it.

    Exit status: 0 if every file is intact and signed by someone trusted; 3 if one only shows where
    it comes from (its credentials were stripped, the watermark or the pictures are known); 4 if
    nothing in one proves anything, or it could not be examined; 1 if one was altered or nobody
    vouches for its signer; 2 if one is no .mp4, .jpg or .png, or there is no ledger at OUT. Of
    several files the worst counts, in that order. A superseded file is still what was signed.

    With --audit: 0 if the chain holds, 1 if a row is broken, 2 if there is no audit.
    """
    console = Console()
    if audit is not None:
        raise typer.Exit(_audit(storage.absolute(audit), head, as_json, console))
    if not files:
        console.print("name a file to verify, or an output with --audit", markup=False)
        raise typer.Exit(REFUSED)
    root = trust or Path(DevSigner().folder).expanduser() / "root.pem"
    anchors = root.read_bytes() if root.exists() else b""
    stamps = trust_stamps.read_bytes() if trust_stamps else b""
    try:
        secret = secret_at(key, key="--key")
        entries = read_entries(storage.absolute(ledger)) if ledger else None
    except (ConfigError, ValueError) as error:
        console.print(str(error), markup=False, soft_wrap=True)
        raise typer.Exit(REFUSED) from None
    days = (since and since.date(), until and until.date())
    check = _Check(anchors, stamps, secret, entries, seconds, days)
    records = [check.record(file) for file in files]
    if as_json:
        typer.echo(json.dumps([told for told, _ in records], indent=2, ensure_ascii=False))
    else:
        for file, (told, shown) in zip(files, records, strict=True):
            _print(file, told, shown, console)
    raise typer.Exit(max((told["exit_status"] for told, _ in records), key=WORST_LAST.index))


class _Check:
    """One file after the other, by the same roots and ledger."""

    def __init__(
        self, anchors: bytes, stamps: bytes, secret: str, entries: Sequence[LedgerEntry] | None,
        seconds: float, days: tuple[date | None, date | None],
    ) -> None:  # fmt: skip
        self._trusted = {"anchors_pem": anchors, "stamp_anchors_pem": stamps}
        self._secret, self._entries, self._seconds = secret, entries, seconds
        self._since, self._until = days

    def record(self, file: Path) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        """(what is known of a file as JSON data, the same as lines for people)."""
        try:
            found = verify(
                file, secret=self._secret, entries=self._entries, seconds=self._seconds,
                since=self._since, until=self._until, **self._trusted,
            )  # fmt: skip
        except (ValueError, OSError) as error:
            told = {"verdict": "refused", "sentence": str(error), "exit_status": REFUSED}
            return {"file": str(file), **told}, []
        status = STATUS[found.verdict]
        return {"file": str(file), **record(found), "exit_status": status}, lines(found)


def _print(
    file: Path, told: dict[str, Any], shown: list[tuple[str, str]], console: Console
) -> None:
    if shown:
        table = Table(title=file.name, title_justify="left", show_header=False, box=None)
        table.add_column(no_wrap=True)
        table.add_column(overflow="fold")  # a digest is of no use in part
        for name, text in shown:
            table.add_row(f"[dim]{name}[/dim]", text.replace("[", "\\["))
        console.print(table)
    style = "bold green" if told["exit_status"] == PROVEN else "bold red"
    plain = told["exit_status"] == REFUSED
    console.print(told["sentence"], style="" if plain else style, markup=False, soft_wrap=True)


def _audit(output: str, head: str | None, as_json: bool, console: Console) -> int:
    """Print what the chain says; its exit status."""
    found = check_audit(output, head=head)
    if as_json:
        typer.echo(json.dumps(asdict(found), indent=2))
    else:
        style = "bold green" if found.holds else "bold red"
        console.print(found.sentence, style=style, markup=False, soft_wrap=True)
    if found.runs == 0 and not found.broken:
        return REFUSED
    return PROVEN if found.holds else CONTRADICTED


if __name__ == "__main__":
    typer.run(main)
