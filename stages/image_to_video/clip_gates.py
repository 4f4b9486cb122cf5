"""Gates on clips that a model made: one that fails is made again with another seed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from stages.base import Reject, Verdict

ClipGate = tuple[str, float | None, float | None]
"""Metric, least and most value that passes; None is no limit on that side."""

METRICS: Mapping[str, str] = {
    "clip_warp_error": "what motion does not explain from frame to frame, in 8-bit steps",
    "clip_hf_ratio": "share of the brightness' changes that alternate from frame to frame, 0 to 1",
    "clip_flicker": "VBench's temporal flickering, 0 to 1; 1 stands still",
    "clip_smoothness": "likeness of every other frame to what lies between its neighbours, 0 to 1",
    "clip_product_ssim": "structure of the product that is kept along its way, 0 to 1",
    "clip_product_colours": "likeness of the product's colours to those it began with, 0 to 1",
    "clip_jitter": "trembling of the product: rms acceleration in thousandths of the frame's width",
    "image_change": "how much the model's frames change with the product picture, in 8-bit steps",
    "image_likeness": "how much its first frame is like the picture, Pearson's r",
}
"""What is measured of generated clips; of several clips the worst counts."""


def check_clip_gates(gates: Iterable[ClipGate]) -> None:
    """Raises `ValueError` for a metric that is not measured and limits that nothing can meet."""
    for metric, least, most in gates:
        if metric not in METRICS:
            raise ValueError(f"no metric {metric!r} of clips; there are {', '.join(METRICS)}")
        if least is None and most is None:
            raise ValueError(f"gate {metric} has no limit; give a least or a most value")


def judge_clips(metrics: Mapping[str, float], gates: Iterable[ClipGate]) -> tuple[Verdict, ...]:
    """One verdict per gate; a metric that was not measured (nothing was generated) passes."""
    verdicts = []
    for metric, least, most in gates:
        value = metrics.get(metric)
        if value is None:
            verdicts.append(Verdict("image_to_video", metric, "pass", f"{metric} does not apply"))
            continue
        # Not `value < least`: a NaN must not slip through.
        passes = (least is None or value >= least) and (most is None or value <= most)
        limits = " and ".join(
            f"at {word} {limit:g}"
            for word, limit in (("least", least), ("most", most))
            if limit is not None
        )
        evidence = f"{metric} {value:.4g}, {limits} is asked"
        passed = "pass" if passes and value == value else "block"
        verdicts.append(Verdict("image_to_video", metric, passed, evidence))
    return tuple(verdicts)


def reject_clips(metrics: Mapping[str, float], verdicts: tuple[Verdict, ...]) -> None:
    """Raises `Reject` that asks for another seed, named after the first gate that blocks."""
    blocked = [verdict for verdict in verdicts if verdict.verdict == "block"]
    if blocked:
        reasons = "; ".join(f"{one.evidence} ({METRICS[one.rule]})" for one in blocked)
        raise Reject(
            f"gate_{blocked[0].rule}",
            f"a clip did not pass: {reasons}",
            verdicts=verdicts,
            metrics=metrics,
            another_seed=True,
        )
