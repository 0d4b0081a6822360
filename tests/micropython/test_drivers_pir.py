"""The PIR: polled edges, warm-up and blind time."""

from doubles import Pin
from micropython import heap_lock, heap_unlock

from lykta_node.drivers.pir import EDGE_OFF, EDGE_ON, NEVER, Pir

_WARM_UP = 60_000
_BLIND = 2_500


def watched(pir, pin, levels, begin, end, step=50):
    """Poll from `begin` to `end`; `levels` says from when on the pin has which level. Returns (time, edge) of what was told."""
    told = []
    for now in range(begin, end, step):
        for since, level in levels:
            if now >= since:
                pin.level = level
        edge = pir.poll(now % 2**30)
        if edge:
            told.append((now, edge))
    return told


def test_pir__tells_the_edges():
    """On and off at the poll that first sees them, each once."""
    pin = Pin()
    pir = Pir(pin, 0, 0)
    assert [(100, EDGE_ON), (5000, EDGE_OFF)] == watched(pir, pin, [(0, 0), (100, 1), (5000, 0)], 0, 9000)


def test_pir__is_blind_while_it_warms_up():
    """Whatever the output does in the first minute means nothing; the minute begins at the first poll."""
    pin = Pin()
    pir = Pir(pin, _WARM_UP, _BLIND)
    levels = [(5000 * number, number & 1) for number in range(12)] + [(59_000, 0), (70_000, 1)]
    assert [(70_000, EDGE_ON)] == watched(pir, pin, levels, 1_000, 80_000)


def test_pir__warming__ends_with_the_warm_up():
    """It says that it cannot see, so that the lamp can be bright meanwhile."""
    pin = Pin()
    pir = Pir(pin, _WARM_UP, _BLIND)
    assert pir.warming()
    watched(pir, pin, [(0, 0)], 0, 60_000)
    pir.poll(59_999)
    assert pir.warming()
    pir.poll(60_000)
    assert not pir.warming()


def test_pir__an_output_that_is_on_after_the_warm_up_is_somebody():
    """Stuck high from the start is told, so that it can be found out."""
    pin = Pin(1)
    pir = Pir(pin, _WARM_UP, _BLIND)
    assert [(60_000, EDGE_ON)] == watched(pir, pin, [], 0, 700_000, 500)


def test_pir__noise_in_the_blind_time_is_nobody():
    """The chip sees nothing for 2.5 s after its output fell: an edge then comes from the supply, and is not told."""
    pin = Pin()
    pir = Pir(pin, 0, _BLIND)
    levels = [(0, 1), (1000, 0), (1200, 1), (1300, 0), (2000, 1), (2100, 0)]
    assert [(0, EDGE_ON), (1000, EDGE_OFF)] == watched(pir, pin, levels, 0, 9000)


def test_pir__who_is_still_there_after_the_blind_time_is_told_at_once():
    """The chip sees again 2.5 s after its output fell, which a poll noticed up to 50 ms late: no poll is waited for in vain."""
    for fell in range(1000, 1050):
        pin = Pin()
        pir = Pir(pin, 0, _BLIND)
        told = watched(pir, pin, [(0, 1), (fell, 0), (fell + _BLIND, 1)], 0, 9000)
        assert EDGE_ON == told[2][1]
        assert 0 <= told[2][0] - (fell + _BLIND) < 50


def test_pir__next_due__never_misses_what_it_would_say():
    """Polled only when the pin changes and when it asked to be, it says the same as polled all the time."""
    changes = [(10, 1), (58_000, 0), (59_990, 1), (70_000, 0), (71_000, 1), (90_000, 0), (91_000, 1), (91_100, 0)]
    pin = Pin()
    often = watched(Pir(pin, _WARM_UP, _BLIND), pin, [(0, 0)] + changes, 0, 120_000, 10)
    pin = Pin()
    pir = Pir(pin, _WARM_UP, _BLIND)
    told = []
    now = 0
    while now < 120_000:
        for since, level in [(0, 0)] + changes:
            if now >= since:
                pin.level = level
        edge = pir.poll(now)
        if edge:
            told.append((now, edge))
        coming = [since for since, _ in changes if since > now] + [120_000]
        now = min(coming[0], now + max(10, pir.next_due(now)))
    assert often == told
    assert 4 == len(often)


def test_pir__next_due__is_never_while_only_the_pin_can_change():
    """On or off, it waits for the pin alone."""
    pin = Pin()
    pir = Pir(pin, 0, _BLIND)
    assert 0 == pir.next_due(0)
    pir.poll(0)
    assert NEVER == pir.next_due(0)
    pin.level = 1
    pir.poll(10)
    assert NEVER == pir.next_due(10)
    pin.level = 0
    pir.poll(20)
    assert 0 < pir.next_due(20) <= _BLIND


def test_pir__keeps_its_times_over_the_wrap_of_the_clock():
    """Warm-up and blind time that begin before 2^30 ms end after it."""
    begin = 2**30 - 30_000
    pin = Pin()
    pir = Pir(pin, _WARM_UP, _BLIND)
    levels = [(begin, 0), (begin + 59_000, 1)]
    assert [(begin + 60_000, EDGE_ON)] == watched(pir, pin, levels, begin, begin + 70_000)


def test_pir__a_quiet_month_is_no_new_blind_time():
    """The blind time of an edge is not taken for a new one when the clock has gone round."""
    pin = Pin(1)
    pir = Pir(pin, 0, _BLIND)
    pir.poll(0)
    pin.level = 0
    assert EDGE_OFF == pir.poll(1000)
    assert 0 == pir.poll(5000)
    pin.level = 1
    assert EDGE_ON == pir.poll(1500)  # 2^30 ms later


def test_pir__inverted__sees_while_the_pin_is_low():
    """An open-collector output."""
    pin = Pin(1)
    pir = Pir(pin, 0, _BLIND, inverted=True)
    assert [(100, EDGE_ON), (5000, EDGE_OFF)] == watched(pir, pin, [(0, 1), (100, 0), (5000, 1)], 0, 9000)


def test_pir__needs_no_memory():
    """Every state with the heap locked."""
    pin = Pin()
    pir = Pir(pin, 1000, _BLIND)
    edges = 0
    heap_lock()
    try:
        for now in range(0, 60_000, 50):
            pin.level = now // 5000 & 1
            if pir.poll(now):
                edges += 1
            pir.next_due(now)
    finally:
        heap_unlock()
    assert 11 == edges
