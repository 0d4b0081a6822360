"""LD2451: targets with their direction, told once a second, known again from report to report, forgotten after silence."""

from doubles import Uart
from micropython import heap_lock, heap_unlock
from radars import THREE, report, targets, told

from lykta_node.drivers.ld2451 import Ld2451


def test_ld2451__reads_the_makers_example():
    """Three targets; direction 1 comes nearer, so only the second has a positive speed."""
    uart = Uart()
    radar = Ld2451(uart)
    uart.feed(THREE)
    assert [(5, 4000, -1667), (5, 3000, 1667), (5, 9500, -1667)] == told(radar, 0)


def test_ld2451__tells_a_target_again_once_a_second():
    """A car that comes nearer at 10 reports a second is one target, told at 0, 1 and 2 s, with the distance of then."""
    uart = Uart()
    radar = Ld2451(uart)
    found = []
    for now in range(0, 2600, 100):
        uart.feed(targets((60 - 14 * now // 1000, 1, 50)))
        found += [(now, distance, speed) for _, distance, speed in told(radar, now)]
    assert [(0, 6000, 1389), (1000, 4600, 1389), (2000, 3200, 1389)] == found


def test_ld2451__a_late_poll_does_not_put_off_the_next():
    """Told once a second by the unit's reports, though a poll sees one 20 ms late and the next at once."""
    uart = Uart()
    radar = Ld2451(uart)
    found = []
    for number in range(41):
        uart.feed(targets((60 - number, 1, 36)))
        now = 100 * number + (20 if number % 20 == 0 else 0)
        found += [now for _ in told(radar, now)]
    assert [20, 1000, 2020, 3000, 4020] == found


def test_ld2451__tells_a_second_target_at_once():
    """Somebody new is told when he appears, in whichever order the report has them."""
    uart = Uart()
    radar = Ld2451(uart)
    uart.feed(targets((60, 1, 50)))
    assert 1 == len(told(radar, 0))
    uart.feed(targets((20, 1, 10), (59, 1, 50)))
    assert [(5, 2000, 278)] == told(radar, 100)
    uart.feed(targets((57, 1, 50), (20, 0, 10)))
    assert [(5, 2000, -278)] == told(radar, 200)


def test_ld2451__two_at_the_same_place_are_two():
    """Targets of one report are never taken for each other, even where two reports come in one poll."""
    uart = Uart()
    radar = Ld2451(uart)
    pair = targets((20, 1, 10), (20, 1, 10))
    uart.feed(pair + pair)
    assert 2 == len(told(radar, 0))


def test_ld2451__reads_at_most_five_targets():
    """A report of eight gives five readings; ten that are empty or of no targets give none."""
    uart = Uart()
    radar = Ld2451(uart)
    uart.feed(targets(*((10 * number, 1, 20) for number in range(1, 9))))
    assert 5 == len(told(radar, 0))
    uart.feed(report(b"") * 5 + targets() * 5)
    assert [] == told(radar, 100)
    assert 11 == radar.reports


def test_ld2451__takes_the_number_of_targets_from_the_length():
    """Alarm before number, as some describe it, loses nobody."""
    uart = Uart()
    radar = Ld2451(uart)
    swapped = bytearray(THREE)
    swapped[6], swapped[7] = swapped[7], swapped[6]
    uart.feed(swapped)
    assert 3 == len(told(radar, 0))


def test_ld2451__refuses_lengths_that_hold_no_targets():
    """Two bytes and five for each target: any other length is counted and dropped."""
    uart = Uart()
    radar = Ld2451(uart)
    for length in range(1, 28):
        uart.feed(report(bytes(length)))
        told(radar, length)
    assert 21 == radar.refused
    assert 6 == radar.reports


def test_ld2451__a_target_is_forgotten_after_silence():
    """After 1.5 s without it, whether the unit falls silent or reports nobody, the same place is somebody new."""
    for quiet in (b"", report(b"")):
        uart = Uart()
        radar = Ld2451(uart)
        uart.feed(targets((20, 1, 10)))
        assert 1 == len(told(radar, 0))
        for now in range(100, 1600, 100):
            uart.feed(quiet)
            assert [] == told(radar, now)
        uart.feed(targets((20, 1, 10)))
        assert 1 == len(told(radar, 1600))
        # The same with a gap of half a second: the target is known again and not told before its second is over.
        uart.feed(targets((19, 1, 10)))
        assert [] == told(radar, 2100)


def test_ld2451__a_speed_of_0_is_told_as_it_is():
    """Close by the unit may read 0 km/h: there is somebody, of unknown direction."""
    uart = Uart()
    radar = Ld2451(uart)
    uart.feed(targets((2, 1, 0)))
    assert [(5, 200, 0)] == told(radar, 0)


def test_ld2451__a_target_that_sticks_is_a_fault_in_10_minutes():
    """The same 3 m at 0 km/h, ten times a second: told all the while, not alive after 10 min, and alive again 1.5 s after it has gone."""
    uart = Uart()
    radar = Ld2451(uart)
    frame = targets((3, 1, 0))
    ended = count = 0
    for now in range(0, 620_000, 500):
        uart.feed(frame)
        count += len(told(radar, now))
        if not radar.alive(now) and not ended:
            ended = now
    assert 600_000 == ended
    assert 620 == count
    told(radar, 621_500)
    assert radar.alive(621_500)


def test_ld2451__who_comes_and_goes_at_the_same_place_is_no_fault():
    """A target at 20 m for a second, every three seconds for 20 min, with reports of nobody between them or with silence."""
    for quiet in (b"", report(b"")):
        uart = Uart()
        radar = Ld2451(uart)
        for now in range(0, 1_200_000, 250):
            uart.feed(targets((20, 1, 10)) if now % 3000 < 1000 else quiet)
            told(radar, now)
            assert radar.alive(now)


def test_ld2451__a_target_is_known_again_after_lost_reports():
    """A car that speeds up from 50 to 90 km/h within 0.9 s without a report: 18 m on it is the same one; 30 m on it is another."""
    for distance, count in ((42, 0), (30, 1)):
        uart = Uart()
        radar = Ld2451(uart)
        uart.feed(targets((60, 1, 50)))
        assert 1 == len(told(radar, 0))
        uart.feed(targets((distance, 1, 90)))
        assert count == len(told(radar, 900))


def test_ld2451__a_target_of_12_days_ago_is_not_known_again():
    """The clock has gone round since: the same place is somebody new, told at once."""
    uart = Uart()
    radar = Ld2451(uart)
    uart.feed(targets((20, 1, 10)))
    assert 1 == len(told(radar, 100))
    assert [] == told(radar, 2_000)
    uart.feed(targets((20, 1, 10)))
    assert 1 == len(told(radar, 200))  # 2^30 ms later


def test_ld2451__needs_no_memory():
    """Five targets that move, over the wrap of the clock, with the heap locked."""
    uart = Uart()
    radar = Ld2451(uart)
    count = 0
    begin = 2**30 - 3000
    for step in range(60):
        uart.feed(targets(*((100 - step - 7 * number, number & 1, 36) for number in range(5))))
        now = (begin + 100 * step) % 2**30
        heap_lock()
        try:
            while radar.poll(now):
                count += 1
            radar.alive(now)
        finally:
            heap_unlock()
    assert 5 * 6 <= count <= 5 * 12, count
