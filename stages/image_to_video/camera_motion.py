"""The embedded engine: a camera that moves through a small studio set built around the product."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

import cv2
import numpy as np

from stages.image_to_video import card
from stages.image_to_video.colours import set_colours
from stages.image_to_video.cutting import Cutting, cut_out
from stages.image_to_video.drawing import Stand
from stages.image_to_video.engine import ClipEngine, ClipRequest, RenderedClip
from stages.image_to_video.film_shot import film_frames
from stages.image_to_video.moves import Path as CameraPath
from stages.image_to_video.moves import camera_path
from stages.image_to_video.placing import place
from stages.image_to_video.product import clean_edges, product_layer
from stages.image_to_video.render import ShotRenderer
from stages.image_to_video.scene import studio
from stages.image_to_video.sets import SETS, design_of
from stages.shared.frames import encode_frames
from stages.shared.picture import Swatch, palette, read_picture, trim

END_CARD_FILL = 0.84
"""Share of its area that the product takes on an end card: calm, with room for the text below."""


EVEN_COVER = 1.1
"""How much larger a further picture's product may look than the main one's, by area."""


@dataclass(frozen=True, kw_only=True)
class CameraMotion(ClipEngine):
    """Camera moves over layers: needs no model and about 20 CPU milliseconds per 1080x1920 frame.

    A cut-out, or a photo whose plain backdrop can be keyed out, stands in a studio set
    (mode "studio"); any other photo becomes a card over a blurred cover of itself ("card").
    """

    name: ClassVar[str] = "camera_motion"
    version: ClassVar[str] = "2"
    every_format: ClassVar[bool] = True

    qp: int = 13
    """Quantiser of the clips, 0 to 51, smaller is better and larger. At 13: 52 dB to the frames
    drawn, about 45 kB a frame, 9 CPU ms to encode and 3 to decode one."""
    sweep: float = 0.2
    """Strength of the light that sweeps across the product, 0 (none) to 1."""

    sets: tuple[str, ...] = ()
    """Studio sets to choose among, of `sets.SETS`; none given: all of them."""

    def __post_init__(self) -> None:
        """Refuse sets that there are not."""
        for name in self.sets:
            if name not in SETS:
                raise ValueError(f"{name!r} is not a studio set; take some of {', '.join(SETS)}")

    def load(self) -> None:
        """One thread per worker: the pool of workers fills the cores."""
        cv2.setNumThreads(1)

    def render(self, request: ClipRequest, path: Path) -> RenderedClip:
        """See `ClipEngine.render`."""
        if request.film is not None:
            frames, box = film_frames(request)
            self._encode(frames, request, path)
            return RenderedClip(box, "film")
        renderer, mode = self.stage_shot(request)
        self._encode(renderer.frames(), request, path)
        return RenderedClip(renderer.product_box, mode)

    def _encode(self, frames: Iterator[np.ndarray], request: ClipRequest, path: Path) -> None:
        encode_frames(
            frames,
            path,
            width_px=request.format.width_px,
            height_px=request.format.height_px,
            fps=request.format.fps,
            pixels="yuv420p",
            qp=self.qp,
        )

    def stage_shot(self, request: ClipRequest) -> tuple[ShotRenderer, str]:
        """Everything that is drawn once per shot, and the mode it is drawn in."""
        frame = (request.format.width_px, request.format.height_px)
        cutout, swatches = _product_of(request)
        mode = "card" if cutout is None else "studio"
        picture = card.rounded(read_picture(request.photo)) if cutout is None else cutout
        height, width = picture.shape[:2]
        camera = camera_path(
            request.move, request.frames, request.seed + request.shot, opening=request.shot == 0
        )
        detail = request.move == "detail" and mode == "studio"
        fill = END_CARD_FILL if request.layout == "end_card" else 0.97
        area = request.areas.product
        stands = place(camera, width, height, area, frame, detail=detail, fill=fill)
        design = design_of(request.seed, request.shot, self.sets)
        calm = cutout is None or request.layout == "end_card"
        product = product_layer(
            picture,
            stands.scale * float(camera.scale.max()),
            flat=mode == "card",
            gloss=0.0 if calm else design.gloss,
        )
        if cutout is not None and request.other is not None:
            fill *= _even_scale(request, cutout, stands.scale, camera)
            stands = place(camera, width, height, area, frame, detail=detail, fill=fill)
        stand = Stand(
            stands.foot_x_px, stands.foot_y_px, stands.scale * width, stands.scale * height
        )
        if cutout is None:
            scene = card.cover(picture, stand, frame, request.layout)
        else:
            colours = set_colours(request.accent, swatches, request.layout, design.scheme)
            scene = studio(picture[..., 3], stand, frame, colours, design, request.layout)
        sweep = self.sweep if mode == "studio" else 0.5 * self.sweep
        renderer = ShotRenderer(
            scene, product, (width, height), camera, stands, frame, request.seed, sweep
        )
        return renderer, mode


def _even_scale(
    request: ClipRequest, cutout: np.ndarray, scale: float, camera: CameraPath
) -> float:
    """By how much less a further picture must fill its area, so that its product covers no more
    than the main picture's would: 1 or less. A product does not grow between two shots."""
    assert request.other is not None
    photo, given = request.other
    main, _ = _product_of(replace(request, photo=photo, cutout=given))
    if main is None:
        return 1.0
    frame = (request.format.width_px, request.format.height_px)
    height, width = main.shape[:2]
    stands = place(camera, width, height, request.areas.product, frame)
    covered = [
        float((picture[..., 3] > 128).sum()) * size**2
        for picture, size in ((main, stands.scale), (cutout, scale))
    ]
    return float(np.clip(np.sqrt(EVEN_COVER * covered[0] / max(covered[1], 1.0)), 0.6, 1.0))


def _product_of(request: ClipRequest) -> tuple[np.ndarray | None, list[Swatch]]:
    """The product alone, RGBA, trimmed, its edges clean, and its palette; None if it can't be told
    apart. Shots of a spot share it.
    """
    model = request.files.get("matting")
    files = [path for path in (request.photo, request.cutout, model) if path is not None]
    stats = [path.stat() for path in files]
    stamps = tuple((stat.st_ino, stat.st_mtime_ns, stat.st_size) for stat in stats)
    return _cut_out(request.photo, request.cutout, request.cutting, model, stamps)


@lru_cache(maxsize=4)
def _cut_out(
    photo: Path, cutout: Path | None, how: Cutting, model: Path | None, _: object
) -> tuple[np.ndarray | None, list[Swatch]]:
    picture = cut_out(photo, cutout, how, model)
    if picture is None:
        return None, []
    clean = clean_edges(trim(picture).picture)
    clean.flags.writeable = False
    return clean, palette(clean)
