"""Puts the node together: the only place that constructs things, and knows drivers and tasks by name.

`run()` is a node's life; `self_test()` the test after installing, by cable. A node whose files are bad in part runs with the
rest, bright where it matters (`tasks/reasons`). What comes later (uplink, update) are more jobs, and changes nothing else.
What not every node has is imported where it is made: a module takes half a kB to two of the heap.
"""

import asyncio
import random
import socket
from hashlib import sha256

import espnow
import machine
import network
from esp32 import NVS

from .drivers import status_led
from .drivers.fixture import Fixture, full_duty
from .drivers.pir import Pir
from .drivers.radio import Radio
from .drivers.status_led import StatusLed
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
from .tasks.spares import Alone, Bare, Previous
from .tasks.supervisor import WATCHDOG_MS, Job, Supervisor
from .tasks.walktest import WalkTest
from .tasks.watch import Watch

_BAD = (OSError, ValueError, TypeError, KeyError)  # what a device refuses that the board's file describes wrongly
_RXBUF = 512  # of a UART: 20 ms of an LD2410 are 51 bytes
_BUS_TIMEOUT_US = 10_000
_PREVIOUS_FILES = 1  # rung of boot.py
_PATIENCE_MS = 15_000
_CLOCK_PATIENCE_MS = 180_000


class Node:
    """All parts of one node. `jobs` may be added to before `life`."""

    def __init__(self, trace=None, watchdog=None) -> None:
        """`trace` is a host's hook (`tasks/control`), it also brings the `pause` of virtual time; `watchdog()` starts one."""
        self.wrong = 0
        self.log = Log()
        self.nvs = NVS("lykta")
        self.store = Store("/data", self.nvs)
        old = self.store.count("rung") == _PREVIOUS_FILES
        self.papers = papers = Papers(Previous(self.store) if old else self.store, sha256)
        self.fixture = self._fixture(papers.part("fixture"))
        self.light_sensor = self._optional("light_sensor", self._light_sensor)
        self.meter = self._optional("meter", self._meter)
        self.led = self._optional("led", self._led)
        switches, self.radars = self._sensors(papers.board.get("sensors", []))
        self.sensors = len(switches) + len(self.radars)
        self.neighbours = len(papers.adjacent)
        self.clock = Clock(papers.program, self.light_sensor, self.log)
        self.orders = Orders(papers.number, papers.key, self.clock, self.store, self.log, self.restart)
        self.radio: "Radio | None" = None
        self.mesh = self._mesh() if papers.keys and not papers.wrong & reasons.IDENTITY else None
        table = (papers.table, papers.own, papers.rows)
        self.control = Control(self.fixture, papers.number, table, self.clock, self.mesh or Alone(), Numbers(self.store), trace)
        self.clock.control = self.orders.control = self.control
        self.orders.walk_test = WalkTest(self.control, self.led)
        sense = Sense(self.control, switches, self.radars, trace.pause if trace else poll_pause)
        watch = Watch(self.control, self.fixture, self.led, status_led, self.light_sensor, self.meter, self._check(), self.orders)
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
        self._add_ntp(papers.part("wifi"))
        self.supervisor = Supervisor(self.control, self.jobs, self.log, watchdog or _watchdog, self.restart, self._confirm, self._proved)
        self.control.begin(self.wrong | papers.wrong | (reasons.PROGRAM if self.clock.faults else 0))

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

    # --- devices ----------------------------------------------------------------------------------------------

    def _fixture(self, about):
        """The lamp's driver, at full; boot.py is told for the next start where it is."""
        try:
            inverted = bool(about.get("inverted", False))
            pwm = machine.PWM(machine.Pin(about["pin"]), freq=about.get("freq", 1000), duty_u16=full_duty(inverted))
            fixture = Fixture(pwm, about["curve"], about["lowest"], inverted)
        except _BAD:
            self.wrong |= reasons.BOARD
            return Bare()
        if fixture.curve_bad:
            self.wrong |= reasons.BOARD
        light = about["pin"] + (256 if inverted else 0)
        if self.store.count("light") != light:
            self.store.set_count("light", light)
        return fixture

    def _optional(self, name: str, make):
        """A device that not every board has."""
        about = self.papers.part(name)
        try:
            return make(about) if about else None
        except _BAD:
            self.wrong |= reasons.BOARD
            return None

    def _light_sensor(self, about):
        from .drivers.light_sensor import LightSensor

        bus = machine.I2C(about["i2c"], sda=machine.Pin(about["sda"]), scl=machine.Pin(about["scl"]), timeout=_BUS_TIMEOUT_US)
        return LightSensor(bus)

    def _meter(self, about):
        from .drivers.meter import COUNTS_FOR_10_W, Meter

        return Meter(_uart(about, 4_800), about.get("counts_for_10_w", COUNTS_FOR_10_W))

    def _led(self, about):
        return StatusLed(machine.Pin(about["pin"], machine.Pin.OUT), bool(about.get("inverted", False)))

    def _check(self):
        """What compares the meter with the level, where the board tells what a level takes."""
        return self._optional("fixture", self._lamp_check) if self.meter is not None else None

    def _lamp_check(self, about):
        from .drivers.lamp_check import LampCheck

        return LampCheck(about["power"]) if about.get("power") else None

    def _sensors(self, about):
        """(sensors that go on and off, radars)."""
        switches: list[Pir] = []
        radars = []
        for sensor in about if isinstance(about, list) else ():
            try:
                if sensor["kind"] == "pir":
                    switches.append(Pir(machine.Pin(sensor["pin"], machine.Pin.IN), sensor["warm_up_ms"], sensor["blind_ms"]))
                elif sensor["kind"] in ("ld2410", "ld2451"):
                    radars.append(_radar(sensor))
                else:
                    self.wrong |= reasons.BOARD | reasons.WIRE
            except _BAD:
                self.wrong |= reasons.BOARD | reasons.WIRE
        return switches, radars

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

    def _add_ntp(self, about) -> None:
        """Only a node with an access point asks for the time."""
        if "network" in about and "ntp" in about:
            from .drivers.wifi import Wifi
            from .tasks.ntp import Ntp

            wifi = Wifi(network.WLAN(network.WLAN.IF_STA), about["network"], about.get("password", ""), _draw)
            task = Ntp(wifi, about["ntp"], lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM), self.clock)
            self.jobs.append(Job("ntp", task, reasons.TASK, _PATIENCE_MS))

    # --- the start ----------------------------------------------------------------------------------------------

    def _proved(self) -> bool:
        """Whether a version on trial has heard a neighbour, where there is one."""
        return not slots.on_trial() or not self.neighbours or (self.mesh is not None and self.mesh.heard > 0)

    def _confirm(self) -> None:
        slots.confirm()
        self.store.set_count("failed", 0)
        self.log.say("this start is confirmed")


def _uart(about, baudrate: int):
    return machine.UART(about["uart"], baudrate, tx=about["tx"], rx=about["rx"], rxbuf=_RXBUF)


def _radar(about):
    """A radar of either kind."""
    if about["kind"] == "ld2410":
        from .drivers.ld2410 import Ld2410

        return Ld2410(_uart(about, 256_000))
    from .drivers.ld2451 import Ld2451

    return Ld2451(_uart(about, 115_200))


def _watchdog():
    return machine.WDT(timeout=WATCHDOG_MS)


def _draw(below: int) -> int:
    return random.getrandbits(24) % below


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
