"""The sound that a model made with a clip: held against the picture, set right, or left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import soundfile  # type: ignore[import-untyped]

from stages.base import Media, Reject, Verdict
from stages.shared.audio_onsets import audio_onsets
from stages.shared.av_sync import set_right_by
from stages.shared.onsets import Event
from stages.shared.sound import write_flac

RULE = "clip_sound"


@dataclass
class RightedSounds:
    """CLIP_SOUND rows of what is to be heard, and what was measured of all clips of a spot."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    before_ms: list[float] = field(default_factory=list)
    after_ms: list[float] = field(default_factory=list)
    left_out: int = 0
    verdicts: list[Verdict] = field(default_factory=list)

    @property
    def metrics(self) -> dict[str, float]:
        """Of several clips the worst counts, with its sign: positive is a sound that is late."""
        found = {
            "clip_sounds_measured": float(len(self.before_ms)),
            "clip_sounds_left_out": float(self.left_out),
        }
        if self.before_ms:
            found["clip_sound_offset_ms"] = max(self.before_ms, key=abs)
        if self.after_ms:
            found["clip_sound_remaining_ms"] = max(self.after_ms, key=abs)
        return found

    def keep(self, shot: int, uri: str, evidence: str) -> None:
        """This sound is heard."""
        self.rows.append({"shot": shot, "uri": uri})
        self.verdicts.append(Verdict("align", RULE, "pass", f"shot {shot}: {evidence}"))

    def leave_out(self, shot: int, evidence: str) -> None:
        """This one is not, and a reviewer is told."""
        self.left_out += 1
        said = f"shot {shot}: the model's own sound is left out: {evidence}"
        self.verdicts.append(Verdict("align", RULE, "review", said))


def right_clip_sounds(sounds: Sequence[Mapping[str, Any]], fps: int, media: Media) -> RightedSounds:
    """Each of `sounds` (CLIP_SOUND rows) set right by what is seen in its clip, at `fps`.

    One in which nothing begins of a sudden is kept as it is, for nothing in it can come late. One
    whose onsets match nothing that is seen, or that drifts too far, is left out: a bang that
    belongs to nothing is worse than none.
    """
    found = RightedSounds()
    for row in sounds:
        shot, path = row["shot"], media.open(row["uri"])
        samples, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
        heard = audio_onsets(samples.mean(axis=1), rate_hz)
        if not heard:
            said = "nothing in its sound begins of a sudden" if np.any(samples) else "it is silent"
            found.keep(shot, row["uri"], f"{said}; kept as the model made it")
            continue
        seen = [Event(**event) for event in row["seen"] or []]
        length_s = len(samples) / rate_hz
        try:
            righted = set_right_by(seen, fps, length_s, samples, rate_hz, heard)
        except Reject as reject:
            if "sound_offset_ms" in reject.metrics:
                found.before_ms.append(reject.metrics["sound_offset_ms"])
            found.leave_out(shot, reject.reason)
            continue
        before = righted.clock.worst_ms(length_s)
        after = righted.after.offset_ms if righted.after else before
        found.before_ms.append(before)
        found.after_ms.append(after)
        said = f"its sound was {before:+.0f} ms off (confidence {righted.before.confidence:.2f})"
        if righted.samples is samples:
            found.keep(shot, row["uri"], f"{said} and stays as it is")
        else:
            target = media.scratch(f"clip_sound_{shot}.flac")
            # Resampling may swing beyond full scale.
            peak = max(1.0, float(np.abs(righted.samples).max(initial=0.0)))
            write_flac(target, righted.samples / peak, rate_hz)
            drift = f", drift of {righted.clock.drift:+.2%} and all" if righted.clock.drift else ""
            found.keep(shot, media.save(target), f"{said}{drift}; set right, {after:+.0f} ms left")
    return found
