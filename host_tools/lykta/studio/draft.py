"""The profile on the page: its text as it would be saved, with every step that led to it.

Values are written into the text where they stand, so comments, order and quotes stay as they are (`tune.edit`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from lykta.document import Document
from lykta.profiles import Profile, load_profile, read_profile
from lykta.profiles.loader import DATA
from lykta.tune.edit import Change, put
from lykta.tune.space import source_of

_STEPS_KEPT = 200


@dataclass
class Draft:
    """A profile being worked on. `path`: the file that saving writes; None for a packaged one, which is saved as a copy.

    `name`: what messages call the file. `original`: the text as it was read; `text` is always a profile without errors.
    """

    name: str
    text: str
    profile: Profile
    path: Path | None = None
    original: str = ""
    undone: list[str] = field(default_factory=list)
    done: list[str] = field(default_factory=list)

    @classmethod
    def open(cls, profile: Profile) -> Draft:
        """The draft of a profile that was read from a file or is packaged. InputError where the file has changed since."""
        path = source_of(profile)
        text = path.read_text(encoding="utf-8")
        own = None if path.is_relative_to(DATA) else path
        return cls(profile.file, text, profile, own, text)

    @property
    def changed(self) -> bool:
        """Whether it differs from what was read or saved last."""
        return self.text != self.original

    def put(self, *changes: Change) -> None:
        """Write values. InputError, and nothing changed, where the profile would then have an error."""
        self.replace(put(self.text, changes, self.name))

    def tried(self, *changes: Change) -> Profile:
        """The profile with values, without writing them. InputError as `put`."""
        return read_profile(Document.read(put(self.text, changes, self.name), self.name))

    def replace(self, text: str) -> None:
        """Take another text as the next step. InputError where it has an error."""
        profile = read_profile(Document.read(text, self.name))
        if text == self.text:
            return
        self.done = [*self.done[-_STEPS_KEPT:], self.text]
        self.undone.clear()
        self.text, self.profile = text, profile

    def undo(self) -> bool:
        """Go one step back; whether there was one."""
        return self._step(self.done, self.undone)

    def redo(self) -> bool:
        """Go forward again; whether there was a step."""
        return self._step(self.undone, self.done)

    def _step(self, source: list[str], target: list[str]) -> bool:
        if not source:
            return False
        target.append(self.text)
        self.text = source.pop()
        self.profile = read_profile(Document.read(self.text, self.name))
        return True

    def saved(self, path: Path) -> None:
        """Note that the text stands in a file now, which is the draft's own from here on."""
        self.path, self.name, self.original = path, str(path), self.text
        self.profile = load_profile(path)
