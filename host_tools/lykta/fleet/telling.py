"""What a node tells of an event, in words for people. On the wire stand numbers, since a node has no room for sentences.

told(event, "Europe/Stockholm")      # at least 100 % until 23:10
"""

from __future__ import annotations

import datetime as dt
import re
from zoneinfo import ZoneInfo

from lykta.corehost import telegram
from lykta.fleet.letters import STAMPS
from lykta.fleet.model import Event

#: What a node says of a command that it obeyed: its number, and what the verb needed (`core/payload`).
_OBEYED = re.compile(r"number \d+: (\d+), (\d+)")
_STARTED = re.compile(r"(start \d+), (.+) in slot (\S+)")
_OPEN = re.compile(r"for (\d+) s")
#: An override by radio says for how long [s], at most a day; one by the network until when, as a stamp, which is far more.
_DAY_S = 86_400
#: What a node names as its slot where its software lies in none: a virtual one without updates.
NO_SLOT = "-"
#: More minutes than these are told in hours.
_MINUTES = 120


def told(event: Event, timezone: str) -> str:
    """What happened, for a table in which the node and the kind of the event stand already; times on the clocks of a time zone."""
    obeyed = _OBEYED.fullmatch(event.detail)
    if obeyed and event.kind in ("override", "command"):
        return _obeyed(event, int(obeyed[1]), int(obeyed[2]), timezone)
    started = _STARTED.fullmatch(event.detail)
    if event.kind == "start" and started:
        return f"{event.what}, {started[1]}" + ("" if started[3] == NO_SLOT else f", {started[2]} in slot {started[3]}")
    window = _OPEN.fullmatch(event.detail)
    if event.kind == "window" and window:
        return f"{event.what} for {lasting(int(window[1]))}"
    return f"{event.what} {event.detail}".rstrip()


def lasting(seconds: int) -> str:
    """A time in few letters."""
    if seconds < 60:
        return f"{seconds} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < _MINUTES else f"{minutes / 60:.3g} h"


def _obeyed(event: Event, first: int, second: int, timezone: str) -> str:
    if event.kind == "override":
        return _light(first, second, timezone) if event.what == "begin" else "ended"
    if event.what in ("identify", "walk-test", "window"):
        return f"{event.what} for {lasting(first)}" if first else f"{event.what} ended"
    return event.what


def _light(permille: int, second: int, timezone: str) -> str:
    if second <= _DAY_S:
        return f"at least {permille / 10:g} % for {lasting(second)}"
    until = STAMPS + dt.timedelta(seconds=second * int(telegram.STAMP_S))
    return f"at least {permille / 10:g} % until {until.astimezone(ZoneInfo(timezone)):%H:%M}"
