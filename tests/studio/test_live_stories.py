"""Live, from end to end: real certificates, a real mosquitto, nodes that speak, the real `lykta studio`, a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from lykta.fleet import messages, topics
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


def test_node_that_dies_while_watched__is_offline_on_the_page(street: Lively, served: Served, chrome: Browser):
    """The broker says so at once; the map's line, the list and the panel of the lamp follow without a reload."""
    attempts: list[str] = []
    page = live(chrome, served, ANNA, attempts)
    page.get_by_role("tab", name="Lamp", exact=True).click()
    page.get_by_label("Find a lamp").fill("F")
    page.locator("#live-lamp .listing button").first.click()
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


def test_settings__are_proposed_by_one_approved_by_another_and_rolled_out(street: Lively, served: Served, chrome: Browser):
    """Who proposed cannot approve; who approved can roll out; the nodes are asked, and who has not taken them is named."""
    anna, bertil = live(chrome, served, ANNA), live(chrome, served, BERTIL)
    for page in (anna, bertil):
        page.get_by_role("tab", name="Settings").click()
    anna.get_by_role("button", name="Propose “Dim”").click()
    anna.get_by_label("Reason, for those who read the record").fill("as it was tried in March")
    anna.get_by_role("button", name="Propose", exact=True).click()
    expect(anna.get_by_text("waits for another operator")).to_be_visible()
    expect(anna.get_by_role("button", name="Approve")).to_have_count(0)
    bertil.get_by_role("button", name="Approve").click()
    bertil.get_by_label("Reason, for those who read the record").fill("seen on the street")
    bertil.locator(".q-dialog").get_by_role("button", name="Approve").click()
    bertil.get_by_role("button", name="Roll out").click()
    expect(bertil.locator("#live-settings .tag")).to_have_text("rolled out")
    expect(bertil.locator("#live-settings")).to_contain_text("waiting: A")
    anna.context.close()
    bertil.context.close()


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
