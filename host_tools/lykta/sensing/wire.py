"""The last step of the twins: readings as what comes in over the wires of a post, and its PWM as the light it makes.

A PIR is a level on a pin. The radars send frames on a UART and answer commands, byte for byte as their makers describe them
(little-endian; see the drivers of the node). Nobody here looks into the node: it sees wires, nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from lykta.corehost import presence
from lykta.errors import LyktaError
from lykta.sensing.models import LD2410, LD2451, PIR

_REPORT_BEGIN, _REPORT_END = b"\xf4\xf3\xf2\xf1", b"\xf8\xf7\xf6\xf5"
_COMMAND_BEGIN, _COMMAND_END = b"\xfd\xfc\xfb\xfa", b"\x04\x03\x02\x01"
_ENABLE = 0x00FF
_READ_LD2410 = 0x0061
_BAUD: Mapping[str, int] = {LD2410: 256_000, LD2451: 115_200}
_ANSWER_MS = 20  # from a command to its answer; a guess
#: An LD2410 reports ten times a second whatever it sees. Between changes every tenth report is enough for a driver: it calls the
#: unit silent after 1.5 s, and each of them costs virtual time.
_ALIVE_MS = 1_000
_REPORT_MS = 100
_SOMEWHERE_CM = 250  # readings of an LD2410 do not say where: the middle of its range
_ENERGY = 60
_MOST_TARGETS = 5
_SNR = 15
_CMS_PER_KMH = 1000 / 36
#: Windows [from, until) in ms in which a unit is without power or cable.
Windows = Sequence[tuple[int, int]]


class Signal(NamedTuple):
    """Something on a wire at a time: a level on pin `which`, or, where there are data, bytes on UART `which` at `value` baud."""

    t_ms: int
    which: int
    value: int
    data: bytes = b""


@dataclass(frozen=True)
class Wiring:
    """One sensor of a post as its board's file has it: kind, and the pin or the UART on which it hangs."""

    kind: str
    place: int
    baud: int = 0

    @classmethod
    def of(cls, about: Mapping[str, Any]) -> Wiring:
        """From an entry of `sensors` in a board's file. LyktaError for a kind that has no wires."""
        kind = about["kind"]
        if kind == PIR:
            return cls(kind, about["pin"])
        if kind not in _BAUD:
            raise LyktaError(f'a sensor of the kind "{kind}" has no wires. Known: {PIR}, {", ".join(_BAUD)}.')
        return cls(kind, about["uart"], _BAUD[kind])


def signals(told: pa.Table, lamp: int, wirings: Sequence[Wiring], begin_ms: int, end_ms: int, dead: Sequence[Windows]) -> Iterator[Signal]:
    """All that comes in over the wires of a post from `begin_ms` on and before `end_ms`, in the order of time.

    `told`: READINGS; `dead[number]`: when sensor `number` is without power.
    """
    names = ("t_ms", "sensor", "kind", "distance_cm", "speed_cms", "user")
    own = told.filter(np.asarray(told["lamp"].to_numpy() == lamp))
    rows = list(zip(*(own[name].to_pylist() for name in names), strict=True))
    streams: list[Iterable[Signal]] = []
    for number, wiring in enumerate(wirings):
        mine = [(t_ms, kind, distance, speed, user) for t_ms, sensor, kind, distance, speed, user in rows if sensor == number]
        if wiring.kind == PIR:
            streams.append(_pir(mine, wiring))
        elif wiring.kind == LD2410:
            streams.append(_ld2410(mine, wiring, begin_ms, end_ms, dead[number]))
        else:
            streams.append(_ld2451(mine, wiring, dead[number]))
    return merge(*streams)


#: A reading of one sensor: t_ms, kind, distance_cm, speed_cms, user.
_Row = tuple[int, int, int, int, int]


def _pir(rows: Iterable[_Row], wiring: Wiring) -> Iterator[Signal]:
    for t_ms, kind, *_ in rows:
        yield Signal(t_ms, wiring.place, int(kind == int(presence.EDGE_ON)))


def _ld2410(rows: Iterable[_Row], wiring: Wiring, begin_ms: int, end_ms: int, dead: Windows) -> Iterator[Signal]:
    """Reports at every change, and often enough between them."""
    on = False
    t_ms = begin_ms
    changes = [(row[0], row[1] == int(presence.EDGE_ON)) for row in rows] + [(end_ms, False)]
    for change_ms, now_on in changes:
        while t_ms < change_ms:
            if _powered(dead, t_ms):
                yield Signal(t_ms, wiring.place, wiring.baud, ld2410_report(on))
            t_ms += _ALIVE_MS
        on = now_on
        t_ms = change_ms


def ld2410_report(on: bool) -> bytes:
    """A report of an LD2410: somebody both moves and stands in the middle of its range, or nobody."""
    energy, distance = (_ENERGY, _SOMEWHERE_CM) if on else (0, 0)
    where = distance.to_bytes(2, "little")
    content = bytes((0x02, 0xAA, 3 if on else 0)) + (where + bytes((energy,))) * 2 + where + b"\x55\x00"
    return _report(content)


def _ld2451(rows: Iterable[_Row], wiring: Wiring, dead: Windows) -> Iterator[Signal]:
    """Ten reports a second while there is a target, none else; those of one moment in one frame.

    Between two readings of a target, and once after its last, its range goes on as its speed says.
    """
    moments: dict[int, list[tuple[int, int, int]]] = {}
    last: dict[int, tuple[int, int, int]] = {}
    for t_ms, _, distance, speed, user in rows:
        before = last.pop(user, None)
        if before is not None and user >= 0 and t_ms - before[0] <= 10 * _REPORT_MS:
            _follow(moments, before, t_ms)
        elif before is not None:
            _follow(moments, before, before[0] + _REPORT_MS + 1)
        last[user] = (t_ms, distance, speed)
    for before in last.values():
        _follow(moments, before, before[0] + _REPORT_MS + 1)
    for t_ms in sorted(moments):
        if _powered(dead, t_ms):
            yield Signal(t_ms, wiring.place, wiring.baud, ld2451_report(moments[t_ms]))


def _follow(moments: dict[int, list[tuple[int, int, int]]], reading: tuple[int, int, int], until_ms: int) -> None:
    """Put the reports of one target from a reading on, and before a time, to those of the same moment: (angle, distance, speed)."""
    begin_ms, distance, speed = reading
    for t_ms in range(begin_ms, until_ms, _REPORT_MS):
        moments.setdefault(t_ms, []).append((0, max(0, distance - speed * (t_ms - begin_ms) // 1000), speed))


def ld2451_report(targets: Sequence[tuple[int, int, int]]) -> bytes:
    """A report of an LD2451: up to five targets (angle in degrees, distance in cm, speed in cm/s, positive: coming nearer)."""
    content = b""
    for angle, distance, speed in targets[:_MOST_TARGETS]:
        metres = min(255, round(distance / 100))
        kmh = min(255, round(abs(speed) / _CMS_PER_KMH))
        content += bytes((0x80 + angle, metres, int(speed >= 0), kmh, _SNR))
    return _report(bytes((len(targets[:_MOST_TARGETS]), 1)) + content if targets else b"")


def _report(content: bytes) -> bytes:
    return _REPORT_BEGIN + len(content).to_bytes(2, "little") + content + _REPORT_END


def _powered(dead: Windows, t_ms: int) -> bool:
    return not any(begin <= t_ms < end for begin, end in dead)


def answers(wiring: Wiring, t_ms: int, sent: bytes, dead: Windows) -> list[Signal]:
    """What a radar answers to the commands in some bytes sent to it: that it has done each, with what was asked for."""
    found: list[Signal] = []
    at = sent.find(_COMMAND_BEGIN)
    while at >= 0 and _powered(dead, t_ms):
        length = int.from_bytes(sent[at + 4 : at + 6], "little")
        end = at + 6 + length
        if length >= 2 and sent[end : end + 4] == _COMMAND_END:
            code = int.from_bytes(sent[at + 6 : at + 8], "little")
            found.append(Signal(t_ms + _ANSWER_MS * (len(found) + 1), wiring.place, wiring.baud, _answer(wiring.kind, code)))
        at = sent.find(_COMMAND_BEGIN, at + 4)
    return found


def _answer(kind: str, code: int) -> bytes:
    """The code with 0x0100 added, status 0, and what the command asks for."""
    content = (code | 0x0100).to_bytes(2, "little") + b"\x00\x00"
    if code == _ENABLE:
        content += b"\x01\x00\x40\x00"  # version of the protocol, size of the buffer
    elif code == _READ_LD2410 and kind == LD2410:
        content += bytes((0xAA, 8, 8, 8)) + bytes((50,) * 9) + bytes((40,) * 9) + b"\x05\x00"
    return _COMMAND_BEGIN + len(content).to_bytes(2, "little") + content + _COMMAND_END


def flux_of(curve: Sequence[Sequence[int]], duty: int) -> int:
    """The luminous flux [permille, rounded down] that a driver makes of a duty (0 to 65535): its curve of (duty, flux) permille."""
    scaled = duty * 1000  # in 65535ths of a permille
    for (low, below), (high, above) in pairwise(curve):
        if scaled <= high * 65_535:
            return below + (above - below) * (scaled - low * 65_535) // ((high - low) * 65_535)
    return curve[-1][1]
