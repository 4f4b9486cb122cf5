"""The sound that a video model makes with its picture: kept, set right by what is seen, mixed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import soundfile

from jobs.bench.explosions import Blast, blast_frames, blast_sound, first_frames_s, sounds_at
from pipeline.keys import digest
from pipeline.media import MediaStore
from pipeline.recipes import load_recipe
from schemas.asset import Asset
from schemas.brand import BrandKit
from schemas.campaign import parse_campaign
from schemas.config_error import ConfigError
from schemas.layout import FORMATS
from stages.align import Align
from stages.align.clip_sounds import RightedSounds, right_clip_sounds
from stages.composite import Composite
from stages.composite.clip_tracks import ClipTrack, clip_tracks
from stages.composite.mix import Levels, mix
from stages.image_to_video import ClipRequest, DiffusersClips, ImageToVideo
from stages.image_to_video.clip_sound import write_clip_sound
from stages.shared.audio_onsets import audio_onsets
from stages.shared.diffusion.loading import ModelRefused
from stages.shared.effects import heard_at, onset_s
from stages.shared.ffmpeg import decode_audio, decode_frames
from stages.shared.frames import encode_frames
from stages.shared.sound import loudness_lufs, write_flac
from stages.shared.visual_events import visual_events
from tests.stages import tiny_models
from tests.stages.conftest import SMALL
from tests.stages.test_image_to_video_diffusers import of, tiny_preset

RATE_HZ, FPS, LENGTH_S = 48_000, 24, 4.0
COMMIT = "0123456789abcdef0123456789abcdef01234567"
BLASTS = [Blast(1.21, 0.5, 0.5, 0.9), Blast(2.78, 0.4, 0.45, 0.8)]
FAST = {"image_crf": 0, "guidance_scale": 1.0, "stg_scale": 0.0, "modality_scale": 1.0}
AV = {"frames": {"rule": "any"}, "call": FAST, "size": {"width": 32, "height": 64}}


@pytest.fixture(scope="module")
def ltx2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny model that makes picture and sound."""
    return tiny_models.tiny_ltx2(tmp_path_factory.mktemp("models") / "ltx2")


def engine_of(folder: Path, *, keep_sound: bool = True, **changes: Any) -> DiffusersClips:
    """The engine of a joint model in a folder."""
    preset = tiny_preset(**{**AV, **changes})
    model = Asset(f"{folder}/", "0" * 64)
    return DiffusersClips(preset=preset, model=model, keep_sound=keep_sound, shells=1)


# What the model makes is kept


def test_a_joint_models_sound_comes_with_its_clip(
    ltx2: Path, asked: ClipRequest, tmp_path: Path
) -> None:
    """Would catch sound that is dropped, at another rate, or longer than its clip; a row that hears
    another row's; and a picture that changes because its sound is kept."""
    rows = [replace(asked, files=of(ltx2), seed=n, frames=12) for n in (3, 4)]

    def made(
        engine: DiffusersClips, name: str, asked_for: list[ClipRequest]
    ) -> list[tuple[bytes, Any]]:
        paths = [tmp_path / f"{name}-{n}.mp4" for n in range(len(asked_for))]
        clips = engine.render_all(asked_for, paths)
        heard = [clip.sound and soundfile.read(clip.sound) for clip in clips]
        return [(path.read_bytes(), one) for path, one in zip(paths, heard, strict=True)]

    keeps, drops = (engine_of(ltx2, keep_sound=keep, batch={"most": 2}) for keep in (True, False))
    together = made(keeps, "together", rows)
    for _, (sound, rate_hz) in together:
        assert rate_hz == RATE_HZ and sound.shape == (12 * RATE_HZ // 24, 2)
        assert np.abs(sound).max() > 1e-3
    assert np.abs(together[0][1][0] - together[1][1][0]).max() > 1e-4, "another seed, another sound"
    alone = [made(keeps, f"alone{n}", [row])[0] for n, row in enumerate(rows)]
    for (_, (sound, _)), (_, (own, _)) in zip(together, alone, strict=True):
        assert np.abs(sound - own).max() < 2e-3, "up to the rounding of sums"
    drops._loaded.update(keeps._loaded)
    silent = made(drops, "silent", rows)
    assert [one for one, _ in silent] == [one for one, _ in together]
    assert [one for _, one in silent] == [None, None]


def test_a_model_without_sound_is_refused(asked: ClipRequest, tmp_path: Path, ltx2: Path) -> None:
    """Would catch a campaign that asks for sound and gets silence."""
    wan = tiny_models.tiny_wan(tmp_path / "wan")
    engine = engine_of(wan, call={}, frames={"rule": "4n+1"})
    with pytest.raises(ModelRefused, match=r"keep_sound: .*Wan.* makes no sound; leave it out"):
        engine.render(replace(asked, files=of(wan)), tmp_path / "clip.mp4")
    keeps, drops = engine_of(ltx2), engine_of(ltx2, keep_sound=False)
    assert digest(keeps) != digest(drops)


def test_a_clip_that_is_slowed_down_takes_its_sound_along(tmp_path: Path) -> None:
    """Would catch a bang that comes before its picture, or drops in pitch, where a model makes
    fewer frames than the shot has."""
    time_s = np.arange(3 * 24_000) / 24_000
    tone = 0.3 * np.sin(2 * np.pi * 500 * time_s) * (time_s > 1.2)
    for speed, starts_s in ((1.0, 1.2), (0.8, 1.5), (0.4, 3.0)):
        write_clip_sound(tmp_path / "a.flac", tone[:, None], 24_000, speed, 5.0)
        sound, rate_hz = soundfile.read(tmp_path / "a.flac")
        assert sound.shape == (5 * RATE_HZ, 2) and rate_hz == RATE_HZ
        assert onset_s(sound) == pytest.approx(starts_s, abs=0.1), "as near as atempo is"
        first = round((starts_s + 0.2) * RATE_HZ)
        power = np.abs(np.fft.rfft(sound[first : first + RATE_HZ, 0] * np.hanning(RATE_HZ)))
        assert power.argmax() == pytest.approx(500, abs=3), "hertz"


def test_the_stage_stores_a_sound_beside_each_shot(
    ltx2: Path, asked: ClipRequest, store: MediaStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Would catch sounds without their shots, and a column where nobody asked for it."""
    monkeypatch.setitem(FORMATS, "9x16", SMALL)  # type: ignore[arg-type]
    spot = {"photo_uri": store.put(asked.photo), "cutout_uri": None, "accent": "#336699",
            "sentences": [], "seed": 3, "title": "A box"}  # fmt: skip
    lengths: dict[str, Any] = {"length_s": 2.0, "min_shot_s": 0.5, "max_shot_s": 1.0,
                               "min_end_card_s": 0.5, "max_end_card_s": 0.8}  # fmt: skip
    few = {"frames": {"rule": "any", "most": 9}}
    stage = ImageToVideo(engine=engine_of(ltx2, **few), **lengths)
    assert "clip_sounds" in stage.writes.names
    plain = ImageToVideo(engine=engine_of(ltx2, keep_sound=False, **few), **lengths)
    assert "clip_sounds" not in plain.writes.names
    model = Asset(f"{ltx2}/", store_digest(ltx2))
    stage = replace(stage, engine=replace(stage.engine, model=model))  # type: ignore[type-var]
    with store.workspace() as media:
        written = stage.run(spot, media)
        shots, sounds = written["shots"], written["clip_sounds"]
        assert [row["shot"] for row in sounds] == [shot["index"] for shot in shots]
        pa.array([sounds], stage.writes.field("clip_sounds").type)
        for shot, row in zip(shots, sounds, strict=True):
            assert all(0 <= event["time_s"] <= 2.0 for event in row["seen"])
            length_s = shot["end_s"] - shot["start_s"] + shot["handle_s"]
            assert soundfile.info(media.open(row["uri"])).duration == pytest.approx(length_s)


def store_digest(folder: Path) -> str:
    """The digest by which a folder is an asset."""
    from pipeline.media import asset

    return asset(f"{folder}/").sha256


# It is set right


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds in which something blows up, twice."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    frames = blast_frames(BLASTS, LENGTH_S, FPS, (216, 384), seed=4)
    encode_frames(frames, path, width_px=216, height_px=384, fps=FPS)
    return path


def heard(late_s: float) -> np.ndarray:
    """Stereo: the bangs, `late_s` behind what is seen, over a faint hiss."""
    dice = np.random.default_rng(4)
    at_s = [seen + late_s for seen in first_frames_s(BLASTS, FPS)]
    bang = sounds_at(at_s, blast_sound(dice, RATE_HZ), LENGTH_S, RATE_HZ)
    hiss = 0.002 * dice.standard_normal(len(bang))
    return np.repeat((0.5 * bang + hiss)[:, None], 2, axis=1).astype(np.float32)


def righted(
    store: MediaStore, clip: Path, samples: np.ndarray, folder: Path
) -> tuple[RightedSounds, np.ndarray | None]:
    """What becomes of a sound, and the samples that are to be heard."""
    write_flac(folder / "own.flac", samples, RATE_HZ)
    frames = list(decode_frames(clip, 180, 320, pixels="gray"))
    seen = [asdict(event) for event in visual_events(frames, FPS)]
    sounds = [{"shot": 2, "uri": store.put(folder / "own.flac"), "seen": seen}]
    with store.workspace() as media:
        found = right_clip_sounds(sounds, FPS, media)
        kept = [decode_audio(media.open(row["uri"]), RATE_HZ, channels=2) for row in found.rows]
    return found, kept[0] if kept else None


@pytest.mark.parametrize("late_s", [1.0, -0.6])
def test_a_bang_a_second_late_is_heard_when_it_is_seen(
    store: MediaStore, clip: Path, tmp_path: Path, late_s: float
) -> None:
    """Would catch the offset of a model's sound being believed, turned round, or moved in part."""
    found, samples = righted(store, clip, heard(late_s), tmp_path)
    assert samples is not None and len(samples) == round(LENGTH_S * RATE_HZ)
    metrics = found.metrics
    assert metrics["clip_sound_offset_ms"] == pytest.approx(1000 * late_s, abs=1000 / FPS)
    assert abs(metrics["clip_sound_remaining_ms"]) < 1000 / FPS
    assert metrics["clip_sounds_measured"] == 1 and metrics["clip_sounds_left_out"] == 0
    bang = blast_sound(np.random.default_rng(4), RATE_HZ)
    for seen_s in first_frames_s(BLASTS, FPS):
        there = heard_at(samples.mean(axis=1), np.repeat(bang[:, None], 2, 1), seen_s, 0.5)
        assert there is not None and there.time_s == pytest.approx(seen_s, abs=1 / FPS)
    (verdict,) = found.verdicts
    assert (verdict.rule, verdict.verdict) == ("clip_sound", "pass")
    assert "shot 2: its sound was" in verdict.evidence and "set right" in verdict.evidence


def test_what_is_in_time_or_cannot_be_late_stays(
    store: MediaStore, clip: Path, tmp_path: Path
) -> None:
    """Would catch good sound that is moved, and a room's hum that is thrown away."""
    found, samples = righted(store, clip, heard(0.0), tmp_path)
    assert samples is not None and np.abs(samples - heard(0.0)).max() < 1e-4
    assert abs(found.metrics["clip_sound_remaining_ms"]) <= 20
    hum = 0.05 * np.sin(2 * np.pi * 60 * np.arange(4 * RATE_HZ) / RATE_HZ)
    for ambience in (hum, 0 * hum):
        stereo = np.repeat(ambience[:, None], 2, axis=1).astype(np.float32)
        found, samples = righted(store, clip, stereo, tmp_path)
        assert samples is not None and np.abs(samples - stereo).max() < 1e-4
        assert found.metrics == {"clip_sounds_measured": 0.0, "clip_sounds_left_out": 0.0}


def test_a_bang_that_belongs_to_nothing_is_left_out_and_said(
    store: MediaStore, tmp_path: Path
) -> None:
    """Would catch a door that slams over a still picture."""
    still = tmp_path / "still.mp4"
    frames = blast_frames([], LENGTH_S, FPS, (216, 384), seed=4)
    encode_frames(frames, still, width_px=216, height_px=384, fps=FPS)
    found, samples = righted(store, still, heard(0.0), tmp_path)
    assert samples is None and found.metrics["clip_sounds_left_out"] == 1
    (verdict,) = found.verdicts
    assert verdict.verdict == "review" and "left out" in verdict.evidence
    assert "not clear" in verdict.evidence


def test_a_sound_that_runs_slow_is_resampled_or_refused(store: MediaStore, tmp_path: Path) -> None:
    """Would catch steps that fall out of step along a clip, and a pitch that anybody hears."""
    dice = np.random.default_rng(9)
    steps_s = np.cumsum(dice.uniform(0.22, 0.42, 24)) + 0.3
    knock = blast_sound(dice, RATE_HZ)[: RATE_HZ // 10] * np.linspace(1, 0, RATE_HZ // 10)
    seen = [{"time_s": at, "strength": 2.0, "kind": "motion"} for at in steps_s]

    def after(drift: float) -> tuple[RightedSounds, float]:
        track = sounds_at(0.15 + (1 + drift) * steps_s, knock.astype(np.float32), 9.0, RATE_HZ)
        write_flac(tmp_path / "own.flac", np.repeat(0.5 * track[:, None], 2, 1), RATE_HZ)
        row = {"shot": 0, "uri": store.put(tmp_path / "own.flac"), "seen": seen}
        with store.workspace() as media:
            found = right_clip_sounds([row], FPS, media)
            if not found.rows:
                return found, float("nan")
            mono = decode_audio(media.open(found.rows[0]["uri"]), RATE_HZ)
        onsets = np.array([event.time_s for event in audio_onsets(mono, RATE_HZ)])
        # Two of the onsets are too faint to be found, with drift or without.
        return found, float(np.percentile([np.abs(onsets - at).min() for at in steps_s], 90))

    found, worst_s = after(0.004)
    assert worst_s < 0.012 and "+0.4" in found.verdicts[0].evidence
    found, _ = after(0.012)
    assert found.metrics["clip_sounds_left_out"] == 1
    assert "drifts by +1." in found.verdicts[0].evidence


def test_the_columns_are_there_only_where_clips_have_sound() -> None:
    """Would catch clips that are made anew, and stages that run again, in campaigns without it."""
    plain, sounding = Align(), Align(clip_sounds=True)
    assert "clip_sounds" in sounding.reads and "righted_clip_sounds" in sounding.writes.names
    assert "clip_sounds" not in plain.reads and digest(plain) == digest(sounding)
    brand = BrandKit(name="S", ink="#000000", paper="#ffffff", accent="#336699")
    silent = Composite(brand=brand, watermark_secret="12345678")
    loud, soft = (replace(silent, clip_sound_below_voice_db=db) for db in (12.0, 20.0))
    assert "righted_clip_sounds" in loud.reads and "righted_clip_sounds" not in silent.reads
    assert len({digest(silent), digest(loud), digest(soft)}) == 3
    assert "clip_sound_below_voice_db" not in silent._look()


# It is mixed

LEVELS = Levels(13.0, 6.0, 5.0, clips_below_voice_db=20.0)
WORDS = [{"start_s": 1.0, "end_s": 1.4}, {"start_s": 1.5, "end_s": 2.5}]


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, np.ndarray], Path]:
    """Writes samples to a file of that name."""

    def to(name: str, samples: np.ndarray) -> Path:
        soundfile.write(tmp_path / name, samples, RATE_HZ, subtype="PCM_24")
        return tmp_path / name

    return to


def noise(seconds: float, level: float, seed: int = 1) -> np.ndarray:
    """Stereo noise."""
    dice = np.random.default_rng(seed)
    return (level * dice.standard_normal((round(seconds * RATE_HZ), 2))).astype(np.float32)


def level_db(sound: np.ndarray, start_s: float, end_s: float) -> float:
    """Mean power of a stretch."""
    part = sound[round(start_s * RATE_HZ) : round(end_s * RATE_HZ)].astype(np.float64)
    return float(10 * np.log10(np.square(part).mean() + 1e-12))


def test_clips_are_heard_under_the_voice_and_give_way_to_it(
    write: Callable[[str, np.ndarray], Path],
) -> None:
    """Would catch a model's sound that drowns words, one at a level of its own, and crossfades
    that dip or double."""
    time_s = np.arange(6 * RATE_HZ) / RATE_HZ
    spoken = (time_s >= 1.0) & (time_s <= 2.5)
    voice = write("voice.wav", 0.15 * np.sin(2 * np.pi * 300 * time_s) * spoken)
    shots = [
        {"index": 0, "start_s": 0.0, "end_s": 3.5, "handle_s": 0.4},
        {"index": 1, "start_s": 3.5, "end_s": 6.0, "handle_s": 0.0},
    ]
    files = {0: write("0.wav", noise(3.9, 0.1)), 1: write("1.wav", noise(2.5, 0.1, 2))}
    tracks = clip_tracks(shots, files, [0.4])
    alone = mix(voice, None, {}, WORDS, [], 6.0, LEVELS)
    own = mix(voice, None, {}, WORDS, [], 6.0, LEVELS, tracks) - alone
    under = own[round(1.05 * RATE_HZ) : round(2.45 * RATE_HZ)]
    voice_lufs = loudness_lufs(alone, RATE_HZ)
    assert voice_lufs - loudness_lufs(under, RATE_HZ) == pytest.approx(20.0, abs=1.0)
    free = level_db(own, 4.2, 5.0)
    assert free - level_db(own, 1.05, 2.45) == pytest.approx(LEVELS.music_rise_db, abs=0.5)
    assert level_db(own, 3.6, 3.8) == pytest.approx(free, abs=0.7), "even over the crossfade"
    assert level_db(own, 5.98, 6.0) < free - 20, "calm at the end"
    assert np.array_equal(alone, mix(voice, None, {}, WORDS, [], 6.0, LEVELS, []))


def test_what_is_nearly_silent_is_not_blown_up(write: Callable[[str, np.ndarray], Path]) -> None:
    """Would catch a model's noise floor at the level of a sound."""
    voice = write("voice.wav", 0.15 * np.sin(np.arange(3 * RATE_HZ) / 20))
    track = [ClipTrack(write("a.wav", noise(3.0, 0.0012)), 0.0, 3.0, 0.0, 0.0)]
    alone = mix(voice, None, {}, WORDS, [], 3.0, LEVELS)
    own = mix(voice, None, {}, WORDS, [], 3.0, LEVELS, track) - alone
    gain_db = level_db(own, 1.2, 2.0) - level_db(noise(3.0, 0.0012), 1.2, 2.0)
    assert gain_db == pytest.approx(12.0, abs=0.2)


def test_composite_mixes_what_align_set_right(
    store: MediaStore, write: Callable[[str, np.ndarray], Path]
) -> None:
    """Would catch sounds that are set right and then never heard, and ones of the wrong shot."""
    brand = BrandKit(name="S", ink="#000000", paper="#ffffff", accent="#336699")
    stage = Composite(brand=brand, watermark_secret="12345678", length_s=6.0)
    stage = replace(stage, clip_sound_below_voice_db=12.0)
    spot = {
        "voice_uri": store.put(write("v.wav", noise(6.0, 0.02))), "caption_words": WORDS,
        "sound_events": [], "music": None,
        "shots": [{"index": 0, "start_s": 0.0, "end_s": 3.0, "handle_s": 0.0},
                  {"index": 1, "start_s": 3.0, "end_s": 6.0, "handle_s": 0.0}],
        "righted_clip_sounds": [{"shot": 1, "uri": store.put(write("1.wav", noise(3.0, 0.1)))}],
    }  # fmt: skip
    with store.workspace() as media:
        with_own = stage._sound(spot, media, [0.0]).raw
        without = stage._sound({**spot, "righted_clip_sounds": None}, media, [0.0]).raw
    own = with_own - without
    assert not own[: 3 * RATE_HZ].any() and level_db(own, 3.5, 4.5) > level_db(own, 0.0, 3.0) + 40


# A campaign asks for it


def test_a_campaign_keeps_the_sound_of_a_model_that_makes_one() -> None:
    """Would catch a key that reaches some of the four stages, and silence that nobody explains."""

    def stages(preset: str, recipe: str = "gpu", **more: Any) -> dict[str, Any]:
        model = {"preset": preset, "model": "shop/tiny", "revision": COMMIT,
                 "licence_accepted": True, **more}  # fmt: skip
        raw = {"name": "T", "feed": "f.tsv", "brand": {"name": "S"}, "video_model": model,
               "sound": {"clip_sound_below_voice_db": 15}}  # fmt: skip
        loaded = load_recipe(recipe, parse_campaign(raw, "campaign.yaml"))
        return {stage.name: stage for stage in loaded}

    on = stages("ltx25-av", keep_sound=True)
    assert on["image_to_video"].engine.keep_sound and on["align"].clip_sounds
    assert on["composite"].clip_sound_below_voice_db == 15.0
    off = stages("ltx25-av")
    assert not off["align"].clip_sounds and off["composite"].clip_sound_below_voice_db is None
    laptop = stages("ltx25-av", "laptop", keep_sound=True)
    assert not laptop["align"].clip_sounds, "its clips are drawn"
    with pytest.raises(ConfigError, match=r"keep_sound: true: preset wan22-5b-fast is Wan.*ltx25"):
        stages("wan22-5b-fast", keep_sound=True)
    with pytest.raises(ConfigError, match=r"keep_sound: true: of a service's clips the picture"):
        stages("ltx25-av", keep_sound=True, service="http://127.0.0.1:1/v1")
