"""The search space of a tuner: settings of a profile with limits, as an engineer writes them.

    idle: 20..50 %                  in every zone, all night
    everyone.hold: 5..60 s          (a setting of classes without a class is for everyone)
    path.night.idle: 20..40 %       in one zone and phase
    cyclist.ahead: 60..100 m step 10 m

Keys, units and limits are those of the settings table of the node; a space that contradicts it, or that changes nothing, is refused.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import gcd
from pathlib import Path

from lykta.document import Document
from lykta.errors import InputError, Problem
from lykta.profiles import Profile, load_profile, read_profile
from lykta.profiles.loader import ALL, DATA
from lykta.profiles.table import BY_KEY, CLASSES, EVERYONE, Setting
from lykta.tune.edit import Change, put
from lykta.units import NotAQuantity, near_miss, parse, show

#: Steps as fine as people set values, by kind [the integer of the code].
_STEPS = {"level": 10, "time": 500, "length": 100, "speed": 10, "count": 1}
_RANGE = re.compile(r"(?P<low>.+?)\s*(?:\.\.|…|–)\s*(?P<high>.+?)(?:\s+step\s+(?P<step>.+))?$")
_OPTION = "--search"


@dataclass(frozen=True)
class Dimension:
    """A setting that is searched. `name` as written; values are integers from `low` to `high` in steps."""

    name: str
    setting: Setting
    zones: tuple[str, ...]
    phase: str  # or ALL
    road_user: str  # "" for a setting of the phase, else a class or "everyone"
    low: int
    high: int
    step: int

    def changes(self, value: int) -> list[Change]:
        """What is written into the profile for a value."""
        inner = ((self.road_user,) if self.road_user else ()) + (self.setting.key,)
        return [Change(("zones", zone, self.phase, *inner), show(self.setting.kind, value)) for zone in self.zones]

    def nearest(self, value: int) -> int:
        """The value of the grid that is nearest."""
        inside = min(max(value, self.low), self.high)
        return self.low + round((inside - self.low) / self.step) * self.step

    @property
    def said(self) -> str:
        """`idle: 20 % to 50 %`."""
        return f"{self.name}: {show(self.setting.kind, self.low)} to {show(self.setting.kind, self.high)}"


@dataclass(frozen=True)
class Space:
    """Dimensions over a profile. `text`: the profile as it stands, `file`: its name in messages."""

    dimensions: tuple[Dimension, ...]
    text: str
    file: str
    start: Mapping[str, int]  # where the profile stands, on the grid

    def written(self, values: Mapping[str, int]) -> str:
        """The profile with values of dimensions, as YAML."""
        return put(self.text, [change for one in self.dimensions for change in one.changes(values[one.name])], self.file)

    def profile(self, values: Mapping[str, int]) -> Profile:
        """The profile with values of dimensions. InputError where they break a rule."""
        return read_profile(Document.read(self.written(values), self.file))

    def said(self, values: Mapping[str, int]) -> str:
        """`idle 30 %, hold 8 s`."""
        return ", ".join(f"{one.name} {show(one.setting.kind, values[one.name])}" for one in self.dimensions)


def read_space(texts: Sequence[str], text: str, file: str, date: dt.date) -> Space:
    """The space in texts (`idle: 20..50 %`, or files of such lines) over a profile. InputError with all that is wrong."""
    document = Document.read(text, file)
    profile = read_profile(document)
    problems: list[Problem] = []
    found: list[Dimension] = []
    for where, name, written in _lines(texts):
        try:
            found.append(_dimension(name, written, profile))
        except ValueError as error:
            problems.append(Problem(*where, name, str(error)))
    problems += _double(found)
    if not found and not problems:
        problems.append(Problem(_OPTION, 0, 0, "", "nothing is to be searched. Name settings with limits: --search 'idle: 20..50 %'."))
    if problems:
        raise InputError(problems)
    night = profile.night(date)
    at = {one.name: _present(one, profile, date) for one in found}
    space = Space(tuple(found), text, file, {one.name: one.nearest(at[one.name]) for one in found})
    for one in found:
        if all(_rows(space, one, value, date) == [phase.rows for phase in night.phases] for value in (one.low, one.high)):
            message = f"changes nothing in the night of {date}: the profile says it more finely, for every phase or class. Name these."
            problems.append(Problem(_OPTION, 0, 0, one.name, message))
    if problems:
        raise InputError(problems)
    _check_rules(space)
    return space


def source_of(profile: Profile) -> Path:
    """The file that a profile was read from: its own, or a packaged one. InputError where neither holds it."""
    for path in (Path(profile.file), DATA / "profiles" / profile.file):
        if path.is_file():
            found = load_profile(path)
            if (found.ordinary, found.calendar) == (profile.ordinary, profile.calendar):
                return path
    raise InputError.of(profile.file, "is not the file that the profile was read from any more.")


def _lines(texts: Sequence[str]) -> list[tuple[tuple[str, int, int], str, str]]:
    """((file, line, column), name, range) of every dimension, from options and files."""
    found: list[tuple[tuple[str, int, int], str, str]] = []
    for text in texts:
        if Path(text).suffix in (".yaml", ".yml"):
            root = Document.load(text).root
            if root.mapping():
                found += [((text, *node.where), name, node.written) for name, node in root.items()]
            root.document.finish()
        else:
            name, _, written = text.partition(":")
            found.append(((_OPTION, 0, 0), name.strip(), written.strip()))
    return found


def _dimension(name: str, written: str, profile: Profile) -> Dimension:
    """One dimension; ValueError says what is wrong."""
    *parts, key = name.split(".")
    if key not in BY_KEY:
        raise ValueError(f'there is no setting "{key}".{near_miss(key, BY_KEY) or " Known: " + ", ".join(BY_KEY) + "."}')
    setting = BY_KEY[key]
    phases = list(dict.fromkeys([ALL, *(phase.name for _, night in profile.nights() for phase in night.phases)]))
    groups = (EVERYONE, *CLASSES)
    zone = phase = road_user = ""
    for part in parts:
        if part in profile.zones and not zone:
            zone = part
        elif part in phases and not phase:
            phase = part
        elif part in groups and not road_user:
            road_user = part
        else:
            known = [*profile.zones, *phases, *groups]
            raise ValueError(f'"{part}" is no zone, phase or class of this profile ({", ".join(known)}).{near_miss(part, known)}')
    if road_user and not setting.per_class:
        raise ValueError(f"`{key}` is one for all classes: leave out `{road_user}`.")
    group = (road_user or EVERYONE) if setting.per_class else ""
    low, high, step = _limits(setting, written)
    return Dimension(name, setting, (zone,) if zone else profile.zones, phase or ALL, group, low, high, step)


def _limits(setting: Setting, written: str) -> tuple[int, int, int]:
    """(low, high, step) of `20..50 %`."""
    match = _RANGE.fullmatch(written)
    if match is None:
        example = f"{show(setting.kind, setting.lowest)}..{show(setting.kind, setting.highest)}"
        raise ValueError(f'"{written}" is no range. Write the lowest and the highest value: "{example}".')
    unit = re.sub(r"^[-+\d.,\s]+", "", match["high"])
    low_text = match["low"] if re.search(r"[^-+\d.,\s]", match["low"]) else f"{match['low']} {unit}"
    try:
        low, high = parse(setting.kind, low_text), parse(setting.kind, match["high"])
        step = parse(setting.kind, match["step"]) if match["step"] else 0
    except NotAQuantity as error:
        raise ValueError(str(error)) from None
    shown = {value: show(setting.kind, value) for value in (low, high, setting.lowest, setting.highest)}
    if low > high:
        raise ValueError(f"{written} is empty, since it runs backwards. Did you mean {shown[high]}..{shown[low]}?")
    if low == high:
        raise ValueError(f"{written} leaves nothing to search. Write it into the profile, and leave it out here.")
    if low < setting.lowest or high > setting.highest:
        limits = f"{shown[setting.lowest]} to {shown[setting.highest]}"
        raise ValueError(f"{written} contradicts the limits of `{setting.key}`, {limits}. Stay within them.")
    if step < 0 or step > high - low:
        raise ValueError(f"the step of {written} is longer than the range.")
    return low, high, gcd(high - low, step or _STEPS[setting.kind])


def _double(found: Sequence[Dimension]) -> list[Problem]:
    """A problem for each dimension that sets what another sets."""
    seen: dict[tuple[str | int, ...], str] = {}
    problems = []
    for one in found:
        for path in (change.path for change in one.changes(one.low)):
            if path in seen:
                problems.append(Problem(_OPTION, 0, 0, one.name, f"sets the same as {seen[path]}. Keep one of them."))
                break
            seen[path] = one.name
    return problems


def _present(one: Dimension, profile: Profile, date: dt.date) -> int:
    """What the profile has now, in the first phase and class that the dimension is for."""
    phases = profile.night(date).phases
    phase = next((phase for phase in phases if phase.name == one.phase), phases[0])
    road_user = CLASSES.index(one.road_user) if one.road_user in CLASSES else 0
    return phase.rows[one.zones[0]][one.setting.position(road_user)]


def _rows(space: Space, one: Dimension, value: int, date: dt.date) -> list[Mapping[str, tuple[int, ...]]]:
    """The settings rows of the night with one value changed, rules aside."""
    document = Document.read(put(space.text, one.changes(value), space.file), space.file)
    try:
        return [phase.rows for phase in read_profile(document).night(date).phases]
    except InputError:
        return []  # a rule breaks: so it does change something


def _check_rules(space: Space) -> None:
    """InputError where every corner of the space, its middle and the profile itself break a rule of the settings table."""
    corners = [dict(zip(space.start, values, strict=True)) for values in product(*((one.low, one.high) for one in space.dimensions[:8]))]
    rest = {one.name: space.start[one.name] for one in space.dimensions[8:]}
    middle = {one.name: one.nearest((one.low + one.high) // 2) for one in space.dimensions}
    first: InputError | None = None
    for values in (dict(space.start), middle, *({**corner, **rest} for corner in corners)):
        try:
            space.profile(values)
            return
        except InputError as error:
            first = first or error
    assert first is not None
    said = [Problem(_OPTION, 0, 0, "", f"every corner of the space contradicts the rules: {one.message}") for one in first.problems]
    raise InputError(said[:1])


__all__ = ["Dimension", "Space", "read_space", "source_of"]
