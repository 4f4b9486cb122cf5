"""The driver: a host or rig who performs the same voice; a model takes face and posture from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Protocol

import cv2
import numpy as np

from stages.avatar.engine import Performance
from stages.avatar.motion import Motion, plan_motion
from stages.avatar.process.checks import FaceBox, find_faces
from stages.base import Media, Reject

DRIVER_PX = 640
"""Side of the driver's picture: its face is then a little smaller than the model's 512 px."""
CROP = 1.3
"""Side of the face crop, in sizes of the face: as in Wan-Animate's own preprocessing."""
_GROUND = 176
"""Grey behind the driver."""
_LOOKED_AT = 3


class Driver(Protocol):
    """Whoever draws a performance frame by frame."""

    def load(self) -> None:
        """See `PresenterEngine.load`."""

    def frames(self, performance: Performance, media: Media) -> Iterator[np.ndarray | None]:
        """BGRA frames of the performance."""


def face_film(
    driver: Driver, performance: Performance, media: Media, size_px: int
) -> list[np.ndarray]:
    """The driver's face in each frame of the performance: uint8 (size, size, 3) RGB.

    One crop for all frames, so that the head's own movement is seen; `performance` is one that is
    seen throughout. Raises `Reject` for a driver
    in whose picture no face is found.
    """
    asked = replace(performance, size_px=DRIVER_PX)
    count = len(performance.visibility)
    some = set(np.linspace(0, count - 1, _LOOKED_AT).astype(int).tolist())
    few = replace(asked, visibility=tuple(1.0 if n in some else 0.0 for n in range(count)))
    still = [_on_ground(frame) for frame in driver.frames(few, media) if frame is not None]
    left, top, side = _crop(driver_face(still))
    method = cv2.INTER_AREA if side > size_px else cv2.INTER_CUBIC
    shown = []
    for frame in driver.frames(asked, media):
        assert frame is not None  # it is seen throughout
        face = _on_ground(frame[top : top + side, left : left + side])
        shown.append(cv2.resize(face, (size_px, size_px), interpolation=method))
    return shown


def driver_face(pictures: list[np.ndarray]) -> FaceBox:
    """Around the face in these pictures, the median of each side, px. Raises `Reject`."""
    found = [faces[0] for picture in pictures if len(faces := find_faces(picture)) == 1]
    if not found:
        why = "No face is found in the driver's picture; take another presenter_model.driver."
        raise Reject("presenter_model_driver", why)
    x0, y0, x1, y1 = (float(side) for side in np.median(np.array(found), axis=0))
    return x0, y0, x1, y1


def driver_motion(performance: Performance) -> Motion:
    """How the driver's head and shoulders move in each frame: hosts and rigs share one plan."""
    frames = np.arange(len(performance.visibility)) + performance.first_frame
    said = (performance.phonemes, performance.sentences)
    return plan_motion(*said, frames / performance.fps, performance.seed)


def _crop(face: FaceBox) -> tuple[int, int, int]:
    """Left, top and side of the crop, within the picture."""
    x0, y0, x1, y1 = face
    side = min(DRIVER_PX, round(CROP * max(x1 - x0, y1 - y0)))
    left = int(np.clip(round((x0 + x1 - side) / 2), 0, DRIVER_PX - side))
    top = int(np.clip(round((y0 + y1 - side) / 2), 0, DRIVER_PX - side))
    return left, top, side


def _on_ground(frame: np.ndarray) -> np.ndarray:
    alpha = frame[..., 3:].astype(np.float32) / 255.0
    mixed = frame[..., 2::-1] * alpha + _GROUND * (1.0 - alpha)
    return np.rint(mixed).astype(np.uint8)
