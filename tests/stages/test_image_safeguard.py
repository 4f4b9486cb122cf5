"""The safeguard model for pictures: loaded as real ones are, asked, and what becomes of it."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.keys import digest
from pipeline.media import asset
from stages.shared.image_gate import Frame, ImageGate
from stages.shared.image_gate.image_safeguard import ImageSafeguard
from tests.stages.tiny_image_safeguards import random_image_safeguard

MUG = Path(__file__).parents[2] / "examples" / "demo" / "products" / "mug.jpg"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of random weights."""
    return random_image_safeguard(tmp_path_factory.mktemp("safeguard"))


def warm(folder: Path, **fields: float) -> ImageSafeguard:
    """A safeguard from a folder, as a stage loads it."""
    made = ImageSafeguard(model=asset(f"{folder}/"), **fields)  # type: ignore[arg-type]
    made.prepare()
    made.load()
    made.receive({name: Path(one.uri) for name, one in made.assets.items()})
    return made


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    """A product photo."""
    with Image.open(MUG) as image:
        return np.asarray(image.convert("RGB").resize((360, 360)))


def test_each_policy_has_a_score_that_depends_on_the_picture(
    folder: Path, picture: np.ndarray
) -> None:
    """Would catch a picture that never reaches the model, a policy left out, and "Yes" and "No"
    read the wrong way round."""
    model = warm(folder)
    scores = model.scores(picture)
    assert set(scores) == {"dangerous", "sexual", "violence"}
    assert all(0 < score < 1 for score in scores.values())
    assert scores == model.scores(picture) != model.scores(picture[::-1] // 2)
    loaded = model._loaded[1]  # type: ignore[index]
    inputs = loaded._processor(images=[Image.fromarray(picture)], return_tensors="pt")
    yes, no = loaded._model(**inputs).logits[0].tolist()
    assert scores["dangerous"] == pytest.approx(1 / (1 + np.exp(no - yes)), abs=1e-3)


def test_its_scores_pass_the_limits_of_the_gate(folder: Path, picture: np.ndarray) -> None:
    """Would catch a model that is asked and not heard, or one bad frame that ends a spot."""
    model, usual = warm(folder), ImageGate()
    usual.load()
    worst = max(model.scores(picture).values())
    stills = [Frame(picture, "in the product photo")]
    frames = [Frame(picture, f"at {t} s", float(t)) for t in range(3)]

    def outcome(frames: list[Frame], review: float, block: float) -> str:
        judge = replace(model, review=review, block=block)
        gate, judge._loaded = ImageGate(safeguard=judge), model._loaded
        gate._finder, gate._indecency = usual._finder, usual._indecency
        found = [one.verdict for one in gate.look(frames, "inspect").findings]
        of_it = [one for one in found if one.gate == "inspect.image_safeguard"]
        assert {one.rule for one in of_it} == {"dangerous", "sexual", "violence"}
        for one in of_it:
            assert one.score is not None and one.at_s == frames[0].time_s
            assert one.threshold == (block if one.score >= block else review)
        assert all(folder.name in one.evidence and "sha256:" in one.evidence for one in of_it)
        order = ["pass", "review", "block"]
        return max((one.verdict for one in of_it), key=order.index)

    above, below = min(1.0, worst + 0.01), worst / 2
    assert outcome(stills, above, 1.0) == "pass"
    assert outcome(stills, below, 1.0) == "review"
    assert outcome(stills, below, below) == "block"
    assert outcome(frames[:1], below, below) == "review"
    assert outcome(frames, below, below) == "block"


def test_what_is_no_such_model_is_refused(folder: Path, tmp_path: Path) -> None:
    """Would catch weights that move under their name, and answers read by another model's
    tokens."""
    with pytest.raises(ValueError, match="40 hex digits"):
        ImageSafeguard(model="owner/name")
    with pytest.raises(ValueError, match="review <= block"):
        ImageSafeguard(model=asset(f"{folder}/"), review=0.9, block=0.5)
    with pytest.raises(ValueError, match="not yes and no"):
        warm(random_image_safeguard(tmp_path / "other", yes="No"))
    config = tmp_path / "other" / "config.json"
    told = json.loads(config.read_text()) | {"architectures": ["Gemma3ForCausalLM"]}
    config.write_text(json.dumps(told))
    with pytest.raises(ValueError, match="not ShieldGemma2ForImageClassification"):
        warm(tmp_path / "other")


def test_it_travels_cold_and_its_weights_are_in_the_key(folder: Path) -> None:
    """Would catch gigabytes in what is sent to workers, and old verdicts of new limits."""
    loaded, cold = warm(folder), ImageSafeguard(model=asset(f"{folder}/"))
    assert digest(loaded) == digest(cold) != digest(ImageSafeguard(model=cold.model, block=0.9))
    assert pickle.loads(pickle.dumps(cold)) == cold  # noqa: S301
    assert digest(ImageGate(safeguard=cold)) != digest(ImageGate())
