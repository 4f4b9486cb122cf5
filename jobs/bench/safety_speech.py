"""How the speech gate does on voices that say their script, and on others that do not."""

from __future__ import annotations

import csv
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from unicode_rbnf import RbnfEngine

from jobs.bench.safety import RANK
from jobs.bench.safety_set import DEMO, WORDS
from pipeline.feed import read_feed
from stages.inspect.hearing import RATE_HZ, Ear, HeardWord
from stages.inspect.word_errors import word_error_rate
from stages.inspect.word_gates import WordGates
from stages.shared.ffmpeg import decode_audio
from stages.shared.sound import loudness_lufs, resample

MUSIC = DEMO.parent / "audio" / "bed_calm.ogg"
MOST_ERRORS = 0.2
"""The campaign's default limit of the word error rate, which stops most such voices as well."""
BELOW_VOICE_DB = 13.0
"""How far the music lies under the voice: the loudest that the composite stage is measured with."""
_OPENINGS = (
    "Meet the {title}.",
    "Your kitchen has waited for the {title}.",
    "This is the {title}, made to be used every day.",
    "New this season, the {title}.",
)
_MIDDLES = (
    "It looks good from every side, and it is easy to clean.",
    "Made with care in small batches, and packed without plastic.",
    "Light in the hand, quiet on the table, and ready when you are.",
    "A small thing that makes a long evening better.",
)
_PRICES = ("Now only {price} dollars.", "Yours today for {price} dollars.", "Just {price} dollars.")
_CLAIMS = (
    "It cures cancer.", "It heals arthritis in a week.", "Lose ten kilos in a week.",
    "You will get rich with it.", "Clinically proven to cure diabetes.",
)  # fmt: skip


@dataclass(frozen=True)
class Voiced:
    """A script, and what the voice says in its place; `kind` is "demo", "plain", "trap", or what
    was put in: "name", "claim", "price"."""

    kind: str
    script: str
    said: str
    price: Decimal
    title: str = ""
    brand: str = ""
    regular: Decimal | None = None


@dataclass(frozen=True)
class HeardCase:
    """What came of it: the strictest verdict, its words, how well it was heard, CPU seconds of the
    first listening, of the gate behind it with a second one where it asked for that."""

    case: Voiced
    verdict: str
    evidence: str
    word_error_rate: float
    listened_again: bool
    asr_s: float
    gate_s: float


def voiced(seed: int, count: int) -> list[Voiced]:
    """The demo's scripts, and so many made from the seed; of these every second one is said
    otherwise: a name, a claim or another price is put in."""
    random = Random(f"{seed}:speech")
    people = [p for p in WordGates.of(None, None, ("standard",), None).gate.names.people
              if not p.ambiguous and " " in p.name]  # fmt: skip
    made = [_made(random, n) for n in range(count)]
    return [*_demo(), *(_spoilt(one, n, people, random) for n, one in enumerate(made))]


def _demo() -> Iterator[Voiced]:
    products = {row.product_id: row.product for row in read_feed(str(DEMO))}
    with (DEMO.parent / "scripts.tsv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            product = products[row["id"]]
            if product is None or product.price is None:
                continue
            sale, regular = product.sale_price, product.price.amount
            yield Voiced(
                "demo", row["script"], row["script"], sale.amount if sale else regular,
                product.title, product.brand or "", regular if sale else None,
            )  # fmt: skip


def _made(random: Random, number: int) -> Voiced:
    if number % 4 == 1:
        title, kind = random.choice(WORDS["traps"]), "trap"
    else:
        words = (random.choice(WORDS[part]) for part in ("styles", "materials", "products"))
        title, kind = " ".join(words), "plain"
    amount = random.randint(12, 180)
    price = RbnfEngine.for_language("en").format_number(amount).text.replace("\u00ad", "")
    parts = (random.choice(_OPENINGS), random.choice(_MIDDLES), random.choice(_PRICES))
    script = " ".join(parts).format(title=title, price=price)
    return Voiced(kind, script, script, Decimal(amount), title)


def _spoilt(one: Voiced, number: int, people: Sequence[Any], random: Random) -> Voiced:
    if number % 2:
        return one
    kind = ("name", "claim", "price")[number // 2 % 3]
    first, _, last = one.script.partition(". ")
    if kind == "name":
        said = f"{first}. {random.choice(people).name} has one at home. {last}"
    elif kind == "claim":
        said = f"{first}. {random.choice(_CLAIMS)} {last}"
    else:
        amount = int(one.price) + random.choice([-7, 15, 40])
        words = RbnfEngine.for_language("en")
        old, new = (words.format_number(n).text.replace("\u00ad", "")
                    for n in (int(one.price), amount))  # fmt: skip
        said = one.script.replace(old, new)
    return Voiced(kind, one.script, said, one.price, one.title, one.brand)


def measure_speech(cases: Sequence[Voiced]) -> list[HeardCase]:
    """The gate's answers on mixes of the packaged voice and music. Two runs give the same."""
    from hibari import SAMPLE_RATE, Hibari  # type: ignore[import-untyped]

    voice, ear = Hibari(), Ear()
    gates = WordGates.of(None, None, ("standard",), None)
    music = decode_audio(MUSIC, RATE_HZ)
    return [
        _heard(case, _mixed(resample(voice(case.said, seed=1), SAMPLE_RATE, RATE_HZ), music),
               ear, gates)
        for case in cases
    ]  # fmt: skip


def _mixed(voice: np.ndarray, music: np.ndarray) -> np.ndarray:
    bed = np.resize(music, len(voice))
    wanted = loudness_lufs(voice, RATE_HZ) - BELOW_VOICE_DB
    mix = voice + bed * 10 ** ((wanted - loudness_lufs(bed, RATE_HZ)) / 20)
    return np.asarray(mix, np.float32)


def _heard(case: Voiced, sound: np.ndarray, ear: Ear, gates: WordGates) -> HeardCase:
    again: list[int] = []

    def listen() -> list[HeardWord]:
        again.append(1)
        return ear.closely(sound)

    row = {
        "script": case.script, "words": [], "title": case.title, "brand": case.brand,
        "price": case.price, "regular_price": case.regular, "currency": "USD", "language": "en-US",
    }  # fmt: skip
    begun = time.process_time()
    heard = ear.words(sound)
    asr_s = time.process_time() - begun
    begun = time.process_time()
    found = gates.heard(row, heard, [case.brand], "en", listen)
    gate_s = time.process_time() - begun
    worst = max(found, key=lambda one: RANK[one.verdict.verdict]).verdict
    rate = word_error_rate(case.script, heard, [case.brand])
    return HeardCase(case, worst.verdict, worst.evidence, rate, bool(again), asr_s, gate_s)


def speech_in_words(found: Sequence[HeardCase]) -> str:
    """A line for each kind, and what it cost."""
    told = []
    for kind in ("demo", "plain", "trap", "name", "claim", "price"):
        mine = [one for one in found if one.case.kind == kind]
        if not mine:
            continue
        blocked, held = (sum(o.verdict == word for o in mine) for word in ("block", "review"))
        within = [one for one in mine if one.word_error_rate <= MOST_ERRORS]
        let_by = sum(one.verdict in ("pass", "age_gate") for one in within)
        told.append(
            f"{kind}: {len(mine)} voices, {blocked} blocked, {held} held; {len(within)} within the"
            f" word error rate, {let_by} of these pass"
        )
    once = [one.gate_s for one in found if not one.listened_again]
    twice = [one.gate_s for one in found if one.listened_again]
    told.append(
        f"CPU: ASR {_mean([one.asr_s for one in found]):.2f} s, gate {_mean(once) * 1000:.0f} ms;"
        f" with a second listening ({len(twice)} of {len(found)}) {_mean(twice):.2f} s"
    )
    return "\n".join(told)


def write_heard(found: Sequence[HeardCase], place: Path) -> None:
    """All cases with what was said of them, as CSV."""
    with place.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["kind", "script", "said", "price", "verdict", "wer", "again", "evidence"])
        for one in found:
            case, rate = one.case, f"{one.word_error_rate:.3f}"
            told = (one.verdict, rate, one.listened_again, one.evidence)
            rows.writerow([case.kind, case.script, case.said, case.price, *told])


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
