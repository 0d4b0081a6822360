"""Reads what money and carbon need: tariff, metering, kgCO2/kWh with its source, costs, years. Nothing has a default."""

from __future__ import annotations

from collections.abc import Mapping

from lykta.document import Node
from lykta.units import NotAQuantity, parse

KEYS = ("currency", "tariff", "metered", "takes_profile", "carbon", "costs", "years", "discount", "today")
#: What adaptive light costs: once, for each controlled lamp, and the same every year.
COSTS = ("once", "a_lamp", "a_year", "a_lamp_a_year")


def read_economics(node: Node) -> Mapping[str, object] | None:
    """The economics of a site as plain values, or None where none are given.

    Keys: currency; tariff, a price per kWh or a list of (from, until) minutes of the day with prices; metered; takes_profile (whether the
    supplier of an unmetered plant bills by the load that lamps report; None: not said); carbon_kg_per_kwh with carbon_source; costs, by the
    names of COSTS; years; discount_permille; today, the name of the yardstick that lights the street now ("": not said).
    """
    if not node.present or not node.mapping():
        return None
    node.unknown_keys(KEYS)
    node.get("costs").unknown_keys(COSTS)
    carbon = node.get("carbon")
    carbon.unknown_keys(("kg_per_kwh", "source"))
    return {
        "currency": node.get("currency").text(),
        "tariff": _tariff(node.get("tariff")),
        "metered": node.get("metered").flag(),
        "takes_profile": node.get("takes_profile").flag() if node.get("takes_profile").present else None,
        "carbon_kg_per_kwh": carbon.get("kg_per_kwh").number(lowest=0, highest=5) if carbon.present else None,
        "carbon_source": carbon.get("source").text() if carbon.present else "",
        "costs": {name: child.number(lowest=0) for name, child in node.get("costs").items()},
        "years": node.get("years").quantity("count", lowest=1, highest=60, default=None),
        "discount_permille": node.get("discount").quantity("level", lowest=0, highest=500, default=None),
        "today": node.get("today").text(default=""),
    }


def _tariff(node: Node) -> float | list[tuple[int, int, float]]:
    """One price per kWh, or prices by hours: `{22:00-06:00: 0.9, 06:00-22:00: 1.8}`."""
    if not node.is_mapping():
        return node.number(lowest=0)
    prices = []
    covered = 0
    for key, child in node.items():
        hours = _hours(key)
        if hours is None:
            child.problem(f'"{key}" is no range of hours. Write from and until, for example "22:00-06:00".')
            continue
        covered += (hours[1] - hours[0]) % 1440 or 1440
        prices.append((*hours, child.number(lowest=0)))
    if prices and covered != 1440:
        node.problem(f"the hours together make {covered // 60} h {covered % 60} min, not a day of 24 h.")
    return prices


def _hours(text: str) -> tuple[int, int] | None:
    parts = [part.strip() for part in text.split("-")]
    try:
        minutes = [parse("time", f"{int(part[:-3])} h {int(part[-2:])} min") // 60_000 for part in parts if part[-3] == ":"]
    except (NotAQuantity, ValueError, IndexError):
        return None
    return (minutes[0] % 1440, minutes[1] % 1440) if len(minutes) == 2 and all(0 <= value <= 1440 for value in minutes) else None
