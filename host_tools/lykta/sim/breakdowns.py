"""What may break of a lamp besides its sensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lykta.vm.frames import Frame


@dataclass(frozen=True)
class Breakdown:
    """Something of a lamp, not of its sensor, that breaks from `from_ms` until `until_ms`.

    `kind`: "node" (dead: its lamp burns full), "radio" (neither hears nor is heard), "driver" (reports a sensor fault).
    """

    lamp: int
    kind: str
    from_ms: int
    until_ms: int


@dataclass(frozen=True)
class Oddity:
    """What is unlike the plan about the node of one lamp, as only the loop engine can play it.

    `files`: what lies in its flash in the place of the plan's files, byte for byte; None: nothing. `clock_ms`: how far its clock is
    ahead at power-on [ms]; None: it was never set. `shift`: what its ticks show at power-on. `frames`: what comes in over its wires and
    its radio besides, in the order of time. `firmware`: the folder of another firmware than the others'. `board`: in the place of the
    plan's board, for what that has not. `lamp_out`: when its lamp takes no more power than in standby, [from, until) in ms.
    """

    lamp: int
    files: Mapping[str, bytes | None] = field(default_factory=dict)
    clock_ms: int | None = 0
    shift: int = 0
    frames: Sequence[Frame] = ()
    firmware: Path | None = None
    board: Mapping[str, Any] | None = None
    lamp_out: Sequence[tuple[int, int]] = ()
