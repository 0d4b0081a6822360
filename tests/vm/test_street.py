"""A street in lockstep: nobody hears early, nothing is lost, every run is the same; and what a node lives through."""

from __future__ import annotations

from pathlib import Path

import pytest

from lykta.errors import LyktaError
from lykta.vm import node as nodes
from lykta.vm.frames import DUTY, PIN, PWRON_RESET, RTC_SET, SOFT_RESET, WDT_RESET, WIFI, Frame
from lykta.vm.street import BOOT_MS, drained
from tests.vm.street import DELAY_MS, TELLER, lived, street

pytestmark = pytest.mark.micropython


def told(folder: Path) -> tuple[list[str], list[list[tuple[int, int]]]]:
    """What three nodes print and show of two pins that change: one run."""
    three, _ = street(folder, TELLER, 3)
    with three:
        for number in range(3):
            three.start(number, 0, PWRON_RESET)
        three.feed(0, [Frame(PIN, 27, 1, 1010), Frame(PIN, 27, 0, 2000)])
        three.feed(1, [Frame(PIN, 27, 1, 1020), Frame(PIN, 27, 0, 1030)])
        three.run(3000)
    shown = [[(frame.t_ms, frame.value) for frame in drained(log, DUTY)] for log in three.logs]
    return [one.console() for one in three.nodes], shown


def test_street__hears_what_was_said_after_the_delay(tmp_path: Path):
    """A pin that changes is seen at the next poll, and heard elsewhere just the radio's delay later."""
    consoles, shown = told(tmp_path)
    assert [f"{1050 + DELAY_MS} 0 bytearray(b'1')", f"{2000 + DELAY_MS} 0 bytearray(b'0')"] == consoles[2].splitlines()
    assert shown[0] == [(0, 65535), (1050, 30000), (2000, 0)]


def test_street__loses_a_pulse_between_two_polls(tmp_path: Path):
    """Polling is real: what goes on and off between two polls was never there."""
    _, shown = told(tmp_path)
    assert shown[1] == [(0, 65535)]


def test_street__is_the_same_in_every_run(tmp_path: Path):
    """Not a word differs between two runs, though three processes run side by side."""
    assert told(tmp_path / "one") == told(tmp_path / "two")


def test_reset__starts_anew_with_its_cause_and_its_clock(tmp_path: Path):
    """A soft reset brings the program back after the boot; ticks begin anew, the clock goes on."""
    program = "import machine, time\nprint(machine.reset_cause(), time.ticks_ms(), time.time())\ntime.sleep(10)\nmachine.soft_reset()\n"
    _, wires, console = lived(tmp_path, program, 12_000, rtc_ms=800_000_000_000)
    assert ["1 0 800000000", f"5 0 {800_000_010 + BOOT_MS // 1000}"] == console.splitlines()
    assert wires.falls == [(0, 10_000, SOFT_RESET)]


def test_watchdog__bites_whom_nobody_feeds(tmp_path: Path):
    """The last meal counts."""
    program = """
import machine, time
print(machine.reset_cause())
dog = machine.WDT(timeout=2000)
time.sleep(1)
dog.feed()
time.sleep(60)
"""
    _, wires, console = lived(tmp_path, program, 3_800)
    assert wires.falls == [(0, 3_000, WDT_RESET)]
    assert console.splitlines() == ["1", "3"]


def test_watchdog__ends_a_firmware_that_computes_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A loop without an end passes no virtual time: the host notices, and the watchdog bites at its virtual time."""
    monkeypatch.setattr(nodes, "HANG_S", 1)
    program = """
import machine, time
print(machine.reset_cause())
if machine.reset_cause() == 1:
    machine.WDT(timeout=5000)
    time.sleep(1)
    while True:
        pass
"""
    _, wires, console = lived(tmp_path, program, 8_000)
    assert wires.falls == [(0, 6_000, WDT_RESET)]
    assert console.splitlines() == ["1", "3"]


def test_hang__without_a_watchdog_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """On the post it would hang for ever; here it is an error of the firmware with its last words."""
    monkeypatch.setattr(nodes, "HANG_S", 1)
    with pytest.raises(LyktaError, match="has started no watchdog: give it one"):
        lived(tmp_path, "print('here')\nwhile True:\n    pass\n", 1_000)


def test_crash__leaves_the_chip_at_its_prompt(tmp_path: Path):
    """main.py ends with an exception: it is printed, and nothing happens any more."""
    one, wires, console = lived(tmp_path, "raise ValueError('no')\n", 100_000)
    assert console.rstrip().endswith("ValueError: no") and wires.falls == [] and one.now_ms == 100_000


def test_jail__keeps_the_firmware_off_the_host(tmp_path: Path):
    """The node's folder is all that there is; what it writes is there after a reset."""
    program = """
import machine, os
print(sorted(os.listdir("/")))
if machine.reset_cause() == 1:
    open("/data/new", "w").write("kept")
    os.rename("/data/new", "/data/note")
    machine.reset()
print(open("/data/note").read())
try:
    open("/etc/passwd")
except OSError:
    print("jailed")
"""
    _, _, console = lived(tmp_path, program, 1_000)
    assert console.splitlines() == ["['data', 'main.py']", "['data', 'main.py']", "kept", "jailed"]


def test_nvs__keeps_what_was_committed(tmp_path: Path):
    """A counter survives a reset, one that was not committed does not."""
    program = """
import machine, esp32
nvs = esp32.NVS("lykta")
def count(name):
    try:
        return nvs.get_i32(name)
    except OSError as error:
        return error.args
print(count("boots"), count("loose"))
if machine.reset_cause() == 1:
    nvs.set_i32("boots", 7)
    nvs.commit()
    nvs.set_i32("loose", 8)
    machine.reset()
"""
    _, _, console = lived(tmp_path, program, 1_000)
    missing = "(-4354, 'ESP_ERR_NVS_NOT_FOUND')"
    assert [f"{missing} {missing}", f"7 {missing}"] == console.splitlines()


def test_ticks__wrap_as_on_the_chip(tmp_path: Path):
    """Ten seconds before 2^30 ms, ticks go on from 0, and differences stay right."""
    program = """
import time
start = time.ticks_ms()
time.sleep(20)
print(start, time.ticks_ms(), time.ticks_diff(time.ticks_ms(), start), time.ticks_add(start, 20000))
"""
    _, _, console = lived(tmp_path, program, 30_000, shift=(1 << 30) - 10_000)
    assert console.splitlines() == ["1073731824 10000 20000 10000"]


def test_clock__stands_at_2000_until_it_is_set_and_jumps_when_it_is_set(tmp_path: Path):
    """The epoch is 2000; a clock set from outside jumps, at once."""
    program = "import time\nwhile True:\n    print(time.time(), time.localtime()[:3])\n    time.sleep(10)\n"
    one, _ = street(tmp_path, program, 1)
    with one:
        one.start(0, 0, PWRON_RESET)
        one.inject(0, Frame(RTC_SET, 0, 0, 5_000, (820_454_400_000).to_bytes(8, "little")))
        one.run(12_000)
    assert one.nodes[0].console().splitlines() == ["0 (2000, 1, 1)", "820454405 (2025, 12, 31)"]


def test_uart__loses_what_nobody_fetches(tmp_path: Path):
    """300 bytes for a ring of 200 and a chip of 128: the chip throws its own away, the ring keeps the first."""
    program = """
import machine, time
uart = machine.UART(1, 115200, tx=17, rx=16, rxbuf=200)
uart.write(bytes(range(250)) + bytes(150))
time.sleep(1)
print(uart.any(), uart.read(3), len(uart.read()))
"""
    _, _, console = lived(tmp_path, program, 2_000)
    first, *_ = console.split()
    assert first == "200" and "b'\\x00\\x01\\x02'" in console


def test_uart__brings_bytes_at_the_speed_of_the_line(tmp_path: Path):
    """A hundred bytes at 9600 baud take a tenth of a second."""
    program = """
import machine, time
uart = machine.UART(1, 9600, tx=17, rx=16)
uart.write(bytes(100))
time.sleep_ms(5 + 52)
print(uart.any())
time.sleep_ms(60)
print(uart.any())
"""
    _, _, console = lived(tmp_path, program, 1_000)
    assert console.splitlines() == ["49", "100"]


def test_irq__loses_edges_beyond_the_queue(tmp_path: Path):
    """Twelve edges in one ms: the scheduler holds eight, the rest is lost without a word."""
    program = """
import machine, time
seen = []
pin = machine.Pin(27, machine.Pin.IN)
pin.irq(lambda p: seen.append(1))
time.sleep(1)
print(len(seen))
"""
    one, _ = street(tmp_path, program, 1)
    with one:
        one.start(0, 0, PWRON_RESET)
        one.feed(0, [Frame(PIN, 27, number % 2, 500) for number in range(1, 13)])
        one.run(2_000)
    assert one.nodes[0].console().splitlines() == ["8"]


def test_radio__hears_nothing_while_the_station_scans(tmp_path: Path):
    """While it looks for an access point, frames are lost; a small buffer drops what nobody fetches."""
    listener = """
import espnow, machine, network, time
wlan = network.WLAN(0)
wlan.active(True)
radio = espnow.ESPNow()
radio.active(True)
radio.add_peer(b"\\xff" * 6)
if wlan.config("mac")[5] == 0:
    wlan.config(reconnects=0)
    wlan.connect("nowhere", "secret")
    time.sleep(9)
    print(wlan.status(), radio.stats())
else:
    for _ in range(8):
        time.sleep(1)
        radio.send(b"\\xff" * 6, bytes(200), False)
"""
    two, _ = street(tmp_path, listener, 2)
    with two:
        for number in range(2):
            two.start(number, 0, PWRON_RESET)
        two.run(10_000)
    assert two.nodes[0].console().splitlines() == ["201 (0, 0, 0, 2, 4)"]


def test_wifi__joins_what_is_there_and_takes_its_channel(tmp_path: Path):
    """An access point that comes is joined at the next try; ESP-NOW is on its channel then. When it goes, the station notices."""
    program = """
import network, time
wlan = network.WLAN(0)
wlan.active(True)
wlan.config(reconnects=0, pm=wlan.PM_NONE)
for _ in range(2):
    wlan.connect("street", "secret")
    time.sleep(5)
    print(wlan.status(), wlan.config("channel"))
time.sleep(10)
print(wlan.status())
"""
    one, _ = street(tmp_path, program, 1)
    with one:
        one.start(0, 0, PWRON_RESET)
        one.inject(0, Frame(WIFI, 6, 1, 4_000, b"street\0secret"))
        one.inject(0, Frame(WIFI, 6, 0, 15_000, b"street\0secret"))
        one.run(30_000)
    assert one.nodes[0].console().splitlines() == ["201 1", "1010 6", "200"]


@pytest.mark.parametrize("late", [0, 1, 19, 20, 333])
def test_pause__wakes_as_polling_would(tmp_path: Path, late: int):
    """The hook for polling against real polling: the same edges at the same times, wherever they fall."""
    program = """
import asyncio, machine, time
from hooks import Pause
pin = machine.Pin(27, machine.Pin.IN)

async def poll(name, wait):
    old = 0
    while True:
        if pin.value() != old:
            old = pin.value()
            print(time.ticks_ms(), name, old)
        await wait()

async def main():
    asyncio.create_task(poll("hook", lambda: Pause(20, 10_000)))
    await poll("poll", lambda: asyncio.sleep_ms(20))

asyncio.run(main())
"""
    one, _ = street(tmp_path, program, 1)
    with one:
        one.start(0, 0, PWRON_RESET)
        one.feed(0, [Frame(PIN, 27, 1, 5_000 + late), Frame(PIN, 27, 0, 30_000 + late), Frame(PIN, 27, 1, 30_005 + late)])
        one.run(60_000)
    lines = one.nodes[0].console().splitlines()
    seen = {name: [(t, level) for t, which, level in map(str.split, lines) if which == name] for name in ("hook", "poll")}
    assert seen["poll"] == seen["hook"] and len(seen["poll"]) >= 1
