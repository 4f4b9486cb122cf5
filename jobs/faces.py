"""Lists of people who must not be shown, by their faces: `python -m jobs.faces`.

Photographs are read, and forgotten: a list holds 128 numbers of each face, sealed with a key.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from jobs.refusals import for_people
from pipeline import storage
from pipeline.campaign_file import read_campaign
from pipeline.feed import read_feed
from pipeline.recipes.shown import faces_notice, image_gate
from pipeline.spot_rows import SpotRows, Unplannable
from schemas.campaign import Campaign
from schemas.config_error import ConfigError, Refusal
from stages.base import Retry
from stages.screen.photo import BadImage, open_picture
from stages.shared.image_gate import (
    BannedFaces,
    FaceFinder,
    FaceKeyError,
    FaceListError,
    Frame,
    default_limits,
    false_accept_rate,
)
from stages.shared.image_gate.banned_faces import kms_key_of
from stages.shared.image_gate.false_accepts import REVIEW
from stages.shared.image_gate.image_gate import share

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False)
Place = Annotated[str, typer.Argument(metavar="LIST", help="The sealed list, a path or URL.")]

LONG_SIDE_PX = 1024
MOST_BYTES, LEAST_SIDE_PX = 20_000_000, 100


@app.callback()
def faces() -> None:
    """The key is in SPOTMILL_FACES_KEY (64 hex digits; openssl rand -hex 32 makes one), or AWS KMS
    keeps it. Faces are biometric data: read docs/safety.md before you list anybody."""


@app.command()
def add(
    place: Place,
    photos: Annotated[list[Path], typer.Argument(metavar="PHOTO...", help="One face in each.")],
    who: Annotated[
        str, typer.Option(metavar="NAME", help="What verdicts call it: a name, or a file number.")
    ],
    kms_key: Annotated[
        str | None,
        typer.Option(metavar="KEY", help="ARN, id or alias: seal it with a data key of AWS KMS."),
    ] = None,
) -> None:
    """Add somebody's face from photographs, three to five of each person at best; the list is made
    if it is not there. Either every photograph is good, or nothing is written."""
    with for_people():
        content = storage.read_bytes_or_none(storage.absolute(place))
        listed = _opened(place) if content is not None else BannedFaces()
        if content is not None and kms_key is None:
            kms_key = kms_key_of(content, place)
        finder = FaceFinder()
        for photo in photos:
            embedding = _embedding(photo, finder)
            other, apart = listed.nearest(embedding)
            if apart < 1e-3:
                raise _refused(str(photo), f'that very face is there already, as "{other}"')
            if apart < REVIEW and other != who:
                typer.echo(f'{photo}: lies {apart:.2f} from "{other}", who may be the same person')
            listed = _asked(place, lambda one=embedding, old=listed: old.with_face(who, one))
        _write(place, listed, kms_key)
        _tell(listed)


@app.command()
def remove(
    place: Place,
    who: Annotated[str, typer.Option(metavar="NAME", help="As it was added.")],
) -> None:
    """Take somebody out, with every face of that name."""
    with for_people():
        listed = _opened(place)
        rest = listed.without(who)
        if len(rest) == len(listed):
            raise _refused(place, f"nobody is called {who!r} there; `list` shows who is")
        content = storage.read_bytes(storage.absolute(place))
        _write(place, rest, kms_key_of(content, place))
        _tell(rest)


@app.command(name="list")
def show(place: Place) -> None:
    """Who is listed, with how many faces, and how often a stranger is taken for one of them."""
    with for_people():
        listed = _opened(place)
        for name, count in sorted(Counter(listed.names).items()):
            typer.echo(f"{name}: {count}")
        _tell(listed)


@app.command()
def check(
    campaign: Annotated[str, typer.Argument(metavar="CAMPAIGN", help="Its pictures are read.")],
    file: Annotated[
        str | None,
        typer.Option("--list", metavar="LIST", help="In the place of the campaign's own."),
    ] = None,
    limit: Annotated[int, typer.Option(metavar="N", min=1, help="Products to look at.")] = 1000,
) -> None:
    """Which products the list would stop, by their pictures. Nothing is changed.

    Exit status: 0 whatever was found; 2 where something cannot be read as what it should be.
    """
    with for_people():
        over = [f"policy.faces={storage.absolute(file)}"] if file else []
        settings = read_campaign(campaign, over)
        if settings.policy.faces is None:
            raise ConfigError("the check", [Refusal("policy.faces", "not set", "or give --list")])
        for line in faces_notice(settings):
            typer.echo(line)
        _check(settings, limit)


def _check(campaign: Campaign, limit: int) -> None:
    gate = image_gate(campaign)
    table = Table("product", "picture", "would be", "why")
    asked, outcomes = 0, Counter[str]()
    with tempfile.TemporaryDirectory() as folder:
        listed = Path(folder, "faces")
        listed.write_bytes(storage.read_bytes(gate.assets["faces"].uri))
        gate.receive({"faces": listed})
        for product_id, pictures in _pictures(campaign, Path(folder, "picture")):
            if asked == limit:
                break
            asked, worst = asked + 1, ""
            for place, picture in pictures:
                look = gate.look([Frame(picture, f"in {place}")], "screen")
                for verdict in (finding.verdict for finding in look.findings):
                    if verdict.gate == "screen.faces" and verdict.verdict != "pass":
                        table.add_row(product_id, place, verdict.verdict, verdict.evidence)
                        worst = "block" if "block" in (worst, verdict.verdict) else "review"
            outcomes[worst] += 1
    if table.rows:
        Console(width=140).print(table)
    typer.echo(
        f"{asked:,} products: {outcomes['block']:,} would be blocked, {outcomes['review']:,} held"
        " for a person"
    )


def _pictures(
    campaign: Campaign, scratch: Path
) -> Iterator[tuple[str, Iterator[tuple[str, np.ndarray]]]]:
    """(product, (name, RGB) of its pictures that can be opened)."""
    rows = SpotRows(campaign)

    def opened(images: list[dict[str, str]]) -> Iterator[tuple[str, np.ndarray]]:
        for image in images:
            scratch.write_bytes(storage.read_bytes(image["uri"]))
            try:
                yield image["uri"].rpartition("/")[2], _pixels(scratch)
            except BadImage:
                continue  # the screen stage says so

    for row in read_feed(campaign.feed):
        if row.product is None:
            continue
        try:
            built = rows.build(row.product, campaign.variants[0], row.product_id)
        except Unplannable:
            continue
        yield row.product_id, opened(built["images"])


def _embedding(photo: Path, finder: FaceFinder) -> np.ndarray:
    """Of the one face of a photograph. Raises `ConfigError` for none, and for several."""
    try:
        picture = _pixels(photo)
    except (BadImage, OSError) as error:
        raise _refused(str(photo), str(error)) from None
    found = finder.faces(picture)
    if len(found) != 1:
        fix = "shows no face that is found: take one that looks into the camera"
        if found:
            fix = f"shows {len(found)} faces: cut it to the one that is meant"
        raise _refused(str(photo), fix)
    return finder.embedding(picture, found[0])


def _pixels(path: Path) -> np.ndarray:
    opened = open_picture(path, max_bytes=MOST_BYTES, min_side_px=LEAST_SIDE_PX)
    picture = opened.on_white()
    picture.thumbnail((LONG_SIDE_PX, LONG_SIDE_PX))
    return np.asarray(picture)


def _opened(place: str) -> BannedFaces:
    content = storage.read_bytes_or_none(storage.absolute(place))
    if content is None:
        raise _refused(place, "is not there; `add` makes it")
    found: BannedFaces = _asked(place, lambda: BannedFaces.opened(content, place))
    return found


def _write(place: str, listed: BannedFaces, kms_key: str | None) -> None:
    sealed = _asked(place, lambda: listed.sealed(kms_key))
    storage.replace_bytes(sealed, storage.absolute(place))


def _asked(place: str, what: Any) -> Any:
    try:
        return what()
    except (FaceListError, FaceKeyError, Retry) as error:
        raise _refused(place, str(error)) from None


def _refused(where: str, why: str) -> ConfigError:
    return ConfigError("the list of faces", [Refusal(where, "", why)])


def _tell(listed: BannedFaces) -> None:
    typer.echo(listed.counted)
    if len(listed):
        block, review = default_limits(len(listed))
        typer.echo(
            "expected false accepts: of strangers' faces"
            f" {share(false_accept_rate(len(listed), block))} would be blocked (nearer than"
            f" {block:.2f}), {share(false_accept_rate(len(listed), review))} stopped (nearer than"
            f" {review:.2f})"
        )


def main() -> None:
    """Entry point of `python -m jobs.faces`."""
    app()


if __name__ == "__main__":
    main()
