"""The C2PA manifest of a spot: what it is, of what it was made, and how it may be used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

SOFT_BINDING = "org.spotmill.spread-spectrum.v1"
"""Names the watermark's algorithm, by which a stripped copy is led back to its manifest."""
SPOT_ASSERTION = "org.spotmill.spot"
COMPOSITE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
"""IPTC: made by a trained model, with a real picture (the product photo) in it."""
PRODUCT = "product"
TRAINING_USES: tuple[str, ...] = (
    "cawg.ai_generative_training",
    "cawg.ai_training",
    "cawg.ai_inference",
    "cawg.data_mining",
)


def spot_manifest(
    spot: Mapping[str, Any],
    *,
    when: datetime,
    organisation: str,
    software: Sequence[tuple[str, str]],
    generator: tuple[str, str],
    compositor: tuple[str, str],
    training_mining: str,
) -> dict[str, Any]:
    """The manifest definition of a spot, for the c2pa builder.

    `generator` and `compositor` are (name, version) of this program and of ffmpeg, `software` of
    the engines that made picture and voice; `training_mining` is "allowed" or "notAllowed".
    """
    agent = {"name": generator[0], "version": generator[1]}
    stamp = when.strftime("%Y-%m-%dT%H:%M:%SZ")
    actions: list[dict[str, Any]] = [
        {
            "action": "c2pa.created",
            "when": stamp,
            "softwareAgent": agent,
            "digitalSourceType": COMPOSITE,
            "description": "Voice, presenter and motion were generated; the product photo is real.",
            "parameters": {"engines": [f"{name} {version}" for name, version in software]},
        },
        {"action": "c2pa.placed", "parameters": {"ingredientIds": [PRODUCT]}},
        {
            "action": "c2pa.edited",
            "softwareAgent": {"name": compositor[0], "version": compositor[1]},
            "description": "Clips, presenter, captions and sound were joined and encoded.",
        },
        {"action": "c2pa.watermarked.bound", "softwareAgent": agent},
    ]
    uses = {use: {"use": training_mining} for use in TRAINING_USES}
    binding = {
        "alg": SOFT_BINDING,
        "blocks": [{"scope": {}, "value": spot["watermark_id"]}],
    }
    facts = {
        "spot_id": spot["spot_id"],
        "product_id": spot["product_id"],
        "seed": spot["seed"],
        "advertiser": organisation,
    }
    return {
        "claim_generator_info": [agent],
        "title": f"{spot['spot_id']}.mp4",
        "format": "video/mp4",
        "thumbnail": {"format": "image/jpeg", "identifier": "thumbnail"},
        "assertions": [
            {"label": "c2pa.actions.v2", "data": {"allActionsIncluded": True, "actions": actions}},
            {"label": "cawg.training-mining", "data": {"entries": uses}},
            {"label": "c2pa.soft-binding", "data": binding},
            {"label": SPOT_ASSERTION, "data": facts},
        ],
    }
