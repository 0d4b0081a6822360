"""LD2410: presence that goes on and off, phantoms, reports that make no sense, silence."""

from doubles import Uart
from micropython import heap_lock, heap_unlock
from radars import STILL, NoMemory, presence_report, report, told

from lykta_node.drivers.ld2410 import Ld2410


def test_ld2410__tells_when_somebody_comes_and_goes():
    """The maker's example (somebody stands) and its end; in between nothing is told twice."""
    uart = Uart()
    radar = Ld2410(uart)
    uart.feed(STILL)
    assert [(1, 0, 0)] == told(radar, 0)
    uart.feed(STILL + presence_report(3, 120, 60, 130, 120))
    assert [] == told(radar, 100)
    uart.feed(presence_report(0))
    assert [(2, 120, 0)] == told(radar, 200)


def test_ld2410__reads_the_engineering_report_too():
    """Type 01 has more behind, and its end stands at the very end."""
    uart = Uart()
    radar = Ld2410(uart)
    content = bytes((1, 0xAA, 1, 100, 0, 60, 0, 0, 0, 100, 0)) + bytes(22) + b"\x55\x00"
    uart.feed(report(content))
    assert [(1, 100, 0)] == told(radar, 0)


def test_ld2410__does_not_believe_a_phantom_at_distance_0():
    """One report of somebody who moves at 0 cm is not told, whatever its energy; nor does it end what was there."""
    for energy in (91, 100):
        uart = Uart()
        radar = Ld2410(uart)
        uart.feed(presence_report(0) + presence_report(1, 0, energy) + presence_report(0))
        assert [] == told(radar, 0)
        assert 1 == radar.phantoms
        uart.feed(STILL + presence_report(1, 0, energy))
        assert [(1, 0, 0)] == told(radar, 100)


def test_ld2410__believes_the_third_report_at_distance_0():
    """Somebody who really is there has light 0.2 s later, not never."""
    uart = Uart()
    radar = Ld2410(uart)
    phantom = presence_report(1, 0, 100)
    uart.feed(phantom + phantom + presence_report(0) + phantom + phantom)
    assert [] == told(radar, 0)
    uart.feed(phantom)
    assert [(1, 0, 0)] == told(radar, 100)


def test_ld2410__refuses_reports_that_make_no_sense():
    """Too short, of another type, without their marks or with a state that there is not: counted, never believed."""
    good = presence_report(1, 100, 60, 0, 100)[6:-4]
    marks = [good[:-2] + b"\x55\x01", good[:-2] + b"\x54\x00", b"\x02\xab" + good[2:]]
    bad = [good[:12], b"\x03" + good[1:], good[:2] + b"\x04" + good[3:], b""] + marks
    uart = Uart()
    radar = Ld2410(uart)
    for content in bad:
        uart.feed(report(content))
        assert [] == told(radar, 0)
    assert len(bad) == radar.refused
    assert 0 == radar.reports


def test_ld2410__lets_go_when_the_unit_falls_silent():
    """After 1.5 s without a report nobody is there any more, over the wrap of the clock too."""
    for begin in (0, 2**30 - 700):
        uart = Uart()
        radar = Ld2410(uart)
        uart.feed(STILL)
        assert 1 == len(told(radar, begin))
        assert [] == told(radar, (begin + 1499) % 2**30)
        assert [2] == [kind for kind, _, _ in told(radar, (begin + 1500) % 2**30)]
        assert [] == told(radar, (begin + 1600) % 2**30)


def test_ld2410__needs_no_memory():
    """Reports, phantoms, silence and questions with the heap locked."""
    uart = Uart()
    radar = Ld2410(uart)
    uart.sent = NoMemory()
    uart.feed(STILL + presence_report(0) + presence_report(1, 0, 95) + b"noise")
    count = 0
    heap_lock()
    try:
        for now in range(0, 30_000, 250):
            while radar.poll(now):
                count += 1
            radar.alive(now)
    finally:
        heap_unlock()
    assert 2 == count
    assert 0 < uart.sent.count
