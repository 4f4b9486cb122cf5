"""Makes a tiny Wan 2.2 with random weights, to try the gpu recipe on a machine without a GPU."""

from __future__ import annotations

from pathlib import Path

from jobs.bench.checkpoints import tiny_wan

if __name__ == "__main__":
    print(tiny_wan(Path(__file__).with_name("weights")))
