"""Control tracks: the shot as the embedded engine shows it, as edges, depth or grey; or what the
product brings.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageOps

from stages.base import Reject
from stages.image_to_video.camera_motion import CameraMotion
from stages.image_to_video.engine import ClipRequest
from stages.image_to_video.first_frame import shown_frame
from stages.shared.ffmpeg import FfmpegError, decode_frames
from stages.shared.kinds import demuxer_of
from stages.shared.picture import read_picture

MAX_PIXELS = 40_000_000
EDGES = (60, 160)
"""Canny's two thresholds, in 8-bit steps: the product's own lines, not the wall's grain."""


def control_track(
    request: ClipRequest, kind: str, frames: int, width_px: int, height_px: int
) -> list[np.ndarray]:
    """`frames` pictures, RGB uint8 (height_px, width_px, 3), over the whole camera move.

    edges: Canny (1986), white on black. depth: near is white, by the product's matte and its
    nearness to the camera, wall and floor far. grey: luma. Raises `Reject` for a pose, which
    cannot be made of a product.
    """
    if kind not in _STEERING:
        raise Reject(
            "no_control",
            f"the video model is steered by a {kind}, and the product brings none; link a picture"
            " or a film of it as control_link in the feed",
        )
    move = "drift" if request.move == "detail" else request.move
    length = max(2, request.frames)
    renderer, _ = CameraMotion(sweep=0.0).stage_shot(replace(request, move=move))
    track = []
    for number in range(frames):
        at = round(number * (length - 1) / max(1, frames - 1))
        shown = shown_frame(renderer.draw(at), request.format)
        picture = cv2.resize(shown, (width_px, height_px), interpolation=cv2.INTER_AREA)
        track.append(_STEERING[kind](picture))
    return track


def given_track(path: Path, frames: int, width_px: int, height_px: int) -> list[np.ndarray]:
    """`frames` pictures, RGB uint8 (height_px, width_px, 3), of a picture or a film as it is, in
    its own aspect on black, evenly over its length. Raises `Reject` for what is neither.
    """
    if demuxer_of(path) is None:  # no film by its first bytes
        return [_given_picture(path, width_px, height_px)] * frames
    try:
        long = sum(1 for _ in decode_frames(path, 16, 16))
        places = [round(n * max(0, long - 1) / max(1, frames - 1)) for n in range(frames)]
        wanted, shown = set(places), dict[int, np.ndarray]()
        for number, picture in enumerate(decode_frames(path, width_px, height_px, whole=True)):
            if number in wanted:
                shown[number] = picture
        return [shown[place] for place in places]
    except (FfmpegError, KeyError) as error:
        raise _unreadable(error) from error


def _given_picture(path: Path, width_px: int, height_px: int) -> np.ndarray:
    """A picture from outside, whole, on black."""
    try:
        with Image.open(path, formats=("JPEG", "PNG", "WEBP")) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                raise ValueError(f"{opened.width} x {opened.height} pixels are too many")
            picture = ImageOps.exif_transpose(opened).convert("RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise _unreadable(error) from error
    return np.asarray(ImageOps.pad(picture, (width_px, height_px), color="black"))


def _unreadable(error: Exception) -> Reject:
    said = f"control_link is neither a picture nor a film that can be read ({error})"
    return Reject("unreadable_control", said)


def still_track(
    picture: np.ndarray, kind: str, frames: int, width_px: int, height_px: int
) -> list[np.ndarray]:
    """The track of a picture that stands still; what cannot be made of one is drawn as edges."""
    small = cv2.resize(picture, (width_px, height_px), interpolation=cv2.INTER_AREA)
    return [_STEERING.get(kind, _edges)(small)] * frames


def product_picture(request: ClipRequest) -> np.ndarray:
    """The product photo itself, RGB uint8, for models that take a reference."""
    return read_picture(request.photo)


def _edges(picture: np.ndarray) -> np.ndarray:
    lines = cv2.Canny(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), *EDGES)
    return np.repeat(lines[..., None], 3, axis=2)


def _grey(picture: np.ndarray) -> np.ndarray:
    return np.repeat(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)


def _depth(picture: np.ndarray) -> np.ndarray:
    """No model: what differs from the wall is near, the floor comes nearer towards the bottom."""
    lab = cv2.cvtColor(picture, cv2.COLOR_RGB2LAB).astype(np.float32)
    wall = np.median(lab[: len(lab) // 8].reshape(-1, 3), axis=0)
    near = np.clip(np.linalg.norm(lab - wall, axis=2) / 60.0, 0, 1)
    floor = np.linspace(0.0, 0.45, len(lab), dtype=np.float32)[:, None]
    depth = cv2.GaussianBlur(np.maximum(near, floor), (0, 0), 2.0)
    return np.repeat((depth * 255).astype(np.uint8)[..., None], 3, axis=2)


_STEERING = {"edges": _edges, "depth": _depth, "grey": _grey}
