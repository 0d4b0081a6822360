"""A score in words for people: what a council reads first. Nothing is said that was not counted.

Shares of time are rounded down, so that 100 % means every second; what cannot be said is said to be so.
"""

from __future__ import annotations

from math import floor

from lykta.report.clock import duration
from lykta.score.model import ClassScore, Moment, Score

PLURALS = {"pedestrian": "people on foot", "cyclist": "cyclists", "car": "drivers"}

#: What a cause means, by its name in the score: (short, as the end of a sentence).
CAUSES = {
    "dead lamp": ("a dead lamp", "the lamp was dead"),
    "stationary": ("standing still for long", "the user stood still for longer than the light waits"),
    "miss": ("missed by a sensor", "the last sensor on the way had not seen the user"),
    "first post": ("first post", "the user had only just come to the first sensor"),
    "speed unknown": ("speed not yet known", "the user's speed was not known yet"),
    "direction unknown": ("direction not yet known", "the user's direction was not known yet"),
    "branch": ("another branch", "the lamp stands on a branch that the user did not take"),
    "ramp": ("lamp on its way up", "the lamp had been told and was still on its way up"),
    "not raised": ("not raised", "nothing had raised the lamp"),
    "hold": ("hold after somebody", "it was held after somebody had passed"),
    "false alarm": ("false alarm", "a sensor reported nobody"),
    "animal": ("an animal", "an animal set it off"),
    "other": ("other", "for another reason"),
}


def cause_name(cause: str) -> str:
    """A cause as the name of a bar."""
    return CAUSES.get(cause, (cause, ""))[0]


def cause_sentence(cause: str) -> str:
    """A cause as the end of a sentence."""
    return CAUSES.get(cause, ("", f"the likely cause is: {cause}"))[1]


def percent(share: float | None, digits: int = 1) -> str:
    """A share as a percentage, to the nearest digit; `n/a` where there is none."""
    return "n/a" if share is None else f"{100 * share:.{digits}f} %"


def service(share: float | None) -> str:
    """A share of time, rounded down: only all of it is `100 %`."""
    if share is None:
        return "n/a"
    return "100 %" if share >= 1 else f"{floor(1000 * share) / 10:.1f} %" if share < 0.999 else f"{floor(100_000 * share) / 1000:.3f} %"


def seconds(value: float | None) -> str:
    """Seconds for people; never `0 s` for something that was."""
    if value is None:
        return "n/a"
    if 0 < value < 0.05:
        return "under 0.1 s"
    return duration(round(1000 * value))


def kwh(watt_hours: float) -> str:
    """Energy with as many digits as it deserves."""
    value = watt_hours / 1000
    return f"{value:.3f} kWh" if value < 1 else f"{value:.2f} kWh" if value < 100 else f"{value:,.0f} kWh".replace(",", " ")


def _lamps(score: Score) -> str:
    count = len(score.lamps)
    return "one lamp" if count == 1 else f"{count} lamps"


def _energy(score: Score) -> str:
    energy = score.energy
    if not score.lamps:
        return "The site has no lamps."
    if energy.saving is None:
        return f"How much electricity was saved cannot be said: the power of the {_lamps(score)} is not known, or nothing was lit."
    used = "less" if energy.saving >= 0 else "more"
    amount = percent(abs(energy.saving), 0)
    sentence = f"In this {score.about.kind} night the {_lamps(score)} used {amount} {used} electricity than the same lamps always on"
    if energy.net_saving is None:
        return f"{sentence}."
    net = "less" if energy.net_saving >= 0 else "more"
    return f"{sentence}; with what nodes and sensors take counted in, {percent(abs(energy.net_saving), 0)} {net}."


def _light(score: Score) -> str:
    served = [(PLURALS.get(name, name), service(one.service)) for name, one in score.classes.items() if one.service is not None]
    if not served:
        return "Nobody came by to whom light was owed, so nothing can be said about service."
    (first, share), *others = served
    sentence = f"{first[0].upper()}{first[1:]} had full light {share} of the time it was owed to them"
    for place, (name, other) in enumerate(others):
        sentence += f"{' and' if place == len(others) - 1 else ','} {name} {other}"
    return f"{sentence}."


def _dark(one: ClassScore) -> str:
    if not one.users:
        return ""
    people = f"{one.users} road users" if one.users > 1 else "one road user"
    if not one.users_dark:
        return f"Nobody was left in the dark: 0 of {people} had a lamp beside or just ahead of them that was not lit."
    worst = f", the longest for {seconds(one.dark.worst)}" if one.dark.worst else ""
    verb = "was" if one.users_dark == 1 else "were"
    return f"{one.users_dark} of {people} {verb} at some time in the dark, with a lamp beside or just ahead of them not lit{worst}."


def _lowest(score: Score) -> str:
    if not score.lamps:
        return ""
    if score.lowest_permille <= 0:
        return "Some lamp was off at some time of the night."
    return f"The light of no lamp was ever below {score.lowest_permille / 10:g} % of full."


def sentences(score: Score) -> tuple[str, ...]:
    """The summary: electricity, light for people, the dark, the lowest level."""
    return tuple(sentence for sentence in (_energy(score), _light(score), _dark(score.everyone), _lowest(score)) if sentence)


def moment_title(moment: Moment, at: str) -> str:
    """`03:12:04: pedestrian 17 in the dark for 3.2 s`."""
    if moment.dark_s > 0:
        return f"{at}: {moment.road_user} {moment.user} in the dark for {seconds(moment.dark_s)}"
    return f"{at}: light ahead of {moment.road_user} {moment.user} late for {seconds(moment.seconds)}"


def moment_said(moment: Moment) -> str:
    """Where, and the likely cause."""
    both = f"; dark or late for {seconds(moment.seconds)} in all" if 0 < moment.dark_s < moment.seconds else ""
    where = f"The lamp most missed was {moment.lamp}. " if moment.lamp else ""
    return f"{where}Likely cause: {cause_sentence(moment.cause)}{both}."
