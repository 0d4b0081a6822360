"""Counter files, whole and broken."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from lykta.errors import InputError
from lykta.traffic import load_demand
from lykta.traffic.demand import CAR, CYCLIST, PEDESTRIAN, Demand

START = datetime.datetime(2026, 11, 2)  # a Monday
WEEKS = 6


def hours(count: int = WEEKS * 7 * 24, step_min: int = 60) -> list[datetime.datetime]:
    """Times from START on."""
    return [START + datetime.timedelta(minutes=number * step_min) for number in range(count)]


def written(tmp_path: Path, lines: list[str]) -> Path:
    """A file of lines."""
    path = tmp_path / "counts.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def plain(when: datetime.datetime) -> int:
    """Pedestrians: 10 in the hours 16-21 of working days, 4 at weekends, 1 at other hours."""
    return (4 if when.weekday() >= 5 else 10) if 16 <= when.hour < 22 else 1


def notes(demand: Demand) -> str:
    """All notes as one text."""
    return "\n".join(demand.notes)


def test_counts__become_rates_by_hour_and_day(tmp_path: Path) -> None:
    """Means of each hour, working days and weekends apart; two directions add up."""
    path = written(tmp_path, ["time,Ped in,Ped out,Total"] + [f"{when.isoformat()},{plain(when)},1,99" for when in hours()])
    found = load_demand(path, datetime.date(2026, 12, 1))
    assert set(found.rates) == {PEDESTRIAN}
    assert found.rate(PEDESTRIAN, weekend=False, hour=17) == 11
    assert found.rate(PEDESTRIAN, weekend=True, hour=17) == 5
    assert found.rate(PEDESTRIAN, weekend=False, hour=3) == 2
    assert notes(found) == (
        '1,008 hours from 2026-11-02 00:00 to 2026-12-14 00:00; read "Ped in" as pedestrians; "Ped out" as pedestrians.\n'
        'left aside: "Total" (a total, or not a class).\n'
        "used: means of 1,008 hours on 42 days within 45 days of 1 December, any year."
    )


def test_counts__another_season_is_used_whole_and_said(tmp_path: Path) -> None:
    """In June these six weeks of winter are all there is."""
    path = written(tmp_path, ["time,walkers"] + [f"{when.isoformat()},{plain(when)}" for when in hours()])
    found = load_demand(path, datetime.date(2026, 6, 20))
    assert found.notes[-1] == "used: means of all 1,008 hours, the whole year (fewer than 21 days lie within 45 days of 20 June)."


def test_counts__gaps_are_no_zeros(tmp_path: Path) -> None:
    """Missing rows and blank cells are left out of the means, and reported."""
    rows = [f"{when.isoformat()},{plain(when)}" for when in hours()]
    rows[100] = rows[100].split(",")[0] + ","
    del rows[400:448]
    found = load_demand(written(tmp_path, ["time,pedestrians", *rows]))
    assert found.rate(PEDESTRIAN, weekend=False, hour=17) == 10
    assert found.notes[1] == (
        '"pedestrians": 49 hours are missing, in 2 gaps; the longest is 48 h from 2026-11-18 16:00. '
        "Gaps are left out, not filled with zeros."
    )


def test_counts__a_stuck_counter_is_found(tmp_path: Path) -> None:
    """Hundreds an hour at night are left out with their night, and reported."""
    rows = [f"{when.isoformat()},{plain(when)}" for when in hours()]
    for hour in range(24 * 8 + 1, 24 * 8 + 4):
        rows[hour] = f"{hours()[hour].isoformat()},900"
    found = load_demand(written(tmp_path, ["time,pedestrians", *rows]))
    assert found.rate(PEDESTRIAN, weekend=False, hour=2) == 1
    assert found.notes[1] == (
        '"pedestrians": stuck counter: 3 hours above what is plausible at their hour, the worst 2026-11-10 01:00: 900 (at most 20), '
        "2026-11-10 02:00: 900 (at most 20), 2026-11-10 03:00: 900 (at most 20); left out with the rest of 1 nights that have two or more, "
        "24 hours in all."
    )


def test_counts__a_dead_counter_is_found(tmp_path: Path) -> None:
    """Whole days of zeros, where the others have many, are left out."""
    rows = [f"{when.isoformat()},{0 if when.day in (10, 11) else plain(when)}" for when in hours()]
    found = load_demand(written(tmp_path, ["time,pedestrians", *rows]))
    assert found.rate(PEDESTRIAN, weekend=False, hour=17) == 10
    assert '"pedestrians": dead counter: 4 whole days of zeros are left out.' in found.notes


def test_counts__quarters_add_up_to_hours(tmp_path: Path) -> None:
    """Four counts an hour; an hour that lacks one is missing."""
    rows = [f"{when:%Y-%m-%d %H:%M};2;1" for when in hours(24 * 28 * 4, 15)]
    del rows[5]
    found = load_demand(written(tmp_path, ["Datum;Fotgängare;Cyklar", *rows]))
    assert found.rate(PEDESTRIAN, weekend=False, hour=1) == 8
    assert found.rate(CYCLIST, weekend=False, hour=1) == 4
    assert '"Fotgängare", "Cyklar": 1 hours are missing, in 1 gaps' in notes(found)


def test_counts__other_ways_to_write_times(tmp_path: Path) -> None:
    """Twelve-hour clocks with month first, as open data have them."""
    rows = [f"{when:%m/%d/%Y %I:%M:%S %p},{plain(when)}" for when in hours()]
    found = load_demand(written(tmp_path, ["Date,Cars", *rows]))
    assert found.rate(CAR, weekend=False, hour=17) == 10


def test_counts__a_few_hours_never_counted_are_filled_and_said(tmp_path: Path) -> None:
    """Two hours between neighbours; a whole night is an error."""
    rows = [f"{when.isoformat()},{plain(when)}" for when in hours() if when.hour not in (2, 3)]
    found = load_demand(written(tmp_path, ["time,pedestrians", *rows]))
    assert found.rate(PEDESTRIAN, weekend=False, hour=2) == 1
    assert "pedestrians on working days were never counted in the hours 02, 03: filled from the hours beside them." in found.notes
    rows = [f"{when.isoformat()},{plain(when)}" for when in hours() if 6 <= when.hour < 22]
    with pytest.raises(InputError, match="never counted in the hours 00, 01, 02, 03, 04, 05, 22, 23"):
        load_demand(written(tmp_path, ["time,pedestrians", *rows]))


def test_counts__broken_rows_are_all_named(tmp_path: Path) -> None:
    """Line, column, what to do."""
    path = written(tmp_path, ["time,pedestrians", "2026-11-02T00:00,1", "2026-11-02T01:00,many", "soon,1", "2026-11-02T03:00,-4"])
    with pytest.raises(InputError) as caught:
        load_demand(path)
    assert str(caught.value).replace(str(path), "counts.csv").splitlines() == [
        'counts.csv:3:1  pedestrians: "many" is no count. Leave the cell empty where nothing was counted.',
        'counts.csv:4:1  time: "soon" is no time. Write year-month-day and hour, for example 2026-12-14T16:00.',
        "counts.csv:5:1  pedestrians: -4 cannot be a count.",
    ]


def test_counts__a_hundred_broken_rows_are_counted(tmp_path: Path) -> None:
    """Twenty are shown, and how many more there are."""
    path = written(tmp_path, ["time,pedestrians", *(f"{when.isoformat()},x" for when in hours(100))])
    with pytest.raises(InputError) as caught:
        load_demand(path)
    lines = str(caught.value).splitlines()
    assert len(lines) == 21
    assert lines[-1].endswith("and 80 more problems in the lines below.")


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([""], "the file is empty"),
        (["time,pedestrians"], "there is a header, but no row below it"),
        (["time,pedestrians", "2026-11-02T00:00,1,2"], "3 cells stand here, but the header has 2"),
        (["time,umbrellas", "2026-11-02T00:00,1"], r"no column says what it counts \(columns: umbrellas\)"),
        (["name,pedestrians", "Anna,1"], "no column holds times such as 2026-12-14T16:00"),
        (["day,pedestrians", "2026-11-02T00:00,1", "2026-11-03T00:00,1", "2026-11-04T00:00,1"], "counts by the hour"),
    ],
)
def test_counts__what_is_no_counter_file(tmp_path: Path, lines: list[str], message: str) -> None:
    """Each says what is wrong, and the first lines that would be right."""
    with pytest.raises(InputError, match=message):
        load_demand(written(tmp_path, lines))


def test_counts__seattle(shared_data: Path) -> None:
    """The real file: quiet nights, 2,335 missing hours, and a pedestrian counter that sticks."""
    path = shared_data / "seattle_burke_gilman_ped_bike_hourly_2014_2019.csv"
    found = load_demand(path, datetime.date(2026, 12, 14))
    assert found.rate(PEDESTRIAN, weekend=False, hour=2) < 0.3
    assert found.rate(PEDESTRIAN, weekend=False, hour=22) == pytest.approx(1.1, abs=0.3)
    assert found.rate(CYCLIST, weekend=False, hour=17) == pytest.approx(54, abs=8)
    said = notes(found)
    assert "2,335 hours are missing, in 8 gaps" in said
    assert '"Ped South": stuck counter' in said
    assert 'left aside: "BGT North of NE 70th Total"' in said
    assert "within 45 days of 14 December" in said
