"""Speaks standard input with libespeak-ng into a WAV and prints its words' times as JSON.

A program of its own (`python -m jobs.bench.espeak_words VOICE OUT.wav`): the library is free
software under the GPL, used if it is installed, by the benchmark of sync alone.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import json
import sys
import wave

RETRIEVAL, CHARACTERS, UTF8, WORD = 1, 1, 1, 1


class _Event(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", ctypes.c_char * 8),
    ]


_CALLBACK = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


def speak(text: str, voice: str, path: str) -> list[dict[str, object]]:
    """Write `text`, spoken, to the WAV `path`; return where in the text a word is (characters)
    and when it starts, in seconds. Words that it runs together have one event.

    Raises `OSError` without the library, `ValueError` for a voice that it lacks.
    """
    library = ctypes.CDLL(ctypes.util.find_library("espeak-ng") or "libespeak-ng.so.1")
    rate_hz = library.espeak_Initialize(RETRIEVAL, 500, None, 0)
    if rate_hz <= 0 or library.espeak_SetVoiceByName(voice.encode()) != 0:
        raise ValueError(f"espeak-ng has no voice {voice!r}")
    sound, words = bytearray(), []

    def received(samples, count, events):  # type: ignore[no-untyped-def]  # noqa: ANN001
        if samples and count > 0:
            sound.extend(ctypes.string_at(samples, count * 2))
        at = 0
        while events[at].type != 0:
            if events[at].type == WORD:
                start_s = events[at].audio_position / 1000
                words.append({"position": events[at].text_position - 1, "start_s": start_s})
            at += 1
        return 0

    callback = _CALLBACK(received)
    library.espeak_SetSynthCallback(callback)
    given = text.encode()
    library.espeak_Synth(given, len(given) + 1, 0, CHARACTERS, 0, UTF8, None, None)
    library.espeak_Synchronize()
    with wave.open(path, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(bytes(sound))
    return words


if __name__ == "__main__":
    print(json.dumps(speak(sys.stdin.read(), sys.argv[1], sys.argv[2])))
