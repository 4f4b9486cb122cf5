"""A talking-head program of the team's own: a small real one, and all the ways it can go wrong."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import soundfile

from pipeline.audition import read_take, spoken
from pipeline.media import MediaStore, asset
from schemas.campaign import parse_campaign
from schemas.config_error import ConfigError
from stages.avatar import Performance, ProcessPresenter, Take
from stages.avatar.process.checks import check_portrait, check_voice
from stages.avatar.process.run import Limits, ProgramFailed, run_program
from stages.base import Reject
from stages.shared.ffmpeg import ffmpeg_binary

FACE = Path(__file__).parents[2] / "examples" / "demo" / "presenter" / "base.png"
"""A rendered face of nobody."""
FPS, COUNT, SIZE_PX = 24, 30, 320
LIMITS = Limits(timeout_s=60, memory_gb=4, cpu_s=60, file_gb=1)

TALKER = """
import subprocess, sys, wave
import cv2, numpy as np
audio, portrait, out, fps, size, seed, ffmpeg, mode = sys.argv[1:]
fps, size = int(fps), int(size)
with wave.open(audio) as sound:
    rate = sound.getframerate()
    samples = np.frombuffer(sound.readframes(sound.getnframes()), np.int16).astype(float) / 32768
face = cv2.imread(portrait)
count = round(len(samples) / rate * (25 if mode == "25fps" else fps))
if mode == "short":
    count //= 2
rate_out = 25 if mode == "25fps" else fps
wide = (512, 384) if mode == "wide" else (384, 512) if mode == "tall" else (400, 400)
pixels = "bgra" if mode == "alpha" else "bgr24"
codec = ["-c:v", "png"] if mode == "alpha" else ["-c:v", "libx264", "-pix_fmt", "yuv420p"]
encoder = subprocess.Popen(
    [ffmpeg, "-loglevel", "error", "-y", "-f", "rawvideo", "-pix_fmt", pixels, "-s",
     f"{wide[0]}x{wide[1]}", "-r", str(rate_out), "-i", "-", *codec, out], stdin=subprocess.PIPE)
side = min(wide)
for i in range(count):
    begin = i * rate // rate_out
    loud = float(np.sqrt((samples[begin:begin + rate // rate_out] ** 2).mean()))
    frame = np.zeros((wide[1], wide[0], 3), np.uint8) + 200
    x = (wide[0] - side) // 2
    frame[:side, x:x + side] = cv2.resize(face, (side, side))
    if mode != "nobody":
        open_px = 1 + int(side * .3 * loud)
        cv2.ellipse(frame, (x + side // 2, int(side * .49)), (int(side * .05), open_px),
                    0, 0, 360, (20, 10, 30), -1)
    else:
        frame[:] = (90, 120, 40)
    if mode == "alpha":
        alpha = np.full(frame.shape[:2], 255, np.uint8)
        alpha[:side // 8] = 0
        frame = np.dstack([frame, alpha])
    encoder.stdin.write(np.ascontiguousarray(frame).data)
encoder.stdin.close()
sys.exit(encoder.wait())
"""


@pytest.fixture(scope="module")
def portrait(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The face on a grey ground."""
    picture = cv2.imread(str(FACE), cv2.IMREAD_UNCHANGED).astype(np.float32)
    alpha = picture[..., 3:] / 255.0
    path = tmp_path_factory.mktemp("portrait") / "portrait.png"
    cv2.imwrite(str(path), (picture[..., :3] * alpha + 200 * (1 - alpha)).astype(np.uint8))
    return path


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The default voice, saying a line."""
    path = tmp_path_factory.mktemp("voice") / "voice.flac"
    soundfile.write(path, np.clip(spoken(["Maybe five blue mugs."]).samples, -0.95, 0.95), 48_000)
    return path


def engine(portrait: Path, folder: Path, program: str, *more: str, **changes: Any) -> Any:
    """An engine whose checkout holds that program."""
    (folder / "checkout").mkdir(exist_ok=True)
    (folder / "checkout" / "talk.py").write_text(program)
    told: dict[str, Any] = {
        "portrait": asset(str(portrait)), "checkout": str(folder / "checkout"), "revision": "1",
        "command": (sys.executable, "{checkout}/talk.py", "{audio}", "{portrait}", "{out}", "{fps}",
                    "{size}", "{seed}", ffmpeg_binary(), *more),
        "consent": "signed form 12, shelf 3", "licence_accepted": True, "limits": LIMITS,
    }  # fmt: skip
    return ProcessPresenter(**{**told, **changes})


def perform(made: ProcessPresenter, voice: Path, folder: Path) -> tuple[Take, np.ndarray]:
    """A take of a second and a quarter, its last frames hidden, and its RGBA frames."""
    performance = Performance(
        voice=voice, phonemes=[], sentences=[], first_frame=6, size_px=SIZE_PX, fps=FPS,
        visibility=(1.0,) * (COUNT - 2) + (0.5, 0.0), audio_lead_s=0.0, seed=7,
    )  # fmt: skip
    with MediaStore(str(folder / "store")).workspace() as media:
        take = made.perform(performance, media)
        return take, read_take(take.path)


class TestATake:
    """What a program that works gives."""

    @pytest.mark.parametrize("mode", ["plain", "wide", "tall", "25fps"])
    def test_any_size_and_rate_become_the_takes(
        self, mode: str, portrait: Path, voice: Path, tmp_path: Path
    ) -> None:
        """Would catch a squeezed face, a take that is late, or one frame too many."""
        take, frames = perform(engine(portrait, tmp_path, TALKER, mode), voice, tmp_path)
        assert frames.shape == (COUNT, SIZE_PX, SIZE_PX, 4)
        assert frames[0, ..., 3].min() == 255 and frames[-1, ..., 3].max() == 0
        assert 120 < frames[-2, ..., 3].mean() < 135
        box = take.mouth_box
        assert box.x0 < 0.5 < box.x1 and box.y0 < 0.49 < box.y1
        assert (box.x1 - box.x0) < 0.3
        mouth = frames[:-2, int(0.44 * SIZE_PX) : int(0.56 * SIZE_PX), 155:165, :3].mean(axis=3)
        dark = (mouth < 60).mean(axis=(1, 2))
        assert dark.max() - dark.min() > 0.1, "the mouth follows the sound"

    def test_alpha_is_kept(self, portrait: Path, voice: Path, tmp_path: Path) -> None:
        """Would catch a cut-out that comes back in a box."""
        made = engine(portrait, tmp_path, TALKER, "alpha", out_suffix=".mov")
        alpha = perform(made, voice, tmp_path)[1][0, ..., 3]
        assert alpha[: SIZE_PX // 10].max() == 0 and alpha[SIZE_PX // 2 :].min() == 255

    def test_nothing_of_ours_is_inherited(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Would catch a program that is handed our keys, or works in our folder."""
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not for you")
        program = "import os; open('told', 'w').write(repr(dict(os.environ)) + os.getcwd())"
        run_program([sys.executable, "-c", program], tmp_path, LIMITS, tmp_path)
        told = (tmp_path / "told").read_text()
        assert "not for you" not in told and str(tmp_path) in told and "'HOME'" in told


class TestWhatGoesWrong:
    """Each is a `Reject` that says what, and the run goes on."""

    @pytest.mark.parametrize(
        ("mode", "code"),
        [
            ("short", "presenter_process_wrong_length"),
            ("nobody", "presenter_process_no_face"),
        ],
    )
    def test_a_wrong_film(
        self, mode: str, code: str, portrait: Path, voice: Path, tmp_path: Path
    ) -> None:
        """Would catch a take that freezes half-way, or that shows nobody."""
        with pytest.raises(Reject) as refused:
            perform(engine(portrait, tmp_path, TALKER, mode), voice, tmp_path)
        assert refused.value.reason_code == code

    @pytest.mark.parametrize(
        ("program", "code", "said"),
        [
            ("pass", "presenter_process_no_video", "wrote no film.mp4"),
            ("import sys; open(sys.argv[3], 'w').write('no film')", "presenter_process_bad_video",
             "cannot be read"),
            ("raise RuntimeError('no weights')", "presenter_process_failed", "no weights"),
            ("import os; os.abort()", "presenter_process_failed", "SIGABRT"),
        ],
    )  # fmt: skip
    def test_a_program_that_fails(
        self, program: str, code: str, said: str, portrait: Path, voice: Path, tmp_path: Path
    ) -> None:
        """Would catch a crash that reaches the worker, or a reason without the program's words."""
        with pytest.raises(Reject) as refused:
            perform(engine(portrait, tmp_path, program), voice, tmp_path)
        assert refused.value.reason_code == code and said in refused.value.reason

    def test_one_that_never_ends_goes_with_its_children(self, tmp_path: Path) -> None:
        """Would catch a hung program that holds its worker, and children that outlive it."""
        program = (
            "import subprocess, sys, time\n"
            "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
            "open('child', 'w').write(str(child.pid))\n"
            "time.sleep(60)\n"
        )
        begun = time.monotonic()
        limits = Limits(timeout_s=2, memory_gb=4, cpu_s=60, file_gb=1)
        with pytest.raises(ProgramFailed, match="longer than 2 s"):
            run_program([sys.executable, "-c", program], tmp_path, limits, tmp_path)
        assert time.monotonic() - begun < 15
        assert _is_gone(int((tmp_path / "child").read_text()))

    def test_children_of_one_that_ends_well_are_gone_too(self, tmp_path: Path) -> None:
        """Would catch a program that leaves a server behind at each spot."""
        program = (
            "import subprocess, sys\n"
            "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
            "open('child', 'w').write(str(child.pid))\n"
        )
        run_program([sys.executable, "-c", program], tmp_path, LIMITS, tmp_path)
        assert _is_gone(int((tmp_path / "child").read_text()))

    @pytest.mark.parametrize(
        ("program", "limits", "said"),
        [
            ("x = bytearray(3 << 30)", Limits(30, 0.5, 30, 1), "MemoryError"),
            ("while True: pass", Limits(60, 4, 1, 1), "CPU time"),
            ("open('big', 'wb').write(bytes(30 << 20))", Limits(30, 4, 30, 0.01), "large|0.01 GB"),
        ],
    )  # fmt: skip
    def test_its_appetite_is_bounded(
        self, program: str, limits: Limits, said: str, tmp_path: Path
    ) -> None:
        """Would catch a program that takes the machine's memory, time or disk."""
        with pytest.raises(ProgramFailed, match=said):
            run_program([sys.executable, "-c", program], tmp_path, limits, tmp_path)
        big = tmp_path / "big"
        assert not big.exists() or big.stat().st_size <= 0.01 * 2**30 + 1

    def test_one_that_is_not_there(self, tmp_path: Path) -> None:
        """Would catch a traceback for a typing error in the command."""
        with pytest.raises(ProgramFailed, match="nothing-here cannot be started"):
            run_program(["nothing-here"], tmp_path, LIMITS, tmp_path)


class TestWhatGoesIn:
    """Portraits, voices, terms."""

    def test_a_good_portrait_passes(self, portrait: Path) -> None:
        """Would catch a check that refuses every face."""
        x0, y0, x1, y1 = check_portrait(portrait)
        assert x0 < 360 < x1 and y0 < 300 < y1

    @pytest.mark.parametrize("what", ["no_face", "several_faces", "face_too_small"])
    def test_a_bad_portrait_is_rejected(self, what: str, portrait: Path, tmp_path: Path) -> None:
        """Would catch a product photo, a group, or a face in the distance that is sent to talk."""
        face = cv2.imread(str(portrait))
        if what == "no_face":
            picture = np.full((600, 600, 3), 180, np.uint8)
            cv2.rectangle(picture, (150, 200), (450, 500), (40, 90, 160), -1)
        elif what == "several_faces":
            picture = np.hstack([face, face])
        else:
            picture = np.full((1400, 1400, 3), 200, np.uint8)
            picture[500:860, 500:860] = cv2.resize(face, (360, 360), interpolation=cv2.INTER_AREA)
        cv2.imwrite(str(tmp_path / "p.png"), picture)
        with pytest.raises(Reject) as refused:
            check_portrait(tmp_path / "p.png")
        assert refused.value.reason_code == f"portrait_{what}"

    @pytest.mark.parametrize(("gain", "code"), [(0.0, "voice_silent"), (40.0, "voice_clipped")])
    def test_a_bad_voice_is_rejected(
        self, gain: float, code: str, voice: Path, tmp_path: Path
    ) -> None:
        """Would catch lips that follow noise or nothing."""
        check_voice(voice)
        samples, rate = soundfile.read(voice)
        soundfile.write(tmp_path / "v.flac", np.clip(samples * gain, -1, 1), rate)
        with pytest.raises(Reject) as refused:
            check_voice(tmp_path / "v.flac")
        assert refused.value.reason_code == code

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"licence_accepted": False}, ["licence_accepted", "read the terms"]),
            ({"licence_accepted": None}, ["licence_accepted", "read the terms"]),
            ({"consent": None}, ["presenter_process.consent", "is missing"]),
            ({"command": ["run", "{audio}", "{portrait}"]}, ["command", "{out} is not in it"]),
            ({"command": ["run", "{voice}"]}, ["command", "there is no {voice}", "{audio}"]),
            ({"timeout_s": 0}, ["timeout_s", "greater than or equal to 1"]),
        ],
    )
    def test_a_bad_configuration_is_refused(self, change: dict[str, Any], said: list[str]) -> None:
        """Would catch terms and consent that nobody was asked for."""
        told = {
            "command": ["run", "{audio}", "{portrait}", "{out}"], "checkout": "talker",
            "revision": "abc", "portrait": "p.png", "consent": "https://example.test/form/12",
            "licence_accepted": True, **change,
        }  # fmt: skip
        told = {key: value for key, value in told.items() if value is not None}
        raw = {"name": "T", "feed": "f.tsv", "brand": {"name": "B"}, "presenter_process": told}
        with pytest.raises(ConfigError) as refused:
            parse_campaign(raw, "campaign.yaml")
        for words in said:
            assert words in str(refused.value)

    def test_the_engine_itself_insists(self, portrait: Path, tmp_path: Path) -> None:
        """Would catch a recipe of one's own that leaves the question out."""
        with pytest.raises(ValueError, match="licence_accepted"):
            engine(portrait, tmp_path, "", licence_accepted=False)
        with pytest.raises(ValueError, match="consent"):
            engine(portrait, tmp_path, "", consent=" ")


def _is_gone(pid: int) -> bool:
    """Whether the process ends within 5 s (a zombie has ended)."""
    for _ in range(50):
        try:
            os.kill(pid, 0)
            if "Z" in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]:
                return True
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.1)
    return False
