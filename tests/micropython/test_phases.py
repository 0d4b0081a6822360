"""The sun and the phases on the node: the same integers as on the host, and no memory needed."""

from array import array

from micropython import heap_lock, heap_unlock

from lykta_node.core import phases

# day since 2000-01-01, latitude, longitude in 1e-4 degrees -> state, sunset, sunrise; made by CPython.
_NIGHTS = (
    (9497, 679000, 203000, (0, -47858, 80905)),
    (9497, 592950, 180484, (0, 7151, 70998)),
    (9497, 0, -785000, (0, 40885, 83664)),
    (9497, -350000, 1491000, (0, -9547, 24820)),
    (9575, 679000, 203000, (0, 17727, 59696)),
    (9575, 592950, 180484, (0, 18121, 60417)),
    (9575, 0, -785000, (0, 41080, 83870)),
    (9575, -350000, 1491000, (0, -13471, 29228)),
    (9668, 679000, 203000, (1, 38438, 38438)),
    (9668, 592950, 180484, (0, 29276, 48693)),
    (9668, 0, -785000, (0, 40775, 83544)),
    (9668, -350000, 1491000, (0, -18039, 33093)),
    (9844, 679000, 203000, (2, -48394, 124406)),
    (9844, 592950, 180484, (0, 6445, 70702)),
    (9844, 0, -785000, (0, 40351, 83129)),
    (9844, -350000, 1491000, (0, -10033, 24223)),
    (9855, 679000, 203000, (2, -48069, 124731)),
    (9855, 592950, 180484, (0, 6668, 71087)),
    (9855, 0, -785000, (0, 40676, 83454)),
    (9855, -350000, 1491000, (0, -9672, 24519)),
    (11000, 679000, 203000, (0, 9515, 68673)),
    (11000, 592950, 180484, (0, 12821, 66523)),
    (11000, 0, -785000, (0, 41497, 84285)),
    (11000, -350000, 1491000, (0, -10732, 27294)),
    (13513, 679000, 203000, (2, -47909, 124891)),
    (13513, 592950, 180484, (0, 7018, 71036)),
    (13513, 0, -785000, (0, 40835, 83614)),
    (13513, -350000, 1491000, (0, -9571, 24742)),
)


def test_sun__gives_the_integers_of_the_host():
    """MicroPython and CPython work out the same second."""
    out = array("i", [0] * phases.SUN)
    for day, latitude, longitude, wanted in _NIGHTS:
        phases.sun(day, latitude, longitude, out)
        assert tuple(out[:3]) == wanted, (day, latitude, tuple(out[:3]), wanted)


def test_sun__and_schedule_need_no_memory():
    """A whole night is worked out with the heap locked."""
    out = array("i", [0] * phases.SUN)
    starts = array("i", (phases.SUNSET, -15, phases.CLOCK, 1380, phases.SUNRISE, 10))
    begins = array("i", (0, 0, 0))
    heap_lock()
    try:
        phases.sun(9844, 592950, 180484, out)
        phases.schedule(starts, 2, out, 60, 86400, 60, begins)
    finally:
        heap_unlock()
    assert tuple(begins) == (9145000, 39600000, 74902000)
