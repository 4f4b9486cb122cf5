"""Where cards stand that the format itself has no area for: the hook, the rating, the sting."""

from __future__ import annotations

from schemas.format import HEAD, Box, Format

_HOOK_PX = 150.0
"""Least height of a hook, of a frame 1080 wide."""
_RATING_PX = 66.0


def hook_box(frame: Format, layout: str, *, below_price: bool = False) -> Box:
    """Below the label, over the uppermost quarter of the product and never over its middle, beside
    the presenter's head where that reaches up to it; `below_price` where something else stands in
    the price's room.
    """
    shot, zone = frame.shots[layout], frame.safe_zone
    tall = shot.product.y1 - shot.product.y0
    above = max(frame.ai_label.y1, frame.price_tag.y1 if below_price else 0.0)
    top = above + 14 * frame.unit / frame.height_px
    least = _HOOK_PX * frame.unit / frame.height_px
    bottom = max(shot.product.y0 + 0.25 * tall, min(top + least, shot.product.y0 + 0.30 * tall))
    right = zone.x1
    if shot.presenter is not None:
        head = shot.presenter.inside(HEAD)
        if head.y0 < bottom:
            right = min(right, head.x0)
    return Box(zone.x0, top, right, bottom)


def rating_box(frame: Format) -> Box:
    """Below the label, left of the price, above the product."""
    top = frame.ai_label.y1 + 10 * frame.unit / frame.height_px
    bottom = top + _RATING_PX * frame.unit / frame.height_px
    product = min(frame.shots[kind].product.y0 for kind in ("presented", "hero"))
    if product - top > 0.6 * (bottom - top):
        bottom = min(bottom, product)
    right = frame.price_tag.x0 - 16 * frame.unit / frame.width_px
    return Box(frame.ai_label.x0, top, right, bottom)
