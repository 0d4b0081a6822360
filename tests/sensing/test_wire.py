"""From readings to wires: levels on pins, bytes of radars as their makers describe them; and from duty to light."""

from __future__ import annotations

import pyarrow as pa
import pytest

from lykta.errors import LyktaError
from lykta.sensing import wire
from lykta.sensing.wire import Signal, Wiring
from lykta.tables import READINGS

PIR = Wiring.of({"kind": "pir", "pin": 27})
LD2410 = Wiring.of({"kind": "ld2410", "uart": 1})
LD2451 = Wiring.of({"kind": "ld2451", "uart": 2})


def told(*rows: tuple[int, int, int, int, int]) -> pa.Table:
    """READINGS of lamp 0, sensor 0, and one of lamp 1: (t_ms, kind, distance_cm, speed_cms, user)."""
    every = [(0, t_ms, 0, kind, distance, speed, 3, user) for t_ms, kind, distance, speed, user in rows]
    return pa.table([list(column) for column in zip(*every, (1, 0, 0, 1, 0, 0, 3, 9), strict=True)], schema=READINGS)


def sent(wiring: Wiring, table: pa.Table, end_ms: int = 10_000, dead: wire.Windows = ()) -> list[Signal]:
    """What comes in over the wires of lamp 0."""
    return list(wire.signals(table, 0, [wiring], 0, end_ms, [dead]))


def test_pir__is_a_level_on_its_pin():
    """On and off as the readings say; other lamps are not seen."""
    assert sent(PIR, told((100, 1, 0, 0, 5), (2600, 2, 0, 0, 5))) == [Signal(100, 27, 1), Signal(2600, 27, 0)]


def test_ld2410__reports_at_every_change_and_between():
    """A report a second at least, the state in each; at a change at once."""
    found = sent(LD2410, told((2_300, 1, 0, 0, 5), (4_100, 2, 0, 0, 5)), 6_000)
    on = [(signal.t_ms, signal.data[8]) for signal in found]
    assert on == [(0, 0), (1_000, 0), (2_000, 0), (2_300, 3), (3_300, 3), (4_100, 0), (5_100, 0)]
    assert {signal.value for signal in found} == {256_000}


def test_ld2410__without_power_says_and_answers_nothing():
    """Neither reports nor answers while its cable is off."""
    dead = [(1_500, 3_500)]
    assert [signal.t_ms for signal in sent(LD2410, told((100, 1, 0, 0, 5)), 5_000, dead)] == [0, 100, 1_100, 4_100]
    enable = bytes.fromhex("FDFCFBFA0400FF00010004030201")
    assert wire.answers(LD2410, 2_000, enable, dead) == []
    assert wire.answers(LD2410, 4_000, enable, dead)[0].data == bytes.fromhex("FDFCFBFA0800FF0100000100400004030201")


def test_ld2410__has_the_frame_of_its_maker():
    """The form of the worked example: 23 bytes, still target, distances in cm."""
    example = bytes.fromhex("F4F3F2F10D0002AA0251000000003B00005500F8F7F6F5")
    ours = wire.ld2410_report(True)
    assert len(ours) == 23 and ours[:8] == example[:8] and ours[-6:] == example[-6:]


def test_ld2451__has_the_frame_of_its_maker():
    """Three targets as in the worked example, but the SNR, and the direction as the road has it: 1 is coming nearer."""
    example = bytes.fromhex("F4F3F2F1110003018A28003C158A1E013C0F765F003C0FF8F7F6F5")
    ours = wire.ld2451_report([(10, 4_000, -1_667), (10, 3_000, 1_667), (-10, 9_500, -1_667)])
    assert ours == example.replace(bytes((0x3C, 0x15)), bytes((0x3C, 0x0F)))


def test_ld2451__reports_ten_times_a_second_while_there_is_a_target():
    """Between two readings of a user the range goes on as his speed says; after the last comes one more, then silence."""
    found = sent(LD2451, told((1_000, 5, 6_000, 1_000, 5), (2_000, 5, 5_000, 1_000, 5)))
    assert [signal.t_ms for signal in found] == [*range(1_000, 2_101, 100)]
    assert [signal.data[9] for signal in found][:5] == [60, 59, 58, 57, 56]


def test_ld2451__puts_what_it_sees_at_one_moment_into_one_frame():
    """Two users at the same ms are two targets of one report; a false alarm is one that nobody follows."""
    found = sent(LD2451, told((1_000, 5, 6_000, 1_000, 5), (1_000, 5, 2_000, -1_000, 6), (9_000, 5, 500, 0, -1)))
    assert [(signal.t_ms, signal.data[6]) for signal in found] == [(1_000, 2), (1_100, 2), (9_000, 1), (9_100, 1)]


def test_answers__one_for_each_command_in_order():
    """Two commands in one write get two answers, one after the other; half a command gets none."""
    enable, end = bytes.fromhex("FDFCFBFA0400FF00010004030201"), bytes.fromhex("FDFCFBFA0200FE0004030201")
    found = wire.answers(LD2451, 0, enable + end + enable[:7], [])
    assert [(signal.t_ms, signal.data[6:8]) for signal in found] == [(20, b"\xff\x01"), (40, b"\xfe\x01")]


def test_wiring__refuses_what_has_no_wires():
    """An ideal sensor is none that hangs on a board."""
    with pytest.raises(LyktaError, match="has no wires"):
        Wiring.of({"kind": "ideal"})


@pytest.mark.parametrize(("duty", "flux"), [(0, 0), (6_553, 0), (6_554, 0), (32_768, 500), (65_535, 1000), (52_429, 900)])
def test_flux__is_the_curve_of_the_driver(duty: int, flux: int):
    """Nothing below a tenth, then a line to half, then a flatter one: rounded down."""
    curve = [[0, 0], [100, 0], [500, 500], [800, 900], [1000, 1000]]
    assert wire.flux_of(curve, duty) == flux
