"""Gates on clips that a model made: one that fails is made again with another seed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from stages.base import Reject, Verdict
from stages.shared.gates import Gate, blocked, check_gates, judge

METRICS: Mapping[str, str] = {
    "clip_warp_error": "what motion does not explain from frame to frame, in 8-bit steps",
    "clip_hf_ratio": "share of the brightness' changes that alternate from frame to frame, 0 to 1",
    "clip_flicker": "VBench's temporal flickering, 0 to 1; 1 stands still",
    "clip_smoothness": "likeness of every other frame to what lies between its neighbours, 0 to 1",
    "clip_product_ssim": "structure of the product that is kept along its way, 0 to 1",
    "clip_product_colours": "likeness of the product's colours to those in the studio set, 0 to 1",
    "clip_subject": "likeness to the first frame's product, by the vision model given, 0 to 1",
    "clip_jitter": "trembling of the product: rms acceleration in thousandths of the frame's width",
    "image_change": "how much the model's frames change with the product picture, in 8-bit steps",
    "image_likeness": "how much its first frame is like the picture, Pearson's r",
}
"""What is measured of generated clips; of several clips the worst counts."""


def check_clip_gates(gates: Iterable[Gate]) -> None:
    """Raises `ValueError` for a metric that is not measured and limits that nothing can meet."""
    check_gates(gates, METRICS)


def judge_clips(metrics: Mapping[str, float], gates: Iterable[Gate]) -> tuple[Verdict, ...]:
    """One verdict per gate; a metric that was not measured (nothing was generated) passes."""
    return judge(metrics, gates, "image_to_video")


def reject_clips(metrics: Mapping[str, float], verdicts: tuple[Verdict, ...]) -> None:
    """Raises `Reject` that asks for another seed, named after the first gate that blocks."""
    failed, reasons = blocked(verdicts, METRICS)
    if failed:
        raise Reject(
            f"gate_{failed[0].rule}",
            f"a clip did not pass: {reasons}",
            verdicts=verdicts,
            metrics=metrics,
            another_seed=True,
        )
