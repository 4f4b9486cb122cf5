"""Pictures as arrays: reading and writing, colour conversions, palette, trimming by alpha.

Channels are in the order red, green, blue, alpha; a shape is (height, width, channels).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from stages.base import Reject

LUMA_709 = (0.2126, 0.7152, 0.0722)
"""Weights of red, green and blue in luma: ITU-R BT.709-6, item 3.2."""


def read_picture(path: Path, *, alpha: bool = False) -> np.ndarray:
    """Picture as uint8, shape (height, width, 3), or (height, width, 4) with straight `alpha`.

    A picture without an alpha channel becomes opaque; one that has it loses it, uncomposed, when
    `alpha` is False. Raises `Reject` if the file is no picture that can be read.
    """
    data = np.frombuffer(path.read_bytes(), np.uint8)
    picture = cv2.imdecode(data, cv2.IMREAD_UNCHANGED) if data.size else None
    if picture is None or picture.ndim not in (2, 3):
        raise Reject("unreadable_picture", f"{path.name} is not a picture that can be decoded")
    if picture.dtype == np.uint16:
        picture = (picture // 256).astype(np.uint8)
    if picture.dtype != np.uint8:
        raise Reject(
            "unreadable_picture", f"{path.name} has {picture.dtype} samples, not 8 or 16 bit"
        )
    channels = 1 if picture.ndim == 2 else picture.shape[2]
    codes = {
        (1, False): cv2.COLOR_GRAY2RGB,
        (3, False): cv2.COLOR_BGR2RGB,
        (4, False): cv2.COLOR_BGRA2RGB,
        (3, True): cv2.COLOR_BGR2RGBA,
        (4, True): cv2.COLOR_BGRA2RGBA,
    }
    if (channels, alpha) == (1, True):
        return cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB), cv2.COLOR_RGB2RGBA)
    if (channels, alpha) not in codes:
        raise Reject("unreadable_picture", f"{path.name} has {channels} channels, not 1, 3 or 4")
    return cv2.cvtColor(picture, codes[(channels, alpha)])


def write_png(path: Path, picture: np.ndarray) -> None:
    """Write a uint8 picture, grey, RGB or RGBA with straight alpha, as PNG."""
    if picture.ndim == 3:
        code = cv2.COLOR_RGBA2BGRA if picture.shape[2] == 4 else cv2.COLOR_RGB2BGR
        picture = cv2.cvtColor(picture, code)
    done, data = cv2.imencode(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 3])
    if not done:
        raise OSError(f"could not encode a picture of shape {picture.shape} as PNG")
    path.write_bytes(data.tobytes())


def parse_colour(text: str) -> tuple[int, int, int]:
    """Red, green and blue, 0 to 255, of "#rrggbb". Raises `ValueError` for anything else."""
    digits = text.removeprefix("#")
    try:
        if len(digits) != 6:
            raise ValueError
        value = int(digits, 16)
    except ValueError:
        raise ValueError(
            f'{text!r} is not a colour; write it as "#rrggbb", such as "#e4572e"'
        ) from None
    return value >> 16, value >> 8 & 255, value & 255


def rgb_to_lab(picture: np.ndarray) -> np.ndarray:
    """CIE L*a*b* (D65, L 0 to 100) as float32 of an sRGB picture, uint8 or float32 in 0 to 1."""
    scaled = picture.astype(np.float32) / 255 if picture.dtype == np.uint8 else picture
    return cv2.cvtColor(scaled, cv2.COLOR_RGB2LAB)


def lab_to_rgb(picture: np.ndarray) -> np.ndarray:
    """sRGB as float32 in 0 to 1 of a CIE L*a*b* picture; colours out of gamut are clipped."""
    return np.clip(cv2.cvtColor(picture.astype(np.float32), cv2.COLOR_LAB2RGB), 0, 1)


def colour_lab(text: str) -> tuple[float, float, float]:
    """CIE L*, a*, b* of "#rrggbb"."""
    lab = rgb_to_lab(np.array([[parse_colour(text)]], np.uint8))[0, 0]
    return float(lab[0]), float(lab[1]), float(lab[2])


def rgb_to_ycc(picture: np.ndarray) -> np.ndarray:
    """BT.709 Y', Cb, Cr in the 8-bit limited range (16 to 235, 16 to 240), as unrounded float32.

    `picture` is sRGB, float32 in 0 to 1 (or uint8), shape (height, width, 3). The formula is
    that of ITU-R BT.709-6, items 3.2 to 3.4; the transfer curve is left as it is.
    """
    scaled = picture.astype(np.float32) / 255 if picture.dtype == np.uint8 else picture
    red, _, blue = LUMA_709
    luma = np.array(LUMA_709)
    rows = [
        219 * luma,
        112 / (1 - blue) * (np.array([0.0, 0.0, 1.0]) - luma),
        112 / (1 - red) * (np.array([1.0, 0.0, 0.0]) - luma),
    ]
    matrix = np.column_stack([np.array(rows), (16.0, 128.0, 128.0)])
    return cv2.transform(scaled, matrix.astype(np.float32))


@dataclass(frozen=True)
class Trimmed:
    """A picture cut to what its alpha shows, and where that stood: pixels from the top left."""

    picture: np.ndarray
    x0_px: int
    y0_px: int


def trim(picture: np.ndarray, *, threshold: int = 8, pad_px: int = 2) -> Trimmed:
    """Cut an RGBA picture to the pixels with alpha above `threshold`, plus `pad_px` around.

    Raises `Reject` if nothing is left.
    """
    x0, y0, width, height = cv2.boundingRect((picture[..., 3] > threshold).astype(np.uint8))
    if width == 0:
        raise Reject("empty_cutout", "the cut-out shows nothing: its alpha channel is empty")
    tall, wide = picture.shape[:2]
    left, top = max(0, x0 - pad_px), max(0, y0 - pad_px)
    right, bottom = min(wide, x0 + width + pad_px), min(tall, y0 + height + pad_px)
    return Trimmed(np.ascontiguousarray(picture[top:bottom, left:right]), left, top)


@dataclass(frozen=True)
class Swatch:
    """One colour of a palette: CIE L*, a*, b* and its share of the area, 0 to 1."""

    lab: tuple[float, float, float]
    share: float

    @property
    def chroma(self) -> float:
        """Distance from grey: the length of (a*, b*)."""
        return float(np.hypot(self.lab[1], self.lab[2]))


def palette(picture: np.ndarray, count: int = 5) -> list[Swatch]:
    """Main colours of the opaque pixels of an RGB or RGBA picture, by area, largest first.

    k-means in L*a*b* over a thumbnail, begun at evenly spaced ranks of lightness, so that the
    same picture always gives the same palette.
    """
    step = max(1, int(np.ceil(max(picture.shape[:2]) / 160)))
    small = picture[::step, ::step]
    colours = rgb_to_lab(np.ascontiguousarray(small[..., :3])).reshape(-1, 3)
    if picture.shape[2] == 4:
        opaque = small[..., 3].reshape(-1) > 200
        colours = colours[opaque] if opaque.any() else colours
    ranked = colours[np.argsort(colours[:, 0], kind="stable")]
    at = ((np.arange(count) + 0.5) / count * len(ranked)).astype(int)
    centres = ranked[at].astype(np.float64)
    nearest = np.zeros(len(colours), int)
    for _ in range(12):
        distance = ((colours[:, None, :] - centres[None]) ** 2).sum(axis=2)
        nearest = distance.argmin(axis=1)
        for index in range(count):
            members = colours[nearest == index]
            if len(members):
                centres[index] = members.mean(axis=0)
    shares = np.bincount(nearest, minlength=count) / len(colours)
    order = np.argsort(-shares, kind="stable")
    return [
        Swatch((float(c[0]), float(c[1]), float(c[2])), float(s))
        for c, s in ((centres[i], shares[i]) for i in order)
        if s > 0
    ]
