"""What `lykta broker config` writes: complete, for the right eyes, kept as it is by a second run; and what it says."""

from __future__ import annotations

import datetime as dt
import json
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from lykta.cli import main
from lykta.errors import InputError
from lykta.fleet.acts import acts
from lykta.fleet.broker.access import take
from lykta.fleet.broker.files import write
from lykta.fleet.broker.network import Network, Place
from lykta.fleet.certificates import NODE_HOLDS, OPERATOR, OTHERS_HOLD, VIEWER, Credential, name_of
from lykta.fleet.database import Database
from lykta.node.network import network_files, network_of
from lykta.site.model import Site
from tests.fleet.networks import NOW, credential, network
from tests.site.streets import row

YEAR = dt.timedelta(days=365)


def with_gateway(site: Site) -> Site:
    """The first lamp on a board with Ethernet."""
    first, *others = site.lamps
    return replace(site, lamps=(replace(first, board="esp32_poe"), *others))


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder, but for the one that a run locks."""
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file() and file.name != "lock"}


def test_second_run__changes_nothing(tmp_path: Path):
    """All certificates are kept, to the byte."""
    made, written = network(tmp_path)
    before = contents(tmp_path)
    again = write(Network.open(tmp_path), NOW)
    assert contents(tmp_path) == before
    assert again.made == {"authority": [], "nodes": [], "people": []}
    assert again.changed == []
    assert again.kept == {"authority": 1, "nodes": 3, "people": sum(made.seats.values())}
    assert len(written.made["nodes"]) == 3


def test_every_node__has_files_of_its_own(tmp_path: Path):
    """Its name, its key, the authority's certificate, and where its broker is; DER, which a node reads."""
    made, _ = network(tmp_path)
    files = network_files(tmp_path, row(3))
    assert list(files) == ["L0", "L1", "L2"]
    assert len({each["certkey"] for each in files.values()}) == 3
    assert json.loads(files["L1"]["uplink"]) == {
        "host": "127.0.0.1",
        "port": made.districts["street"].port,
        "district": "street",
        "name": "street.L1",
        "server": "localhost",
        "tier": 1,
    }
    for lamp, each in files.items():
        assert each["ca"][0] == each["cert"][0] == each["certkey"][0] == 0x30  # ASN.1
        assert name_of(credential(made, f"street.{lamp}").certificate) == f"street.{lamp}"


@pytest.mark.security(2)
def test_keys__are_for_their_owner_alone(tmp_path: Path):
    """Of brokers, nodes, people and the authority; nobody else may even look into their folders."""
    network(tmp_path, city=1)
    keys = [file for file in tmp_path.rglob("*") if file.suffix == ".key" or file.name in ("certkey", "key.pem")]
    assert len(keys) > 15
    assert {file.stat().st_mode & 0o777 for file in keys} == {0o600}
    assert {file.parent.stat().st_mode & 0o777 for file in keys} == {0o700}
    assert not [file for file in tmp_path.rglob("*") if file.is_file() and file not in keys and b"PRIVATE" in file.read_bytes()]


def test_lamp_that_is_new__gets_a_certificate_and_nobody_else_does(tmp_path: Path):
    """A street that grows need not be flashed anew."""
    made, _ = network(tmp_path)
    before = credential(made, "street.L0").cert_der
    made.add(row(4))
    assert write(made, NOW).made["nodes"] == ["street.L3"]
    assert credential(made, "street.L0").cert_der == before


def test_lamp_that_is_gone__is_named(tmp_path: Path):
    """Its certificate would still let it in."""
    made, _ = network(tmp_path)
    made.add(row(2))
    assert write(made, NOW).strange == ["street.L2"]


def test_certificates__are_renewed_each_in_its_time(tmp_path: Path):
    """After two years all but the nodes'; after nine those too."""
    made, _ = network(tmp_path)
    later = write(made, NOW + OTHERS_HOLD * 0.8)
    assert later.made["nodes"] == []
    assert len(later.made["people"]) == 13
    assert later.made["authority"] == [str(made.districts["street"])]
    assert write(made, NOW + NODE_HOLDS * 0.8).made["nodes"] == ["street.L0", "street.L1", "street.L2"]


def test_lamp_behind_a_gateway__has_no_certificate_but_its_gateway_its_topics(tmp_path: Path):
    """What it does not need it cannot lose; its gateway speaks for it, and for nobody else."""
    made, written = network(tmp_path, with_gateway(row(3)))
    assert written.made["nodes"] == ["street.L0"]
    rules = (tmp_path / "districts" / "street" / "acl").read_text(encoding="utf-8")
    block = rules.partition("user street.L0\n")[2].splitlines()
    here = "lykta/v1/street/n"
    assert block == [
        line
        for lamp in ("L1", "L2")
        for line in (
            f"topic write {here}/street.{lamp}/state",
            f"topic write {here}/street.{lamp}/up/+",
            f"topic read {here}/street.{lamp}/down/+",
        )
    ]
    assert list(network_files(tmp_path, row(3))) == ["L0"]
    assert made.sites["street"].carriers == {"L1": "L0", "L2": "L0"}


def test_two_sites__share_authority_and_city(tmp_path: Path):
    """Each district has its broker, which is a client of the city's; the city knows both."""
    made = Network.at(tmp_path)
    for name in ("East", "West"):
        made.add(replace(row(2), name=name))
    made.city = Place("city.example.se", 8884, "/etc/lykta/city", "192.0.2.9")
    write(made, NOW)
    assert list(Network.open(tmp_path).districts) == ["east", "west"]
    east = (tmp_path / "districts" / "east" / "mosquitto.conf").read_text(encoding="utf-8")
    assert "connection east\naddress city.example.se:8884\n" in east
    assert (
        name_of(Credential.read(*(tmp_path / "districts" / "east" / name for name in ("bridge.pem", "bridge.key"))).certificate)
        == "bridge-east"
    )
    city = (tmp_path / "city" / "mosquitto.conf").read_text(encoding="utf-8")
    assert "listener 8884\ncafile /etc/lykta/city/ca.pem\n" in city
    rules = (tmp_path / "city" / "acl").read_text(encoding="utf-8")
    assert "user bridge-west\ntopic write lykta/v1/west/n/+/state\n" in rules


def test_sites_with_nodes_of_the_same_name__are_refused(tmp_path: Path):
    """They would push out each other."""
    made, _ = network(tmp_path)
    with pytest.raises(InputError, match="have the same names"):
        made.add(replace(row(1), name="Street"))


def test_broker_of_a_name__listens_to_all_and_is_known_by_it(tmp_path: Path):
    """One of localhost listens on loopback alone."""
    made, _ = network(tmp_path)
    text = (tmp_path / "districts" / "street" / "mosquitto.conf").read_text(encoding="utf-8")
    port = made.districts["street"].port
    assert f"listener {port} 127.0.0.1\n" in text
    made.districts["street"] = Place("b.example.se", port, "/etc/lykta", "192.0.2.7")
    written = write(made, NOW)
    assert written.made["authority"] == [f"b.example.se:{port}"]
    assert written.made["nodes"] == []
    text = (tmp_path / "districts" / "street" / "mosquitto.conf").read_text(encoding="utf-8")
    assert f"listener {port}\ncafile /etc/lykta/ca.pem\n" in text
    uplink = json.loads((tmp_path / "nodes" / "street.L0" / "uplink").read_bytes())
    assert (uplink["host"], uplink["server"]) == ("192.0.2.7", "b.example.se")


def test_damaged_network__is_said(tmp_path: Path):
    """A half-written or foreign file is not taken for an empty network."""
    network(tmp_path)
    for content in ("{", "[]", '{"format": 2}', '{"format": 1, "name": "x"}'):
        (tmp_path / "network.json").write_text(content, encoding="utf-8")
        with pytest.raises(InputError, match=r"network\.json"):
            Network.at(tmp_path)


# --- places of programs ---------------------------------------------------------------------------------------------


def test_places__are_taken_one_by_one(tmp_path: Path):
    """Two programs have two names; the place of one that ended is free again."""
    made, _ = network(tmp_path)
    with take(tmp_path, OPERATOR) as first:
        assert (first.client, first.host, first.port) == ("operator-1", "localhost", made.districts["street"].port)
        with take(tmp_path, OPERATOR) as second:
            assert second.client == "operator-2"
    with take(tmp_path, OPERATOR) as again:
        assert again.client == "operator-1"
        assert again.districts == ("street",)
        assert Credential.read(again.certificate, again.key) is not None


def test_places__all_taken__is_said(tmp_path: Path):
    """With what makes more of them."""
    made = Network.at(tmp_path)
    made.add(row(1))
    made.seats[VIEWER] = 1
    write(made, NOW)
    with take(tmp_path, VIEWER), pytest.raises(InputError, match="--seats viewer=5"), take(tmp_path, VIEWER):
        pass


def test_place__may_be_handed_on_alone(tmp_path: Path):
    """The folder of one program is all that another machine needs."""
    network(tmp_path / "network")
    handed = tmp_path / "handed"
    (tmp_path / "network" / "people" / "viewer-3").rename(handed)
    with take(handed, VIEWER) as access:
        assert access.client == "viewer-3"
        assert access.key.parent == handed
    with pytest.raises(InputError, match="here is no access in the role operator"), take(handed, OPERATOR):
        pass


def test_places__of_several_districts(tmp_path: Path):
    """Without a city one must say which; with it all are heard in one place."""
    made = Network.at(tmp_path)
    for name, port in (("East", 1001), ("West", 1002)):
        made.districts[made.add(replace(row(1), name=name)).district].port = port
    write(made, NOW)
    with pytest.raises(InputError, match=r"say which with --district \(east, west\)"), take(tmp_path, VIEWER):
        pass
    with take(tmp_path, VIEWER, "west") as access:
        assert (access.port, access.districts) == (1002, ("west",))
    with pytest.raises(InputError, match="no such district"), take(tmp_path, VIEWER, "north"):
        pass
    made.city = Place("city.example.se", 1003)
    write(made, NOW)
    with take(tmp_path, VIEWER) as access:
        assert (access.host, access.port, access.districts) == ("city.example.se", 1003, ("east", "west"))


# --- the command ----------------------------------------------------------------------------------------------------


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which one works."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_config__says_what_it_made_and_what_comes_next(here: Path, capsys: pytest.CaptureFixture[str]):
    """Where the files are, what to copy where, what to keep to oneself."""
    assert main(["broker", "config", "kungsholms_strand", "--host", "b.example.se", "--address", "192.0.2.7", "--at", "/etc/lykta"]) == 0
    said = capsys.readouterr().out
    assert "broker b.example.se:8883" in said
    assert "34 certificates made" in said
    assert "kungsholms_strand.network/districts/kungsholms_strand" in said
    assert "authority to yourself" in said
    assert "name one with --ntp" in said
    assert network_of("kungsholms_strand") == Path("kungsholms_strand.network")
    assert main(["broker", "config", "kungsholms_strand", "--ntp", "192.0.2.1"]) == 0
    said = capsys.readouterr().out
    assert "--ntp" not in said
    uplink = json.loads((here / "kungsholms_strand.network" / "nodes" / "kungsholms_strand.K05" / "uplink").read_bytes())
    assert (uplink["host"], uplink["ntp"]) == ("192.0.2.7", "192.0.2.1")
    assert "broker b.example.se:8883" in said
    assert "0 certificates made, 34 kept" in said
    assert "Copy each folder" not in said


def test_network_for_this_machine_alone__is_not_flashed_by_itself(here: Path):
    """A node on a post would look for its broker in itself."""
    assert main(["broker", "config", "kungsholms_strand"]) == 0
    assert network_of("kungsholms_strand") is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--address", "b.example.se"], "is no address in numbers"),
        (["--ntp", "time.example.se"], "--ntp"),
        (["--host", "no-such-machine.invalid"], "say it with --address"),
        (["--district", "a/b"], "cannot name a district"),
        (["--district", "d" * 60], "too long for a district"),
        (["--seats", "mayor=3"], "write one of operator, viewer, ingest"),
        (["--city", ":1"], "is no HOST or HOST:PORT"),
    ],
)
def test_config__bad_input(here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, words: list[str], said: str):
    """Said in a sentence, with status 2; nothing is written."""

    def unknown(host: str) -> str:
        raise OSError(f"{host} is not known")

    monkeypatch.setattr(socket, "gethostbyname", unknown)
    assert main(["broker", "config", "kungsholms_strand", *words]) == 2
    assert said in capsys.readouterr().err
    assert list(here.iterdir()) == []


def test_revoke__needs_a_network_a_node_and_a_reason(here: Path, capsys: pytest.CaptureFixture[str]):
    """Each that is missing is said."""
    words = ["broker", "revoke", "K99", "--site", "kungsholms_strand"]
    assert main([*words, "--why", "stolen"]) == 2
    assert "here is no network" in capsys.readouterr().err
    assert main(["broker", "config", "kungsholms_strand"]) == 0
    assert main(words) == 2
    assert "--why" in capsys.readouterr().err
    assert main([*words, "--why", "stolen"]) == 2
    assert "no node of the network" in capsys.readouterr().err


@pytest.mark.security(7)
def test_revoke__broker_out_of_reach__says_what_is_left_to_do(here: Path, capsys: pytest.CaptureFixture[str]):
    """Status 1; the list is written, the node's files are gone, and the next config makes others."""
    assert main(["broker", "config", "kungsholms_strand", "--port", "9"]) == 0
    assert main(["broker", "revoke", "K05", "--site", "kungsholms_strand", "--why", "stolen"]) == 1
    said = capsys.readouterr().out
    assert "1 certificate revoked" in said
    assert "Not done yet" in said
    assert "districts/kungsholms_strand/crl.pem" in said
    assert not (here / "kungsholms_strand.network" / "nodes" / "kungsholms_strand.K05").exists()
    assert main(["broker", "config", "kungsholms_strand"]) == 0
    assert "1 certificates made (kungsholms_strand.K05), 33 kept" in capsys.readouterr().out


def test_broker__is_not_told_when_sessions_are_to_be_forgotten(tmp_path: Path):
    """With that line mosquitto 2.0.11 ends sessions of anybody once its lists were read again while the recorder was away."""
    made = network(tmp_path)[0]
    text = (made.folder / "districts" / "street" / "mosquitto.conf").read_text(encoding="utf-8")
    assert "\npersistent_client_expiration" not in text


def test_revocation__stands_in_the_record_of_the_street_where_there_is_one(here: Path, capsys: pytest.CaptureFixture[str]):
    """Who, when, why, before and after, of a node and of a person; without a history none is made; one that is away holds nothing up.

    The same command again is no second deed; what was done before there was a history is written down late, and said to be.
    """
    assert main(["broker", "config", "kungsholms_strand", "--port", "9", "--person", "anna=operator"]) == 0
    history = here / "kungsholms_strand.network" / "fleet.sqlite"

    def revoke(what: str, *more: str) -> None:
        assert main(["broker", "revoke", what, "--site", "kungsholms_strand", "--why", "stolen", "--who", "bertil", *more]) == 1

    revoke("K04")
    assert not history.exists()
    Database.open(history).close()
    for what in ("K05", "K05", "anna", "anna", "K04", "K04"):
        revoke(what)
    told = [(act.who, act.verb, act.about, act.before, act.after, act.why) for act in acts(Database.open(history))]
    assert told == [
        ("bertil", "revoke", "kungsholms_strand.K04", "revoked before", "revoked", "stolen"),
        ("bertil", "revoke", "anna", "let in", "revoked", "stolen"),
        ("bertil", "revoke", "kungsholms_strand.K05", "let in", "revoked", "stolen"),
    ]
    capsys.readouterr()
    revoke("K06", "--database", "postgresql://nobody@127.0.0.1:9/none")
    said = capsys.readouterr()
    assert "1 certificate revoked" in said.out
    assert "stands in NO record" in said.err


def test_person__has_certificates_of_their_own_and_nobody_gets_them_by_chance(tmp_path: Path):
    """Named places are for who is named; the certificate says who it is, and the folder knows who else is an operator."""
    made = Network.at(tmp_path)
    made.add(row(1))
    made.admit("anna", OPERATOR)
    made.admit("bertil", OPERATOR)
    made.admit("cecilia", VIEWER)
    write(made, NOW)
    assert Network.open(tmp_path).operators == ["anna", "bertil"]
    with take(tmp_path, OPERATOR) as access:
        assert (access.client, access.person, access.operators) == ("operator-1", "", ("anna", "bertil"))
    with take(tmp_path, OPERATOR, who="anna") as access, take(tmp_path, OPERATOR, who="anna") as again:
        assert [(one.client, one.person, one.role) for one in (access, again)] == [(f"anna-{n}", "anna", OPERATOR) for n in (1, 2)]
    with take(tmp_path / "people" / "bertil-1", VIEWER) as access:
        assert (access.person, access.role) == ("bertil", OPERATOR)
    with take(tmp_path, VIEWER, who="cecilia") as access:
        assert access.client == "cecilia-1"


def test_place_of_a_person__that_carries_anothers_certificate_is_not_believed(tmp_path: Path):
    """A name is what the certificate says, not what a file beside it says."""
    made = Network.at(tmp_path)
    made.add(row(1))
    made.admit("anna", OPERATOR)
    write(made, NOW)
    folder = tmp_path / "people" / "operator-1"
    about = json.loads((folder / "access.json").read_text(encoding="utf-8"))
    for name in ("anna-1", "operator-1"):
        (folder / "access.json").write_text(json.dumps({**about, "name": name, "person": "anna"}), encoding="utf-8")
        with pytest.raises(InputError, match="the certificate here is not anna's"), take(folder, OPERATOR):
            pass


@pytest.mark.parametrize(
    ("person", "role"), [("operator", OPERATOR), ("Anna", OPERATOR), ("a.b", VIEWER), ("anna", "ingest"), ("", OPERATOR)]
)
def test_person__whom_no_certificate_can_name__is_refused(tmp_path: Path, person: str, role: str):
    """A name must not be taken for a node's, nor for a role."""
    with pytest.raises(InputError, match="--person"):
        Network.at(tmp_path).admit(person, role)
