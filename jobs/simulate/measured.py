"""What stages cost, spot by spot, as the ledger has it."""

from __future__ import annotations

from pipeline import ledger

RUNS = 20
"""The newest so many runs are asked."""


def measured_rows(output: str) -> dict[str, list[tuple[float, float]]]:
    """By stage, (wall seconds, CPU seconds) of every spot that it worked on; those of one spot
    stand at the same place of each list where no stage came from the store.
    """
    costs: dict[str, list[tuple[float, float]]] = {}
    for run_id in ledger.runs(output)[-RUNS:]:
        table = ledger.read_ledger(output, run_id, columns=("stages", "settled_by"))
        for row in table.to_pylist():
            for ran in row["stages"] or ():
                if not ran["cached"] and row["settled_by"] is None:
                    cost = (ran["seconds"] or 0.0, ran["cpu_seconds"] or 0.0)
                    costs.setdefault(ran["stage"], []).append(cost)
    return costs
