"""Reading a script: what is said for each written word, and where sentences end."""

from __future__ import annotations

from itertools import pairwise

import pytest

from stages.speech import numbers
from stages.speech.lexicon import Lexicon
from stages.speech.misaki import from_arpabet, timed_phonemes
from stages.speech.normalise import read_script
from stages.speech.phonemes import pronunciations

NONE = Lexicon(())


def said(script: str, lexicon: Lexicon = NONE) -> list[str]:
    """What is said for each word as written."""
    return [
        " ".join(part.text for part in word.spoken)
        for sentence in read_script(script, lexicon)
        for word in sentence.words
    ]


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("$24.99", "twenty-four dollars and ninety-nine cents"),
        ("$24.", "twenty-four dollars"),
        ("24,99 EUR", "twenty-four euros and ninety-nine cents"),
        ("€1.299,00", "one thousand two hundred ninety-nine euros"),
        ("1,299.00 USD", "one thousand two hundred ninety-nine dollars"),
        ("$1", "one dollar"),
        ("£0.99", "ninety-nine pence"),
        ("$1.2 million", "one point two million dollars"),
        ("$10-20", "ten dollars to twenty dollars"),
        ("20%", "twenty percent"),
        ("50%-off", "fifty percent off"),
        ("10-20%", "ten to twenty percent"),
        ("12oz", "twelve ounces"),
        ("12-oz", "twelve ounce"),
        ("40h", "forty hours"),
        ("20W", "twenty watts"),
        ('5.5"', "five point five inches"),
        ("10×20cm", "ten by twenty centimeters"),
        ("20m²", "twenty square meters"),
        ("-5°C", "minus five degrees Celsius"),
        ("10x", "ten times"),
        ("4K", "four k"),
        ("1st", "first"),
        ("21st", "twenty-first"),
        ("1,200", "one thousand two hundred"),
        ("1999", "nineteen ninety-nine"),
        ("2005", "two thousand five"),
        ("1990s", "nineteen nineties"),
        ("9:30am", "nine thirty a m"),
        ("24/7", "twenty-four seven"),
        ("3-in-1", "three in one"),
        ("#1", "number one"),
        ("50+", "fifty plus"),
        ("aerobrew.com", "aerobrew dot com"),
        ("www.shop.com/sale", "shop dot com slash sale"),
        ("&", "and"),
        ("NEW", "new"),
        ("LED", "l e d"),
        ("USB-C", "u s b c"),
        ("XR-500", "x r five hundred"),
        ("room-filling", "room-filling"),
        ("it’s", "it's"),
        ("crème", "crème"),
        ("“naïve”", "naive"),
    ],
)
def test_one_written_word(written: str, spoken: str) -> None:
    """Catches a price, unit or sign that the voice would drop or spell: one caption, all said."""
    sentences = read_script(f"Now {written}", NONE)
    assert [word.text for word in sentences[0].words] == ["Now", written]
    assert said(f"Now {written}")[1] == spoken


@pytest.mark.parametrize(
    ("script", "spoken"),
    [
        ("350 ml (12 fl oz)", "three hundred fifty|milliliters|twelve|fluid|ounces"),
        ("1 kg, 2 lbs.", "one|kilogram|two|pounds"),
        ("1500 W since 1500", "one thousand five hundred|watts|since|fifteen hundred"),
        ("the 90s, in 30s", "the|nineties|in|thirty seconds"),
        ("3 x 4 cm", "three|by|four|centimeters"),
        ("No. 5 or no. No", "number|five|or|no|No"),
        ("I am up at 5 pm", "I|am|up|at|five|p m"),
        ("great — and ✨ light", "great|and|light"),
    ],
)
def test_words_read_by_their_neighbours(script: str, spoken: str) -> None:
    """Catches units read as letters, years as amounts, and signs captioned as words."""
    assert said(script) == spoken.split("|")


def test_sentences_end_where_a_speaker_would_stop() -> None:
    """Catches a cut after an abbreviation, in a price or an address, or none after a quotation."""
    script = (
        "Dr. Lee says approx. 5 min. are enough, e.g. at shop.com. Only $24.99! "
        "“Wow.” Really?! Wait... what? It holds 12 oz. Order now"
    )
    sentences = read_script(script, NONE)
    assert [sentence.text for sentence in sentences] == [
        "Dr. Lee says approx. 5 min. are enough, e.g. at shop.com.",
        "Only $24.99!",
        "“Wow.”",
        "Really?!",
        "Wait... what?",
        "It holds 12 oz.",
        "Order now",
    ]
    assert [s.spoken[-1].pause for s in sentences] == [".", "!", ".", "?", "?", ".", "."]
    assert [word.pause for word in sentences[4].spoken] == [",", "?"]


def test_nothing_said_is_no_sentence() -> None:
    """Catches an empty sentence reaching the voice."""
    for script in ("", " \n", "✨ — ...", "!?"):
        assert read_script(script, NONE) == []


def test_odd_marks_end_the_reading_and_never_loop() -> None:
    """Catches a crash on figures that are letters to some rules and digits to others."""
    for odd in ("²", "a_9²9", "٣|²Z", "5).²", "½²", "#", "^2", "1.2.3", "00:99", "9" * 40):
        for sentence in read_script(f"Try {odd} now", NONE):
            assert all(word.spoken for word in sentence.words)


def test_lexicon_finds_phrases_possessives_and_addresses() -> None:
    """Catches a brand said right in one place and wrong in the next."""
    lexicon = Lexicon([("Ostrelle", "oh-STREL"), ("eau de parfum", "OH duh par-FUM")])
    brand = ("OW0", "S", "T", "R", "EH1", "L")
    script = "OSTRELLE’s eau de parfum, at ostrelle.com. Eau de vie."
    words = [word for s in read_script(script, lexicon) for word in s.words]
    assert words[0].spoken[0].phonemes == (*brand, "Z")
    assert [word.spoken[0].phonemes for word in words[1:4]] == [
        ("OW1",),
        ("D", "AH0"),
        ("P", "AA0", "R", "F", "AH1", "M"),
    ]
    assert words[5].spoken[0].phonemes == brand
    assert all(not word.spoken[0].phonemes for word in words[6:])


@pytest.mark.parametrize(
    ("written", "sounds"),
    [
        ("HAL-ven", "HH AE1 L V EH0 N"),
        ("NOR-dih-vayn", "N AO1 R D IH0 V EY0 N"),
        ("kel-VOR-oh", "K EH0 L V AO1 R OW0"),
        ("TAHM-muh", "T AA1 M AH0"),
        ("/hh ae1 l/", "HH AE1 L"),
    ],
)
def test_respelling(written: str, sounds: str) -> None:
    """Catches a respelling read with the stress or a vowel of another syllable."""
    assert pronunciations(written) == (tuple(sounds.split()),)


@pytest.mark.parametrize("written", ["", "HAL-vn", "/HH AE L/", "/QX1/", "h%l", "//"])
def test_unreadable_pronunciation_is_refused(written: str) -> None:
    """Catches a typing error in a brand kit turning into silence in ten thousand ads."""
    with pytest.raises(ValueError, match=r"[a-zA-Z]"):
        Lexicon([("Halvenne", written)])


def test_phrase_and_parts_must_match() -> None:
    """Catches a phrase whose second word would be said with the sounds of the third."""
    with pytest.raises(ValueError, match="3 words but 'OH par-FUM' says 2"):
        Lexicon([("eau de parfum", "OH par-FUM")])


def test_numbers_in_words() -> None:
    """Catches the joints of English numbers: teens, round hundreds, irregular ordinals."""
    assert numbers.cardinal(0) == "zero"
    assert numbers.cardinal(1_000_013) == "one million thirteen"
    assert numbers.cardinal(215_300) == "two hundred fifteen thousand three hundred"
    assert [numbers.ordinal(n) for n in (5, 12, 20, 33)] == [
        "fifth",
        "twelfth",
        "twentieth",
        "thirty-third",
    ]
    assert [numbers.year(n) for n in (1800, 1907, 2000, 2026)] == [
        "eighteen hundred",
        "nineteen oh seven",
        "two thousand",
        "twenty twenty-six",
    ]
    assert numbers.plain("0.125") == "zero point one two five"


def test_phonemes_of_the_voice_become_arpabet() -> None:
    """Catches a stress mark or a coloured r counted as a sound: a hole in the mouth track."""
    said_so = from_arpabet(("B", "EH1", "T", "ER0", "HH", "AH2"))
    assert said_so == "bˈɛtəɹhˌʌ"
    edges_s = [0.1 * n for n in range(len(said_so) + 1)]
    found = timed_phonemes(said_so, edges_s)
    assert [(p.symbol, p.stress) for p in found] == [
        ("B", 0), ("EH", 1), ("T", 0), ("ER", 0), ("HH", 0), ("AH", 2),
    ]  # fmt: skip
    assert found[0].start_s == 0.0 and found[-1].end_s == pytest.approx(edges_s[-1])
    assert all(a.end_s == b.start_s for a, b in pairwise(found))
