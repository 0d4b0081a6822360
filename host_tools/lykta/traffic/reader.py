"""Reads demands: the user's YAML, the packaged ones by name, and counter files.

load_demand("quiet")               packaged
load_demand("kungsholms@30")       the same with 30 users an hour
load_demand("my_traffic.yaml")     the user's own
load_demand("counts.csv", date)    real counts, those of the season of a date
load_demand("sumo:quiet")          the people of `quiet` as SUMO moves them, on a net made of the site
load_demand("sumo:quiet,my.net.xml")    the same on a net of one's own
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from lykta.document import Document, Node
from lykta.errors import InputError
from lykta.traffic import counts
from lykta.traffic.demand import CAR, CYCLIST, DEFAULT_HABITS, NAMES, PEDESTRIAN, Demand, Habits, Hours, Normal
from lykta.units import near_miss

PACKAGED = Path(__file__).resolve().parent.parent / "data" / "traffic"
#: The traffic of a site as SUMO moves it, and how names of its nets end.
SUMO = "sumo"
_NET = ".net.xml"
_TOP = ("name", "about", "users_an_hour", "users_an_hour_weekend", "stay_on_way", "entrances", "turns")
_OF_CLASS: tuple[str, ...] = ("share", "an_hour", "an_hour_weekend", "speed", "lateral", "pavement", "grouped", "group_size")
_OF_CLASS += ("pausing", "pause", "turning", "loitering", "loiter", "with_dog")
_MOST_AN_HOUR = 20_000
_Days = tuple[Hours, Hours]


def packaged() -> list[str]:
    """The names of the demands that come with Lykta."""
    return sorted(path.stem for path in PACKAGED.glob("*.yaml"))


def load_demand(path_or_name: str | Path, date: datetime.date | None = None) -> Demand:
    """The demand of a packaged name, a YAML file or a CSV file of counts; `@30` at the end of a name: 30 users an hour.

    `date` chooses the season in counts. Raises InputError with all problems of the file.
    """
    if is_sumo(str(path_or_name)):
        return _by_sumo(str(path_or_name), date)
    text, _, rate = str(path_or_name).partition("@")
    demand = _load(text, date)
    if not rate:
        return demand
    try:
        users = _users(rate)
        return replace(demand.scaled(users), notes=(*demand.notes, f"taken with {users:g} users an hour, the mean of a working day"))
    except ValueError:
        raise InputError.of(str(path_or_name), f'"{rate}" users an hour are not possible here. Write for example "{text}@30".') from None


def is_sumo(text: str) -> bool:
    """Whether a name of traffic asks for SUMO: `sumo`, `sumo:quiet`, `sumo:my.net.xml`, `sumo:quiet,my.net.xml`."""
    return text == SUMO or text.startswith(f"{SUMO}:")


def parts_of_sumo(text: str) -> tuple[str, str]:
    """(demand, net) that a name of traffic by SUMO has; "" for what it leaves to the site."""
    parts = [part.strip() for part in text.partition(":")[2].split(",") if part.strip()]
    nets = [part for part in parts if part.endswith(_NET)]
    demands = [part for part in parts if part not in nets]
    if len(nets) > 1 or len(demands) > 1:
        raise InputError.of(text, 'names more than one demand or net. Write for example "sumo:quiet", or "sumo:quiet,my.net.xml".')
    return "".join(demands), "".join(nets)


def name_of_sumo(demand: str, net: str) -> str:
    """The name of traffic by SUMO that has these parts."""
    return f"{SUMO}:{','.join(filter(None, (demand, net)))}"


def _by_sumo(text: str, date: datetime.date | None) -> Demand:
    """The demand of a name, moved by SUMO."""
    from lykta.traffic.sumo import MadeNet, OwnNet

    named, net = parts_of_sumo(text)
    if not named:
        raise InputError.of(text, 'whose people? Name them: "sumo:quiet".')
    found = load_demand(named, date)
    if net and not Path(net).is_file():
        raise InputError.of(net, "there is no such file.")
    where = f"on {net}" if net else "on a net made of the site"
    source = OwnNet(Path(net)) if net else MadeNet()
    return replace(found, name=f"{found.name}, moved by SUMO", notes=(*found.notes, f"SUMO moves these people {where}."), source=source)


def _users(text: str) -> float:
    users = float(text)
    if not 0 <= users <= _MOST_AN_HOUR:
        raise ValueError(text)
    return users


def _load(text: str, date: datetime.date | None) -> Demand:
    path = Path(text)
    if path.suffix.lower() in (".csv", ".tsv", ".txt"):
        return counts.load(path, date)
    if not path.suffix and not path.exists():
        path = PACKAGED / f"{text}.yaml"
        if not path.exists():
            names = packaged()
            known = f"Packaged: {', '.join(names)}. A file of your own ends in .yaml or .csv."
            raise InputError.of(text, f"there is no traffic of this name.{near_miss(text, names)} {known}")
        return read(Document.load(path, f"{text}.yaml"))
    return read(Document.load(path))


def read(document: Document) -> Demand:
    """The demand in a document; raises InputError with all problems."""
    root = document.root
    names = tuple(NAMES.values())
    root.unknown_keys((*_TOP, *names))
    present = [code for code, name in NAMES.items() if root.get(name).present]
    if not present:
        root.problem(f"nobody is named. Add at least one of {', '.join(names)}, for example `pedestrian: {{an_hour: 10}}`.")
    blocks = {code: root.get(NAMES[code]) for code in present}
    habits = {code: _habits(blocks[code], default) if code in blocks else default for code, default in DEFAULT_HABITS.items()}
    about = root.get("about").text(default="")
    demand = Demand(
        name=root.get("name").text(),
        rates=_rates(root, blocks),
        habits=habits,
        entrances={name: child.quantity("count", lowest=0, highest=1000) for name, child in root.get("entrances").items()},
        turns={
            name: {to: weight.quantity("count", lowest=0, highest=1000) for to, weight in child.items()}
            for name, child in root.get("turns").items()
        },
        stay_on_way=root.get("stay_on_way").quantity("count", lowest=1, highest=100, default=2),
        notes=(about,) if about else (),
    )
    document.finish()
    return demand


def _rates(root: Node, blocks: dict[int, Node]) -> dict[int, _Days]:
    """Users an hour by class: each class's own, or its share of all."""
    shared = {code: block for code, block in blocks.items() if block.get("share").present}
    total = _days(root, "users_an_hour")
    if not shared and root.get("users_an_hour").present:
        root.get("users_an_hour").problem("no class says its `share` of these, for example `share: 70 %`.")
    if shared and not root.get("users_an_hour").present:
        next(iter(shared.values())).get("share").problem("a share of what? Add `users_an_hour` at the top of the file.")
    shares = {code: block.get("share").quantity("level", lowest=0, highest=1000) for code, block in shared.items()}
    if shared and root.get("users_an_hour").present and sum(shares.values()) != 1000:
        next(iter(shared.values())).get("share").problem(f"the shares add up to {sum(shares.values()) / 10:g} %, not to 100 %.")
    rates: dict[int, _Days] = {}
    for code, block in blocks.items():
        if code in shared:
            if block.get("an_hour").present:
                block.get("an_hour").problem("either `share` or `an_hour`, not both.")
            rates[code] = (_times(total[0], shares[code]), _times(total[1], shares[code]))
        else:
            if not block.get("an_hour").present:
                block.problem("how many an hour? Add `an_hour: 10`, or a `share` of `users_an_hour`.")
            rates[code] = _days(block, "an_hour")
    return rates


def _times(hours: Hours, permille: int) -> Hours:
    return tuple(rate * permille / 1000 for rate in hours)


def _days(node: Node, key: str) -> _Days:
    """Working days and weekends; a weekend that is not written is like a working day."""
    work = _hours(node.get(key))
    weekend = node.get(f"{key}_weekend")
    return work, _hours(weekend) if weekend.present else work


def _hours(node: Node) -> Hours:
    """Users an hour, by hour: one number, or by the hour from which each holds, `{"06:00": 20, "22:00": 5}`."""
    if not node.present:
        return (0.0,) * 24
    if not node.is_mapping():
        return (node.number(lowest=0, highest=_MOST_AN_HOUR),) * 24
    steps: dict[int, float] = {}
    for key, child in node.items():
        hour, _, minute = key.partition(":")
        if not hour.isdigit() or int(hour) > 23 or minute not in ("", "00"):
            child.problem(f'"{key}" is no full hour. Write the hour from which the number holds, for example "22:00".')
            continue
        steps[int(hour)] = child.number(lowest=0, highest=_MOST_AN_HOUR)
    if not steps:
        return (0.0,) * 24
    begins = sorted(steps)
    return tuple(steps[max((begin for begin in begins if begin <= hour), default=begins[-1])] for hour in range(24))


def _habits(node: Node, default: Habits) -> Habits:
    node.unknown_keys(_OF_CLASS)

    def share(key: str, otherwise: int) -> int:
        return node.get(key).quantity("level", lowest=0, highest=1000, default=otherwise)

    habits = replace(
        default,
        speed=_normal(node.get("speed"), "speed", default.speed, 5, 5000),
        lateral=_normal(node.get("lateral"), "length", default.lateral, -600, 600),
        pavement_cm=node.get("pavement").quantity("length", lowest=0, highest=500, default=default.pavement_cm),
        grouped=share("grouped", default.grouped),
        group_size=_sizes(node.get("group_size"), default.group_size),
        pausing=share("pausing", default.pausing),
        pause_ms=node.get("pause").quantity("time", lowest=1000, highest=3_600_000, default=default.pause_ms),
        turning=share("turning", default.turning),
        loitering=share("loitering", default.loitering),
        loiter_ms=node.get("loiter").quantity("time", lowest=60_000, highest=3_600_000, default=default.loiter_ms),
        with_dog=share("with_dog", default.with_dog),
    )
    if habits.pausing + habits.turning + habits.loitering > 1000:
        node.problem("`pausing`, `turning` and `loitering` exclude each other, so together they are at most 100 %.")
    return habits


def _sizes(node: Node, default: tuple[int, int]) -> tuple[int, int]:
    if not node.present:
        return default
    parts = node.text().replace("–", "-").split("-")
    if len(parts) == 2 and all(part.strip().isdigit() for part in parts):
        smallest, largest = int(parts[0]), int(parts[1])
        if 2 <= smallest <= largest <= 30:
            return smallest, largest
    node.problem(f'"{node.written}" is no size of groups. Write the smallest and the largest, 2 to 30, for example "2-4".')
    return default


def _normal(node: Node, kind: str, default: Normal, lowest: int, highest: int) -> Normal:
    """`{mean: 1.4 m/s, deviation: 0.25 m/s, lowest: 0.5 m/s, highest: 2.5 m/s}`."""
    if not node.present or not node.mapping():
        return default
    node.unknown_keys(("mean", "deviation", "lowest", "highest"))
    law = Normal(
        node.get("mean").quantity(kind, lowest=lowest, highest=highest, default=default.mean),
        node.get("deviation").quantity(kind, lowest=0, highest=highest, default=default.deviation),
        node.get("lowest").quantity(kind, lowest=lowest, highest=highest, default=default.lowest),
        node.get("highest").quantity(kind, lowest=lowest, highest=highest, default=default.highest),
    )
    if not law.lowest <= law.mean <= law.highest:
        node.problem("the mean is not between `lowest` and `highest`.")
    return law


def classes_of(demand: Demand) -> Sequence[int]:
    """The classes that a demand has any of, of those that are owed light."""
    return [code for code in (PEDESTRIAN, CYCLIST, CAR) if any(any(hours) for hours in demand.rates.get(code, ()))]
