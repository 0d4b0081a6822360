"""The yardsticks by name, with the settings that they were published with, and those among which the best are looked for.

find("group")                      as published
find("group: hold = 30 s, lamps = 2")   with settings of one's own
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import pyarrow as pa

from lykta import units
from lykta.errors import LyktaError
from lykta.plan import Plan
from lykta.sim import schemes
from lykta.sim.radio import IDEAL, Radio
from lykta.sim.schemes import Lit
from lykta.sim.talisman import talisman_style


@dataclass(frozen=True)
class World:
    """What all schemes of a night meet: the plan, who came by (TRAJECTORIES), what sensors said (READINGS), the radio."""

    plan: Plan
    moves: pa.Table
    told: pa.Table
    seed: int
    radio: Radio = IDEAL


#: Values of a scheme's settings, by key: ms, cm, permille.
Values = Mapping[str, int]


@dataclass(frozen=True)
class Setting:
    """One setting of a scheme. `grid`: what the tuner tries, rising; more of it never gives less light to anybody.

    `published`: None where the scheme takes what our own night comes to.
    """

    key: str
    kind: str  # of `lykta.units`
    published: int | None
    grid: tuple[int, ...]


@dataclass(frozen=True)
class Scheme:
    """A yardstick. `light` lights a night with values for all its `settings`."""

    name: str
    said: str
    light: Callable[[World, Values], Lit]
    settings: tuple[Setting, ...] = ()

    @property
    def published(self) -> dict[str, int]:
        """The values with which it was published."""
        return {setting.key: setting.published for setting in self.settings if setting.published is not None}


@dataclass(frozen=True)
class Chosen:
    """A scheme with values; those of a setting that takes what our night comes to may be missing.

    `tuned`: look for the best values; `note`: how they were found.
    """

    scheme: Scheme
    values: Values
    tuned: bool = False
    note: str = ""

    @property
    def said(self) -> str:
        """`group: lamps = 3, hold = 60 s`."""
        kinds = {setting.key: setting.kind for setting in self.scheme.settings}
        values = ", ".join(f"{key} = {units.show(kinds[key], value)}" for key, value in self.values.items())
        return self.scheme.name + (f": {values}" if values else "") + (f" ({self.note})" if self.note else "")


_SECONDS = (5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600)
_HOLD = Setting("hold", "time", 60_000, tuple(1000 * second for second in _SECONDS))
_LEVELS = tuple(range(0, 1001, 20))
_FULL_WITHIN = Setting("full", "length", 3000, tuple(range(2000, 12_001, 1000)))
_MARGIN = Setting("margin", "time", 3000, tuple(1000 * second for second in (3, *_SECONDS)))


def _always_on(world: World, _: Values) -> Lit:
    return schemes.always_on(world.plan)


def _part_night(world: World, values: Values) -> Lit:
    return schemes.part_night(world.plan, values["level"])


def _group(world: World, values: Values) -> Lit:
    return schemes.group(world.plan, world.told, world.seed, world.radio, values["lamps"], values["hold"])


def _zone(world: World, values: Values) -> Lit:
    return schemes.zone(world.plan, world.told, world.seed, world.radio, values["hold"])


def _alone(world: World, values: Values) -> Lit:
    return schemes.alone(world.plan, world.told, values["hold"])


def _pattern(world: World, values: Values) -> Lit:
    return schemes.pattern(world.plan, world.moves, values["level"], min(values["low"], values["level"]))


def _static(world: World, values: Values) -> Lit:
    return schemes.static(world.plan, values["level"])


def _talisman(world: World, values: Values, idle: int) -> Lit:
    return talisman_style(world.plan, world.told, world.seed, world.radio, idle, values["full"], values["margin"])


SCHEMES = {
    scheme.name: scheme
    for scheme in (
        Scheme("always-on", "every lamp at full all night", _always_on),
        Scheme("part-night-50", "full until 23:00 and from 05:00, 50 % between", _part_night, (Setting("level", "level", 500, _LEVELS),)),
        Scheme("part-night-off", "full until 23:00 and from 05:00, off between", _part_night, (Setting("level", "level", 0, _LEVELS),)),
        Scheme(
            "group",
            "whoever is seen lights that lamp and some on either side, for a while",
            _group,
            (Setting("lamps", "count", 3, (1, 2, 3, 4, 5, 6, 8)), _HOLD),
        ),
        Scheme("zone", "whoever is seen lights the whole zone, for a while", _zone, (_HOLD,)),
        Scheme("alone", "every lamp lights for whom it sees itself, for a while", _alone, (_HOLD,)),
        Scheme(
            "pattern",
            "one level, and a lower one in the quietest hours",
            _pattern,
            (Setting("level", "level", 700, tuple(range(500, 1001, 20))), Setting("low", "level", 500, tuple(range(300, 1001, 20)))),
        ),
        Scheme("static", "one level all night, as much as our energy gives", _static, (Setting("level", "level", None, _LEVELS),)),
        Scheme("talisman-style-0", "TALiSMaN-style, dark where nobody is", partial(_talisman, idle=0), (_FULL_WITHIN, _MARGIN)),
        Scheme("talisman-style-20", "TALiSMaN-style, 20 % where nobody is", partial(_talisman, idle=200), (_FULL_WITHIN, _MARGIN)),
    )
}


def find(text: str) -> Chosen:
    """The scheme that a text names: `group`, `group: hold = 30 s`, `group: tuned`. LyktaError that says what there is."""
    name, _, rest = (part.strip() for part in text.partition(":"))
    if name not in SCHEMES:
        raise LyktaError(f'There is no scheme "{name}".{units.near_miss(name, SCHEMES)} Choose {", ".join(SCHEMES)}.')
    scheme = SCHEMES[name]
    if rest == "tuned":
        return Chosen(scheme, scheme.published, tuned=True)
    values = dict(scheme.published)
    for part in filter(None, rest.split(",")):
        key, value = _value(scheme, part)
        values[key] = value
    return Chosen(scheme, values)


def _value(scheme: Scheme, text: str) -> tuple[str, int]:
    """The key and value of `hold = 30 s`."""
    key, equals, value = (part.strip() for part in text.partition("="))
    known = {setting.key: setting for setting in scheme.settings}
    if key not in known or not equals:
        listed = ", ".join(known) or "none"
        raise LyktaError(f'Scheme {scheme.name}: "{text.strip()}" is no setting of it. Its settings are: {listed}. Write e.g. hold = 30 s.')
    setting = known[key]
    try:
        found = units.parse(setting.kind, value)
    except units.NotAQuantity as error:
        raise LyktaError(f"Scheme {scheme.name}, {key}: {error}") from None
    most = 1000 if setting.kind == "level" else max(setting.grid) * 10
    if not 0 <= found <= most:
        raise LyktaError(f"Scheme {scheme.name}, {key}: {value} is not within 0 to {units.show(setting.kind, most)}.")
    return key, found
