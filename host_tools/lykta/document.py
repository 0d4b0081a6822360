"""What people write, read with the line and column of everything, so that each message can say where.

    document = Document.load(path)
    root = document.root
    root.unknown_keys(("name", "hold"))
    name = root.get("name").text()
    hold_ms = root.get("hold").quantity("time", highest=600_000, default=10_000)
    document.finish()

A reader never stops at the first mistake: each getter notes a `Problem`, returns a stand-in and goes on; `finish`
raises one `InputError` with all of them. The text of every scalar is kept as it was written, so `off`, `no`, `23:00`
and `007` mean what the reader asks for, not what YAML guesses. A duplicate key, a tab or broken YAML is a problem with
line and column as well.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Final, TypeVar, overload

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from lykta import flowlines
from lykta.errors import InputError, Message, Problem
from lykta.units import NotAQuantity, near_miss, parse, show

T = TypeVar("T")
Raw = ScalarNode | MappingNode | SequenceNode


class _Required:
    """The type of REQUIRED."""


#: Default of a getter whose value must be there.
REQUIRED: Final = _Required()
_LONGEST_SHOWN = 60  # letters of a text that stands where it should not: it may be a whole file
_TRUE, _FALSE = ("true", "yes", "on"), ("false", "no", "off")
_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?$")
_CLOCK = re.compile(r"(\d{1,2}):(\d\d)$")


class Document:
    """A file that somebody wrote, and the problems found in it so far."""

    def __init__(self, shown_as: str, raw: Raw | None) -> None:
        self.file = shown_as
        self.problems: list[Problem] = []
        self.root = Node(self, raw, "", (1, 1) if raw is None else _mark(raw))

    @classmethod
    def load(cls, path: str | Path, shown_as: str = "") -> Document:
        """Read a YAML file; `shown_as` is its name in messages. Raises InputError where it cannot be read at all."""
        name = shown_as or str(path)
        try:
            text = Path(path).read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            folder = Path(path).parent
            near = [entry.name for entry in folder.iterdir()] if folder.is_dir() else []
            raise InputError.of(name, f"there is no such file.{near_miss(Path(path).name, near)}") from None
        except UnicodeDecodeError as error:
            raise InputError.of(name, f"this is no UTF-8 text (byte {error.start}). Save it as UTF-8.") from None
        except OSError as error:
            raise InputError.of(name, f"cannot be read: {error.strerror}.") from None
        return cls.read(text, name)

    @classmethod
    def read(cls, text: str, shown_as: str) -> Document:
        """Read YAML from a text. Raises InputError where it is no YAML."""
        return cls(shown_as, _compose(text, shown_as))

    def note(self, where: tuple[int, int], path: str, message: str, *, warning: bool = False) -> None:
        """Note a problem at (line, column)."""
        problem = Problem(self.file, where[0], where[1], path, message, warning)
        if problem not in self.problems:
            self.problems.append(problem)

    @property
    def warnings(self) -> list[Problem]:
        """What is doubtful, but no error."""
        return sorted(problem for problem in self.problems if problem.warning)

    @property
    def errors(self) -> list[Problem]:
        """What is wrong."""
        return sorted(problem for problem in self.problems if not problem.warning)

    def finish(self) -> None:
        """Raise InputError with every error noted; warnings are left to the caller."""
        if self.errors:
            raise InputError(self.errors)


class Node:
    """A value in a document, or the place where one is missing (`present` is False)."""

    __slots__ = ("_fields", "document", "path", "raw", "where")

    def __init__(self, document: Document, raw: Raw | None, path: str, where: tuple[int, int]) -> None:
        self.document = document
        self.raw = None if _is_null(raw) else raw
        self.path = path  # e.g. "zones.path.night.pedestrian.hold"
        self.where = where  # line and column, from 1: of the key in a mapping, of the item in a list
        self._fields: dict[str, Node] | None = None

    @property
    def present(self) -> bool:
        """Whether anything is written here (`null` and nothing are nothing)."""
        return self.raw is not None

    @property
    def written(self) -> str:
        """The scalar as it was written; empty where there is none."""
        return str(self.raw.value).strip() if isinstance(self.raw, ScalarNode) else ""

    def problem(self, message: str) -> None:
        """Note an error at this place."""
        self.document.note(self.where, self.path, message)

    def warn(self, message: str) -> None:
        """Note something doubtful at this place."""
        self.document.note(self.where, self.path, message, warning=True)

    # -- mappings and lists

    def is_mapping(self) -> bool:
        """Whether this is a mapping; notes nothing."""
        return isinstance(self.raw, MappingNode)

    def is_list(self) -> bool:
        """Whether this is a list; notes nothing."""
        return isinstance(self.raw, SequenceNode)

    def mapping(self) -> bool:
        """Whether this is a mapping, noting a problem where something else is written."""
        if self.raw is not None and not isinstance(self.raw, MappingNode):
            self.problem(f"{self._shown()} stands where keys with values are needed (`key: value`).")
        return isinstance(self.raw, MappingNode)

    def get(self, key: str) -> Node:
        """The value of a key; where it is missing, a node that is not `present` and points at this mapping."""
        found = self._children().get(key)
        return found if found is not None else Node(self.document, None, _join(self.path, key), self.where)

    def items(self) -> list[tuple[str, Node]]:
        """Keys and values of a mapping in the order of the file; empty where this is none."""
        return list(self._children().items())

    def keys(self) -> list[str]:
        """The keys of a mapping in the order of the file."""
        return list(self._children())

    def list(self) -> Sequence[Node]:
        """The items of a list; a problem where something else is written; empty where nothing is."""
        if isinstance(self.raw, SequenceNode):
            return [Node(self.document, raw, f"{self.path}[{number}]", _mark(raw)) for number, raw in enumerate(self.raw.value)]
        if self.raw is not None:
            self.problem(f"{self._shown()} stands where a list is needed (`[a, b]`, or one `- item` a line).")
        return []

    def unknown_keys(self, known: Collection[str]) -> None:
        """Note every key that is not known, with the nearest that is."""
        listed = ", ".join(known)
        for key, child in self.items():
            if key not in known:
                child.problem(f'unknown key "{key}".{near_miss(key, known) or f" Known here: {listed}."}')

    def _children(self) -> dict[str, Node]:
        if self._fields is None:
            self._fields = {}
            if self.mapping():
                self._read_fields(self.raw, ())
        return self._fields

    def _read_fields(self, raw: Raw | None, around: tuple[Raw, ...]) -> None:
        """Read the keys of a mapping, its own first, then those of blocks that it repeats with `<<: *name`."""
        assert self._fields is not None
        repeated: list[Raw] = []
        for key, value in raw.value if isinstance(raw, MappingNode) else ():
            name = str(key.value) if isinstance(key, ScalarNode) else "?"
            if name == "<<":
                repeated += value.value if isinstance(value, SequenceNode) else [value]
            elif name not in self._fields:
                self._fields[name] = Node(self.document, value, _join(self.path, name), _mark(key))
            elif not around:
                first = self._fields[name].where
                self.document.note(_mark(key), _join(self.path, name), f"this key is here twice, first in line {first[0]}. Keep one.")
        for block in repeated:
            if raw is not None and all(block is not outer for outer in (*around, raw)):
                self._read_fields(block, (*around, raw))

    # -- scalars

    @overload
    def text(self, *, choices: Collection[str] = ...) -> str: ...
    @overload
    def text(self, *, choices: Collection[str] = ..., default: T) -> str | T: ...
    def text(self, *, choices: Collection[str] = (), default: object = REQUIRED) -> object:
        """A text, one of the choices if there are any. Stand-in after a problem: the default or an empty text."""
        if (missing := self._scalar_missing(default, "")) is not None:
            return missing[0]
        if choices and self.written not in choices:
            listed = ", ".join(choices)
            self.problem(f'"{self.written}" is not known here.{near_miss(self.written, choices)} Choose one of: {listed}.')
        return self.written

    @overload
    def quantity(self, kind: str, *, lowest: int | None = ..., highest: int | None = ...) -> int: ...
    @overload
    def quantity(self, kind: str, *, lowest: int | None = ..., highest: int | None = ..., default: T) -> int | T: ...
    def quantity(self, kind: str, *, lowest: int | None = None, highest: int | None = None, default: object = REQUIRED) -> object:
        """An amount with its unit, as the integer of the code; limits are in that integer.

        Kinds: "time" [ms], "length" [cm], "level" [permille], "speed" [cm/s], "power" [mW], "flux" [lm], "angle"
        [degrees], "frequency" [Hz], "count" [1, no unit]. Stand-in after a problem: the default, else the lowest or 0.
        """
        if (missing := self._scalar_missing(default, lowest or 0)) is not None:
            return missing[0]
        try:
            value = parse(kind, self.written)
        except NotAQuantity as error:
            self.problem(str(error))
            return (lowest or 0) if default is REQUIRED or default is None else default
        if lowest is not None and value < lowest:
            self.problem(f"{self.written} is below the lowest, {show(kind, lowest)}.")
            return lowest
        if highest is not None and value > highest:
            self.problem(f"{self.written} is above the highest, {show(kind, highest)}.")
            return highest
        return value

    @overload
    def number(self, *, lowest: float | None = ..., highest: float | None = ...) -> float: ...
    @overload
    def number(self, *, lowest: float | None = ..., highest: float | None = ..., default: T) -> float | T: ...
    def number(self, *, lowest: float | None = None, highest: float | None = None, default: object = REQUIRED) -> object:
        """A bare number, for what has no unit. Stand-in after a problem: the default, else the lowest or 0."""
        if (missing := self._scalar_missing(default, lowest or 0.0)) is not None:
            return missing[0]
        if not _NUMBER.match(self.written):
            meant = self.written.replace(",", ".")
            hint = f' Did you mean "{meant}"?' if _NUMBER.match(meant) else ""
            self.problem(f'"{self.written}" is no number.{hint}')
            return lowest or 0.0
        value = float(self.written)
        if (lowest is not None and value < lowest) or (highest is not None and value > highest):
            limits = [f"at least {lowest:g}"] * (lowest is not None) + [f"at most {highest:g}"] * (highest is not None)
            self.problem(f"{self.written} is out of its limits: {' and '.join(limits)}.")
        return value

    @overload
    def flag(self) -> bool: ...
    @overload
    def flag(self, *, default: T) -> bool | T: ...
    def flag(self, *, default: object = REQUIRED) -> object:
        """Yes or no."""
        if (missing := self._scalar_missing(default, False)) is not None:
            return missing[0]
        if self.written.lower() not in _TRUE + _FALSE:
            self.problem(f'"{self.written}" is neither yes nor no.')
        return self.written.lower() in _TRUE

    @overload
    def date(self) -> datetime.date: ...
    @overload
    def date(self, *, default: T) -> datetime.date | T: ...
    def date(self, *, default: object = REQUIRED) -> object:
        """A date, 2026-12-31."""
        if (missing := self._scalar_missing(default, datetime.date(2000, 1, 1))) is not None:
            return missing[0]
        try:
            return datetime.date.fromisoformat(self.written)
        except ValueError:
            self.problem(Message('"{given}" is no date. Write year-month-day, for example "2026-12-31".', given=self.written))
            return datetime.date(2000, 1, 1)

    @overload
    def clock(self) -> int: ...
    @overload
    def clock(self, *, default: T) -> int | T: ...
    def clock(self, *, default: object = REQUIRED) -> object:
        """A time of day, 23:00, in minutes after midnight (0..1439)."""
        if (missing := self._scalar_missing(default, 0)) is not None:
            return missing[0]
        minutes = clock_minutes(self.written)
        if minutes is None:
            self.problem(f'"{self.written}" is no time of day. Write hours and minutes, for example "23:00".')
        return minutes or 0

    def clock_range(self) -> tuple[int, int]:
        """From and until as times of day, `07:00-16:30`, in minutes after midnight; until may be the smaller."""
        parts = [clock_minutes(part.strip()) for part in re.split(r"\s*[-–]\s*", self.written)]
        if len(parts) == 2 and parts[0] is not None and parts[1] is not None and parts[0] != parts[1]:
            return parts[0], parts[1]
        self.problem(f'"{self.written}" is no range of hours. Write from and until, for example "07:00-16:30".')
        return 0, 1

    def plain(self) -> object:
        """Whatever is written, as plain Python: dict, list, str, int, float, bool or None."""
        if isinstance(self.raw, MappingNode):
            return {key: child.plain() for key, child in self.items()}
        if isinstance(self.raw, SequenceNode):
            return [child.plain() for child in self.list()]
        if self.raw is None:
            return None
        if self.raw.style in ("'", '"'):
            return self.written
        if _NUMBER.match(self.written):
            return int(self.written) if re.fullmatch(r"[-+]?\d+", self.written) else float(self.written)
        return self.written.lower() == "true" if self.written.lower() in ("true", "false") else self.written

    def _scalar_missing(self, default: object, stand_in: object) -> tuple[object] | None:
        """The value to return where no scalar is here (in a tuple, since it may be None); None where one is."""
        if isinstance(self.raw, ScalarNode):
            return None
        if self.raw is not None:
            self.problem(f"{self._shown()} stands where a single value is needed.")
        elif default is REQUIRED:
            self.problem(Message("this is missing."))
        return (stand_in if default is REQUIRED or (default is None and self.raw is not None) else default,)

    def _shown(self) -> str:
        kinds = ((MappingNode, "a mapping"), (SequenceNode, "a list"))
        brief = self.written if len(self.written) <= _LONGEST_SHOWN else f"{self.written[:_LONGEST_SHOWN]}..."
        return next((name for kind, name in kinds if isinstance(self.raw, kind)), f'"{brief}"')


def clock_minutes(text: str) -> int | None:
    """Minutes after midnight of `23:00`; None where it is no time of day."""
    match = _CLOCK.match(text)
    return int(match[1]) * 60 + int(match[2]) if match and int(match[1]) < 24 and int(match[2]) < 60 else None


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _mark(raw: Raw) -> tuple[int, int]:
    return raw.start_mark.line + 1, raw.start_mark.column + 1


def _is_null(raw: Raw | None) -> bool:
    return isinstance(raw, ScalarNode) and raw.style not in ("'", '"') and str(raw.value) in ("", "~", "null")


#: What the YAML reader says, and what it means to a person.
_MEANINGS = (
    ("'\\t'", "there is a tab here. YAML indents with spaces: put spaces in its place."),
    ("while scanning a directive", "a line cannot begin with `%`. Comments begin with `#`."),
    ("cannot start any token", "a value cannot begin with this character. Put the text in quotes."),
    ("mapping values are not allowed", "there is a colon where none can be. Check the indentation, or quote the text."),
    ("could not find expected ':'", "this is no `key: value`. Is a colon missing, or the indentation wrong?"),
    ("expected <block end>", "the indentation does not fit the lines above. Keys of one mapping begin in the same column."),
    ("expected ',' or ']'", "a list in brackets is not closed. Is a comma or `]` missing?"),
    ("expected ',' or '}'", "a mapping in braces is not closed. Is a comma or `}` missing?"),
    ("while scanning a quoted", "a quoted text is not closed."),
    ("undefined alias", "the name after `*` was defined nowhere above with `&`."),
    ("expected a single document", "a file holds one document: remove the line `---`."),
)


def _compose(text: str, name: str) -> Raw | None:
    """The tree of a YAML text with positions; raises InputError with line and column."""
    reduced, runs = flowlines.take_out(text)
    try:
        raw: Raw | None = YAML(typ="rt").compose(reduced)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = f"{error.context or ''} {error.problem or ''}".strip()
        meaning = next((meaning for part, meaning in _MEANINGS if part in said), f"this is no YAML: {said}.")
        line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
        raise InputError.of(name, meaning, line=line, column=column) from None
    except YAMLError as error:
        raise InputError.of(name, f"this is no YAML: {str(error).splitlines()[0]}.") from None
    flowlines.put_back(raw, runs)
    return raw


def walk(node: Node) -> Iterator[Node]:
    """A node and everything below it, in the order of the file."""
    yield node
    children = [child for _, child in node.items()] if node.is_mapping() else node.list() if node.is_list() else []
    for child in children:
        yield from walk(child)
