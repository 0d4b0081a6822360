"""A roll-out over whole firmwares on a real mosquitto, with the certificates that `lykta broker config` makes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from lykta.fleet.broker.access import take
from lykta.fleet.certificates import OPERATOR
from lykta.fleet.client import Broker
from lykta.fleet.database import Database
from lykta.fleet.fleet import Fleet
from lykta.fleet.updates import plan
from lykta.fleet.updates.bundle import Bundle
from lykta.fleet.updates.record import DONE, STOPPED, UPDATED, WAITING, Folder, Record
from lykta.fleet.updates.roll import Limits, Roll
from lykta.node.street import load_street
from tests.fleet.updates.fakes import KEYS
from tests.fleet.updates.test_over_the_air import ours
from tests.vm.test_uplink_live import Live, live
from tests.vm.towns import SITE, town

pytestmark = [pytest.mark.services, pytest.mark.micropython, pytest.mark.slow]

_LIMITS = Limits(soak_s=60, at_once=10)


async def until(one: Live, done: Callable[[], bool], minutes: float) -> None:
    """As `Live.until`, in longer steps: an update takes minutes of the street, most of them waiting."""
    street = one.town.player.street
    end = street.now_ms + round(minutes * 60_000)
    while not done():
        assert street.now_ms < end, one.town.consoles()
        street.run(street.now_ms + 500)
        one.bridge.pump(one.network, 0.01)
        await asyncio.sleep(0)


async def rolled(one: Live, fleet: Fleet, folder: Folder, bundle: Bundle) -> Record:
    """The end of a roll-out over the posts of the town."""
    names = one.town.names
    lamps = [lamp for lamp, name in fleet.names.items() if name in names]
    record, _ = plan.begin(fleet.street, fleet.nodes, fleet.names, lamps, bundle, (0.01, 1.0), (), fleet.time())
    folder.begin(record, bundle)
    rolling = asyncio.create_task(Roll(fleet, bundle, record, folder.save, _LIMITS, beat_s=0.05).run())
    await until(one, rolling.done, 60)
    return rolling.result()


def test_update_rolls_over_a_street__and_a_bad_one_stops_at_the_first_node(tmp_path: Path):
    """The new version on both posts, one after the other; then one that crashes: its node goes back, nobody else is offered it."""
    found = town(tmp_path, lamps=2, minutes=200, demand=None, changed={"release": KEYS.node_file()})
    utc_ms = found.player.plan.agenda.times.origin_utc_ms
    good, bad = ours("2.0"), ours("6.6", app=b"raise ValueError('bad')\n")

    async def play() -> None:
        async with live(found, tmp_path) as (one, _):
            with take(found.certificates.folder, OPERATOR) as access:
                broker = Broker(access.host, access.port, access.client, access.authority, access.certificate, access.key)
                database = Database.open(str(tmp_path / "fleet.sqlite"), SITE)
                now = lambda: (utc_ms + found.player.street.now_ms) / 1000  # noqa: E731
                async with Fleet(load_street(SITE), partial(broker.connect, False), database, "anna", district=SITE, now=now) as fleet:
                    await fleet.wait_connected()
                    await until(one, lambda: sum(fleet.nodes[name].online is True for name in found.names) == 2, 10)
                    folder = Folder(tmp_path / "updates")
                    record = await rolled(one, fleet, folder, good)
                    assert (record.state, len(record.of(UPDATED))) == (DONE, 2), record
                    assert {fleet.nodes[name].software for name in found.names} == {"2.0"}
                    falls = len(found.player.falls)
                    assert falls == 2
                    record = await rolled(one, fleet, folder, bad)
                    assert record.state == STOPPED
                    assert "went back" in record.why
                    assert len(record.of(WAITING)) == 1
                    await until(one, lambda: all(fleet.nodes[name].software == "2.0" for name in found.names), 15)
                    assert len(found.player.falls) == falls + 4

    asyncio.run(play())
