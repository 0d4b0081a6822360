"""Steps that can be taken back: the texts before and after that of now."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class History:
    """Earlier and later texts, the nearest last. Beyond `steps`, or `characters` in all, the oldest go; one always stays."""

    steps: int = 200
    characters: int = 40_000_000
    done: list[str] = field(default_factory=list)
    undone: list[str] = field(default_factory=list)

    def take(self, text: str) -> None:
        """The text of now is left for a new one: one can go back to it, and no longer forward."""
        self.done.append(text)
        while len(self.done) > 1 and (len(self.done) > self.steps or sum(map(len, self.done)) > self.characters):
            self.done.pop(0)
        self.undone.clear()

    def next(self, *, back: bool) -> str | None:
        """The text one step back or forward; None where there is none."""
        found = self.done if back else self.undone
        return found[-1] if found else None

    def step(self, text: str, *, back: bool) -> str:
        """Go one step from the text of now, to `next`, which is returned. IndexError where there is none."""
        source, target = (self.done, self.undone) if back else (self.undone, self.done)
        found = source.pop()
        target.append(text)
        return found
