"""Which of a product's pictures, or which part of its film, a shot shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stages.base import Media
from stages.image_to_video.camera_motion import CameraMotion
from stages.image_to_video.engine import ClipEngine, ClipRequest, FilmPart, RenderedClip
from stages.image_to_video.film_shot import SLOWEST
from stages.image_to_video.shots import PlannedShot
from stages.shared.frames import film_facts


@dataclass(frozen=True)
class Source:
    """What one shot is made from: a photo with or without its cut-out, or a part of the film."""

    photo: Path
    cutout: Path | None
    film: FilmPart | None = None
    picture_uri: str | None = None
    """What it shows, if that is not the product photo or its cut-out."""
    main: tuple[Path, Path | None] | None = None
    """Of a further picture: the product photo and its cut-out."""

    @property
    def kind(self) -> str:
        """ "main", "further" or "film"."""
        return "film" if self.film else ("further" if self.main else "main")


def sources_of(
    planned: Sequence[PlannedShot], frames: Sequence[int], spot: Mapping[str, Any], media: Media
) -> list[Source]:
    """A source for each shot of `frames` frames.

    The shots without a presenter have room for more than the product photo: the first of them
    shows the film, if there is one that lasts; the others the further pictures in turn. All others,
    the end card among them, show the product photo, so that a spot ends as it began.
    """
    cutout = spot.get("cutout_uri")
    main = Source(media.open(spot["photo_uri"]), media.open(cutout) if cutout else None)
    further = list(spot.get("further_pictures") or [])
    film = media.open(spot["film_uri"]) if spot.get("film_uri") else None
    left = film_facts(film)[2] if film else 0
    shown, first, found = 0, 0, list[Source]()
    for shot, length in zip(planned, frames, strict=True):
        source = main
        if shot.layout == "hero":
            fits = film is not None and left >= SLOWEST * length
            if fits and (shown == 0 or not further):
                assert film is not None
                part = FilmPart(film, first, min(left, length))
                source = Source(main.photo, main.cutout, part, spot["film_uri"])
                first, left = first + part.frames, left - part.frames
            elif further:
                picture = further[(shown - (first > 0)) % len(further)]
                source = _further(picture, main, media)
            shown += 1
        found.append(source)
    return found


def _further(picture: Mapping[str, Any], main: Source, media: Media) -> Source:
    cutout = picture["cutout_uri"]
    return Source(
        media.open(picture["photo_uri"]),
        media.open(cutout) if cutout else None,
        picture_uri=cutout or picture["photo_uri"],
        main=(main.photo, main.cutout),
    )


def render_clips(
    engine: ClipEngine, requests: Sequence[ClipRequest], paths: Sequence[Path]
) -> list[RenderedClip]:
    """The clips of a spot: those of a film by the embedded engine, all others by `engine`."""
    pairs = list(zip(requests, paths, strict=True))
    filmed = {path: CameraMotion().render(one, path) for one, path in pairs if one.film}
    rest = [(one, path) for one, path in pairs if not one.film]
    made = engine.render_all([one for one, _ in rest], [path for _, path in rest]) if rest else []
    by_path = filmed | {path: clip for (_, path), clip in zip(rest, made, strict=True)}
    return [by_path[path] for path in paths]


def told_sources(sources: Sequence[Source]) -> str:
    """Which shots, counted from 1, show the film or a further picture; "" if none does."""
    said = []
    for kind, word in (("film", "film"), ("further", "further picture")):
        numbers = [str(n + 1) for n, source in enumerate(sources) if source.kind == kind]
        if numbers:
            said.append(f"{word} in shot {', '.join(numbers)} of {len(sources)}")
    return "; ".join(said)
