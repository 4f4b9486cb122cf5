"""The diffusers engine, on tiny random checkpoints loaded by the path that real ones take."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.media import MediaStore, asset
from schemas.asset import Asset
from schemas.video_preset import VideoPreset, merged
from stages.image_to_video import CameraMotion, ClipRequest, DiffusersClips, ImageToVideo
from stages.image_to_video import diffusers_clips as engine_file
from stages.image_to_video.first_frame import first_frame
from stages.image_to_video.presets import parse_preset
from stages.image_to_video.retime import retimed
from stages.shared.ffmpeg import decode_frames
from stages.shared.picture import write_png
from tests.stages.conftest import SMALL
from tests.stages.tiny_models import tiny_ltx, tiny_svd, tiny_wan

COMMIT = "0123456789abcdef0123456789abcdef01234567"
TINY: dict[str, Any] = {
    "name": "tiny", "model": "./tiny", "dtype": "float32", "call": {"num_inference_steps": 2},
    "licence": {"name": "ours", "commercial": "yes", "checked": True},
    "size": {"width": 64, "height": 128}, "frames": {"rule": "4n+1", "fps": 8, "most": 121},
    "image_check": {"least_change": 0.002, "least_likeness": None},
}  # fmt: skip


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders of three families of models, with random weights."""
    folder = tmp_path_factory.mktemp("models")
    makers = {"wan": tiny_wan, "ltx": tiny_ltx, "svd": tiny_svd}
    return {name: make(folder / name) for name, make in makers.items()}


def tiny_preset(**changes: Any) -> VideoPreset:
    """A preset for a tiny model; the changes are keys on top, None takes one of the call's out."""
    raw = merged(TINY, changes)
    raw["call"] = {name: value for name, value in raw["call"].items() if value is not None}
    return parse_preset(raw, "test")


def engine_of(folder: Path, **changes: Any) -> DiffusersClips:
    """The engine of a model in a folder."""
    return DiffusersClips(preset=tiny_preset(**changes), model=Asset(f"{folder}/", "0" * 64))


def of(folder: Path) -> dict[str, Path]:
    """What the stage opens for it."""
    return {"model": folder}


def frames_of(engine: DiffusersClips, request: ClipRequest, folder: Path) -> np.ndarray:
    """What the clip shows, as int (count, height, width, 3)."""
    engine.render(request, folder / "clip.mp4")
    form = request.format
    shown = decode_frames(folder / "clip.mp4", form.width_px, form.height_px)
    return np.stack(list(shown)).astype(int)


# With a model


@pytest.mark.parametrize("family", ["wan", "ltx", "svd"])
def test_every_family_gets_only_what_it_takes(
    checkpoints: dict[str, Path], asked: ClipRequest, tmp_path: Path, family: str
) -> None:
    """Catches an argument that one family lacks, and a clip of a length the model liked better."""
    request = replace(asked, files=of(checkpoints[family]))
    engine = engine_of(checkpoints[family], dtype="bfloat16")
    engine.load()
    frames = frames_of(engine, request, tmp_path)
    assert frames.shape == (10, 384, 216, 3)
    assert frames.std() > 1, "one flat colour"
    clip = engine.render(request, tmp_path / "again.mp4")
    assert (clip.product_box, clip.mode) == (SMALL.shots["hero"].product, "generated")


def test_picture_prompt_seed_and_shot_steer_it(
    checkpoints: dict[str, Path],
    asked: ClipRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Catches a model that invents a product without looking, a prompt that never arrives, and
    shots or variants that all move alike."""
    noise = np.random.default_rng(1).integers(0, 256, (2, 128, 64, 3), np.uint8)
    shown = {"now": noise[0]}
    monkeypatch.setattr(engine_file, "first_frame", lambda *_: shown["now"])
    engine = engine_of(checkpoints["wan"], call={"guidance_scale": 6.0})
    request = replace(asked, files=of(checkpoints["wan"]))
    base = frames_of(engine, request, tmp_path)
    assert np.array_equal(base, frames_of(engine, request, tmp_path))
    others = {
        "seed": replace(request, seed=12),
        "large seed": replace(request, seed=2**63 + 11),
        "shot": replace(request, shot=2),
        "title": replace(request, texts={"title": "quite something else"}),
        "move": replace(request, move="orbit_left"),
    }
    for name, other in others.items():
        assert np.abs(base - frames_of(engine, other, tmp_path)).max() > 0, name
    shown["now"] = noise[1]
    assert np.abs(base - frames_of(engine, request, tmp_path)).mean() > 0.5


def test_a_model_that_takes_no_image_is_refused_or_loaded_by_another_class(
    checkpoints: dict[str, Path], asked: ClipRequest, tmp_path: Path
) -> None:
    """Catches the text-to-video class that some repositories of image-to-video weights name: it
    ignores the product and says nothing."""
    folder = tiny_wan(tmp_path / "text", pipeline="WanPipeline")
    request = replace(asked, files=of(folder))
    with pytest.raises(ValueError, match=r"WanPipeline, which takes no image.*`pipeline`"):
        engine_of(folder).render(request, tmp_path / "clip.mp4")
    with pytest.raises(ValueError, match="'WanMagicPipeline' is no class of diffusers"):
        engine_of(folder, pipeline="WanMagicPipeline").render(request, tmp_path / "clip.mp4")
    named = frames_of(engine_of(folder, pipeline="WanImageToVideoPipeline"), request, tmp_path)
    assert len(named) == 10


def test_pickled_weights_are_refused(
    checkpoints: dict[str, Path], asked: ClipRequest, tmp_path: Path
) -> None:
    """Catches weights that run code when they are read."""
    folder = tiny_wan(tmp_path / "pickled", safe=False)
    assert list(folder.rglob("*.bin"))
    with pytest.raises(OSError, match="safetensors"):
        engine_of(folder).render(replace(asked, files=of(folder)), tmp_path / "clip.mp4")


def test_frames_that_are_no_numbers_are_an_error(
    checkpoints: dict[str, Path], asked: ClipRequest, tmp_path: Path
) -> None:
    """Catches a model that overflows (float16 does) and ships as black or coloured noise."""
    engine = engine_of(checkpoints["wan"])
    request = replace(asked, files=of(checkpoints["wan"]))
    engine.render(request, tmp_path / "clip.mp4")
    for part in engine._loaded["model"].transformer.parameters():
        part.data.fill_(float("nan"))
    with pytest.raises(FloatingPointError, match="in float32 made frames that are no numbers"):
        engine.render(request, tmp_path / "clip.mp4")


def test_a_hub_id_is_loaded_from_the_nodes_cache(
    checkpoints: dict[str, Path],
    asked: ClipRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Catches a worker that loads another revision than was named, or reads the network again."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    snapshot = tmp_path / "models--shop--tiny" / "snapshots" / COMMIT
    shutil.copytree(checkpoints["wan"], snapshot)
    engine = DiffusersClips(preset=tiny_preset(), model="shop/tiny", revision=COMMIT)
    engine.prepare()
    engine.load()
    by_id = frames_of(engine, asked, tmp_path)
    request = replace(asked, files=of(checkpoints["wan"]))
    assert np.array_equal(by_id, frames_of(engine_of(checkpoints["wan"]), request, tmp_path))


def test_the_stage_brings_the_weights_and_the_title(
    checkpoints: dict[str, Path],
    asked: ClipRequest,
    store: MediaStore,
) -> None:
    """Catches an engine that works alone but not in a recipe."""
    stage = ImageToVideo(
        engine=DiffusersClips(preset=tiny_preset(), model=asset(f"{checkpoints['wan']}/")),
        length_s=1.0, min_shot_s=0.25, max_shot_s=0.5, min_end_card_s=0.25, max_end_card_s=0.5,
        crossfade_s=0.1, formats=(SMALL,),
    )  # fmt: skip
    spot = {
        "photo_uri": store.put(asked.photo), "cutout_uri": None, "sentences": [],
        "accent": "#336699", "seed": 3, "title": "A box {with braces}",
    }  # fmt: skip
    stage.load()
    with store.workspace() as media:
        result = stage.run(spot, media)
    (verdict,) = result["verdicts"]
    assert verdict.evidence == "diffusers: generated"
    for shot in result["shots"]:
        wanted = round((shot["end_s"] - shot["start_s"] + shot["handle_s"]) * 24)
        assert len(list(decode_frames(store.open(shot["uri"]), 54, 96))) == wanted


# Without one


def test_importing_the_stage_imports_no_model_library() -> None:
    """Catches a laptop without torch that can't start, and a driver that loads gigabytes."""
    code = (
        "import sys, stages.image_to_video, pipeline.recipes.gpu;"
        "print([m for m in ('torch', 'diffusers', 'transformers') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("missing", ["torch", "diffusers"])
def test_a_missing_package_is_named_with_its_command(
    asked: ClipRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    """Catches a bare ImportError from which nobody knows what to install."""
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ImportError, match=rf"needs {missing} to .*pip install 'spotmill\[gpu\]'"):
        engine_of(tmp_path).render(replace(asked, files=of(tmp_path)), tmp_path / "clip.mp4")


def test_a_hub_id_needs_its_commit_and_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches a key that stays while the branch it names moves on, and an offline node that
    fails with the words of a library."""
    with pytest.raises(ValueError, match="'shop/tiny' is a hub id; give the commit"):
        DiffusersClips(preset=tiny_preset(), model="shop/tiny")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(FileNotFoundError, match=r"shop/tiny@0123.*copy it to a folder"):
        DiffusersClips(preset=tiny_preset(), model="shop/tiny", revision=COMMIT).prepare()


def test_what_the_prompt_names_is_read(tmp_path: Path) -> None:
    """Catches clips that stay when the title in their prompt changes, and clips of other engines
    that are made again for a title they never show."""
    assert "title" not in ImageToVideo().reads
    named = ImageToVideo(engine=engine_of(tmp_path, prompt="{brand}: {title}, {move}, {title}"))
    assert named.reads == (*ImageToVideo.reads, "brand", "title")
    assert ImageToVideo(engine=engine_of(tmp_path, prompt="A product")).reads == ImageToVideo.reads


@pytest.mark.parametrize(
    ("rule", "wanted", "most", "count"),
    [("4n+1", 121, 121, 121), ("4n+1", 122, 161, 125), ("8n+1", 49, 121, 49),
     ("4n+1", 160, 121, 121), ("8n+1", 160, 100, 97), ("17n+5", 30, 400, 39), ("any", 11, 25, 11),
     ("any", 30, 25, 25), ("4n+1", 1, 121, 1), ("4n", 1, 80, 4)],
)  # fmt: skip
def test_frame_counts_keep_to_the_rule(rule: str, wanted: int, most: int, count: int) -> None:
    """Catches a count that the model would silently round to a clip too short."""
    assert tiny_preset(frames={"rule": rule, "most": most}).frames.snap(wanted) == count


def test_frames_are_taken_at_their_time() -> None:
    """Catches a clip that runs at the wrong speed, or stands still when the model made too few."""
    ramp = np.linspace(0, 1, 11, dtype=np.float32)[:, None, None, None]
    video = np.broadcast_to(ramp, (11, 8, 6, 3))

    def tones(frames: int, rate: float) -> list[int]:
        made = list(retimed(video, frames, rate, (12, 16)))
        assert {(frame.shape, str(frame.dtype)) for frame in made} == {((16, 12, 3), "uint8")}
        return [int(frame[8, 6, 0]) for frame in made]

    assert np.abs(np.array(tones(11, 1.0)) - 25.5 * np.arange(11)).max() <= 0.5
    assert np.abs(np.array(tones(4, 0.5)) - 12.75 * np.arange(4)).max() <= 0.5
    slowed = tones(21, 1.0)
    assert slowed[-1] == 255 and np.diff(slowed).min() >= 12
    assert tones(1, 1.0) == [0]
    edge = np.zeros((2, 8, 6, 3), np.float32)
    edge[:, :, 3:] = 1  # cubic enlarging overshoots here: 256 or -1 must not wrap round
    (frame,) = retimed(edge, 1, 1.0, (12, 16))
    assert np.diff(frame[8, :, 0].astype(int)).min() >= -16
    assert (frame[:, 0].max(), frame[:, -1].min()) == (0, 255)
    assert len(list(retimed(video[:1], 3, 1.0, (12, 16)))) == 3


def test_the_model_starts_from_the_studio_frame(asked: ClipRequest, tmp_path: Path) -> None:
    """Catches colours that shift where a clip of this engine cuts to one of the other."""
    CameraMotion(sweep=0.0, qp=1).render(asked, tmp_path / "clip.mp4")
    (wanted, *_) = decode_frames(tmp_path / "clip.mp4", 216, 384)
    found = first_frame(asked, 216, 384)
    # The decoder itself rounds down by up to two levels; BT.601's matrix would be off by five.
    assert np.abs((found.astype(int) - wanted).mean(axis=(0, 1))).max() < 2.2
    assert np.abs(found.astype(int) - wanted).mean() < 2.2


@pytest.mark.parametrize("move", ["detail", "push_in"])
def test_the_model_sees_the_whole_product(asked: ClipRequest, move: str) -> None:
    """Catches a product cut by the frame, whose rest the model would have to make up."""
    wide = np.full((320, 320, 3), 255, np.uint8)
    wide[120:220, 40:280] = (150, 60, 40)
    write_png(asked.photo, wide)
    squeezed = first_frame(replace(asked, move=move), 128, 192)
    red, green = squeezed[..., 0].astype(int), squeezed[..., 1].astype(int)
    rows, columns = np.nonzero(red - green > 60)
    area = asked.areas.product
    assert area.x0 * 128 - 1 <= columns.min() and columns.max() <= area.x1 * 128
    assert area.y0 * 192 - 1 <= rows.min() and rows.max() <= area.y1 * 192
    assert (np.ptp(columns) + 1) / 128 > 0.6 * (area.x1 - area.x0)
