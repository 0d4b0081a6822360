"""A street that lives: whole firmwares on MicroPython VMs, in real time or faster, on a real broker, with people who walk by.

Nodes are as they hang on posts, with the keys of the site and the certificates of its network; only sensors, radio and lamps are
simulated. It is night there: the street has a time of its own, which it tells whoever watches (`fleet/clock`).
"""

from __future__ import annotations

import datetime as dt
import socket
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from lykta.corehost import firmware_folder
from lykta.errors import InputError
from lykta.fleet.broker.files import NODES
from lykta.fleet.broker.network import Network as Brokers
from lykta.fleet.clock import FILE, StreetClock
from lykta.node.keyfiles import place_of
from lykta.node.keys import KeyStore
from lykta.node.releasekeys import NODE_FILE, public_keys
from lykta.node.street import Street
from lykta.plan import Plan, make_plan
from lykta.plan.board import DEFAULT
from lykta.plan.board_reader import load_board
from lykta.plan.nodefiles import board_of, relays
from lykta.sensing import readings
from lykta.sim.breakdowns import Oddity
from lykta.sim.loop import LEAD_MS, Player, sealed
from lykta.sim.radio import Radio
from lykta.traffic import Demand, generate
from lykta.vm.frames import WIFI, Frame
from lykta.vm.peers import Bridge, Network

#: The access point of the street, which every node of it joins.
_ACCESS_POINT = {"network": "lykta", "password": "simulated"}
_CHANNEL = 1
_HERE = "127.0.0.1"
#: Real time that goes by between two looks at the real sockets [s].
_STEP_S = 0.025
#: A street that is farther behind than this takes the time that it has [s].
_SLIP_S = 5.0
#: So many restarts of nodes are told of, with so many lines of what they said.
_FALLS, _WORDS = 5, 4
_FILES = ("uplink", "ca", "cert", "certkey")


@dataclass(frozen=True)
class Standing:
    """How the street is. `t_ms`: of its night; `users`: people in it now; `next`: when another comes, None for nobody any more;
    `connections`: nodes with one; `behind_s`: real time."""

    t_ms: int
    local: dt.datetime
    users: int
    passed: int
    next: dt.datetime | None
    connections: int
    restarts: int
    behind_s: float


@dataclass(frozen=True)
class Asked:
    """What is simulated. `count`: so many lamps of the site, from its beginning; `at`: when it begins, on the clocks of the site."""

    street: Street
    folder: Path
    demand: Demand
    count: int
    at: dt.datetime
    speed: float
    seed: int


def run(asked: Asked, told: Callable[[str], None], stands: Callable[[Standing], None], wanted: Callable[[], bool] = lambda: True) -> None:
    """Let the street live until the night is over, or `wanted` says no. LyktaError where it cannot.

    `told`: what is done, in sentences; `stands`: called a few times a second.
    """
    clock = StreetClock(time.time(), asked.at.timestamp(), asked.speed)
    brokers = Brokers.open(asked.folder)
    credentials = _credentials(asked, brokers)
    place = brokers.districts[brokers.sites[asked.street.site.name].district]
    if not _listens(place.port):
        told(f"No broker answers at {place} yet: lykta broker run {asked.street.name}. The nodes wait for it, as they do on their posts.")
    # At once: whoever is asked to watch meanwhile takes the time of the street.
    clock.write(asked.folder)
    try:
        _run(asked, clock, credentials, told, stands, wanted)
    finally:
        (asked.folder / FILE).unlink(missing_ok=True)


def _run(
    asked: Asked, clock: StreetClock, credentials: dict[str, dict[str, bytes]], told: Callable[[str], None],
    stands: Callable[[Standing], None], wanted: Callable[[], bool],
) -> None:  # fmt: skip
    keys = _keys(asked.street, told)
    plan = make_plan(asked.street.site, asked.street.graph, asked.street.profile, _night_of(asked.at))
    begin_ms = round(asked.at.timestamp() * 1000) - plan.agenda.times.origin_utc_ms
    if not plan.agenda.begin_ms <= begin_ms < plan.agenda.end_ms:
        raise InputError.of("--at", f"the lamps are off then: they are lit from {_local(plan, plan.agenda.begin_ms):%H:%M}.")
    trajectories, told_table = _people(plan, asked, begin_ms)
    told(f"{len(np.unique(trajectories['user'].to_numpy()))} people will come by until {_local(plan, plan.agenda.end_ms):%H:%M}.")
    names = {lamp.id: number for number, lamp in enumerate(plan.site.lamps)}
    oddities = {names[lamp]: _node(plan, names[lamp], files, keys[lamp], asked.street) for lamp, files in credentials.items()}
    with tempfile.TemporaryDirectory(prefix="lykta-") as folder:
        begin_ms = round(clock.now() * 1000) - plan.agenda.times.origin_utc_ms
        times = (begin_ms, plan.agenda.end_ms)
        player = Player(
            plan, told_table, asked.seed, Radio().row(asked.seed), (), (), times, Path(folder), "", firmware_folder(), oddities, False,
            lamps=set(oddities),
        )  # fmt: skip
        told(f"{len(credentials)} nodes get power: each a MicroPython VM with the whole firmware.")
        with _Living(player, plan, asked, clock, begin_ms, trajectories, told) as living:
            living.live(stands, wanted)


class _Living:
    """The street while it lives."""

    def __init__(
        self, player: Player, plan: Plan, asked: Asked, clock: StreetClock, begin_ms: int, trajectories: pa.Table,
        told: Callable[[str], None],
    ) -> None:  # fmt: skip
        self._player = player
        self._plan = plan
        self._asked = asked
        self._told = told
        self._told_falls = 0
        self._clock = clock
        self._begin_ms = begin_ms
        # TLS checks the name, which the node looks up itself: localhost is that of this machine.
        self._bridge = Bridge({"localhost": _HERE, _HERE: _HERE})
        self._network = Network(player.street, self._bridge)
        columns = {name: trajectories[name].to_numpy() for name in ("user", "t0_ms", "t1_ms")}
        users, first = np.unique(columns["user"], return_index=True)
        self._comes = columns["t0_ms"][first]
        self._goes = np.array([columns["t1_ms"][columns["user"] == user].max() for user in users])

    def __enter__(self) -> _Living:
        return self

    def __exit__(self, *_: object) -> None:
        self._player.street.close()
        self._bridge.close()

    def live(self, stands: Callable[[Standing], None], wanted: Callable[[], bool]) -> None:
        """Keep up with the clock, and let through what goes between nodes and broker."""
        street, speed = self._player.street, self._asked.speed
        self._player.power(self._begin_ms)
        name, password = _ACCESS_POINT["network"], _ACCESS_POINT["password"]
        for node in range(len(street.nodes)):
            street.inject(node, Frame(WIFI, _CHANNEL, 1, self._begin_ms, f"{name}\0{password}".encode()))
        shown = 0.0
        while wanted():
            now = time.monotonic()
            due = self._clock.now() * 1000 - self._plan.agenda.times.origin_utc_ms
            behind = max(0.0, (due - street.now_ms) / 1000 / speed) if street.now_ms > self._begin_ms else 0.0
            target = min(int(due), self._plan.agenda.end_ms, street.now_ms + round(_STEP_S * 4000 * speed))
            if target > street.now_ms:
                street.run(target)
            if street.now_ms >= self._plan.agenda.end_ms:
                return
            if behind > _SLIP_S:
                self._slip(street.now_ms)
            late = due - street.now_ms > _STEP_S * 1000 * speed
            self._bridge.pump(self._network, 0.0 if late else _STEP_S)
            if not self._network.peers and not late:
                time.sleep(_STEP_S)
            if now - shown > 0.25:
                shown = now
                self._tell_falls()
                stands(self._standing(behind))

    def _tell_falls(self) -> None:
        """A node that starts anew tells why on its console: shown for the first few."""
        falls = self._player.falls
        for number, t_ms, _ in falls[self._told_falls : _FALLS]:
            said = [line for line in self._player.street.nodes[self._player.place[number]].console().splitlines() if line.strip()]
            lamp = self._plan.site.lamps[number].id
            self._told(f"{lamp} starts anew at {_local(self._plan, t_ms):%H:%M:%S}. Its last words: {' | '.join(said[-_WORDS:])}")
        self._told_falls = len(falls)

    def _slip(self, t_ms: int) -> None:
        """The machine is too slow: everybody takes the time that the street has."""
        street_s = (self._plan.agenda.times.origin_utc_ms + t_ms) / 1000
        self._clock = StreetClock(time.time(), street_s, self._asked.speed)
        self._clock.write(self._asked.folder)

    def _standing(self, behind: float) -> Standing:
        t_ms = self._player.street.now_ms
        here = int(((self._comes <= t_ms) & (self._goes > t_ms)).sum())
        connected = sum(peer.connected for peer in self._network.peers.values())
        gone = int(((self._goes <= t_ms) & (self._goes > self._begin_ms)).sum())
        coming = self._comes[self._comes > t_ms]
        soon = _local(self._plan, int(coming.min())) if len(coming) else None
        return Standing(t_ms, _local(self._plan, t_ms), here, gone, soon, connected, len(self._player.falls), behind)


def _listens(port: int) -> bool:
    """Whether anybody on this machine takes connections there."""
    try:
        with socket.create_connection((_HERE, port), 1.0):
            return True
    except OSError:
        return False


def _credentials(asked: Asked, brokers: Brokers) -> dict[str, dict[str, bytes]]:
    """The files of the network of every node that is simulated, by its lamp."""
    known = brokers.sites.get(asked.street.site.name)
    if known is None:
        raise InputError.of(str(asked.folder), f"this network has no such site. Add it: lykta broker config {asked.street.name}")
    place = brokers.districts[known.district]
    if not place.local:
        message = f"this network is real: its broker is {place}. A simulated street would push out its nodes. "
        raise InputError.of(
            str(asked.folder), message + f"Give it one of its own: lykta broker run {asked.street.name} --out trial.network"
        )
    lamps = [lamp for lamp in asked.street.lamps if lamp in known.connected][: asked.count]
    if len(lamps) < min(asked.count, len(asked.street.lamps)):
        raise InputError.of(
            asked.street.name,
            f"only {len(lamps)} of its lamps connect by themselves; the others need a gateway. Give --nodes {len(lamps)}.",
        )
    found = {}
    for lamp in lamps:
        own = asked.folder / NODES / known.connected[lamp]
        try:
            found[lamp] = {name: (own / name).read_bytes() for name in _FILES}
        except OSError as error:
            raise InputError.of(
                str(own), f"the files of this node cannot be read ({error.strerror}). Run `lykta broker run` again."
            ) from None
    signed = public_keys()
    return {lamp: {**files, NODE_FILE: signed.node_file()} for lamp, files in found.items()} if signed else found


def _keys(street: Street, told: Callable[[str], None]) -> dict[str, bytes]:
    """The radio keys of every node, as flashing would write them; drawn where there are none."""
    place = place_of(street.site.name)
    if place.read() is None:
        told(f"{street.site.name} has no keys on this machine: they are drawn, as `lykta site keys` does, into {place}.")
        store = KeyStore.make(street.site, place, dt.datetime.now(dt.UTC))
    else:
        store = KeyStore.open(street.site, place)
    keys = store.keys(street.segments)
    return {lamp: street.key_file(lamp, keys) for lamp in street.lamps}


def _node(plan: Plan, number: int, files: dict[str, bytes], keys: bytes, street: Street) -> Oddity:
    """What is unlike a simulated night about a node: real keys, a network, an access point."""
    lamp = plan.site.lamps[number]
    board: dict[str, Any] = board_of(
        load_board(lamp.board or DEFAULT, street.path.parent),
        lamp,
        plan.site.fixtures[lamp.fixture],
        relays(plan.graph, plan.tables, number),
        _CHANNEL,
    )
    board = {**board, "meter": None, "wifi": dict(_ACCESS_POINT)}
    stored: dict[str, bytes | None] = {name: sealed(content) for name, content in {**files, "keys": keys}.items()}
    # The engine gives power so long before its night; here it is on time.
    return Oddity(number, files=stored, clock_ms=LEAD_MS, board=board)


def _people(plan: Plan, asked: Asked, begin_ms: int) -> tuple[pa.Table, pa.Table]:
    """Who comes by in the rest of the night, and what the sensors make of them."""
    site, graph, origin = plan.site, plan.graph, plan.agenda.times.origin_utc_ms
    trajectories = generate(site, graph, asked.demand, asked.seed, begin_ms, plan.agenda.end_ms, origin)
    return trajectories, readings(site, graph, trajectories, asked.seed, (), begin_ms, plan.agenda.end_ms)


def _night_of(at: dt.datetime) -> dt.date:
    """The date on whose noon the night of a moment begins."""
    return (at - dt.timedelta(hours=12)).date()


def _local(plan: Plan, t_ms: int) -> dt.datetime:
    return plan.agenda.times.local(t_ms)


def moment_at(text: str, timezone: str, now: dt.datetime) -> dt.datetime:
    """The next time that the clocks of a site show this (22:00), within 24 hours. InputError for no time of day."""
    try:
        clock = dt.time.fromisoformat(text)
    except ValueError:
        raise InputError.of("--at", f'"{text}" is no time of day. Write 22:00.') from None
    local = now.astimezone(ZoneInfo(timezone))
    moment = dt.datetime.combine(local.date(), clock, ZoneInfo(timezone))
    return moment if moment > local else moment + dt.timedelta(days=1)
