"""Speech: the voice-over of a script, with the time of each word and phoneme."""

from stages.speech.engine import SpeechEngine
from stages.speech.hibari import HibariVoice
from stages.speech.speech import Speech

__all__ = ["HibariVoice", "Speech", "SpeechEngine"]
