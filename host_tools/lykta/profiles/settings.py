"""Blocks of settings: read with their units, laid over each other, and checked against each other.

A block is what stands under `all:` or the name of a phase in a zone: settings of the phase, and blocks for
`everyone`, `pedestrian`, `cyclist` and `car`. In one block a class beats `everyone`; of two blocks the later one wins.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from lykta.corehost import schema
from lykta.document import Node
from lykta.profiles.table import BY_KEY, CLASS_KEYS, CLASSES, EVERYONE, PHASE_KEYS, SETTINGS_AT, Setting, defaults
from lykta.units import near_miss, show


@dataclass(frozen=True)
class Assignment:
    """One value at one position of a settings row, and where it is written."""

    position: int
    value: int
    node: Node


Block = Sequence[Assignment]


def read_block(node: Node) -> list[Assignment]:
    """The assignments of a block in the order in which they hold; problems go to its document."""
    found: list[Assignment] = []
    for key, child in node.items():
        if key in PHASE_KEYS:
            found += _read(child, BY_KEY[key], [0])
        elif key != EVERYONE and key not in CLASSES:
            _unknown(key, child)
    for name in (EVERYONE, *CLASSES):
        found += _read_class(node.get(name), range(len(CLASSES)) if name == EVERYONE else [CLASSES.index(name)])
    return found


def _read_class(node: Node, road_users: Iterable[int]) -> list[Assignment]:
    found: list[Assignment] = []
    for key, child in node.items():
        if key in CLASS_KEYS:
            found += _read(child, BY_KEY[key], road_users)
        elif key in PHASE_KEYS:
            child.problem(f"`{key}` is one for all classes: move it out of `{node.path.rpartition('.')[2]}`, one level up.")
        else:
            child.problem(f'unknown key "{key}".{near_miss(key, CLASS_KEYS) or " Known here: " + ", ".join(CLASS_KEYS) + "."}')
    return found


def _read(node: Node, setting: Setting, road_users: Iterable[int]) -> list[Assignment]:
    """The value for each of some classes; none after a problem, so that no rule finds fault with a stand-in."""
    known = len(node.document.problems)
    amount = node.quantity(setting.kind, lowest=setting.lowest, highest=setting.highest)
    if len(node.document.problems) > known:
        return []
    return [Assignment(setting.position(road_user), amount, node) for road_user in road_users]


def _unknown(key: str, node: Node) -> None:
    known = (*PHASE_KEYS, EVERYONE, *CLASSES)
    if key in CLASS_KEYS:
        node.problem(f"`{key}` is set for each class: put it under `{EVERYONE}:`, or under {', '.join(f'`{name}:`' for name in CLASSES)}.")
        return
    node.problem(f'unknown key "{key}".{near_miss(key, known + CLASS_KEYS) or " Known here: " + ", ".join(known) + "."}')


class Layers:
    """A settings row made by laying blocks over the defaults, that remembers where each value is written."""

    def __init__(self, blocks: Iterable[Block]) -> None:
        self.row = defaults()
        self._nodes: dict[int, tuple[int, Node]] = {}
        for order, assignment in enumerate(assignment for block in blocks for assignment in block):
            self.row[assignment.position] = assignment.value
            self._nodes[assignment.position] = (order, assignment.node)

    def source(self, position: int) -> tuple[int, Node] | None:
        """When in the order of the blocks, and where, a value was written; None for a default."""
        return self._nodes.get(position)


@dataclass(frozen=True)
class _Rule:
    """A rule across two fields: the keys in conflict, and the sentence about it."""

    first: str
    second: str
    text: str


# By the codes of `core/schema`. {classes}, {first}, {second}: who, and the two values with where they come from.
_RULES = {
    schema.RULE_IDLE_ABOVE_PRESENCE: _Rule(
        "idle", "level", "idle, {first}, is above the presence level of {classes}, {second}. Lower `idle` or raise `level`."
    ),
    schema.RULE_FAULT_BELOW_PRESENCE: _Rule(
        "fault", "level", "fault, {first}, is below the presence level of {classes}, {second}. A fault is never darker: raise `fault`."
    ),
    schema.RULE_HOLD_BELOW_RAMP: _Rule(
        "hold", "ramp_up", "hold of {classes}, {first}, is shorter than ramp_up, {second}: light would turn back on its way. Raise `hold`."
    ),
    schema.RULE_LINGER_BELOW_HOLD: _Rule("linger", "hold", "linger of {classes}, {first}, is shorter than hold, {second}. Raise `linger`."),
    schema.RULE_SLOWEST_ABOVE_FASTEST: _Rule(
        "slowest", "fastest", "slowest of {classes}, {first}, is not below fastest, {second}. Lower `slowest` or raise `fastest`."
    ),
}


@dataclass
class _Conflict:
    classes: list[str] = field(default_factory=list)
    phases: list[str] = field(default_factory=list)


class Conflicts:
    """Gathers what breaks a rule in any zone, phase and class, so that each is said once, with all whom it concerns."""

    def __init__(self) -> None:
        self._found: dict[tuple[Node, str], _Conflict] = {}

    def check(self, phase: str, layers: Layers) -> None:
        """Note the broken rules of one zone in one phase."""
        for code, rule in _RULES.items():
            for road_user, name in enumerate(CLASSES):
                if not schema.broken(layers.row, code, road_user):
                    continue
                node, text = _blamed(rule, layers, road_user)
                conflict = self._found.setdefault((node, text), _Conflict())
                conflict.classes += [name] * (name not in conflict.classes)
                conflict.phases += [phase] * (phase not in conflict.phases)

    def report(self, phases: int) -> None:
        """Note the problems found, each with the phases it concerns unless those are all `phases` or its own."""
        for (node, text), conflict in self._found.items():
            everywhere = len(conflict.phases) == phases or ".all." not in node.path
            where = "" if everywhere else f" So it is in phase {', '.join(conflict.phases)}."
            node.problem(text.replace("{classes}", ", ".join(conflict.classes)) + where)


def _blamed(rule: _Rule, layers: Layers, road_user: int) -> tuple[Node, str]:
    """Where the later one of two values in conflict is written, and the sentence, with {classes} still open."""
    positions = {side: BY_KEY[key].position(road_user) for side, key in (("{first}", rule.first), ("{second}", rule.second))}
    sources = {side: source for side, position in positions.items() if (source := layers.source(position)) is not None}
    assert sources, "the defaults break no rule"  # a test of core/schema
    blamed = max(sources, key=lambda side: sources[side][0])
    text = rule.text
    for side, position in positions.items():
        amount = show(SETTINGS_AT[position].kind, layers.row[position])
        place = "the default" if side not in sources else f"line {sources[side][1].where[0]}"
        text = text.replace(side, amount if side == blamed else f"{amount} ({place})")
    return sources[blamed][1], text
