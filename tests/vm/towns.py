"""Streets of whole firmwares on a network of their own: access point, certificates, and a broker that can be bad in every way.

The broker lives in this process and in virtual time, behind real TLS: `smallbroker` of the tests on the VM, and around it `Peer`s that
hang, fall silent, babble or flood. `town` makes some posts of Kungsholms strand with their files.
"""

from __future__ import annotations

import errno
import importlib.util
import json
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow as pa

from lykta.corehost import firmware_folder
from lykta.fleet.broker.files import AUTHORITY, DISTRICTS, NODES
from lykta.fleet.broker.network import Network as Certificates
from lykta.fleet.certificates import Credential
from lykta.plan import Plan
from lykta.plan.nodefiles import node_files, node_names
from lykta.sim.breakdowns import Oddity
from lykta.sim.loop import LEAD_MS, Player, sealed
from lykta.sim.radio import IDEAL
from lykta.vm.frames import CABLE, DUTY, WIFI, Frame
from lykta.vm.peers import Connection, Dead, Network, Peer, Refused
from lykta.vm.street import drained
from tests.fleet.networks import network
from tests.sim.nights import people, plan_of

SEED = 3
ADDRESS = "10.0.0.1"
POINT = b"street\0secret"
CHANNEL = 1
ACCESS: Mapping[str, object] = {"wifi": {"network": "street", "password": "secret"}}
#: As on the gateway's board.
ETHERNET: Mapping[str, object] = {"ethernet": {"phy": "lan8720", "mdc": 23, "mdio": 18, "clock": 17, "power": 12, "address": 0}}
SITE = "kungsholms_strand"


def _small() -> ModuleType:
    """`smallbroker`, which lies with the tests that run on the VM."""
    spec = importlib.util.spec_from_file_location("smallbroker", Path(__file__).parents[1] / "micropython" / "smallbroker.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


small = _small()


class Tls(Peer):
    """A server behind TLS that wants a certificate, and says nothing inside."""

    def __init__(self, connection: Connection, town: Town) -> None:
        super().__init__(connection)
        self.town = town
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = town.shown.wrap_bio(self._in, self._out, server_side=True)
        self._safe = False

    def took(self, data: bytes) -> None:
        """Bytes of the node, ciphered."""
        super().took(data)
        self._in.write(data)
        try:
            if not self._safe:
                self._tls.do_handshake()
                self._safe = True
                self.secure()
            while found := self._tls.read(4096):
                self.arrived(found)
        except ssl.SSLWantReadError:
            self._flush()
        except ssl.SSLError:
            self._flush()
            self.connection.close()

    def say(self, data: bytes) -> None:
        """Send bytes to the node."""
        if not self.connection.closed:
            self._tls.write(data)
            self._flush()

    def secure(self) -> None:
        """The handshake is over."""

    def arrived(self, data: bytes) -> None:
        """Bytes of the node."""

    def _flush(self) -> None:
        if self._out.pending:
            self.connection.send(self._out.read())


class Works(Tls):
    """A broker that works."""

    client: Any = None

    def secure(self) -> None:
        """Somebody is in."""
        self.client = self.town.broker.client(self.say)

    def arrived(self, data: bytes) -> None:
        """What he says."""
        self.client.received(data)

    def ended(self, error: int) -> None:
        """He is gone."""
        super().ended(error)
        if self.client is not None:
            self.client.lost()


class Flood(Works):
    """One that sends as much as there is room for, of what the node has asked for and of what nobody has."""

    floods = False

    def arrived(self, data: bytes) -> None:
        """It begins with the first subscription."""
        super().arrived(data)
        if self.client.topics and not self.floods:
            self.floods = True
            self.more()

    def more(self) -> None:
        """Fill the window again and again."""
        if self.connection.closed or self not in self.town.network.peers.values():
            return
        while self.connection.waiting < 2_048:
            for topic in (*self.client.topics, "cfg/a"):
                self.say(small.packet(0x30, small.text(topic) + bytes(200)))
        self.town.network.call(500, self.more)


class Garbage(Peer):
    """One that is no broker at all."""

    def opened(self) -> None:
        """It speaks first."""
        super().opened()
        self.connection.send(b"HTTP/1.1 400 Bad Request\r\n\r\n" + bytes(range(256)))


class Reset(Peer):
    """One that accepts, and cuts the line in the middle of the handshake."""

    def took(self, data: bytes) -> None:
        """Enough."""
        self.connection.close(errno.ECONNRESET)


@dataclass
class Town:
    """Posts with a network. `mood`: what the broker does, one of MOODS; `opened`: (node, t_ms) of every connection that was begun.

    `shown`: what the broker shows of itself, and whom it believes.
    """

    player: Player
    certificates: Certificates
    names: list[str]
    mood: str
    shown: ssl.SSLContext
    broker: Any = field(default_factory=small.Broker)
    opened: list[tuple[int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.network = Network(self.player.street, self._answer)

    def _answer(self, connection: Connection) -> Peer:
        self.opened.append((connection.node, self.network.now_ms))
        return MOODS[self.mood](connection, self)

    def start(self, at_ms: int | None = None) -> None:
        """Power for all, an access point, and a network cable for who has a socket for it."""
        at = self.player.begin_ms - LEAD_MS if at_ms is None else at_ms
        for node in range(len(self.player.street.nodes)):
            self.player.street.inject(node, Frame(WIFI, CHANNEL, 1, at, POINT))
            self.player.street.inject(node, Frame(CABLE, 0, 1, at))
        self.player.power(at)

    def run(self, minutes: float) -> None:
        """Let it live until so many minutes after the begin of the night."""
        self.player.street.run(self.player.begin_ms + round(minutes * 60_000))

    def cut(self) -> None:
        """The broker's machine loses power: nobody is told."""
        self.network.peers.clear()
        self.broker.clients.clear()

    def consoles(self) -> list[str]:
        """What each node printed."""
        return [node.console() for node in self.player.street.nodes]

    def duties(self, after_ms: int) -> list[list[tuple[int, int]]]:
        """Every change of each lamp's output from a time on."""
        logs = [drained(log, DUTY) for log in self.player.street.logs]
        return [[(frame.t_ms, frame.value) for frame in log if frame.t_ms >= after_ms] for log in logs]

    def online(self) -> list[bool]:
        """Whether the last that each node's state says is that it is there."""
        last: dict[str, bytes] = {topic: payload for topic, payload, *_ in self.broker.published if topic.endswith("/state")}
        states = [json.loads(last.get(f"lykta/v1/{SITE}/n/{name}/state", b"{}")) for name in self.names]
        return [bool(state.get("online")) for state in states]


MOODS: Mapping[str, Callable[[Connection, Town], Peer]] = {
    "well": Works,
    "refuses": lambda connection, _: Refused(connection),
    "dead": lambda connection, _: Dead(connection),
    "hangs": lambda connection, _: Peer(connection),
    "mute": Tls,
    "flood": Flood,
    "garbage": lambda connection, _: Garbage(connection),
    "reset": lambda connection, _: Reset(connection),
}


def serving(made: Certificates, folder: Path, shown: Credential | None = None) -> ssl.SSLContext:
    """What the broker of a network shows, by default its own certificate, and believes."""
    place = made.folder / DISTRICTS / SITE
    found = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if shown is None:
        found.load_cert_chain(place / "server.pem", place / "server.key")
    else:
        (folder / "shown.pem").write_bytes(shown.cert_pem + shown.key_pem)
        found.load_cert_chain(folder / "shown.pem")
    found.load_verify_locations(made.folder / AUTHORITY / "ca.pem")
    found.verify_mode = ssl.CERT_REQUIRED
    return found


def files_of(made: Certificates, name: str, **other: object) -> dict[str, bytes]:
    """The four files of a node, its broker at ADDRESS; `other` parts of `uplink`."""
    place = made.folder / NODES / name
    about = {**json.loads((place / "uplink").read_bytes()), "host": ADDRESS, **other}
    return {"uplink": json.dumps(about).encode(), **{file: (place / file).read_bytes() for file in ("ca", "cert", "certkey")}}


def town(
    folder: Path,
    lamps: int = 3,
    mood: str = "well",
    minutes: float = 10.0,
    demand: str | None = "kungsholms@60",
    joined: bool = True,
    changed: Mapping[str, bytes] | None = None,
    server: str = "localhost",
    clocks_ms: int | None = 0,
    keep: bool = True,
    access: Mapping[str, object] = ACCESS,
) -> Town:
    """The first posts of Kungsholms strand on a network.

    `demand` None: nobody comes; `joined` False: they have no broker; `changed`: other files; `server`: whom they expect;
    `access`: the part of their boards that has the network.
    """
    plan: Plan = plan_of(SITE)
    made, _ = network(folder / "network", plan.site)
    names = node_names(plan.site)
    files = node_files(plan.site, plan.graph, plan.profile, plan.date, SEED)
    oddities = {}
    for number in range(lamps):
        own = plan.site.lamps[number].id
        board = {**json.loads(files[own]["board"]), **access, "meter": None}
        given = {**files_of(made, names[own], server=server), **(changed or {})} if joined else {}
        oddities[number] = Oddity(number, {name: sealed(data) for name, data in given.items()}, clocks_ms, board=board)
    times = (plan.begin_ms, plan.begin_ms + round(minutes * 60_000))
    played = (folder / "posts", "targets", firmware_folder(), oddities, keep, range(lamps))
    player = Player(plan, _told(plan, demand, minutes), SEED, IDEAL.row(SEED), (), (), times, *played)
    return Town(player, made, [names[plan.site.lamps[number].id] for number in range(lamps)], mood, serving(made, folder))


def _told(plan: Plan, demand: str | None, minutes: float) -> pa.Table:
    _, told = people(plan, demand or "kungsholms@60", SEED, min(minutes, 60.0) / 60)
    return told if demand else told.slice(0, 0)
