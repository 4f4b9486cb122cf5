"""Layouts of all formats on all platforms, and what a campaign may ask of both."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest

from schemas.campaign import Campaign, parse_campaign
from schemas.config_error import ConfigError
from schemas.layout import FACE, FORMATS, Box, Format, faults, formats_of
from schemas.platform import Platform, platforms_of, shipped_platforms

PLATFORMS = tuple(shipped_platforms().values())
MINIMAL = {"name": "C", "feed": "f.csv", "brand": {"name": "B"}}


def campaign(**keys: object) -> Campaign:
    """A campaign with these keys."""
    return parse_campaign({**MINIMAL, **keys}, "c.yaml")


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("presenter", [True, False])
def test_nothing_overlaps_or_leaves_its_zone_on_any_set_of_platforms(
    name: str, presenter: bool
) -> None:
    """Catches a caption over a face, a price under a platform's button, a presenter who floats."""
    sets = [(), *(one for count in (1, 2, 3) for one in combinations(PLATFORMS, count)), PLATFORMS]
    for platforms in sets:
        (form,) = formats_of([name], platforms=platforms, presenter=presenter)
        assert faults(form) == [], [platform.name for platform in platforms]
        for platform in platforms:
            if name in platform.covers:
                covers = platform.covers[name]  # type: ignore[index]
                assert form.safe_zone.y1 <= 1 - covers.bottom + 1e-9
                assert form.safe_zone.x1 <= 1 - covers.right + 1e-9


@pytest.mark.parametrize("name", FORMATS)
def test_the_product_has_room_on_every_platform(name: str) -> None:
    """Catches a layout that keeps all rules by leaving the product no place to be seen in."""
    least = {"presented": 0.12, "hero": 0.24, "end_card": 0.09}
    for platforms in [(), *((one,) for one in PLATFORMS)]:
        (form,) = formats_of([name], platforms=platforms)
        for kind, shot in form.shots.items():
            area = (shot.product.x1 - shot.product.x0) * (shot.product.y1 - shot.product.y0)
            assert area >= least[kind], (platforms, kind)


def moved(form: Format, area: str, box: Box) -> Format:
    """The format with one area elsewhere."""
    shot, _, part = area.rpartition(".")
    if not shot:
        return replace(form, **{part: box})  # type: ignore[arg-type]
    return replace(form, shots={**form.shots, shot: replace(form.shots[shot], **{part: box})})


@pytest.mark.parametrize(
    ("area", "box", "said"),
    [
        ("price_tag", Box(0.6, 0.02, 0.9, 0.1), "leaves the zone"),
        ("hero.captions", Box(0.1, 0.6, 0.9, 0.7), "over hero.captions"),
        ("presented.captions", Box(0.1, 0.58, 0.9, 0.66), "over presented.face"),
        ("presented.presenter", Box(0.1, 0.5, 0.8822, 0.94), "her lower edge is the frame's"),
        ("presented.presenter", Box(0.1, 0.7, 0.9, 1.0), "her picture is square"),
        ("end_card.card", Box(0.06, 0.5, 0.94, 0.8), "over end_card.card"),
        ("ai_label", Box(0.5, 0.085, 0.9, 0.115), "over price_tag"),
    ],
)
def test_every_rule_is_checked(area: str, box: Box, said: str) -> None:
    """Catches a check that finds no fault in anything."""
    found = faults(moved(FORMATS["9x16"], area, box))
    assert any(said in sentence for _, sentence in found), found


def test_a_face_keeps_clear_of_what_covers_the_lower_edge() -> None:
    """Catches a presenter whose chin lies under a platform's description."""
    reels, tiktok = platforms_of(["reels", "tiktok"])
    (form,) = formats_of(["9x16"], platforms=[reels, tiktok])
    assert form.safe_zone == Box(0.06, 0.14, 1 - 0.139, 0.65)
    presenter = form.shots["presented"].presenter
    assert presenter is not None and presenter.inside(FACE).y1 <= 0.82
    low = Platform(**{**reels.model_dump(), "covers": {"9x16": {**dict(reels.covers["9x16"]),
                                                                "face_bottom": 0.22}}})  # fmt: skip
    (higher,) = formats_of(["9x16"], platforms=[low])
    assert higher.presenter_px > form.presenter_px and faults(higher) == []


def test_letters_keep_their_size_on_the_screen_they_are_read_on() -> None:
    """Catches captions of a wide spot that are half as large as those of a vertical one."""
    assert FORMATS["9x16"].unit == 1.0
    for form in FORMATS.values():
        assert 0.8 <= form.unit <= 1.0
        assert replace(form, width_px=form.width_px // 4, height_px=form.height_px // 4).unit == (
            pytest.approx(form.unit / 4, rel=0.01)
        )


def test_one_drawing_of_the_presenter_serves_the_two_largest_formats() -> None:
    """Catches a presenter drawn larger, at a third more time, for a single format."""
    assert FORMATS["9x16"].presenter_px == FORMATS["16x9"].presenter_px == 844
    assert max(form.presenter_px for form in FORMATS.values()) == 844


def test_formats_follow_from_the_platforms() -> None:
    """Catches a campaign for televisions that is rendered upright."""
    assert campaign().formats == ("9x16",)
    assert campaign(platforms=["tiktok", "reels", "meta_feed", "ctv"]).formats == (
        "9x16", "4x5", "16x9",
    )  # fmt: skip
    assert campaign(platforms=["tiktok"], formats=["1x1"]).formats == ("1x1",)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"formats": ["9x17"]}, r"formats\.0: '9x17'"),
        ({"formats": ["1x1", "1x1"]}, r"formats: 1x1: is there twice"),
        ({"platforms": ["tictoc"]}, r"platforms: tictoc: did you mean tiktok\?"),
        (
            {"platforms": ["ctv"], "formats": ["9x16"]},
            r"Connected TV takes 16x9, and formats are 9x16; add one of these, or leave",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_the_fix(keys: dict[str, object], said: str) -> None:
    """Catches a campaign that is rendered for a platform which takes none of its files."""
    with pytest.raises(ConfigError, match=said):
        campaign(**keys)


@pytest.mark.parametrize("platform", PLATFORMS, ids=lambda one: one.name)
def test_every_platform_says_where_its_numbers_come_from(platform: Platform) -> None:
    """Catches a figure that nobody can check, and limits that no spot of ours could meet."""
    assert platform.sources and set(platform.covers) == set(platform.min_px)
    for name, (width, height) in platform.min_px.items():
        assert FORMATS[name].width_px >= width and FORMATS[name].height_px >= height
    assert (platform.length_s[0] or 0) <= 15 <= (platform.length_s[1] or 15)
    assert (platform.fps[0] or 0) <= 24 <= (platform.fps[1] or 24)
