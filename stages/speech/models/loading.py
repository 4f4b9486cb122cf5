"""Loads text-to-speech models from folders: safetensors only, no code, nothing from elsewhere."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from schemas.voice_preset import VoicePreset
from stages.shared.packages import gpu_package
from stages.shared.weights import fetched_files
from stages.speech.models.family import Family, ModelRefused

FILES = ("*.json", "*.safetensors", "*.model", "*.txt", "*.jinja", "*.npy")
"""Files of a hub repository that are fetched: no pickles and no code."""


def package(name: str) -> Any:
    """Import what only these models need. Raises `ImportError` with the command to install it."""
    return gpu_package(name, "the transformers voice", "speak")


def fetched(name: str, revision: str | None) -> Path:
    """A hub repository's files on this node."""
    return fetched_files(name, revision, FILES)


def fetched_part(part: str) -> Path:
    """The same of "owner/name@commit"."""
    name, _, commit = part.partition("@")
    return fetched(name, commit)


def load_family(
    preset: VoicePreset, folders: Mapping[str, Path], voice: str | None, speaker_text: str
) -> Family:
    """The preset's model, ready to speak, on the GPU if there is one.

    `folders` are local paths of "model", "codec" and "speaker", as far as they are there; `voice`
    is one of the model's own voices. Raises `ModelRefused`, naming what to do.
    """
    from stages.speech.models.generate import Generate
    from stages.speech.models.speecht5 import SpeechT5
    from stages.speech.models.vits import Vits

    torch = package("torch")
    package("transformers").utils.logging.disable_progress_bar()
    if not torch.cuda.is_available():
        torch.set_num_threads(1)  # sums differ with the number of threads
    if preset.family == "vits":
        return Vits(preset, folders["model"], voice)
    if preset.family == "speecht5":
        return SpeechT5(preset, folders["model"], folders["codec"], folders.get("speaker"))
    return Generate(
        preset, folders["model"], folders.get("codec"), voice, folders.get("speaker"), speaker_text
    )


def load_model(class_name: str, folder: Path, dtype: str) -> Any:
    """A model of this class in `folder`. Raises `ModelRefused` for pickles and unknown classes."""
    torch, transformers = package("torch"), package("transformers")
    kind = getattr(transformers, class_name, None)
    if kind is None or not hasattr(kind, "from_pretrained"):
        raise ModelRefused(f"class: {class_name!r} is none of transformers {_version()}")
    check_safetensors(folder)
    try:
        model = kind.from_pretrained(
            str(folder), dtype=getattr(torch, dtype), use_safetensors=True, local_files_only=True
        )
    except (OSError, ValueError, KeyError) as error:
        raise ModelRefused(f"{folder} cannot be loaded as {class_name}: {error}") from error
    return model.to(device()).eval()


def check_safetensors(folder: Path) -> None:
    """Refuse a folder without safetensors: a pickle runs whatever code is in it."""
    if any(folder.glob("*.safetensors")):
        return
    pickles = [
        p.name for suffix in ("*.bin", "*.pt", "*.pth", "*.ckpt") for p in folder.glob(suffix)
    ]
    held = f"only {', '.join(sorted(pickles))}" if pickles else "none of any kind"
    raise ModelRefused(
        f"{folder} has no weights as safetensors, {held}; pickles are not loaded. Save the model"
        " once with save_pretrained(folder), where you trust its source, and name that folder"
    )


def load_part(auto_class: str, folder: Path) -> Any:
    """A tokenizer or processor in `folder`. Raises `ModelRefused`."""
    try:
        return getattr(package("transformers"), auto_class).from_pretrained(
            str(folder), local_files_only=True, trust_remote_code=False
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelRefused(f"{folder} has no {auto_class} that loads: {error}") from error


def load_processor(folder: Path, codec: Path | None) -> Any:
    """The processor in `folder`, its audio codec from `codec` and from nowhere else.

    A processor's configuration may name another repository, which would be fetched as it happens
    to be that day.
    """
    configs = [folder / name for name in ("processor_config.json", "audio_tokenizer_config.json")]
    named = [path for path in configs if path.is_file() and _audio_tokenizer(_json(path))]
    if not named:
        return load_part("AutoProcessor", folder)
    if codec is None:
        where = _audio_tokenizer(_json(named[0]))["audio_tokenizer_name_or_path"]
        raise ModelRefused(
            f"the processor wants {where} as its codec, at no fixed commit; name it as `codec`: a"
            " folder, or owner/name@commit"
        )
    check_safetensors(codec)
    with tempfile.TemporaryDirectory() as made:
        for path in folder.iterdir():
            if path.suffix != ".safetensors":
                (Path(made) / path.name).symlink_to(path.resolve())
        for path in named:
            config = _json(path)
            _audio_tokenizer(config)["audio_tokenizer_name_or_path"] = str(codec)
            (Path(made) / path.name).unlink()
            (Path(made) / path.name).write_text(json.dumps(config), "utf-8")
        return load_part("AutoProcessor", Path(made))


def speaker_vector(path: Path) -> np.ndarray:
    """The vector of a person's voice in a .npy or .safetensors file: float32 (dimensions,)."""
    if path.suffix == ".safetensors":
        tensors = package("safetensors.numpy").load_file(str(path))
        if len(tensors) != 1:
            raise ModelRefused(f"{path.name} holds {len(tensors)} tensors; a speaker is one vector")
        (found,) = tensors.values()
    else:
        try:
            found = np.load(path, allow_pickle=False)
        except ValueError as error:
            raise ModelRefused(f"{path.name} is no plain .npy file: {error}") from error
    vector = np.asarray(found, np.float32).reshape(-1)
    if not np.isfinite(vector).all() or not np.any(vector):
        raise ModelRefused(f"{path.name} holds no voice: its numbers are zero, or none")
    return vector


def device() -> str:
    """Where models are put."""
    return "cuda" if package("torch").cuda.is_available() else "cpu"


def config_rate_hz(*configs: Any) -> int | None:
    """Samples per second as the first of these configurations says that does."""
    for config in configs:
        for name in ("sampling_rate", "sample_rate"):
            if isinstance(found := getattr(config, name, None), int):
                return found
    return None


def _audio_tokenizer(config: dict[str, Any]) -> dict[str, Any]:
    found = config.get("audio_tokenizer", config)
    return found if "audio_tokenizer_name_or_path" in found else {}


def _json(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text("utf-8")))


def _version() -> str:
    return str(package("transformers").__version__)
