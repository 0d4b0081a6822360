"""Times at which something begins: `23:00`, `sunset - 15 min`, `sunrise`; read, shown, and checked for their order."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lykta.document import Node, clock_minutes
from lykta.errors import Message
from lykta.profiles.model import CLOCK, SUNRISE, SUNSET, Start
from lykta.units import NotAQuantity, near_miss, parse

_SUN = {"sunset": SUNSET, "sunrise": SUNRISE}
_WORD = re.compile(r"([a-zA-Z]+)\s*(?:([+-])\s*(.+))?$")
_FURTHEST_MINUTES = 360
NOON_MINUTES = 720
NOON = Start(CLOCK, NOON_MINUTES)


def read_start(node: Node) -> Start | None:
    """The start written in a node; None, with a problem noted, where it is none."""
    if not node.written:
        node.text()
        return None
    minutes = clock_minutes(node.written)
    if minutes is not None:
        return Start(CLOCK, minutes)
    match = _WORD.match(node.written)
    if match is None or match[1].lower() not in _SUN:
        hint = near_miss(match[1], tuple(_SUN)) if match else ""
        node.problem(
            Message('"{given}" is no start. Write "23:00", "sunset - 15 min" or "sunrise + 10 min".{hint}', given=node.written, hint=hint)
        )
        return None
    offset = _offset(node, match[2], match[3])
    return None if offset is None else Start(_SUN[match[1].lower()], offset)


def _offset(node: Node, sign: str | None, written: str | None) -> int | None:
    """Minutes after (or, negative, before) sunset or sunrise; None, with a problem noted, where they make no sense."""
    if not sign or not written:
        return 0
    if re.fullmatch(r"\d+", written):
        node.problem(Message('{given} has no unit. Did you mean "{given} min"?', given=written))
        return None
    try:
        ms = parse("time", written)
    except NotAQuantity as error:
        node.problem(str(error))
        return None
    if ms % 60_000:
        node.problem(Message("{given} is no whole number of minutes.", given=written))
        return None
    if ms > _FURTHEST_MINUTES * 60_000:
        node.problem(
            Message("{given} is further from the sun's time than the furthest, {hours} h.", given=written, hours=_FURTHEST_MINUTES // 60)
        )
        return None
    return ms // 60_000 * (-1 if sign == "-" else 1)


def show_start(start: Start) -> str:
    """A start as people write it."""
    if start.kind == CLOCK:
        return f"{start.minutes // 60:02}:{start.minutes % 60:02}"
    name = "sunset" if start.kind == SUNSET else "sunrise"
    return f"{name} {'+-'[start.minutes < 0]} {abs(start.minutes)} min" if start.minutes else name


def check_order(starts: Sequence[tuple[str, Node, Start | None]]) -> None:
    """Note every start that cannot come after those listed above it, in a night from noon to noon.

    Only what holds at any place and date: whether sunset comes before 20:00 depends on both. A start that could not be
    read (None) is left out.
    """
    read = [(name, node, start) for name, node, start in starts if start is not None]
    for number, (name, node, start) in enumerate(read):
        for above, above_node, earlier in reversed(read[:number]):
            if _not_after(start, earlier):
                shown = {"start": show_start(start), "earlier": show_start(earlier), "line": above_node.where[0]}
                node.problem(
                    Message(
                        '"{name}" begins at {start}, not after "{above}" ({earlier}, line {line}). '
                        "List the phases in the order of the night, from noon to noon.",
                        name=name,
                        above=above,
                        **shown,
                    )
                )
                break


def _not_after(start: Start, earlier: Start) -> bool:
    if start.kind == earlier.kind == CLOCK:
        return (start.minutes - NOON_MINUTES) % 1440 <= (earlier.minutes - NOON_MINUTES) % 1440
    if start.kind == earlier.kind:
        return start.minutes <= earlier.minutes
    return start.kind == SUNSET and earlier.kind == SUNRISE
