"""Reads a campaign file and makes the places named in it absolute."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml

from pipeline import storage
from pipeline.consents import check_consents, name_records
from schemas.campaign import Campaign, parse_campaign, set_value
from schemas.config_error import ConfigError, Refusal
from schemas.video_preset import is_hub_id
from stages.avatar.hosts import shipped_hosts


def read_campaign(uri: str, overrides: Sequence[str] = ()) -> Campaign:
    """The campaign at `uri` (path or fsspec URL), with `KEY=VALUE` overrides (values are YAML).

    Raises `ConfigError` for a file that is not there, is no YAML or breaks a rule.
    """
    uri = storage.absolute(uri)
    try:
        content = storage.read_bytes_or_none(uri)
    except OSError as error:
        raise ConfigError(uri, [Refusal("(file)", "", f"cannot be read: {error}")]) from None
    if content is None:
        raise ConfigError(uri, [Refusal("(file)", "", "is not there; check the path")])
    try:
        raw = yaml.safe_load(content)
    except yaml.YAMLError as error:
        raise ConfigError(uri, [Refusal("(file)", "", f"is no YAML: {error}")]) from None
    for override in overrides:
        key, separator, value = override.partition("=")
        if not separator:
            raise ConfigError("--set", [Refusal(override, "", "write KEY=VALUE")])
        set_value(raw if isinstance(raw, dict) else {}, key.strip(), _parsed(key, value))
    name_records(raw, uri.rpartition("/")[0])
    campaign = _with_places(parse_campaign(raw, uri), uri)
    check_consents(campaign, uri)
    return campaign


def _parsed(key: str, text: str) -> Any:
    """The value of an override. "#123456" would be a comment in YAML: it is taken as it stands."""
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError("--set", [Refusal(key, text, f"is no YAML: {error}")]) from None
    return text if value is None and text.strip() not in ("", "null", "~") else value


def presenter_place(
    named: str, base: str | None = None, source: str = "the presenter", key: str = "presenter"
) -> str:
    """A presenter's file or folder made absolute, relative to `base`; "host:..." is as it stands.

    Raises `ConfigError` for a place where nothing is.
    """
    if named.startswith("host:"):
        return named
    found = storage.absolute(named, base) if base else storage.absolute(named)
    if not storage.exists(found):
        fix = f"{found} is not there"
        if named in shipped_hosts():
            fix = f"is no folder here; for the drawn host write host:{named}"
        raise ConfigError(source, [Refusal(key, named, fix)])
    return found if named.endswith((".yaml", ".yml")) else found.rstrip("/") + "/"


def _with_places(campaign: Campaign, uri: str) -> Campaign:
    base = uri.rpartition("/")[0]

    def place(key: str, value: str | None, folder: bool = False) -> str | None:
        if value is None:
            return None
        found = storage.absolute(value, base)
        if not storage.exists(found):
            raise ConfigError(uri, [Refusal(key, value, f"{found} is not there")])
        return found.rstrip("/") + "/" if folder else found

    def in_part(part: Any, name: str, *keys: str) -> Any:
        return part.model_copy(
            update={key: place(f"{name}.{key}", getattr(part, key)) for key in keys}
        )

    sound = in_part(campaign.sound, "sound", "music")
    folder = campaign.signing.folder  # made on first use: it need not be there
    stamps = campaign.signing.timestamp
    video_model = campaign.video_model
    if video_model is not None and not video_model.is_hub_id:
        weights = place("video_model.model", video_model.model, folder=True)
        video_model = video_model.model_copy(update={"model": weights})
    if video_model is not None and video_model.subject_model is not None:
        folder_of = place("video_model.subject_model", video_model.subject_model, folder=True)
        video_model = video_model.model_copy(update={"subject_model": folder_of})
    if video_model is not None and video_model.preset.endswith((".yaml", ".yml")):
        file = place("video_model.preset", video_model.preset)
        video_model = video_model.model_copy(update={"preset": file})
    template = campaign.template
    if template.endswith((".yaml", ".yml")):
        template = place("template", template) or template
    voice = campaign.voice
    if voice.speaker is not None:
        voice = voice.model_copy(update={"speaker": place("voice.speaker", voice.speaker)})
    if not voice.is_hub_id:
        weights = place("voice.model", voice.model, folder=voice.engine != "kokoro")
        voice = voice.model_copy(update={"model": weights})
    if voice.engine == "kokoro" and (speakers := voice.settings.get("voices")):
        where = place("voice.settings.voices", str(speakers), folder=str(speakers).endswith("/"))
        voice = voice.model_copy(update={"settings": {**voice.settings, "voices": where}})
    if voice.preset is not None and voice.preset.endswith((".yaml", ".yml")):
        voice = voice.model_copy(update={"preset": place("voice.preset", voice.preset)})
    talker = campaign.presenter_model
    if talker is not None:
        talker = in_part(talker, "presenter_model", "portrait")
        if not talker.is_hub_id:
            weights = place("presenter_model.model", talker.model, folder=True)
            talker = talker.model_copy(update={"model": weights})
        if talker.preset.endswith((".yaml", ".yml")):
            file = place("presenter_model.preset", talker.preset)
            talker = talker.model_copy(update={"preset": file})
        if talker.driver is not None:
            who = presenter_place(talker.driver, base, uri, "presenter_model.driver")
            talker = talker.model_copy(update={"driver": who})
    aligner = campaign.aligner
    if aligner is not None and not is_hub_id(aligner.model):
        folder_of = place("aligner.model", aligner.model, folder=True)
        aligner = aligner.model_copy(update={"model": folder_of})
    recogniser = campaign.recogniser
    if recogniser is not None and not is_hub_id(recogniser.model):
        folder_of = place("recogniser.model", recogniser.model, folder=True)
        recogniser = recogniser.model_copy(update={"model": folder_of})
    lip_model = campaign.lip_model
    if lip_model is not None:
        given = lip_model.weights
        weights = place("lip_model.weights", given, folder=given.endswith("/"))
        lip_model = lip_model.model_copy(update={"weights": weights})
    policy = campaign.policy
    if policy.safeguard is not None and not is_hub_id(policy.safeguard.model):
        folder_of = place("policy.safeguard.model", policy.safeguard.model, folder=True)
        safeguard = policy.safeguard.model_copy(update={"model": folder_of})
        policy = policy.model_copy(update={"safeguard": safeguard})
    mark = campaign.watermark
    if mark.key is not None and mark.key.startswith("kms:"):
        sealed = place("watermark.key", mark.key.removeprefix("kms:"))
        mark = mark.model_copy(update={"key": f"kms:{sealed}"})
    if policy.image_safeguard is not None and not is_hub_id(policy.image_safeguard.model):
        judge = policy.image_safeguard
        folder_of = place("policy.image_safeguard.model", judge.model, folder=True)
        judge = judge.model_copy(update={"model": folder_of})
        policy = policy.model_copy(update={"image_safeguard": judge})
    faces = policy.faces and in_part(policy.faces, "policy.faces", "file")
    policy = policy.model_copy(update={"faces": faces})
    effects = {name: place(f"sound.effects.{name}", path) for name, path in sound.effects.items()}
    return campaign.model_copy(
        update={
            "feed": place("feed", campaign.feed),
            "scripts": place("scripts", campaign.scripts),
            "images": place("images", campaign.images, folder=True),
            "template": template,
            "presenter": campaign.presenter and presenter_place(campaign.presenter, base, uri),
            "presenter_process": campaign.presenter_process
            and in_part(campaign.presenter_process, "presenter_process", "portrait", "checkout"),
            "presenter_model": talker,
            "presenter_consent": place("presenter_consent", campaign.presenter_consent),
            "rights": in_part(campaign.rights, "rights", "public_key"),
            "brand": in_part(campaign.brand, "brand", "logo", "font", "font_bold"),
            "video_model": video_model,
            "recogniser": recogniser,
            "lip_model": lip_model,
            "voice": voice,
            "aligner": aligner,
            "matting": campaign.matting and in_part(campaign.matting, "matting", "model"),
            "sound": sound.model_copy(update={"effects": effects}),
            "policy": in_part(policy, "policy", "names", "rules"),
            "watermark": mark,
            "signing": in_part(
                campaign.signing, "signing", "certificate", "private_key", "anchors"
            ).model_copy(
                update={
                    "folder": folder and storage.absolute(folder, base),
                    "timestamp": stamps and in_part(stamps, "signing.timestamp", "anchors"),
                }
            ),
        }
    )
