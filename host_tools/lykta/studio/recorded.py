"""What the history says, in the language of a page: it is written once, in English, and never anew; a page finds the sentence again.

Every sentence that Lykta writes there is a text of the catalogs, such as "{lamps} and {count} more". What stands at its {names} is said in
turn where it is Lykta's, and left alone where it is somebody's own word.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterable
from functools import cache

from lykta.studio.saying import N_, Say

#: What nodes tell to be wrong with them.
FAULTS = {
    "clock": N_("its clock is not set"),
    "radio": N_("it hears no neighbour"),
    "stuck": N_("a sensor reports somebody all the time"),
    "restless": N_("a sensor reports far more than its neighbours"),
    "blind": N_("a sensor misses people whom its neighbours see"),
    "radar": N_("a radar does not answer"),
    "wire": N_("a sensor cannot be read"),
    "sense": N_("its sensing has stopped"),
    "mesh": N_("its radio has stopped"),
    "flood": N_("its radio is flooded"),
    "board": N_("its board file makes no sense"),
    "identity": N_("its identity makes no sense"),
    "table": N_("its table of neighbours makes no sense"),
    "keys": N_("its keys make no sense"),
    "program": N_("its settings make no sense, or have run out"),
    "lamp": N_("its power does not follow its level"),
    "memory": N_("it has little memory left"),
    "task": N_("a part of its software has stopped"),
    "warm-up": N_("a sensor has just got power"),
    "apart": N_("its clock was set to another time"),
}
#: What may stand at a name; anything at those that are not here.
_FORMS = {
    "count": r"\d+",
    "number": r"\d+",
    "seconds": r"\d+",
    "level": r"[\d.]+ %",
    "least": r"[\d.]+ %",
    "energy": r"[\d.]+ Wh",
    "planned": r"[\d.]+ Wh",
    "most": r"[\d.]+ Wh",
    "until": r"[-\d]+ [\d:]+",
    "class": "pedestrian|cyclist|car",
    "changes": r"no differences|1 difference|\d+ differences",
    "nights": r"1 simulated night|\d+ simulated nights",
}
_QUANTITIES = ("level", "least", "energy", "planned", "most")
#: What stands at these is Lykta's own, and found again in turn.
_OURS = ("what", "where", "lamps", "changes", "compared", "nights", "served", "class")
#: Reasons that Lykta itself writes down; all others are somebody's own words.
_REASONS = (N_("ended by hand"), N_("closed by hand"), N_("takes {version} back"))
_TEXTS = (
    N_("none"),
    N_("open"),
    N_("closed"),
    N_("ended"),
    N_("not known"),
    N_("not known: the database was away"),
    N_("for {seconds} s"),
    N_("at least {level} until {until}"),
    N_("all {count} lamps"),
    N_("{lamps} and {count} more"),
    N_("as flashed by cable"),
    N_("version {number}"),
    N_("proposal {number} of {who}: {profile}"),
    N_("proposal {number}: {profile}, {changes} from {compared}"),
    N_("{lamps} (proposal {number}: {profile})"),
    N_("no differences"),
    N_("1 difference"),
    N_("{count} differences"),
    N_("version {number}, {profile}"),
    N_("{profile}, the profile that the site names"),
    N_("approved"),
    N_("refused"),
    N_("withdrawn"),
    N_("let in"),
    N_("revoked"),
    N_("revoked before"),
    N_("rolled out"),
    N_("{count} nodes"),
    N_("{version} is rolled out"),
    N_("stopped"),
    N_("not judged"),
    N_("nobody came by"),
    N_("service {served} of {least} asked for; {nights} of {demand}, requirement {requirement}"),
    N_("1 simulated night"),
    N_("{count} simulated nights"),
    N_("{class} {level}"),
    N_("offline for {count} min"),
    N_("nothing heard for {count} min"),
    N_("the node's meter: power does not follow the level"),
    N_("{energy} instead of {planned} at {level}"),
    N_("{energy}, by the profile {planned} to {most}"),
    N_("mean level {level} by day"),
    N_("mean level {level} by day ({faults})"),
    N_("pedestrian"),
    N_("cyclist"),
    N_("car"),
)
#: Words that the record has for what needs more of them.
_LONGER = {"alone": N_("approved, with nobody else to ask"), "way back": N_("approved, as the way back to what was in force")}
#: Of several things: what is so of which lamps, or the classes of a verdict. Each of them is said by itself, or none.
_PART = N_("{what} on {where}")
_AND = ", "
_BETWEEN = ("; ", _AND)


@cache
def _pattern(text: str) -> re.Pattern[str]:
    """What a text looks like with values at its names."""
    parts = string.Formatter().parse(text)
    return re.compile(
        "".join(re.escape(before) + (f"(?P<{name}>{_FORMS.get(name, '.+?')})" if name else "") for before, name, _, _ in parts)
    )


def recorded(say: Say, text: str) -> str:
    """What the history says in the language of a page; what is no sentence of Lykta's as it is written."""
    return _found(say, text) or text


def reason(say: Say, text: str) -> str:
    """Why something was done: people's own words as they are, Lykta's in the language of a page."""
    return next((said for known in _REASONS if (said := _said(say, known, text))), text)


def detail(say: Say, text: str) -> str:
    """What was found when an alarm was opened: faults by their names, or a sentence."""
    names = text.split(_AND)
    return faults(say, names) if set(names) <= set(FAULTS) else recorded(say, text)


def faults(say: Say, names: Iterable[str]) -> str:
    """Faults of a node, by their names."""
    return _AND.join(say(FAULTS[name]) if name in FAULTS else name for name in names)


def _found(say: Say, text: str) -> str:
    """The sentence in the language, "" where it is none of ours."""
    if text in _LONGER:
        return say(_LONGER[text])
    for known in _TEXTS:
        if said := _said(say, known, text):
            return said
    for sign in _BETWEEN:
        if sign in text and all(parts := [_part(say, part) for part in text.split(sign)]):
            return sign.join(parts)
    return ""


def _said(say: Say, known: str, text: str) -> str:
    """A text in the language, with the values that the record has; "" where the record says something else."""
    values = _pattern(known).fullmatch(text)
    return "" if values is None else say(known, **{name: _value(say, name, value) for name, value in values.groupdict().items()})


def _part(say: Say, text: str) -> str:
    """One of several things, "" where it is none of ours."""
    what, _, where = text.rpartition(" on ")
    if what and (said := _found(say, what)):
        return say(_PART, what=said, where=recorded(say, where))
    return _found(say, text)


def _value(say: Say, name: str, value: str) -> str:
    if name in _QUANTITIES:
        return say.written(value)
    if name == "faults":
        return faults(say, value.split(_AND))
    return recorded(say, value) if name in _OURS else value
