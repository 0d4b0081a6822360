"""Tune, without a browser: a setting is changed, its effect is counted, what is wrong is said at the field."""

from __future__ import annotations

from pathlib import Path

import pytest
from nicegui import ui

from lykta.studio.results import readings
from tests.studio.pages import opened, settled, story, studio


def value_of(user, marker: str) -> str:
    """What a field shows."""
    (field,) = user.find(marker=marker).elements
    return field.value


def complaints(user) -> list[str]:
    """What is said to be wrong, anywhere on the page."""
    return [one.text for one in user.find(kind=ui.label).elements if "field-wrong" in one.classes and one.visible and one.text]


def test_page__opens_on_the_night_of_the_street(folder: Path):
    """A first-time visitor sees the street's own profile simulated, not an empty page."""

    async def told():
        async with opened(studio(folder)) as (user, session):
            await settled(session)
            await user.should_see(session.street.site.name)
            known = session.simulator.known(session.draft.text)
            assert sorted(known.rows) == [1, 2, 3]
            assert known.picture.startswith(b"\x89PNG")

    story(told)


def test_value__is_written_where_it_is_looked_at(folder: Path):
    """Everyone, all night, in the zone: the value replaces the one in the file, and its comment stays."""

    async def told():
        async with opened(studio(folder)) as (user, session):
            await settled(session)
            user.find(marker="field-idle").clear().type("30 %").trigger("blur")
            await settled(session)
            assert "idle: 30 % # of the design flux" in session.draft.text
            assert {row for phase in session.draft.profile.ordinary.phases for row in [phase.rows["path"][0]]} == {300}

    story(told)


@pytest.mark.parametrize(("field", "typed", "stands"), [("idle", "30", "30 %"), ("hold", "25", "25 s"), ("ahead", " 90,5 ", "90.5 m")])
def test_bare_number__takes_the_unit_that_stands_there(folder: Path, field: str, typed: str, stands: str):
    """Who sees `40 %` and writes 30 means 30 %."""

    async def told():
        async with opened(studio(folder)) as (user, session):
            await settled(session)
            user.find(marker=f"field-{field}").clear().type(typed).trigger("blur")
            assert (complaints(user), value_of(user, f"field-{field}")) == ([], stands)

    story(told)


def test_machine_code_in_the_making__is_said_while_somebody_waits(folder: Path):
    """Who waits a minute reads what for; who does not wait reads nothing."""

    async def told():
        whole = studio(folder)
        async with opened(whole) as (user, session):
            await settled(session)
            whole.bench._translating.set()
            user.find(marker="tab-better").click()
            await user.should_see(marker="ranges", retries=20)
            await user.should_not_see("machine code")
            session.kept["seeker"].running = True
            session.kept["seeker"].heard()
            await user.should_see("Lykta is made machine code for this computer", retries=20)

    story(told)


def test_breaking_profile__shows_the_way_to_a_better_one(folder: Path):
    """All nights simulated and the requirement broken: one press leads to the search."""

    async def told():
        async with opened(studio(folder)) as (user, session):
            await settled(session)
            user.find(marker="field-ahead").clear().type("0 m").trigger("blur")
            await settled(session)
            await user.should_see("The profile breaks the requirement")
            user.find(marker="find").click()
            await user.should_see(marker="ranges", retries=10)

    story(told)


def test_change__is_simulated_and_set_beside_the_step_before(folder: Path):
    """A lower idle level takes less energy: a difference over three nights that is no chance."""

    async def told():
        async with opened(studio(folder)) as (user, session):
            await settled(session)
            user.find(marker="field-idle").clear().type("20 %").trigger("blur")
            await settled(session)
            now, before = (session.simulator.known(text).rows for text in (session.draft.text, session.draft.previous))
            energy = next(one for one in readings(now, before) if one.measure.key == "energy")
            assert (len(now), len(before), energy.verdict) == (3, 3, "better")
            assert energy.now.value < energy.before.value

    story(told)


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("idle", "dim", "cannot be read"),
        ("idle", "130", "above the highest, 100 %"),
        ("idle", "130 %", "above the highest, 100 %"),
        ("ramp_up", "1 ms", "below the lowest, 200 ms"),
        ("hold", "1 s", "Hold 1 s would be shorter than ramp up 2 s"),
        ("level", "10 %", "would be above presence level 10 %"),
        ("coast_lamps", "two", "no whole number"),
    ],
)
def test_wrong_value__is_explained_at_the_field(folder: Path, field: str, typed: str, said: str):
    """No quantity, out of limits, against a rule: a sentence, and the profile stays as it was."""

    async def told():
        async with opened(studio(folder)) as (user, session):
            await settled(session)
            before = session.draft.text
            user.find(marker=f"field-{field}").clear().type(typed).trigger("blur")
            found = complaints(user)
            assert len(found) == 1 and said in found[0], found
            assert session.draft.text == before

    story(told)


def test_scope__is_a_phase_and_a_class(folder: Path):
    """Cyclists at night: the value is written there, and shown as finer where everyone is looked at."""

    async def told():
        async with opened(studio(folder)) as (user, session):
            await settled(session)
            user.find(marker="phase-night").click()
            user.find(marker="who-cyclist").click()
            user.find(marker="field-ahead").clear().type("90 m").trigger("blur")
            row = {phase.name: phase.rows["path"] for phase in session.draft.profile.ordinary.phases}
            assert "cyclist: {ahead: 90 m}" in session.draft.text
            assert row["night"] != row["dusk"]
            user.find(marker="phase-all").click()
            assert value_of(user, "field-ahead") == "80 m"
            await user.should_see("Finer: night 90 m")

    story(told)


def test_undo__goes_back_step_by_step(folder: Path):
    """Two changes, two steps back, one forward."""

    async def told():
        async with opened(studio(folder)) as (user, session):
            await settled(session)
            texts = [session.draft.text]
            for value in ("30 %", "20 %"):
                user.find(marker="field-idle").clear().type(value).trigger("blur")
                session.draft._moved_at = 0.0  # the reader pauses
                texts.append(session.draft.text)
            await settled(session)
            user.find(marker="undo").click()
            assert session.draft.text == texts[1]
            user.find(marker="undo").click()
            assert session.draft.text == texts[0]
            user.find(marker="redo").click()
            assert session.draft.text == texts[1]
            assert value_of(user, "field-idle") == "30 %"

    story(told)


def test_two_pages__share_nothing(folder: Path):
    """What one reader changes the other does not see."""

    async def told():
        whole = studio(folder)
        async with opened(whole) as (user, session):
            await settled(session)
            user.find(marker="field-idle").clear().type("20 %").trigger("blur")
            await settled(session)
            first = user.client
            await user.open("/")
            await user.should_see(marker="field-idle", retries=100)
            assert value_of(user, "field-idle") == "40 %"
            assert user.client is not first
            assert "idle: 20 %" in session.draft.text

    story(told)


def test_language__changes_in_place(folder: Path):
    """Svenska: the page speaks Swedish, and what was done is still there."""

    async def told():
        async with opened(studio(folder)) as (user, session):
            await settled(session)
            user.find(marker="field-idle").clear().type("25 %").trigger("blur")
            user.find(marker="language").click()
            await user.should_see("Grundnivå", retries=10)
            await settled(session)
            assert value_of(user, "field-idle") == "25 %"

    story(told)
