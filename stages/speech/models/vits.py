"""VITS and MMS: text to sound in one pass, with the duration of each letter."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from schemas.voice_preset import VoicePreset
from stages.speech.models.family import Family, ModelRefused, RawSpeech, Sentence
from stages.speech.models.loading import device, load_model, load_part, package

OURS = ("noise_scale", "noise_scale_duration")
"""Numbers of `call`: how lively sound and rhythm are, 0 to 1, larger is livelier and rougher."""


class Vits(Family):
    """A VITS model. Its letters' durations are read where its duration predictor puts them out."""

    paced = True

    def __init__(self, preset: VoicePreset, folder: Path, voice: str | None) -> None:
        """See `load_family`."""
        self._model = load_model(preset.class_ or "VitsModel", folder, preset.dtype)
        self._tokenizer = load_part("AutoTokenizer", folder)
        self._speaker = _speaker(voice, self._model.config.num_speakers)
        self.rate_hz = preset.rate_hz or self._model.config.sampling_rate
        if getattr(self._tokenizer, "phonemize", False):
            raise ModelRefused(
                f"the tokenizer in {folder} wants phonemizer with espeak, which are GPL and not"
                " used here; take a model that reads letters, such as those of MMS"
            )
        if getattr(self._tokenizer, "is_uroman", False):
            raise ModelRefused(
                f"the tokenizer in {folder} wants its text romanised by uroman, which is not"
                " installed; take a model that reads the language's own letters"
            )
        for name, value in preset.call.items():
            if name not in OURS:
                raise ModelRefused(f"call.{name}: VITS has {', '.join(OURS)}")
            setattr(self._model, name, float(value))
        self._durations: list[Any] = []
        self._model.duration_predictor.register_forward_hook(
            lambda _module, _given, made: self._durations.append(made)
        )

    def unsayable(self, word: str) -> bool:
        """See `Family.unsayable`: letters outside of its vocabulary would be left out."""
        known = self._tokenizer.encoder
        letters = [c for c in self._tokenizer.normalize_text(word) if c.isalnum()]
        return not letters or any(letter not in known for letter in letters)

    def say(self, sentence: Sentence, speed: float) -> RawSpeech:
        """See `Family.say`."""
        torch = package("torch")
        given = self._tokenizer(sentence.text.replace("-", " "), return_tensors="pt").to(device())
        self._durations.clear()
        with torch.inference_mode(), torch.random.fork_rng():
            torch.manual_seed(sentence.seed)
            made = self._model(**given, speaking_rate=speed, **self._speaker)
        samples = made.waveform[0, : int(made.sequence_lengths[0])].float().cpu().numpy()
        log_durations = self._durations[0][0, 0].float().cpu().numpy()
        # As VitsModel.forward counts them: whole frames of the spectrogram.
        edges = np.cumsum(np.ceil(np.exp(log_durations) / speed))
        edges_s = np.r_[0.0, edges] / edges[-1] * len(samples) / self.rate_hz
        return RawSpeech(samples, self._spans(given["input_ids"][0].tolist(), sentence, edges_s))

    def _spans(
        self, ids: list[int], sentence: Sentence, edges_s: np.ndarray
    ) -> list[tuple[float, float]] | None:
        """Where each word lies, by the durations of its letters; None if they can't be told apart.

        What lies between two words that run on is shared out between them.
        """
        blanks = self._tokenizer.add_blank
        tokens = [self._tokenizer.decoder.get(one, "") for one in ids]
        groups: list[list[int]] = [[]]
        for place, token in enumerate(tokens):
            if blanks and place % 2 == 0:
                continue
            if token == " ":
                groups.append([])
            elif token.isalnum():
                groups[-1].append(place)
        groups = [group for group in groups if group]
        parts = [len(word.replace("-", " ").split()) for word in sentence.words]
        if sum(parts) != len(groups):
            return None
        spans, first = [], 0
        for count in parts:
            own = [place for group in groups[first : first + count] for place in group]
            spans.append((float(edges_s[own[0]]), float(edges_s[own[-1] + 1])))
            first += count
        for at in range(len(spans) - 1):
            if not sentence.pauses[at]:
                middle = (spans[at][1] + spans[at + 1][0]) / 2
                spans[at], spans[at + 1] = (spans[at][0], middle), (middle, spans[at + 1][1])
        return spans


def _speaker(voice: str | None, count: int) -> dict[str, int]:
    """The speaker's number, for models that have several."""
    if voice is None:
        return {"speaker_id": 0} if count > 1 else {}
    if not voice.isdigit() or not int(voice) < count:
        there = f"0 to {count - 1}" if count > 1 else "only its one, so leave it out"
        raise ModelRefused(f"voice.name: {voice!r} is no speaker of the model; it has {there}")
    return {"speaker_id": int(voice)} if count > 1 else {}
