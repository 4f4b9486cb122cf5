"""The signing stage of a recipe: agents, consents, label, and what is never sent to a worker."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest

from pipeline.campaign_file import read_campaign
from pipeline.consents import consents
from pipeline.recipes import load_recipe
from pipeline.recipes.signing import agents, photo_shown
from schemas.asset import Asset
from schemas.campaign import Campaign
from schemas.config_error import ConfigError
from schemas.layout import faults
from stages.shared.watermark import key_id
from stages.sign import Sign

EVERY = '["9x16", "4x5", "1x1", "16x9"]'
DEMO = Path(__file__).parents[2] / "examples" / "demo" / "campaign.yaml"


def campaign(*more: str) -> Campaign:
    """The demo with other settings."""
    return read_campaign(str(DEMO), ["signing.folder=/tmp/unused", *more])


def sign_of(settings: Campaign) -> Sign:
    """The laptop recipe's."""
    (found,) = (stage for stage in load_recipe("laptop", settings) if isinstance(stage, Sign))
    return found


class Engine:
    """What an engine with weights shows of itself."""

    name, version, revision = "diffusers", "3", "ab" * 20
    model = Asset(uri="/home/team/weights/", sha256="5" * 64)


class TestAgents:
    """Who made a spot."""

    def test_weights_are_named_by_their_content(self) -> None:
        """Would catch a path of somebody's machine in a public manifest, and weights of which
        nobody can say which they were."""

        class Stage:
            name, engine_name, version = "image_to_video", "diffusers", "1"
            seeded, engine = True, Engine()

        (agent,) = agents([Stage()])  # type: ignore[list-item]
        assert agent.model == "sha256:" + "5" * 64 and agent.revision == "ab" * 20
        claim = agent.to_claim(2**47)
        assert claim["org.spotmill.seed"] == str(2**47)
        assert "/home/team" not in str(claim)

    def test_what_a_model_was_only_led_by_is_not_shown(self) -> None:
        """Would catch a picture that a model invented from lines, signed as a real photo."""

        def stage(alone: bool) -> Any:
            control = type("Control", (), {"alone": alone})()
            preset = type("Preset", (), {"control": control})()
            engine = type("Engine", (), {"preset": preset})()
            return type("Stage", (), {"name": "image_to_video", "engine": engine})()

        assert photo_shown([stage(False)]) and not photo_shown([stage(True)])
        assert sign_of(campaign()).photo_shown

    def test_consents_are_those_that_are_used(self) -> None:
        """Would catch a person's record in the manifest of a spot without their voice, and a clone
        without it."""
        given = "{given_by: A. Person, given_on: 2026-01-02, scope: this campaign, record: file 17}"
        service = "voice={engine: http, url: 'http://127.0.0.1', name: v, model: m"
        cloned = campaign(f"{service}, cloned: true, consent: {given}}}")
        assert consents(cloned) == (("voice", "file 17"),)
        assert consents(campaign(f"{service}, cloned: false, consent: {given}}}")) == ()


class TestDisclosure:
    """The label by region."""

    def test_a_region_says_what_is_drawn_and_recorded(self) -> None:
        """Would catch a region that changes nothing, and a Chinese spot without its field."""
        stages = load_recipe("laptop", campaign("disclosure={region: us-ny}"))
        assert [s.disclosure for s in stages if s.name == "composite"] == ["AI-generated performer"]  # type: ignore[attr-defined]
        assert dict(sign_of(campaign("disclosure={region: eu}")).disclosed)["region"] == "eu"
        over = "override: {reason: letters are larger on the print, by: A. Person}"
        china = sign_of(campaign(f"disclosure={{region: cn, text: AI made, {over}}}"))
        assert china.aigc_field and dict(china.disclosed)["override_by"] == "A. Person"

    @pytest.mark.parametrize("template", ["clean", "bold", "editorial", "presenter"])
    def test_a_region_s_letters_have_room_in_every_template(self, template: str) -> None:
        """Would catch letters smaller than a region asks for, and a label over what stands below
        it: a campaign that breaks the rule in every one of its spots."""
        told = campaign("disclosure={region: cn}", f"template={template}", f"formats={EVERY}")
        for stage in load_recipe("laptop", told):
            for frame in getattr(stage, "formats", ()):
                assert frame.label_letters == told.disclosure.letters and not faults(frame)

    def test_a_label_without_room_is_refused(self) -> None:
        """Would catch a label that ends in an ellipsis on a million spots."""
        long = "disclosure={region: cn, text: Made by a machine from a photograph}"
        with pytest.raises(ConfigError, match=r"disclosure\.text: Made .*no room in 9x16; shorten"):
            load_recipe("laptop", campaign(long))

    def test_a_label_switched_off_is_not_drawn(self) -> None:
        """Would catch an override that is recorded and then refused by the stage."""
        off = "override: {label: false, reason: shown at a trade fair only, by: A. Person}"
        stages = load_recipe("laptop", campaign(f"disclosure={{region: eu, {off}}}"))
        assert [s.disclosure for s in stages if s.name == "composite"] == [""]  # type: ignore[attr-defined]


def test_no_secret_is_in_what_workers_get(monkeypatch: pytest.MonkeyPatch) -> None:
    """Would catch the watermark's key, from which anyone could forge or remove marks, in the stage
    that needs no more of it than a name."""
    monkeypatch.setenv("OUR_MARK", "a-secret-of-ours")
    sign = sign_of(campaign("watermark.key=env:OUR_MARK"))
    assert sign.watermark_key_id == key_id("a-secret-of-ours")
    assert sign.watermark_key_id != key_id("a-secret-of-others")
    assert b"a-secret-of-ours" not in pickle.dumps(sign) and "a-secret-of-ours" not in repr(sign)
