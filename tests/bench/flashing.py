"""Figures of flashing: beside the bare tools, a second run, several boards at once, and a cable lost anywhere.

Virtual boards on lines as slow as their baud rate (460,800 for the loader, 115,200 for the prompt), but for the cuts, which only count.
`python tests/bench/flashing.py [--cuts 200] [--only speed|messages|cuts]`; `--from 50 --to 75` takes only these of the random cuts, which
are the same whoever asks for which of them, so that they can be seen piece by piece.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "host_tools")]

from lykta.node.flashing import Options, Wanted, flash  # noqa: E402
from lykta.node.inventory import Inventory  # noqa: E402
from lykta.node.rounds import Assignment, Images, Preparation, flash_all  # noqa: E402
from lykta.node.steps import sealed  # noqa: E402
from lykta.vm.bench import Bench  # noqa: E402
from tests.node.table import NOW, SMALL, TODAY, Silent, Table, image_in, pull_before, street_with_keys, table  # noqa: E402

SEED = 20261123
PROGRAM = 1_500_000  # bytes: about what MicroPython for the ESP32 has
BOARDS = 8
_QUIET = Options(test=False)


def speed(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[str]:
    """Time beside the bare tools, of a second run, and of several boards at once."""
    street = street_with_keys(folder, patch)
    image = image_in(folder, size=PROGRAM)
    preparation = Preparation(street, Images(image), TODAY)
    wanted = preparation.wanted("K05")
    with Bench(folder / "bench", count=BOARDS, real_speed=True) as bench, Inventory(folder / "a.sqlite", now=lambda: NOW) as inventory:
        bare = _bare(folder, bench.ports[0], wanted)
        yield f"bare esptool and mpremote            {bare:7.1f} s"
        begun = time.monotonic()
        outcome = flash(bench.ports[1], lambda mac, chip: wanted, "", _QUIET, inventory, Silent())
        assert outcome.error is None, outcome.error
        ours = time.monotonic() - begun
        yield f"lykta flash, the same writes         {ours:7.1f} s   {(ours / bare - 1) * 100:+.0f} %   aim: at most +10 %"
        outcome = flash(bench.ports[1], lambda mac, chip: wanted, "", _QUIET, inventory, Silent())
        assert not outcome.changes, outcome
        yield f"second run, all is right             {outcome.work_s:7.1f} s            aim: under 3 s"
    with Bench(folder / "many", count=BOARDS, real_speed=True) as bench, Inventory(folder / "b.sqlite", now=lambda: NOW) as inventory:
        assignment = Assignment(preparation, inventory, street.lamps)
        begun = time.monotonic()
        outcomes = flash_all(
            bench.ports, assignment.choose, "", _QUIET, inventory, lambda port: Silent(), BOARDS, lambda outcome: None, lambda: None
        )
        assert all(outcome.well for outcome in outcomes), [outcome.error for outcome in outcomes]
        took = time.monotonic() - begun
        yield f"{BOARDS} boards at once                     {took:7.1f} s   one after the other would be {ours * BOARDS:.0f} s"


def _bare(folder: Path, port: str, wanted: Wanted) -> float:
    """The same bytes by the tools themselves."""
    tree = folder / "tree"
    files = {f"a/{name}": data for name, data in wanted.payload.package.items()}
    files |= {f"data/{name}": sealed(data, 1) for name, data in wanted.files.items()}
    files |= {**wanted.payload.root, "light": b"25", "slots": b"a -"}
    for name, data in files.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_bytes(data)
    assert wanted.image
    pieces: list[str] = []
    for number, piece in enumerate(wanted.image.pieces):
        (folder / f"{number}.bin").write_bytes(piece.data)
        pieces += [hex(piece.at), str(folder / f"{number}.bin")]
    begun = time.monotonic()
    esptool = ["esptool", "--chip", "esp32", "--port", port, "--baud", "460800", "--before", "no-reset", "--after", "no-reset"]
    _run(*esptool, "write-flash", *pieces)
    _run("mpremote", "connect", port, "fs", "cp", "-r", *(str(one) for one in sorted(tree.iterdir())), ":")
    return time.monotonic() - begun


def _run(*words: str) -> None:
    done = subprocess.run([sys.executable, "-m", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def messages(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[str]:
    """The cable pulled before each message to the prompt; each time the same command, then a look."""
    with table(folder, patch) as made:
        with patch.context() as inner:
            said = pull_before(inner, made.bench, 0)
            assert made.flash(_QUIET).well
        yield f"{len(said)} messages for a blank board ({len(SMALL.package) + len(SMALL.root)} small files)"
        yield from _told("before each message", [_cut_at_message(made, patch, number) for number in range(1, len(said) + 1)])


def cuts(folder: Path, patch: pytest.MonkeyPatch, count: int, first: int = 0, last: int = 0) -> Iterator[str]:
    """The cable pulled after random numbers of bytes; each time the same command, then a look.

    Of `count` cuts those from `first` to `last`.
    """
    with table(folder, patch) as made:
        begun = _bytes(made)
        assert made.flash(_QUIET).well
        total = begun - _bytes(made)
        yield f"{total} bytes for a blank board ({len(SMALL.package) + len(SMALL.root)} small files)"
        draw = random.Random(SEED)
        places = [draw.random() for _ in range(count)][first : last or count]
        yield from _told(
            f"at random bytes, seed {SEED}, {first} to {last or count}", [_cut_at_byte(made, int(place * total)) for place in places]
        )


_PLENTY = 1 << 40


def _bytes(made: Table) -> int:
    """How much is left of a cut that never comes: counts what passes."""
    faults = made.bench.boards[0].faults
    return int(faults.left.setdefault("cut", _PLENTY))


def _erase(made: Table) -> None:
    """The board is blank again, and nobody knows it."""
    board = made.bench.boards[0]
    made.bench.heal(0)
    board.flash.erase(0, board.flash.size)


def _cut_at_message(made: Table, patch: pytest.MonkeyPatch, number: int) -> tuple[bool, str]:
    _erase(made)
    with patch.context() as inner:
        pull_before(inner, made.bench, number)
        struck = made.flash(_QUIET).error is not None
    return struck, _repaired(made)


def _cut_at_byte(made: Table, number: int) -> tuple[bool, str]:
    _erase(made)
    made.bench.fault(0, f"cut={number}")
    struck = made.flash(_QUIET).error is not None
    return struck, _repaired(made)


def _repaired(made: Table) -> str:
    """What is still wrong after the same command, or with a further one that should find nothing to do; "" for nothing."""
    made.bench.heal(0)
    first = made.flash(_QUIET)
    again = made.flash(_QUIET)
    return "" if first.well and again.error is None and not again.changes else f"{first.error or ''} {again.error or ''} {again.changes}"


def _told(where: str, found: list[tuple[bool, str]]) -> Iterator[str]:
    struck, wrong = sum(one for one, _ in found), [two for _, two in found if two]
    yield f"cable pulled {where}: {len(found)} times, {struck} of them ended the command"
    yield f"  repaired by the same command: {len(found) - len(wrong)} of {len(found)}   aim: all"
    yield from (f"  not repaired: {one}" for one in wrong)


def report(quick: bool, only: str = "", count: int = 0, first: int = 0, last: int = 0) -> Iterator[str]:
    """All of it, or one part; `first`, `last`: only these of the `count` random cuts."""
    parts: dict[str, Callable[[Path, pytest.MonkeyPatch], Iterator[str]]] = {
        "speed": speed,
        "messages": messages,
        "cuts": lambda folder, patch: cuts(folder, patch, count or (5 if quick else 200), first, last),
    }
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as away:
        for name, part in parts.items():
            folder = Path(away) / name
            folder.mkdir()
            if only in ("", name):
                yield from part(folder, patch)


def main() -> None:
    """Print all of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cuts", type=int, default=200)
    parser.add_argument("--only", choices=("speed", "messages", "cuts"), default="")
    parser.add_argument("--from", dest="first", type=int, default=0)
    parser.add_argument("--to", dest="last", type=int, default=0)
    given = parser.parse_args()
    print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    for line in report(False, given.only, given.cuts, given.first, given.last):
        print(line, flush=True)


if __name__ == "__main__":
    main()
