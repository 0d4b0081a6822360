"""The 32-bit VM: found through the machine's own apt, unpacked without root; a sentence where that is impossible."""

from __future__ import annotations

import io
import platform
import subprocess
import tarfile
from pathlib import Path

import pytest

from gauges import vm32
from lykta.corehost import firmware_folder
from lykta.errors import EnvironmentLacks
from lykta.vm import environment

#: The last part of the path by which an archive of the system is known among others.
ARCHIVE = "debian"
SOURCES = f"""
Types: deb
# http://old.example/{ARCHIVE}/20250101
URIs: http://mirror.example/{ARCHIVE}
Suites: stable
"""
LIST = f"""# deb http://commented.example/{ARCHIVE} stable main
deb [arch=amd64] https://other.example/things stable main
deb https://mirror.example/{ARCHIVE}/ stable main
"""


def package(*files: tuple[str, bytes | str]) -> bytes:
    """A .deb: `ar` around a tar of files (bytes) and links (text)."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:xz") as tar:
        for name, content in files:
            member = tarfile.TarInfo(name)
            if isinstance(content, str):
                member.type, member.linkname = tarfile.SYMTYPE, content
                tar.addfile(member)
            else:
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
    found = b"!<arch>\n"
    for name, content in (("debian-binary", b"2.0\n\n"), ("data.tar.xz", packed.getvalue())):
        found += f"{name:16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(content):<10}`\n".encode() + content + b"\n" * (len(content) % 2)
    return found


@pytest.mark.parametrize("text", [SOURCES, LIST])
def test_mirror__is_that_of_apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str):
    """In both forms of its sources; comments and other archives are passed over."""
    monkeypatch.delenv("LYKTA_DEBIAN_MIRROR", raising=False)
    monkeypatch.setattr(vm32, "APT", tmp_path)
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list.d" / ("a.sources" if "URIs" in text else "a.list")).write_text(text, encoding="utf-8")
    assert vm32.find_mirror().partition("://")[2] == f"mirror.example/{ARCHIVE}"


def test_mirror__may_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Where apt knows none, a sentence says how; then that one counts."""
    monkeypatch.delenv("LYKTA_DEBIAN_MIRROR", raising=False)
    monkeypatch.setattr(vm32, "APT", tmp_path)
    with pytest.raises(EnvironmentLacks, match="name one in LYKTA_DEBIAN_MIRROR"):
        vm32.find_mirror()
    monkeypatch.setenv("LYKTA_DEBIAN_MIRROR", "http://named.example/archive/")
    assert vm32.find_mirror() == "http://named.example/archive"


@pytest.mark.parametrize(("system", "machine"), [("Darwin", "arm64"), ("Linux", "aarch64")])
def test_find__says_where_it_cannot_run(monkeypatch: pytest.MonkeyPatch, system: str, machine: str):
    """One sentence, with what the machine is."""
    monkeypatch.setattr(platform, "system", lambda: system)
    monkeypatch.setattr(platform, "machine", lambda: machine)
    with pytest.raises(EnvironmentLacks, match=f"this is {system} {machine}: leave its figures to CI"):
        vm32.find()


def test_fetch__without_apt_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Other Linuxes have no apt."""
    monkeypatch.setattr(vm32, "HELPER", tmp_path / "nowhere")
    with pytest.raises(EnvironmentLacks, match="fetched by apt"):
        vm32._fetch("http://mirror.example/archive/pool/a.deb", "0" * 64, tmp_path)


@pytest.mark.parametrize("body", ['echo "E: 404 Not Found" >&2; exit 100', 'echo something else >"$3"'])
def test_fetch__takes_nothing_but_what_is_pinned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str):
    """What is not there, or has another hash, is refused, with what to do."""
    helper = tmp_path / "helper"
    helper.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    helper.chmod(0o755)
    monkeypatch.setattr(vm32, "HELPER", helper)
    with pytest.raises(EnvironmentLacks, match=r"a%2bb\.deb cannot be had .*--renew"):
        vm32._fetch("http://mirror.example/archive/pool/a%2bb.deb", "0" * 64, tmp_path)


def test_unpack__keeps_the_program_and_the_libraries(tmp_path: Path):
    """Links beside what they name, nothing that leads outside, no documents."""
    library = "./usr/lib/i386-linux-gnu/"
    files = [("./usr/bin/micropython", b"run"), (library + "libc.so.6", b"c"), ("./usr/share/doc/readme", b"no"), ("../../evil.so", b"no")]
    links = [(library + "ld-linux.so.2", "libc.so.6"), (library + "libaway.so.1", "/etc/passwd")]
    vm32.unpack(package(*files), tmp_path)
    with pytest.raises(KeyError):  # a link to a file that the package does not bring
        vm32.unpack(package(*links[1:]), tmp_path)
    vm32.unpack(package(*links[:1]), tmp_path)
    found = {file.relative_to(tmp_path).as_posix(): file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    assert found == {
        "usr/bin/micropython": b"run",
        "usr/lib/i386-linux-gnu/libc.so.6": b"c",
        "usr/lib/i386-linux-gnu/ld-linux.so.2": b"c",
    }


def test_lock__names_every_package_with_its_hash():
    """What the lock holds, and what apt prints when it is renewed."""
    lines = [line.split() for line in vm32.LOCK.read_text(encoding="ascii").splitlines()]
    assert sorted(path.rpartition("/")[2].partition("_")[0] for path, _ in lines) == sorted(vm32.PACKAGES)
    assert all(len(digest) == 64 and path.endswith("_i386.deb") for path, digest in lines)
    printed = "".join(f"'http://mirror.example/archive/{path}' a.deb 12 SHA256:{digest}\n" for path, digest in lines)
    assert vm32.lock_of(printed) == vm32.LOCK.read_text(encoding="ascii")
    with pytest.raises(EnvironmentLacks, match="apt names 0 of 6"):
        vm32.lock_of("")


@pytest.mark.micropython
@pytest.mark.slow
@pytest.mark.fetch
def test_vm__holds_small_integers_of_31_bits(small_vm: str):
    """As the ESP32 does; it is MicroPython, and has asyncio."""
    script = "import asyncio, sys; print(sys.implementation.name, sys.maxsize)"
    run = subprocess.run([small_vm, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["micropython", str(2**31 - 1)]


@pytest.mark.micropython
@pytest.mark.slow
@pytest.mark.fetch
@pytest.mark.parametrize(
    ("module", "claim"),
    [
        ("test_app_life", "test_walker__has_light_within_50_ms"),
        ("test_tasks_control", "test_tick__needs_no_memory"),
        ("test_tasks_numbers", "test_start__goes_on_with_other_numbers"),
        ("test_tasks_supervisor", "test_report__tells_an_outage_once_when_it_begins_and_once_when_it_ends"),
    ],
)
def test_node__lives_on_it(small_vm: str, tmp_path: Path, module: str, claim: str):
    """Whole nodes in virtual time, and the tick with its heap locked, where integers and ticks are those of the ESP32."""
    script = f"import hooks; hooks.install(); import {module}; {module}.{claim}()"
    tests = Path(__file__).resolve().parents[1] / "micropython"
    command = [small_vm, "-X", "heapsize=2m", "-c", script]
    run = subprocess.run(
        command, capture_output=True, text=True, check=False, env=environment(firmware_folder(), tests), cwd=tmp_path, timeout=300
    )
    assert run.returncode == 0, run.stdout + run.stderr
