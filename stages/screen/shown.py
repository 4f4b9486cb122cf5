"""What a product's pictures and its film show, looked at before anything is spent on them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from stages.base import Verdict
from stages.screen.film import Film
from stages.screen.image_set import ImageSet
from stages.screen.photo import Picture
from stages.shared.image_gate import Frame, ImageGate
from stages.shared.kinds import open_film_file
from stages.shared.text_gate import Finding

GATE = "screen.faces"
LONG_SIDE_PX = 1024
"""Pictures are looked at so large: faces from a twelfth of it on are found."""
FILM_SHORT_PX = 540


def look_at(
    images: ImageSet, film: Film | None, gate: ImageGate, most_faces: int | None
) -> tuple[ImageSet, Film | None, list[Finding]]:
    """The pictures and the film that may be shown, and what was found.

    With `most_faces` a photo that shows more is blocked; a further picture, or a film, that does is
    left out. None lets people be in pictures.
    """
    stills = [("the product photo", images.photo), *_further(images)]
    frames = [Frame(_reduced(picture.on_white()), f"in {place}") for place, picture in stills]
    look = gate.look(frames, "screen")
    findings, counts = list(look.findings), [len(faces) for faces in look.faces]
    if film is not None:
        moving = [
            Frame(picture, f"at {t:.1f} s of the film", t) for t, picture in _keyframes(film.path)
        ]
        seen = gate.look(moving, "screen")
        findings += [_of_the_film(one) for one in seen.findings if one.verdict.rule != "list"]
        most = max((len(faces) for faces in seen.faces), default=0)
        if most_faces is not None and most > most_faces:
            said = f"the film is not used: it shows {most} faces"
            findings.append(_counted("pass", said, most, most_faces))
            film = None
    if most_faces is None:
        said = f"{sum(counts)} faces in {len(counts)} pictures, which the campaign allows"
        return images, film, [*findings, _counted("pass", said, sum(counts), None)]
    if counts[0] > most_faces:
        findings.append(_photo_shows(counts[0], most_faces))
    kept = [
        picture
        for picture, count in zip(images.further, counts[1:], strict=True)
        if count <= most_faces
    ]
    left = len(images.further) - len(kept)
    said = f"{counts[0]} faces in the product photo"
    if left:
        said += f"; {left} further picture{'s' * (left > 1)} with a face left out"
    if counts[0] <= most_faces:
        findings.append(_counted("pass", said, counts[0], most_faces))
    return replace(images, further=kept), film, findings


def _further(images: ImageSet) -> list[tuple[str, Picture]]:
    return [(f"further picture {n}", one) for n, one in enumerate(images.further, 1)]


def _photo_shows(count: int, most: int) -> Finding:
    said = f"{count} faces in the product photo, {most} allowed"
    reason = (
        f"The product photo shows {count} face{'s' * (count > 1)}, and spots must not show people"
        " who never agreed to be in them; link a picture without, or, where they did agree, set"
        " quality.gates.faces_outside_presenter: null (and faces_found)."
    )
    return replace(_counted("block", said, count, most), reason_code="face_in_photo", reason=reason)


def _counted(outcome: str, said: str, count: int, most: int | None) -> Finding:
    limit = None if most is None else float(most)
    return Finding(Verdict(GATE, "faces", outcome, said, score=float(count), threshold=limit))


def _of_the_film(found: Finding) -> Finding:
    """Its second is the film's, which is not the spot's: it stands in the evidence alone."""
    evidence = f"the film: {found.verdict.evidence}"
    return replace(found, verdict=replace(found.verdict, evidence=evidence, at_s=None))


def _reduced(image: Image.Image) -> np.ndarray:
    scale = LONG_SIDE_PX / max(image.size)
    pixels = np.asarray(image)
    if scale >= 1:
        return pixels
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)


def _keyframes(path: Path) -> list[tuple[float, np.ndarray]]:
    """(second, RGB) of the keyframes of a film that `open_film` made: one every 2 s."""
    found = []
    with open_film_file(path) as film:
        stream = film.streams.video[0]
        stream.codec_context.skip_frame = "NONKEY"
        stream.codec_context.thread_count = 1
        for frame in film.decode(stream):
            scale = min(1.0, FILM_SHORT_PX / min(frame.width, frame.height))
            picture = frame.to_ndarray(format="rgb24")
            size = (round(frame.width * scale), round(frame.height * scale))
            small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
            found.append((float(frame.time or 0.0), small))
    return found
