"""Configuration and data files, checked: each wrong key becomes a refusal with value and fix."""

from __future__ import annotations

import difflib
import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from schemas.config_error import ConfigError, Refusal
from schemas.video_preset import Licence

Model = TypeVar("Model", bound=BaseModel)
Special = Callable[[Any], str | None]
"""From one of pydantic's errors to a fix in better words than its own, or None."""

_NAMED = re.compile(r"([a-z_.]+)(?: ([\w.]+))?: (.*)", re.DOTALL)
"""An error of the document, or of a part of it, that names its key itself: "length_s 40: is too
long"."""


class Weights(Protocol):
    """A preset, as far as its terms go."""

    @property
    def model(self) -> str:
        """Hub id or folder."""

    @property
    def revision(self) -> str | None:
        """Commit of the hub's repository."""

    @property
    def licence(self) -> Licence:
        """Whose terms."""

    @property
    def is_hub_id(self) -> bool:
        """Whether `model` names a repository of the hub."""


def checked(model: type[Model], raw: Any, source: str, special: Special | None = None) -> Model:
    """A parsed document as `model`. Raises `ConfigError` naming each key, value and fix."""
    if not isinstance(raw, Mapping):
        raise ConfigError(source, [Refusal("(file)", "", "write `key: value` lines, see README")])
    try:
        return model.model_validate(dict(raw))
    except ValidationError as error:
        refusals = [_refusal(one, model, special) for one in error.errors()]
        raise ConfigError(source, refusals) from None


def weights_refusals(
    part: str, preset: Weights, *, accepted: bool, own: bool, use: str = "this campaign"
) -> list[Refusal]:
    """What stands against weights: a hub id without its commit, and terms with conditions, or not
    read, or of a copy (`own`), that nobody has accepted. `part` is where the keys are ("voice.").
    """
    found = []
    if preset.is_hub_id and preset.revision is None:
        fix = (
            f"{preset.model} is on the hub, where it may change; name the commit, 40 hex digits,"
            f" or write {preset.model}/ if it is a folder"
        )
        found.append(Refusal(f"{part}revision", "not set", fix))
    terms = preset.licence
    if not accepted and (own or terms.needs_acceptance):
        fix = (
            f"read the licence of {preset.model}: {terms.name}"
            + (f", {terms.url}" if terms.url else "")
            + (f" ({terms.note.strip()})" if terms.note else "")
            + f"; if it allows {use}, set this to true"
        )
        found.append(Refusal(f"{part}licence_accepted", "false", fix))
    return found


def _refusal(error: Any, model: type[BaseModel], special: Special | None) -> Refusal:
    key, value = ".".join(str(part) for part in error["loc"]), error.get("input")
    message = re.sub(r"^Value error, ", "", error["msg"])
    shown = "" if isinstance(value, Mapping) else repr(value)
    if error["type"] == "missing":
        return Refusal(key, "", "is missing; add it")
    if error["type"] == "extra_forbidden":
        return Refusal(key, repr(value), f"there is no such key{_meant(error['loc'], model)}")
    if special is not None and (fix := special(error)) is not None:
        return Refusal(key, shown, fix)
    named = _NAMED.fullmatch(message)
    if named and (not key or named[1].startswith(f"{key}.")):
        return Refusal(named[1], named[2] or "", named[3])
    if error["type"] == "model_type" and (known := _keys(error["loc"], model)):
        return Refusal(
            key, shown, f"it has keys of its own, write these below it: {', '.join(known)}"
        )
    return Refusal(key, shown, message[0].lower() + message[1:])


def _meant(place: Sequence[Any], model: type[BaseModel]) -> str:
    known = _keys(place[:-1], model)
    close = difflib.get_close_matches(str(place[-1]), known, n=1)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; known are {', '.join(known)}" if known else ""


def _keys(place: Sequence[Any], model: type[BaseModel]) -> list[str]:
    """Keys that there are at a place of a document; an index or a name of a mapping is passed."""
    for name in place:
        by_name = {field.alias or key: field for key, field in model.model_fields.items()}
        if name in by_name:
            model = _model_in(by_name[name].annotation) or model
    return [field.alias or key for key, field in model.model_fields.items()]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for one in get_args(annotation) if (found := _model_in(one))), None)
