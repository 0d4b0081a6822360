"""Certificates on their way to a node: from the folder of a network into the files that are flashed."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path

import pytest

from lykta.cli import main
from lykta.errors import InputError
from lykta.fleet.broker.network import Network
from lykta.fleet.broker.revoking import revoke
from lykta.node import steps
from lykta.node.backup import _without_password
from lykta.node.keyfiles import KeyFile
from lykta.node.keys import KeyStore
from lykta.node.network import ACCESS_POINT
from lykta.node.rounds import Images, Preparation
from lykta.node.street import SECRET, Street, load_street
from lykta.plan.nodefiles import NETWORK_FILES
from tests.fleet.networks import NOW, network

SITE = "kungsholms_strand"
NODE = "K05"
FIRST = dt.date(2026, 1, 1)


@pytest.fixture
def street(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Street:
    """The street with a gateway at its beginning, its keys and its network."""
    monkeypatch.setenv("LYKTA_KEYS", str(tmp_path / "keys"))
    monkeypatch.chdir(tmp_path)
    plain = load_street(SITE)
    first, *others = plain.site.lamps
    site = replace(plain.site, lamps=(replace(first, board="esp32_poe"), *others))
    network(tmp_path / "network", site)
    KeyStore.make(site, KeyFile(tmp_path / "keys" / "kungsholms_strand.json"), NOW)
    return replace(plain, site=site, network=tmp_path / "network")


def test_every_file_of_a_node__is_written_by_flashing(street: Street):
    """Those of a gateway with certificates are all that there can be: none of them is left out, and what holds keys is called secret."""
    gateway = street.files(FIRST)[street.lamps[0]]
    assert set(gateway) - set(steps.ORDER) == set()
    assert set(NETWORK_FILES) <= set(gateway)
    assert "behind" in gateway
    public = street.public_files(FIRST)[street.lamps[0]]
    assert set(gateway) - set(public) == {*SECRET, "uplink", "ca", "cert"}


def test_lamp_behind_a_gateway__is_flashed_without_a_certificate(street: Street):
    """It has none, and needs none."""
    files = street.files(FIRST)[NODE]
    assert set(files) & set(NETWORK_FILES) == set()
    assert not street.lacks_certificate(NODE)


def test_revoked_node__is_not_flashed_before_it_has_another_certificate(street: Street, tmp_path: Path):
    """Somebody would climb the post for a node that nobody lets in."""
    gateway = street.lamps[0]
    preparation = Preparation(street, Images(None), FIRST)
    assert set(NETWORK_FILES) <= set(preparation.wanted(gateway).files)
    revoke(Network.open(tmp_path / "network"), gateway, "stolen", NOW)
    with pytest.raises(InputError, match="it has no certificate"):
        preparation.wanted(gateway)
    preparation.wanted(NODE)


@pytest.mark.security(2)
def test_access_point__comes_with_the_board_and_stays_out_of_backups(
    street: Street, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """Its password is for its owner alone, for the nodes that connect by themselves, and in nothing that is printed or sent by mail."""
    monkeypatch.setenv("LYKTA_WIFI", "correct horse")
    assert main(["broker", "config", SITE, "--wifi", "City lights"]) == 0
    assert "correct horse" not in "".join(capsys.readouterr())
    made = tmp_path / f"{SITE}.network"
    assert (made / ACCESS_POINT).stat().st_mode & 0o777 == 0o600
    board = replace(load_street(SITE), network=made).files(FIRST)[NODE]["board"]
    assert json.loads(board)["wifi"] == {"network": "City lights", "password": "correct horse"}
    assert "wifi" not in json.loads(_without_password("board", board))
    assert _without_password("program", board) == board


def test_folder_that_is_no_network__is_said(street: Street, tmp_path: Path):
    """A slip of the pen in --network is no street without certificates."""
    with pytest.raises(InputError, match="here is no network"):
        replace(street, network=tmp_path / "netwrok").files(FIRST)
