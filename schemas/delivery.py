"""Delivery: the file that one format is delivered as, by what all its platforms take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from schemas.config_error import Refusal
from schemas.encoding import BUFFER_S, Encoding
from schemas.encoding_settings import EncodingSettings
from schemas.platform import Platform

CONSTANT_FROM_KBPS = 4000
"""Least rates of a platform from here on are met by a constant rate at once: no picture of ours
would need as much by itself."""
MARGIN = 1.05
"""Constant rates lie so far above what a platform takes at least."""

Gate = tuple[str, float | None, float | None]


@dataclass(frozen=True)
class Delivery:
    """How the file of the format `name` is made, and what it may be."""

    name: str
    encoding: Encoding
    loudness_lufs: float
    true_peak_dbtp: float = -1.0
    gates: tuple[Gate, ...] = ()
    """Limits of the platforms on what is measured of the file."""


def deliveries_of(
    settings: EncodingSettings, platforms: Sequence[Platform], formats: Sequence[str],
    length_s: float, loudness_lufs: float, loudness_is_asked: bool,
) -> tuple[tuple[Delivery, ...], list[Refusal]]:  # fmt: skip
    """(deliveries, one per format; what cannot be met, naming key, value and fix).

    Each platform is delivered the format that suits it best, and its limits are for that one.
    `loudness_lufs` holds where the campaign asked for it; else each format has its platforms'.
    """
    made, refusals = [], []
    for name in formats:
        takers = [one for one in platforms if _best(one, formats) == name]
        encoding, against = _encoding(settings, takers, length_s)
        loudness, too = _loudness(takers, loudness_lufs, loudness_is_asked)
        refusals += [one for one in (*against, *too) if one not in refusals]
        peak = min((platform.true_peak_dbtp for platform in takers), default=-1.0)
        gates = _gates(settings, takers, loudness, peak)
        made.append(Delivery(name, encoding, loudness, peak, gates))
    return tuple(made), refusals


def _best(platform: Platform, formats: Sequence[str]) -> str | None:
    return next((name for name in platform.formats if name in formats), None)


def _encoding(
    settings: EncodingSettings, takers: Sequence[Platform], length_s: float
) -> tuple[Encoding, list[Refusal]]:
    encoding, refusals = settings.encoding(), []
    for platform in takers:
        if settings.codec not in platform.codecs:
            fix = f"{platform.title} takes {', '.join(platform.codecs)}"
            refusals.append(Refusal("encoding.codec", settings.codec, fix))
    audio = [platform.audio_kbps for platform in takers]
    audio_kbps = max([encoding.audio_kbps, *(int(a[0]) for a in audio if a[0])])
    audio_kbps = min([audio_kbps, *(int(a[1]) for a in audio if a[1])])
    most = [int(p.video_kbps[1]) for p in takers if p.video_kbps[1]]
    sizes = [platform.max_bytes for platform in takers]
    sizes += [round(settings.max_mb * 1e6)] if settings.max_mb else []
    for size in sizes:
        # The rest of a file, index and all, is under 60 kB; 2 % are the coder's own.
        bits_k = 0.98 * (size * 8 / 1000 - 480) - audio_kbps * length_s
        most.append(int(bits_k / (length_s + BUFFER_S)))
    most_kbps = min([encoding.most_kbps, *most])
    least = max((int(p.video_kbps[0]) for p in takers if p.video_kbps[0]), default=None)
    if least is not None and least * MARGIN > most_kbps and settings.max_kbps == most_kbps:
        most_kbps = min([round(least * MARGIN), *most])  # our own limit gives way to a platform's
    if most_kbps < 300 or (least is not None and least > most_kbps):
        key = "encoding.max_mb" if settings.max_mb else "platforms"
        wanted = f"{least or 300} kbit/s are needed at least, {max(most_kbps, 0)} are the most"
        fix = f"no file is within all limits ({wanted}): allow more, or leave out a platform"
        value = f"{settings.max_mb:g}" if settings.max_mb else ", ".join(p.name for p in takers)
        return encoding, [*refusals, Refusal(key, value, fix)]
    encoding = replace(encoding, most_kbps=most_kbps, audio_kbps=audio_kbps, least_kbps=least)
    if least is not None and least >= CONSTANT_FROM_KBPS:
        constant = min(round(least * MARGIN), most_kbps)
        encoding = replace(encoding, constant_kbps=constant)
    return encoding, refusals


def _loudness(
    takers: Sequence[Platform], wanted: float, is_asked: bool
) -> tuple[float, list[Refusal]]:
    targets = {platform.loudness_lufs for platform in takers}
    if not is_asked and len(targets) == 1:
        return targets.pop(), []
    told = "; ".join(f"{p.title} plays at {p.loudness_lufs:g} LUFS" for p in takers)
    if not is_asked and targets:
        fix = f"one file cannot be right for both ({told}): make a campaign of each"
        return wanted, [Refusal("platforms", ", ".join(p.name for p in takers), fix)]
    for one in takers:  # those that want it louder turn files down and up by themselves
        if one.loudness_lufs < -20 and abs(one.loudness_lufs - wanted) > one.tolerance_lu:
            fix = f"{one.title} takes {one.loudness_lufs:g} LUFS, {one.tolerance_lu:g} LU to either"
            fix += " side; leave this out, and each format has its platforms' loudness"
            return wanted, [Refusal("sound.loudness_lufs", f"{wanted:g}", fix)]
    return wanted, []


def _gates(
    settings: EncodingSettings, takers: Sequence[Platform], loudness_lufs: float, peak: float
) -> tuple[Gate, ...]:
    gates: list[Gate] = [
        ("loudness_lufs", loudness_lufs - 0.5, loudness_lufs + 0.5),
        ("true_peak_dbtp", None, peak),
    ]
    sizes = [float(p.max_bytes) for p in takers]
    sizes += [settings.max_mb * 1e6] if settings.max_mb else []
    if sizes:
        gates.append(("file_bytes", None, min(sizes)))
    lows = [p.video_kbps[0] for p in takers if p.video_kbps[0]]
    highs = [p.video_kbps[1] for p in takers if p.video_kbps[1]]
    if lows or highs:
        gates.append(("video_kbps", max(lows, default=None), min(highs, default=None)))
    return tuple(gates)
