"""Deliveries: what follows from a campaign's platforms for the files of its formats."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.campaign import Campaign, parse_campaign
from schemas.config_error import ConfigError
from schemas.encoding import BUFFER_S, PRESETS, PROFILES, WORST_CRF

MINIMAL: dict[str, Any] = {"name": "C", "feed": "f.csv", "brand": {"name": "B"}}


def campaign(**keys: Any) -> Campaign:
    """A campaign with these keys."""
    return parse_campaign({**MINIMAL, **keys}, "c.yaml")


def test_without_platforms_a_file_is_as_asked_for() -> None:
    """Would catch a default that is not the measured one, or that has no bound."""
    made = campaign(encoding={"crf": 24, "audio_kbps": 128}).deliveries()[0]
    assert (made.encoding.codec, made.encoding.encoder) == ("h264", "software")
    assert (made.encoding.preset, made.encoding.crf) == ("superfast", 24)
    assert (made.encoding.most_kbps, made.encoding.audio_kbps) == (8000, 128)
    assert (made.loudness_lufs, made.true_peak_dbtp) == (-14.0, -1.0)


def test_each_format_has_its_platforms_limits() -> None:
    """Would catch television's loudness or rate on a phone's file, or the other way round."""
    phone, tv = campaign(platforms=["tiktok", "amazon_tv"]).deliveries()
    assert (phone.name, phone.loudness_lufs, phone.encoding.constant_kbps) == ("9x16", -14.0, None)
    assert phone.encoding.least_kbps == 516
    assert (tv.name, tv.loudness_lufs, tv.true_peak_dbtp) == ("16x9", -24.0, -2.0)
    assert tv.encoding.constant_kbps is not None and tv.encoding.constant_kbps > 15_000
    gates = {name: (least, most) for name, least, most in tv.gates}
    assert gates["video_kbps"] == (15_000.0, None) and gates["loudness_lufs"] == (-24.5, -23.5)


def test_a_size_is_held_whatever_is_in_the_picture() -> None:
    """Would catch a bound that leaves out the sound, the buffer or the index."""
    made = campaign(encoding={"max_mb": 3}).deliveries()[0]
    worst = made.encoding.most_kbps * (15 + BUFFER_S) + made.encoding.audio_kbps * 15
    assert 2.5e6 < worst * 125 < 3e6
    assert ("file_bytes", None, 3e6) in made.gates


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"platforms": ["reels"], "encoding": {"codec": "av1"}}, "takes h264, hevc"),
        ({"platforms": ["ctv"], "sound": {"loudness_lufs": -14}}, "-24 LUFS"),
        ({"platforms": ["youtube", "ctv"], "formats": ["16x9"]}, "make a campaign of each"),
        ({"platforms": ["amazon_tv"], "encoding": {"max_mb": 5}}, "15000 kbit/s are needed"),
        ({"encoding": {"max_mb": 0.3}}, "no file is within all limits"),
        ({"encoding": {"preset": "quick"}}, "those of h264 are ultrafast"),
        ({"encoding": {"codec": "av1", "preset": "medium"}}, "those of av1 are 4"),
        ({"encoding": {"crf": 60}}, "the worst of h264 is 51"),
        ({"encoding": {"encoder": "x264"}}, "software"),
    ],
)
def test_what_cannot_be_met_is_refused(keys: dict[str, Any], said: str) -> None:
    """Would catch a campaign that renders for an hour and is then refused by the platform."""
    with pytest.raises(ConfigError) as caught:
        campaign(**keys)
    assert said in str(caught.value)


def test_every_profile_is_one_that_encoders_know() -> None:
    """Would catch a profile with a preset of another codec."""
    for codecs in PROFILES.values():
        for codec, (preset, crf) in codecs.items():
            assert preset in PRESETS[codec] and 0 < crf < WORST_CRF[codec]


def test_limits_are_in_no_key_of_the_composite() -> None:
    """Would catch a looser limit that has a million spots encoded again."""
    from pipeline.recipes.judged import format_gates
    from pipeline.recipes.parts import deliveries

    given = campaign(platforms=["ctv"], quality={"gates": {"video_kbps": [9000, None]}})
    assert all(one.gates == () for one in deliveries(given))
    assert "video_kbps" not in [gate[0] for _, gates in format_gates(given) for gate in gates]


def test_an_encoder_that_is_not_there_is_refused_before_anything_runs() -> None:
    """Would catch a campaign for NVENC that fails spot by spot on a machine without."""
    from pipeline.recipes.parts import deliveries
    from stages.shared.nvenc import nvenc_fault

    if nvenc_fault() is None:
        pytest.skip("this machine's card encodes")
    with pytest.raises(ConfigError, match=r"encoding.encoder: nvenc: .*take auto"):
        deliveries(campaign(encoding={"encoder": "nvenc"}))
    assert deliveries(campaign(encoding={"encoder": "auto"}))
