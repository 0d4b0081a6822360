"""Many boards: which lamp the next one is for, and several at once."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from lykta.errors import InputError, LyktaError
from lykta.node.boards import Board
from lykta.node.flashing import Options, Outcome, Wanted, Watcher, first_day, flash
from lykta.node.image import RuntimeImage, load_image
from lykta.node.inventory import Inventory, tidy_mac
from lykta.node.payload import Payload, make_payload
from lykta.node.street import Street


@dataclass(frozen=True)
class Images:
    """Where the runtime is taken from: a file or a folder, None for nowhere; `sha256`: what a person has compared, `compared`: before."""

    path: Path | None
    sha256: str = ""
    compared: frozenset[str] = frozenset()

    def of(self, board: Board) -> RuntimeImage | None:
        """The image for boards of a kind. WrongImage."""
        return load_image(self.path, board, self.sha256, self.compared) if self.path else None


class Preparation:
    """All that the boards of a street are to become, made before the first is touched: what is wrong with it is said at once."""

    def __init__(self, street: Street, images: Images, today: dt.date, lamps: Collection[str] = ()) -> None:
        """`lamps`: those whose boards are written; by default all. InputError where street, keys or an image are not as they should be."""
        self.street = street
        self._files: Mapping[str, Mapping[str, bytes]] = street.files(first_day(today))
        self._payload: Payload = make_payload()
        kinds = {board.id: board for lamp, board in street.boards.items() if lamp in (lamps or street.boards)}
        self._images = {name: images.of(board) for name, board in kinds.items()}

    def wanted(self, lamp: str) -> Wanted:
        """What a board becomes as this lamp's."""
        if self.street.lacks_certificate(lamp):
            advice = f"`lykta broker config {self.street.name}` makes one."
            raise InputError.of(str(self.street.network), f"{lamp} is new to the network, or was revoked: it has no certificate. {advice}")
        board = self.street.boards[lamp]
        return Wanted(lamp, board, self._files[lamp], self._payload, self._images[board.id])


class Assignment:
    """Which lamp a board is for: its own, where it is known; else the next of those that wait for one. Safe from several threads."""

    def __init__(self, preparation: Preparation, inventory: Inventory, lamps: Sequence[str]) -> None:
        """`lamps`: those that may get a board, in this order."""
        self._preparation = preparation
        self._inventory = inventory
        self._lamps = list(lamps)
        self._given: dict[str, str] = {}
        self._lock = threading.Lock()

    def waiting(self) -> list[str]:
        """The lamps that have no board yet."""
        with self._lock:
            return [lamp for lamp in self._lamps if lamp not in self._given.values() and self._inventory.board_of(lamp) is None]

    def skip(self, lamp: str) -> None:
        """Not this one now."""
        with self._lock:
            self._lamps.remove(lamp)

    def choose(self, mac: str, chip: str) -> Wanted:
        """The lamp of a board. InputError where none waits for such a one."""
        mac = tidy_mac(mac)
        known = self._inventory.lamp_of(mac)
        if known is not None and known.lamp in self._preparation.street.lamps:
            return self._preparation.wanted(known.lamp)
        fits = [lamp for lamp in self.waiting() if not chip or self._preparation.street.boards[lamp].chip.name == chip]
        with self._lock:
            lamp = self._given.get(mac) or next((one for one in fits if one not in self._given.values()), "")
            if not lamp:
                kind = f" that takes an {chip}" if chip and self._lamps else ""
                message = f"the board {mac} is new, and no lamp{kind} waits for one. Does it replace another? Say which: LAMP --replace."
                raise InputError.of(self._preparation.street.name, message)
            self._given[mac] = lamp
        return self._preparation.wanted(lamp)


def flash_all(
    ports: Sequence[str],
    choose: Callable[[str, str], Wanted],
    buttons: str,
    options: Options,
    inventory: Inventory,
    watchers: Callable[[str], Watcher],
    jobs: int,
    on_outcome: Callable[[Outcome], None],
    on_stop: Callable[[], None],
) -> list[Outcome]:
    """Flash the boards on several ports, so many at once; each outcome is handed on as it comes, then all of them, by port.

    Who interrupts (Ctrl-C) is told by `on_stop` that the boards under way are finished first; none begins after that.
    """
    outcomes: dict[str, Outcome] = {}
    pool = ThreadPoolExecutor(max_workers=max(1, min(jobs, len(ports))))
    running = {pool.submit(flash, port, choose, buttons, options, inventory, watchers(port)): port for port in ports}

    def collect() -> None:
        for future in as_completed([one for one, port in running.items() if port not in outcomes and not one.cancelled()]):
            outcomes[running[future]] = future.result()
            on_outcome(outcomes[running[future]])

    try:
        collect()
    except KeyboardInterrupt:
        for future in running:
            future.cancel()
        on_stop()
        collect()
        raise
    finally:
        pool.shutdown(cancel_futures=True)
    return [outcomes[port] for port in ports]


def only(preparation: Preparation, lamp: str) -> Callable[[str, str], Wanted]:
    """For one lamp, whatever board it is: the inventory says whether it may be."""
    return lambda mac, chip: preparation.wanted(lamp)


def worst(outcomes: Sequence[Outcome]) -> int:
    """The exit status of several: 2 where one has an error, 1 where a self-test failed, else 0."""
    errors = [outcome.error.exit_status for outcome in outcomes if isinstance(outcome.error, LyktaError)]
    return max(errors) if errors else int(any(not outcome.well for outcome in outcomes))
