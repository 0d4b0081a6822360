"""Street, without a browser: a lamp is looked at and changed, undone and saved; what is wrong is said; names are only names."""

from __future__ import annotations

import asyncio
from pathlib import Path

from nicegui import ui
from nicegui.testing import User

from lykta.site import loader
from lykta.studio.board import Board
from lykta.studio.editing import SiteDraft
from lykta.studio.keeping import kept
from lykta.studio.session import Session
from tests.studio.pages import opened, settled, story, studio
from tests.tune import nights

STREET = "/?view=street"


def draft_of(session: Session) -> SiteDraft:
    """The street that the page works on."""
    return kept(session, "street", lambda: SiteDraft.open(session.street.site))


def lamp(session: Session, number: int):  # type: ignore[no-untyped-def]
    """A lamp of the draft."""
    return draft_of(session).site.lamps[number]


async def choose(user: User, *points: int) -> None:
    """Click points on the map, as its script tells of it, and wait for what follows."""
    user.find(kind=Board).trigger("choose", {"points": list(points)})
    await user.should_see(marker="adaptive", retries=30)


async def until(done) -> None:  # type: ignore[no-untyped-def]
    """Wait for something that a handler does in the background."""
    for _ in range(400):
        if done():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came")


def texts(user: User) -> list[str]:
    """All that labels say."""
    return [one.text for one in user.find(kind=ui.label).elements]


def test_lamp__is_shown_with_its_night_and_its_settings(folder: Path):
    """Place, neighbours, idle level; the picture of its night as soon as that is simulated."""

    async def told():
        async with opened(studio(folder), STREET) as (user, session):
            await choose(user, 2)
            await user.should_see(lamp(session, 2).id)
            await until(lambda: any("svg" in one.content and "day" in one.content for one in user.find(kind=ui.html).elements))
            assert "40 %" in texts(user)
            assert any(f"{lamp(session, 1).id} " in text for text in texts(user))

    story(told)


def test_zone__is_changed_undone_and_done_again(folder: Path):
    """Two lamps go to a new zone in one step, come back and go again."""

    async def told():
        async with opened(studio(folder), STREET) as (user, session):
            await choose(user, 1, 2)
            user.find(marker="new-zone").type("quay").trigger("keydown.enter")
            await until(lambda: lamp(session, 1).zone == "quay")
            assert (lamp(session, 2).zone, lamp(session, 3).zone) == ("quay", "path")
            user.find(marker="undo").click()
            await until(lambda: lamp(session, 1).zone == "path")
            user.find(marker="redo").click()
            await until(lambda: lamp(session, 1).zone == "quay")

    story(told)


def test_save__writes_the_file_with_its_comments(folder: Path):
    """The street in the file has the change, and everything else as it was."""

    async def told():
        async with opened(studio(folder), STREET) as (user, session):
            before = (folder / "site.yaml").read_text(encoding="utf-8")
            await choose(user, 1)
            user.find(marker="new-zone").type("quay").trigger("keydown.enter")
            await until(lambda: lamp(session, 1).zone == "quay")
            assert (folder / "site.yaml").read_text(encoding="utf-8") == before
            user.find(marker="save").click()
            await until(lambda: not draft_of(session).changed)
            assert loader.load(folder / "site.yaml").lamps[1].zone == "quay"

    story(told)


def test_street_that_cannot_be_simulated__says_why(folder: Path):
    """The profile knows nothing of the new zone: the reason is said, and the nights stay those of before."""

    async def told():
        async with opened(studio(folder), STREET) as (user, session):
            await settled(session)
            await choose(user, 1)
            user.find(marker="new-zone").type("quay").trigger("keydown.enter")
            await until(lambda: lamp(session, 1).zone == "quay")
            user.find(marker="try").click()
            await until(lambda: any("quay" in text and "simulated" in text for text in texts(user)))
            assert session.street.site.lamps[1].zone == "path"

    story(told)


def test_sensor_that_is_taken_away__is_simulated_with_the_profile_as_it_is(folder: Path):
    """Tune and Night work on the changed street; what was tuned is kept."""

    async def told():
        async with opened(studio(folder), STREET) as (user, session):
            await settled(session)
            session.draft.replace(session.draft.text.replace("idle: 40 %", "idle: 35 %"))
            await choose(user, 2)
            await user.should_see(marker="sensors")
            (sensors,) = user.find(marker="sensors").elements
            sensors.set_value("none")
            await until(lambda: lamp(session, 2).sensors == ())
            user.find(marker="try").click()
            await until(lambda: session.street.site.lamps[2].sensors == ())
            assert "idle: 35 %" in session.draft.text
            await settled(session)

    story(told)


def test_zone_with_signs_of_yaml_in_it__is_quoted(folder: Path):
    """Whatever somebody types is the name of the zone; undone, the text is as it was."""

    async def told():
        async with opened(studio(folder), STREET) as (user, session):
            text = draft_of(session).text
            await choose(user, 1)
            user.find(marker="new-zone").type("a: {b").trigger("keydown.enter")
            await until(lambda: lamp(session, 1).zone == "a: {b")
            user.find(marker="undo").click()
            await until(lambda: draft_of(session).text == text)

    story(told)


def test_hostile_names__are_text_and_short(folder: Path):
    """A script in a name and ten thousand characters of another are shown as what they are."""

    async def told():
        whole = studio(folder)
        site = folder / "site.yaml"
        text = site.read_text(encoding="utf-8")
        name = text.split("name: ", 1)[1].split("\n", 1)[0]
        hostile = "<script>document.title='gone'</script>" + "x" * 10_000
        site.write_text(text.replace(f"name: {name}", f'name: "{hostile}"', 1), encoding="utf-8")
        whole.scenario = nights.scenario("site")
        async with opened(whole, STREET) as (user, session):
            assert session.street.site.name == hostile
            await user.should_see("<script>document.title")
            assert max(len(text) for text in texts(user)) < 600
            assert not [one for one in user.find(kind=ui.html).elements if "<script>document" in one.content]

    story(told)
