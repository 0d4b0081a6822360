"""The status LED: its language can be read, and is what its table says."""

from doubles import Pin
from micropython import heap_lock, heap_unlock

from lykta_node.drivers import status_led
from lykta_node.drivers.status_led import SLOT_MS, SLOTS, StatusLed

_ROUND = SLOT_MS * SLOTS
_STATES = range(status_led.WELL, status_led.IDENTIFY + 1)


def pattern(state):
    """What the LED shows in a round: lit or not in each slot."""
    pin = Pin()
    led = StatusLed(pin)
    led.show(0, state)
    shown = []
    for slot in range(SLOTS):
        led.poll(slot * SLOT_MS)
        shown.append(pin.level)
    return shown


def flashes(shown):
    """How often it goes on."""
    return sum(1 for at in range(len(shown)) if shown[at] and not (at and shown[at - 1]))


def test_led__is_on_from_the_start():
    """Before anything else has run it says: starting."""
    pin = Pin()
    assert status_led.BOOT == StatusLed(pin).state
    assert 1 == pin.level


def test_led__flashes_as_often_as_its_table_says():
    """One to six flashes, each well apart, and a pause at the end that nobody takes for one between flashes."""
    counts = (
        (status_led.WELL, 1),
        (status_led.CLOCK, 2),
        (status_led.RADIO, 3),
        (status_led.SENSOR, 4),
        (status_led.LAMP, 5),
        (status_led.SETTINGS, 6),
    )
    for state, count in counts:
        shown = pattern(state)
        assert count == flashes(shown)
        assert count == sum(shown)
        assert [0] * 8 == shown[-8:]


def test_led__tells_every_state_from_every_other():
    """No two patterns are alike."""
    patterns = [pattern(state) for state in _STATES]
    for at in range(len(patterns)):
        assert patterns[at] not in patterns[:at]


def test_led__repeats_its_round_for_ever():
    """Over the wrap of the clock, and after a month without a call."""
    pin = Pin()
    led = StatusLed(pin)
    begin = 2**30 - 10_000
    led.show(begin, status_led.RADIO)
    expected = pattern(status_led.RADIO)
    for slot in range(SLOTS * 6):
        led.poll((begin + slot * SLOT_MS) % 2**30)
        assert expected[slot % SLOTS] == pin.level


def test_led__says_when_to_call_it_again():
    """Called only then, it never misses a slot, and it is called no more than once a second while nothing changes."""
    for state in _STATES:
        pin = Pin()
        led = StatusLed(pin)
        led.show(0, state)
        now, calls, shown = 0, 0, []
        while now < _ROUND:
            pause = led.poll(now)
            calls += 1
            assert 0 < pause <= 1_000 and pause % SLOT_MS == 0
            shown += [pin.level] * (pause // SLOT_MS)
            now += pause
        assert pattern(state) == shown
        assert state != status_led.WELL or calls <= 6, calls


def test_led__flash__is_seen_in_the_dark_of_the_walk_test():
    """A detection is half a second of light, from when it is noted."""
    pin = Pin()
    led = StatusLed(pin)
    led.show(0, status_led.WALK)
    led.poll(0)
    assert 0 == pin.level
    led.flash(1_000)
    assert 1 == pin.level
    assert 500 == led.poll(1_000)
    assert 1 == pin.level
    led.poll(1_499)
    assert 1 == pin.level
    led.poll(1_500)
    assert 0 == pin.level


def test_led__inverted__lights_while_the_pin_is_low():
    """As most boards have it."""
    pin = Pin(1)
    led = StatusLed(pin, inverted=True)
    assert 0 == pin.level
    led.show(0, status_led.WALK)
    led.poll(0)
    assert 1 == pin.level


def test_led__needs_no_memory():
    """A round of every state, and a flash, with the heap locked."""
    pin = Pin()
    led = StatusLed(pin)
    heap_lock()
    try:
        now = 0
        for state in range(status_led.IDENTIFY + 1):
            led.show(now, state)
            led.flash(now)
            for _ in range(40):
                now += led.poll(now)
    finally:
        heap_unlock()
    assert pin.writes > 40
