"""Pins an install: `python -m infra.freeze > infra/constraints.txt`, in an environment that passed.

`--requirements` prints what pyproject.toml asks for, for `pip install -r`; `--extra` adds to both.
"""

from __future__ import annotations

import argparse
import platform
import sys

from infra.distributions import NotInstalled, closure, requirements


def constraints(extras: list[str]) -> list[str]:
    """Name and version of everything that the install brings. What is built for one kind of card
    ("2.13.0+cpu") is pinned to its version alone."""
    found = closure(requirements(extras))
    return [f"{name}=={there.version.partition('+')[0]}" for name, there in found.items()]


def main() -> int:
    """Print them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requirements", action="store_true")
    parser.add_argument("--extra", action="append", default=[])
    given = parser.parse_args()
    if given.requirements:
        print("\n".join(requirements(given.extra)))
        return 0
    try:
        lines = constraints(given.extra)
    except NotInstalled as error:
        print(error, file=sys.stderr)
        return 1
    version = ".".join(platform.python_version_tuple()[:2])
    extras = "".join(f" --extra {one}" for one in given.extra)
    print(f"# Written by: python -m infra.freeze{extras}  (Python {version}, {sys.platform})")
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
