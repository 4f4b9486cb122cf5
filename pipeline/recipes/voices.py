"""Voices of a campaign that are models or services: checked, with their files as assets."""

from __future__ import annotations

from pathlib import PurePosixPath

from pipeline.media import asset
from schemas.asset import Asset
from schemas.checked import weights_refusals
from schemas.config_error import ConfigError, Refusal
from schemas.video_preset import is_hub_id
from schemas.voice import Voice
from schemas.voice_preset import VoicePreset
from stages.speech import HttpVoice, KokoroVoice, TransformersVoice
from stages.speech.kokoro import shipped_speakers
from stages.speech.voice_presets import load_voice_preset


def transformers_voice(voice: Voice, language: str) -> TransformersVoice:
    """A model of transformers, by the campaign's preset."""
    preset = campaign_voice_preset(voice)
    if language not in preset.languages:
        fix = f"preset {preset.name} speaks {', '.join(preset.languages)}; take another preset"
        raise ConfigError("the voice", [Refusal("language", language, fix)])
    _check_speaker(voice, preset)
    return TransformersVoice(
        preset=preset,
        model=voice_weights("voice.model", preset.model, preset.is_hub_id),
        revision=preset.revision if preset.is_hub_id else None,
        codec=_codec(preset.codec) if preset.codec else None,
        language=language,
        voice=voice.name,
        speaker=_speaker(voice.speaker) if voice.speaker else None,
        speaker_text=voice.speaker_text,
        of_person=bool(voice.cloned),
    )


def campaign_voice_preset(voice: Voice) -> VoicePreset:
    """The preset that a campaign names, with its own settings. Raises `ConfigError`."""
    over = dict(voice.settings)
    for key in ("model", "revision"):
        if (given := getattr(voice, key)) is not None:
            over[key] = given
    preset = load_voice_preset(voice.preset or "", over)
    refusals = weights_refusals(
        "voice.", preset, accepted=voice.licence_accepted, own=voice.model is not None
    )
    if refusals:
        raise ConfigError("the voice", refusals)
    return preset


def _check_speaker(voice: Voice, preset: VoicePreset) -> None:
    kinds = {"embedding": (".npy", ".safetensors"), "reference": (".wav", ".flac", ".ogg", ".mp3")}
    if voice.speaker is None:
        if preset.speaker_needed:
            fix = f"preset {preset.name} needs one: {_speaker_words(preset)}; and its consent"
            raise ConfigError("the voice", [Refusal("voice.speaker", "not set", fix)])
        return
    if preset.speaker == "none":
        fix = f"preset {preset.name} has voices of its own only: leave it out"
        raise ConfigError("the voice", [Refusal("voice.speaker", voice.speaker, fix)])
    suffix = PurePosixPath(voice.speaker).suffix.lower()
    if suffix not in kinds[preset.speaker]:
        suffixes = ", ".join(kinds[preset.speaker])
        fix = f"preset {preset.name} takes {_speaker_words(preset)}: {suffixes}"
        raise ConfigError("the voice", [Refusal("voice.speaker", voice.speaker, fix)])
    if preset.chat and not voice.speaker_text:
        fix = f"preset {preset.name} must know what is said in the recording; write it here"
        raise ConfigError("the voice", [Refusal("voice.speaker_text", "not set", fix)])


def _speaker_words(preset: VoicePreset) -> str:
    return {"embedding": "a speaker vector", "reference": "a recording"}[preset.speaker]


def _speaker(uri: str) -> Asset:
    try:
        return asset(uri)
    except FileNotFoundError:
        fix = "there is no such file"
        raise ConfigError("the voice", [Refusal("voice.speaker", uri, fix)]) from None


def _codec(path: str) -> Asset | str:
    name, at, commit = path.partition("@")
    if at and len(commit) == 40 and is_hub_id(name):
        return path
    if is_hub_id(path):
        fix = f"name its commit, {path}@<40 hex digits>, or a folder, in settings.codec"
        raise ConfigError("the voice", [Refusal("voice.settings.codec", path, fix)])
    return voice_weights("voice.settings.codec", path, False)


def voice_weights(key: str, where: str, on_hub: bool) -> Asset | str:
    """A hub id as it is; a folder with the digest of its content, for every key."""
    if on_hub:
        return where
    try:
        return asset(where.rstrip("/") + "/")
    except FileNotFoundError:
        fix = "there is no such folder; give a folder as save_pretrained writes it, or owner/name"
        raise ConfigError("the voice", [Refusal(key, where, fix)]) from None


def kokoro_voice(voice: Voice, language: str) -> KokoroVoice:
    """A speaker of Kokoro; without a name the first of the campaign's language."""
    if unknown := sorted(set(voice.settings) - {"voices"}):
        fix = "with kokoro there is voices: the folder or file of further speakers' vectors"
        raise ConfigError("the voice", [Refusal("voice.settings", unknown[0], fix)])
    first = {"en-GB": "bf_emma", "es": "ef_dora", "fr": "ff_siwis", "it": "if_sara",
             "pt": "pf_dora"}  # fmt: skip
    name = voice.name or first.get(language) or first.get(language[:2]) or "af_heart"
    places = voice.settings.get("voices")
    try:
        engine = KokoroVoice(
            speaker=name,
            model=_file("voice.model", voice.model) if voice.model else None,
            voices=_file("voice.settings.voices", str(places)) if places else None,
        )
    except ValueError as error:
        raise ConfigError("the voice", [Refusal("voice.name", name, str(error))]) from None
    if not engine.speaks(language):
        fix = f"it does not speak {language}; its first letter says what: e es, f fr, i it, p pt"
        raise ConfigError("the voice", [Refusal("voice.name", name, fix)])
    if places is None and name not in shipped_speakers():
        fix = f"with Spotmill come {', '.join(shipped_speakers())}; else name settings.voices"
        raise ConfigError("the voice", [Refusal("voice.name", name, fix)])
    if missing := engine.missing_packages():
        fix = f"it needs {', '.join(missing)}: pip install -e '.[kokoro]'"
        raise ConfigError("the voice", [Refusal("voice.engine", "kokoro", fix)])
    return engine


def _file(key: str, where: str) -> Asset:
    try:
        return asset(where)
    except FileNotFoundError:
        fix = "there is no such file; a folder ends with /"
        raise ConfigError("the voice", [Refusal(key, where, fix)]) from None


def http_voice(voice: Voice, language: str) -> HttpVoice:
    """A voice of a service."""
    allowed = ("voice_settings", "rate_hz", "key_header", "timeout_s", "tries", "wait_s")
    if unknown := sorted(set(voice.settings) - set(allowed)):
        fix = f"with a service there are {', '.join(allowed)}"
        raise ConfigError("the voice", [Refusal("voice.settings", unknown[0], fix)])
    assert voice.url and voice.name and voice.model  # checked by Campaign
    try:
        return HttpVoice(
            url=voice.url,
            voice=voice.name,
            model=voice.model,
            language=language,
            of_person=voice.is_cloned,
            **voice.settings,
        )
    except ValueError as error:
        raise ConfigError("the voice", [Refusal("voice", "http", str(error))]) from None
