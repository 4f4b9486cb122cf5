"""The measurements of the inspect stage that need no model, as metrics by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np

from schemas.layout import Box, Format
from stages.base import Media
from stages.inspect import picture_faults
from stages.inspect.caption_timing import MISSING_MS, caption_offsets_ms, in_safe_zone
from stages.inspect.container import Container
from stages.inspect.footage import Footage
from stages.inspect.product_fidelity import Reference, product_fidelity, references
from stages.shared.format_shots import shots_in

BT709_LIMITED = (1, 1, 1, 1)
SAMPLE_ENTRIES = {"h264": "avc1", "hevc": "hvc1", "av1": "av01"}


def file_metrics(
    container: Container, frame_count: int, form: Format, codec: str = "h264"
) -> dict[str, float]:
    """What the headers say, the frames that were decoded, and whether both suit the format."""
    size = (container.width_px, container.height_px) == (form.width_px, form.height_px)
    codecs = (container.video_codec, container.pixel_format, container.audio_codec)
    entry = container.sample_entry == SAMPLE_ENTRIES[codec]
    return {
        "duration_s": container.duration_s,
        "video_fps": container.fps,
        "frame_count": float(frame_count),
        "width_px": float(container.width_px),
        "height_px": float(container.height_px),
        "format_match": float(size and abs(container.fps - form.fps) < 1e-3),
        "bit_rate_kbps": container.bit_rate_kbps,
        "faststart": float(container.faststart),
        "file_bytes": float(container.file_bytes),
        "video_kbps": container.video_kbps,
        "peak_kbps": container.peak_kbps,
        "colour_tags": float(container.colour == BT709_LIMITED),
        "constant_rate": float(container.constant_rate),
        "closed_groups": float(container.closed_groups),
        "longest_group_s": container.longest_group_s,
        "text_tracks": float(len(container.text_languages)),
        "playable_codecs": float(codecs == (codec, "yuv420p", "aac") and entry),
        "audio_seconds": container.audio_s,
    }


def spot_in(spot: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The spot as one of its further formats shows it: shots, captions and presenter there."""
    views = {view["format"]: view for view in spot.get("views") or []}
    return {**spot, **views.get(name, {}), "shots": shots_in(spot["shots"], name)}


def fades_s(shots: Sequence[Mapping[str, Any]]) -> list[tuple[float, float]]:
    """Spans in which one shot gives way to the next: a crossfade's, or a cut's single moment."""
    return [(shot["end_s"], shot["end_s"] + shot["handle_s"]) for shot in shots]


def fault_metrics(
    footage: Footage, shots: Sequence[Mapping[str, Any]], *, pairs: int = 2
) -> dict[str, float]:
    """Black, frozen, flickering and flashing; crossfades are no flicker. Flicker is looked for in
    one pair of frames out of `pairs`."""
    flashes, red_flashes = picture_faults.flashes_per_s(footage.light, footage.fps)
    return {
        "black_frames": float(picture_faults.black_frames(footage.luma)),
        "frozen_s": picture_faults.frozen_s(footage.luma, footage.fps),
        "warp_error": picture_faults.warp_error(
            footage.luma, footage.fps, fades_s(shots), every=pairs
        ),
        "flashes_per_s": flashes,
        "red_flashes_per_s": red_flashes,
    }


def product_times_s(shots: Sequence[Mapping[str, Any]]) -> list[tuple[float, float]]:
    """For each shot two times at which it stands alone on screen."""
    times, faded_s = [], 0.0
    for shot in shots:
        begin_s = min(shot["start_s"] + faded_s, shot["end_s"])
        length_s = shot["end_s"] - begin_s
        times.append((begin_s + 0.3 * length_s, begin_s + 0.8 * length_s))
        faded_s = shot["handle_s"]
    return times


def product_metrics(
    spot: Mapping[str, Any], pictures: Sequence[Sequence[np.ndarray]], media: Media
) -> dict[str, float]:
    """The worst shot counts: one wrong product is one too many. Within a shot the better frame.

    A shot of a further picture is held against that; one of the shop's film against nothing.
    """
    main = spot.get("cutout_uri") or spot["photo_uri"]
    drawn = [shot for shot in spot["shots"] if shot.get("source") != "film"]
    products = {
        uri: _references_of(uri, media)
        for uri in {shot.get("picture_uri") or main for shot in drawn}
    }
    shots = [
        max(
            product_fidelity(
                frame, Box(**shot["product_box"]), products[shot.get("picture_uri") or main]
            )
            for frame in frames
        )
        for shot, frames in zip(spot["shots"], pictures, strict=True)
        if shot.get("source") != "film"
    ]
    return {"product_fidelity": min(shots)} if shots else {}


def _references_of(uri: str, media: Media) -> list[Reference]:
    source = media.open(uri)
    picture = cv2.imread(str(source), cv2.IMREAD_UNCHANGED)
    if picture is None:
        raise ValueError(f"{source.name} is not a picture")
    code = cv2.COLOR_BGRA2RGBA if picture.shape[2] == 4 else cv2.COLOR_BGR2RGB
    return references(cv2.cvtColor(picture, code))


def caption_metrics(
    footage: Footage, captions: Sequence[Mapping[str, Any]] | None, safe_zone: Box
) -> dict[str, float]:
    """When and where captions are seen; nothing for a spot without any."""
    if not captions:
        return {}
    offsets = np.array(caption_offsets_ms(footage, captions))
    return {
        "caption_offset_ms": float(np.median(offsets)),
        "captions_seen": float((offsets < MISSING_MS).mean()),
        "captions_in_safe_zone": in_safe_zone(captions, safe_zone),
    }
