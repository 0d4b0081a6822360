"""The settings on a node: read out of its program, changed one by one with the checks of the profile's own reader, put back.

A node knows its phases by when they begin, not by name: they are numbered, 1 first. `hold` of everyone in every phase is
`everyone.hold`; that of walkers in phase 2 is `2.pedestrian.hold`; `idle`, which has no class, is `idle` or `2.idle`.
"""

from __future__ import annotations

import datetime as dt
import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace

from lykta.corehost import almanac, repair, schema
from lykta.document import Document
from lykta.errors import InputError, Problem
from lykta.node import programs
from lykta.node.device import Device
from lykta.node.session import no_firmware, unsealed
from lykta.plan.program import EPOCH, to_bytes
from lykta.profiles.model import Start
from lykta.profiles.settings import Assignment, Conflicts, Layers, read_block
from lykta.profiles.starts import show_start
from lykta.profiles.table import BY_KEY, CLASS_KEYS, CLASSES, EVERYONE, PHASE_KEYS, SETTINGS_AT, defaults
from lykta.units import near_miss, show


@dataclass(frozen=True)
class Phase:
    """A phase of some night: from when, and the number of its settings row (negative: no light, or the defaults)."""

    number: int
    start: Start
    row: int


class NodeProgram:
    """The program of one node, as integers of `core/almanac`."""

    def __init__(self, numbers: Sequence[int]) -> None:
        """InputError where they are no program."""
        self.numbers = list(numbers)
        if not almanac.usable(self.numbers) or repair.check(list(self.numbers), _Room()):
            raise InputError.of("program", "the one on this node is damaged. Provision it again: lykta flash SITE LAMP --port PORT")

    @property
    def until(self) -> dt.date:
        """The last night for which it knows clocks and holidays."""
        return EPOCH + dt.timedelta(days=self.numbers[almanac.LAST])

    def phases(self) -> list[Phase]:
        """The phases of all kinds of night, those of the ordinary night first."""
        found = []
        for number in range(self.numbers[almanac.COUNTS + almanac.PHASES]):
            at = almanac.at(self.numbers, almanac.PHASES, number)
            kind, minutes, row = self.numbers[at : at + 3]
            found.append(Phase(number + 1, Start(kind, minutes), row))
        return found

    def row(self, number: int) -> list[int]:
        """A settings row."""
        at = almanac.at(self.numbers, almanac.ROWS, number)
        return self.numbers[at : at + schema.ROW]

    def change(self, phase: int, row: Sequence[int]) -> None:
        """Give a phase other settings, and no other phase that had the same; rows that nobody needs any more go."""
        phases = {one.number: one.row for one in self.phases()}
        rows = {number: tuple(self.row(number)) for number in set(phases.values()) if number >= 0}
        wanted = {number: tuple(row) if number == phase else rows.get(at, at) for number, at in phases.items()}
        kept = list(dict.fromkeys(content for content in wanted.values() if isinstance(content, tuple)))
        for number, content in wanted.items():
            at = almanac.at(self.numbers, almanac.PHASES, number - 1)
            self.numbers[at + 2] = kept.index(content) if isinstance(content, tuple) else content
        begin = almanac.at(self.numbers, almanac.ROWS, 0)
        self.numbers[begin:] = [value for content in kept for value in content]
        self.numbers[almanac.COUNTS + almanac.ROWS] = len(kept)

    def check(self) -> None:
        """InputError where a node would not take it as it is."""
        if not almanac.usable(self.numbers) or repair.check(list(self.numbers), _Room()):
            raise InputError.of("program", "a node would have to mend this: it has no room for so many different phases.")


class _Room:
    """What `repair.check` works in."""

    def __init__(self) -> None:
        self.row = [0] * schema.ROW


def read(board: Device) -> tuple[int, NodeProgram]:
    """(version, program) of the node on a cable. NoFirmware, InputError."""
    try:
        version, content = unsealed(board.read("/data/program"))
    except FileNotFoundError:
        if not board.ask("'slots' in os.listdir('/')"):
            raise no_firmware(board.port) from None
        message = f"this node is nobody yet, so it has no settings. Make it a lamp: lykta flash SITE LAMP --port {board.port}"
        raise InputError.of(board.port, message) from None
    return version, NodeProgram(struct.unpack(f"<{len(content) // 4}i", content))


def write(board: Device, program: NodeProgram, version: int) -> None:
    """Put a program in place of the one on a node, which stays as the previous one: a bad start falls back to it."""
    keep(board, "program", to_bytes(program.numbers), version)


def keep(board: Device, name: str, content: bytes, version: int) -> None:
    """Put a file into the node's store, whole or not at all."""
    board.write("/incoming", content)
    board.run(programs.KEEP.format(name=name, version=version), patience_s=30)


@dataclass(frozen=True)
class Wish:
    """A setting as somebody names it: phases (all where empty), class (`everyone`, one of CLASSES, "" for those without), key, value."""

    phases: tuple[int, ...]
    road_user: str
    key: str
    value: str

    @property
    def written(self) -> str:
        """As it was named."""
        return ".".join([*(str(phase) for phase in self.phases), *([self.road_user] if self.road_user else []), self.key])


def wish(text: str, program: NodeProgram, *, needs_value: bool) -> Wish:
    """What `2.pedestrian.hold=30 s` asks for. InputError, with what was probably meant."""
    name, equals, value = (part.strip() for part in text.partition("="))
    if needs_value and not equals:
        raise InputError.of(text, f'say to what, as in "{name}=30 s".')
    words = name.split(".")
    phases: tuple[int, ...] = ()
    if words[0].isdigit():
        count = len(program.phases())
        phases = (int(words.pop(0)),)
        if not 1 <= phases[0] <= count:
            raise InputError.of(text, f"this node has the phases 1 to {count}; `lykta node get` lists them.")
    key = words[-1] if words else ""
    if key not in BY_KEY:
        raise InputError.of(text, f'no setting is called "{key}".{near_miss(key, BY_KEY)} Known: {", ".join(BY_KEY)}.')
    road_user = words[0] if len(words) > 1 else ""
    if len(words) > 2 or (road_user and road_user not in (EVERYONE, *CLASSES)):
        raise InputError.of(text, f'"{road_user}" is no class.{near_miss(road_user, CLASSES)} Write {", ".join((EVERYONE, *CLASSES))}.')
    if key in PHASE_KEYS and road_user:
        raise InputError.of(text, f"`{key}` is one for all classes: leave out `{road_user}`.")
    return Wish(phases, EVERYONE if key in CLASS_KEYS and not road_user else road_user, key, value)


def apply(program: NodeProgram, wishes: Sequence[Wish]) -> list[str]:
    """Change settings; what changed, a line each. InputError with every problem, in the words of a profile's."""
    problems: list[Problem] = []
    told: list[str] = []
    for number in range(len(program.phases())):
        phase = program.phases()[number]  # asked anew: a change may have given the rows other numbers
        if phase.row < 0:
            continue
        mine = [one for one in wishes if not one.phases or phase.number in one.phases]
        if not mine:
            continue
        before = program.row(phase.row)
        after, wrong = _laid_over(before, mine, phase.number)
        problems += wrong
        if not wrong and after != before:
            told += [f"phase {phase.number}: {line}" for line in differences(before, after)]
            program.change(phase.number, after)
    if problems:
        raise InputError(list(dict.fromkeys(problems)))
    program.check()
    return told


def _laid_over(row: Sequence[int], wishes: Sequence[Wish], phase: int) -> tuple[list[int], list[Problem]]:
    """A settings row with wishes laid over it, and what is wrong with that."""
    problems: list[Problem] = []
    blocks: list[list[Assignment]] = []
    for one in wishes:
        lines = f"{one.road_user}:\n  {one.key}: {one.value}" if one.road_user else f"{one.key}: {one.value}"
        document = Document.read(lines, one.written)
        blocks.append(read_block(document.root))
        problems += document.errors
    layers = Layers(blocks)
    written = {assignment.position for block in blocks for assignment in block}
    layers.row = [layers.row[at] if at in written else value for at, value in enumerate(row)]
    if not problems:
        problems = _conflicts(layers, blocks, phase)
    # Of a setting that somebody names on the command line, line and column say nothing.
    return layers.row, [Problem(one.file, 0, 0, "", one.message, one.warning) for one in problems]


def _conflicts(layers: Layers, blocks: Sequence[Sequence[Assignment]], phase: int) -> list[Problem]:
    """The rules across settings that are broken now and in which one of those just written has a part."""
    conflicts = Conflicts()
    conflicts.check(str(phase), layers)
    conflicts.report(1)
    found = [problem for block in blocks for assignment in block for problem in assignment.node.document.errors]
    # The profile's reader knows no third place for a value than the file and the defaults.
    return [replace(problem, message=problem.message.replace("(the default)", "(on the node)")) for problem in found]


def differences(before: Sequence[int], after: Sequence[int]) -> list[str]:
    """What two settings rows differ in, in words."""
    found = []
    for at, setting in SETTINGS_AT.items():
        if before[at] != after[at]:
            who = f"{CLASSES[(at - schema.PHASE_SETTINGS) // schema.CLASS_SETTINGS]}." if setting.per_class else ""
            found.append(f"{who}{setting.key} {show(setting.kind, before[at])} -> {show(setting.kind, after[at])}")
    return found


def title(phase: Phase) -> str:
    """A phase as people say it."""
    return f"{phase.number} from {show_start(phase.start)}"


def shown(program: NodeProgram, wishes: Sequence[Wish] = ()) -> dict[str, str]:
    """Settings by their full name, as people write them: those that differ from the defaults, or those that are asked for."""
    found: dict[str, str] = {}
    standard = defaults()
    for phase in program.phases():
        row = program.row(phase.row) if phase.row >= 0 else standard
        for at, setting in SETTINGS_AT.items():
            who = CLASSES[(at - schema.PHASE_SETTINGS) // schema.CLASS_SETTINGS] if setting.per_class else ""
            wanted = any(_asked(one, phase.number, who, setting.key) for one in wishes) if wishes else row[at] != standard[at]
            if wanted and phase.row >= 0:
                name = ".".join(word for word in (str(phase.number), who, setting.key) if word)
                found[name] = show(setting.kind, row[at])
    return found


def _asked(wish: Wish, phase: int, road_user: str, key: str) -> bool:
    """Whether a wish names this setting."""
    return wish.key == key and wish.phases in ((), (phase,)) and (not road_user or wish.road_user in (EVERYONE, road_user))
