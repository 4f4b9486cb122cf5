"""Align: what is wrong with word times is found and put right, what is right is left alone."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from pipeline.media import MediaStore, asset
from stages.align import Align
from stages.align.correct import correct
from stages.shared import sound
from stages.shared.aligner import RATE_HZ, Aligner, Span, Word
from stages.speech import Speech

SCRIPT = (
    "Good light changes everything. The Halvenne desk lamp swings, tilts and dims to suit the way"
    " you work. Order this week and save 20%."
)
SHOTS = [
    {"index": 0, "layout": "presented", "start_s": 0.0, "end_s": 2.5},
    {"index": 1, "layout": "hero", "start_s": 2.5, "end_s": 7.0},
    {"index": 2, "layout": "end_card", "start_s": 7.0, "end_s": 15.0},
]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> MediaStore:
    """A media store that lives as long as the voice in it."""
    return MediaStore(str(tmp_path_factory.mktemp("align")))


@pytest.fixture(scope="module")
def spot(store: MediaStore) -> dict[str, Any]:
    """A row as it reaches the stage, the voice being that of the embedded engine."""
    stage = Speech(lexicon=(("Halvenne", "hal-VEN"),))
    stage.load()
    with store.workspace() as media:
        row = stage.run({"script": SCRIPT, "language": "en"}, media)
    return {**row, "shots": SHOTS}


@pytest.fixture(scope="module")
def align() -> Align:
    """The stage, loaded."""
    stage = Align()
    stage.load()
    return stage


def run(align: Align, store: MediaStore, spot: dict[str, Any], **changed: Any) -> dict[str, Any]:
    """One run of the stage, with some columns changed."""
    with store.workspace() as media:
        return dict(align.run({**spot, **changed}, media))


def moved(rows: list[dict[str, Any]], by: Callable[[int, float], float]) -> list[dict[str, Any]]:
    """WORD or PHONEME rows at other times: `by(index, start_s)` seconds later."""
    rows = deepcopy(rows)
    for index, row in enumerate(rows):
        offset_s = by(index, row["start_s"])
        row["start_s"] += offset_s
        row["end_s"] += offset_s
    return rows


def stretched(rows: list[dict[str, Any]], by: float) -> list[dict[str, Any]]:
    """WORD rows on a clock that runs slower by the factor `by`."""
    return [{**row, "start_s": row["start_s"] * by, "end_s": row["end_s"] * by} for row in rows]


def errors_ms(result: dict[str, Any], spot: dict[str, Any]) -> np.ndarray:
    """How far each caption word begins from where the voice truly says it: shape (words,)."""
    pairs = zip(result["caption_words"], spot["words"], strict=True)
    return np.array([abs(a["start_s"] - b["start_s"]) * 1000 for a, b in pairs])


def test_true_times_are_left_alone(align: Align, store: MediaStore, spot: dict[str, Any]) -> None:
    """Catches the aligner's own slips being written into good times."""
    result = run(align, store, spot)
    for column in Align.writes:
        pa.array([result[column.name]], column.type)
    assert errors_ms(result, spot).max() < 1e-6
    assert [w["text"] for w in result["caption_words"]] == [w["text"] for w in spot["words"]]
    metrics = result["metrics"]
    assert abs(metrics["align_offset_median_ms"]) <= 20
    assert metrics["align_offset_p95_ms"] <= 80
    assert metrics["align_words_aligned"] >= 0.9
    assert metrics["align_fallback"] == 0 and metrics["align_words_moved"] == 0


@pytest.mark.parametrize("shift_s", [0.15, -0.12])
@pytest.mark.parametrize("with_phonemes", [True, False])
def test_a_common_shift_is_found_and_taken_out(
    align: Align, store: MediaStore, spot: dict[str, Any], shift_s: float, with_phonemes: bool
) -> None:
    """Catches a voice file with a delay at its start that the captions don't know of."""
    changed = {"words": moved(spot["words"], lambda _i, _s: shift_s)}
    if with_phonemes:
        changed["phonemes"] = moved(spot["phonemes"], lambda _i, _s: shift_s)
    result = run(align, store, spot, **changed)
    assert result["metrics"]["align_offset_median_ms"] == pytest.approx(-1000 * shift_s, abs=20)
    assert errors_ms(result, spot).max() <= 20


def test_a_drift_is_found_and_taken_out(
    align: Align, store: MediaStore, spot: dict[str, Any]
) -> None:
    """Catches a voice stretched after its times were taken: in step at first, late at the end."""
    result = run(align, store, spot, words=stretched(spot["words"], 1.03))
    assert result["metrics"]["align_drift_ms"] < -100
    assert errors_ms(result, spot).max() <= 25


def test_single_words_out_of_place_follow_the_aligner(
    align: Align, store: MediaStore, spot: dict[str, Any]
) -> None:
    """Catches a few wrong words hidden by a median that is right."""
    late = range(8, 12)
    words = moved(spot["words"], lambda i, _s: 0.15 if i in late else 0.0)
    result = run(align, store, spot, words=words)
    assert result["metrics"]["align_words_moved"] >= 2
    assert np.median(errors_ms(result, spot)[8:12]) <= 40
    assert np.delete(errors_ms(result, spot), [8, 9, 10, 11]).max() < 1e-6
    starts = [w["start_s"] for w in result["caption_words"]]
    ends = [w["end_s"] for w in result["caption_words"]]
    assert starts == sorted(starts)
    assert all(end <= start + 1e-9 for end, start in zip(ends[:-1], starts[1:], strict=True))


def test_another_voice_is_not_believed(
    align: Align, store: MediaStore, spot: dict[str, Any]
) -> None:
    """Catches good times bent to an alignment with a sound that does not hold the words."""
    rng = np.random.default_rng(3)
    with store.workspace() as media:
        path = media.scratch("noise.flac")
        noise = rng.normal(0, 0.05, 15 * 48_000) * np.repeat(rng.uniform(0, 1, 150), 4800)
        sound.write_flac(path, np.clip(noise, -0.9, 0.9).astype(np.float32), 48_000)
        uri = media.save(path)
    result = run(align, store, spot, voice_uri=uri)
    assert result["metrics"]["align_fallback"] == 1
    assert errors_ms(result, spot).max() < 1e-6
    (verdict,) = result["verdicts"]
    assert verdict.verdict == "pass" and "the voice's own times" in verdict.evidence


def test_alignment_does_not_depend_on_what_came_before(
    store: MediaStore, spot: dict[str, Any]
) -> None:
    """Catches a model that adapts, or a brand's sounds kept for the next spot of that name."""
    with store.workspace() as media:
        voice = sound.read_sound(media.open(spot["voice_uri"]), RATE_HZ)
    words = [Word("good", ()), Word("light", ()), Word("changes", ()), Word("everything", ())]
    first, second = Aligner(), Aligner()
    second.find(voice[RATE_HZ:], [Word("halvenne", ("M", "AA", "P")), *words])
    brand = [*words, Word("the", ()), Word("halvenne", ("HH", "AE", "L", "V", "EH", "N"))]
    short = voice[: 4 * RATE_HZ]
    assert first.find(short, brand) == second.find(short, brand) is not None
    assert first.find(short, [Word("qqqq", ())]) is None


def test_slips_of_the_aligner_are_not_followed() -> None:
    """Catches a word given its neighbour's time: the aligner made one longer, one shorter."""
    words = [{"start_s": 0.3 * n, "end_s": 0.3 * n + 0.3} for n in range(12)]
    spans = [Span(w["start_s"], w["end_s"]) for w in words]
    spans[5], spans[6] = Span(1.5, 1.66), Span(1.66, 2.1)
    correction = correct(words, spans, 80.0)
    assert correction is not None and correction.moved == 0
    assert correction.spans[6].start_s == pytest.approx(1.8)


def test_sound_effects_fall_on_cuts(align: Align, store: MediaStore, spot: dict[str, Any]) -> None:
    """Catches an effect at the start, beside its cut, over a word, or none for the end card."""
    first, second, *_ = spot["sentences"]
    in_pause_s = round((first["end_s"] + second["start_s"]) / 2 * 24) / 24
    word = spot["words"][second["first_word"]]
    in_word_s = round((word["start_s"] + word["end_s"]) / 2 * 24) / 24
    shots = [
        {"layout": "presented", "start_s": 0.0},
        {"layout": "hero", "start_s": in_pause_s},
        {"layout": "presented", "start_s": in_word_s},
        {"layout": "end_card", "start_s": 14.5},
    ]
    timed = Align(cut_effect_lead_s=0.19)
    timed.load()
    events = run(timed, store, spot, shots=shots)["sound_events"]
    assert [event["name"] for event in events] == ["whoosh", "whoosh", "sparkle"]
    assert [event["event_s"] for event in events] == pytest.approx([in_pause_s, 14.5, 14.5])
    accents_s = [event["time_s"] + event["accent_s"] for event in events]
    assert accents_s == pytest.approx([in_pause_s, 14.5, 14.5])
    assert events[0]["accent_s"] == 0.19 and events[2]["accent_s"] == 0.0
    silent = Align(cut_effect=None, end_card_effect=None)
    silent.load()
    assert run(silent, store, spot)["sound_events"] == []


def test_an_effects_accent_is_measured_on_its_sound(
    store: MediaStore, spot: dict[str, Any], tmp_path: Path
) -> None:
    """Catches another whoosh timed as if it were the shipped one: late by what it is slower."""
    rate, times_s = 48_000, np.arange(round(1.2 * 48_000)) / 48_000
    noise = np.random.default_rng(5).normal(0, 0.2, len(times_s))
    swell = np.exp(-0.5 * ((times_s - 0.7) / 0.15) ** 2)
    sound.write_flac(tmp_path / "swell.flac", (noise * swell).astype(np.float32), rate)
    align = Align(effects=(("whoosh", asset(str(tmp_path / "swell.flac"))),))
    align.load()
    shots = [{"layout": "hero", "start_s": 0.0}, {"layout": "end_card", "start_s": 14.5}]
    whoosh = run(align, store, spot, shots=shots)["sound_events"][0]
    # A bell of 0.15 s reaches a quarter of its peak 0.25 s before it.
    assert whoosh["accent_s"] == pytest.approx(0.25, abs=0.04)
    assert whoosh["time_s"] == pytest.approx(14.5 - whoosh["accent_s"])
