"""Whole firmwares against a real mosquitto, with the certificates and the files that `lykta broker config` makes: a live street."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiomqtt
import pytest

from lykta.fleet import messages, topics
from lykta.fleet.letters import Commands, Recipient
from lykta.plan.nodefiles import node_files
from lykta.vm.peers import Bridge, Network, Real
from tests.fleet.networks import broker_of, client
from tests.services import HOST, Mosquitto
from tests.vm.towns import ADDRESS, SEED, SITE, Town, town

pytestmark = [pytest.mark.services, pytest.mark.micropython]

Heard = list[tuple[topics.Topic, messages.Message, bool]]


class Live:
    """A town whose sockets lead to this machine. Its time goes on as the broker answers: nothing waits for a clock."""

    def __init__(self, found: Town) -> None:
        self.town = found
        self.heard: Heard = []
        self.bridge = Bridge({ADDRESS: HOST})
        self.network = Network(found.player.street, self.bridge)

    async def listen(self, desk: aiomqtt.Client) -> None:
        """Keep what the nodes say."""
        async for message in desk.messages:
            read = topics.read(message.topic.value)
            assert isinstance(read, topics.Topic) and isinstance(message.payload, bytes)
            self.heard.append((read, messages.parse(read.kind, message.payload), bool(message.retain)))

    async def until(self, done: Callable[[], bool], minutes: float = 4.0) -> None:
        """Let the street live until something is so; fails where it is not after so many of its minutes."""
        street = self.town.player.street
        end = street.now_ms + round(minutes * 60_000)
        while not done():
            assert street.now_ms < end, (self.town.consoles(), self.heard)
            street.run(street.now_ms + 100)
            self.bridge.pump(self.network, 0.01)
            await asyncio.sleep(0)

    def cut(self, node: int) -> None:
        """Cut the line of a node: neither side is told more than that."""
        for peer in list(self.network.peers.values()):
            if isinstance(peer, Real) and peer.connection.node == node:
                self.bridge.forget(peer)
                peer.connection.close()

    def states(self) -> dict[str, bool]:
        """The last that the broker said of each node."""
        return {topic.node: message.online for topic, message, _ in self.heard if isinstance(message, messages.State)}

    def of(self, kind: type[messages.Message]) -> list[messages.Message]:
        """What came of a kind."""
        return [message for _, message, _ in self.heard if isinstance(message, kind)]


@contextlib.asynccontextmanager
async def live(found: Town, folder: Path) -> AsyncIterator[tuple[Live, Mosquitto]]:
    """The town and its broker, which has just begun."""
    with contextlib.closing(broker_of(found.certificates, SITE)) as broker, found.player.street:
        broker.start()
        one = Live(found)
        with contextlib.closing(one.bridge):
            found.start()
            yield one, broker


def test_street__lives_on_a_real_broker_with_certificates_both_ways(tmp_path: Path):
    """All are there; a command is obeyed and answered; a cut line is a last will, and the node comes back."""
    found = town(tmp_path, minutes=60, demand=None)
    plan = found.player.plan
    lamp = plan.site.lamps[0].id
    key = node_files(plan.site, plan.graph, plan.profile, plan.date, SEED)[lamp]["keys"][-32:]

    async def play() -> None:
        async with live(found, tmp_path) as (one, _), client(found.certificates, "operator-1", tmp_path) as desk:
            for topic in topics.of_nodes(SITE):
                await desk.subscribe(topic, qos=1)
            listening = asyncio.create_task(one.listen(desk))
            await one.until(lambda: one.states() == dict.fromkeys(found.names, True))
            await one.until(lambda: len(one.of(messages.Event)) >= 3)
            now_ms = plan.agenda.times.origin_utc_ms + found.player.street.now_ms
            now = dt.datetime.fromtimestamp(now_ms / 1000, dt.UTC)
            order = Commands().override(Recipient(lamp, 0, key), 1000, now + dt.timedelta(hours=1), now)
            await desk.publish(topics.topic_of(SITE, found.names[0], topics.COMMAND), order.data, qos=1)
            await one.until(lambda: bool(one.of(messages.Answer)))
            (answer,) = one.of(messages.Answer)
            assert isinstance(answer, messages.Answer)
            assert (answer.ok, answer.number) == (True, order.number)
            await one.until(lambda: found.duties(0)[0][-1][1] == 65_535)
            one.cut(0)
            await one.until(lambda: one.states()[found.names[0]] is False)
            await one.until(lambda: one.states()[found.names[0]] is True)
            listening.cancel()

    asyncio.run(play())


def test_broker_that_restarts__has_everybody_back(tmp_path: Path):
    """Nodes say that they lost it, once; when it is back, so are they."""
    found = town(tmp_path, minutes=60, demand=None)

    def said(words: str, times: int) -> Callable[[], bool]:
        return lambda: all(console.count(words) == times for console in found.consoles())

    async def play() -> None:
        async with live(found, tmp_path) as (one, broker):
            await one.until(said("uplink: connected", 1))
            broker.stop()
            await one.until(said("uplink: lost", 1))
            broker.start()
            await one.until(said("uplink: connected", 2), minutes=15)

    asyncio.run(play())
