"""What can go wrong, said to people.

    LyktaError              anything a person can do something about; the message says where, what, what to do
    |-- InputError          what somebody wrote is wrong: one or more `Problem`s, exit status 2
    `-- EnvironmentLacks    the machine lacks something; the message says what to install, exit status 2

The command line prints the message without a traceback, unless `--debug` is given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class Message(str):
    """A sentence that knows its text and its values, so that it can be said in another language: `Message("no {what}", what="day")`.

    It is the English sentence, and goes wherever a sentence goes. `text` is what a catalog is asked for; a value may be a Message.
    """

    text: str
    values: dict[str, object]

    def __new__(cls, text: str, /, **values: object) -> Message:
        """The sentence in English."""
        message = super().__new__(cls, text.format(**values) if values else text)
        message.text, message.values = text, values
        return message


@dataclass(frozen=True, order=True)
class Problem:
    """One thing wrong (or doubtful) in a file: where, what, what to do. Line and column count from 1; 0 = whole file."""

    file: str
    line: int
    column: int
    path: str
    message: str
    warning: bool = False

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        path = f"  {self.path}:" if self.path else " "
        return f"{where}{path} {'warning: ' if self.warning else ''}{self.message}"


class LyktaError(Exception):
    """Anything a person can do something about."""

    exit_status = 2


class InputError(LyktaError):
    """What somebody wrote is wrong; carries every problem found, in the order of the file."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = sorted(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def __reduce__(self) -> tuple[type[InputError], tuple[list[Problem]]]:
        """How it travels between processes: with its problems, not with the text that it made of them."""
        return type(self), (self.problems,)

    @classmethod
    def of(cls, file: str, message: str, *, line: int = 0, column: int = 0, path: str = "") -> InputError:
        """The error with a single problem."""
        return cls([Problem(file, line, column, path, message)])


class EnvironmentLacks(LyktaError):
    """The machine lacks something; the message says what to install."""
