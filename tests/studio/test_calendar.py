"""The calendar in Tune: entries are added, changed, raised and taken out; what they say is written where it stands."""

from __future__ import annotations

from pathlib import Path

from lykta.studio.draft import Draft
from lykta.studio.scope import ORDINARY
from tests.studio.pages import opened, settled, story, studio
from tests.studio.test_tune_page import complaints, value_of


def test_entry__is_added_changed_and_undone(folder: Path):
    """A weekend: its days, a time of its own, a level of its own; three steps back and nothing is left of it."""

    async def told():
        async with opened(studio(folder)) as (user, session):
            await settled(session)
            before = session.draft.text
            user.find(marker="calendar-add-weekend").click()
            user.find(marker="calendar-0-weekdays").clear().type("thu-sat").trigger("blur")
            session.draft._moved_at = 0.0
            first = session.draft.profile.calendar[0].night.phases[0].name
            user.find(marker=f"start-{first}").clear().type("sunset - 20 min").trigger("blur")
            session.draft._moved_at = 0.0
            user.find(marker="field-idle").clear().type("70 %").trigger("blur")
            (entry,) = session.draft.profile.calendar
            assert entry.selector.weekdays == {3, 4, 5}
            assert entry.night.phases[0].start.minutes == -20
            assert session.draft.text.startswith(before)
            assert {phase.rows["path"][0] for phase in entry.night.phases} == {700}
            assert 700 not in {phase.rows["path"][0] for phase in session.draft.profile.ordinary.phases}
            for _ in range(4):
                user.find(marker="undo").click()
            assert session.draft.text == before
            assert value_of(user, "field-idle") == "40 %"

    story(told)


def test_wrong_day__is_explained_at_the_field(folder: Path):
    """In the language of the page, and nothing is written."""

    async def told():
        async with opened(studio(folder)) as (user, session):
            await settled(session)
            user.find(marker="calendar-add-event").click()
            before = session.draft.text
            user.find(marker="calendar-0-weekdays").clear().type("frii").trigger("blur")
            user.find(marker="calendar-0-until").clear().type("2020-01-01").trigger("blur")
            assert sorted(complaints(user)) == [
                '"frii" is no weekday. Did you mean "fri"? Write "fri", "fri-sat" or [mon, wed].', "this ends before it begins."
            ]  # fmt: skip
            assert session.draft.text == before

    story(told)


def test_entries__are_raised_and_taken_out(folder: Path):
    """The first that matches holds, so their order can be changed; the settings looked at are those of what is left."""

    async def told():
        async with opened(studio(folder)) as (user, session):
            await settled(session)
            before = session.draft.text
            for kind in ("weekend", "summer"):
                user.find(marker=f"calendar-add-{kind}").click()
            user.find(marker="calendar-up-1").click()
            assert [one.name for one in session.draft.profile.calendar] == ["A part of the year", "Weekend"]
            user.find(marker="calendar-out-1").click()
            user.find(marker="calendar-out-0").click()
            assert Draft.open(session.street.profile).profile.calendar == session.draft.profile.calendar == ()
            assert session.draft.text.rstrip() == before.rstrip()
            user.find(marker="field-idle").clear().type("30 %").trigger("blur")
            assert {phase.rows["path"][0] for phase in session.draft.profile.ordinary.phases} == {300}

    story(told)


def test_night_of_the_calendar__opens_on_its_entry(folder: Path):
    """Where the night that is simulated is one of the calendar, what is changed is what is seen."""

    async def told():
        async with opened(studio(folder)) as (user, session):
            await settled(session)
            assert session.draft.profile.entry(session.street.date) is None
            user.find(marker="calendar-add-event").click()
            assert session.draft.profile.entry(session.street.date) is session.draft.profile.calendar[0]
            await user.should_not_see("is another one of the calendar")
            user.find(marker=f"entry-{ORDINARY}").click()
            await user.should_see("is another one of the calendar")

    story(told)
