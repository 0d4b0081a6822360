"""A network as pages watch it: one connection for all of them, what was last known of every lamp, and what stands in the way of more.

    watch = watch_of(session)          # None where the street has no network
    watch.standing, watch.said         # UP; or what is the matter, in a sentence that says what to do
    watch.cells.since(revision)        # which lamps look different

Letters change states at once; what pages read is brought up to date a few times a second, however many letters come.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import time
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lykta.errors import EnvironmentLacks, InputError, LyktaError, Message
from lykta.fleet.model import ALARM, ANSWER, COMMAND, EVENT, LIVE, STATE, TELEMETRY, Answer, Change, Command, Event, NodeState
from lykta.node.street import Street
from lykta.plan.nodefiles import node_names
from lykta.site import loader
from lykta.studio.livecells import Cells
from lykta.studio.session import Session

if TYPE_CHECKING:
    from lykta.fleet.broker.access import Access
    from lykta.fleet.carrier import Connection
    from lykta.fleet.client import Broker
    from lykta.fleet.fleet import Fleet

#: How a watch stands: looking for the broker, connected, the broker away, it lets us not in, or something that a person must put right.
LOOKING, UP, AWAY, REFUSED, FAILED = "looking", "up", "away", "refused", "failed"
#: Pages read what is brought up to date so often [s].
BEAT_S = 0.2
#: How often levels of the moment are looked at for their age, and the database for what others have ordered [s].
_LOOK_S, _READ_S = 2.0, 10.0
#: A broker that is away is asked again after a pause between these [s]: one studio does not storm it.
_SOONEST_S, _LATEST_S = 0.5, 4.0
#: What a person must put right is tried again so often [s].
_PATIENCE_S = 15.0
#: A broker that retains nothing of any node after so long has never heard of one [s].
_SPEAKS_S = 8.0
_EVENTS, _ANSWERS, _REPORTS, _REPORTS_OF_ONE = 200, 50_000, 200_000, 96
_log = logging.getLogger(__name__)


class Watch:
    """One network. `cells`: for the map; `events`: the newest first; `overrides`: in force, by node; `turn` rises when lists change."""

    def __init__(self, street: Street, folder: Path, operators: Sequence[str] = (), database: str = "") -> None:
        """`operators`: who may command from here, by their names; `database`: another history than the network's own."""
        self.street = street
        self.folder = folder
        self.fleet: Fleet | None = None
        self.standing, self.said, self.since = LOOKING, "", time.time()
        self.operators = tuple(operators)
        self.operates = bool(operators)
        self.cells = Cells([lamp.id for lamp in street.site.lamps], node_names(street.site))
        self.events: deque[Event] = deque(maxlen=_EVENTS)
        self.overrides: dict[str, Command] = {}
        self.answers: OrderedDict[tuple[str, int], Answer] = OrderedDict()
        self.reports: dict[str, deque[dict[str, Any]]] = {}
        self.database_said = ""
        self.ears: list[Callable[[str], object]] = []  # who wants to hear what the fleet says of broker and database
        self.simulated = False  # whether the street is one that lives in this machine
        self.turn = 0
        self._database = database
        self._dirty: set[str] = set()
        self._again = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Watch from now on, as long as the program runs."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._live())
            self._task.add_done_callback(self._ended)

    async def end(self) -> None:
        """Watch no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def try_again(self) -> None:
        """Somebody has put it right."""
        self._again.set()

    @property
    def silent(self) -> bool:
        """Whether there is a broker, and no node has ever spoken to it."""
        return self.fleet is not None and self.standing == UP and time.time() - self.since > _SPEAKS_S and not self.fleet.tally.messages

    def now(self) -> float:
        """What time it is in the street [s since 1970]."""
        from lykta.fleet.clock import now_of

        return now_of(self.folder)() if self.fleet is None else self.fleet.time()

    def state(self, lamp: str) -> NodeState | None:
        """What is known of a lamp's node; None where it has none, or nothing is known of any."""
        if self.fleet is None or lamp not in self.fleet.names:
            return None
        return self.fleet.nodes[self.fleet.names[lamp]]

    # --- its life -------------------------------------------------------------------------------------------------

    async def _live(self) -> None:
        while True:
            try:
                await self._watch()
            except LyktaError as error:
                self._stand(FAILED, _sentence(error))
            await self._pause(_PATIENCE_S)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("the watch of %s ended", self.folder, exc_info=error)
            self._stand(FAILED, f"{type(error).__name__}: {error}")

    async def _watch(self) -> None:
        """Connect, and keep up, until something is in the way that waiting does not mend."""
        try:
            from lykta.fleet.clock import now_of
            from lykta.fleet.database import Database
            from lykta.fleet.fleet import Fleet
        except ImportError:
            said = Message("Networks need the extra fleet: pip install 'lykta[fleet]' (in a clone: make env).")
            raise EnvironmentLacks(said) from None
        with ExitStack() as held:
            access = self._seat(held)
            district = access.districts[0] if len(access.districts) == 1 else ""
            database = await asyncio.to_thread(Database.open, self._database or _history(self.folder), district)
            connect = partial(self._connect, _broker(access))
            now = now_of(self.folder)
            fleet = Fleet(self.street, connect, database, district=district, now=now, operators=self.operators, said=self._say)
            async with fleet:
                self.fleet = fleet
                tasks = [asyncio.create_task(self._listen(fleet)), asyncio.create_task(self._beat(fleet))]
                try:
                    await fleet.run()
                finally:
                    self.fleet = None
                    for task in tasks:
                        task.cancel()
                    await asyncio.gather(*tasks, return_exceptions=True)
                    database.close()

    def _seat(self, held: ExitStack) -> Access:
        """A place at the broker: an operator's where somebody may command, else a viewer's."""
        from lykta.fleet.broker.access import take
        from lykta.fleet.certificates import OPERATOR, VIEWER

        if self.operates:
            try:
                return held.enter_context(take(self.folder, OPERATOR))
            except InputError:
                self.operates = False  # this machine was given the access of a viewer alone
        return held.enter_context(take(self.folder, VIEWER))

    @asynccontextmanager
    async def _connect(self, broker: Broker) -> AsyncIterator[Connection]:
        """A connection; while there is none, why, and a next attempt soon: whoever looks shall not wait for a quarter of an hour."""
        from lykta.fleet.carrier import Lost, Refused

        while True:
            try:
                async with AsyncExitStack() as opened:
                    connection = await opened.enter_async_context(broker.connect())
                    self._stand(UP)
                    rest = opened.pop_all()
                break
            except Lost as error:
                self._stand(REFUSED if isinstance(error, Refused) else AWAY, _sentence(error))
            await self._pause(random.uniform(_SOONEST_S, _LATEST_S))
        async with rest:
            try:
                yield connection
            except Lost as error:
                self._stand(AWAY, _sentence(error))
                raise

    async def _pause(self, seconds: float) -> None:
        """Wait, or until somebody says that it may be tried again."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._again.wait(), seconds)
        self._again.clear()

    def _say(self, told: str) -> None:
        for ear in list(self.ears):
            ear(told)

    def _stand(self, standing: str, said: str = "") -> None:
        if (standing, said) != (self.standing, self.said):
            if standing != self.standing:
                self.since = time.time()
            self.standing, self.said = standing, said
            self.turn += 1

    # --- what comes -----------------------------------------------------------------------------------------------

    async def _listen(self, fleet: Fleet) -> None:
        async for change in fleet.changes():
            self._take(change, fleet)

    def _take(self, change: Change, fleet: Fleet) -> None:
        if change.kind in (STATE, TELEMETRY, LIVE, ALARM):
            self._dirty.add(change.node)
        if change.kind == TELEMETRY:
            self._keep(fleet.nodes[change.node])
        elif isinstance(change.about, Event):
            self.events.appendleft(change.about)
        elif isinstance(change.about, Answer):
            self.answers[change.node, change.about.number] = change.about
            if len(self.answers) > _ANSWERS:
                self.answers.popitem(last=False)
        elif isinstance(change.about, Command):
            self.note(change.about)
        if change.kind in (ALARM, ANSWER, COMMAND, EVENT):
            self.turn += 1

    def note(self, command: Command) -> None:
        """An order that was just given."""
        if command.verb != "override":
            return
        self._dirty.add(command.node)
        if command.until is None:
            self.overrides.pop(command.node, None)
        else:
            self.overrides[command.node] = command

    def _keep(self, state: NodeState) -> None:
        """Remember the reports of a day, where there is room: not everybody keeps a history."""
        kept = self.reports.get(state.name)
        if kept is None:
            most = min(_REPORTS_OF_ONE, max(1, _REPORTS // max(1, len(self.cells.numbers))))
            kept = self.reports[state.name] = deque(maxlen=most)
        columns = ("begin", "until", "level", "energy_mwh", "estimated", "detections")
        kept.append({**{key: getattr(state, key) for key in columns}, "faults": ",".join(state.faults)})

    async def _beat(self, fleet: Fleet) -> None:
        """Bring up to date what pages read: what was told of, now and then all, and what others have ordered."""
        looked = read = float("-inf")
        while True:
            now = time.monotonic()
            if now - read >= _READ_S:
                read = now
                await self._read(fleet)
            dirty = self._dirty
            self._dirty = set()
            if now - looked >= _LOOK_S:
                looked = now
                self._look_at_clock()
                self._expire(fleet.time())
                found = list(fleet.nodes.values())
            else:
                found = [fleet.nodes[node] for node in dirty if node in fleet.nodes]
            self.cells.take(found, self.overrides.__contains__, fleet.time())
            await asyncio.sleep(BEAT_S)

    def _look_at_clock(self) -> None:
        from lykta.fleet.clock import clock_of

        simulated = clock_of(self.folder) is not None
        self.turn += simulated != self.simulated
        self.simulated = simulated

    def _expire(self, now: float) -> None:
        """Overrides end by themselves."""
        over = [node for node, command in self.overrides.items() if command.until is not None and command.until <= now]
        for node in over:
            del self.overrides[node]
        self.turn += bool(over)

    async def _read(self, fleet: Fleet) -> None:
        """What the database knows of overrides, and, at first, of events. Where it is away, that is said."""
        from lykta.fleet import history
        from lykta.fleet.database import Gone

        try:
            found = await fleet.in_thread(lambda: history.standing(fleet.database, int(fleet.time())))
            if not self.events:
                told = await fleet.in_thread(lambda: history.events(fleet.database, most=_EVENTS))
                self.events.extendleft(event for _, event in told)
                self.turn += bool(told)
            said = ""
        except Gone as error:
            found, said = self.overrides, _sentence(error)
        if found != self.overrides or said != self.database_said:
            self.overrides, self.database_said = dict(found), said
            self.turn += 1


def _sentence(error: LyktaError) -> str:
    """What an error says; where the sentence knows its text (`errors.Message`), each page says it in its own language."""
    said = error.args[0] if error.args else ""
    return said if isinstance(said, Message) else str(error)


def _history(folder: Path) -> Path:
    """The history of a network: in its own folder, also where one was handed on."""
    return folder / "fleet.sqlite"


def _broker(access: Access) -> Broker:
    from lykta.fleet.client import Broker

    return Broker(access.host, access.port, access.client, access.authority, access.certificate, access.key)


def site_of(session: Session) -> str:
    """The street of a page as commands take it: its file, or its packaged name."""
    file = session.street.site.file or session.names.get("site", "")
    name = Path(file).stem
    return name if not Path(file).is_file() and name in loader.packaged() else file


def network_of(session: Session) -> Path:
    """The folder of the network of a page's street, whether it is there or not."""
    studio = session.studio
    if (trial := studio.trials.get(session.street.site.name)) is not None:
        return trial
    if studio.network is not None and session.street.site.name == studio.scenario.site.name:
        return studio.network
    return loader.beside(site_of(session), "network")


def watch_of(session: Session) -> Watch | None:
    """The watch of the street of a page, begun; None where the street has no network. InputError for what is no network."""
    studio, folder = session.studio, network_of(session)
    if not folder.is_dir():
        if folder == studio.network:
            said = Message("here is no network. `lykta broker config SITE` makes one; --network names its folder.")
            raise InputError.of(str(folder), said)
        return None
    key = f"{folder.resolve()} {session.street.site.name}"
    if key not in studio.watches:
        site = session.street.site
        name = site_of(session)
        street = Street(name, loader.find(name), site, session.street.profile)
        operators = [person.name for person in studio.access.people if person.operates]
        studio.watches[key] = Watch(street, folder, operators, studio.database)
    watch: Watch = studio.watches[key]
    watch.begin()
    return watch
