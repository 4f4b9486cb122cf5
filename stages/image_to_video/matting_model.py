"""A matting network in an ONNX file: picture in, matte out."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime
from onnxruntime.capi.onnxruntime_pybind11_state import (
    Fail,
    InvalidGraph,
    InvalidProtobuf,
    RuntimeException,
)

OPEN_SIZE_PX = 1024
"""Side of the square for a network that takes any: what IS-Net and BiRefNet were trained at."""


def matte_of(
    photo: np.ndarray,
    model: Path,
    size_px: int | None,
    mean: tuple[float, float, float],
    std: tuple[float, float, float],
) -> np.ndarray:
    """Alpha, uint8 (height, width), of an RGB photo, uint8.

    The network sees the photo squeezed into its square, as these networks were trained. What it
    says is a matte if it lies in 0 to 1, else it is logits. Raises `ValueError` for a network that
    takes no such picture or gives no matte.
    """
    try:
        session = _session(model, model.stat().st_mtime_ns)
    except (RuntimeException, InvalidGraph, InvalidProtobuf, Fail) as error:
        words = str(error).splitlines()[0][:160]
        raise ValueError(
            f"matting.model {model.name} is no network that runs here: {words}"
        ) from None
    given = session.get_inputs()
    shape = given[0].shape
    if len(given) != 1 or len(shape) != 4 or shape[1] not in (3, "3"):
        shown = ", ".join(f"{one.name} {one.shape}" for one in given)
        raise ValueError(f"matting.model takes {shown}; it must take one picture (1, 3, H, W)")
    height, width = (
        side if isinstance(side, int) else size_px or OPEN_SIZE_PX for side in shape[2:]
    )
    small = cv2.resize(photo, (width, height), interpolation=cv2.INTER_AREA)
    scaled = small.astype(np.float32) / 255
    scaled = (scaled - np.array(mean, np.float32)) / np.array(std, np.float32)
    fed = np.ascontiguousarray(scaled.transpose(2, 0, 1)[None], np.float32)
    if given[0].type == "tensor(float16)":
        fed = fed.astype(np.float16)
    said: np.ndarray = np.asarray(session.run(None, {given[0].name: fed})[0], np.float32)
    matte = np.squeeze(said)
    if matte.ndim != 2 or min(matte.shape) < 8 or not np.isfinite(matte).all():
        raise ValueError(f"matting.model gave {said.shape}; its first output must be the matte")
    if matte.min() < -0.01 or matte.max() > 1.01:
        matte = 1 / (1 + np.exp(-np.clip(matte, -30, 30)))
    large = cv2.resize(matte, photo.shape[1::-1], interpolation=cv2.INTER_CUBIC)
    return np.clip(large * 255 + 0.5, 0, 255).astype(np.uint8)


@lru_cache(maxsize=1)
def _session(model: Path, _: int) -> Any:
    """The network, ready; one thread, so that the same photo gives the same matte anywhere."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
