"""Small real stages for testing the engine: they write files, reject, crash and die on command."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa

from schemas.arrow_types import OUTPUT
from stages.base import Hardware, Hold, Media, Reject, Retry, Stage, Verdict


@dataclass(kw_only=True)
class Loud(Stage):
    """Writes the script in capitals to a file; `log` names a file that counts its real runs."""

    name: ClassVar[str] = "loud"
    version: ClassVar[str] = "1"
    reads: ClassVar[tuple[str, ...]] = ("script",)
    writes: ClassVar[pa.Schema] = pa.schema([("loud_uri", pa.string()), ("length_s", pa.float64())])
    hardware: ClassVar[Hardware] = Hardware(cpus=0.2, memory_gb=0.2)
    log: str = ""
    mark: str = "!"

    def run(self, spot: Mapping[str, Any], media: Media) -> Mapping[str, Any]:
        """Does what the script orders, else capitals."""
        script = spot["script"]
        if self.log:
            with Path(self.log).open("a") as log:
                log.write(f"{spot['script']}\n")
        if script == "reject me":
            raise Reject("forbidden", "This script is forbidden.", verdicts=(_BLOCK,))
        if script == "hold me":
            raise Hold("unclear", "A person must look.")
        if script == "bug":
            raise ZeroDivisionError("one by zero")
        if script == "exit":
            raise SystemExit(0)
        if script == "retry":
            raise Retry("the service is busy")
        if script == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        path = media.scratch("loud.txt")
        path.write_text(script.upper() + self.mark)
        # An int on purpose: both runners must hand the next stage a float.
        return {"loud_uri": media.save(path), "length_s": len(script), "metrics": {"letters": 3}}


_BLOCK = Verdict("loud", "no shouting", "block", "it shouts")


@dataclass(kw_only=True)
class Count(Stage):
    """Reads what `Loud` wrote, and a price."""

    name: ClassVar[str] = "count"
    version: ClassVar[str] = "1"
    seeded: ClassVar[bool] = True
    reads: ClassVar[tuple[str, ...]] = ("loud_uri", "length_s", "price")
    writes: ClassVar[pa.Schema] = pa.schema(
        [("count_uri", pa.string()), ("outputs", pa.list_(OUTPUT))]
    )
    hardware: ClassVar[Hardware] = Hardware(cpus=0.2, memory_gb=0.2)
    log: str = ""

    def run(self, spot: Mapping[str, Any], media: Media) -> Mapping[str, Any]:
        """The number of letters, times the price."""
        assert isinstance(spot["length_s"], float)
        if self.log:
            with Path(self.log).open("a") as log:
                log.write(f"{spot['price']}\n")
        path = media.scratch("count.txt")
        letters = len(media.open(spot["loud_uri"]).read_text())
        path.write_text(f"{letters * spot['price']}")
        verdicts = [Verdict("count", "letters", "pass", f"{letters}")]
        return {"count_uri": media.save(path), "outputs": [], "verdicts": verdicts}


@dataclass(kw_only=True)
class Napping(Loud):
    """Tells which worker it is, then takes its time."""

    def run(self, spot: Mapping[str, Any], media: Media) -> Mapping[str, Any]:
        """As `Loud`, after a second."""
        Path(self.log).write_text(str(os.getpid()))
        time.sleep(1.0)
        return Loud.run(Loud(), spot, media)


@dataclass(kw_only=True)
class Slow(Loud):
    """Takes a fifth of a second, and counts its real runs when they are done."""

    def run(self, spot: Mapping[str, Any], media: Media) -> Mapping[str, Any]:
        """As `Loud`, the script said per spot."""
        time.sleep(0.2)
        return {**Loud.run(self, spot, media)}


@dataclass(kw_only=True)
class Meeting(Loud):
    """The first to come waits in the folder `log` for one from another process, for 60 s at most;
    how that ended, "met" or "alone", is a file there."""

    def run(self, spot: Mapping[str, Any], media: Media) -> Mapping[str, Any]:
        """As `Loud`."""
        folder, deadline = Path(self.log), time.monotonic() + 60
        ends = [folder / "met", folder / "alone"]
        (folder / f"came-{os.getpid()}").touch()
        while not any(end.exists() for end in ends):
            if len(list(folder.glob("came-*"))) > 1:
                ends[0].touch()
            elif time.monotonic() > deadline:
                ends[1].touch()
            time.sleep(0.02)
        return Loud.run(Loud(), spot, media)


@dataclass(kw_only=True)
class Hanging(Napping):
    """Naps longer than it may."""

    timeout_s = 0.2


@dataclass(kw_only=True)
class Leaking(Loud):
    """Takes memory until somebody ends it, or after 16 GB by itself."""

    def run(self, spot: Mapping[str, Any], media: Media) -> Mapping[str, Any]:
        """As `Loud` unless the script says "leak"."""
        kept = []
        for _ in range(320 if spot["script"] == "leak" else 0):
            kept.append(b"x" * 50_000_000)
            time.sleep(0.02)
        assert not kept, "nobody has ended it"
        return Loud.run(Loud(), spot, media)


def spot(spot_id: str, script: str, price: str = "2.000") -> dict[str, Any]:
    """A spot's row with what these stages read."""
    from decimal import Decimal

    from schemas.spot import SPOT_SCHEMA

    row: dict[str, Any] = dict.fromkeys(SPOT_SCHEMA.names)
    row.update(
        spot_id=spot_id, product_id=spot_id, variant="main", seed=7, script=script, title=spot_id,
        price=Decimal(price), currency="USD", images=[],
    )  # fmt: skip
    return row
