"""The texts that the safety benchmark asks about, made from a seed, with what is expected."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import yaml
from unicode_rbnf import RbnfEngine

from jobs.bench.safety_mutations import MUTATIONS
from pipeline.feed import read_feed
from stages.shared.text_gate.people import Person

BENIGN = 2000
WORDS: dict[str, Any] = yaml.safe_load(
    Path(__file__).with_name("safety_texts.yaml").read_text("utf-8")
)
DEMO = Path(__file__).parents[2] / "examples" / "demo" / "products.tsv"


@dataclass(frozen=True)
class Case:
    """One text. `part` is "names", "benign", "policy", "policy_near", "price" or "price_true";
    `kind` the way of hiding, the class or the language; `expected` "stop" or "pass"."""

    part: str
    kind: str
    text: str
    expected: str
    about: str = ""
    """The person named, or the class that must be found."""
    price: Decimal = Decimal("39.99")
    regular: Decimal | None = None
    language: str = "en"


def cases(seed: int, people: Sequence[Person]) -> list[Case]:
    """All cases of a seed. Odd and even seeds share no sentence, trap or claim: rules are tuned on
    seed 1, and what is reported is of seed 2."""
    return [*_names(seed, people), *_benign(seed), *_policy(seed), *_prices(seed)]


def _half(words: Sequence[str], seed: int) -> list[str]:
    return [word for word in words if zlib.crc32(word.encode()) % 2 == seed % 2]


def _names(seed: int, people: Sequence[Person]) -> Iterator[Case]:
    sentences = _half(WORDS["sentences"], seed)
    for kind, mutation in MUTATIONS.items():
        for person in people:
            random = Random(f"{seed}:{kind}:{person.name}")
            hidden = mutation(person, random)
            if hidden is not None:
                text = random.choice(sentences).format(hidden)
                yield Case("names", kind, text, "stop", person.name)


def _benign(seed: int) -> Iterator[Case]:
    titles = [row.title for row in read_feed(str(DEMO)) if row.title]
    random = Random(f"{seed}:benign")
    made = dict.fromkeys([*titles, *_half(WORDS["traps"], seed)])
    kinds = dict.fromkeys(titles, "demo") | dict.fromkeys(_half(WORDS["traps"], seed), "trap")
    while len(made) < BENIGN:
        made[_title(random)] = None
    for title in list(made)[:BENIGN]:
        yield Case("benign", kinds.get(title, "made up"), title, "pass")


def _title(random: Random) -> str:
    parts = [
        random.choice(WORDS["brands"]) if random.random() < 0.7 else "",
        random.choice(WORDS["styles"]) if random.random() < 0.7 else "",
        random.choice(WORDS["materials"]) if random.random() < 0.6 else "",
        random.choice(WORDS["products"]),
    ]
    title = " ".join(part for part in parts if part)
    if random.random() < 0.5:
        title += random.choice([", ", " - ", " in "]) + random.choice(WORDS["colours"])
    if random.random() < 0.4:
        title += random.choice([", ", " ", " | "]) + random.choice(WORDS["extras"])
    return random.choice([title, title, title, title.upper(), title.lower()])


def _policy(seed: int) -> Iterator[Case]:
    for policy_class, texts in WORDS["claims"].items():
        for text in _half(texts, seed):
            yield Case("policy", policy_class, text, "stop", policy_class)
    for text in _half(WORDS["near_claims"], seed):
        yield Case("policy_near", "plain goods", text, "pass")


def _prices(seed: int) -> Iterator[Case]:
    random = Random(f"{seed}:prices")
    for language, templates in WORDS["prices"].items():
        words = RbnfEngine.for_language(language)
        for template in templates:
            for _ in range(6):
                now = random.randint(12, 180)
                was = now + random.randint(max(2, now // 8), now)
                for true in (True, False):
                    said_now = now if true else now + random.choice([-3, 4, 7])
                    said_was = was if true else was + random.choice([5, 9, 20])
                    off = round(100 * (was - now) / was) + (0 if true else random.choice([-6, 8]))
                    text = template.format(
                        price=said_now, was=said_was, percent=off,
                        price_words=words.format_number(said_now).text.replace("\u00ad", ""),
                    )  # fmt: skip
                    part, expected = ("price_true", "pass") if true else ("price", "stop")
                    yield Case(
                        part, language, text, expected, "", Decimal(now), Decimal(was), language
                    )
    for text in _half(WORDS["unproven"], seed):
        yield Case("price", "unproven", text, "stop", language="de" if "auf" in text else "en")
    for text in _half(WORDS["no_claims"], seed):
        yield Case("price_true", "no claim", text, "pass")
