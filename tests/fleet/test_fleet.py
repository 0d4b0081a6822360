"""A fleet over a broker in memory: nothing is lost, whatever goes away; commands are written down before they are sent."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from lykta.errors import InputError
from lykta.fleet import commands, history, messages, model, topics
from lykta.fleet import fleet as module
from lykta.fleet.carrier import Letter, Lost, Refused, keep
from lykta.fleet.database import Batch, Gone
from lykta.fleet.roster import Roster
from lykta.node.keyfiles import place_of
from lykta.node.keys import KeyStore
from lykta.node.street import load_street
from tests.fleet.post import DISTRICT, NIGHT, NOON, Scene, event, name, next_change, state, topic, until
from tests.fleet.test_database import count


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits in a test."""
    monkeypatch.setattr(module, "_AGAIN_S", 0.001)
    monkeypatch.setattr("lykta.fleet.carrier.FIRST_S", 0.001)
    monkeypatch.setattr("lykta.fleet.carrier.LONGEST_S", 0.002)


@pytest.fixture
def keyed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kungsholms strand has keys on this machine."""
    monkeypatch.setenv("LYKTA_KEYS", str(tmp_path / "keys"))
    street = load_street("kungsholms_strand")
    KeyStore.make(street.site, place_of(street.site.name), dt.datetime.now(dt.UTC)).keys(street.segments)


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run it."""
    asyncio.run(work)


def test_state_and_reports__become_the_fleet_and_its_history(tmp_path: Path):
    """What a node tells is shown, stored and acknowledged."""

    async def work() -> None:
        scene = Scene(tmp_path)
        async with scene.fleet() as fleet:
            await fleet.wait_connected()
            scene.state("K05")
            scene.telemetry("K05", level=700)
            scene.broker.publish(topic("K05", topics.EVENT), event())
            await until(lambda: fleet.tally.stored == 3)
            await until(lambda: scene.broker.kept("record") == 0)
            node = fleet.nodes[name("K05")]
            assert (node.online, node.level, node.slot, node.power_mw) == (True, 700, "a", 12_000)
            assert fleet.counts() == {"nodes": 34, "online": 1, "offline": 0, "alarms": 0}
        assert [count(scene.database, table) for table in ("telemetry", "events", "states")] == [1, 1, 1]

    run(work())


def test_database_gone__what_the_broker_acknowledged_is_stored_when_it_is_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Nothing is acknowledged before it is stored, and it is said once that the database is away and once that it is back."""

    async def work() -> None:
        scene = Scene(tmp_path)
        write = scene.database.write
        tried: list[int] = []

        def away(batch: Batch) -> None:
            tried.append(len(batch))
            raise Gone("it is away.")

        async with scene.fleet() as fleet:
            await fleet.wait_connected()
            monkeypatch.setattr(scene.database, "write", away)
            for lamp in ("K01", "K02", "K03"):
                scene.telemetry(lamp)
            await until(lambda: len(tried) > 5)
            assert scene.broker.kept("record") == 3
            monkeypatch.setattr(scene.database, "write", write)
            await until(lambda: scene.broker.kept("record") == 0)
        assert count(scene.database, "telemetry") == 3
        assert scene.said[:1] == ["it is away. What comes meanwhile is not lost: the broker keeps it until it is stored."]
        assert [text.partition("  ")[2] for text in scene.said[1:]] == ["the database is back; what had come meanwhile is stored."]

    run(work())


def test_recorder_that_dies__finds_what_it_had_not_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The broker sends again what was not acknowledged, to the next one of that name."""

    async def work() -> None:
        scene = Scene(tmp_path)

        def away(batch: Batch) -> None:
            raise Gone("it is away.")

        with monkeypatch.context() as patched:
            async with scene.fleet() as fleet:
                await fleet.wait_connected()
                patched.setattr(scene.database, "write", away)
                scene.telemetry("K01")
                await until(lambda: bool(scene.said))
        scene.telemetry("K02")
        async with scene.fleet():
            await until(lambda: scene.broker.kept("record") == 0)
        assert count(scene.database, "telemetry") == 2

    run(work())


def test_connection_lost__comes_back_and_nothing_is_missing(tmp_path: Path):
    """What came meanwhile was kept for the session."""

    async def work() -> None:
        scene = Scene(tmp_path)
        async with scene.fleet() as fleet:
            await fleet.wait_connected()
            scene.broker.cut(down=True)
            await until(lambda: not fleet.connected)
            scene.telemetry("K07")
            scene.broker.is_down = False
            await until(lambda: fleet.tally.stored == 1)
        assert count(scene.database, "telemetry") == 1
        assert sum("lost" in text or "answers" in text for text in scene.said) == 1

    run(work())


def test_alarms__survive_a_restart_of_the_recorder(tmp_path: Path):
    """Opened once, closed once, though another process closes it."""

    async def work() -> None:
        scene = Scene(tmp_path)
        for faults in (("lamp",), ("lamp",), ()):
            async with scene.fleet() as fleet:
                await fleet.wait_connected()
                scene.now += 900
                scene.telemetry("K03", int(scene.now), faults=faults)
                await until(lambda: scene.broker.kept("record") == 0 and fleet.tally.messages == 1)
        (alarm,) = history.alarms(scene.database)
        assert (name("K03"), "lamp-out", NIGHT + 900, NIGHT + 2700) == (alarm.node, alarm.kind, alarm.opened, alarm.closed)

    run(work())


def test_watcher__begins_with_what_the_database_knows_and_stores_nothing(tmp_path: Path):
    """A second one beside the recorder."""

    async def work() -> None:
        scene = Scene(tmp_path)
        async with scene.fleet() as fleet:
            await fleet.wait_connected()
            scene.state("K05")
            scene.telemetry("K05", level=650, faults=("radar",))
            await until(lambda: scene.broker.kept("record") == 0 and fleet.tally.messages == 2)
        async with scene.fleet(record=False, client="watch") as watching:
            assert (
                watching.nodes[name("K05")].level, watching.nodes[name("K05")].faults, watching.nodes[name("K05")].alarms,
            ) == (650, ("radar",), ("stuck-sensor",))  # fmt: skip
            await watching.wait_connected()
            scene.telemetry("K06")
            await until(lambda: watching.nodes[name("K06")].level == 600)
        assert count(scene.database, "telemetry") == 1

    run(work())


def test_changes__are_told_as_they_come(tmp_path: Path):
    """Each listener hears those of the kinds that it wants."""

    async def work() -> None:
        scene = Scene(tmp_path)
        async with scene.fleet() as fleet:
            await fleet.wait_connected()
            waiting = asyncio.create_task(next_change(fleet, model.ALARM))
            await asyncio.sleep(0)
            scene.telemetry("K04", faults=("stuck",))
            change = await waiting
            assert (model.ALARM, name("K04"), "opened") == (change.kind, change.node, change.what)
            assert isinstance(change.about, model.Alarm) and change.about.detail == "stuck"

    run(work())


def test_slow_listener__misses_the_oldest_and_it_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Nothing grows without bound because a page is slow."""
    monkeypatch.setattr(module, "_WAITING", 10)

    async def work() -> None:
        scene = Scene(tmp_path)
        async with scene.fleet() as fleet:
            await fleet.wait_connected()
            stream = fleet.changes([model.TELEMETRY])
            first = asyncio.create_task(anext(stream))
            await asyncio.sleep(0)
            for step in range(30):
                scene.telemetry("K04", NIGHT + 900 * step)
            await until(lambda: fleet.tally.messages == 30)
            await first
            assert fleet.tally.missed > 0

    run(work())


@pytest.mark.usefixtures("keyed")
def test_override__is_written_down_sent_and_answered(tmp_path: Path):
    """Who, why, what, and what the node said."""

    async def work() -> None:
        scene = Scene(tmp_path)
        async with scene.fleet() as fleet:
            await fleet.wait_connected()
            end = dt.datetime.fromtimestamp(NIGHT + 3600, dt.UTC)
            sent = await fleet.override(["K05", "K06"], 1000, end, "accident")
            assert [topic("K05", topics.COMMAND), topic("K06", topics.COMMAND)] == [where for where, _ in scene.broker.published]
            answer = messages.encode(messages.Answer("command", sent[1].number, False, "too late"))
            scene.broker.publish(topic("K06", topics.ANSWER), answer)
            await until(lambda: fleet.tally.stored == 1)
        second, first = commands.given(scene.database)
        assert ("anna", "accident", name("K05"), "override", NIGHT, None) == (
            first.who, first.why, first.node, first.verb, first.sent, first.ok,
        )  # fmt: skip
        assert (second.ok, second.reason, second.detail) == (False, "too late", "at least 100 % until 2026-12-15 00:00")

    run(work())


@pytest.mark.usefixtures("keyed")
def test_command__is_in_the_record_with_its_answer_though_nobody_keeps_a_history(tmp_path: Path):
    """Who gave it writes the answer down, and nothing else."""

    async def work() -> None:
        scene = Scene(tmp_path)
        async with scene.fleet(record=False) as fleet:
            await fleet.wait_connected()
            sent = await fleet.identify(["K05"], 60)
            scene.telemetry("K05")
            scene.broker.publish(topic("K05", topics.ANSWER), messages.encode(messages.Answer("command", sent[0].number, True, "")))
            await until(lambda: fleet.tally.messages == 2)
            await until(lambda: commands.given(scene.database)[0].ok is not None)
        assert [one.ok for one in commands.given(scene.database)] == [True]
        assert scene.database.written() is None

    run(work())


@pytest.mark.usefixtures("keyed")
def test_command__of_a_clock_that_was_ahead_is_followed_by_higher_numbers(tmp_path: Path):
    """Nodes obey none of a number that they have seen: whoever has the right time must not be refused for an hour."""

    async def work() -> None:
        scene = Scene(tmp_path)
        scene.now = NIGHT + 3_600
        async with scene.fleet(record=False) as fleet:
            await fleet.wait_connected()
            (ahead,) = await fleet.restart(["K05"], "test")
        scene.now = NIGHT
        async with scene.fleet(record=False, client="other") as fleet:
            await fleet.wait_connected()
            right = await fleet.restart(["K05", "K06"], "test")
        assert [one.number for one in right] == [ahead.number + 1, ahead.number + 2]

    run(work())


def test_watcher__says_that_the_database_is_away_and_when_it_is_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """It goes on showing what nodes tell; what others have ordered it does not learn meanwhile."""

    def away(*words: object) -> None:
        raise Gone("it is away.")

    async def work() -> None:
        scene = Scene(tmp_path)
        monkeypatch.setattr(module, "_BEAT_S", 0.01)
        async with scene.fleet(record=False) as fleet:
            await fleet.wait_connected()
            with monkeypatch.context() as patched:
                patched.setattr(history, "standing", away)
                await until(lambda: fleet.away == "it is away.")
                scene.telemetry("K05", level=700)
                await until(lambda: fleet.nodes[name("K05")].level == 700)
            await until(lambda: not fleet.away)

    run(work())


@pytest.mark.usefixtures("keyed")
def test_command__without_a_connection_is_neither_sent_nor_written_down(tmp_path: Path):
    """Nobody shall think that a lamp was told."""

    async def work() -> None:
        scene = Scene(tmp_path)
        scene.broker.is_down = True
        async with scene.fleet() as fleet:
            with pytest.raises(Lost, match="nothing was sent"):
                await fleet.restart(["K05"], "test")
        assert commands.given(scene.database) == []

    run(work())


@pytest.mark.usefixtures("keyed")
def test_command__for_a_lamp_that_does_not_exist_says_which_was_meant(tmp_path: Path):
    """And nothing is sent to the others."""

    async def work() -> None:
        scene = Scene(tmp_path)
        async with scene.fleet() as fleet:
            await fleet.wait_connected()
            with pytest.raises(InputError, match="K5"):
                await fleet.identify(["K06", "K5"], 10)
        assert scene.broker.published == []

    run(work())


def test_override__in_force_excuses_light_by_day_after_a_restart(tmp_path: Path):
    """The recorder reads the record of commands: another program may have given it."""

    async def work() -> None:
        scene = Scene(tmp_path, NOON)
        given = model.Command(NOON - 1000, "anna", "market", name("K05"), "override", 1, "", until=NOON + 7200)
        commands.note(scene.database, [given])
        async with scene.fleet() as fleet:
            await fleet.wait_connected()
            for lamp in ("K05", "K06"):
                scene.telemetry(lamp, NOON, level=1000, energy_mwh=5000)
            await until(lambda: scene.broker.kept("record") == 0 and fleet.tally.messages == 2)
            assert [name("K06")] == [alarm.node for alarm in fleet.alarms]

    run(work())


def test_refused__is_said_at_once(tmp_path: Path):
    """No use in waiting for a broker that does not let us read."""

    async def work() -> None:
        scene = Scene(tmp_path)
        scene.broker.refuse = (topics.of_nodes(DISTRICT)[0],)
        async with scene.fleet() as fleet:
            with pytest.raises(Refused, match="does not let us read"):
                await fleet.wait_connected()

    run(work())


@pytest.mark.security(21)
def test_hostile_letters__are_counted_and_change_nothing():
    """Other topics, other districts, no JSON, letters that only the host sends, retained reports."""
    roster = Roster(DISTRICT, {name("K01"): "K01"})
    batch = Batch()
    letters = [
        Letter("lykta/v1/other/n/a.b/state", state()),
        Letter("lykta/v2/kungsholms_strand/n/a.b/state", state()),
        Letter(topic("K01", topics.COMMAND), b""),
        Letter(topic("K01", topics.STATE), b"{"),
        Letter(topic("K01", topics.TELEMETRY), b'{"v":2}'),
        Letter(topic("K01", topics.EVENT), event(), retained=True),
    ]
    assert [change for letter in letters for change in roster.take(letter, NIGHT, batch)] == []
    assert roster.tally.reasons == {"topic": 3, "json": 1, "version": 1, "retained": 1}
    assert len(batch) == 0


def test_strangers__are_shown_up_to_a_limit_and_counted_beyond():
    """Somebody with a certificate could invent names without end; the broker forbids it, and we do not count on that."""
    roster = Roster(DISTRICT, {})
    for number in range(1500):
        list(roster.take(Letter(topics.topic_of(DISTRICT, f"x.{number}", topics.STATE), state()), NIGHT, Batch()))
    assert (len(roster.nodes), roster.tally.unknown) == (1000, 500)


def test_attempts__wait_with_full_jitter_up_to_a_quarter_of_an_hour(monkeypatch: pytest.MonkeyPatch):
    """The longest that each attempt may wait doubles; an outage is told of once."""
    monkeypatch.setattr("lykta.fleet.carrier.FIRST_S", 1.0)
    monkeypatch.setattr("lykta.fleet.carrier.LONGEST_S", 900.0)
    drawn: list[float] = []
    told: list[Lost] = []

    class Enough(Exception):
        """So many attempts do."""

    async def sleep(seconds: float) -> None:
        if len(drawn) == 12:
            raise Enough

    def connect() -> Any:
        raise Lost("no")

    async def live(connection: object) -> None:
        raise AssertionError("there is no connection")

    def draw(least: float, most: float) -> float:
        drawn.append(most)
        return most

    with pytest.raises(Enough):
        asyncio.run(keep(connect, live, told.append, sleep, draw))
    assert drawn == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]
    assert len(told) == 1
