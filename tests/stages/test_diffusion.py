"""Video models by preset, on tiny random checkpoints loaded by the path that real ones take."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline import storage
from pipeline.keys import digest
from pipeline.media import MediaStore, asset
from schemas.asset import Asset
from schemas.config_error import ConfigError
from stages.base import Reject
from stages.image_to_video import ClipRequest, DiffusersClips, ImageToVideo
from stages.image_to_video.diffusers_clips import OutOfCardMemory
from stages.image_to_video.diffusion.control import given_track
from stages.image_to_video.diffusion.noise import generator, mixed_noise
from stages.image_to_video.diffusion.shells import Shell
from stages.image_to_video.subject_score import SubjectScore
from stages.shared.diffusion.loading import ModelRefused
from stages.shared.frames import encode_frames
from stages.shared.picture import write_png
from tests.stages import tiny_models
from tests.stages.conftest import SMALL
from tests.stages.test_image_to_video_diffusers import of, tiny_preset

FAMILIES: dict[str, dict[str, Any]] = {
    "wan": {},
    "wan21": {},
    "wan22": {},
    "svd": {"frames": {"rule": "any"}},
    "ltx": {"frames": {"rule": "8n+1"}},
    "ltx2": {"frames": {"rule": "any"}, "call": {"image_crf": 0}},
    "cog": {},
    "vace": {
        "control": {
            "kind": "edges", "arg": "video", "mask_arg": "mask",
            "reference_arg": "reference_images", "scale_arg": "conditioning_scale",
        }
    },
    "fun": {"control": {"kind": "edges", "arg": "control_video", "alone": True}},
    "pia": {"frames": {"rule": "any"}},
    "helios": {
        "frames": {"rule": "33n"},
        "call": {"num_inference_steps": None, "pyramid_num_inference_steps_list": [1, 1, 1]},
    },
}  # fmt: skip
ALONE = ("wan21", "vace", "fun", "helios")
"""Families that make one product at a time."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of a family's tiny checkpoint, made when it is first asked for."""
    root, known = tmp_path_factory.mktemp("models"), dict[str, Path]()

    def make(family: str) -> Path:
        if family not in known:
            known[family] = getattr(tiny_models, f"tiny_{family}")(root / family)
        return known[family]

    return make


def engine_of(folder: Path, family: str = "wan", *, shells: int = 1, **changes: Any) -> Any:
    """The engine of a family's model, with keys of the preset on top."""
    parts = changes.pop("parts", ())
    preset = tiny_preset(**{**FAMILIES[family], **changes})
    model = Asset(f"{folder}/", "0" * 64)
    return DiffusersClips(preset=preset, model=model, parts=parts, shells=shells)


def videos_of(engine: DiffusersClips, *requests: ClipRequest) -> np.ndarray:
    """What the model itself makes, float32 (rows, frames, height, width, 3)."""
    engine._ready(requests[0])
    made = engine._make(engine._loaded["shells"][0], requests)
    return np.stack([one.video for one in made])


@pytest.mark.parametrize("family", FAMILIES)
def test_a_clip_does_not_depend_on_what_is_made_beside_it(
    made: Callable[[str], Path], asked: ClipRequest, family: str
) -> None:
    """Would catch a batch in which each row sees every picture (Wan), one seed for all, or a class
    that cannot batch and says nothing."""
    one = replace(asked, files=of(made(family)))
    rows = [one, replace(one, seed=12, move="rise"), replace(one, shot=2, texts={"title": "b"})]
    if family in ALONE:
        if family == "vace":
            with pytest.raises(ModelRefused, match=r"batch.most: WanVACE.* set it to 1"):
                videos_of(engine_of(made(family), family, batch={"most": 3}), one)
        engine = engine_of(made(family), family)
        engine._ready(one)
        assert engine._batches(rows) == [[0], [1], [2]]
        return
    together = engine_of(made(family), family, batch={"most": 3})
    together._ready(one)
    assert together._batches(rows) == [[0, 1, 2]]
    batch = videos_of(together, *rows)
    alone = np.concatenate([videos_of(engine_of(made(family), family), row) for row in rows])
    assert np.isfinite(batch).all() and batch.std() > 0.01
    assert np.abs(batch - alone).max() < 2e-3, "up to the rounding of sums"
    assert np.abs(batch[0] - batch[1]).mean() > 1e-3, "another seed, another clip"


def test_two_shells_give_what_one_gives(
    made: Callable[[str], Path], asked: ClipRequest, tmp_path: Path
) -> None:
    """Would catch clips that are mixed up when one is decoded while the next is denoised: a common
    scheduler, a common cache of the VAE."""
    requests = [replace(asked, files=of(made("wan")), shot=n, seed=n) for n in range(5)]
    found = []
    for shells in (1, 2):
        engine = engine_of(made("wan"), shells=shells)
        paths = [tmp_path / f"{shells}-{n}.mp4" for n in range(5)]
        clips = engine.render_all(requests, paths)
        assert len(clips) == 5 and len(engine._loaded["shells"]) == shells
        found.append([path.read_bytes() for path in paths])
    assert found[0] == found[1]


def test_the_denoiser_is_passed_on_when_its_clip_goes_to_the_vae(
    made: Callable[[str], Path], asked: ClipRequest
) -> None:
    """Would catch a denoiser that idles while frames are decoded."""
    engine = engine_of(made("wan"), shells=2)
    request = replace(asked, files=of(made("wan")))
    first, second = engine._ready(request)
    decoding, denoised = threading.Event(), threading.Event()
    decode = first.model.vae.decode
    first.model.vae.decode = lambda *a, **k: (decoding.set(), denoised.wait(20), decode(*a, **k))[2]
    first.model.vae.decode = first._passing_on(first.model.vae.decode)
    worker = threading.Thread(target=lambda: engine._call(first, [request]))
    worker.start()
    assert decoding.wait(20)
    engine._call(second, [replace(request, seed=5)])
    denoised.set()  # only now may the first one end
    worker.join(20)
    assert not worker.is_alive()


def test_prompts_are_encoded_once(made: Callable[[str], Path], asked: ClipRequest) -> None:
    """Would catch a text encoder of 13 GB that runs for every clip of one product."""
    engine = engine_of(made("wan"), call={"guidance_scale": 1.0})
    request = replace(asked, files=of(made("wan")))
    before = videos_of(engine, request)
    prompts = engine._loaded["prompts"]
    misses = prompts.misses
    assert np.array_equal(before, videos_of(engine, request)) and prompts.misses == misses
    videos_of(engine, replace(request, texts={"title": "Another box"}))
    assert prompts.misses == misses + 1 and prompts.hits >= 1


# Few steps, LoRA, control, 8 bits, noise


@pytest.mark.parametrize(
    ("family", "scheduler", "steps"),
    [
        ("wan", {"class": "FlowMatchLCMScheduler", "args": {"shift": 5.0}}, 4),
        ("wan22", {"class": "UniPCMultistepScheduler", "args": {"flow_shift": 5.0}}, 4),
        ("ltx", {"class": "FlowMatchLCMScheduler"}, 2),
        ("svd", {"class": "LCMScheduler"}, 4),
    ],
)
def test_distilled_schedules_take_one_pass_a_step(
    made: Callable[[str], Path],
    asked: ClipRequest,
    family: str,
    scheduler: dict[str, Any],
    steps: int,
) -> None:
    """Would catch classifier-free guidance left on, which doubles the cost of a distilled model,
    and a scheduler that is not the preset's."""
    off = {"min_guidance_scale": 1.0, "max_guidance_scale": 1.0}
    guidance = off if family == "svd" else {"guidance_scale": 1.0}
    engine = engine_of(
        made(family), family, scheduler=scheduler, call={"num_inference_steps": steps, **guidance}
    )
    request = replace(asked, files=of(made(family)))
    engine._ready(request)
    model, passes = engine._loaded["model"], list[int]()
    assert type(engine._loaded["shells"][0].model.scheduler).__name__ == scheduler["class"]
    for name in ("transformer", "transformer_2", "unet"):
        if (denoiser := getattr(model, name, None)) is not None:
            denoiser.register_forward_pre_hook(lambda *_: passes.append(1))
    assert np.isfinite(videos_of(engine, request)).all()
    assert len(passes) == steps


def test_a_lora_works_for_its_camera_move_and_at_scale_0_not_at_all(
    made: Callable[[str], Path], asked: ClipRequest, tmp_path: Path
) -> None:
    """Would catch an orbit LoRA that bends every shot, and one that never works."""
    lora = tiny_models.tiny_lora(made("wan"), tmp_path / "lora")
    files = {**of(made("wan")), "part_0": lora}
    request = replace(asked, files=files, move="rise")
    base = videos_of(engine_of(made("wan")), request)

    def with_lora(**more: Any) -> np.ndarray:
        engine = engine_of(
            made("wan"), parts=(Asset(f"{lora}/", "1" * 64),),
            lora=[{"path": "./lora", **more}], camera={"rise": {"text": "rise"}, "drift": {}},
        )  # fmt: skip
        return videos_of(engine, request)

    assert np.abs(with_lora() - base).mean() > 1e-4
    assert np.abs(with_lora(when=["rise"]) - base).mean() > 1e-4
    assert np.abs(with_lora(when=["drift"]) - base).max() < 1e-4
    assert np.abs(with_lora(scale=0.0) - base).max() < 1e-4


def test_shells_with_different_loras_do_not_mix_them(
    made: Callable[[str], Path], asked: ClipRequest, tmp_path: Path
) -> None:
    """Would catch a LoRA that is switched for the next clip while this one is being denoised: the
    adapters are the denoiser's, which all shells share."""
    lora = tiny_models.tiny_lora(made("wan"), tmp_path / "lora")
    files = {**of(made("wan")), "part_0": lora}
    requests = [
        replace(asked, files=files, shot=n, seed=n, move="rise" if n % 2 else "drift")
        for n in range(6)
    ]
    found = []
    for shells in (1, 2):
        engine = engine_of(
            made("wan"), shells=shells, parts=(Asset(f"{lora}/", "1" * 64),),
            lora=[{"path": "./lora", "when": ["rise"]}], camera={"rise": {}, "drift": {}},
        )  # fmt: skip
        paths = [tmp_path / f"{shells}-{n}.mp4" for n in range(len(requests))]
        engine.render_all(requests, paths)
        found.append([path.read_bytes() for path in paths])
    assert found[0] == found[1]


def test_each_expert_may_have_a_lora_of_its_own(
    made: Callable[[str], Path], asked: ClipRequest, tmp_path: Path
) -> None:
    """Would catch a 4-step LoRA that reaches one of two experts only (Wan 2.2 A14B)."""
    loras = [tiny_models.tiny_lora(made("wan22"), tmp_path / name) for name in ("high", "low")]
    files = {**of(made("wan22")), "part_0": loras[0], "part_1": loras[1]}
    engine = engine_of(
        made("wan22"), "wan22", parts=tuple(Asset(f"{one}/", "1" * 64) for one in loras),
        lora=[{"path": "./high"}, {"path": "./low", "part": "transformer_2"}],
    )  # fmt: skip
    assert np.isfinite(videos_of(engine, replace(asked, files=files))).all()
    model = engine._loaded["model"]
    for part, adapter in ((model.transformer, "lora_0"), (model.transformer_2, "lora_1")):
        assert list(part.peft_config) == [adapter] and adapter in part.active_adapters()


def test_a_feature_cache_spares_passes_and_works_alone(
    made: Callable[[str], Path], asked: ClipRequest
) -> None:
    """Would catch a cache that does nothing, and one whose kept features a second shell wipes."""
    request = replace(asked, files=of(made("wan")))

    def passes(**more: Any) -> int:
        engine = engine_of(
            made("wan"), shells=2, call={"num_inference_steps": 6, "guidance_scale": 1.0}, **more
        )
        engine._ready(request)
        count = list[int]()
        block = engine._loaded["model"].transformer.blocks[1]
        forward = block.ffn.forward
        block.ffn.forward = lambda *a, **k: (count.append(1), forward(*a, **k))[1]
        assert np.isfinite(videos_of(engine, request)).all()
        assert len(engine._loaded["shells"]) == (1 if more else 2)
        return len(count)

    assert passes() == 6
    assert passes(cache={"kind": "first_block", "args": {"threshold": 100.0}}) < 6


def test_weights_in_8_bits_are_smaller_and_take_a_lora(
    made: Callable[[str], Path], asked: ClipRequest, tmp_path: Path
) -> None:
    """Would catch a LoRA that is loaded after the casting, which fails; and a cast that is none."""
    lora = tiny_models.tiny_lora(made("wan"), tmp_path / "lora")
    request = replace(asked, files={**of(made("wan")), "part_0": lora})
    plain = engine_of(made("wan"))
    cast = engine_of(
        made("wan"), parts=(Asset(f"{lora}/", "1" * 64),), lora=[{"path": "./lora", "scale": 0.0}],
        components={"transformer": {"quantize": "fp8_weights"}},
    )  # fmt: skip
    one, two = videos_of(plain, request), videos_of(cast, request)
    assert 0 < np.abs(one - two).max() < 0.05, "other numbers, but not another picture"

    def size(engine: DiffusersClips) -> int:
        blocks = engine._loaded["model"].transformer.blocks
        weights = (p for name, p in blocks.named_parameters() if "lora" not in name)
        return sum(p.numel() * p.element_size() for p in weights)

    assert size(cast) < 0.6 * size(plain)


def test_control_steers_and_its_scale_says_how_much(
    made: Callable[[str], Path], asked: ClipRequest
) -> None:
    """Would catch a control track that never reaches the model."""
    request = replace(asked, files=of(made("vace")))
    control = FAMILIES["vace"]["control"]

    def made_with(**more: Any) -> np.ndarray:
        check = {"least_change": 0.0}  # at scale 0 it rightly sees no product either
        engine = engine_of(made("vace"), "vace", control={**control, **more}, image_check=check)
        return videos_of(engine, request)

    full, none = made_with(scale=1.0), made_with(scale=0.0)
    assert np.abs(full - none).mean() > 1e-5
    assert np.abs(full - made_with(kind="depth")).mean() > 0


def test_a_product_may_bring_its_own_control(
    made: Callable[[str], Path], asked: ClipRequest, store: MediaStore, tmp_path: Path,
) -> None:  # fmt: skip
    """Would catch a sketch or a skeleton that never reaches the model, a film that is shown too
    fast, and a pose that is invented."""
    sketch = np.zeros((64, 64, 3), np.uint8)
    sketch[20:44, 20:44] = 255
    write_png(tmp_path / "sketch.png", sketch)
    shades = [np.full((128, 64, 3), 25 * n, np.uint8) for n in range(10)]
    encode_frames(shades, tmp_path / "film.mp4", width_px=64, height_px=128, fps=10, qp=1)
    still = given_track(tmp_path / "sketch.png", 3, 64, 128)
    assert [picture.shape for picture in still] == [(128, 64, 3)] * 3
    assert not still[2][:30].any() and not still[2][98:].any(), "in its own aspect, on black"
    assert still[0][64, 32].min() > 250
    film = given_track(tmp_path / "film.mp4", 4, 64, 128)
    assert [round(picture.mean() / 25) for picture in film] == [0, 3, 6, 9], "over all its length"
    with pytest.raises(Reject, match="unreadable_control"):
        (tmp_path / "text.txt").write_text("a bowl")
        given_track(tmp_path / "text.txt", 3, 64, 128)

    control = {"kind": "pose", "arg": "video", "mask_arg": "mask",
               "reference_arg": "reference_images"}  # fmt: skip
    stage = stage_of(made("vace"), preset={"control": control}, camera="rise")
    spot = {"photo_uri": store.put(asked.photo), "cutout_uri": None, "sentences": [],
            "accent": "#336699", "seed": 3, "title": "A box", "control": None}  # fmt: skip
    assert "control" in stage.reads
    with store.workspace() as media, pytest.raises(Reject, match=r"no_control.*control_link"):
        stage.run(spot, media)

    def clips_of(path: Path) -> list[str]:
        given = asset(str(path))
        with_control = {**spot, "control": {"uri": given.uri, "sha256": given.sha256}}
        with store.workspace() as media:
            return [shot["uri"] for shot in stage.run(with_control, media)["shots"]]

    assert clips_of(tmp_path / "sketch.png") != clips_of(tmp_path / "film.mp4")


def test_a_pipeline_that_denoises_after_decoding_has_one_shell(
    made: Callable[[str], Path], asked: ClipRequest
) -> None:
    """Would catch two clips in one denoiser: Helios decodes each of its parts and goes on."""
    engine = engine_of(made("helios"), "helios", shells=2)
    request = replace(asked, files=of(made("helios")))
    videos = videos_of(engine, request)
    assert len(engine._loaded["shells"]) == 1 and videos.shape[1] == 33
    again = videos_of(engine_of(made("helios"), "helios"), request)
    assert np.array_equal(videos, again)


def test_mixed_noise_calms_and_keeps_its_variance(
    made: Callable[[str], Path], asked: ClipRequest
) -> None:
    """Would catch noise that is louder than what the model was trained on, or not correlated."""
    noise = mixed_noise([generator(1, 0), generator(2, 0)], 8, 4, 32, 32, 0.6).numpy()
    assert noise.var() == pytest.approx(1.0, abs=0.03)
    r = np.corrcoef(noise[0, 0].ravel(), noise[0, 5].ravel())[0, 1]
    assert r == pytest.approx(0.6, abs=0.03)
    assert abs(np.corrcoef(noise[0, 0].ravel(), noise[1, 0].ravel())[0, 1]) < 0.05

    mixed = {"kind": "mixed", "alpha": 0.9}
    for family in ("svd", "pia"):
        request = replace(asked, files=of(made(family)))
        iid = videos_of(engine_of(made(family), family), request)
        calm = videos_of(engine_of(made(family), family, noise=mixed), request)
        assert np.abs(np.diff(calm, axis=1)).mean() < 0.9 * np.abs(np.diff(iid, axis=1)).mean()
    with pytest.raises(ModelRefused, match=r"noise.kind: with LTX.*take the place of the product"):
        videos_of(
            engine_of(made("ltx"), "ltx", noise=mixed), replace(request, files=of(made("ltx")))
        )


# What is refused


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"call": {"num_inference_step": 3}}, "call.num_inference_step: .*num_inference_steps"),
        ({"call": {"prompt": "x"}}, "call.prompt: is given clip by clip"),
        ({"rename": {"num_frames": "frame_count"}}, "rename.num_frames: .*'frame_count'"),
        ({"scheduler": {"class": "UniPCScheduler"}}, "'UniPCScheduler' is no scheduler.*did you"),
        ({"scheduler": {"class": "UniPCMultistepScheduler", "args": {"shift": 5}}},
         "scheduler.args.shift: .*takes no such one.*flow_shift"),
        ({"components": {"vea": {"dtype": "float32"}}}, "components.vea: .*did you mean vae"),
        ({"pipeline": "WanImage2VideoPipeline"}, "is no class.*mean WanImageToVideoPipeline"),
        ({"control": {"kind": "edges", "arg": "control_video"}}, "control.arg: .*'control_video'"),
        ({"cache": {"kind": "taylorseer", "args": {"interval": 5}}}, "cache.args: TaylorSeer"),
    ],
)  # fmt: skip
def test_a_preset_that_does_not_fit_its_model_names_key_and_fix(
    made: Callable[[str], Path], asked: ClipRequest, change: dict[str, Any], said: str
) -> None:
    """Would catch a mistake that shows at the first spot as a stack of a library's calls."""
    engine = engine_of(made("wan"), **change)
    request = replace(asked, files=of(made("wan")))
    for _ in range(2):  # the second spot is refused as fast as can be, and with the same words
        with pytest.raises(ModelRefused, match=said):
            videos_of(engine, request)


def test_a_missing_lora_is_named(made: Callable[[str], Path], asked: ClipRequest) -> None:
    """Would catch a file name that changed on the hub, told in the words of a library."""
    (empty := asked.photo.parent / "empty").mkdir()
    engine = engine_of(
        made("wan"), parts=(Asset(f"{empty}/", "1" * 64),),
        lora=[{"path": "./lora", "weight_name": "gone.safetensors"}],
    )  # fmt: skip
    with pytest.raises(ModelRefused, match=r"lora.0.path: .*empty cannot be loaded"):
        videos_of(engine, replace(asked, files={**of(made("wan")), "part_0": empty}))


def test_a_model_that_ignores_its_picture_is_refused_before_any_spot(
    made: Callable[[str], Path], asked: ClipRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Would catch the worst of faults: a fine clip of a product that is not the shop's."""
    import diffusers

    base = diffusers.WanImageToVideoPipeline.prepare_latents

    def blind(self: Any, image: Any, *more: Any, **named: Any) -> Any:
        return base(self, image * 0, *more, **named)

    monkeypatch.setattr(diffusers.WanImageToVideoPipeline, "prepare_latents", blind)
    engine = engine_of(made("wan"))
    with pytest.raises(ModelRefused, match=r"ignores the product picture.*differ by 0.000 of 255"):
        engine.render(replace(asked, files=of(made("wan"))), tmp_path / "clip.mp4")
    assert not (tmp_path / "clip.mp4").exists()
    monkeypatch.undo()
    strict = {"least_change": 0.002, "least_likeness": 0.3}
    unlike = engine_of(made("wan"), image_check=strict)
    with pytest.raises(ModelRefused, match="does not begin with the product picture"):
        videos_of(unlike, replace(asked, files=of(made("wan"))))


def test_a_full_card_means_smaller_batches_then_tiles_then_a_reason(
    made: Callable[[str], Path], asked: ClipRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Would catch a campaign that fails because one clip was a little larger than the others."""
    import torch

    request = replace(asked, files=of(made("wan")))
    engine = engine_of(made("wan"), batch={"most": 4})
    engine._ready(request)
    wanted = videos_of(engine_of(made("wan")), request)
    call, sizes = Shell.call, list[int]()
    room = {"rows": 1, "untiled": True}

    def full(self: Shell, first: Any, **named: Any) -> Any:
        rows = len(named["generator"]) if isinstance(named["generator"], list) else 1
        sizes.append(rows)
        if rows > room["rows"] or not (room["untiled"] or self.model.vae.use_tiling):
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 9.00 GiB")
        return call(self, first, **named)

    monkeypatch.setattr(Shell, "call", full)
    found = videos_of(engine, *[replace(request, shot=n) for n in (1, 2, 3, 4)])
    assert sizes == [4, 2, 1, 1, 2, 1, 1] and np.abs(found[0] - wanted[0]).max() < 2e-3
    room["untiled"] = False
    assert videos_of(engine, request).shape == wanted.shape
    room["rows"] = 0
    with pytest.raises(OutOfCardMemory, match=r"frames of 64x128 do not fit.*9.00 GiB"):
        videos_of(engine, request)


# In the stage


def stage_of(folder: Path | str, **more: Any) -> ImageToVideo:
    """The stage with a spot of one second."""
    return ImageToVideo(
        engine=DiffusersClips(
            preset=tiny_preset(**more.pop("preset", {})), model=asset(f"{folder}/")
        ),
        length_s=1.0, min_shot_s=0.25, max_shot_s=0.5, min_end_card_s=0.25, max_end_card_s=0.5,
        crossfade_s=0.1, formats=(SMALL,), **more,
    )  # fmt: skip


def test_a_clip_that_fails_its_gate_asks_for_another_seed(
    made: Callable[[str], Path],
    asked: ClipRequest,
    store: MediaStore,
) -> None:
    """Would catch flicker that ships, and figures that nobody sees."""
    spot = {"photo_uri": store.put(asked.photo), "cutout_uri": None, "sentences": [],
            "accent": "#336699", "seed": 3, "title": "A box"}  # fmt: skip
    stage = stage_of(made("wan"), gates=(("clip_warp_error", None, 0.0),), camera="rise")
    with store.workspace() as media, pytest.raises(Reject) as caught:
        stage.run(spot, media)
    assert caught.value.reason_code == "gate_clip_warp_error" and caught.value.another_seed
    assert "clip_warp_error" in caught.value.metrics and "image_change" in caught.value.metrics
    with store.workspace() as media:
        passing = stage_of(made("wan"), gates=(("clip_smoothness", 0.0, None),), camera="rise")
        passed = passing.run(spot, media)
    assert {shot["move"] for shot in passed["shots"]} == {"rise"}, "the move that was made"
    assert {"clip_warp_error", "clip_jitter", "clip_flicker"} <= set(passed["metrics"])
    assert [v.verdict for v in passed["verdicts"]] == ["pass", "pass"]


def test_weights_may_lie_in_a_bucket(
    made: Callable[[str], Path],
    asked: ClipRequest,
    tmp_path: Path,
    s3_bucket: str,
) -> None:
    """Would catch weights that are copied to every node by hand: a folder on `s3://` is synced
    to the node's disk, its digest checked, and loaded from there; the key knows its content."""
    filesystem, place = storage.split(f"{s3_bucket}/{tmp_path.name}/wan")
    filesystem.put(f"{made('wan')}/", f"{place}/", recursive=True)
    far = stage_of(f"{s3_bucket}/{tmp_path.name}/wan")
    assert digest(far) == digest(stage_of(made("wan"))), "the same weights, wherever they lie"
    store = MediaStore(str(tmp_path / "out"), cache=tmp_path / "cache")
    spot = {"photo_uri": store.put(asked.photo), "cutout_uri": None, "sentences": [],
            "accent": "#336699", "seed": 3, "title": "A box"}  # fmt: skip
    with store.workspace() as media:
        shots = far.run(spot, media)["shots"]
    assert len(shots) > 1 and list((tmp_path / "cache" / "folders").iterdir())


def test_a_vision_model_judges_the_subject_where_one_is_given(
    made: Callable[[str], Path],
    asked: ClipRequest,
    store: MediaStore,
    tmp_path: Path,
) -> None:
    """Would catch a score that is high for any picture, and one that nobody asked for."""
    from transformers import BitImageProcessor, Dinov2Config, Dinov2Model

    folder = tmp_path / "dino"
    config = Dinov2Config(
        hidden_size=16, num_hidden_layers=2, num_attention_heads=2, image_size=28, patch_size=14
    )
    Dinov2Model(config).save_pretrained(folder)
    BitImageProcessor(
        size={"shortest_edge": 28}, crop_size={"height": 28, "width": 28}
    ).save_pretrained(folder)
    score = SubjectScore(folder).score
    random = np.random.default_rng(2)
    picture, other = random.integers(0, 256, (2, 96, 54, 3), np.uint8)
    assert score(picture, np.stack([picture] * 5)) == pytest.approx(1.0, abs=1e-4)
    changing = np.stack([picture, other, 255 - picture, other])
    assert score(picture, changing) < 0.999

    spot = {"photo_uri": store.put(asked.photo), "cutout_uri": None, "sentences": [],
            "accent": "#336699", "seed": 3, "title": "A box"}  # fmt: skip
    stage = stage_of(made("wan"), subject_model=asset(f"{folder}/"))
    with store.workspace() as media:
        assert 0 < stage.run(spot, media)["metrics"]["clip_subject"] <= 1


def test_camera_moves_are_mapped_to_what_the_preset_can_do(made: Callable[[str], Path]) -> None:
    """Would catch an orbit that is asked of a model that cannot, found out by looking."""
    preset = {"camera": {"drift": {"text": "the camera drifts"}, "push_in": {}}}
    stage = stage_of(made("wan"), preset=preset)
    assert stage._possible("orbit_left") == "drift" and stage._possible("push_in") == "push_in"
    with pytest.raises(ValueError, match=r"'orbit_left' is not a move of diffusers; it has drift"):
        stage_of(made("wan"), preset=preset, camera="orbit_left")
    assert stage_of(made("wan"), preset=preset, camera="drift").camera == "drift"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"attention": "sage_hub"}, "would fetch kernels from a hub"),
        ({"size": {"width": 70}}, "width 70 is not a multiple of 16; try 64"),
        ({"cache": {"kind": "first_block"}, "batch": {"most": 2}}, "set batch.most to 1"),
        ({"noise": {"alpha": 0.3}}, "noise.alpha is for noise.kind mixed"),
        ({"lora": [{"path": "./l", "when": ["rise"]}]}, "names rise, which `camera` does not"),
        ({"framse": {}}, "there is no such key; did you mean 'frames'"),
        ({"size": {"widht": 64}}, "did you mean 'width'"),
        ({"prompt": "{titel}"}, "in braces there can only be one of {title}"),
    ],
)
def test_a_preset_that_cannot_be_is_refused_when_it_is_read(
    change: dict[str, Any], said: str
) -> None:
    """Would catch a typing mistake that costs a start of the cluster."""
    with pytest.raises(ConfigError) as caught:
        tiny_preset(**change)
    assert said in str(caught.value)
