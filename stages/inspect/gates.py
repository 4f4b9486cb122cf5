"""Gates: the limits that a campaign sets on what was measured, and what follows from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from stages.base import Reject, Verdict
from stages.shared import gates as shared
from stages.shared.gates import Gate
from stages.shared.text_gate.finding import Finding

__all__ = [
    "METRICS", "PICTURE", "Gate", "check_gates", "judge", "judge_further", "reject_if_blocked",
    "reject_if_unfit",
]  # fmt: skip

METRICS: Mapping[str, str] = {
    "duration_s": "length of the video",
    "video_fps": "frames per second",
    "frame_count": "frames that were decoded",
    "width_px": "width of the frame",
    "height_px": "height of the frame",
    "format_match": "1.0 if size and frame rate are those of the format's name",
    "bit_rate_kbps": "size of the file over its length",
    "file_bytes": "size of the file",
    "video_kbps": "rate of the pictures alone",
    "peak_kbps": "rate of the pictures in the second that has most",
    "colour_tags": "1.0 if primaries, transfer and matrix are BT.709 and the range limited",
    "constant_rate": "1.0 if every frame stands as long as every other",
    "closed_groups": "1.0 if no picture behind a keyframe is shown before it",
    "longest_group_s": "longest stretch between keyframes",
    "text_tracks": "text tracks with captions in the file",
    "faststart": "1.0 if the index lies before the media, so that playing starts at once",
    "playable_codecs": "1.0 for the campaign's codec, as players take it, in yuv420p with AAC",
    "audio_seconds": "length of the sound",
    "loudness_lufs": "integrated loudness of the decoded sound (BS.1770-4)",
    "true_peak_dbtp": "highest true peak of the decoded sound",
    "longest_silence_s": "longest stretch below -50 dBFS",
    "clipped_samples": "samples at full scale",
    "voice_offset_ms": "how late the voice is in the finished mix",
    "voice_mos_ovrl": "quality of the voice alone as listeners would rate it, 1 to 5 (DNSMOS)",
    "voice_mos_sig": "of that, how undistorted the speech is, 1 to 5",
    "voice_mos_bak": "of that, how free of noise the background is, 1 to 5",
    "mix_mos_sig": "how undistorted the speech is in the finished mix, 1 to 5 (DNSMOS)",
    "mix_mos_bak": "how little is heard behind it; music counts as noise, 1 to 5",
    "mix_mos_ovrl": "both together, 1 to 5",
    "voice_clipped_ratio": "part of the voice's samples within 2 % of its highest, 0 to 1",
    "voice_longest_pause_s": "longest stretch below -50 dBFS within the voice",
    "voice_syllables_per_s": "speaking rate: vowels per second, pauses and all",
    "voice_f0_median_hz": "median pitch of the voice (YIN)",
    "voice_f0_range_st": "semitones from the 5th to the 95th percentile of the voice's pitch",
    "word_error_rate": "words of the script that a recogniser did not get from the finished mix",
    "black_frames": "frames with no picture",
    "frozen_s": "longest stretch in which nothing moves",
    "warp_error": "flicker: what motion does not explain from frame to frame, in 8-bit steps",
    "flashes_per_s": "most flashes in any one second",
    "red_flashes_per_s": "most flashes to or from a saturated red in any one second",
    "product_fidelity": "likeness of the product to its photo in the worst shot, 0 to 1",
    "effect_offset_ms": "how late the most displaced effect is behind what is seen",
    "effects_measured": "effects that were both heard in the mix and seen in the picture",
    "lip_offset_ms": "how late the mouth is behind the phonemes that are heard",
    "lip_r": "correlation of mouth and phonemes at that offset",
    "lip_confidence": "how much better that offset fits than any other, 0 to 1",
    "lse_d": "least distance of mouth and sound in SyncNet's space; asks for lip_model",
    "lse_c": "how far the median over all offsets lies above that; asks for lip_model",
    "lse_offset_ms": "how late the sound is behind the mouth there; asks for lip_model",
    "caption_offset_ms": "median of how late captions are seen",
    "captions_seen": "part of the captions that were seen at all, 0 to 1",
    "captions_in_safe_zone": "part of the captions inside the safe zone, 0 to 1",
    "nsfw_score": "highest probability of an indecent frame, 0 to 1",
    "faces_found": "most faces in one frame",
    "faces_outside_presenter": "most faces in one frame that are not the presenter's",
    "banned_face_distance": "least distance of a face to one of policy.faces, 0 to about 1.5",
    "watermark_sync_z": "height of the watermark's sync peak in standard deviations",
    "watermark_errors": "bits of 127 that had to be put right, 127 if it could not be read",
    "watermark_read": "1.0 if the spot's own watermark was read",
    "audio_watermark_read": "1.0 if the sound carries it, too, by no more than 1e-6 of chance",
    "audio_watermark_errors": "bits of 127 to put right there, 127 if it cannot be read unaided",
}
"""Everything that is measured. Names end in the unit; without one it is a number or a ratio."""

PICTURE = (
    "black_frames", "frozen_s", "warp_error", "flashes_per_s", "red_flashes_per_s",
    "product_fidelity", "lip_offset_ms", "lip_r", "lse_c", "lse_d", "lse_offset_ms", "nsfw_score",
    "faces_found", "faces_outside_presenter", "banned_face_distance",
)  # fmt: skip
"""What may come out otherwise with another seed."""

OF_LIP_MODEL = ("lse_c", "lse_d", "lse_offset_ms")
"""What is measured only where a campaign brings SyncNet's weights."""


def check_gates(gates: Iterable[Gate]) -> None:
    """Raises `ValueError` for a metric that is not measured and limits that nothing can meet."""
    shared.check_gates(gates, METRICS)


def judge(metrics: Mapping[str, float], gates: Iterable[Gate]) -> tuple[Verdict, ...]:
    """One verdict per gate. A metric that does not apply to the spot (no presenter) passes."""
    return shared.judge(metrics, gates, "inspect")


def judge_further(
    metrics: Mapping[str, float], gates: Iterable[Gate], name: str
) -> tuple[Verdict, ...]:
    """Verdicts of the gates on what was measured of a further format, saying its name."""
    measured = [gate for gate in gates if gate[0] in metrics]
    judged = judge(metrics, measured)
    return tuple(replace(one, evidence=f"{name}: {one.evidence}") for one in judged)


def reject_if_blocked(metrics: Mapping[str, float], verdicts: tuple[Verdict, ...]) -> None:
    """Raises `Reject` named after the first gate that blocks, saying all that do."""
    blocked, reasons = shared.blocked(verdicts, METRICS)
    if blocked:
        raise Reject(
            f"gate_{blocked[0].rule}",
            f"the finished spot did not pass: {reasons}",
            verdicts=verdicts,
            metrics=metrics,
            another_seed=all(verdict.rule in PICTURE for verdict in blocked),
        )


def reject_if_unfit(
    metrics: Mapping[str, float], verdicts: tuple[Verdict, ...], findings: Iterable[Finding],
    name: str = "",
) -> tuple[Verdict, ...]:  # fmt: skip
    """The verdicts on what frames show, of a further format with its `name`. Raises `Reject` for
    the first that blocks: another seed may show something else."""
    found = [
        replace(one, verdict=replace(one.verdict, evidence=f"{name}: {one.verdict.evidence}"))
        if name
        else one
        for one in findings
    ]
    told = tuple(one.verdict for one in found)
    for one in found:
        if one.verdict.verdict == "block":
            raise Reject(
                one.reason_code, one.reason, verdicts=(*verdicts, *told), metrics=metrics,
                another_seed=True,
            )  # fmt: skip
    return told
