"""Avatar: when she is on screen, and the file that the compositor and the inspection read."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from pipeline.media import MediaStore, Workspace, asset
from schemas.layout import FORMATS
from stages.avatar import Avatar, PresenterRig
from stages.avatar.avatar import visibility
from stages.base import Reject
from stages.shared.lip_sync import expected_openness, lip_offset, mouth_openness

RIG = Path(__file__).parents[2] / "examples" / "demo" / "presenter"
FPS = 24
SAID = (
    "SIL 0.20 M 0.07 AA 0.16 M 0.07 AA 0.14 S 0.10 IY 0.13 B 0.07 AO 0.17 R 0.07 N 0.06 IH 0.08 "
    "P 0.07 EH 0.13 T 0.05 SIL 0.25"
)


def shot(layout: str, start_s: float, end_s: float, handle_s: float = 0.25) -> dict[str, Any]:
    """A SHOT struct, as far as Avatar reads it."""
    return {"layout": layout, "start_s": start_s, "end_s": end_s, "handle_s": handle_s}


def spoken() -> list[dict[str, Any]]:
    """SAID as PHONEME structs from second 0."""
    words, time_s, phonemes = SAID.split(), 0.0, []
    for symbol, length in zip(words[::2], words[1::2], strict=True):
        end_s = time_s + float(length)
        stress = int(symbol in ("AA", "IY", "AO", "EH"))
        phonemes.append({"symbol": symbol, "stress": stress, "start_s": time_s, "end_s": end_s})
        time_s = end_s
    return phonemes


def spot(store: MediaStore, folder: Path, shots: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A row with what Avatar reads."""
    voice = folder / "voice.flac"
    voice.write_bytes(b"not listened to by a rig")
    end_s = spoken()[-1]["end_s"]
    return {
        "voice_uri": store.put(voice),
        "phonemes": spoken(),
        "sentences": [{"text": "", "start_s": 0.2, "end_s": end_s - 0.25}],
        "shots": list(shots),
        "seed": 11,
    }


def frames(path: Path) -> np.ndarray:
    """What a compositor makes of the two streams: uint8 (n, h, w, 4) RGBA."""
    streams = []
    for index, pixels in ((0, "rgb24"), (1, "gray")):
        with av.open(str(path)) as file:
            decoded = file.decode(file.streams.video[index])
            streams.append(np.stack([f.to_ndarray(format=pixels) for f in decoded]))
    return np.concatenate([streams[0], streams[1][..., None]], axis=3)


@pytest.fixture(scope="module")
def stage() -> Avatar:
    """One stage for the file, so that the rig's flows are made once."""
    made = Avatar(engine=PresenterRig(rig=asset(f"{RIG}/")))
    made.load()
    return made


@pytest.fixture(scope="module")
def made(stage: Avatar, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Any]:
    """One second and a half of speech, a gap, and a short return: row and RGBA frames."""
    folder = tmp_path_factory.mktemp("avatar")
    store = MediaStore(str(folder / "out"))
    shots = [
        shot("presented", 0.0, 1.5, 0.125),
        shot("hero", 1.5, 2.0),
        shot("presented", 2.0, 2.25, 0.125),
        shot("end_card", 2.25, 15.0, 0.0),
    ]
    with store.workspace() as media:
        row = dict(stage.run(spot(store, folder, shots), media))
    return row, frames(store.open(row["avatar_uri"]))


class TestWhenSheIsSeen:
    """`visibility`, in frames."""

    def test_she_opens_the_spot_at_once(self) -> None:
        """Would catch a hook that begins with an empty chair."""
        seen = visibility([shot("presented", 0.0, 1.0)], 48, FPS)
        assert seen[0] == 1.0 and seen[23] == 1.0

    def test_she_fades_out_before_the_next_caption(self) -> None:
        """Would catch a presenter who vanishes on the cut, and one who lingers under the words."""
        seen = visibility([shot("presented", 0.0, 1.0, 0.4), shot("hero", 1.0, 2.0)], 48, FPS)
        tail = seen[24:29]  # 0.2 s of the crossfade's 0.4 s
        assert all(0.0 < v < 1.0 or i == 0 for i, v in enumerate(tail))
        assert tail == sorted(tail, reverse=True) and seen[29] == 0.0

    def test_she_fades_in_over_the_handle_before(self) -> None:
        """Would catch a presenter who pops up in the middle of a crossfade."""
        seen = visibility([shot("hero", 0.0, 1.0, 0.25), shot("presented", 1.0, 2.0)], 48, FPS)
        assert seen[23] == 0.0 and 0.0 < seen[24] < seen[29] < 1.0 and seen[30] == 1.0

    def test_she_stays_between_two_shots_of_hers(self) -> None:
        """Would catch a blink of transparency where one presented shot follows another."""
        seen = visibility([shot("presented", 0.0, 1.0), shot("presented", 1.0, 2.0, 0.0)], 48, FPS)
        assert seen == [1.0] * 48

    def test_nothing_is_drawn_behind_the_end(self) -> None:
        """Would catch a file that is longer than the spot."""
        assert len(visibility([shot("presented", 1.0, 2.0, 0.5)], 48, FPS)) == 48


class TestTheFile:
    """What lies behind `avatar_uri`."""

    def test_it_covers_its_span_on_the_frame_grid(self, made: Any) -> None:
        """Would catch a take that slips against the spot by a frame."""
        row, pictures = made
        count = round((row["avatar_end_s"] - row["avatar_start_s"]) * FPS)
        assert (row["avatar_start_s"], row["avatar_end_s"]) == (0.0, 2.375)
        assert pictures.shape[0] == count == row["metrics"]["avatar_frames"]
        assert row["metrics"]["avatar_seconds_on_screen"] == pytest.approx(2.0)

    def test_it_fits_the_layout_without_scaling(self, made: Any) -> None:
        """Would catch a second resampling in the compositor, or a box with odd sides."""
        side = made[1].shape[1]
        x0, y0, x1, y1 = FORMATS["9x16"].shots["presented"].presenter.pixels(1080, 1920)  # type: ignore[union-attr]
        assert side == FORMATS["9x16"].presenter_px == made[1].shape[2]
        assert side % 2 == 0 and 0 <= min(x1 - x0, y1 - y0) - side < 2

    def test_it_is_transparent_while_she_is_away(self, made: Any) -> None:
        """Would catch a ghost over the product shot."""
        alpha = made[1][..., 3]
        away = alpha[round(1.625 * FPS) : round(2.0 * FPS)]
        assert len(away) == 9 and away.max() == 0

    def test_she_never_floats(self, made: Any) -> None:
        """Would catch a gap under the shoulders when she breathes or leans."""
        alpha = made[1][: round(1.5 * FPS), -1, :, 3]
        assert alpha[:, 40:-40].min() >= 250

    def test_corners_are_clear_and_face_is_solid(self, made: Any) -> None:
        """Would catch a lost or inverted alpha stream."""
        alpha = made[1][10, ..., 3]
        assert alpha[:200, :120].max() <= 2 and alpha[300:420, 380:460].min() >= 253

    def test_hair_carries_no_fringe(self, made: Any) -> None:
        """Would catch edge colours mixed with the black under transparent pixels."""
        picture = made[1][10].astype(float)
        rim = (picture[..., 3] > 40) & (picture[..., 3] < 200)
        shoulder = rim & (np.arange(picture.shape[0])[:, None] > 650)
        assert shoulder.sum() > 100
        assert picture[shoulder][:, 2].mean() > 60, "the shirt's blue reaches into its soft edge"

    def test_the_same_row_gives_the_same_bytes(
        self, stage: Avatar, store: MediaStore, media: Workspace, tmp_path: Path
    ) -> None:
        """Would catch randomness that the seed does not hold, which breaks the cache."""
        row = spot(store, tmp_path, [shot("presented", 0.5, 0.75, 0.0)])
        first, again = stage.run(row, media), stage.run(row, media)
        assert first == again
        assert stage.run({**row, "seed": 12}, media)["avatar_uri"] != first["avatar_uri"]


class TestHerMouth:
    """Lips on time, where the row says they are."""

    def test_it_moves_with_the_voice(self, made: Any) -> None:
        """Would catch a lead of the wrong sign, or frames that are counted from 1."""
        row, pictures = made
        side, box, n = pictures.shape[1], row["avatar_mouth_box"], round(1.5 * FPS)
        x0, x1 = round(box["x0"] * side), round(box["x1"] * side)
        y0, y1 = round(box["y0"] * side), round(box["y1"] * side)
        measured = mouth_openness(pictures[:n, y0:y1, x0:x1, :3])
        offset_ms, r = lip_offset(expected_openness(spoken(), np.arange(n) / FPS), measured, FPS)
        assert abs(offset_ms) <= 45 and r >= 0.7

    def test_the_box_is_tight_around_what_moves(self, made: Any) -> None:
        """Would catch a mouth box that misses the lips or takes in the whole face."""
        row, pictures = made
        box, side = row["avatar_mouth_box"], pictures.shape[1]
        assert 0.08 < box["x1"] - box["x0"] < 0.2 and 0.06 < box["y1"] - box["y0"] < 0.18
        face = pictures[: round(1.5 * FPS), 370:480, 360:500, :3].astype(float)  # nose to chin
        y, x = np.unravel_index(face.std(axis=0).mean(axis=2).argmax(), (110, 140))
        assert box["x0"] < (360 + x) / side < box["x1"]
        assert box["y0"] < (370 + y) / side < box["y1"]


class TestWithoutHer:
    """Rows and rigs that give no presenter."""

    @pytest.mark.parametrize("engine", [None, PresenterRig(rig=asset(f"{RIG}/"))])
    def test_no_presented_shot_or_no_engine_gives_null(
        self, engine: PresenterRig | None, store: MediaStore, media: Workspace, tmp_path: Path
    ) -> None:
        """Would catch an empty video, which the compositor could not open."""
        layout = "hero" if engine else "presented"
        row = spot(store, tmp_path, [shot(layout, 0.0, 15.0, 0.0)])
        wrote = Avatar(engine=engine).run(row, media)
        assert wrote["avatar_uri"] is None and wrote["avatar_mouth_box"] is None
        assert wrote["metrics"]["avatar_seconds_on_screen"] == 0.0

    @pytest.mark.parametrize("harm", ["no sprite", "no json", "wrong size", "floating"])
    def test_a_broken_rig_is_rejected(
        self, harm: str, store: MediaStore, media: Workspace, tmp_path: Path
    ) -> None:
        """Would catch a traceback of an image library in place of what is wrong with the rig."""
        rig = tmp_path / "rig"
        shutil.copytree(RIG, rig)
        if harm == "no sprite":
            (rig / "mouth" / "aa.png").unlink()
        elif harm == "no json":
            (rig / "presenter.json").write_text("{")
        elif harm == "wrong size":
            shutil.copy(rig / "eyes" / "open.png", rig / "mouth" / "aa.png")
        else:
            told = json.loads((rig / "presenter.json").read_text())
            told["base"] = "short.png"
            (rig / "presenter.json").write_text(json.dumps(told))
            _cut_off(rig / "base.png", rig / "short.png")
        row = spot(store, tmp_path, [shot("presented", 0.0, 0.25, 0.0)])
        with pytest.raises(Reject) as refused:
            Avatar(engine=PresenterRig(rig=asset(f"{rig}/"))).run(row, media)
        assert refused.value.reason_code == "presenter_rig_invalid"

    def test_a_parameter_out_of_range_is_refused(self) -> None:
        """Would catch a mouth that runs visibly ahead of the voice."""
        with pytest.raises(ValueError, match="audio_lead_ms"):
            Avatar(engine=None, audio_lead_ms=200.0)


def _cut_off(source: Path, target: Path) -> None:
    """The picture with its lowest rows transparent."""
    import cv2

    picture = cv2.imread(str(source), cv2.IMREAD_UNCHANGED)
    picture[-30:, :, 3] = 0
    cv2.imwrite(str(target), picture)
