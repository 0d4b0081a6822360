"""Quantities: what people write becomes the integer of the code, and nothing is guessed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lykta.units import KINDS, NotAQuantity, near_miss, parse, show


@pytest.mark.parametrize(
    ("kind", "written", "value"),
    [
        ("time", "30 s", 30_000),
        ("time", "250ms", 250),
        ("time", "10 min", 600_000),
        ("time", "1 min 30 s", 90_000),
        ("time", "1.5 h", 5_400_000),
        ("level", "20 %", 200),
        ("level", "0.5%", 5),
        ("level", "35 ‰", 35),
        ("length", "60 m", 6_000),
        ("length", "-3.25 m", -325),
        ("length", "1 km", 100_000),
        ("speed", "1.4 m/s", 140),
        ("speed", "30 km/h", 833),
        ("power", "20 W", 20_000),
        ("power", "0.5 W", 500),
        ("flux", "3000 lm", 3_000),
        ("angle", "20 deg", 20),
        ("angle", "-20°", -20),
        ("count", "2", 2),
    ],
)
def test_parse__gives_the_integer_of_the_code(kind: str, written: str, value: int):
    """A number with a unit is ms, permille, cm, cm/s, mW, lm, degrees, rounded to the nearest."""
    assert parse(kind, written) == value


@pytest.mark.parametrize(
    ("kind", "written", "message"),
    [
        ("time", "30", '30 has no unit. Did you mean "30 s"?'),
        ("length", "60", '60 has no unit. Did you mean "60 m"?'),
        ("level", "40", '40 has no unit. Did you mean "40 %"?'),
        ("level", "0.4", '0.4 has no unit. Did you mean "40 %"?'),
        ("level", "400", '400 has no unit. Did you mean "40 %"?'),
        ("speed", "1.4", '1.4 has no unit. Did you mean "1.4 m/s"?'),
        ("time", "1,5 s", '"1,5 s": decimals are written with a point. Did you mean "1.5 s"?'),
        ("time", "3 sek", '"3 sek": "sek" is no unit of time (ms, s, min, h). Did you mean "3 s"?'),
        ("time", "3 m", '"3 m": "m" is no unit of time (ms, s, min, h). Did you mean "3 min"?'),
        ("power", "20 w", '"20 w": "w" is no unit of power (mW, W, kW). Did you mean "20 W"?'),
        ("length", "20 s", '"20 s": "s" is no unit of length (cm, m, km).'),
        ("length", "2 m 30 cm", '"2 m 30 cm" is no length. Write a length such as 30 m.'),
        ("count", "2 lamps", '"2 lamps": a bare number is needed. Did you mean "2"?'),
        ("time", "soon", '"soon" is no time. Write a time such as 30 s.'),
        ("time", "", '"" is no time. Write a time such as 30 s.'),
        ("count", "two", '"two" is no number. Write a number such as 3.'),
    ],
)
def test_parse__refuses_and_proposes(kind: str, written: str, message: str):
    """What is no quantity of the kind is told what to write instead."""
    with pytest.raises(NotAQuantity) as caught:
        parse(kind, written)
    assert str(caught.value) == message


@given(st.sampled_from(sorted(set(KINDS) - {"speed"})), st.integers(-(10**7), 10**7))
def test_show__is_read_back_as_the_same_integer(kind: str, value: int):
    """What we print can be written into a file."""
    assert parse(kind, show(kind, value)) == value


@given(st.integers(0, 10**5))
def test_show__of_a_speed_is_read_back(value: int):
    """A speed is shown in m/s, to the cm/s."""
    assert parse("speed", show("speed", value)) == value


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [("time", 90_000, "90 s"), ("time", 180_000, "3 min"), ("time", 500, "500 ms"), ("time", 0, "0 s"), ("level", 405, "40.5 %")]
    + [
        ("length", 6_600, "66 m"),
        ("length", 66, "66 cm"),
        ("length", 1_650, "16.5 m"),
        ("time", 12_500, "12.5 s"),
        ("time", 12_345, "12345 ms"),
        ("speed", 140, "1.4 m/s"),
        ("power", 20_000, "20 W"),
        ("flux", 3_000, "3000 lm"),
    ],
)
def test_show__takes_the_unit_that_people_use(kind: str, value: int, shown: str):
    """The unit is the largest in which the number stays short."""
    assert show(kind, value) == shown


def test_near_miss__proposes_only_what_is_near():
    """A slip of the pen is named, a different word is not."""
    assert near_miss("hodl", ("hold", "ahead")) == ' Did you mean "hold"?'
    assert near_miss("brightness", ("hold", "ahead")) == ""
