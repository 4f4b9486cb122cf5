"""Directing: when and where everything of a spot is seen, as one timeline per format."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.format import Box, Format
from schemas.timeline import (
    Card,
    PresenterTrack,
    SoundTrack,
    TimedCaption,
    TimedShot,
    Timeline,
    Transition,
)
from stages.composite.captions import READING_CPS, Captions
from stages.composite.end_card_rows import Copy
from stages.composite.look import Look
from stages.composite.placing import hook_box, rating_box
from stages.composite.presenter import presenter_boxes, presenter_spans_s

TAG_DELAY_S = 0.25
"""Price and stars come when the second shot is on screen, not in the cut."""
CARD_DELAY_S = 0.10
"""A plate rises when the crossfade has begun; a field or a window comes with the cut."""
_SWEPT = 0.62
"""Share of a sweep that is over when the end card is heard: its field then begins to leave."""
_STAGGER_S = 0.12
_SEEN_S = 0.35
"""What the eye needs to find a text before it reads."""


@dataclass(frozen=True)
class Script:
    """All that one spot says and shows besides its captions; the same in every format."""

    copy: Copy
    disclosure: str
    hook: str | None
    qr: str | None
    length_s: float


def direct(
    spot: Mapping[str, Any], script: Script, captions: Captions, frame: Format, look: Look,
    template: str,
) -> Timeline:  # fmt: skip
    """The timeline that the drawing and the graph work from."""
    shots: Sequence[Mapping[str, Any]] = spot["shots"]
    return Timeline(
        format=frame.name,
        template=template,
        width_px=frame.width_px,
        height_px=frame.height_px,
        fps=frame.fps,
        length_s=script.length_s,
        safe_zone=frame.safe_zone,
        shots=tuple(_shot(shot) for shot in shots),
        transitions=tuple(_transitions(shots, frame.fps, look)),
        presenter=_presenter(spot, frame),
        captions=tuple(
            TimedCaption(group.text, group.start_s, group.end_s, group.box)
            for group in captions.groups
        ),
        cards=tuple(_cards(shots, script, frame, look)),
        sounds=tuple(_sounds(spot, script.length_s)),
    )


def _shot(shot: Mapping[str, Any]) -> TimedShot:
    product = shot.get("product_box")
    return TimedShot(
        shot["index"], shot["layout"], shot["move"], shot["uri"], shot["start_s"], shot["end_s"],
        Box(**product) if product else None,
    )  # fmt: skip


def _transitions(shots: Sequence[Mapping[str, Any]], fps: int, look: Look) -> list[Transition]:
    own = look.template.transitions
    wanted_s = 0.0 if own.style == "cut" else own.length_s
    found = []
    for index, (shot, later) in enumerate(itertools.pairwise(shots)):
        frames = round(min(wanted_s + 0.5 / fps, shot["handle_s"]) * fps)
        frames = min(frames, round(later["end_s"] * fps) - round(later["start_s"] * fps))
        found.append(Transition(index, own.style, shot["end_s"], frames / fps))
    return found


def _presenter(spot: Mapping[str, Any], frame: Format) -> PresenterTrack | None:
    spans = presenter_spans_s(spot)
    box = presenter_boxes(spot, frame)["presenter_box"]
    if not spans or box is None:
        return None
    return PresenterTrack(
        spot["avatar_uri"], spot["avatar_start_s"], spot.get("avatar_shift_s") or 0.0,
        tuple(spans), Box(**box),
    )  # fmt: skip


def _cards(
    shots: Sequence[Mapping[str, Any]], script: Script, frame: Format, look: Look
) -> list[Card]:
    template, length_s = look.template, script.length_s
    first, last = shots[0], shots[-1]
    ends_with_card = last["layout"] == "end_card"
    card_s = last["start_s"] if ends_with_card else length_s
    found = []
    if script.disclosure:
        found.append(Card("ai_label", script.disclosure, 0.0, length_s, frame.ai_label))
    if script.hook and template.hook is not None:
        read_s = _SEEN_S + len(script.hook) / READING_CPS
        end_s = min(max(template.hook.length_s, read_s), first["end_s"] - 0.05)
        rises = template.sting is not None and template.sting.style == "rise"
        box = template.place(frame, "hook") or hook_box(frame, first["layout"], below_price=rises)
        if end_s > 0.5 and first["layout"] != "end_card":
            found.append(Card("hook", script.hook, 0.0, end_s, box))
    sting = template.sting
    if sting is not None and ends_with_card:
        before_s = _SWEPT * sting.length_s
        name = script.copy.brand
        if sting.style == "sweep":
            found.append(
                Card(
                    "sting",
                    name,
                    card_s - before_s,
                    card_s - before_s + sting.length_s,
                    frame.safe_zone,
                )
            )
        elif len(shots) > 1 and first["end_s"] > sting.length_s:
            found.append(Card("sting", name, 0.0, sting.length_s * 2, frame.price_tag))
    begin_s = shots[1]["start_s"] + TAG_DELAY_S if len(shots) > 1 else card_s
    # Price and stars are gone when a sweep is over them.
    gone_s = card_s
    if sting is not None and sting.style == "sweep" and ends_with_card:
        gone_s -= 0.8 * _SWEPT * sting.length_s
    if begin_s < gone_s:
        if script.copy.offer and template.price.style != "none":
            text = script.copy.offer.price
            found.append(Card("price", text, begin_s, gone_s, frame.price_tag))
        if script.copy.rating and template.rating.in_shots:
            box = template.place(frame, "rating") or rating_box(frame)
            text = script.copy.rating.text(look.language)
            found.append(Card("rating", text, begin_s + _STAGGER_S, gone_s, box))
    area = frame.shots["end_card"].card
    if ends_with_card and area is not None:
        text = " / ".join(t for t in (script.copy.tagline, script.copy.cta) if t)
        start_s = card_s + (CARD_DELAY_S if template.end_card.design == "plate" else 0.0)
        found.append(Card("end_card", text, start_s, length_s, area))
        if script.qr:
            found.append(Card("qr", script.qr, start_s, length_s, area))
    return found


def _sounds(spot: Mapping[str, Any], length_s: float) -> list[SoundTrack]:
    found = [SoundTrack("voice", 0.0, None)]
    if spot.get("music"):
        found.append(SoundTrack("music", 0.0, length_s))
    return found + [
        SoundTrack(event["name"], event["time_s"], None) for event in spot["sound_events"] or []
    ]
