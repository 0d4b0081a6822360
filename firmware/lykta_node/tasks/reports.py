"""What the node tells of itself: its state, telemetry every quarter of an hour, events, answers; in a commissioning window its level.

Nothing finer than means and counts over 15 min leaves a node, but in such a window: a command opens it for four hours at most, it ends by
itself, at a restart too, and both are told as events. While telemetry finds no room in the mailbox, its time only gets longer: after an
outage one letter tells of all of it, and no energy is lost. (A restart loses up to 15 min.)

The first telemetry of a node comes at another second than that of its neighbours, and so do all after it.
"""

import asyncio
import json

import machine
from esp32 import HEAP_DATA, idf_heap_info
from micropython import const

from ..core import letter, payload
from . import orders, ticks
from .account import Account
from .clock import SET
from .events import Events, printable
from .findings import Findings

BEAT_MS = const(2_000)
PERIOD_S = const(900)
WINDOW_S = const(14_400)
SETTINGS = "settings"  # counter in the store: the highest version of settings that was taken
_PREVIOUS_FILES = const(1)  # rung of boot.py
_APART = const(37)  # seconds between the first telemetry of two neighbours
_LIVE_MS = const(10_000)  # at least so often in a window, though nothing changes
_FAREWELL_MS = const(4_000)  # for an answer to go before a restart
_FORM = const(1)
_REASON = const(120)
_NAME = const(40)
_VERBS = ("", "override", "identify", "walk-test", "clock", "restart", "override", "window")


class Reports:
    """The task. `node` is the app's; `software`, `slot`: what runs; `tier`: how it is protected; `draws`: see `account`, or None."""

    def __init__(self, node, mailbox, software: str, slot: str, tier: int, draws) -> None:
        self.turns = 0
        self.boot = node.store.count("boots")
        self._node = node
        self._mailbox = mailbox
        self.events = Events(mailbox, node.log, node.clock, self.boot)
        self._account = Account(node.control, node.fixture, node.meter, draws)
        self._due = PERIOD_S + node.papers.number * _APART % PERIOD_S  # seconds that the account must have
        self._findings = Findings(node, self.events)
        self._fell_back = node.store.count("rung") == _PREVIOUS_FILES and node.store.version("program.old") >= 0
        self._state = {
            "v": _FORM,
            "online": True,
            "software": software,
            "slot": slot,
            "settings": node.store.version("program.old") if self._fell_back else node.store.count(SETTINGS),
            "tier": tier,
            "board": printable(node.papers.kind, _NAME),
            "number": node.papers.number,
            "boots": self.boot,
            "started": None,
            "window": None,
        }
        self._state_changed = True
        self._window = False
        self._window_until = 0  # uptime [s]
        self._live = -1  # the level told last,
        self._live_at = 0  # and when [ticks]
        self._restart = node.orders.restart
        self._restarts_at = -1  # ticks
        mailbox.on(letter.COMMAND, self._command)
        node.orders.ear = self._obeyed
        node.orders.window = self.window
        node.orders.restart = self.restart

    async def run(self) -> None:
        """Report for ever."""
        if not self.turns:
            self.events.tell("start", _cause(), f"start {self.boot}, {self._state['software'] or 'software'} in slot {self._state['slot']}")
            if self._fell_back:
                self.events.tell("settings", "failed", "the node did not start with them, and runs on those of before")
        while True:
            self.turns = (self.turns + 1) & ticks.WRAP
            self.beat(ticks.now())
            await asyncio.sleep_ms(BEAT_MS)

    def beat(self, now: int) -> None:
        """Look at everything once."""
        self._account.look()
        self._node.orders.keep()
        self._findings.look()
        self._look_at_clock()
        self._show(now)
        self.events.flush()
        if self._account.seconds >= self._due and self._mailbox.room(letter.TELEMETRY) > 0:
            self._due = PERIOD_S
            self._mailbox.send(letter.TELEMETRY, self.telemetry())
        if self._state_changed:
            self._state_changed = False
            self._mailbox.send(letter.STATE, json.dumps(self._state).encode())
        if self._restarts_at >= 0 and ticks.since(self._restarts_at, now) >= 0:
            self._restart()

    def _look_at_clock(self) -> None:
        """When the node started can only be said once it knows what time it is."""
        if self._state["started"] is None:
            now = self._node.clock.unix()
            if now is not None:
                self.change("started", now - self._node.log.seconds())

    # --- what others ask for ------------------------------------------------------------------------------------

    def change(self, name: str, value) -> None:
        """A part of the state is another now."""
        if self._state[name] != value:
            self._state[name] = value
            self._state_changed = True

    def answer(self, to: str, number: int, ok: bool, reason: str = "") -> None:
        """Answer a command, settings or an update."""
        told = {"v": _FORM, "to": to, "number": max(0, number), "ok": ok, "reason": printable(reason, _REASON)}
        self._mailbox.send(letter.ANSWER, json.dumps(told).encode())

    def restart(self) -> None:
        """Start anew as soon as what waits has had time to go."""
        if self._restarts_at < 0:
            self._restarts_at = ticks.later(ticks.now(), _FAREWELL_MS)

    def window(self, seconds: int) -> None:
        """Open a commissioning window for so long, or end the one there is (0)."""
        seconds = min(seconds, WINDOW_S)
        if seconds:
            self.events.tell("window", "open", f"for {seconds} s")
            self._live = -1
        elif self._window:
            self.events.tell("window", "closed")
        self._window = seconds > 0
        self._window_until = self._node.log.seconds() + seconds
        now = self._node.clock.unix()
        self.change("window", now + seconds if seconds and now is not None else None)

    def telemetry(self) -> bytes:
        """What happened since the last one; a new account begins."""
        node = self._node
        account = self._account
        account.look()
        until = node.clock.unix()
        told = {
            "v": _FORM,
            "from": None if until is None else until - account.seconds,
            "to": until,
            "seconds": account.seconds,
            "boot": self.boot,
            "up": node.log.seconds(),
            "level": account.level(),
            "energy_mwh": account.energy_mwh(),
            "estimated": account.estimated(),
            "detections": account.detections(),
            "faults": self._findings.names(),
            "heap": node.supervisor.free,
            "block": _largest_block(),
            "dropped": self._mailbox.dropped,
            "refused": self._findings.refusals(),
            "doubt": node.clock.state != SET,
        }
        account.begin()
        return json.dumps(told).encode()

    def _show(self, now: int) -> None:
        """Tell the level of the moment while a window is open; end it when it is over."""
        if not self._window:
            return
        if self._node.log.seconds() >= self._window_until:
            self.window(0)
            return
        level = self._node.fixture.level
        if level != self._live or ticks.since(self._live_at, now) >= _LIVE_MS:
            self._live = level
            self._live_at = now
            told = {"v": _FORM, "at": self._node.clock.unix(), "level": level}
            self._mailbox.send(letter.LIVE, json.dumps(told).encode())

    # --- commands -----------------------------------------------------------------------------------------------

    def _command(self, data: bytes) -> None:
        """A command came down. Its answer, where it is done, is `_obeyed`'s."""
        verdict = self._node.orders.judge(data, 0, len(data))
        if verdict != orders.DONE:
            self.answer("command", self._node.orders.fields[payload.ORDER], False, orders.VERDICTS[verdict])

    def _obeyed(self, verdict: int) -> None:
        """A command to this lamp was judged, whichever way it came."""
        fields = self._node.orders.fields
        if verdict != orders.DONE:
            self.events.tell("security", "command-" + orders.VERDICTS[verdict])
            return
        self.answer("command", fields[payload.ORDER], True)
        verb = _VERBS[fields[payload.VERB]] if fields[payload.VERB] < len(_VERBS) else "unknown"
        kind = "override" if verb == "override" else "command"
        what = ("begin" if fields[payload.FIRST] else "end") if kind == "override" else verb
        self.events.tell(kind, what, f"number {fields[payload.ORDER]}: {fields[payload.FIRST]}, {fields[payload.SECOND]}")


def _largest_block() -> int:
    """The largest piece of memory that the system still has: for another part of the heap, a TLS session, the radio [bytes]."""
    largest = 0
    for region in idf_heap_info(HEAP_DATA):
        largest = max(largest, region[2])
    return largest


def _cause() -> str:
    """Why the board started. A brown-out shows as power on an ESP32."""
    cause = machine.reset_cause()
    if cause == machine.WDT_RESET:
        return "watchdog"
    return "power-on" if cause == machine.PWRON_RESET else "reset"
