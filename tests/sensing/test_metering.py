"""The twin of the energy meter: packets as the data sheet has them, power and energy of the light that the lamp gives."""

from __future__ import annotations

from lykta.sensing import metering

CURVE = [[0, 0], [1_000, 1_000]]
POWER = [[0, 500], [100, 4_000], [1_000, 30_000]]
HOUR_MS = 3_600_000
PULSE_MWH = 419_430.4 * 10_000 / metering.COUNTS_FOR_10_W / 3_600


def read(packet: bytes) -> tuple[float, int]:
    """(mW, pulses) of a packet, which is whole and has the right sum."""
    assert (len(packet), packet[0]) == (23, 0x55)
    assert (0x58 + sum(packet)) & 255 == 255
    counts = int.from_bytes(packet[10:13], "little")
    return counts * 10_000 / metering.COUNTS_FOR_10_W, int.from_bytes(packet[13:16], "little")


def meter() -> metering.Meter:
    return metering.Meter(CURVE, POWER, 0, metering.COUNTS_FOR_10_W)


def test_power__follows_the_light():
    """Full, a level between two points of the table, off."""
    one = meter()
    for duty, milliwatts in ((65_535, 30_000), (36_044, 17_000), (6_554, 4_000), (0, 500)):
        one.change(1_000, duty)
        assert abs(read(one.answer(1_000, out=False))[0] - milliwatts) <= 30


def test_energy__comes_together_over_every_change():
    """An hour at full, an hour off."""
    one = meter()
    one.change(HOUR_MS, 0)
    assert abs(read(one.answer(2 * HOUR_MS, out=False))[1] - 30_500 / PULSE_MWH) <= 1


def test_lamp__that_is_out_takes_what_standby_takes():
    """Whatever its driver is told."""
    assert abs(read(meter().answer(5, out=True))[0] - 500) <= 5
