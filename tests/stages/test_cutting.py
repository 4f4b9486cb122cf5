"""Cutting products out of photos that have no plain backdrop: a matting network, and GrabCut."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from pipeline.campaign_file import read_campaign
from pipeline.media import asset
from pipeline.recipes.parts import cutting
from schemas.config_error import ConfigError
from stages.image_to_video import CameraMotion, ClipRequest, Cutting
from stages.image_to_video.cutting import cut_out, grabcut, is_believable
from stages.shared.picture import write_png


def _saturation(path: Path, *, sharp: float, logits: bool = True, channels: int = 3) -> Path:
    """A real network: colourful is product. Of any size; its matte are logits or 0 to 1."""
    constant = [
        numpy_helper.from_array(np.array([1], np.int64), "channel"),
        numpy_helper.from_array(np.float32(sharp), "sharp"),
        numpy_helper.from_array(np.float32(0.3), "half"),
    ]
    nodes = [
        helper.make_node("ReduceMax", ["picture", "channel"], ["most"]),
        helper.make_node("ReduceMin", ["picture", "channel"], ["least"]),
        helper.make_node("Sub", ["most", "least"], ["colour"]),
        helper.make_node("Sub", ["colour", "half"], ["beyond"]),
        helper.make_node("Mul", ["beyond", "sharp"], ["logits"]),
        helper.make_node("Identity" if logits else "Sigmoid", ["logits"], ["matte"]),
    ]
    shape = [1, channels, "height", "width"]
    graph = helper.make_graph(
        nodes, "saturation",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("matte", TensorProto.FLOAT, [1, 1, "height", "width"])],
        constant,
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    model.ir_version = 10
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return path


@pytest.fixture
def busy(tmp_path: Path) -> tuple[Path, np.ndarray]:
    """A red bottle before grey clutter that no key can take away; and where the bottle is."""
    clutter = np.random.default_rng(3).random((360, 360)).astype(np.float32)
    clutter = cv2.GaussianBlur(clutter, (0, 0), 6)
    clutter = 128 + (clutter - clutter.mean()) / clutter.std() * 45
    photo = np.repeat(np.clip(clutter, 0, 255)[..., None], 3, axis=2).astype(np.uint8)
    shape = np.zeros((360, 360), np.uint8)
    cv2.ellipse(shape, (180, 200), (70, 110), 0, 0, 360, 255, -1)
    photo[shape > 0] = (200, 30, 40)
    write_png(tmp_path / "busy.png", photo)
    return tmp_path / "busy.png", shape > 0


def _overlap(picture: np.ndarray, truth: np.ndarray) -> float:
    found = picture[..., 3] > 128
    return float((found & truth).sum() / (found | truth).sum())


PLAIN = {"mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0), "size_px": 256}


@pytest.mark.parametrize("logits", [True, False])
def test_a_network_cuts_out_what_no_key_can(
    busy: tuple[Path, np.ndarray], tmp_path: Path, logits: bool
) -> None:
    """Would catch logits taken for a matte, colours in another order, a matte that is shifted."""
    photo, truth = busy
    assert cut_out(photo, None, Cutting(), None) is None
    model = _saturation(tmp_path / "net.onnx", sharp=60.0, logits=logits)
    how = Cutting(model=asset(str(model)), **PLAIN)
    found = cut_out(photo, None, how, model)
    assert found is not None and _overlap(found, truth) > 0.97


def test_the_engine_stands_it_in_the_studio(
    busy: tuple[Path, np.ndarray], tmp_path: Path, asked: ClipRequest
) -> None:
    """Would catch a model that is named in a campaign and never asked."""
    from dataclasses import replace

    model = _saturation(tmp_path / "net.onnx", sharp=60.0)
    given = replace(asked, photo=busy[0])
    assert CameraMotion().stage_shot(given)[1] == "card"
    how = Cutting(model=asset(str(model)), **PLAIN)
    given = replace(given, files={"matting": model}, cutting=how)
    assert CameraMotion().stage_shot(given)[1] == "studio"


def test_a_matte_that_is_none_is_not_believed(
    busy: tuple[Path, np.ndarray], tmp_path: Path
) -> None:
    """Would catch a product shown as a ghost, or cut to pieces, because a network said so."""
    haze = _saturation(tmp_path / "haze.onnx", sharp=1.0)
    how = Cutting(model=asset(str(haze)), **PLAIN)
    assert cut_out(busy[0], None, how, haze) is None
    whole = np.full((100, 100), 255, np.uint8)
    assert not is_believable(whole), "all of the photo is no product"
    pieces = np.zeros((100, 100), np.uint8)
    pieces[10:40, 10:40] = pieces[60:90, 60:90] = 255
    assert not is_believable(pieces)
    pieces[10:90, 10:40] = 255
    pieces[60:90, 60:90] = 0
    assert is_believable(pieces)


def test_a_file_that_is_no_such_network(busy: tuple[Path, np.ndarray], tmp_path: Path) -> None:
    """Would catch an error of the runtime that tells nobody which key of the campaign is wrong."""
    (tmp_path / "net.onnx").write_bytes(b"no network")
    how = Cutting(model=asset(str(tmp_path / "net.onnx")))
    with pytest.raises(ValueError, match=r"matting\.model net\.onnx is no network"):
        cut_out(busy[0], None, how, tmp_path / "net.onnx")
    grey = _saturation(tmp_path / "grey.onnx", sharp=1.0, channels=1)
    with pytest.raises(ValueError, match=r"must take one picture \(1, 3, H, W\)"):
        cut_out(busy[0], None, how, grey)


def test_grabcut_only_where_it_is_sure(busy: tuple[Path, np.ndarray]) -> None:
    """Would catch half a cup: the guess of an algorithm that has no idea what a product is."""
    photo, truth = busy
    found = cut_out(photo, None, Cutting(grabcut=True), None)
    assert found is not None and _overlap(found, truth) > 0.95
    noise = np.random.default_rng(1).integers(0, 256, (200, 200, 3), np.uint8)
    assert grabcut(cv2.GaussianBlur(noise, (0, 0), 3)) is None


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("{model: net.onnx}", "licence_accepted"),
        ("{model: net.pt, licence_accepted: true}", "give an .onnx file"),
        ("{licence_accepted: true}", "name an .onnx file"),
        ("{model: gone.onnx, licence_accepted: true}", "is not there"),
        ("{grabcut: true, std: [0, 1, 1]}", "each must be above 0"),
    ],
)
def test_a_campaign_that_asks_for_too_little(tmp_path: Path, lines: str, said: str) -> None:
    """Would catch weights used whose terms nobody read, or a key that fails at the first spot."""
    (tmp_path / "feed.tsv").write_text("id\ttitle\n")
    (tmp_path / "net.onnx").write_bytes(b"x")
    (tmp_path / "c.yaml").write_text(
        f"name: A\nfeed: feed.tsv\nscript: Buy it.\nbrand: {{name: A}}\nmatting: {lines}\n"
    )
    with pytest.raises(ConfigError, match=said):
        read_campaign(str(tmp_path / "c.yaml"))


def test_a_campaign_with_a_model(tmp_path: Path) -> None:
    """Would catch a path taken from the working folder, or settings that don't arrive."""
    (tmp_path / "feed.tsv").write_text("id\ttitle\n")
    _saturation(tmp_path / "net.onnx", sharp=1.0)
    (tmp_path / "c.yaml").write_text(
        "name: A\nfeed: feed.tsv\nscript: Buy it.\nbrand: {name: A}\n"
        "matting: {model: net.onnx, licence_accepted: true, mean: [0.5, 0.5, 0.5]}\n"
    )
    how = cutting(read_campaign(str(tmp_path / "c.yaml")))
    assert how.model is not None and how.model.uri.endswith("/net.onnx")
    assert how.mean == (0.5, 0.5, 0.5) and not how.grabcut
