"""What a campaign says of pictures: a wrong value is refused naming key, value and fix."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.campaign import parse_campaign
from tests.schemas.test_campaign import GOOD, refusals

HUB = {"model": "owner/name", "licence_accepted": True}


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ({"nsfw": {"review": 0}}, "policy.nsfw.review: 0: input should be greater than 0"),
        ({"nsfw": {"block": 80}}, "policy.nsfw.block: 80: input should be less than or equal to 1"),
        ({"nsfw": {"review": 0.9}}, "policy.nsfw.review: 0.9: is above block, 0.8; what is held"),
        ({"nsfw": {"revew": 0.1}}, "policy.nsfw.revew: 0.1: there is no such key; did you mean"),
        ({"nsfw": 0.5}, "policy.nsfw: 0.5: it has keys of its own, write these below it: review"),
        ({"faces": {"block": 0.5}}, "policy.faces.file: is missing; add it"),
        ({"faces": {"file": "f", "block": 0.7}}, "policy.faces.block: 0.7: input should be less"),
        ({"faces": {"file": "f", "review": 0.1}}, "policy.faces.review: 0.1: input should be gre"),
        (
            {"faces": {"file": "f", "block": 0.5, "review": 0.4}},
            "policy.faces.block: 0.5: is above review, 0.4; what is blocked must lie nearer",
        ),
        ({"faces": ["f"]}, "policy.faces: ['f']: it has keys of its own, write these below it"),
        (
            {"image_safeguard": {"model": "owner/name"}},
            "policy.image_safeguard.licence_accepted: False: read the terms of the model",
        ),
        (
            {"image_safeguard": {**HUB, "revision": "main"}},
            "policy.image_safeguard.revision: 'main': must be a commit, 40 hex digits",
        ),
        ({"image_safeguard": {**HUB, "review": 0.9}}, "policy.image_safeguard.review: 0.9: is ab"),
        ({"image_safeguard": {**HUB, "gpus": 9}}, "policy.image_safeguard.gpus: 9"),
        ({"image_safeguard": "owner/name"}, "policy.image_safeguard: 'owner/name': it has keys"),
    ],
)
def test_a_wrong_value_is_named_with_its_fix(policy: dict[str, Any], said: str) -> None:
    """Would catch limits that hold nothing, and a message that leaves its reader guessing."""
    assert said in refusals({**GOOD, "policy": policy})


def test_a_list_may_be_its_file_alone() -> None:
    """Would catch the short form, which the command's help shows, refused."""
    policy = parse_campaign({**GOOD, "policy": {"faces": "faces.bin"}}, "campaign.yaml").policy
    assert policy.faces is not None
    assert (policy.faces.file, policy.faces.review, policy.faces.block) == ("faces.bin", None, None)
    assert (policy.nsfw.review, policy.nsfw.block) == (0.2, 0.8)
