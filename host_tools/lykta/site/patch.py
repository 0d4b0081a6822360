"""Writes changes into the text of a site without touching anything else: comments, order, blanks and quotes stay as they are.

    patch = Patch(text, "my_site.yaml")
    patch.put("lamps", "P05", "zone", "square")     the value of a key of one item; None takes the key away
    patch.add("entrances", "west_end")              an item of a list at the top
    patch.drop("links", 17)                         an item by its number, or a plain one by its text
    text = patch.done()

Places are found by ruamel's own marks. A city's long runs of one-line items are not parsed whole for that (`flowlines`): one item is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from lykta import flowlines
from lykta.errors import InputError

Raw = ScalarNode | MappingNode | SequenceNode
_ONE_LINE = re.compile(r"\s*- (\{.*\})\s*(#.*)?$")


class Patch:
    """The text of a site that is being changed. `text` is always the whole of it."""

    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self._file = file
        reduced, runs = flowlines.take_out(text)
        self._root: Raw | None = YAML(typ="rt").compose(reduced)
        flowlines.put_back(self._root, runs)
        starts = [0]
        for line in text.split("\n"):
            starts.append(starts[-1] + len(line) + 1)
        self._starts = starts
        self._changes: list[tuple[int, int, str]] = []  # (from, until, new text), of the text as it was

    def put(self, group: str, name: str | int, key: str, value: str | None) -> None:
        """Set a key of one item of a list, found by its `id` or its number; None takes the key away."""
        item = self._item(group, name)
        base, node = self._exact(item)
        place = [number for number, (own, _) in enumerate(node.value) if own.value == key]
        if place and value is None:
            self._take_out(base, node, place[0])
        elif place:
            self._replace(*self._span(base, node.value[place[0]][1]), value or "")
        elif value is not None:
            self._append(base, node, f"{key}: {value}")

    def has(self, group: str, name: str | int, key: str) -> bool:
        """Whether one item of a list has a key."""
        return any(own.value == key for own, _ in self._item(group, name).value)

    def add(self, group: str, value: str) -> None:
        """Add an item to a list at the top of the file; a list that is not there comes at its end."""
        found = self._top(group)
        if not isinstance(found, SequenceNode):
            more = "" if self.text.endswith("\n") else "\n"
            self._replace(len(self.text), len(self.text), f"{more}\n{group}: [{value}]\n")
        elif found.flow_style:
            last = found.value[-1] if found.value else None
            at = self._at(last.end_mark) if last else self._at(found.start_mark) + 1
            self._replace(at, at, f", {value}" if last else value)
        else:
            last = found.value[-1]
            dash = self.text.rfind("-", 0, self._at(last.start_mark)) - self._starts[last.start_mark.line]
            end = self.text.find("\n", self._span(0, last)[1])
            end = len(self.text) if end < 0 else end
            self._replace(end, end, f"\n{' ' * dash}- {value}")

    def drop(self, group: str, which: str | int) -> None:
        """Take an item out of a list at the top of the file: by its number, or a plain one by its text."""
        found = self._top(group)
        items: Sequence[Any] = found.value if isinstance(found, SequenceNode) else []
        number = which if isinstance(which, int) else next((n for n, one in enumerate(items) if str(one.value) == which), -1)
        if not isinstance(found, SequenceNode) or not 0 <= number < len(items):
            raise InputError.of(self._file, f'"{which}" is not there any more.', path=group)
        item = items[number]
        if not found.flow_style and len(items) > 1:
            first = item.start_mark.line
            after = items[number + 1].start_mark.line if number + 1 < len(items) else self._after(item)
            self._replace(self._starts[first], self._starts[max(first + 1, self._before_comments(first + 1, after))], "")
        elif not found.flow_style:
            start = self._at(item.start_mark)
            self._replace(self.text.rfind("-", 0, start), self.text.find("\n", start), "[]")
        else:
            start, end = self._at(item.start_mark), self._at(item.end_mark)
            if number + 1 < len(items):
                end = self._at(items[number + 1].start_mark)
            elif number:
                start = self._at(items[number - 1].end_mark)
            self._replace(start, end, "")

    def done(self) -> str:
        """The text with all changes."""
        text = self.text
        for start, end, new in sorted(self._changes, reverse=True):
            text = text[:start] + new + text[end:]
        return text

    # -- places

    def _top(self, group: str) -> Raw | None:
        pairs = self._root.value if isinstance(self._root, MappingNode) else []
        return next((value for key, value in pairs if key.value == group), None)

    def _item(self, group: str, name: str | int) -> MappingNode:
        found = self._top(group)
        items = found.value if isinstance(found, SequenceNode) else []
        if isinstance(name, int):
            item = items[name] if name < len(items) else None
            if isinstance(item, MappingNode):
                return item
        else:
            named = self._by_id(group, items).get(name)
            if named is not None:
                return named
        raise InputError.of(self._file, f'"{name}" is not there any more.', path=group)

    def _by_id(self, group: str, items: Sequence[Any]) -> Mapping[str, MappingNode]:
        if not hasattr(self, "_ids"):
            self._ids: dict[str, dict[str, MappingNode]] = {}
        if group not in self._ids:
            mappings = [item for item in items if isinstance(item, MappingNode)]
            self._ids[group] = {str(value.value): item for item in mappings for key, value in item.value if key.value == "id"}
        return self._ids[group]

    def _exact(self, item: MappingNode) -> tuple[int, MappingNode]:
        """(where it begins in the text, the item with marks that count from there)."""
        start = self._at(item.start_mark)
        line = item.start_mark.line
        whole = self.text[self._starts[line] : self._starts[line + 1] - 1]
        match = _ONE_LINE.match(whole)
        if match and self._starts[line] + match.start(1) == start:
            node: MappingNode = YAML(typ="rt").compose(match[1])
            return start, node
        return 0, item

    def _at(self, mark: Any) -> int:
        return int(self._starts[mark.line] + mark.column)

    def _span(self, base: int, node: Raw) -> tuple[int, int]:
        """Where a node begins and ends in the text, without the blanks and lines that follow it."""
        start = base + node.start_mark.index if base else self._at(node.start_mark)
        end = base + node.end_mark.index if base else self._at(node.end_mark)
        return start, start + len(self.text[start:end].rstrip())

    def _after(self, item: Raw) -> int:
        """The line after an item of a block."""
        return self.text.count("\n", 0, self._span(0, item)[1]) + 1

    def _before_comments(self, first: int, after: int) -> int:
        """Of the lines between an item and the next one, comments and blanks belong to the next one."""
        lines = self.text.split("\n")
        while after > first and re.match(r"\s*(#.*)?$", lines[after - 1]):
            after -= 1
        return after

    # -- changes

    def _replace(self, start: int, end: int, new: str) -> None:
        self._changes.append((start, end, new))

    def _append(self, base: int, node: MappingNode, entry: str) -> None:
        _, end = self._span(base, node.value[-1][1])
        if node.flow_style:
            self._replace(end, end, f", {entry}")
            return
        line = self.text.find("\n", end)
        line = len(self.text) if line < 0 else line
        self._replace(line, line, f"\n{' ' * node.value[0][0].start_mark.column}{entry}")

    def _take_out(self, base: int, node: MappingNode, number: int) -> None:
        key, value = node.value[number]
        start, _ = self._span(base, key)
        _, end = self._span(base, value)
        if node.flow_style and number:
            _, start = self._span(base, node.value[number - 1][1])
        elif not node.flow_style:
            start, end = self.text.rfind("\n", 0, start), max(end, self.text.find("\n", end))
        self._replace(start, end, "")
