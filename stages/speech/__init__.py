"""Speech: the voice-over of a script, with the time of each word and phoneme."""

from stages.speech.engine import SpeechEngine
from stages.speech.hibari import HibariVoice
from stages.speech.http_voice import HttpVoice
from stages.speech.kokoro import KokoroVoice
from stages.speech.speech import Speech
from stages.speech.transformers_voice import TransformersVoice

__all__ = [
    "HibariVoice",
    "HttpVoice",
    "KokoroVoice",
    "Speech",
    "SpeechEngine",
    "TransformersVoice",
]
