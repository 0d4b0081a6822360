"""What the rules that find faults cost on a night on which nothing is wrong: their false positives, in points of saving.

    python -m gauges.false_alarms --write      write `false_alarms.json` and the table of firmware/README.md anew

Kungsholms strand with 10 users an hour, its PIRs (5 % of passes missed, 0.2 false alarms an hour) and the radio that loses 10 % in
bursts: each night is played as it is, and once without each rule. What a night without the rule saves more is what the rule cost.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from unittest import mock

from gauges.faults import README, in_readme
from lykta import profiles, sensing, traffic
from lykta import site as sites
from lykta.corehost import lamp as row
from lykta.plan import Plan, make_plan
from lykta.score import totals
from lykta.sim import engines, night
from lykta.sim.radio import REAL
from lykta.site.graph import Graph
from tests.core import variants

RECORD = Path(__file__).with_name("false_alarms.json")
SITE, DEMAND = "kungsholms_strand", "kungsholms@10"
DATE = dt.date(2026, 12, 14)
SEEDS = range(1, 6)
#: By the name of a rule: what it says, and the limit in `core/health` without which it never speaks.
RULES = {
    "radio": ("no neighbour was heard for 3 minutes", "RADIO_SILENT_MS"),
    "stuck": ("the sensor was on for 10 minutes", "STUCK_MS"),
    "restless": ("the sensor was on for 30 % of an hour, no neighbour's for 3 %", "_RESTLESS_MS"),
    "blind": ("both neighbours saw five in a row pass whom it missed", "_BLIND_PASSES"),
}


def saving(plan: Plan, seed: int, law: ModuleType) -> float:
    """The saving of a night [% of the lamps always on]. `law`: the kernel, as `law_with` makes it."""
    span = (plan.begin_ms, plan.end_ms)
    demand = traffic.load_demand(DEMAND)
    moves = traffic.generate(plan.site, plan.graph, demand, seed, *span, plan.agenda.times.origin_utc_ms)
    told = sensing.readings(plan.site, plan.graph, moves, seed, (), *span)
    with mock.patch.object(engines, "load", return_value=law):
        lit = night.run(plan, moves, told, seed, REAL, engine="python")
    found = totals(plan.site, lit.levels, *span)
    spent, always = (sum(found[name].to_pylist()) for name in ("energy_wh", "always_on_wh"))
    return float(100 * (1 - spent / always))


def law_with(**limits: int) -> ModuleType:
    """The kernel with a core whose limits of `health` are others. They stand in the source: what is loaded has numbers instead."""
    name = "_".join(["lykta_limits", *(f"{limit}_{value}" for limit, value in limits.items())])

    def changed(module: str, source: str) -> str:
        for limit, value in limits.items() if module == "health" else ():
            source, times = re.subn(rf"(?m)^{limit} = const\([\d_]+\)", f"{limit} = const({value})", source)
            assert times == 1, limit
        return source

    return variants.kernel_with(variants.load(name, changed), f"{name}_kernel")


def cost(seeds: Sequence[int] = SEEDS, **limits: int) -> dict[str, float]:
    """By rule, what it costs in points of saving, mean of the nights. `limits`: of `core/health`, that are others in all nights."""
    site = sites.load(SITE)
    plan = make_plan(site, Graph(site), profiles.load_profile(SITE), DATE)
    law = law_with(**limits)
    with_all = [saving(plan, seed, law) for seed in seeds]
    found = {}
    for name, (_, limit) in RULES.items():
        law = law_with(**{**limits, limit: int(row.NEVER)})
        without = [saving(plan, seed, law) for seed in seeds]
        found[name] = round(sum(more - less for more, less in zip(without, with_all, strict=True)) / len(seeds), 2)
    return found


def recorded() -> dict[str, float]:
    """The record."""
    found: dict[str, float] = json.loads(RECORD.read_text(encoding="ascii"))
    return found


def table(found: dict[str, float]) -> Iterator[str]:
    """The table of firmware/README.md, line by line."""
    yield "| said as | when | costs [points of saving] |"
    yield "|---|---|---|"
    for name, (text, _) in RULES.items():
        yield f"| {name} | {text} | {found[name]:.2f} |"


def main(arguments: Sequence[str]) -> int:
    """The command line: 1 where it is not as recorded."""
    found = cost()
    print(found)
    if "--write" in arguments:
        RECORD.write_text(json.dumps(found, indent=1) + "\n", encoding="ascii")
        text = README.read_text(encoding="utf-8")
        README.write_text(in_readme(text, list(table(found)), "false alarms"), encoding="utf-8")
        return 0
    return int(found != recorded())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
