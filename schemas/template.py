"""Template: the look of a spot as a data file. `stages/composite/templates` has some."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.checked import checked
from schemas.config_error import ConfigError, Refusal
from schemas.format import Box, Format, ShotLayout, faults
from schemas.platform import FormatName

Factor = Annotated[float, Field(ge=0.7, le=1.4)]
"""Of the usual size, 0.7 to 1.4."""
Inside = Annotated[float, Field(ge=0.0, le=1.0)]
Corners = tuple[Inside, Inside, Inside, Inside]
"""Left, top, right, bottom in fractions of the safe zone: nothing can leave it, whatever platforms
leave of the frame."""
Case = Literal["as_written", "upper"]
Face = Literal["text", "headline"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class CaptionLook(_Part):
    """Captions. What is behind them keeps them readable over any picture."""

    style: Literal["plate", "block", "stroke", "none"] = "plate"
    """A sheet of the brand's paper; a block of its accent; letters with an outline; letters on a
    soft shade."""
    highlight: Literal["pill", "colour", "underline", "none"] = "pill"
    """How the spoken word is marked."""
    case: Case = "as_written"
    face: Face = "text"
    size: Factor = 1.0


class HookLook(_Part):
    """A short text over the first shot: the script's `hook`, or the tagline."""

    style: Literal["plate", "block", "plain"] = "plate"
    """On paper, on the accent, or letters on a soft shade."""
    case: Case = "as_written"
    face: Face = "headline"
    size: Factor = 1.0
    align: Literal["left", "centre"] = "centre"
    length_s: Annotated[float, Field(ge=0.8, le=4.0)] = 1.6
    """At least; a text that takes longer to read stays longer, but not beyond its shot."""


class PriceLook(_Part):
    """The price while the product is shown."""

    style: Literal["tag", "burst", "minimal", "none"] = "tag"
    discount: bool = False
    """Whether a saving stands beside it as a badge."""


class RatingLook(_Part):
    """Stars, where feed or script give a rating."""

    in_shots: bool = True
    on_card: bool = True


class Sting(_Part):
    """The brand's logo, or its name, on its own for a moment."""

    style: Literal["sweep", "rise"]
    """A field of the accent that sweeps over the frame; a plate that rises in the first shot."""
    length_s: Annotated[float, Field(ge=0.4, le=1.5)] = 0.7


class EndCardLook(_Part):
    """The card at the end."""

    design: Literal["plate", "full", "split"] = "plate"
    """A rounded plate below the product; the whole frame in one colour with the product in a
    window; a field up to the frame's edges beside or below the product."""
    surface: Literal["paper", "accent", "ink"] = "paper"
    align: Literal["left", "centre"] = "centre"
    case: Case = "as_written"
    """Of tagline and button."""
    button: Literal["pill", "square", "underline"] = "pill"
    face: Face = "text"
    """Of the tagline and the price."""
    size: Annotated[float, Field(ge=0.7, le=2.0)] = 1.0
    """Of tagline and price, where there is room for it."""


class Transitions(_Part):
    """From shot to shot; all of them eased."""

    style: Literal["crossfade", "cut", "slide", "wipe", "zoom"] = "crossfade"
    length_s: Annotated[float, Field(ge=0.0, le=0.6)] = 0.4


class PresenterPlace(_Part):
    """Her square picture, whose lower edge is the frame's."""

    height: Annotated[float, Field(ge=0.3, le=0.95)]
    """Share of the frame's; never less than the format has her."""
    x: Annotated[float, Field(ge=0.0, le=1.0)] = 0.5
    """Her middle, as a fraction of the frame's width."""


class ShotAreas(_Part):
    """Other places of one kind of shot; what is left out stays where the format has it."""

    product: Corners | None = None
    captions: Corners | None = None
    presenter: PresenterPlace | None = None


class Areas(_Part):
    """Other places in one format."""

    label: Corners | None = None
    price: Corners | None = None
    hook: Corners | None = None
    rating: Corners | None = None
    presented: ShotAreas = ShotAreas()
    hero: ShotAreas = ShotAreas()
    end_card: ShotAreas = ShotAreas()
    card: Corners | None = None


class Template(_Part):
    """How spots look; whatever it leaves out is as in `clean`."""

    title: Annotated[str, Field(min_length=1, max_length=120)]
    headline: Literal["sans", "condensed", "serif"] = "sans"
    corners: Literal["round", "square"] = "round"
    captions: CaptionLook = CaptionLook()
    hook: HookLook | None = HookLook()
    price: PriceLook = PriceLook()
    rating: RatingLook = RatingLook()
    sting: Sting | None = None
    end_card: EndCardLook = EndCardLook()
    transitions: Transitions = Transitions()
    moves: tuple[str, ...] = ()
    """Camera moves that suit it, best first; an engine that has none of them takes its own."""
    areas: dict[FormatName, Areas] = Field(default_factory=dict)
    """By format; what is left out stays where the format has it."""

    @property
    def identity(self) -> str:
        """All of it that shows, as text, for keys."""
        return self.model_dump_json(exclude={"title"})

    def applied(self, frame: Format) -> Format:
        """The format with this template's areas. Raises `ConfigError` where these lie over each
        other or a face, naming key, value and fix.
        """
        own = self.areas.get(frame.name)  # type: ignore[call-overload]
        if own is None:
            return frame
        zone = frame.safe_zone
        shots = {
            name: _shot(frame, layout, getattr(own, name)) for name, layout in frame.shots.items()
        }
        if own.card is not None:
            shots["end_card"] = replace(shots["end_card"], card=zone.inside(Box(*own.card)))
        placed = replace(
            frame,
            ai_label=zone.inside(Box(*own.label)) if own.label else frame.ai_label,
            price_tag=zone.inside(Box(*own.price)) if own.price else frame.price_tag,
            shots=shots,
        )
        refusals = [_refusal(own, frame.name, *fault) for fault in faults(placed)]
        if refusals:
            raise ConfigError(f"the template {self.title!r}", refusals)
        return placed

    def place(self, frame: Format, name: Literal["hook", "rating"]) -> Box | None:
        """A place that only templates name; None where this one leaves it to be found."""
        own = self.areas.get(frame.name)  # type: ignore[call-overload]
        corners = None if own is None else getattr(own, name)
        return None if corners is None else frame.safe_zone.inside(Box(*corners))


def parse_template(raw: Any, source: str) -> Template:
    """The template of a parsed YAML document. Raises `ConfigError` with each key, value, fix."""
    template = checked(Template, raw, source, _in_words)
    refusals = [
        Refusal(f"areas.{name}.{key}", str(list(corners)), "write left before right, top first")
        for name, areas in template.areas.items()
        for key, corners in _corners(areas)
        if corners[0] >= corners[2] or corners[1] >= corners[3]
    ]
    if refusals:
        raise ConfigError(source, refusals)
    return template


def _shot(frame: Format, layout: ShotLayout, own: ShotAreas) -> ShotLayout:
    zone, presenter = frame.safe_zone, layout.presenter
    captions = layout.captions
    # A template moves things; whether a kind of shot has them at all is the format's.
    if captions is not None and own.captions is not None:
        captions = zone.inside(Box(*own.captions))
    if presenter is not None and own.presenter is not None:
        side = max(own.presenter.height, presenter.y1 - presenter.y0)
        wide = side * frame.height_px / frame.width_px
        presenter = Box(own.presenter.x - wide / 2, 1 - side, own.presenter.x + wide / 2, 1.0)
    product = zone.inside(Box(*own.product)) if own.product else layout.product
    return replace(layout, product=product, captions=captions, presenter=presenter)


def _corners(areas: Areas) -> list[tuple[str, Corners]]:
    names = ("label", "price", "hook", "rating", "card")
    flat = [(name, getattr(areas, name)) for name in names]
    for shot in ("presented", "hero", "end_card"):
        part = getattr(areas, shot)
        flat += [(f"{shot}.product", part.product), (f"{shot}.captions", part.captions)]
    return [(key, corners) for key, corners in flat if corners is not None]


def _refusal(own: Areas, frame: str, area: str, said: str) -> Refusal:
    names = {"ai_label": "label", "price_tag": "price", "end_card.card": "card"}
    key = names.get(area, area.replace(".face", ".presenter").replace(".head", ".presenter"))
    part: Any = own
    for name in key.split("."):
        part = getattr(part, name, None)
    value = "as the format has it" if part is None else str(part)
    return Refusal(f"areas.{frame}.{key}", value, f"it {said}; move it, or the other")


def _in_words(error: Any) -> str | None:
    if error["type"] == "literal_error" and len(error["loc"]) > 1:
        return f"write {error['ctx']['expected'].replace(chr(39), '')}"
    if "areas" in error["loc"] and error["type"] in (
        "tuple_type", "missing", "greater_than_equal", "less_than_equal", "too_long",
        "float_parsing",
    ):  # fmt: skip
        return "write [left, top, right, bottom] in fractions of the safe zone, 0 to 1"
    return None
