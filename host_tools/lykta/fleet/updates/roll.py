"""Rolls an update out, stage by stage: a few nodes first, the next ones when those are well, and none any more when they are not.

    roll = Roll(fleet, bundle, record, folder.save, Limits())
    await roll.run()

A node is updated when it says that the new version is in use, which it decides by itself, without a broker. It is well when it is online
and tells of no fault that it did not have before. Everything that is decided is written down first: a roll-out that was interrupted goes
on where it was. Pieces and offers are retained by the broker while it is under way, so nodes take them at their own pace.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from lykta.fleet import model, topics
from lykta.fleet.carrier import Lost
from lykta.fleet.model import Answer, Change, NodeState
from lykta.fleet.updates.bundle import Bundle
from lykta.fleet.updates.record import DONE, FAILED, OFFERED, STOPPED, UNDER_WAY, UPDATED, WAITING, NodeRecord, Record

STAGES = (0.01, 0.1, 1.0)
#: Answers that say that a node will not take it now, but that nothing is wrong with it.
_NO_FAULT = ("withdrawn",)
_ON_TRIAL = "on trial"
_BEAT_S = 5.0


@dataclass(frozen=True)
class Limits:
    """When a roll-out goes on, and when it stops.

    `soak_s`: how long a stage is watched after its last node was updated; `unwell`: more than this share of the nodes that were offered it
    stops it (a single one does where that is less than a node); `silent_s`: so long a node may be offline after its update; `patience_s`:
    so long an offered node may take, from when it was last seen; `at_once`: nodes that fetch at the same time.
    """

    soak_s: float = 1_200.0
    unwell: float = 0.02
    silent_s: float = 600.0
    patience_s: float = 14_400.0
    at_once: int = 50


class Carrier(Protocol):
    """What a roll-out needs of a fleet: see `lykta.fleet.fleet.Fleet`."""

    district: str

    @property
    def nodes(self) -> Mapping[str, NodeState]:
        """The state of every node."""

    def time(self) -> float:
        """What time it is [s since 1970]."""

    def changes(self, kinds: Iterable[str] = ()) -> AsyncIterator[Change]:
        """What changes from now on."""

    async def publish(self, topic: str, payload: bytes, retain: bool) -> None:
        """Send something; Lost where there is no connection."""


class Roll:
    """A roll-out of one bundle. `record` says how far it is; `save` is called after every change of it."""

    def __init__(
        self, carrier: Carrier, bundle: Bundle, record: Record, save: Callable[[Record], None], limits: Limits,
        said: Callable[[str], None] = lambda text: None, beat_s: float = _BEAT_S,
    ) -> None:  # fmt: skip
        """`said` is told of every step, in a sentence."""
        self.record = record
        self._carrier = carrier
        self._bundle = bundle
        self._save = save
        self._limits = limits
        self._said = said
        self._beat_s = beat_s
        self._rings = asyncio.Event()
        self._owed: list[str] = []  # who has not got the offer that is written down
        self._changed = False  # since it was written down

    async def run(self) -> Record:
        """Until it is done, or stopped, or nothing more can be done for now (what is left then is WAITING or OFFERED)."""
        listening = asyncio.create_task(self._listen())
        try:
            await asyncio.sleep(0)
            begun = False
            while self.record.state == UNDER_WAY:
                try:
                    if not begun:
                        await self._begin()
                        begun = True
                    if not await self._step():
                        break
                except Lost as error:
                    self._said(str(error))
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(self._rings.wait(), self._beat_s)
                self._rings.clear()
            if self.record.state != UNDER_WAY:
                await self._clear_up()
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
        return self.record

    async def _listen(self) -> None:
        async for change in self._carrier.changes([model.ANSWER, model.STATE, model.TELEMETRY, model.LINK]):
            if isinstance(change.about, Answer):
                self._answer(change.about)
            self._rings.set()

    def _answer(self, answer: Answer) -> None:
        """What a node says of it."""
        node = self.record.nodes.get(answer.node)
        if node is None or answer.to != "update" or answer.number != self._bundle.number or node.state not in (OFFERED, UPDATED):
            return
        if answer.ok:
            node.reason = answer.reason
            self._changed = True
        elif answer.reason not in _NO_FAULT:
            self._become(node, FAILED, answer.reason)
            self._said(f"{answer.node}: {answer.reason}")

    # --- a step ---------------------------------------------------------------------------------------------------

    async def _begin(self) -> None:
        """Publish the pieces; offer it again to those who were offered it before an interruption, so that they say how far they are."""
        for number, piece in enumerate(self._bundle.pieces()):
            await self._carrier.publish(topics.piece_of(self._carrier.district, self._bundle.id, number), piece, True)
        for name in self.record.of(OFFERED):
            await self._withdraw(name)
            await self._offer(name)

    async def _step(self) -> bool:
        """Look at everything once; False: there is nothing left to wait for."""
        now = self._carrier.time()
        self._look(now)
        unwell = self._unwell(now)
        offered = self.record.of(OFFERED, UPDATED, FAILED)
        if len(unwell) > self._limits.unwell * len(offered):
            self._stop(f"{len(unwell)} of {len(offered)} nodes are not well: " + "; ".join(f"{name}: {why}" for name, why in unwell[:3]))
        elif self._stage_is_done(now):
            self._next_stage()
        else:
            await self._offer_more()
        self._write_down()
        return not self._exhausted(now)

    def _look(self, now: float) -> None:
        """Who has it by now."""
        for name in self.record.of(OFFERED):
            node, state = self.record.nodes[name], self._carrier.nodes[name]
            if state.software == self._bundle.version:
                self._become(node, UPDATED, "", now)
                self._said(f"{name}: {self._bundle.version} is in use")

    def _unwell(self, now: float) -> list[tuple[str, str]]:
        """The nodes that are not well since they were offered it, each with what is wrong."""
        found = [(name, self.record.nodes[name].reason) for name in self.record.of(FAILED)]
        for name in self.record.of(UPDATED):
            node, state = self.record.nodes[name], self._carrier.nodes[name]
            new = sorted(set(state.faults) - set(node.faults))
            seen = node.since if state.seen is None else max(state.seen, node.since)
            if state.software != self._bundle.version and state.online:
                found.append((name, f"it runs {state.software or 'another version'} again"))
            elif new:
                found.append((name, "new since the update: " + ", ".join(new)))
            elif not state.online and now - seen > self._limits.silent_s:
                found.append((name, "offline since its update"))
        for name in self.record.of(OFFERED):
            node, state = self.record.nodes[name], self._carrier.nodes[name]
            if node.reason == _ON_TRIAL and not state.online and now - (state.seen or node.since) > self._limits.silent_s:
                found.append((name, "offline since it started with it"))
            elif state.online and now - node.since > self._limits.patience_s:
                found.append((name, f"not updated after {self._limits.patience_s / 3600:g} h (last said: {node.reason or 'nothing'})"))
        return found

    def _stage_is_done(self, now: float) -> bool:
        """Whether all of the stage that are online have it, one of them at least, and were watched for long enough; in the last: all."""
        names = self.record.in_stage(self.record.stage)
        nodes = [self.record.nodes[name] for name in names]
        last = self.record.stage + 1 == len(self.record.stages)
        left = self.record.of(OFFERED) if last else [name for name in names if self.record.nodes[name].state == OFFERED]
        if any(node.state == WAITING for node in nodes) or any(last or self._carrier.nodes[name].online for name in left):
            return False
        return now - max((node.since for node in nodes if node.state == UPDATED), default=now) >= self._limits.soak_s

    def _next_stage(self) -> None:
        record = self.record
        self._changed = True
        if record.stage + 1 == len(record.stages):
            record.state = DONE
            self._said(f"{record.version} is in use on {len(record.of(UPDATED))} of {len(record.nodes)} nodes.")
            return
        record.stage += 1
        share, count = record.stages[record.stage], len(record.in_stage(record.stage))
        stage, more = f"Stage {record.stage + 1} of {len(record.stages)}", f"{count} node{'' if count == 1 else 's'} more"
        self._said(f"The nodes so far are well. {stage}: {share:.0%}, {more}.")

    async def _offer_more(self) -> None:
        """Offer it to more nodes of this stage and those before."""
        under_way = sum(self._carrier.nodes[name].online is not False for name in self.record.of(OFFERED))
        for name in self.record.of(WAITING):
            node, state = self.record.nodes[name], self._carrier.nodes[name]
            if node.stage > self.record.stage or under_way >= self._limits.at_once:
                continue
            node.before, node.faults = state.software, sorted(state.faults)
            self._become(node, OFFERED, "", self._carrier.time())
            self._owed.append(name)
            under_way += state.online is not False
        self._write_down()
        while self._owed:
            await self._offer(self._owed[0])
            self._owed.pop(0)

    def _exhausted(self, now: float) -> bool:
        """Whether only nodes that are offline are left, and none of the others need be watched any more."""
        record = self.record
        if record.state != UNDER_WAY or record.of(WAITING):
            return False
        left = record.of(OFFERED)
        watched = max((record.nodes[name].since for name in record.of(UPDATED)), default=now)
        return bool(left) and all(self._is_away(name, now) for name in left) and now - watched >= self._limits.soak_s

    def _is_away(self, name: str, now: float) -> bool:
        """Whether a node is offline, and for longer than it takes to start anew with what it tries out."""
        state = self._carrier.nodes[name]
        return not state.online and (state.seen is None or now - state.seen > self._limits.silent_s)

    # --- what is done ---------------------------------------------------------------------------------------------

    def stop(self, why: str) -> None:
        """Somebody stops it."""
        self._stop(why)
        self._write_down()
        self._rings.set()

    def _stop(self, why: str) -> None:
        self.record.state, self.record.why = STOPPED, why
        self._changed = True
        self._said(f"Stopped: {why}")

    def _write_down(self) -> None:
        if self._changed:
            self._save(self.record)
            self._changed = False

    def _become(self, node: NodeRecord, state: str, reason: str, now: float | None = None) -> None:
        node.state, node.reason = state, reason
        node.since = self._carrier.time() if now is None else now
        self._changed = True

    async def _offer(self, name: str) -> None:
        await self._carrier.publish(topics.topic_of(self._carrier.district, name, topics.UPDATE), self._bundle.head, True)

    async def _withdraw(self, name: str) -> None:
        await self._carrier.publish(topics.topic_of(self._carrier.district, name, topics.UPDATE), b"", True)

    async def _clear_up(self) -> None:
        """The broker need not keep any of it: offers first, so that nobody asks for pieces that are gone."""
        with contextlib.suppress(Lost):
            for name in self.record.of(OFFERED, UPDATED, FAILED):
                await self._withdraw(name)
            for number, _ in enumerate(self._bundle.pieces()):
                await self._carrier.publish(topics.piece_of(self._carrier.district, self._bundle.id, number), b"", True)
