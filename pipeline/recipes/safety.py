"""The screen stage as a campaign asks for it: whose rules, which names, which safeguards."""

from __future__ import annotations

from dataclasses import replace

from pipeline import storage
from pipeline.recipes.parts import optional_asset
from pipeline.recipes.shown import image_gate, most_faces
from pipeline.recipes.voices import voice_weights
from schemas.campaign import Campaign, Safeguard
from schemas.config_error import ConfigError, Refusal
from schemas.video_preset import is_hub_id
from stages.hardware import Hardware
from stages.screen import Screen
from stages.shared.text_gate import TextGate
from stages.shared.text_gate.safeguard import SafeguardLlm


def screen(campaign: Campaign) -> Screen:
    """The stage with the campaign's lists, which are read now, before anything is spent.

    Raises `ConfigError` for a list of another shape, or a profile that is not there.
    """
    policy, prompts = campaign.policy, _prompts(campaign)
    text_gate(campaign)
    shown = image_gate(campaign)
    stage = Screen(
        names=optional_asset(policy.names),
        rules=optional_asset(policy.rules),
        profiles=policy.profile,
        prompts=prompts,
        shown=shown,
        most_faces=most_faces(campaign),
    )
    if policy.safeguard is None and policy.image_safeguard is None:
        return stage
    gpus = sum(one.gpus for one in (policy.safeguard, policy.image_safeguard) if one is not None)
    return replace(
        stage,
        safeguard=_safeguard(policy.safeguard) if policy.safeguard is not None else None,
        hardware=Hardware(cpus=1, gpus=gpus, memory_gb=16.0),
        timeout_s=600.0,
        seconds_hint=1.0,  # a guess that sizes the pools
    )


def text_gate(campaign: Campaign, stage: str = "screen") -> TextGate:
    """The gate on texts that the campaign asks for, without a safeguard. Raises `ConfigError`."""
    policy = campaign.policy
    try:
        return TextGate.of_files(
            names=(storage.read_bytes(policy.names), policy.names) if policy.names else None,
            rules=(storage.read_bytes(policy.rules).decode("utf-8-sig"), policy.rules)
            if policy.rules
            else None,
            profiles=policy.profile,
            stage=stage,
        )
    except ValueError as error:
        key, value = _at_fault(campaign, str(error))
        raise ConfigError("policy", [Refusal(key, value, str(error))]) from None


def _at_fault(campaign: Campaign, said: str) -> tuple[str, str]:
    if "no profile" in said:
        return "policy.profile", ", ".join(campaign.policy.profile)
    if "no names file" in said:
        return "policy.names", campaign.policy.names or ""
    return "policy.rules", campaign.policy.rules or ""


def _prompts(campaign: Campaign) -> tuple[str, ...]:
    """What the campaign itself asks its video model for; presets' prompts are Spotmill's."""
    settings = campaign.video_model.settings if campaign.video_model is not None else {}
    own = settings.get("prompt")
    return (own,) if isinstance(own, str) and own.strip() else ()


def _safeguard(given: Safeguard) -> SafeguardLlm:
    on_hub = is_hub_id(given.model)
    if on_hub and given.revision is None:
        fix = f"{given.model} is on the hub, where it may change; name the commit, 40 hex digits"
        raise ConfigError("policy", [Refusal("policy.safeguard.revision", "not set", fix)])
    model = given.model if on_hub else voice_weights("policy.safeguard.model", given.model, False)
    revision = given.revision if on_hub else None
    return SafeguardLlm(model=model, revision=revision, unsafe=given.unsafe)
