"""Talks with a radar: commands with acknowledgement, and how silence without targets is told from a fault."""

from doubles import Uart
from radars import ENABLE, END, STILL, THREE, answer, told

from lykta_node.core import presence
from lykta_node.drivers import hilink, ld2410, ld2451, pir
from lykta_node.drivers.ld2410 import Ld2410
from lykta_node.drivers.ld2451 import Ld2451
from lykta_node.drivers.stream import command


def test_codes__are_those_of_the_core():
    """Drivers may not import the core, so their kinds of reading are compared here."""
    assert presence.EDGE_ON == pir.EDGE_ON == ld2410.EDGE_ON
    assert presence.EDGE_OFF == pir.EDGE_OFF == ld2410.EDGE_OFF
    assert presence.TARGET == ld2451.TARGET


def run(radar, uart, replies, begin, ms):
    """Let time pass; each command is answered by what `replies` has for its code, at the next poll. Returns when `alive` became what."""
    changes = []
    alive = radar.alive(begin)
    for now in range(begin, begin + ms, 50):
        told(radar, now)
        if radar.alive(now) != alive:
            alive = not alive
            changes.append((now, alive))
        for frame in uart.sent:
            uart.feed(replies.get(frame[6], b""))
        uart.sent.clear()
    return changes


_ALL = {
    0xFF: answer(0xFF, 0, b"\x01\x00@\x00"),
    0xFE: answer(0xFE),
    0x61: answer(0x61, 0, bytes(24)),
    0x12: answer(0x12, 0, b"\x64\x02\x05\x02"),
}


def test_alive__a_unit_that_answers_may_be_silent():
    """An LD2451 without targets is asked 2 s after the start and then every 9.5 min, and stays alive through a night."""
    uart = Uart()
    radar = Ld2451(uart)
    asked = []
    for now in range(0, 3_600_000, 50):
        told(radar, now)
        assert radar.alive(now)
        for frame in uart.sent:
            if frame[6] == 0xFF:
                asked.append(now)
            uart.feed(_ALL[frame[6]])
        uart.sent.clear()
    assert 2000 == asked[0]
    assert 7 == len(asked)
    assert max(asked[at + 1] - asked[at] for at in range(6)) <= 571_000


def test_alive__a_unit_that_is_not_there_is_known_5_s_after_the_start():
    """Three tries of the question and three of its end, half a second each; a minute later it is asked again, and found."""
    uart = Uart()
    radar = Ld2451(uart)
    assert [(5000, False)] == run(radar, uart, {}, 0, 60_000)
    assert [(65_050, True)] == run(radar, uart, _ALL, 60_000, 10_000)


def test_alive__a_fault_of_the_cable_is_known_within_10_minutes():
    """A unit that reported and then loses its cable: an LD2410 in 13 s, an LD2451 in 573."""
    for radar_of, frame, known in ((Ld2410, STILL, 13_000), (Ld2451, THREE, 573_000)):
        uart = Uart()
        radar = radar_of(uart)
        uart.feed(frame)
        assert [(known, False)] == run(radar, uart, {}, 0, 600_000)


def test_next_due__never_misses_what_it_would_do():
    """A radar that is looked at only when it asks for it, or something has come, does the same at the same ms as one that is polled."""
    feeds = ((300, STILL), (2_100, STILL[:9]), (2_400, STILL), (4_000, b"\xf4\xf3\x07"), (9_000, STILL))
    for radar_of in (Ld2410, Ld2451):
        done = []
        for sparse in (False, True):
            uart = Uart()
            radar = radar_of(uart)
            seen = []
            now = begin = 2**30 - 5_000
            coming = list(feeds)
            while now - begin < 900_000:
                while coming and coming[0][0] <= now - begin:
                    uart.feed(coming.pop(0)[1])
                seen += [(now - begin,) + reading for reading in told(radar, now)]
                alive = radar.alive(now)
                seen += [(now - begin, frame[6]) for frame in uart.sent]
                seen.append((now - begin, alive)) if not seen or seen[-1][-1] != alive else None
                for frame in uart.sent:
                    if now - begin < 300_000:
                        uart.feed(_ALL.get(frame[6], b""))
                uart.sent.clear()
                due = max(20, (radar.next_due(now) + 19) // 20 * 20) if sparse and not uart.any() else 20
                wait = (coming[0][0] + 19) // 20 * 20 - (now - begin) if coming else due
                now += max(20, min(due, wait))
            done.append((seen, radar.reports, radar.garbage()))
        assert done[0] == done[1], done


def test_alive__a_report_is_a_sign_of_life():
    """A unit that was given up and reports again is alive at once."""
    uart = Uart()
    radar = Ld2410(uart)
    run(radar, uart, {}, 0, 10_000)
    assert not radar.alive(10_000)
    uart.feed(STILL)
    told(radar, 10_050)
    assert radar.alive(10_050)


def test_alive__noise_is_no_sign_of_life():
    """A line that carries only noise, or answers that nobody asked for, does not make a unit live."""
    uart = Uart()
    radar = Ld2451(uart)
    now = 0
    while radar.alive(now) and now < 20_000:
        told(radar, now)
        uart.feed(bytes((now >> 3 & 255, 0xF4, 0xF3, 0xFD)) + answer(0xA0))
        now += 50
    assert 5000 == now
    assert 0 < radar.garbage()
    assert 0 < radar.refused


def test_configure__sends_each_step_after_the_answer_to_the_last():
    """Enable, the commands, end; each only once it is answered, each frame as the maker describes it."""
    uart = Uart()
    radar = Ld2451(uart)
    told(radar, 0)
    radar.set_detection(0, 100, 5, 2, 1, 4)
    sent = list(uart.sent)
    replies = {0xFF: answer(0xFF), 2: answer(2), 3: answer(3), 0xFE: answer(0xFE)}
    for now in range(50, 1000, 50):
        waiting = uart.sent[:]
        uart.sent.clear()
        for frame in waiting:
            uart.feed(replies[frame[6]])
        told(radar, now)
        radar.alive(now)
        sent += uart.sent
    assert [ENABLE, command(2, b"\x64\x02\x05\x02"), command(3, b"\x01\x04\x00\x00"), END] == sent
    assert hilink.DONE == radar.talk


def test_configure__ld2410_sets_its_range_in_one_command():
    """Gates and hold as three numbered values of four bytes."""
    uart = Uart()
    radar = Ld2410(uart)
    told(radar, 0)
    radar.set_range(0, 8, 300)
    uart.sent.clear()
    uart.feed(answer(0xFF))
    told(radar, 50)
    value = bytes.fromhex("00000800000001000800000002002c010000")
    assert [command(0x60, value)] == uart.sent


def test_configure__a_lost_answer_is_asked_for_again():
    """Each answer is lost once: the talk takes half a second more for each, and is done."""
    uart = Uart()
    radar = Ld2451(uart)
    told(radar, 0)
    radar.set_detection(0, 100, 0, 2, 1, 4)
    tries = {}
    for now in range(50, 5000, 50):
        waiting = uart.sent[:]
        uart.sent.clear()
        for frame in waiting:
            code = frame[6]
            tries[code] = tries.get(code, 0) + 1
            if tries[code] == 2:
                uart.feed(answer(code))
        told(radar, now)
        radar.alive(now)
    assert hilink.DONE == radar.talk
    assert {0xFF: 2, 2: 2, 3: 2, 0xFE: 2} == tries


def test_configure__ends_the_configuration_whatever_was_refused():
    """A unit reports nothing while it is being configured: it is never left there."""
    for refused in (0xFF, 2, 3):
        uart = Uart()
        radar = Ld2451(uart)
        told(radar, 0)
        radar.set_detection(0, 100, 0, 2, 1, 4)
        codes = []
        for now in range(50, 5000, 50):
            waiting = uart.sent[:]
            uart.sent.clear()
            for frame in waiting:
                codes.append(frame[6])
                uart.feed(answer(frame[6], int(frame[6] == refused)))
            told(radar, now)
            assert radar.alive(now)
        assert 0xFE == codes[-1]
        assert hilink.FAILED == radar.talk


def test_configure__an_answer_to_another_command_does_not_count():
    """A late answer to the step before is not taken for this one's, nor one that is too short."""
    uart = Uart()
    radar = Ld2451(uart)
    told(radar, 0)
    radar.set_detection(0, 100, 0, 2, 1, 4)
    uart.feed(answer(0xFF) + answer(0xFF) + command(0x0102, b"\x00"))
    told(radar, 50)
    assert [ENABLE, command(2, b"\x64\x02\x00\x02")] == uart.sent
    assert 2 == radar.refused
