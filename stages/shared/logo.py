"""Logos: pictures with alpha, or vector files (SVG) that are checked before they are drawn."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree.ElementTree import Element

import cv2
import numpy as np
import skia
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from stages.base import Reject
from stages.shared.picture import read_picture

MOST_BYTES = 5_000_000
MOST_SVG_BYTES = 500_000
_MOST_ELEMENTS = 5_000
_MOST_USES = 200
"""Uses of uses multiply: a file of a kilobyte can ask for a billion shapes."""
_LONG_SIDE_PX = 1024
_FORBIDDEN = {
    "script": "scripts", "foreignObject": "foreign objects", "image": "pictures inside",
    "text": "text (its font may be missing; turn it into outlines)", "animate": "animations",
    "animateTransform": "animations", "set": "animations", "iframe": "frames", "a": "links",
    "filter": "filters", "feImage": "filters",
}  # fmt: skip
_OUTWARD = re.compile(r"url\(\s*['\"]?(?!#)|@import|expression\(|javascript:", re.IGNORECASE)


def check_logo(content: bytes) -> None:
    """Raise `ValueError`, saying what to do, for a logo that cannot or must not be drawn."""
    if len(content) > MOST_BYTES:
        raise ValueError(f"is {len(content)} bytes; a logo has {MOST_BYTES} at most")
    _decoded(content)


def read_logo(path: Path) -> np.ndarray:
    """The logo as uint8, shape (h, w, 4), straight alpha, without clear edges; an SVG at 1024
    pixels. Raises `Reject` for one that `check_logo` refuses.
    """
    try:
        picture = _decoded(path.read_bytes(), path)
    except ValueError as error:
        raise Reject("unreadable_logo", f"the brand's logo {error}") from None
    x, y, wide, tall = cv2.boundingRect(np.ascontiguousarray(picture[..., 3]))
    return picture[y : y + tall, x : x + wide]


def is_svg(content: bytes) -> bool:
    """Whether it is XML with an svg element; a picture never begins so."""
    head = content[:2048].lstrip(b"\xef\xbb\xbf \t\r\n")
    return head.startswith(b"<") and b"<svg" in content[:MOST_SVG_BYTES]


def _decoded(content: bytes, path: Path | None = None) -> np.ndarray:
    if is_svg(content):
        picture = _rasterised(content)
    elif path is not None:
        try:
            picture = read_picture(path, alpha=True)
        except Reject as error:
            raise ValueError(f"cannot be used: {error.reason}") from None
    else:
        encoded = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
        if encoded is None:
            raise ValueError("is no picture that can be decoded; give a PNG with alpha, or an SVG")
        return encoded
    if not picture[..., 3].any():
        raise ValueError("is empty: nothing is drawn in it")
    return picture


def _rasterised(content: bytes) -> np.ndarray:
    root = _checked(content)
    wide, tall = _size(root)
    scale = _LONG_SIDE_PX / max(wide, tall)
    size = max(1, round(wide * scale)), max(1, round(tall * scale))
    drawing = skia.SVGDOM.MakeFromStream(skia.MemoryStream(content))
    if drawing is None:
        raise ValueError("is an SVG that cannot be read; export it again as plain SVG")
    drawing.setContainerSize(skia.Size.Make(*size))
    picture = np.zeros((size[1], size[0], 4), np.uint8)
    info = skia.ImageInfo.Make(*size, skia.kRGBA_8888_ColorType, skia.kPremul_AlphaType)
    canvas = skia.Surface.MakeRasterDirect(info, picture, 4 * size[0]).getCanvas()
    if root.get("viewBox") is None:  # without it the drawing keeps the size that it was made at
        canvas.scale(scale, scale)
        drawing.setContainerSize(skia.Size.Make(wide, tall))
    drawing.render(canvas)
    alpha = np.maximum(picture[..., 3:].astype(np.float32), 1.0)
    straight = picture.astype(np.float32)
    straight[..., :3] *= 255.0 / alpha
    return np.clip(np.rint(straight), 0, 255).astype(np.uint8)


def _checked(content: bytes) -> Element:
    """The parsed file. Entities, scripts, and all that leads out of the file are refused."""
    if len(content) > MOST_SVG_BYTES:
        raise ValueError(f"is an SVG of {len(content)} bytes; the most is {MOST_SVG_BYTES}")
    try:
        root: Element = fromstring(content, forbid_dtd=False, forbid_entities=True)
    except DefusedXmlException:
        raise ValueError("declares XML entities; export it again as plain SVG") from None
    except (ParseError, ValueError, UnicodeError):
        raise ValueError("is an SVG that is no valid XML; export it again") from None
    if _name(root) != "svg":
        raise ValueError(f"begins with <{_name(root)}>, not <svg>; export it again")
    elements = list(root.iter())
    if len(elements) > _MOST_ELEMENTS:
        raise ValueError(f"has {len(elements)} elements; simplify it to {_MOST_ELEMENTS}")
    for element in elements:
        _check_element(element)
    _check_uses(elements)
    return root


def _check_element(element: Element) -> None:
    name = _name(element)
    if name in _FORBIDDEN or name.startswith("fe"):
        said = _FORBIDDEN.get(name, "filters")
        raise ValueError(f"is an SVG with {said}; leave them out, or give a PNG")
    for key, value in element.attrib.items():
        bare = key.rpartition("}")[2]
        if bare.lower().startswith("on"):
            raise ValueError(f"is an SVG with a script ({bare}); leave it out")
        if bare == "href" and not value.strip().startswith("#"):
            raise ValueError(f"is an SVG that refers to {value[:60]!r}; put all of it in the file")
        if _OUTWARD.search(value):
            raise ValueError(f"is an SVG that refers outward ({bare}); put all of it in the file")
    if name == "style" and _OUTWARD.search(element.text or ""):
        raise ValueError("is an SVG whose style refers outward; put all of it in the file")


def _check_uses(elements: list[Element]) -> None:
    uses = [element for element in elements if _name(element) == "use"]
    if len(uses) > _MOST_USES or any(_refers(use, elements) for use in uses):
        raise ValueError("is an SVG whose parts use one another; expand them, or give a PNG")


def _refers(use: Element, elements: list[Element]) -> bool:
    """Whether the part that a `use` names holds another `use`."""
    wanted = next((v for k, v in use.attrib.items() if k.rpartition("}")[2] == "href"), "")[1:]
    target = next((element for element in elements if element.get("id") == wanted), None)
    return target is not None and any(_name(inner) == "use" for inner in target.iter())


def _size(root: Element) -> tuple[float, float]:
    """Width and height in its own units, by its view box or its size."""
    box = [float(n) for n in re.findall(r"-?\d+\.?\d*(?:[eE][-+]?\d+)?", root.get("viewBox", ""))]
    if len(box) != 4:
        sides = [
            re.match(r"\s*(\d+\.?\d*)\s*(px)?\s*$", root.get(k, "")) for k in ("width", "height")
        ]
        if None in sides:
            raise ValueError("is an SVG without a viewBox; export it with one")
        box = [0.0, 0.0, *(float(side[1]) for side in sides if side)]
    wide, tall = box[2], box[3]
    if not (0 < wide < 1e6 and 0 < tall < 1e6) or max(wide, tall) > 20 * min(wide, tall):
        raise ValueError(f"is an SVG of {wide:g} x {tall:g} units; give it a size that fits a card")
    return wide, tall


def _name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]
