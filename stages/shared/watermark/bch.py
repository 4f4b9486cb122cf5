"""BCH(127, 64): a binary block code in which any 10 wrong bits of 127 can be put right.

The field is GF(2^7) over the primitive polynomial x^7 + x^3 + 1; the generator polynomial (degree
63) is the product of the minimal polynomials of a^1 .. a^20. Words are Python integers whose bit i
is the coefficient of x^i. Decoding: syndromes, Berlekamp-Massey for the error locator, Chien search
for its roots (Lin and Costello, Error Control Coding, 2nd ed., chapter 6).
"""

from __future__ import annotations

from functools import cache

LENGTH = 127
MESSAGE_BITS = 64
CORRECTABLE = 10
_PRIMITIVE = 0b1000_1001

_POWER = [1] * (2 * LENGTH)  # a^i, twice round, so that sums of two logarithms need no modulo
for _i in range(1, 2 * LENGTH):
    _shifted = _POWER[_i - 1] << 1
    _POWER[_i] = _shifted ^ _PRIMITIVE if _shifted > LENGTH else _shifted
_LOG = {_POWER[_i]: _i for _i in range(LENGTH)}


def _times(a: int, b: int) -> int:
    """Product in the field."""
    return _POWER[_LOG[a] + _LOG[b]] if a and b else 0


@cache
def generator() -> int:
    """The generator polynomial: the least common multiple of those of a^1 .. a^20."""
    product, done = 1, set()
    for start in range(1, 2 * CORRECTABLE + 1):
        conjugates = {start * 2**k % LENGTH for k in range(7)}
        if start in done:
            continue
        done |= conjugates
        minimal = [1]  # coefficients in the field, lowest first; times (x + a^c) for each conjugate
        for c in conjugates:
            minimal = [
                (minimal[i - 1] if i else 0)
                ^ (_times(minimal[i], _POWER[c]) if i < len(minimal) else 0)
                for i in range(len(minimal) + 1)
            ]
        factor = sum(bit << i for i, bit in enumerate(minimal))  # all coefficients are 0 or 1
        product = _carryless(product, factor)
    return product


def _carryless(a: int, b: int) -> int:
    """Product of two polynomials over GF(2)."""
    total = 0
    while b:
        total ^= a if b & 1 else 0
        a, b = a << 1, b >> 1
    return total


def encode(message: int) -> int:
    """The 127-bit code word of a 64-bit message; the message is its upper 64 bits."""
    if not 0 <= message < 1 << MESSAGE_BITS:
        raise ValueError(f"{message} does not fit into {MESSAGE_BITS} bits")
    remainder = message << (LENGTH - MESSAGE_BITS)
    divisor = generator()
    for top in range(LENGTH - 1, LENGTH - MESSAGE_BITS - 1, -1):
        if remainder >> top & 1:
            remainder ^= divisor << (top - (LENGTH - MESSAGE_BITS))
    return message << (LENGTH - MESSAGE_BITS) | remainder


def decode(word: int) -> tuple[int, int] | None:
    """(message, number of bits put right), or None where no code word is within 10 bits."""
    ones = [i for i in range(LENGTH) if word >> i & 1]
    syndromes = [0] * (2 * CORRECTABLE)
    for j in range(2 * CORRECTABLE):
        for i in ones:
            syndromes[j] ^= _POWER[i * (j + 1) % LENGTH]
    if not any(syndromes):
        return word >> (LENGTH - MESSAGE_BITS), 0
    locator = _berlekamp_massey(syndromes)
    errors = len(locator) - 1
    if errors > CORRECTABLE:
        return None
    places = [i for i in range(LENGTH) if _value(locator, -i % LENGTH) == 0]
    if len(places) != errors:
        return None
    for place in places:
        word ^= 1 << place
    return word >> (LENGTH - MESSAGE_BITS), errors


def _berlekamp_massey(syndromes: list[int]) -> list[int]:
    """The shortest error locator polynomial that explains the syndromes, lowest power first."""
    locator, previous = [1], [1]
    length, gap, last = 0, 1, 1
    for n, syndrome in enumerate(syndromes):
        discrepancy = syndrome
        for i in range(1, min(length, len(locator) - 1) + 1):
            discrepancy ^= _times(locator[i], syndromes[n - i])
        if discrepancy == 0:
            gap += 1
            continue
        factor = _POWER[(_LOG[discrepancy] - _LOG[last]) % LENGTH]
        longer = locator + [0] * (len(previous) + gap - len(locator))
        for i, coefficient in enumerate(previous):
            longer[i + gap] ^= _times(factor, coefficient)
        if 2 * length <= n:
            previous, last, length, gap = locator, discrepancy, n + 1 - length, 1
        else:
            gap += 1
        locator = longer
    while locator[-1] == 0:
        locator.pop()
    return locator


def _value(polynomial: list[int], power: int) -> int:
    """The polynomial at a^power."""
    total = 0
    for i, coefficient in enumerate(polynomial):
        total ^= _times(coefficient, _POWER[i * power % LENGTH])
    return total
