"""Words and numbers for people: statuses, stages, metrics with their units, durations, sizes."""

from __future__ import annotations

from datetime import UTC, datetime

KEY_METRICS = (
    "product_fidelity",
    "lip_offset_ms",
    "loudness_lufs",
    "word_error_rate",
    "warp_error",
)
"""What a reviewer asks first, in that order; these have plots of their own."""

_LABELS = {
    "loudness_lufs": "Loudness",
    "lip_offset_ms": "Lip-sync offset",
    "effect_offset_ms": "Effect-to-picture offset",
    "warp_error": "Flicker (warp error)",
    "word_error_rate": "Word error rate",
    "product_fidelity": "Product fidelity",
    "voice_mos_ovrl": "Voice quality (DNSMOS)",
    "voice_syllables_per_s": "Syllables per second",
    "flashes_per_s": "Flashes per second",
}

_UNITS = {
    "lufs": "LUFS",
    "lu": "LU",
    "st": "semitones",
    "dbtp": "dBTP",
    "db": "dB",
    "ms": "ms",
    "s": "s",
    "px": "px",
    "hz": "Hz",
    "fps": "fps",
    "kbps": "kbit/s",
    "mbps": "Mbit/s",
    "cps": "characters/s",
    "mb": "MB",
    "bytes": "bytes",
    "frames": "frames",
    "percent": "%",
}

_DECIMALS = {
    "LUFS": 1,
    "LU": 1,
    "dBTP": 1,
    "dB": 1,
    "ms": 0,
    "px": 1,
    "kbit/s": 0,
    "Hz": 0,
    "characters/s": 1,
}
"""Digits behind the point that mean something in that unit."""

_ACRONYMS = {
    name.lower(): name for name in ("NSFW", "C2PA", "CPU", "OCR", "AI", "URL", "SFX", "CTA")
}

STATUS_MEANINGS = {
    "published": "at its place, checked and signed",
    "held": "waiting for a person to decide",
    "rejected": "must not ship",
    "failed": "stopped by a fault, not by its content",
    "unchanged": "published by an earlier run, nothing to do",
    "withdrawn": "published by an earlier run, but no longer in the feed",
}


def metric_name(metric: str) -> tuple[str, str]:
    """(label, unit) of a metric: "loudness_lufs" is ("Loudness", "LUFS"); the unit may be "". One
    of a further format says so: "warp_error.1x1" is ("Warp error (1x1)", "")."""
    metric, _, form = metric.partition(".")
    if form:
        label, unit = metric_name(metric)
        return f"{label} ({form})", unit
    stem, _, suffix = metric.rpartition("_")
    unit = _UNITS.get(suffix, "") if stem and not stem.endswith("_per") else ""
    return _LABELS.get(metric) or humanise(stem if unit else metric), unit


def humanise(word: str) -> str:
    """ "price_mismatch" as "Price mismatch"."""
    parts = [_ACRONYMS.get(part, part) for part in word.replace("_", " ").split()]
    text = " ".join(parts)
    return text[:1].upper() + text[1:]


def number(value: float | None, unit: str = "") -> str:
    """A measurement as precise as its unit deserves, else to three digits, with a true minus."""
    if value is None or value != value:
        return "–"
    if abs(value) == float("inf"):
        return "∞" if value > 0 else "−∞"
    if unit in _DECIMALS:
        text = f"{value:,.{_DECIMALS[unit]}f}"
    elif value == int(value):
        text = f"{int(value):,}"
    else:
        size = abs(value)
        digits = 0 if size >= 1000 else 1 if size >= 100 else 2 if size >= 1 else 3
        text = f"{value:,.{digits}f}" if size >= 0.01 else f"{value:.2g}"
    return _no_negative_zero(text).replace("-", "−")


def _no_negative_zero(text: str) -> str:
    return text[1:] if text.startswith("-") and not text.strip("-0.,") else text


def duration(seconds: float | None) -> str:
    """Seconds as "0.42 s", "64.1 s", "3 min 05 s" or "2 h 10 min"."""
    if seconds is None:
        return "–"
    if seconds < 119.95:
        return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours:,} h {minutes:02d} min"


def size(count: int | None) -> str:
    """Bytes as "3.4 MB"."""
    if count is None:
        return ""
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{max(count / 1e3, 0.1):.1f} kB"


def moment(at: datetime | None) -> str:
    """A moment as "23 November 2026, 08:15 UTC"; naive moments are taken as UTC."""
    if at is None:
        return ""
    at = at.astimezone(UTC) if at.tzinfo else at
    return f"{at.day} {at:%B %Y, %H:%M} UTC"


def spots(count: int) -> str:
    """ "1 spot", "2 spots", "1,000 spots"."""
    return f"{count:,} spot{'' if count == 1 else 's'}"
