"""Subtitles beside the spot, as WebVTT and SRT: every word, for those who want them as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stages.composite.grouping import SENTENCE_END, CaptionWord

_LONGEST_CUE = 42
"""Characters that are read at a glance, two lines at most."""
_READING_CPS = 18.0
_ONE_LINE = str.maketrans("\r\n", "  ", "\0")
"""A line end in a word would begin a cue of its own."""
_NO_MARKUP = str.maketrans("<>{}", "‹›()")
_AFTER_S = 1.0
"""Longest that a cue stays behind its last word so that it can be read."""


@dataclass(frozen=True)
class Cue:
    """One text and when it is shown, in seconds. No two cues overlap."""

    text: str
    start_s: float
    end_s: float


def cues_of(groups: Sequence[Sequence[CaptionWord]]) -> list[Cue]:
    """Groups of words as cues: they end at sentences, are never longer than a glance, and stay
    until they can be read where the next one leaves time for it.
    """
    joined: list[list[CaptionWord]] = []
    for group in groups:
        if joined and _joins(joined[-1], group):
            joined[-1] = [*joined[-1], *group]
        else:
            joined.append(list(group))
    cues = []
    for index, words in enumerate(joined):
        text, start_s, spoken_s = _text(words), words[0].start_s, words[-1].end_s
        read_s = min(start_s + len(text) / _READING_CPS, spoken_s + _AFTER_S)
        next_s = joined[index + 1][0].start_s if index + 1 < len(joined) else read_s
        cues.append(Cue(text, start_s, max(spoken_s, min(read_s, next_s))))
    return cues


def webvtt(cues: Sequence[Cue]) -> str:
    """The text of a WebVTT file."""
    blocks = [f"{_clock(cue.start_s)} --> {_clock(cue.end_s)}\n{_escape(cue.text)}" for cue in cues]
    return "\n\n".join(["WEBVTT", *blocks]) + "\n"


def srt(cues: Sequence[Cue]) -> str:
    """The text of a SubRip file. It knows no escapes: signs that players take for markup become
    others that look like them."""
    blocks = [
        f"{number}\n{_clock(cue.start_s, ',')} --> {_clock(cue.end_s, ',')}"
        f"\n{cue.text.translate(_NO_MARKUP)}\n"
        for number, cue in enumerate(cues, 1)
    ]
    return "\n".join(blocks)


def _joins(cue: Sequence[CaptionWord], group: Sequence[CaptionWord]) -> bool:
    ended = cue[-1].text.rstrip("\"'”’»)]").endswith(SENTENCE_END)
    return not ended and len(_text(cue)) + 1 + len(_text(group)) <= _LONGEST_CUE


def _text(words: Sequence[CaptionWord]) -> str:
    return " ".join(word.text for word in words).translate(_ONE_LINE)


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _clock(time_s: float, point: str = ".") -> str:
    milliseconds = round(time_s * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d}{point}{rest % 1000:03d}"
