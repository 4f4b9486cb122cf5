"""The text gate: one set of checks on words, for every stage that has words to check."""

from stages.shared.text_gate.finding import Finding, passed, settle
from stages.shared.text_gate.offer import Offer
from stages.shared.text_gate.text_gate import TextGate

__all__ = ["Finding", "Offer", "TextGate", "passed", "settle"]
