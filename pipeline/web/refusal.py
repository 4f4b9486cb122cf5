"""LinkRefused: a link of a feed that leads nowhere Spotmill goes, or to nothing it can use."""

from __future__ import annotations


class LinkRefused(Exception):
    """Stable `code` and a sentence without the link. `passing`: another day it may work."""

    def __init__(self, code: str, reason: str, *, passing: bool = False) -> None:
        super().__init__(reason)
        self.code, self.reason, self.passing = code, reason, passing

    def __reduce__(self) -> tuple[object, ...]:
        """With both arguments: it travels between processes."""
        return _made, (self.code, self.reason, self.passing)


def _made(code: str, reason: str, passing: bool) -> LinkRefused:
    return LinkRefused(code, reason, passing=passing)
