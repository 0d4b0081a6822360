"""The inventory: who is where, who may be there, and that nothing which happened is lost."""

from __future__ import annotations

import datetime as dt
import sqlite3
from pathlib import Path

import pytest

from lykta.errors import InputError
from lykta.node.errors import Claimed
from lykta.node.inventory import Inventory, inventory_path, tidy_mac

A, B, C = (f"a0:b1:c2:00:00:0{number}" for number in (1, 2, 3))


@pytest.fixture
def inventory(tmp_path: Path):
    """An empty one, in which each look at the clock is a minute later."""
    minutes = iter(range(10_000))
    begin = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
    with Inventory(tmp_path / "x.sqlite", "Eva", lambda: begin + dt.timedelta(minutes=next(minutes))) as one:
        yield one


def test_claim__again_is_no_news(inventory: Inventory):
    """The same command twice leaves one entry; its board file may have changed."""
    inventory.claim("K05", A, "esp32_devkitc")
    inventory.claim("K05", A.upper().replace(":", "-"), "esp32c3_mini")
    assert [event.kind for event in inventory.history("K05")] == ["claimed"]
    assert (inventory.board_of("K05").mac, inventory.board_of("K05").board) == (A, "esp32c3_mini")
    assert inventory.lamp_of(A).lamp == "K05"


def test_claim__of_a_lamp_that_has_another_board_is_explained(inventory: Inventory):
    """Who, when, which; and what to say if it is meant."""
    inventory.claim("K05", A, "esp32_devkitc")
    with pytest.raises(Claimed) as caught:
        inventory.claim("K05", B, "esp32_devkitc")
    expected = (
        f"K05: this lamp has the board {A} since 2026-11-23 (by Eva), and the one on the cable is {B}. Is this another lamp's board? "
        "Then give that lamp's name. Is the old board broken or gone? Then say `--replace`: "
        "K05 keeps its history, and the old board is free."
    )
    assert str(caught.value) == expected
    assert inventory.board_of("K05").mac == A


def test_claim__of_a_board_that_is_on_another_lamp_is_explained(inventory: Inventory):
    """One board cannot be two lamps."""
    inventory.claim("K05", A, "esp32_devkitc")
    with pytest.raises(Claimed, match=rf"K06: the board on the cable, {A}, is on lamp K05 .*Does the board move to K06\? Then say"):
        inventory.claim("K06", A, "esp32_devkitc")


def test_claim__that_crosses_two_others_names_both(inventory: Inventory):
    """The lamp has another board, and the board another lamp: the commonest slip, two cables swapped."""
    inventory.claim("K05", A, "esp32_devkitc")
    inventory.claim("K06", B, "esp32_devkitc")
    with pytest.raises(Claimed, match=rf"K05: this lamp has the board {A} .* That one is on K06 since"):
        inventory.claim("K05", B, "esp32_devkitc")


def test_replaced__board_leaves_the_history_with_the_lamp(inventory: Inventory):
    """All that happened at K05 stays there, under the board with which it happened; the old board is free."""
    inventory.claim("K05", A, "esp32_devkitc")
    inventory.note("K05", "measured", {"height_cm": 600})
    inventory.note("K05", "selftest", {"passed": True})
    inventory.claim("K05", B, "esp32_devkitc", replace=True)
    inventory.note("K05", "selftest", {"passed": False})
    told = [(event.kind, event.mac) for event in inventory.history("K05")]
    assert told == [("claimed", A), ("measured", A), ("selftest", A), ("released", A), ("claimed", B), ("selftest", B)]
    assert inventory.last("K05", "claimed").about == {"board": "esp32_devkitc", "instead_of": A}
    assert inventory.last("K05", "selftest", B).about == {"passed": False}
    assert inventory.lamp_of(A) is None
    inventory.claim("K09", A, "esp32_devkitc")
    assert [event.lamp for event in inventory.history(mac=A)][-1] == "K09"


def test_moved__board_leaves_its_old_lamp_open(inventory: Inventory):
    """`--replace` for a board that hangs elsewhere: there is nothing on that lamp any more, and its history says why."""
    inventory.claim("K05", A, "esp32_devkitc")
    inventory.claim("K06", B, "esp32_devkitc")
    inventory.claim("K05", B, "esp32_devkitc", replace=True)
    assert [(claim.lamp, claim.mac) for claim in inventory.claims()] == [("K05", B)]
    assert inventory.last("K06", "released").about == {"moved_to": "K05"}
    assert inventory.last("K05", "released").about == {"replaced_by": B}


def test_released__board_leaves_its_lamp_open_and_why(inventory: Inventory):
    """One that turned out to be of no use; a lamp that has another board by now keeps it."""
    inventory.claim("K05", A, "esp32_devkitc")
    inventory.release("K05", A, "secure boot")
    inventory.claim("K05", B, "esp32_devkitc")
    inventory.release("K05", A, "secure boot")
    assert [(claim.lamp, claim.mac) for claim in inventory.claims()] == [("K05", B)]
    assert [event.about for event in inventory.history(lamp="K05") if event.kind == "released"] == [{"why": "secure boot"}]


def test_revoked__board_never_comes_back(inventory: Inventory):
    """Not on its lamp, not on another, not with --replace; its lamp takes another."""
    inventory.claim("K05", A, "esp32_devkitc")
    assert inventory.revoke("K05", "stolen") == A
    for lamp in ("K05", "K06"):
        with pytest.raises(Claimed, match=r"was revoked \(2026-11-23: stolen\)"):
            inventory.claim(lamp, A, "esp32_devkitc", replace=True)
    inventory.claim("K05", B, "esp32_devkitc")
    assert inventory.revoke("K07", "no board there") == ""


def test_images__are_those_with_which_a_board_was_flashed(inventory: Inventory):
    """Each once, of all lamps; a board that kept its runtime tells of none."""
    for lamp, image in (("K05", {"file": "a.bin", "sha256": "aa"}), ("K06", {"file": "a.bin", "sha256": "aa"}), ("K07", None)):
        inventory.note(lamp, "flashed", {"image": image})
    inventory.note("K07", "selftest", {"image": {"sha256": "bb"}})
    assert {"aa"} == inventory.images()


def test_inventory__outlives_the_program(tmp_path: Path):
    """Closed and opened again it says the same."""
    with Inventory(tmp_path / "x.sqlite", "Eva") as one:
        one.claim("K05", A, "esp32_devkitc")
        before = one.history()
    with Inventory(tmp_path / "x.sqlite", "Kim") as again:
        assert again.history() == before
        assert again.board_of("K05").who == "Eva"


def test_inventory__of_a_newer_lykta_or_no_database_is_left_alone(tmp_path: Path):
    """Nothing is written into what we do not understand."""
    newer = sqlite3.connect(tmp_path / "newer.sqlite")
    newer.execute("PRAGMA user_version = 99")
    newer.close()
    with pytest.raises(InputError, match="Update Lykta first"):
        Inventory(tmp_path / "newer.sqlite")
    (tmp_path / "text.sqlite").write_text("no database, but a text that is long enough to be looked at as one" * 20)
    with pytest.raises(InputError, match="cannot be used"):
        Inventory(tmp_path / "text.sqlite")


@pytest.mark.parametrize(
    ("pragma", "message"),
    [
        ("max_page_count = 9", r"database or disk is full\). Make room on this disk, then run"),
        ("query_only = 1", r"You may not write here"),
    ],
)
def test_inventory__that_takes_nothing_more_says_why_and_keeps_what_it_has(inventory: Inventory, pragma: str, message: str):
    """A full disk, a file that may only be read: a sentence each; no half of an entry stays, and with room it goes on."""
    inventory.claim("K05", A, "esp32_devkitc")
    pages = inventory._db.execute("PRAGMA page_count").fetchone()[0]
    inventory._db.execute(f"PRAGMA {pragma.replace('9', str(pages))}")
    with pytest.raises(InputError, match=message):
        inventory.claim("K06", B, "esp32_devkitc" * 2000)
    assert [(claim.lamp, claim.mac) for claim in inventory.claims()] == [("K05", A)]
    inventory._db.execute("PRAGMA max_page_count = 1000000")
    inventory._db.execute("PRAGMA query_only = 0")
    inventory.claim("K06", B, "esp32_devkitc")
    assert [event.kind for event in inventory.history("K06")] == ["claimed"]


def test_inventory__that_cannot_be_made_says_what_to_do(tmp_path: Path):
    """A folder that is not there."""
    with pytest.raises(InputError, match=r"cannot be used \(unable to open database file\)\. Is there such a folder"):
        Inventory(tmp_path / "nowhere" / "x.sqlite")


def test_user__without_a_name_is_asked_for_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A container runs as a number that nobody has named."""
    monkeypatch.delenv("LYKTA_WHO", raising=False)
    monkeypatch.setattr("getpass.getuser", lambda: {}["uid not found"])
    with pytest.raises(InputError, match="Say who does it: --who NAME"):
        Inventory(tmp_path / "x.sqlite")
    with Inventory(tmp_path / "x.sqlite", "Eva") as one:
        assert one.who == "Eva"


def test_two_at_once__cannot_claim_the_same_lamp(tmp_path: Path):
    """Two programs, each with the file open: the second is told of the first."""
    with Inventory(tmp_path / "x.sqlite", "Eva") as one, Inventory(tmp_path / "x.sqlite", "Kim") as other:
        one.claim("K05", A, "esp32_devkitc")
        with pytest.raises(Claimed, match="by Eva"):
            other.claim("K05", C, "esp32_devkitc")


def test_path__is_beside_the_site_or_where_one_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A packaged site lies where nobody may write: its inventory is in the folder of the moment."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text("name: x")
    assert inventory_path(tmp_path / "mine.yaml") == tmp_path / "mine.inventory.sqlite"
    assert inventory_path("valla_torg") == Path("valla_torg.inventory.sqlite")


@pytest.mark.parametrize("written", ["A0B1C2000001", "a0-b1-c2-00-00-01", "A0:B1:C2:00:00:01", "a0b1.c200.0001"])
def test_mac__is_kept_in_one_form(written: str):
    """However it is printed, it is one board."""
    assert tidy_mac(written) == A


def test_mac__that_is_none_is_refused():
    """Twelve digits."""
    with pytest.raises(InputError, match="is no MAC address"):
        tidy_mac("a0:b1:c2")
