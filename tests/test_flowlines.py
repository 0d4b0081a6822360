"""The fast way through long lists reads what the YAML reader reads, with the same places."""

from __future__ import annotations

import pytest

from lykta import flowlines
from lykta.document import Document, Node, walk

LINE = "  - {id: L%d, at: [%d.5 m, -3 m], zone: path, note: by the lake}"
LONG = "\n".join(["name: x", "lamps:", *(LINE % (number, number) for number in range(60)), "links:", "  - {from: L1, to: L2}"])


def content(document: Document) -> list[tuple[str, tuple[int, int], str]]:
    """Path, place and text of every value."""
    return [(node.path, node.where, node.written) for node in walk(document.root)]


def slowly(text: str, monkeypatch: pytest.MonkeyPatch) -> Document:
    """The document as read without the fast way."""
    with monkeypatch.context() as patch:
        patch.setattr(flowlines, "_SHORTEST", 10**9)
        return Document.read(text, "x.yaml")


def test_long_lists__are_read_as_by_the_yaml_reader(monkeypatch: pytest.MonkeyPatch):
    """Same values, same lines and columns, before, in and after the list."""
    assert flowlines.take_out(LONG)[1], "this list is long enough for the fast way"
    assert content(Document.read(LONG, "x.yaml")) == content(slowly(LONG, monkeypatch))


@pytest.mark.parametrize(
    "odd",
    [
        '  - {id: "L 1", at: [1 m, 2 m]}',
        "  - {id: L1, sensors: [{kind: pir}]}",
        "  - {id: L1} # a comment",
        "  - {id: &first L1}",
        "  - {id: L1, note: it's here}",
        "  - {id: L1, zone: }",
        "  - {id: L1, at: [1 m, ]}",
        "  - {id: L1,zone: path}",
        "  - {id: L1, hours: 22:00-06:00}",
        "  - {}",
        "  - id: L1\n    zone: path",
    ],
)
def test_odd_lines__in_a_long_list_are_left_to_the_yaml_reader(odd: str, monkeypatch: pytest.MonkeyPatch):
    """Quotes, comments, anchors, nested mappings in the middle of a list change nothing for the others."""
    lines = LONG.split("\n")
    text = "\n".join([*lines[:58], odd, *lines[58:]])
    assert content(Document.read(text, "x.yaml")) == content(slowly(text, monkeypatch))


def test_duplicate_key__in_a_fast_line_is_noticed():
    """The fast way forgives nothing."""
    document = Document.read(LONG.replace("{id: L30, ", "{id: L30, zone: street, "), "x.yaml")
    nodes: list[Node] = list(document.root.get("lamps").list())
    nodes[30].items()
    assert [str(problem) for problem in document.problems] == [
        "x.yaml:33:49  lamps[30].zone: this key is here twice, first in line 33. Keep one."
    ]
