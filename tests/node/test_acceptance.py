"""The commissioning record: what is open, what may be green, what stays with a lamp; page, table, and nothing secret in either."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from html.parser import HTMLParser
from pathlib import Path

import pytest

from lykta.cli import main
from lykta.node import acceptancepage
from lykta.node.acceptance import LampRecord, records
from lykta.node.flashing import first_day
from lykta.node.inventory import Inventory
from lykta.node.keyfiles import place_of
from lykta.node.keys import KeyStore
from lykta.node.steps import fingerprints
from lykta.node.street import load_street
from lykta.node.verdicts import FAIL, NOT_CHECKED, PASS, overall

NOW = dt.datetime(2026, 11, 23, 12, 0, tzinfo=dt.UTC)
SITE = "kungsholms_strand"
A, B = "a0:b1:c2:00:00:01", "a0:b1:c2:00:00:02"
OWN = ("identity", "board", "program", "table", "keys", "settings", "memory", "clock")


@pytest.fixture(scope="module")
def keys_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the keys of the street are, drawn once."""
    return tmp_path_factory.mktemp("keys")


@pytest.fixture(autouse=True)
def own_folder(keys_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The street's keys, and a folder of the test's own, with the inventory in it."""
    monkeypatch.setenv("LYKTA_KEYS", str(keys_folder))
    monkeypatch.setenv("LYKTA_WHO", "Eva")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def street(keys_folder: Path):
    """The packaged street, with keys."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LYKTA_KEYS", str(keys_folder))
        found = load_street(SITE)
        KeyStore.make(found.site, place_of(found.site.name), NOW).keys(found.segments)
    return found


@pytest.fixture(scope="module")
def written(street, keys_folder: Path) -> dict[str, str]:
    """Fingerprints of the files of K05, as flashing writes them down."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LYKTA_KEYS", str(keys_folder))
        return fingerprints(street.files(first_day(NOW.date()))["K05"])


@pytest.fixture
def inventory(street):
    """The street's inventory, beside it; it is noon of a day in November."""
    with Inventory(f"{SITE}.inventory.sqlite", "Eva", lambda: NOW) as one:
        yield one


def part(name: str, verdict: str = PASS, text: str = "") -> dict[str, str]:
    """A part of a test, as it is written down."""
    return {"part": name, "verdict": verdict, "text": text}


def commission(street, inventory: Inventory, written: dict[str, str], mac: str = A) -> None:
    """All that is to be done at K05."""
    inventory.claim("K05", mac, "esp32_devkitc")
    inventory.note("K05", "flashed", {"runtime": "1.29.0", "firmware": "4f2a81c0", "files": written, "changes": ["node: program"]})
    parts = [*map(part, OWN), part("radio"), part("light seen"), part("dim curve"), part("PIR 1", text="2 passes")]
    neighbours = dict.fromkeys(street.adjacent("K05"), -60)
    inventory.note("K05", "selftest", {"verdict": PASS, "parts": parts, "neighbours": neighbours})
    inventory.note("K05", "measured", {"height_cm": 600, "aim": "along the path", "range_cm": 800})


def k05(street, inventory: Inventory) -> LampRecord:
    """What is known of K05."""
    return next(one for one in records(street, inventory) if one.lamp == "K05")


def verdicts(record: LampRecord) -> dict[str, str]:
    """By item."""
    return {item.part: item.verdict for item in record.items}


def test_lamp__that_nobody_touched_is_not_checked_in_anything(street, inventory: Inventory):
    """Nothing is green because nobody looked."""
    record = k05(street, inventory)
    assert set(verdicts(record).values()) == {NOT_CHECKED}
    assert record.verdict == NOT_CHECKED
    assert "PIR 1" in verdicts(record)


def test_lamp__with_everything_done_passes(street, inventory: Inventory, written: dict[str, str]):
    """And nothing less than everything: each item taken away makes it open."""
    commission(street, inventory, written)
    record = k05(street, inventory)
    assert (record.verdict, record.open) == (PASS, [])
    for name in ("light seen", "dim curve", "PIR 1", "keys"):
        inventory.note("K05", "selftest", {"parts": [part(name, NOT_CHECKED)]})
        assert k05(street, inventory).verdict == NOT_CHECKED
        inventory.note("K05", "selftest", {"parts": [part(name)]})
    assert k05(street, inventory).verdict == PASS


@pytest.mark.parametrize("name", ["keys", "radio", "light seen", "PIR 1", "dim curve"])
def test_lamp__with_one_part_that_failed_fails(street, inventory: Inventory, written: dict[str, str], name: str):
    """Until the same part has passed."""
    commission(street, inventory, written)
    inventory.note("K05", "selftest", {"parts": [part(name, FAIL, "it is broken")]})
    record = k05(street, inventory)
    assert record.verdict == FAIL
    assert "it is broken" in record.open[0].text
    inventory.note("K05", "selftest", {"parts": [part(name)]})
    assert k05(street, inventory).verdict == PASS


def test_replaced__board_opens_what_was_checked_with_the_old_one(street, inventory: Inventory, written: dict[str, str]):
    """Height, aim and range belong to the post and stay; all else is to be done again; the history is whole."""
    commission(street, inventory, written)
    before = len(k05(street, inventory).history)
    inventory.claim("K05", B, "esp32_devkitc", replace=True)
    record = k05(street, inventory)
    assert {name for name, verdict in verdicts(record).items() if verdict == PASS} == {"board", "height", "aim", "range seen"}
    assert len(record.history) == before + 2
    assert [event.mac for event in record.history if event.kind == "selftest"] == [A]


def test_changed__at_the_post_is_open_until_it_is_flashed_again(street, inventory: Inventory, written: dict[str, str]):
    """What somebody has set by hand is not what the engineer signed; nor is a node that was reset."""
    commission(street, inventory, written)
    for kind, about, message in (
        ("settings", {"changed": ["phase 2: idle 50 % -> 30 %"]}, "changed at the post: phase 2: idle 50 % -> 30 %"),
        ("reset", {}, "reset to the factory's state"),
    ):
        inventory.note("K05", kind, about)
        record = k05(street, inventory)
        assert (record.verdict, record.open[0].part) == (FAIL, "as left")
        assert message in record.open[0].text
        inventory.note("K05", "flashed", {"files": written})
        assert k05(street, inventory).verdict == PASS


def test_planned__anew_since_it_was_flashed_is_open(street, inventory: Inventory, written: dict[str, str]):
    """Other settings, or other keys, than those on the node: the files are named."""
    commission(street, inventory, {**written, "program": "0" * 16, "keys": "1" * 16})
    record = k05(street, inventory)
    assert record.open[0].text == "program, keys changed since it was flashed: flash it again"


def test_keys__on_another_machine_are_not_compared(street, inventory: Inventory, written: dict[str, str], monkeypatch, tmp_path: Path):
    """The office has the inventory, not the keys: all else is judged there."""
    monkeypatch.setenv("LYKTA_KEYS", str(tmp_path / "none"))
    commission(street, inventory, {**written, "keys": "1" * 16})
    assert verdicts(k05(street, inventory))["as planned"] == PASS


def test_board__of_another_kind_than_the_site_names_fails(street, inventory: Inventory):
    """The site says devkitc, on the post is a C3."""
    inventory.claim("K05", A, "esp32c3_mini")
    assert k05(street, inventory).items[0].text == "it is an esp32c3_mini, the site names esp32_devkitc"


def test_neighbours__the_two_nearest_must_be_heard(street, inventory: Inventory, written: dict[str, str]):
    """That one far away is not heard is no fault; that the next post is not, is one."""
    commission(street, inventory, written)
    nearest, second, *others = street.adjacent("K05")
    inventory.claim("K05", B, "esp32_devkitc", replace=True)
    inventory.note("K05", "walktest", {"parts": [], "neighbours": {nearest: -60, others[0]: -80}})
    assert verdicts(k05(street, inventory))["neighbours"] == FAIL
    inventory.note("K05", "walktest", {"parts": [], "neighbours": {second: -65}})
    assert verdicts(k05(street, inventory))["neighbours"] == PASS


def test_overall__is_green_for_green_alone():
    """One open item, or none at all, is not passed; one failure is failed."""
    assert [overall(found) for found in ([PASS, PASS], [PASS, NOT_CHECKED], [PASS, NOT_CHECKED, FAIL], [])] == [
        PASS, NOT_CHECKED, FAIL, NOT_CHECKED,
    ]  # fmt: skip


class Shown(HTMLParser):
    """The texts of a page by the class of the element that holds them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: dict[str, set[str]] = {}
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(dict(attrs).get("class") or "")

    def handle_data(self, data: str) -> None:
        if data.strip() and self.open:
            self.found.setdefault(self.open[-1], set()).add(data.strip())


def test_page__shows_verdicts_in_their_own_colour_only(street, inventory: Inventory, written: dict[str, str]):
    """What was not checked never stands in an element of the class that is green."""
    commission(street, inventory, written)
    inventory.note("K05", "selftest", {"parts": [part("dim curve", FAIL, "<b>far</b> from the level")]})
    page = acceptancepage.page("Kungsholms strand", "kungsholms_strand", "Path", records(street, inventory), NOW)
    shown = Shown(page).found
    assert {name: shown[f"v {name.replace(' ', '_')}"] for name in (PASS, FAIL, NOT_CHECKED)} == {
        PASS: {PASS}, FAIL: {FAIL}, NOT_CHECKED: {NOT_CHECKED},
    }  # fmt: skip
    assert "<b>far</b>" not in page
    assert "http" not in page


def test_page__of_virtual_boards_says_that_it_is_training(street, inventory: Inventory):
    """Their MAC gives them away."""
    inventory.claim("K05", "02:4c:59:00:00:01", "esp32_devkitc")
    known = records(street, inventory)
    assert "1 of the boards is virtual: nothing here was seen on a post." in acceptancepage.page("x", "x", "x", known, NOW)
    inventory.claim("K05", A, "esp32_devkitc", replace=True)
    assert "virtual" not in acceptancepage.page("x", "x", "x", records(street, inventory), NOW)


def test_table__has_a_line_for_each_lamp_and_no_formula(street, inventory: Inventory, written: dict[str, str]):
    """As a spreadsheet reads it; what somebody typed stays a text."""
    commission(street, inventory, written)
    inventory.note("K05", "measured", {"aim": "=1+1"})
    text = acceptancepage.table(records(street, inventory))
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 34
    headings = next(csv.reader(io.StringIO(text)))
    assert len(headings) == len(set(headings))  # else one column hides another
    row = next(one for one in rows if one["lamp"] == "K05")
    assert (row["mac"], row["verdict"], row["runtime"], row["height: seen"], row["aim: seen"]) == (A, PASS, "1.29.0", "6 m", "'=1+1")
    assert (row["board"], row["board: verdict"]) == ("esp32_devkitc", PASS)


def test_command__lists_what_is_open_until_nothing_is(street, inventory: Inventory, written: dict[str, str], capsys):
    """Exit status 1 as long as something is; measured by hand it is written down, with who did it."""
    inventory.claim("K05", A, "esp32_devkitc")
    assert main(["accept", SITE]) == 1
    said = capsys.readouterr().out
    assert "no board yet" in said and "0 PASS, 0 FAIL, 34 NOT CHECKED" in said
    assert main(["accept", SITE, "--lamp", "K05", "--height", "6 m", "--aim", "down", "--range", "8 m", "--who", "Kim"]) == 1
    told = capsys.readouterr()
    assert "written down for K05, by Kim." in told.err
    assert "PASS         height         6 m" in told.out
    assert "next: lykta flash kungsholms_strand K05" in told.out
    assert "Kim: measured: height 6 m, aim down, range 8 m" in told.out
    commission(street, inventory, written)
    assert main(["accept", SITE, "--lamp", "K05"]) == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--height", "6 m"], "say of which lamp"),
        (["--lamp", "K05", "--height", "6"], '6 has no unit. Did you mean "6 m"?'),
        (["--lamp", "K05", "--height", "60 m"], "60 m is out of its limits: 2 m to 20 m."),
        (["--lamp", "K5"], 'has no lamp "K5". Did you mean "K05"?'),
    ],
)
def test_command__says_what_is_wrong_with_what_was_given(words: list[str], message: str, capsys):
    """Exit status 2."""
    assert main(["accept", SITE, *words]) == 2
    assert message in capsys.readouterr().err


def test_command__writes_page_table_and_labels(street, inventory: Inventory, written: dict[str, str], capsys):
    """A page for each street, a line for each lamp, a label for each board; and none of the keys in any of them."""
    commission(street, inventory, written)
    assert main(["accept", SITE, "--page", "pages", "--csv", "a.csv", "--label", "labels"]) == 1
    assert [file.name for file in Path("labels").iterdir()] == ["K05.png"]
    assert len(list(Path("pages").iterdir())) == 1
    assert main(["accept", SITE, "--json"]) == 1
    told = capsys.readouterr()
    listed = json.loads(told.out[told.out.index("[\n") :])
    assert len(listed) == 34
    left = b"".join(file.read_bytes() for file in Path().rglob("*") if file.is_file())
    for key in KeyStore.open(street.site).secrets():
        assert key not in left and key.hex().encode() not in left and key.hex() not in told.out
