"""The quantities that a scenario may require something of, each as a function of the scores of one or more nights.

Shares over several nights are ratios of sums; worst cases are the worst of all nights; None where nothing can be said.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lykta.score.model import ClassScore, Moment, Score
from lykta.score.words import cause_name, cause_sentence, percent

Scores = Sequence[Score]
Reading = Callable[[Scores, str], float | None]
Explanation = Callable[[Scores, str], list[str]]

EVERYONE = "everyone"
#: What people may call a class.
CLASSES = {
    "pedestrian": "pedestrian", "pedestrians": "pedestrian", "walker": "pedestrian", "walkers": "pedestrian",
    "cyclist": "cyclist", "cyclists": "cyclist", "bicycle": "cyclist", "bicycles": "cyclist",
    "car": "car", "cars": "car", "driver": "car", "drivers": "car",
    "everyone": EVERYONE, "everybody": EVERYONE, "all": EVERYONE, "user": EVERYONE, "users": EVERYONE, "person": EVERYONE,
}  # fmt: skip


@dataclass(frozen=True)
class Quantity:
    """Something that can be required. `unit`: "%" (values are shares), "s", "m", "kWh" or "" (a number)."""

    unit: str
    of_class: bool
    read: Reading
    explain: Explanation
    example: str


def group(score: Score, name: str) -> ClassScore | None:
    """The figures of a class, None where nobody of it came by."""
    return score.everyone if name == EVERYONE else score.classes.get(name)


def _groups(scores: Scores, name: str) -> list[ClassScore]:
    return [found for score in scores if (found := group(score, name)) is not None]


def _ratio(above: float, below: float) -> float | None:
    return above / below if below else None


def _saving(scores: Scores, _: str) -> float | None:
    spent, full = (sum(getattr(score.energy, name) for score in scores) for name in ("lamps_wh", "always_on_wh"))
    return _ratio(full - spent, full)


def _net_saving(scores: Scores, _: str) -> float | None:
    full = sum(score.energy.always_on_wh for score in scores)
    nodes = sum(score.energy.nodes_wh + score.energy.sensors_wh for score in scores)
    saving, share = _saving(scores, ""), _ratio(nodes, full)
    return None if saving is None or share is None else saving - share


def _service(scores: Scores, name: str) -> float | None:
    found = _groups(scores, name)
    return _ratio(sum(one.lit_s for one in found), sum(one.duty_s for one in found))


def _strict_service(scores: Scores, name: str) -> float | None:
    found = [one for one in _groups(scores, name) if one.strict_service is not None]
    weight = [one.present_s for one in found]
    return _ratio(sum((one.strict_service or 0.0) * w for one, w in zip(found, weight, strict=True)), sum(weight))


def _worst(kind: str) -> Reading:
    def read(scores: Scores, name: str) -> float | None:
        values = [getattr(one, kind).worst for one in _groups(scores, name)]
        return max((value for value in values if value is not None), default=None)

    return read


def _mean(kind: str) -> Reading:
    def read(scores: Scores, name: str) -> float | None:
        found = _groups(scores, name)
        return _ratio(sum(getattr(one, f"{kind}_s") for one in found), sum(one.users for one in found))

    return read


def _ahead(scores: Scores, name: str) -> float | None:
    return min((one.ahead_p5_m for one in _groups(scores, name) if one.ahead_p5_m is not None), default=None)


def _changes(scores: Scores, _: str) -> float | None:
    found = [score.comfort.changes_per_lamp_hour for score in scores if score.comfort.changes_per_lamp_hour is not None]
    return _ratio(sum(found), len(found))


def _uneven(scores: Scores, _: str) -> float | None:
    return max((score.comfort.uneven_share for score in scores if score.comfort.uneven_share is not None), default=None)


def _lowest(scores: Scores, _: str) -> float | None:
    return min((score.lowest_permille / 1000 for score in scores), default=None)


def _energy(scores: Scores, _: str) -> float | None:
    return _ratio(sum(score.energy.lamps_wh for score in scores) / 1000, len(scores))


def _why_energy(scores: Scores, _: str) -> list[str]:
    """Energy used and possible, and where most of it went without need."""
    spent, full = (sum(getattr(score.energy, name) for score in scores) / 1000 for name in ("lamps_wh", "always_on_wh"))
    nodes = sum(score.energy.nodes_wh + score.energy.sensors_wh for score in scores) / 1000
    lost: dict[str, float] = {}
    for loss in (loss for score in scores for loss in score.losses):
        lost[loss.cause] = lost.get(loss.cause, 0.0) + loss.energy_wh / 1000
    most = _most(lost)
    said = [f"The lamps took {spent:.3f} of {full:.3f} kWh, nodes and sensors {nodes:.3f} kWh."]
    if most:
        said.append("Lit without need: " + ", ".join(f"{cause_name(cause)} {kwh:.3f} kWh" for cause, kwh in most) + ".")
    return said


def _most(causes: dict[str, float]) -> list[tuple[str, float]]:
    """The three causes that weigh most."""
    return sorted(causes.items(), key=lambda item: -item[1])[:3]


def _why_service(kind: str) -> Explanation:
    """How many users, by which causes, and the worst moment of the class."""

    def explain(scores: Scores, name: str) -> list[str]:
        found = _groups(scores, name)
        said = []
        for what in ("dark", "late") if kind == "both" else (kind,):
            causes: dict[str, float] = {}
            for one in found:
                for cause, seconds in getattr(one, f"{what}_causes").items():
                    causes[cause] = causes.get(cause, 0.0) + seconds
            if causes:
                listed = ", ".join(f"{cause_name(cause)} {seconds:.1f} s" for cause, seconds in _most(causes))
                of = f"{sum(getattr(one, f'users_{what}') for one in found)} of {sum(one.users for one in found)}"
                said.append(f"{what.capitalize()} for {of} users: {listed}.")
        return said + _worst_moment(scores, name, kind)

    return explain


def _of_kind(moment: Moment, kind: str) -> float:
    return {"dark": moment.dark_s, "late": moment.seconds - moment.dark_s}.get(kind, moment.seconds)


def _worst_moment(scores: Scores, name: str, kind: str) -> list[str]:
    """Which user, when, where."""
    moments = [
        (seconds, score, moment)
        for score in scores
        for moment in score.worst
        if name in (EVERYONE, moment.road_user) and (seconds := _of_kind(moment, kind))
    ]
    if not moments:
        return []
    seconds, score, moment = max(moments, key=lambda found: found[0])
    seed = f", seed {score.about.seeds[0]}" if len(scores) > 1 and score.about.seeds else ""
    return [
        (
            f"Longest: {moment.road_user} {moment.user}{seed} at {score.about.clock(moment.begin_ms)}, {seconds:.1f} s, "
            f"near lamp {moment.lamp} (link {moment.link}, {moment.chainage_cm / 100:.0f} m along it): {cause_sentence(moment.cause)}."
        )
    ]


def _why_ahead(scores: Scores, name: str) -> list[str]:
    means = [one.ahead_mean_m for one in _groups(scores, name) if one.ahead_mean_m is not None]
    mean = [f"On average {sum(means) / len(means):.0f} m were lit ahead."] if means else []
    return mean + _why_service("both")(scores, name)


def _why_comfort(scores: Scores, _: str) -> list[str]:
    said = []
    for score in scores:
        restless = max(score.lamps, key=lambda lamp: lamp.changes, default=None)
        if restless is not None and restless.changes:
            said.append(f"The most restless lamp is {restless.lamp}: {restless.changes} changes of target in the night.")
    return said[:1]


def _why_lowest(scores: Scores, _: str) -> list[str]:
    dimmest = min((lamp for score in scores for lamp in score.lamps), key=lambda lamp: lamp.mean_permille, default=None)
    return [f"The lamp that is dimmest on average is {dimmest.lamp}, {percent(dimmest.mean_permille / 1000)}."] if dimmest else []


QUANTITIES: dict[str, Quantity] = {
    "saving": Quantity("%", False, _saving, _why_energy, "saving at least 45 %"),
    "net saving": Quantity("%", False, _net_saving, _why_energy, "net saving at least 40 %"),
    "energy": Quantity("kWh", False, _energy, _why_energy, "energy at most 8 kWh"),
    "service": Quantity("%", True, _service, _why_service("both"), "service of cyclists at least 99.9 %"),
    "strict service": Quantity("%", True, _strict_service, _why_service("both"), "strict service of pedestrians at least 95 %"),
    "dark seconds": Quantity("s", True, _worst("dark"), _why_service("dark"), "dark seconds per pedestrian at most 0"),
    "late seconds": Quantity("s", True, _worst("late"), _why_service("late"), "late seconds per cyclist at most 3"),
    "mean dark seconds": Quantity("s", True, _mean("dark"), _why_service("dark"), "mean dark seconds per user at most 0.1"),
    "mean late seconds": Quantity("s", True, _mean("late"), _why_service("late"), "mean late seconds per user at most 1"),
    "metres lit ahead": Quantity("m", True, _ahead, _why_ahead, "metres lit ahead of pedestrians at least 60 m"),
    "changes per lamp and hour": Quantity("", False, _changes, _why_comfort, "changes per lamp and hour at most 20"),
    "uneven time": Quantity("%", False, _uneven, _why_comfort, "uneven time at most 5 %"),
    "lowest level": Quantity("%", False, _lowest, _why_lowest, "lowest level at least 40 %"),
}
