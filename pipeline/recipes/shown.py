"""The image gate as a campaign asks for it: limits, the list of faces, the safeguard model."""

from __future__ import annotations

import numpy as np

from pipeline import storage
from pipeline.media import asset
from pipeline.recipes.parts import presenter
from pipeline.recipes.voices import voice_weights
from schemas.campaign import Campaign
from schemas.config_error import ConfigError, Refusal
from schemas.image_policy import ImageSafeguard as Settings
from schemas.video_preset import is_hub_id
from stages.avatar import VectorPresenter
from stages.avatar.vector.lips import Shape
from stages.avatar.vector.posture import Pose
from stages.avatar.vector.puppet import Look, Puppet
from stages.base import Retry
from stages.shared.image_gate import (
    BannedFaces,
    FaceFinder,
    FaceKeyError,
    FaceListError,
    ImageGate,
    default_limits,
    false_accept_rate,
)
from stages.shared.image_gate.false_accepts import MOST_HELD, found_rate
from stages.shared.image_gate.image_gate import share
from stages.shared.image_gate.image_safeguard import ImageSafeguard

_HOST_PX = 540


def image_gate(campaign: Campaign) -> ImageGate:
    """The gate with the campaign's list, which is opened now. Raises `ConfigError`."""
    policy = campaign.policy
    judge = _safeguard(policy.image_safeguard) if policy.image_safeguard else None
    nsfw = (policy.nsfw.review, policy.nsfw.block)
    if policy.faces is None:
        return ImageGate(nsfw=nsfw, safeguard=judge)
    review, block = _distances(campaign, len(banned_faces(campaign)))
    return ImageGate(
        nsfw=nsfw,
        banned=asset(policy.faces.file),
        distances=(review, block),
        safeguard=judge,
        host_face=_host_face(campaign),
    )


def most_faces(campaign: Campaign) -> int | None:
    """Faces that a product photo may show: what the gate on finished spots would let pass."""
    most = {name: high for name, _, high in campaign.gates()}.get("faces_outside_presenter")
    return None if most is None else int(most)


def banned_faces(campaign: Campaign) -> BannedFaces:
    """The campaign's list; an empty one where it names none. Raises `ConfigError`."""
    given = campaign.policy.faces
    if given is None:
        return BannedFaces()
    try:
        listed = BannedFaces.opened(storage.read_bytes(given.file), given.file)
    except (FaceListError, FaceKeyError, Retry) as error:
        raise ConfigError("policy", [Refusal("policy.faces", given.file, str(error))]) from None
    if not len(listed):
        fix = "it is empty; add somebody with python -m jobs.faces add, or leave the key out"
        raise ConfigError("policy", [Refusal("policy.faces", given.file, fix)])
    return listed


def faces_notice(campaign: Campaign) -> list[str]:
    """What people should know of the list before they spend on it; [] without one."""
    if campaign.policy.faces is None:
        return []
    listed = banned_faces(campaign)
    count = len(listed)
    review, block = _distances(campaign, count)
    stopped = false_accept_rate(count, review)
    said = [
        f"policy.faces: {listed.counted}; of strangers' faces"
        f" {share(false_accept_rate(count, block))} would be blocked (nearer than {block:.2f}) and"
        f" {share(stopped)} stopped (nearer than {review:.2f}); of other pictures of those listed"
        f" {share(found_rate(review))}: worked out from published figures, not measured on yours"
    ]
    if stopped > MOST_HELD:
        near, near_block = default_limits(count)[1], default_limits(count)[0]
        said.append(
            f"policy.faces: that is one stranger in {1 / stopped:.0f}; for a list of this length"
            f" block {near_block:.2f} and review {near:.2f} are the default"
        )
    return said


def _distances(campaign: Campaign, count: int) -> tuple[float, float]:
    """(review, block)."""
    given = campaign.policy.faces
    assert given is not None
    block, review = default_limits(count)
    if given.block is not None:
        block = given.block
        review = max(block, review)
    if given.review is not None:
        review = given.review
        block = min(block, review)
    return review, block


def _host_face(campaign: Campaign) -> tuple[float, ...]:
    """The drawn host's own face, who is nobody and so nobody who is listed; () for others."""
    engine = presenter(campaign)
    if not isinstance(engine, VectorPresenter):
        return ()
    still = Puppet(engine.drawn, _HOST_PX).draw(Look(Shape()), Pose(0, 0, 0, 0, 0, 0))
    alpha = still[..., 3:].astype(np.float32) / 255
    rgb = (still[..., 2::-1] * alpha + 255 * (1 - alpha)).astype(np.uint8)
    finder = FaceFinder()
    found = finder.faces(rgb)
    if not found:
        return ()
    return tuple(float(value) for value in finder.embedding(rgb, found[0]))


def _safeguard(given: Settings) -> ImageSafeguard:
    key, on_hub = "policy.image_safeguard", is_hub_id(given.model)
    if on_hub and given.revision is None:
        fix = f"{given.model} is on the hub, where it may change; name the commit, 40 hex digits"
        raise ConfigError("policy", [Refusal(f"{key}.revision", "not set", fix)])
    return ImageSafeguard(
        model=given.model if on_hub else voice_weights(f"{key}.model", given.model, False),
        revision=given.revision if on_hub else None,
        review=given.review,
        block=given.block,
    )
