"""Settings that were approved go to the nodes; who has taken them, who has not, and why.

await roll_out(fleet, board, number, by)         # the same again goes on where it stopped
found = await progress(fleet, board, number)
found.counts, found.reasons                      # {"taken": 33, "refused": 1}, {"K05": "newer: they are of a newer form ..."}
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import select

from lykta.errors import InputError
from lykta.fleet import schema, settings
from lykta.fleet.database import Database
from lykta.fleet.fleet import Fleet
from lykta.fleet.people import Person
from lykta.fleet.proposals import Proposals
from lykta.fleet.settings import Push


@dataclass(frozen=True)
class Progress:
    """How far a version has come. `lamps`: lamp to taken, refused, waiting, offline or newer; `reasons`: why some do not take it."""

    version: int
    lamps: Mapping[str, str]
    reasons: Mapping[str, str]

    @property
    def counts(self) -> dict[str, int]:
        """How many lamps are in each state."""
        return dict(Counter(self.lamps.values()))

    @property
    def done(self) -> bool:
        """Whether nothing is waited for any more, but those who are away."""
        return settings.WAITING not in self.lamps.values()


async def roll_out(fleet: Fleet, board: Proposals, number: int, by: Person, done: Callable[[int], object] = lambda count: None) -> Push:
    """Send what was approved; `done` is told how many letters went out. InputError where it may not be sent, Lost without a broker."""
    push = await fleet.in_thread(lambda: board.begin(number, by))
    one = await fleet.in_thread(lambda: board.one(number))
    await settings.send(fleet, push, one.why, done, by)
    return push


async def progress(fleet: Fleet, board: Proposals, number: int) -> Progress:
    """How far a proposal that is rolled out has come. InputError for one that is not."""
    one = await fleet.in_thread(lambda: board.one(number))
    version = one.version
    if version is None:
        raise InputError.of(f"proposal {number}", f"it is {one.state}, so it was not sent to anybody.")
    refused = await fleet.in_thread(lambda: refusals(fleet.database, version))
    refused |= fleet.refused(version)
    lamps = settings.stand(one.lamps, version, fleet)
    for lamp, what in lamps.items():
        if what in (settings.WAITING, settings.OFFLINE) and fleet.names[lamp] in refused:
            lamps[lamp] = settings.REFUSED
    reasons = {lamp: settings.meaning(refused.get(fleet.names[lamp], "")) for lamp, what in lamps.items() if what == settings.REFUSED}
    return Progress(version, lamps, reasons)


def refusals(database: Database, version: int) -> dict[str, str]:
    """The nodes that have answered that they do not take a version, as the recorder has written it down, with their reasons."""
    table = schema.answers
    query = select(schema.nodes.c.name, table.c.reason).join(schema.nodes, schema.nodes.c.id == table.c.node)
    query = query.where(table.c.to == "settings", table.c.number == version, table.c.ok.is_(False))
    return {row.name: row.reason for row in database.rows(query)}
