"""The suite that every aligner must pass: a new one is added to `ALIGNERS`."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from pipeline.keys import digest
from pipeline.media import MediaStore, asset
from schemas.asset import Asset
from stages.align import Align
from stages.align.ctc import CtcAligner
from stages.align.engine import WordAligner
from stages.align.heard import heard_phonemes
from stages.align.pocketsphinx import Pocketsphinx
from stages.align.trellis import best_path
from stages.shared.aligner import RATE_HZ, Aligner, Part, Span, Word
from stages.speech import HibariVoice
from stages.speech.lexicon import Lexicon
from stages.speech.normalise import read_script
from stages.speech.takes import Take, record

SCRIPT = "Good light changes everything, and a lamp that folds away saves your desk."


def tiny_ctc(folder: Path) -> Path:
    """A wav2vec 2.0 of letters with random weights, as `save_pretrained` writes it."""
    import torch
    from transformers import (
        Wav2Vec2Config,
        Wav2Vec2CTCTokenizer,
        Wav2Vec2FeatureExtractor,
        Wav2Vec2ForCTC,
    )

    folder.mkdir(parents=True)
    letters = ["<pad>", "<s>", "</s>", "<unk>", "|", "'", *"ABCDEFGHIJKLMNOPQRSTUVWXYZ"]
    vocabulary = folder / "vocab.json"
    vocabulary.write_text(json.dumps({letter: n for n, letter in enumerate(letters)}))
    torch.manual_seed(0)
    config = Wav2Vec2Config(
        vocab_size=len(letters), hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=32, conv_dim=(8,) * 7, num_conv_pos_embeddings=16,
        num_conv_pos_embedding_groups=2, pad_token_id=0,
    )  # fmt: skip
    Wav2Vec2ForCTC(config).save_pretrained(folder)
    Wav2Vec2CTCTokenizer(str(vocabulary)).save_pretrained(folder)
    Wav2Vec2FeatureExtractor(sampling_rate=RATE_HZ).save_pretrained(folder)
    return folder


def pocketsphinx(_: Path) -> WordAligner:
    """The default."""
    return Pocketsphinx()


def ctc(folder: Path) -> WordAligner:
    """A model of letters, from a folder."""
    return CtcAligner(model=asset(f"{tiny_ctc(folder / 'ctc')}/"))


ALIGNERS: list[Callable[[Path], WordAligner]] = [pocketsphinx, ctc]


@pytest.fixture(scope="module", params=ALIGNERS, ids=lambda make: make.__name__)
def aligner(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> WordAligner:
    """Every aligner, warm, its files opened as the stage opens them."""
    folder = tmp_path_factory.mktemp("aligner")
    made: WordAligner = request.param(folder)
    made.prepare()
    made.load()
    receive(made, MediaStore(str(folder / "store")))
    return made


def receive(aligner: WordAligner, store: MediaStore) -> None:
    """Hand it its assets."""
    with store.workspace() as media:
        aligner.receive({name: media.open(one) for name, one in aligner.assets.items()})


@pytest.fixture(scope="module")
def take() -> Take:
    """The embedded voice saying `SCRIPT`."""
    voice = HibariVoice()
    voice.load()
    (sentence,) = read_script(SCRIPT, Lexicon(()))
    return record(voice, sentence, 1.0)


def said(take: Take) -> tuple[np.ndarray, list[Word]]:
    """A take at the aligners' rate, and its words."""
    from stages.shared.sound import resample

    words = [
        Word(word.text.strip(",.").lower(), tuple(p.symbol for p in own))
        for word, own in zip(take.sentence.words, take.words, strict=True)
    ]
    return resample(take.samples, take.rate_hz, RATE_HZ), words


class TestEveryAligner:
    """What the align stage relies on."""

    def test_spans_are_in_order_and_within_the_sound(
        self, aligner: WordAligner, take: Take
    ) -> None:
        """Would catch captions that overlap, or parts that leave their word."""
        samples, words = said(take)
        spans = aligner.find(samples, words)
        assert spans is not None and len(spans) == len(words)
        for before, after in pairwise(spans):
            assert before.end_s <= after.start_s + 1e-6
        for span in spans:
            assert -0.05 <= span.start_s < span.end_s <= len(samples) / RATE_HZ + 0.05
            assert span.parts and span.parts[0].start_s == pytest.approx(span.start_s)
            edges = [edge for p in span.parts for edge in (p.start_s, p.end_s)]
            assert min(np.diff(edges)) > -1e-6 and edges[-1] <= span.end_s + 1e-6

    def test_what_came_before_has_no_influence(self, aligner: WordAligner, take: Take) -> None:
        """Would catch a model that adapts, or keeps what it learned of another spot."""
        samples, words = said(take)
        first = aligner.find(samples, words)
        aligner.find(samples[RATE_HZ:], words[3:])
        assert aligner.find(samples, words) == first

    def test_what_cannot_be_found_is_none(self, aligner: WordAligner, take: Take) -> None:
        """Would catch a spot that fails instead of falling back: no sound, no words, no room."""
        samples, words = said(take)
        assert aligner.find(samples, []) is None
        assert aligner.find(samples, [*words, Word("雪", ())]) is None
        assert aligner.find(samples[:1600], words) is None

    def test_it_is_a_parameter(self, aligner: WordAligner) -> None:
        """Would catch a loaded model that travels, and an engine that no key knows."""
        assert aligner.name and aligner.version
        cold = type(aligner)(**{
            name: getattr(aligner, name)
            for name in ("model", "revision") if hasattr(aligner, name)
        })  # fmt: skip
        assert len(pickle.dumps(cold)) < 2000
        assert digest(Align(aligner=cold)) == digest(Align(aligner=aligner))
        others = {digest(Align(aligner=one)) for one in (Pocketsphinx(), aligner)}
        assert len(others) == (1 if isinstance(aligner, Pocketsphinx) else 2)
        assert Align(aligner=aligner).engine_name == aligner.name


def test_the_default_finds_words_and_phonemes(take: Take) -> None:
    """Would catch an aligner that is confident, and wrong."""
    aligner = Pocketsphinx()
    aligner.load()
    samples, words = said(take)
    spans = aligner.find(samples, words)
    assert spans is not None
    errors = [abs(s.start_s - own[0].start_s) for s, own in zip(spans, take.words, strict=True)]
    assert np.median(errors) <= 0.05 and max(errors) <= 0.15
    heard = [part.symbol for span in spans for part in span.parts]
    spoken = [p.symbol for own in take.words for p in own]
    assert len(set(heard) & set(spoken)) / len(set(spoken)) > 0.8


def test_what_is_not_found_is_tried_again_over_a_noise_floor(take: Take) -> None:
    """Would catch a synthetic voice, silent between its sounds, that no captions are found for;
    and a floor so loud that words move, or that differs from run to run."""
    samples, words = said(take)
    tries: list[bytes] = []

    class Deaf(Aligner):
        """Finds nothing the first time."""

        def _decode(self, pcm: bytes, text: Sequence[str]) -> list[tuple[float, float]] | None:
            tries.append(pcm)
            return super()._decode(pcm, text) if len(tries) % 2 == 0 else None

    deaf = Deaf()
    found, again = deaf.find(samples, words), deaf.find(samples, words)
    assert found is not None and found == again and len(tries) == 4 and tries[1] == tries[3]
    heard = np.frombuffer(tries[1], "<i2")[: RATE_HZ // 4] / 32767
    assert 20 * np.log10(heard.std()) == pytest.approx(-60, abs=1)
    usual = Aligner().find(samples, words)
    assert usual is not None
    away = [abs(a.start_s - b.start_s) for a, b in zip(found, usual, strict=True)]
    assert np.median(away) <= 0.03


class TestTrellis:
    """The search, on emissions with known truth."""

    def emissions(self, frames: list[int], vocabulary: int = 6, sure: float = 0.7) -> np.ndarray:
        """Log probabilities of a model that is `sure` of one letter per frame."""
        found = np.full((len(frames), vocabulary), (1 - sure) / (vocabulary - 1))
        found[np.arange(len(frames)), frames] = sure
        return np.log(found)

    def test_letters_are_found_where_they_are(self) -> None:
        """Would catch frames counted from the wrong end, or blanks given to letters."""
        path = best_path(self.emissions([0, 0, 1, 1, 0, 2, 0, 0, 3, 3, 3, 0]), [1, 2, 3], 0)
        assert path is not None
        assert [(s.first, s.behind) for s in path] == [(2, 4), (5, 6), (8, 11)]
        assert path[0].score == pytest.approx(np.log(0.7))

    def test_equal_letters_need_a_blank_between(self) -> None:
        """Would catch "ll" read as one l held longer."""
        path = best_path(self.emissions([1, 2, 2, 0, 2, 3]), [1, 2, 2, 3], 0)
        assert path is not None and [(s.first, s.behind) for s in path][1:3] == [(1, 3), (4, 5)]
        assert best_path(self.emissions([2, 2]), [2, 2], 0) is None, "no room for the blank"

    def test_one_wrong_frame_does_not_mislead(self) -> None:
        """Would catch a greedy search: the whole path counts, not the best letter of a frame."""
        frames = [0, 1, 0, 3, 0, 2, 0, 3, 0]  # the first 3 is a slip
        path = best_path(self.emissions(frames), [1, 2, 3], 0)
        assert path is not None and [s.first for s in path] == [1, 5, 7]

    def test_it_finds_the_best_of_all_paths(self) -> None:
        """Would catch a transition left out: compared with trying every path."""
        from itertools import product

        dice = np.random.default_rng(7)
        for tokens in ([1, 2], [1, 1], [2, 1, 2]):
            emissions = np.log(dice.dirichlet(np.ones(3), 6))
            scores = {}
            for labels in product(range(3), repeat=6):
                kept = [x for n, x in enumerate(labels) if n == 0 or x != labels[n - 1]]
                if [x for x in kept if x != 0] == tokens:
                    scores[labels] = sum(emissions[t, x] for t, x in enumerate(labels))
            best = max(scores, key=lambda labels: scores[labels])
            runs = [n for n in range(6) if best[n] != 0 and (n == 0 or best[n] != best[n - 1])]
            path = best_path(emissions, tokens, 0)
            assert path is not None and [s.first for s in path] == runs

    def test_too_little_room_is_none(self) -> None:
        """Would catch an index out of range for a script longer than its sound."""
        assert best_path(self.emissions([0, 1]), [1, 2, 3], 0) is None
        assert best_path(self.emissions([0, 1]), [], 0) is None


class TestCtc:
    """What is the CTC aligner's alone."""

    def test_a_hub_id_needs_its_commit(self) -> None:
        """Would catch a model that changes under the same key."""
        with pytest.raises(ValueError, match="40 hex digits"):
            CtcAligner(model="somebody/wav2vec2")
        with pytest.raises(ValueError, match="'main'"):
            CtcAligner(model="somebody/wav2vec2", revision="main")

    def test_the_folders_content_is_its_key(self, tmp_path: Path) -> None:
        """Would catch other weights at the same place served from the store."""
        one, other = Asset("/weights/", "a" * 64), Asset("/weights/", "b" * 64)
        assert digest(CtcAligner(model=one)) != digest(CtcAligner(model=other))
        assert digest(CtcAligner(model=one)) == digest(CtcAligner(model=Asset("/x/", "a" * 64)))

    def test_its_letters_carry_the_voices_phonemes(self) -> None:
        """Would catch letters taken for ARPAbet ("A" is no vowel of the mouth's), or a mouth
        judged by the times that drove it."""
        words = [{"start_s": 1.0, "end_s": 1.4}]
        own = [
            {"symbol": "M", "stress": 0, "start_s": 1.0, "end_s": 1.1},
            {"symbol": "AH", "stress": 1, "start_s": 1.1, "end_s": 1.4},
        ]
        letters = (Part("M", 1.2, 1.25), Part("U", 1.25, 1.6))
        rows = heard_phonemes(words, [Span(1.2, 2.0, letters)], own, finds_phonemes=False)
        assert [(r["symbol"], r["stress"]) for r in rows] == [("M", 0), ("AH", 1)]
        assert [r["start_s"] for r in rows] == pytest.approx([1.2, 1.4])
        assert rows[-1]["end_s"] == pytest.approx(2.0)
