"""Host files: what they may say, and how a wrong one is refused."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.config_error import ConfigError
from schemas.host import parse_host
from stages.avatar.hosts import host_of, shipped_host, shipped_hosts

PLAIN: dict[str, Any] = {
    "title": "Plain",
    "skin": "#c08060",
    "hair": {"style": "bob"},
    "outfit": {"shape": "crew"},
}


def test_the_least_host_is_one() -> None:
    """Would catch a key that has no default."""
    host = parse_host(PLAIN, "plain.yaml").in_colours("#112233", "#445566", "#778899")
    assert host.outfit.main == "#112233" and host.outfit.second == "#778899"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"skin": "brown"}, ["skin", "'brown'", '"#2a6f73"']),
        ({"skin": "accent"}, ["skin", "'accent'", "write a colour"]),
        ({"outfit": {"shape": "crew", "main": "blue"}}, ["outfit.main", "'blue'", "accent, ink"]),
        ({"outfit": {"shape": "toga"}}, ["outfit.shape", "'toga'", "'blazer'"]),
        ({"hair": {"style": "bob", "color": "#000000"}}, ["hair.color", "did you mean 'colour'"]),
        ({"face": {"width": 3.0}}, ["face.width", "3.0", "less than or equal to 1.2"]),
        ({"glasses": {"shape": "oval"}}, ["glasses.shape", "'oval'", "'round' or 'square'"]),
        ({"har": "top"}, ["har", "there is no such key", "did you mean 'hair'"]),
        ({"hair": None}, ["hair"]),
    ],
)
def test_a_wrong_host_is_refused_with_its_fix(change: dict[str, Any], said: list[str]) -> None:
    """Would catch a refusal that does not tell key, value and what to write instead."""
    with pytest.raises(ConfigError) as refused:
        parse_host({**PLAIN, **change}, "mine.yaml")
    assert "mine.yaml" in str(refused.value)
    for words in said:
        assert words in str(refused.value)


@pytest.mark.parametrize("content", [b"- a list", b"a: b: c", b"\xff\xfe\x00", b""])
def test_what_is_no_host_file_is_refused(content: bytes) -> None:
    """Would catch a traceback of the YAML reader."""
    with pytest.raises(ConfigError, match=r"mine\.yaml"):
        host_of(content, "mine.yaml")


def test_four_hosts_or_more_are_shipped_and_differ() -> None:
    """Would catch a host file that no longer parses, and hosts who are one in other clothes."""
    hosts = [shipped_host(name) for name in shipped_hosts()]
    assert len(hosts) >= 4
    assert len({host.skin for host in hosts}) == len(hosts)
    assert len({host.hair.style for host in hosts}) == len(hosts)


@pytest.mark.parametrize(("name", "near"), [("ambre", "host:amber"), ("slat", "host:slate")])
def test_an_unknown_host_is_refused_with_the_nearest(name: str, near: str) -> None:
    """Would catch a typing error that costs a search through the package."""
    with pytest.raises(ConfigError, match=f"did you mean {near}") as refused:
        shipped_host(name)
    assert f"host:{name}" in str(refused.value) and "presenter" in str(refused.value)


@pytest.mark.parametrize("name", ["", "../amber", "__init__", "AMBER"])
def test_a_name_is_no_path(name: str) -> None:
    """Would catch a host name that reads another file."""
    with pytest.raises(ConfigError, match="there are amber"):
        shipped_host(name)
