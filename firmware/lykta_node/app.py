"""Puts the node together: with `devices` and `online`, the only place that constructs things, and knows drivers and tasks by name.

`run()` is a node's life; `self_test()` the test after installing, by cable. A node whose files are bad in part runs with the
rest, bright where it matters (`tasks/reasons`). What not every node has is imported where it is made: a module takes half a kB to
two of the heap. So what only a node on a network needs is made in `online`.
"""

import asyncio
from hashlib import sha256

import espnow
import machine
import network
from esp32 import NVS
from micropython import const

from .devices import Devices
from .drivers import status_led
from .drivers.radio import Radio
from .drivers.store import Store
from .tasks import reasons, slots
from .tasks.alarm import poll_pause
from .tasks.clock import Clock
from .tasks.control import Control
from .tasks.log import Log
from .tasks.mesh import Listener, Mesh
from .tasks.numbers import Numbers
from .tasks.orders import Orders
from .tasks.papers import Papers
from .tasks.sense import Sense
from .tasks.spares import Alone, Previous
from .tasks.supervisor import WATCHDOG_MS, Job, Supervisor
from .tasks.watch import Watch

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from .tasks.update import Update

_PREVIOUS_FILES = 1  # rung of boot.py
_LETTER = "letter"  # of `letterfiles`, which is imported only where there is one
_PATIENCE_MS = 15_000
_CLOCK_PATIENCE_MS = 180_000


class Node:
    """All parts of one node. `jobs` may be added to before `life`."""

    def __init__(self, trace=None, watchdog=None) -> None:
        """`trace` is a host's hook (`tasks/control`), it also brings the `pause` of virtual time; `watchdog()` starts one."""
        self.log = Log()
        self.nvs = NVS("lykta")
        self.store = Store("/data", self.nvs)
        old = self.store.count("rung") == _PREVIOUS_FILES
        if self.store.version(_LETTER) >= 0:
            self._complete(old)
        self.papers = papers = Papers(Previous(self.store) if old else self.store, sha256)
        self.devices = devices = Devices(papers, self.store)
        self.fixture = devices.fixture
        self.meter = devices.meter
        self.radars = devices.radars
        self.sensors = len(devices.switches) + len(devices.radars)
        self.neighbours = len(papers.adjacent)
        self.clock = Clock(papers.program, devices.light_sensor, self.log)
        self.orders = Orders(papers.number, papers.key, self.clock, self.store, self.log, self.restart, devices.led)
        self.radio: "Radio | None" = None
        self.update: "Update | None" = None  # made by `online`
        self.mesh = self._mesh() if papers.keys and not papers.wrong & reasons.IDENTITY else None
        table = (papers.table, papers.own, papers.rows)
        self.control = Control(self.fixture, papers.number, table, self.clock, self.mesh or Alone(), Numbers(self.store), trace)
        self.clock.control = self.orders.control = self.control
        sense = Sense(self.control, devices.switches, devices.radars, trace.pause if trace else poll_pause)
        sensed = devices.light_sensor, devices.meter, devices.check
        watch = Watch(self.control, devices.fixture, devices.led, status_led, *sensed, self.orders)
        self.jobs = [
            Job("control", self.control, reasons.TASK, WATCHDOG_MS),
            Job("sense", sense, reasons.SENSE, _PATIENCE_MS),
            Job("clock", self.clock, reasons.TASK, _CLOCK_PATIENCE_MS),
            Job("watch", watch, reasons.TASK, _PATIENCE_MS),
        ]
        if self.mesh is not None:
            self.mesh.control = self.control
            self.jobs.append(Job("mesh", self.mesh, reasons.MESH, _PATIENCE_MS))
            self.jobs.append(Job("listener", self.listener, reasons.MESH, 0))
        if papers.part("wifi") or papers.part("ethernet") or "post" in papers.part("radio"):
            from . import online

            online.add(self)
        self.supervisor = Supervisor(self.control, self.jobs, self.log, watchdog or _watchdog, self.restart, self._confirm, self._proved)
        self.control.begin(devices.wrong | papers.wrong | (reasons.PROGRAM if self.clock.faults else 0))

    async def life(self) -> None:
        """Run until something ends it; full light is left behind."""
        self.log.say(f"lamp {self.papers.lamp}, number {self.papers.number}, start {self.store.count('boots')}")
        try:
            await self.supervisor.run()
        finally:
            self.fixture.full()

    def restart(self) -> None:
        """Start the board anew, from full light."""
        self.fixture.full()
        machine.reset()

    def _complete(self, old: bool) -> None:
        """A power cut interrupted settings from a letter: write what is missing; or leave it where starts fail, it may be why."""
        from .tasks import letterfiles

        try:
            if old:
                self.store.forget(_LETTER)
            else:
                letterfiles.finish(self.store)
        except (OSError, MemoryError) as error:
            self.log.say(f"settings from a letter are not complete: {error!r}")

    # --- radio ------------------------------------------------------------------------------------------------

    def _mesh(self):
        papers = self.papers
        about = papers.part("radio")
        channel = about.get("channel", 1)
        hops = about.get("hops", 0)
        now = espnow.ESPNow()
        self.radio = radio = Radio(now, channel, network.WLAN(network.WLAN.IF_STA))
        radio.start()
        epoch = self.store.count("boots")
        room, senders = bytearray(espnow.MAX_DATA_LEN), papers.senders()
        mesh = Mesh(radio, room, papers.number, epoch, papers.keys, senders, papers.adjacent, hops, self.clock, self.orders)
        flag = asyncio.ThreadSafeFlag()
        now.irq(lambda _: flag.set())
        self.listener = Listener(mesh, flag)
        return mesh

    # --- the start ----------------------------------------------------------------------------------------------

    def _proved(self) -> bool:
        """Whether a version on trial has heard a neighbour, where there is one."""
        return not slots.on_trial() or not self.neighbours or (self.mesh is not None and self.mesh.heard > 0)

    def _confirm(self) -> None:
        trial = slots.on_trial()
        self.store.set_count("failed", 0)
        slots.confirm(self.store.count("rung"))
        self.log.say("this start is confirmed")
        if trial and self.update is not None:
            self.update.confirmed()


def _watchdog():
    return machine.WDT(timeout=WATCHDOG_MS)


def run(trace=None) -> None:
    """A node's life. Returns only where the supervisor has ended; main.py then starts the board anew."""
    asyncio.run(Node(trace).life())


def self_test() -> bool:
    """Run the node for as long as the self-test takes, and print what it finds; whether all is well."""
    return asyncio.run(_self_test())


async def _self_test() -> bool:
    from .tasks.selftest import SelfTest

    node = Node(None, lambda: None)  # a watchdog would start the board anew when the test is over
    life = asyncio.create_task(node.life())
    try:
        return await SelfTest(node).run()
    finally:
        life.cancel()
