"""What a street must withstand, by the 25 rows that we hold ourselves to: which tests check each, and what no machine here can.

    python -m gauges.security            is the table of SECURITY.md that of the tests?
    python -m gauges.security --write    write it

A test says for which rows it stands: `@pytest.mark.security(4, 7)` on CPython; on MicroPython, where there is no pytest, the line
`# security: 4, 7` before it. The table is read from the sources of the tests; that they hold is what running them shows
(`pytest -m security`).
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gauges.faults import in_readme

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"
DOCUMENT = ROOT / "SECURITY.md"
MARK = re.compile(r"^# security: (\d+(?:, \d+)*)$")
_SHOWN = 5


@dataclass(frozen=True)
class Row:
    """One claim. `where`: on the node N, the host H, the broker B; `open`: what no test here shows and what that needs; "" for nothing.

    `holds`: False where it is known not to; its tests then show how far the harm goes.
    """

    number: int
    where: str
    claim: str
    clause: str
    open: str = ""
    holds: bool = True


@dataclass(frozen=True)
class Check:
    """A test that stands for rows. `file` below the root; `often`: where it runs besides `make check`, "" for there."""

    file: str
    name: str
    rows: tuple[int, ...]
    seldom: str = ""


#: EN: EN 303 645 (provisions), CR, EDR: IEC 62443-4-2, 8259A: NIST IR 8259A, 18031: EN 18031.
ROWS = (
    Row(1, "N", "of 1,000 nodes no two share a key, a name or a number of the radio; nothing comes from a MAC", "EN 5.1-2; 8259A"),
    Row(2, "NHB", "no default password anywhere; nobody comes in without a certificate; no secret in what is shipped",
        "EN 5.1-1, 5.4-3; 18031 AUM"),
    Row(3, "N", "a server of another authority, expired, of another name or signed by itself: no connection", "EN 5.5-1; 18031 SCM",
        "that the chip's own clock and TLS judge as the VM's do: a board on a desk against four such servers"),
    Row(4, "B", "a client without a certificate, or with the same name from another authority: refused", "CR 1.2"),
    Row(5, "B", "a node that speaks or listens as another: nothing is delivered", "EN 5.5; CR 2.1"),
    Row(6, "B", "a node that uses another's client id does not push it out", "CR 7.1"),
    Row(7, "B", "a revoked certificate is refused within 60 s; its live session is cut", "CR 1.5, 1.9",
        "a broker on another machine is told by a person; `lykta broker revoke` says how, and is done when it was seen to refuse"),
    Row(8, "N", "a flipped bit in manifest, file or signature, or an unknown key: the old software runs", "EN 5.3-10; EDR 3.10"),
    Row(9, "N", "software that is signed but older than its security counter allows: refused", "18031 SUM"),
    Row(10, "N", "an expired manifest is refused once the clock is set; who keeps updates back is seen by the host", "TUF: freeze"),
    Row(11, "N", "power cut at every write of an update: old or new, complete, and it starts", "EN 5.9",
        "cuts of a real chip's flash in the midst of a write: a board on a switched supply"),
    Row(12, "N", "software that crashes, hangs or never hears anybody: the old one is back within three starts", "EDR 3.10"),
    Row(13, "N", "replayed, reordered, foreign and truncated frames: none of 10^6 accepted", "EDR 3.1",
        "the tests send some ten thousand; the million is sent by `make bench`"),
    Row(14, "N", "a flood of 1,000 frames a second: the light is less than 100 ms late", "CR 7.1",
        "the tests reckon with 1.4 ms for each telegram that is hashed and 0.5 ms for each that is not (then it is 91 ms); the 100 ms on a "
        "real chip and radio: two boards, one of them flooding"),
    Row(15, "N", "no frame of a neighbour takes a lamp below its own program", "fail-safe"),
    Row(16, "N", "what a frame did ends in its time, though its sender is gone", "fail-safe"),
    Row(17, "N", "whatever goes wrong in the software: full light, then a new start", "EN 5.9-2; CR 3.6"),
    Row(18, "N", "a watchdog that is not fed starts the board anew; light within 5 s", "CR 7.1",
        "the watchdog of a real chip, and its light from power on: a board with an oscilloscope on its output"),
    Row(19, "N", "keys cannot be read by cable in production", "EN 5.4, 5.6-4; EDR 2.13",
        "not so on stock MicroPython (tier 1): who opens a post reads its keys. Needed: tier 3, that is a runtime of one's own with secure "
        "boot and encrypted flash. What one post's keys open is bounded, by the test, by row 1 and by revocation", False),
    Row(20, "N", "nothing listens on a node; its radio answers nobody who does not prove himself", "EN 5.6-1",
        "a port scan of a board on a real network"),
    Row(21, "NHB", "10^6 malformed payloads and topics: no crash, no growth", "EN 5.13-1",
        "the tests send some ten thousand of each kind to the node, the host draws its own; the broker is mosquitto, whose own project "
        "fuzzes it"),
    Row(22, "NB", "security events are logged, told and bounded: distrust, rollbacks, clocks, bad frames", "EN 5.7-2; CR 2.8"),
    Row(23, "NH", "no MAC, no picture and no single event leaves a node; counts of 15 min at the least", "GDPR 25; EN 5.8"),
    Row(24, "N", "a factory reset leaves no key and no count; who is taken down is let in no more", "EN 5.11",
        "traces in a flash chip that is read out: erase it (`esptool erase-flash`) before a board leaves your hands"),
    Row(25, "H", "a list of what the software is made of with each release; whom to tell, by when; until when it is supported",
        "CRA I; EN 5.2-1, 5.3-13",
        "that somebody is there to answer: a person, before the first release"),
)  # fmt: skip


#: Tests of the control law know nothing of this list; these stand for rows of it as they are.
LAW = (
    Check("tests/core/test_frames.py", "test_frame__never_darkens", (15,)),
    Check("tests/core/test_frames.py", "test_frames__never_take_a_lamp_below_its_phase", (15,)),
    Check("tests/core/test_frames.py", "test_frames__expire", (16,)),
    Check("tests/core/test_frames.py", "test_frame__an_old_copy_that_comes_late_shortens_nothing", (16,)),
)


def checks() -> list[Check]:
    """All tests that stand for rows."""
    return [*LAW, *marked()]


def marked() -> list[Check]:
    """Those that say so, in the order of their files."""
    return [check for file in sorted(TESTS.rglob("test_*.py")) for check in _checks_of(file)]


def _checks_of(file: Path) -> Iterator[Check]:
    text = file.read_text(encoding="utf-8")
    if "security" not in text:
        return
    lines = text.splitlines()
    tree = ast.parse(text)
    everywhere = [mark for node in tree.body if isinstance(node, ast.Assign) and _is_pytestmark(node) for mark in _marks(node.value)]
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            marks = [mark for decorator in node.decorator_list for mark in _marks(decorator)] + everywhere
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            said = MARK.match(lines[first - 2]) if first > 1 else None
            rows = [int(number) for name, numbers in marks if name == "security" for number in numbers]
            rows += [int(number) for number in said[1].split(", ")] if said else []
            if rows:
                soak = any(name == "soak" for name, _ in marks) or node.name.endswith("__soak")
                yield Check(file.relative_to(ROOT).as_posix(), node.name, tuple(dict.fromkeys(rows)), "make soak" if soak else "")


def _is_pytestmark(node: ast.Assign) -> bool:
    return isinstance(node.targets[0], ast.Name) and node.targets[0].id == "pytestmark"


def _marks(node: ast.expr) -> list[tuple[str, list[int]]]:
    """The markers that an expression gives: (name, its numbers)."""
    if isinstance(node, ast.List):
        return [mark for one in node.elts for mark in _marks(one)]
    numbers = []
    if isinstance(node, ast.Call):
        numbers = [one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, int)]
        node = node.func
    if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "pytest.mark":
        return [(node.attr, numbers)]
    return []


def by_row(found: Sequence[Check]) -> Mapping[int, list[Check]]:
    """The tests of each row."""
    return {row.number: [check for check in found if row.number in check.rows] for row in ROWS}


def table(found: Sequence[Check]) -> Iterator[str]:
    """The table of SECURITY.md, line by line."""
    yield "| # | | what must hold | checked by | not checked here | of |"
    yield "|---|---|---|---|---|---|"
    for row, its in zip(ROWS, by_row(found).values(), strict=True):
        yield f"| {row.number} | {row.where} | {row.claim} | {_checked(row, its)} | {row.open or '-'} | {row.clause} |"


def _checked(row: Row, its: Sequence[Check]) -> str:
    found = _listed(its) or "**no test**"
    return found if row.holds else f"**does not hold**; how far the harm goes: {found}"


def _listed(its: Sequence[Check]) -> str:
    shown = [f"[{_claim(one)}]({one.file}){f' ({one.seldom})' if one.seldom else ''}" for one in its[:_SHOWN]]
    more = len(its) - _SHOWN
    return "; ".join(shown) + (f"; and {more} more" if more > 0 else "")


def _claim(check: Check) -> str:
    """The name of a test as a claim: what it is of, then what it does."""
    name = re.sub("__(slow|soak)$", "", check.name.removeprefix("test_"))
    return name.replace("__", ": ").replace("_", " ")


def summary(found: Sequence[Check]) -> str:
    """How many rows are checked and hold, for people."""
    its = by_row(found)
    checked = [row for row in ROWS if its[row.number] and row.holds]
    whole = [row for row in checked if not row.open]
    tests = len({(check.file, check.name) for check in found})
    broken = "".join(f" Row {row.number} does not hold." for row in ROWS if not row.holds)
    return f"{tests} tests stand for {len(ROWS)} rows; of {len(checked)} that hold {len(whole)} leave nothing open that we know of.{broken}"


def document(text: str, found: Sequence[Check]) -> str:
    """SECURITY.md with the table of these tests."""
    return in_readme(text, [summary(found), "", *table(found)], "security")


def main(arguments: Sequence[str]) -> int:
    """The command line: 1 where the table is another one."""
    text = DOCUMENT.read_text(encoding="utf-8")
    made = document(text, checks())
    print(summary(checks()))
    if "--write" in arguments:
        DOCUMENT.write_text(made, encoding="utf-8")
        return 0
    if made != text:
        print("SECURITY.md has another table. Write it: python -m gauges.security --write")
    return int(made != text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
