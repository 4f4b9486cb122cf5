"""Talking-head models, on tiny random checkpoints loaded by the path that real ones take."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import soundfile

from pipeline.audition import read_take, spoken
from pipeline.media import MediaStore, Workspace, asset
from schemas.campaign import Brand
from schemas.config_error import ConfigError
from schemas.host import parse_host
from schemas.presenter_preset import PresenterPreset
from schemas.video_preset import merged
from stages.avatar import (
    Avatar,
    ModelPresenter,
    Performance,
    PresenterRig,
    VectorPresenter,
    model_presenter,
)
from stages.avatar.hosts import shipped_host
from stages.avatar.presets import load_presenter_preset, parse_presenter_preset
from stages.avatar.talking import filming
from stages.avatar.talking.filming import Studio
from stages.avatar.talking.voice_latents import voice_latents
from stages.base import Reject
from stages.shared.diffusion.loading import ModelRefused
from stages.shared.lip_sync import expected_openness, lip_offset, mouth_openness
from tests.stages.tiny_talkers import tiny_animate, tiny_voiced

RIG = Path(__file__).parents[2] / "examples" / "demo" / "presenter"
FACE = RIG / "base.png"
"""A rendered face of nobody, cut out."""
FPS, FIRST = 24, 7
SEEN = (1.0,) * 12 + (0.0,) * 4 + (0.5, 1.0, 1.0)
"""A stretch longer than a segment, a gap, and a stretch shorter than the least one."""
TINY: dict[str, Any] = {
    "name": "tiny", "model": "./tiny/", "dtype": "float32",
    "licence": {"name": "Apache-2.0", "commercial": "yes", "checked": True},
    "call": {"num_inference_steps": 2, "guidance_scale": 1.0},
}  # fmt: skip
KINDS: dict[str, dict[str, Any]] = {
    "motion": {
        "drive": "motion", "pipeline": "WanAnimatePipeline", "side": 48,
        "frames": {"rule": "4n+1", "fps": 30, "most": 13, "overlap": 1},
    },
    "audio": {
        "drive": "audio", "pipeline": "LTX2ConditionPipeline", "side": 64, "multiple": 32,
        "frames": {"rule": "2n+1", "fps": 24, "most": 11, "overlap": 3},
        "call": {
            "audio_guidance_scale": 1.0, "stg_scale": 0.0, "audio_stg_scale": 0.0,
            "modality_scale": 1.0, "audio_modality_scale": 1.0,
        },
    },
}  # fmt: skip


def preset_of(kind: str, **changes: Any) -> PresenterPreset:
    """A preset for a tiny model; the changes are keys on top."""
    return parse_presenter_preset(merged(merged(TINY, KINDS[kind]), changes), "test")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders of the tiny checkpoints."""
    root = tmp_path_factory.mktemp("talkers")
    return {"motion": tiny_animate(root / "animate"), "audio": tiny_voiced(root / "voiced")}


@pytest.fixture(scope="module")
def voices(tmp_path_factory: pytest.TempPathFactory) -> tuple[Performance, Path]:
    """A performance of the default voice's line, and another voice file."""
    folder = tmp_path_factory.mktemp("voice")
    said = spoken(["Maybe five blue mugs are wonderful."])
    soundfile.write(folder / "voice.flac", np.clip(said.samples, -0.95, 0.95), 48_000)
    other = np.sin(np.arange(len(said.samples)) * 2 * np.pi * 400 / 48_000) * 0.3
    soundfile.write(folder / "other.flac", other, 48_000)
    performance = Performance(
        voice=folder / "voice.flac", phonemes=said.phonemes, sentences=said.sentences,
        first_frame=FIRST, visibility=SEEN, size_px=96, fps=FPS, audio_lead_s=0.0, seed=7,
    )  # fmt: skip
    return performance, folder / "other.flac"


@pytest.fixture
def media(tmp_path: Path) -> Iterator[Workspace]:
    """What a stage sees of a store."""
    with MediaStore(str(tmp_path / "store")).workspace() as workspace:
        yield workspace


def host(name: str = "amber", **changes: Any) -> VectorPresenter:
    """A drawn host, with keys of the file on top."""
    told = merged(shipped_host(name).model_dump(), changes)
    return VectorPresenter(host=parse_host(told, name), accent=Brand(name="B").accent)


@pytest.fixture(scope="module")
def engines(models: dict[str, Path]) -> Callable[..., ModelPresenter]:
    """Makes the engine of a kind's tiny model; the same request gets the same, loaded one."""
    known: dict[str, ModelPresenter] = {}

    def make(kind: str, driver: Any = None, **changes: Any) -> ModelPresenter:
        key = repr((kind, driver and driver.identity, sorted(changes.items())))
        if key not in known:
            known[key] = ModelPresenter(
                preset=preset_of(kind, **changes),
                model=asset(f"{models[kind]}/"),
                portrait=asset(str(FACE)),
                consent="a rendered face of nobody",
                driver=(driver or host()) if kind == "motion" else None,
            )
        return known[key]

    return make


def shown(engine: ModelPresenter, performance: Performance, media: Workspace) -> np.ndarray:
    """The frames of the take that are seen, as int (count, size, size, 4)."""
    return np.stack([f for f in engine.frames(performance, media) if f is not None]).astype(int)


class TestAFilm:
    """What comes out of a model, before it is encoded."""

    @pytest.mark.parametrize("kind", KINDS)
    def test_each_stretch_is_filmed_in_its_place(
        self, kind: str, engines: Any, voices: Any, media: Workspace
    ) -> None:
        """Would catch a stretch that ends with its model's first segment, a frame too many, frames
        for what nobody sees, and a take that differs from one run to the next."""
        performance, _ = voices
        frames = list(engines(kind).frames(performance, media))
        assert [frame is not None for frame in frames] == [share > 0 for share in SEEN]
        assert all(f is None or (f.shape, f.dtype) == ((96, 96, 4), np.uint8) for f in frames)
        seen = np.stack([f for f in frames if f is not None]).astype(int)
        assert seen[..., 3].min() == 255 and seen[..., :3].std() > 5
        assert np.abs(seen[1:12] - seen[:11]).mean(axis=(1, 2, 3)).min() > 0, (
            "no frame stands still"
        )
        assert np.array_equal(seen, shown(engines(kind), performance, media))
        other = shown(engines(kind), replace(performance, seed=8), media)
        assert np.abs(seen - other).mean() > 1

    @pytest.mark.parametrize("kind", KINDS)
    def test_it_is_of_the_portrait(
        self, kind: str, engines: Any, voices: Any, media: Workspace, tmp_path: Path
    ) -> None:
        """Would catch a model that never sees whom it is to show."""
        performance = replace(voices[0], visibility=(1.0,) * 6)
        picture = cv2.imread(str(FACE), cv2.IMREAD_UNCHANGED)
        picture[..., :3] //= 2
        cv2.imwrite(str(tmp_path / "darker.png"), picture)
        engine = engines(kind)
        other = replace(engine, portrait=asset(str(tmp_path / "darker.png")))
        change = shown(engine, performance, media) - shown(other, performance, media)
        assert np.abs(change).mean() > 0.2

    @pytest.mark.parametrize("kind", KINDS)
    def test_it_runs_in_the_number_types_of_the_shipped_presets(
        self, kind: str, engines: Any, voices: Any, media: Workspace
    ) -> None:
        """Would catch a part that is fed 32 bits and computes in 16, seen first on a GPU."""
        name = {"motion": "wan-animate", "audio": "ltx23-voice"}[kind]
        like = load_presenter_preset(name)
        parts = {key: {"dtype": part.dtype} for key, part in like.components.items()}
        engine = engines(kind, dtype=like.dtype, components=parts)
        performance = replace(voices[0], visibility=(1.0,) * 6)
        assert like.dtype == "bfloat16"
        assert shown(engine, performance, media)[..., :3].std() > 5

    def test_a_take_that_shows_nobody_is_rejected(
        self, engines: Any, voices: Any, media: Workspace
    ) -> None:
        """Would catch noise that goes on air; random weights make nothing else."""
        with pytest.raises(Reject) as refused:
            engines("audio").perform(replace(voices[0], visibility=(1.0,) * 6), media)
        assert refused.value.reason_code == "presenter_model_no_face"
        assert refused.value.another_seed

    def test_a_film_of_a_face_becomes_a_take_in_time(
        self, engines: Any, voices: Any, media: Workspace, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Would catch lips that are late once 30 frames a second have become 24, a mouth box beside
        the mouth, a ground that stays, and a face of which no reviewer learns whose leave it is
        shown by. No random weights make a face: here the rendered rig stands where the model would,
        at the model's rate."""
        performance, _ = voices
        rig = PresenterRig(rig=asset(f"{RIG}/"))

        def film(studio: Studio, asked: Performance, media: Any) -> np.ndarray:
            drawn = rig.frames(replace(asked, size_px=360), media)
            shares = [(f, f[..., 3:] / 255.0) for f in drawn if f is not None]
            return np.stack(
                [np.rint(f[..., 2::-1] * a + 235 * (1 - a)).astype(np.uint8) for f, a in shares]
            )

        monkeypatch.setattr(model_presenter, "film", film)
        end_s = (FIRST + 36) / FPS
        spot = {
            "voice_uri": media.save(performance.voice), "seed": 7,
            "phonemes": performance.phonemes, "sentences": performance.sentences,
            "shots": [
                {"start_s": FIRST / FPS, "end_s": end_s, "handle_s": 0.0, "layout": "presented"}
            ],
        }  # fmt: skip
        stage = Avatar(engine=replace(engines("motion"), background="cut"), audio_lead_ms=0.0)
        made = stage.run(spot, media)
        assert [(v.rule, v.evidence) for v in made["verdicts"]] == [
            ("presenter_consent", "a rendered face of nobody")
        ]
        frames = read_take(media.open(made["avatar_uri"]))
        side = frames.shape[1]
        assert frames.shape == (36, side, side, 4)
        assert frames[:, : side // 8, : side // 8, 3].max() == 0
        middle = slice(side * 4 // 9, side * 5 // 9)
        assert frames[:, side // 3 : side * 2 // 3, middle, 3].min() == 255
        x0, y0, x1, y1 = (made["avatar_mouth_box"][key] for key in ("x0", "y0", "x1", "y1"))
        assert 0.34 < x0 < 0.47 < 0.53 < x1 < 0.66 and 0.4 < y0 < 0.5 < y1 < 0.66
        rows, columns = (slice(int(a * side), int(b * side)) for a, b in ((y0, y1), (x0, x1)))
        opening = mouth_openness(frames[:, rows, columns, :3])
        asked = expected_openness(performance.phonemes, (FIRST + np.arange(36)) / FPS)
        offset_ms, r = lip_offset(asked, opening, FPS)
        assert abs(offset_ms) < 25 and r > 0.7


class TestWhatDrivesIt:
    """Motion and voice reach the denoiser, and reach it on time."""

    def test_the_denoiser_hears_the_voice_clean_in_every_step(
        self, engines: Any, voices: Any, media: Workspace
    ) -> None:
        """Would catch a model that makes up a sound of its own, to which its lips then move, and
        guidance of that sound, which costs two more passes a step."""
        engine, (performance, _) = engines("audio"), voices
        model, heard = engine._ready(media), []
        latents = voice_latents(model, performance.voice, FIRST / FPS, 7 / FPS)
        hook = model.transformer.register_forward_hook(
            lambda _, args, named, out: heard.append(named), with_kwargs=True
        )
        shown(engine, replace(performance, visibility=(1.0,) * 7), media)
        hook.remove()
        assert len(heard) == 2, "two steps, one pass each"
        assert not heard[0]["audio_timestep"].any() and heard[0]["timestep"].any()
        assert (heard[0]["audio_hidden_states"] == heard[1]["audio_hidden_states"]).all()
        vae = model.audio_vae
        packed = (model._pack_audio_latents(latents) - vae.latents_mean) / vae.latents_std
        assert packed.std() > 0 and (heard[0]["audio_hidden_states"] == packed).all()
        assert not model.transformer._forward_pre_hooks, "nothing is left behind"

    def test_another_voice_makes_another_film(
        self, engines: Any, voices: Any, media: Workspace
    ) -> None:
        """Would catch a voice that is encoded and then not listened to."""
        performance, other = replace(voices[0], visibility=(1.0,) * 6), voices[1]
        before = shown(engines("audio"), performance, media)
        after = shown(engines("audio"), replace(performance, voice=other), media)
        assert np.abs(before - after).max() > 0

    def test_a_segment_goes_on_from_the_one_before(
        self, engines: Any, voices: Any, media: Workspace, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Would catch a jump of the head at every seam, and a voice that starts again there."""
        engine, (performance, _) = engines("audio"), voices
        kind, calls, starts = type(engine._ready(media)), [], []
        call, encode = kind.__call__, filming.voice_latents
        monkeypatch.setattr(
            kind, "__call__", lambda self, **n: calls.append((n, call(self, **n))) or calls[-1][1]
        )
        monkeypatch.setattr(
            filming, "voice_latents",
            lambda model, path, at, length: starts.append(at) or encode(model, path, at, length),
        )  # fmt: skip
        shown(engine, replace(performance, visibility=(1.0,) * 17), media)
        assert [named["num_frames"] for named, _ in calls] == [11, 11]
        first, second = (named["conditions"][0] for named, _ in calls)
        assert first.frames.size == (64, 64) and len(second.frames) == 3
        tail = np.rint(np.asarray(calls[0][1].frames[0])[-3:] * 255)
        assert np.array_equal(np.stack([np.asarray(f) for f in second.frames]), tail)
        assert np.allclose(starts, [FIRST / FPS, (FIRST + 8) / FPS])

    def test_another_drivers_face_makes_another_film(
        self, engines: Any, voices: Any, media: Workspace
    ) -> None:
        """Would catch a driver who performs for nobody."""
        performance = replace(voices[0], visibility=(1.0,) * 6)
        before = shown(engines("motion"), performance, media)
        after = shown(engines("motion", host("cedar")), performance, media)
        assert np.abs(before - after).max() > 0

    def test_its_films_are_as_long_as_the_take_asks(
        self, engines: Any, voices: Any, media: Workspace, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Would catch faces and postures that run backwards where the pipeline fills up a
        segment."""
        engine, seen = engines("motion"), []
        kind = type(engine._ready(media))
        call = kind.__call__
        monkeypatch.setattr(
            kind, "__call__", lambda self, **named: seen.append(named) or call(self, **named)
        )
        shown(engine, voices[0], media)
        for named in seen:
            length = named["segment_frame_length"]
            count = len(named["pose_video"])
            assert count == len(named["face_video"]) and (count - 1) % (length - 1) == 0
            assert named["pose_video"][0].size == (48, 48)
            assert named["face_video"][0].size == (16, 16)
        assert len(seen) == 2, "one call a stretch"


class TestWhatIsRefused:
    """Before the first spot, with key and fix."""

    @pytest.mark.parametrize(
        ("kind", "changes", "said"),
        [
            ("motion", {"pipeline": "WanImageToVideoPipeline"}, "cannot be driven by motion"),
            ("motion", {"call": {"steps": 3}}, "call.steps: WanAnimatePipeline takes no such"),
            ("motion", {"call": {"pose_video": 3}}, "call.pose_video: is given take by take"),
            ("motion", {"components": {"unet": {"dtype": "float32"}}}, "has no such part"),
            ("audio", {"pipeline": "LTX2Pipeline"}, "cannot be driven by audio"),
            ("audio", {"frames": {"rule": "any", "overlap": 2}}, "name the rule of its model card"),
        ],
    )
    def test_a_preset_that_does_not_fit_the_model(
        self, kind: str, changes: dict[str, Any], said: str, engines: Any, voices: Any,
        media: Workspace,
    ) -> None:  # fmt: skip
        """Would catch a catalogue in which every spot fails by itself."""
        performance = replace(voices[0], visibility=(1.0,) * 6)
        with pytest.raises((ModelRefused, AttributeError), match=said):
            list(engines(kind, **changes).frames(performance, media))

    @pytest.mark.parametrize(
        ("kind", "changes", "said"),
        [
            ("motion", {"side": 50}, "side: 50: is not a multiple of 16; try 48"),
            ("motion", {"frames": {"overlap": 2, "rule": "any"}}, "Wan-Animate takes 1 or 5"),
            ("motion", {"frames": {"overlap": 5, "most": 9}}, "more than twice that"),
            ("motion", {"portrait_crf": 20}, "belongs to drive audio"),
            ("motion", {"attention": "flash_hub"}, "fetch kernels"),
            ("motion", {"components": {"vae": {"path": "x/"}}}, "lie in its folder"),
            ("audio", {"prompt": "{title} talks"}, "there can only be {said}"),
            ("audio", {"frames": {"overlap": 4}}, "is no count of the rule 2n+1"),
            ("audio", {"drives": "x"}, "did you mean 'drive'"),
        ],
    )
    def test_a_preset_that_contradicts_itself(
        self, kind: str, changes: dict[str, Any], said: str
    ) -> None:
        """Would catch a wrong number that is found hours later, by its film."""
        with pytest.raises(ConfigError) as refused:
            preset_of(kind, **changes)
        assert said in str(refused.value)

    def test_the_engine_itself_insists(self, engines: Any) -> None:
        """Would catch a recipe of one's own that leaves a question out."""
        with pytest.raises(ValueError, match="needs a driver"):
            replace(engines("motion"), driver=None)
        with pytest.raises(ValueError, match="takes no driver"):
            replace(engines("audio"), driver=host())
        with pytest.raises(ValueError, match="consent"):
            replace(engines("audio"), consent=" ")
        with pytest.raises(ValueError, match="give the commit"):
            replace(engines("audio"), model="owner/name")
