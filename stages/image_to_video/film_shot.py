"""A shot of the shop's own film: it fills the frame, or is a card before its own blur."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from schemas.layout import Box
from stages.image_to_video.drawing import dither, grid, rounded
from stages.image_to_video.engine import ClipRequest
from stages.shared.ffmpeg import decode_frames
from stages.shared.frames import film_facts

NEAR = 1.3
"""Up to this factor between the film's aspect and the frame's, the film fills the frame."""

CROPPED = 0.22
"""Most that is cut off a film's width or height where it lies on the frame as a card."""

SLOWEST = 0.6
"""Least pace, of the film's own frames, at which a short one may be stretched over a shot."""

CALM = (70.0, 150.0)
"""Y' between which the blurred film behind a card is held: captions can be read on it."""


@dataclass(frozen=True)
class Window:
    """Where the film is seen, in pixels of the frame, x0 to x1 and y0 to y1, all even; and the part
    of the film that is seen in it, in fractions."""

    x0: int
    y0: int
    x1: int
    y1: int
    part: tuple[float, float, float, float]
    full: bool
    """Whether it is the whole frame."""


def window_of(request: ClipRequest, width: int, height: int) -> Window:
    """The window for a film of `width` x `height` pixels in a shot."""
    wide, tall = request.format.width_px, request.format.height_px
    aspect = width / height
    if 1 / NEAR <= aspect / (wide / tall) <= NEAR:
        return Window(0, 0, wide, tall, _part(aspect, wide / tall), True)
    area = request.areas.product
    room = (area.x1 - area.x0) * wide, (area.y1 - area.y0) * tall
    wanted = float(np.clip(room[0] / room[1], aspect * (1 - CROPPED), aspect / (1 - CROPPED)))
    scale = min(room[0] / wanted, room[1])
    size = [max(16, int(side) // 2 * 2) for side in (scale * wanted, scale)]
    x0 = int((area.x0 * wide + (room[0] - size[0]) / 2) // 2 * 2)
    y0 = int((area.y0 * tall + (room[1] - size[1]) / 2) // 2 * 2)
    part = _part(aspect, size[0] / size[1])
    return Window(x0, y0, x0 + size[0], y0 + size[1], part, False)


def _part(film: float, window: float) -> tuple[float, float, float, float]:
    """The middle of a film of one aspect that fills a window of another."""
    across, down = min(1.0, window / film), min(1.0, film / window)
    return (1 - across) / 2, (1 - down) / 2, (1 + across) / 2, (1 + down) / 2


def film_frames(request: ClipRequest) -> tuple[Iterator[np.ndarray], Box]:
    """The shot's frames, uint8 yuv420p (height * 3 / 2, width), and where the product may be.

    The film's frames are taken one by one; of one that is too short they are mixed, down to
    `SLOWEST` of its pace.
    """
    film = request.film
    assert film is not None
    width, height, _ = film_facts(film.path)
    window = window_of(request, width, height)
    wide, tall = request.format.width_px, request.format.height_px
    area = request.areas.product
    if window.full:
        box = area
    else:
        box = Box(window.x0 / wide, window.y0 / tall, window.x1 / wide, window.y1 / tall)
    return _drawn(request, window), box


def _drawn(request: ClipRequest, window: Window) -> Iterator[np.ndarray]:
    film, frames = request.film, request.frames
    assert film is not None
    size = window.x1 - window.x0, window.y1 - window.y0
    taken = decode_frames(
        film.path, *size, pixels="yuv420p", crop=window.part, start_frame=film.first
    )
    mat = None if window.full else _Mat(request, window)
    for picture in _paced(taken, min(frames, film.frames), frames):
        yield picture if mat is None else mat.laid(picture)


def _paced(taken: Iterator[np.ndarray], given: int, wanted: int) -> Iterator[np.ndarray]:
    """`wanted` frames out of `given`."""
    rate = (given - 1) / max(1, wanted - 1)
    before = after = next(taken).copy()
    at = 0
    for index in range(wanted):
        place = index * rate
        while at < int(np.ceil(place - 1e-6)):
            before, at = after, at + 1
            after = next(taken, before).copy()
        share = at - place
        if share < 1e-3:
            yield after
        else:
            yield cv2.addWeighted(before, share, after, 1 - share, 0.0)


class _Mat:
    """What is around the film's window: its own blur, calmed, and the card's shadow."""

    def __init__(self, request: ClipRequest, window: Window) -> None:
        self.window = window
        self.frame = wide, tall = request.format.width_px, request.format.height_px
        x, y = grid((tall, wide))
        size = window.x1 - window.x0, window.y1 - window.y0
        middle = (window.x0 + window.x1) / 2, (window.y0 + window.y1) / 2
        inside = rounded(x - middle[0], y - middle[1], size[0] / 2, size[1] / 2, 0.045 * min(size))
        self.mask = (np.clip(inside + 0.5, 0, 1) * 255).round().astype(np.uint8)
        drop = np.roll((inside > 0).astype(np.float32)[::4, ::4], round(0.004 * tall), 0)
        soft = cv2.GaussianBlur(drop, (0, 0), 0.03 * wide / 4)
        self.light = cv2.resize(1 - 0.4 * soft, (wide, tall))
        self.grain = dither(self.frame, request.seed)

    def laid(self, picture: np.ndarray) -> np.ndarray:
        """The frame with the film's `picture`, yuv420p, in its window."""
        wide, tall = self.frame
        size = self.window.x1 - self.window.x0, self.window.y1 - self.window.y0
        frame = np.empty((tall * 3 // 2, wide), np.uint8)
        sources = [picture[: size[1]], *_chroma(picture, size[1])]
        targets = [frame[:tall], *_chroma(frame, tall)]
        for plane, (source, target) in enumerate(zip(sources, targets, strict=True)):
            step = 1 if plane == 0 else 2
            behind = _spread(source, target.shape)
            if plane == 0:
                behind = np.clip(110 + 0.55 * (behind - 110), *CALM)
                behind = (behind - 16) * self.light + 16
            else:
                behind = 128 + 0.7 * (behind - 128)
            cv2.add(
                behind, self.grain[: target.shape[0], : target.shape[1]], target, dtype=cv2.CV_8U
            )
            rows = slice(self.window.y0 // step, self.window.y1 // step)
            columns = slice(self.window.x0 // step, self.window.x1 // step)
            mask = self.mask[::step, ::step][rows, columns].astype(np.float32) / 255
            part = target[rows, columns]
            part[:] = (part + mask * (source.astype(np.float32) - part) + 0.5).astype(np.uint8)
        return frame


def _chroma(planes: np.ndarray, height: int) -> list[np.ndarray]:
    """Cb and Cr of a yuv420p picture whose Y' has `height` rows."""
    width = planes.shape[1]
    return list(planes[height:].reshape(2, height // 2, width // 2))


def _spread(plane: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The middle of a plane blown up to fill `shape`, blurred beyond recognition, float32."""
    tall, wide = shape[:2]
    height, width = plane.shape
    scale = max(wide / width, tall / height)
    part = min(height, round(tall / scale)), min(width, round(wide / scale))
    y0, x0 = (height - part[0]) // 2, (width - part[1]) // 2
    middle = np.ascontiguousarray(plane[y0 : y0 + part[0], x0 : x0 + part[1]])
    small = cv2.resize(
        middle, (max(2, wide // 32), max(2, tall // 32)), interpolation=cv2.INTER_AREA
    )
    soft = cv2.GaussianBlur(small.astype(np.float32), (0, 0), max(1.0, wide / 32 * 0.16))
    return cv2.resize(soft, (wide, tall), interpolation=cv2.INTER_CUBIC)
