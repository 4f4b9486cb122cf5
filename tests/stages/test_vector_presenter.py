"""The drawn presenter: lips that meet, teeth on the lip, on time, the same again by its seed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.audition import read_take
from pipeline.keys import digest
from pipeline.media import MediaStore
from schemas.host import Host
from stages.avatar import Avatar, Performance, Take, VectorPresenter
from stages.avatar.hosts import shipped_host, shipped_hosts
from stages.avatar.vector.lips import SHAPES, shape_of
from stages.avatar.visemes import viseme_weights
from stages.shared.lip_sync import VISEMES, expected_openness, lip_offset, mouth_openness

FPS, SIZE_PX = 24, 480
SAID = (
    "SIL 0.2 M 0.08 AA 0.16 M 0.08 AH 0.1 V 0.09 IY 0.14 B 0.08 AE 0.15 F 0.1 AO 0.16 R 0.07 "
    "P 0.08 EH 0.15 T 0.06 UW 0.15 B 0.07 IY 0.13 N 0.06 F 0.1 AA 0.16 DH 0.06 ER 0.12 M 0.09 "
    "SIL 0.6"
)


def phonemes(said: str = SAID) -> list[dict[str, Any]]:
    """PHONEME structs from second 0."""
    words, time_s, found = said.split(), 0.0, []
    for symbol, length in zip(words[::2], words[1::2], strict=True):
        end_s = time_s + float(length)
        stress = int(symbol in ("AA", "IY", "AO", "EH", "UW", "AE"))
        found.append({"symbol": symbol, "stress": stress, "start_s": time_s, "end_s": end_s})
        time_s = end_s
    return found


def take(
    engine: VectorPresenter, folder: Path, *, seed: int = 5, frames: int | None = None,
    first: int = 0, visibility: tuple[float, ...] | None = None,
) -> tuple[Take, np.ndarray, bytes]:  # fmt: skip
    """The engine's take of SAID: what it says of it, RGBA frames, and the file."""
    said = phonemes()
    end_s = said[-1]["end_s"]
    performance = Performance(
        voice=folder / "never_read.flac", phonemes=said, first_frame=first, fps=FPS,
        sentences=[{"text": "", "start_s": 0.2, "end_s": end_s - 0.6}],
        visibility=visibility or (1.0,) * (frames or round(end_s * FPS)),
        size_px=SIZE_PX, audio_lead_s=0.012, seed=seed,
    )  # fmt: skip
    with MediaStore(str(folder)).workspace() as media:
        made = engine.perform(performance, media)
        return made, read_take(made.path), made.path.read_bytes()


@pytest.fixture(scope="module", params=shipped_hosts())
def performed(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Take, np.ndarray]:
    """Each shipped host saying it."""
    engine = VectorPresenter(host=shipped_host(request.param), accent="#2f7f86")
    made, frames, _ = take(engine, tmp_path_factory.mktemp("host"))
    return made, frames


def mouths(performed: tuple[Take, np.ndarray]) -> np.ndarray:
    """Crops around the lips, uint8 RGB (n, h, w, 3)."""
    made, frames = performed
    box = made.mouth_box
    x0, x1 = round(box.x0 * SIZE_PX), round(box.x1 * SIZE_PX)
    y0, y1 = round(box.y0 * SIZE_PX), round(box.y1 * SIZE_PX)
    return frames[:, y0:y1, x0:x1, :3]


def frames_of(symbols: tuple[str, ...]) -> list[int]:
    """The frame nearest to the middle of each such phoneme."""
    return [
        round((p["start_s"] + p["end_s"]) / 2 * FPS) for p in phonemes() if p["symbol"] in symbols
    ]


def teeth(crop: np.ndarray) -> np.ndarray:
    """Pixels as white as teeth: bool (h, w). Skin and lips are redder, whatever their tone."""
    pixels = crop.astype(int)
    return (pixels.min(axis=2) > 130) & (np.abs(pixels[..., 0] - pixels[..., 1]) < 24)


def throat(crop: np.ndarray) -> np.ndarray:
    """Pixels as dark as the inside of an open mouth; the sides, where hair may hang, left out."""
    inner = slice(crop.shape[1] // 6, -(crop.shape[1] // 6))
    found = np.zeros(crop.shape[:2], bool)
    found[:, inner] = crop[:, inner].max(axis=2) < 52
    return found


class TestLips:
    """Measured on decoded frames of every host."""

    def test_they_are_shut_on_m_b_p(self, performed: Any) -> None:
        """Would catch lips that stay ajar between two vowels, and teeth that shine through."""
        crops = mouths(performed)
        area = crops[0].shape[0] * crops[0].shape[1]
        chin = crops.shape[1] * 3 // 4  # below it may be a scarf, which moves
        openness = mouth_openness(crops[:, :chin])
        for frame in frames_of(("M", "B", "P")):
            assert teeth(crops[frame][:chin]).sum() == 0
            assert throat(crops[frame][:chin]).sum() < 0.004 * area
            assert openness[frame] < 0.12

    def test_teeth_lie_on_the_lip_on_f_v(self, performed: Any) -> None:
        """Would catch F and V that look like M, and teeth that hang in a dark gap above the lip."""
        crops = mouths(performed)
        for frame in frames_of(("F", "V")):
            crop = crops[frame]
            white, dark = teeth(crop), throat(crop)
            columns = np.flatnonzero(white.any(axis=0))
            assert len(columns) > 0.4 * crop.shape[1], "a row of teeth, most of the mouth wide"
            heights = white.sum(axis=0)[columns]
            assert np.median(heights) >= 0.006 * SIZE_PX
            middle = columns[len(columns) // 3 : -(len(columns) // 3)]
            for column in middle:
                last = int(np.flatnonzero(white[:, column]).max())
                assert not dark[last + 1 : last + 6, column].any(), "the lip comes next"

    def test_vowels_open_them(self, performed: Any) -> None:
        """Would catch a mouth that mumbles."""
        openness = mouth_openness(mouths(performed))
        assert min(openness[frame] for frame in frames_of(("AA",))) > 0.6
        assert max(openness[frame] for frame in frames_of(("UW",))) < 0.5

    def test_they_move_with_the_voice(self, performed: Any) -> None:
        """Would catch a lead of the wrong sign, and a face that the inspection cannot read."""
        crops = mouths(performed)
        expected = expected_openness(phonemes(), np.arange(len(crops)) / FPS)
        offset_ms, r = lip_offset(expected, mouth_openness(crops), FPS)
        assert abs(offset_ms) <= 40 and r >= 0.7

    def test_the_box_is_tight(self, performed: Any) -> None:
        """Would catch a box that takes in the whole face or cuts the lips."""
        box = performed[0].mouth_box
        assert 0.08 < box.x1 - box.x0 < 0.2 and 0.05 < box.y1 - box.y0 < 0.18
        crops = mouths(performed).astype(int)
        rim = np.concatenate([crops[:, :, :1], crops[:, :, -1:]], axis=2)
        assert teeth(rim.reshape(-1, 1, 3).astype(np.uint8)).sum() == 0


class TestPicture:
    """The rest of the face, and the edge of the picture."""

    def test_shoulders_reach_the_lower_edge(self, performed: Any) -> None:
        """Would catch a bust that floats when it breathes or leans."""
        alpha = performed[1][:, -1, :, 3]
        assert alpha[:, round(0.2 * SIZE_PX) : round(0.8 * SIZE_PX)].min() >= 250

    def test_nothing_is_cut_off_above_or_beside(self, performed: Any) -> None:
        """Would catch hair that leaves the picture when the head moves."""
        alpha = performed[1][..., 3]
        assert alpha[:, :4].max() <= 2 and alpha[:, : SIZE_PX // 2, :4].max() <= 2

    def test_lids_close_in_steps(self, performed: Any) -> None:
        """Would catch a blink that is one frame, and eyes that never blink."""
        _, frames = performed
        rows, columns = (
            slice(int(0.33 * SIZE_PX), int(0.38 * SIZE_PX)),
            slice(int(0.40 * SIZE_PX), int(0.60 * SIZE_PX)),
        )
        eyes = teeth(frames[:, rows, columns, :3].reshape(-1, columns.stop - columns.start, 3))
        white = eyes.reshape(len(frames), -1).mean(axis=1)
        usual = np.median(white)
        assert white.min() < 0.25 * usual, "shut at least once"
        between = (white > 0.1 * usual) & (white < 0.9 * usual)
        assert between.sum() >= 2


class TestDeterminism:
    """Bytes, seeds and keys."""

    def test_same_request_same_bytes_and_another_seed_another_take(self, tmp_path: Path) -> None:
        """Would catch randomness outside of the seed, and a presenter who always moves alike."""
        host = shipped_host("indigo")
        first = take(VectorPresenter(host=host), tmp_path, frames=24)
        again = take(VectorPresenter(host=host), tmp_path, frames=24)
        other = take(VectorPresenter(host=host), tmp_path, frames=24, seed=6)
        assert first[2] == again[2]
        moved = np.abs(first[1][..., :3].astype(int) - other[1][..., :3]).mean(axis=(1, 2, 3))
        assert np.median(moved) > 0.5

    def test_a_take_does_not_depend_on_the_span(self, tmp_path: Path) -> None:
        """Would catch motion that starts anew with each shot."""
        engine = VectorPresenter(host=shipped_host("fern"))
        whole = take(engine, tmp_path, frames=20)[1]
        part = take(engine, tmp_path, frames=10, first=10)[1]
        inner = np.abs(whole[10:].astype(int) - part)[..., :3][whole[10:, ..., 3] > 250]
        assert inner.mean() < 1.5, "but for the encoder's rounding"

    def test_hidden_frames_are_transparent(self, tmp_path: Path) -> None:
        """Would catch a host who is drawn, or seen, when off screen."""
        seen = (1.0, 1.0, 0.5, 0.0, 0.0, 1.0)
        alpha = take(VectorPresenter(host=shipped_host("dune")), tmp_path, visibility=seen)[1][
            ..., 3
        ]
        assert alpha[3:5].max() == 0 and 120 <= alpha[2].max() <= 135 and alpha[5].max() == 255

    def test_the_key_is_what_shows(self) -> None:
        """Would catch a changed host that serves old takes, and a new title that renders all."""
        host = shipped_host("amber")

        def key(host: Host, **colours: str) -> str:
            return digest(Avatar(engine=VectorPresenter(host=host, **colours)))

        assert key(host) == key(host.model_copy(update={"title": "Another"}))
        assert key(host) != key(host, accent="#112233")
        assert key(host) == key(host, ink="#112233"), "she wears no ink"
        longer = host.face.model_copy(update={"length": 1.05})
        assert key(host) != key(host.model_copy(update={"face": longer}))

    def test_brand_colours_are_worn(self, tmp_path: Path) -> None:
        """Would catch a host who ignores the campaign's colours."""
        picture = take(
            VectorPresenter(host=shipped_host("amber"), accent="#2040c0"), tmp_path, frames=1
        )[1]
        red, _, blue = (int(v) for v in np.median(picture[0, -60:, 180:300, :3], axis=(0, 1)))
        assert blue > 120 and red < 80


class TestShapes:
    """Visemes to parameters."""

    @pytest.mark.parametrize("vowel", ["aa", "O", "I"])
    def test_a_closure_wins_before_its_weight_is_whole(self, vowel: str) -> None:
        """Would catch a mean of open and shut where lips must meet."""
        weights = np.zeros(15)
        weights[VISEMES.index("PP")], weights[VISEMES.index(vowel)] = 0.65, 0.35
        assert shape_of(weights).jaw == 0.0
        weights[:] = 0.0
        weights[VISEMES.index("FF")], weights[VISEMES.index(vowel)] = 0.65, 0.35
        assert shape_of(weights) == SHAPES["FF"].__class__(
            **{**shape_of(weights).__dict__, "jaw": SHAPES["FF"].jaw, "tuck": 1.0, "teeth": 1.0}
        )

    def test_neighbours_colour_each_other(self) -> None:
        """Would catch shapes that are switched: the S of "Sue" is rounder than that of "see"."""

        def at_s(vowel: str) -> float:
            said = phonemes(f"SIL 0.2 S 0.12 {vowel} 0.2 SIL 0.2")
            return shape_of(viseme_weights(said, np.array([0.29]))[0]).round

        assert at_s("UW") > at_s("IY") + 0.05

    def test_every_viseme_has_a_shape(self) -> None:
        """Would catch a viseme that is left out of the table."""
        assert tuple(SHAPES) == VISEMES
