"""The score of a night as sentences for a council. Nothing is said that was not counted.

Shares of time are rounded down, so that 100 % means every ms; savings are rounded down too. Source: definitions, section 6.
"""

from __future__ import annotations

from math import floor

from lykta.score.model import ClassScore, Score

PEOPLE = {"pedestrian": "walkers", "cyclist": "cyclists", "car": "drivers"}


def percent(share: float, digits: int = 0) -> str:
    """A share as a percentage, rounded down: `99.96 %` does not become `100.0 %`."""
    scale = 10**digits
    # A hair is added, so that 0.41 stored as 0.40999... stays 41 %.
    return f"{floor(share * 100 * scale + 1e-9) / scale:.{digits}f} %"


def amount(seconds: float) -> str:
    """Seconds as people say them; never `0 s` for something that was."""
    if seconds <= 0:
        return "0 s"
    if seconds < 0.1:
        return "less than 0.1 s"
    if seconds < 120:
        return f"{seconds:.1f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes / 60:.1f} h"


def words(score: Score, today: Score | None = None, bound: float | None = None) -> list[str]:
    """The sentences, in the order of importance; the first says where the figures come from.

    `today`: the night of the scheme in use today with the same traffic; `bound`: the saving that no controller can exceed.
    """
    return [
        _origin(score),
        *_energy(score, today, bound),
        *_service(score),
        f"The light is never below {score.lowest_permille / 10:g} %.",
        *_reservations(score),
    ]


def _origin(score: Score) -> str:
    about = score.about
    said = [about.site + (f" ({about.note})" if about.note else "")]
    if about.date:
        said.append(f"the night that begins on {about.date}")
    if about.seeds:
        said.append(f"seed{'s' if len(about.seeds) > 1 else ''} {', '.join(map(str, about.seeds))}")
    if about.version:
        said.append(f"Lykta {about.version}")
    return f"{about.kind.capitalize()}: {'; '.join(said)}."


def _used(saving: float) -> str:
    return f"{percent(saving)} less" if saving >= 0 else f"{percent(-saving)} more"


def _energy(score: Score, today: Score | None, bound: float | None) -> list[str]:
    energy = score.energy
    if energy.saving is None:
        return ["Nothing can be said about electricity: the lamps take none."]
    said = [f"uses {_used(energy.saving)} electricity than the same lamps always on"]
    if today is not None and today.energy.saving is not None:
        said.append(f"today's scheme {_used(today.energy.saving)}")
    if bound is not None:
        said.append(f"{percent(bound)} is the most any controller could save")
    sentences = [f"The light {'; '.join(said)}."]
    if energy.net_saving is not None and energy.node_share:
        sentences.append(f"With what nodes and sensors take day and night, it uses {_used(energy.net_saving)}.")
    return sentences


def _service(score: Score) -> list[str]:
    served = [(name, found) for name, found in score.classes.items() if found.service is not None]
    if not served:
        return ["Nobody came by to whom light was owed."]
    shares = ", ".join(f"{PEOPLE[name]} {percent(found.service or 0.0, 1)}" for name, found in served)
    sentences = [f"Had full light, of the time in which it was owed to them: {shares}."]
    return sentences + [sentence for name, found in served for sentence in _lacked(name, found)]


def _lacked(name: str, found: ClassScore) -> list[str]:
    """What one class lacked: how many, how long on average and at worst."""
    people = PEOPLE[name]
    if not found.users_dark and not found.users_late:
        return [f"No second was late or dark for any of {found.users} {people}."]
    dark = f"{found.users_dark} of {found.users} {people} had dark seconds"
    if found.users_dark:
        dark += f", at worst {amount(found.dark.worst or 0.0)} in all"
    if found.stationary_s:
        dark += f" ({amount(found.stationary_s)} of it all for people who stood still longer than the light waits)"
    late = f"light came late for {found.users_late}"
    if found.users_late:
        late += f", at worst {amount(found.late.worst or 0.0)} in all"
    return [f"{dark}; {late}."]


def _reservations(score: Score) -> list[str]:
    """What a reader must know before he believes the figures."""
    said = []
    if not score.energy.power_known:
        said.append("Nobody has said what some of these lamps draw: no saving in kWh may be claimed from these figures.")
    elif score.energy.estimated:
        said.append("What some lamps draw when dimmed is estimated, not measured.")
    fixed = sum(not lamp.adaptive for lamp in score.lamps)
    if fixed:
        said.append(f"{fixed} of {len(score.lamps)} lamps are not controlled and burn as before; they count in every figure.")
    dead = [lamp.lamp for lamp in score.lamps if lamp.dead_s]
    if dead:
        listed = ", ".join(dead[:5]) + (f" and {len(dead) - 5} more" if len(dead) > 5 else "")
        said.append(f"Dead lamps count as dark: {listed}.")
    missed = score.everyone.never_covered
    if missed:
        said.append(f"{missed} came by where no sensor looks: no light was owed to them.")
    return said
