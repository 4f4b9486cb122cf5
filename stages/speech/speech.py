"""The speech stage: the voice-over of a script, placed in the spot, with word and phoneme times."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa

from schemas.arrow_types import PHONEME, SENTENCE, WORD
from stages.base import Media, Reject, Stage, Verdict
from stages.hardware import Hardware
from stages.shared import sound
from stages.speech.engine import SpeechEngine, Unspeakable, VoiceFault
from stages.speech.fit import Reading, TooLong, fit
from stages.speech.hibari import HibariVoice
from stages.speech.lexicon import Lexicon
from stages.speech.normalise import read_script
from stages.speech.takes import Take, record
from stages.speech.timeline import Placed, timeline

RATE_HZ = 48_000
BREATH_S, TAIL_S = 0.03, 0.08
"""What is kept of a take before its first and behind its last sound, faded in and out."""
RUMBLE_HZ = 70.0
FASTEST_LETTERS, COMFORTABLE_LETTERS, FIGURE_LETTERS = 24.0, 15.0, 4
"""Letters per second, spaces counted, that no voice reaches (a hurried one has 18) and that suit an
ad; and those that a figure has in words beside its own."""


@dataclass(kw_only=True)
class Speech(Stage):
    """Speaks the script so that it begins and ends within the spot."""

    name: ClassVar[str] = "speech"
    reads: ClassVar[tuple[str, ...]] = ("script", "language")
    writes: ClassVar[pa.Schema] = pa.schema(
        [
            ("voice_uri", pa.string()),
            ("words", pa.list_(WORD)),
            ("phonemes", pa.list_(PHONEME)),
            ("sentences", pa.list_(SENTENCE)),
        ]
    )
    version: ClassVar[str] = "1"
    engine: SpeechEngine = field(default_factory=HibariVoice)
    lexicon: tuple[tuple[str, str], ...] = ()
    """Word or phrase and how it is said: ("Halvenne", "hal-VEN"), or ARPAbet in slashes."""
    length_s: float = 15.0
    lead_in_s: float = 0.25
    """Silence before the first word: later, and the hook is lost; earlier, and players clip it."""
    tail_s: float = 0.35
    """The last word ends at least this long before the spot does."""
    speed_range: tuple[float, float] = (0.9, 1.12)
    """Slowest and fastest pace, 1.0 being the voice's own; beyond 1.12 it sounds hurried."""
    loudness_lufs: float = -18.0
    ceiling_dbtp: float = -2.0
    consent: str | None = None
    """Who allowed a cloned voice, when, and for what: it goes into every spot's verdicts."""
    # Where and how long it works changes no sample, so none of these is part of the key.
    hardware: Hardware = field(default=Hardware(cpus=1, memory_gb=0.6), metadata={"place": True})
    timeout_s: float = field(default=120.0, metadata={"place": True})
    seconds_hint: float = field(default=0.8, metadata={"place": True})

    _lexicon: Lexicon = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse what must not, or cannot, be spoken before anything is rendered."""
        self._lexicon = Lexicon(self.lexicon)
        if self.engine.cloned and not self.consent:
            raise ValueError(
                f"the voice {self.engine.name!r} is cloned from a person; give `consent`: who"
                " allowed it, when, and for what"
            )

    def foresee(self, spot: Mapping[str, Any]) -> None:
        """See `Stage.foresee`: the language, an empty script, one that nobody could speak in time.
        What is nearer to the limit is spoken and measured.
        """
        self._check_language(spot["language"])
        script = (spot["script"] or "").strip()
        if not any(c.isalnum() for c in script):
            raise Reject("script_empty", f"the script {script[:40]!r} has no word to say")
        window_s = self.length_s - self.lead_in_s - self.tail_s
        letters = len(script) + FIGURE_LETTERS * sum(c.isdigit() for c in script)
        if letters > FASTEST_LETTERS * window_s:
            words = len(script.split())
            over = math.ceil(words * (1 - COMFORTABLE_LETTERS * window_s / letters))
            raise Reject(
                "script_too_long",
                f"the script has {words} words, and a spot of {self.length_s:g} s leaves"
                f" {window_s:.1f} s to speak: cut about {over} of them",
            )

    def prepare(self) -> None:
        """See `Stage.prepare`."""
        self.engine.prepare()

    def load(self) -> None:
        """See `Stage.load`."""
        self.engine.load()

    def run(self, spot: Mapping[str, Any], media: Media) -> Mapping[str, Any]:
        """See `Stage.run`. Rejects a script that does not fit, or that the voice cannot say."""
        self._check_language(spot["language"])
        files = {name: media.open(found) for name, found in self.engine.assets.items()}
        self.engine.receive(files)
        reading = self._fit(spot["script"] or "", spot["language"].partition("-")[0].lower())
        placed = timeline(reading, self.lead_in_s)
        voice = self._mix(placed)
        path = media.scratch("voice.flac")
        sound.write_flac(path, voice, RATE_HZ)
        begin_s, end_s = placed.words[0]["start_s"], placed.words[-1]["end_s"]
        spoken = sum(len(word["spoken"].split()) for word in placed.words)
        return {
            "voice_uri": media.save(path),
            "words": placed.words,
            "phonemes": placed.phonemes,
            "sentences": placed.sentences,
            "metrics": {
                "voice_seconds": end_s - begin_s,
                "voice_speed": reading.speed,
                "voice_loudness_lufs": sound.loudness_lufs(voice, RATE_HZ),
                "voice_true_peak_dbtp": sound.true_peak_dbtp(voice),
                "words_per_minute": 60.0 * spoken / (end_s - begin_s),
                "voice_times_estimated": _estimated(reading),
            },
            "verdicts": list(self._verdicts(reading)),
        }

    def _verdicts(self, reading: Reading) -> Iterator[Verdict]:
        """What a reviewer should know of the voice: whose it is, and times that are a guess."""
        if self.engine.cloned:
            yield Verdict(self.name, "voice_consent", "pass", self.consent or "")
        if share := _estimated(reading):
            yield Verdict(
                self.name,
                "phoneme_times",
                "review",
                f"the voice {self.engine.name!r} tells no times and the aligner did not find the"
                f" words in {100 * share:.0f} % of its sentences: captions and mouth follow an"
                f" estimate there",
            )

    def _check_language(self, language: str | None) -> None:
        if language and self.engine.speaks(language):
            return
        engines = ", ".join(
            f"{engine.name} ({', '.join(engine.languages)})"
            for engine in _engines(SpeechEngine)  # type: ignore[type-abstract]
            if isinstance(getattr(engine, "languages", None), tuple)
        )
        raise Reject(
            "language_unsupported",
            f"the voice {self.engine.name!r} does not speak {language!r}; it speaks"
            f" {', '.join(self.engine.languages)}. The engines that exist: {engines}",
        )

    def _fit(self, script: str, language: str) -> Reading:
        sentences = read_script(script, self._lexicon, language)
        if not sentences:
            raise Reject("script_empty", f"the script {script[:40]!r} has no word to say")
        window_s = self.length_s - self.lead_in_s - self.tail_s
        try:
            return fit(sentences, partial(record, self.engine), window_s, self.speed_range)
        except TooLong as long:
            raise Reject(
                "script_too_long",
                f"the script takes {long.needed_s:.1f} s at speed {long.speed:g}, but the voice"
                f" has {window_s:.1f} s: cut about {long.words_over} of its {long.words} words",
                metrics={"voice_seconds": long.needed_s, "voice_speed": long.speed},
            ) from long
        except Unspeakable as odd:
            raise Reject(
                "word_unspeakable",
                f"the voice {self.engine.name!r} has no sounds for {odd.word!r}: write it in the"
                f" letters of its language, or add it to the lexicon",
            ) from odd
        except VoiceFault as fault:
            raise Reject(
                "voice_unusable",
                f"the voice {self.engine.name!r} made no usable speech of this script: {fault}",
            ) from fault

    def _mix(self, placed: Placed) -> np.ndarray:
        """The whole spot's voice, float32 (samples,), at the loudness that the mix expects."""
        voice = np.zeros(round(self.length_s * RATE_HZ), np.float32)
        for take, at_s in placed.takes:
            clip, lead_s = _trimmed(take)
            first = round((at_s - lead_s) * RATE_HZ)
            clip = clip[max(-first, 0) :]
            first = max(first, 0)
            voice[first : first + len(clip)] += clip[: len(voice) - first]
        voice = sound.high_pass(voice, RATE_HZ, RUMBLE_HZ)
        return sound.normalise_loudness(voice, RATE_HZ, self.loudness_lufs, self.ceiling_dbtp)


def _estimated(reading: Reading) -> float:
    """Part of the sentences whose times are only estimated."""
    return sum(take.timing == "estimated" for take in reading.takes) / len(reading.takes)


def _engines(kind: type[SpeechEngine]) -> Iterator[type[SpeechEngine]]:
    """Voices that exist, however they are derived."""
    for engine in kind.__subclasses__():
        yield engine
        yield from _engines(engine)


def _trimmed(take: Take) -> tuple[np.ndarray, float]:
    """A take without its silence, at `RATE_HZ`, and the seconds before its first sound."""
    first = max(round((take.begin_s - BREATH_S) * take.rate_hz), 0)
    last = round((take.end_s + TAIL_S) * take.rate_hz)
    clip = take.samples[first:last].copy()
    rise, fall = round(0.01 * take.rate_hz), round(0.05 * take.rate_hz)
    clip[:rise] *= np.linspace(0, 1, rise, dtype=np.float32)
    clip[-fall:] *= np.linspace(1, 0, fall, dtype=np.float32)
    return sound.resample(clip, take.rate_hz, RATE_HZ), take.begin_s - first / take.rate_hz
