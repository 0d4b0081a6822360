"""Adds, moves and takes out the entries of a list in a profile, lines and comments of all others staying as they are.

    text = add(text, "calendar", ["weekdays: fri-sat", "reason: closing time"], "my_profile.yaml")

An entry is its lines from its dash to its last value; a comment between two entries stays where it is. A list in brackets is not edited:
nobody could say which of its blanks and comments belong to which entry.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from lykta.errors import InputError, Message

_INDENT = "  "


def entries(text: str, key: str) -> list[dict[str, str]]:
    """What each entry of a list says under its names: a value without its quotes, anything else as it is written."""
    if not _has(text, key):
        return []
    return [{name.value: _written(text, value) for name, value in item.value} for item in _node(text, key).value]


def _written(text: str, node: Any) -> str:
    return str(node.value) if isinstance(node, ScalarNode) else text[node.start_mark.index : node.end_mark.index].strip()


def add(text: str, key: str, lines: Sequence[str], file: str) -> str:
    """The text with a further entry at the end of the list under a key of the root; the list is begun where it is not there."""
    found = _items(text, key, file)
    ends = "" if not text or text.endswith("\n") else "\n"
    if not found:
        head = "" if _has(text, key) else f"\n{key}:\n"
        return f"{text}{ends}{head}{_entry(_INDENT, lines)}"
    column, spans = found
    rows = (text + ends).splitlines(keepends=True)
    return "".join([*rows[: spans[-1][1]], _entry(" " * column, lines), *rows[spans[-1][1] :]])


def take_out(text: str, key: str, number: int, file: str) -> str:
    """The text without an entry; the list's own key goes with its last one."""
    found = _items(text, key, file)
    assert found
    rows, (first, last) = text.splitlines(keepends=True), found[1][number]
    if len(found[1]) == 1:
        first = next(line for line in range(first, -1, -1) if rows[line].startswith(f"{key}:"))
    return "".join([*rows[:first], *rows[last:]])


def raised(text: str, key: str, number: int, file: str) -> str:
    """The text with an entry and the one before it changed about."""
    found = _items(text, key, file)
    assert found and number > 0
    rows, ((a, b), (c, d)) = text.splitlines(keepends=True), found[1][number - 1 : number + 1]
    if not rows[d - 1].endswith("\n"):
        rows[d - 1] += "\n"
    return "".join([*rows[:a], *rows[c:d], *rows[b:c], *rows[a:b], *rows[d:]])


def without(text: str, key: str, number: int, name: str, file: str) -> str:
    """The text without a value of an entry. InputError where that cannot be cut out of its line."""
    _items(text, key, file)
    entry = _node(text, key).value[number]
    names = [one for one, _ in entry.value]
    at = next(place for place, one in enumerate(names) if one.value == name)
    value = entry.value[at][1]
    if entry.flow_style:
        last = at == len(names) - 1
        first = entry.value[at - 1][1].end_mark.index if last and at else names[at].start_mark.index
        return text[:first] + text[value.end_mark.index if last else names[at + 1].start_mark.index :]
    if at == 0:  # it stands behind the dash: the next one moves up to it
        if len(names) == 1:
            raise InputError.of(file, Message("an entry without any value says no night: take it out."), line=value.start_mark.line + 1)
        return text[: names[0].start_mark.index] + text[names[1].start_mark.index :]
    rows = text.splitlines(keepends=True)
    return "".join([*rows[: names[at].start_mark.line], *rows[_last_line(value) + 1 :]])


def _entry(indent: str, lines: Sequence[str]) -> str:
    return "".join(f"{indent}{'- ' if number == 0 else '  '}{line}\n" for number, line in enumerate(lines))


def _node(text: str, key: str) -> Any:
    """The node under a key of the root."""
    root = YAML(typ="rt").compose(text)
    return next(value for name, value in root.value if name.value == key)


def _has(text: str, key: str) -> bool:
    root = YAML(typ="rt").compose(text)
    return isinstance(root, MappingNode) and any(name.value == key for name, _ in root.value)


def _items(text: str, key: str, file: str) -> tuple[int, list[tuple[int, int]]] | None:
    """(the column of the dashes, [first line, line after the last] of each entry); None where there is no entry."""
    if not _has(text, key):
        return None
    node = _node(text, key)
    if isinstance(node, ScalarNode) and not node.value:
        return None
    if not isinstance(node, SequenceNode) or node.flow_style:
        raise InputError.of(
            file,
            Message("is written in brackets: give each entry a line of its own, with a dash."),
            line=node.start_mark.line + 1,
            path=key,
        )
    rows = text.splitlines()
    spans = []
    for item in node.value:
        first = item.start_mark.line
        while not rows[first].lstrip().startswith("- "):
            first -= 1
        spans.append((first, _last_line(item) + 1))
    first_row = rows[spans[0][0]]
    return len(first_row) - len(first_row.lstrip()), spans


def _last_line(node: Any) -> int:
    """The line on which the last value of a node ends: the end that YAML gives a block lies behind the comments after it."""
    if isinstance(node, ScalarNode) or node.flow_style or not node.value:
        line: int = node.end_mark.line
        literal = isinstance(node, ScalarNode) and node.style in ("|", ">")
        return line - 1 if literal and node.end_mark.column == 0 else line
    last = node.value[-1]
    return _last_line(last[1] if isinstance(node, MappingNode) else last)
