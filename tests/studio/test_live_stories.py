"""Live, from end to end: real certificates, a real mosquitto, nodes that speak, the real `lykta studio`, a real browser."""

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, expect

from lykta.fleet import messages, topics
from lykta.fleet.database import Batch, Database
from lykta.fleet.people import TOKEN, Person
from lykta.fleet.proposals import Proposals
from lykta.fleet.updates.record import OFFERED, STOPPED, UPDATED, Folder, Record, staged
from lykta.profiles import load_profile
from lykta.site import loader
from tests.fleet.test_database import row
from tests.studio.browser import PATIENCE_MS, Served, browser, page_of, start, stop
from tests.studio.lively import ANNA, BERTIL, CILLA, HOSTILE, Lively, lively
from tests.tune import nights

pytestmark = pytest.mark.services
WORDS = ("site.yaml", "--date", nights.DATE.isoformat(), "--engine", "python", "--tokens", "people_of.yaml")
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    """One browser for all stories."""
    with browser() as found:
        yield found


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lively]:
    """One street for all stories; each leaves it as it was, but for lamps of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LYKTA_KEYS", str(tmp_path_factory.mktemp("keys")))
        with lively(tmp_path_factory.mktemp("street")) as found:
            yield found


@pytest.fixture(scope="module")
def served(street: Lively) -> Iterator[Served]:
    """One studio on it, which finds the network beside the site by itself."""
    found = start(street.folder, *WORDS)
    yield found
    stop(found)


def live(chrome: Browser, served: Served, token: str, attempts: list[str] | None = None) -> Page:
    """The view Live of a person, once all that was retained is there."""
    page = page_of(chrome, f"{served.address}?view=live&token={token}", attempts)
    expect(page.locator(".live-counts .value").first).to_have_text(re.compile("^[1-6] of 6$"))
    return page


def look_up(page: Page, lamp: str) -> None:
    """Find a lamp by its name, and choose it."""
    page.get_by_role("tab", name="Lamp", exact=True).click()
    page.get_by_label("Find a lamp").fill(lamp)
    page.locator("#live-lamp .listing button").first.click()
    expect(page.locator("#live-lamp .facts")).to_be_visible()


def history(street: Lively) -> Database:
    """The history of the street, which the studio reads."""
    return Database.open(street.network.folder / "fleet.sqlite", next(iter(street.network.districts)))


def test_node_that_dies_while_watched__is_offline_on_the_page(street: Lively, served: Served, chrome: Browser):
    """The broker says so at once; the map's line, the list and the panel of the lamp follow without a reload."""
    attempts: list[str] = []
    page = live(chrome, served, ANNA, attempts)
    look_up(page, "F")
    expect(page.locator("#live-lamp .facts")).to_contain_text("online")
    street.cut("F")
    expect(page.locator("#live-lamp .facts")).to_contain_text("offline")
    expect(page.locator(".board-said")).to_contain_text("offline")
    expect(page.locator(".live-counts .value").first).to_have_text("5 of 6")
    assert attempts == []
    page.context.close()


def test_operator_and_viewer__see_one_street_and_only_one_lights_it(street: Lively, served: Served, chrome: Browser):
    """Emergency light after one confirmation; both see it, the reason as text and nothing else; it is ended, and all is in the record."""
    anna, cilla = live(chrome, served, ANNA), live(chrome, served, CILLA)
    expect(cilla.get_by_text("You look, and change nothing.")).to_be_visible()
    expect(cilla.get_by_role("button", name="Emergency light")).to_have_count(0)
    anna.get_by_role("button", name="Emergency light").click()
    anna.get_by_label("Reason, for those who read the record").fill(HOSTILE)
    anna.get_by_role("button", name="Light everything now").click()
    for page in (anna, cilla):
        expect(page.locator(".banner.lit")).to_contain_text(f"anna: {HOSTILE}")
        expect(page.locator(".banner.lit")).to_contain_text("all lamps")
    expect(cilla.get_by_role("button", name="End", exact=True)).to_have_count(0)
    anna.get_by_role("button", name="End", exact=True).click()
    expect(cilla.locator(".banner.lit")).to_have_count(0)
    cilla.get_by_role("tab", name="Record").click()
    record = cilla.locator("#live-log .deed")
    expect(record.first).to_contain_text("ended")
    expect(record.nth(1)).to_contain_text("none → at least 100 % until")
    assert [page.evaluate("window.hurt") for page in (anna, cilla)] == [None, None]
    anna.context.close()
    cilla.context.close()


def test_settings__are_proposed_by_one_approved_by_another_rolled_out_and_taken_back(street: Lively, served: Served, chrome: Browser):
    """The proposal says whether it keeps the requirement; who has not taken it is named; the way back is what was sent before."""
    board = Proposals(history(street), street.street, ("anna", "bertil"))
    (street.folder / "before.yaml").write_text(nights.PROFILE.replace("idle: 40 %", "idle: 60 %"), encoding="utf-8")
    before = replace(street.street, profile=load_profile(street.folder / "before.yaml"))
    first = board.propose(before, Person("anna", proof=TOKEN), "the first").number
    board.approve(first, Person("bertil", proof=TOKEN))
    anna, bertil = live(chrome, served, ANNA), live(chrome, served, BERTIL)
    for page in (anna, bertil):
        page.get_by_role("tab", name="Settings").click()
    bertil.get_by_role("button", name="Roll out").click()
    expect(bertil.locator("#live-settings .tag")).to_have_text("rolled out")
    expect(bertil.get_by_role("button", name="Way back")).to_have_count(0)
    anna.get_by_role("button", name="Propose “Dim”").click()
    expect(anna.locator(".q-dialog")).to_contain_text("nobody can tell whether it keeps the requirement")
    anna.get_by_role("button", name="Simulate it first").click()
    expect(anna.locator(".q-dialog")).to_contain_text("the profile breaks the requirement")
    anna.get_by_label("Reason, for those who read the record").fill("as it was tried in March")
    anna.get_by_role("button", name="Propose", exact=True).click()
    expect(anna.get_by_text("waits for another operator")).to_be_visible()
    expect(anna.get_by_role("button", name="Approve")).to_have_count(0)
    expect(bertil.locator("#live-settings")).to_contain_text("It breaks the requirement.")
    expect(bertil.locator("#live-settings")).to_contain_text("60 % → 40 %")
    bertil.get_by_role("button", name="Approve").click()
    bertil.get_by_label("Reason, for those who read the record").fill("seen on the street")
    bertil.locator(".q-dialog").get_by_role("button", name="Approve").click()
    bertil.get_by_role("button", name="Roll out").click()
    expect(bertil.locator("#live-settings .tag")).to_have_text(["rolled out", "rolled out"])
    expect(bertil.locator("#live-settings")).to_contain_text("waiting: A")
    bertil.get_by_role("button", name="Way back").click()
    bertil.get_by_label("Reason, for those who read the record").fill("too dark by the bridge")
    bertil.get_by_role("button", name="Go back now").click()
    expect(bertil.locator("#live-settings")).to_contain_text("approved, as the way back to what was in force")
    expect(bertil.locator("#live-settings .tag")).to_have_text(["rolled out"] * 3)
    expect(anna.locator("#live-settings")).to_contain_text("40 % → 60 %")
    anna.context.close()
    bertil.context.close()


def test_commissioning_window__is_seen_by_all_as_long_as_it_is_open(street: Lively, served: Served, chrome: Browser):
    """It wants a reason; levels of the moment are called that, for a viewer too; it ends by itself, and the record has it."""
    anna, cilla = live(chrome, served, ANNA), live(chrome, served, CILLA)
    look_up(anna, "B")
    look_up(cilla, "B")
    anna.get_by_role("button", name="Commissioning window").click()
    anna.get_by_role("button", name="Open it").click()
    expect(anna.locator(".q-dialog").get_by_role("alert")).to_have_text("Say why: it is kept with the order.")
    anna.get_by_label("Reason, for those who read the record").fill("the new sensor")
    anna.get_by_role("button", name="Open it").click()
    expect(anna.locator(".q-dialog")).to_have_count(0)
    now = int(time.time())
    state = messages.State(True, "light", "-", 0, 1, "light", 0, 1, now, now + 600)
    street.tell("B", topics.STATE, state)
    street.tell("B", topics.LIVE, messages.Live(now, 870))
    for page in (anna, cilla):
        expect(page.locator(".banner.now")).to_contain_text(re.compile(r"Levels of the moment until \d\d:\d\d: B"))
        expect(page.locator("#live-lamp .facts")).to_contain_text("87 % at this moment")
    expect(cilla.get_by_role("button", name="Close it")).to_have_count(0)
    street.tell("B", topics.STATE, replace(state, window=now - 1))
    expect(cilla.locator(".banner.now")).to_have_count(0)
    anna.get_by_role("tab", name="Record").click()
    expect(anna.locator("#live-log .deed").first).to_contain_text("closed → for 900 s")
    expect(anna.locator("#live-log .deed").first).to_contain_text("the new sensor")
    anna.context.close()
    cilla.context.close()


def test_light__is_ordered_for_a_zone_by_keys_alone(street: Lively, served: Served, chrome: Browser):
    """Emergency light is reached and left by keys; more light wants a reason, and says where, how much, until when, and who."""
    page = live(chrome, served, ANNA)
    emergency = page.get_by_role("button", name="Emergency light")
    page.locator(".board-map").focus()
    for _ in range(8):
        page.keyboard.press("Tab")
        if emergency.evaluate("button => button === document.activeElement"):
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Light everything now")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".q-dialog")).to_have_count(0)
    expect(emergency).to_be_focused()
    look_up(page, "C")
    page.get_by_role("button", name="More light").press("Enter")
    page.get_by_label("Where").press("Enter")
    page.get_by_role("option", name="zone path").click()
    page.get_by_label("Reason, for those who read the record").fill("accident by the bridge")
    page.get_by_label("Reason, for those who read the record").press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    banner = page.locator(".banner.lit")
    expect(banner).to_contain_text(re.compile(r"At least 100 % until \d\d:\d\d: all lamps"))
    expect(banner).to_contain_text("anna: accident by the bridge")
    page.get_by_role("button", name="End", exact=True).press("Enter")
    expect(banner).to_have_count(0)
    page.context.close()


def test_why__is_told_of_what_the_node_told_last_and_of_any_time_in_the_history(street: Lively, served: Served, chrome: Browser):
    """A fault of then explains the level of then; where nothing was recorded, that is said."""
    then = int(time.time()) - 40_000
    history(street).write(Batch(telemetry=[row(street.names["D"], then, level=1000, faults="radar", detections=2)]))
    page = live(chrome, served, CILLA)
    look_up(page, "D")
    expect(page.locator("#live-lamp .decides")).to_be_visible()
    zone = ZoneInfo(street.street.site.timezone)

    def ask(at: int) -> None:
        page.get_by_label("At what time").fill(dt.datetime.fromtimestamp(at, zone).strftime("%Y-%m-%dT%H:%M"))

    ask(then - 300)
    expect(page.locator("#live-lamp .decides")).to_have_text("It was bright to be safe: a radar does not answer.")
    expect(page.locator("#live-lamp")).to_contain_text("its own sensors saw somebody, fewer than 5 times")
    ask(then - 7200)
    expect(page.locator("#live-lamp .decides")).to_contain_text("Nothing is recorded of this lamp at that time: its history begins")
    page.get_by_role("button", name="What it told last").click()
    expect(page.locator("#live-lamp .decides")).not_to_contain_text("Nothing is recorded")
    page.context.close()


def test_roll_out_of_firmware__is_followed_and_its_stop_is_seen(street: Lively, served: Served, chrome: Browser):
    """Stage by stage, who fetches it, and why it was stopped, without a reload."""
    names = [street.names[lamp] for lamp in "ABC"]
    record = Record("f79ea545bdcff051", "2026.12", time.time(), [0.34, 1.0], staged(names, [0.34, 1.0]))
    record.nodes[names[0]].state = UPDATED
    record.nodes[names[1]].state, record.stage = OFFERED, 1
    folder = Folder(loader.beside(str(street.folder / "site.yaml"), "updates"))
    folder.path.mkdir()
    folder.save(record)
    page = live(chrome, served, CILLA)
    page.get_by_role("tab", name="Software").click()
    shown = page.locator("#live-software")
    expect(shown).to_contain_text("2026.12: under way")
    expect(shown).to_contain_text(re.compile("stage 2, up to 100 %: 1 (fetching|waiting), 1 (fetching|waiting) ◂"))
    record.state, record.why = STOPPED, "1 of 2 nodes are not well: B: went back"
    folder.save(record)
    expect(shown).to_contain_text("2026.12: stopped")
    expect(shown).to_contain_text("B: went back")
    page.context.close()


def test_broker_restarted_while_open__is_said_and_the_page_goes_on(street: Lively, served: Served, chrome: Browser):
    """What to do, and since when; the map keeps what was known; when the broker is back nobody has to do anything."""
    page = live(chrome, served, CILLA)
    street.broker.stop()
    expect(page.locator(".banner")).to_contain_text("The broker does not answer")
    expect(page.locator(".banner")).to_contain_text("The lamps go on without it")
    street.broker.start()
    expect(page.locator(".banner")).to_have_count(0)
    street.tell("A", topics.EVENT, messages.Event(None, 1, 60, 7, "fault", "radar", 1, "it does not answer"))
    page.get_by_role("tab", name="Alarms").click()
    expect(page.locator("#live-alarms")).to_contain_text("A: a radar does not answer")
    page.context.close()


@pytest.mark.parametrize("look", ["dark", "light"])
def test_axe__finds_nothing_that_keeps_people_out_of_live(street: Lively, served: Served, chrome: Browser, look: str):
    """Every panel, and the dialog that lights everything, in both looks, by the rules of WCAG 2.1 A and AA."""
    from axe_playwright_python.sync_playwright import Axe

    rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
    found: list[str] = []
    page = live(chrome, served, ANNA)
    if look == "light":
        page.get_by_role("button", name="Light colours").click()
        expect(page.locator("body.body--light")).to_be_attached()
        expect(page.locator("#live-alarms")).to_be_visible()

    def look_at(where: str) -> None:
        page.wait_for_timeout(300)  # colours fade in
        for rule in Axe().run(page, options=rules).response["violations"]:
            found.extend(f"{where}: {rule['id']}: {node['html'][:160]}: {node['failureSummary']}" for node in rule["nodes"])

    for name in ("alarms", "lamp", "settings", "software", "log"):
        page.locator(f"#live-tab-{name}").click()
        expect(page.locator(f"#live-{name}")).to_be_visible()
        if name == "lamp":
            page.locator(".board-map").press("Enter")
            expect(page.locator("#live-lamp .facts")).to_be_visible()
        look_at(name)
    page.get_by_role("button", name="Emergency light").click()
    expect(page.get_by_role("button", name="Light everything now")).to_be_visible()
    look_at("emergency")
    assert found == []
    page.context.close()


def test_wrong_token__sees_nothing_of_the_street(served: Served, chrome: Browser):
    """A sentence, and no lamp."""
    page = page_of(chrome, f"{served.address}?view=live&token=somebody-else-entirely")
    expect(page.get_by_text("The token is wrong.")).to_be_visible()
    assert "Six posts" not in page.content()
    page.context.close()


def test_street_without_a_network__is_brought_to_life_by_one_button_and_leaves_nothing(tmp_path: Path, chrome: Browser):
    """The three commands stand there; the simulated street ends with the studio, and its folder is gone."""
    nights.write(tmp_path)
    own = tmp_path / "temporary"
    own.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(own))
        served = start(tmp_path, *WORDS[:-2])
    try:
        page = page_of(chrome, f"{served.address}?view=live")
        expect(page.get_by_text("lykta fleet record site.yaml")).to_be_visible()
        page.get_by_role("button", name="Start a simulated street").click()
        expect(page.locator(".live-counts .value").first).to_have_text("6 of 6")
        expect(page.get_by_text("simulated street")).to_be_visible()
        expect(page.get_by_role("button", name="Emergency light")).to_have_count(0)
        assert list(own.glob("lykta-trial-*")) != []
        page.context.close()
    finally:
        stop(served)
    assert list(own.glob("lykta-trial-*")) == []
