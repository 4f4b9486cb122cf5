"""Licences of the default install: `python -m infra.licences` prints a table, and ends with 1 where
one of them is the GPL, the AGPL, forbids commerce, or is not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import Distribution
from typing import Any

from infra.distributions import closure, requirements

REFUSED = {
    "AGPL": r"\bAGPL|affero",
    "GPL": r"(?<![LA])\bGPL|(?<!lesser )(?<!library )general public licen[cs]e",
    "not for commerce": r"non[- ]?commercial|\bCC[- ]BY[- ]NC|\bNC[- ](?:SA|ND)\b",
    "no open licence": r"\bproprietary\b|all rights reserved|business source|\bSSPL\b",
}
WEAK = r"\bLGPL|lesser general public|library general public|\bMPL\b|mozilla public"
"""Copyleft that stays with the files it is on: it may be used as a library."""
KNOWN = (
    r"\b(?:MIT|BSD|Apache|ISC|PSF|Python Software Foundation|Unlicense|Zlib|HPND|0BSD|CC0|"
    r"CC[- ]BY(?:[- ]4\.0)?|Boost|BSL-1\.0|public domain|MIT-CMU|Historical Permission|OFL|"
    r"Artistic|WTFPL)\b"
)
ALTERNATIVE = re.compile(r"\s+or\s+(?!later)", re.IGNORECASE)
PROGRAMS = {
    "imageio-ffmpeg": "brings the program ffmpeg, built under the GPL; it is run as a process of"
    " its own and is no part of Spotmill. FFMPEG_BINARY names another build",
}
"""Distributions under a licence of their own that carry a program under another."""


@dataclass(frozen=True)
class Licence:
    """Of one distribution: what it says, and what that comes to ("ok", "weak", or why not)."""

    name: str
    version: str
    said: str
    verdict: str
    note: str = ""


def licence_of(there: Distribution) -> Licence:
    """By its expression (PEP 639), its classifiers, its licence field, or its licence's text."""
    meta: Any = there.metadata  # of importlib, or of the package that replaces its finder
    name = (meta.get("Name") or "?").lower().replace("_", "-")
    classifiers = [
        one.rpartition("::")[2].strip()
        for one in meta.get_all("Classifier") or ()
        if one.startswith("License ::") and not one.endswith("OSI Approved")
    ]
    field = " ".join((meta.get("License") or "").split())
    said = meta.get("License-Expression") or " AND ".join(classifiers)
    if not said and 0 < len(field) < 200:
        said = field
    if not said or verdict_of(said) == "not known":
        said = _text(there) or field[:200] or said
    return Licence(name, there.version, said[:120], verdict_of(said), PROGRAMS.get(name, ""))


def verdict_of(said: str) -> str:
    """Where there is a choice ("MIT OR GPL-3.0"), the best of it."""
    verdicts = [_one(part) for part in ALTERNATIVE.split(said)]
    return min(verdicts, key=lambda v: ("ok", "weak").index(v) if v in ("ok", "weak") else 2)


def _one(said: str) -> str:
    text = re.sub(WEAK, "", said, flags=re.IGNORECASE)
    for why, pattern in REFUSED.items():
        if re.search(pattern, text, re.IGNORECASE):
            return why
    if re.search(WEAK, said, re.IGNORECASE):
        return "weak"
    return "ok" if re.search(KNOWN, said, re.IGNORECASE) else "not known"


def _text(there: Distribution) -> str:
    """The title of a licence file, in a few words; "" where there is none that is known."""
    titles = {
        "AGPL": "GNU AFFERO GENERAL", "LGPL": "GNU LESSER GENERAL", "GPL": "GNU GENERAL PUBLIC",
        "Apache-2.0": "Apache License", "MPL-2.0": "Mozilla Public License",
        "MIT": "Permission is hereby granted, free of charge",
        "BSD": "Redistribution and use in source and binary forms",
        "ISC": "Permission to use, copy, modify, and",
    }  # fmt: skip
    for file in there.files or ():
        if re.search(r"licen[cs]e|copying", file.name, re.IGNORECASE) and file.suffix != ".py":
            try:
                start = " ".join(file.locate().read_text("utf-8", "replace")[:4000].split())  # type: ignore[attr-defined]
            except OSError:
                continue
            for name, title in titles.items():
                if title.lower() in start.lower():
                    return name
    return ""


def licences(found: Iterable[Distribution]) -> list[Licence]:
    """Of each distribution, those that are refused first."""
    every = [licence_of(one) for one in found]
    return sorted(every, key=lambda one: (one.verdict in ("ok", "weak"), one.name))


def main() -> int:
    """Print the table."""
    from rich.console import Console
    from rich.table import Table

    every = licences(closure(requirements()).values())
    table = Table("distribution", "version", "licence", "", title_justify="left")
    for one in every:
        colour = {"ok": "green", "weak": "yellow"}.get(one.verdict, "red")
        note = f"\n{one.note}" if one.note else ""
        table.add_row(one.name, one.version, one.said, f"[{colour}]{one.verdict}[/]{note}")
    Console().print(table)
    bad = [one for one in every if one.verdict not in ("ok", "weak")]
    print(f"{len(every)} distributions; refused: {', '.join(o.name for o in bad) or 'none'}")
    return int(bool(bad))


if __name__ == "__main__":
    raise SystemExit(main())
