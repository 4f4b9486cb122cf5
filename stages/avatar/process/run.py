"""Runs a foreign program once: bounded, alone in its folder, and gone with all its children."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_LIMITS = Path(__file__).with_name("limits.py")
_PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES")
"""Variables of ours that the program sees; keys, tokens and proxies are not among them."""
_WORDS = 600


@dataclass(frozen=True)
class Limits:
    """Of each process of the program, but for the time on the clock; None is no limit."""

    timeout_s: float
    memory_gb: float | None
    cpu_s: int
    file_gb: float


class ProgramFailed(Exception):
    """It ended badly or not at all; the message is a sentence with its last words."""


def run_program(command: Sequence[str], folder: Path, limits: Limits, checkout: Path) -> None:
    """Run it with `folder` as working directory and home. Raises `ProgramFailed`.

    What it says goes to `log.txt` there. At the end its whole process group is killed.
    """
    bounds = [round((limits.memory_gb or 0) * 2**30), limits.cpu_s, round(limits.file_gb * 2**30)]
    whole = [sys.executable, "-I", str(_LIMITS), *map(str, bounds), *command]
    log = folder / "log.txt"
    with log.open("wb") as said:
        process = subprocess.Popen(
            whole, cwd=folder, env=_environment(folder, checkout), stdin=subprocess.DEVNULL,
            stdout=said, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    try:
        ended = _wait(process, limits.timeout_s)
    finally:
        # It is not reaped yet, so that its group's number cannot be anybody else's.
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        status = process.wait()
    if not ended:
        raise ProgramFailed(f"it took longer than {limits.timeout_s:g} s{_last_words(log)}")
    if status != 0:
        raise ProgramFailed(f"{_how(status, limits)}{_last_words(log)}")


def _environment(folder: Path, checkout: Path) -> dict[str, str]:
    passed = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return passed | {
        "HOME": str(folder), "TMPDIR": str(folder), "LANG": "C.UTF-8",
        "PYTHONPATH": str(checkout), "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip


def _wait(process: subprocess.Popen[bytes], timeout_s: float) -> bool:
    """Whether it ended in time. It is left unreaped."""
    until = time.monotonic() + timeout_s
    pause_s = 0.01
    while time.monotonic() < until:
        if os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
            return True
        time.sleep(pause_s)
        pause_s = min(0.25, 1.5 * pause_s)
    return False


def _how(status: int, limits: Limits) -> str:
    if status == -signal.SIGXCPU:
        return f"it used more than {limits.cpu_s} s of CPU time"
    if status == -signal.SIGXFSZ:
        return f"it wrote a file of more than {limits.file_gb:g} GB"
    if status < 0:
        return f"it was ended by {signal.Signals(-status).name}"
    return f"it ended with exit status {status}"


def _last_words(log: Path) -> str:
    with log.open("rb") as said:
        said.seek(max(0, log.stat().st_size - _WORDS))
        words = said.read().decode("utf-8", "replace")
    lines = [line.strip() for line in words.splitlines() if line.strip()]
    return f", saying: {' / '.join(lines[-4:])}" if lines else ", without a word"
