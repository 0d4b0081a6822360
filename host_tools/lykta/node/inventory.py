"""The inventory of a site: which board is on which lamp, and everything that was done to either, in SQLite beside the site.

    with Inventory(inventory_path("my_site.yaml")) as inventory:
        inventory.claim("K05", "a0:b1:c2:00:11:22", "esp32_devkitc")   # Claimed, if that lamp or that board is taken
        inventory.note("K05", "flashed", {...}, mac="a0:b1:c2:00:11:22")

Nothing is ever deleted: what happened stays in the history of the lamp when its board is replaced, and in that of the board when it
moves on. Keys are not here, only of what the file `keys` was made (`node/flashing` records a fingerprint of each file).
"""

from __future__ import annotations

import datetime as dt
import getpass
import json
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from lykta.errors import InputError
from lykta.node.errors import Claimed
from lykta.site import loader

_VERSION = 1
_SCHEMA = """
CREATE TABLE IF NOT EXISTS boards (mac TEXT PRIMARY KEY, board TEXT NOT NULL, first_seen TEXT NOT NULL, revoked TEXT NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS claims (
    lamp TEXT PRIMARY KEY, mac TEXT NOT NULL UNIQUE REFERENCES boards (mac), since TEXT NOT NULL, who TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS events (
    number INTEGER PRIMARY KEY, at TEXT NOT NULL, who TEXT NOT NULL, lamp TEXT NOT NULL, mac TEXT NOT NULL, kind TEXT NOT NULL,
    about TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS events_of_lamp ON events (lamp, kind);
CREATE INDEX IF NOT EXISTS events_of_board ON events (mac);
"""

#: Kinds of events: what `about` holds is said in the README of this folder.
KINDS = ("claimed", "released", "flashed", "selftest", "walktest", "measured", "settings", "reset", "revoked")


@dataclass(frozen=True)
class Claim:
    """A board on a lamp. `since`: ISO 8601, UTC; `board`: the name of its file."""

    lamp: str
    mac: str
    board: str
    since: str
    who: str


@dataclass(frozen=True)
class Event:
    """Something that was done or found. `at`: ISO 8601, UTC; `mac` "" where no board was concerned."""

    at: str
    who: str
    lamp: str
    mac: str
    kind: str
    about: Mapping[str, Any]


def inventory_path(site: str | Path) -> Path:
    """Where the inventory of a site is: beside its file; of a packaged site in the folder where one works."""
    return loader.beside(site, "inventory.sqlite")


def tidy_mac(mac: str) -> str:
    """A MAC address in the one form in which it is kept: a0:b1:c2:00:11:22. InputError for none."""
    digits = "".join(sign for sign in mac.lower() if sign not in ":-. ")
    if len(digits) != 12 or any(sign not in "0123456789abcdef" for sign in digits):
        raise InputError.of(mac, "is no MAC address. Write twelve hexadecimal digits, as in a0:b1:c2:00:11:22.")
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2))


class Inventory:
    """The inventory in one file. It may be used from several threads; each change is on the disk when the call returns."""

    def __init__(self, path: str | Path, who: str = "", now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC)) -> None:
        """`who`: the person at work; by default LYKTA_WHO, or the user of the machine. InputError where the file cannot be used."""
        self.path = Path(path)
        self.who = who or os.environ.get("LYKTA_WHO") or _user()
        self._now = now
        self._lock = threading.Lock()
        try:
            self._db = sqlite3.connect(self.path, timeout=10, isolation_level=None, check_same_thread=False)
            self._db.execute("PRAGMA synchronous = FULL")
            self._prepare()
        except sqlite3.Error as error:
            raise InputError.of(str(path), f"this inventory cannot be used ({error}). {_cure(error)}") from None

    def _prepare(self) -> None:
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version > _VERSION:
            raise InputError.of(str(self.path), "a newer Lykta has written this inventory. Update Lykta first.")
        if version == 0:
            self._db.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {_VERSION}; COMMIT;")

    def __enter__(self) -> Inventory:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Nobody else uses the file meanwhile. InputError where it cannot be read, or takes nothing more."""
        try:
            with self._lock:
                yield
        except sqlite3.Error as error:
            raise InputError.of(str(self.path), f"the inventory does not work ({error}). {_cure(error)}") from None

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """A change that is on the disk when it ends, or not at all. InputError as above."""
        with self._asking(), self._db:
            self._db.execute("BEGIN IMMEDIATE")
            yield

    # --- whose board is where -----------------------------------------------------------------------------------

    def claim(self, lamp: str, mac: str, board: str, *, replace: bool = False) -> None:
        """Put a board on a lamp. Nothing happens where it is there already. `replace`: it takes the place of what was there.

        Claimed: the lamp has another board, the board is on another lamp, or it was revoked.
        """
        mac = tidy_mac(mac)
        with self._changing():
            self._refuse_revoked(lamp, mac)
            on_lamp, of_board = self._claim("lamp", lamp), self._claim("mac", mac)
            if on_lamp is not None and on_lamp.mac == mac:
                self._db.execute("UPDATE boards SET board = ? WHERE mac = ?", (board, mac))
                return
            if not replace and (on_lamp or of_board):
                raise _claimed(lamp, mac, on_lamp, of_board)
            for old in (on_lamp, of_board):
                if old is not None:
                    self._db.execute("DELETE FROM claims WHERE mac = ?", (old.mac,))
                    self._add(old.lamp, "released", {"replaced_by": mac} if old is on_lamp else {"moved_to": lamp}, old.mac)
            at = self._at()
            self._db.execute(
                "INSERT INTO boards (mac, board, first_seen) VALUES (?, ?, ?) ON CONFLICT (mac) DO UPDATE SET board = excluded.board",
                (mac, board, at),
            )
            self._db.execute("INSERT INTO claims (lamp, mac, since, who) VALUES (?, ?, ?, ?)", (lamp, mac, at, self.who))
            self._add(lamp, "claimed", {"board": board, **({"instead_of": on_lamp.mac} if on_lamp else {})}, mac)

    def release(self, lamp: str, mac: str, why: str) -> None:
        """Take a board off its lamp: it turned out to be of no use. Nothing happens where it is not there."""
        mac = tidy_mac(mac)
        with self._changing():
            if self._db.execute("DELETE FROM claims WHERE lamp = ? AND mac = ?", (lamp, mac)).rowcount:
                self._add(lamp, "released", {"why": why}, mac)

    def _refuse_revoked(self, lamp: str, mac: str) -> None:
        row = self._db.execute("SELECT revoked FROM boards WHERE mac = ? AND revoked != ''", (mac,)).fetchone()
        if row:
            raise Claimed(lamp, f"the board {mac} was revoked ({row[0]}), and is refused on every lamp for ever.", "Take another board.")

    def revoke(self, lamp: str, why: str) -> str:
        """The board of a lamp is not to be trusted any more: the lamp is free for another. Its MAC; "" if there is none."""
        with self._changing():
            claim = self._claim("lamp", lamp)
            mac = claim.mac if claim else ""
            self._db.execute("UPDATE boards SET revoked = ? WHERE mac = ?", (f"{self._at()[:10]}: {why}", mac))
            self._db.execute("DELETE FROM claims WHERE lamp = ?", (lamp,))
            self._add(lamp, "revoked", {"why": why}, mac)
        return mac

    def board_of(self, lamp: str) -> Claim | None:
        """The board that is on a lamp."""
        with self._asking():
            return self._claim("lamp", lamp)

    def lamp_of(self, mac: str) -> Claim | None:
        """The lamp on which a board is."""
        with self._asking():
            return self._claim("mac", tidy_mac(mac))

    def claims(self) -> list[Claim]:
        """All boards on lamps, by lamp."""
        with self._asking():
            return [Claim(*row) for row in self._db.execute(f"{_CLAIMS} ORDER BY lamp")]

    def _claim(self, column: str, value: str) -> Claim | None:
        row = self._db.execute(f"{_CLAIMS} WHERE claims.{column} = ?", (value,)).fetchone()
        return Claim(*row) if row else None

    # --- what happened ------------------------------------------------------------------------------------------

    def note(self, lamp: str, kind: str, about: Mapping[str, Any], mac: str = "") -> None:
        """Write down what was done to a lamp or found there. `mac`: of its board, by default the one that it has now."""
        with self._changing():
            claim = self._claim("lamp", lamp)
            self._add(lamp, kind, about, tidy_mac(mac) if mac else claim.mac if claim else "")

    def _add(self, lamp: str, kind: str, about: Mapping[str, Any], mac: str) -> None:
        assert kind in KINDS, kind
        text = json.dumps(about, ensure_ascii=False)
        self._db.execute(
            "INSERT INTO events (at, who, lamp, mac, kind, about) VALUES (?, ?, ?, ?, ?, ?)", (self._at(), self.who, lamp, mac, kind, text)
        )

    def history(self, lamp: str = "", mac: str = "") -> list[Event]:
        """What happened to a lamp, or to a board wherever it was, or to all; the oldest first."""
        wanted, values = [], []
        for column, value in (("lamp", lamp), ("mac", tidy_mac(mac) if mac else "")):
            if value:
                wanted.append(f"{column} = ?")
                values.append(value)
        where = f" WHERE {' AND '.join(wanted)}" if wanted else ""
        with self._asking():
            rows = self._db.execute(f"SELECT at, who, lamp, mac, kind, about FROM events{where} ORDER BY number", values)
            return [Event(at, who, of, board, kind, json.loads(about)) for at, who, of, board, kind, about in rows]

    def last(self, lamp: str, kind: str, mac: str = "") -> Event | None:
        """The last event of a kind at a lamp; with `mac` the last with that board."""
        found = [event for event in self.history(lamp, mac) if event.kind == kind]
        return found[-1] if found else None

    def images(self) -> frozenset[str]:
        """SHA-256 of every image of a runtime with which a board was flashed: somebody compared each, or its board file has it."""
        images = (event.about.get("image") for event in self.history() if event.kind == "flashed")
        return frozenset(image["sha256"] for image in images if image)

    def _at(self) -> str:
        return self._now().astimezone(dt.UTC).isoformat(timespec="seconds")


def _user() -> str:
    """The user of this machine. InputError where the system has no name for him."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        raise InputError.of("--who", "this machine has no name for you. Say who does it: --who NAME, or LYKTA_WHO=NAME.") from None


#: What sqlite calls it -> what to do. Its names may go on: SQLITE_READONLY_DIRECTORY.
_CURES = {
    "SQLITE_FULL": "Make room on this disk",
    "SQLITE_IOERR": "Is there room on this disk, and is the disk well? Put it right",
    "SQLITE_READONLY": "You may not write here: give yourself the right to the file and its folder",
    "SQLITE_CANTOPEN": "Is there such a folder, and may you write in it? Put it right",
    "SQLITE_BUSY": "Another program is writing it: wait until that is done",
}


def _cure(error: sqlite3.Error) -> str:
    """The next step where the file cannot be used: what was not written down is, by the same command."""
    name = getattr(error, "sqlite_errorname", "")
    for known, cure in _CURES.items():
        if name.startswith(known):
            return f"{cure}, then run the same command again: what is not written down yet is then."
    return "It is another file, or damaged: bring it back from a backup."


_CLAIMS = "SELECT claims.lamp, claims.mac, boards.board, claims.since, claims.who FROM claims JOIN boards ON boards.mac = claims.mac"


def _claimed(lamp: str, mac: str, on_lamp: Claim | None, of_board: Claim | None) -> Claimed:
    """Why a board cannot be put on a lamp, and what to do in each case."""
    if on_lamp is not None:
        what = f"this lamp has the board {on_lamp.mac} since {on_lamp.since[:10]} (by {on_lamp.who}), and the one on the cable is {mac}."
        remedy = (
            "Is this another lamp's board? Then give that lamp's name. Is the old board broken or gone? Then say `--replace`: "
            f"{lamp} keeps its history, and the old board is free."
        )
        if of_board is not None:
            what += f" That one is on {of_board.lamp} since {of_board.since[:10]}."
    else:
        assert of_board is not None
        other = of_board.lamp
        what = f"the board on the cable, {mac}, is on lamp {other} since {of_board.since[:10]} (by {of_board.who})."
        remedy = f"Is this {other}? Then give that name. Does the board move to {lamp}? Then say `--replace`, and {other} is open."
    return Claimed(lamp, what, remedy)
