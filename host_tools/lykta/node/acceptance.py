"""What is known of every lamp of a street, judged: PASS, FAIL, or NOT CHECKED; what the one who takes it over signs.

A check counts only with the board that the lamp has now. What belongs to the post (mounting height, aim) stays when the board is
replaced. Nothing here is green because nobody looked.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lykta.node.flashing import first_day
from lykta.node.inventory import Claim, Event, Inventory
from lykta.node.keyfiles import place_of
from lykta.node.keys import KeyStore
from lykta.node.steps import fingerprints
from lykta.node.street import Street
from lykta.node.verdicts import FAIL, NOT_CHECKED, PASS, Finding, overall
from lykta.units import show

#: Parts of the node's own self-test that are one item here.
_OWN = ("identity", "board", "program", "table", "keys", "settings", "memory", "clock")
_DIRECTED = "ld2451"
#: The second bit of a MAC's first byte: nobody gave it to a maker. Virtual boards have such ones.
_LOCAL = 2


@dataclass(frozen=True)
class LampRecord:
    """What is known of a lamp. `items`: in the order of the page; `measured`: what was written down by hand, the newest of each."""

    lamp: str
    street: str
    claim: Claim | None
    flashed: Event | None
    items: Sequence[Finding]
    measured: Mapping[str, Any]
    curve: Sequence[Mapping[str, Any]]
    neighbours: Mapping[str, int]
    history: Sequence[Event]

    @property
    def verdict(self) -> str:
        """All items together."""
        return overall(item.verdict for item in self.items)

    @property
    def open(self) -> list[Finding]:
        """What is left to do, failures first."""
        return sorted((item for item in self.items if item.verdict != PASS), key=lambda item: item.verdict != FAIL)

    @property
    def virtual(self) -> bool:
        """Whether its board is none of flesh and blood."""
        return self.claim is not None and bool(int(self.claim.mac[:2], 16) & _LOCAL)


def records(street: Street, inventory: Inventory) -> list[LampRecord]:
    """Every lamp of a street that has a node, in the order of the site."""
    by_lamp: dict[str, list[Event]] = {lamp: [] for lamp in street.lamps}
    for event in inventory.history():
        by_lamp.setdefault(event.lamp, []).append(event)
    claims = {claim.lamp: claim for claim in inventory.claims()}
    planned = _Planned(street)
    return [_record(street, lamp, claims.get(lamp), by_lamp[lamp], planned) for lamp in street.lamps]


class _Planned:
    """Fingerprints of the files that nodes should have; made once for each day from which they were planned.

    Without the keys of the site, their file is left out.
    """

    def __init__(self, street: Street) -> None:
        self._street = street
        self._keys = has_keys(street)
        self._made: dict[dt.date, dict[str, dict[str, str]]] = {}

    def of(self, lamp: str, day: dt.date) -> dict[str, str]:
        """Those of one lamp, as they were planned on a day."""
        first = first_day(day)
        if first not in self._made:
            files = self._street.files(first) if self._keys else self._street.public_files(first)
            self._made[first] = {name: fingerprints(each) for name, each in files.items()}
        return self._made[first][lamp]


def has_keys(street: Street) -> bool:
    """Whether the keys of a site are on this machine."""
    return place_of(street.site.name).read() is not None


def _record(street: Street, lamp: str, claim: Claim | None, history: Sequence[Event], planned: _Planned) -> LampRecord:
    mine = [event for event in history if claim is not None and event.mac == claim.mac]
    flashed = _last(mine, "flashed")
    tests = [event for event in mine if event.kind in ("selftest", "walktest")]
    parts = {part["part"]: Finding(part["part"], part["verdict"], part["text"]) for event in tests for part in parts_of(event)}
    measured = {name: value for event in history if event.kind == "measured" for name, value in event.about.items()}
    neighbours = {name: dbm for event in tests for name, dbm in event.about.get("neighbours", {}).items()}
    curve: Sequence[Mapping[str, Any]] = next((event.about["curve"] for event in reversed(tests) if event.about.get("curve")), [])
    ranges = {name: far for event in tests for name, far in event.about.get("range_m", {}).items()}
    items = [
        _board(street, lamp, claim),
        _files(lamp, flashed, planned),
        _left(mine, flashed),
        _own(parts),
        _part(parts, "light seen", "nobody has seen it go full, half, full"),
        _part(parts, "dim curve", "not measured"),
        *_sensors(street, lamp, parts),
        _range(ranges, measured),
        _height(measured),
        _aim(measured),
        _neighbours(street, lamp, neighbours),
    ]
    return LampRecord(lamp, street.way_of(lamp), claim, flashed, items, measured, curve, neighbours, history)


def without_newest_keys(street: Street, inventory: Inventory, keys: KeyStore) -> list[str]:
    """The lamps whose board was not given the keys as they are now; lamps without a board do not count."""
    newest = keys.keys(street.segments)
    behind = []
    for claim in inventory.claims():
        flashed = inventory.last(claim.lamp, "flashed", claim.mac)
        written = flashed.about.get("files", {}).get("keys") if flashed else None
        if claim.lamp in street.lamps and written != fingerprints({"keys": street.key_file(claim.lamp, newest)})["keys"]:
            behind.append(claim.lamp)
    return behind


def parts_of(event: Event) -> Sequence[Mapping[str, str]]:
    """What a test found, part by part: on the post ("parts") or when the board was flashed ("findings")."""
    found: Sequence[Mapping[str, str]] = event.about.get("parts") or event.about.get("findings") or ()
    return found


def _last(events: Iterable[Event], kind: str) -> Event | None:
    return next((event for event in reversed(list(events)) if event.kind == kind), None)


def _board(street: Street, lamp: str, claim: Claim | None) -> Finding:
    if claim is None:
        return Finding("board", NOT_CHECKED, "no board yet")
    wanted = street.boards[lamp].id
    if claim.board != wanted:
        return Finding("board", FAIL, f"it is an {claim.board}, the site names {wanted}")
    return Finding("board", PASS, f"{claim.board}, {claim.mac}")


def _files(lamp: str, flashed: Event | None, planned: _Planned) -> Finding:
    """Whether what was written is what site, profile and keys say today."""
    if flashed is None:
        return Finding("as planned", NOT_CHECKED, "not flashed")
    wanted = planned.of(lamp, dt.date.fromisoformat(flashed.at[:10]))
    written = flashed.about.get("files", {})
    other = [name for name, digest in wanted.items() if written.get(name) != digest]
    if other:
        return Finding("as planned", FAIL, f"{', '.join(other)} changed since it was flashed: flash it again")
    return Finding("as planned", PASS, f"flashed {flashed.at[:10]} by {flashed.who}")


def _left(mine: Sequence[Event], flashed: Event | None) -> Finding:
    """The settings as left: changed at the post, or as planned."""
    last = max((number for number, event in enumerate(mine) if event.kind == "flashed"), default=-1)
    since = [event for event in mine[last + 1 :] if event.kind in ("settings", "reset")]
    if any(event.kind == "reset" for event in since):
        return Finding("as left", FAIL, "it was reset to the factory's state: flash it again")
    changed = [line for event in since for line in event.about.get("changed", [])]
    if changed:
        return Finding("as left", FAIL, f"changed at the post: {'; '.join(changed)}. Put it into the profile, or flash it again")
    if flashed is None:
        return Finding("as left", NOT_CHECKED, "not flashed")
    return Finding("as left", PASS, "nothing was changed at the post")


def _own(parts: Mapping[str, Finding]) -> Finding:
    found = [parts[name] for name in _OWN if name in parts]
    bad = [one for one in parts.values() if one.verdict == FAIL and one.part.split()[0] in (*_OWN, "radio", "sensors", "radar", "light")]
    if bad:
        return Finding("self-test", FAIL, "; ".join(f"{one.part}: {one.text}" for one in bad))
    if len(found) < len(_OWN) or any(one.verdict != PASS for one in found):
        return Finding("self-test", NOT_CHECKED, "not run on the post")
    return Finding("self-test", PASS, "all is well")


def _part(parts: Mapping[str, Finding], name: str, otherwise: str) -> Finding:
    return parts.get(name, Finding(name, NOT_CHECKED, otherwise))


def _sensors(street: Street, lamp: str, parts: Mapping[str, Finding]) -> list[Finding]:
    """Each sensor of the lamp: whether it noticed a person, and whether a radar that looks one way looks the right way."""
    found = []
    counts: dict[str, int] = {}
    for sensor in sorted(street.lamp(lamp).sensors, key=lambda one: one.kind != "pir"):
        kind = sensor.kind.upper()
        counts[kind] = counts.get(kind, 0) + 1
        name = f"{kind} {counts[kind]}"
        found.append(_part(parts, name, "nobody has walked past it"))
        if sensor.kind == _DIRECTED:
            found.append(_part(parts, f"{name} way", f"no pass was walked to see whether it looks towards {sensor.facing}"))
    return found


def _range(ranges: Mapping[str, float], measured: Mapping[str, Any]) -> Finding:
    if "range_cm" in measured:
        return Finding("range seen", PASS, show("length", measured["range_cm"]))
    if ranges:
        return Finding("range seen", PASS, ", ".join(f"{name} {far:g} m" for name, far in ranges.items()))
    return Finding("range seen", NOT_CHECKED, "not walked off")


def _height(measured: Mapping[str, Any]) -> Finding:
    if "height_cm" in measured:
        return Finding("height", PASS, show("length", measured["height_cm"]))
    return Finding("height", NOT_CHECKED, "not measured")


def _aim(measured: Mapping[str, Any]) -> Finding:
    if measured.get("aim"):
        return Finding("aim", PASS, str(measured["aim"]))
    return Finding("aim", NOT_CHECKED, "not written down")


def _neighbours(street: Street, lamp: str, heard: Mapping[str, int]) -> Finding:
    """Whether every neighbour whose heartbeat counts was heard, and how strongly."""
    wanted = street.adjacent(lamp)
    if not wanted:
        return Finding("neighbours", PASS, "it has none within reach")
    text = ", ".join(f"{name} {dbm} dBm" for name, dbm in heard.items())
    missing = [name for name in wanted if name not in heard]
    if not heard:
        return Finding("neighbours", NOT_CHECKED, f"none was heard yet, of {', '.join(wanted)}")
    if set(wanted[:2]) & set(missing):
        return Finding("neighbours", FAIL, f"{text}; not heard: {', '.join(missing)}. Aerial, channel, keys? Were they on?")
    return Finding("neighbours", PASS, text)
