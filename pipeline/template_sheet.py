"""Template sheet: how a template looks on a product, in every format, without rendering a spot."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from pipeline.audition import read_take
from pipeline.media import MediaStore
from schemas.brand import BrandKit
from schemas.disclosure import Disclosure
from schemas.format import Format
from schemas.layout import FORMATS, formats_of
from schemas.template import Template
from stages.avatar import Performance, VectorPresenter
from stages.avatar.hosts import shipped_host
from stages.base import Media
from stages.composite import Composite
from stages.composite.graphics import drawn_at
from stages.composite.presenter import presenter_place
from stages.image_to_video import CameraMotion
from stages.image_to_video.engine import ClipRequest

SHOTS = (
    ("presented", "push_in", 0.0, 3.6), ("hero", "orbit_left", 3.6, 7.8),
    ("presented", "push_in", 7.8, 11.6), ("end_card", "push_in", 11.6, 15.0),
)  # fmt: skip
MOMENTS_S = (0.9, 2.9, 5.6, 9.6, 11.6, 14.6)
"""Hook, captions, price and stars, presenter with the price, the change to the end card, the end
card."""
LENGTH_S = 15.0
_CELL_PX = 420


@dataclass(frozen=True)
class Shown:
    """A product and what its spot says."""

    photo: Path
    cutout: Path | None = None
    script: str = "Slow mornings deserve a better mug. Glazed by hand, so no two are alike."
    texts: Mapping[str, Any] = field(default_factory=dict)
    """Columns of a spot's row: title, tagline, cta, price, accent, rating, qr, ..."""
    host: str = "amber"
    accent: str = "#c8573a"
    disclosure: Disclosure = field(default_factory=Disclosure)


def stills(
    template: Template, shown: Shown, frame: Format, media: Media,
    moments_s: Sequence[float] = MOMENTS_S,
) -> list[np.ndarray]:  # fmt: skip
    """Frames of a spot at these seconds: uint8 (h, w, 3). Raises `ConfigError` where the
    template's areas don't fit the format.
    """
    frame = template.applied(frame)
    row = _row(shown)
    brand = BrandKit(name="Hearth & Field", accent=shown.accent)
    stage = Composite(
        brand=brand, watermark_secret="only a preview", formats=(frame,), template=template,
        disclosure=shown.disclosure.label,
    )  # fmt: skip
    _, graphics = stage.planned(row, frame, media)
    presenter = _presenter(shown, frame, media)
    found = []
    for time_s in moments_s:
        number = max(i for i, shot in enumerate(SHOTS) if shot[2] <= time_s)
        picture = _background(number, shown, frame)
        if SHOTS[number][0] == "presented":
            _lay_over(picture, presenter, *presenter_place(frame)[:2])
        over = drawn_at(graphics, frame, time_s)
        found.append(_blend(picture, over))
    return found


def sheet(template: Template, shown: Shown, formats: Sequence[str] = tuple(FORMATS)) -> np.ndarray:
    """A contact sheet, one row per format, one column per moment: uint8 (h, w, 3)."""
    rows = []
    frames = formats_of(formats, label_letters=shown.disclosure.letters)
    with tempfile.TemporaryDirectory(prefix="spotmill-sheet-") as folder:
        with MediaStore(str(Path(folder) / "store")).workspace() as media:
            for frame in frames:
                cells = [_small(still) for still in stills(template, shown, frame, media)]
                gap = np.full((_CELL_PX, 10, 3), 255, np.uint8)
                rows.append(np.hstack([part for cell in cells for part in (cell, gap)]))
    wide = max(row.shape[1] for row in rows)
    padded = [
        np.pad(row, ((0, 10), (0, wide - row.shape[1]), (0, 0)), constant_values=255)
        for row in rows
    ]
    return np.vstack(padded)


def save_sheet(template: Template, shown: Shown, out: Path) -> None:
    """Write it as PNG or JPEG, by the name's ending."""
    Image.fromarray(sheet(template, shown)).save(out, quality=88)


def _small(picture: np.ndarray) -> np.ndarray:
    wide = round(picture.shape[1] * _CELL_PX / picture.shape[0])
    return cv2.resize(picture, (wide, _CELL_PX), interpolation=cv2.INTER_AREA)


def _row(shown: Shown) -> dict[str, Any]:
    words, time_s = [], 0.25
    texts = shown.script.split()
    each = (11.2 - 0.25) / sum(len(text) + 2 for text in texts)
    for text in texts:
        end_s = time_s + each * (len(text) + 2)
        words.append({"text": text, "spoken": text, "start_s": time_s, "end_s": end_s})
        time_s = end_s
    shots = [
        {
            "index": index, "layout": layout, "move": move, "start_s": start_s, "end_s": end_s,
            "handle_s": 0.0 if index + 1 == len(SHOTS) else 0.4, "uri": "", "product_box": None,
        }
        for index, (layout, move, start_s, end_s) in enumerate(SHOTS)
    ]  # fmt: skip
    return {"shots": shots, "caption_words": words, "sound_events": [], "language": "en-US",
            "accent": shown.accent, **shown.texts}  # fmt: skip


def _background(number: int, shown: Shown, frame: Format) -> np.ndarray:
    layout, move, start_s, end_s = SHOTS[number]
    frames = round((end_s - start_s) * frame.fps)
    wide, tall = frame.width_px, frame.height_px
    # The camera's planes come in blocks of 8 pixels: what is too much is cut off below.
    frame = replace(frame, width_px=-(-wide // 8) * 8, height_px=-(-tall // 8) * 8)
    renderer, _ = CameraMotion().stage_shot(
        ClipRequest(
            photo=shown.photo, cutout=shown.cutout, format=frame, layout=layout,
            areas=frame.shots[layout], move=move, frames=frames, accent=shown.accent, seed=7,
            shot=number,
        )
    )  # fmt: skip
    planes = renderer.draw(frames // 2)
    picture = cv2.cvtColor(planes.reshape(-1, frame.width_px), cv2.COLOR_YUV2RGB_I420)
    return picture[:tall, :wide]


def _presenter(shown: Shown, frame: Format, media: Media) -> np.ndarray:
    """One frame of a drawn host, RGBA, straight alpha, as large as the format has her."""
    engine = VectorPresenter(host=shipped_host(shown.host), accent=shown.accent)
    engine.load()
    said = [{"symbol": s, "stress": 1, "start_s": i * 0.1, "end_s": (i + 1) * 0.1}
            for i, s in enumerate(("SIL", "AE", "SIL"))]  # fmt: skip
    performance = Performance(
        voice=Path("never_read.flac"), phonemes=said, first_frame=0, fps=frame.fps,
        sentences=[{"text": "", "start_s": 0.0, "end_s": 0.3}], visibility=(1.0,) * 6,
        size_px=presenter_place(frame)[2], audio_lead_s=0.0, seed=3,
    )  # fmt: skip
    return read_take(engine.perform(performance, media).path)[4]


def _lay_over(picture: np.ndarray, over: np.ndarray, x: int, y: int) -> None:
    wide = min(over.shape[1], picture.shape[1] - x)
    tall = min(over.shape[0], picture.shape[0] - y)
    over = over[:tall, :wide].astype(np.uint16)
    place = picture[y : y + tall, x : x + wide]
    alpha = over[..., 3:]
    place[:] = (over[..., :3] * alpha + place.astype(np.uint16) * (255 - alpha)) // 255


def _blend(picture: np.ndarray, over: np.ndarray) -> np.ndarray:
    clear = 255 - over[..., 3:].astype(np.uint16)
    mixed = over[..., :3] + picture.astype(np.uint16) * clear // 255
    return np.minimum(mixed, 255).astype(np.uint8)
