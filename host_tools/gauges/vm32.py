"""A 32-bit MicroPython on 64-bit Linux, without root and without multilib: objects have the sizes of those on the ESP32.

    python -m gauges.vm32            print the path of the VM, fetching it first where it is not there yet
    python -m gauges.vm32 --renew    write vm32.lock anew, with the versions that Debian has now

Debian's i386 package `micropython` and the five libraries it needs are unpacked into a folder of the user's cache, and run
through their own loader. `vm32.lock` pins each by its SHA-256. The mirror is that of this machine's own apt; where apt knows
none of Debian (Ubuntu), LYKTA_DEBIAN_MIRROR may name one. `apt-helper` fetches, so apt's proxies and settings hold.
"""

from __future__ import annotations

import hashlib
import io
import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from urllib.parse import unquote, urlsplit

from lykta.errors import EnvironmentLacks

LOCK = Path(__file__).with_name("vm32.lock")
PACKAGES = ("micropython", "libc6", "libffi8", "libmbedtls21", "libmbedcrypto16", "libmbedx509-7")
SUITE = "trixie"
APT = Path("/etc/apt")
HELPER = Path("/usr/lib/apt/apt-helper")
LIBRARIES = "usr/lib/i386-linux-gnu"
_KEEP = re.compile(r"usr/(bin/micropython|lib/i386-linux-gnu/[^/]+\.so[^/]*)$")


def find() -> Path:
    """The VM, fetched and unpacked where it is not there yet. EnvironmentLacks where this machine cannot have it."""
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        raise EnvironmentLacks(
            f"The 32-bit VM runs on Linux x86-64 only, and this is {platform.system()} {platform.machine()}: leave its figures to CI."
        )
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lykta" / "vm32"
    folder = home / hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]
    if not (folder / "micropython").is_file():
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=home) as made:
            _fill(Path(made) / "new", folder)
            try:
                (Path(made) / "new").rename(folder)
            except OSError:  # somebody else was quicker
                if not (folder / "micropython").is_file():
                    raise
    return folder / "micropython"


def _fill(folder: Path, final: Path) -> None:
    """Fetch and unpack all packages into a folder that will be called `final`, and see that the VM runs."""
    folder.mkdir()
    mirror = find_mirror()
    for line in LOCK.read_text(encoding="ascii").splitlines():
        path, digest = line.split()
        unpack(_fetch(f"{mirror}/{path}", digest, folder), folder)
    _launcher(folder, folder)
    run = subprocess.run([folder / "micropython", "-c", "import sys; print(sys.maxsize)"], capture_output=True, text=True, check=False)
    if run.stdout.strip() != str(2**31 - 1):
        raise EnvironmentLacks(f"This kernel does not run 32-bit programs ({(run.stderr or run.stdout).strip()}): leave the figures to CI.")
    _launcher(folder, final)


def _launcher(folder: Path, root: Path) -> None:
    """The VM as one command: its own loader, its own libraries. `root`: where both will lie."""
    libraries = root / LIBRARIES
    text = f'#!/bin/sh\nexec "{libraries}/ld-linux.so.2" --library-path "{libraries}" "{root}/usr/bin/micropython" "$@"\n'
    (folder / "micropython").write_text(text, encoding="utf-8")
    (folder / "micropython").chmod(0o755)


def find_mirror() -> str:
    """The address of a Debian mirror: the one named in LYKTA_DEBIAN_MIRROR, else the first that this machine's apt uses."""
    named = os.environ.get("LYKTA_DEBIAN_MIRROR")
    if named:
        return named.rstrip("/")
    files = [APT / "sources.list", *sorted((APT / "sources.list.d").glob("*"))]
    for file in files:
        if file.suffix in (".list", ".sources") and file.is_file():
            for address in addresses(file.read_text(encoding="utf-8", errors="replace")):
                if urlsplit(address).path.rstrip("/").endswith("/debian"):
                    return address.rstrip("/")
    raise EnvironmentLacks("This machine's apt knows no mirror of Debian: name one in LYKTA_DEBIAN_MIRROR, or leave the figures to CI.")


def addresses(text: str) -> list[str]:
    """The web addresses in apt's sources, in either of their forms (`deb ADDRESS suite ...`, `URIs: ADDRESS ...`)."""
    found: list[str] = []
    for line in text.splitlines():
        words = line.split("#")[0].split()
        if words and words[0] in ("deb", "URIs:"):
            found += [word for word in words if word.startswith(("http://", "https://"))]
    return found


def _fetch(address: str, digest: str, folder: Path) -> bytes:
    """A file with its SHA-256, by apt's own downloader."""
    if not HELPER.is_file():
        raise EnvironmentLacks("The 32-bit VM is fetched by apt, which this machine does not have: leave its figures to CI.")
    name = folder / unquote(address.rpartition("/")[2])
    run = subprocess.run([HELPER, "download-file", address, name, f"SHA256:{digest}"], capture_output=True, text=True, check=False)
    if run.returncode or not name.is_file() or hashlib.sha256(name.read_bytes()).hexdigest() != digest:
        reason = (run.stderr.strip().splitlines() or ["no reason given"])[0]
        message = (
            f"{address} cannot be had ({reason}). Check the network; if Debian has a newer version, run `python -m gauges.vm32 --renew`."
        )
        raise EnvironmentLacks(message)
    data = name.read_bytes()
    name.unlink()
    return data


def unpack(package: bytes, folder: Path) -> None:
    """Put the program and the libraries of a .deb (an `ar` archive with a tar of the files in it) into a folder."""
    for name, data in members(package):
        if name.startswith("data.tar"):
            with tarfile.open(fileobj=io.BytesIO(data)) as tar:
                for member in tar:
                    _place(tar, member, folder)


def members(archive: bytes) -> list[tuple[str, bytes]]:
    """Names and contents of an `ar` archive: headers of 60 bytes (name 16, size at 48 in 10), contents on even places."""
    if not archive.startswith(b"!<arch>\n"):
        raise EnvironmentLacks("a package of Debian is not in the form expected: it begins otherwise.")
    found = []
    at = 8
    while at + 60 <= len(archive):
        name = archive[at : at + 16].decode("ascii").strip().rstrip("/")
        size = int(archive[at + 48 : at + 58])
        found.append((name, archive[at + 60 : at + 60 + size]))
        at += 60 + size + size % 2
    return found


def _place(tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    """One file or link beside its like, if it is one that is kept; links lead to nothing outside their folder."""
    name = os.path.normpath(member.name)
    if not _KEEP.fullmatch(name):
        return
    place = folder / name
    place.parent.mkdir(parents=True, exist_ok=True)
    if member.issym() and "/" not in member.linkname:
        place.symlink_to(member.linkname)
    elif (source := tar.extractfile(member)) is not None:
        with place.open("wb") as target:
            shutil.copyfileobj(source, target)
        place.chmod(0o755)


def renew() -> str:
    """The lock with the versions that the suite has now, as apt itself finds and checks them."""
    if shutil.which("apt-get") is None:
        raise EnvironmentLacks("Only a machine with apt can renew the lock.")
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        for part in ("lists/partial", "cache/archives/partial"):
            (root / part).mkdir(parents=True)
        (root / "status").touch()
        (root / "sources.list").write_text(f"deb [arch=i386] {find_mirror()} {SUITE} main\n", encoding="utf-8")
        settings = {
            "Dir::State": root, "Dir::State::lists": root / "lists", "Dir::State::status": root / "status", "Dir::Cache": root / "cache",
            "Dir::Etc::sourcelist": root / "sources.list", "Dir::Etc::sourceparts": "/dev/null", "APT::Architecture": "i386",
            "APT::Architectures": "i386", "APT::Sandbox::User": "", "Acquire::Languages": "none",
        }  # fmt: skip
        apt = ["apt-get", "-qq", *(word for key, value in settings.items() for word in ("-o", f"{key}={value}"))]
        subprocess.run([*apt, "update"], check=True)
        printed = subprocess.run([*apt, "--print-uris", "download", *PACKAGES], check=True, capture_output=True, text=True).stdout
    return lock_of(printed)


def lock_of(printed: str) -> str:
    """The lock from what `apt-get --print-uris download` prints: path on the mirror, SHA-256."""
    found = re.findall(r"^'[^']*?/(pool/[^']+)' \S+ \d+ SHA256:([0-9a-f]{64})$", printed, flags=re.MULTILINE)
    if len(found) != len(PACKAGES):
        raise EnvironmentLacks(f"apt names {len(found)} of {len(PACKAGES)} packages; the lock stays as it is.")
    return "".join(f"{path} {digest}\n" for path, digest in sorted(found))


def main() -> int:
    """The command line."""
    try:
        if sys.argv[1:] == ["--renew"]:
            LOCK.write_text(renew(), encoding="ascii")
        print(find())
    except EnvironmentLacks as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
