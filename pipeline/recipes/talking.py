"""The campaign's talking-head model, checked: preset, terms, portrait, driver; files as assets."""

from __future__ import annotations

import tempfile
from pathlib import Path, PurePosixPath

from pipeline import storage
from pipeline.media import asset
from schemas.asset import Asset
from schemas.checked import weights_refusals
from schemas.config_error import ConfigError, Refusal
from schemas.presenter_model import PresenterModel
from schemas.presenter_preset import PresenterPreset
from stages.avatar import ModelPresenter, PresenterRig, VectorPresenter
from stages.avatar.presets import load_presenter_preset
from stages.avatar.process.checks import check_portrait
from stages.avatar.talking.cutout import MOST_SPREAD, ground_of
from stages.avatar.talking.portrait import framed
from stages.base import Reject

DRIVER = "host:amber"
"""Who performs where a campaign names nobody."""


def model_presenter(
    told: PresenterModel, driver: VectorPresenter | PresenterRig | None
) -> ModelPresenter:
    """The engine of the campaign's `presenter_model`. `driver` is the presenter that its `driver`
    names, or `DRIVER`. Raises `ConfigError`."""
    preset = presenter_preset(told)
    if preset.drive == "audio" and told.driver is not None:
        fix = f"preset {preset.name} is driven by the voice itself; leave this out"
        raise _refused("driver", told.driver, fix)
    portrait = portrait_asset("presenter_model.portrait", told.portrait)
    _check_ground(told, preset)
    return ModelPresenter(
        preset=preset,
        model=_weights(preset),
        revision=preset.revision if preset.is_hub_id else None,
        portrait=portrait,
        consent=str(told.consent),
        driver=driver if preset.drive == "motion" else None,
        background=told.background,
    )


def presenter_preset(told: PresenterModel) -> PresenterPreset:
    """The preset that a campaign names, with its own settings. Raises `ConfigError`."""
    over = dict(told.settings)
    for key in ("model", "revision"):
        if (given := getattr(told, key)) is not None:
            over[key] = given
    preset = load_presenter_preset(told.preset, over)
    refusals = weights_refusals(
        "presenter_model.", preset, accepted=told.licence_accepted, own=told.model is not None
    )
    if refusals:
        raise ConfigError("the presenter", refusals)
    return preset


def portrait_asset(key: str, uri: str) -> Asset:
    """A portrait as an asset; it is looked at now, before anything is spent. Raises `ConfigError`
    for one without a face, with several, or with a small one."""
    with tempfile.TemporaryDirectory(prefix="spotmill-") as folder:
        try:
            check_portrait(_copied(uri, folder))
        except Reject as error:
            raise ConfigError("the presenter", [Refusal(key, uri, error.reason)]) from None
    return asset(uri)


def _check_ground(told: PresenterModel, preset: PresenterPreset) -> None:
    """A presenter can only be cut out of a plain ground."""
    if told.background == "keep":
        return
    with tempfile.TemporaryDirectory(prefix="spotmill-") as folder:
        spread = ground_of(framed(_copied(told.portrait, folder), preset.side).picture).spread
    if spread > MOST_SPREAD:
        fix = (
            f"the portrait's ground is not plain: at the border its colours are {spread:.0f} steps"
            f" of 255 apart, {MOST_SPREAD:.0f} may be; use keep, or a portrait before a plain wall"
            " or with alpha"
        )
        raise _refused("background", told.background, fix)


def _copied(uri: str, folder: str) -> Path:
    local = Path(folder) / f"portrait{PurePosixPath(uri).suffix}"
    local.write_bytes(storage.read_bytes(uri))
    return local


def _weights(preset: PresenterPreset) -> Asset | str:
    """A hub id as it is; a folder with the digest of its content, for every key."""
    if preset.is_hub_id:
        return preset.model
    try:
        return asset(preset.model.rstrip("/") + "/")
    except FileNotFoundError:
        fix = "there is no such folder; give a folder as save_pretrained writes it, or owner/name"
        raise _refused("model", preset.model, fix) from None


def _refused(key: str, value: str, fix: str) -> ConfigError:
    return ConfigError("the presenter", [Refusal(f"presenter_model.{key}", value, fix)])
