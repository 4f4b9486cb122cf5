"""Reframing: a clip made for one format in the frame of another, the product where it belongs."""

from __future__ import annotations

from dataclasses import dataclass, replace

from schemas.layout import Box, Format

_BLEEDS = 0.002
"""A product that comes this near to an edge of the frame is cut by it on purpose."""
LEAST_SIZE = 0.80
"""A clip is taken as it is, and not drawn anew, if the product is at least this large in it,
against the largest that its area holds."""


@dataclass(frozen=True)
class Reframed:
    """What of the clip (in its fractions; beyond 0 to 1 there is nothing of it) fills the frame.

    `product_box` is in the new frame. `scale` is the enlargement in pixels. `size` is how large the
    product is against the largest that the area holds, 1 or less.
    """

    crop: Box
    product_box: Box
    scale: float
    size: float

    @property
    def is_cut(self) -> bool:
        """Whether it is a plain cut: no pixel is scaled, and none is missing."""
        return self.scale == 1.0 and Box(0.0, 0.0, 1.0, 1.0).contains(self.crop, slack=1e-9)


def reframed(clip: Format, product: Box, form: Format, area: Box) -> Reframed:
    """Lay a clip of format `clip`, with the product in `product`, into the frame of `form`, so that
    the product lands in `area`, in its middle where that leaves no part of the frame bare.

    The clip keeps its own size if the product then fits and the frame is filled; else it is
    enlarged to fill the frame, or made smaller until the product fits, which goes first.
    """
    size = (clip.width_px, clip.height_px)
    frame = (form.width_px, form.height_px)
    px = product.pixels(*size)
    room = area.pixels(*frame)
    bleeds = product.x0 <= _BLEEDS or product.x1 >= 1 - _BLEEDS
    fits = (room[3] - room[1]) / max(1, px[3] - px[1])
    if not bleeds:
        fits = min(fits, (room[2] - room[0]) / max(1, px[2] - px[0]))
    fills = max(frame[0] / size[0], frame[1] / size[1])
    scale = min(max(1.0, fills), fits)
    crop, placed = [0.0] * 4, [0.0] * 4
    for axis in (0, 1):
        low, high = px[axis] * scale, px[axis + 2] * scale
        start = (room[axis] + room[axis + 2] - low - high) / 2
        within = (room[axis] - low, room[axis + 2] - high)
        if axis == 0 and bleeds:
            start, within = (frame[0] - size[0] * scale) / 2, (-1e9, 1e9)
        filled = (frame[axis] - size[axis] * scale, 0.0)
        if filled[0] <= filled[1]:
            start = min(max(start, filled[0]), filled[1])
        start = min(max(start, within[0]), within[1])
        # Chroma has half the pixels: a cut at an odd one would shift it.
        start = round(start / 2) * 2
        crop[axis], crop[axis + 2] = (
            -start / (size[axis] * scale),
            (frame[axis] - start) / (size[axis] * scale),
        )
        placed[axis], placed[axis + 2] = (
            min(max((edge + start) / frame[axis], 0.0), 1.0) for edge in (low, high)
        )
    return Reframed(Box(*crop), Box(*placed), scale, min(1.0, scale / fits))


def padded(form: Format) -> Format:
    """The format in a frame of a multiple of 8 pixels, as the embedded engine draws it: its areas
    stay where they are, and at most seven rows and columns are cut off around it."""
    width, height = (-(-side // 8) * 8 for side in (form.width_px, form.height_px))
    if (width, height) == (form.width_px, form.height_px):
        return form
    return replace(form, width_px=width, height_px=height)
