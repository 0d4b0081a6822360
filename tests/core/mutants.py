"""Mutations of the core that would leave somebody in the dark; claims (a) and (b) must catch every one of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from types import ModuleType

from tests.core import variants


@dataclass(frozen=True)
class Mutant:
    """A mutation: in a module of the core, `before`, wherever it stands, becomes `after`."""

    name: str
    module: str
    before: str
    after: str


MUTANTS = (
    Mutant("front_at_v_lo", "reach", "(need - front) * 1000 // fast", "(need - front) * 1000 // slow"),
    Mutant(
        "released_by_another_branch",
        "wave",
        "lamp[slot + SLOT_UNTIL] = min(lamp[slot + SLOT_UNTIL], lamp[slot + SLOT_BRANCH])",
        "lamp[slot + SLOT_UNTIL] = lamp[NOW]",
    ),
    Mutant("dropped_on_full_slots", "wave", "        slots.merge(lamp)\n", "        lamp[TRACKS] = MAX_TRACKS\n"),
)


@cache
def core_of(mutant: Mutant) -> dict[str, ModuleType]:
    """The core with one mutation."""

    def change(module: str, source: str) -> str:
        if module != mutant.module:
            return source
        assert mutant.before in source, f'{mutant.name}: "{mutant.before.strip()}" no longer stands in {module}.py. Write the mutant anew.'
        return source.replace(mutant.before, mutant.after)

    return variants.load(f"lykta_mutant_{mutant.name}", change)
