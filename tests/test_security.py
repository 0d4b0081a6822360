"""Rows of SECURITY.md that belong to no one module; and that its table is that of the tests."""

from __future__ import annotations

import ast
import datetime as dt
import re
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from gauges import security
from lykta.fleet.certificates import NODE, authority_in
from lykta.node.keyfiles import KeyFile
from lykta.node.keys import KeyStore
from lykta.node.street import Street
from lykta.plan.keys import SEGMENT_LAMPS, Segments
from lykta.plan.nodefiles import node_names
from lykta.profiles import load_profile
from tests.fleet.networks import network
from tests.site.streets import row

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = ("firmware", "boards", "host_tools/lykta")
NOW = dt.datetime(2026, 11, 23, 12, 0, tzinfo=dt.UTC)


def shipped() -> list[Path]:
    """Every file of a release: the firmware, the boards, the package."""
    files = [file for folder in SHIPPED for file in (ROOT / folder).rglob("*") if file.is_file()]
    return [file for file in files if "__pycache__" not in file.parts]


def firmware() -> dict[str, ast.Module]:
    """Every source of the firmware, parsed."""
    files = sorted((ROOT / "firmware").rglob("*.py"))
    return {file.relative_to(ROOT).as_posix(): ast.parse(file.read_text(encoding="utf-8")) for file in files}


@pytest.mark.docs
def test_table__is_that_of_the_tests():
    """`python -m gauges.security --write` writes it."""
    text = security.DOCUMENT.read_text(encoding="utf-8")
    assert text == security.document(text, security.checks())


@pytest.mark.docs
def test_row_without_a_test__says_what_is_needed():
    """Nothing is passed over in silence; and no test stands for a row that there is not."""
    found = security.checks()
    its = security.by_row(found)
    assert [row.number for row in security.ROWS] == list(range(1, 26))
    assert [row.number for row in security.ROWS if not its[row.number] and not row.open] == []
    assert {number for check in found for number in check.rows} <= set(its)


@pytest.mark.docs
def test_tests_of_the_law__are_there():
    """They carry no marks, and are named in the list: a new name has to be put there."""
    for check in security.LAW:
        assert f"\ndef {check.name}(" in (ROOT / check.file).read_text(encoding="utf-8")


@pytest.mark.docs
def test_marks__are_read_in_both_forms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A decorator on CPython, a line before the test on MicroPython, a mark for a whole file; what runs by `make soak` is named so."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_a.py").write_text(
        "import pytest\n\npytestmark = [pytest.mark.docs, pytest.mark.security(9)]\n\n\n@pytest.mark.security(1, 2)\n@pytest.mark.soak\n"
        "def test_one(): ...\n\n\n# security: 3, 4, 3\ndef test_two__soak(): ...\n\n\ndef test_three(): ...\n",
        encoding="utf-8",
    )
    monkeypatch.setattr(security, "ROOT", tmp_path)
    monkeypatch.setattr(security, "TESTS", tmp_path / "tests")
    assert [(one.name, one.rows, one.seldom) for one in security.marked()] == [
        ("test_one", (1, 2, 9), "make soak"),
        ("test_two__soak", (9, 3, 4), "make soak"),
        ("test_three", (9,), ""),
    ]


@pytest.mark.docs
def test_line_that_marks__stands_right_before_a_test():
    """Before anything else it marks nothing, and a row of the table has a test less than somebody thinks."""
    found = []
    for file in sorted((ROOT / "tests" / "micropython").glob("test_*.py")):
        lines = [*file.read_text(encoding="utf-8").splitlines(), ""]
        marks = [at for at, line in enumerate(lines) if line.startswith("# security:")]
        found += [f"{file.name}:{at + 1}" for at in marks if not (security.MARK.match(lines[at]) and lines[at + 1].startswith("def test_"))]
    assert found == []


@pytest.mark.docs
@pytest.mark.security(25)
def test_document__says_whom_to_tell_by_when_and_how_long_it_is_supported():
    """Contact, deadline, end of support: each in words that one finds."""
    text = security.DOCUMENT.read_text(encoding="utf-8")
    for words in ("Report a vulnerability", "within a week", "within 24 hours", "Supported until"):
        assert words in text


@pytest.mark.slow
@pytest.mark.security(1)
def test_thousand_nodes__share_nothing(tmp_path: Path):
    """Certificates, their keys and names; keys of the radio: each a thousand different ones. No MAC is known to who draws them."""
    site = row(1000)
    with authority_in(tmp_path / "authority", site.name, NOW) as authority:
        shown = [authority.client(name, NODE) for name in node_names(site).values()]
    assert len({one.key_der for one in shown}) == 1000
    assert len({one.certificate.serial_number for one in shown}) == 1000
    assert len({one.certificate.subject.rfc4514_string() for one in shown}) == 1000
    blocks = [number // SEGMENT_LAMPS for number in range(1000)]
    segments = Segments(blocks, [[block] for block in blocks], [block % 16 for block in range(max(blocks) + 1)])
    keys = KeyStore.make(site, KeyFile(tmp_path / "keys.json"), NOW).keys(segments)
    every = [*keys.nodes.values(), *(key for shared in keys.segments for _, key in shared)]
    assert len(keys.nodes) == 1000
    assert len(set(every)) == len(every)


@pytest.mark.security(19)
def test_opened_post__gives_away_what_is_its_own_and_its_segments(tmp_path: Path):
    """Whoever reads all that lies on one board, as stock MicroPython lets him, has nothing of posts farther away and signs nobody."""
    site = row(130)
    made = network(tmp_path / "network", site)[0]
    street = Street(site.name, tmp_path / "street.yaml", site, load_profile("kungsholms_strand"), made.folder)
    store = KeyStore.make(site, KeyFile(tmp_path / "keys.json"), NOW)
    files, keys = street.files(NOW.date(), store), store.keys(street.segments)
    opened = b"".join(files["L64"].values())
    assert [lamp for lamp, key in keys.nodes.items() if key in opened] == ["L64"]
    assert [lamp for lamp, its in files.items() if its["certkey"] in opened] == ["L64"]
    assert [number for number, shared in enumerate(keys.segments) if any(key in opened for _, key in shared)] == sorted(street.heard("L64"))
    assert len(street.heard("L64")) < len(keys.segments)
    signing = load_pem_private_key((made.folder / "authority" / "ca.key").read_bytes(), None)
    assert isinstance(signing, EllipticCurvePrivateKey)
    assert signing.private_numbers().private_value.to_bytes(32, "big") not in opened


@pytest.mark.security(2)
def test_release__holds_no_secret():
    """No key, no password: not in the firmware, not in the boards, not in the tools."""
    pem, der = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/=]"), bytes.fromhex("30770201010420")
    # Not names of variables of the environment, in which a secret may stand.
    password = re.compile(rb"\b(?i:password|passphrase|secret|token)\b\s*[:=]\s*[\"'](?![A-Z_]+[\"'])[^\"'{}\s]{4,}[\"']")
    found = [str(file.relative_to(ROOT)) for file in shipped() if pem.search(file.read_bytes()) or der in file.read_bytes()]
    found += [
        str(file.relative_to(ROOT)) for file in shipped() if file.suffix in (".py", ".yaml", ".json") and password.search(file.read_bytes())
    ]
    assert found == []


@pytest.mark.security(2)
def test_broker__has_no_password_and_no_anonymous(tmp_path: Path):
    """There is no other way in than a certificate, by configuration; the real broker is asked in tests/fleet/test_broker_live.py."""
    network(tmp_path)
    text = (tmp_path / "districts" / "street" / "mosquitto.conf").read_text(encoding="utf-8")
    assert "allow_anonymous false\n" in text
    assert "require_certificate true\n" in text
    assert "password_file" not in text
    assert text.count("\nlistener ") == 1


@pytest.mark.security(20)
def test_firmware__listens_to_nobody():
    """No socket of it is bound or listens; no REPL over the network, no server of any kind is imported."""
    calls = {"listen", "bind", "accept", "start_server"}
    found = []
    for name, tree in firmware().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in calls:
                found.append((name, ast.unparse(node.func)))
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [getattr(node, "module", "") or "", *(alias.name for alias in node.names)]
                found += [(name, one) for one in names if one in ("webrepl", "microdot", "uftpd", "bluetooth", "aioble")]
    # The law listens to its neighbours (core/health), which is no socket.
    assert found == [("firmware/lykta_node/core/control.py", "health.listen")]


@pytest.mark.security(23)
def test_firmware__never_asks_for_an_address_of_its_own_or_of_others_nearby():
    """Neither its MAC, nor Bluetooth, nor who else is on the air: what it does not know it cannot tell."""
    words = {"unique_id", "ifconfig", "scan", "monitor", "promiscuous"}
    found = []
    for name, tree in firmware().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr in words:
                found.append((name, node.attr))
            if isinstance(node, ast.Constant) and node.value == "mac":
                found.append((name, "mac"))
    assert found == []
