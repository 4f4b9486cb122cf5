"""The shots of a spot as one of its formats shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def shots_in(shots: Sequence[Mapping[str, Any]], format_name: str) -> list[dict[str, Any]]:
    """`arrow_types.SHOT` rows with the clip, the product's box and the "crop" of that format; for
    one that a shot has nothing of its own for, those of the first, "crop" being None."""
    found = []
    for shot in shots:
        others = {clip["format"]: clip for clip in shot.get("others") or []}
        own = others.get(format_name, {})
        names = ("uri", "product_box", "crop")
        found.append({**shot, "crop": None, **{name: own[name] for name in names if name in own}})
    return found
