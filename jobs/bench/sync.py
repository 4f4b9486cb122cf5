"""Sync, measured: known errors put into speech, mouths and explosions, found and taken out again.

Every case knows its truth by how it was made, never from what an engine says of itself.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from jobs.bench.explosions import (
    blast_frames,
    blast_sound,
    first_frames_s,
    random_blasts,
    sounds_at,
    under,
)
from jobs.bench.mouths import Mouths
from jobs.bench.sync_voices import (
    PLAIN,
    Spoken,
    bed,
    demo_scripts,
    espeak_speech,
    renderings,
    spliced,
    whole,
    with_noise,
)
from stages.align.correct import correct
from stages.align.heard import heard_phonemes
from stages.align.presenter import Mouth, shift_frames
from stages.base import Reject
from stages.shared.aligner import RATE_HZ, Aligner, Span, Word
from stages.shared.av_sync import set_sound_right
from stages.shared.clock import Clock, DriftTooLarge, fit_clock, moved, set_right
from stages.shared.sound import resample

LIP_OFFSETS_MS = (-500, -400, -300, -200, -120, -80, -40, 0, 40, 80, 120, 200, 300, 400, 500)
DRIFTS = (-0.02, -0.01, -0.005, -0.004, -0.002, -0.001, 0.0, 0.001, 0.002, 0.004, 0.005, 0.01, 0.02)
BLAST_S, BLAST_HZ, BLAST_PX = 8.0, 48_000, (135, 240)
LIP_FPS = 24


@dataclass
class Sample:
    """Errors of one kind of case in ms: as it was made, as measured, and after correction."""

    kind: str
    truth: list[float] = field(default_factory=list)
    before: list[float] = field(default_factory=list)
    found: list[float] = field(default_factory=list)
    """Error of what was measured; NaN where nothing was, or it was not sure."""
    after: list[float] = field(default_factory=list)
    """What is left once it was corrected by what was measured; NaN where that was refused."""
    refused: int = 0

    def add(self, truth: float, before: float, found: float, after: float) -> None:
        """One case."""
        self.truth.append(truth)
        self.before.append(before)
        self.found.append(found)
        self.after.append(after)


@dataclass
class Findings:
    """All that was measured: samples in order, and CPU seconds of measuring one 15 s spot."""

    samples: list[Sample] = field(default_factory=list)
    cpu_s: dict[str, list[float]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """All of it as JSON data; what was not found, or refused, is null."""
        lists = ("truth", "before", "found", "after")
        samples = [
            {
                "kind": sample.kind,
                "refused": sample.refused,
                **{
                    name: [v if np.isfinite(v) else None for v in getattr(sample, name)]
                    for name in lists
                },
            }
            for sample in self.samples
        ]
        return {"samples": samples, "cpu_s": self.cpu_s}

    def timed(self, name: str, work: Callable[[], Any]) -> Any:
        """What `work` returns, its CPU seconds noted."""
        begun = time.process_time()
        made = work()
        self.cpu_s.setdefault(name, []).append(time.process_time() - begun)
        return made


def percentiles(errors_ms: Sequence[float]) -> tuple[float, float, float]:
    """(median, 95th percentile, largest) of the absolute errors, NaN left out."""
    kept = np.abs(np.array([e for e in errors_ms if np.isfinite(e)]))
    if not len(kept):
        return (float("nan"),) * 3
    return float(np.median(kept)), float(np.percentile(kept, 95)), float(kept.max())


def measure_sync(cases: int, say: Callable[[str], None] = lambda _: None) -> Findings:
    """Everything, with `cases` scripts, or scenes, per kind and voice."""
    cv2.setNumThreads(1)
    findings, aligner, dice = Findings(), Aligner(), np.random.default_rng(15)
    for name, work in (
        ("words", lambda: list(_words(cases, aligner, dice, findings))),
        ("lips", lambda: list(_lips(cases, aligner, dice, findings))),
        ("drift", lambda: [_drift(cases, aligner, dice)]),
        ("effects", lambda: list(_effects(cases, dice, findings))),
    ):
        say(name)
        findings.samples += work()
    return findings


def _words(
    cases: int, aligner: Aligner, dice: np.random.Generator, findings: Findings
) -> Iterator[Sample]:
    """Captions' word starts: given late and drifting, and where they should be."""
    music = bed("upbeat")
    kinds = {name: Sample(f"words, {name}") for name in ("spliced", "with music and noise")}
    for rendering in renderings():
        for script in demo_scripts()[:cases]:
            spoken = spliced(rendering, script, dice)
            loud = under(with_noise(spoken.samples, dice, 30.0), music, 13.0, dice)
            for sample, sound in zip(kinds.values(), (spoken.samples, loud), strict=True):
                _align_words(sample, spoken, sound, aligner, dice, findings)
    yield from kinds.values()
    events = Sample("words, espeak-ng")
    with tempfile.TemporaryDirectory(prefix="spotmill-bench-") as folder:
        for voice in ("en-us", "gmw/en", "en-us+f3"):
            for script in PLAIN[:cases]:
                said = espeak_speech(voice, script, Path(folder))
                if said is not None:
                    _align_words(events, said, said.samples, aligner, dice, findings)
    if events.truth:
        yield events


def _align_words(
    sample: Sample, spoken: Spoken, sound: np.ndarray, aligner: Aligner,
    dice: np.random.Generator, findings: Findings,
) -> None:  # fmt: skip
    """The voice's account is off by a common offset and a drift of up to 1 %; captions follow it,
    as far as the aligner does not correct it."""
    offset_s, drift = float(dice.uniform(-0.2, 0.2)), float(dice.uniform(-0.01, 0.01))
    known = np.isfinite(spoken.starts_s)
    order = np.arange(len(known))
    starts_s = np.interp(order, order[known], spoken.starts_s[known])
    claimed = [
        {"start_s": offset_s + (1 + drift) * a, "end_s": offset_s + (1 + drift) * b}
        for a, b in zip(starts_s, spoken.ends_s, strict=True)
    ]
    found = findings.timed("aligner", partial(aligner.find, sound, spoken.words, parts=True))
    corrected = correct(claimed, found, 80.0) if found else None
    rows: Sequence[Span | None] = corrected.spans if corrected else [None] * len(claimed)
    for index, truth_s in enumerate(spoken.starts_s):
        if not known[index]:
            continue
        before = 1000 * (claimed[index]["start_s"] - truth_s)
        heard = 1000 * (found[index].start_s - truth_s) if found else np.nan
        row = rows[index]
        after = 1000 * (row.start_s - truth_s) if row is not None else before
        sample.add(1000 * truth_s, before, heard, after)


def _lips(
    cases: int, aligner: Aligner, dice: np.random.Generator, findings: Findings
) -> Iterator[Sample]:
    """Mouths of the demo presenter, drawn late or early, against the phonemes that are heard."""
    sample = Sample("lip offset")
    mouths = Mouths(LIP_FPS)
    for rendering in renderings():
        for script in demo_scripts()[: max(1, cases // 3)]:
            voice, own = whole(rendering, script)
            words = [_row_word(rows) for rows in _by_word(own)]
            sound = with_noise(voice, dice, 30.0)
            spans = aligner.find(sound, [w for w, _ in words], parts=True)
            if spans is None:
                sample.refused += len(LIP_OFFSETS_MS)
                continue
            claims = [{"start_s": r[0]["start_s"], "end_s": r[-1]["end_s"]} for _, r in words]
            heard = heard_phonemes(claims, spans, own, True)
            for offset_ms in LIP_OFFSETS_MS:
                times_s, openness = mouths.saying(own, offset_ms / 1000)
                mouth = Mouth(LIP_FPS, ((times_s, openness),))
                found = findings.timed("lips", partial(mouth.offset, heard))
                later_ms = 1000 / LIP_FPS * shift_frames(found, LIP_FPS, most=13)
                error = found.offset_ms - offset_ms
                sample.add(offset_ms, offset_ms, error, offset_ms + later_ms)
    yield sample


def _by_word(rows: Sequence[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Runs of phonemes without a gap, of at most eight: words, as far as an aligner cares."""
    found: list[list[dict[str, Any]]] = [[]]
    for row in rows:
        gap = found[-1] and row["start_s"] - found[-1][-1]["end_s"] > 0.03
        if gap or len(found[-1]) == 8:
            found.append([])
        found[-1].append(row)
    return found


def _row_word(rows: list[dict[str, Any]]) -> tuple[Word, list[dict[str, Any]]]:
    return Word("", tuple(row["symbol"] for row in rows)), rows


def _drift(cases: int, aligner: Aligner, dice: np.random.Generator) -> Sample:
    """A whole voice that starts late and drifts: its words are found, and it is set right."""
    sample = Sample("drift of a track")
    for rendering in renderings():
        for script in demo_scripts()[: max(1, cases // 3)]:
            spoken = spliced(rendering, script, dice)
            for drift in DRIFTS:
                clock = Clock(float(dice.uniform(-200, 200)), drift, 0.0, 1.0)
                _set_right(sample, spoken, clock, aligner)
    return sample


def _set_right(sample: Sample, spoken: Spoken, truth: Clock, aligner: Aligner) -> None:
    last_s = float(spoken.ends_s[-1])
    stretched = _stretched(spoken.samples, truth)
    found = aligner.find(stretched, spoken.words)
    before = truth.worst_ms(last_s)
    if found is None:
        sample.refused += 1
        sample.add(1e6 * truth.drift, before, np.nan, np.nan)
        return
    clock = fit_clock(spoken.starts_s.tolist(), [span.start_s for span in found])
    error = Clock(clock.offset_ms - truth.offset_ms, clock.drift - truth.drift, 0, 1)
    try:
        righted = set_right(stretched, RATE_HZ, clock)
    except DriftTooLarge:
        sample.refused += 1
        sample.add(1e6 * truth.drift, before, error.worst_ms(last_s), np.nan)
        return
    again = aligner.find(righted, spoken.words)
    left = fit_clock(spoken.starts_s.tolist(), [s.start_s for s in again]) if again else None
    after = left.worst_ms(last_s) if left else np.nan
    sample.add(1e6 * truth.drift, before, error.worst_ms(last_s), after)


def _stretched(samples: np.ndarray, clock: Clock) -> np.ndarray:
    """The sound as the clock would have it: late by its offset, slower by its drift."""
    slower = resample(samples, 100_000, round(100_000 * (1 + clock.drift)))
    late = round(clock.offset_ms / 1000 * RATE_HZ)
    return moved(slower, -late, len(slower) + abs(late))


def _effects(cases: int, dice: np.random.Generator, findings: Findings) -> Iterator[Sample]:
    """One to three explosions whose sounds come up to 1.5 s early or late, with music and noise."""
    beds = {name: resample(bed(name), RATE_HZ, BLAST_HZ) for name in ("upbeat", "calm")}
    for below_db in (12.0, 6.0):
        sample = Sample(f"explosions, music {below_db:g} dB below")
        for number in range(12 * cases):
            fps = (24, 25, 30)[number % 3]
            blasts = random_blasts(dice, 1 + number // 3 % 3, BLAST_S)
            seen_s = first_frames_s(blasts, fps)
            late_s = float(
                dice.uniform(max(-1.5, 0.1 - seen_s[0]), min(1.5, BLAST_S - 0.5 - seen_s[-1]))
            )
            bang = blast_sound(dice, BLAST_HZ)
            clean = sounds_at([s + late_s for s in seen_s], bang, BLAST_S, BLAST_HZ)
            sound = under(clean, beds[("upbeat", "calm")[number % 2]], below_db, dice)
            sound = with_noise(sound, dice, 30.0)
            frames = [
                cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
                for frame in blast_frames(blasts, BLAST_S, fps, BLAST_PX, number)
            ]
            late_ms = 1000 * late_s
            try:
                righted = findings.timed(
                    "effects", partial(set_sound_right, frames, fps, sound, BLAST_HZ)
                )
            except Reject:
                sample.refused += 1
                sample.add(late_ms, late_ms, np.nan, np.nan)
                continue
            found_ms = righted.before.offset_ms
            moved_ms = righted.clock.offset_ms if righted.samples is not sound else 0.0
            sample.add(late_ms, late_ms, found_ms - late_ms, late_ms - moved_ms)
        yield sample
