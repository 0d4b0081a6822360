"""A fleet as programs see it: its state, a stream of changes, alarms, and commands that are written down before they are sent.

    async with Fleet(street, broker.connect, database, who="anna") as fleet:
        fleet.nodes["kungsholms_strand.K05"].level
        async for change in fleet.changes():
            ...
        await fleet.override(["K05", "K06"], 1000, until, why="accident")

`record=True` makes it the one that keeps the history: everything is acknowledged to the broker only when it is in the database, so
that nothing is lost while the database is away. Others only look: they take what the database has, then what comes.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from types import TracebackType
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from lykta.errors import Message
from lykta.fleet import acts, commands, history, model, topics
from lykta.fleet.acts import Act
from lykta.fleet.carrier import Connect, Connection, Lost, Refused, keep
from lykta.fleet.database import Batch, Database, Gone
from lykta.fleet.expected import Expectation
from lykta.fleet.letters import Commands, Recipient, Sealed, recipients
from lykta.fleet.model import Change, Command, NodeState, Tally
from lykta.fleet.people import Person, must_operate
from lykta.fleet.roster import Roster
from lykta.node.street import Street
from lykta.plan.nodefiles import district_of, node_names

T = TypeVar("T")
#: Letters that are written at once, and how long to wait for them to gather [s].
_MOST, _LINGER_S = 2000, 0.25
#: So many letters are under way to the broker at once.
_AT_ONCE = 200
#: How long the emergency light lasts where nobody says until when.
EMERGENCY = dt.timedelta(hours=4)
#: How often time is looked at: for silent nodes, and for what others have written into the database [s].
_BEAT_S = 15.0
#: More than even a street that lives sixty times as fast sees between two beats: the clock was set [s].
_JUMP_S = 100 * _BEAT_S
#: How long to wait before asking a database again that is away [s].
_AGAIN_S = 2.0
#: Changes that wait for a listener; a slower one is told of the newest, and how many it missed is counted.
_WAITING = 5000


class Fleet:
    """A fleet. `nodes`: the state of each, by name; `connected`: whether there is a connection to the broker; `away`: see there."""

    def __init__(
        self, street: Street, connect: Connect, database: Database, who: str | Person = "", record: bool = False, district: str = "",
        now: Callable[[], float] = time.time, said: Callable[[str], None] = lambda text: None, operators: Sequence[str] = (),
    ) -> None:  # fmt: skip
        """`who`: the person at work, for the record; `said` is told, in sentences, what happens to broker and database.

        `operators`: who is known by name to may change the street. A program for several people names each with `by` where one commands.
        """
        self.street = street
        self.database = database
        self.person = Person(who) if isinstance(who, str) else who
        self.operators = tuple(operators)
        self.connected = False
        self.away = ""  # what is wrong with the database, in a sentence; "" where it is there
        self.district = district or district_of(street.site.name)
        self.names = node_names(street.site)
        self._connect = connect
        self._record = record
        self._now = now
        self._said = said
        self._connection: Connection | None = None
        self._listeners: list[tuple[deque[Change], asyncio.Event]] = []
        self._numbers = Commands()
        self._commanded = False
        self._recipients: dict[str, Recipient] | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._settled = asyncio.Event()  # connected, or refused
        self._why: Lost | None = None
        self._roster = Roster(self.district, {}, None)

    @property
    def nodes(self) -> dict[str, NodeState]:
        """The state of every node by name."""
        return self._roster.nodes

    @property
    def alarms(self) -> list[model.Alarm]:
        """The alarms that are open, the gravest kind first."""
        return sorted(self._roster.alarms.open.values(), key=lambda alarm: (model.ALARMS.index(alarm.kind), alarm.opened, alarm.node))

    @property
    def tally(self) -> Tally:
        """What was counted since the start."""
        return self._roster.tally

    # --- its life -------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Fleet:
        """Take what the database knows, and begin. LyktaError where that is not possible."""
        lamps = {node: lamp for lamp, node in self.names.items()}
        opened = await self.in_thread(lambda: history.open_alarms(self.database))
        self._roster = Roster(self.district, lamps, Expectation(self.street), opened, self._now())
        since = int(self._now()) - history.RECENT_S
        await self.in_thread(lambda: history.restore(self.database, self._roster.nodes, since))
        await self._from_database()
        self._tasks = [asyncio.create_task(self._keep()), asyncio.create_task(self._beat())]
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def run(self) -> None:
        """Wait until it ends by itself: only a fault, or a broker that refuses us, ends it."""
        done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()

    async def wait_connected(self, longest_s: float = 15.0) -> None:
        """Wait for the connection. Lost where there is none after that time, or what the broker said when it refused us."""
        waiting = asyncio.create_task(self._settled.wait())
        await asyncio.wait([waiting, *self._tasks], timeout=longest_s, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        for task in self._tasks:
            if task.done():
                task.result()
        if not self.connected:
            raise self._why or Lost("No broker answers.")

    async def _keep(self) -> None:
        await keep(self._connect, self._live, self._down)

    def _down(self, error: Lost) -> None:
        self._why = error
        self._said(str(error))
        if isinstance(error, Refused):
            self._settled.set()

    async def _live(self, connection: Connection) -> None:
        """Take what comes, as long as the connection lives."""
        try:
            await connection.subscribe([(topic, 1) for topic in topics.of_nodes(self.district)])
            self._connection, self.connected = connection, True
            self._settled.set()
            self._tell(Change(model.LINK, "", self._now(), "up"))
            while True:
                letters = await connection.letters(_MOST, _LINGER_S if self._record else 0)
                batch = Batch()
                changes = [change for letter in letters for change in self._roster.take(letter, self._now(), batch)]
                await self._store(batch)
                connection.acknowledge(letters)
                for change in changes:
                    self._tell(change)
        finally:
            self._connection, self.connected = None, False
            self._settled.clear()
            self._tell(Change(model.LINK, "", self._now(), "down"))

    async def _beat(self) -> None:
        """Look at the time now and then, and at what others have written down."""
        before = self._now()
        while True:
            await asyncio.sleep(_BEAT_S)
            await self._from_database()
            batch, now = Batch(), self._now()
            if not -_BEAT_S < now - before < _JUMP_S:
                self._roster.alarms.jump(now)
            before = now
            changes = list(self._roster.tick(self._now(), batch)) if self.connected else []
            await self._store(batch)
            for change in changes:
                self._tell(change)

    async def _from_database(self) -> None:
        """Overrides that are in force explain why a lamp burns: whoever gave them."""
        now = int(self._now())
        try:
            standing = await self.in_thread(lambda: history.standing(self.database, now))
        except Gone as error:
            self.away = str(error)
            return
        self.away = ""
        for node, given in standing.items():
            self._roster.alarms.override(node, given.until or now, now)

    async def _store(self, batch: Batch) -> None:
        """Write until it is written: nothing is acknowledged before, and the broker keeps what comes meanwhile."""
        if not self._record:
            await self._note_answers(batch)
            return
        if not batch:
            return
        away = False
        while True:
            try:
                await self.in_thread(lambda: self.database.write(batch))
                break
            except Gone as error:
                if not away:
                    self._said(f"{error} What comes meanwhile is not lost: the broker keeps it until it is stored.")
                    away = True
            await asyncio.sleep(_AGAIN_S)
        self.tally.stored += len(batch)
        if away:
            self._said(f"{self.database}  the database is back; what had come meanwhile is stored.")

    async def _note_answers(self, batch: Batch) -> None:
        """Who gives commands writes down what nodes answer: the record of commands is whole where nobody keeps a history."""
        if self._commanded and batch.answers:
            with contextlib.suppress(Gone):
                await self.in_thread(lambda: self.database.write(Batch(answers=batch.answers)))

    # --- for those who look ---------------------------------------------------------------------------------------

    async def changes(self, kinds: Iterable[str] = ()) -> AsyncIterator[Change]:
        """What changes from now on, of some kinds (`model`) or of all. A listener too slow misses the oldest, and `tally.missed` counts."""
        waiting: deque[Change] = deque(maxlen=_WAITING)
        rings = asyncio.Event()
        wanted = frozenset(kinds)
        listener = (waiting, rings)
        self._listeners.append(listener)
        try:
            while True:
                await rings.wait()
                rings.clear()
                while waiting:
                    change = waiting.popleft()
                    if not wanted or change.kind in wanted:
                        yield change
        finally:
            self._listeners.remove(listener)

    def _tell(self, change: Change) -> None:
        for waiting, rings in self._listeners:
            self.tally.missed += len(waiting) == _WAITING
            waiting.append(change)
            rings.set()

    # --- commands -------------------------------------------------------------------------------------------------

    async def override(self, lamps: Sequence[str], permille: int, until: dt.datetime, why: str, by: Person | None = None) -> list[Command]:
        """At least so much light until a time, on lamps by their ids; 0 ends it. InputError for what no node would obey."""
        until = until.astimezone(ZoneInfo(self.street.site.timezone))  # people of the site read the record
        detail = f"at least {permille / 10:g} % until {until:%Y-%m-%d %H:%M}" if permille else "ended"
        made = lambda to, now: self._numbers.override(to, permille, until, now)  # noqa: E731
        before = await self._overridden(lamps)
        return await self._give(lamps, "override", detail, why, made, by, int(until.timestamp()) if permille else None, before)

    async def emergency(self, why: str, until: dt.datetime | None = None, by: Person | None = None) -> list[Command]:
        """Full light at once on every lamp of the street, as a minimum, until a time (by default for 4 h), when it ends by itself.

        It does not wait for the record: where the database is away it is sent all the same, and `said` is told that it is not written down.
        """
        end = until or dt.datetime.fromtimestamp(self._now(), dt.UTC) + EMERGENCY
        end = end.astimezone(ZoneInfo(self.street.site.timezone))
        made = lambda to, now: self._numbers.override(to, 1000, end, now)  # noqa: E731
        try:
            before = await self._overridden(self.street.lamps)
        except Gone:
            before = "not known: the database was away"
        detail = f"at least 100 % until {end:%Y-%m-%d %H:%M}"
        return await self._give(self.street.lamps, "override", detail, why, made, by, int(end.timestamp()), before, urgent=True)

    async def identify(self, lamps: Sequence[str], seconds: int, why: str = "", by: Person | None = None) -> list[Command]:
        """Blink the status LED."""
        return await self._give(lamps, "identify", f"for {seconds} s", why, lambda to, now: self._numbers.identify(to, seconds, now), by)

    async def walk_test(self, lamps: Sequence[str], seconds: int, why: str = "", by: Person | None = None) -> list[Command]:
        """Show by blinks of the light whom the sensors see; 0 ends it."""
        return await self._give(lamps, "walktest", f"for {seconds} s", why, lambda to, now: self._numbers.walk_test(to, seconds, now), by)

    async def window(self, lamps: Sequence[str], seconds: int, why: str, by: Person | None = None) -> list[Command]:
        """Open a commissioning window: nodes tell their level of the moment, at most for 4 h; 0 closes it. Nothing of it is stored."""
        until = int(self._now()) + seconds if seconds else None
        made = lambda to, now: self._numbers.window(to, seconds, now)  # noqa: E731
        before = acts.tallied([(lamp, "open" if self.nodes[self.names[lamp]].window else "closed") for lamp in lamps])
        return await self._give(lamps, "window", f"for {seconds} s" if seconds else "closed", why, made, by, until, before)

    async def restart(self, lamps: Sequence[str], why: str, by: Person | None = None) -> list[Command]:
        """Start nodes anew, from full light."""
        return await self._give(lamps, "restart", "", why, lambda to, now: self._numbers.restart(to, now), by)

    async def note(self, verb: str, about: str, before: str, after: str, why: str = "", by: Person | None = None) -> None:
        """Write down what a person does to the street that is no command: an update that begins, ends, or is taken back."""
        person = by or self.person
        act = Act(int(self._now()), person.name, person.proof, verb, about, before, after, why)
        await self.in_thread(lambda: acts.note(self.database, act))

    async def _overridden(self, lamps: Sequence[str]) -> str:
        """What overrides are in force on lamps, by the record."""
        now = int(self._now())
        standing = await self.in_thread(lambda: history.standing(self.database, now))
        return acts.tallied([(lamp, standing[node].detail if (node := self.names[lamp]) in standing else "none") for lamp in lamps])

    async def _give(
        self, lamps: Sequence[str], verb: str, detail: str, why: str, make: Callable[[Recipient, dt.datetime], Sealed],
        by: Person | None, until: int | None = None, before: str = "", urgent: bool = False,
    ) -> list[Command]:  # fmt: skip
        """Seal, write down, send, and write down that it was sent. Lost or Gone where that is not possible."""
        person, people = by or self.person, self.recipients()
        must_operate(person, "command a street")
        with contextlib.suppress(Gone):  # without it the number is that of our clock; whether it may be sent is decided below
            self._numbers.after(await self.in_thread(lambda: commands.last_number(self.database)))
        now = self._now()
        moment = dt.datetime.fromtimestamp(now, dt.UTC)
        given = []
        for lamp in lamps:
            sealed = make(people[self.street.lamp(lamp).id], moment)
            given.append((Command(int(now), person.name, why, self.names[lamp], verb, sealed.number, detail, until), sealed))
        about = acts.said_of(lamps, len(self.street.lamps))
        act = Act(int(now), person.name, person.proof, verb, about, before, detail, why)
        return await self.send(given, topics.COMMAND, act, urgent)

    async def send(
        self, given: Sequence[tuple[Command, Sealed]], kind: topics.Kind, act: Act | int | None = None, urgent: bool = False
    ) -> list[Command]:
        """Send letters that are sealed; each is written down first, with the act that it is a part of. The commands as they were sent.

        `urgent`: rather sent than written down, where the database is away.
        """
        connection = self._connection
        if connection is None:
            raise Lost(Message("There is no connection to the broker, so nothing was sent."))
        self._commanded = True
        asked = [command for command, _ in given]
        written = await self._written(lambda: commands.note(self.database, asked, act), urgent)
        for at in range(0, len(given), _AT_ONCE):
            some = given[at : at + _AT_ONCE]
            where = [topics.topic_of(self.district, command.node, kind) for command, _ in some]
            letters = zip(where, some, strict=True)
            await asyncio.gather(*(connection.publish(topic, one.data, kind.qos, kind.retained) for topic, (_, one) in letters))
            for command, _ in some:
                self._tell(Change(model.COMMAND, command.node, self._now(), command.verb, command))
        now = int(self._now())
        if written:
            await self._written(lambda: commands.note_sent(self.database, asked, now), urgent)
        for command in asked:
            if command.verb == "override" and command.until is not None:
                self._roster.alarms.override(command.node, command.until, now)
        return [commands.with_sent(command, now) for command in asked]

    async def _written(self, write: Callable[[], None], urgent: bool) -> bool:
        """Write something down; whether it is. Gone where that is not possible, unless it is urgent: then it is said."""
        try:
            await self.in_thread(write)
            return True
        except Gone as error:
            if not urgent:
                raise
            self._said(
                Message("{error} The light is ordered all the same, and stands in NO record: write it down by hand.", error=error.args[0])
            )
            return False

    async def publish(self, topic: str, payload: bytes, retain: bool) -> None:
        """Send what is no command: offers and pieces of updates, which are signed, not sealed. Lost without a connection."""
        if self._connection is None:
            raise Lost("There is no connection to the broker.")
        await self._connection.publish(topic, payload, 1, retain)

    def recipients(self) -> dict[str, Recipient]:
        """The nodes of the site with their keys. InputError where this machine does not have them."""
        if self._recipients is None:
            self._recipients = recipients(self.street)
        return self._recipients

    def time(self) -> float:
        """What time it is [s since 1970]."""
        return self._now()

    def refused(self, version: int) -> dict[str, str]:
        """The nodes that have answered since the start that they do not take a version of the settings, with their reasons."""
        return {node: reason for (node, number), reason in self._roster.refused.items() if number == version}

    async def in_thread(self, call: Callable[[], T]) -> T:
        """The database waits for disks: beside, not in the way."""
        return await asyncio.get_running_loop().run_in_executor(None, call)

    def counts(self) -> dict[str, Any]:
        """How many nodes there are, how many of them online, and how many alarms are open."""
        online = sum(node.online is True for node in self.nodes.values())
        offline = sum(node.online is False for node in self.nodes.values())
        return {"nodes": len(self.nodes), "online": online, "offline": offline, "alarms": len(self._roster.alarms.open)}
