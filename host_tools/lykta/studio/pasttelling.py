"""Says why a lamp of the real street had its level at a time: sentences of `fleet.past.Past`, nothing decided here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from lykta.fleet import past as rules
from lykta.fleet.past import Past
from lykta.studio.recorded import detail, faults
from lykta.studio.saying import N_, Say
from lykta.studio.telling import PHASES

ALARMS = {
    "lamp-out": N_("the lamp takes too little power for its level: it is dark"),
    "day-burning": N_("the lamp burns by day"),
    "stuck-sensor": N_("a sensor lies or is silent, so the lamp stays bright"),
    "silent-node": N_("nothing has been heard of the node"),
    "energy-off": N_("the energy is not what the profile asks for"),
}
#: Fewer detections than this in a quarter of an hour are not counted out: one would be somebody's way home.
FEW = 5


class PastTeller:
    """Tells of a real street, on its own clocks."""

    def __init__(self, say: Say, timezone: str) -> None:
        self._say = say
        self._zone = ZoneInfo(timezone)

    def lines(self, found: Past) -> list[str]:
        """All of it, a sentence each, the rule that decides first."""
        return [
            self.rule(found),
            *self.reported(found),
            *self.ordered(found),
            self.planned(found),
            *self.settings(found),
            *self.wrong(found),
        ]

    def rule(self, found: Past) -> str:
        """The rule that explains the level, as a sentence."""
        say, plan = self._say, found.planned
        if found.rule == rules.FAULT and found.report is not None:
            return say("It was bright to be safe: {why}.", why=self._faults(found.report.faults))
        if found.rule == rules.OVERRIDE and found.order is not None:
            return say(
                "An override asked for at least {level}: {why}.", level=self._level(rules.level_of(found.order)), why=found.order.why
            )
        if found.rule == rules.PRESENCE:
            return say("It was above what it rests at, since somebody was expected.")
        if found.rule == rules.FLOOR:
            return say("Nobody was expected: its floor, {level}, held.", level=self._level(plan.floor))
        if found.rule == rules.PHASE:
            return say("Nobody was expected: the level of the phase {phase} held.", phase=self._phase(plan.phase))
        if found.rule == rules.OFF:
            return say("By its profile the light was off.")
        if found.rule == rules.BURNS:
            return say("It burned though the light should have been off, and nothing in the history says why.")
        if found.rule == rules.DARK:
            return say("It was darker than it should have been, and nothing in the history says why.")
        return say("No report of that time is in the history, so only what was planned and ordered can be told.")

    def reported(self, found: Past) -> Iterator[str]:
        """What the node told of that time."""
        say, report = self._say, found.report
        if report is None:
            return
        times = {"begin": self.clock(report.begin), "end": self.clock(report.until)}
        yield say(
            "{level} in the mean from {begin} to {end}; {detections}.",
            level=self._level(report.level),
            detections=self._count(found),
            **times,
        )
        if report.doubt:
            yield say("Its clock was not set or not believed: these times are ours.")
        if found.rule == rules.PRESENCE:
            yield say("A quarter of an hour is the finest that is kept: who came, and when, no node tells.")

    def ordered(self, found: Past) -> Iterator[str]:
        """The override in force."""
        say, order = self._say, found.order
        if order is None or order.until is None:
            return
        said = {"who": order.who, "at": self.moment(order.at), "until": self.moment(order.until), "why": order.why or "–"}
        said |= {"level": self._level(rules.level_of(order))}
        if order.ok is False:
            yield say("{who} ordered light at {at} ({why}), and the node refused: {reason}.", **said, reason=order.reason)
        else:
            yield say("{who} ordered at least {level} at {at}, until {until}: {why}.", **said)
            if order.ok is None:
                yield say("The node has not answered that, as far as the history knows.")

    def planned(self, found: Past) -> str:
        """What was planned."""
        say, plan = self._say, found.planned
        if not plan.phase:
            return say("Planned by {profile}: no light at that time.", profile=found.profile)
        told = {"phase": self._phase(plan.phase), "idle": self._level(plan.idle), "presence": self._level(plan.presence)}
        said = say(
            "Planned by {profile}: phase {phase}, {idle} when nobody comes by, {presence} for somebody.", profile=found.profile, **told
        )
        return said if not plan.floor else f"{said} {say('Its floor is {level}.', level=self._level(plan.floor))}"

    def settings(self, found: Past) -> Iterator[str]:
        """Which settings it had, whose they were, and when it was last heard."""
        say, proposal = self._say, found.proposal
        if proposal is not None and proposal.rollout is not None:
            approved = proposal.verdict.who if proposal.verdict else proposal.who
            told = {"version": found.settings, "who": proposal.who, "approved": approved, "why": proposal.why}
            yield say("Settings version {version}, proposed by {who}, approved by {approved}: {why}.", **told)
        elif found.settings:
            yield say("Settings version {version}; which profile that was is not recorded, the site's is shown.", version=found.settings)
        else:
            yield say("Which settings the node had is not recorded; the profile of the site is shown.")
        if found.seen is not None:
            yield say("Last heard at {time}.", time=self.moment(found.seen))
        if found.online is False:
            yield say("The broker had no connection of it.")

    def wrong(self, found: Past) -> Iterator[str]:
        """Faults and alarms of that time."""
        say, report = self._say, found.report
        if report is not None and report.faults and found.rule != rules.FAULT:
            yield say("It told of faults: {faults}.", faults=self._faults(report.faults))
        for alarm in found.alarms:
            told = {"what": say(ALARMS[alarm.kind]) if alarm.kind in ALARMS else alarm.kind, "since": self.moment(alarm.opened)}
            yield say("An alarm was open since {since}: {what}.", **told) + (
                f" ({detail(self._say, alarm.detail)})" if alarm.detail else ""
            )

    def clock(self, at: float) -> str:
        """A time of day."""
        return self._say.clock(dt.datetime.fromtimestamp(at, self._zone))

    def moment(self, at: float) -> str:
        """A time with its day."""
        return f"{self._say.date(dt.datetime.fromtimestamp(at, self._zone).date(), 'medium')} {self.clock(at)}"

    def _level(self, permille: int) -> str:
        return self._say.quantity("level", permille)

    def _phase(self, name: str) -> str:
        return self._say(name) if name in PHASES else name

    def _faults(self, names: tuple[str, ...]) -> str:
        return faults(self._say, names)

    def _count(self, found: Past) -> str:
        """How many detections its own sensors made, not finer than privacy allows."""
        say, count = self._say, found.report.detections if found.report else 0
        if not count:
            return say("its own sensors saw nobody")
        return (
            say("its own sensors saw somebody, fewer than {few} times", few=FEW)
            if count < FEW
            else say("its own sensors saw somebody {count} times", count=count)
        )


__all__ = ["PastTeller"]
