"""Runs a program under limits: `python limits.py MEMORY CPU FILE PROGRAM ARGUMENT...`.

It sets the limits on itself and becomes the program, so that nothing of the caller's runs between
fork and exec. Bytes, seconds, bytes; 0 is no limit. It needs the standard library alone.
"""

import os
import resource
import sys


def main(arguments: list[str]) -> None:
    """Set the limits, then be the program; exit status 127 if it cannot be started."""
    memory, cpu, file = (int(value) for value in arguments[:3])
    for kind, value in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, cpu),
        (resource.RLIMIT_FSIZE, file),
    ):
        if value:
            resource.setrlimit(kind, (value, value + (5 if kind == resource.RLIMIT_CPU else 0)))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        os.execvp(arguments[3], arguments[3:])
    except OSError as error:
        print(f"{arguments[3]} cannot be started: {error}", file=sys.stderr)
        sys.exit(127)


if __name__ == "__main__":
    main(sys.argv[1:])
