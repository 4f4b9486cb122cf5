"""An engine for text-to-speech models that transformers can load, each by a preset."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from schemas.asset import Asset
from schemas.voice_preset import VoicePreset
from stages.speech.engine import SpokenWord, Unspeakable, Utterance
from stages.speech.models.family import Family, ModelRefused, Sentence
from stages.speech.models.loading import fetched, fetched_part, load_family
from stages.speech.paced import PacedVoice
from stages.speech.pronounce import sounds_of, spelled
from stages.speech.soundness import sound_speech
from stages.speech.timing import sounding, spread, timed_words


@dataclass(kw_only=True)
class TransformersVoice(PacedVoice):
    """VITS and MMS, SpeechT5, Bark, Dia, CSM and what is loaded as they are.

    What was run so far: tiny random checkpoints of VITS, SpeechT5, Bark, Dia and CSM on a CPU, with
    torch 2.13.0 and transformers 5.23.0. No real weights, and no GPU. Noise is seeded by the words:
    the same words give the same samples; across GPU types a model's arithmetic differs. VITS has a
    speed and durations of its own; the others are stretched by WSOLA and timed by an aligner.
    """

    name: ClassVar[str] = "transformers"
    version: ClassVar[str] = "1"

    preset: VoicePreset = field(metadata={"place": True})
    """How the model is loaded and called; what changes a sample is the engine's `identity`."""
    model: Asset | str
    """A folder as `save_pretrained` writes it, or a hub id ("owner/name")."""
    revision: str | None = None
    """Commit of the hub's repository, 40 hex digits; needed for a hub id."""
    codec: Asset | str | None = None
    """Of `preset.codec`: a folder, or "owner/name@commit"."""
    language: str = "en"
    """BCP 47 primary subtag of what is spoken, one of the preset's."""
    voice: str | None = None
    """One of the model's own voices; None is the preset's default."""
    speaker: Asset | None = None
    """A person's speaker vector or recording, which the model then speaks as."""
    speaker_text: str = ""
    """What is said in the recording."""
    of_person: bool = False
    """Whether the weights themselves were made to sound like one person."""

    _loaded: dict[str, Any] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what could not be keyed, or not be spoken."""
        if isinstance(self.model, str) and not self.revision:
            raise ValueError(f"model {self.model!r} is a hub id; give the commit as `revision`")
        if isinstance(self.codec, str) and "@" not in self.codec:
            raise ValueError(
                f"codec {self.codec!r} is a hub id; name its commit: owner/name@commit"
            )
        if self.language not in self.preset.languages:
            raise ValueError(
                f"preset {self.preset.name} speaks {', '.join(self.preset.languages)}, not"
                f" {self.language!r}"
            )
        if self.speaker is not None and self.preset.speaker == "none":
            raise ValueError(f"preset {self.preset.name} takes no speaker")
        if self.speaker is None and self.preset.speaker_needed:
            raise ValueError(f"preset {self.preset.name} needs a speaker: {self.preset.speaker}")

    @property
    def identity(self) -> str:
        """What of the preset changes a sample."""
        return json.dumps(self.preset.making(), sort_keys=True)

    @property
    def languages(self) -> tuple[str, ...]:  # type: ignore[override]
        """See `SpeechEngine.languages`: the one that it was made for."""
        return (self.language,)

    @property
    def cloned(self) -> bool:
        """See `SpeechEngine.cloned`."""
        return self.of_person or self.speaker is not None

    @property
    def assets(self) -> Mapping[str, Asset]:
        """The model's folder and its parts, as far as they are no hub ids."""
        named = {"model": self.model, "codec": self.codec, "speaker": self.speaker}
        return {name: found for name, found in named.items() if isinstance(found, Asset)}

    def prepare(self) -> None:
        """Fetch what lies on the hub to its cache on this node; folders are used as they are."""
        if isinstance(self.model, str):
            fetched(self.model, self.revision)
        if isinstance(self.codec, str):
            fetched_part(self.codec)

    def load(self) -> None:
        """Load a hub id's model. A folder's is loaded before the first spot, with its path."""
        if not self.assets:
            self.receive({})

    def receive(self, files: Mapping[str, Path]) -> None:
        """See `SpeechEngine.receive`. Raises `ModelRefused`, for every spot alike and at no cost
        after the first."""
        if (refused := self._loaded.get("refused")) is not None:
            raise refused
        if "family" in self._loaded:
            return
        folders = dict(files)
        if isinstance(self.model, str):
            folders["model"] = fetched(self.model, self.revision)
        if isinstance(self.codec, str):
            folders["codec"] = fetched_part(self.codec)
        try:
            self._loaded["family"] = load_family(
                self.preset, folders, self._voice(), self.speaker_text
            )
        except ModelRefused as error:
            self._loaded["refused"] = error
            raise

    def speak(self, words: Sequence[SpokenWord], speed: float) -> Utterance:
        """See `SpeechEngine.speak`."""
        return self._say(words, speed) if self._family.paced else super().speak(words, speed)

    def say(self, words: Sequence[SpokenWord]) -> Utterance:
        """See `PacedVoice.say`."""
        return self._say(words, 1.0)

    def _say(self, words: Sequence[SpokenWord], speed: float) -> Utterance:
        family = self._family
        written = tuple(spelled(word, self.language) for word in words)
        for word, letters in zip(words, written, strict=True):
            if family.unsayable(letters):
                raise Unspeakable(word.text)
        pauses = tuple(word.pause for word in words)
        raw = family.say(Sentence(written, pauses, _seed(written, pauses)), speed)
        sounds = sounds_of(words, self.language)
        count, bounds = sum(len(word) for word in sounds), self.preset.seconds_per_phoneme
        if bounds is not None:
            bounds = (bounds[0] / speed, bounds[1] / speed)
        samples = sound_speech(raw.samples, family.rate_hz, count, bounds)
        if raw.spans is not None:
            spans = sounding(samples, family.rate_hz, words, raw.spans)
            return Utterance(samples, family.rate_hz, spread(sounds, spans), "own")
        timed, how = timed_words(samples, family.rate_hz, words, sounds, self.language)
        return Utterance(samples, family.rate_hz, timed, how)

    @property
    def _family(self) -> Family:
        if "family" not in self._loaded:
            raise RuntimeError(f"the model {self.preset.name} is not loaded: call receive first")
        found: Family = self._loaded["family"]
        return found

    def _voice(self) -> str | None:
        names = self.preset.voices
        if self.voice is not None or names is None or names.default is None:
            return self.voice
        return str(names.default).replace("{language}", self.language)


def _seed(words: Sequence[str], pauses: Sequence[str]) -> int:
    """The seed of a sentence's noise: the same words sound the same, in any order of spots."""
    text = json.dumps([words, pauses], ensure_ascii=False)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")
