"""Updates: what a signature costs a node, what the updater holds of its heap, whether two versions fit, how long one takes by network.

    python tests/bench/updates.py

Times of an ESP32 are scaled from this machine's by what another Ed25519 in Python took on both (11 ms here, 1.5 s at 160 MHz, estimated
from MicroPython's own benchmarks): nothing was measured on one.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "host_tools")]

from gauges import vm32  # noqa: E402
from gauges.size import compile_into  # noqa: E402
from lykta.errors import EnvironmentLacks  # noqa: E402
from lykta.node.payload import make_payload  # noqa: E402
from lykta.vm import environment, find_vm  # noqa: E402

HELPERS = ROOT / "tests" / "micropython"
#: ms at 160 and 240 MHz for each ms here.
ESP32 = (136, 91)
_VERIFY = """
import gc, utime
from lykta_node.core import ed25519
public, signature = bytes.fromhex("{public}"), bytes.fromhex("{signature}")
least = []
for _ in range(60):
    gc.collect()
    gc.disable()
    slices = []
    begin = utime.ticks_us()
    for verdict in ed25519.verification(public, bytes(127), signature):
        slices.append(utime.ticks_us() - begin)
        begin = utime.ticks_us()
    assert verdict
    least = [min(pair) for pair in zip(least, slices)] if least else slices
    gc.enable()
print(sum(least), max(least))
"""
_HEAP = """
import gc, sys
gc.collect()
begin = gc.mem_alloc()
import asyncio, hashlib, json, lykta_node.tasks.mailbox, lykta_node.tasks.ticks, lykta_node.tasks.slots, lykta_node.core.telegram
gc.collect()
base = gc.mem_alloc()
import lykta_node.tasks.update
gc.collect()
task = gc.mem_alloc()
from lykta_node.core import ed25519
gc.collect()
print(task - base, gc.mem_alloc() - task)
"""
_ROOM = """
import os, vfs
from filing import put
BLOCK, BLOCKS = 4096, {blocks}
class Flash:
    data = bytearray(b"\\xff" * (BLOCK * BLOCKS))
    def readblocks(self, block, buffer, offset=0):
        at = block * BLOCK + offset
        buffer[:] = self.data[at : at + len(buffer)]
    def writeblocks(self, block, buffer, offset=0):
        at = block * BLOCK + offset
        self.data[at : at + len(buffer)] = buffer
    def ioctl(self, what, value):
        if what == 6:
            self.data[value * BLOCK : (value + 1) * BLOCK] = b"\\xff" * BLOCK
        return {4: BLOCKS, 5: BLOCK}.get(what, 0)
flash = Flash()
vfs.VfsLfs2.mkfs(flash)
vfs.mount(vfs.VfsLfs2(flash), "/flash")
def fill(slot):
    for line in open("names"):
        name, length = line.split()
        put("/flash/" + slot, name, bytes(int(length)))
free = []
for slot in "ab":
    fill(slot)
    free.append(os.statvfs("/flash")[3])
print(BLOCKS, *free)
"""


def verification(vm: Path | str) -> tuple[float, float]:
    """(ms for a signature, ms of its longest slice) on a VM: for each slice the least of 60 runs, since others use this machine, too."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    script = _VERIFY.format(public=key.public_key().public_bytes_raw().hex(), signature=key.sign(bytes(127)).hex())
    with tempfile.TemporaryDirectory() as folder:
        compile_into(Path(folder))
        best, longest = map(int, _run(vm, script, Path(folder)).split())
    return best / 1000, longest / 1000


def heap(vm: Path | str) -> tuple[int, int]:
    """(bytes of the updater's modules, of the verifier) as compiled files."""
    with tempfile.TemporaryDirectory() as folder:
        compile_into(Path(folder))
        task, verifier = map(int, _run(vm, _HEAP, Path(folder)).split())
    return task, verifier


def room(blocks: int) -> list[int]:
    """Free blocks of 4 kB in a file system of so many, with the firmware in one slot and in both."""
    package = make_payload().package
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "names").write_text("".join(f"{name} {len(data)}\n" for name, data in package.items()))
        command = [find_vm(), "-X", "heapsize=16m", "-c", _ROOM.replace("{blocks}", str(blocks))]
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder, env=environment(HELPERS))
    return [int(word) for word in done.stdout.split()[1:]]


def _run(vm: Path | str, script: str, firmware: Path) -> str:
    command = [str(vm), "-X", "heapsize=4m", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment(firmware))
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    return done.stdout


def vms() -> Iterator[tuple[str, Path | str]]:
    """The VMs of this machine."""
    yield "64-bit VM", find_vm()
    try:
        yield "32-bit VM", vm32.find()
    except EnvironmentLacks as error:
        print(error)


def report() -> Iterator[str]:
    """All of it."""
    package = make_payload().package
    yield f"firmware: {len(package)} files, {sum(map(len, package.values())):,} bytes"
    for name, vm in vms():
        total, longest = verification(vm)
        yield f"signature on the {name}: {total:.1f} ms, longest slice {longest:.2f} ms"
        if name.startswith("64"):
            scaled = ", ".join(
                f"{total * factor / 1000:.1f} s and {longest * factor:.0f} ms at {mhz} MHz"
                for factor, mhz in zip(ESP32, (160, 240), strict=True)
            )
            yield f"  scaled to an ESP32: {scaled}"
        task, verifier = heap(vm)
        yield f"  heap, from files: {task:,} bytes for the task, {verifier:,} more from the first offer on"
    for blocks in (240, 512):
        one, both = room(blocks)
        yield f"file system of {blocks * 4} kB: {one * 4} kB free with one version, {both * 4} kB with two"


if __name__ == "__main__":
    for line in report():
        print(line, flush=True)
