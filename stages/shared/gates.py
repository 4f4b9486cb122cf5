"""Gates: limits on what was measured, and the verdicts that follow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from stages.base import Verdict

Gate = tuple[str, float | None, float | None]
"""Metric, least and most value that passes; None is no limit on that side."""


def check_gates(gates: Iterable[Gate], known: Mapping[str, str]) -> None:
    """Raises `ValueError` for a metric that is not `known` and limits that nothing can meet."""
    for metric, least, most in gates:
        if metric not in known:
            raise ValueError(f"no metric {metric!r} to gate on; there are {', '.join(known)}")
        if least is None and most is None:
            raise ValueError(f"gate {metric} has no limit; give a least or a most value")
        if least is not None and most is not None and least > most:
            raise ValueError(f"gate {metric}: {least:g} to {most:g} lets nothing pass")


def judge(metrics: Mapping[str, float], gates: Iterable[Gate], by: str) -> tuple[Verdict, ...]:
    """One verdict per gate, of the stage `by`. A metric that does not apply to the spot (no
    presenter, nothing generated) passes."""
    return tuple(_verdict(metrics, gate, by) for gate in gates)


def blocked(verdicts: Iterable[Verdict], known: Mapping[str, str]) -> tuple[list[Verdict], str]:
    """(verdicts that block, what they say for people)."""
    found = [verdict for verdict in verdicts if verdict.verdict == "block"]
    return found, "; ".join(f"{one.evidence} ({known[one.rule]})" for one in found)


def _verdict(metrics: Mapping[str, float], gate: Gate, by: str) -> Verdict:
    metric, least, most = gate
    if metric not in metrics:
        return Verdict(by, metric, "pass", f"{metric} does not apply")
    value = metrics[metric]
    # Not `value < least`: a NaN must not slip through.
    passes = (least is None or value >= least) and (most is None or value <= most)
    passes = passes and value == value
    if least is not None and most is not None:
        limits = f"within {least:g}..{most:g}" if passes else f"must be within {least:g}..{most:g}"
    else:
        side = f"at least {least:g}" if least is not None else f"at most {most:g}"
        limits = f"is {side}" if passes else f"must be {side}"
    evidence = f"{metric} {_shown(value)} {limits}"
    said = "pass" if passes else "block"
    return Verdict(
        by, metric, said, evidence, score=value, threshold=_threshold(value, least, most)
    )


def _threshold(value: float, least: float | None, most: float | None) -> float | None:
    """The limit that the value broke, or is nearer to."""
    if least is None or most is None:
        return most if least is None else least
    return most if value - least > most - value else least


def _shown(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}"
