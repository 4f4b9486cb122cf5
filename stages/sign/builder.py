"""Opens a c2pa builder on a manifest with its thumbnail and the product photo."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import c2pa  # type: ignore[import-untyped]
import cv2
import numpy as np
from PIL import Image

from stages.base import Reject

MIME = {
    ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".webp": "image/webp",
    ".avif": "image/avif", ".gif": "image/gif",
}  # fmt: skip
THUMBNAIL_PX = 512
"""Long side of the picture in the manifest that viewers show beside the credentials."""

MOST_PHOTO_BYTES = 32_000_000
"""The reader of Content Credentials is given no larger file."""
PIXELS_PX = 2048
PIXELS_ALONE = "Pixels of the photo; credentials that came with it could not be read."


def own_version() -> str:
    """Of this program."""
    try:
        return metadata.version("spotmill")
    except metadata.PackageNotFoundError:  # run from a checkout that is not installed
        return "0.1.0"


def small_picture(poster: Path, target: Path) -> Path:
    """The poster as a small JPEG at `target`. Raises `Reject` if it is no picture."""
    picture = cv2.imread(str(poster), cv2.IMREAD_COLOR)
    if picture is None:
        raise Reject("unreadable_picture", f"the poster {poster.name} cannot be decoded")
    scale = THUMBNAIL_PX / max(picture.shape[:2])
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(target), small, [cv2.IMWRITE_JPEG_QUALITY, 85])
    return target


def open_builder(
    definition: Mapping[str, Any], context: Any, thumbnail: Path, ingredient: Mapping[str, str],
    photo: Path, plain: Path,
) -> Any:  # fmt: skip
    """A builder, to be closed by the caller. The photo keeps the credentials that it brings along.

    Of a photo whose credentials cannot be read, or that is larger than `MOST_PHOTO_BYTES`, the
    ingredient is a copy of its pixels, made at `plain`, and says so: nobody's broken metadata may
    keep a finished spot from being signed. Raises `Reject` for a photo that cannot be one.
    """
    mime = MIME.get(photo.suffix.lower())
    if mime is None:
        raise Reject(
            "ingredient_format",
            f"the product photo is a {photo.suffix or 'file without extension'};"
            f" use one of {', '.join(MIME)}",
        )
    if photo.stat().st_size <= MOST_PHOTO_BYTES:
        try:
            return _opened(definition, context, thumbnail, ingredient, photo, mime)
        except c2pa.C2paError:  # a manifest of garbage, or one made to do harm
            pass
    _save_pixels(photo, plain)
    told = {**ingredient, "description": PIXELS_ALONE}
    try:
        return _opened(definition, context, thumbnail, told, plain, "image/png")
    except c2pa.C2paError as error:
        raise Reject(
            "ingredient_unreadable",
            f"the product photo cannot be taken as an ingredient: {str(error)[:200]};"
            " replace the picture or save it again without its metadata",
        ) from None


def _opened(
    definition: Mapping[str, Any], context: Any, thumbnail: Path, ingredient: Mapping[str, str],
    photo: Path, mime: str,
) -> Any:  # fmt: skip
    builder = c2pa.Builder(dict(definition), context=context)
    try:
        with thumbnail.open("rb") as file:
            builder.add_resource("thumbnail", file)
        with photo.open("rb") as file:
            builder.add_ingredient(dict(ingredient), mime, file)
    except BaseException:
        builder.close()
        raise
    return builder


def _save_pixels(photo: Path, plain: Path) -> None:
    """The photo's first picture without anything that came with it, as PNG."""
    try:
        with Image.open(photo, formats=("JPEG", "PNG", "WEBP", "AVIF", "GIF")) as image:
            image.thumbnail((PIXELS_PX, PIXELS_PX))
            Image.fromarray(np.asarray(image.convert("RGBA"))).save(plain, "PNG")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise Reject(
            "ingredient_unreadable",
            f"the product photo cannot be decoded ({str(error)[:120]}); export it again",
        ) from None
