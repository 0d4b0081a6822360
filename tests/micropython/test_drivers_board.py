"""The drivers on the virtual board: the real names of the ESP32's modules, bytes at the speed of the line, time that passes."""

import time

import machine
from esp32 import NVS
from espnow import MAX_DATA_LEN, ESPNow
from network import WLAN
from radars import STILL, THREE, answer, presence_report
from vboard import DUTY, LUX, PIN, PIN_OUT, RADIO_IN, RADIO_OUT, UART_IN, UART_OUT, WIFI, board

from lykta_node.drivers import fixture, status_led
from lykta_node.drivers.fixture import Fixture
from lykta_node.drivers.ld2410 import Ld2410
from lykta_node.drivers.ld2451 import Ld2451
from lykta_node.drivers.light_sensor import LightSensor
from lykta_node.drivers.meter import Meter
from lykta_node.drivers.pir import EDGE_OFF, EDGE_ON, Pir
from lykta_node.drivers.radio import Radio
from lykta_node.drivers.status_led import StatusLed
from lykta_node.drivers.store import Store
from lykta_node.drivers.wifi import Wifi

_NEIGHBOUR = b"\x24\x6f\x28\x00\x00\x02"


def polled(ms, *polls):
    """Let time pass in steps of 20 ms; each step calls all. Returns [(ms, what)] of every poll that said something."""
    said = []
    for _ in range(ms // 20):
        now = time.ticks_ms()
        for poll in polls:
            what = poll(now)
            if what:
                said.append((now, what))
        board.advance(20)
    return said


def first(ms, poll):
    """Let time pass until a poll says something, at most `ms`; whether it did."""
    end = board.now + ms
    while board.now < end:
        if poll(time.ticks_ms()):
            return True
        board.advance(20)
    return False


def test_board__pir__sees_the_pin():
    """Edges of the pin, over the wrap of the ESP32's clock."""
    board.shift = (1 << 30) - 3000
    pir = Pir(machine.Pin(27, machine.Pin.IN), 1000, 2500)
    board.at(2010, PIN, 27, 1)
    board.at(5010, PIN, 27, 0)
    board.at(7510, PIN, 27, 1)
    said = polled(9000, pir.poll)
    assert [EDGE_ON, EDGE_OFF, EDGE_ON] == [edge for _, edge in said]
    assert [(1 << 30) - 3000 + 2020, 2020, 4520] == [now for now, _ in said]


def test_board__ld2410__at_256000_baud():
    """Reports ten times a second for 3 s; it goes on at the first and off 1.5 s after the last."""
    radar = Ld2410(machine.UART(1, 256000, tx=19, rx=18))
    for number in range(30):
        board.at(100 + 100 * number, UART_IN, 1, 256000, STILL if number % 10 else presence_report(2, 0, 0, 150, 150))
    said = polled(6000, lambda now: radar.poll(now) and radar.kind)
    assert [1, 2] == [kind for _, kind in said]
    assert 100 <= said[0][0] <= 140
    assert 4500 <= said[1][0] <= 4540


def test_board__ld2451__at_the_wrong_speed_is_no_sign_of_life():
    """A unit set to another speed sends only garbage: no reading, and not alive 5 s after the start."""
    radar = Ld2451(machine.UART(2, 115200, tx=17, rx=16))
    for number in range(100):
        board.at(100 * number, UART_IN, 2, 256000, THREE)
    assert [] == polled(1000, radar.poll)
    said = polled(7000, radar.poll, radar.alive)
    assert 4980 <= said[-1][0] <= 5020
    assert radar.garbage() > 0


def test_board__ld2451__is_asked_over_the_wire():
    """The question goes out at 115200 baud; the answer comes in, split by polls at 20 ms, and it lives."""
    radar = Ld2451(machine.UART(2, 115200, tx=17, rx=16))
    alive = True
    for _ in range(1000):
        now = time.ticks_ms()
        while radar.poll(now):
            pass
        alive = radar.alive(now) and alive
        for _, uart, baud, frame in board.sent(UART_OUT, 2):
            board.at(board.now + 30, UART_IN, uart, baud, answer(frame[6], 0, b"\x64\x02\x05\x02"))
        board.advance(20)
    assert alive
    assert 0 == radar.garbage()


def test_board__meter__at_4800_baud():
    """Question out, packet in over 50 ms."""
    meter = Meter(machine.UART(1, 4800, tx=19, rx=18))
    data = b"\x55" + bytes(9) + b"\x48\x17\x00" + bytes(9)
    board.at(10, UART_IN, 1, 4800, data + bytes((~(0x58 + sum(data)) & 255,)))
    said = polled(200, meter.poll)
    assert 1 == len(said)
    assert 55 <= said[0][0] <= 80
    assert 10_000 == meter.power_mw
    assert [b"\x58\xaa"] == [frame for _, _, _, frame in board.sent(UART_OUT, 1)]


def test_board__fixture__takes_over_without_a_gap():
    """From the pin at full to the PWM at full no other duty goes out; then the level that is shown."""
    pin = machine.Pin(25, machine.Pin.OUT, value=1)
    pwm = machine.PWM(pin, freq=1000, duty_u16=fixture.full_duty(False))
    lamp = Fixture(pwm, [[0, 0], [1000, 1000]], 100)
    board.advance(100)
    lamp.show(500)
    duties = [duty for _, _, duty, _ in board.sent(DUTY, 25)]
    assert [65535] * (len(duties) - 1) == duties[:-1]
    assert 32768 == duties[-1]
    assert [1] == [level for _, _, level, _ in board.sent(PIN_OUT, 25)]


def test_board__light_sensor__sees_dusk_and_comes_back():
    """Lux over I2C; taken off the bus it is a fault, and put back it needs no start."""
    sensor = LightSensor(machine.I2C(0, sda=machine.Pin(21), scl=machine.Pin(22), timeout=10_000))
    board.at(0, LUX, 0, 400)
    board.advance(1)
    polled(1000, sensor.poll)
    assert 400 == sensor.lux
    board.at(board.now, LUX, 0, -1)
    polled(40_000, sensor.poll)
    assert (-1, True) == (sensor.lux, sensor.fault)
    board.at(board.now, LUX, 0, 3)
    polled(12_000, sensor.poll)
    assert (2, False) == (sensor.lux, sensor.fault)


def test_board__led__flashes():
    """One flash of 125 ms every 3.75 s."""
    led = StatusLed(machine.Pin(13, machine.Pin.OUT))
    led.show(time.ticks_ms(), status_led.WELL)
    board.sent(PIN_OUT, 13)
    end = board.now + 7500
    while board.now < end:
        board.advance(led.poll(time.ticks_ms()))
    assert [(125, 0), (3750, 1), (3875, 0)] == [(t, level) for t, _, level, _ in board.sent(PIN_OUT, 13)]


def test_board__radio__sends_and_hears_on_its_channel():
    """What is sent goes out on the channel; what comes on it is received, what comes on another is not."""
    radio = Radio(ESPNow(), 6, WLAN(WLAN.IF_STA))
    assert radio.start()
    assert radio.start()
    assert radio.send(memoryview(b"hello, street")[:5])
    board.advance(5)
    assert [(6, b"\xff" * 6 + b"hello")] == [(channel, data) for _, channel, _, data in board.sent(RADIO_OUT)]
    board.at(board.now + 10, RADIO_IN, 6, -71, _NEIGHBOUR + b"good evening")
    board.at(board.now + 10, RADIO_IN, 7, -50, _NEIGHBOUR + b"not for us")
    board.advance(20)
    buffer = bytearray(MAX_DATA_LEN)
    assert (12, -71) == (radio.receive(buffer), radio.rssi)
    assert b"good evening" == bytes(buffer[:12])
    assert 0 == radio.receive(buffer)
    assert 0 == radio.errors


def test_board__radio__never_waits_for_room():
    """A hundred frames at once: no time passes, what the radio could not take is dropped and counted."""
    radio = Radio(ESPNow(), 6, WLAN(WLAN.IF_STA))
    radio.start()
    begin = board.now
    for _ in range(100):
        radio.send(b"frame")
    assert begin == board.now
    assert 100 == radio.sent + radio.dropped
    assert radio.dropped > 0


def test_board__radio__a_flood_is_counted():
    """More frames than fit between two looks are lost, and told."""
    radio = Radio(ESPNow(), 6, WLAN(WLAN.IF_STA))
    radio.start()
    for number in range(200):
        board.at(board.now + number // 10, RADIO_IN, 6, -60, _NEIGHBOUR + bytes(60))
    board.advance(100)
    buffer = bytearray(MAX_DATA_LEN)
    while radio.receive(buffer):
        pass
    assert 200 == radio.received + radio.overflows()
    assert radio.received >= 25


def test_board__wifi__joins_loses_and_joins_again():
    """An access point that comes, goes for an hour and comes back; the station never asleep, never scanning by itself."""
    wlan = WLAN(WLAN.IF_STA)
    wifi = Wifi(wlan, "street", "secret", lambda n: n // 2)
    board.at(0, WIFI, 11, 1, b"street\0secret")
    board.advance(1)
    assert first(20_000, wifi.poll)
    assert (0, WLAN.PM_NONE, 11) == (wlan.config("reconnects"), wlan.config("pm"), wlan.config("channel"))
    board.at(board.now, WIFI, 11, 0, b"street\0secret")
    board.advance(1)
    assert not first(600_000, wifi.poll)
    assert 1 == wifi.losses
    assert 4 <= wifi.tries <= 12
    board.at(board.now, WIFI, 11, 1, b"street\0secret")
    assert first(600_000, wifi.poll)


def test_board__store__counts_in_nvs():
    """The ESP32's own storage behind the counters."""
    files = Store("/", NVS("lykta"))
    assert 0 == files.count("boots")
    assert files.set_count("boots", 7)
    assert 7 == Store("/", NVS("lykta")).count("boots")


def test_board__store__in_a_folder_of_the_host():
    """Files are written, read and replaced on whatever is mounted."""
    import os

    os.mkdir("data")
    files = Store("data/", NVS("lykta"))
    files.write("identity", b"{}", 1)
    files.write("identity", b'{"lamp": 1}', 2)
    assert (b'{"lamp": 1}', 2) == (files.read("identity"), files.version("identity"))
    assert ["identity", "identity.old"] == sorted(os.listdir("data"))
