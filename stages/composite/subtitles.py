"""Subtitles beside the spot, as WebVTT: every word, for those who want them as text."""

from __future__ import annotations

from collections.abc import Sequence

from stages.composite.grouping import SENTENCE_END, CaptionWord

_LONGEST_CUE = 42
"""Characters that are read at a glance, two lines at most."""


def webvtt(groups: Sequence[Sequence[CaptionWord]]) -> str:
    """The text of a WebVTT file; cues end at sentences and are never longer than a glance."""
    cues: list[list[CaptionWord]] = []
    for group in groups:
        if cues and _joins(cues[-1], group):
            cues[-1] = [*cues[-1], *group]
        else:
            cues.append(list(group))
    blocks = [
        f"{_clock(c[0].start_s)} --> {_clock(c[-1].end_s)}\n{_escape(_text(c))}" for c in cues
    ]
    return "\n\n".join(["WEBVTT", *blocks]) + "\n"


def _joins(cue: Sequence[CaptionWord], group: Sequence[CaptionWord]) -> bool:
    ended = cue[-1].text.rstrip("\"'”’»)]").endswith(SENTENCE_END)
    return not ended and len(_text(cue)) + 1 + len(_text(group)) <= _LONGEST_CUE


def _text(words: Sequence[CaptionWord]) -> str:
    return " ".join(word.text for word in words)


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _clock(time_s: float) -> str:
    milliseconds = round(time_s * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d}.{rest % 1000:03d}"
