"""What the page simulates beside itself: the short way to its figures gives those of the whole outcome."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lykta.plan import make_plan
from lykta.profiles.table import BY_KEY
from lykta.scenarios import Wish, assemble
from lykta.score.tally import row
from lykta.studio import nights
from lykta.studio.draft import Draft
from lykta.studio.scope import Scope
from lykta.tune.stage import Stage, Ticket
from tests.tune.nights import scenario, write

_ZONE = "path"


@pytest.mark.parametrize(("key", "value"), [("idle", 300), ("ahead", 4400), ("hold", 9000), ("level", 900)])
def test_short_way__gives_the_figures_of_the_whole_outcome(folder: Path, key: str, value: int):
    """After a change, with tables kept from the step before: every figure that is known is that of the command line."""
    write(folder)
    street = scenario("site")
    ticket, draft = Ticket.of(street), Draft.open(street.profile)
    nights.light(nights.Order(ticket, draft.text, draft.name, 2))
    draft.put(Scope(_ZONE).change(BY_KEY[key], value))
    short = nights.light(nights.Order(ticket, draft.text, draft.name, 2)).row
    whole = row(nights.outcome(ticket, draft.text, draft.name, 2).score)
    known = ~np.isnan(short)
    assert known.sum() > 30
    assert np.allclose(whole[known], short[known], rtol=1e-12, atol=1e-9)


def test_tables__are_made_anew_when_a_lamp_hears_farther():
    """What is kept is kept by what it depends on: another reach gives other tables, the same reach the same ones."""
    street = assemble(Wish("kungsholms_strand", {"traffic": "busy"}))
    stage, draft, plans = Stage.of(street), Draft.open(street.profile), []
    for value in (4400, 22000, 4400):
        draft.put(Scope(_ZONE).change(BY_KEY["ahead"], value))
        plans.append(stage.plan_of(draft.profile))
    assert plans[0].tables is plans[2].tables
    assert plans[0].tables != plans[1].tables
    fresh = make_plan(street.site, stage.plan.graph, plans[1].profile, street.date)
    assert plans[1].tables == fresh.tables
