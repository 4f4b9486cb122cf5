"""Words about prices in six languages, as patterns: what was, what is saved, what is left."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

_WAS = {
    "en": "was|were|regular(?:ly)?|original(?:ly)?|normally|usually|instead of|down from"
    "|reduced from"
          "|list price|rrp|msrp|statt",
    "de": "statt|vorher|bisher|früher|ursprünglich|uvp",
    "es": "antes|precio anterior|en lugar de|en vez de|rebajado de",
    "fr": "au lieu de|avant|auparavant|ancien prix",
    "it": "prima|invece di|anziché|prezzo originale",
    "pt": "antes|era|em vez de|preço anterior",
}  # fmt: skip
_SAVE = {
    "en": "sav(?:e|es|ing|ings of)|discount of|take",
    "de": "spar(?:e|en|st)(?: sie| du)?|rabatt von|nachlass von|preisnachlass von",
    "es": "ahorr(?:a|as|e|es|an)|descuento del?|rebaja del?",
    "fr": "économise[zrs]?|epargnez|remise de|réduction de|rabais de",
    "it": "risparmi(?:a|ate|o|o di)?|sconto d(?:i|el)",
    "pt": "poup[ae]|economiz[ae]|desconto de",
}  # fmt: skip
_OFF = {
    "en": "off|discount|cheaper|savings?|price cut|reduction",
    "de": "rabatt|günstiger|billiger|nachlass|reduziert|gespart",
    "es": "de descuento|descuento|de rebaja|más barato",
    "fr": "de réduction|de remise|de rabais|réduction|moins cher",
    "it": "di sconto|sconto|scontato",
    "pt": "de desconto|desconto|mais barato",
}
_HALF = {
    "en": "half(?=[ -](?:the )?(?:price|off)\\b)",
    "de": "(?:zum )?halbe[rnm]? preis",
    "es": "(?:a )?mitad de(?:l)? precio",
    "fr": "(?:à )?moitié prix",
    "it": "(?:a )?metà prezzo",
    "pt": "(?:pela )?metade do preço",
}
_SALE = {
    "en": "on sale|sale price|special offer|discounted|marked down|price drop|clearance"
    "|reduced price",
    "de": "im angebot|sonderangebot|reduziert|preissenkung|sonderpreis",
    "es": "en oferta|rebajad[oa]s?|de oferta|oferta especial",
    "fr": "en promotion|en promo|soldé[es]*|prix réduit|offre spéciale",
    "it": "in offerta|scontat[oaie]|prezzo speciale|in saldo",
    "pt": "em promoção|em saldo|com desconto|oferta especial",
}
_MULTI = (
    r"\b(?:2|3|4|two|three|four)\s?(?:for|x|×|por|pour|für|al prezzo di"
    r"|zum preis von)\s?(?:the price of )?"
    r"(?:1|2|3|one|two|three|un|uno|einem|einen)\b(?!\s?(?:cm|mm|m|in|\"|year|month|day|hour|minute|person|people|player))"
    r"|\bbuy (?:one|1|two|2|three|3),? get|\bbogo\b"
    r"|\b(?:lleva|leve) \d,? (?:y )?(?:paga|pague) \d|\b1 acheté,? 1 offert|\bprendi \d,? paghi \d"
    r"|\bzwei zum preis von einem\b|\bdeux pour le prix d['’]un\b|\bdos por uno\b"
    r"|\bdue al prezzo di uno\b"
)
_STOCK = (
    r"\b(?:only|just)\s(?:\w+\s)?(?:a few|[\w-]+)\s(?:\w+\s)?(?:left|remaining)\b"
    r"|\b\d+\s(?:left|remaining)\b"
    r"(?!\s(?:side|hand))|\blast (?:\d+|few|ones?|pieces?|units?)\b(?: in stock)?|\b(?:almost"
    r"|nearly) (?:gone|sold out)\b"
    r"|\blimited (?:stock|supply|quantit)|\bselling out\b"
    r"|\bnur noch \d+|\bletzte \d+ stück|\bfast ausverkauft\b"
    r"|\b(?:sol[oa]|sólo) quedan?\b|\bquedan \d+|\búltim[oa]s \d+|\búltimas unidades\b"
    r"|\b(?:il ne reste )?plus que \d+|\bil n['’]en reste que|\bderni[èe]r(?:e)?s (?:pi[èe]ces"
    r"|exemplaires)\b"
    r"|\bsolo \d+ (?:rimast|dispon)|\bne restano \d+|\bultimi \d+|\bultimi pezzi\b"
    r"|\b(?:só )?restam \d+"
)
_STARS = r"(?:stars?|★+|⭐+|estrellas?|étoiles?|sternen?|stelle|stella|estrelas?)"
_COUNTED = (
    r"(?:five[- ]star\s)?(?:reviews?|ratings?|happy customers|customers|buyers|sold"
    r"|bewertungen|kunden|verkauft"
    r"|avis|clients|vendus?|reseñas|opiniones|clientes|vendidos|recensioni|clienti|venduti|avaliações)"
)


@dataclass(frozen=True)
class PriceWords:
    """Patterns for texts of one language; English is always understood."""

    was: re.Pattern[str]
    save: re.Pattern[str]
    off: re.Pattern[str]
    half: re.Pattern[str]
    sale: re.Pattern[str]


@lru_cache(maxsize=16)
def price_words(language: str) -> PriceWords:
    """The words of a language (its primary subtag) and of English."""

    def of(words: dict[str, str]) -> str:
        known: Iterable[str] = dict.fromkeys((words["en"], words.get(language, words["en"])))
        return "|".join(known)

    flags = re.IGNORECASE
    return PriceWords(
        was=re.compile(
            rf"\b(?:{of(_WAS)})(?:[\s:]+(?:priced?|at|of|for|the|an?|just|only|nur|por|à"
            rf"|a)\b){{0,3}}[\s:]*$", flags),
        save=re.compile(
            rf"\b(?:{of(_SAVE)})\s+(?:up to\s+|over\s+|an extra\s+|a\s+|un\s+|il\s+|del\s+"
            rf"|el\s+|bis zu\s+|hasta\s+(?:un\s+)?|jusqu['’]à\s+"
            rf"|fino al?\s+|até\s+)?$|(?:^|\s)[-−–]\s?$", flags),
        off=re.compile(rf"^\s*-?(?:{of(_OFF)})\b", flags),
        half=re.compile(rf"\b(?P<half>{of(_HALF)})", flags),
        sale=re.compile(rf"\b(?:{of(_SALE)})\b", flags),
    )  # fmt: skip


MULTI_BUY = re.compile(_MULTI, re.IGNORECASE)
STOCK = re.compile(_STOCK, re.IGNORECASE)
RATING = re.compile(
    rf"(?<![\d.,])(?P<stars>[0-5](?:[.,]\d{{1,2}})?|one|two|three|four|five)(?:\s?(?:/|out of"
    rf"|von|de|sur|su|em)\s?(?:5|five|fünf"
    rf"|cinco|cinq|cinque))?[\s-]?{_STARS}(?!\w)"
    r"|\brated\s(?P<rated>[0-5](?:[.,]\d{1,2})?)|(?<![\d.,])(?P<of_five>[0-5][.,]\d{1,2})\s?/\s?5\b",
    re.IGNORECASE,
)
COUNTED = re.compile(
    rf"(?<![\d.,])(?P<count>\d[\d.,  ]*)(?P<unit>k|thousand|million"
    rf"|mio)?\+?\s(?:\w+\s)?{_COUNTED}\b",
    re.IGNORECASE,
)
STAR_WORDS = {"one": "1", "two": "2", "three": "3", "four": "4", "five": "5"}
