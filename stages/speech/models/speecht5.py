"""SpeechT5: letters to a spectrogram in the voice of a speaker vector, HiFi-GAN to sound."""

from __future__ import annotations

from pathlib import Path

from schemas.voice_preset import VoicePreset
from stages.speech.engine import VoiceFault
from stages.speech.models.family import Family, ModelRefused, RawSpeech, Sentence
from stages.speech.models.loading import (
    device,
    load_model,
    load_part,
    package,
    speaker_vector,
)


class SpeechT5(Family):
    """A SpeechT5 model with its vocoder and one speaker."""

    def __init__(
        self, preset: VoicePreset, folder: Path, vocoder: Path, speaker: Path | None
    ) -> None:
        """See `load_family`."""
        torch = package("torch")
        package("sentencepiece")
        self._call = dict(preset.call)
        self._model = load_model(preset.class_ or "SpeechT5ForTextToSpeech", folder, preset.dtype)
        self._vocoder = load_model("SpeechT5HifiGan", vocoder, preset.dtype)
        self._tokenizer = load_part("SpeechT5Tokenizer", folder)
        self.rate_hz = preset.rate_hz or self._vocoder.config.sampling_rate
        if speaker is None:
            raise ModelRefused("voice.speaker: SpeechT5 cannot speak without a speaker vector")
        vector = speaker_vector(speaker)
        wanted = self._model.config.speaker_embedding_dim
        if len(vector) != wanted:
            raise ModelRefused(
                f"voice.speaker: {speaker.name} has {len(vector)} numbers, the model wants {wanted}"
            )
        self._speaker = torch.from_numpy(vector)[None].to(device(), self._model.dtype)

    def unsayable(self, word: str) -> bool:
        """See `Family.unsayable`."""
        return self._tokenizer.unk_token_id in self._tokenizer(word).input_ids

    def say(self, sentence: Sentence, speed: float) -> RawSpeech:
        """See `Family.say`."""
        torch = package("torch")
        ids = self._tokenizer(sentence.text, return_tensors="pt").input_ids.to(device())
        most = self._model.config.max_text_positions
        if ids.shape[1] > most:
            raise VoiceFault(f"a sentence of {ids.shape[1]} letters; the model takes {most}")
        with torch.inference_mode(), torch.random.fork_rng():
            torch.manual_seed(sentence.seed)  # its prenet drops out at inference, too
            sound = self._model.generate_speech(
                ids, self._speaker, vocoder=self._vocoder, **self._call
            )
        return RawSpeech(sound.float().cpu().numpy().reshape(-1))
