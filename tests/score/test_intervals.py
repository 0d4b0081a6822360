"""Sets of stretches behave as sets of ms."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lykta.score.intervals import Spans, common, ints, meet, union, without

ROWS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 30), st.integers(0, 12)), max_size=8)


def spans(rows: list[tuple[int, int, int]]) -> Spans:
    """Stretches from (group, begin, length)."""
    group, begin, length = ints(rows).reshape(-1, 3).T
    return Spans.of(group, begin, begin + length)


def points(of: Spans) -> list[tuple[int, int]]:
    """Every (group, ms), as often as it is covered."""
    rows = zip(of.group.tolist(), of.begin_ms.tolist(), of.end_ms.tolist(), strict=True)
    return [(group, t) for group, begin, end in rows for t in range(begin, end)]


@given(ROWS, ROWS)
def test_union__holds_every_ms_once_and_touching_stretches_are_one(left, right):
    """The union covers what either covers, each ms once, in order, with a gap between any two of one group."""
    found = union(spans(left), spans(right))
    assert sorted({*points(spans(left)), *points(spans(right))}) == points(found)
    assert all(found.begin[1:] > found.end[:-1])


@given(ROWS, ROWS)
def test_meet_and_without__share_every_stretch_between_them(left, right):
    """Each ms of a stretch is either inside or outside of a set, and both answers name the stretch that it came from."""
    one, other = spans(left), union(spans(right))
    inside, outside = meet(one, other), without(one, other)
    for row in range(len(one)):
        own = points(one.where(ints([row])))
        held = set(points(other))
        assert [point for point in own if point in held] == points(inside.spans.where(inside.left == row))
        assert [point for point in own if point not in held] == points(outside.spans.where(outside.left == row))


@given(ROWS, ROWS)
def test_common__is_the_intersection(left, right):
    """What two sets share."""
    found = common(union(spans(left)), union(spans(right)))
    assert sorted({*points(spans(left))} & {*points(spans(right))}) == points(found)
