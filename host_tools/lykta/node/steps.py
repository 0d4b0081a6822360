"""What is written to a board at its prompt, in which order, and how it is found out what is right already.

| what | where | how it is replaced |
|---|---|---|
| the firmware | a slot that is not in use, `/a` or `/b` | in place; its `manifest` goes first and comes last |
| the node's files | `/data` | as the node's own store does it: name.new, name to name.old, name.new to name |
| which slot is in use | the record `/slots` | beside the old one, then renamed |
| the pin of the light, boot.py, main.py | the root | each beside the old one, then renamed |

So a board that lost its cable or its power between any two writes runs what it ran before, or what it is to run.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from lykta.node import manifest
from lykta.node.device import Device, digest_of
from lykta.node.payload import Payload

_MAGIC = b"LYKT"
_HEAD = 44
SLOTS = ("a", "b")
_RECORD = "/slots"
_MANIFEST = "manifest"
#: In the place of the chip, in the manifest of a slot that the cable filled.
_BROUGHT = "cable"
_LIST_HASH = slice(32, 64)
#: Files of the node, in the order in which they are written: who it is comes last, when it can do everything.
ORDER = ("release", "certkey", "cert", "ca", "uplink", "behind", "keys", "table", "adjacent", "program", "board", "identity")

#: Version and, as far as its head says, validity of each file in /data, in one go.
_HEADS = """
def _g(p):
 try:
  with open(p,'rb') as f:
   return f.read(44)
 except OSError:
  return b''
print(repr({n:_g('/data/'+n) for n in %r}))
"""


@dataclass
class Contents:
    """What a board holds: {path: (bytes, digest)}, the head of each file in /data, the slot in use ("" for none), what fills the slots."""

    files: dict[str, tuple[int, str]]
    heads: dict[str, bytes]
    slot: str
    manifests: dict[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Todo:
    """What is to be written. `slot`: into which; `switch`: whether it has to be put in use; `gone`: what is left of older files there.

    `manifest`: says that the slot is whole; empty where it does already.
    """

    slot: str
    switch: bool
    package: dict[str, bytes]
    root: dict[str, bytes]
    data: dict[str, bytes]
    gone: list[str] = field(default_factory=list)
    manifest: bytes = b""

    @property
    def size(self) -> int:
        """Bytes to write."""
        return sum(map(len, (*self.package.values(), *self.root.values(), *self.data.values())))

    @property
    def nothing(self) -> bool:
        """Whether all is right already."""
        return not (self.package or self.root or self.data or self.switch or self.manifest)

    def said(self) -> list[str]:
        """What would be written, for people."""
        found = []
        if self.package or self.switch or self.manifest:
            found.append(f"firmware: {len(self.package)} files into slot {self.slot}")
        if self.root:
            found.append("start: " + ", ".join(self.root))
        if self.data:
            found.append("node: " + ", ".join(self.data))
        return found


def sealed(content: bytes, version: int) -> bytes:
    """A file as the node's store keeps it: "LYKT", version, length, SHA-256 of these numbers and the content, the content."""
    numbers = struct.pack("<II", version, len(content))
    return _MAGIC + numbers + hashlib.sha256(numbers + content).digest() + content


def version_in(head: bytes) -> int:
    """The version in the head of a file; 0 where there is none."""
    return int(struct.unpack_from("<I", head, 4)[0]) if len(head) == _HEAD and head.startswith(_MAGIC) else 0


def look(device: Device) -> Contents:
    """What a board holds now."""
    files = device.files("/")
    heads = device.printed(_HEADS % (ORDER,))
    words = device.read(_RECORD).decode(errors="replace").split() if _RECORD in files else []
    slot = words[0] if len(words) == 2 and words[0] in SLOTS and words[1] in (*SLOTS, "-", "x") else ""
    manifests = {name: device.read(f"/{name}/{_MANIFEST}") for name in SLOTS if f"/{name}/{_MANIFEST}" in files}
    return Contents(files, heads, slot, manifests)


def compare(found: Contents, payload: Payload, data: Mapping[str, bytes], light: int) -> Todo:
    """What is to be written to a board that holds something. `data`: the node's files; `light`: where its output is, for boot.py."""
    slot = found.slot if found.slot and not _differs(found, _in_slot(payload, found.slot)) else _other(found.slot)
    package = _differs(found, _in_slot(payload, slot))
    root = _differs(found, {"/light": str(light).encode(), **{f"/{name}": content for name, content in payload.root.items()}})
    wanted = {name: data[name] for name in ORDER if name in data}
    changed = {name: content for name, content in wanted.items() if not _is_kept(found, name, content)}
    ours = {f"/{slot}/{name}" for name in payload.package}
    gone = [path for path in found.files if path.startswith(f"/{slot}/") and path not in {*ours, f"/{slot}/{_MANIFEST}"}]
    head = manifest.unsigned(payload.package, payload.version, _BROUGHT)
    told = manifest.read_head(found.manifests.get(slot, b""))
    whole = not package and told is not None and told.list_hash == head[_LIST_HASH]
    return Todo(slot, found.slot != slot, package, root, changed, gone, b"" if whole else head)


def _in_slot(payload: Payload, slot: str) -> dict[str, bytes]:
    return {f"/{slot}/{name}": content for name, content in payload.package.items()}


def _other(slot: str) -> str:
    return "b" if slot == "a" else "a"


def _differs(found: Contents, wanted: Mapping[str, bytes]) -> dict[str, bytes]:
    """Those of some files that are not on the board as they should be."""
    return {path: content for path, content in wanted.items() if found.files.get(path) != (len(content), digest_of(content))}


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _is_kept(found: Contents, name: str, content: bytes) -> bool:
    """Whether a file of the node has this content, in whatever version."""
    size, digest = found.files.get(f"/data/{name}", (0, ""))
    expected = sealed(content, version_in(found.heads[name]))
    return size == len(expected) and digest == digest_of(expected)


def carry_out(device: Device, todo: Todo, found: Contents, on_bytes: Callable[[int], None]) -> None:
    """Write what is to be written, in the order in which a cut does no harm: main.py, which starts it all, comes last."""
    if todo.manifest:
        device.remove([path for path in [f"/{todo.slot}/{_MANIFEST}"] if path in found.files])
    device.remove(todo.gone)
    for path, content in todo.package.items():
        device.put(path, content, on_bytes)
    if todo.manifest:
        device.write(f"/{todo.slot}/{_MANIFEST}", todo.manifest)
    if todo.data:
        device.make_folder("/data")
    for name in todo.data:
        _store(device, name, todo.data[name], found, on_bytes)
    if todo.switch:
        device.write(_RECORD, f"{todo.slot} -".encode())
    for path, content in todo.root.items():
        device.write(path, content, on_bytes)


def _store(device: Device, name: str, content: bytes, found: Contents, on_bytes: Callable[[int], None]) -> None:
    """One file of the node, as its own store would write it: the one before stays as name.old if it was whole."""
    path = f"/data/{name}"
    version = version_in(found.heads[name]) + 1
    device.write_beside(path, sealed(content, version), on_bytes)
    if _whole(found, name):
        device.rename(path, path + ".old")
    device.rename(path + ".new", path)


def _whole(found: Contents, name: str) -> bool:
    """Whether the file on the board is as its head says; judged by the head: the length that it names, and that it has one."""
    head = found.heads[name]
    size, _ = found.files.get(f"/data/{name}", (0, ""))
    return len(head) == _HEAD and head.startswith(_MAGIC) and int(struct.unpack_from("<I", head, 8)[0]) == size - _HEAD


def fingerprints(files: Mapping[str, bytes]) -> dict[str, str]:
    """A fingerprint of each file, for the inventory: enough to see whether it is the same, too little to learn a key from it."""
    return {name: _hash(content)[:16] for name, content in files.items()}
