"""All that is drawn over a spot's picture, planned for one format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schemas.layout import Format
from stages.composite.band import Band, Sprite
from stages.composite.captions import Captions
from stages.composite.cards import AiLabel, PriceTag
from stages.composite.colours import Palette
from stages.composite.end_card import EndCard
from stages.composite.end_card_rows import Copy
from stages.composite.graph import Placed
from stages.composite.text import Lettering

TAG_DELAY_S = 0.25
"""The price tag comes when the second shot is on screen, not in the cut."""
CARD_DELAY_S = 0.10
_SHADOW_PX = 22.0


@dataclass(frozen=True)
class Graphics:
    """Bands in the order they are laid over the picture, and the captions among them."""

    placed: list[Placed]
    captions: Captions


def plan(
    copy: Copy, disclosure: str, shots: Sequence[Mapping[str, Any]],
    words: Sequence[Mapping[str, Any]], frame: Format, lettering: Lettering, palette: Palette,
    length_s: float, logo: Path | None,
) -> Graphics:  # fmt: skip
    """Captions and cards of one spot; `shots` and `words` are SHOT and WORD structs."""
    frames = round(length_s * frame.fps)
    captions = Captions(words, shots, frame, lettering, palette)
    last = shots[-1]
    card_s = last["start_s"] if last["layout"] == "end_card" else length_s
    placed = []
    if captions.groups:
        end = min(round(captions.groups[-1].end_s * frame.fps) + 1, frames)
        band = _band(frame, captions.height_px, 0, end, [captions])
        placed.append(Placed("captions", band, captions.tops_px()))
    if card_s < length_s:
        card = EndCard(copy, frame, lettering, palette, start_s=card_s + CARD_DELAY_S, logo=logo)
        band = _band(frame, card.height_px, round(card_s * frame.fps), frames, [card])
        placed.append(Placed("end_card", band, [(0.0, card.top_px)]))
    placed.append(_top(copy, disclosure, shots, frame, lettering, palette, card_s, frames))
    return Graphics(placed, captions)


def _top(
    copy: Copy, disclosure: str, shots: Sequence[Mapping[str, Any]], frame: Format,
    lettering: Lettering, palette: Palette, card_s: float, frames: int,
) -> Placed:  # fmt: skip
    """The band with the AI label and, from the second shot on, the price tag."""
    margin = _SHADOW_PX * frame.unit
    upper = min(frame.ai_label.y0, frame.price_tag.y0) * frame.height_px - margin
    lower = max(frame.ai_label.y1, frame.price_tag.y1) * frame.height_px + margin
    top = int(upper // 2 * 2)
    sprites: list[Sprite] = [AiLabel(disclosure, frame, top, lettering)]
    start_s = shots[1]["start_s"] + TAG_DELAY_S if len(shots) > 1 else card_s
    if copy.offer and start_s < card_s:
        sprites.append(
            PriceTag(
                copy.offer, frame, top, lettering, palette,
                start_s=start_s, end_s=card_s,
            )
        )  # fmt: skip
    band = _band(frame, int((lower - top) // 2 * 2), 0, frames, sprites)
    return Placed("top", band, [(0.0, top)])


def _band(frame: Format, height_px: int, first: int, end: int, sprites: Sequence[Sprite]) -> Band:
    return Band(frame.width_px, height_px, frame.fps, first, end, sprites)
