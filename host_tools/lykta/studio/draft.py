"""The profile on the page: its text as it would be saved, with every step that led to it.

Values are written into the text where they stand, so comments, order and quotes stay as they are (`tune.edit`).
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

from lykta.document import Document
from lykta.profiles import Profile, load_profile, read_profile
from lykta.profiles.loader import DATA
from lykta.studio.history import History
from lykta.tune.edit import Change, put
from lykta.tune.lists import entries
from lykta.tune.space import source_of

_PAUSE_S = 1.5


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
    #: The text as it was read, with the place of every value.
    document: Document = field(init=False)
    history: History = field(default_factory=History)
    _step_of: str = ""
    _moved_at: float = 0.0

    def __post_init__(self) -> None:
        self.document = Document.read(self.text, self.name)

    @classmethod
    def open(cls, profile: Profile) -> Draft:
        """The draft of a profile that was read from a file or is packaged. InputError where the file has changed since."""
        path = source_of(profile)
        text = path.read_text(encoding="utf-8")
        own = None if path.is_relative_to(DATA) else path.absolute()
        return cls(profile.file, text, profile, own, text)

    @property
    def previous(self) -> str:
        """The text before the last step; that of now where there was none."""
        return self.history.next(back=True) or self.original

    @property
    def changed(self) -> bool:
        """Whether it differs from what was read or saved last."""
        return self.text != self.original

    def entries(self) -> list[dict[str, str]]:
        """What the entries of the calendar say, in the words of the file."""
        return entries(self.text, "calendar")

    def put(self, *changes: Change, step: str = "") -> None:
        """Write values. InputError, and nothing changed, where the profile would then have an error.

        `step`: what is being moved; while the same is moved on and on, that is one step to go back.
        """
        now = time.monotonic()
        going_on = bool(step) and step == self._step_of and now - self._moved_at < _PAUSE_S and bool(self.history.done)
        self.replace(put(self.text, changes, self.name), keep=not going_on)
        self._step_of, self._moved_at = step, now

    def replace(self, text: str, keep: bool = True) -> None:
        """Take another text as the next step. InputError where it has an error. `keep`: whether one can go back to that of now."""
        if text == self.text:
            return
        document = Document.read(text, self.name)
        profile = read_profile(document)
        if keep:
            self.history.take(self.text)
        self.history.undone.clear()
        self.text, self.document, self.profile = text, document, profile

    def undo(self) -> bool:
        """Go one step back; whether there was one."""
        return self._step(back=True)

    def redo(self) -> bool:
        """Go forward again; whether there was a step."""
        return self._step(back=False)

    def _step(self, *, back: bool) -> bool:
        if self.history.next(back=back) is None:
            return False
        self.text, self._step_of = self.history.step(self.text, back=back), ""
        self.document = Document.read(self.text, self.name)
        self.profile = read_profile(self.document)
        return True

    def saved(self, path: Path) -> None:
        """Note that the text stands in a file now, which is the draft's own from here on."""
        self.path, self.name, self.original = path, str(path), self.text
        self.profile = load_profile(path)
