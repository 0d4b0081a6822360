"""What the firmware weighs: that it is measured right, and the gate on the heap of a node."""

from __future__ import annotations

from pathlib import Path

import pytest

from gauges import size
from lykta.corehost import firmware_folder
from lykta.errors import LyktaError

CONSOLE = """
      0 s  lamp P01, number 26, start 1
{"begin": 1000}
{"module": "lykta_node.core.lamp", "bytes": 200}
{"module": "lykta_node.app", "bytes": 300}
{"node": 1900}
{"running": 2000, "free": 9000}
{"running": 2100, "free": 8900}
{"running": 2050, "free": 8950}
"""


def test_order__has_each_module_after_what_it_imports():
    """So that the heap that an import takes is its own."""
    found = size.order(firmware_folder())
    assert len(found) == len(set(found)) == len(list((firmware_folder() / "lykta_node").rglob("*.py")))
    for number, name in enumerate(found):
        source = (firmware_folder() / f"{name.replace('.', '/')}.py").read_text(encoding="utf-8")
        assert set(size.imported(source, name)) & set(found) <= set(found[:number]), name
    started = size.order(firmware_folder(), "lykta_node.app")
    assert started[-1] == "lykta_node.app" and set(started) < set(found) and "lykta_node.tasks.selftest" not in started


def test_heap__is_read_from_what_the_node_printed():
    """The fullest minute counts, over what was there before; asyncio is added, the simulator's devices are taken off."""
    heap = size.heap_of(CONSOLE, 50, 20)
    assert (heap.modules["lykta_node.app"], heap.constructed, heap.most, heap.free, heap.resident) == (300, 900, 1100, 8900, 1130)
    lines = list(size.table({"boot.py": 10, "lykta_node/app.py": 20}, heap, heap))
    wanted = [["boot.py", "10"], ["lykta_node/app.py", "20", "300", "300"], ["all", "30", "500", "500"]]
    assert [line.split() for line in lines[1:4]] == wanted
    assert len(list(size.table({"boot.py": 10}, None, None))) == 3


def test_heap__of_a_node_that_did_not_run_is_an_error():
    """With what it said."""
    with pytest.raises(LyktaError, match="did not run for a minute; it printed:\nMemoryError"):
        size.heap_of("MemoryError", 50, 20)


def test_compile__gives_every_file_its_size(tmp_path: Path):
    """What boots is left as a source."""
    sizes = size.compile_into(tmp_path)
    assert len(sizes) == len(list(firmware_folder().rglob("*.py")))
    assert all(value > 100 for value in sizes.values())
    assert {file.name for file in tmp_path.glob("*.*")} == {"boot.py", "main.py"}


@pytest.mark.micropython
@pytest.mark.slow
@pytest.mark.fetch
def test_gate__a_node_with_radio_and_sensors_stays_within_its_budget(small_vm: str):
    """Resident heap of the whole firmware on the 32-bit VM, its code in a ROM image, at the fullest of some minutes."""
    assert size.measure(small_vm, image=True, minutes=5).resident <= size.BUDGET


@pytest.mark.micropython
@pytest.mark.slow
@pytest.mark.fetch
def test_gate__a_node_on_a_network_stays_within_its_budget(small_vm: str):
    """The same with its TLS session up: what the VM's heap and mbedTLS hold together."""
    joined = size.measure(small_vm, image=True, minutes=5, role=size.JOINED)
    assert joined.outside > 30_000  # or there was no session
    assert joined.resident + joined.outside <= size.ONLINE + size.IDLE


def test_others__mbedtls_is_told_apart_from_what_the_vm_has_of_its_own():
    """It is the difference between a node with a session and one without; a lamp behind a gateway has none, but letters."""
    told = [CONSOLE.replace("9000}", f'9000, "outside": {held}, "post": {post}}}') for held, post in ((9_000, 0), (60_000, 0), (9_500, 1))]
    alone, joined, behind = (size.heap_of(text, 50, 20) for text in told)
    lines = list(size.others(alone, {size.JOINED: joined, size.BEHIND: behind}))
    assert lines == [
        "on a network, TLS session up, code from a ROM image: 1,130 bytes resident, and 51,000 of mbedTLS beside them",
        "behind a gateway, letters by radio with 1, code from a ROM image: 1,130 bytes resident",
    ]
