"""The runner in one process: the same adapters in a plain loop, no Ray."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pipeline.adapter import StageAdapter
from pipeline.rows import row_schema, to_rows, to_table
from stages.base import Stage


class LocalRunner:
    """Takes one spot through all stages before the next; a stage is loaded when first needed."""

    def __init__(self, stages: Sequence[Stage], output: str, cache: Path | None = None) -> None:
        self._schema = row_schema(stages)
        self._adapters = [StageAdapter(stage, list(stages), output, cache) for stage in stages]

    def run(self, rows: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Each row as it comes out of the last stage, in order.

        Rows travel as Arrow tables here too, so that both runners hand a stage the same values.
        """
        for row in rows:
            table = to_table([row], self._schema)
            for adapter in self._adapters:
                table = adapter(table)
            yield from to_rows(table)
