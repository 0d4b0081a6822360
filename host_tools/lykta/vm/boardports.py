"""The ports of virtual boards: a TCP port that understands `socket://` and `rfc2217://`, and a pseudo-terminal.

Who speaks first on the TCP port decides: RFC 2217 begins with the byte 255, which no tool for boards says otherwise; it carries the lines
DTR and RTS, so that resets work as over USB. The other two carry bytes only.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import tty
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lykta.vm.virtualboard import VirtualBoard

_IAC = b"\xff"
_READ = 1 << 14
_WAIT_S = 0.2  # for the first byte: who says nothing speaks no RFC 2217
_LOOKS = 10
_TAKEN = b"Port already in use\r\n"  # as ser2net says it


class Cable:
    """What lies between a board and whoever opened its port: counts bytes, is slow, noisy, and may be pulled."""

    def __init__(self, board: VirtualBoard, carry: Callable[[bytes], None], tear: Callable[[], None], real_speed: bool) -> None:
        """`carry` brings bytes to the host, `tear` ends the connection. `real_speed`: no faster than the line's baud rate."""
        self._board = board
        self._carry = carry
        self._tear = tear
        self._real_speed = real_speed
        self._free_at = 0.0  # when the line towards the host has carried all so far
        self.up = True

    def plug(self, has_lines: bool) -> None:
        """Connect the board."""
        self._board.plug(self.to_host, has_lines)

    def pull(self) -> None:
        """The cable is out: nothing passes any more."""
        if self.up:
            self.let_go()
            self._tear()

    def let_go(self) -> None:
        """Nobody has the port open any more."""
        self.up = False
        self._board.unplug()

    def cut(self) -> None:
        """The cable is out, and stays out until somebody plugs it in."""
        self._board.faults.left["unplugged"] = 0
        self.pull()

    def _spend(self, data: bytes) -> tuple[bytes, bool]:
        """(what still gets through, whether the cable is pulled then)."""
        passes = self._board.faults.spend("cut", len(data))
        data = data if passes is None else data[:passes]
        return self._board.faults.noisy(data), passes is not None

    def _seconds(self, length: int) -> float:
        """How long the line takes for so many bytes."""
        slow = self._board.faults.left.get("slow", 0)
        rate = slow or (self._board.baud / 10 if self._real_speed else 0)
        return length / rate if rate else 0.0

    def to_host(self, data: bytes) -> None:
        """The board says something."""
        if not self.up:
            return
        data, pulled = self._spend(data)
        loop = asyncio.get_running_loop()
        takes = self._seconds(len(data))
        if takes or self._free_at > loop.time():
            self._free_at = max(self._free_at, loop.time()) + takes
            loop.call_at(self._free_at, self._deliver, data)
        elif data:
            self._carry(data)
        if pulled:
            loop.call_soon(self.cut)

    def _deliver(self, data: bytes) -> None:
        if self.up:
            self._carry(data)

    async def to_board(self, data: bytes) -> None:
        """The host says something."""
        data, pulled = self._spend(data)
        takes = self._seconds(len(data))
        if takes:
            await asyncio.sleep(takes)
        if data and self.up:
            self._board.receive(data)
        if pulled:
            self.cut()


class _Lines:
    """What pyserial's RFC 2217 server believes to be a serial port: the lines of a board."""

    def __init__(self, board: VirtualBoard) -> None:
        self._board = board
        self._dtr = self._rts = False
        self.baudrate, self.bytesize, self.parity, self.stopbits = 115_200, 8, "N", 1
        self.xonxoff = self.rtscts = self.break_condition = False
        self.cts = self.dsr = self.cd = True
        self.ri = False

    @property
    def dtr(self) -> bool:
        """The line DTR."""
        return self._dtr

    @dtr.setter
    def dtr(self, value: bool) -> None:
        self._dtr = value
        self._board.set_lines(self._dtr, self._rts)

    @property
    def rts(self) -> bool:
        """The line RTS."""
        return self._rts

    @rts.setter
    def rts(self, value: bool) -> None:
        self._rts = value
        self._board.set_lines(self._dtr, self._rts)

    def reset_input_buffer(self) -> None:
        """There is none."""

    def reset_output_buffer(self) -> None:
        """There is none."""


class TcpPort:
    """The TCP port of one board: one host at a time."""

    def __init__(self, board: VirtualBoard, real_speed: bool = False) -> None:
        self.board = board
        self.number = 0
        self._real_speed = real_speed
        self._server: asyncio.Server | None = None
        self._cable: Cable | None = None

    async def open(self, host: str = "127.0.0.1", number: int = 0) -> None:
        """Listen; 0 takes any free port."""
        self._server = await asyncio.start_server(self._serve, host, number)
        self.number = int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Let go of the port, and of whoever is there."""
        self._end()
        if self._server is not None:
            self._server.close()
        self.board.flash.close()

    def pull(self) -> None:
        """Pull the cable."""
        self.board.faults.left["unplugged"] = 0
        self._end()

    def _end(self) -> None:
        if self._cable is not None:
            self._cable.pull()
            self._cable = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.board.faults.has("busy") or not await self._free():
            await _turn_away(reader, writer, _TAKEN)
            return
        if self.board.faults.has("unplugged"):
            await _turn_away(reader, writer, b"")
            return
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        telnet: list[Any] = []

        def carry(data: bytes) -> None:
            writer.write(data.replace(b"\xff", b"\xff\xff") if telnet else data)

        self._cable = cable = Cable(self.board, carry, writer.transport.abort, self._real_speed)
        try:
            first = await self._first_bytes(reader)
            if first[:1] == _IAC:
                telnet.append(_manager(self.board, writer))
            cable.plug(has_lines=bool(telnet))
            data = first
            while cable.up:
                if telnet:
                    data = b"".join(telnet[0].filter(data))
                if data:
                    await cable.to_board(data)
                data = await reader.read(_READ)
                if not data:
                    break
        except (ConnectionError, asyncio.CancelledError):
            pass  # the host has gone, or the bench is closed: the cable is pulled below
        finally:
            cable.pull()

    async def _free(self) -> bool:
        """Whether nobody else is there: who closed the port a moment ago, to open it again, may still seem to be."""
        for _ in range(_LOOKS):
            if self._cable is None or not self._cable.up:
                return True
            await asyncio.sleep(_WAIT_S / _LOOKS)
        return False

    async def _first_bytes(self, reader: asyncio.StreamReader) -> bytes:
        try:
            return await asyncio.wait_for(reader.read(_READ), _WAIT_S)
        except TimeoutError:
            return b""


async def _turn_away(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, why: bytes) -> None:
    """Say why, and close; what was sent is read first, else the reason would be lost with the connection."""
    writer.write(why)
    with contextlib.suppress(ConnectionError, TimeoutError):
        writer.write_eof()
        await asyncio.wait_for(reader.read(), _WAIT_S)
    writer.close()


def _manager(board: VirtualBoard, writer: asyncio.StreamWriter) -> Any:
    from serial.rfc2217 import PortManager

    return PortManager(_Lines(board), writer)


class PtyPort:
    """A pseudo-terminal as the port of a board, where the system has them; `path` is a link that stays when the cable is pulled."""

    def __init__(self, board: VirtualBoard, path: Path, real_speed: bool = False) -> None:
        self.board = board
        self.path = path
        self._real_speed = real_speed
        self._cable: Cable | None = None
        self._master = -1
        self._incoming: asyncio.Queue[bytes] = asyncio.Queue()
        self._outgoing = bytearray()
        self._tasks: list[asyncio.Task[None]] = []
        self._loop = asyncio.get_running_loop()

    async def open(self) -> None:
        """Make the pseudo-terminal; the board gets power when somebody opens it."""
        self._make()
        self._tasks = [asyncio.create_task(self._watch()), asyncio.create_task(self._work())]

    async def close(self) -> None:
        """Take it away."""
        for task in self._tasks:
            task.cancel()
        if self._cable is not None:
            self._cable.pull()
        self._drop(self._master)
        self.path.unlink(missing_ok=True)
        self.board.flash.close()

    def pull(self) -> None:
        """Pull the cable: whoever has the port open loses it; a new one takes its place."""
        self.board.faults.left["unplugged"] = 0
        if self._cable is not None:
            self._cable.pull()

    def _make(self) -> None:
        self._master, slave = os.openpty()
        tty.setraw(slave)
        name = os.ttyname(slave)
        os.close(slave)
        os.set_blocking(self._master, False)
        link = self.path.with_name(f"{self.path.name}.new")
        link.unlink(missing_ok=True)
        link.symlink_to(name)
        link.replace(self.path)

    def _drop(self, master: int) -> None:
        self._loop.remove_reader(master)
        self._loop.remove_writer(master)
        os.close(master)

    async def _watch(self) -> None:
        """Plug the board in when somebody opens the terminal: its master end then reads nothing instead of an error."""
        while True:
            if self._cable is None and not self.board.faults.has("unplugged") and self._is_open():
                self._cable = Cable(self.board, self._carry, self._torn, self._real_speed)
                self._loop.add_reader(self._master, self._readable)
                self._cable.plug(has_lines=False)
            await asyncio.sleep(_WAIT_S / 4)

    def _is_open(self) -> bool:
        try:
            self._incoming.put_nowait(os.read(self._master, _READ))
        except BlockingIOError:
            return True
        except OSError:
            return False
        return True

    def _readable(self) -> None:
        try:
            self._incoming.put_nowait(os.read(self._master, _READ))
        except BlockingIOError:
            return
        except OSError:
            self._left()

    def _left(self) -> None:
        """The host has closed the terminal, which stays: somebody may be opening it at this moment."""
        self._loop.remove_reader(self._master)
        self._outgoing.clear()
        if self._cable is not None:
            self._cable.let_go()
            self._cable = None

    async def _work(self) -> None:
        """Bring what comes to the board, one piece after the other."""
        while True:
            data = await self._incoming.get()
            if self._cable is not None:
                await self._cable.to_board(data)

    def _carry(self, data: bytes) -> None:
        self._outgoing += data
        self._writable()

    def _writable(self) -> None:
        try:
            sent = os.write(self._master, self._outgoing)
        except BlockingIOError:
            sent = 0
        except OSError:
            sent = len(self._outgoing)  # nobody is there to hear it
        del self._outgoing[:sent]
        if self._outgoing:
            self._loop.add_writer(self._master, self._writable)
        else:
            self._loop.remove_writer(self._master)

    def _torn(self) -> None:
        """The cable is out: the terminal vanishes for whoever has it open, and comes back under its name."""
        self._cable = None
        self._outgoing.clear()
        before = self._master
        self._make()  # first, so that there is a port at every moment
        self._drop(before)
