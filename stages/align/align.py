"""The align stage: when words, mouth and effects really come, and what is off put right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pyarrow as pa

from schemas.arrow_types import CLIP_SOUND, PHONEME, SOUND_EVENT, WORD
from schemas.asset import Asset
from schemas.layout import DEFAULT_FORMATS
from stages.align.clip_sounds import RightedSounds, right_clip_sounds
from stages.align.correct import Correction, correct
from stages.align.engine import WordAligner
from stages.align.events import Effect, placed_events
from stages.align.heard import heard_phonemes
from stages.align.pocketsphinx import Pocketsphinx
from stages.align.presenter import read_mouth, shift_frames
from stages.base import Media, Stage, Verdict
from stages.hardware import Hardware
from stages.shared.aligner import RATE_HZ, Span, Word
from stages.shared.effects import RATE_HZ as EFFECTS_HZ
from stages.shared.effects import accent_s
from stages.shared.ffmpeg import decode_audio
from stages.shared.sound import read_sound

SILENCE = "SIL"


@dataclass(kw_only=True)
class Align(Stage):
    """Measures on what was made, not on what the engines said: words, mouth and effects.

    Words are found in the voice by an aligner, the mouth in the presenter's pictures, an effect's
    accent in its own sound. `docs/sync.md` has the definitions.
    """

    name: ClassVar[str] = "align"
    reads: ClassVar[tuple[str, ...]] = (
        "voice_uri", "words", "phonemes", "shots", "avatar_uri", "avatar_start_s", "avatar_end_s",
        "avatar_mouth_box",
    )  # fmt: skip
    writes: ClassVar[pa.Schema] = pa.schema(
        [
            pa.field("caption_words", pa.list_(WORD)),
            pa.field("heard_phonemes", pa.list_(PHONEME)),  # null where the aligner found none
            pa.field("avatar_shift_s", pa.float64()),  # how much later the presenter is to move
            pa.field("sound_events", pa.list_(SOUND_EVENT)),
        ]
    )
    version: ClassVar[str] = "2"
    # Where and how long it works changes no number, so none of these is part of the key.
    hardware: Hardware = field(default=Hardware(cpus=1, memory_gb=0.5), metadata={"place": True})
    timeout_s: float = field(default=120.0, metadata={"place": True})
    seconds_hint: float = field(default=1.2, metadata={"place": True})

    aligner: WordAligner = field(default_factory=Pocketsphinx)
    length_s: float = 15.0
    fps: int = DEFAULT_FORMATS[0].fps
    max_offset_ms: float = 80.0
    """Two frames: with a larger disagreement a word is looked into; EBU R37 allows 60 late."""
    effects: tuple[tuple[str, Asset], ...] = ()
    """Sounds by the name of the effect, as the composite stage plays them."""
    cut_effect: str | None = "whoosh"
    cut_effect_lead_s: float | None = None
    """From the effect's onset to what falls on the cut; None for its loudest moment, measured."""
    cut_pause_s: float = 0.2
    """A cut in a shorter pause, or within a word, stays silent: the effect would mask the voice."""
    end_card_effect: str | None = "sparkle"
    end_card_effect_lead_s: float | None = 0.0

    # In the key by the columns that it adds.
    clip_sounds: bool = field(default=False, metadata={"place": True})
    """Whether clips bring a sound of their own, to be set right by what is seen in them."""

    _accents: dict[str, float] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Add the columns that clips with a sound of their own have more."""
        if self.clip_sounds:
            righted = pa.field("righted_clip_sounds", pa.list_(CLIP_SOUND))
            self.reads = (*type(self).reads, "clip_sounds")  # type: ignore[misc]
            self.writes = type(self).writes.append(righted)  # type: ignore[misc]

    @property
    def engine_name(self) -> str:
        """The aligner."""
        return self.aligner.name

    def prepare(self) -> None:
        """See `Stage.prepare`."""
        self.aligner.prepare()

    def load(self) -> None:
        """See `Stage.load`: the acoustic model and its dictionary."""
        self.aligner.load()

    def run(self, spot: Mapping[str, Any], media: Media) -> Mapping[str, Any]:
        """See `Stage.run`. Without an alignment the voice's own times stand, and that is said."""
        assets = self.aligner.assets.items()
        self.aligner.receive({name: media.open(asset) for name, asset in assets})
        voice = read_sound(media.open(spot["voice_uri"]), RATE_HZ)
        words = spot["words"]
        found = self.aligner.find(voice, to_find(words, spot["phonemes"]))
        correction = correct(words, found, self.max_offset_ms) if found else None
        heard = None
        if found and correction:
            heard = heard_phonemes(words, found, spot["phonemes"], self.aligner.finds_phonemes)
        captions = self._captions(words, correction)
        shift_s, lips = self._presenter(spot, heard or spot["phonemes"], media)
        verdicts = [] if correction else [_unconfirmed(len(words))]
        righted = RightedSounds()
        if self.clip_sounds:
            righted = right_clip_sounds(spot.get("clip_sounds") or [], self.fps, media)
        own = {"righted_clip_sounds": righted.rows} if self.clip_sounds else {}
        return {
            **own,
            "caption_words": captions,
            "heard_phonemes": heard,
            "avatar_shift_s": shift_s,
            "sound_events": placed_events(
                spot["shots"], captions, self.fps,
                cut=self._effect(self.cut_effect, self.cut_effect_lead_s, media),
                cut_pause_s=self.cut_pause_s,
                end_card=self._effect(self.end_card_effect, self.end_card_effect_lead_s, media),
            ),
            "metrics": {
                **_metrics(correction), **lips, **(righted.metrics if self.clip_sounds else {}),
            },
            "verdicts": [*verdicts, *righted.verdicts],
        }  # fmt: skip

    def _captions(
        self, words: Sequence[Mapping[str, Any]], correction: Correction | None
    ) -> list[dict[str, Any]]:
        if correction is None:
            spans = [Span(word["start_s"], word["end_s"]) for word in words]
        else:
            spans = list(correction.spans)
        return [
            {
                **word,
                "start_s": min(max(span.start_s, 0.0), self.length_s),
                "end_s": min(max(span.end_s, 0.0), self.length_s),
            }
            for word, span in zip(words, spans, strict=True)
        ]

    def _presenter(
        self, spot: Mapping[str, Any], phonemes: Sequence[Mapping[str, Any]], media: Media
    ) -> tuple[float, dict[str, float]]:
        """(seconds that she is to move later, what was measured before and after that)."""
        if not spot.get("avatar_uri"):
            return 0.0, {}
        mouth = read_mouth(media.open(spot["avatar_uri"]), spot, self.fps)
        if mouth is None:
            return 0.0, {}
        before = mouth.offset(phonemes)
        shift_s = shift_frames(before, self.fps) / self.fps
        after = mouth.offset(phonemes, shift_s) if shift_s else before
        return shift_s, {
            "presenter_offset_ms": before.offset_ms,
            "presenter_r": before.r,
            "presenter_confidence": before.confidence,
            "presenter_remaining_ms": after.offset_ms,
        }

    def _effect(self, name: str | None, lead_s: float | None, media: Media) -> Effect | None:
        """An effect with its accent; unless that is given, measured once per sound."""
        if name is None:
            return None
        sound = dict(self.effects).get(name)
        if lead_s is None and sound is not None:
            if sound.sha256 not in self._accents:
                samples = decode_audio(media.open(sound), EFFECTS_HZ, channels=2)
                self._accents[sound.sha256] = accent_s(samples)
            lead_s = self._accents[sound.sha256]
        return Effect(name, lead_s or 0.0)


def _unconfirmed(words: int) -> Verdict:
    return Verdict(
        gate="align",
        rule="forced_alignment",
        verdict="pass",
        evidence=f"no alignment of {words} words with the voice was found; captions"
        f" follow the voice's own times, which nothing has confirmed",
    )


def to_find(
    words: Sequence[Mapping[str, Any]], phonemes: Sequence[Mapping[str, Any]]
) -> list[Word]:
    """The words with the phonemes that lie, by their middle, within each of them.

    Both cover the same voice, so the first and last phoneme are laid on the first and last word:
    if someone moved or stretched the words alone, the phonemes still find theirs.
    """
    begin_s, end_s = words[0]["start_s"], words[-1]["end_s"]
    first_s, last_s = phonemes[0]["start_s"], phonemes[-1]["end_s"]
    stretch = (end_s - begin_s) / max(last_s - first_s, 1e-3)
    middles = [
        begin_s + stretch * ((phoneme["start_s"] + phoneme["end_s"]) / 2 - first_s)
        for phoneme in phonemes
    ]
    return [
        Word(
            spoken=word["spoken"],
            phonemes=tuple(
                phoneme["symbol"]
                for phoneme, middle in zip(phonemes, middles, strict=True)
                if word["start_s"] <= middle < word["end_s"] and phoneme["symbol"] != SILENCE
            ),
        )
        for word in words
    ]


def _metrics(correction: Correction | None) -> dict[str, float]:
    if correction is None:
        return {"align_fallback": 1.0, "align_words_aligned": 0.0}
    return {
        "align_offset_median_ms": correction.bias_ms,
        "align_offset_p95_ms": correction.p95_ms,
        "align_drift_ms": correction.drift_ms,
        "align_words_aligned": correction.aligned,
        "align_words_moved": float(correction.moved),
        "align_remaining_p95_ms": correction.remaining_p95_ms,
        "align_fallback": 0.0,
    }
