"""Reads long lists of plain one-line mappings fast: `- {id: L17, at: [12.5, 3], zone: path}`.

A city's site has tens of thousands of such lines, and the YAML reader needs a minute for them. Runs of at least 50 of
them are taken out of the text before it is read (their place is kept by one marked item and empty lines, so that line
numbers stay right) and put back as nodes afterwards. A line with anything but plain scalars, and lists of them, is left
to the YAML reader: quotes, comments, anchors, nested mappings.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

_WORD = r"[A-Za-z0-9_+\-./%°åäöÅÄÖé][^\[\]{},:#&*!|>'\"`\t\n]*"
_VALUE = rf"(?:{_WORD}|\[[^\[\]{{}}:#&*!|>'\"`\t\n]*\])"
_LINE = re.compile(rf"( *)- \{{((?:{_WORD}: {_VALUE}, )*{_WORD}: {_VALUE})\}} *$")
_PAIR = re.compile(rf"({_WORD}): ({_VALUE})")
_ITEM = re.compile(r"[^\s\[\],](?:[^\[\],]*[^\s\[\],])?")
_MARKED = "lykta-flow-lines-"
_SHORTEST = 50
_TAG = "tag:yaml.org,2002:"


@dataclass(frozen=True, slots=True)
class _Mark:
    line: int
    column: int


def take_out(text: str) -> tuple[str, dict[str, list[MappingNode]]]:
    """The text without its long runs, and the nodes of each run by the scalar that keeps its place."""
    lines = text.split("\n")
    runs: dict[str, list[MappingNode]] = {}
    if len(lines) < _SHORTEST or _MARKED in text:
        return text, runs
    matches = [_LINE.match(line) for line in lines]
    first = 0
    while first < len(lines):
        last = first
        indent = _indent(matches[first])
        while last < len(lines) and indent is not None and _indent(matches[last]) == indent:
            last += 1
        if indent is not None and last - first >= _SHORTEST:
            key = f"{_MARKED}{len(runs)}"
            runs[key] = [_node(number, len(indent) + 2, lines[number]) for number in range(first, last)]
            lines[first:last] = [f"{indent}- {key}"] + [""] * (last - first - 1)
        first = max(last, first + 1)
    return "\n".join(lines), runs


def put_back(raw: object, runs: dict[str, list[MappingNode]]) -> None:
    """Put the nodes of the runs in the place of the items that kept it."""
    if not runs:
        return
    if isinstance(raw, MappingNode):
        for _, value in raw.value:
            put_back(value, runs)
    elif isinstance(raw, SequenceNode):
        items: list[object] = []
        for item in raw.value:
            kept = runs.get(str(item.value)) if isinstance(item, ScalarNode) else None
            items.extend(kept if kept is not None else [item])
            if kept is None:
                put_back(item, runs)
        raw.value = items


def _indent(match: re.Match[str] | None) -> str | None:
    return match[1] if match else None


def _scalar(text: str, line: int, column: int) -> ScalarNode:
    return ScalarNode(f"{_TAG}str", text.strip(), start_mark=_Mark(line, column), style=None)


def _node(line: int, column: int, text: str) -> MappingNode:
    """The mapping written in one line; columns are those of the line, from 0."""
    pairs = []
    for match in _PAIR.finditer(text, column):
        at = match.start(2)
        value = match[2]
        if value.startswith("["):
            items = [_scalar(item[0], line, at + item.start()) for item in _ITEM.finditer(value)]
            node: ScalarNode | SequenceNode = SequenceNode(f"{_TAG}seq", items, start_mark=_Mark(line, at))
        else:
            node = _scalar(value, line, at)
        pairs.append((_scalar(match[1], line, match.start(1)), node))
    return MappingNode(f"{_TAG}map", pairs, start_mark=_Mark(line, column))
