"""Verify videos: `python -m jobs.verify FILE... [--trust ROOT.pem] [--ledger OUT]`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from pipeline.verify import LedgerEntry, Verification, read_entries, verify
from stages.sign import DevSigner

NOT_TRUSTED, REFUSED = 1, 2


def main(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE",
            help="Videos (.mp4); also pictures (.jpg, .png), by their credentials alone.",
            exists=True,
            dir_okay=False,
        ),
    ],
    trust: Annotated[
        Path | None,
        typer.Option(
            metavar="ROOT.PEM",
            help="Root certificates to trust (PEM); this machine's development root if left out.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    secret: Annotated[
        str, typer.Option(metavar="SECRET", help="The campaign's watermark_secret.")
    ] = "spotmill",
    ledger: Annotated[
        str | None,
        typer.Option(
            metavar="OUT",
            help="Output of a campaign, a folder or fsspec URL: says which run published a file,"
            " and whether a newer version has superseded it.",
        ),
    ] = None,
) -> None:
    """Say where videos come from, and whether to believe it.

    Exit status: 0 if every file is intact and signed by someone trusted; 1 if one is not; 2 if one
    is no .mp4, .jpg or .png, or there is no ledger at OUT. Of several files the worst counts. A
    superseded file is still what was signed, and so no failure.
    """
    console = Console()
    root = trust or Path(DevSigner().folder).expanduser() / "root.pem"
    anchors = root.read_bytes() if root.exists() else b""
    try:
        entries = read_entries(ledger) if ledger else None
    except ValueError as error:
        console.print(str(error), markup=False, soft_wrap=True)
        raise typer.Exit(REFUSED) from None
    raise typer.Exit(max(_check(file, anchors, secret, entries, console) for file in files))


def _check(
    file: Path, anchors: bytes, secret: str, entries: Sequence[LedgerEntry] | None, console: Console
) -> int:
    """Print what one file says; its exit status."""
    try:
        found = verify(file, anchors_pem=anchors, secret=secret, entries=entries)
    except ValueError as error:
        console.print(str(error), markup=False, soft_wrap=True)
        return REFUSED
    console.print(_table(file, found))
    style = "bold green" if found.trusted else "bold red"
    console.print(found.sentence, style=style, markup=False, soft_wrap=True)
    return 0 if found.trusted else NOT_TRUSTED


def _table(file: Path, found: Verification) -> Table:
    table = Table(title=file.name, title_justify="left", show_header=False, box=None)
    for name, text in _lines(found):
        table.add_row(f"[dim]{name}[/dim]", text)
    return table


def _lines(found: Verification) -> list[tuple[str, str]]:
    c, mark, entry = found.credentials, found.mark, found.entry
    lines = [("sha256", found.sha256), ("credentials", c.state)]
    if c.state != "none" and c.issuer:
        lines.append(("signed by", f"{c.issuer} ({c.common_name})"))
    if c.signed_at:
        by = "a time-stamp service" if c.time_stamped else "the signer's own clock"
        lines.append(("signed at", f"{c.signed_at:%Y-%m-%d %H:%M:%S %Z}, by {by}"))
    if c.failures:
        lines.append(("did not hold", ", ".join(c.failures)))
    if c.actions:
        lines.append(("actions", ", ".join(a.removeprefix("c2pa.") for a in c.actions)))
    if c.ingredients:
        lines.append(("made of", ", ".join(c.ingredients)))
    if c.spot_id:
        lines.append(("says it is", f"spot {c.spot_id} of product {c.product_id}"))
    if mark is None:
        lines.append(("watermark", "could not be looked for: this is no video that can be played"))
    elif found.watermark_id:
        corrected = mark.errors_corrected
        bits = "" if corrected is None else f", {corrected} of 127 bits put right"
        how = f"{found.found_by}, sync {mark.sync_z:.1f} sigma{bits}"
        lines.append(("watermark", f"{found.watermark_id} ({how})"))
    else:
        lines.append(("watermark", f"none found (sync {mark.sync_z:.1f} sigma)"))
    if entry:
        same = "this very file" if found.sha256 == entry.sha256 else "another file than this"
        lines.append(("ledger", f"spot {entry.spot_id}, run {entry.run_id}: published {same}"))
        if entry.superseded_by:
            lines.append(("superseded", f"run {entry.superseded_by} published a newer version"))
    return lines


if __name__ == "__main__":
    typer.run(main)
