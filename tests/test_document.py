"""Reading what people write: every value with its place, every problem noted, none stops the reading."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from lykta.document import Document, walk
from lykta.errors import InputError

TEXT = """\
name: Valla Torg   # a comment
night:
  pedestrian:
    hold: 30
    level: 80 %
  off: no
list: [1, 2.5, no, "3"]
when: {date: 2026-12-31, clock: 23:05, hours: 22:00-06:00, bad: 24:61}
nothing:
"""


@pytest.fixture
def document() -> Document:
    """The document of TEXT."""
    return Document.read(TEXT, "valla_torg.yaml")


def messages(document: Document) -> list[str]:
    """What has been noted so far."""
    return [str(problem) for problem in sorted(document.problems)]


def test_quantity__without_unit_is_told_where_and_what(document: Document):
    """The message has file, line, column, path and proposal."""
    assert document.root.get("night").get("pedestrian").get("hold").quantity("time", default=5) == 5
    assert messages(document) == ['valla_torg.yaml:4:5  night.pedestrian.hold: 30 has no unit. Did you mean "30 s"?']


def test_quantity__keeps_to_its_limits(document: Document):
    """A value beyond a limit is a problem and counts as the limit."""
    assert document.root.get("night").get("pedestrian").get("level").quantity("level", highest=500) == 500
    assert messages(document) == ["valla_torg.yaml:5:5  night.pedestrian.level: 80 % is above the highest, 50 %."]


def test_get__of_a_missing_key_points_at_the_mapping(document: Document):
    """What is missing is noted where it should be, unless it has a default."""
    pedestrian = document.root.get("night").get("pedestrian")
    assert pedestrian.get("ahead").quantity("length", default=None) is None
    assert pedestrian.get("ahead").quantity("length") == 0
    assert messages(document) == ["valla_torg.yaml:3:3  night.pedestrian.ahead: this is missing."]


def test_scalars__mean_what_the_reader_asks_for(document: Document):
    """`off` is a key, `no` a flag or a text, a date a date: YAML guesses nothing."""
    root = document.root
    assert root.get("night").keys() == ["pedestrian", "off"]
    assert root.get("night").get("off").flag() is False
    assert root.get("night").get("off").text() == "no"
    assert [item.where for item in root.get("list").list()] == [(7, 8), (7, 11), (7, 16), (7, 20)]
    assert [item.number() for item in root.get("list").list()[:2]] == [1, 2.5]
    when = root.get("when")
    assert when.get("date").date() == datetime.date(2026, 12, 31)
    assert when.get("clock").clock() == 23 * 60 + 5
    assert when.get("hours").clock_range() == (22 * 60, 6 * 60)
    assert messages(document) == []
    when.get("bad").clock()
    assert messages(document) == [
        'valla_torg.yaml:8:60  when.bad: "24:61" is no time of day. Write hours and minutes, for example "23:00".'
    ]


def test_plain__gives_data(document: Document):
    """A part that nobody reads by key is plain Python data."""
    assert document.root.get("list").plain() == [1, 2.5, "no", "3"]
    assert document.root.get("nothing").plain() is None
    assert document.root.get("night").plain() == {"pedestrian": {"hold": 30, "level": "80 %"}, "off": "no"}


def test_unknown_keys__are_told_the_nearest(document: Document):
    """A slip of the pen is named; else all keys that are known."""
    document.root.get("night").get("pedestrian").unknown_keys(("holds", "level"))
    document.root.get("when").unknown_keys(("date", "clock", "hours", "reason"))
    assert messages(document) == [
        'valla_torg.yaml:4:5  night.pedestrian.hold: unknown key "hold". Did you mean "holds"?',
        'valla_torg.yaml:8:60  when.bad: unknown key "bad". Known here: date, clock, hours, reason.',
    ]


def test_finish__raises_all_problems_in_the_order_of_the_file(document: Document):
    """Nobody has to run the check twice to see the second mistake; warnings do not raise."""
    document.root.get("nothing").warn("is this meant?")
    document.finish()
    document.root.get("list").text()
    document.root.get("name").quantity("time")
    document.root.get("name").problem("again")
    with pytest.raises(InputError) as caught:
        document.finish()
    assert [problem.line for problem in caught.value.problems] == [1, 1, 7]
    assert [problem.warning for problem in document.warnings] == [True]


def test_wrong_shape__is_noted_not_raised(document: Document):
    """A list where a mapping is needed, and the like, are problems at their place."""
    assert document.root.get("list").items() == []
    assert list(document.root.get("night").list()) == []
    assert document.root.get("night").text() == ""
    assert messages(document) == [
        "valla_torg.yaml:2:1  night: a mapping stands where a list is needed (`[a, b]`, or one `- item` a line).",
        "valla_torg.yaml:2:1  night: a mapping stands where a single value is needed.",
        "valla_torg.yaml:7:1  list: a list stands where keys with values are needed (`key: value`).",
    ]


def test_duplicate_key__is_a_problem_with_both_places():
    """The second of two equal keys is refused, not silently taken."""
    document = Document.read("a: 1\nb: 2\na: 3\n", "x.yaml")
    document.root.items()
    assert messages(document) == ["x.yaml:3:1  a: this key is here twice, first in line 1. Keep one."]


def test_anchors__repeat_a_block_and_own_keys_win():
    """`<<: *name` brings the keys of another block; what is written here beats them."""
    document = Document.read("base: &base {hold: 3 s, level: 50 %}\nhere:\n  <<: *base\n  hold: 9 s\n", "x.yaml")
    here = document.root.get("here")
    assert {key: child.text() for key, child in here.items()} == {"hold": "9 s", "level": "50 %"}
    assert messages(document) == []


def test_anchors__that_contain_themselves_end():
    """A block that merges itself is read once."""
    document = Document.read("a: &a\n  b: 1\n  <<: *a\n", "x.yaml")
    assert document.root.get("a").keys() == ["b"]


def test_load__of_what_is_not_there_proposes_the_nearest(tmp_path: Path):
    """A wrong name, a folder, and a file that is no text are said in one sentence each."""
    (tmp_path / "valla.yaml").write_text("a: 1\n", encoding="utf-8")
    (tmp_path / "latin.yaml").write_bytes("a: Årsta".encode("latin-1"))
    said = {}
    for name in ("vala.yaml", "latin.yaml", "."):
        with pytest.raises(InputError) as caught:
            Document.load(tmp_path / name, name)
        said[name] = str(caught.value)
    assert said == {
        "vala.yaml": 'vala.yaml  there is no such file. Did you mean "valla.yaml"?',
        "latin.yaml": "latin.yaml  this is no UTF-8 text (byte 3). Save it as UTF-8.",
        ".": ".  cannot be read: Is a directory.",
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a:\n\tb: 3\n", "2:1  there is a tab here. YAML indents with spaces: put spaces in its place."),
        ("a: b: c\n", "1:5  there is a colon where none can be. Check the indentation, or quote the text."),
        ("a: [1,\nb: 3", "2:5  a list in brackets is not closed. Is a comma or `]` missing?"),
        ("a: 'x\n", "2:1  a quoted text is not closed."),
        ("a:\n  b: 1\n c: 2\n", "3:2  the indentation does not fit the lines above. Keys of one mapping begin in the same column."),
        ("a: 1\nfoo\nb: 2\n", "3:1  this is no `key: value`. Is a colon missing, or the indentation wrong?"),
        ("a: *x\n", "1:4  the name after `*` was defined nowhere above with `&`."),
        ("a: 1\n---\nb: 2\n", "2:1  a file holds one document: remove the line `---`."),
        ("a: @x\n", "1:4  a value cannot begin with this character. Put the text in quotes."),
    ],
)
def test_read__of_broken_yaml_says_where_and_what_to_do(text: str, message: str):
    """What the YAML reader finds is said in words, with line and column."""
    with pytest.raises(InputError) as caught:
        Document.read(text, "x.yaml")
    assert str(caught.value) == f"x.yaml:{message}"


def test_walk__visits_everything(document: Document):
    """Every value has a path and a place."""
    assert [node.path for node in walk(document.root)][:6] == [
        "",
        "name",
        "night",
        "night.pedestrian",
        "night.pedestrian.hold",
        "night.pedestrian.level",
    ]
