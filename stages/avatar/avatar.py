"""Avatar: a presenter who says the voice-over, drawn for the shots that show her."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

import pyarrow as pa

from schemas.arrow_types import BOX
from schemas.layout import DEFAULT_FORMATS, Format
from stages.avatar.engine import Performance, PresenterEngine
from stages.base import Media, Stage
from stages.hardware import Hardware


@dataclass(kw_only=True)
class Avatar(Stage):
    """Draws the presenter into one file with alpha (see `track.write_track` for how it is read).

    The file covers the spot from `avatar_start_s`, on a frame, to `avatar_end_s`; in shots without
    her it is transparent. She fades in while the shot before her still shows, and out over her own
    last shot's handle; she is simply there when a spot opens on her. Her picture is a square as
    wide as the largest format's presenter box, cut to an even size, and is to stand centred on the
    frame's lower edge.
    """

    name: ClassVar[str] = "avatar"
    reads: ClassVar[tuple[str, ...]] = ("voice_uri", "phonemes", "sentences", "shots")
    writes: ClassVar[pa.Schema] = pa.schema(
        [
            pa.field("avatar_uri", pa.string()),  # null where no shot shows her
            pa.field("avatar_start_s", pa.float64()),
            pa.field("avatar_end_s", pa.float64()),
            pa.field("avatar_mouth_box", BOX),  # fractions of her picture
        ]
    )
    version: ClassVar[str] = "1"
    seeded: ClassVar[bool] = True

    engine: PresenterEngine | None
    """None for a campaign without a presenter."""
    length_s: float = 15.0
    """Of the spot; nothing is drawn behind it."""
    formats: tuple[Format, ...] = field(default=DEFAULT_FORMATS, metadata={"place": True})
    """She is drawn once, as large as the largest of them needs; of them only that size and the
    frame rate are in the key."""
    audio_lead_ms: float = 12.0
    """How far the mouth runs ahead of the sound, 0 to 45. Speakers shape a sound before it is
    heard, and viewers forgive an early mouth sooner than a late one (ITU-R BT.1359); more than 45
    is seen."""
    hardware: Hardware = field(default=Hardware(cpus=1, memory_gb=0.6), metadata={"place": True})
    seconds_hint: float = field(default=6.5, metadata={"place": True})
    timeout_s: float = field(default=600.0, metadata={"place": True})

    def __post_init__(self) -> None:
        if not 0.0 <= self.audio_lead_ms <= 45.0:
            raise ValueError(f"audio_lead_ms is {self.audio_lead_ms:g}; use 0 to 45")

    @property
    def size_px(self) -> int:
        """Side of her square picture."""
        return max(form.presenter_px for form in self.formats)

    @property
    def identity(self) -> str:
        """Of the formats what her picture depends on, for the key."""
        return f"{self.size_px} px, {self.formats[0].fps} fps"

    def load(self) -> None:
        """Warm the engine."""
        if self.engine is not None:
            self.engine.load()

    def run(self, spot: Mapping[str, Any], media: Media) -> Mapping[str, Any]:
        """Find when she is seen, have the engine perform, and store what it made."""
        form = self.formats[0]
        seen = visibility(spot["shots"], round(self.length_s * form.fps), form.fps)
        on_screen = [i for i, share in enumerate(seen) if share > 0.0]
        if not on_screen or self.engine is None:
            return {
                "avatar_uri": None,
                "avatar_start_s": 0.0,
                "avatar_end_s": 0.0,
                "avatar_mouth_box": None,
                "metrics": {"avatar_seconds_on_screen": 0.0, "avatar_frames": 0.0},
            }
        first, behind = on_screen[0], on_screen[-1] + 1
        take = self.engine.perform(
            Performance(
                voice=media.open(spot["voice_uri"]),
                phonemes=spot["phonemes"] or [],
                sentences=spot["sentences"] or [],
                first_frame=first,
                visibility=tuple(seen[first:behind]),
                size_px=self.size_px,
                fps=form.fps,
                audio_lead_s=self.audio_lead_ms / 1000.0,
                seed=int(spot["seed"]),
            ),
            media,
        )
        return {
            "avatar_uri": media.save(take.path),
            "avatar_start_s": first / form.fps,
            "avatar_end_s": behind / form.fps,
            "avatar_mouth_box": asdict(take.mouth_box),
            "metrics": {
                "avatar_seconds_on_screen": len(on_screen) / form.fps,
                "avatar_frames": float(behind - first),
            },
        }


_LEAVE_S = 0.2
"""She is gone this long after her shot's end: the next caption stands where she was."""


def visibility(shots: Sequence[Mapping[str, Any]], frames: int, fps: int) -> list[float]:
    """How much of her is seen in each frame of the spot: `frames` numbers from 0 to 1.

    `shots` are SHOT structs. Between two presented shots she stays.
    """
    seen = [0.0] * frames
    handle_before = 0
    for shot in shots:
        start, end = round(shot["start_s"] * fps), round(shot["end_s"] * fps)
        handle = round(shot["handle_s"] * fps)
        if shot["layout"] == "presented":
            leaving = min(handle, round(_LEAVE_S * fps))
            for i in range(start, min(end + leaving, frames)):
                fade_in = (i - start + 1) / (handle_before + 1) if start > 0 else 1.0
                fade_out = (end + leaving - i) / (leaving + 1)
                seen[i] = max(seen[i], min(1.0, fade_in, fade_out))
            seen = _joined(seen, start, handle_before)
        handle_before = handle
    return seen


def _joined(seen: list[float], start: int, handle: int) -> list[float]:
    """She stays where one presented shot crosses into the next."""
    if start > 0 and seen[start - 1] >= 1.0:
        for i in range(start, min(start + handle, len(seen))):
            seen[i] = 1.0
    return seen
