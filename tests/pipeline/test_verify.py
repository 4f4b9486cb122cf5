"""Verification: what is said of signed, altered, stripped and foreign files."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import soundfile  # type: ignore[import-untyped]
from typer import Typer
from typer.testing import CliRunner

from jobs import verify as job
from jobs.verify_lines import lines, record
from pipeline import storage
from pipeline.guarded import Lost, guarded
from pipeline.ledger import UnitWriter
from pipeline.media import MediaStore
from pipeline.verify import LedgerEntry, read_entries, verify
from schemas.result import RESULT_SCHEMA
from stages.shared.ffmpeg import run_ffmpeg
from stages.shared.frames import encode_frames
from stages.shared.picture_hash import hash_seconds
from stages.shared.watermark import carrier, mark_sound
from stages.sign import DevSigner, Sign
from stages.sign.boxes import C2PA, oddities, top_level

WIDTH, HEIGHT, FPS, SECRET = 270, 480, 12, "verified by a test"
MARK = "0b1e55ed0b1e"

app = Typer()
app.command()(job.main)


@dataclass(frozen=True)
class Published:
    """A spot that was signed, and the ledger that knows it."""

    file: Path
    root: Path
    output: str

    @property
    def options(self) -> list[str]:
        """Of the command line: whom to trust, and where the mark's key is."""
        return ["--trust", str(self.root), "--key", "env:SPOT_MARK"]

    def copy(self, name: str) -> Path:
        """A copy to be maltreated."""
        path = self.file.with_name(name)
        path.write_bytes(self.file.read_bytes())
        return path


def picture_of(path: Path, *, mark: str | None) -> Path:
    """Two seconds of a gradient with something that moves, marked or not."""
    pattern = np.full((HEIGHT, WIDTH), 128, np.uint8)
    if mark:
        kwargs = {"secret": SECRET, "width_px": WIDTH, "height_px": HEIGHT}
        pattern = carrier(int(mark, 16), **kwargs, strength=1.2)  # type: ignore[arg-type]

    def frames() -> Iterator[np.ndarray]:
        wall = np.linspace(90, 190, HEIGHT)[:, None, None] * np.ones((1, WIDTH, 3))
        for index in range(2 * FPS):
            frame = wall.copy()
            cv2.circle(frame, (60 + 5 * index, 240), 40, (200.0, 90.0, 60.0), -1)
            yield (frame + pattern[..., None] - 128.0).clip(0, 255).astype(np.uint8)

    encode_frames(frames(), path, width_px=WIDTH, height_px=HEIGHT, fps=FPS, qp=18)
    return path


def moving(path: Path, *, seed: int) -> Path:
    """Eight seconds of coarse noise that changes with every second."""
    draw = np.random.default_rng(seed)
    scenes = [draw.integers(0, 255, (6, 5, 3), np.uint8) for _ in range(8)]
    sized = [cv2.resize(scene, (120, 160), interpolation=cv2.INTER_CUBIC) for scene in scenes]
    frames = (sized[index // FPS] for index in range(8 * FPS))
    encode_frames(frames, path, width_px=120, height_px=160, fps=FPS)
    return path


def moved_chunks(content: bytearray, by: int) -> bytes:
    """The file with its chunk offsets moved, as somebody would who put bytes before its media."""
    at = content.find(b"stco") + 8
    for number in range(int.from_bytes(content[at : at + 4], "big")):
        place = slice(at + 4 + 4 * number, at + 8 + 4 * number)
        content[place] = (int.from_bytes(content[place], "big") + by).to_bytes(4, "big")
    return bytes(content)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Published:
    """A signed spot and its row in the ledger."""
    folder = tmp_path_factory.mktemp("published")
    output = str(folder / "out")
    poster = folder / "poster.jpg"
    cv2.imwrite(str(poster), np.full((96, 54, 3), 120, np.uint8))
    sign = Sign(signer=DevSigner(str(folder / "signer")), organisation="Hearth & Field")
    sign.load()
    with MediaStore(output).workspace() as media:
        row = {
            "masters": [
                {"format": "9x16", "uri": media.save(picture_of(folder / "m.mp4", mark=MARK))}
            ],
            "ingredient_uri": media.save(poster),
            "poster_uri": media.save(poster),
            "watermark_id": MARK,
            "spot_id": "mug-main",
            "product_id": "MUG-1",
            "seed": 1,
        }
        written = sign.run(row, media)
        done = media.publish(written["signed"][0]["uri"], "spots/mug-main/spot.mp4")
        kept = written["manifest_sha256"]
        media.publish(written["manifest_uris"][0], f"credentials/{kept[:2]}/{kept}.c2pa")
    result = dict.fromkeys(RESULT_SCHEMA.names) | {
        "run_id": "r1",
        "spot_id": "mug-main",
        "product_id": "MUG-1",
        "variant": "main",
        "status": "published",
        "outputs": [{"format": "9x16", **vars(done)}],
        "provenance": {
            "c2pa_state": "Trusted",
            "manifest_sha256": written["manifest_sha256"],
            "watermark_id": MARK,
            "signer": written["signer"],
        },
        "credentials": written["credentials"],
        "disclosure": {"region": "eu", "label": "AI-generated"},
    }
    rejected = {**result, "spot_id": "lamp-main", "status": "rejected", "outputs": None,
                "provenance": None, "credentials": None}  # fmt: skip
    write_ledger(output, "r1", result, rejected)
    file = folder / "spot.mp4"
    file.write_bytes(storage.read_bytes(done.uri))
    return Published(file, folder / "signer" / "root.pem", output)


def write_ledger(output: str, run_id: str, *rows: dict[str, Any]) -> None:
    """One unit of one run."""
    writer = UnitWriter(output, run_id, 0)
    for row in rows:
        writer.add(row)
    writer.close(len(rows), {"unit": 0})


def found(path: Path, of: Published, *, ledger: bool = True, trust: bool = True) -> tuple[str, str]:
    """(verdict, sentence) for a file."""
    anchors = of.root.read_bytes() if trust else b""
    entries = read_entries(of.output) if ledger else None
    done = verify(path, anchors_pem=anchors, secret=SECRET, entries=entries)
    return done.verdict, done.sentence


class TestVerify:
    """Each kind of file."""

    def test_what_was_published_is_intact(self, published: Published) -> None:
        """Would catch a verifier that cannot confirm our own spots."""
        verdict, sentence = found(published.file, published)
        assert verdict == "intact" and "Spotmill development" in sentence
        assert "mug-main of run r1" in sentence

    def test_a_changed_picture_is_altered(self, published: Published) -> None:
        """Would catch trust in a file whose media was edited."""
        copy = published.copy("changed.mp4")
        content = bytearray(copy.read_bytes())
        content[-2000] ^= 255
        copy.write_bytes(content)
        verdict, sentence = found(copy, published)
        assert verdict == "altered" and "bmffHash.mismatch" in sentence

    def test_what_the_signature_does_not_cover_is_found_by_the_ledger(
        self, published: Published
    ) -> None:
        """Would catch an added "free" box, which Content Credentials do not see."""
        copy = published.copy("added.mp4")
        copy.write_bytes(copy.read_bytes() + (24).to_bytes(4, "big") + b"free" + b"x" * 16)
        verdict, sentence = found(copy, published, ledger=False)
        assert verdict == "added to" and "an empty box" in sentence
        assert found(copy, published)[0] == "altered"
        store = next(box for box in top_level(published.file) if box.extended == C2PA)
        content = bytearray(published.file.read_bytes())
        content[store.offset : store.offset + 4] = (store.size + 64).to_bytes(4, "big")
        content[store.end : store.end] = b"hidden!!" * 8
        padded = published.file.with_name("padded.mp4")
        padded.write_bytes(moved_chunks(content, 64))
        assert "64 bytes behind the credentials" in next(oddities(padded))
        assert not list(oddities(published.file))

    def test_a_stripped_copy_is_led_back_by_its_watermark(self, published: Published) -> None:
        """Would catch a copy that loses its origin when a platform packs or encodes it again."""
        packed, smaller = (published.file.with_name(f"{n}.mp4") for n in ("packed", "smaller"))
        run_ffmpeg(["-i", str(published.file), "-c", "copy", str(packed)])
        encode = ["-vf", "eq=brightness=0.02", "-c:v", "libx264", "-crf", "26"]
        run_ffmpeg(["-i", str(published.file), *encode, str(smaller)])
        for copy in (packed, smaller):
            verdict, sentence = found(copy, published)
            assert verdict == "recovered" and "mug-main" in sentence
            assert sentence.startswith("Recovered: signature intact, content re-encoded")
            assert found(copy, published, trust=False)[0] == "stripped"
        verdict, sentence = found(packed, published, ledger=False)
        assert verdict == "marked" and MARK in sentence
        kept = next((Path(published.output) / "credentials").rglob("*.c2pa"))
        content = kept.read_bytes()
        try:
            kept.unlink()
            assert found(packed, published)[0] == "stripped"
            kept.write_bytes(content[:700] + bytes((content[700] ^ 1,)) + content[701:])
            assert found(packed, published)[0] == "stripped"
        finally:
            kept.write_bytes(content)

    def test_pictures_without_any_mark_only_resemble(
        self, tmp_path: Path, published: Published
    ) -> None:
        """Would catch a copy whose mark was destroyed and that nothing finds again, and a likeness
        that is sold as a proof."""
        film = moving(tmp_path / "film.mp4", seed=1)
        entry = LedgerEntry(
            spot_id="mug-main", product_id="MUG-1", run_id="r1", watermark_id=MARK, sha256="a" * 64,
            picture_hashes=tuple(hash_seconds(film)),
        )  # fmt: skip
        smaller = tmp_path / "smaller.mp4"
        encode = ["-vf", "scale=96:-2", "-c:v", "libx264", "-crf", "32", "-preset", "ultrafast"]
        run_ffmpeg(["-i", str(film), *encode, str(smaller)])
        done = verify(smaller, secret=SECRET, entries=[entry])
        assert done.verdict == "resembles" and "a guess, no proof" in done.sentence
        assert done.bits_apart is not None and done.bits_apart < 6
        other = moving(tmp_path / "other.mp4", seed=2)
        assert verify(other, secret=SECRET, entries=[entry]).verdict == "unknown"

    def test_a_film_is_known_by_its_sound(self, tmp_path: Path) -> None:
        """Would catch a copy with other pictures that nothing leads back, an id that is looked for
        among those of other days, and a report that does not say which mark it was."""
        film, wave = moving(tmp_path / "film.mp4", seed=3), tmp_path / "sound.wav"
        dice = np.random.default_rng(6)
        swells = 0.5 + 0.5 * np.sin(np.arange(8 * 48_000) / 9000)
        sound = (dice.normal(0, 0.08, (8 * 48_000, 2)) * swells[:, None]).astype(np.float32)
        soundfile.write(wave, mark_sound(sound, int(MARK, 16), secret=SECRET), 48_000)
        both, poor = tmp_path / "both.mp4", tmp_path / "poor.mp4"
        run_ffmpeg(["-i", str(film), "-i", str(wave), "-c:v", "copy", "-c:a", "aac", str(both)])
        encode = ["-c:v", "copy", "-c:a", "aac", "-b:a", "32k", "-t", "4.5"]
        run_ffmpeg(["-i", str(both), *encode, str(poor)])
        entry = LedgerEntry(
            spot_id="mug-main", product_id="MUG-1", run_id="r1", watermark_id=MARK, sha256="a" * 64,
            signed_at="2026-03-02T10:00:00+00:00",
        )  # fmt: skip
        others = [
            replace(entry, spot_id=f"other-{n}", watermark_id=f"{n * 7919 + 5:012x}")
            for n in range(200)
        ]
        done = verify(both, secret=SECRET, entries=[*others, entry])
        assert done.verdict == "stripped" and done.entry == entry
        assert done.mark.id == done.heard.id == MARK
        assert done.mark.found_by == "read without any help (sound)"
        assert done.mark.errors is not None and (done.mark.p_value or 1) < 1e-8
        told = dict(lines(done))
        assert MARK in told["in the sound"] and "127 bits put right" in told["in the sound"]
        assert record(done)["sound_watermark"]["id"] == MARK
        weak = verify(poor, secret=SECRET, entries=[*others, entry], since=date(2026, 3, 2))
        assert weak.mark.id == MARK and weak.entry == entry
        assert weak.heard.found_by.startswith("picked from 201 of the ledger at")
        assert weak.heard.z is not None and weak.heard.z >= (weak.heard.needed_z or 99)
        before = verify(poor, secret=SECRET, entries=[*others, entry], until=date(2026, 3, 1))
        assert before.mark.id is None
        assert verify(poor, secret="another", entries=[*others, entry]).mark.id is None

    def test_an_unknown_signer_is_not_trusted(self, published: Published) -> None:
        """Would catch trust in anyone who can sign."""
        assert found(published.file, published, trust=False)[0] == "signer unknown"

    def test_credentials_moved_to_another_picture_are_found(
        self, published: Published, tmp_path: Path
    ) -> None:
        """Would catch a manifest that vouches for pictures with another spot's watermark."""
        sign = Sign(signer=DevSigner(str(published.root.parent)))
        sign.load()
        with MediaStore(str(tmp_path / "out")).workspace() as media:
            poster = tmp_path / "p.jpg"
            cv2.imwrite(str(poster), np.full((96, 54, 3), 9, np.uint8))
            uri = media.save(picture_of(tmp_path / "m.mp4", mark="00000000beef"))
            row = {
                "masters": [{"format": "9x16", "uri": uri}], "ingredient_uri": media.save(poster),
                "poster_uri": media.save(poster), "watermark_id": MARK, "spot_id": "x",
                "product_id": "x", "seed": 1,
            }  # fmt: skip
            file = tmp_path / "forged.mp4"
            signed = sign.run(row, media)["signed"][0]["uri"]
            file.write_bytes(media.open(signed).read_bytes())
        verdict, sentence = found(file, published, ledger=False)
        assert verdict == "replaced" and "00000000beef" in sentence

    def test_a_foreign_file_says_nothing(self, published: Published, tmp_path: Path) -> None:
        """Would catch a verifier that claims what is not ours."""
        plain = picture_of(tmp_path / "plain.mp4", mark=None)
        assert found(plain, published)[0] == "unknown"

    def test_a_picture_is_judged_by_its_credentials_alone(self, tmp_path: Path) -> None:
        """Would catch "no watermark" said of a file in which none was looked for."""
        picture = tmp_path / "poster.jpg"
        cv2.imwrite(str(picture), np.full((96, 54, 3), 120, np.uint8))
        done = verify(picture, secret=SECRET)
        assert done.verdict == "unknown" and done.facts.mark is None
        assert "a watermark could not be looked for" in done.sentence

    def test_only_published_spots_are_entries(self, published: Published) -> None:
        """Would catch rejected spots that are taken for origins."""
        assert [entry.spot_id for entry in read_entries(published.output)] == ["mug-main"]


def ledger_of(folder: Path, *rows: tuple[str, str, str | None]) -> str:
    """An output whose ledger holds (run, status, sha256 of the file or None) of one spot."""
    for run_id, status, sha256 in rows:
        output = {"format": "9x16", "uri": "x.mp4", "sha256": sha256, "bytes": 1}
        row = dict.fromkeys(RESULT_SCHEMA.names) | {
            "run_id": run_id,
            "spot_id": "mug-main",
            "product_id": "MUG-1",
            "variant": "main",
            "status": status,
            "outputs": [output] if sha256 else [],
            "provenance": {"watermark_id": f"mark-{sha256}"} if sha256 else None,
        }
        write_ledger(str(folder), run_id, row)
    return str(folder)


class TestEntries:
    """Which run a file is led back to."""

    @pytest.mark.parametrize(
        ("rows", "expected"),
        [
            (
                [("r1", "published", "a"), ("r2", "unchanged", "a"), ("r3", "published", "a")],
                {"a": ("r1", None)},
            ),
            (
                [("r1", "published", "a"), ("r2", "published", "b"), ("r3", "unchanged", "b")],
                {"a": ("r1", "r2"), "b": ("r2", None)},
            ),
            (
                [("r1", "published", "a"), ("r2", "published", "b"), ("r3", "published", "a")],
                {"a": ("r1", None), "b": ("r2", "r3")},
            ),
            (
                [("r1", "published", "a"), ("r2", "rejected", None), ("r3", "held", "c")],
                {"a": ("r1", None)},
            ),
            ([("r2", "unchanged", "a"), ("r3", "unchanged", "a")], {"a": ("r2", None)}),
        ],
        ids=["unchanged", "newer", "old one again", "newer not published", "first run lost"],
    )
    def test_the_run_that_published_is_named(
        self, tmp_path: Path, rows: list[tuple[str, str, str | None]], expected: dict[str, object]
    ) -> None:
        """Would catch a later run that found the file unchanged taking its maker's place, and an
        old version that passes for the one that holds."""
        entries = read_entries(ledger_of(tmp_path / "out", *rows))
        assert {e.sha256: (e.run_id, e.superseded_by) for e in entries} == expected

    def test_a_mistyped_ledger_is_refused(self, tmp_path: Path) -> None:
        """Would catch every file called unknown because of a typing error."""
        with pytest.raises(ValueError, match="has no ledger"):
            read_entries(str(tmp_path / "nowhere"))


def hostile(folder: Path, of: Published) -> dict[str, Path]:
    """Files that are made to break whoever opens them, or are not what their name says."""
    signed = of.file.read_bytes()
    film = folder / "film.mp4"
    film.write_bytes(signed)
    atom = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom"
    png = cv2.imencode(".png", np.zeros((8, 8, 3), np.uint8))[1].tobytes()
    contents = {
        "empty": b"",
        "short": signed[:20],
        "half": signed[: len(signed) // 2],
        "playlist": f"ffconcat version 1.0\nfile {film}\n".encode(),
        "huge": atom + b"\x00\x00\x00\x01moov\x7f\xff\xff\xff\xff\xff\xff\xff" + b"\0" * 64,
        "nested": atom + b"".join((2000 - 8 * n).to_bytes(4, "big") + b"moov" for n in range(240)),
        "uuid": atom + (4000).to_bytes(4, "big") + b"uuid" + C2PA + b"\xff" * 3976,
        "picture": png,
        "noise": bytes(np.random.default_rng(1).integers(0, 255, 4000, np.uint8)),
    }
    files = {name: folder / f"{name}.mp4" for name in contents}
    for name, path in files.items():
        path.write_bytes(contents[name])
    return files


class TestHostileFiles:
    """Files of strangers."""

    def test_nothing_breaks_and_nothing_is_claimed(
        self, published: Published, tmp_path: Path
    ) -> None:
        """Would catch a traceback, a playlist that leads to another file, and a verdict on a file
        that could not be read."""
        entries, anchors = read_entries(published.output), published.root.read_bytes()
        verdicts = {}
        for name, path in hostile(tmp_path, published).items():
            done = verify(path, anchors_pem=anchors, secret=SECRET, entries=entries)
            verdicts[name] = done.verdict
            assert done.mark.id is None or name == "half"
        assert verdicts.pop("half") == "altered"
        assert verdicts["playlist"] == "not examined" and verdicts["picture"] == "unknown"
        assert set(verdicts.values()) <= {"not examined", "unknown", "altered"}, verdicts
        assert not {"intact", "recovered", "stripped"} & set(verdicts.values())

    def test_a_reader_that_hangs_or_crashes_takes_nothing_with_it(self) -> None:
        """Would catch a verifier that a single file stops, and errors that are lost with the
        process in which they happened."""
        begun = time.monotonic()
        with pytest.raises(Lost, match=r"longer than 0\.3 s"):
            guarded(lambda: time.sleep(60), seconds=0.3)
        assert time.monotonic() - begun < 5
        with pytest.raises(Lost, match="SIGKILL"):
            guarded(lambda: os.kill(os.getpid(), signal.SIGKILL), seconds=10)
        with pytest.raises(ZeroDivisionError):
            guarded(lambda: 1 / 0, seconds=10)
        assert guarded(lambda: "done", seconds=10) == "done"

    def test_the_time_limit_is_kept(self, published: Published) -> None:
        """Would catch a limit that nobody passes on to the reader."""
        done = verify(published.file, secret=SECRET, seconds=0.001)
        assert done.verdict == "not examined" and "took longer than" in done.sentence


@pytest.fixture
def key_in_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the command line is told to look for it."""
    monkeypatch.setenv("SPOT_MARK", SECRET)


@pytest.mark.usefixtures("key_in_place")
class TestJob:
    """The command line."""

    def test_a_key_that_is_not_there_is_told_of(self, published: Published) -> None:
        """Would catch a mark that "is not there" because the key was not, and a traceback."""
        done = CliRunner().invoke(app, [str(published.file), "--key", "env:NO_SUCH_KEY"])
        assert done.exit_code == 2 and "the environment has no NO_SUCH_KEY" in done.output

    def test_exit_status_follows_the_verdict(self, published: Published) -> None:
        """Would catch a script that goes on with a file that is not to be trusted."""
        options = [*published.options, "--ledger", published.output]
        good = CliRunner().invoke(app, [str(published.file), *options])
        assert good.exit_code == 0, good.output
        for words in ("Trusted", MARK, "this very file", "Intact and signed by"):
            assert words in good.output
        bad = published.copy("cut.mp4")
        bad.write_bytes(bad.read_bytes()[:-500])
        assert CliRunner().invoke(app, [str(bad), *options]).exit_code == 1
        text = published.file.with_name("notes.txt")
        text.write_text("no video")
        refused = CliRunner().invoke(app, [str(text), *options])
        assert refused.exit_code == 2 and "notes.txt" in refused.output

    def test_of_several_files_the_worst_counts(self, published: Published) -> None:
        """Would catch a bad file hidden behind good ones, and files that are left out after it."""
        options = published.options
        bad, text = published.copy("bad.mp4"), published.file.with_name("words.txt")
        bad.write_bytes(bad.read_bytes()[:-500])
        text.write_text("no video")
        good = str(published.file)
        both = CliRunner().invoke(app, [good, str(bad), good, *options])
        assert both.exit_code == 1, both.output
        assert both.output.count("Intact and signed by") == 2
        assert both.output.count("Not to be trusted") == 1
        all_ = CliRunner().invoke(app, [str(text), str(bad), good, *options])
        assert all_.exit_code == 2 and "words.txt" in all_.output
        assert all_.output.count("Intact and signed by") == 1
        assert CliRunner().invoke(app, [good, good, *options]).exit_code == 0

    def test_it_says_that_a_file_is_superseded(self, published: Published, tmp_path: Path) -> None:
        """Would catch last month's price taken for today's because its signature is in order."""
        sha256 = storage.sha256_file(published.file)
        output = ledger_of(tmp_path, ("r1", "published", sha256), ("r2", "published", "b" * 64))
        options = [*published.options, "--ledger", output]
        done = CliRunner().invoke(app, [str(published.file), *options])
        assert done.exit_code == 0, done.output
        assert "spot mug-main of run r1. Run r2 has published a newer version" in done.output
        assert done.output.count("AI-generated") == 0  # a ledger of before
        nowhere = CliRunner().invoke(app, [str(published.file), "--ledger", str(tmp_path / "x")])
        assert nowhere.exit_code == 2 and "has no ledger" in nowhere.output

    def test_it_speaks_json(self, published: Published, tmp_path: Path) -> None:
        """Would catch a detector that other programs cannot use, and codes that do not say which
        kind of answer it was."""
        packed, plain = tmp_path / "packed.mp4", picture_of(tmp_path / "plain.mp4", mark=None)
        run_ffmpeg(["-i", str(published.file), "-c", "copy", str(packed)])
        options = [*published.options, "--ledger", published.output]
        files = [str(published.file), str(packed), str(plain)]
        done = CliRunner().invoke(app, [*files, *options, "--json"])
        told = {Path(one["file"]).name: one for one in json.loads(done.output)}
        assert done.exit_code == 4
        own = told["spot.mp4"]
        assert (own["verdict"], own["exit_status"]) == ("intact", 0)
        assert own["ledger"]["same_file"] and own["ledger"]["label"] == "AI-generated"
        assert own["watermark"]["id"] == MARK and own["watermark"]["p_value"] < 1e-8
        assert own["xmp_source_type"] == "compositeWithTrainedAlgorithmicMedia"
        assert own["ledger"]["certificate_serial"]
        found = told["packed.mp4"]
        assert (found["verdict"], found["exit_status"]) == ("recovered", 3)
        assert found["credentials"]["state"] == "none"
        assert found["recovered"]["signature_intact"] and found["recovered"]["state"] == "Invalid"
        assert (told["plain.mp4"]["verdict"], told["plain.mp4"]["exit_status"]) == ("unknown", 4)
        assert "no mark found" in told["plain.mp4"]["sentence"]
        assert CliRunner().invoke(app, [str(packed), *options]).exit_code == 3
        assert CliRunner().invoke(app, []).exit_code == 2
