"""What a roll-out has done so far, in a folder beside the site: whoever goes on with it, on whatever day, knows where it was.

SITE.updates/roll.json        the roll-out that is under way, or was the last
SITE.updates/ID.json          those before it
SITE.updates/ID.lykta         every bundle that was rolled out: to undo, the one before is needed
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from lykta import wholefile
from lykta.errors import InputError, LyktaError
from lykta.fleet.updates import bundle as bundles
from lykta.fleet.updates.bundle import Bundle

# What a node may be, in a roll-out.
WAITING, OFFERED, UPDATED, FAILED = "waiting", "offered", "updated", "failed"
# What a roll-out may be.
UNDER_WAY, STOPPED, DONE = "under way", "stopped", "done"
FORM = 1
_CURRENT = "roll.json"


@dataclass
class NodeRecord:
    """A node in a roll-out. `before`: version it had; `faults`: what was wrong with it then; `since`: from when `state` [s since 1970]."""

    stage: int
    state: str = WAITING
    before: str = ""
    faults: list[str] = field(default_factory=list)
    since: float = 0.0
    reason: str = ""


@dataclass
class Record:
    """A roll-out. `stages`: shares of the nodes, rising to 1; `stage`: the one under way; `nodes`: by name, in the order of their turn."""

    bundle: str
    version: str
    begun: float
    stages: list[float]
    nodes: dict[str, NodeRecord]
    stage: int = 0
    state: str = UNDER_WAY
    why: str = ""
    undoes: str = ""

    @classmethod
    def new(cls, bundle: Bundle, now: float, names: Sequence[str], shares: Sequence[float], undoes: str = "") -> Record:
        """One that begins now, for nodes in their order. Stages that have no node, where there are only a few, are left out."""
        nodes = staged(names, shares)
        stages = [*shares[: max((node.stage for node in nodes.values()), default=0)], 1.0]
        return cls(bundle.id, bundle.version, now, stages, nodes, undoes=undoes)

    def of(self, *states: str) -> list[str]:
        """The nodes in some states."""
        return [name for name, node in self.nodes.items() if node.state in states]

    def in_stage(self, stage: int) -> list[str]:
        """The nodes of a stage."""
        return [name for name, node in self.nodes.items() if node.stage == stage]


def staged(names: Sequence[str], shares: Sequence[float]) -> dict[str, NodeRecord]:
    """Nodes in the order given, with their stages: the first shares of them, each at least one more node than the one before."""
    ends: list[int] = []
    for share in shares:
        least = min(len(names), (ends[-1] if ends else 0) + 1)
        ends.append(max(least, round(share * len(names))))
    ends[-1] = len(names)
    return {name: NodeRecord(next(stage for stage, end in enumerate(ends) if number < end)) for number, name in enumerate(names)}


def spread(names: Sequence[str]) -> list[str]:
    """The same nodes, neighbours far from each other: so that a stage is all over the street, and no two neighbours start anew together."""
    step = round(len(names) * 0.618) or 1
    while len(names) > 1 and _divisor(step, len(names)) > 1:
        step += 1
    return [names[number * step % len(names)] for number in range(len(names))]


def _divisor(one: int, other: int) -> int:
    while other:
        one, other = other, one % other
    return one


class Folder:
    """The folder of a site's roll-outs."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(self) -> Record | None:
        """The roll-out under way, or the last; None where there was none. InputError where its file is damaged."""
        file = self.path / _CURRENT
        try:
            told = json.loads(file.read_text(encoding="utf-8"))
            nodes = {name: NodeRecord(**about) for name, about in told.pop("nodes").items()}
            if told.pop("form") != FORM:
                raise InputError.of(str(file), "a newer Lykta has written this. Use that one.")
            return Record(nodes=nodes, **told)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            message = "the record of the roll-out is damaged. Remove the file, and begin the roll-out again: nodes that have it say so."
            raise InputError.of(str(file), message) from None

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other programs from rolling out here. InputError where one does."""
        self.path.mkdir(parents=True, exist_ok=True)
        with (self.path / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise InputError.of(
                    str(self.path), "another program rolls out here. End it with Ctrl-C: nothing is lost by that."
                ) from None
            yield

    def save(self, record: Record) -> None:
        """Write it in the place of what there was; a cut leaves the old one."""
        self._write(_CURRENT, {"form": FORM, **asdict(record)})

    def begin(self, record: Record, bundle: Bundle) -> None:
        """Keep a new one, its bundle with it; the one before stays under its bundle's name."""
        before = self.load()
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            if before is not None and before.bundle != record.bundle:
                shutil.copyfile(self.path / _CURRENT, self.path / f"{before.bundle}.json")
            (self.path / f"{bundle.id}{bundles.SUFFIX}").write_bytes(bundle.to_bytes())
        except OSError as error:
            raise LyktaError(f"{self.path}: the roll-out cannot be written down ({error.strerror}), so it was not begun.") from None
        self.save(record)

    def bundle(self, identity: str) -> Bundle:
        """A bundle that was rolled out. InputError where it is not here."""
        return bundles.read(self.path / f"{identity}{bundles.SUFFIX}")

    def bundle_of(self, version: str) -> Bundle | None:
        """The newest bundle of a version that was rolled out here; None if there is none."""
        kept = sorted(self.path.glob(f"*{bundles.SUFFIX}"), key=lambda file: file.stat().st_mtime, reverse=True)
        return next((found for found in map(bundles.read, kept) if found.version == version), None)

    def _write(self, name: str, told: dict[str, object]) -> None:
        try:
            wholefile.write(self.path / name, json.dumps(told, indent=1), sync=True)
        except OSError as error:
            raise LyktaError(
                f"{self.path / name}: the roll-out cannot be written down ({error.strerror}). It goes on when there is room again."
            ) from None
