"""Night, without a browser: the worst moments are listed, a lamp is explained, and a changed profile lights the night anew."""

from __future__ import annotations

from pathlib import Path

from nicegui import ui
from nicegui.testing import User

from lykta.studio.board import Board
from lykta.studio.session import DRAFT
from tests.studio.pages import opened, settled, story, studio
from tests.studio.test_street_page import texts, until

NIGHT = "/?view=night"


def board(user: User) -> Board:
    """The map of the page."""
    (found,) = user.find(kind=Board).elements
    assert isinstance(found, Board)
    return found


async def played(user: User) -> None:
    """Wait until the map has been given a night."""
    await until(lambda: "night" in [method for method, _ in board(user)._shown])


def test_night__is_handed_over_once_and_begins_where_something_happens(folder: Path):
    """The map has street and night; nothing more is asked of the server per frame."""

    async def told():
        async with opened(studio(folder), NIGHT) as (user, session):
            await played(user)
            (_, street), (_, night) = board(user)._shown
            assert street[0]["lamps"] == len(session.street.site.lamps)
            assert session.plan.begin_ms <= night[1] < session.plan.end_ms

    story(told)


def test_lamp__is_explained_at_the_moment_at_which_the_night_stands(folder: Path):
    """Rule, and the changes round that moment."""

    async def told():
        async with opened(studio(folder), NIGHT) as (user, session):
            await played(user)
            user.find(kind=Board).trigger("choose", {"points": [2]})
            user.find(kind=Board).trigger("moment", {"t": session.plan.begin_ms + 60_000, "playing": False})
            await user.should_see(marker="why-rule", retries=50)
            (rule,) = user.find(marker="why-rule").elements
            assert isinstance(rule, ui.label)
            assert rule.text.startswith(("Nobody is expected", "Somebody is expected"))
            await user.should_see("Changes of this lamp")

    story(told)


def test_worst_moment__is_gone_to_and_explained(folder: Path):
    """A click on it shows its lamp, some seconds before, and why it was dark."""

    async def told():
        async with opened(studio(folder), NIGHT) as (user, _):
            await played(user)
            user.find(marker="moment-0").click()
            await user.should_see(marker="why-lamp", retries=50)
            assert len(board(user).chosen) == 1

    story(told)


def test_changed_profile__lights_the_night_anew_only_where_somebody_looks(folder: Path):
    """While another tab is open nothing is simulated; when this one is opened again, it is."""

    async def told():
        whole = studio(folder)
        async with opened(whole, NIGHT) as (user, session):
            await played(user)
            user.find(kind=Board).trigger("shown", {"there": False})
            asked = whole.bench.asked.count("outcome")
            session.draft.replace(session.draft.text.replace("idle: 40 %", "idle: 20 %"))
            session.tell(DRAFT)
            await settled(session)
            assert whole.bench.asked.count("outcome") == asked
            user.find(kind=Board).trigger("shown", {"there": True})
            await until(lambda: whole.bench.asked.count("outcome") == asked + 1)

    story(told)


def test_other_night__has_other_people(folder: Path):
    """Another seed, another payload."""

    async def told():
        async with opened(studio(folder), NIGHT) as (user, _):
            await played(user)
            before = board(user)._shown[1][1][0]["moves"]
            (select,) = user.find(marker="night").elements
            select.set_value(2)
            await until(lambda: board(user)._shown[1][1][0]["moves"] != before)
            assert "simulated" in texts(user)

    story(told)
