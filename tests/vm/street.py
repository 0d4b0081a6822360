"""Small firmwares and streets of them, for the tests of the lockstep."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lykta.vm.frames import RADIO_IN, UART_IN, Frame
from lykta.vm.node import Board, Node, prepare
from lykta.vm.street import Street

DELAY_MS = 10

#: Tells everybody what its pin shows, prints what it hears; polls every 50 ms.
TELLER = """
import asyncio, espnow, machine, network, time
network.WLAN(0).active(True)
radio = espnow.ESPNow()
radio.active(True)
radio.add_peer(b"\\xff" * 6)
flag = asyncio.ThreadSafeFlag()
radio.irq(lambda _: flag.set())
pin = machine.Pin(27, machine.Pin.IN)
lamp = machine.PWM(25, freq=1000, duty_u16=65535)
start = time.ticks_ms()

async def hear():
    data = [None, bytearray(espnow.MAX_DATA_LEN)]
    while True:
        await flag.wait()
        while radio.any():
            length = radio.recvinto(data, 0)
            print(time.ticks_diff(time.ticks_ms(), start), data[0][5], data[1][:length])

async def main():
    asyncio.create_task(hear())
    old = 0
    while True:
        value = pin.value()
        if value != old:
            old = value
            lamp.duty_u16(value * 30000)
            radio.send(b"\\xff" * 6, b"%d" % value, False)
        await asyncio.sleep_ms(50)

asyncio.run(main())
"""


class Wires:
    """Everybody hears everybody after DELAY_MS; a UART says everything back, 5 ms later."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.falls: list[tuple[int, int, int]] = []

    def radio(self, node: int, frame: Frame) -> Iterator[tuple[int, Frame]]:
        """All but the sender."""
        for receiver in range(self.count):
            if receiver != node:
                yield receiver, Frame(RADIO_IN, frame.which, -50, frame.t_ms + DELAY_MS, bytes((2, 0, 0, 0, 0, node)) + frame.data[6:])

    def uart(self, node: int, frame: Frame) -> Iterator[Frame]:
        """An echo."""
        yield Frame(UART_IN, frame.which, frame.value, frame.t_ms + 5, frame.data)

    def fell(self, node: int, t_ms: int, cause: int) -> None:
        """Write it down."""
        self.falls.append((node, t_ms, cause))


def street(folder: Path, program: str, count: int, rtc_ms: int | None = None, shift: int = 0) -> tuple[Street, Wires]:
    """A street of nodes that all run one program as main.py, not started yet."""
    firmware = folder / "firmware"
    firmware.mkdir(parents=True)
    (firmware / "main.py").write_text(program, encoding="utf-8")
    nodes = []
    for number in range(count):
        prepare(folder / str(number), firmware, {})
        board = Board(folder / str(number), bytes((2, 0, 0, 0, 0, number)), rtc_ms, shift, delay_ms=DELAY_MS)
        nodes.append(Node(board))
    wires = Wires(count)
    return Street(nodes, wires, DELAY_MS), wires


def lived(folder: Path, program: str, ms: int, rtc_ms: int | None = None, shift: int = 0) -> tuple[Street, Wires, str]:
    """One node that ran a program for so long: (street, wires, what it printed)."""
    alone, wires = street(folder, program, 1, rtc_ms, shift)
    with alone:
        alone.start(0, 0, 1)
        alone.run(ms)
    return alone, wires, alone.nodes[0].console()
