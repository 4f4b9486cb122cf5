"""The studio set behind the product, drawn once per shot and then only warped.

Two layers: the wall, with all that is far, and the stage, with all that stands where the product
stands (plinth and shadows) and therefore moves with it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stages.image_to_video.colours import SetColours
from stages.image_to_video.drawing import Planes, Stand, canvas, halved
from stages.image_to_video.gobo import gobo
from stages.image_to_video.plinth import floor_shadow, plinth_stage
from stages.image_to_video.sets import SetDesign
from stages.image_to_video.wall import wall

MARGIN = 0.12
"""Share of the frame that layers reach beyond each edge, for the camera to move in."""


@dataclass(frozen=True)
class Scene:
    """Layers that reach beyond the frame by `MARGIN` on each side, float32.

    `wall` is Y' at half the frame's size, then Cb and Cr, less 128, at a quarter; `stage` the
    same, premultiplied, and its alpha last, at half; `light`, at a quarter, is a pattern around
    0: the wall's Y' is multiplied by one plus it.
    """

    wall: Planes
    stage: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
    light: np.ndarray


def layer_stand(stand: Stand, frame: tuple[int, int]) -> tuple[Stand, tuple[int, int]]:
    """`stand`, in pixels of a frame of (width, height), in those of the layers at half its size;
    and their size, (height, width)."""
    frame = canvas(frame)
    # Even, so that half of it is whole.
    aside, above = (round(length / 4 * MARGIN) * 2 for length in frame)
    half = Stand(
        stand.x_px / 2 + aside, stand.y_px / 2 + above, stand.width_px / 2, stand.height_px / 2
    )
    return half, (frame[1] // 2 + 2 * above, frame[0] // 2 + 2 * aside)


def studio(
    alpha: np.ndarray,
    stand: Stand,
    frame: tuple[int, int],
    colours: SetColours,
    design: SetDesign,
    layout: str,
) -> Scene:
    """Draw the set for a cut-out with `alpha` (uint8) at `stand` in a frame of (width, height).

    An end card is plain, since text will stand there: a tinted disc behind the product, and an
    empty floor.
    """
    half, size = layer_stand(stand, frame)
    if layout == "end_card":
        back = wall(size, half, colours, "disc", layout)
        stage = floor_shadow(alpha, size, half)
        pattern = np.zeros((size[0] // 2, size[1] // 2), np.float32)
    else:
        back = wall(size, half, colours, design.back, layout, design.side)
        stage = (
            floor_shadow(alpha, size, half)
            if design.plinth == "none"
            else plinth_stage(alpha, size, half, colours, design.plinth)
        )
        pattern = gobo(design.light, size, np.random.default_rng(design.leaf))
        pattern *= np.float32(design.sun)
    return Scene(
        (back[0], halved(back[1]), halved(back[2])),
        (stage[0], halved(stage[1]), halved(stage[2]), stage[3]),
        pattern,
    )
