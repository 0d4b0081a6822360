"""What may break of a lamp, besides its sensors."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Breakdown:
    """Something of a lamp, not of its sensor, that breaks from `from_ms` until `until_ms`.

    `kind`: "node" (dead: its lamp burns full), "radio" (neither hears nor is heard), "driver" (reports a sensor fault).
    """

    lamp: int
    kind: str
    from_ms: int
    until_ms: int
