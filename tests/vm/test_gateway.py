"""The whole way of a letter: from a lamp without a network over the radio to its gateway, over TLS to the broker, and back."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from lykta.corehost import firmware_folder
from lykta.fleet import topics
from lykta.fleet.letters import Commands, Recipient
from lykta.plan.keys import segments_of, simulated_keys
from lykta.plan.nodefiles import behind_file, node_files, node_names
from lykta.plan.routes import Route
from lykta.sim.breakdowns import Oddity
from lykta.sim.loop import Player, sealed
from lykta.sim.radio import REAL
from tests.fleet.networks import network
from tests.sim.nights import people, plan_of
from tests.vm.towns import ETHERNET, SEED, SITE, Town, files_of, serving

pytestmark = [pytest.mark.micropython, pytest.mark.slow]
LAMPS, MINUTES = 3, 4
GATEWAY, FAR = 0, 2


def street(folder: Path) -> tuple[Town, Recipient]:
    """The first posts of Kungsholms strand, the first of them a gateway with a cable, and the last as a command's recipient."""
    plan = plan_of(SITE)
    made, _ = network(folder / "network", plan.site)
    names = node_names(plan.site)
    files = node_files(plan.site, plan.graph, plan.profile, plan.date, SEED)
    keys = simulated_keys(plan.graph, segments_of(plan.graph, plan.tables), SEED)
    route = Route(GATEWAY, GATEWAY, 0, {lamp: lamp for lamp in range(LAMPS) if lamp != GATEWAY})
    ids = [plan.site.lamps[lamp].id for lamp in range(LAMPS)]
    oddities = {}
    for lamp in range(LAMPS):
        board = {**json.loads(files[ids[lamp]]["board"]), "meter": None}
        board["radio"] = {**board["radio"], "post": {"gateway": GATEWAY, "next": GATEWAY}}
        given: dict[str, bytes] = {}
        if lamp == GATEWAY:
            board["radio"]["post"]["below"] = [[other, other] for other in sorted(route.below)]
            board |= ETHERNET
            given = {**files_of(made, names[ids[lamp]]), "behind": behind_file(plan.site, route, keys)}
        oddities[lamp] = Oddity(lamp, {name: sealed(data) for name, data in given.items()}, board=board)
    times = (plan.begin_ms, plan.begin_ms + MINUTES * 60_000)
    told = people(plan, "kungsholms@60", SEED, 0.1)[1].slice(0, 0)
    played = (folder / "posts", "targets", firmware_folder(), oddities, True, range(LAMPS))
    player = Player(plan, told, SEED, REAL.row(SEED), (), (), times, *played)
    town = Town(player, made, [names[name] for name in ids], "well", serving(made, folder))
    return town, Recipient(ids[FAR], FAR, keys.nodes[ids[FAR]])


def test_lamps_behind_a_gateway__are_on_the_network_and_obey_it(tmp_path: Path):
    """Their states come under their own topics; a command for the last one is obeyed, and its answer comes."""
    town, far = street(tmp_path)
    utc_ms = town.player.plan.agenda.times.origin_utc_ms + town.player.begin_ms
    now = dt.datetime.fromtimestamp(utc_ms / 1000, dt.UTC)
    with town.player.street:
        town.start()
        town.run(1)
        assert town.online() == [True] * LAMPS, town.consoles()
        assert {client.name for client in town.broker.clients} == {town.names[GATEWAY]}
        order = Commands().override(far, 900, now + dt.timedelta(hours=1), now)
        topic = f"lykta/v1/{SITE}/n/{town.names[FAR]}/down/command"
        town.network.call(60_000, lambda: town.broker.publish(topic, order.data))
        town.run(MINUTES)
    answers = [
        (read.node, json.loads(payload))
        for topic, payload, *_ in town.broker.published
        if isinstance(read := topics.read(topic), topics.Topic) and topic.endswith("up/answer")
    ]
    assert [(node, said["ok"], said["number"]) for node, said in answers] == [(town.names[FAR], True, order.number)]
