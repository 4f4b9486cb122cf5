"""The picture a video model starts from: the product in the studio set, as a shot begins."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from schemas.layout import Format
from stages.image_to_video.camera_motion import CameraMotion
from stages.image_to_video.engine import ClipRequest
from stages.shared.picture import rgb_to_ycc


def first_frame(request: ClipRequest, width_px: int, height_px: int) -> np.ndarray:
    """RGB picture, uint8 (height_px, width_px, 3), of the embedded engine's first frame.

    The product lies inside its layout's area, with the room that the shot's camera move takes.
    A frame of another aspect is squeezed, never cut: stretched back, all stands where it stood.
    """
    # A detail bleeds off the frame; a model must see the product whole, or it invents the rest.
    move = "drift" if request.move == "detail" else request.move
    form = _smaller(request.format, height_px)
    renderer, _ = CameraMotion(sweep=0.0).stage_shot(replace(request, move=move, format=form))
    picture = shown_frame(renderer.draw(0), form)
    return cv2.resize(picture, (width_px, height_px), interpolation=cv2.INTER_AREA)


def _smaller(form: Format, height_px: int) -> Format:
    """A format of the same aspect, up to a hundredth, that is drawn no larger than it is needed."""
    for height in range(-(-height_px // 16) * 16, form.height_px, 16):
        width = round(height * form.width_px / form.height_px / 16) * 16
        if abs(width * form.height_px / (height * form.width_px) - 1) < 0.01:
            return replace(form, width_px=width, height_px=height)
    return form


def shown_frame(planes: np.ndarray, form: Format) -> np.ndarray:
    """RGB picture, uint8 (height, width, 3), of a frame of the embedded engine."""
    return _rgb(planes, form.width_px, form.height_px)


def _rgb(planes: np.ndarray, width_px: int, height_px: int) -> np.ndarray:
    """RGB of yuv420p planes, BT.709 in the limited range: `rgb_to_ycc` turned round."""
    chroma = planes[height_px:].reshape(2, height_px // 2, width_px // 2)
    wide = [cv2.resize(plane, (width_px, height_px)) for plane in chroma]
    ycc = np.dstack([planes[:height_px], *wide]).astype(np.float32)
    black = rgb_to_ycc(np.zeros((1, 1, 3), np.uint8))[0, 0]
    rows = rgb_to_ycc(255 * np.eye(3, dtype=np.uint8)[None])[0] - black
    rgb = (ycc - black) @ np.linalg.inv(rows).astype(np.float32)
    return (np.clip(rgb, 0, 1) * 255 + 0.5).astype(np.uint8)
