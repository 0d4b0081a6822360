"""Requirements of a scenario: read, judged, explained."""

from __future__ import annotations

from fractions import Fraction

import pytest

from lykta.document import Document
from lykta.errors import InputError
from lykta.score import Score
from lykta.score.quantities import QUANTITIES
from lykta.score.requirements import NotARequirement, judge_all, judge_one, of_texts, parse, read
from tests.score.test_words import night


def judged(text: str, *scores: Score) -> tuple[bool, str]:
    """Whether a requirement is met, and what is said."""
    found = judge_one(parse(text), scores or (night(500),))
    return found.met, found.said


@pytest.mark.parametrize(
    ("text", "quantity", "who", "least", "limit"),
    [
        ("saving at least 45 %", "saving", "everyone", True, Fraction(45, 100)),
        ("dark seconds per pedestrian at most 0", "dark seconds", "pedestrian", False, Fraction(0)),
        ("service of cyclists at least 99.9 %", "service", "cyclist", True, Fraction(999, 1000)),
        ("Late seconds for each driver at most 2 s", "late seconds", "car", False, Fraction(2)),
        ("metres lit ahead of walkers at least 60 m", "metres lit ahead", "pedestrian", True, Fraction(60)),
        ("changes per lamp and hour at most 20", "changes per lamp and hour", "everyone", False, Fraction(20)),
        ("energy at most 800 Wh", "energy", "everyone", False, Fraction(4, 5)),
    ],
)
def test_requirement__is_read_as_it_is_said(text, quantity, who, least, limit):
    """Quantity, class, direction and limit."""
    found = parse(text)
    assert (found.quantity, found.road_user, found.least, found.limit) == (quantity, who, least, limit)


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_example_of_every_quantity__is_a_requirement_that_can_be_judged(quantity):
    """What messages propose works, met or not, and failures are explained."""
    condition = parse(QUANTITIES[quantity].example)
    outcome = judge_one(condition, [night(500)])
    assert condition.quantity == quantity
    assert outcome.said.startswith(f"{condition.text}: ")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("savings at least 45 %", 'Did you mean "saving"?'),
        ("saving at least 45", '45 has no unit. Did you mean "45 %"?'),
        ("saving above 45 %", 'Write a quantity, "at least" or "at most"'),
        ("dark seconds per pedestrain at most 0", 'Did you mean "pedestrian"?'),
        ("saving of cyclists at least 45 %", '"saving" is of the whole site'),
        ("service at least 99,9 %", 'Decimals are written with a point: "99.9"'),
        ("late seconds at most 3 m", 'Did you mean "3 s"?'),
    ],
)
def test_what_is_no_requirement__is_refused_with_what_to_write(text, said):
    """Near misses are proposed."""
    with pytest.raises(NotARequirement, match='"') as error:
        parse(text)
    assert said in str(error.value)


def test_document__gets_every_problem_with_its_line():
    """All wrong requirements of a file at once, where they stand."""
    document = Document.read("require:\n  - savings at least 45 %\n  - service at least 99 %\n  - hello\n", "scenario.yaml")
    conditions = read(document.root.get("require"))
    with pytest.raises(InputError) as error:
        document.finish()
    assert [condition.text for condition in conditions] == ["service at least 99 %"]
    assert [(problem.line, problem.column) for problem in error.value.problems] == [(2, 5), (4, 5)]


def test_texts__are_read_from_options_too():
    """Options raise all that is wrong."""
    with pytest.raises(InputError) as error:
        of_texts(["hello", "saving at least 4"])
    assert len(error.value.problems) == 2


def test_failed_requirement__is_explained_with_who_when_and_where():
    """The figure, the causes, the user, the clock, the lamp."""
    outcome = judge_one(parse("dark seconds per pedestrian at most 0"), [night(500)])
    assert (outcome.met, outcome.said) == (False, "dark seconds per pedestrian at most 0: failed, 77.0 s.")
    assert outcome.detail == (
        "Dark for 1 of 1 users: not raised 77.0 s.",
        "Longest: pedestrian 0 at 12:00:03, 77.0 s, near lamp L2 (link 0, 3 m along it): nothing had raised the lamp.",
    )


def test_limit_that_is_just_missed__is_shown_with_enough_digits():
    """Never `failed, 55.0 %` where 55 % were required."""
    assert judged("saving at least 55 %") == (True, "saving at least 55 %: met, 55.0 %.")
    assert judged("saving at least 55.001 %") == (False, "saving at least 55.001 %: failed, 55.000 %.")


def test_class_that_did_not_come_by__is_judged_as_met_and_said_so():
    """No cyclist, no complaint; but the sentence tells."""
    assert judged("dark seconds per cyclist at most 0") == (
        True,
        "dark seconds per cyclist at most 0: holds, since nobody came by to whom light was owed.",
    )


def test_several_nights__give_ratios_of_sums_and_the_worst_of_all():
    """Half the energy is saved over two nights of 55 % and 0 %; the worst user is that of the first."""
    scores = [night(500), night(1000)]
    outcomes = judge_all(of_texts(["saving at least 27.5 %", "service at least 50 %", "dark seconds at most 77"]), scores)
    assert [(outcome.met, outcome.actual) for outcome in outcomes] == [(True, pytest.approx(0.275)), (True, 0.5), (True, 77.0)]
