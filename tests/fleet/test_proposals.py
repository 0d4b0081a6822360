"""Settings: one person proposes, another approves, then they are sent; nothing goes round the second person, and there is a way back."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from lykta.errors import InputError
from lykta.fleet import acts, messages, rollout, settings, topics
from lykta.fleet.database import Database, Gone
from lykta.fleet.fleet import Fleet
from lykta.fleet.people import CERTIFICATE, TOKEN, VIEWER, Person
from lykta.fleet.proposal import ALONE, APPROVED, OVERTAKEN, REFUSED, WITHDRAWN, Conformity
from lykta.fleet.proposals import Proposals
from lykta.fleet.settings import Push
from lykta.node.keyfiles import place_of
from lykta.node.keys import KeyStore
from lykta.node.street import Street, load_street
from lykta.profiles import load_profile, text_of
from tests.fleet.post import NIGHT, Scene, name, topic, until
from tests.fleet.test_database import count

ANNA, BERTIL = Person("anna", proof=CERTIFICATE), Person("Bertil", proof=TOKEN)
BOTH = ("anna", "bertil")
#: What winter changes in the profile of Kungsholms strand.
WINTER = ("idle: 50 %", "idle: 40 %")
LAMPS = ["K05", "K06", "K07"]
STREET = load_street("kungsholms_strand")


@pytest.fixture(autouse=True, scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Kungsholms strand has keys on this machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LYKTA_KEYS", str(tmp_path_factory.mktemp("keys")))
        KeyStore.make(STREET.site, place_of(STREET.site.name), dt.datetime.now(dt.UTC)).keys(STREET.segments)
        yield


def changed(folder: Path, *changes: tuple[str, str], called: str = "winter") -> Street:
    """Kungsholms strand with another profile."""
    yaml = text_of(STREET.profile)
    for old, new in (*changes, ("name: Kungsholms strand", f"name: {called}")):
        assert old in yaml
        yaml = yaml.replace(old, new)
    file = folder / f"{called}.yaml"
    file.write_text(yaml, encoding="utf-8")
    return replace(STREET, profile=load_profile(file))


class Desk:
    """A street with proposals, a broker in memory, and a clock."""

    def __init__(self, folder: Path, operators: tuple[str, ...] = BOTH) -> None:
        self.scene = Scene(folder)
        self.street = STREET
        self.winter = changed(folder, WINTER)
        self.database = self.scene.database
        self.operators = operators
        self.board = Proposals(self.database, self.street, operators, lambda: self.scene.now)

    def fleet(self, record: bool = False) -> Fleet:
        """The fleet of it, with several people at work."""
        connect = self.scene.broker.connection("desk", keep=record)
        return Fleet(self.street, connect, self.database, "", record, now=lambda: self.scene.now, operators=self.operators)

    def approved(self, street: Street, why: str = "winter") -> int:
        """A proposal of Anna that Bertil has approved."""
        number = self.board.propose(street, ANNA, why, LAMPS).number
        return self.board.approve(number, BERTIL).number

    async def sent(self, fleet: Fleet, number: int, by: Person = BERTIL) -> int:
        """Roll it out, and let all nodes take it; the version."""
        push = await rollout.roll_out(fleet, self.board, number, by)
        for lamp in push.lamps:
            self.scene.state(lamp, settings=push.version)
        await until(lambda: set(settings.stand(push.lamps, push.version, fleet).values()) == {settings.TAKEN})
        return push.version

    def letters(self) -> list[str]:
        """The lamps to which settings were published, in their order."""
        ends = {topic(lamp, topics.SETTINGS): lamp for lamp in self.street.lamps}
        return [ends[where] for where, _ in self.scene.broker.published if where in ends]


def test_proposal__says_what_would_change_and_is_kept_to_the_byte(tmp_path: Path):
    """In words, against what is in force; of how many nodes which file is another; whether it keeps the requirement."""
    desk = Desk(tmp_path)
    one = desk.board.propose(desk.winter, ANNA, "longer nights", conformity=Conformity(True, "service 99.9 %"))
    assert [str(change) for change in one.changes] == ["path, all phases: idle 50 % -> 40 %"]
    assert one.compared == "Kungsholms strand, the profile that the site names"
    assert (one.state, one.who, one.proof, one.conformity.conforms) == ("open", "anna", "certificate", True)
    assert len(one.lamps) == 34
    assert one.others == {"program": 34, "table": 34, "adjacent": 34}
    (tmp_path / "winter.yaml").unlink()
    desk.board.approve(one.number, BERTIL)
    push = desk.board.begin(one.number, BERTIL)
    assert push.files == settings.files_of(desk.winter, desk.winter.lamps, dt.datetime.fromtimestamp(NIGHT, dt.UTC).date())


def test_profile__that_is_not_what_its_file_says_is_not_proposed(tmp_path: Path):
    """What a page has and has not saved is handed over as text; what somebody else has saved meanwhile is not taken for it."""
    desk = Desk(tmp_path, ())
    draft = text_of(desk.winter.profile)
    (tmp_path / "winter.yaml").write_text(draft.replace("idle: 40 %", "idle: 10 %"), encoding="utf-8")
    with pytest.raises(InputError, match="was changed since it was read, or is not saved yet"):
        desk.board.alone(desk.winter, ANNA, "winter", LAMPS)
    one = desk.board.alone(desk.winter, ANNA, "winter", LAMPS, text=draft)
    assert [str(change) for change in one.changes] == ["path, all phases: idle 50 % -> 40 %"]


def test_approval__is_another_persons(tmp_path: Path):
    """Nobody approves what he has proposed, however he writes his name; no viewer does; nobody does by word alone."""
    desk = Desk(tmp_path)
    one = desk.board.propose(desk.winter, ANNA, "winter", LAMPS)
    for by, said in (
        (ANNA, "another operator must approve it: bertil"),
        (replace(ANNA, name=" Anna "), "another operator must approve it"),
        (replace(BERTIL, role=VIEWER), "is a viewer, and may not approve settings"),
        (Person("bertil"), "only a word says who this is"),
        (Person(""), "say who you are"),
    ):
        with pytest.raises(InputError, match=said):
            desk.board.approve(one.number, by)
    assert desk.board.one(one.number).state == "open"
    with pytest.raises(InputError, match="not approved: another operator must approve it first"):
        desk.board.begin(one.number, BERTIL)
    approved = desk.board.approve(one.number, BERTIL, "seen")
    assert (approved.state, approved.verdict and approved.verdict.who) == (APPROVED, "Bertil")
    with pytest.raises(InputError, match="it is approved"):
        desk.board.refuse(one.number, BERTIL, "no")


def test_proposal__refused_or_withdrawn_is_not_sent(tmp_path: Path):
    """A refusal has a reason; only its own proposer withdraws a proposal."""
    desk = Desk(tmp_path)
    first, second = (desk.board.propose(desk.winter, ANNA, "winter", LAMPS).number for _ in range(2))
    with pytest.raises(InputError, match="say why"):
        desk.board.refuse(first, BERTIL, " ")
    assert desk.board.refuse(first, BERTIL, "too dark").state == REFUSED
    with pytest.raises(InputError, match="anna has made it"):
        desk.board.withdraw(second, BERTIL)
    assert desk.board.withdraw(second, ANNA).state == WITHDRAWN
    for number in (first, second):
        with pytest.raises(InputError, match="not approved"):
            desk.board.begin(number, BERTIL)
    with pytest.raises(InputError, match="there is none of this number"):
        desk.board.one(99)


def test_push__is_no_way_round_the_second_person(tmp_path: Path):
    """Where two operators are known by name: not as a command, and not past the command."""
    desk = Desk(tmp_path)

    async def work() -> None:
        async with desk.fleet() as fleet:
            await fleet.wait_connected()
            with pytest.raises(InputError, match="anna, bertil are known by name"):
                desk.board.alone(desk.winter, ANNA, "winter", LAMPS)
            files = settings.files_of(desk.winter, LAMPS, dt.date(2026, 12, 14))
            with pytest.raises(InputError, match="nobody has approved these settings"):
                await settings.send(fleet, Push(5, files, False, 0), "winter", by=ANNA)
        assert desk.letters() == []

    asyncio.run(work())


@pytest.mark.parametrize("operators", [(), ("anna",), ("anna", "Anna")])
def test_one_operator__sends_alone_and_the_record_says_so(tmp_path: Path, operators: tuple[str, ...]):
    """A street that is being set up has no second person; the same again is the same version."""
    desk = Desk(tmp_path, operators)
    one = desk.board.alone(desk.winter, Person("anna"), "set up", LAMPS)
    assert (one.state, one.verdict and one.verdict.what) == (APPROVED, ALONE)

    async def work() -> None:
        async with desk.fleet() as fleet:
            await fleet.wait_connected()
            version = await desk.sent(fleet, one.number, Person("anna"))
            assert desk.letters() == LAMPS
            desk.scene.now += 86_400
            again = desk.board.alone(desk.winter, Person("anna"), "", LAMPS)
            assert (again.number, again.version) == (one.number, version)
            await rollout.roll_out(fleet, desk.board, again.number, Person("anna"))
            assert desk.letters() == LAMPS
            assert [(act.verb, act.proof) for act in acts.acts(desk.database)] == [("settings", "word"), ("propose", "word")]

    asyncio.run(work())


def test_way_back__is_what_was_in_force_as_a_later_version(tmp_path: Path):
    """To the byte, without a second person, and it stands in the record."""
    desk = Desk(tmp_path)

    async def work() -> None:
        async with desk.fleet() as fleet:
            await fleet.wait_connected()
            with pytest.raises(InputError, match="no settings were ever sent"):
                desk.board.back(BERTIL, "too dark")
            first = desk.approved(desk.winter)
            one = await desk.sent(fleet, first)
            with pytest.raises(InputError, match="nothing was sent before it: what the nodes had came by cable"):
                desk.board.back(BERTIL, "too dark")
            desk.scene.now += 3600
            second = desk.approved(changed(tmp_path, ("idle: 50 %", "idle: 20 %"), called="dark"))
            two = await desk.sent(fleet, second)
            assert [str(change) for change in desk.board.one(second).changes] == ["path, all phases: idle 40 % -> 20 %"]
            back = desk.board.back(BERTIL, "too dark")
            assert ([str(change) for change in back.changes], back.undoes) == (["path, all phases: idle 20 % -> 40 %"], second)
            three = await desk.sent(fleet, back.number)
            assert one < two < three
            assert desk.board.begin(back.number, BERTIL).files == settings.kept(desk.database, desk.board.digests(first))
            assert [act.who for act in acts.acts(desk.database, verbs=["settings"])] == ["Bertil"] * 3
            assert acts.acts(desk.database, verbs=["settings"])[0].before == f"version {two}"

    asyncio.run(work())


def test_approved__but_overtaken_is_not_sent(tmp_path: Path):
    """It would change something else than it says."""
    desk = Desk(tmp_path)

    async def work() -> None:
        async with desk.fleet() as fleet:
            await fleet.wait_connected()
            late = desk.approved(changed(tmp_path, ("idle: 50 %", "idle: 20 %"), called="dark"))
            await desk.sent(fleet, desk.approved(desk.winter))
            assert desk.board.one(late).state == OVERTAKEN
            with pytest.raises(InputError, match="other settings were sent since"):
                await rollout.roll_out(fleet, desk.board, late, BERTIL)
            with pytest.raises(InputError, match="sent already"):
                desk.board.propose(desk.winter, ANNA, "again", LAMPS)

    asyncio.run(work())


def test_progress__says_who_does_not_take_it_and_what_that_means(tmp_path: Path):
    """A newer form than a node's software knows; the reason outlives the program that heard it; the same again asks only who is left."""
    desk = Desk(tmp_path)

    async def work() -> None:
        number = desk.approved(desk.winter)
        async with desk.fleet(record=True) as fleet:
            await fleet.wait_connected()
            push = await rollout.roll_out(fleet, desk.board, number, BERTIL)
            desk.scene.state("K05", settings=push.version)
            told = {"to": "settings", "number": push.version, "ok": False, "reason": "newer"}
            desk.scene.broker.publish(topic("K06", topics.ANSWER), messages.encode(messages.Answer(**told)))
            desk.scene.broker.publish(topic("K07", topics.STATE), b'{"v":1,"online":false}', retain=True)
            await until(lambda: desk.scene.broker.kept("desk") == 0 and bool(fleet.refused(push.version)))
            found = await rollout.progress(fleet, desk.board, number)
            assert found.lamps == {"K05": "taken", "K06": "refused", "K07": "offline"}
            assert found.done
            await until(lambda: acts.acts(desk.database, verbs=["settings"])[0].refused == 1)
        async with desk.fleet() as fleet:
            await fleet.wait_connected()
            await until(lambda: fleet.nodes[name("K05")].settings == push.version)
            found = await rollout.progress(fleet, desk.board, number)
            assert found.counts == {"taken": 1, "refused": 1, "offline": 1}
            assert "newer form than its software knows. Update its software first (lykta fleet update)" in found.reasons["K06"]
            again = await rollout.roll_out(fleet, desk.board, number, BERTIL)
            assert (again.resumed, again.version, desk.letters()) == (True, push.version, [*LAMPS, "K06", "K07"])
            (act,) = acts.acts(desk.database, verbs=["settings"])
            assert (again.act, push.act, act.sent, act.refused) == (act.number, act.number, 3, 1)

    asyncio.run(work())


def test_record__cannot_be_changed_by_any_program(tmp_path: Path):
    """The database itself refuses."""
    desk = Desk(tmp_path)
    desk.approved(desk.winter)
    for table, column in (("acts", "who"), ("proposals", "text"), ("decisions", "who"), ("proposed", "digest"), ("contents", "content")):
        for statement in (f"update {table} set {column} = 'x'", f"delete from {table}"):
            with pytest.raises(Gone, match="nothing in it is changed or deleted"), desk.database.using() as connection:
                connection.execute(text(statement))
    assert [count(desk.database, table) for table in ("acts", "proposals", "decisions")] == [2, 1, 1]


def test_decisions__of_two_at_once__one_counts(tmp_path: Path):
    """Two operators decide in the same moment, on two machines."""
    desk = Desk(tmp_path, (*BOTH, "cecilia"))
    number = desk.board.propose(desk.winter, ANNA, "winter", LAMPS).number
    seen = desk.board.one(number)
    desk.board.approve(number, BERTIL)
    other = Proposals(desk.database, desk.street, desk.operators, lambda: NIGHT)
    other.one = lambda number: seen  # type: ignore[method-assign]
    with pytest.raises(InputError, match="somebody else has just decided it"):
        other.refuse(number, Person("cecilia", proof=CERTIFICATE), "no")
    assert desk.board.one(number).state == APPROVED


def test_commands__are_acts_with_before_and_after(tmp_path: Path):
    """What was in force on which lamps, what shall be, how many have done it, and what said who it was."""
    desk = Desk(tmp_path)
    night = dt.datetime.fromtimestamp(NIGHT, dt.UTC)

    async def work() -> None:
        async with desk.fleet() as fleet:
            await fleet.wait_connected()
            await fleet.override(LAMPS[:1], 500, night + dt.timedelta(hours=2), "party", ANNA)
            await fleet.override(LAMPS, 1000, night + dt.timedelta(hours=4), "accident", BERTIL)
            with pytest.raises(InputError, match="is a viewer"):
                await fleet.override(LAMPS, 1000, night + dt.timedelta(hours=4), "x", replace(ANNA, role=VIEWER))
        newest, oldest = acts.acts(desk.database)
        assert (oldest.who, oldest.proof, oldest.before, oldest.sent) == ("anna", "certificate", "none", 1)
        assert newest.before == f"none on K06, K07; {oldest.after} on K05"
        assert (newest.about, newest.sent) == ("K05, K06, K07", 3)
        assert newest.after.startswith("at least 100 % until 2026-12-15")

    asyncio.run(work())


def test_older_database__is_completed(tmp_path: Path):
    """One that the version before has written gets what it lacks, and keeps what it has."""
    database = Database.open(tmp_path / "fleet.sqlite")
    with database.using() as connection:
        connection.execute(text("drop index ix_commands_act"))
        connection.execute(text("alter table commands drop column act"))
        connection.execute(text("update about set value = '1' where key = 'version'"))
    database.close()
    again = Database.open(tmp_path / "fleet.sqlite")
    assert acts.acts(again) == []
    assert again.rows(text("select act from commands")) == []
    assert again.rows(text("select value from about where key = 'version'"))[0][0] == "2"
