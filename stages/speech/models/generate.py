"""Models that generate speech as codes or sound: Bark, Dia, CSM and their like."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from schemas.voice_preset import VoicePreset
from stages.shared.sound import read_sound
from stages.speech.engine import VoiceFault
from stages.speech.models.family import Family, ModelRefused, RawSpeech, Sentence
from stages.speech.models.loading import (
    config_rate_hz,
    device,
    load_model,
    load_processor,
    package,
)

REFERENCE_S = (2.0, 30.0)
"""A recording to speak on from: shorter holds too little of a voice, longer leaves no room."""


class Generate(Family):
    """A processor and a model whose `generate` speaks.

    What `generate` returns is told by its form: sound, a list of sounds, an object that holds one,
    or integer codes, which the processor's codec decodes.
    """

    def __init__(
        self, preset: VoicePreset, folder: Path, codec: Path | None, voice: str | None,
        speaker: Path | None, speaker_text: str,
    ) -> None:  # fmt: skip
        """See `load_family`."""
        kind = preset.class_ or "AutoModelForTextToWaveform"
        self._preset, self._speaker_text = preset, speaker_text
        self._model = load_model(kind, folder, preset.dtype)
        self._processor = load_processor(folder, codec)
        self._tokenizer = getattr(self._processor, "tokenizer", self._processor)
        rate_hz = preset.rate_hz or self._rate_hz()
        if rate_hz is None:
            raise ModelRefused("rate_hz: no configuration of the model says it; the preset must")
        self.rate_hz = rate_hz
        self._voice = self._checked(voice)
        self._reference = self._recording(speaker) if speaker is not None else None

    def unsayable(self, word: str) -> bool:
        """See `Family.unsayable`."""
        unknown = getattr(self._tokenizer, "unk_token_id", None)
        if unknown is None or unknown == getattr(self._tokenizer, "pad_token_id", None):
            return False  # it reads bytes
        return unknown in self._tokenizer(word, add_special_tokens=False).input_ids

    def say(self, sentence: Sentence, speed: float) -> RawSpeech:
        """See `Family.say`."""
        torch = package("torch")
        given = self._given(self._preset.text.replace("{text}", sentence.text)).to(device())
        with torch.inference_mode(), torch.random.fork_rng():
            torch.manual_seed(sentence.seed)
            made = self._model.generate(**given, **self._preset.call)
            sound = self._sound(made)
        return RawSpeech(np.asarray(sound.float().cpu().numpy(), np.float32).reshape(-1))

    def _given(self, text: str) -> Any:
        preset = self._preset
        if not preset.chat:
            return self._processor(
                text=[text], return_tensors="pt", **preset.processor, **self._voice
            )
        said: list[dict[str, Any]] = [{"type": "text", "text": text}]
        turns: list[dict[str, Any]] = [{"role": "0", "content": said}]
        if self._reference is not None:
            before = [
                {"type": "text", "text": self._speaker_text},
                {"type": "audio", "path": self._reference},
            ]
            turns.insert(0, {"role": "0", "content": before})
        return self._processor.apply_chat_template(
            turns, tokenize=True, return_dict=True, **preset.processor
        )

    def _sound(self, made: Any) -> Any:
        """The one sound in what `generate` returned, as a tensor."""
        torch = package("torch")
        if isinstance(made, Mapping):
            names = ("audio", "waveform", "audio_values", "sequences")
            made = next((made[name] for name in names if made.get(name) is not None), None)
        if isinstance(made, torch.Tensor) and not made.is_floating_point():
            made = self._decoded(made)
        if isinstance(made, list | tuple):
            made = made[0] if made else None
        if not isinstance(made, torch.Tensor) or not made.is_floating_point():
            raise ModelRefused(
                f"{type(self._model).__name__}.generate returned no sound that is understood:"
                f" {type(made).__name__}; see `call` of the preset"
            )
        return made

    def _decoded(self, codes: Any) -> Any:
        if not hasattr(self._processor, "batch_decode") or not hasattr(
            self._processor, "audio_tokenizer"
        ):
            raise ModelRefused(
                f"{type(self._model).__name__} made codes, and its processor has no codec for them;"
                " CSM's kind wants call: {output_audio: true}"
            )
        try:
            return self._processor.batch_decode(codes)
        except (RuntimeError, IndexError, ValueError) as error:  # it ended before it began
            raise VoiceFault(f"its {codes.shape[1]} codes are no sound ({error})") from error

    def _rate_hz(self) -> int | None:
        model, processor = self._model, self._processor
        codec = getattr(processor, "audio_tokenizer", None)
        return config_rate_hz(
            getattr(codec, "config", None),
            getattr(model, "generation_config", None),
            model.config,
            getattr(model.config, "codec_config", None),
            getattr(processor, "feature_extractor", None),
        )

    def _checked(self, voice: str | None) -> dict[str, Any]:
        """The argument that chooses one of the model's own voices."""
        names = self._preset.voices
        if names is None or voice is None:
            return {}
        known = names.known or tuple(getattr(self._processor, "available_voice_presets", ()))
        if voice not in known:
            there = ", ".join(known[:20]) or "none here: its speaker files are missing"
            raise ModelRefused(f"voice.name: {voice!r} is no voice of the model; there are {there}")
        return {names.arg: voice}

    def _recording(self, path: Path) -> np.ndarray:
        sound = read_sound(path, self.rate_hz)
        seconds = len(sound) / self.rate_hz
        if not REFERENCE_S[0] <= seconds <= REFERENCE_S[1]:
            least, most = REFERENCE_S
            raise ModelRefused(
                f"voice.speaker: {path.name} lasts {seconds:.1f} s; give {least:g} to {most:g} s"
            )
        return sound
