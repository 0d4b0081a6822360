"""Quantities as people write them (`30 s`, `20 %`, `60 m`), and as the code holds them (ms, permille, cm).

A quantity is a number, a space if one likes, and a unit; a time may have several (`1 min 30 s`). A number without a
unit is refused, since nobody can tell 30 s from 30 ms afterwards; the message proposes what was probably meant.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from lykta.errors import Message


class NotAQuantity(ValueError):
    """A text that is no quantity of the kind wanted; the message says why and proposes what to write."""


@dataclass(frozen=True)
class Kind:
    """A kind of quantity: its units as (symbol, factor to the integer that the code holds), and the usual one."""

    noun: str
    units: tuple[tuple[str, Fraction], ...]
    usual: str
    synonyms: tuple[tuple[str, str], ...] = ()

    @property
    def symbols(self) -> tuple[str, ...]:
        """The units that may be written."""
        return tuple(symbol for symbol, _ in self.units)


def _units(**factors: int | Fraction) -> tuple[tuple[str, Fraction], ...]:
    return tuple((symbol, Fraction(factor)) for symbol, factor in factors.items())


KINDS = {
    "time": Kind(
        "time",
        _units(ms=1, s=1000, min=60_000, h=3_600_000),
        "s",
        (("sec", "s"), ("sek", "s"), ("second", "s"), ("seconds", "s"), ("mins", "min"), ("minutes", "min"), ("minute", "min"))
        + (("m", "min"), ("hour", "h"), ("hours", "h"), ("hr", "h")),
    ),
    "length": Kind("length", _units(cm=1, m=100, km=100_000), "m", (("meter", "m"), ("metres", "m"), ("meters", "m"))),
    "level": Kind("level", (("%", Fraction(10)), ("‰", Fraction(1))), "%", (("percent", "%"), ("procent", "%"), ("permille", "‰"))),
    "speed": Kind(
        "speed",
        (("m/s", Fraction(100)), ("km/h", Fraction(1000, 36)), ("cm/s", Fraction(1))),
        "m/s",
        (("kmh", "km/h"), ("kph", "km/h"), ("km/t", "km/h"), ("mps", "m/s"), ("ms", "m/s")),
    ),
    "power": Kind("power", _units(mW=1, W=1000, kW=1_000_000), "W", (("w", "W"), ("watt", "W"), ("watts", "W"), ("mw", "mW"))),
    "frequency": Kind("frequency", _units(Hz=1, kHz=1000), "Hz", (("hz", "Hz"), ("HZ", "Hz"), ("khz", "kHz"), ("KHz", "kHz"))),
    "flux": Kind("luminous flux", _units(lm=1, klm=1000), "lm", (("lumen", "lm"), ("lumens", "lm"))),
    "angle": Kind("angle", (("°", Fraction(1)), ("deg", Fraction(1))), "deg", (("degrees", "deg"), ("degree", "deg"))),
    "count": Kind("number", (("", Fraction(1)),), ""),
}

_TERM = re.compile(r"([-+]?\d+(?:[.,]\d+)?)\s*([^\d\s.,+-][^\d\s+-]*)?\s*")


def near_miss(word: str, choices: Iterable[str]) -> str:
    """` Did you mean "x"?` where a choice is near, else an empty text; to be put at the end of a message."""
    lower = {choice.lower(): choice for choice in choices}
    close = difflib.get_close_matches(word.lower(), list(lower), n=1, cutoff=0.6)
    return Message(' Did you mean "{name}"?', name=lower[close[0]]) if close else ""


def _number(text: str) -> str:
    """A decimal without needless zeros."""
    return text.rstrip("0").rstrip(".") if "." in text else text


def show(kind: str, value: int) -> str:
    """A quantity as people write it: the largest unit in which it is short. `show("time", 90000)` is `90 s`, 12,500 ms are `12.5 s`."""
    if kind == "count":
        return str(value)
    units = dict(KINDS[kind].units)
    if kind == "speed":
        return f"{_number(f'{value / 100:.2f}')} m/s"
    if kind == "level":
        return f"{_number(f'{value / 10:.1f}')} %"
    usual = units[KINDS[kind].usual]
    if abs(value) >= usual and value % usual and not value * 100 % usual:
        return f"{_number(f'{float(value / usual):.2f}')} {KINDS[kind].usual}"
    for symbol in reversed(list(units)):
        if symbol not in ("deg", "h", "km", "klm") and value and value % units[symbol] == 0 and (symbol != "min" or value >= 120_000):
            return f"{value // units[symbol]} {symbol}"
    smallest = KINDS[kind].usual if value == 0 else KINDS[kind].symbols[0]
    return f"{Fraction(value) / units[smallest]} {smallest}"


def _proposal(kind: Kind, number: str) -> str:
    """What somebody who wrote a bare number probably meant."""
    if kind.usual == "%":
        value = Fraction(number)
        scale = 100 if 0 < value <= 1 else Fraction(1, 10) if value > 100 else 1
        number = _number(f"{float(value * scale):.2f}")
    return f"{number} {kind.usual}"


def _term(kind: Kind, text: str, number: str, symbol: str) -> Fraction:
    """One number with one unit, as the integer of the code (not rounded)."""
    if "," in number:
        meant = text.replace(",", ".")
        raise NotAQuantity(f'"{text}": decimals are written with a point. Did you mean "{meant}"?')
    if not symbol and kind.usual:
        raise NotAQuantity(f'{text} has no unit. Did you mean "{_proposal(kind, number)}"?')
    factors = dict(kind.units)
    if symbol in factors:
        return Fraction(number) * factors[symbol]
    if not kind.usual:
        raise NotAQuantity(f'"{text}": a bare number is needed. Did you mean "{number}"?')
    synonyms = dict(kind.synonyms)
    meant = synonyms.get(symbol, synonyms.get(symbol.lower(), ""))
    listed = ", ".join(kind.symbols)
    hint = f' Did you mean "{number} {meant}"?' if meant else near_miss(symbol, kind.symbols)
    raise NotAQuantity(f'"{text}": "{symbol}" is no unit of {kind.noun} ({listed}).{hint}')


def parse(kind: str, text: str) -> int:
    """The integer of a written quantity, rounded to the nearest; raises NotAQuantity with what to write instead."""
    wanted, at, total, terms = KINDS[kind], 0, Fraction(0), 0
    text = text.strip()
    while at < len(text) and (match := _TERM.match(text, at)):
        total += _term(wanted, text, match[1], match[2] or "")
        at, terms = match.end(), terms + 1
    if at < len(text) or terms == 0 or (terms > 1 and kind != "time"):
        example = f"{wanted.noun} such as {'3' if not wanted.usual else '30 ' + wanted.usual}"
        raise NotAQuantity(f'"{text}" is no {wanted.noun}. Write a {example}.')
    return int((total + Fraction(1, 2)).__floor__())
