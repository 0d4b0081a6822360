"""Emergency light: the whole street at full at once, as a minimum; it ends by itself, and waits for no record."""

from __future__ import annotations

import asyncio
import datetime as dt
from functools import partial
from pathlib import Path

import pytest

from lykta.fleet import acts, commands, history
from lykta.fleet.broker.access import take
from lykta.fleet.broker.files import write
from lykta.fleet.certificates import OPERATOR
from lykta.fleet.client import Broker
from lykta.fleet.database import Database, Gone
from lykta.fleet.fleet import EMERGENCY, Fleet
from lykta.fleet.letters import Recipient
from lykta.fleet.people import CERTIFICATE, Person
from lykta.node.street import Street, load_street
from lykta.plan.keys import segments_of, simulated_keys
from tests.fleet.networks import NOW
from tests.fleet.post import NIGHT, Scene
from tests.sim.nights import plan_of
from tests.vm import test_gateway as behind
from tests.vm.test_uplink_live import live
from tests.vm.towns import SEED, SITE

#: The output of a lamp at full.
_FULL = 65_535
ANNA = Person("anna", proof=CERTIFICATE)


@pytest.fixture(autouse=True)
def keyed(monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine has the keys of the simulated street."""
    plan = plan_of(SITE)
    keys = simulated_keys(plan.graph, segments_of(plan.graph, plan.tables), SEED)
    people = {lamp.id: Recipient(lamp.id, number, keys.nodes[lamp.id]) for number, lamp in enumerate(plan.site.lamps)}

    def known(street: Street) -> dict[str, Recipient]:
        return people

    monkeypatch.setattr("lykta.fleet.fleet.recipients", known)


def test_emergency__is_one_call_for_every_lamp_and_ends_by_itself(tmp_path: Path):
    """At least 100 % for four hours, written down once as an act with what was in force before."""

    async def work() -> None:
        scene = Scene(tmp_path)
        async with scene.fleet(record=False) as fleet:
            await fleet.wait_connected()
            given = await fleet.emergency("search", by=ANNA)
            assert [command.node for command in given] == [fleet.names[lamp] for lamp in fleet.street.lamps]
            assert {command.until for command in given} == {NIGHT + int(EMERGENCY.total_seconds())}
        (act,) = acts.acts(scene.database)
        assert (act.who, act.about, act.before, act.after, act.sent) == (
            "anna", "all 34 lamps", "none", "at least 100 % until 2026-12-15 03:00", 34,
        )  # fmt: skip
        assert len(scene.broker.published) == 34

    asyncio.run(work())


def test_emergency__without_a_database_is_sent_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Light before records: it is said that nothing of it is written down. Any other command waits for the record."""

    def away(*words: object) -> None:
        raise Gone("it is away.")

    async def work() -> None:
        scene = Scene(tmp_path)
        async with scene.fleet(record=False) as fleet:
            await fleet.wait_connected()
            for module, call in ((commands, "note"), (commands, "note_sent"), (history, "standing")):
                monkeypatch.setattr(module, call, away)
            with pytest.raises(Gone):
                await fleet.restart(["K05"], "test")
            assert scene.broker.published == []
            assert len(await fleet.emergency("search")) == 34
            assert len(scene.broker.published) == 34
            assert scene.said == ["it is away. The light is ordered all the same, and stands in NO record: write it down by hand."]

    asyncio.run(work())


@pytest.mark.services
@pytest.mark.micropython
@pytest.mark.slow
def test_emergency__reaches_lamps_behind_a_gateway_on_a_real_broker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Whole firmwares: the gateway by its cable, the lamps behind it by radio; all full, all have answered, all go back by themselves."""
    monkeypatch.setattr(behind, "MINUTES", 20)
    found, _ = behind.street(tmp_path)
    made, street = found.certificates, load_street(SITE)
    ids = [lamp.id for lamp in street.site.lamps[: behind.LAMPS]]
    made.sites[street.site.name].carriers = dict.fromkeys(ids[1:], ids[behind.GATEWAY])
    write(made, NOW)
    utc_ms = found.player.plan.agenda.times.origin_utc_ms
    now = lambda: (utc_ms + found.player.street.now_ms) / 1000  # noqa: E731
    database = Database.open(tmp_path / "fleet.sqlite")

    def rests() -> bool:
        return found.duties(0)[behind.FAR][-1][1] < _FULL

    async def play() -> None:
        async with live(found, tmp_path) as (one, _):
            with take(made.folder, OPERATOR) as access:
                broker = Broker(access.host, access.port, access.client, access.authority, access.certificate, access.key)
                async with Fleet(street, partial(broker.connect, False), database, ANNA, district=SITE, now=now) as fleet:
                    await fleet.wait_connected()
                    await one.until(lambda: all(fleet.nodes[name].online for name in found.names))
                    await one.until(rests)
                    end = dt.datetime.fromtimestamp(now(), dt.UTC) + dt.timedelta(minutes=3)
                    asked = asyncio.create_task(fleet.emergency("search", end))
                    await one.until(lambda: asked.done() and {_FULL} == {log[-1][1] for log in found.duties(0)})
                    await one.until(lambda: now() > end.timestamp() + 10)
                    await one.until(rests)
                    assert acts.acts(database)[0].done == behind.LAMPS

    asyncio.run(play())
