"""A street of nodes in lockstep virtual time: nobody hears before it was said, and every run of one street is the same.

Each node sleeps until a time, or until something comes in. What a node sends reaches others no sooner than the radio's delay, so
all that wake within that time of the first go on at once, each by itself up to where it might hear the others. What they
sent is then put in order, by time and node, before anybody hears it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from heapq import heappop, heappush
from typing import Protocol

from lykta.errors import LyktaError
from lykta.vm.frames import (
    NEVER,
    RADIO_OUT,
    RESET,
    RTC_SET,
    SOCKET,
    UART_OUT,
    URGENT,
    WATCHDOG,
    WDT_RESET,
    Frame,
    unpack,
)
from lykta.vm.node import Hung, Node

#: From a reset until boot.py runs [ms]: ROM, loader, MicroPython; a guess between 300 ms and 1 s.
BOOT_MS = 500
_FARTHEST_MS = 1 << 30


class Wires(Protocol):
    """What a node's world does: where what it sends goes. Frames that come back must not be earlier than the delay allows."""

    def radio(self, node: int, frame: Frame) -> Iterable[tuple[int, Frame]]:
        """Who hears a radio frame, and when: (node, RADIO_IN frame)."""

    def uart(self, node: int, frame: Frame) -> Iterable[Frame]:
        """What comes back on a UART: UART_IN frames, later than the one that was sent."""

    def fell(self, node: int, t_ms: int, cause: int) -> None:
        """A node resets: its output idles, until boot.py runs BOOT_MS later."""


class Network(Protocol):
    """What the nodes' sockets lead to (`vm/peers`). What it sends a node it injects, no sooner than twice the delay later."""

    def took(self, node: int, frame: Frame) -> None:
        """A node's frame of a socket."""


class Street:
    """Nodes, what comes in to each and when, and what went out.

    `logs[i]`: all frames that went out of node i, in pieces, each for `frames.unpack`; `keep` False drops them.
    """

    def __init__(self, nodes: Sequence[Node], wires: Wires, delay_ms: int, keep: bool = True) -> None:
        self.nodes = nodes
        self.now_ms = 0
        self.logs: list[list[bytes]] = [[] for _ in nodes]
        self.rounds = 0
        self.messages = 0
        self.network: Network | None = None
        self._wires = wires
        self.delay_ms = max(1, delay_ms)
        self._keep = keep
        self._until = [NEVER] * len(nodes)  # when each wakes by itself
        self._due = [NEVER] * len(nodes)  # when each has something to do
        self._inputs: list[Iterator[Frame]] = [iter(())] * len(nodes)
        self._next: list[Frame | None] = [None] * len(nodes)  # of the inputs
        self._coming: list[list[tuple[int, int, Frame]]] = [[] for _ in nodes]
        self._calls: list[tuple[int, int, Callable[[int], None]]] = []
        self._number = 0
        self._watchdog: list[int] = [0] * len(nodes)  # its timeout, 0: not started
        self._begun = [0] * len(nodes)  # when each was last let go on
        self._causes = [0] * len(nodes)  # why each restarts

    # --- from outside -------------------------------------------------------------------------------------------

    def feed(self, node: int, frames: Iterable[Frame]) -> None:
        """All that will come in over a node's wires, in the order of time; replaces what was there."""
        self._inputs[node] = iter(frames)
        self._next[node] = next(self._inputs[node], None)
        self._look(node)

    def inject(self, node: int, frame: Frame) -> None:
        """Something comes in at the frame's time, which has not passed yet."""
        if frame.t_ms < self.now_ms:
            raise ValueError(f"{frame.t_ms} ms has passed: it is {self.now_ms} ms")
        self._number += 1
        heappush(self._coming[node], (frame.t_ms, self._number, frame))
        self._look(node)

    def call(self, t_ms: int, function: Callable[[int], None]) -> None:
        """Call a function of the host at a time, with the time; what it injects must be later by the delay at the least."""
        self._number += 1
        heappush(self._calls, (t_ms, self._number, function))

    def start(self, node: int, now_ms: int, cause: int) -> None:
        """Start a node's VM; it runs boot.py at `now_ms`."""
        self.now_ms = max(self.now_ms, now_ms)
        self._coming_until(node, now_ms)
        self.nodes[node].start(now_ms, cause)
        self._watchdog[node] = 0
        self._begun[node] = now_ms
        self._collect(node)

    def kill(self, node: int) -> None:
        """A node is dead, as without power; what comes in meanwhile is lost, but wires keep their level."""
        self.nodes[node].stop()
        self._until[node] = NEVER
        self._look(node)

    def close(self) -> None:
        """End all VMs."""
        for node in self.nodes:
            node.stop()

    def __enter__(self) -> Street:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- time ---------------------------------------------------------------------------------------------------

    def run(self, until_ms: int) -> None:
        """Let time pass to `until_ms`, all that happens then included."""
        due = self._due
        while True:
            first = min(due)
            if self._calls and self._calls[0][0] <= min(first, until_ms):
                t_ms, _, function = heappop(self._calls)
                function(t_ms)
                continue
            if first > until_ms:
                break
            self.rounds += 1
            edge = min(first + self.delay_ms - 1, until_ms)
            active = [node for node, t_ms in enumerate(due) if t_ms <= edge]
            alone = edge
            if len(active) == 1:
                # Nobody else speaks before the next one wakes.
                later = min((t_ms for node, t_ms in enumerate(due) if node != active[0]), default=NEVER)
                later = min(later, self._calls[0][0]) if self._calls else later
                alone = min(later + self.delay_ms - 1, until_ms)
            for node in active:
                self._resume(node, due[node], alone)
            for node in active:
                self._collect(node)
        self.now_ms = until_ms

    def _resume(self, node: int, now_ms: int, horizon_ms: int) -> None:
        """Let a node go on at a time, by itself up to the horizon."""
        packed = b"".join(frame.pack() for frame in self._coming_until(node, horizon_ms))
        if not self.nodes[node].alive:
            return
        self._begun[node] = now_ms
        self.messages += 1
        self.nodes[node].resume(now_ms, min(horizon_ms - now_ms, _FARTHEST_MS), packed)

    def _coming_until(self, node: int, t_ms: int) -> list[Frame]:
        """What comes in up to a time, taken away, in order; what is on a wire first, then what came by radio."""
        found = []
        frame = self._next[node]
        while frame is not None and frame.t_ms <= t_ms:
            found.append(frame)
            self.nodes[node].noted(frame)
            frame = next(self._inputs[node], None)
        self._next[node] = frame
        coming = self._coming[node]
        if coming and coming[0][0] <= t_ms:
            while coming and coming[0][0] <= t_ms:
                frame = heappop(coming)[2]
                found.append(frame)
                self.nodes[node].noted(frame)
            found.sort(key=lambda frame: frame.t_ms)
        return found

    def _look(self, node: int) -> None:
        """Find out when a node has something to do next."""
        if not self.nodes[node].alive:
            self._due[node] = self._until[node]
            return
        due = self._until[node]
        following = self._next[node]
        if following is not None:
            due = min(due, following.t_ms)
        if self._coming[node]:
            due = min(due, self._coming[node][0][0])
        self._due[node] = due

    def _collect(self, node: int) -> None:
        """Wait until a node sleeps again, and let what it sent go where it goes."""
        if not self.nodes[node].alive:
            self._revive(node)
            return
        try:
            flags, until_ms, sent = self.nodes[node].collect()
        except Hung:
            self._hang(node)
            return
        self._until[node] = until_ms
        if sent and self._keep:
            self.logs[node].append(sent)
        if flags & URGENT:
            for frame in unpack(sent):
                self._carry(node, frame)
        self._look(node)

    def _carry(self, node: int, frame: Frame) -> None:
        """Do what a frame that went out asks for."""
        if frame.kind == RADIO_OUT:
            for receiver, heard in self._wires.radio(node, frame):
                if self.nodes[receiver].alive:
                    self.inject(receiver, heard)
        elif frame.kind == UART_OUT:
            for answer in self._wires.uart(node, frame):
                self.inject(node, answer)
        elif frame.kind in SOCKET:
            if self.network is not None:
                self.network.took(node, frame)
        elif frame.kind == WATCHDOG:
            self._watchdog[node] = frame.value
        elif frame.kind == RTC_SET:
            self.nodes[node].noted(frame)
        elif frame.kind == RESET:
            self._fall(node, frame.t_ms, frame.value)

    def _fall(self, node: int, t_ms: int, cause: int) -> None:
        """A node resets itself: dark to the world until it runs boot.py again."""
        self.nodes[node].stop()
        self._wires.fell(node, t_ms, cause)
        self._causes[node] = cause
        self._until[node] = t_ms + BOOT_MS

    def _revive(self, node: int) -> None:
        """A node that has fallen, and whose time to start again has come."""
        if self._until[node] < NEVER:
            self.start(node, self._until[node], self._causes[node])

    def _hang(self, node: int) -> None:
        """A firmware computes on and on: its watchdog ends it, or nobody does."""
        if not self._watchdog[node]:
            text = self.nodes[node].console()[-2000:]
            raise LyktaError(
                f"Node {node} computes for ever at {self._begun[node]} ms, and has started no watchdog: give it one. It said:\n{text}"
            )
        self._fall(node, self._begun[node] + self._watchdog[node], WDT_RESET)
        self._look(node)


def drained(log: Iterable[bytes], kind: int) -> list[Frame]:
    """The frames of one kind in a log."""
    return [frame for data in log for frame in unpack(data) if frame.kind == kind]
