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
_LUMA = np.array((0.2126, 0.7152, 0.0722, 0.0), np.float32)
_GREY = np.append(_LUMA * 219 / 255, 16.0)[None].astype(np.float32)
"""Luma of straight colours, 0 to 255."""
_CHROMA = np.stack([
    112 / (1 - _LUMA[2]) * (np.eye(4, dtype=np.float32)[2] - _LUMA),
    112 / (1 - _LUMA[0]) * (np.eye(4, dtype=np.float32)[0] - _LUMA),
])  # fmt: skip
"""Blue and red against grey, for colours times alpha in 0 to 255: divided by alpha, Cb and Cr."""


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

    def moments(self) -> list[int]:
        """Numbers of the frames whose look is another than of the one before, and of the last.

        The rest are like the frame before them: they need be neither drawn nor handed over.
        """
        found, before = [], None
        for frame in range(self.first_frame, self.end_frame):
            state = self._states(frame)
            if state != before or frame + 1 == self.end_frame:
                found.append(frame)
            before = state
        return found

    def frames(self) -> Iterator[np.ndarray]:
        """The frame of each of the `moments`, as `yuva420_planes` gives it."""
        shape = (self.height_px, self.width_px, 4)
        picture = np.zeros(shape, np.uint8)
        surface = self._surface(picture)
        before: object = None
        planes = np.empty(0, np.uint8)
        for frame in self.moments():
            time_s, state = frame / self.fps, self._states(frame)
            if state != before:
                with _DRAWING:
                    canvas = surface.getCanvas()
                    canvas.clear(skia.ColorTRANSPARENT)
                    for sprite, seen in zip(self.sprites, state, strict=True):
                        if seen is not None:
                            sprite.draw(canvas, time_s)
                planes, before = yuva420_planes(picture), state
            yield planes

    def picture(self, time_s: float) -> np.ndarray:
        """How it looks at one time: uint8 (h, w, 4), premultiplied alpha."""
        picture = np.zeros((self.height_px, self.width_px, 4), np.uint8)
        with _DRAWING:
            canvas = self._surface(picture).getCanvas()
            for sprite in self.sprites:
                if sprite.state(time_s) is not None:
                    sprite.draw(canvas, time_s)
        return picture

    def _surface(self, picture: np.ndarray) -> skia.Surface:
        # Said outright, because a surface around an array would have straight alpha.
        info = skia.ImageInfo.Make(
            self.width_px, self.height_px, skia.kRGBA_8888_ColorType, skia.kPremul_AlphaType
        )
        return skia.Surface.MakeRasterDirect(info, picture, 4 * self.width_px)

    def feed(self, stream: IO[bytes]) -> None:
        """Write the frames of all `moments` to ffmpeg."""
        for planes in self.frames():
            stream.write(planes.data)

    def _states(self, frame: int) -> tuple[Hashable, ...]:
        return tuple(sprite.state(frame / self.fps) for sprite in self.sprites)


def yuva420_planes(picture: np.ndarray) -> np.ndarray:
    """Planes Y, U, V, A, straight alpha, of an RGBA picture with premultiplied alpha, uint8, shape
    (h, w, 4): uint8, shape (h * w * 2.5,).

    BT.709 in the limited range (ITU-R BT.709-6, items 3.2 to 3.4). Chroma is averaged over 2 x 2
    pixels weighted by their alpha: clear pixels, which have no colour, don't darken an edge.
    """
    height, width = picture.shape[:2]
    size = height * width
    planes = np.empty(size * 5 // 2, np.uint8)
    luma, alpha = planes[:size].reshape(height, width), planes[-size:].reshape(height, width)
    chroma = planes[size:-size].reshape(2, height // 2, width // 2)
    luma[:], chroma[:], alpha[:] = 16, 128, picture[..., 3]
    x, y, wide, tall = cv2.boundingRect(alpha)
    if wide:
        left, top = x // 2 * 2, y // 2 * 2
        right, bottom = (x + wide + 1) // 2 * 2, (y + tall + 1) // 2 * 2
        part = np.ascontiguousarray(picture[top:bottom, left:right])
        straight = cv2.cvtColor(part, cv2.COLOR_mRGBA2RGBA)
        luma[top:bottom, left:right] = cv2.transform(straight, _GREY)
        half = ((right - left) // 2, (bottom - top) // 2)
        mean = cv2.resize(part, half, interpolation=cv2.INTER_AREA).astype(np.float32)
        thin = cv2.max(cv2.extractChannel(mean, 3), 0.5)  # type: ignore[call-overload]
        differences = cv2.transform(mean, _CHROMA)
        for plane in (0, 1):
            value = cv2.divide(cv2.extractChannel(differences, plane), thin)
            region = chroma[plane, top // 2 : bottom // 2, left // 2 : right // 2]
            region[:] = np.rint(np.clip(value + 128, 16, 240))
    return planes
