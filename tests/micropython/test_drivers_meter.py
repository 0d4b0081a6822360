"""Meter, lamp check and light sensor: frames, calibration, failures and recovery."""

from doubles import I2c, Uart
from micropython import heap_lock, heap_unlock

from lykta_node.drivers.lamp_check import BURNING, FINE, OUT, LampCheck
from lykta_node.drivers.light_sensor import LightSensor
from lykta_node.drivers.meter import Meter

_POWER = ((0, 500), (1, 1500), (500, 15_500), (1000, 30_000))


def packet(power, pulses):
    """What a BL0942 answers."""
    data = b"\x55" + bytes(9) + (power & 0xFFFFFF).to_bytes(3, "little") + pulses.to_bytes(3, "little") + b"\x20\x4e\x00\x00\x00\x00"
    return data + bytes((~(0x58 + sum(data)) & 255,))


def measure(meter, uart, now, data):
    """One question and its answer; whether there was a measurement."""
    meter.poll(now)
    uart.feed(data)
    return meter.poll(now + 100)


def test_meter__asks_and_reads():
    """58 AA is asked; 5,960 counts are 10 W."""
    uart = Uart()
    meter = Meter(uart)
    assert measure(meter, uart, 0, packet(5_960, 0))
    assert [b"\x58\xaa"] == uart.sent
    assert 10_000 == meter.power_mw


def test_meter__keeps_power_within_a_milliwatt():
    """From standby to 2 kW, against the fraction; a shunt wired the other way round reads the same."""
    uart = Uart()
    meter = Meter(uart)
    now = 0
    for power in (0, 1, 299, 5_959, 11_920, 17_881, 1_192_000, 0x7FFFFF):
        for sign in (1, -1):
            assert measure(meter, uart, now, packet(sign * power, 0))
            assert power * 10_000 // 5_960 == meter.power_mw
            now += 5_000


def test_meter__counts_energy_over_the_wrap_of_its_counter():
    """Pulses add up to what the data sheet says a pulse is, rests included; 24 bits wrap."""
    uart = Uart()
    meter = Meter(uart)
    pulses = 2**24 - 500
    for step in range(1001):
        assert measure(meter, uart, step * 5_000, packet(5_960, (pulses + step) % 2**24))
    assert 1_165_084 * 1000 // 5_960 == meter.energy_mwh


def test_meter__a_meter_that_started_anew_loses_no_energy_that_it_knows():
    """After a power cut of the meter alone, its counter begins at 0 again: what it has counted since is added."""
    uart = Uart()
    meter = Meter(uart)
    measure(meter, uart, 0, packet(0, 1_000_000))
    measure(meter, uart, 5_000, packet(0, 10))
    assert 1_165_084 * 10 // 5_960 == meter.energy_mwh


def test_meter__refuses_any_flipped_bit():
    """No single bit of a packet can flip unnoticed."""
    good = packet(5_960, 77)
    now = 0
    for at in range(len(good)):
        for bit in range(8):
            uart = Uart()
            meter = Meter(uart)
            bad = bytearray(good)
            bad[at] ^= 1 << bit
            assert not measure(meter, uart, now, bad), (at, bit)


def test_meter__finds_the_packet_between_noise_and_in_pieces():
    """Noise before it, also such that looks like its beginning, and every place where a poll may cut it."""
    for cut in range(24):
        uart = Uart()
        meter = Meter(uart)
        meter.poll(0)
        data = b"\x00\x55\x13" + packet(5_960, 5)
        uart.feed(data[: cut + 3])
        meter.poll(50)
        uart.feed(data[cut + 3 :])
        assert meter.poll(100) or meter.power_mw == 10_000, cut


def test_meter__three_missing_answers_are_a_fault_and_one_good_one_ends_it():
    """Silence is told after the third question, and so is a line of noise."""
    for noise in (b"", b"\x55noise"):
        uart = Uart()
        meter = Meter(uart)
        told = []
        for now in range(0, 16_000, 100):
            uart.feed(noise)
            meter.poll(now)
            if meter.fault and not told:
                told.append(now)
        assert [10_300] == told
        uart.feed(bytes(0))
        for now in range(16_000, 22_000, 100):
            if len(uart.sent) == 5:
                uart.feed(packet(1, 1))
                uart.sent.clear()
            meter.poll(now)
        assert not meter.fault


def test_meter__a_constant_that_is_none_divides_by_nothing():
    """0 counts for 10 W in a board's file: nonsense is measured, nothing raises."""
    uart = Uart()
    meter = Meter(uart, 0)
    assert measure(meter, uart, 0, packet(7, 1))
    assert 70_000 == meter.power_mw


def test_meter__a_late_answer_is_not_taken_for_the_next():
    """What comes after its time is thrown away before the next question."""
    uart = Uart()
    meter = Meter(uart)
    meter.poll(0)
    meter.poll(400)
    uart.feed(packet(5_960, 0))
    assert not meter.poll(1_000)
    assert measure(meter, uart, 5_000, packet(11_920, 0))
    assert 20_000 == meter.power_mw


def test_meter__needs_no_memory():
    """Reading a packet with the heap locked."""
    uart = Uart()
    meter = Meter(uart)
    meter.poll(0)
    uart.feed(b"\x55\x01" + packet(5_960, 0xFFFFF0))
    heap_lock()
    try:
        for now in range(50, 350, 50):
            meter.poll(now)
    finally:
        heap_unlock()
    assert 10_000 == meter.power_mw


# --- lamp check -------------------------------------------------------------------------------------------------


def found(check, level, power, count, begin=0):
    """Judge `count` measurements, 5 s apart; returns after how many the finding changed, and to what."""
    changes = []
    for number in range(count):
        if check.judge(begin + number * 5_000, level, power):
            changes.append((number, check.finding))
    return changes


def test_lamp_check__expects_what_the_fixture_takes():
    """The table, linear between its points, held at its ends."""
    check = LampCheck(_POWER)
    for level, power in ((0, 500), (1, 1500), (500, 15_500), (750, 22_750), (1000, 30_000), (1200, 30_000), (-3, 500)):
        assert power == check.expected(level)


def test_lamp_check__finds_a_lamp_that_is_out_in_a_minute():
    """Commanded at full, taking standby: found after twelve measurements, gone after one that is right."""
    check = LampCheck(_POWER)
    assert [(12, OUT)] == found(check, 1000, 500, 30)
    assert [(0, FINE)] == found(check, 1000, 29_000, 10, 200_000)


def test_lamp_check__finds_a_lamp_that_burns_by_day():
    """Commanded off, taking 30 W."""
    check = LampCheck(_POWER)
    assert [(12, BURNING)] == found(check, 0, 30_000, 30)


def test_lamp_check__finds_a_driver_that_does_not_dim():
    """Commanded to 20 %, taking all."""
    check = LampCheck(_POWER)
    assert [(12, BURNING)] == found(check, 200, 30_000, 30)


def test_lamp_check__a_lamp_as_it_should_be_is_fine():
    """Within a factor of two at every level, new or old, standby included: nothing is found."""
    for level, power in ((1000, 16_000), (1000, 45_000), (100, 6_000), (0, 2_000), (1, 600)):
        assert [] == found(LampCheck(_POWER), level, power, 40)


def test_lamp_check__finds_it_on_a_busy_night_too():
    """A level that changes every 20 s resets nothing: the measurements in between count."""
    check = LampCheck(_POWER)
    out = -1
    for number in range(100):
        if check.judge(number * 5_000, 1000 if number // 4 & 1 else 400, 500) and out < 0:
            out = number
    assert OUT == check.finding
    assert out <= 20


def test_lamp_check__needs_a_watt_too_little_or_two_too_much():
    """At low levels a factor of two is little: standby of one driver is more than that of another."""
    for level, power, finding in ((1, 501, FINE), (1, 500, OUT), (0, 2_499, FINE), (0, 2_500, BURNING)):
        check = LampCheck(_POWER)
        found(check, level, power, 20)
        assert finding == check.finding, (level, power)


def test_lamp_check__waits_until_the_meter_has_caught_up():
    """Measured every second, the first 4.5 s after a change of level do not count: twelve more, and it is found."""
    check = LampCheck(_POWER)
    changes = [number for number in range(60) if check.judge(1_000_000 + 1000 * number, 1000, 500)]
    assert [5 + 11] == changes


def test_lamp_check__does_not_judge_while_the_level_moves():
    """A ramp, at each measurement another level, never finds anything."""
    check = LampCheck(_POWER)
    for number in range(200):
        assert not check.judge(number * 5_000, number * 5, 500)


# --- light sensor -----------------------------------------------------------------------------------------------


def test_light_sensor__measures_every_10_s():
    """Told to measure, read 180 ms later: 1.2 counts are 1 lx; the first measurement begins at once."""
    i2c = I2c()
    sensor = LightSensor(i2c)
    i2c.counts = 12_000
    new = [now for now in range(0, 25_000, 20) if sensor.poll(now)]
    assert [180, 10_360, 20_540] == new
    assert 10_000 == sensor.lux
    assert [b"\x20"] * 3 == i2c.told


def test_light_sensor__reads_the_ends_of_its_range():
    """Night and full sun."""
    for counts, lux in ((0, 0), (1, 0), (6, 5), (65_535, 54_612)):
        i2c = I2c()
        i2c.counts = counts
        sensor = LightSensor(i2c)
        for now in (0, 200):
            sensor.poll(now)
        assert lux == sensor.lux


def test_light_sensor__three_failures_are_a_fault_and_it_comes_back():
    """A sensor that is gone says -1, not darkness nor day; one that comes back needs no start."""
    i2c = I2c()
    i2c.counts = 120
    sensor = LightSensor(i2c)
    for now in range(0, 1000, 100):
        sensor.poll(now)
    assert 100 == sensor.lux
    i2c.there = False
    faults = []
    for now in range(1000, 60_000, 100):
        sensor.poll(now)
        faults.append(sensor.fault)
    assert -1 == sensor.lux
    assert 200 < faults.index(True) < 310  # in the third try
    i2c.there = True
    for now in range(60_000, 72_000, 100):
        sensor.poll(now)
    assert (100, False) == (sensor.lux, sensor.fault)


def test_light_sensor__other_address():
    """Two on one bus."""
    i2c = I2c(0x5C)
    sensor = LightSensor(i2c, 0x5C)
    sensor.poll(0)
    assert sensor.poll(200)
