"""Verify a video: `python -m jobs.verify FILE [--trust ROOT.pem] [--ledger OUT]`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from pipeline.verify import Verification, verify
from stages.sign import DevSigner

NOT_TRUSTED, REFUSED = 1, 2


def main(
    file: Annotated[Path, typer.Argument(help="An MP4.", exists=True, dir_okay=False)],
    trust: Annotated[
        Path | None,
        typer.Option(
            help="Root certificates to trust (PEM); this machine's development root if left out.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    secret: Annotated[str, typer.Option(help="The campaign's watermark_secret.")] = "spotmill",
    ledger: Annotated[
        str | None, typer.Option(help="Output URI of a campaign, to look the spot up in.")
    ] = None,
) -> None:
    """Say where a video comes from, and whether to believe it.

    Exit status: 0 if it is intact and signed by someone trusted, 1 if not, 2 if it is no MP4.
    """
    console = Console()
    root = trust or Path(DevSigner().folder).expanduser() / "root.pem"
    anchors = root.read_bytes() if root.exists() else b""
    try:
        found = verify(file, anchors_pem=anchors, secret=secret, ledger=ledger)
    except ValueError as error:
        console.print(str(error), markup=False)
        raise typer.Exit(REFUSED) from None
    console.print(_table(file, found))
    style = "bold green" if found.trusted else "bold red"
    console.print(found.sentence, style=style, markup=False, soft_wrap=True)
    raise typer.Exit(0 if found.trusted else NOT_TRUSTED)


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
        lines.append(("watermark", "could not be looked for: no pictures in the file"))
    elif found.watermark_id:
        corrected = mark.errors_corrected
        bits = "" if corrected is None else f", {corrected} of 127 bits put right"
        how = f"{found.found_by}, sync {mark.sync_z:.1f} sigma{bits}"
        lines.append(("watermark", f"{found.watermark_id} ({how})"))
    else:
        lines.append(("watermark", f"none found (sync {mark.sync_z:.1f} sigma)"))
    if entry:
        same = "this very file" if found.sha256 in entry.sha256 else "another file than this"
        lines.append(("ledger", f"spot {entry.spot_id}, run {entry.run_id}: published {same}"))
    return lines


if __name__ == "__main__":
    typer.run(main)
