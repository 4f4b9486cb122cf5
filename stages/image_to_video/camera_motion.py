"""The embedded engine: a camera that moves through a small studio set built around the product."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

import cv2
import numpy as np

from stages.image_to_video import card, moves
from stages.image_to_video.colours import set_colours
from stages.image_to_video.drawing import Stand
from stages.image_to_video.engine import ClipEngine, ClipRequest, RenderedClip
from stages.image_to_video.keying import key_plain_backdrop
from stages.image_to_video.product import clean_edges, product_layer
from stages.image_to_video.render import ShotRenderer
from stages.image_to_video.scene import studio
from stages.shared.frames import encode_frames
from stages.shared.picture import Swatch, palette, read_picture, trim

END_CARD_FILL = 0.84
"""Share of its area that the product takes on an end card: calm, with room for the text below."""


@dataclass(frozen=True, kw_only=True)
class CameraMotion(ClipEngine):
    """Camera moves over layers: needs no model and about 45 CPU milliseconds per 1080x1920 frame.

    A cut-out, or a photo whose plain backdrop can be keyed out, stands in a studio set
    (mode "studio"); any other photo becomes a card over a blurred cover of itself ("card").
    """

    name: ClassVar[str] = "camera_motion"
    version: ClassVar[str] = "1"
    every_format: ClassVar[bool] = True

    crf: int = 14
    """x264 quality of the clips, 0 to 51, smaller is better and larger. At 14: SSIM
    0.995 to the frames drawn, about 90 kB a frame, 17 CPU ms to encode and 5 to decode one."""
    sweep: float = 0.2
    """Strength of the light that sweeps across the product, 0 (none) to 1."""

    def load(self) -> None:
        """One thread per worker: the pool of workers fills the cores."""
        cv2.setNumThreads(1)

    def render(self, request: ClipRequest, path: Path) -> RenderedClip:
        """See `ClipEngine.render`."""
        renderer, mode = self.stage_shot(request)
        encode_frames(
            renderer.frames(),
            path,
            width_px=request.format.width_px,
            height_px=request.format.height_px,
            fps=request.format.fps,
            pixels="yuv420p",
            crf=self.crf,
        )
        return RenderedClip(renderer.product_box, mode)

    def stage_shot(self, request: ClipRequest) -> tuple[ShotRenderer, str]:
        """Everything that is drawn once per shot, and the mode it is drawn in."""
        frame = (request.format.width_px, request.format.height_px)
        cutout, swatches = _product_of(request)
        mode = "card" if cutout is None else "studio"
        picture = card.rounded(read_picture(request.photo)) if cutout is None else cutout
        height, width = picture.shape[:2]
        camera = moves.camera_path(
            request.move, request.frames, request.seed + request.shot, opening=request.shot == 0
        )
        detail = request.move == "detail" and mode == "studio"
        fill = END_CARD_FILL if request.layout == "end_card" else 0.97
        area = request.areas.product
        place = moves.place(camera, width, height, area, frame, detail=detail, fill=fill)
        product = product_layer(
            picture, place.scale * float(camera.scale.max()), flat=mode == "card"
        )
        stand = Stand(place.foot_x_px, place.foot_y_px, place.scale * width, place.scale * height)
        if cutout is None:
            scene = card.cover(picture, stand, frame, request.layout)
        else:
            colours = set_colours(request.accent, swatches, request.layout)
            scene = studio(
                picture[..., 3], stand, frame, colours, request.layout, request.seed, request.shot
            )
        sweep = self.sweep if mode == "studio" else 0.5 * self.sweep
        renderer = ShotRenderer(
            scene, product, (width, height), camera, place, frame, request.seed, sweep
        )
        return renderer, mode


def _product_of(request: ClipRequest) -> tuple[np.ndarray | None, list[Swatch]]:
    """The product alone, RGBA, trimmed, its edges clean, and its palette; None if it can't be told
    apart. Shots of a spot share it.
    """
    files = [path for path in (request.photo, request.cutout) if path is not None]
    stats = [path.stat() for path in files]
    stamps = tuple((stat.st_ino, stat.st_mtime_ns, stat.st_size) for stat in stats)
    return _cut_out(request.photo, request.cutout, stamps)


@lru_cache(maxsize=2)
def _cut_out(photo: Path, cutout: Path | None, _: object) -> tuple[np.ndarray | None, list[Swatch]]:
    picture = None if cutout is None else read_picture(cutout, alpha=True)
    if picture is None or picture[..., 3].min() >= 250:
        picture = key_plain_backdrop(read_picture(photo))
    if picture is None:
        return None, []
    clean = clean_edges(trim(picture).picture)
    clean.flags.writeable = False
    return clean, palette(clean)
