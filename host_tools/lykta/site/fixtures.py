"""Reads a fixture: power and light of one model of luminaire, as its file says or as the default formula has it.

The default formula, where nobody has measured: P = P0 + (Pmax - P0) * level with P0 = 5 % of Pmax, marked estimated.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from lykta.document import Document, Node
from lykta.site.model import Fixture
from lykta.units import NotAQuantity, parse

FOLDER = Path(__file__).resolve().parents[1] / "data" / "fixtures"
KEYS = (
    "name", "flux", "max_power", "power", "standby", "lowest_stable", "maintenance_factor", "clo", "trim", "driver",
    "photometry", "estimated", "note",
)  # fmt: skip
FULL = 1000
_FORMULA_LEVELS = (1, 250, 500, 750, FULL)
_FORMULA_P0_PERMILLE = 50
_STANDBY_MW = 500  # the cap of the ecodesign rules for control gear in standby
_UNKNOWN_MW, _UNKNOWN_LM = 30_000, 3_600  # stand-in where nobody has said; `power_known` is False then


def formula(max_mw: int) -> tuple[tuple[int, int], ...]:
    """The table of the default formula for a full power [mW]."""
    p0 = max_mw * _FORMULA_P0_PERMILLE // 1000
    return tuple((level, p0 + (max_mw - p0) * level // FULL) for level in _FORMULA_LEVELS)


def load_fixture(path: Path) -> Fixture:
    """The fixture in a file. Raises InputError with every problem in it."""
    document = Document.load(path, path.name)
    fixture = read_fixture(document.root, path.stem)
    document.finish()
    return fixture


def read_fixture(node: Node, name: str) -> Fixture:
    """The fixture written in a mapping, problems noted in its document; `name` is what the site calls it."""
    node.unknown_keys(KEYS)
    known = node.get("max_power").written != "unknown"
    standby = node.get("standby").quantity("power", lowest=0, highest=10_000, default=_STANDBY_MW)
    table, estimated = _power(node, known, standby)
    return Fixture(
        name=name,
        rated_flux_lm=_flux(node, known),
        power_mw=table,
        standby_mw=standby,
        lowest_stable_permille=node.get("lowest_stable").quantity("level", lowest=1, highest=FULL, default=100),
        maintenance_factor=node.get("maintenance_factor").number(lowest=0.3, highest=1.0, default=0.85),
        estimated=estimated or node.get("estimated").flag(default=False),
        clo=node.get("clo").flag(default=False),
        trim_permille=node.get("trim").quantity("level", lowest=100, highest=FULL, default=FULL),
        driver=_driver(node.get("driver")),
        photometry=_photometry(node.get("photometry")),
        power_known=known,
    )


def _flux(node: Node, known: bool) -> int:
    flux = node.get("flux")
    if not known and (not flux.present or flux.written == "unknown"):
        return _UNKNOWN_LM
    return flux.quantity("flux", lowest=1, highest=200_000)


def _power(node: Node, known: bool, standby: int) -> tuple[tuple[tuple[int, int], ...], bool]:
    """Level -> mW, and whether it is the formula's."""
    if not known:
        return formula(_UNKNOWN_MW), True
    if not node.get("power").present:
        return formula(node.get("max_power").quantity("power", lowest=100, highest=2_000_000)), True
    table = _table(node.get("power"), "power", lowest_points=5)
    if not table:
        return formula(_UNKNOWN_MW), True
    full = node.get("max_power").quantity("power", default=table[-1][1])
    if full != table[-1][1]:
        node.get("max_power").problem(f"the table under `power` ends with {table[-1][1] / 1000:g} W. Keep one of the two.")
    return _down_to_one(table, standby), False


def _down_to_one(table: tuple[tuple[int, int], ...], standby: int) -> tuple[tuple[int, int], ...]:
    """The table from 1 permille on: its first stretch carried on downwards, never below standby."""
    (level, power), (level_2, power_2) = table[0], table[1]
    if level == 1:
        return table
    lowest = power - (power_2 - power) * (level - 1) // (level_2 - level)
    return ((1, min(power, max(lowest, standby))), *table)


def _table(node: Node, value_kind: str, lowest_points: int) -> tuple[tuple[int, int], ...]:
    """Rising (level, value) pairs that end at 100 %; empty after a problem."""
    rows: list[tuple[int, int]] = []
    for key, value in node.items():
        try:
            level = parse("level", key)
        except NotAQuantity as error:
            value.problem(f"a level stands left of the colon: {error}")
            continue
        rows.append((level, value.quantity(value_kind, lowest=0)))
    if not node.is_mapping():
        return ()
    if len(rows) < lowest_points:
        node.problem(f"{len(rows)} points are too few: at least {lowest_points}, from the lowest stable level to 100 %.")
    if any(later[0] <= sooner[0] or later[1] < sooner[1] for sooner, later in pairwise(rows)):
        node.problem("the table must rise: every level above the one before, with at least as much behind the colon.")
    if rows and (rows[0][0] < 1 or rows[-1][0] != FULL):
        node.problem("the table must begin above 0 % (what it takes at 0 is `standby`) and end at 100 %.")
    return tuple(rows) if len(rows) >= 2 and rows == sorted(set(rows)) and rows[0][0] >= 1 else ()


def _driver(node: Node) -> tuple[tuple[int, int], ...]:
    return _table(node, "level", lowest_points=2) if node.present else ()


def _photometry(node: Node) -> str:
    """Name and hash of the photometry file, as one text."""
    if not node.is_mapping():
        return node.text(default="")
    node.unknown_keys(("file", "sha256"))
    return f"{node.get('file').text()} sha256:{node.get('sha256').text()}"
