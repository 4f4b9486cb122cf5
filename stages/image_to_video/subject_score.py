"""Is it still this product? VBench-I2V's subject score, by a vision model that is given."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from stages.image_to_video.diffusion.packages import package

FRAMES = 16
"""Frames of a clip that are looked at, evenly spaced."""


class SubjectScore:
    """A vision model (DINO, DINOv2, CLIP) in a folder as transformers saves it."""

    def __init__(self, folder: Path) -> None:
        """Raises `OSError` where the folder holds no such model, and pickles alone are refused."""
        torch, transformers = package("torch"), package("transformers")
        self._processor = transformers.AutoImageProcessor.from_pretrained(str(folder))
        model = transformers.AutoModel.from_pretrained(str(folder), use_safetensors=True)
        model = getattr(model, "vision_model", model)  # of CLIP the half that sees
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        self._model = model.to(self._device).eval()

    def score(self, picture: np.ndarray, frames: np.ndarray) -> float:
        """VBench-I2V's i2v_subject, about 0 to 1: 0.4 times the greatest likeness of a frame to the
        picture, 0.3 times the mean and 0.3 times the least likeness of neighbours; likeness is the
        cosine of the class token's features (Huang et al., VBench++, 2024). RGB uint8.
        """
        at = np.unique(np.linspace(0, len(frames) - 1, FRAMES).round().astype(int))
        features = self._features([picture, *frames[at]])
        first, rest = features[0], features[1:]
        neighbours = (rest[:-1] * rest[1:]).sum(axis=1) if len(rest) > 1 else np.ones(1)
        best = float((rest @ first).max())
        return 0.4 * best + 0.3 * float(neighbours.mean()) + 0.3 * float(neighbours.min())

    def _features(self, pictures: list[np.ndarray]) -> np.ndarray:
        """Unit vectors, float32 (count, width)."""
        torch = package("torch")
        given: Any = self._processor(images=pictures, return_tensors="pt")
        with torch.inference_mode():
            made = self._model(pixel_values=given["pixel_values"].to(self._device))
        token = made.last_hidden_state[:, 0].float().cpu().numpy()
        return np.asarray(token / np.linalg.norm(token, axis=1, keepdims=True), np.float32)
