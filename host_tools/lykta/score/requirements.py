"""Requirements of a scenario: sentences such as `saving at least 45 %`, read, judged, and explained where they fail.

    require:
      - saving at least 45 %
      - dark seconds per pedestrian at most 0
      - service of cyclists at least 99.9 %

`per`, `of` and `for` name a class of road user; seconds `per` somebody must hold for each of them, in every night.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from lykta.document import Node
from lykta.errors import InputError
from lykta.score.model import Score
from lykta.score.quantities import CLASSES, EVERYONE, QUANTITIES, Quantity, group
from lykta.units import near_miss

_SENTENCE = re.compile(r"(?P<what>.*?)\s+at\s+(?P<way>least|most)\s+(?P<number>[-+]?[\d.,]+)\s*(?P<unit>\S*)", re.IGNORECASE)
_OF = re.compile(r"(?P<quantity>.+?)\s+(?:of|per|for)\s+(?:each\s+|every\s+|all\s+)?(?P<who>\S+)$", re.IGNORECASE)
_SCALES = {
    "%": {"%": Fraction(1, 100)},
    "s": {"s": Fraction(1), "": Fraction(1), "ms": Fraction(1, 1000), "min": Fraction(60)},
    "m": {"m": Fraction(1)},
    "kWh": {"kWh": Fraction(1), "Wh": Fraction(1, 1000)},
    "": {"": Fraction(1)},
}


_HAIR = 1e-12


class NotARequirement(ValueError):
    """A text that is no requirement; the message says why and what to write."""


@dataclass(frozen=True)
class Condition:
    """One requirement. `limit` in the unit of its quantity, shares between 0 and 1."""

    text: str
    quantity: str
    road_user: str  # a class, or "everyone"
    least: bool
    limit: Fraction


@dataclass(frozen=True)
class Outcome:
    """What became of a requirement: `said` in one sentence, `detail` why it failed (which user, when, where)."""

    condition: Condition
    met: bool
    actual: float | None
    said: str
    detail: tuple[str, ...] = ()


def parse(text: str) -> Condition:
    """The requirement in a sentence; raises NotARequirement."""
    found = _SENTENCE.fullmatch(text.strip())
    if found is None:
        raise NotARequirement(
            f'"{text}" is no requirement. Write a quantity, "at least" or "at most", and a value: "{QUANTITIES["saving"].example}".'
        )
    name, who = _subject(found["what"])
    limit = _limit(found["number"], found["unit"], name)
    return Condition(text.strip(), name, who, found["way"].lower() == "least", limit)


def _subject(what: str) -> tuple[str, str]:
    """(quantity, class) of the part before `at least`."""
    name = " ".join(what.lower().split())
    if name in QUANTITIES:
        return name, EVERYONE
    found = _OF.fullmatch(name)
    if found is None or (found["quantity"] not in QUANTITIES and found["who"] not in CLASSES):
        raise NotARequirement(_unknown(name))
    if found["quantity"] not in QUANTITIES:
        raise NotARequirement(_unknown(found["quantity"]))
    quantity = QUANTITIES[found["quantity"]]
    if found["who"] not in CLASSES:
        listed = "pedestrian, cyclist, car, everyone"
        raise NotARequirement(f'"{found["who"]}" is no class of road user ({listed}).{near_miss(found["who"], CLASSES)}')
    if not quantity.of_class:
        raise NotARequirement(f'"{found["quantity"]}" is of the whole site, not of a class. Write "{quantity.example}".')
    return found["quantity"], CLASSES[found["who"]]


def _unknown(name: str) -> str:
    return f'"{name}" is no quantity that the score knows.{near_miss(name, QUANTITIES)} Known: {", ".join(QUANTITIES)}.'


def _limit(number: str, unit: str, name: str) -> Fraction:
    quantity = QUANTITIES[name]
    scales = _SCALES[quantity.unit]
    try:
        value = Fraction(number)
    except ValueError:
        meant = number.replace(",", ".")
        raise NotARequirement(f'"{number}" is no number. Decimals are written with a point: "{meant}".') from None
    if unit not in scales:
        written = f"{number} {quantity.unit}".strip()
        said = f"{number} has no unit" if not unit else f'"{unit}" is no unit of {name}'
        raise NotARequirement(f'{said}. Did you mean "{written}"?')
    return value * scales[unit]


def read(node: Node) -> list[Condition]:
    """The requirements in a list of a document; problems are noted there, to be raised by its `finish()`."""
    conditions = []
    for item in node.list():
        text = item.text()
        try:
            conditions.append(parse(text))
        except NotARequirement as error:
            item.problem(str(error))
    return conditions


def of_texts(texts: Sequence[str], where: str = "--require") -> list[Condition]:
    """The requirements in texts that stand in no file, such as options; raises InputError with all that are wrong."""
    conditions, problems = [], []
    for text in texts:
        try:
            conditions.append(parse(text))
        except NotARequirement as error:
            problems += InputError.of(where, str(error)).problems
    if problems:
        raise InputError(problems)
    return conditions


def judge_all(conditions: Sequence[Condition], scores: Sequence[Score]) -> list[Outcome]:
    """Judge requirements by the scores of one or more nights (at least one)."""
    return [judge_one(condition, scores) for condition in conditions]


def judge_one(condition: Condition, scores: Sequence[Score]) -> Outcome:
    """Judge one requirement. Where nobody of the class came by it holds; a quantity that cannot be said fails."""
    quantity = QUANTITIES[condition.quantity]
    actual = quantity.read(scores, condition.road_user)
    if actual is None:
        nobody = quantity.of_class and not any((found := group(score, condition.road_user)) and found.users for score in scores)
        said = "holds, since nobody came by to whom light was owed" if nobody else "cannot be said of this site"
        return Outcome(condition, nobody, None, f"{condition.text}: {said}.")
    # 0.999 as a float lies below 999/1000: a hair decides for the requirement.
    beyond = actual - float(condition.limit) if condition.least else float(condition.limit) - actual
    met = beyond >= -_HAIR
    if met:
        return Outcome(condition, True, actual, f"{condition.text}: met, {shown(quantity, actual)}.")
    said = f"{condition.text}: failed, {shown(quantity, actual, condition)}."
    return Outcome(condition, False, actual, said, tuple(quantity.explain(scores, condition.road_user)))


def unjudged(condition: Condition, reason: str) -> Outcome:
    """A requirement that there is nothing to judge by fails: nobody has seen it hold."""
    return Outcome(condition, False, None, f"{condition.text}: cannot be judged, since {reason}.")


def shown(quantity: Quantity, value: float, condition: Condition | None = None) -> str:
    """A value as people write it, with as many digits as are needed to tell it from a limit that it misses."""
    scaled = value * 100 if quantity.unit == "%" else value
    limit = None if condition is None else float(condition.limit * (100 if quantity.unit == "%" else 1))
    digits = 1
    while limit is not None and digits < 9 and f"{scaled:.{digits}f}" == f"{limit:.{digits}f}":
        digits += 1
    return f"{scaled:.{digits}f} {quantity.unit}".strip()
