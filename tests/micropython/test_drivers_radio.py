"""Radio and Wi-Fi: they never block and never raise, count what they lose, and come back after an outage."""

from doubles import EspNow, Wlan
from micropython import heap_lock, heap_unlock

from lykta_node.drivers import radio, wifi
from lykta_node.drivers.radio import Radio
from lykta_node.drivers.wifi import Wifi

_A, _B = b"\x02\x00\x00\x00\x00\x01", b"\x02\x00\x00\x00\x00\x02"


def started():
    """A radio that is on, and what it runs on."""
    air, wlan = EspNow(), Wlan()
    unit = Radio(air, 6, wlan)
    assert unit.start()
    return unit, air, wlan


def test_radio__start__sets_channel_and_power_save():
    """Station on, never asleep, on the planned channel, room for 30 frames, broadcast possible."""
    unit, air, wlan = started()
    assert wlan.on
    assert {"pm": 0, "channel": 6} == wlan.set
    assert air.rxbuf >= 2000
    assert [radio.BROADCAST] == air.peers
    assert unit.start()  # again, after an outage
    assert [radio.BROADCAST] == air.peers


def test_radio__start__leaves_the_channel_to_the_access_point():
    """A station that has joined is on its channel, and setting another fails."""
    air, wlan = EspNow(), Wlan()
    wlan.joined = True
    assert Radio(air, 6, wlan).start()
    assert {"pm": 0} == wlan.set


def test_radio__a_radio_that_refuses_to_start_is_counted():
    """Nothing raises; nothing is sent or received; a later start works."""

    class Refuses(EspNow):
        refuse = True

        def active(self, up):
            if self.refuse:
                raise OSError(-12396, "ESP_ERR_ESPNOW_IF")
            EspNow.active(self, up)

    air = Refuses()
    unit = Radio(air, 1, Wlan())
    assert not unit.start()
    assert not unit.send(b"hello")
    assert 0 == unit.receive(bytearray(1470))
    assert 0 == unit.overflows()
    assert (1, 1) == (unit.errors, unit.dropped)
    air.refuse = False
    assert unit.start()
    assert unit.send(b"hello")


def test_radio__sends_to_all_and_never_waits():
    """As many as the queue takes; what is more is dropped and counted, until the queue has emptied."""
    unit, air, _ = started()
    assert [True] * 8 + [False] * 2 == [unit.send(b"frame") for _ in range(10)]
    assert (8, 2) == (unit.sent, unit.dropped)
    air.responses = 5
    assert [True] * 5 + [False] == [unit.send(b"frame") for _ in range(6)]


def test_radio__refuses_frames_of_a_wrong_length():
    """Empty, or longer than the oldest ESP-NOW takes; 250 bytes are taken, as a memoryview too."""
    unit, air, _ = started()
    assert not unit.send(b"")
    assert not unit.send(bytes(251))
    assert unit.send(memoryview(bytes(300))[:250])
    assert 250 == len(air.sent[0])


def test_radio__an_error_of_the_driver_is_counted_not_raised():
    """Whatever ESP-NOW throws, in both directions."""
    unit, air, _ = started()
    for error in (OSError(-12391), ValueError("buffer error"), MemoryError()):

        def fail(*arguments, error=error):
            raise error

        air.send = fail
        air.recvinto = fail
        air.air.append((_A, b"x", -70))
        assert not unit.send(b"frame")
        assert 0 == unit.receive(bytearray(1470))
    assert (6, 3) == (unit.errors, unit.dropped)


def test_radio__receives_what_has_come():
    """Length, content and strength; 0 when there is nothing more."""
    unit, air, _ = started()
    air.air += [(_A, b"first", -70), (_B, b"second one", -83)]
    buffer = bytearray(1470)
    assert (5, -70) == (unit.receive(buffer), unit.rssi)
    assert b"first" == buffer[:5]
    assert (10, -83) == (unit.receive(buffer), unit.rssi)
    assert 0 == unit.receive(buffer)
    assert 2 == unit.received


def test_radio__a_buffer_too_small_loses_the_frame_and_says_so():
    """The ESP32 wants room for the longest frame there can be."""
    unit, air, _ = started()
    air.air.append((_A, b"frame", -70))
    assert 0 == unit.receive(bytearray(250))
    assert 1 == unit.errors


def test_radio__forged_addresses_do_not_fill_the_memory():
    """Each sender is remembered for ever by the ESP32: past 256 nothing is read any more, and the radio counts as silent."""
    unit, air, _ = started()
    buffer = bytearray(1470)
    got = 0
    for number in range(2000):
        air.air.append((number.to_bytes(6, "big"), b"forged", -90))
        got += unit.receive(buffer) > 0
    assert radio.MOST_ADDRESSES == got == len(air.peers_table)
    assert unit.deaf


def test_radio__tells_of_frames_lost_before_they_were_read():
    """From the ESP32's own count."""
    unit, air, _ = started()
    air.lost = 17
    assert 17 == unit.overflows()


def test_radio__receive__needs_no_memory():
    """A thousand polls without a frame, and a frame of a known sender, with the heap locked."""
    unit, air, _ = started()
    buffer = bytearray(1470)
    air.air.append((_A, b"frame", -70))
    unit.receive(buffer)
    air.air.append((_A, b"frame", -71))
    heap_lock()
    try:
        length = unit.receive(buffer)
        for _ in range(1000):
            unit.receive(buffer)
    finally:
        heap_unlock()
    assert (5, -71) == (length, unit.rssi)


# --- Wi-Fi ------------------------------------------------------------------------------------------------------


def run(unit, begin, ms, step=500):
    """Poll for a while; returns when it was joined first, -1 if it was not."""
    joined = -1
    for now in range(begin, begin + ms, step):
        if unit.poll(now % 2**30) and joined < 0:
            joined = now
    return joined


def most(n):
    """A draw that always gives the most."""
    return n - 1


def test_wifi__joins_and_sets_the_station_up_for_the_radio():
    """Within seconds of the start; never asleep, and no scanning of its own."""
    wlan = Wlan()
    wlan.access_point = True
    unit = Wifi(wlan, "street", "secret", most)
    assert 0 < run(unit, 0, 10_000) <= 2_000
    assert {"reconnects": 0, "pm": 0} == wlan.set
    assert (1, 1) == (unit.tries, wlan.connects)


def test_wifi__tries_more_and_more_seldom():
    """A day without access point: each pause at most 15 min, about a hundred tries; an hour at most 10."""
    wlan = Wlan()
    unit = Wifi(wlan, "street", "secret", most)
    run(unit, 0, 3_600_000)
    assert 8 <= unit.tries <= 14
    run(unit, 3_600_000, 82_800_000)
    assert 90 <= unit.tries <= 110
    assert unit.tries == wlan.disconnects + (unit.state == wifi.TRYING)


def test_wifi__pauses_are_drawn():
    """Nodes that lost the access point together come back apart: the pause is what is drawn, on top of 1 s."""
    tries = []
    for share in (0, 1, 3):
        wlan = Wlan()
        unit = Wifi(wlan, "street", "secret", lambda n, share=share: n * share // 4)
        run(unit, 0, 600_000)
        tries.append(unit.tries)
    assert 600 // 21 + 1 == tries[0]  # nothing drawn: 1 s of pause and 20 s of trying
    assert tries[0] > tries[1] > tries[2]


def test_wifi__the_first_try_is_drawn_too():
    """After a power cut a whole street starts at once: it does not join at once."""
    wlan = Wlan()
    wlan.access_point = True
    unit = Wifi(wlan, "street", "secret", lambda n: 700)
    assert 700 == run(unit, 0, 2_000, 50) - 50


def test_wifi__comes_back_after_an_outage():
    """Lost, noticed, and joined again; the pauses begin short again."""
    wlan = Wlan()
    wlan.access_point = True
    unit = Wifi(wlan, "street", "secret", most)
    run(unit, 0, 10_000)
    wlan.joined = wlan.access_point = False
    run(unit, 10_000, 3_600_000)
    assert (1, wifi.JOINED) != (unit.losses, unit.state)
    wlan.access_point = True
    back = run(unit, 3_610_000, 1_000_000)
    assert 0 < back - 3_610_000 <= 921_000
    wlan.joined = False
    again = 5_000_000
    assert again < run(unit, again, 60_000) <= again + 5_000
    assert 2 == unit.losses


def test_wifi__a_wrong_password_is_not_waited_for():
    """The station says that it failed: the try ends after 3 s, not after 20; what it said of the try before does not count."""
    for reason, length in ((202, 3_000), (1001, 20_000)):
        wlan = Wlan()
        wlan.reason = reason
        unit = Wifi(wlan, "street", "wrong", lambda n: 0)
        begin = end = -1
        for now in range(0, 30_000, 100):
            unit.poll(now)
            if unit.state == wifi.TRYING and begin < 0:
                begin = now
            if unit.state == wifi.PAUSE and begin >= 0 and end < 0:
                end = now
        assert length == end - begin


def test_wifi__an_error_of_the_station_is_counted_and_tried_again():
    """`Wifi Internal Error` while it is busy: no exception leaves the driver."""
    wlan = Wlan()
    wlan.refuses = wlan.access_point = True
    unit = Wifi(wlan, "street", "secret", most)
    run(unit, 0, 10_000)
    assert unit.errors > 0
    wlan.refuses = False
    assert run(unit, 10_000, 60_000) > 0


def test_wifi__needs_no_memory_while_nothing_changes():
    """Pausing, trying and joined with the heap locked."""
    wlan = Wlan()
    unit = Wifi(wlan, "street", "secret", most)
    run(unit, 0, 5_000)
    heap_lock()
    try:
        for now in range(5_000, 20_000, 500):
            unit.poll(now)
    finally:
        heap_unlock()
    assert unit.tries > 0
