"""What a campaign's spots are judged by: gates on clips and finished files, and the lip model."""

from __future__ import annotations

import difflib
from dataclasses import replace

from pipeline.media import asset
from pipeline.recipes.parts import formats
from pipeline.recipes.shown import image_gate
from schemas.asset import Asset
from schemas.campaign import Campaign
from schemas.config_error import ConfigError, Refusal
from schemas.delivery import Gate
from stages.hardware import Hardware
from stages.image_to_video.clip_gates import METRICS as CLIP_METRICS
from stages.inspect import Inspect
from stages.inspect.gates import METRICS, OF_LIP_MODEL


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
        watermark_secret=campaign.watermark_secret,
        shown=image_gate(campaign),
    )
    judge = campaign.policy.image_safeguard
    if judge is not None:
        hardware = Hardware(cpus=1, gpus=judge.gpus, memory_gb=16.0)
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
        hardware=Hardware(cpus=1, gpus=judge.gpus if judge else 0, memory_gb=19 if judge else 3.0),
        seconds_hint=25.0,  # measured on one core, without a GPU
    )


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
