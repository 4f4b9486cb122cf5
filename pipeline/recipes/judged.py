"""What a campaign's spots are judged by: gates on clips and finished files, and the lip model."""

from __future__ import annotations

import difflib
from dataclasses import replace

from pipeline import storage
from pipeline.media import asset
from pipeline.recipes.marking import watermark_secret
from pipeline.recipes.parts import formats, optional_asset
from pipeline.recipes.shown import image_gate
from schemas.asset import Asset
from schemas.campaign import Campaign, Recogniser
from schemas.config_error import ConfigError, Refusal
from schemas.delivery import Gate
from schemas.video_preset import is_hub_id
from stages.hardware import Hardware
from stages.image_to_video.clip_gates import METRICS as CLIP_METRICS
from stages.inspect import Inspect
from stages.inspect.gates import METRICS, OF_LIP_MODEL
from stages.inspect.hearing import WEIGHTS
from stages.shared.ocr import TextReader


def inspect(campaign: Campaign, effects: tuple[tuple[str, Asset], ...]) -> Inspect:
    """The stage with the campaign's gates and lip model. Raises `ConfigError`."""
    stage = Inspect(
        gates=checked_gates(campaign),
        format_gates=format_gates(campaign),
        codec=campaign.encoding.codec,
        formats=formats(campaign),
        lexicon=tuple(word for word, _ in sorted(campaign.voice.lexicon.items())),
        effects=effects,
        length_s=campaign.length_s,
        watermark_secret=watermark_secret(campaign),
        audio_watermark=campaign.watermark.audio,
        names=optional_asset(campaign.policy.names),
        rules=optional_asset(campaign.policy.rules),
        profiles=campaign.policy.profile,
        reads_pictures=campaign.policy.read_pictures,
        shown=image_gate(campaign),
    )
    if stage.reads_pictures:
        _check_reader()
    if campaign.recogniser is not None:
        stage = _with_recogniser(stage, campaign.recogniser)
    judge = campaign.policy.image_safeguard
    if judge is not None:
        memory_gb = max(16.0, stage.hardware.memory_gb)
        hardware = Hardware(cpus=1, gpus=judge.gpus, memory_gb=memory_gb)
        stage = replace(stage, hardware=hardware, seconds_hint=15.0)  # a guess
    given = campaign.lip_model
    if given is None:
        asked = sorted(name for name, *_ in stage.gates if name in OF_LIP_MODEL)
        if asked:
            fix = "it is measured with SyncNet's weights alone: name them in lip_model.weights"
            raise ConfigError(
                "the campaign", [Refusal("lip_model", "not set", f"{asked[0]}: {fix}")]
            )
        return stage
    try:
        weights = asset(given.weights)
    except FileNotFoundError:
        fix = 'there is no such file; a folder ends in "/"'
        refusal = Refusal("lip_model.weights", given.weights, fix)
        raise ConfigError("the lip model", [refusal]) from None
    return replace(
        stage,
        lip_model=weights,
        hardware=replace(stage.hardware, memory_gb=3.0 + stage.hardware.memory_gb)
        if judge
        else replace(stage.hardware, memory_gb=max(3.0, stage.hardware.memory_gb)),
        seconds_hint=25.0,  # measured on one core, without a GPU
    )


def _check_reader() -> None:
    """Raises `ConfigError` where the weights that read pictures are not installed."""
    try:
        TextReader()
    except (ModuleNotFoundError, OSError) as error:
        refusal = Refusal("policy.read_pictures", "true", str(error))
        raise ConfigError("the policy", [refusal]) from None


def _with_recogniser(stage: Inspect, given: Recogniser) -> Inspect:
    """The stage with the campaign's ears. Raises `ConfigError`."""
    on_hub = is_hub_id(given.model)
    if on_hub and given.revision is None:
        fix = f"{given.model} is on the hub, where it may change; name the commit, 40 hex digits"
        raise ConfigError("the recogniser", [Refusal("recogniser.revision", "not set", fix)])
    return replace(
        stage,
        recogniser=given.model if on_hub else _recogniser_folder(given.model),
        recogniser_revision=given.revision if on_hub else None,
        hardware=Hardware(cpus=1, memory_gb=given.memory_gb),
        seconds_hint=30.0,  # a guess that sizes the pools
    )


def _recogniser_folder(where: str) -> Asset:
    folder = where.rstrip("/") + "/"
    if storage.exists(folder) and storage.exists(f"{folder}{WEIGHTS}"):
        return asset(folder)
    fix = f"there is no such folder with a {WEIGHTS}; give a folder as CTranslate2's"
    fix += " ct2-transformers-converter writes it, or owner/name of the hub"
    raise ConfigError("the recogniser", [Refusal("recogniser.model", where, fix)])


def checked_gates(campaign: Campaign) -> tuple[tuple[str, float | None, float | None], ...]:
    """The campaign's gates on finished spots. Raises `ConfigError` for one on a metric that nobody
    measures.
    """
    unknown = sorted(set(campaign.quality.gates) - set(METRICS) - set(CLIP_METRICS))
    if unknown:
        raise ConfigError("quality.gates", [_no_such_metric(name) for name in unknown])
    return tuple(gate for gate in campaign.gates() if gate[0] not in CLIP_METRICS)


def format_gates(campaign: Campaign) -> tuple[tuple[str, tuple[Gate, ...]], ...]:
    """By format the limits of its platforms, where the campaign has none of its own."""
    own = set(campaign.quality.gates)
    return tuple(
        (one.name, tuple(gate for gate in one.gates if gate[0] not in own))
        for one in campaign.deliveries()
    )


def clip_gates(campaign: Campaign) -> tuple[tuple[str, float | None, float | None], ...]:
    """The campaign's gates on clips that a model makes."""
    return tuple(gate for gate in campaign.gates() if gate[0] in CLIP_METRICS)


def _no_such_metric(name: str) -> Refusal:
    all_metrics = sorted({*METRICS, *CLIP_METRICS})
    close = difflib.get_close_matches(name, all_metrics, n=1)
    meant = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(all_metrics)}"
    return Refusal(f"quality.gates.{name}", "", f"there is no such metric; {meant}")
