"""Kokoro by its packages: true times in any language, the same samples, words that come across."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from schemas.asset import Asset
from stages.inspect.hearing import Ear
from stages.inspect.word_errors import word_error_rate
from stages.shared.sound import resample
from stages.speech.kokoro import SPEAKERS_FILE, KokoroVoice
from stages.speech.lexicon import Lexicon
from stages.speech.normalise import read_script
from stages.speech.takes import record

SCRIPTS = {
    "es": "La taza mantiene el café caliente toda la mañana, por solo 24,99 €.",
    "fr": "La tasse garde le café au chaud toute la matinée, pour 24,99 €.",
    "it": "La tazza tiene il caffè caldo per tutta la mattina, a soli 24,99 €.",
}
FROM = {"es": "ef_dora", "fr": "ff_siwis", "it": "if_sara"}


def voice_of(speaker: str) -> KokoroVoice:
    """The engine of a speaker that ships, warm."""
    engine = KokoroVoice(speaker=speaker)
    engine.load()
    return engine


@pytest.mark.parametrize("language", SCRIPTS)
def test_a_script_comes_across_in_its_language(language: str) -> None:
    """Would catch sounds of the wrong language, and words that are dropped or run together."""
    engine = voice_of(FROM[language])
    assert engine.speaks(language) and not engine.speaks("en-US")
    (sentence,) = read_script(SCRIPTS[language], Lexicon(()), language)
    take = record(engine, sentence, 1.0)
    words = " ".join(word.text for word in sentence.spoken).replace("-", " ")
    heard = Ear().words(resample(take.samples, take.rate_hz, 16_000), language)
    assert word_error_rate(words, heard, (), language) <= 0.25, heard
    starts = [word[0].start_s for word in take.words]
    assert starts == sorted(starts) and take.end_s <= len(take.samples) / take.rate_hz
    assert {"AA", "EH", "IY", "OW"} & {p.symbol for word in take.words for p in word}


def test_the_same_words_give_the_same_samples_and_speed_is_heard() -> None:
    """Would catch noise that is drawn anew, which would make another spot under the same key."""
    (sentence,) = read_script("A better mug.", Lexicon(()))
    engine = voice_of("af_heart")
    one, two = (engine.speak(sentence.spoken, 1.0) for _ in range(2))
    assert np.array_equal(one.samples, two.samples) and one.words == two.words
    fast = engine.speak(sentence.spoken, 1.2)
    assert 0.7 < len(fast.samples) / len(one.samples) < 0.95


def test_speakers_come_from_a_folder_a_file_or_with_the_engine(tmp_path: Path) -> None:
    """Would catch a spot that is spoken by somebody else, and vectors that are read transposed."""
    with np.load(SPEAKERS_FILE) as shipped:
        vectors = {name: shipped[name].astype(np.float32) for name in ("af_heart", "ef_dora")}
    (tmp_path / "folder").mkdir()
    for name, vector in vectors.items():
        vector.tofile(tmp_path / "folder" / f"{name}.bin")
    np.savez(tmp_path / "all.npz", **{n: v.reshape(510, 1, 256) for n, v in vectors.items()})
    (sentence,) = read_script("A better mug.", Lexicon(()))
    said = []
    for place in (None, tmp_path / "folder", tmp_path / "all.npz"):
        engine = KokoroVoice(voices=None if place is None else Asset(str(place), "0" * 64))
        engine.receive({} if place is None else {"voices": place})
        said.append(engine.speak(sentence.spoken, 1.0).samples)
    assert np.array_equal(said[0], said[1]) and np.array_equal(said[0], said[2])
    with pytest.raises(FileNotFoundError, match=r"no speaker 'bm_lewis'.*af_heart, ef_dora"):
        KokoroVoice(speaker="bm_lewis").receive({"voices": tmp_path / "folder"})
    with pytest.raises(ValueError, match="none of Kokoro's, such as af_heart"):
        KokoroVoice(speaker="heart")


def test_a_file_that_is_no_kokoro_is_refused(tmp_path: Path) -> None:
    """Would catch another graph, whose durations would be nonsense."""
    import hibari  # type: ignore[import-untyped]

    other = Path(hibari.__file__).parent / "assets" / "oov.onnx"
    with pytest.raises(ValueError, match=r"no Kokoro v1.0 export"):
        KokoroVoice(model=Asset("m", "0")).receive({"model": other})
