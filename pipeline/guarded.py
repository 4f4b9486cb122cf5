"""Guarded: work on a file that nobody trusts, in a process of its own that may be lost."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import resource
import signal
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")

MEMORY_GB = 8.0
"""Address space of the process and of each program that it starts."""


class Lost(RuntimeError):
    """The work took too long, or its process died; the message says which."""


def guarded(work: Callable[[], T], *, seconds: float) -> T:
    """What `work` returns, done in a fork of this process. Raises what it raised, and `Lost`.

    After `seconds` the process is killed with all that it started: native code that hangs on a
    hostile file takes nothing with it, and neither does code that crashes.
    """
    context = multiprocessing.get_context("fork")
    reading, writing = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(work, writing), daemon=False)
    process.start()
    writing.close()
    try:
        if not reading.poll(seconds):
            raise Lost(f"it took longer than {seconds:g} s")
        done, result = reading.recv()
    except EOFError:
        process.join(10)
        raise Lost(f"the reader died ({_how(process.exitcode)})") from None
    finally:
        reading.close()
        _end(process)
    if done:
        return result  # type: ignore[no-any-return]
    raise result


def _child(work: Callable[[], Any], writing: Any) -> None:
    os.setsid()  # a group of its own, to be killed as one
    limit = int(MEMORY_GB * 2**30)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        answer = (True, work())
    except Exception as error:
        answer = (False, error)
    try:
        writing.send(answer)
    except Exception as error:  # an error that cannot be sent
        writing.send((False, Lost(f"{type(error).__name__}: {error}")))


def _end(process: Any) -> None:
    process.join(0.2)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.join(10)


def _how(code: int | None) -> str:
    if code is not None and code < 0:
        return signal.Signals(-code).name
    return f"exit status {code}"
