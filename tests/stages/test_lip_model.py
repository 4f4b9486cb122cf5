"""SyncNet's scores: that weights load or are refused, and that an offset is found as it is."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.keys import digest
from pipeline.media import MediaStore, asset
from pipeline.recipes import load_recipe
from schemas.campaign import parse_campaign
from schemas.config_error import ConfigError
from schemas.layout import Box
from stages.inspect import Inspect
from stages.inspect.container import read_container
from stages.inspect.lip_distance import REACH, distances, offset_of
from stages.inspect.lip_model import face_crop, lip_distance
from stages.inspect.mfcc import BANDS, HOP, RATE_HZ, WINDOW, mfcc
from stages.inspect.syncnet import FRAMES, SyncNet, WeightsRefused, new_networks, read_weights
from stages.shared.ffmpeg import decode_audio, run_ffmpeg
from stages.shared.frames import encode_frames
from stages.shared.sound import write_flac

SIZE_PX, FPS, LENGTH_S = (180, 320), 24, 6.0
MOUTH = {"x0": 0.44, "y0": 0.72, "x1": 0.56, "y1": 0.78}


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole network with random weights, saved as its authors do."""
    import torch

    torch.manual_seed(0)
    torch.set_num_threads(1)
    path = tmp_path_factory.mktemp("syncnet") / "syncnet_v2.model"
    torch.save(new_networks().state_dict(), path)
    return path


def frames_of(count: int) -> np.ndarray:
    """Noise in the size that the network takes."""
    dice = np.random.default_rng(1)
    return dice.integers(0, 255, (count, 224, 224, 3), np.uint8)


def test_each_kind_of_file_gives_the_same_numbers(weights: Path, tmp_path: Path) -> None:
    """Would catch tensors that land in another layer, and a network that draws or remembers."""
    from safetensors.torch import save_file

    folder = tmp_path / "weights"
    folder.mkdir()
    save_file(dict(read_weights(weights)), folder / "model.safetensors")
    first, second = SyncNet(weights), SyncNet(folder)
    frames, cepstra = frames_of(9), mfcc(np.random.default_rng(2).standard_normal(RATE_HZ))
    mouths, sounds = first.mouths(frames), first.sounds(cepstra)
    assert mouths.shape == (9 - FRAMES + 1, 1024) and sounds.shape == (20, 1024)
    assert np.array_equal(mouths, second.mouths(frames))
    assert np.array_equal(sounds, second.sounds(cepstra))
    alone = first.mouths(frames[3 : 3 + FRAMES])
    assert np.abs(alone[0] - mouths[3]).max() < 1e-5, "a row is of its own five frames"
    assert np.abs(mouths[0] - mouths[3]).max() > 1e-3
    assert np.abs(first.sounds(cepstra[:, 12:32])[0] - sounds[3]).max() < 1e-5


def test_the_published_tensors_have_these_names_and_shapes() -> None:
    """Would catch a network of another form, which the authors' file would not fit."""
    named = {name: tuple(value.shape) for name, value in new_networks().state_dict().items()}
    published = {
        "netcnnaud.0.weight": (64, 1, 3, 3), "netcnnaud.4.weight": (192, 64, 3, 3),
        "netcnnaud.8.weight": (384, 192, 3, 3), "netcnnaud.11.weight": (256, 384, 3, 3),
        "netcnnaud.14.weight": (256, 256, 3, 3), "netcnnaud.18.weight": (512, 256, 5, 4),
        "netfcaud.0.weight": (512, 512), "netfcaud.3.weight": (1024, 512),
        "netcnnlip.0.weight": (96, 3, 5, 7, 7), "netcnnlip.4.weight": (256, 96, 1, 5, 5),
        "netcnnlip.8.weight": (256, 256, 1, 3, 3), "netcnnlip.11.weight": (256, 256, 1, 3, 3),
        "netcnnlip.14.weight": (256, 256, 1, 3, 3), "netcnnlip.18.weight": (512, 256, 1, 6, 6),
        "netfclip.0.weight": (512, 512), "netfclip.3.weight": (1024, 512),
    }  # fmt: skip
    assert {name: named[name] for name in published} == published
    assert named["netcnnlip.19.running_var"] == (512,)


def test_what_is_not_its_weights_is_refused_by_name(weights: Path, tmp_path: Path) -> None:
    """Would catch a network of noise that scores spots, and a pickle that runs its own code."""
    import torch

    good = dict(read_weights(weights))
    wrong = {**good, "netcnnaud.18.weight": torch.zeros(512, 256, 4, 1)}
    with pytest.raises(WeightsRefused, match=r"netcnnaud.18.weight is \(512, 256, 4, 1\) and not"):
        SyncNet(saved(wrong, tmp_path))
    short = {name: value for name, value in good.items() if name != "netfclip.3.bias"}
    with pytest.raises(WeightsRefused, match=r"has no tensor netfclip.3.bias; it takes SyncNet's"):
        SyncNet(saved(short, tmp_path))
    with pytest.raises(WeightsRefused, match=r"has a tensor face.weight, which SyncNet lacks"):
        SyncNet(saved({**good, "face.weight": torch.zeros(1)}, tmp_path))
    old = {name: value for name, value in good.items() if not name.endswith("batches_tracked")}
    assert SyncNet(saved(old, tmp_path)).mouths(frames_of(4)).shape == (0, 1024)
    hostile = tmp_path / "hostile.model"
    torch.save(Path("/gone"), hostile)
    with pytest.raises(WeightsRefused, match=r"no state dict that torch reads without running"):
        SyncNet(hostile)


def saved(tensors: dict[str, Any], folder: Path) -> Path:
    """The tensors in a file."""
    import torch

    torch.save(tensors, folder / "changed.model")
    return folder / "changed.model"


@pytest.mark.parametrize("late_frames", [7, 0, -4, 15])
def test_a_known_offset_is_found_with_its_sign(late_frames: int) -> None:
    """Would catch an offset whose sign or unit is another: positive is a sound that comes late."""
    dice = np.random.default_rng(late_frames + 20)
    sounds = dice.standard_normal((120, 32)).astype(np.float32)
    places = np.r_[20:50, 70:110]
    mouths = sounds[np.minimum(places + late_frames, 119)]
    mouths = mouths + 0.3 * dice.standard_normal(mouths.shape).astype(np.float32)
    curve = distances(mouths, places, sounds)
    found = offset_of(curve)
    assert found.offset_ms == 40.0 * late_frames
    assert found.lse_d == pytest.approx(0.3 * math.sqrt(32), rel=0.1)
    assert found.lse_c == pytest.approx(np.median(curve) - curve.min()) and found.lse_c > 4
    assert len(curve) == 2 * REACH + 1


def test_a_mouth_without_a_sound_at_an_offset_is_left_out_there() -> None:
    """Would catch zeros in the place of a sound that is not there, which seem near."""
    sounds = 5.0 + np.random.default_rng(3).standard_normal((12, 8)).astype(np.float32)
    curve = distances(sounds[:2], [0, 1], sounds)
    assert np.isnan(curve[: REACH - 1]).all() and np.isfinite(curve[REACH - 1 : REACH + 12]).all()
    assert np.isnan(curve[REACH + 12 :]).all()
    assert offset_of(curve).offset_ms == 0.0 and offset_of(curve).lse_d < 1e-6
    with pytest.raises(ValueError, match="no offset"):
        offset_of(distances(sounds[:1], [40], sounds))


def test_cepstra_are_those_of_the_formula() -> None:
    """Would catch another window, another mel scale or another lifter than the weights know."""
    sound = 0.1 * np.random.default_rng(4).standard_normal(RATE_HZ)
    found = mfcc(sound)
    assert found.shape == (13, 1 + math.ceil((RATE_HZ - WINDOW) / HOP))
    number, scaled = 31, sound * 32768
    raised = scaled - 0.97 * np.r_[0.0, scaled[:-1]]
    part = raised[number * HOP : number * HOP + WINDOW]
    turns = np.exp(-2j * np.pi * np.outer(np.arange(257), np.arange(WINDOW)) / 512)
    power = np.abs(turns @ part) ** 2 / 512
    assert found[0, number] == pytest.approx(math.log(power.sum()), rel=1e-5)
    mel = [n * 2595 * math.log10(1 + 8000 / 700) / (BANDS + 1) for n in range(BANDS + 2)]
    edge = [math.floor(513 * 700 * (10 ** (m / 2595) - 1) / RATE_HZ) for m in mel]
    levels = []
    for low, mid, high in zip(edge, edge[1:], edge[2:], strict=False):
        up = sum(power[n] * (n - low) / (mid - low) for n in range(low, mid))
        down = sum(power[n] * (high - n) / (high - mid) for n in range(mid, high))
        levels.append(math.log(up + down))
    for k in (1, 5, 12):
        turned = sum(v * math.cos(math.pi * k * (n + 0.5) / BANDS) for n, v in enumerate(levels))
        lifted = turned * math.sqrt(2 / BANDS) * (1 + 11 * math.sin(math.pi * k / 22))
        assert found[k, number] == pytest.approx(lifted, rel=1e-4)


class Envelopes:
    """In the place of trained weights: a mouth is as bright, and a sound as strong, as it is."""

    def mouths(self, frames: np.ndarray) -> np.ndarray:
        """The mean brightness of the crop's middle in each five frames."""
        bright = frames[:, 80:180, 60:160].mean(axis=(1, 2, 3)) / 255
        return np.convolve(bright, np.ones(FRAMES) / FRAMES, "valid")[:, None]

    def sounds(self, cepstra: np.ndarray) -> np.ndarray:
        """The mean strength in each 20 steps, every four."""
        strength = np.exp(cepstra[0] / 2)
        strength /= np.percentile(strength, 98)
        return np.convolve(strength, np.ones(20) / 20, "valid")[::4, None]


@pytest.fixture(scope="module")
def spot() -> dict[str, Any]:
    """A row with a presenter in two of its shots, the second of which comes after a cut."""
    shots = [
        {"layout": "presented", "start_s": 0.0, "end_s": 2.5, "handle_s": 0.2},
        {"layout": "hero", "start_s": 2.5, "end_s": 3.5, "handle_s": 0.0},
        {"layout": "presented", "start_s": 3.5, "end_s": LENGTH_S, "handle_s": 0.0},
    ]
    return {"shots": shots, "mouth_box": MOUTH, "avatar_start_s": 0.0, "avatar_end_s": LENGTH_S}


def film(path: Path, late_s: float) -> Path:
    """A mouth that flickers, and noise that swells with it, but later."""
    steps = np.random.default_rng(6).uniform(0.1, 1.0, round(LENGTH_S * 8) + 2)

    def open_at(time_s: np.ndarray) -> np.ndarray:
        return np.interp(time_s * 8, np.arange(len(steps)), steps)

    pictures = []
    for level in open_at((np.arange(round(LENGTH_S * FPS)) + 0.5) / FPS):
        picture = np.full((SIZE_PX[1], SIZE_PX[0], 3), 60, np.uint8)
        picture[150:280, 40:140] = int(250 * level)
        pictures.append(picture)
    moving, track = path.with_suffix(".silent.mp4"), path.with_suffix(".flac")
    encode_frames(pictures, moving, width_px=SIZE_PX[0], height_px=SIZE_PX[1], fps=FPS)
    time_s = np.arange(round(LENGTH_S * RATE_HZ)) / RATE_HZ
    noise = np.random.default_rng(7).standard_normal(len(time_s))
    write_flac(track, (0.12 * noise * open_at(time_s - late_s)).astype(np.float32), RATE_HZ)
    joined = ["-i", str(moving), "-i", str(track), "-c:v", "copy", "-c:a", "aac", str(path)]
    run_ffmpeg(joined)
    return path


@pytest.mark.parametrize("late_s", [0.24, -0.16])
def test_a_late_sound_in_a_file_is_found_through_crop_cuts_and_rates(
    tmp_path: Path, spot: dict[str, Any], late_s: float
) -> None:
    """Would catch mouths and sounds counted from different zeros: 24 and 25 frames a second, the
    beginning of a stretch, four cepstra to a frame; and a crop that misses the mouth."""
    path = film(tmp_path / "film.mp4", late_s)
    net: Any = Envelopes()
    found = lip_distance(net, path, SIZE_PX, spot, decode_audio(path, RATE_HZ))
    assert found["lse_offset_ms"] == pytest.approx(1000 * late_s, abs=41)
    assert found["lse_c"] > 0.02
    assert lip_distance(net, path, SIZE_PX, {**spot, "mouth_box": None}, np.zeros(0)) == {}


def test_a_face_is_cropped_around_its_mouth() -> None:
    """Would catch a crop that cuts the chin off, or that is no square on the screen."""
    x, y, side = face_crop(Box(0.45, 0.75, 0.55, 0.80), (1080, 1920))
    assert side == 360 and (x, x + side) == (360, 720)
    assert y + 0.56 * side == pytest.approx(0.775 * 1920, abs=1)


def test_inspect_takes_the_weights_as_an_asset(
    weights: Path, tmp_path: Path, spot: dict[str, Any]
) -> None:
    """Would catch weights that are read anew for every spot, and metrics without their names."""
    path = film(tmp_path / "film.mp4", 0.0)
    stage = Inspect(lip_model=asset(str(weights)))
    shots = [{**spot["shots"][0], "end_s": 1.6}, {**spot["shots"][1], "end_s": LENGTH_S}]
    container, sound = read_container(path), decode_audio(path, 48_000, channels=2)
    with MediaStore(str(tmp_path / "store")).workspace() as media:
        row = {**spot, "shots": shots}
        found = stage._lip_model(row, path, container, sound, media)
        net = stage._lip_net
        assert stage._lip_model(row, path, container, sound, media) == found
    assert net is not None and stage._lip_net is net
    assert set(found) == {"lse_c", "lse_d", "lse_offset_ms"}
    assert found["lse_d"] > 0 and abs(found["lse_offset_ms"]) <= 600
    assert Inspect()._lip_model(row, path, container, sound, media) == {}


def test_a_campaign_names_the_weights_and_accepts_their_terms(tmp_path: Path) -> None:
    """Would catch a gate that passes because nothing measures it, and terms that nobody read."""

    def inspect(**more: Any) -> Inspect:
        raw = {"name": "T", "feed": "f.tsv", "brand": {"name": "S"}, **more}
        stages = load_recipe("laptop", parse_campaign(raw, "campaign.yaml"))
        return next(stage for stage in stages if isinstance(stage, Inspect))

    file = tmp_path / "syncnet_v2.model"
    file.write_bytes(b"numbers")
    with pytest.raises(ConfigError, match=r"lip_model.licence_accepted: .*read the terms"):
        inspect(lip_model={"weights": str(file)})
    with pytest.raises(ConfigError, match=r"lip_model.weights: ./gone: there is no such file"):
        inspect(lip_model={"weights": "./gone", "licence_accepted": True})
    gates = {"quality": {"gates": {"lse_c": [3.0, None]}}}
    with pytest.raises(ConfigError, match=r"lip_model: not set: .*lse_c.*lip_model.weights"):
        inspect(**gates)
    stage = inspect(lip_model={"weights": str(file), "licence_accepted": True}, **gates)
    assert digest(inspect()) != digest(stage), "other weights, other scores"
    assert stage.lip_model == asset(str(file)) and stage.hardware.memory_gb == 3.0
    assert ("lse_c", 3.0, None) in stage.gates
