"""The keys of a site: drawn, kept from others, changed so that neighbours hear each other all the time, taken from a stolen board."""

from __future__ import annotations

import datetime as dt
import json
import stat
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import keyring
import pytest
from click.testing import CliRunner
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

from lykta.cli import main
from lykta.errors import EnvironmentLacks, InputError
from lykta.node.keyfiles import KeyFile, place_of
from lykta.node.keys import PREPARED, STEADY, SWITCHED, KeyStore
from lykta.node.steps import fingerprints
from lykta.node.street import load_street
from lykta.plan.keys import KEY_BYTES

NOW = dt.datetime(2026, 11, 23, 12, 0, tzinfo=dt.UTC)
SITE = "kungsholms_strand"
FIRST = dt.date(2026, 12, 14)


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of keys, and a folder to work in, of the test's own."""
    monkeypatch.setenv("LYKTA_KEYS", str(tmp_path / "keys"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def street():
    """The packaged street: it is only read."""
    return load_street(SITE)


def counting():
    """Keys that can be told apart: 1, 2, 3, ..."""
    drawn = iter(range(1, 10_000))
    return lambda size: next(drawn).to_bytes(size, "big")


def made(street) -> KeyStore:
    """The keys of the street, drawn."""
    store = KeyStore.make(street.site, place_of(street.site.name), NOW, counting())
    store.keys(street.segments)
    return store


def shared(data: bytes) -> list[tuple[int, bytes]]:
    """The shared keys in a node's file, (id, key), the one to sign with first."""
    return [(data[at], data[at + 1 : at + 33]) for at in range(0, len(data) - KEY_BYTES, 33)]


def test_keys__are_for_nobody_else_to_read(street):
    """File 600, folder 700, whatever the umask; and a store that others may read is refused."""
    store = made(street)
    path = Path(str(store.place))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    path.chmod(0o640)
    with pytest.raises(InputError, match=r"others may read these keys \(mode 640\)\. Run `chmod 600"):
        KeyStore.open(street.site)


@pytest.mark.security(1)
def test_keys__are_all_different_and_come_from_the_system(street):
    """34 nodes, one segment: 35 keys of 32 bytes, no two alike; drawn anew they are others."""
    first = KeyStore.make(street.site, KeyFile(Path("a.json")), NOW)
    second = KeyStore.make(street.site, KeyFile(Path("b.json")), NOW)
    for store in (first, second):
        store.keys(street.segments)
    assert len({*first.secrets(), *second.secrets()}) == 70
    assert {len(key) for key in first.secrets()} == {KEY_BYTES}


def test_keys__opened_again_are_the_same(street):
    """What the nodes have stays right."""
    before = made(street).keys(street.segments)
    assert KeyStore.open(street.site).keys(street.segments) == before


def test_keys__of_a_new_lamp_are_drawn_when_it_is_planned(street):
    """Nobody has to think of keys when a post is added; the others keep theirs."""
    store = made(street)
    del store._nodes["K07"]
    others = dict(store._nodes)
    keys = store.keys(street.segments)
    assert len(keys.nodes["K07"]) == KEY_BYTES
    assert {lamp: key for lamp, key in keys.nodes.items() if lamp != "K07"} == others


def test_rotation__keeps_neighbours_in_hearing_of_each_other(street):
    """At each step a node of the step before and one of after share a key, and each signs with one that the other takes."""
    store = made(street)
    rounds = [store.keys(street.segments).segments[0]]
    stages = []
    for _ in range(3):
        stages.append(store.rotate())
        rounds.append(store.keys(street.segments).segments[0])
    assert stages == [PREPARED, SWITCHED, STEADY]
    assert rounds[0] != rounds[3]
    for before, after in pairwise(rounds):
        assert before[0] in after
        assert after[0] in before


def test_rotation__gives_every_generation_an_id_of_its_own(street):
    """Sixteen generations, then from the beginning; two that are in use together never share an id."""
    store = made(street)
    for _ in range(60):
        store.rotate()
        ids = [identity for identity, _ in store.keys(street.segments).segments[0]]
        assert len(ids) == len(set(ids))


@pytest.mark.security(24)
def test_revocation__leaves_nothing_of_what_the_stolen_board_knew(street):
    """Another key of its own at once; after the three rounds none of what it held is accepted anywhere."""
    store = made(street)
    stolen = street.files(FIRST, store)["K05"]["keys"]
    store.rotate()
    prepared = street.files(FIRST, store)["K05"]["keys"]
    store.revoke("K05", street.heard("K05"), "cabinet open", NOW)
    assert store.keys(street.segments).nodes["K05"] not in (stolen[-32:], prepared[-32:])
    while store.rotate() != STEADY:
        pass
    known = {key for _, key in (*shared(stolen), *shared(prepared))}
    assert known & {key for _, key in shared(street.files(FIRST, store)["K06"]["keys"])} == set()
    assert [one.lamp for one in KeyStore.open(street.site).revoked] == ["K05"]


def test_revocation__of_a_gateway_takes_the_keys_of_its_lamps(tmp_path: Path):
    """It held the own keys of all lamps for which it speaks: they get others, as it does; who is no lamp of its own keeps his."""
    main(["site", "new", "road", "--lamps", "4"])
    street = load_street("road.yaml", SITE)
    first, *others = street.site.lamps
    street = replace(street, site=replace(street.site, lamps=(replace(first, board="esp32_poe"), *others)))
    assert street.behind(first.id) == [lamp.id for lamp in others]
    store = made(street)
    held = dict(store.keys(street.segments).nodes)
    store.revoke(others[0].id, street.heard(others[0].id), "cabinet open", NOW, street.behind(others[0].id))
    after = store.keys(street.segments).nodes
    assert [lamp for lamp in held if after[lamp] != held[lamp]] == [others[0].id]
    store.revoke(first.id, street.heard(first.id), "cabinet open", NOW, street.behind(first.id))
    assert set(after.values()) & set(store.keys(street.segments).nodes.values()) == set()


def test_store__of_another_site_or_damaged_is_refused(street):
    """Two sites of one name, a torn file, an older key that was cut: a sentence each."""
    made(street)
    path = Path(str(place_of(street.site.name)))
    kept = json.loads(path.read_text())
    for change, message in (
        ({"site": "Elsewhere"}, 'belong to "Elsewhere"'),
        ({"nodes": {"K01": "00"}}, "damaged"),
        ({"format": 2}, "damaged"),
    ):
        KeyFile(path).write(json.dumps({**kept, **change}))
        with pytest.raises(InputError, match=message):
            KeyStore.open(street.site)
    KeyFile(path).write("{")
    with pytest.raises(InputError, match="damaged"):
        KeyStore.open(street.site)


def test_store__says_nothing_of_what_it_holds(street):
    """A store, or a key, that ends up in a message or a traceback."""
    store = made(street)
    said = repr(store) + str(vars(store)["segments"]) + str(store.place)
    assert not any(key.hex() in said or repr(key) in said for key in store.secrets())


class Ring(KeyringBackend):
    """A keyring in memory, or one that is locked."""

    priority = 1
    locked = False

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        if self.locked:
            raise KeyringLocked("the collection is locked")
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password


def test_keyring__holds_the_keys_and_the_file_only_says_so(street, monkeypatch: pytest.MonkeyPatch, own_folder: Path):
    """Asked for once; from then on it is found without asking. Locked, it says what to do."""
    ring = Ring()
    monkeypatch.setattr(keyring.core, "_keyring_backend", ring)
    store = KeyStore.make(street.site, place_of(street.site.name, keyring=True), NOW)
    store.keys(street.segments)
    (file,) = (own_folder / "keys").iterdir()
    assert file.read_text() == '{"store": "keyring"}\n'
    assert KeyStore.open(street.site).secrets() == store.secrets()
    ring.locked = True
    with pytest.raises(EnvironmentLacks, match=r"cannot be used \(the collection is locked\)\. Unlock it, or .* leave out --keyring"):
        KeyStore.open(street.site)


def test_command__tells_every_step_and_no_secret(street, capsys: pytest.CaptureFixture[str]):
    """Made, shown, changed in three steps, one revoked: each ends in what to do next, and none prints a key."""
    said = []
    for words in ([], ["--rotate"], ["--rotate"], [], ["--rotate"], ["--revoke", "K05", "--why", "stolen"], []):
        assert main(["site", "keys", SITE, *words]) == 0
        said.append(capsys.readouterr().out)
    assert "34 keys of nodes and 1 shared by a segment drawn" in said[0]
    assert "When all have them: `lykta site keys kungsholms_strand --rotate`" in said[1]
    assert "the new keys are to be used" in said[2] and "the new keys are to be used" in said[3]
    assert "a last time" in said[4]
    assert "K05 has new keys" in said[5] and "33 other nodes" in said[5]
    assert "revoked those of K05: stolen" in said[6]
    secrets = KeyStore.open(street.site).secrets()
    assert not any(key.hex() in text for key in secrets for text in said)


def test_rotation__waits_for_the_nodes_that_it_would_silence(street, capsys: pytest.CaptureFixture[str]):
    """By the inventory: a node with older keys holds the next step up, until it is provisioned or given up."""
    main(["site", "keys", SITE])
    mac = "a0:b1:c2:00:00:01"
    with street.inventory("Eva") as inventory:
        inventory.claim("K05", mac, "esp32_devkitc")
        inventory.note("K05", "flashed", {"files": fingerprints(street.files(FIRST)["K05"])}, mac)
        assert main(["site", "keys", SITE, "--rotate"]) == 0
        capsys.readouterr()
        assert main(["site", "keys", SITE, "--rotate"]) == 2
        assert "K05 would fall silent" in capsys.readouterr().err
        assert main(["site", "keys", SITE]) == 0
        assert "not provisioned with them yet: K05" in capsys.readouterr().out
        inventory.note("K05", "flashed", {"files": fingerprints(street.files(FIRST)["K05"])}, mac)
        assert main(["site", "keys", SITE, "--rotate"]) == 0
        assert main(["site", "keys", SITE, "--rotate", "--anyway"]) == 0
    assert KeyStore.open(street.site).stages() == {STEADY}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--rotate"], "there are no keys"),
        (["--revoke", "K5", "--why", "x"], "there are no keys"),
    ],
)
def test_command__says_what_is_missing(words: list[str], message: str, capsys: pytest.CaptureFixture[str]):
    """Nothing can be changed before there is something; exit status 2."""
    assert main(["site", "keys", SITE, *words]) == 2
    assert message in capsys.readouterr().err


def test_command__proposes_the_lamp_that_was_meant(capsys: pytest.CaptureFixture[str]):
    """As one says it: K5 is K05. And a revocation wants its reason."""
    main(["site", "keys", SITE])
    assert main(["site", "keys", SITE, "--revoke", "K5", "--why", "x"]) == 2
    assert 'has no lamp "K5". Did you mean "K05"?' in capsys.readouterr().err
    assert main(["site", "keys", SITE, "--revoke", "K05"]) == 2
    assert "say why" in capsys.readouterr().err


def test_help__has_an_example():
    """Every command shows one."""
    from lykta.cli.keys import keys

    assert "Example:" in CliRunner().invoke(keys, ["--help"]).output
