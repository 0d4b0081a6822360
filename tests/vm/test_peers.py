"""Sockets of a street: what a firmware sees of a peer that answers, refuses, is dead, slow, cut off, or real."""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import socketserver
import ssl
import threading
from pathlib import Path

import pytest

from lykta.fleet.certificates import authority_in
from lykta.vm.frames import CABLE, PWRON_RESET, WIFI, Frame
from lykta.vm.peers import LATENCY_MS, WINDOW, Answers, Bridge, Connection, Dead, Network, Peer
from tests.vm.street import street

pytestmark = pytest.mark.micropython

#: Joins the access point, connects, and says what it sees; `talk` is the test's.
CLIENT = """
import asyncio, network, sys, time
wlan = network.WLAN(0)
wlan.active(True)
wlan.connect("street", "secret")

def say(*what):
    print(time.ticks_ms(), *what)

{talk}

async def main():
    while not wlan.isconnected():
        await asyncio.sleep_ms(100)
    try:
        await talk()
    except asyncio.TimeoutError:
        say("timeout")
    except OSError as error:
        say("OSError", error.errno)
    say("end")

asyncio.run(main())
"""
ASK = """
async def talk():
    reader, writer = await asyncio.open_connection("10.0.0.1", 1883)
    say("open")
    writer.write(b"hello")
    await writer.drain()
    say(await asyncio.wait_for_ms(reader.read(100), 30_000))
    say(await asyncio.wait_for_ms(reader.read(100), 30_000))
"""
AT = ("10.0.0.1", 1883)
POINT = Frame(WIFI, 6, 1, 0, b"street\0secret")


class Echo(Peer):
    """Says everything back, once."""

    def took(self, data: bytes) -> None:
        """What came."""
        super().took(data)
        self.connection.send(data)
        self.connection.close()


def said(folder: Path, talk: str, answers: Answers, ms: int = 60_000, access: bool = True) -> list[str]:
    """What a firmware says, without the time it took."""
    return [line.split(" ", 1)[1] for line in timed(folder, talk, answers, ms, access)]


def timed(folder: Path, talk: str, answers: Answers, ms: int = 60_000, access: bool = True) -> list[str]:
    """What a firmware says, and when."""
    alone, _ = street(folder, CLIENT.format(talk=talk), 1)
    with alone:
        Network(alone, answers)
        if access:
            alone.inject(0, POINT)
        alone.start(0, 0, PWRON_RESET)
        alone.run(ms)
        return alone.nodes[0].console().splitlines()


def test_connection__carries_bytes_there_and_back_and_every_run_is_the_same(tmp_path: Path):
    """What is sent comes back after the way there and back, then the end; in two runs at the same ms."""
    first = timed(tmp_path / "a", ASK, {AT: Echo})
    assert [line.split(" ", 1)[1] for line in first] == ["open", "b'hello'", "b''", "end"]
    times = [int(line.split()[0]) for line in first]
    assert times[1] - times[0] == LATENCY_MS
    assert first == timed(tmp_path / "b", ASK, {AT: Echo})


def test_nobody_there__is_refused(tmp_path: Path):
    """No peer at the address: the next call fails with ECONNREFUSED."""
    assert f"OSError {errno.ECONNREFUSED}" in said(tmp_path, ASK, {})


def test_dead_machine__is_given_up_after_eighteen_seconds(tmp_path: Path):
    """Nothing comes back: the connection times out by itself, as lwIP's do."""
    lines = timed(tmp_path, ASK, {AT: Dead})
    joined = 3_200
    assert [f"OSError {errno.ETIMEDOUT}", "end"] == [line.split(" ", 1)[1] for line in lines[-2:]]
    assert joined + 18_000 <= int(lines[-1].split()[0]) <= joined + 18_200


def test_no_network__cannot_connect(tmp_path: Path):
    """Without an address there is no way out."""
    never = CLIENT.format(talk=ASK).replace("while not wlan.isconnected():\n        await asyncio.sleep_ms(100)", "pass")
    alone, _ = street(tmp_path, never, 1)
    with alone:
        Network(alone, {AT: Echo})
        alone.start(0, 0, PWRON_RESET)
        alone.run(5_000)
        assert f"OSError {errno.EHOSTUNREACH}" in alone.nodes[0].console()


def test_cut_in_the_middle__is_an_error_after_what_had_come(tmp_path: Path):
    """Half of an answer, then the line is cut: the half is read, then ECONNRESET."""

    class Cut(Peer):
        def took(self, data: bytes) -> None:
            self.connection.send(b"hal")
            self.connection.network.call(500, lambda: self.connection.close(errno.ECONNRESET))

    assert ["open", "b'hal'", f"OSError {errno.ECONNRESET}", "end"] == said(tmp_path, ASK, {AT: Cut})


def test_half_open__is_found_only_by_a_limit_of_ones_own(tmp_path: Path):
    """A peer that accepts and never answers: only the firmware's own limit ends the wait."""
    assert said(tmp_path, ASK, {AT: Peer}) == ["open", "timeout", "end"]


def test_reader_that_is_slow__stops_the_sender(tmp_path: Path):
    """100 kB at once: never more than a window is at the node, and all of it comes."""
    talk = """
async def talk():
    reader, writer = await asyncio.open_connection("10.0.0.1", 1883)
    total = 0
    data = await reader.read(500)
    while data:
        total += len(data)
        await asyncio.sleep_ms(100)
        data = await reader.read(500)
    say(total)
"""
    most: list[int] = []

    class Flood(Peer):
        def opened(self) -> None:
            self.connection.accept()
            self.connection.send(bytes(100_000))
            self.connection.close()
            most.append(100_000 - self.connection.waiting)

    assert said(tmp_path, talk, {AT: Flood}) == ["100000", "end"]
    assert most == [WINDOW]


def test_peer_that_never_reads__stops_the_node(tmp_path: Path):
    """The node may send a window, no more: then its writes wait, and its own limit ends it."""
    talk = """
async def talk():
    reader, writer = await asyncio.open_connection("10.0.0.1", 1883)
    for number in range(100):
        writer.write(bytes(1000))
        await asyncio.wait_for_ms(writer.drain(), 5_000)
        say(number)
"""

    class Deaf(Peer):
        def took(self, data: bytes) -> None:
            pass

    assert said(tmp_path, talk, {AT: Deaf})[-3:] == ["4", "timeout", "end"]


def test_power_cut__leaves_the_peer_half_open_until_it_speaks(tmp_path: Path):
    """The peer is told nothing; what it sends to the node's next life is answered with a reset."""
    peers: list[Peer] = []
    ends: list[int] = []

    class Kept(Peer):
        def opened(self) -> None:
            peers.append(self)
            super().opened()

        def ended(self, error: int) -> None:
            ends.append(error)

    alone, _ = street(tmp_path, CLIENT.format(talk=ASK.replace("30_000", "90_000")), 1)
    with alone:
        network = Network(alone, {AT: Kept})
        alone.inject(0, POINT)
        alone.start(0, 0, PWRON_RESET)
        alone.run(10_000)
        alone.kill(0)
        alone.run(20_000)
        alone.start(0, 20_000, PWRON_RESET)
        alone.run(30_000)
        assert (len(peers), ends) == (2, [])
        network.now_ms = alone.now_ms
        peers[0].connection.send(b"are you there?")
        alone.run(31_000)
        assert ends == [errno.ECONNRESET]


def test_access_point_that_goes__only_delays_what_is_sent(tmp_path: Path):
    """Packets wait for the network, and come when it is back."""
    talk = """
async def talk():
    reader, writer = await asyncio.open_connection("10.0.0.1", 1883)
    await asyncio.sleep(5)
    writer.write(b"late")
    await writer.drain()
    while not wlan.isconnected():
        await asyncio.sleep_ms(100)
        try:
            wlan.connect("street", "secret")
        except OSError:
            pass
    say(await reader.read(100))
"""
    alone, _ = street(tmp_path, CLIENT.format(talk=talk), 1)
    with alone:
        Network(alone, {AT: Echo})
        alone.inject(0, POINT)
        alone.start(0, 0, PWRON_RESET)
        alone.run(6_000)
        alone.inject(0, Frame(WIFI, 6, 0, 6_000, b"street\0secret"))
        alone.inject(0, POINT._replace(t_ms=40_000))
        alone.run(39_000)
        assert "late" not in alone.nodes[0].console()
        alone.run(60_000)
        assert "b'late'" in alone.nodes[0].console()


def test_cable__is_a_network_of_its_own(tmp_path: Path):
    """A gateway has no access point: Ethernet carries the same sockets, once the cable is plugged in."""
    program = CLIENT.format(talk=ASK).replace(
        'wlan = network.WLAN(0)\nwlan.active(True)\nwlan.connect("street", "secret")',
        "wlan = network.LAN(0, phy_type=network.PHY_LAN8720)\nwlan.active(True)",
    )
    alone, _ = street(tmp_path, program, 1)
    with alone:
        Network(alone, {AT: Echo})
        alone.inject(0, Frame(CABLE, 0, 1, 5_000))
        alone.start(0, 0, PWRON_RESET)
        alone.run(60_000)
        lines = alone.nodes[0].console().splitlines()
    assert [line.split(" ", 1)[1] for line in lines] == ["open", "b'hello'", "b''", "end"]
    assert 7_500 <= int(lines[0].split()[0]) <= 7_700


@pytest.mark.parametrize(("server", "expected"), [("localhost", ["open", "b'hello'"]), ("other", ["distrust"])])
def test_tls__of_the_vm_runs_over_these_sockets(server: str, expected: list[str], tmp_path: Path):
    """`asyncio.open_connection` with MicroPython's own `ssl` on top: it talks, and it believes only whom it was told to."""
    with authority_in(tmp_path / "authority", "Street", dt.datetime.now(dt.UTC)) as authority:
        shown, root = authority.server(["localhost"]), authority.root
    (tmp_path / "shown.pem").write_bytes(shown.cert_pem + shown.key_pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "shown.pem")

    class Safe(Peer):
        def __init__(self, connection: Connection) -> None:
            super().__init__(connection)
            self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
            self._tls = context.wrap_bio(self._in, self._out, server_side=True)

        def took(self, data: bytes) -> None:
            super().took(data)
            self._in.write(data)
            with contextlib.suppress(ssl.SSLError):
                self._tls.do_handshake()
                self._tls.write(self._tls.read(100))
            self.connection.send(self._out.read())

    talk = f"""
import ssl
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.verify_mode = ssl.CERT_REQUIRED
context.load_verify_locations(cadata={root.cert_der!r})

async def talk():
    try:
        reader, writer = await asyncio.open_connection("10.0.0.1", 1883, ssl=context, server_hostname="{server}")
        writer.write(b"hello")
        await asyncio.wait_for_ms(writer.drain(), 10_000)
        say("open")
        say(await asyncio.wait_for_ms(reader.read(100), 10_000))
    except ValueError:
        say("distrust")
"""
    assert said(tmp_path / "street", talk, {AT: Safe}) == [*expected, "end"]


def test_bridge__leads_to_a_real_address(tmp_path: Path):
    """A live street: the firmware talks to a server of this machine, and is refused where there is none."""

    class Server(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.sendall(b"you said " + self.request.recv(100))

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port = server.server_address[1]
        lines = live(tmp_path / "there", port)
        server.shutdown()
    assert lines == ["open", "b'you said hello'", "b''", "end"]
    assert [f"OSError {errno.ECONNREFUSED}", "end"] == live(tmp_path / "gone", port)[-2:]


def live(folder: Path, port: int) -> list[str]:
    """What a firmware says that talks to a port of this machine, for as long as it takes."""
    bridge = Bridge({"10.0.0.1": "127.0.0.1"})
    alone, _ = street(folder, CLIENT.format(talk=ASK.replace("1883", str(port))), 1)
    with alone:
        network = Network(alone, bridge)
        alone.inject(0, POINT)
        alone.start(0, 0, PWRON_RESET)
        for step in range(1, 400):
            alone.run(step * 100)
            bridge.pump(network, 0.05)
            if "end" in alone.nodes[0].console():
                break
        bridge.close()
        return [line.split(" ", 1)[1] for line in alone.nodes[0].console().splitlines()]
