"""Writes values into a profile without touching anything else of it: comments, order, blanks and quotes stay as they are.

    text = put(text, [Change(("zones", "path", "all", "everyone", "hold"), "12 s")], "my_profile.yaml")

A value that is there is replaced where it stands; one that is not gets a line of its own at the top of its block, or a place in
braces. Items of a list are counted from 0 in a path. What stands under a name (`&name`) and is used elsewhere (`*name`, `<<: *name`) is
not changed: that would change more than asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from lykta.errors import InputError, Message

Raw = ScalarNode | MappingNode | SequenceNode


Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Change:
    """A value to be written at a path of keys."""

    path: Path
    value: str


def put(text: str, changes: Sequence[Change], file: str) -> str:
    """The text with the values. InputError where a place is shared by name, or is no place for a value."""
    for change in changes:
        text = _put(text, change, file)
    return text


def _put(text: str, change: Change, file: str) -> str:
    root: Raw | None = YAML(typ="rt").compose(text)
    shared = _shared(root)
    node, done, after = root, 0, 0
    for key in change.path:
        own = _child(node, key)
        if own is None:
            break
        name, node = own
        done += 1
        after = after if name is None else text.index(":", name.end_mark.index) + 1
        if id(node) in shared:
            message = Message("this block is used in several places by its name, and a value in it would change them all. Write it out.")
            mark = (name or node).start_mark
            raise InputError.of(file, message, line=mark.line + 1, column=mark.column + 1, path=_said(change.path[:done]))
    rest = [str(key) for key in change.path[done:]]
    if isinstance(node, MappingNode) and rest:
        return _into(text, node, rest, change.value)
    if not rest and ((isinstance(node, ScalarNode) and node.value) or (isinstance(node, SequenceNode) and node.flow_style)):
        return text[: node.start_mark.index] + change.value + text[node.end_mark.index :]
    if isinstance(node, ScalarNode) and not node.value and not node.style:
        return f"{text[:after]} {_braces(rest, change.value)}{text[after:]}"
    raise InputError.of(file, "this is no place for a single value.", line=_line(node), path=_said(change.path[:done]))


def _child(node: Raw | None, key: str | int) -> tuple[ScalarNode | None, Raw] | None:
    """(the name, the node) under a key or a number of an item; None where there is none."""
    if isinstance(node, MappingNode):
        return next(((name, value) for name, value in node.value if isinstance(name, ScalarNode) and name.value == key), None)
    if isinstance(node, SequenceNode) and isinstance(key, int) and key < len(node.value):
        return None, node.value[key]
    return None


def _said(path: Sequence[str | int]) -> str:
    return ".".join(map(str, path))


def _shared(root: Raw | None) -> set[int]:
    """The nodes that can be reached in more than one way."""
    seen: set[int] = set()
    shared: set[int] = set()
    waiting: list[Raw | None] = [root]
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            shared.add(id(node))
            continue
        seen.add(id(node))
        if isinstance(node, MappingNode):
            waiting += [value for _, value in node.value]
        elif isinstance(node, SequenceNode):
            waiting += node.value
    return shared


def _into(text: str, block: MappingNode, keys: Sequence[str], value: str) -> str:
    """The text with a key that its block does not have yet."""
    head, *rest = keys
    entry = f"{head}: {_braces(rest, value) if rest else value}"
    if block.flow_style:
        at = block.start_mark.index + 1
        more = ", " if block.value else ""
        return text[:at] + entry + more + text[at:]
    first = block.value[0][0].start_mark
    line: int = first.index - first.column
    if text[line : first.index].strip():  # behind the dash of a list: the new key takes that place
        return f"{text[: first.index]}{entry}\n{' ' * first.column}{text[first.index :]}"
    return f"{text[:line]}{' ' * first.column}{entry}\n{text[line:]}"


def _braces(keys: Sequence[str], value: str) -> str:
    """`{everyone: {hold: 12 s}}`."""
    for key in reversed(keys):
        value = f"{{{key}: {value}}}"
    return value


def _line(node: Raw | None) -> int:
    return 0 if node is None else node.start_mark.line + 1
