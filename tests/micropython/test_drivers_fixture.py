"""The fixture: full first, a curve that is inverted exactly enough, a lowest stable level, and never dark by a bad file."""

from doubles import Pwm
from micropython import heap_lock, heap_unlock

from lykta_node.drivers import fixture
from lykta_node.drivers.fixture import DUTY, FULL, Fixture

_LINE = ((0, 0), (1000, 1000))
# A driver on 0-10 V: nothing below 1 V, all it has from 8 V on, bent in between.
_BENT = ((0, 0), (100, 80), (350, 300), (600, 700), (800, 1000), (1000, 1000))
_STEEP = ((0, 0), (1, 950), (1000, 1000))
_CURVES = (_LINE, _BENT, _STEEP, ((120, 50), (1000, 1000)), ((0, 0), (500, 1), (501, 999), (1000, 1000)))


def flux(curve, duty):
    """What a driver gives at a duty (16 bit) [permille, exact as a fraction of DUTY]: the curve read forwards, as the twin does."""
    place = duty * FULL
    for at in range(1, len(curve)):
        low, high = curve[at - 1], curve[at]
        if place <= high[0] * DUTY:
            return low[1] + (high[1] - low[1]) * max(0, place - low[0] * DUTY) / ((high[0] - low[0]) * DUTY)
    return curve[-1][1]


def test_fixture__is_full_before_anything_else():
    """Making the driver writes full, whatever the PWM was before."""
    pwm = Pwm()
    lamp = Fixture(pwm, _BENT, 100)
    assert (DUTY, FULL) == (pwm.duty, lamp.level)
    assert DUTY == fixture.full_duty(False)


def test_fixture__gives_the_flux_that_is_asked_for():
    """There and back: never less than asked for, at most 1 permille more where 16 bits can tell; for every level of every curve."""
    for curve in _CURVES:
        pwm = Pwm()
        lamp = Fixture(pwm, curve, 1)
        for level in range(1, FULL + 1):
            lamp.show(level)
            given = flux(curve, pwm.duty)
            steepest = max((curve[at][1] - curve[at - 1][1]) / (curve[at][0] - curve[at - 1][0]) for at in range(1, len(curve)))
            assert given >= level - 1e-6, (curve, level, given)
            if level > curve[0][1] and level < FULL:
                assert given <= level + max(1, steepest * FULL / DUTY), (curve, level, given)


def test_fixture__is_monotone():
    """More level never means less duty, nor the other way round."""
    for curve in _CURVES:
        pwm = Pwm()
        lamp = Fixture(pwm, curve, 1)
        lamp.show(0)
        last = pwm.duty
        for level in range(1, FULL + 1):
            lamp.show(level)
            assert pwm.duty >= last
            last = pwm.duty
        assert DUTY == last


def test_fixture__never_goes_below_the_lowest_stable_level():
    """Below it a driver flickers: there is nothing between it and off."""
    pwm = Pwm()
    lamp = Fixture(pwm, _BENT, 100)
    lamp.show(100)
    lowest = pwm.duty
    for level in (1, 50, 99):
        lamp.show(level)
        assert (lowest, 100) == (pwm.duty, lamp.level)
    lamp.show(0)
    assert (0, 0) == (pwm.duty, lamp.level)


def test_fixture__levels_out_of_range_are_brought_into_it():
    """Less than nothing is off, more than full is full."""
    pwm = Pwm()
    lamp = Fixture(pwm, _BENT, 100)
    lamp.show(-5)
    assert 0 == pwm.duty
    lamp.show(1500)
    assert (DUTY, FULL) == (pwm.duty, lamp.level)


def test_fixture__inverted__means_full_at_low():
    """An inverting stage: the same curve, upside down, and an output that does nothing is full."""
    straight, turned = Pwm(), Pwm()
    one = Fixture(straight, _BENT, 100)
    other = Fixture(turned, _BENT, 100, inverted=True)
    assert 0 == turned.duty == fixture.full_duty(True)
    for level in range(0, FULL + 1, 7):
        one.show(level)
        other.show(level)
        assert DUTY == straight.duty + turned.duty


def test_fixture__a_bad_curve_is_full_light():
    """Falling, empty, short, of text, out of range, or with a lowest level that is none: bright, and reported."""
    bad = (
        (),
        None,
        7,
        ((0, 0),),
        ((0, 0), (500, 1000)) + ((400, 1000),),
        ((0, 0), (500, 800), (1000, 700)),
        ((0, 0), (1000, 900)),
        ((0, 1000), (1000, 1000)),
        ((-1, 0), (1000, 1000)),
        ((0, 0), (1001, 1000)),
        ((0, 0), ("x", 5), (1000, 1000)),
        ((0,), (1000, 1000)),
        ((0, 0), (0.5, 700), (1000, 1000)),
        ((0, 0, 0), (1000, 1000)),
    )
    for curve in bad:
        pwm = Pwm()
        lamp = Fixture(pwm, curve, 100)
        assert lamp.curve_bad, curve
        lamp.show(300)
        assert DUTY == pwm.duty
        lamp.show(0)
        assert 0 == pwm.duty
    for lowest in (0, -1, 1001, None, 0.5):
        pwm = Pwm()
        lamp = Fixture(pwm, _LINE, lowest)
        assert lamp.curve_bad
        lamp.show(300)
        assert DUTY == pwm.duty
    assert not Fixture(Pwm(), _LINE, 100).curve_bad


def test_fixture__takes_the_curve_as_json_has_it():
    """Lists instead of tuples."""
    lamp = Fixture(Pwm(), [[0, 0], [1000, 1000]], 100)
    assert not lamp.curve_bad


def test_fixture__writes_only_what_is_new():
    """The same level twice is one write: each write starts the PWM's period anew."""
    pwm = Pwm()
    lamp = Fixture(pwm, _LINE, 100)
    lamp.show(500)
    writes = pwm.writes
    lamp.show(500)
    lamp.show(500)
    assert writes == pwm.writes


def test_fixture__stays_within_30_bits_and_needs_no_memory():
    """A sweep with the heap locked; the products of the inverse are bounded by construction: 1000 * 65,535 and 1000 * 1000."""
    pwm = Pwm()
    lamp = Fixture(pwm, _BENT, 100)
    heap_lock()
    try:
        for level in range(1001):
            lamp.show(level)
        lamp.full()
    finally:
        heap_unlock()
    assert DUTY == pwm.duty
