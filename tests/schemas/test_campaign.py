"""Campaign: a bad configuration is refused naming the key, the value and the fix."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeline.campaign_file import read_campaign
from schemas.campaign import parse_campaign
from schemas.config_error import ConfigError

GOOD: dict[str, Any] = {"name": "Test", "feed": "feed.tsv", "brand": {"name": "Shop"}}


def refusals(raw: Any) -> str:
    """What the error says."""
    with pytest.raises(ConfigError) as caught:
        parse_campaign(raw, "campaign.yaml")
    return str(caught.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"feeed": "x"}, "feeed: 'x': there is no such key; did you mean 'feed'?"),
        ({"brand": {"name": "S", "acent": "#000000"}}, "brand.acent: '#000000': there is no such"),
        ({"brand": {"name": "S", "accent": "red"}}, "brand.accent: 'red'"),
        ({"voice": {"speed": [0.2, 3]}}, "voice.speed: [0.2, 3]: two numbers from 0.5 to 1.5"),
        ({"sound": {"loudness_lufs": -3}}, "sound.loudness_lufs: -3: input should be less than"),
        ({"environment": "production"}, "signing.signer: dev: the dev signer is trusted by nobody"),
        ({"signing": {"signer": "file"}}, "signing.certificate: not set"),
        (
            {"signing": {"signer": "kms"}},
            "signing.key: not set: signing.signer is kms; name the key",
        ),
        ({"signing": {"key": "alias/x"}}, "signing.key: alias/x: goes with signer kms alone"),
        ({"signing": {"timestamp_url": "tsa.example"}}, "signing.timestamp_url: an address: write"),
        (
            {"signing": {"timestamp": {"authorities": ["http://me:pw@tsa.example"]}}},
            "['http://me:pw@tsa.example']: a password in an address is seen in logs",
        ),
        ({"disclosure": {"region": "mars"}}, "disclosure.region: 'mars'"),
        ({"disclosure": {"override": {"label": False}}}, "disclosure.override.reason: is missing"),
        ({"variants": [{"name": "a"}, {"name": "a"}]}, "two variants have this name"),
        ({"variants": []}, "name at least one"),
        ({"sound": {"snap_cuts": True}}, "sound.snap_cuts: true: there is no music"),
        ({"formats": ["9x17"]}, "formats.0: '9x17'"),
    ],
)
def test_a_bad_key_or_value_is_named_with_its_fix(change: dict[str, Any], said: str) -> None:
    """Would catch an error that leaves the reader guessing which line to change."""
    assert said in refusals({**GOOD, **change})


def test_all_that_is_wrong_is_said_at_once() -> None:
    """Would catch a file that must be run again for each of its mistakes."""
    said = refusals({"feed": "x", "brand": {"name": "S", "ink": "black"}, "seed": "many"})
    assert "name: is missing" in said and "brand.ink" in said and "seed" in said
    assert "write `key: value` lines" in refusals(["a", "list"])


def test_gates_are_merged_and_can_be_dropped() -> None:
    """Would catch a campaign whose own gate silently removes the others."""
    quality = {"gates": {"loudness_lufs": [-24, -22], "true_peak_dbtp": None, "new": [1, None]}}
    campaign = parse_campaign({**GOOD, "quality": quality}, "x")
    gates = {gate[0]: gate[1:] for gate in campaign.gates()}
    assert gates["loudness_lufs"] == (-24, -22) and gates["new"] == (1, None)
    assert "true_peak_dbtp" not in gates and "duration_s" in gates


def test_the_loudness_gate_follows_the_loudness_that_is_asked_for() -> None:
    """Would catch a campaign at -23 LUFS (EBU R 128) whose every spot its own gate turns down."""
    campaign = parse_campaign({**GOOD, "sound": {"loudness_lufs": -23}}, "x")
    gates = {gate[0]: gate[1:] for gate in campaign.gates()}
    assert gates["loudness_lufs"] == (-23.5, -22.5)


def test_places_become_absolute_and_overrides_apply(tmp_path: Path) -> None:
    """Would catch paths that depend on where the command was started."""
    (tmp_path / "feed.tsv").write_text("id")
    (tmp_path / "products").mkdir()
    path = tmp_path / "campaign.yaml"
    path.write_text("name: Test\nfeed: feed.tsv\nimages: products\nbrand: {name: Shop}\n")
    campaign = read_campaign(str(path), ["seed=9", "sound.loudness_lufs=-23", "brand.name=Other"])
    assert campaign.feed == str(tmp_path / "feed.tsv")
    assert campaign.images == f"{tmp_path}/products/"
    assert (campaign.seed, campaign.sound.loudness_lufs) == (9, -23)
    assert campaign.brand.name == "Other"


def test_missing_files_and_broken_yaml_are_refused(tmp_path: Path) -> None:
    """Would catch a campaign that finds out after an hour that its feed is not there."""
    path = tmp_path / "campaign.yaml"
    with pytest.raises(ConfigError, match="is not there; check the path"):
        read_campaign(str(path))
    path.write_text("name: [")
    with pytest.raises(ConfigError, match="is no YAML"):
        read_campaign(str(path))
    path.write_text("name: Test\nfeed: gone.tsv\nbrand: {name: Shop}\n")
    with pytest.raises(ConfigError, match=r"feed: gone.tsv: .*gone.tsv is not there"):
        read_campaign(str(path))
    with pytest.raises(ConfigError, match="write KEY=VALUE"):
        read_campaign(str(path), ["seed"])


def test_a_model_folder_lies_beside_the_campaign_file(tmp_path: Path) -> None:
    """Would catch weights that are looked for where the command was started, or on the hub."""
    (tmp_path / "feed.tsv").write_text("id")
    (tmp_path / "weights").mkdir()
    path = tmp_path / "campaign.yaml"
    path.write_text("name: Test\nfeed: feed.tsv\nbrand: {name: Shop}\n")
    told = ["video_model.licence_accepted=true", "video_model.model=./weights"]
    model = read_campaign(str(path), told).video_model
    assert model is not None and model.model == f"{tmp_path}/./weights/"
    with pytest.raises(ConfigError, match=r"video_model.model: ./gone: .*gone is not there"):
        read_campaign(str(path), [told[0], "video_model.model=./gone"])


def test_a_label_may_be_a_text_or_follow_from_a_region() -> None:
    """Would catch campaigns of before that are refused, and a region without its words."""
    assert parse_campaign(GOOD, "x").disclosure.label == "AI-generated"
    plain = parse_campaign({**GOOD, "disclosure": "Made with AI"}, "x").disclosure
    assert (plain.label, plain.region) == ("Made with AI", "none")
    own = parse_campaign({**GOOD, "disclosure": {"region": "us-ny"}}, "x").disclosure
    assert own.label == "AI-generated performer" and not own.profile.aigc
    china = parse_campaign({**GOOD, "disclosure": {"region": "cn"}}, "x").disclosure
    assert china.profile.aigc and china.profile.least_s == 2.0
    assert [str(r) for r in china.contradictions([])] == []
    assert "no room in 1x1, 4x5; shorten it" in str(next(china.contradictions(["1x1", "4x5"])))
    assert china.letters * 1080 > 54 and own.letters == 0


def test_a_label_is_switched_off_by_somebody_with_a_reason() -> None:
    """Would catch an ad without its label for which nobody answers."""
    over = {"label": False, "by": "A. Person", "reason": "shown at a trade fair only"}
    off = parse_campaign({**GOOD, "disclosure": {"region": "eu", "override": over}}, "x")
    assert off.disclosure.label == ""
    record = off.disclosure.to_record()
    assert (record["override_by"], record["override_reason"]) == (over["by"], over["reason"])


def test_one_address_of_a_time_stamp_service_is_enough() -> None:
    """Would catch campaigns of before that lose their time stamps."""
    signing = parse_campaign({**GOOD, "signing": {"timestamp_url": "http://tsa.example"}}, "x")
    stamps = signing.signing.stamps
    assert stamps is not None and stamps.authorities == ("http://tsa.example",)
    assert stamps.when_none_answers == "require"
