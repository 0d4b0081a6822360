"""Whole firmwares on a network: they introduce themselves over TLS, and their light never notices whether the broker is any good."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from lykta.fleet import messages, topics
from lykta.fleet.broker.files import AUTHORITY
from lykta.fleet.broker.network import Network
from lykta.fleet.certificates import Credential, authority_in
from lykta.sim.loop import EPOCH_MS, LEAD_MS
from tests.fleet.networks import NOW
from tests.vm.towns import ETHERNET, SITE, Town, serving, small, town

pytestmark = pytest.mark.micropython
MINUTES = 3.0


def lived(folder: Path, minutes: float = MINUTES, **about: object) -> Town:
    """Posts that lived for so long."""
    found = town(folder, minutes=minutes, **about)  # type: ignore[arg-type]  # what `town` takes
    with found.player.street:
        found.start()
        found.run(minutes)
    return found


@pytest.fixture(scope="module")
def unconnected(tmp_path_factory: pytest.TempPathFactory) -> list[list[tuple[int, int]]]:
    """Every change of the lights of nodes that have no broker, from the night's begin on."""
    found = lived(tmp_path_factory.mktemp("alone"), joined=False)
    changes = found.duties(found.player.begin_ms)
    assert min(map(len, changes)) > 10
    return changes


def test_nodes__introduce_themselves_over_tls(tmp_path: Path):
    """Each with its own certificate under its own topics; the host understands all of it."""
    found = lived(tmp_path)
    assert all(found.online())
    assert {client.name for client in found.broker.clients} == set(found.names)
    for topic, payload, qos, retained, again in found.broker.published:
        read = topics.read(topic)
        assert isinstance(read, topics.Topic) and read.node in found.names
        messages.parse(read.kind, payload)
        assert (qos, retained, again) == (read.kind.qos, read.kind.retained, False)
    assert all("uplink: connected" in console for console in found.consoles())


def test_gateway__has_its_network_from_a_cable(tmp_path: Path):
    """Ethernet instead of an access point; a PHY that the image does not know costs the uplink and nothing else."""
    assert lived(tmp_path / "cable", 0.1, lamps=1, access=ETHERNET).online() == [True]
    strange = {"ethernet": {"phy": "unheard_of", "mdc": 23, "mdio": 18, "clock": 17, "power": 12, "address": 0}}
    found = lived(tmp_path / "strange", 0.1, lamps=1, access=strange)
    assert found.opened == [] and "this start is confirmed" in found.consoles()[0]


def slow(mood: str) -> object:
    """A mood that is left to the slow tests."""
    return pytest.param(mood, marks=pytest.mark.slow)


@pytest.mark.parametrize("mood", ["well", "refuses", "dead", "hangs", slow("mute"), slow("reset"), slow("garbage"), slow("flood")])
def test_light__does_not_notice_the_broker(mood: str, tmp_path: Path, unconnected: list[list[tuple[int, int]]]):
    """A broker that works, refuses, is dead, hangs in the handshake or after it, cuts it, babbles or floods: the light of a street with
    none, at every ms."""
    found = lived(tmp_path, mood=mood)
    assert found.duties(found.player.begin_ms) == unconnected
    assert len(found.opened) >= 3
    assert found.online() == [mood in ("well", "flood")] * 3
    assert all("ended" not in console and "Traceback" not in console for console in found.consoles())


def test_every_run__is_the_same(tmp_path: Path):
    """When who connects, and what is said: nothing depends on the machine but the bytes of TLS."""
    first, second = (lived(tmp_path / name, 1, mood="reset", lamps=2) for name in "ab")
    assert first.opened == second.opened
    assert first.consoles() == second.consoles()


# --- certificates -----------------------------------------------------------------------------------------------------


def refused(folder: Path, said: str, shows: Callable[[Network], Credential] | None = None, **about: object) -> Town:
    """A post that does not trust its broker: it is not connected, and the log says why, once. `shows`: another certificate of it."""
    found = town(folder, lamps=1, minutes=3, **about)  # type: ignore[arg-type]  # what `town` takes
    if shows is not None:
        found.shown = serving(found.certificates, folder, shows(found.certificates))
    with found.player.street:
        found.start()
        found.run(3)
    assert found.online() == [False] and found.broker.published == []
    assert len(found.opened) > 2
    console = found.consoles()[0]
    assert (console.count("uplink:"), said in console) == (1, True), console
    return found


@pytest.mark.security(3)
def test_broker_of_another_authority__is_not_believed(tmp_path: Path):
    """The same name, signed by somebody else."""
    with authority_in(tmp_path / "other", "Kungsholms strand", NOW) as other:
        refused(tmp_path, "not correctly signed by the trusted CA", changed={"ca": other.root.cert_der})


@pytest.mark.security(3)
def test_broker_of_another_name__is_not_believed(tmp_path: Path):
    """A certificate of our authority, for another server."""
    refused(tmp_path, "does not match", server="elsewhere.example")


@pytest.mark.security(3)
def test_broker_whose_certificate_has_run_out__is_not_believed(tmp_path: Path):
    """It was good two years ago."""

    def old(made: Network) -> Credential:
        with authority_in(made.folder / AUTHORITY, made.name, NOW - dt.timedelta(days=1500)) as authority:
            return authority.server(["localhost"])

    refused(tmp_path, "The certificate validity has expired", shows=old)


@pytest.mark.security(3)
def test_broker_that_signs_for_itself__is_not_believed(tmp_path: Path):
    """A certificate of no authority at all."""
    with authority_in(tmp_path / "self", "Myself", NOW) as own:
        credential = own.server(["localhost"])
    refused(tmp_path, "not correctly signed by the trusted CA", shows=lambda _: credential)


def test_broker_that_does_not_believe_us__is_left_alone(tmp_path: Path):
    """The node's certificate is of another authority: the broker hangs up."""
    with authority_in(tmp_path / "other", "Kungsholms strand", NOW) as other:
        shown = other.client(f"{SITE}.K01", "node")
    found = lived(tmp_path, 3, lamps=1, changed={"cert": shown.cert_der, "certkey": shown.key_der})
    assert found.online() == [False] and "uplink: no connection" in found.consoles()[0]


@pytest.mark.security(22)
def test_distrust__is_told_as_a_security_event_once_a_good_broker_is_there(tmp_path: Path):
    """What the node thought of the false broker, the host reads later."""
    found = town(tmp_path, lamps=1, minutes=8)
    good = found.shown
    with authority_in(tmp_path / "self", "Myself", NOW) as own:
        found.shown = serving(found.certificates, tmp_path, own.server(["localhost"]))
    with found.player.street:
        found.start()
        found.run(1)
        found.shown = good
        found.run(8)
    events = [json.loads(payload) for payload in found.broker.of("up/event")]
    assert ("security", "broker") in [(event["kind"], event["what"]) for event in events]


# --- the clock, bad files, commands ---------------------------------------------------------------------------------


def test_clock_unset__is_said_and_nothing_is_connected(tmp_path: Path):
    """Nobody could see whether a certificate has run out: no connection, bright light, a reason in the log."""
    found = lived(tmp_path, lamps=1, clocks_ms=None)
    assert found.opened == []
    console = found.consoles()[0]
    assert console.count("uplink: not before the clock is set") == 1
    assert [level for _, level in found.duties(0)[0]][-1] == 65_535


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("uplink", b"{", "the file `uplink` makes no sense"),
        ("uplink", b'{"host": "broker.example", "port": 8883, "district": "d", "name": "n", "server": "s"}', "address in numbers"),
        ("uplink", b'{"host": "10.0.0.1", "port": "8883"}', "the file `uplink` makes no sense"),
        ("ca", b"no certificate", "certificates or their key"),
        ("cert", b"", "certificates or their key"),
        ("certkey", b"\x30\x03\x02\x01\x00", "certificates or their key"),
    ],
)
def test_bad_file__costs_the_uplink_and_nothing_else(name: str, content: bytes, said: str, tmp_path: Path):
    """Said with what to do; the node starts, and is confirmed."""
    found = lived(tmp_path, 0.1, lamps=1, changed={name: content})
    assert found.opened == []
    (console,) = found.consoles()
    assert said in console and "provision this node again" in console and "this start is confirmed" in console


def test_what_nobody_asked_for__is_ignored(tmp_path: Path):
    """A broker that sends other topics, other nodes' letters and commands that it kept: no answer, no event, no error."""
    found = town(tmp_path, lamps=1, minutes=4)
    with found.player.street:
        found.start()
        found.run(1)
        before = len(found.broker.published)
        client = found.broker.clients[0]
        own = f"lykta/v1/{SITE}/n/{found.names[0]}/down/"
        for topic in ("cfg/a", own + "other", own.replace("K01", "K02") + "command", "lykta/v1/other/n/x/down/settings"):
            client.deliver(topic, b"x" * 100, 1, False)
        client.deliver(own + "command", bytes(40), 1, True)
        found.run(4)
    assert len(client.acknowledged) == 5
    assert found.broker.published[before:] == []


def test_power_cut__is_a_last_will_only_where_the_broker_notices(tmp_path: Path):
    """The line is half open until the node is back: its second connection replaces the first, and says when it started."""
    found = town(tmp_path, lamps=1, minutes=6)
    with found.player.street as street:
        found.start()
        found.run(1)
        street.kill(0)
        found.run(2)
        assert len(found.broker.clients) == 1
        street.start(0, street.now_ms, 1)
        found.run(6)
    states = [json.loads(payload) for payload in found.broker.of("/state")]
    assert [state["boots"] for state in states if state["online"]][-1] == 2
    assert len(found.opened) == 2


# --- an outage ------------------------------------------------------------------------------------------------------


def test_dead_machine__costs_no_sockets(tmp_path: Path):
    """More tries than a board has sockets: each is closed, whatever went wrong on it."""
    found = lived(tmp_path, 60, lamps=1, mood="dead", demand=None)
    assert len(found.opened) > 12 and found.network.peers == {}


@pytest.mark.slow
@pytest.mark.parametrize("hours", [6, pytest.param(24, marks=pytest.mark.soak)])
def test_outage__ends_within_fifteen_minutes_with_few_letters(tmp_path: Path, hours: int):
    """Hours without a broker: the pauses stay below 15 min and apart, no node restarts, no socket is left, and nine letters tell a day."""
    found = town(tmp_path, lamps=2, minutes=hours * 60 + 60, demand=None, keep=False)
    with found.player.street:
        found.start()
        found.run(20)
        assert all(found.online())
        found.mood = "dead"
        found.cut()
        begun, told = len(found.opened), len(found.broker.published)
        found.run(20 + hours * 60)
        tries = found.opened[begun:]
        assert len(found.network.peers) <= 2
        found.mood = "well"
        found.run(20 + hours * 60 + 15)
        assert all(found.online())
    for node in range(2):
        times = [t_ms for number, t_ms in tries if number == node]
        assert max(later - earlier for earlier, later in pairwise(times)) < 900_000
        assert hours * 4 < len(times) < hours * 14
    assert len({t_ms // 1000 for _, t_ms in tries}) > 0.9 * len(tries)
    for name in found.names:
        letters = [payload for topic, payload, *_ in found.broker.published[told:] if topic.endswith(f"{name}/up/telemetry")]
        seconds = [json.loads(payload)["seconds"] for payload in letters]
        assert len(letters) <= 10 and hours * 3_600 - 900 < sum(seconds) < (hours + 1) * 3_600
    assert [console.count("number") for console in found.consoles()] == [1, 1]


@pytest.mark.slow
def test_telemetry__says_what_an_hour_was_like(tmp_path: Path):
    """Letters of at least 15 min, one after the other, each once."""
    found = lived(tmp_path, 50, lamps=1)
    telemetry = [messages.parse(topics.TELEMETRY, payload) for payload in found.broker.of("telemetry")]
    assert len(telemetry) == 3
    begin_s = (found.player.plan.agenda.times.origin_utc_ms + found.player.begin_ms - LEAD_MS - EPOCH_MS) // 1000
    assert begin_s > 0 and all(one.seconds >= 900 for one in telemetry)


def test_broker_for_tests__is_a_broker():
    """The small one: what is kept, whom it sends to, wills."""
    broker = small.Broker()
    heard: list[bytes] = []
    one, two = broker.client(heard.append), broker.client(lambda data: None)
    one.received(b"\x82\x06\x00\x01\x00\x01t\x01")
    two.received(b"\x31\x04\x00\x01tx")
    assert heard == [b"\x90\x03\x00\x01\x01", b"\x32\x06\x00\x01t\x00\x01x"] and broker.kept == {"t": b"x"}
