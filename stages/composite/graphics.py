"""All that is drawn over a spot's picture, as bands, from the timeline of one format."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from schemas.format import Format
from schemas.timeline import Card, Timeline
from stages.composite.band import Band, Sprite
from stages.composite.captions import Captions
from stages.composite.cards import AiLabel
from stages.composite.end_card import EndCard
from stages.composite.end_card_rows import Copy
from stages.composite.fitting import HYPHEN
from stages.composite.graph import Placed
from stages.composite.hook import Hook
from stages.composite.look import Look
from stages.composite.price import PriceTag
from stages.composite.rating import RatingChip
from stages.composite.sting import Sting

_SHADOW_PX = 22.0


@dataclass(frozen=True)
class Graphics:
    """Bands in the order they are laid over the picture, and the captions among them."""

    placed: list[Placed]
    captions: Captions
    texts: tuple[ShownText, ...] = ()
    """All that is written on them, in the order they are laid."""


@dataclass(frozen=True)
class ShownText:
    """A text as it is drawn, and when; `where` is the kind of its card, "caption", or "brand"
    for the sign on the end card."""

    where: str
    text: str
    start_s: float
    end_s: float


def plan(
    timeline: Timeline, captions: Captions, copy: Copy, frame: Format, look: Look,
    logo: np.ndarray | None,
) -> Graphics:  # fmt: skip
    """`logo` (h, w, 4) with straight alpha. Raises `ValueError` for a QR code without room."""
    bands = _Bands(frame, round(timeline.length_s * frame.fps))
    placed = []
    texts = [
        ShownText("caption", _line(group.block.text), group.start_s, group.end_s)
        for group in captions.groups
    ]
    if captions.groups:
        end = captions.groups[-1].end_s + 1 / frame.fps
        band = bands.between(captions.height_px, 0.0, end, [captions])
        placed.append(Placed("captions", band, captions.tops_px()))
    if hook := timeline.card("hook"):
        top, height = bands.around([hook], rise_px=60.0)
        if look.template.hook is not None and look.template.hook.style == "plain":
            top, height = 0, top + height  # the shade behind it begins at the frame's edge
        written = Hook(hook, frame, top, look)
        band = bands.between(height, 0.0, hook.end_s, [written])
        texts += _written(hook, written.texts)
        placed.append(Placed("hook", band, [(0.0, top)]))
    if card := timeline.card("end_card"):
        code = timeline.card("qr")
        shown = copy if look.template.rating.on_card else replace(copy, rating=None)
        drawn = EndCard(shown, card, frame, look, logo, code.text if code else None)
        band = bands.between(drawn.height_px, card.start_s, timeline.length_s, [drawn])
        placed.append(Placed("end_card", band, [(0.0, drawn.top_px)]))
        texts += [replace(one, where="brand") for one in _written(card, drawn.sign_texts)]
        texts += _written(card, drawn.texts)
        texts += _written(code, (code.text,)) if code else []
    sting = timeline.card("sting")
    own = look.template.sting
    if sting and own and own.style == "sweep":  # over the whole frame, in a band of its own
        sprite = Sting(sting, frame, 0, look, logo)
        band = bands.between(frame.height_px, sting.start_s, sting.end_s, [sprite])
        placed.append(Placed("sting", band, [(0.0, 0)]))
        texts += _written(sting, sprite.texts)
        sting = None
    if upper := _top(timeline, sting, copy, frame, look, logo, bands):
        placed.append(upper[0])
        texts += upper[1]
    return Graphics(placed, captions, tuple(texts))


def _top(
    timeline: Timeline, sting: Card | None, copy: Copy, frame: Format, look: Look,
    logo: np.ndarray | None, bands: _Bands,
) -> tuple[Placed, list[ShownText]] | None:  # fmt: skip
    """The band with the AI label, the price, the stars and a sting that rises, and their texts;
    None where there is nothing of these."""
    label, price, rating = (timeline.card(kind) for kind in ("ai_label", "price", "rating"))
    cards = [card for card in (label, price, rating, sting) if card is not None]
    if not cards:
        return None
    top, height = bands.around(cards)
    drawn: list[tuple[Card, AiLabel | PriceTag | RatingChip | Sting]] = []
    if label is not None:
        shown = AiLabel(label.text, frame, top, look.lettering)
        if shown.cut:
            raise ValueError(f"the AI label {label.text!r} has no room in {frame.name}; shorten it")
        drawn.append((label, shown))
    if price is not None and copy.offer is not None:
        drawn.append((price, PriceTag(copy.offer, price, frame, top, look)))
    if rating is not None and copy.rating is not None:
        drawn.append((rating, RatingChip(copy.rating, rating, frame, top, look)))
    if sting is not None:
        drawn.append((sting, Sting(sting, frame, top, look, logo)))
    band = bands.between(height, 0.0, timeline.length_s, [sprite for _, sprite in drawn])
    texts = [text for card, sprite in drawn for text in _written(card, sprite.texts)]
    return Placed("top", band, [(0.0, top)]), texts


def _written(card: Card, texts: Sequence[str]) -> list[ShownText]:
    return [ShownText(card.kind, _line(text), card.start_s, card.end_s) for text in texts]


def _line(text: str) -> str:
    """Lines of a block as one; a word that a hyphen breaks is whole again."""
    return text.replace(f"{HYPHEN}\n", "").replace("\n", " ")


@dataclass(frozen=True)
class _Bands:
    """Bands of one frame, which lasts so many frames."""

    frame: Format
    frames: int

    def between(
        self, height_px: int, start_s: float, end_s: float, sprites: Sequence[Sprite]
    ) -> Band:
        """A band seen from one second to another."""
        fps = self.frame.fps
        first = int(start_s * fps + 1e-6)
        end = min(max(math.ceil(end_s * fps - 1e-6), first + 1), self.frames)
        return Band(self.frame.width_px, height_px, fps, first, end, sprites)

    def around(self, cards: Sequence[Card], rise_px: float = 0.0) -> tuple[int, int]:
        """(upper edge, height), even, of a band that holds these cards and their shadows."""
        margin = (_SHADOW_PX + rise_px) * self.frame.unit
        upper = min(card.box.y0 for card in cards) * self.frame.height_px - margin
        lower = max(card.box.y1 for card in cards) * self.frame.height_px + margin
        top = max(int(upper // 2 * 2), 0)
        return top, int((min(lower, self.frame.height_px) - top) // 2 * 2)


def drawn_at(graphics: Graphics, frame: Format, time_s: float) -> np.ndarray:
    """All that is drawn over the picture at that time: uint8 (h, w, 4), premultiplied alpha."""
    whole = np.zeros((frame.height_px, frame.width_px, 4), np.uint8)
    for placed in graphics.placed:
        band, number = placed.band, int(time_s * frame.fps + 1e-6)
        if not band.first_frame <= number < band.end_frame:
            continue
        begun = [top for from_s, top in placed.tops_px if from_s <= time_s + 1e-4]
        top = begun[-1] if begun else placed.tops_px[0][1]
        whole = _over(whole, band.picture(number / frame.fps), top)
    return whole


def _over(whole: np.ndarray, band: np.ndarray, top: int) -> np.ndarray:
    rows = slice(max(top, 0), min(top + len(band), len(whole)))
    part = band[rows.start - top : rows.stop - top].astype(np.uint16)
    below = whole[rows].astype(np.uint16)
    whole[rows] = np.minimum(part + below * (255 - part[..., 3:]) // 255, 255).astype(np.uint8)
    return whole
