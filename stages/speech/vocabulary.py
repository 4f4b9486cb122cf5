"""Tables of English reading: currencies, units, abbreviations, fractions and words in capitals."""

from __future__ import annotations

_CENTS = ("cent", "cents")
_DOLLAR, _EURO = ("dollar", "dollars", *_CENTS), ("euro", "euros", *_CENTS)
_POUND, _YEN = ("pound", "pounds", "penny", "pence"), ("yen", "yen", "sen", "sen")
_RUPEE, _FRANC = ("rupee", "rupees", "paisa", "paise"), ("franc", "francs", "centime", "centimes")
_CANADIAN = ("Canadian dollar", "Canadian dollars", *_CENTS)
_AUSTRALIAN = ("Australian dollar", "Australian dollars", *_CENTS)
CURRENCIES = {
    "$": _DOLLAR, "US$": _DOLLAR, "USD": _DOLLAR, "€": _EURO, "EUR": _EURO, "£": _POUND,
    "GBP": _POUND, "¥": _YEN, "JPY": _YEN, "₹": _RUPEE, "INR": _RUPEE, "CHF": _FRANC,
    "C$": _CANADIAN, "CAD": _CANADIAN, "A$": _AUSTRALIAN, "AUD": _AUSTRALIAN,
}  # fmt: skip
"""Sign or ISO 4217 code: one, several, one hundredth, several hundredths."""

UNITS = {
    "ml": "milliliter", "mL": "milliliter", "cl": "centiliter", "l": "liter", "L": "liter",
    "oz": "ounce", "g": "gram", "kg": "kilogram", "mg": "milligram", "lb": "pound",
    "lbs": "pound", "mm": "millimeter", "cm": "centimeter", "m": "meter", "km": "kilometer",
    "in": "inch", '"': "inch", "″": "inch", "ft": "foot", "yd": "yard", "W": "watt",
    "kW": "kilowatt", "V": "volt", "mAh": "milliamp hour", "Wh": "watt hour",
    "kWh": "kilowatt hour", "Hz": "hertz", "kHz": "kilohertz", "MHz": "megahertz",
    "GHz": "gigahertz", "dB": "decibel", "GB": "gigabyte", "MB": "megabyte", "TB": "terabyte",
    "MP": "megapixel", "px": "pixel", "h": "hour", "hr": "hour", "hrs": "hour", "min": "minute",
    "mins": "minute", "s": "second", "sec": "second", "secs": "second", "ms": "millisecond",
    "mph": "mile per hour", "rpm": "revolution per minute", "°": "degree",
    "°C": "degree Celsius", "°F": "degree Fahrenheit", "lm": "lumen", "yr": "year",
    "yrs": "year", "m²": "square meter", "cm²": "square centimeter", "ft²": "square foot",
    "m³": "cubic meter", "pcs": "piece", "pc": "piece",
}  # fmt: skip
FLUID = "fl"
"""As in "12 fl oz"."""


def unit_name(unit: str, *, plural: bool) -> str:
    """The unit's name in full: "mph" -> "miles per hour"."""
    name = UNITS[unit]
    if not plural or name.endswith("hertz"):
        return name
    for one, many in (("inch", "inches"), ("foot", "feet")):
        if name.endswith(one):
            return name.removesuffix(one) + many
    for last in (" per hour", " per minute", " Celsius", " Fahrenheit"):
        if name.endswith(last):
            return f"{name.removesuffix(last)}s{last}"
    return f"{name}s"


ABBREVIATIONS = {
    "approx.": "approximately", "vs.": "versus", "vs": "versus", "etc.": "et cetera",
    "e.g.": "for example", "i.e.": "that is", "incl.": "including", "excl.": "excluding",
    "dr.": "doctor", "mr.": "mister", "mrs.": "missus", "ms.": "miz", "dept.": "department",
    "ltd.": "limited", "inc.": "incorporated", "w/": "with", "w/o": "without", "&": "and",
    "+": "plus", "=": "equals", "@": "at", "×": "by", "½": "a half", "¼": "a quarter",
    "¾": "three quarters", "1/2": "one half", "1/4": "one quarter", "3/4": "three quarters",
    "1/3": "one third", "2/3": "two thirds", "24/7": "twenty-four seven",
    "°": "degrees", "%": "percent", "a.m.": "^a ^m", "p.m.": "^p ^m",
}  # fmt: skip
"""Lower case, with their full stop. "^a" stands for the name of a letter."""

SPELLED = frozenset((
    "ANC", "BPA", "HDMI", "ISO", "LED", "OLED", "QLED", "SUV", "UHD", "USB", "USA", "EDP", "EDT",
    "UVA", "UVB", "PVC", "SUP", "TPU", "AAA", "IPX", "CEO", "API", "ECO2",
))  # fmt: skip
"""Said letter by letter although they have a vowel; those without one always are."""

SHORT_WORDS = frozenset((
    "ADD", "AIR", "ALL", "AN", "AND", "ANY", "ARE", "ART", "AS", "AT", "BAG", "BAR", "BE", "BED",
    "BIG", "BOX", "BUY", "BY", "CAN", "CAR", "CUP", "CUT", "DAY", "DO", "EAT", "END", "EYE", "FEW",
    "FIT", "FOR", "FUN", "GET", "GIN", "GO", "GOT", "HAS", "HE", "HER", "HIS", "HOT", "HOW", "ICE",
    "IF", "IN", "IS", "IT", "ITS", "JAR", "JOY", "KID", "LET", "LOW", "MAX", "ME", "MEN", "MUG",
    "MY", "NEW", "NO", "NOT", "NOW", "OF", "OFF", "OIL", "OLD", "ON", "ONE", "OR", "OUR", "OUT",
    "OWN", "PAN", "PEN", "PET", "POP", "POT", "PRO", "PUT", "RED", "RUN", "SAY", "SEA", "SEE",
    "SET", "SIX", "SO", "SUN", "TEA", "TEN", "THE", "TO", "TOP", "TOY", "TRY", "TWO", "UP", "US",
    "USE", "VIA", "WAS", "WAY", "WE", "WHO", "WHY", "WIN", "WOW", "YES", "YOU", "ZIP",
))  # fmt: skip
"""Words of up to three letters that, in capitals, are shouted and not spelled."""
