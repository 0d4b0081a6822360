"""A street that lives on a real broker: whole firmwares with certificates, in the street's own time."""

from __future__ import annotations

import contextlib
import datetime as dt
from pathlib import Path

import pytest

from lykta.errors import InputError
from lykta.fleet import simulate_loop
from lykta.fleet.clock import FILE, clock_of
from lykta.fleet.simulate_loop import Asked, Standing, moment_at
from lykta.node.street import load_street
from lykta.traffic import load_demand
from tests.fleet import networks
from tests.fleet.post import DISTRICT

AT = dt.datetime(2026, 12, 14, 21, tzinfo=dt.UTC)


@pytest.mark.slow
@pytest.mark.services
@pytest.mark.micropython
def test_street__comes_to_the_broker_in_its_own_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Two nodes connect; while it lives everybody can read what time it is there, and afterwards nobody."""
    monkeypatch.setenv("LYKTA_KEYS", str(tmp_path / "keys"))
    street = load_street("kungsholms_strand")
    made = networks.network(tmp_path / "network", street.site)[0]
    asked = Asked(street, made.folder, load_demand("quiet", AT.date()), 2, AT, 30.0, 1)
    seen: list[Standing] = []
    told: list[str] = []
    clocks = []

    def stands(standing: Standing) -> None:
        seen.append(standing)
        clocks.append(clock_of(made.folder))

    with contextlib.closing(networks.broker_of(made, DISTRICT)) as mosquitto:
        mosquitto.start()

        def missing() -> bool:
            return not all(any(f"as kungsholms_strand.{lamp}" in line for line in mosquitto.log) for lamp in ("K01", "K02"))

        def wanted() -> bool:
            return not seen or ((missing() or seen[-1].connections < 2) and seen[-1].t_ms < seen[0].t_ms + 3_600_000)

        simulate_loop.run(asked, told.append, stands, wanted)
        assert not missing()
    assert seen[-1].connections == 2
    assert seen[-1].restarts == 0
    assert all(standing.next > standing.local for standing in seen if standing.next is not None)
    assert all(clock is not None and clock.now() > AT.timestamp() for clock in clocks)
    assert not (made.folder / FILE).exists()
    assert "keys" in told[0]


def test_street_by_day__is_refused(tmp_path: Path):
    """There would be nothing to see; and no clock is left behind."""
    street = load_street("kungsholms_strand")
    made = networks.network(tmp_path / "network", street.site)[0]
    noon = dt.datetime(2026, 12, 14, 11, 30, tzinfo=dt.UTC)
    asked = Asked(street, made.folder, load_demand("quiet", noon.date()), 2, noon, 1.0, 1)
    with pytest.raises(InputError, match="the lamps are off then"):
        simulate_loop.run(asked, lambda text: None, lambda standing: None)
    assert not (made.folder / FILE).exists()


def test_time_of_day__is_the_next_one():
    """On the clocks of the site, today or tomorrow."""
    now = dt.datetime(2026, 11, 23, 16, tzinfo=dt.UTC)
    assert moment_at("22:00", "Europe/Stockholm", now) == dt.datetime(2026, 11, 23, 21, tzinfo=dt.UTC)
    assert moment_at("03:30", "Europe/Stockholm", now) == dt.datetime(2026, 11, 24, 2, 30, tzinfo=dt.UTC)
    with pytest.raises(InputError, match="no time of day"):
        moment_at("late", "Europe/Stockholm", now)
