"""Captions: which words stand together, when, where, and which of them is marked."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from schemas.brand import BrandKit
from schemas.layout import FORMATS, Box
from schemas.template import Template
from stages.composite.band import Band, yuva420_planes
from stages.composite.captions import Captions
from stages.composite.colours import Palette
from stages.composite.grouping import CaptionWord, group_words
from stages.composite.look import Look
from stages.composite.subtitles import cues_of, srt, webvtt
from stages.composite.text import Lettering
from stages.shared.fonts import Fonts

FRAME = FORMATS["9x16"]
SCRIPT = (
    "Slow mornings deserve a better mug. Tarnwick stoneware is glazed by hand, so no two are"
    " alike. It keeps coffee warm, loves the dishwasher, and feels just right. Bring yours home"
    " today for twenty-four dollars."
)


def _words(script: str, pause_s: float = 0.4) -> list[dict[str, object]]:
    rows, time_s = [], 0.25
    for text in script.split():
        end_s = time_s + 0.10 + 0.045 * len(text)
        rows.append({"text": text, "spoken": text, "start_s": time_s, "end_s": end_s})
        time_s = end_s + (pause_s if text[-1] == "." else 0.08 if text[-1] == "," else 0.0)
    return rows


SHOTS = [
    {"layout": layout, "start_s": start_s, "end_s": end_s}
    for layout, start_s, end_s in (
        ("presented", 0.0, 2.5),
        ("hero", 2.5, 6.5),
        ("presented", 6.5, 11.0),
        ("end_card", 11.0, 15.0),
    )
]


@pytest.fixture(scope="module")
def captions() -> Captions:
    """The captions of a whole script over four shots."""
    colours = Palette.of(BrandKit(name="B"), "#2f8084")
    return Captions(
        _words(SCRIPT), SHOTS, FRAME, Look(Template(title="x"), colours, Lettering(Fonts()))
    )


def _group(script: str, cuts_s: tuple[float, ...] = ()) -> list[str]:
    rows = [CaptionWord(str(r["text"]), r["start_s"], r["end_s"]) for r in _words(script)]
    groups = group_words(rows, cuts_s, lambda text: 5.0 if len(text) > 24 else 0.0)
    return [" ".join(word.text for word in group) for group in groups]


def test_every_word_once_and_in_order(captions: Captions) -> None:
    """Would catch a word that is said but never shown, or shown twice."""
    said = [word.text for group in captions.spoken for word in group]
    assert said == SCRIPT.split()


def test_groups_are_phrases() -> None:
    """Would catch groups that run over a sentence's end, or leave "of the" hanging behind."""
    groups = _group("Made by hand, in the heart of the old town. Yours today.")
    assert all(2 <= len(group.split()) <= 4 for group in groups)
    assert groups[0] == "Made by hand," and groups[-1] == "Yours today."
    assert not any(group.endswith((" of", " the", " in")) for group in groups)


def test_a_figure_stands_with_its_unit() -> None:
    """Would catch "350" on one card and "ml" on the next."""
    assert any("350 ml" in group for group in _group("Lagoon guarda 350 ml de café caliente."))
    assert any("12 hours" in group for group in _group("It plays for up to 12 hours a day."))


def test_a_cut_parts_a_group() -> None:
    """Would catch a caption that stands at the old shot's place while the new one runs."""
    words = _words("one two three four")
    cut_s = (float(words[1]["end_s"]) + float(words[2]["start_s"])) / 2  # type: ignore[arg-type]
    assert _group("one two three four", (cut_s,)) == ["one two", "three four"]


def test_groups_take_turns(captions: Captions) -> None:
    """Would catch two captions on screen at once, one that comes late, or one too short to read."""
    for before, after in itertools.pairwise(captions.groups):
        assert before.end_s <= after.start_s + 1e-9
    for group in captions.groups:
        assert group.start_s <= group.words[0].start_s + 1e-9
        assert group.end_s >= group.words[-1].start_s
    cut = next(shot["start_s"] for shot in SHOTS if shot["layout"] == "end_card")
    assert captions.groups[-1].end_s <= cut, "the end card is text enough"


def test_plates_stand_where_the_layout_says(captions: Captions) -> None:
    """Would catch captions over the product or the presenter, or under a platform's buttons."""
    for group in captions.groups:
        shot = max((s for s in SHOTS if s["start_s"] <= group.start_s), key=lambda s: s["start_s"])
        areas = FRAME.shots[shot["layout"]]
        assert areas.captions is not None
        assert areas.captions.contains(group.box, slack=1e-6)
        assert FRAME.safe_zone.contains(group.box)
        assert not group.box.overlaps(areas.product)
        head = Box(0.30, 0.59, 0.70, 0.85)  # the presenter's picture is clear above her hair
        assert areas.presenter is None or not group.box.overlaps(head)


def _drawn(captions: Captions, time_s: float) -> tuple[np.ndarray, int]:
    """Luma and chroma of the band as one array (h, w, 3), at half its size, and its top."""
    frame = round(time_s * FRAME.fps)
    band = Band(FRAME.width_px, captions.height_px, FRAME.fps, frame, frame + 1, [captions])
    planes = next(band.frames())
    tall, wide = captions.height_px, FRAME.width_px
    luma = planes[: tall * wide].reshape(tall, wide)[::2, ::2]
    chroma = planes[tall * wide : tall * wide * 3 // 2].reshape(2, tall // 2, wide // 2)
    top = [y for from_s, y in captions.tops_px() if from_s <= time_s + 1e-6][-1]
    return np.dstack([luma, *chroma]).astype(int), top


def test_the_spoken_word_is_marked(captions: Captions) -> None:
    """Would catch a mark that lags, or that sits on another word than the one that is heard."""
    group = captions.groups[0]
    centres = []
    for word in group.words:
        picture, _ = _drawn(captions, word.start_s + 0.14)
        marked = (picture[..., 1] > 132) & (picture[..., 2] < 118)  # the teal accent
        assert marked.sum() > 800
        centres.append(float(np.nonzero(marked)[1].mean()))
    assert centres == sorted(centres) and centres[-1] - centres[0] > 100


def test_the_plate_is_drawn_inside_its_box(captions: Captions) -> None:
    """Would catch a box in the ledger that is not where the caption is seen."""
    for group in captions.groups:
        picture, top = _drawn(captions, (group.start_s + group.end_s) / 2 + 0.02)
        rows, columns = np.nonzero(picture[..., 0] > 225)
        x0, x1 = columns.min() * 2 / FRAME.width_px, (columns.max() + 1) * 2 / FRAME.width_px
        y0, y1 = rows.min() * 2 + top, (rows.max() + 1) * 2 + top
        assert abs(x0 - group.box.x0) < 0.006 and abs(x1 - group.box.x1) < 0.006
        assert abs(y0 / FRAME.height_px - group.box.y0) < 0.003
        assert abs(y1 / FRAME.height_px - group.box.y1) < 0.003


def test_a_long_word_is_made_to_fit() -> None:
    """Would catch a German compound that is wider than the frame."""
    rows = _words("Donaudampfschifffahrtsgesellschaftskapitän x.")
    colours = Palette.of(BrandKit(name="B"), "#2f8084")
    found = Captions(rows, SHOTS, FRAME, Look(Template(title="x"), colours, Lettering(Fonts())))
    area = FRAME.shots["presented"].captions
    assert area is not None
    assert all(area.contains(group.box, slack=1e-6) for group in found.groups)


def test_clear_pixels_leave_edges_clean() -> None:
    """Would catch dark fringes: half-covered edges must keep the colour of what covers them."""
    picture = np.zeros((4, 4, 4), np.uint8)
    picture[:, 1] = (94, 20, 20, 120)  # premultiplied (200, 42, 42)
    planes = yuva420_planes(picture)
    luma, alpha = planes[:16].reshape(4, 4), planes[24:].reshape(4, 4)
    red = 16 + 219 * (0.2126 * 200 + 0.7152 * 42.5 + 0.0722 * 42.5) / 255
    assert abs(int(luma[0, 1]) - red) <= 1.5
    assert (alpha[:, 1] == 120).all() and not alpha[:, 2:].any()
    whole = np.zeros((4, 4, 4), np.uint8)
    whole[...] = (94, 20, 20, 120)
    full = yuva420_planes(whole)
    assert planes[16] == full[16] and planes[20] == full[20]


def test_subtitles_hold_every_word_and_no_markup() -> None:
    """Would catch a script that becomes tags in a player, or a cue too long to read."""
    words = _words("Tea < coffee & <b>more</b> --> now. " + SCRIPT)
    groups = [[CaptionWord(str(r["text"]), r["start_s"], r["end_s"])] for r in words]
    text = webvtt(cues_of(groups))
    assert text.startswith("WEBVTT\n\n00:00:00.250 --> ")
    cues = [block.split("\n") for block in text.strip().split("\n\n")[1:]]
    assert all(len(cue) == 2 and cue[0].count("-->") == 1 for cue in cues)
    assert cues[0][1] == "Tea &lt; coffee &amp; &lt;b&gt;more&lt;/b&gt; --&gt; now."
    assert " ".join(cue[1] for cue in cues[1:]) == SCRIPT
    assert all(len(cue[1]) <= 42 for cue in cues[1:])


def test_the_same_words_as_srt() -> None:
    """Would catch numbers or commas that a player does not take, and markup that it does."""
    words = _words("Tea <b>more</b> {\\an8} now. " + SCRIPT)
    groups = [[CaptionWord(str(r["text"]), r["start_s"], r["end_s"])] for r in words]
    blocks = srt(cues_of(groups)).strip().split("\n\n")
    assert blocks[0].startswith("1\n00:00:00,250 --> 00:00:0")
    assert [int(block.split("\n")[0]) for block in blocks] == list(range(1, len(blocks) + 1))
    assert not set("<{}") & set(blocks[0].split("\n", 2)[2])
    assert " ".join(block.split("\n", 2)[2] for block in blocks[1:]) == SCRIPT


def test_cues_never_overlap_and_stay_to_be_read() -> None:
    """Would catch two cues at once, and one that is gone before it can be read although nobody
    speaks."""
    words = [CaptionWord("Extraordinarily", 0.0, 0.4), CaptionWord("comfortable.", 0.4, 0.7)]
    later = [CaptionWord("Yes.", 4.0, 4.3)]
    cues = cues_of([words, later])
    assert cues[0].end_s == pytest.approx(28 / 18.0) and cues[1].start_s == 4.0
    tight = cues_of([words, [CaptionWord("Yes.", 0.8, 1.0)]])
    assert tight[0].end_s == 0.8


def test_a_group_stays_until_it_can_be_read() -> None:
    """Would catch a fast word that flashes by although a pause follows."""
    rows = [{"text": "Extraordinarily", "start_s": 0.1, "end_s": 0.3},
            {"text": "comfortable.", "start_s": 0.3, "end_s": 0.5}]  # fmt: skip
    shots = [{"layout": "presented", "start_s": 0.0, "end_s": 4.0}]
    look = Look(Template(title="x"), Palette.of(BrandKit(name="B"), None), Lettering(Fonts()))
    found = Captions(rows, shots, FRAME, look)
    assert found.reading_cps() <= 18.01
    hasty = Captions(rows, [{**shots[0], "end_s": 0.8}], FRAME, look)
    assert hasty.reading_cps() > 30, "what cannot be met is told"
    assert Captions(rows, shots, FRAME, look, drawn=False).groups == []
