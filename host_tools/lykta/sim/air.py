"""The air of the loop engine: which post hears a telegram, and when, by the radio model's own draws.

A telegram is told apart by what its envelope says: copies of a detection meet the draws that the kernel makes for the same
detection and copy, so both engines live in the same bursts. What is relayed, and signs of life, have draws of their own.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from lykta.corehost import lamp as row
from lykta.corehost import payload, telegram
from lykta.plan import Plan
from lykta.sim import radio
from lykta.vm.frames import RADIO_IN, Frame

_ADDRESS = 6  # bytes of a MAC address before the telegram
_RELAYED = 1_000  # added to the copy in the draws of a relay: with the number of the post that relays
_BEATS = 1 << 20  # added to the number in the draws of anything but a detection
_AIR_MS = 1


class Told(NamedTuple):
    """A detection as a node first told it: when it was made, and its frame (`core/lamp`, without ORIGIN and AGE)."""

    t_ms: int
    lamp: int
    frame: list[int]


def mac_of(number: int) -> bytes:
    """The address of a node's radio in the simulator."""
    return b"\x24\x6f\x28" + number.to_bytes(3, "big")


class Air:
    """The radio between the posts of a plan. `told`: every detection, in the order in which they were sent."""

    def __init__(self, plan: Plan, link: list[int]) -> None:
        """`link`: parameters of the radio, see `sim/radio`."""
        self.told: list[Told] = []
        self._link = link
        self._copies: dict[tuple[int, bytes], int] = {}
        self._near = [_within(plan, lamp, link[radio.RANGE]) for lamp in range(len(plan.site.lamps))]

    def send(self, sender: int, frame: Frame) -> Iterator[tuple[int, Frame]]:
        """Who hears a frame that a post sends, and when."""
        link, message = self._link, frame.data[_ADDRESS:]
        number, copy = self._identify(sender, frame.t_ms, message)
        sent = frame.t_ms + max(0, frame.value - _AIR_MS)
        data = mac_of(sender) + message
        for receiver, rssi in self._near[sender]:
            late = radio.draw(link[radio.SEED], _origin(message, sender), number, copy, receiver) % (link[radio.JITTER] + 1)
            arrives = sent + max(1, link[radio.DELAY]) + late
            if not radio.deaf(link, receiver, arrives):
                yield receiver, Frame(RADIO_IN, frame.which, rssi, arrives, data)

    def _identify(self, sender: int, t_ms: int, message: bytes) -> tuple[int, int]:
        """(number, copy) for the draws; notes a detection when its origin tells it for the first time."""
        known = (sender, message[: telegram.STAMP])  # all but what changes from copy to copy
        copy = self._copies.get(known, 0)
        self._copies[known] = copy + 1
        origin = _origin(message, sender)
        if len(message) < telegram.HEADER + telegram.TAG or message[0] & 15 != telegram.DETECTION:
            return _BEATS + (telegram.number(message, telegram.COUNTER, 4) if len(message) >= telegram.STAMP else 0), copy
        values = [0] * row.FRAME_LENGTH
        wire = payload.Wire(message)
        wire.open(telegram.HEADER, len(message) - telegram.TAG)
        if not wire.take(values, 0, payload.FRAME):
            return _BEATS, copy
        if origin != sender:
            return values[row.DETECTION], _RELAYED + sender + copy
        if copy == 0:
            self.told.append(Told(t_ms - telegram.number(message, telegram.AGE, 3), sender, values))
        return values[row.DETECTION], copy


def _origin(message: bytes, sender: int) -> int:
    """The lamp that a telegram says it comes from; the sender where it is none."""
    return telegram.number(message, telegram.SENDER, 2) if len(message) >= telegram.EPOCH else sender


def _within(plan: Plan, lamp: int, range_cm: int) -> list[tuple[int, int]]:
    """The nodes that hear a lamp's radio, each with the strength that it hears [dBm, 2.4 GHz in the open]."""
    graph = plan.graph
    place = (float(graph.x_cm[lamp]), float(graph.y_cm[lamp]))
    found = []
    for other, own in enumerate(plan.tables.own):
        apart = math.dist(place, (float(graph.x_cm[other]), float(graph.y_cm[other])))
        if other != lamp and own >= 0 and apart <= range_cm:
            found.append((other, -round(45 + 20 * math.log10(max(apart, 100.0) / 100))))
    return found
