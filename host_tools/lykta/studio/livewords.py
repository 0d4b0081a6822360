"""What nodes tell, in words for people: faults, alarms, events, answers, levels and times.

Words that are not known (of newer nodes) are shown as they are.
"""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from lykta.fleet.model import DAY_BURNING, ENERGY_OFF, LAMP_OUT, SILENT_NODE, STUCK_SENSOR, Event, NodeState
from lykta.studio.livecells import exact
from lykta.studio.page import brief
from lykta.studio.pasttelling import FEW
from lykta.studio.recorded import FAULTS, reason, recorded
from lykta.studio.words import N_, Words

#: Alarms: what is the matter, and what to do about it.
ALARMS = {
    LAMP_OUT: (N_("Lamp out"), N_("It takes too little power for its level: it is dark. Send somebody to look at lamp and driver.")),
    DAY_BURNING: (N_("Burns by day"), N_("Look at its faults: a node that does not know the time stays bright.")),
    STUCK_SENSOR: (N_("Sensor faulty"), N_("The lamp stays bright until its sensor is mended. Clean it, look at its cable, replace it.")),
    SILENT_NODE: (N_("Silent node"), N_("Has the post power, does the network reach it? The light goes on without the network.")),
    ENERGY_OFF: (N_("Energy off"), N_("The energy is not what the profile asks for: a wrong fixture, a faulty meter, old settings.")),
}
#: What people do, as the record calls it.
VERBS = {
    "override": N_("light"),
    "window": N_("commissioning window"),
    "restart": N_("restart"),
    "identify": N_("blinking"),
    "walktest": N_("walk-test"),
    "settings": N_("settings"),
    "propose": N_("settings proposed"),
    "approve": N_("settings approved"),
    "refuse": N_("settings refused"),
    "withdraw": N_("proposal withdrawn"),
    "update": N_("update"),
    "revoke": N_("taken from the network"),
}
_EVENTS = {
    ("start", ""): N_("started"),
    ("override", ""): N_("took an order for light"),
    ("override", "end"): N_("took an order that ends its light"),
    ("window", "open"): N_("opened its commissioning window"),
    ("window", "closed"): N_("closed its commissioning window"),
    ("settings", "adopted"): N_("uses new settings"),
    ("settings", "refused"): N_("refused settings"),
    ("settings", "failed"): N_("went back to the settings of before"),
    ("update", "begun"): N_("fetches an update"),
    ("update", "on-trial"): N_("tries an update out"),
    ("update", "in-use"): N_("uses an update"),
    ("update", "update-refused"): N_("refused an update, or went back from it"),
    ("update", ""): N_("update: {what}"),
    ("security", "clock"): N_("security: its clock was set by so much that it does not believe it"),
    ("security", "command"): N_("security: a command that it did not obey ({what})"),
    ("security", "radio"): N_("security: messages by radio that it does not believe ({what})"),
    ("security", "settings"): N_("security: settings that it does not believe ({what})"),
    ("security", "update"): N_("security: an update whose signature is wrong"),
    ("security", ""): N_("security: {what}"),
    ("command", ""): N_("took a command: {what}"),
}
#: What an event is like, for its sign: told apart by shape as well as by colour.
ILL, WELL, PLAIN = "ill", "well", "plain"
_WHOLE_W = 100
#: Of a time that is nearer than this the date is clear [s].
_NEAR_S = 18 * 3600
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


class Tells:
    """Says things in a language and in the time of a street."""

    def __init__(self, say: Words, timezone: str) -> None:
        self._say = say
        self._zone = ZoneInfo(timezone)

    def local(self, at: float) -> dt.datetime:
        """A time on the clocks of the street."""
        return dt.datetime.fromtimestamp(at, self._zone)

    def clock(self, at: float, seconds: bool = False) -> str:
        """The time of day."""
        return self._say.clock(self.local(at), seconds)

    def moment(self, at: float, now: float) -> str:
        """The time of day; with the date where it is not of this night or day."""
        near = abs(at - now) < _NEAR_S
        return self.clock(at) if near else f"{self._say.date(self.local(at).date(), 'medium')} {self.clock(at)}"

    def ago(self, seconds: float | None) -> str:
        """How long ago, in a word or two."""
        say = self._say
        if seconds is None:
            return say("never")
        if seconds < 2 * _MINUTE:
            return say("just now") if seconds < 5 else say("{count} s ago", count=int(seconds))
        if seconds < 2 * _HOUR:
            return say("{count} min ago", count=int(seconds // _MINUTE))
        return (
            say("{count} h ago", count=int(seconds // _HOUR)) if seconds < 2 * _DAY else say("{count} days ago", count=int(seconds // _DAY))
        )

    def percent(self, permille: int | None) -> str:
        """A level."""
        return self._say.percent(None if permille is None else (permille + 5) // 10 / 100, 0)  # as the map rounds it

    def watts(self, milliwatts: float | None, estimated: bool = False) -> str:
        """A power; ≈ where it is worked out of the level, for want of a meter."""
        if milliwatts is None:
            return "–"
        watts = milliwatts / 1000
        return f"{'≈ ' if estimated else ''}{self._say.number(watts, 0 if watts >= _WHOLE_W else 1)} W"

    def status(self, state: NodeState) -> str:
        """Whether a node is there."""
        say = self._say
        return say("online") if state.online else say("offline") if state.online is False else say("never heard")

    def level(self, state: NodeState, now: float) -> str:
        """A level and what it is: of this moment, or a mean."""
        say = self._say
        if exact(state, now):
            return say("{level} at this moment", level=self.percent(state.live))
        if state.level is None or state.begin is None or state.until is None:
            return say("nothing told yet")
        span = {"level": self.percent(state.level), "from": self.clock(state.begin), "to": self.clock(state.until)}
        return say("{level}, mean from {from} to {to}", **span)

    def detections(self, count: int) -> str:
        """How often the sensors of a lamp saw somebody in the time of a report: of a few it is not told how many."""
        say = self._say
        return say("fewer than {few} in that time", few=FEW) if 0 < count < FEW else say("{count} in that time", count=count)

    def fault(self, name: str) -> str:
        """A fault that a node tells of."""
        return self._say(FAULTS[name]) if name in FAULTS else name

    def alarm(self, kind: str) -> str:
        """What an alarm is called."""
        return self._say(ALARMS[kind][0]) if kind in ALARMS else brief(kind, 24)

    def advice(self, kind: str) -> str:
        """What to do about an alarm."""
        return self._say(ALARMS[kind][1]) if kind in ALARMS else ""

    def event(self, event: Event) -> str:
        """What a node told."""
        say, times = self._say, f" ({event.count}×)" if event.count > 1 else ""
        if event.kind == "fault":
            return self.fault(event.what) + times
        if event.kind == "right":
            return say("well again: {what}", what=self.fault(event.what)) + times
        family = event.what.partition("-")[0]  # of what, where nodes tell more of it: radio-forged, settings-stale
        text = next((_EVENTS[event.kind, one] for one in (event.what, family, "") if (event.kind, one) in _EVENTS), "")
        what = say(VERBS[event.what]) if event.kind == "command" and event.what in VERBS else event.what
        return (say(text, what=what) if text else f"{event.kind}: {event.what}") + times

    def recorded(self, text: str) -> str:
        """What the record says, where it is one of those things that Lykta writes there; else as it is written."""
        return recorded(self._say, text)

    def reason(self, text: str) -> str:
        """Why something was done, where Lykta itself has written that down; people's own words as they are."""
        return reason(self._say, text)

    def like(self, event: Event) -> str:
        """Whether an event is bad news, good, or neither."""
        if event.kind in ("fault", "security") or event.what in ("refused", "failed", "update-refused"):
            return ILL
        return WELL if event.kind == "right" else PLAIN
