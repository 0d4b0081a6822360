"""Says why a lamp had its level, in the words of a language: sentences of `why.Why`, nothing decided here."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from lykta.corehost import schema
from lykta.studio.saying import N_, Say
from lykta.studio.why import Reason, Sighting, Step, Why

#: How rules are called where a list has no room for a sentence.
RULES = {
    "fixed": N_("not controlled"),
    "fault": N_("bright to be safe"),
    "override": N_("override"),
    "presence": N_("somebody is expected"),
    "phase": N_("level of the phase"),
    "floor": N_("its floor"),
}
FAULTS = {
    "clock": N_("its clock is not set"),
    "radio": N_("no neighbour is heard"),
    "stuck": N_("its sensor has been on for too long"),
    "restless": N_("its sensor is on too often"),
    "blind": N_("its sensor misses what both neighbours see"),
    "sensor": N_("the driver of its sensor reports a fault"),
    "settings": N_("a setting had to be repaired"),
}
ONE = {
    "pedestrian": N_("a pedestrian"),
    "cyclist": N_("a cyclist"),
    "car": N_("a car"),
    "animal": N_("an animal"),
    "": N_("nobody: a false alarm"),
}
CAUSES = {
    "dead lamp": N_("dead lamp"),
    "stationary": N_("stood still for long"),
    "miss": N_("missed by a sensor"),
    "first post": N_("first post"),
    "speed unknown": N_("speed unknown"),
    "direction unknown": N_("direction unknown"),
    "branch": N_("another branch"),
    "ramp": N_("still on its way up"),
    "not raised": N_("not raised"),
}
PHASES = (N_("dusk"), N_("evening"), N_("night"), N_("dawn"))


class Teller:
    """Tells of a night. `origin_utc_ms` is its origin, `timezone` that of the place."""

    def __init__(self, say: Say, origin_utc_ms: int, timezone: str) -> None:
        self._say = say
        self._origin_utc_ms = origin_utc_ms
        self._zone = ZoneInfo(timezone)

    def clock(self, t_ms: int, seconds: bool = True) -> str:
        """The time of day of a moment of the night."""
        return self._say.clock(dt.datetime.fromtimestamp((self._origin_utc_ms + t_ms) / 1000, self._zone), seconds)

    def level(self, permille: int) -> str:
        """A level: `74 %`."""
        return self._say.quantity("level", permille)

    def rule(self, why: Why) -> str:
        """The rule that decided, as a sentence."""
        say, state = self._say, why.state
        if state is None:
            return say("No node controls this lamp: it is as bright as it was built.")
        if why.rule == "fault":
            return say("It is bright to be safe: {why}.", why=", ".join(say(FAULTS[name]) for name in state.faults))
        if why.rule == "override":
            return say("An override asks for at least {level}.", level=self.level(state.override))
        if why.rule == "floor":
            return say("It never goes below its floor, {level}.", level=self.level(state.floor))
        asking = sum(reason.track.lights for reason in why.reasons)
        if why.rule == "presence" and asking == 1:
            return say("Somebody is expected here: one track asks for light.")
        if why.rule == "presence":
            return say("Somebody is expected here: {count} tracks ask for light.", count=asking)
        return say("Nobody is expected: the level of the phase {phase} holds.", phase=self.phase(why.phase))

    def phase(self, name: str) -> str:
        """A phase of the night; those that a profile named itself are left as they are."""
        return self._say(name) if name in PHASES else name

    def track(self, reason: Reason) -> str:
        """What the lamp knows of somebody: who he may be, how fast, where, whether he comes."""
        say, track = self._say, reason.track
        who = say("anybody") if len(track.classes) == schema.CLASSES else f" {say('or')} ".join(say(ONE[name]) for name in track.classes)
        speed = say("{speed} along the street", speed=say.quantity("speed", track.speed_cms)) if track.speed_cms else say("speed not known")
        ways = {"ahead": say("on the way here"), "behind": say("gone in another direction"), "unknown": say("direction not known")}
        return f"{who}, {speed}, {ways[track.relation]}"

    def place(self, reason: Reason) -> str:
        """Where that was seen."""
        say, track = self._say, reason.track
        if not reason.sightings:
            return say("Several tracks that became one")
        seen = reason.sightings[0]
        if not track.distance_cm:
            return say("Seen here at {time}", time=self.clock(track.evidence_ms))
        metres = say.number(track.distance_cm / 100)
        return say(
            "Seen at {lamp} at {time}, {metres} m from here", lamp=seen.lamp_id[:24], time=self.clock(track.evidence_ms), metres=metres
        )

    def span(self, reason: Reason) -> str:
        """When the track asks for light, and how much."""
        say, track = self._say, reason.track
        span = {"from": self.clock(track.from_ms), "until": self.clock(track.until_ms), "level": self.level(track.level)}
        if track.lights:
            return say("asks for {level} until {until}", **span)
        if track.from_ms > track.until_ms:
            return say("asks for no light here")  # who was seen is gone before he could have come
        return say("will ask for {level} from {from} until {until}", **span)

    def sighting(self, one: Sighting) -> str:
        """A detection, as the node understood it."""
        say = self._say
        came = say("from {point}", point=one.came_from[:24]) if one.came_from else say("direction not known")
        speed = say.quantity("speed", one.speed_cms) if one.speed_cms else say("speed not known")
        return f"{self.clock(one.t_ms)}  {one.lamp_id[:24]}: {came}, {speed}"

    def truth(self, one: Sighting) -> str:
        """Who it really was, which only a simulation knows."""
        say = self._say
        who = say(ONE[one.truth])
        return (
            say("In truth: {who}, number {number} of the night.", who=who, number=one.user)
            if one.user >= 0
            else say("In truth: {who}.", who=who)
        )

    def change(self, step: Step) -> str:
        """A change of a lamp's target, in a line."""
        say = self._say
        levels = say("{from} → {to}", **{"from": self.level(step.level), "to": self.level(step.target)})
        return f"{self.clock(step.t_ms)}  {levels}  {say(RULES[step.rule])}"
