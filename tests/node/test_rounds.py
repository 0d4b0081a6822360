"""Several boards at once, and who interrupts it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import Future, as_completed
from pathlib import Path
from threading import Barrier, Event

import pytest

from lykta.node import rounds
from lykta.node.flashing import Options, Outcome
from lykta.node.inventory import Inventory
from tests.node.table import Silent


def test_interrupt__finishes_what_is_under_way_and_begins_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Of three boards, two at once: those two are handed on like any other, the third is never touched; and it is said that one waits."""
    begun: list[str] = []
    told: list[str] = []
    both, stopped = Barrier(3), Event()

    def flash(port: str, *_: object) -> Outcome:
        begun.append(port)
        both.wait(30)
        stopped.wait(30)
        return Outcome(lamp=f"lamp {port}", port=port)

    def interrupted(waited_for: Iterable[Future[Outcome]]) -> Iterator[Future[Outcome]]:
        if not stopped.is_set():
            both.wait(30)
            raise KeyboardInterrupt
        return as_completed(waited_for)

    monkeypatch.setattr(rounds, "flash", flash)
    monkeypatch.setattr(rounds, "as_completed", interrupted)
    with Inventory(tmp_path / "a.sqlite") as inventory, pytest.raises(KeyboardInterrupt):
        rounds.flash_all(
            ["a", "b", "c"], lambda mac, chip: pytest.fail("not asked"), "", Options(), inventory, lambda port: Silent(), 2,
            lambda outcome: told.append(outcome.port), stopped.set,
        )  # fmt: skip
    assert sorted(begun) == ["a", "b"]
    assert sorted(told) == ["a", "b"]
