"""ConfigError: a configuration that was refused, naming the key, the value and the fix."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Refusal:
    """One thing wrong: the dotted key, the value found there, and what to do."""

    key: str
    value: str
    fix: str

    def __str__(self) -> str:
        return f"{self.key}: {self.value}: {self.fix}" if self.value else f"{self.key}: {self.fix}"


class ConfigError(ValueError):
    """All that is wrong with a configuration, refused before anything is spent."""

    def __init__(self, source: str, refusals: list[Refusal]) -> None:
        self.source, self.refusals = source, refusals
        super().__init__(f"{source} is refused:\n" + "\n".join(f"  - {r}" for r in refusals))
