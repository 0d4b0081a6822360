"""A table with virtual boards, and all that is needed to flash them: for tests and for figures."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import pytest

from lykta.node import rounds
from lykta.node.device import Device
from lykta.node.errors import BoardError
from lykta.node.flashing import Options, Outcome, Wanted, flash
from lykta.node.image import training_image, training_name
from lykta.node.inventory import Inventory
from lykta.node.keyfiles import place_of
from lykta.node.keys import KeyStore
from lykta.node.payload import Payload
from lykta.node.rounds import Images, Preparation
from lykta.node.street import Street, load_street
from lykta.plan.board_reader import load_board
from lykta.vm.bench import Bench

SITE, LAMP = "kungsholms_strand", "K05"
BOARD = "esp32_devkitc"
TODAY = dt.date(2026, 11, 23)
NOW = dt.datetime(2026, 11, 23, 21, 0, tzinfo=dt.UTC)

#: A firmware of few files, each short or just longer than a message.
SMALL = Payload(
    {"boot.py": b"import sys\nsys.path.insert(0, '/a')\n", "main.py": b"import time\nwhile True:\n    time.sleep(1)\n"},
    {"lykta_node/app.mpy": b"app" * 600, "lykta_node/core/lamp.mpy": b"lamp", "lykta_node/core/wave.mpy": b"wave"},
    "small",
)


class Silent:
    """Nobody watches; what was said is kept."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.said: list[str] = []

    def step(self, title: str, total: int = 0) -> None:
        """Keep it."""
        self.steps.append(title)

    def done(self, amount: int) -> None:
        """Never mind."""

    def say(self, text: str) -> None:
        """Keep it."""
        self.said.append(text)

    def name(self, lamp: str) -> None:
        """Never mind."""


def street_with_keys(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Street:
    """The street, with keys in a folder of the test, which is the folder where it works."""
    monkeypatch.setenv("LYKTA_KEYS", str(folder / "keys"))
    monkeypatch.setenv("LYKTA_VIRTUAL_BOARDS", str(folder / "virtual"))
    monkeypatch.setenv("LYKTA_WHO", "Alma")
    monkeypatch.chdir(folder)
    street = load_street(SITE)
    if place_of(street.site.name).read() is None:
        KeyStore.make(street.site, place_of(street.site.name), NOW)
    return street


def image_in(folder: Path, board: str = BOARD, size: int = 1 << 14) -> Path:
    """The image for training with a board, in a folder; a small one, since its length is all that takes time."""
    file = folder / training_name(load_board(board))
    file.write_bytes(training_image(load_board(board), size))
    return file


@dataclass
class Table:
    """A bench, and what its boards are to become."""

    bench: Bench
    street: Street
    image: Path
    inventory: Inventory
    watcher: Silent
    whole: bool = False  # the firmware as it ships; else a small one, since its files are all that takes time

    @cached_property
    def _prepared(self) -> Wanted:
        whole = Preparation(self.street, Images(self.image), TODAY).wanted(LAMP)
        return whole if self.whole else replace(whole, payload=SMALL)

    def wanted(self, image: bool = True) -> Wanted:
        """What the board is to become: lamp K05."""
        return self._prepared if image else replace(self._prepared, image=None)

    def flash(self, options: Options | None = None, wanted: Wanted | None = None, number: int = 0) -> Outcome:
        """Flash one board as lamp K05."""
        become = wanted or self.wanted()
        return flash(
            self.bench.ports[number], lambda mac, chip: become, become.board.buttons, options or Options(), self.inventory, self.watcher
        )

    def failed(self, options: Options | None = None, wanted: Wanted | None = None) -> BoardError:
        """The error with which flashing ends."""
        outcome = self.flash(options, wanted)
        assert isinstance(outcome.error, BoardError), outcome
        return outcome.error

    def repaired(self, options: Options | None = None) -> None:
        """The same command makes the board what it is to be, and a further one finds nothing to do."""
        outcome = self.flash(options)
        assert outcome.well, outcome.error
        again = self.flash(Options(test=False))
        assert (again.changes, again.error) == ([], None), again


@contextmanager
def table(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    chip: str = "esp32",
    flash_bytes: int = 4 << 20,
    whole: bool = False,
    kind: str = "socket",
) -> Iterator[Table]:
    """One virtual board on a table, blank unless the folder holds its flash."""
    street = street_with_keys(folder, monkeypatch)
    with (
        Bench(folder / "bench", chip, kind=kind, flash_bytes=flash_bytes, speed=0) as bench,
        Inventory(folder / "inventory.sqlite", now=lambda: NOW) as inventory,
    ):
        yield Table(bench, street, image_in(folder), inventory, Silent(), whole)


def put_runtime(table: Table, wanted: Wanted, number: int = 0) -> None:
    """The runtime is on the board already, without the time that the loader takes."""
    assert wanted.image
    flash_file = table.bench.boards[number].flash
    for piece in wanted.image.pieces:
        flash_file.write(piece.at, piece.data)


def pull_before(monkeypatch: pytest.MonkeyPatch, bench: Bench, number: int) -> list[str]:
    """The cable is pulled before the so-manieth message to the prompt of a board; what the messages said is kept."""
    said: list[str] = []
    real: Callable[..., str] = Device._exec

    def counted(self: Device, code: str, *rest: object) -> str:
        said.append(code)
        if len(said) == number:
            bench.pull(0)
        return real(self, code, *rest)

    monkeypatch.setattr(Device, "_exec", counted)
    return said


__all__ = ["LAMP", "SITE", "Silent", "Table", "image_in", "pull_before", "put_runtime", "rounds", "street_with_keys", "table"]
