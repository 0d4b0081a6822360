"""The fleet as it stands: letters go in; the states of nodes, alarms, rows for the database and changes to show come out.

No network, no clock and no database here: whoever calls says what time it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from lykta.fleet import messages, model, topics
from lykta.fleet.alarms import Alarms
from lykta.fleet.carrier import Letter
from lykta.fleet.database import Batch
from lykta.fleet.expected import Expectation
from lykta.fleet.model import Alarm, Answer, Change, Event, NodeState, Tally

#: So many nodes that the site does not know are shown; what others tell is counted.
_MOST_STRANGERS = 1000
_MOST_REFUSED = 200_000


class Roster:
    """The nodes of one district. `nodes`: by name, those of the site from the start; `lamps`: the lamp of each."""

    def __init__(
        self, district: str, lamps: Mapping[str, str], expectation: Expectation | None = None, opened: Iterable[Alarm] = (), now: float = 0
    ) -> None:
        """`lamps`: {node: lamp} of the site; `opened`: alarms that were open when this was last known."""
        self.district = district
        self.nodes = {node: NodeState(node, lamp) for node, lamp in lamps.items()}
        self.alarms = Alarms(opened)
        self.alarms.expect(self.nodes, now)
        self.tally = Tally()
        self.refused: dict[tuple[str, int], str] = {}  # (node, version of settings that it does not take): why
        self._known = len(self.nodes)
        self._expectation = expectation
        for node in {alarm.node for alarm in self.alarms.open.values()} & set(self.nodes):
            self.nodes[node].alarms = self.alarms.of(node)

    def take(self, letter: Letter, now: float, batch: Batch) -> Iterator[Change]:
        """What a letter changes; what is to be stored of it goes into the batch. One that makes no sense is counted, and no more."""
        self.tally.messages += 1
        topic = topics.read(letter.topic)
        if not isinstance(topic, topics.Topic) or topic.district != self.district or not topic.kind.up:
            self.tally.refuse("topic")
            return
        try:
            message = messages.parse(topic.kind, letter.payload)
        except messages.BadMessage as error:
            self.tally.refuse(error.reason)
            return
        node = self._node(topic.node)
        if node is None:
            self.tally.unknown += 1
            return
        if letter.retained and not isinstance(message, messages.State):
            self.tally.refuse("retained")  # nodes retain nothing else: somebody else has sent it
            return
        yield from self._heard(node, message, now, batch)
        if isinstance(message, messages.State):
            yield self._state(node, message, letter.retained, now, batch)
        elif isinstance(message, messages.Telemetry):
            yield from self._telemetry(node, message, now, batch)
        elif isinstance(message, messages.Event):
            yield self._event(node, message, now, batch)
        elif isinstance(message, messages.Answer):
            row = {"to": message.to, "number": message.number, "ok": message.ok, "reason": message.reason}
            batch.answers.append({"node": node.name, "received": int(now), **row})
            if message.to == "settings" and not message.ok and len(self.refused) < _MOST_REFUSED:
                self.refused[node.name, message.number] = message.reason
            answer = Answer(node.name, message.to, message.number, message.ok, message.reason)
            yield Change(model.ANSWER, node.name, now, "done" if message.ok else "refused", answer)
        else:
            node.live, node.live_at = message.level, now
            yield Change(model.LIVE, node.name, now)

    def tick(self, now: float, batch: Batch) -> Iterator[Change]:
        """Time has passed."""
        yield from self._alarms(self.alarms.tick(now), now, batch)

    # --- one kind each --------------------------------------------------------------------------------------------

    def _node(self, name: str) -> NodeState | None:
        """The state of a node; one that the site does not know is shown too, but not any number of them."""
        node = self.nodes.get(name)
        if node is None and len(self.nodes) < self._known + _MOST_STRANGERS:
            node = self.nodes[name] = NodeState(name, name.partition(".")[2] or name)
        return node

    def _heard(self, node: NodeState, message: messages.Message, now: float, batch: Batch) -> Iterator[Change]:
        online = message.online if isinstance(message, messages.State) else None
        if online is not False:
            node.seen = now
        yield from self._alarms(self.alarms.heard(node.name, now, online), now, batch)

    def _state(self, node: NodeState, state: messages.State, retained: bool, now: float, batch: Batch) -> Change:
        before = (node.online, node.software, node.slot, node.settings, node.tier, node.boots)
        node.online = state.online
        if state.online:
            node.software, node.slot = state.software or "", state.slot or ""
            node.settings, node.tier, node.boots = state.settings or 0, state.tier or 0, state.boots or 0
            node.started, node.window = state.started, state.window
        after = (node.online, node.software, node.slot, node.settings, node.tier, node.boots)
        if after != before:
            told = ("software", "slot", "settings", "tier", "boots", "started")
            batch.states.append(
                {"node": node.name, "since": int(now), "online": state.online, **{key: getattr(state, key) for key in told}}
            )
        return Change(model.STATE, node.name, now, "online" if state.online else "offline")

    def _telemetry(self, node: NodeState, told: messages.Telemetry, now: float, batch: Batch) -> Iterator[Change]:
        begin, until = told.placed(int(now))
        batch.telemetry.append(_row(node.name, told, begin, until, now))
        if node.until is None or until >= node.until:
            node.begin, node.until, node.level, node.energy_mwh = begin, until, told.level, told.energy_mwh
            node.estimated, node.detections, node.faults, node.doubt = told.estimated, told.detections, tuple(told.faults), told.doubt
            node.heap, node.block, node.dropped, node.refused = told.heap, told.block, told.dropped, told.refusals
            expected = takes = None
            if self._expectation is not None and self._expectation.knows(node.lamp):
                expected = self._expectation.of(node.lamp, begin, until)
                takes = self._expectation.power_mw(node.lamp, told.level) * told.seconds / 3600
            yield from self._alarms(self.alarms.judge(node.name, now, told, expected, takes), now, batch)
        yield Change(model.TELEMETRY, node.name, now)

    def _event(self, node: NodeState, told: messages.Event, now: float, batch: Batch) -> Change:
        batch.events.append(
            {
                "node": node.name,
                "received": int(now),
                **{key: getattr(told, key) for key in ("at", "boot", "number", "kind", "what", "count", "detail")},
            }
        )
        event = Event(node.name, int(now), told.at, told.kind, told.what, told.detail, told.count)
        return Change(model.EVENT, node.name, now, told.kind, event)

    def _alarms(self, found: Iterable[Alarm], now: float, batch: Batch) -> Iterator[Change]:
        for alarm in found:
            if alarm.closed is None:
                row = {"node": alarm.node, "kind": alarm.kind, "opened": alarm.opened, "closed": None, "detail": alarm.detail}
                batch.opened.append(row)
            else:
                batch.closed.append({"node": alarm.node, "kind": alarm.kind, "closed": alarm.closed})
            if alarm.node in self.nodes:
                self.nodes[alarm.node].alarms = self.alarms.of(alarm.node)
            yield Change(model.ALARM, alarm.node, now, "closed" if alarm.closed is not None else "opened", replace(alarm))


def _row(node: str, told: messages.Telemetry, begin: int, until: int, now: float) -> dict[str, Any]:
    """The row of a report."""
    return {
        "node": node,
        "begin": begin,
        "until": until,
        "level": told.level,
        "energy_mwh": told.energy_mwh,
        "estimated": told.estimated,
        "detections": told.detections,
        "faults": ",".join(told.faults)[:300],
        "heap": told.heap,
        "block": told.block,
        "dropped": told.dropped,
        "refused": told.refusals,
        "boot": told.boot,
        "doubt": told.doubt,
        "received": int(now),
    }
