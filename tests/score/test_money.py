"""Money: tariffs by the hour, metered or not, payback, net present value; nothing that the site does not say."""

from __future__ import annotations

import pytest

from lykta.document import Document
from lykta.errors import InputError
from lykta.score.money import Economics, worth
from lykta.site import loader
from tests.cli import street

SAID = "tariff: 2\n  metered: yes\n"
COSTS = "  costs: {once: 1000, a_lamp: 500, a_lamp_a_year: 10, a_year: 40}\n"


def economics(text: str) -> Economics | None:
    """The economics of a site of six posts with this text below `economics`."""
    document = Document.read(street.FILES["site.yaml"] + (f"economics:\n  currency: EUR\n  {text}" if text else ""), "site.yaml")
    return Economics.of(loader.read(document, loader.FOLDER))


def test_prices__hold_by_the_hour_over_midnight():
    """Two prices, one of them over midnight and from half past five on."""
    found = economics("tariff: {22:00-05:30: 1, 05:30-22:00: 3}\n  metered: yes\n")
    assert found.price([21, 22, 0, 4, 5, 6]).tolist() == [3, 1, 1, 1, 2, 3]


def test_worth__is_the_arithmetic_of_the_books():
    """Six lamps: 4,000 to begin with, 100 a year; 600 less on the bill. By hand: 500 a year, 8 years, an annuity of 8.1109 at 4 %."""
    found = economics(SAID + COSTS + "  years: 10\n  discount: 4 %\n")
    result = worth(found, 6, bill=400, other_bill=1000)
    assert (result.saved, result.gained, result.payback_years) == (600, 500, 8)
    assert result.npv == pytest.approx(-4000 + 500 * 8.110896, abs=0.01)
    assert found.missing() == []


def test_worth__never_pays_back_what_gains_nothing():
    """A bill that falls by less than nodes cost a year."""
    result = worth(economics(SAID + COSTS + "  years: 10\n  discount: 4 %\n"), 6, bill=950, other_bill=1000)
    assert (result.gained, result.payback_years) == (-50, None)
    assert result.npv < -4000


@pytest.mark.parametrize(("taken", "saved"), [("", 0), ("  takes_profile: no\n", 0), ("  takes_profile: yes\n", 600)])
def test_unmetered__saves_money_only_where_the_supplier_takes_a_dynamic_profile(taken: str, saved: float):
    """Else the bill is for the agreed burning, however little is used."""
    found = economics("tariff: 2\n  metered: no\n" + taken)
    assert worth(found, 6, bill=400, other_bill=1000).saved == saved


def test_missing__is_named_and_not_made_up():
    """Without costs, years or discount there is neither payback nor present value."""
    found = economics(SAID)
    assert found.missing() == ["costs (once, a_lamp)", "years", "discount"]
    result = worth(found, 6, 400, 1000)
    assert (result.saved, result.payback_years, result.npv) == (600, None, None)
    assert economics("") is None


def test_costs__that_nobody_knows_are_refused():
    """A cost under another name would count as nothing."""
    with pytest.raises(InputError, match='unknown key "node"'):
        economics(SAID + "  costs: {node: 900}\n")
