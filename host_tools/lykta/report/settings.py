"""The settings used, as tables for people: one per zone, a row per setting, a column per phase."""

from __future__ import annotations

from collections.abc import Sequence

from lykta.corehost import schema
from lykta.profiles.model import Need
from lykta.report.clock import Clock
from lykta.report.model import SettingsRow
from lykta.report.view import Sheet
from lykta.score import Rules
from lykta.score.words import duration

#: What a setting is called in a report, by its key in `core/schema`.
NAMES = {
    "idle": "idle level",
    "fault": "level with a fault",
    "ramp_up": "ramp up, 0 to full",
    "ramp_down": "ramp down, full to 0",
    "reaction": "reaction allowed for",
    "frame_max": "light by a neighbour's message, at most",
    "linger_once": "linger where one post has seen somebody once",
    "level": "presence level",
    "ahead": "lit ahead, at least",
    "preview": "lit ahead, in time",
    "behind": "lit behind",
    "hold": "hold",
    "linger": "linger where somebody stays",
    "coast_lamps": "lamps that may miss somebody",
    "slowest": "slowest expected",
    "fastest": "fastest expected",
}


def shown(kind: int, value: int) -> str:
    """A value with its unit."""
    if kind == schema.LEVEL:
        return f"{value / 10:g} %"
    if kind == schema.TIME:
        return duration(value)
    if kind == schema.LENGTH:
        return f"{value / 100:g} m"
    if kind == schema.SPEED:
        return f"{value / 100:g} m/s"
    return str(value)


def _cell(row: Sequence[int], index: int) -> str:
    """A setting of a row; where the classes differ, for each: pedestrian / cyclist / car."""
    _, scope, kind, *_ = schema.SETTINGS[index]
    classes = range(schema.CLASSES) if scope == schema.CLASS else range(1)
    values = [shown(kind, row[schema.position(index, road_user)]) for road_user in classes]
    return values[0] if len(set(values)) == 1 else " / ".join(values)


def sheets(rows: Sequence[SettingsRow]) -> tuple[Sheet, ...]:
    """A table for each zone; phases that do the same share a column."""
    zones = list(dict.fromkeys(zone for zone, _, _ in rows))
    found = []
    for zone in zones:
        columns: dict[tuple[int, ...], list[str]] = {}
        for other, phase, row in rows:
            if other == zone and phase not in columns.setdefault(row, []):
                columns[row].append(phase)
        head = ("setting", *(", ".join(phases) for phases in columns.values()))
        body = tuple(
            (NAMES.get(setting[0], setting[0]), *(_cell(row, index) for row in columns)) for index, setting in enumerate(schema.SETTINGS)
        )
        found.append(Sheet(f"Zone {zone}", head, body, "Three values: pedestrian / cyclist / car." if _differ(body) else ""))
    return tuple(found)


def _differ(body: Sequence[tuple[str, ...]]) -> bool:
    return any(" / " in cell for row in body for cell in row[1:])


def requirement(rules: Rules | None, clock: Clock) -> tuple[Sheet, ...]:
    """What service was judged against: a row for each class in each phase."""
    if rules is None:
        return ()
    begins = [clock.begin_ms, *(begin for begin, _ in rules.phases[1:])]
    body = tuple(
        (f"from {clock.text(begin)}, {name}", *_need(need))
        for begin, (_, needs) in zip(begins, rules.phases, strict=True)
        for name, need in needs.items()
    )
    title = "Requirement, apart from the profile" + (f": {rules.name}" if rules.name else "")
    note = f"Light is owed from {duration(rules.tau_ms)} after somebody comes within a sensor's nominal reach."
    return (Sheet(title, ("", "level", "ahead, at least", "ahead, in time", "behind"), body, note),)


def _need(need: Need) -> tuple[str, ...]:
    level, ahead, preview, behind = need.level_permille, need.ahead_cm, need.preview_ms, need.behind_cm
    return shown(schema.LEVEL, level), shown(schema.LENGTH, ahead), shown(schema.TIME, preview), shown(schema.LENGTH, behind)
