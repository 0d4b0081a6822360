"""A virtual board that is lamp K05 of Kungsholms strand: its flash is made once, and copied for each test."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lykta.node import steps
from lykta.node.device import Device
from lykta.node.keyfiles import KeyFile
from lykta.node.keys import KeyStore
from lykta.node.payload import make_payload
from lykta.node.street import Street, load_street
from lykta.vm.bench import Bench
from lykta.vm.chips import CHIPS
from lykta.vm.espimage import training_image

SITE, LAMP = "kungsholms_strand", "K05"
CHIP = CHIPS["esp32"]
LIGHT = 25
FIRST = dt.date(2026, 1, 1)
NOW = dt.datetime(2026, 11, 23, 21, 0, tzinfo=dt.UTC)


def blank(folder: Path) -> None:
    """A flash with a runtime and nothing else."""
    with Bench(folder, CHIP.name, speed=0) as bench:
        bench.boards[0].flash.write(CHIP.loader_at, training_image(CHIP.image_id, CHIP.loader_at))


def provision(folder: Path, street: Street, keys: KeyStore) -> None:
    """Make the board of a folder lamp K05: firmware and files, as flashing does it."""
    files = street.files(FIRST, keys)[LAMP]
    with Bench(folder, CHIP.name, speed=0) as bench, Device(bench.ports[0]) as board:
        found = steps.look(board)
        steps.carry_out(board, steps.compare(found, make_payload(), files, LIGHT), found, lambda _: None)


def made(folder: Path) -> tuple[Street, KeyStore]:
    """A street, its keys (drawn here, kept in the folder), and in `folder/bench` the board of K05."""
    street = load_street(SITE)
    keys = KeyStore.make(street.site, KeyFile(folder / "keys.json"), NOW)
    blank(folder / "bench")
    provision(folder / "bench", street, keys)
    return street, keys


@contextmanager
def plugged(template: Path, folder: Path) -> Iterator[str]:
    """The port of a copy of the board in a template. Its own program runs at the pace of real time, as on the post."""
    shutil.copytree(template / "bench", folder / "bench")
    with Bench(folder / "bench", CHIP.name) as bench:
        yield bench.ports[0]


def hurry(board: Device) -> None:
    """Let virtual time pass as fast as it goes: for a program that waits, once the board's own is stopped."""
    board.run("import cable\nfrom vboard import board as q_b\nq_b.exchange = cable._pace(0)")
