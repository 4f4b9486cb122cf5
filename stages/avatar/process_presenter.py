"""Presenter engine that hands portrait and voice to a program of the team's own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import numpy as np
import soundfile  # type: ignore[import-untyped]

from schemas.asset import Asset
from stages.avatar.engine import Performance, PresenterEngine, Take
from stages.avatar.process.checks import check_portrait, check_voice
from stages.avatar.process.footage import lips_in, read_footage, wrong
from stages.avatar.process.run import Limits, ProgramFailed, run_program
from stages.avatar.track import write_track
from stages.base import Media, Reject
from stages.shared.sound import read_sound

_RATE_HZ = 48_000


@dataclass(frozen=True, kw_only=True)
class ProcessPresenter(PresenterEngine):
    """Runs a checkout of the kind of Wav2Lip, LatentSync or MuseTalk, once per take.

    `command` is filled in and run without a shell. Whether the same request gives the same bytes is
    the program's own affair; it is given the seed.
    """

    name: ClassVar[str] = "presenter_process"
    version: ClassVar[str] = "1"

    portrait: Asset
    command: tuple[str, ...]
    revision: str
    """Stands for the program and its weights in the key."""
    consent: str
    """Where consent to use the portrait is recorded."""
    licence_accepted: bool
    checkout: str = field(metadata={"place": True})
    limits: Limits = field(metadata={"place": True})
    out_suffix: str = ".mp4"

    def __post_init__(self) -> None:
        """Refuse terms that nobody has accepted and a face that nobody has lent."""
        if not self.licence_accepted:
            raise ValueError("licence_accepted is false: read the terms of program and weights")
        if not self.consent.strip():
            raise ValueError("consent is empty: say where the person's consent is recorded")

    def perform(self, performance: Performance, media: Media) -> Take:
        """Have the program make the film, and the film a take. Raises `Reject`."""
        portrait = media.open(self.portrait)
        check_portrait(portrait)
        check_voice(performance.voice)
        count = len(performance.visibility)
        folder = media.scratch("program")
        folder.mkdir()
        film = folder / f"film{self.out_suffix}"
        suffix = Path(self.portrait.uri).suffix.lower()
        shutil.copyfile(portrait, folder / f"portrait{suffix}")
        _write_voice(folder / "voice.wav", performance)
        told = {
            "audio": str(folder / "voice.wav"), "portrait": str(folder / f"portrait{suffix}"),
            "out": str(film), "fps": str(performance.fps), "size": str(performance.size_px),
            "seed": str(performance.seed), "checkout": self.checkout,
        }  # fmt: skip
        command = [part.format_map(told) for part in self.command]
        try:
            run_program(command, folder, self.limits, Path(self.checkout))
        except ProgramFailed as error:
            why = f"The presenter program made no take: {error}."
            raise Reject("presenter_process_failed", why) from None
        frames = read_footage(film, performance.size_px, performance.fps, count)
        path, kept = media.scratch("presenter.mp4"), []

        def drawn() -> Iterator[np.ndarray | None]:
            looked_at = set(np.linspace(0, count - 1, 5).astype(int).tolist())
            for i, frame in enumerate(frames):
                if i in looked_at:
                    kept.append(frame)
                yield frame if performance.visibility[i] > 0.0 else None

        write_track(path, drawn(), performance.visibility, performance.size_px, performance.fps)
        lips = lips_in(kept)
        if lips is None:
            raise wrong("no_face", "no face is found in its film")
        return Take(path, lips)


def _write_voice(path: Path, performance: Performance) -> None:
    """What is said during the take, to the frame: 16-bit WAV, 48 kHz mono."""
    samples = read_sound(performance.voice, _RATE_HZ)
    first, count = performance.first_frame, len(performance.visibility)
    begin, end = (round(n / performance.fps * _RATE_HZ) for n in (first, first + count))
    part = samples[begin:end]
    part = np.pad(part, (0, end - begin - len(part)))
    soundfile.write(path, np.clip(part, -1.0, 1.0), _RATE_HZ, subtype="PCM_16")
