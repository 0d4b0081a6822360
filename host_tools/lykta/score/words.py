"""A score in words and numbers for people: the sentences that a council reads, and how figures are written everywhere.

Nothing is said that was not counted. Shares of time are rounded down, so that `100 %` means every ms; savings in whole percent
are rounded down too. Source: definitions, section 6.
"""

from __future__ import annotations

from math import ceil, floor

from lykta.score.model import ClassScore, Moment, Score

PEOPLE = {"pedestrian": "walkers", "cyclist": "cyclists", "car": "drivers"}

#: What a cause means, by its name in the score: the name of a bar, and the end of a sentence.
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


def service(share: float | None, fine: bool = True) -> str:
    """A share of time, rounded down: only every ms is `100 %`. `fine`: with three digits where one cannot tell it from all."""
    if share is None:
        return "n/a"
    if share >= 1:
        return "100 %"
    return f"{floor(100_000 * share) / 1000:.3f} %" if fine and share >= 0.999 else f"{floor(1000 * share) / 10:.1f} %"


def duration(ms: int) -> str:
    """A length of time: `0 s`, `0.4 s`, `12 s`, `3 min 05 s`, `14 h 20 min`."""
    if ms < 10_000:
        return f"{ms / 1000:.1f} s".replace(".0 s", " s")
    seconds = round(ms / 1000)
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60:02d} s"
    minutes = round(ms / 60_000)
    return f"{minutes // 60} h {minutes % 60:02d} min"


def seconds(value: float | None) -> str:
    """Seconds; never `0 s` for something that was, `n/a` where there is nothing to tell."""
    if value is None:
        return "n/a"
    return "under 0.1 s" if 0 < value < 0.05 else duration(round(1000 * value))


def kwh(watt_hours: float) -> str:
    """Energy with as many digits as it deserves."""
    value = watt_hours / 1000
    return f"{value:.3f} kWh" if value < 1 else f"{value:.2f} kWh" if value < 100 else f"{value:,.0f} kWh".replace(",", " ")


def sentences(score: Score, today: Score | None = None, bound: float | None = None) -> tuple[str, ...]:
    """The summary in the order of importance: electricity, light for people, the dark, the lowest level.

    `today`: the night of the scheme in use today with the same traffic; `bound`: the saving that no controller can exceed, where the
    score does not know it.
    """
    if bound is None and score.bounds is not None:
        bound = score.bounds.saving
    said = (_energy(score, today, bound), _light(score), _dark(score), _stood(score.everyone), _late(score), _lowest(score))
    return tuple(sentence for sentence in said if sentence)


def reservations(score: Score) -> tuple[str, ...]:
    """What a reader must know before he believes the figures."""
    said = []
    if not score.energy.power_known:
        said.append("Nobody has said what some of these lamps draw: no saving in kWh may be claimed from these figures.")
    elif score.energy.estimated:
        said.append("What some lamps draw when dimmed is estimated, not measured.")
    fixed = sum(not lamp.adaptive for lamp in score.lamps)
    if fixed:
        said.append(f"{fixed} of {len(score.lamps)} lamps are not controlled and burn at full all night; they count in every figure.")
    dead = [lamp.lamp for lamp in score.lamps if lamp.dead_s]
    if dead:
        listed = ", ".join(dead[:5]) + (f" and {len(dead) - 5} more" if len(dead) > 5 else "")
        said.append(f"Dead lamps count as dark: {listed}.")
    missed = score.everyone.never_covered
    if missed:
        said.append(f"{missed} came by where no sensor looks: no light was owed to them.")
    return tuple(said)


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


def _lamps(score: Score) -> str:
    return "one lamp" if len(score.lamps) == 1 else f"{len(score.lamps)} lamps"


def _used(saving: float) -> str:
    """`41 % less`: the figure with one digit, as tables have it, made a whole one that claims no more."""
    figure = round(100 * saving, 1)
    return f"{floor(figure)} % less" if figure >= 0 else f"{ceil(-figure)} % more"


def _energy(score: Score, today: Score | None, bound: float | None) -> str:
    energy = score.energy
    if not score.lamps:
        return "The site has no lamps."
    if energy.saving is None:
        return f"How much electricity was saved cannot be said: the power of the {_lamps(score)} is not known, or nothing was lit."
    said = [f"In this {score.about.kind} night the {_lamps(score)} used {_used(energy.saving)} electricity than the same lamps always on"]
    if energy.net_saving is not None:
        said.append(f"with what nodes and sensors take counted in, {_used(energy.net_saving)}")
    if today is not None and today.energy.saving is not None:
        said.append(f"today's scheme {_used(today.energy.saving)}")
    if bound is not None:
        most = ceil(round(100 * bound, 1))
        said.append(f"{most} % is the most any controller could save that gives everyone full light and keeps these lowest levels")
    return "; ".join(said) + "."


def _served(score: Score) -> list[tuple[str, ClassScore]]:
    """The classes to whom light was owed, as people call them."""
    return [(PEOPLE.get(name, name), found) for name, found in score.classes.items() if found.users]


def _light(score: Score) -> str:
    served = [(people, service(found.service, fine=False)) for people, found in _served(score)]
    if not served:
        return "Nobody came by to whom light was owed, so nothing can be said about service."
    (first, share), *others = served
    sentence = f"{first.capitalize()} had full light {share} of the time it was owed to them"
    for place, (people, other) in enumerate(others):
        sentence += f"{' and' if place == len(others) - 1 else ','} {people} {other}"
    return f"{sentence}."


def _dark(score: Score) -> str:
    everyone = score.everyone
    if not everyone.users:
        return ""
    if not everyone.users_dark:
        people = f"{everyone.users} road users" if everyone.users > 1 else "one road user"
        return f"Nobody was left in the dark: 0 of {people} had a lamp beside or just ahead of them that was not lit."
    listed = ", ".join(
        f"{found.users_dark} of {found.users} {people} (at worst for {seconds(found.dark.worst)} in all)"
        for people, found in _served(score)
        if found.users_dark
    )
    return f"In the dark at some time, with a lamp beside or just ahead of them not lit: {listed}."


def _stood(everyone: ClassScore) -> str:
    if not everyone.stationary_s:
        return ""
    return f"Of all time without full light, {seconds(everyone.stationary_s)} befell people who stood still longer than the light waits."


def _late(score: Score) -> str:
    everyone = score.everyone
    if not everyone.users_late:
        return ""
    return (
        f"Light farther ahead was late at some time for {everyone.users_late} of {everyone.users} road users, "
        f"at worst for {seconds(everyone.late.worst)} in all."
    )


def _lowest(score: Score) -> str:
    if not score.lamps:
        return ""
    if score.lowest_permille <= 0:
        return "Some lamp was off at some time of the night."
    return f"The light of no lamp was ever below {score.lowest_permille / 10:g} % of full."
