"""The clips that the watermark is measured on: flat, textured, dark, fast; drawn at run time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import cv2
import numpy as np

from schemas.layout import Format

PHOTOS = Path(__file__).parents[2] / "examples" / "demo" / "products"
CONTENTS = ("flat", "textured", "dark", "fast")
CARD_S = 2.5
"""The last seconds are an end card: letters on a plain ground, as spots end."""


def draw(content: str, frame: Format, length_s: float, seed: int = 0) -> Iterator[np.ndarray]:
    """Frames as raw yuv420p, uint8 (height * 3 / 2, width), with a label that stays and captions.

    Raises `ValueError` for content that is none of `CONTENTS`.
    """
    if content not in CONTENTS:
        raise ValueError(f"content {content!r}: use one of {', '.join(CONTENTS)}")
    scene = {"flat": _flat, "textured": _textured, "dark": _dark, "fast": _fast}[content]
    at = scene(frame, np.random.default_rng(seed))
    grain = [
        np.random.default_rng((seed, k)).normal(0, 1.1, (frame.height_px, frame.width_px, 1))
        for k in range(3)
    ]
    count, card = round(length_s * frame.fps), round(min(CARD_S, length_s / 5) * frame.fps)
    for n in range(count):
        picture = at(n, n / frame.fps) if n < count - card else _card(frame)
        lively = picture.astype(np.float32) + grain[n % 3]
        shown = np.ascontiguousarray(lively.clip(0, 255).astype(np.uint8))
        _lettered(shown, frame, n / frame.fps)
        yield cv2.cvtColor(shown, cv2.COLOR_BGR2YUV_I420)


def write_raw(content: str, frame: Format, length_s: float, to: IO[bytes]) -> None:
    """All frames of a clip, one behind the other."""
    for picture in draw(content, frame, length_s):
        to.write(picture.tobytes())


def _photo(name: str) -> np.ndarray:
    found = cv2.imread(str(PHOTOS / name), cv2.IMREAD_UNCHANGED)
    if found is None:
        raise FileNotFoundError(f"{PHOTOS / name} is not there: it comes with the checkout")
    return np.asarray(found)


_Scene = Callable[[int, float], np.ndarray]


def _flat(frame: Format, dice: np.random.Generator) -> _Scene:
    """A pale wall that falls off, and a cut-out product that drifts over it."""
    y, x = np.mgrid[0 : frame.height_px, 0 : frame.width_px].astype(np.float32)
    fall = 214 - 34 * y / frame.height_px + 10 * np.sin(x / frame.width_px * 2.2)
    wall = np.stack([fall, fall * 0.985, fall * 0.97], -1)
    product = _photo("mug_cutout.png")
    side = round(frame.width_px * 0.62)
    product = cv2.resize(product, (side, side), interpolation=cv2.INTER_AREA).astype(np.float32)

    def at(_: int, t: float) -> np.ndarray:
        left, top = 0.12 * frame.width_px + 9 * t, 0.3 * frame.height_px - 5 * t
        move = np.array([[1, 0, left], [0, 1, top]], np.float32)
        laid = cv2.warpAffine(product, move, (frame.width_px, frame.height_px))
        cover = laid[..., 3:] / 255
        return wall * (1 - cover) + laid[..., :3] * cover

    return at


def _textured(frame: Format, dice: np.random.Generator) -> _Scene:
    """Cloth, gravel and photos side by side, slowly zoomed."""
    size = (round(frame.height_px * 1.3), round(frame.width_px * 1.3))
    rough = dice.normal(0, 1, (*size, 1)).astype(np.float32)
    cloth = np.zeros(size, np.float32)
    for k, weight in ((3, 26.0), (9, 22.0), (40, 30.0)):
        coarse = dice.normal(0, 1, (size[0] // k, size[1] // k)).astype(np.float32)
        cloth += weight * cv2.resize(coarse, size[::-1])
    ground = np.array([92, 118, 140], np.float32) + cloth[..., None] + 8 * rough
    photo = _photo("candle.jpg").astype(np.float32)
    width = size[1] // 2
    tile = cv2.resize(photo, (width, width), interpolation=cv2.INTER_AREA)
    ground[size[0] // 3 : size[0] // 3 + width, width // 2 : width // 2 + width] = tile
    return _zoomed(ground.clip(0, 255), frame)


def _dark(frame: Format, dice: np.random.Generator) -> _Scene:
    """A photo in lamplight: most of it lies near black."""
    side = round(frame.height_px * 1.25)
    lamp = cv2.resize(_photo("lamp.jpg"), (side, side), interpolation=cv2.INTER_CUBIC)
    photo = np.asarray(lamp, np.float32)
    y, x = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j].astype(np.float32)
    light = 0.09 + 0.30 * np.exp(-((x / 0.28) ** 2 + (y / 0.33) ** 2))
    return _zoomed((photo * light[..., None]).clip(0, 255), frame)


def _zoomed(still: np.ndarray, frame: Format) -> _Scene:
    height, width = still.shape[:2]
    still = still.astype(np.uint8)

    def at(_: int, t: float) -> np.ndarray:
        zoom = 1.0 + 0.006 * t
        move = np.array(
            [
                [zoom, 0, frame.width_px / 2 - zoom * width / 2 + 4 * t],
                [0, zoom, frame.height_px / 2 - zoom * height / 2],
            ],
            np.float32,
        )
        size = (frame.width_px, frame.height_px)
        return cv2.warpAffine(still, move, size, borderMode=cv2.BORDER_REFLECT)

    return at


def _fast(frame: Format, dice: np.random.Generator) -> _Scene:
    """Whip pans over photos, and a cut every 0.7 s."""
    side = round(frame.height_px * 1.05)
    size = (side, side)
    photos = []
    for name in ("headphones", "mug", "candle", "lamp"):
        photo = cv2.resize(_photo(f"{name}.jpg"), size)
        photos.append(cv2.blur(photo, (25, 1)))  # what the camera's own motion smears

    def at(n: int, t: float) -> np.ndarray:
        shot, since = divmod(n, max(1, round(0.7 * frame.fps)))
        speed = frame.width_px * 0.035 * (1 if shot % 2 else -1)
        left = -(side - frame.width_px) / 2 + speed * (since - 10)
        move = np.array([[1, 0, left], [0, 1, -0.02 * side]], np.float32)
        target = (frame.width_px, frame.height_px)
        return cv2.warpAffine(photos[shot % 4], move, target, borderMode=cv2.BORDER_REFLECT)

    return at


def _card(frame: Format) -> np.ndarray:
    card = np.full((frame.height_px, frame.width_px, 3), (54, 38, 30), np.uint8)
    scale = frame.width_px / 420
    for row, text in enumerate(("Lagoon", "24.90", "Order now")):
        place = (round(frame.width_px * 0.14), round(frame.height_px * (0.36 + 0.12 * row)))
        cv2.putText(card, text, place, cv2.FONT_HERSHEY_DUPLEX, scale, (240, 244, 248), 5, 16)
    return card


def _lettered(picture: np.ndarray, frame: Format, t: float) -> None:
    """The label of the first to the last frame, and a caption that changes every 1.4 s."""
    face, scale = cv2.FONT_HERSHEY_DUPLEX, frame.width_px / 1080
    label = (round(50 * scale), round(90 * scale))
    cv2.putText(picture, "AI-generated", label, face, 1.1 * scale, (250, 250, 250), 2, 16)
    words = ("glazed by hand", "holds the heat", "fits the palm", "made to last")
    said = words[int(t / 1.4) % len(words)]
    place = (round(150 * scale), round(1350 * scale))
    cv2.putText(picture, said, place, face, 2.6 * scale, (20, 20, 20), 16, 16)
    cv2.putText(picture, said, place, face, 2.6 * scale, (255, 255, 255), 5, 16)
