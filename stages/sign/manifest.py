"""The C2PA manifest of a spot: what it is, of what it was made, and how it may be used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

SOFT_BINDING = "org.spotmill.spread-spectrum.v1"
"""Names the watermark's algorithm, by which a stripped copy is led back to its manifest."""
SPOT_ASSERTION = "org.spotmill.spot"
_TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
COMPOSITE = f"{_TYPES}compositeWithTrainedAlgorithmicMedia"
"""IPTC: made by a trained model, with a real picture (the product photo) in it."""
SYNTHETIC = f"{_TYPES}trainedAlgorithmicMedia"
"""IPTC: made by a trained model alone."""
PRODUCT = "product"
TRAINING_USES: tuple[str, ...] = (
    "cawg.ai_generative_training",
    "cawg.ai_training",
    "cawg.ai_inference",
    "cawg.data_mining",
)


@dataclass(frozen=True, kw_only=True)
class Agent:
    """A program or a model that made a part of the spot. `model` is a hub id or the digest of the
    weights, never a place; `seeded` says whether the spot's seed steered it."""

    stage: str
    name: str
    version: str
    preset: str = ""
    model: str = ""
    revision: str = ""
    seeded: bool = False

    def to_claim(self, seed: int) -> dict[str, Any]:
        """As a software agent of the manifest."""
        own = {"stage": self.stage, "preset": self.preset, "model": self.model}
        told: dict[str, Any] = {**own, "revision": self.revision}
        if self.seeded:
            told["seed"] = str(seed)  # 48 bits: readers in JavaScript would round a larger number
        kept = {f"org.spotmill.{key}": value for key, value in told.items() if value}
        return {"name": self.name, "version": self.version, **kept}


def source_type(photo_shown: bool) -> str:
    """IPTC's word for how the spot was made."""
    return COMPOSITE if photo_shown else SYNTHETIC


def spot_manifest(
    spot: Mapping[str, Any],
    *,
    when: datetime,
    organisation: str,
    campaign: str,
    agents: Sequence[Agent],
    consents: Sequence[tuple[str, str]],
    generator: tuple[str, str],
    compositor: tuple[str, str],
    photo_shown: bool,
    training_mining: str,
) -> dict[str, Any]:
    """The manifest definition of a spot, for the c2pa builder.

    `generator` and `compositor` are (name, version) of this program and of ffmpeg, `agents` what
    made picture and voice, `consents` (whose, where its record lies), `training_mining` "allowed"
    or "notAllowed". With `photo_shown` the product photo is part of the picture; else a model was
    only led by it.
    """
    own = {"name": generator[0], "version": generator[1]}
    made = [agent.to_claim(spot["seed"]) for agent in agents]
    facts = {
        "spot_id": spot["spot_id"],
        "product_id": spot["product_id"],
        "campaign": campaign,
        "advertiser": organisation,
        "seed": str(spot["seed"]),
        "consents": [{"of": whose, "record": record} for whose, record in consents],
    }
    actions = {
        "allActionsIncluded": True,
        "softwareAgents": [own, {"name": compositor[0], "version": compositor[1]}, *made],
        "actions": _actions(when, agents, photo_shown),
    }
    binding = {"alg": SOFT_BINDING, "blocks": [{"scope": {}, "value": spot["watermark_id"]}]}
    uses = {use: {"use": training_mining} for use in TRAINING_USES}
    return {
        "claim_generator_info": [own],
        "title": f"{spot['spot_id']}.mp4",
        "format": "video/mp4",
        "thumbnail": {"format": "image/jpeg", "identifier": "thumbnail"},
        "assertions": [
            {"label": "c2pa.actions.v2", "data": actions},
            {"label": "cawg.training-mining", "data": {"entries": uses}},
            {"label": "c2pa.soft-binding", "data": binding},
            {"label": SPOT_ASSERTION, "data": facts},
        ],
    }


def _actions(when: datetime, agents: Sequence[Agent], photo_shown: bool) -> list[dict[str, Any]]:
    """What was done, in order; agents by their number in `softwareAgents`: 0 is this program, 1
    the compositor, the others from 2 on."""
    photo = "the product photo is real" if photo_shown else "the product photo led the model"
    begun: dict[str, Any] = {
        "action": "c2pa.created",
        "when": when.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "softwareAgentIndex": 0,
        "digitalSourceType": source_type(photo_shown),
        "description": f"Voice, presenter and motion were generated; {photo}.",
    }
    placed = {"action": "c2pa.placed", "parameters": {"ingredientIds": [PRODUCT]}}
    parts = [
        {
            "action": "c2pa.edited",
            "softwareAgentIndex": number,
            "description": f"Made by the stage {agent.stage}.",
            "digitalSourceType": SYNTHETIC,
        }
        for number, agent in enumerate(agents, start=2)
        if agent.stage in ("speech", "avatar", "image_to_video")
    ]
    joined = {
        "action": "c2pa.edited",
        "softwareAgentIndex": 1,
        "description": "Clips, presenter, captions and sound were joined and encoded.",
    }
    marked = {"action": "c2pa.watermarked.bound", "softwareAgentIndex": 0}
    return [begun, *([placed] if photo_shown else []), *parts, joined, marked]


def ingredient(product_id: str, photo_shown: bool) -> dict[str, str]:
    """The product photo: a component of the picture, or what a model was given."""
    return {
        "title": f"Product photo of {product_id}",
        "relationship": "componentOf" if photo_shown else "inputTo",
        "label": PRODUCT,
    }
