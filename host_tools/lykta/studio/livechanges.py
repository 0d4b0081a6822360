"""One thing that becomes different when settings are rolled out (`fleet.differences`), in the words of the page."""

from __future__ import annotations

from lykta.fleet.differences import ALL, Difference
from lykta.studio.settingnames import NAMES, WHO, phase
from lykta.studio.words import N_, Words

#: What is no setting of the table.
_KEYS = {
    "begins": N_("begins"),
    "end": N_("light off"),
    "zone": N_("zone"),
    "entry": N_("entry of the calendar"),
    "dates": N_("its nights"),
}
_VALUES = {"": N_("not there"), "there": N_("there"), "added": N_("added"), "as they were": N_("as they were"), "others": N_("others")}


def told(say: Words, one: Difference) -> str:
    """In a line: `path, night: Hold (pedestrians) 30 s → 12 s`."""
    zones = [say("all zones")] if one.zones == ALL else one.zones
    phases = [say("all phases")] if one.phases == ALL else [phase(say, name) for name in one.phases]
    where = ", ".join(word for word in (one.kind, *zones, *phases) if word)
    name = say(NAMES[one.key]) if one.key in NAMES else say(_KEYS[one.key]) if one.key in _KEYS else one.key
    who = f" ({say(WHO[one.who]).lower()})" if one.who in WHO else ""
    return f"{where}{': ' if where else ''}{name}{who} {_value(say, one.before)} → {_value(say, one.after)}"


def _value(say: Words, value: str) -> str:
    return say(_VALUES[value]) if value in _VALUES else say.written(value)
