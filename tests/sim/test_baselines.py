"""The yardsticks by name: what each does, that all keep floors and the node's ramps, and how their best settings are found."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest

from lykta import scenarios
from lykta.corehost import dimmer, schema
from lykta.errors import LyktaError
from lykta.scenarios import Wish
from lykta.scenarios.yardsticks import case, level_of_energy, light, tune, tuned
from lykta.score import totals
from lykta.score.energy import Plant
from lykta.score.light import Light
from lykta.sim import schemes
from lykta.sim.baselines import SCHEMES, World, find
from lykta.sim.talisman import talisman_style
from lykta.tables import DETECTIONS, LEVELS, TRAJECTORIES
from tests.sim.nights import people, plan_of
from tests.sim.test_schemes import DELAY_MS, GONE, LAMP, NAME, SEEN, course, lit, plan, told

HOUR_MS = 3_600_000


def world(hours: float = 1.0) -> World:
    """The first hours of a busy night."""
    moves, readings = people(plan(), "kungsholms@60", 3, hours)
    return World(plan(), moves, readings, 3)


def clock(hour: int) -> int:
    """An hour of the night, in ms after dusk."""
    return (hour - 12) % 24 * HOUR_MS - plan().begin_ms


@pytest.mark.parametrize("name", SCHEMES)
def test_scheme__keeps_floors_ramps_and_tables(name: str):
    """Every yardstick gives the tables of a night, never goes below a floor and moves no faster than the node."""
    found = light(find(name), world(0.3), "python")
    assert (found.levels.schema, found.detections.schema) == (LEVELS, DETECTIONS)
    night_ms = plan().end_ms - plan().begin_ms
    assert course(found.levels, 0) == [(0, 1000), (night_ms, 0)]
    rows = list(zip(*(found.levels[key].to_pylist() for key in ("lamp", "t_ms", "position", "target_permille", "rate")), strict=True))
    assert {rate for *_, rate in rows} <= {dimmer.rate_of(schema.SETTINGS[at][3][0]) for at in (schema.RAMP_UP, schema.RAMP_DOWN)}
    for (lamp, t, position, target, rate), (other, until, reached, _, _) in pairwise(rows):
        if lamp == other:
            aim = dimmer.position_of(target)
            way = min(abs(aim - position), rate * (until - t))
            assert reached == position + (way if aim > position else -way)


def test_zone__is_all_lamps_of_the_zone_and_no_other():
    """At Valla Torg a reading on the path lights every controlled lamp of the path, and none of the street."""
    valla = plan_of("valla_torg")
    lamps = valla.site.lamps
    on_path = [number for number, lamp in enumerate(lamps) if lamp.zone == "path"]
    begin = valla.begin_ms + 100_000
    rows = told([(0, on_path[0], SEEN), (1_000, on_path[0], GONE)])
    moved = rows.set_column(1, rows.schema.field(1), pa.array([begin, begin + 1_000], rows.schema.field(1).type))
    levels = schemes.zone(valla, moved, 1).levels
    raised = {row["lamp"] for row in levels.to_pylist() if row["cause"] == 3}
    above_floor = {number for number in on_path if lamps[number].adaptive and not any(f.permille == 1000 for f in lamps[number].floors)}
    assert raised == above_floor


def test_alone__lights_the_lamp_that_sees_and_no_other():
    """Its own lamp until 60 s after who was seen has left."""
    found = schemes.alone(plan(), told([(100_000, LAMP, SEEN), (102_500, LAMP, GONE)]))
    assert {lamp: lit(found.levels, lamp) for lamp in range(1, 33) if lit(found.levels, lamp)} == {LAMP: [(100_000, 162_500)]}


@pytest.mark.parametrize(("name", "level"), [("part-night-50", 500), ("part-night-off", 0)])
def test_part_night__is_full_but_between_eleven_and_five(name: str, level: int):
    """By the clock of the place, floors kept, idle of the profile or not."""
    night_ms = plan().end_ms - plan().begin_ms
    found = light(find(name), world(0.1))
    assert course(found.levels, LAMP) == [(0, 1000), (clock(23), level), (clock(5), 1000), (night_ms, 0)]
    assert found.idle == 0


def test_static__has_the_energy_of_ours():
    """The constant level is the lowest whose energy is no less than that of our own night."""
    ours = schemes.group(plan(), world().told, 3).levels
    level = level_of_energy(plan(), ours)

    def energy(levels: pa.Table) -> float:
        return float(np.sum(totals(plan().site, levels, plan().begin_ms, plan().end_ms)["energy_wh"].to_numpy()))

    assert energy(schemes.static(plan(), level - 1).levels) < energy(ours) <= energy(schemes.static(plan(), level).levels)


def test_pattern__is_lower_in_the_hours_when_fewest_come():
    """People come in the first three hours of the clock only: they have the upper level, the others the lower one."""
    begin = plan().begin_ms
    rows = [(user, 0, -1, begin + user * 60_000, begin + user * 60_000 + 1, 0, 0, 1, 0) for user in range(120)]
    columns = [pa.array(column, field.type) for column, field in zip(zip(*rows, strict=True), TRAJECTORIES, strict=True)]
    found = schemes.pattern(plan(), pa.table(columns, schema=TRAJECTORIES))
    steps = course(found.levels, LAMP)
    assert [target for _, target in steps] == [700, 500, 0]
    assert steps[1][0] in {clock(hour) for hour in range(15, 24)}


def test_talisman_style__dims_in_steps_with_the_distance():
    """Full to 30 m, 60 % to 60 m, 40 % to 100 m; each lamp until the user could have come to it and 3 s more."""
    rows = told([(100_000, LAMP, SEEN), (101_000, LAMP, GONE)])
    levels = talisman_style(plan(), rows, 1).levels
    graph = plan().graph
    for lamp in range(1, 33):
        length = graph.distance(LAMP, lamp)
        assert length is not None
        level = 1000 if length <= 3000 else 600 if length <= 6000 else 400 if length <= 10_000 else 0
        delay = DELAY_MS * (lamp != LAMP)
        # A class that is not known may be a walker (slower, so lit longer) or a cyclist.
        until = 101_000 + length * 1000 // 140 + 3000
        expected = [(0, 0), (100_000 + delay, level), (until, 0)] if level else [(0, 0)]
        assert course(levels, lamp)[: len(expected)] == expected


def test_talisman_style__is_never_called_by_the_name_of_the_paper():
    """It is a stand-in, and says so wherever it is named."""
    said = [text for name in SCHEMES if "talisman" in name for text in (name, SCHEMES[name].said)]
    assert said and all("talisman-style" in text.lower() for text in said)


@pytest.mark.parametrize(
    ("more", "fewer"),
    [("group: hold = 90 s", "group"), ("group: lamps = 4", "group"), ("zone: hold = 90 s", "zone"), ("alone: hold = 90 s", "alone")]
    + [("talisman-style-20: full = 60 m", "talisman-style-20"), ("talisman-style-20: margin = 9 s", "talisman-style-20")],
)  # fmt: skip
def test_settings__give_no_less_light_when_they_are_raised(more: str, fewer: str):
    """What bisection relies on: with more of a setting every lamp is at least as bright at every moment."""
    night = world()
    one, two = (
        Light(find(text).scheme.light(night, find(text).values).levels, Plant.of(plan().site).cap, plan().begin_ms, plan().end_ms)
        for text in (more, fewer)
    )
    moments = np.unique(np.concatenate((one.segments.span.begin, two.segments.span.begin)))
    assert (one.level(moments) >= two.level(moments)).all()
    assert (one.level(moments) > two.level(moments)).any()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("gruop", 'Did you mean "group"?'),
        ("group: hold = 30", 'Did you mean "30 s"?'),
        ("group: width = 3", "Its settings are: lamps, hold."),
        ("always-on: hold = 3 s", "Its settings are: none."),
        ("static: level = 120 %", "not within 0 to 100 %"),
    ],
)
def test_find__says_what_to_write(text: str, said: str):
    """A name or value that is none is refused with what there is."""
    with pytest.raises(LyktaError) as error:
        find(text)
    assert said in str(error.value)


def test_find__reads_settings_with_units():
    """What is not named stays as published."""
    assert find("group: hold = 30 s").values == {"lamps": 3, "hold": 30_000}
    assert find("group: hold = 30 s").said == "group: lamps = 3, hold = 30 s"
    assert find("group: tuned").tuned


def _cases(demand: str, seeds: tuple[int, ...]):
    scenario = scenarios.assemble(Wish(NAME, {"traffic": demand}, sensors="ideal"))
    own, _ = scenarios.fit(scenario)
    return scenario, own, [case(scenario, own, seed) for seed in seeds]


def test_tune__finds_the_least_that_serves():
    """Zone: the least hold on the grid with which every class has the service asked for; more would only cost."""
    _, _, cases = _cases("kungsholms@10", (1,))
    scheme = SCHEMES["zone"]
    found = tune(scheme, cases, 0.999)
    assert found.met and found.service >= 0.999
    (setting,) = scheme.settings
    shorter = [hold for hold in setting.grid if hold < found.chosen.values["hold"]]
    assert not shorter or not tune(_only(scheme, shorter[-1]), cases, 0.999).met


def _only(scheme, hold: int):
    """The same scheme with one value to try."""
    return replace(scheme, settings=tuple(replace(setting, grid=(hold,)) for setting in scheme.settings))


def test_tuned__says_where_no_setting_is_enough():
    """A lamp alone cannot light 66 m ahead: the nearest is taken, and said to be no more than that."""
    scenario, own, _ = _cases("kungsholms@10", ())
    found = tuned(replace(scenario, scheme=find("alone: tuned")), own, (1,))
    assert found.scheme is not None
    assert found.scheme.values == {"hold": 600_000}
    assert "no setting reaches 99.9 %" in found.scheme.said


def test_run__lights_the_nights_of_a_scenario_with_the_scheme():
    """The score is that of the scheme and names it; what was possible is for the idle level that it keeps."""
    scenario, own, _ = _cases("kungsholms@10", ())
    scores = {}
    for name in ("always-on", "talisman-style-20"):
        (outcome,) = scenarios.run(replace(scenario, scheme=find(name)), own)
        scores[name] = outcome.score
    on, dim = scores.values()
    assert [score.about.scheme.split(":")[0] for score in scores.values()] == ["always-on", "talisman-style-20"]
    assert on.energy.saving == 0 and on.bounds is not None and dim.bounds is not None
    assert dim.bounds.saving > on.bounds.saving  # type: ignore[operator]
    assert on.utility is not None and on.utility.mean == on.utility.p5 == 1.0 and on.utility.below_s == 0
    assert dim.utility is not None and 0 < dim.utility.p5 < dim.utility.mean < 1  # type: ignore[operator]
