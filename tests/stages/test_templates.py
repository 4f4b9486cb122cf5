"""Templates: refused where wrong, and every text inside its box, whatever it is."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from pipeline.media import MediaStore
from schemas.brand import BrandKit
from schemas.config_error import ConfigError
from schemas.format import FACE, Format, faults
from schemas.layout import FORMATS, Box, formats_of
from schemas.platform import shipped_platforms
from schemas.template import parse_template
from stages.composite import Composite
from stages.composite.captions import Captions
from stages.composite.graphics import Graphics, drawn_at
from stages.composite.placing import hook_box
from stages.composite.qr import QrCode
from stages.composite.templates import load_template, shipped_templates
from stages.composite.text import Lettering
from stages.shared.ffmpeg import decode_frames
from stages.shared.fonts import Fonts
from stages.shared.frames import encode_frames
from stages.shared.visual_events import expected_event

TEXTS = {
    "title": "Halvenne Adjustable LED Desk Lamp, Sage Green and Brass, with Dimmer " * 3,
    "german": "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",
    "arabic": "قلم حبر فاخر Kelvoro X2 مصنوع من النحاس 24 قيراط بتصميم أنيق",
    "hebrew": "עט נובע Kelvoro Pro 2 מפליז, מתנה מושלמת לכל אירוע",
    "hindi": "हस्तनिर्मित सिरेमिक मग क्षत्रिय नीला रंग 350 मिली, डिशवॉशर सुरक्षित",
    "chinese": "手工陶瓷咖啡杯，湖蓝色釉面，容量350毫升，微波炉和洗碗机可用，礼盒装。",
    "japanese": "手作りの陶器マグカップ、レイクブルーの釉薬、容量三百五十ミリリットル。",
    "korean": "수제 도자기 머그컵, 호수빛 유약, 용량 350밀리리터, 식기세척기 사용 가능",
    "emoji": "Gift 🎁✨ for ❤️ mug lovers 👍🏽👨‍👩‍👧 ÅÖŰ ☕ 🇩🇪 Qg,jp",
}
SHOTS = [
    ("presented", 0.0, 3.0),
    ("hero", 3.0, 6.0),
    ("presented", 6.0, 9.0),
    ("end_card", 9.0, 12.0),
]
FORMAT_NAMES = ("9x16", "4x5", "1x1", "16x9")


class Silent(Lettering):
    """Measures as the real one, by its memory, and draws nothing: what is missing is the ink."""

    def __init__(self, real: Lettering) -> None:
        self.fonts, self.width_px = real.fonts, real.width_px

    def draw(self, *args: Any, **options: Any) -> None:
        """Leave the letters out."""


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Where a stage may write; nothing is."""
    folder = tmp_path_factory.mktemp("templates")
    with MediaStore(str(folder / "out"), cache=folder / "cache").workspace() as workspace:
        yield workspace


def small(name: str, share: float = 0.4) -> Format:
    """The format with fewer pixels."""
    form = FORMATS[name]
    wide, tall = (round(side * share / 2) * 2 for side in (form.width_px, form.height_px))
    return dataclasses.replace(form, width_px=wide, height_px=tall)


def row(text: str, **more: Any) -> dict[str, Any]:
    """A spot that says `text` wherever it can."""
    words = (text.split() * 9)[:9] if " " in text else [text[i : i + 9] for i in range(0, 40, 9)]
    times = np.linspace(0.3, 8.5, len(words) + 1)
    return {
        "shots": [
            {"index": i, "layout": layout, "move": "push_in", "start_s": a, "end_s": b,
             "handle_s": 0.4, "uri": "", "product_box": None}
            for i, (layout, a, b) in enumerate(SHOTS)
        ],
        "caption_words": [
            {"text": w, "spoken": "x", "start_s": float(a), "end_s": float(b)}
            for w, a, b in zip(words, times, times[1:], strict=False)
        ],
        "sound_events": [], "title": text, "tagline": text, "cta": text, "hook": text,
        "price": Decimal("1199999.99"), "regular_price": Decimal("1299999.99"), "currency": "EUR",
        "language": "de-DE", "rating": 4.73, "rating_count": 1234567, "accent": "#2f8084", **more,
    }  # fmt: skip


def planned(
    spot: dict[str, Any], template: str, form: Format, media: Any, letters: type[Lettering]
) -> tuple[Any, Graphics]:
    """Timeline and bands of a spot, drawn with those letters."""
    look = load_template(template)
    stage = Composite(
        brand=BrandKit(name=spot["tagline"]), watermark_secret="only for tests", length_s=12.0,
        formats=(look.applied(form),), template=look,
    )  # fmt: skip
    real = LETTERS[look.headline]
    stage._lettering = Silent(real) if letters is Silent else real
    return stage.planned(spot, stage.formats[0], media)


LETTERS = {name: Lettering(Fonts(headline=name)) for name in ("sans", "condensed", "serif")}


@pytest.mark.parametrize("name", FORMAT_NAMES)
@pytest.mark.parametrize("template", shipped_templates())
def test_every_ink_lies_in_its_box(template: str, name: str, media: Any) -> None:
    """Would catch any text, in any script, that runs out of its card or of the safe zone: measured
    as the pixels that change when the letters are left out of the same drawing.
    """
    form = small(name)
    for kind, text in TEXTS.items():
        spot = row(text)
        timeline, loud = planned(spot, template, form, media, Lettering)
        _, quiet = planned(spot, template, form, media, Silent)
        for placed, silent in zip(loud.placed, quiet.placed, strict=True):
            for sprite, mute in zip(placed.band.sprites, silent.band.sprites, strict=True):
                for time_s in (0.6, 4.5, 8.9, 11.9):
                    if sprite.state(time_s) is None or not _in_band(placed.band, time_s):
                        continue
                    ink = _ink(placed.band, sprite, mute, time_s)
                    if ink is None:
                        continue
                    x0, y0, x1, y1 = ink
                    rect = _box_px(sprite, timeline, form, placed, time_s)
                    said = f"{template} {name} {kind} {type(sprite).__name__} at {time_s}"
                    assert x0 >= rect[0] - 2 and x1 <= rect[2] + 2, said
                    assert y0 >= rect[1] - 2 and y1 <= rect[3] + 2, said


def _in_band(band: Any, time_s: float) -> bool:
    return bool(band.first_frame <= time_s * band.fps < band.end_frame)


def _ink(band: Any, sprite: Any, mute: Any, time_s: float) -> tuple[int, int, int, int] | None:
    one = dataclasses.replace(band, sprites=[sprite]).picture(time_s).astype(np.int16)
    none = dataclasses.replace(band, sprites=[mute]).picture(time_s).astype(np.int16)
    rows, columns = np.nonzero(np.abs(one - none).max(axis=2) > 24)
    if rows.size == 0:
        return None
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


def _box_px(
    sprite: Any, timeline: Any, form: Format, placed: Any, time_s: float
) -> tuple[float, float, float, float]:
    """The room of a sprite in its band's pixels, which lies in the safe zone."""
    size = form.width_px, form.height_px
    zone = Box(*(dataclasses.astuple(timeline.safe_zone)))
    if isinstance(sprite, Captions):
        group = next(g for g in sprite.groups if g.start_s <= time_s < g.end_s)
        box, top = group.box, [y for s, y in placed.tops_px if s <= time_s + 1e-6][-1]
        assert zone.contains(box, 0.003) and group.area.contains(box, 0.003)
        x0, y0, x1, y1 = box.pixels(*size)
        return x0, y0 - top, x1, y1 - top
    rect, top = sprite.rect, placed.tops_px[0][1]
    x0, y0, x1, y1 = zone.pixels(*size)
    assert x0 - 1 <= rect.left() and rect.right() <= x1 + 1
    assert y0 - 1 <= rect.top() + top and rect.bottom() + top <= y1 + 1
    return rect.left(), rect.top(), rect.right(), rect.bottom()


@pytest.mark.parametrize("template", shipped_templates())
def test_areas_fit_every_platform(template: str) -> None:
    """Would catch a template that puts a price on a face, or text under a platform's buttons."""
    look = load_template(template)
    for platform in [None, *shipped_platforms().values()]:
        names = FORMAT_NAMES if platform is None else platform.formats
        for form in formats_of(names, platforms=[platform] if platform else []):
            placed = look.applied(form)
            assert faults(placed) == []
            for layout in ("presented", "hero"):
                hook = look.place(placed, "hook") or hook_box(placed, layout)
                shot = placed.shots[layout]
                assert placed.safe_zone.contains(hook, 1e-6) and hook.x1 - hook.x0 > 0.3
                assert not hook.overlaps(shot.product.inside(Box(0.3, 0.31, 0.7, 0.69)))
                assert shot.captions is None or not hook.overlaps(shot.captions)
                assert shot.presenter is None or not hook.overlaps(shot.presenter.inside(FACE))


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ({"areas": {"9x16": {"price": [0, 0, 2, 1]}}}, ("areas.9x16.price", "2", "safe zone")),
        ({"areas": {"9x16": {"price": [0.5, 0, 0.4, 1]}}}, ("areas.9x16.price", "left")),
        ({"areas": {"9x16": {"price": [0.5, 0.3, 1, 0.5]}}}, ("hero.product", "price_tag")),
        ({"captions": {"style": "plat"}}, ("captions.style", "plat", "plate")),
        ({"captionz": {}}, ("captionz", "captions")),
        ({"hook": {"size": 9}}, ("hook.size", "9")),
        ({"areas": {"2x1": {}}}, ("2x1", "9x16")),
    ],
)
def test_what_is_wrong_is_refused_with_its_fix(raw: dict[str, Any], says: tuple[str, ...]) -> None:
    """Would catch a template that is taken, and then draws outside of the frame."""
    with pytest.raises(ConfigError) as refused:
        parse_template({"title": "x", **raw}, "mine.yaml").applied(FORMATS["9x16"])
    assert all(word in str(refused.value) for word in says)


def test_times_follow_the_shots(media: Any) -> None:
    """Would catch a price before its product, a hook that outlives its shot, a lost end card."""
    timeline, _ = planned(row("No two alike"), "bold", small("9x16"), media, Lettering)
    kinds = {card.kind: card for card in timeline.cards}
    assert kinds["hook"].start_s == 0 and 1.0 <= kinds["hook"].end_s < 3.0
    assert 3.0 < kinds["price"].start_s < 3.5
    assert 8.5 < kinds["price"].end_s < 9.0, "before the sweep"
    assert kinds["sting"].start_s < 9.0 < kinds["sting"].end_s
    assert 9.0 <= kinds["end_card"].start_s < 9.5 and kinds["end_card"].end_s == 12.0
    assert kinds["ai_label"].end_s - kinds["ai_label"].start_s == 12.0
    assert [t.start_s for t in timeline.transitions] == [3.0, 6.0, 9.0]
    assert {t.style for t in timeline.transitions} == {"slide"}


def test_stars_are_shown_only_where_somebody_gave_them(media: Any) -> None:
    """Would catch five invented stars."""
    for more in ({"rating": None}, {"rating": 0.0}, {"rating": 5.5}, {"rating_count": 0}):
        timeline, _ = planned(row("Mug", **more), "clean", small("9x16"), media, Lettering)
        assert timeline.card("rating") is None
    timeline, _ = planned(row("Mug", rating=4.79), "clean", small("9x16"), media, Lettering)
    assert timeline.card("rating").text.startswith("4,7 (1.234.567"), "rounded down, as in German"


@pytest.mark.parametrize("template", shipped_templates())
@pytest.mark.parametrize("name", ["9x16", "16x9"])
def test_the_code_is_read_from_the_encoded_frame(
    template: str, name: str, media: Any, tmp_path: Path
) -> None:
    """Would catch a code that is too small, blurred or without its quiet zone: it is decoded from
    what the encoder made of the end card.
    """
    link = "https://shop.example.com/p/tw-mug-lagoon-350?utm_source=video&utm_campaign=slow-gifts"
    spot = row("No two alike", qr=link, price=Decimal("24"), regular_price=None)
    form = load_template(template).applied(FORMATS[name])
    _, graphics = planned(spot, template, FORMATS[name], media, Lettering)
    over = drawn_at(graphics, form, 11.9)
    wide, tall = form.width_px, form.height_px
    noise = np.random.default_rng(1).integers(60, 200, (tall // 8, wide // 8, 3), np.uint8)
    picture = cv2.resize(noise, (wide, tall)).astype(np.uint16)
    shown = np.minimum(over[..., :3] + picture * (255 - over[..., 3:]) // 255, 255)
    path = tmp_path / "card.mp4"
    frame = shown.astype(np.uint8)
    encode_frames([frame] * 2, path, width_px=wide, height_px=tall, fps=24, qp=26)
    decoded = next(iter(decode_frames(path, wide, tall)))
    found, _, _ = cv2.QRCodeDetector().detectAndDecode(cv2.cvtColor(decoded, cv2.COLOR_RGB2BGR))
    assert found == link


def test_a_link_without_room_is_refused() -> None:
    """Would catch a code whose modules are smaller than what an encoder keeps."""
    with pytest.raises(ValueError, match="shorten the link"):
        QrCode("https://shop.example.com/" + "x" * 270, 200)


def test_every_template_can_be_drawn_without_anything_optional(media: Any) -> None:
    """Would catch a template that needs a price, a tagline or stars to exist."""
    bare = row("Mug", tagline="B", hook=None, title=None, cta=None, price=None,
               regular_price=None, rating=None)  # fmt: skip
    for template in shipped_templates():
        _, graphics = planned(bare, template, small("1x1"), media, Lettering)
        for time_s in (0.0, 0.5, 4.0, 8.95, 9.0, 11.9):
            picture = drawn_at(graphics, small("1x1"), time_s)
            assert picture[..., 3].any(), "the label at least"


@pytest.mark.parametrize("template", shipped_templates())
def test_the_end_card_is_seen_when_it_is_heard(template: str, media: Any) -> None:
    """Would catch a card that comes slowly behind its sound: the event is found in the frames as
    the inspection finds it, a frame behind the cut, where the effect is laid."""
    form = small("9x16", 0.2)
    spot = row("No two alike", accent="#2f8084")
    _, graphics = planned(spot, template, form, media, Lettering)
    frames = []
    for number in range(round(8.2 * 24), round(9.9 * 24)):
        over = drawn_at(graphics, load_template(template).applied(form), number / 24)
        share = float(np.clip((number / 24 - 9.0) / 0.4, 0, 1))
        shade = 210 - 90 * share * share * (3 - 2 * share)  # the crossfade below it
        shown = over[..., :3].mean(axis=2) + shade * (1 - over[..., 3] / 255.0)
        frames.append(shown.astype(np.uint8))
    kept = np.ones(frames[0].shape, bool)
    first_s = round(8.2 * 24) / 24
    found = expected_event(frames, 24, 9.0 + 1 / 24 - first_s, 0.35, kept)
    assert found is not None and abs(found + first_s - (9.0 + 1 / 24)) <= 0.06
