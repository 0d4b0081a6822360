"""A bench of virtual boards: so many, each on a port of its own, served by a thread; for the command line, for training, for tests.

    with Bench(folder, "esp32", count=34) as bench:
        bench.ports[0]  # "socket://127.0.0.1:40123"
        bench.fault(0, "cut=5000")

A board's flash stays in `folder/NUMBER/`, so that a bench that is set up again has the same boards.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from lykta.errors import LyktaError
from lykta.vm.boardports import PtyPort, TcpPort
from lykta.vm.chips import CHIPS
from lykta.vm.virtualboard import VirtualBoard

T = TypeVar("T")
#: A MAC that nobody was given: the second bit of its first byte says so. Only such boards take an image for training.
_LOCAL = b"\x02\x4c\x59"
KINDS = ("socket", "rfc2217", "pty")


def mac_of(folder: Path, number: int) -> bytes:
    """The MAC of a virtual board: the same for the same folder and number."""
    return _LOCAL + hashlib.sha256(f"{folder.resolve()} {number}".encode()).digest()[:3]


class Bench:
    """Virtual boards from `open` (or `with`) to `close`."""

    def __init__(
        self,
        folder: Path,
        chip: str = "esp32",
        *,
        count: int = 1,
        kind: str = "socket",
        flash_bytes: int = 4 << 20,
        speed: int = 1,
        real_speed: bool = False,
        first_port: int = 0,
    ) -> None:
        """`kind`: of the ports' names; `speed`: of the programs' time; `real_speed`: lines as slow as their baud rate.

        `first_port`: TCP port of the first board, the others follow; 0: any that are free.
        """
        self.folder = folder
        self.chip = chip
        self.ports: list[str] = []
        self.boards: list[VirtualBoard] = []
        self._count = count
        self._kind = kind
        self._flash_bytes = flash_bytes
        self._speed = speed
        self._real_speed = real_speed
        self._first_port = first_port
        self._ends: list[TcpPort | PtyPort] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Bench:
        self.open()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def open(self) -> None:
        """Set the boards up. LyktaError where a TCP port is taken."""
        loop = self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=loop.run_forever, name="virtual boards", daemon=True)
        self._thread.start()
        try:
            self._await(self._set_up())
        except OSError as error:
            self.close()
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS):
                raise LyktaError(f"The virtual boards cannot have their flash: {error}. Make room, or give another --folder.") from error
            raise LyktaError(f"The virtual boards cannot have their ports: {error}. Give others with --tcp-port.") from error
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Unplug all of them and end the thread; what is in their flash stays."""
        if self._loop is None or self._thread is None:
            return
        self._await(self._tear_down())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._loop = None

    async def _set_up(self) -> None:
        for number in range(self._count):
            folder = self.folder / str(number + 1)
            board = VirtualBoard(folder, CHIPS[self.chip], mac_of(self.folder, number), self._flash_bytes, self._speed)
            self.boards.append(board)
            if self._kind == "pty":
                pty = PtyPort(board, folder / "port", self._real_speed)
                await pty.open()
                self._ends.append(pty)
                self.ports.append(str(pty.path))
            else:
                tcp = TcpPort(board, self._real_speed)
                await tcp.open(number=self._first_port + number if self._first_port else 0)
                self._ends.append(tcp)
                self.ports.append(f"{self._kind}://127.0.0.1:{tcp.number}")

    async def _tear_down(self) -> None:
        for end in self._ends:
            await end.close()
        pending = asyncio.all_tasks() - {asyncio.current_task()}
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)

    def _await(self, work: Coroutine[Any, Any, T]) -> T:
        assert self._loop is not None
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _call(self, work: Callable[[], T]) -> T:
        async def run() -> T:
            return work()

        return self._await(run())

    # --- hands on the boards ------------------------------------------------------------------------------------

    def fault(self, number: int, text: str) -> None:
        """Give a board a fault (see `faults`). ValueError where there is no such fault."""
        self._call(lambda: self.boards[number].faults.add(text))

    def heal(self, number: int) -> None:
        """Nothing is wrong with a board any more."""
        self._call(self.boards[number].faults.heal)

    def pull(self, number: int) -> None:
        """Pull a board's cable."""
        self._call(self._ends[number].pull)

    def plug(self, number: int) -> None:
        """Plug it in again."""
        self._call(self.boards[number].faults.plug)

    def hold_boot(self, number: int) -> None:
        """Hold BOOT and press EN."""
        self._call(self.boards[number].hold_boot)

    def state(self, number: int) -> str:
        """What a board does, in a word."""
        return self._call(lambda: self.boards[number].state)
