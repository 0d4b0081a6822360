"""Stories from end to end: the real `lykta studio`, a real browser, files on disk."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from lykta.profiles import load_profile
from lykta.studio.views import views
from tests.studio.browser import PATIENCE_MS, browser, free_port, lit, page_of, start, stop, studio
from tests.tune import nights

pytestmark = pytest.mark.services
TOKEN = "a-token-drawn-at-random"
HERE = ("site.yaml", "--date", nights.DATE.isoformat(), "--engine", "python")
HOSTILE = ("<script>window.hurt=1</script><img src=x onerror=window.hurt=1>", "\"'`{{7*7}}${7*7}</title>", "Ö" * 10_000)
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="module")
def chrome():
    """One browser for all stories; each has pages of its own."""
    with browser() as found:
        yield found


@pytest.fixture
def street(folder: Path) -> Path:
    """The small street in the test's folder."""
    nights.write(folder)
    return folder


def set_field(page: Page, name: str, value: str) -> None:
    """Write a value into a field and leave it."""
    field = page.locator("input.q-field__native").and_(page.get_by_label(name, exact=True))
    field.fill(value)
    field.press("Enter")


def test_engineer__tunes_compares_and_saves(street: Path, chrome: Browser):
    """Open, set a lower idle level, see what it changes, why it falls short, save it; the file has the value and every comment."""
    attempts: list[str] = []
    with studio(street, *HERE) as served:
        page = page_of(chrome, served.address, attempts)
        lit(page)
        before = page.locator(".diagram .light").first.get_attribute("src")
        set_field(page, "Idle level", "25 %")
        expect(page.locator(".diagram .light").first).not_to_have_attribute("src", str(before))
        page.get_by_text("Two pictures").click()
        expect(page.locator(".diagram .light").nth(1)).to_have_attribute("src", str(before))
        expect(page.locator(".card .better").first).to_be_visible()
        page.get_by_text("What that means, and why").click()
        expect(page.locator(".verdict")).to_contain_text("Why, in the first night:")
        page.get_by_role("button", name="Save", exact=True).click()
        page.get_by_label("Reason").fill("a trial until May")
        page.get_by_role("button", name="Save as non-conforming").click()
        expect(page.get_by_text("Saved in")).to_be_visible()
    text = (street / "profile.yaml").read_text(encoding="utf-8")
    assert "idle: 25 % # of the design flux" in text
    assert "# who stops is in nobody's sight" in text
    assert "reason: a trial until May" in text
    assert load_profile(street / "profile.yaml").ordinary.phases[0].rows["path"][0] == 250
    assert attempts == []


def test_no_view__asks_anything_of_another_host(street: Path, chrome: Browser):
    """Every tab, both languages, both looks: zero attempts, and nothing that fails in the page."""
    attempts: list[str] = []
    faults: list[str] = []
    with studio(street, *HERE) as served:
        page = page_of(chrome, served.address, attempts)
        page.on("pageerror", lambda error: faults.append(str(error)))
        lit(page)
        for view in views():
            page.locator(f"#tab-{view.key}").click()
            expect(page.locator(f"#view-{view.key}")).to_be_visible()
        page.get_by_role("button", name="Svenska").click()
        expect(page.get_by_role("tab", name="Ställ in")).to_be_visible()
        page.get_by_role("button", name="Ljusa färger").click()
        expect(page.locator("body.body--light")).to_be_attached()
    assert (attempts, faults) == ([], [])


def test_two_engineers__do_not_disturb_each_other(street: Path, chrome: Browser):
    """Two browsers on one studio: each has a profile of their own."""
    with studio(street, *HERE) as served:
        one, other = page_of(chrome, served.address), page_of(chrome, served.address)
        lit(one)
        lit(other)
        set_field(one, "Idle level", "10 %")
        set_field(other, "Idle level", "45 %")
        expect(one.get_by_label("Idle level").first).to_have_value("10 %")
        expect(other.get_by_label("Idle level").first).to_have_value("45 %")


def test_server__restarted_while_open__loses_no_change(street: Path, chrome: Browser):
    """The tab keeps what is not saved: after a restart the page comes back by itself, and the change with it."""
    port = str(free_port())  # not one of those that other studios try first
    served = start(street, *HERE, "--port", port)
    try:
        page = page_of(chrome, served.address)
        lit(page)
        set_field(page, "Idle level", "15 %")
        page.wait_for_function("(sessionStorage.getItem('lykta_draft') || '').includes('idle: 15 %')")
        stop(served)
        served = start(street, *HERE, "--port", port)
        expect(page.get_by_text("The changes that were not saved are back.")).to_be_visible()
        expect(page.get_by_label("Idle level").first).to_have_value("15 %")
    finally:
        stop(served)


def test_token__lets_in_who_has_it(street: Path, chrome: Browser):
    """A wrong one is refused with a sentence; the right one opens the page and is not left in the address."""
    with studio(street, *HERE, token=TOKEN) as served:
        page = page_of(chrome, served.address)
        expect(page.get_by_text("This page opens with a token only.")).to_be_visible()
        page.get_by_label("Token").fill("wrong")
        page.get_by_role("button", name="Open").click()
        expect(page.get_by_text("The token is wrong.")).to_be_visible()
        page.get_by_label("Token").fill(TOKEN)
        page.get_by_role("button", name="Open").click()
        lit(page)
        assert TOKEN not in page.url


@pytest.mark.parametrize(
    "name", ["<script>window.hurt=1</script><img src=x onerror=window.hurt=1>", "\"'`{{7*7}}${7*7}</title>", "Ö" * 10_000]
)
def test_hostile_name__is_text_and_nothing_else(street: Path, chrome: Browser, name: str):
    """A site that is called a script, or anything of 10,000 characters, is shown cut and harmless."""
    site = street / "site.yaml"
    quoted = "'" + name.replace("'", "''") + "'"
    site.write_text(re.sub(r"^name: .*$", lambda _: f"name: {quoted}", site.read_text(encoding="utf-8"), flags=re.M), encoding="utf-8")
    with studio(street, *HERE) as served:
        page = page_of(chrome, served.address)
        lit(page)
        for view in views():
            page.locator(f"#tab-{view.key}").click()
            expect(page.locator(f"#view-{view.key}")).to_be_visible()
        assert page.evaluate("window.hurt") is None
        assert page.evaluate("document.documentElement.scrollWidth") <= 1281
        expect(page.locator(".street-name")).to_contain_text(name[:10])


@pytest.mark.parametrize("look", ["dark", "light"])
def test_axe__finds_nothing_that_keeps_people_out(street: Path, chrome: Browser, look: str):
    """Contrast, names, roles, order: every view in both looks, by the rules of WCAG 2.1 A and AA."""
    from axe_playwright_python.sync_playwright import Axe

    rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
    found: list[str] = []
    with studio(street, *HERE) as served:
        page = page_of(chrome, served.address)
        lit(page)
        if look == "light":
            page.get_by_role("button", name="Light colours").click()
            expect(page.locator("body.body--light")).to_be_attached()
            lit(page)
        for key in (view.key for view in views()):
            page.locator(f"#tab-{key}").click()
            expect(page.locator(f"#view-{key}")).to_be_visible()
            page.wait_for_timeout(300)
            for rule in Axe().run(page, options=rules).response["violations"]:
                found += [f"{key}: {rule['id']}: {node['html'][:160]}: {node['failureSummary']}" for node in rule["nodes"]]
    assert found == []


def test_keyboard__is_enough_to_tune(street: Path, chrome: Browser):
    """Without a mouse: to a slider with Tab, and an arrow moves the light."""
    with studio(street, *HERE) as served:
        page = page_of(chrome, served.address)
        lit(page)
        page.locator("input.slider").first.focus()
        page.keyboard.press("ArrowLeft")
        expect(page.get_by_label("Idle level").first).to_have_value("39 %")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.tagName") == "INPUT"


def test_report__is_made_and_printed(street: Path, chrome: Browser):
    """City and command stand in it; the PDF is one; and the command makes the same night."""
    with studio(street, *HERE) as served:
        page = page_of(chrome, f"{served.address}?view=report")
        page.get_by_label("City").fill("Umeå")
        page.get_by_role("button", name="Make the report").click()
        report = page.frame_locator("iframe.report-frame")
        expect(report.get_by_text("Umeå")).to_be_visible()
        with page.expect_download() as html:
            page.get_by_role("button", name="HTML").click()
        with page.expect_download() as pdf:
            page.get_by_role("button", name="PDF").click()
        command = shlex.split(page.locator(".mono.small").inner_text())
        assert Path(pdf.value.path()).read_bytes().startswith(b"%PDF")
        text = Path(html.value.path()).read_text(encoding="utf-8")
    words = [*command[1:], "--engine", "python"]
    subprocess.run([sys.executable, "-m", "lykta", *words], check=True, capture_output=True, cwd=street)
    again = (street / "night" / "report.html").read_text(encoding="utf-8")
    figures = re.findall(r"<b>[^<]+</b>", text)
    assert figures and figures == re.findall(r"<b>[^<]+</b>", again)


def test_search__finds_a_front_and_loads_a_point(street: Path, chrome: Browser):
    """Started, watched, a point loaded into Tune; the journal stands beside the files."""
    with studio(street, *HERE, "--sensors", "ideal") as served:
        page = page_of(chrome, f"{served.address}?view=better")
        page.locator("textarea").fill("idle: 20..60 %")
        page.get_by_label("Profiles to try").fill("4")
        page.get_by_label("Nights each").fill("1")
        page.get_by_role("button", name="Start").click()
        expect(page.get_by_text("4 of 4 profiles tried")).to_be_visible()
        page.get_by_role("button", name="Load").first.click()
        expect(page.get_by_text("Loaded into Tune")).to_be_visible()
    assert len(list((street / "tuning").glob("journal_*.log"))) == 1
