"""What is known of a fleet at a moment: the state of every node, alarms, and the changes as they come."""

from __future__ import annotations

from dataclasses import dataclass, field

#: Kinds of alarms, the gravest first, with what they mean.
LAMP_OUT, DAY_BURNING, STUCK_SENSOR, SILENT_NODE, ENERGY_OFF = ALARMS = (
    "lamp-out", "day-burning", "stuck-sensor", "silent-node", "energy-off",
)  # fmt: skip
MEANINGS = {
    LAMP_OUT: "the lamp takes too little power for its level: it is dark",
    DAY_BURNING: "the lamp burns by day",
    STUCK_SENSOR: "a sensor lies or is silent, so the lamp stays bright",
    SILENT_NODE: "nothing has been heard of the node",
    ENERGY_OFF: "the energy is not what the profile asks for",
}

# Kinds of changes.
STATE, TELEMETRY, EVENT, ANSWER, LIVE, ALARM, COMMAND, LINK = (
    "state", "telemetry", "event", "answer", "live", "alarm", "command", "link",
)  # fmt: skip


@dataclass(slots=True)
class NodeState:
    """The latest that is known of a node; None where nothing was heard. Times: s since 1970, UTC; levels: permille, means of >= 15 min.

    `seen`: when anything of it was heard last; `live`: its level right now, only while a commissioning window is open.
    """

    name: str
    lamp: str
    online: bool | None = None
    seen: float | None = None
    software: str = ""
    slot: str = ""
    settings: int = 0
    tier: int = 0
    boots: int = 0
    started: int | None = None
    begin: int | None = None
    until: int | None = None
    level: int | None = None
    energy_mwh: int | None = None
    estimated: bool = True
    detections: int = 0
    faults: tuple[str, ...] = ()
    heap: int | None = None
    block: int | None = None
    dropped: int = 0
    refused: int = 0
    doubt: bool = False
    window: int | None = None
    live: int | None = None
    live_at: float | None = None
    alarms: tuple[str, ...] = ()

    @property
    def power_mw(self) -> int | None:
        """The mean power that its last telemetry tells of [mW]."""
        if self.energy_mwh is None or self.begin is None or self.until is None or self.until <= self.begin:
            return None
        return round(self.energy_mwh * 3600 / (self.until - self.begin))


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that somebody should look after. `closed` is None while it is open; times: s since 1970, UTC."""

    node: str
    kind: str
    opened: int
    detail: str
    closed: int | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that a node tells. `at`: by its own clock, None where that was not set; `received`: by ours."""

    node: str
    received: int
    at: int | None
    kind: str
    what: str
    detail: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class Answer:
    """What a node says to a letter: of which kind (command, settings, update), with which number."""

    node: str
    to: str
    number: int
    ok: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Command:
    """An entry of the record of commands. `until`: when its effect ends; `ok` is None until the node has answered."""

    at: int
    who: str
    why: str
    node: str
    verb: str
    number: int
    detail: str
    until: int | None = None
    sent: int | None = None
    ok: bool | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """Something that has just changed. `node` is "" for what concerns the connection itself (kind LINK; `what`: up, down).

    `about`: the alarm, event, answer or command that it is about; the new state of a node is in `Fleet.nodes`.
    """

    kind: str
    node: str
    at: float
    what: str = ""
    about: Alarm | Event | Answer | Command | None = None


@dataclass(slots=True)
class Tally:
    """What was counted since the start, for those who look after the program itself."""

    messages: int = 0
    bad: int = 0
    unknown: int = 0
    stored: int = 0
    missed: int = 0  # changes that a slow listener was not told of
    reasons: dict[str, int] = field(default_factory=dict)

    def refuse(self, reason: str) -> None:
        """One message more that makes no sense."""
        self.bad += 1
        if reason in self.reasons or len(self.reasons) < 100:
            self.reasons[reason] = self.reasons.get(reason, 0) + 1
