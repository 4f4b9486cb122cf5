"""Pen: an opened signer, which writes credentials into files and gets their time stamps."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import c2pa  # type: ignore[import-untyped]

from stages.base import Retry
from stages.sign.signer import Signer

LATER_S = 300.0
"""So long an authority that did not answer is asked last."""


@dataclass(frozen=True)
class TimeStamps:
    """RFC 3161 authorities, asked in this order, and what follows when none answers.

    `anchors_pem` are the authorities' roots. Which of them stamped is in the ledger and not in the
    key: another order makes no other spots.
    """

    authorities: tuple[str, ...] = field(default=(), metadata={"place": True})
    when_none_answers: Literal["require", "mark-and-continue"] = "require"
    anchors_pem: str = field(default="", repr=False)

    @property
    def identity(self) -> str:
        """Whether stamps are wanted: that much is part of the key."""
        return "stamped" if self.authorities else "not stamped"


class Pen:
    """One per worker: it holds native signers, which can't go from process to process."""

    def __init__(self, signer: Signer, time_stamps: TimeStamps) -> None:
        self._signer, self._stamps = signer, time_stamps
        self._error: Exception | None = None
        places = (*time_stamps.authorities, None)
        self._native: Mapping[str | None, Any] = {place: self._opened(place) for place in places}
        self._silent_since: dict[str, float] = {}

    def _opened(self, authority: str | None) -> Any:
        certificates = self._signer.certificates_pem().decode()
        return c2pa.Signer.from_callback(
            self._sign, c2pa.C2paSigningAlg.ES256, certificates, authority
        )

    def _sign(self, data: bytes) -> bytes:
        """For the native code, which would take an exception for a bad signature."""
        try:
            return self._signer.sign(data)
        except Exception as error:
            self._error = error
            return b""

    def write(
        self, builder: Callable[[], Any], source: Path, target: Path
    ) -> tuple[bytes, str | None]:
        """Sign `source` into `target`; `builder` makes a c2pa builder for each attempt.

        Returns the bytes of the manifest store and the authority that stamped, None for none.
        Raises `Retry` where a stamp is required and no authority gives one, and what the signer
        raised.
        """
        said = []
        for authority in self._in_turn():
            try:
                return self._written(builder, source, target, authority), authority
            except c2pa.C2paError as error:
                if not re.search("http|time ?stamp", str(error), re.IGNORECASE):
                    raise
                self._silent_since[authority] = time.monotonic()
                said.append(f"{authority}: {str(error)[:200]}")
        if said and self._stamps.when_none_answers == "require":
            raise Retry(f"no authority gave a time stamp ({'; '.join(said)})")
        return self._written(builder, source, target, None), None

    def _in_turn(self) -> list[str]:
        """The authorities, those that were silent just now behind the others."""
        now = time.monotonic()

        def silent(authority: str) -> bool:
            since = self._silent_since.get(authority)
            return since is not None and now - since < LATER_S

        return sorted(self._stamps.authorities, key=silent)

    def _written(
        self, builder: Callable[[], Any], source: Path, target: Path, authority: str | None
    ) -> bytes:
        target.unlink(missing_ok=True)
        self._error = None
        with builder() as open_builder:
            try:
                return bytes(open_builder.sign_file(source, target, self._native[authority]))
            except c2pa.C2paError:
                if self._error is not None:
                    raise self._error from None
                raise

    def __reduce__(self) -> str:
        raise TypeError("an opened signer is not handed from process to process")
