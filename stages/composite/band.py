"""A band of the frame that moves by itself: drawn with skia, handed to ffmpeg as raw planes."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Protocol

import cv2
import numpy as np
import skia

_DRAWING = threading.Lock()
"""Bands are drawn from several threads, but shaping text is not made for that."""
_LUMA = (0.2126, 0.7152, 0.0722)


class Sprite(Protocol):
    """Something drawn in a band. Equal states look equal, so that a frame is drawn only once."""

    def state(self, time_s: float) -> Hashable:
        """What its look depends on at that time; None where it is not seen."""
        ...

    def draw(self, canvas: skia.Canvas, time_s: float) -> None:
        """Draw it, in the band's pixels."""
        ...


@dataclass(frozen=True)
class Band:
    """A strip as wide as the frame, seen from `first_frame` up to (not with) `end_frame`.

    Width and height are even, so that chroma stands where it belongs.
    """

    width_px: int
    height_px: int
    fps: int
    first_frame: int
    end_frame: int
    sprites: Sequence[Sprite]

    def frames(self) -> Iterator[bytes]:
        """Each frame as yuva420p, straight alpha, BT.709 limited range: w * h * 2.5 bytes."""
        shape = (self.height_px, self.width_px, 4)
        picture = np.zeros(shape, np.uint8)
        # Said outright, because a surface around an array would have straight alpha.
        info = skia.ImageInfo.Make(
            self.width_px, self.height_px, skia.kRGBA_8888_ColorType, skia.kPremul_AlphaType
        )
        surface = skia.Surface.MakeRasterDirect(info, picture, 4 * self.width_px)
        before: object = ()
        planes = b""
        for frame in range(self.first_frame, self.end_frame):
            time_s = frame / self.fps
            state = tuple(sprite.state(time_s) for sprite in self.sprites)
            if state != before:
                with _DRAWING:
                    canvas = surface.getCanvas()
                    canvas.clear(skia.ColorTRANSPARENT)
                    for sprite, seen in zip(self.sprites, state, strict=True):
                        if seen is not None:
                            sprite.draw(canvas, time_s)
                planes, before = yuva420_planes(picture), state
            yield planes

    def feed(self, stream: IO[bytes]) -> None:
        """Write all frames to ffmpeg."""
        for planes in self.frames():
            stream.write(planes)


def yuva420_planes(picture: np.ndarray) -> bytes:
    """Planes Y, U, V, A of an RGBA picture with premultiplied alpha, uint8, shape (h, w, 4).

    BT.709 in the limited range (ITU-R BT.709-6, items 3.2 to 3.4). Chroma is averaged over 2 x 2
    pixels weighted by their alpha: clear pixels, which have no colour, don't darken an edge.
    """
    height, width = picture.shape[:2]
    alpha = np.ascontiguousarray(picture[..., 3])
    luma = np.full((height, width), 16, np.uint8)
    chroma = np.full((2, height // 2, width // 2), 128, np.uint8)
    x, y, wide, tall = cv2.boundingRect(alpha)
    if wide:
        left, top = x // 2 * 2, y // 2 * 2
        right, bottom = (x + wide + 1) // 2 * 2, (y + tall + 1) // 2 * 2
        part = picture[top:bottom, left:right].astype(np.float32)
        weight = np.maximum(part[..., 3], 1e-3)
        red, _, blue = _LUMA
        grey = part[..., :3] @ np.array(_LUMA, np.float32)
        luma[top:bottom, left:right] = np.rint(16 + 219 * np.minimum(grey / weight, 1.0))
        half = ((right - left) // 2, (bottom - top) // 2)
        mean = cv2.resize(part, half, interpolation=cv2.INTER_AREA)
        thin = np.maximum(mean[..., 3], 1e-3)
        even = mean[..., :3] @ np.array(_LUMA, np.float32)
        for plane, channel, share in ((0, 2, blue), (1, 0, red)):
            value = 128 + 112 / (1 - share) * (mean[..., channel] - even) / thin
            region = chroma[plane, top // 2 : bottom // 2, left // 2 : right // 2]
            region[:] = np.rint(np.clip(value, 16, 240))
    return luma.tobytes() + chroma.tobytes() + alpha.tobytes()
