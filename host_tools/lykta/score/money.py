"""What electricity costs and what adaptive light is worth: bill by hourly tariff, CO2, payback, net present value.

Nothing is assumed that the site does not say: what is missing is named, and what hangs on it is not computed. Unmetered plants pay by an
agreed profile of burning: unless the supplier takes a dynamic one, dimming changes no bill.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lykta.score.statistics import Floats
from lykta.site.model import Site

_DAY_MIN = 1440


@dataclass(frozen=True)
class Economics:
    """The economics of a site. Prices per kWh; `prices` by minute of the local day. None or absent: the site does not say."""

    currency: str
    prices: Floats
    metered: bool
    takes_profile: bool | None
    carbon_kg_per_kwh: float | None
    carbon_source: str
    costs: Mapping[str, float] = field(default_factory=dict)
    years: int | None = None
    discount: float | None = None
    today: str = ""

    @classmethod
    def of(cls, site: Site) -> Economics | None:
        """Those of a site; None where it has none."""
        found = site.economics
        if found is None:
            return None
        permille = found["discount_permille"]
        costs, years = found["costs"], found["years"]
        carbon, takes = found["carbon_kg_per_kwh"], found["takes_profile"]
        return cls(
            currency=str(found["currency"]),
            prices=_prices(found["tariff"]),
            metered=bool(found["metered"]),
            takes_profile=takes if isinstance(takes, bool) else None,
            carbon_kg_per_kwh=carbon if isinstance(carbon, float) else None,
            carbon_source=str(found["carbon_source"]),
            costs=dict(costs) if isinstance(costs, Mapping) else {},
            years=years if isinstance(years, int) else None,
            discount=permille / 1000 if isinstance(permille, int) else None,
            today=str(found["today"]),
        )

    @property
    def billed_by_use(self) -> bool:
        """Whether less electricity is a smaller bill."""
        return self.metered or bool(self.takes_profile)

    def price(self, hours: Sequence[int] | NDArray[np.int64]) -> Floats:
        """The mean price per kWh in hours of the local day."""
        return np.asarray(self.prices.reshape(24, 60).mean(axis=1)[np.asarray(hours, dtype=np.int64)])

    def investment(self, lamps: int) -> float | None:
        """What it costs to begin with, for so many controlled lamps; None where the site names no cost of beginning."""
        if not {"once", "a_lamp"} & set(self.costs):
            return None
        return self.costs.get("once", 0.0) + self.costs.get("a_lamp", 0.0) * lamps

    def running(self, lamps: int) -> float:
        """What it costs a year besides electricity: only what the site names."""
        return self.costs.get("a_year", 0.0) + self.costs.get("a_lamp_a_year", 0.0) * lamps

    def missing(self) -> list[str]:
        """The keys of `economics` without which payback or net present value cannot be said."""
        found = [] if {"once", "a_lamp"} & set(self.costs) else ["costs (once, a_lamp)"]
        return found + [name for name, value in (("years", self.years), ("discount", self.discount)) if value is None]


def _prices(tariff: object) -> Floats:
    """Price per kWh by minute of the local day."""
    if not isinstance(tariff, list):
        return np.full(_DAY_MIN, float(str(tariff)))
    found = np.zeros(_DAY_MIN)
    for begin, end, price in tariff:
        until = end if end > begin else end + _DAY_MIN
        found[np.arange(begin, until) % _DAY_MIN] = price
    return found


@dataclass(frozen=True)
class Worth:
    """What adaptive light is worth beside another way to light the street, in the currency of the site.

    `saved` a year on the bill, `gained` the same less the yearly costs; `payback_years` None: never, or it cannot be said; `npv` None: it
    cannot be said.
    """

    saved: float
    gained: float
    payback_years: float | None
    npv: float | None


def worth(economics: Economics, lamps: int, bill: float, other_bill: float) -> Worth:
    """Compare yearly bills. `lamps`: how many are controlled."""
    saved = other_bill - bill if economics.billed_by_use else 0.0
    gained = saved - economics.running(lamps)
    investment = economics.investment(lamps)
    payback = investment / gained if investment is not None and gained > 0 else None
    npv = None
    if investment is not None and economics.years is not None and economics.discount is not None:
        npv = -investment + gained * sum((1 + economics.discount) ** -year for year in range(1, economics.years + 1))
    return Worth(saved, gained, payback, npv)
