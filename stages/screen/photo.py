"""Image gate: opens a picture from outside, refuses what is hostile or unusable, makes it plain."""

from __future__ import annotations

import struct
import warnings
import zlib
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

GATE = "screen.image"
FORMATS = {
    "JPEG": ".jpg", "MPO": ".jpg", "PNG": ".png", "WEBP": ".webp", "AVIF": ".avif", "GIF": ".gif",
}  # fmt: skip
"""What may come in, and the suffix under which its bytes are kept. MPO is a JPEG of two views."""

TOLD_APART = (
    (b"<svg", "an SVG drawing"),
    (b"<?xml", "an XML file"),
    (b"<!doctype html", "a web page"),
    (b"<html", "a web page"),
    (b"%pdf", "a PDF"),
    (b"ii*\0", "a TIFF"),
    (b"mm\0*", "a TIFF"),
    (b"bm", "a BMP"),
    (b"8bps", "a Photoshop file"),
)
"""First bytes, in lower case, of what else shops link as pictures."""

HEIF_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")

MAX_PIXELS = 40_000_000
"""A 30000 x 30000 PNG of 109 kB would take 3.6 GB: more than this is refused before decoding."""

LONG_SIDE_PX = 2048
TRANSPARENT_SHARE = (0.02, 0.98)
"""Share of clear pixels of a cut-out: below it is a photo with soft corners, above it is empty."""

_BLANK_LEVELS = 2.0  # standard deviation of the luma, of 255, of a shop's grey "no picture" tile


class BadImage(ValueError):
    """The picture cannot be used: stable `code` and a sentence."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


@dataclass(frozen=True)
class Picture:
    """A decoded picture: upright, sRGB, 8 bits, long side at most `LONG_SIDE_PX`."""

    image: Image.Image
    """Mode "RGBA" where it has transparency worth the name, else "RGB"."""
    suffix: str
    width_px: int
    """Size as it came, upright."""
    height_px: int
    notes: tuple[str, ...]
    """What was changed, for the evidence."""

    @property
    def clear_share(self) -> float:
        """Share of pixels that are more than half transparent; 0 for a picture without alpha."""
        if self.image.mode != "RGBA":
            return 0.0
        return float((np.asarray(self.image.getchannel("A")) < 128).mean())

    @property
    def is_cutout(self) -> bool:
        """Whether it shows a product cut out of its background."""
        return TRANSPARENT_SHARE[0] <= self.clear_share <= TRANSPARENT_SHARE[1]

    def on_white(self) -> Image.Image:
        """The picture without transparency, mode "RGB"."""
        if self.image.mode == "RGB":
            return self.image
        white = Image.new("RGB", self.image.size, "white")
        white.paste(self.image, mask=self.image.getchannel("A"))
        return white


def open_picture(path: Path, *, max_bytes: int, min_side_px: int) -> Picture:
    """Decode a JPEG, PNG, WebP, AVIF or GIF, of an animation the first picture.

    Raises `BadImage` for anything that cannot be shown.
    """
    size = path.stat().st_size
    if size > max_bytes:
        raise BadImage(
            "image_too_large",
            f"The image has {size:,} bytes, more than the {max_bytes:,} allowed; save it smaller.",
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path, formats=("JPEG", "PNG", "WEBP", "AVIF", "GIF")) as image:
                suffix = FORMATS[image.format or ""]
                _check_size(image, min_side_px)
                pictures = getattr(image, "n_frames", 1) if image.format != "MPO" else 1
                image.load()
                return _plain(image, suffix, pictures)
    except BadImage:
        raise
    except Image.DecompressionBombError:
        raise BadImage(
            "image_too_large",
            f"The image has more than {MAX_PIXELS:,} pixels; scale it down.",
        ) from None
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError,
            MemoryError, OverflowError, struct.error, zlib.error) as error:  # fmt: skip
        raise BadImage(
            "image_broken",
            f"The image cannot be opened as JPEG, PNG, WebP, AVIF or GIF ({_why(path, error)});"
            " export it again.",
        ) from None


def _why(path: Path, error: BaseException) -> str:
    if not isinstance(error, UnidentifiedImageError):
        return _first_line(error)
    with path.open("rb") as file:
        head = file.read(400)
    if head[4:8] == b"ftyp" and head[8:12] in HEIF_BRANDS:
        return "it is a HEIC, as phones save them"
    bare = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for start, words in TOLD_APART:
        if bare.startswith(start):
            return f"it is {'an SVG drawing' if b'<svg' in bare else words}"
    return "it is none of these"


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0][:120]


def _check_size(image: Image.Image, min_side_px: int) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise BadImage(
            "image_too_large",
            f"The image has {width} x {height} pixels, more than {MAX_PIXELS:,}; scale it down.",
        )
    if min(width, height) < min_side_px:
        raise BadImage(
            "image_too_small",
            f"The image has {width} x {height} pixels; its short side must have {min_side_px}.",
        )


def _plain(image: Image.Image, suffix: str, pictures: int) -> Picture:
    notes = [f"the first of {pictures} pictures"] if pictures > 1 else []
    profile = image.info.get("icc_profile")
    upright = ImageOps.exif_transpose(image)
    if upright.size != image.size or image.getexif().get(0x0112, 1) != 1:
        notes.append("turned upright")
    width, height = upright.size
    colour, alpha = _channels(upright)
    if upright.mode not in ("RGB", "RGBA"):
        notes.append(f"from {upright.mode}")
    if profile:
        colour, note = _to_srgb(colour, profile)
        notes.append(note)
    colour = colour if colour.mode == "RGB" else colour.convert("RGB")
    if alpha is not None and alpha.getextrema()[0] < 250:  # type: ignore[operator]
        colour.putalpha(alpha)
    scale = LONG_SIDE_PX / max(width, height)
    if scale < 1:
        small = (max(1, round(width * scale)), max(1, round(height * scale)))
        colour = colour.resize(small, Image.Resampling.LANCZOS, reducing_gap=3.0)
        notes.append(f"scaled to {small[0]} x {small[1]}")
    colour.info.clear()  # names, places and thumbnails of the camera go no further
    picture = Picture(colour, suffix, width, height, tuple(notes))
    if float(np.asarray(picture.on_white().convert("L")).std()) < _BLANK_LEVELS:
        raise BadImage("image_blank", "The image is one plain area; link a photo of the product.")
    return picture


def _channels(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """(colour in the picture's own space: L, RGB or CMYK, alpha or None)."""
    if image.mode.startswith("I") or image.mode == "F":
        grey = np.asarray(image, dtype=np.float64)
        # Pillow keeps 16-bit grey as it is, and would clip it at 255.
        top = 65535.0 if grey.max(initial=0.0) > 255 else 255.0
        return Image.fromarray((grey * (255.0 / top)).clip(0, 255).astype(np.uint8)), None
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        full = image.convert("RGBA")
        return full.convert("RGB"), full.getchannel("A")
    if image.mode in ("L", "RGB", "CMYK"):
        return image.copy(), None
    return image.convert("L" if image.mode == "1" else "RGB"), None


def _to_srgb(image: Image.Image, profile: bytes) -> tuple[Image.Image, str]:
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        name = ImageCms.getProfileDescription(source).strip()
        if "srgb" in name.lower() and image.mode == "RGB":
            return image, f"profile {name}"
        converted = ImageCms.profileToProfile(
            image,
            source,
            ImageCms.createProfile("sRGB"),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError) as error:
        return image, f"unreadable profile left out ({_first_line(error)})"
    return converted or image, f"profile {name} to sRGB"
