"""A virtual board as the real tools see it: esptool writes it, mpremote works on it; its prompt, resets, lines, watchdog and faults."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial

from lykta.vm import registry
from lykta.vm.bench import Bench, mac_of
from lykta.vm.chips import ESP32
from lykta.vm.espimage import training_image
from lykta.vm.faults import KINDS, Faults
from lykta.vm.find import environment, find_vm

pytestmark = pytest.mark.micropython

#: Waits for words, never for a time: this is only when a test gives up.
_GIVE_UP_S = 30.0
_PATIENCE = 20  # reads of a tenth of a second
_RAW = b"\r\x03\x03\r\x01"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A board with a runtime on a TCP port."""
    with Bench(tmp_path, speed=0) as made:
        with_runtime(made)
        yield made


def with_runtime(bench: Bench) -> None:
    """A program in the flash, without the time that a loader takes."""
    bench.boards[0].flash.write(ESP32.loader_at, training_image(ESP32.image_id, ESP32.loader_at, size=1 << 12))


class Line:
    """An open port; `until` hears the board say something."""

    def __init__(self, port: str) -> None:
        self.port = serial.serial_for_url(port, timeout=0.1)

    def __enter__(self) -> Line:
        return self

    def __exit__(self, *error: object) -> None:
        self.port.close()

    def until(self, words: bytes, ask: bytes = b"") -> bytes:
        """All that it says, up to some words; `ask` is said again where it is silent for long."""
        heard, give_up, silent = b"", time.monotonic() + _GIVE_UP_S, 0
        while words not in heard:
            assert time.monotonic() < give_up, heard
            said = self.port.read(max(1, self.port.in_waiting))
            heard += said
            silent = 0 if said else silent + 1
            if silent == _PATIENCE:
                self.port.write(ask)
                silent = 0
        return heard

    def run(self, code: str) -> str:
        """A program at the raw prompt: what it printed."""
        self.port.write(code.encode() + b"\x04")
        return self.until(b"\x04\x04>").partition(b"OK")[2].removesuffix(b"\x04\x04>").decode()

    def prompt(self) -> None:
        """To the raw prompt; once more where one of the interrupts came too late and ended what was to show that it is there."""
        heard = b""
        while b"settled" not in heard:
            self.port.write(_RAW)
            self.until(b"raw REPL; CTRL-B to exit\r\n>", _RAW)
            self.port.write(b"print('set'+'tled')\x04")
            heard = self.until(b"\x04>")


def tool(*words: str) -> str:
    """Run one of the tools of the lock file: what it said."""
    done = subprocess.run([sys.executable, "-m", *words], capture_output=True, text=True, timeout=_GIVE_UP_S, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("stub", [True, False])
def test_esptool__flashes_what_mpremote_then_works_on(tmp_path: Path, stub: bool):
    """Both as they are in the lock file, with the stub and without; the flash is verified by esptool itself."""
    image = tmp_path / "image.bin"
    image.write_bytes(training_image(ESP32.image_id, ESP32.loader_at, size=1 << 12))
    (tmp_path / "hello.py").write_text("print('hello')\n")
    with Bench(tmp_path / "bench", speed=0) as bench:
        (port,) = bench.ports
        said = tool("esptool", "--port", port, *([] if stub else ["--no-stub"]), "write-flash", "0x1000", str(image))
        assert "Hash of data verified" in said
        assert mac_of(tmp_path / "bench", 0).hex(":") in said
        words = ["fs", "cp", str(tmp_path / "hello.py"), ":hello.py", "+", "exec", "import hello", "+", "fs", "ls"]
        said = tool("mpremote", "connect", port, *words)
        assert "hello\n" in said
        assert "boot.py" in said


def test_blank_board__complains_as_the_chip_does(tmp_path: Path):
    """Over and over: there is no program."""
    with Bench(tmp_path, speed=0) as bench, Line(bench.ports[0]) as line:
        assert line.until(b"invalid header: 0xffffffff").count(b"rst:0x") == 1
        line.until(b"invalid header: 0xffffffff")


def test_interrupt_between_program_and_prompt__loses_nothing_typed_behind_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Where nothing runs that could hear it, Ctrl-C ends the VM; mpremote types it once, the raw prompt's Ctrl-A behind it, and waits."""
    vm = tmp_path / "vm"
    vm.write_text(f"#!/bin/sh\nmkdir '{tmp_path}/lived' || exec '{find_vm()}' \"$@\"\nprintf '\\0up\\0'\nexec sleep 600\n")
    vm.chmod(0o755)
    monkeypatch.setenv("LYKTA_MICROPYTHON", str(vm))
    with Bench(tmp_path, speed=0) as made:
        with_runtime(made)
        with Line(made.ports[0]) as line:
            line.port.write(b"\r\x03\r\x01")
            assert b"soft reboot" in line.until(b"raw REPL; CTRL-B to exit\r\n>")


def test_program__is_interrupted_restarted_and_skipped_after_a_raw_prompt(bench: Bench):
    """Ctrl-C ends main.py; a soft reset from the raw prompt runs boot.py and not main.py; one from the friendly prompt runs both."""
    with Line(bench.ports[0]) as line:
        line.prompt()
        line.run("with open('/boot.py','w') as f: f.write('print(\"this is boot\")')")
        line.run("with open('/main.py','w') as f: f.write('print(\"this is main\")\\nwhile True: pass')")
        line.port.write(b"\x04")
        heard = line.until(b"raw REPL; CTRL-B to exit\r\n>")
        assert b"soft reboot\r\nthis is boot" in heard
        assert b"this is main" not in heard
        line.port.write(b"\x02\x04")
        line.until(b"this is main")
        line.prompt()


def test_files_and_counters__outlive_the_power_and_memory_does_not(bench: Bench):
    """The file system and NVS are in the flash; a cable that is pulled takes the rest."""
    store = "from esp32 import NVS\nn=NVS('lykta')\n"
    with Line(bench.ports[0]) as line:
        line.prompt()
        line.run(f"{store}n.set_i32('boots',7)\nn.commit()\nkept=1\nwith open('/kept','w') as f: f.write('kept')")
    bench.pull(0)
    bench.plug(0)
    with Line(bench.ports[0]) as line:
        line.prompt()
        assert line.run(f"{store}print(n.get_i32('boots'),open('/kept').read(),'kept' in globals())") == "7 kept False\r\n"


def test_interrupt__waits_while_the_file_system_works(tmp_path: Path, bench: Bench):
    """The VM would raise it in the middle of LittleFS, as the chip never does; what is typed behind it waits too."""
    working = tmp_path / "1" / "working"
    with Line(bench.ports[0]) as line:
        line.prompt()
        working.write_bytes(b"1")
        line.port.write(b"print('began')\nfor _ in range(3000000):\n pass\nprint('over')\nwhile True:\n pass\n\x04")
        line.until(b"began")
        line.port.write(b"\x03print('typed behind it')\x04")
        assert b"KeyboardInterrupt" not in line.until(b"over")
        working.write_bytes(b"0")
        assert b"KeyboardInterrupt" in line.until(b"typed behind it")


#: A file system, and a file of it, which tell what the host is told while they are called.
_SPY = """
import vdisk
class Spy:
    def __getattr__(self, name):
        return lambda *given: self if name == "open" else [open(FLAG).read()] if name in ("ilistdir", "readlines") else open(FLAG).read()
disk = vdisk.Disk(Spy(), vdisk.Guard(FLAG))
file = disk.open("x", "r")
print(*[getattr(disk, name)("x") for name in ("chdir", "mkdir", "remove", "rmdir", "stat", "statvfs", "getcwd")], disk.rename("x", "y"))
print(*[getattr(file, name)() for name in ("read", "readinto", "readline", "write", "seek", "tell", "flush", "close")])
print(*disk.ilistdir("/"), *file.readlines(), next(iter(file)), open(FLAG).read())
"""


def test_file_system__says_that_it_works_as_long_as_it_does(tmp_path: Path):
    """In every call of it and of a file, and not a moment longer."""
    flag = tmp_path / "working"
    flag.write_bytes(b"0")
    command = [find_vm(), "-c", _SPY.replace("FLAG", repr(str(flag)))]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(), timeout=_GIVE_UP_S, check=False)
    assert done.stdout.split() == ["1"] * 19 + ["0"], done.stderr


@pytest.mark.parametrize("interrupts", [1, 20, 200])
def test_host__is_never_seen_however_early_somebody_interrupts(bench: Bench, interrupts: int):
    """Ctrl-C from the first moment on: the prompt that comes sees the board's files, or none."""
    with Line(bench.ports[0]) as line:
        line.port.write(b"\x03" * interrupts)
        line.prompt()
        assert "'etc'" not in line.run("import os\ntry:\n print(os.listdir('/'))\nexcept OSError:\n print('none')")


def test_reset_from_within__starts_it_anew_with_its_cause(bench: Bench):
    """machine.reset() at the prompt; the ROM speaks, then the program."""
    with Line(bench.ports[0]) as line:
        line.prompt()
        line.port.write(b"import machine\nmachine.reset()\x04")
        line.until(b"rst:0xc (SW_CPU_RESET)")
        line.prompt()
        assert line.run("import machine\nprint(machine.reset_cause())") == "2\r\n"


def test_watchdog__bites_who_sits_at_the_prompt(bench: Bench):
    """Once it is started, nobody at the prompt feeds it."""
    with Line(bench.ports[0]) as line:
        line.prompt()
        line.run("import machine\nw=machine.WDT(timeout=200)")
        line.prompt()
        line.until(b"rst:0x7 (TG0WDT_SYS_RESET)")


def test_reset_lines__bring_the_program_or_the_loader(tmp_path: Path):
    """Over RFC 2217, as a USB converter wires them: RTS alone resets, DTR while it lets go asks for the loader."""
    with Bench(tmp_path, kind="rfc2217", speed=0) as bench:
        with_runtime(bench)
        with Line(bench.ports[0]) as line:
            line.port.dtr = False
            line.port.rts = True
            line.port.dtr = True
            line.port.rts = False
            assert b"DOWNLOAD_BOOT" in line.until(b"waiting for download")
            assert bench.state(0) == "loader"
            line.port.dtr = False
            line.port.rts = True
            line.port.rts = False
            line.until(b"SPI_FAST_FLASH_BOOT")


def test_missing_boot_line__brings_the_program_until_somebody_holds_boot(tmp_path: Path):
    """The wrong boot mode, and the finger that helps."""
    with Bench(tmp_path, kind="rfc2217", speed=0) as bench:
        with_runtime(bench)
        bench.fault(0, "no-boot-line")
        with Line(bench.ports[0]) as line:
            line.port.rts = True
            line.port.dtr = False
            line.port.dtr = True
            line.port.rts = False
            line.until(b"boot:0x13 (SPI_FAST_FLASH_BOOT)")
            bench.hold_boot(0)
            line.until(b"waiting for download")


def test_pseudo_terminal__is_a_port_too_and_comes_back_after_the_cable(tmp_path: Path):
    """Opening it plugs the board in; pulled, the port dies, and its name leads to a new one."""
    with Bench(tmp_path, kind="pty", speed=0) as bench:
        with_runtime(bench)
        with Line(bench.ports[0]) as line:
            line.prompt()
            assert line.run("print(6*7)") == "42\r\n"
            bench.pull(0)
            with pytest.raises((serial.SerialException, OSError)):
                line.until(b"never said")
        bench.plug(0)
        with Line(bench.ports[0]) as line:
            line.prompt()


def test_pseudo_terminal__opened_again_at_once_stays(tmp_path: Path):
    """Whoever opens it while the board still notices that another has closed it is not thrown out."""
    with Bench(tmp_path, kind="pty", speed=0) as bench:
        with_runtime(bench)
        for _ in range(20):
            with Line(bench.ports[0]) as line:
                line.prompt()
                assert line.run("print(6*7)") == "42\r\n"


def test_second_host__is_told_that_the_port_is_taken(bench: Bench):
    """As ser2net says it; the first one notices nothing."""
    with Line(bench.ports[0]) as line:
        line.prompt()
        with socket.create_connection(("127.0.0.1", int(bench.ports[0].rpartition(":")[2]))) as second:
            assert second.recv(100) == b"Port already in use\r\n"
        assert line.run("print(1)") == "1\r\n"


def test_cut__lets_so_many_bytes_through_and_stays_out(bench: Bench):
    """Both ways count; then nothing answers until somebody plugs it in."""
    bench.fault(0, "cut=40")
    with Line(bench.ports[0]) as line, pytest.raises(serial.SerialException):
        line.until(b"never said")
    with Line(bench.ports[0]) as line, pytest.raises(serial.SerialException):
        line.until(b"never said")
    bench.plug(0)
    with Line(bench.ports[0]) as line:
        line.prompt()


def test_broken_file_system__is_complained_of_for_ever(bench: Bench):
    """The trap of the stock image: not blank, and no file system."""
    bench.boards[0].flash.write(0x310000, b"this is no file system" * 10)
    with Line(bench.ports[0]) as line:
        line.until(b"filesystem appears to be corrupted")


@pytest.mark.parametrize("text", ["flood", "cut", "cut=many", "deaf=3"])
def test_fault_that_is_none__is_refused_with_a_reason(text: str):
    """Unknown, without its number, with none, with one too many."""
    with pytest.raises(ValueError, match=r"no such fault|takes"):
        Faults().add(text)


def test_faults__are_spent_to_the_byte():
    """What passes until it strikes, and never again."""
    faults = Faults()
    faults.add("cut=10")
    assert [faults.spend("cut", 4), faults.spend("cut", 5), faults.spend("cut", 5), faults.spend("cut", 5)] == [None, None, 1, None]
    assert all(Faults().add(f"{kind}=1" if number else kind) == kind for kind, number in KINDS.items())


def test_garbage__is_the_same_every_time():
    """About one byte in so many is another."""
    heard = []
    for _ in range(2):
        faults = Faults()
        faults.add("garbage=50")
        heard.append(faults.noisy(bytes(5000)))
    assert heard[0] == heard[1]
    assert 60 < sum(byte != 0 for byte in heard[0]) < 140


def test_running_boards__are_found_while_they_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """What a bench that died left behind is cleared away."""
    monkeypatch.setenv("LYKTA_VIRTUAL_BOARDS", str(tmp_path))
    (tmp_path / "999999999.json").write_text('{"ports": ["socket://gone:1"], "about": "gone"}')
    with registry.announced(["socket://here:1", "socket://here:2"], "virtual esp32_devkitc"):
        assert registry.running() == [
            ("socket://here:1", "virtual esp32_devkitc, number 1"),
            ("socket://here:2", "virtual esp32_devkitc, number 2"),
        ]
    assert registry.running() == []
    assert list(tmp_path.iterdir()) == []
