"""Timeline: all that is seen and heard in a spot, when and where, in one format."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from schemas.format import Box


@dataclass(frozen=True)
class TimedShot:
    """A clip between its cuts; `product` is where the product is in it."""

    index: int
    layout: str
    move: str
    uri: str
    start_s: float
    end_s: float
    product: Box | None


@dataclass(frozen=True)
class Transition:
    """The change from shot `after` to the next: it begins at the cut and lasts `length_s`."""

    after: int
    style: str
    start_s: float
    length_s: float


@dataclass(frozen=True)
class PresenterTrack:
    """The presenter's film: when it starts, when she is seen, where."""

    uri: str
    start_s: float
    shift_s: float
    spans_s: tuple[tuple[float, float], ...]
    box: Box


@dataclass(frozen=True)
class TimedCaption:
    """A group of words on screen together."""

    text: str
    start_s: float
    end_s: float
    box: Box


@dataclass(frozen=True)
class Card:
    """Something drawn over the picture: "ai_label", "price", "hook", "rating", "sting",
    "end_card" or "qr". `box` is its room; what is drawn lies inside."""

    kind: str
    text: str
    start_s: float
    end_s: float
    box: Box


@dataclass(frozen=True)
class SoundTrack:
    """One thing that is heard: "voice", "music" or an effect by its name."""

    kind: str
    start_s: float
    end_s: float | None
    """None: to its own end."""


@dataclass(frozen=True)
class Timeline:
    """One spot in one format. Times in seconds, boxes in fractions of the frame."""

    format: str
    template: str
    width_px: int
    height_px: int
    fps: int
    length_s: float
    safe_zone: Box
    shots: tuple[TimedShot, ...]
    transitions: tuple[Transition, ...]
    presenter: PresenterTrack | None
    captions: tuple[TimedCaption, ...]
    cards: tuple[Card, ...]
    sounds: tuple[SoundTrack, ...]

    @property
    def changes_s(self) -> tuple[float, ...]:
        """How long each change from a shot to the next lasts."""
        return tuple(change.length_s for change in self.transitions)

    def card(self, kind: str) -> Card | None:
        """The card of that kind, if the spot has it."""
        return next((card for card in self.cards if card.kind == kind), None)


def timelines_json(timelines: Sequence[Timeline]) -> str:
    """The timelines of all formats as JSON: a list, in the formats' order."""
    return json.dumps([asdict(one) for one in timelines], indent=1, ensure_ascii=False) + "\n"
