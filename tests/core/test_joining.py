"""Which track explains what a sensor sees, where more than one could: he against whom nothing speaks goes first."""

from __future__ import annotations

from lykta.corehost import lamp as row
from lykta.corehost import presence
from tests.core import streets
from tests.core.single import Input, Single
from tests.core.world import World

HERE = 3  # this lamp's number
WALKER = 1  # a set of classes: pedestrians alone
SEES = streets.RANGE_CM


def lamp() -> Single:
    """A post in the middle of a line, with sensors that may miss somebody."""
    one = Single(number=HERE)
    one.world = World(streets.line([streets.PITCH_CM] * 6, kind="pir"))
    one.table, one.own = one.world.tables.tables[HERE], one.world.tables.own[HERE]
    one.origins = {origin: at for origin, hears in enumerate(one.world.tables.receivers) for to, at in hears if to == HERE}
    one.control.start(*one.args, HERE, 1000)
    return one


def told(one: Single, ago_ms: int, origin: int, number: int, previous: tuple[int, int] = (-1, 0)) -> None:
    """A neighbour saw somebody, of whom nothing is known but whom it saw before: `previous` is (origin, number)."""
    place = sorted(one.origins).index(origin)
    moved = abs(origin - previous[0]) * streets.PITCH_CM if previous[0] >= 0 else 0
    came = row.LINK_UNKNOWN if previous[0] < 0 else int(previous[0] > origin)
    one.hand(Input(0, "frame", (place, number, WALKER, 0, came, ago_ms, 0, *previous, moved, SEES, SEES, -1, 0)))


def seen(one: Single) -> int:
    """Its own sensor goes on. Returns which post saw him last, as the lamp tells its neighbours; -1: it does not know."""
    one.hand(Input(0, "reading", (presence.EDGE_ON, 3, 0, 0)))
    return one.row[row.FRAME + row.PREVIOUS]


def test_nearer__post_explains_rather_than_one_beyond_it():
    """Whoever was seen two posts away and not at the one between would have been missed there: the other one comes first."""
    one = lamp()
    told(one, 60_000, 5, 1)
    told(one, 15_000, 2, 1)
    assert seen(one) == 2


def test_nearer__posts_on_both_sides_leave_it_open():
    """Nothing speaks against either of two who were seen next door: nobody is taken for the other."""
    one = lamp()
    told(one, 30_000, 4, 1)
    told(one, 15_000, 2, 1)
    assert seen(one) == -1


def test_elsewhere__one_who_was_seen_explains_last():
    """Of two who were seen next door one has since been seen further away: he who has not is the one."""
    one = lamp()
    told(one, 30_000, 4, 1)
    told(one, 15_000, 2, 1)
    told(one, 12_000, 5, 1, previous=(4, 1))
    assert seen(one) == 2


def test_elsewhere__somebody_who_was_with_him_may_come_all_the_same():
    """Where nobody else explains it, one of two who parted has come here: his track is continued."""
    one = lamp()
    told(one, 30_000, 4, 1)
    told(one, 12_000, 5, 1, previous=(4, 1))
    assert seen(one) == 4


def test_missed__keeps_the_light_of_whom_the_silent_sensor_would_have_seen():
    """Somebody from two posts away, unseen between: it may be another, so his own track still lights the lamps."""
    one = lamp()
    told(one, 40_000, 1, 1)
    before = one.row[row.TRACKS]
    assert seen(one) == 1
    assert one.row[row.FRAME + row.PERHAPS] == row.UNTIL_SILENT
    assert one.row[row.TRACKS] == before + 1


def test_full__slots_of_people_who_were_not_seen_between_leave_open_who_comes_from_next_door():
    """What is merged of tracks that explain last does not explain at all: who was seen next door still does, alone."""
    one = lamp()
    for number in range(row.MAX_TRACKS):
        told(one, 60_000 + 100 * number, 5, number + 1)
    told(one, 15_000, 2, 1)
    assert one.row[row.MERGED] == 1
    assert seen(one) == 2
