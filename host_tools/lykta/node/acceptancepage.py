"""The commissioning record for others: a page for each street to read, print and sign, and a table for spreadsheets."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from lykta import __version__, wholefile
from lykta.node.acceptance import LampRecord, parts_of
from lykta.node.inventory import Event
from lykta.node.verdicts import FAIL, NOT_CHECKED, PASS
from lykta.units import show

_TEMPLATES = Path(__file__).with_name("templates")


def by_street(records: Sequence[LampRecord]) -> dict[str, list[LampRecord]]:
    """The records of each street, in the order of the site."""
    found: dict[str, list[LampRecord]] = {}
    for record in records:
        found.setdefault(record.street or "other", []).append(record)
    return found


def page(site: str, profile: str, street: str, records: Sequence[LampRecord], now: dt.datetime) -> str:
    """The acceptance page of one street: one HTML file that needs no network."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    counts = {verdict: sum(one.verdict == verdict for one in records) for verdict in (PASS, FAIL, NOT_CHECKED)}
    return environment.get_template("acceptance.html.j2").render(
        site=site,
        profile=profile,
        street=street,
        records=records,
        counts=counts,
        virtual=sum(one.virtual for one in records),
        made=f"{now:%Y-%m-%d %H:%M}",
        version=__version__,
        told=told,
    )


def write_pages(folder: Path, site: str, profile: str, records: Sequence[LampRecord], now: dt.datetime) -> list[Path]:
    """A page for each street in a folder; their names."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for street, theirs in by_street(records).items():
        path = folder / f"{re.sub(r'[^a-z0-9åäöéüæø]+', '_', street.lower()).strip('_') or 'street'}.html"
        wholefile.write(path, page(site, profile, street, theirs, now))
        written.append(path)
    return written


def table(records: Sequence[LampRecord]) -> str:
    """One line for each lamp, as CSV: who it is, each check with its verdict and what was seen."""
    names = list(dict.fromkeys(item.part for record in records for item in record.items))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    columns = ("lamp", "street", "mac", "board", "since", "by", "runtime", "firmware", "flashed", "flashed_by", "verdict")
    writer.writerow([*columns, *(column for name in names for column in (f"{name}: verdict", f"{name}: seen"))])
    for one in records:
        claim, flashed = one.claim, one.flashed
        who = (claim.mac, claim.board, claim.since, claim.who) if claim else ("", "", "", "")
        made = (
            (flashed.about.get("runtime", ""), flashed.about.get("firmware", ""), flashed.at, flashed.who) if flashed else ("", "", "", "")
        )
        items = {item.part: item for item in one.items}
        cells = [cell for name in names for cell in ((items[name].verdict, items[name].text) if name in items else ("", ""))]
        writer.writerow([_safe(str(cell)) for cell in (one.lamp, one.street, *who, *made, one.verdict, *cells)])
    return out.getvalue()


def _safe(text: str) -> str:
    """A cell that a spreadsheet takes for text, whatever somebody has typed: none begins a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "@") else text


def told(event: Event) -> str:
    """What happened, in words."""
    about = event.about
    board = f" ({event.mac})" if event.mac else ""
    if event.kind == "claimed":
        instead = f", in place of {about['instead_of']}" if about.get("instead_of") else ""
        return f"board {event.mac} put on it{instead}"
    if event.kind == "released":
        moved, instead = str(about.get("moved_to") or ""), str(about.get("replaced_by") or "")
        why = f"moved to {moved}" if moved else f"replaced by {instead}" if instead else about.get("why", "")
        return f"board {event.mac} taken off" + (f": {why}" if why else "")
    if event.kind == "flashed":
        return f"flashed{board}: {', '.join(about.get('changes', [])) or 'all was right already'}"
    if event.kind in ("selftest", "walktest"):
        verdict = about.get("verdict") or "; ".join(f"{part['part']} {part['verdict']}" for part in parts_of(event))
        where = " on the bench" if about.get("where") == "bench" else ""
        return f"{'self-test' if event.kind == 'selftest' else 'walk-test'}{where}{board}: {verdict}"
    if event.kind == "measured":
        return "measured: " + ", ".join(_measured(name, value) for name, value in about.items())
    if event.kind == "settings":
        return f"settings changed at the post{board}: {'; '.join(about.get('changed', []))}"
    if event.kind == "revoked":
        return f"keys and board revoked{board}: {about.get('why', '')}"
    return f"reset to the factory's state{board}" if event.kind == "reset" else event.kind


def _measured(name: str, value: object) -> str:
    """Something that was measured, with its unit."""
    return f"{name.removesuffix('_cm')} {show('length', value)}" if name.endswith("_cm") and isinstance(value, int) else f"{name} {value}"
