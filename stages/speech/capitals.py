"""Words, capitals and names of models: what is said as a word and what letter by letter."""

from __future__ import annotations

import re
import unicodedata

from stages.speech import numbers
from stages.speech.vocabulary import SHORT_WORDS, SPELLED


def model_name(word: str) -> str:
    """Letters and digits run together, as in the name of a model: "XR500" -> x r five hundred."""
    said = []
    for part in re.findall(r"\d+|[^\W\d_]+", word):
        if not part.isdecimal():
            said.append(part if len(part) > 3 and not part.isupper() else letters(part))
        elif len(part) <= 2 or part.endswith("00"):
            said.append(numbers.cardinal(int(part)))
        else:
            said.append(numbers.digits(part))
    return " ".join(said)


def plain_word(word: str) -> str:
    """A word without figures: shouted ("NEW"), spelled ("LED") or as it is, less a diaeresis."""
    decomposed = unicodedata.normalize("NFD", word.replace("’", "'")).replace("\u0308", "")
    bare = re.sub(r"[^\w'-]|[\d_²³¹]", "", unicodedata.normalize("NFC", decomposed)).strip("'-")
    if len(bare) < 2 or not bare.isupper() or "-" in bare:
        return letters(bare) if len(bare) == 1 and bare not in "aAIioO" else bare
    stem, possessive, _ = bare.partition("'S")
    spelled = (
        stem in SPELLED
        or not re.search("[AEIOUYÀ-ÖØ-Ý]", stem)
        or "." in word
        or (len(stem) <= 3 and stem not in SHORT_WORDS)
    )
    return letters(stem) if spelled and not possessive else bare.lower()


def letters(text: str) -> str:
    """The names of the letters of `text`, as `spoken_form` takes them: "LED" -> "^l ^e ^d"."""
    return " ".join(f"^{c.lower()}" if c.isascii() else c for c in text if c.isalpha())
