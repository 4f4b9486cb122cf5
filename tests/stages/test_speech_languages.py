"""Spanish, French, Italian and Portuguese: what is said for what is written, and in what sounds."""

from __future__ import annotations

import json

import pytest

from stages.inspect.word_errors import word_error_rate
from stages.speech.dictionary import LANGUAGES, DictionarySounds
from stages.speech.engine import SpokenWord, Unspeakable
from stages.speech.kokoro import SYMBOLS_FILE
from stages.speech.lexicon import Lexicon
from stages.speech.normalise import read_script
from stages.speech.rules import known_languages, language_data

KNOWN = json.loads(SYMBOLS_FILE.read_text("utf-8"))["vocab"]


def said(script: str, language: str) -> str:
    """The words that are said for a script, each with the pause behind it."""
    sentences = read_script(script, Lexicon(()), language)
    return " ".join(word.text + word.pause for s in sentences for word in s.spoken)


def sounds(words: str, language: str) -> str:
    """Symbols of words, said in one breath."""
    spoken = [SpokenWord(word) for word in words.split()]
    return DictionarySounds(language, KNOWN).symbols(spoken).text


@pytest.mark.parametrize(
    ("language", "written", "wanted"),
    [
        ("es", "Cuesta 24,99 €.", "Cuesta veinticuatro euros con noventa y nueve."),
        ("es", "Solo 21 euros", "Solo veintiún euros."),
        ("es", "Desde €1", "Desde un euro."),
        ("es", "Son 0,99 €", "Son noventa y nueve céntimos."),
        ("es", "21 libras", "veintiuna libras."),
        ("es", "350 ml", "trescientos cincuenta mililitros."),
        ("es", "-15 %", "menos quince por ciento."),
        ("es", "a las 18:30", "a las dieciocho y treinta."),
        ("es", "tienda.com/ofertas", "tienda punto com barra ofertas."),
        ("es", "1.299 €", "mil doscientos noventa y nueve euros."),
        ("es", "¡Hola! ¿Listo?", "Hola! Listo?"),
        ("fr", "1 299,50 €", "mille deux cent quatre-vingt-dix-neuf euros cinquante."),
        ("fr", "Bonjour ! Ça va ?", "Bonjour! Ça va?"),
        ("fr", "jusqu’à 18h30", "jusqu'à dix-huit heures trente."),
        ("fr", "5000 mAh", "cinq mille milliampères-heures."),
        ("fr", "un écran LED", "un écran elle e dé."),
        ("it", "24,99 €", "ventiquattro euro e novantanove."),
        ("it", "21 €", "ventuno euro."),
        ("it", "1 €", "un euro."),
        ("it", "3-5 kg", "tre a cinque chili."),
        ("pt", "R$ 24,99", "vinte e quatro reais e noventa e nove centavos."),
        ("pt", "3x mais", "três vezes mais."),
        ("pt", "USB-C", "u esse bê cê."),
        ("pt", "2,5 l", "dois vírgula cinco litros."),
        ("it", "n. 007", "numero zero zero sette."),
    ],
)
def test_what_is_written_is_said_as_its_language_says_it(
    language: str, written: str, wanted: str
) -> None:
    """Would catch a price that is read in English, or as figures one by one."""
    assert said(written, language) == wanted


def test_every_language_is_whole() -> None:
    """Would catch a file that lacks what another has: a price without words for its money."""
    assert set(known_languages()) == {"en", *LANGUAGES}
    for language in LANGUAGES:
        data = language_data(language)
        assert data.language == language
        assert set(data.signs.values()) <= set(data.currencies), "a sign of unnamed money"
        assert {"%", "ml", "kg", "cm", "h", "x"} <= set(data.units)
        assert set("abcdefghijklmnopqrstuvwxyz") <= set(data.letters)


def test_a_price_stays_one_word_of_the_caption() -> None:
    """Would catch a caption that breaks "1 299,50 €" in three."""
    (sentence,) = read_script("Pour 1 299,50 € seulement.", Lexicon(()), "fr")
    assert [word.text for word in sentence.words] == ["Pour", "1 299,50 €", "seulement."]


# In sounds


@pytest.mark.parametrize(
    ("language", "words", "wanted"),
    [
        ("es", "mañana", "maɲˈana"),
        ("es", "chico", "ʧˈiko"),
        ("fr", "les amis", "lez amˈi"),
        ("fr", "les tasses", "le tˈas"),
        ("fr", "les huit", "le yˈit"),
        ("fr", "un", "œ̃"),
        ("fr", "l'eau", "lˈo"),
        ("it", "acqua", "ˈakːwa"),
        ("pt", "quente", "kˈenʧɪ"),
        ("pt", "reais", "ʁiˈaɪs"),
    ],
)
def test_words_get_their_sounds(language: str, words: str, wanted: str) -> None:
    """Would catch a dictionary that is not asked, liaison left out or made before an aspirated h,
    and Portuguese from Lisbon in a voice from Brazil."""
    assert sounds(words, language) == wanted


def test_a_word_that_no_dictionary_has_is_guessed_and_one_without_letters_refused() -> None:
    """Would catch a brand that silences the spot, and a guess at a foreign script."""
    assert "ˈ" in sounds("Tarnwick", "es")
    with pytest.raises(Unspeakable, match="кофе"):
        sounds("кофе", "es")


def test_a_lexicon_entry_is_said_as_written_in_any_language() -> None:
    """Would catch a brand's pronunciation that works in English alone."""
    words = [SpokenWord("Halvenne", phonemes=("HH", "AE1", "L", "V", "EH0", "N"))]
    assert DictionarySounds("fr", KNOWN).symbols(words).text == "hˈælvɛn"


def test_what_was_heard_is_compared_in_words() -> None:
    """Would catch a recogniser's figures counted as errors, and real errors that are not."""
    script = "por solo veinticuatro euros con noventa y nueve"
    assert word_error_rate(script, "Por solo 24 euros con 99.", (), "es") == 0.0
    assert word_error_rate(script, "Por solo 34 euros con 99.", (), "es") > 0.1
    assert word_error_rate("mille deux cents euros", "1 200 €", (), "fr") <= 0.25
