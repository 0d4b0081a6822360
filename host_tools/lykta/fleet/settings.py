"""New settings for a fleet: one version for all its nodes, sealed for each, retained by the broker until they are taken.

    push = prepare(street, database, lamps, now)      # goes on with the version that is under way, if nothing has changed since
    await send(fleet, push, why)
    stand(push, fleet)                                # {lamp: TAKEN | REFUSED | WAITING | OFFLINE}

The settings of a node hold for ten years from the day of their version, so the same site and profile give the same letters however
often they are pushed: that is how an interrupted push goes on.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import and_, func, select

from lykta.fleet import letters, schema, topics
from lykta.fleet.database import Database
from lykta.fleet.fleet import Fleet
from lykta.fleet.letters import Sealed
from lykta.fleet.model import Command
from lykta.node.street import Street
from lykta.plan.nodefiles import node_names

#: The files that a letter can bring.
FILES = ("program", "table", "adjacent")
TAKEN, REFUSED, WAITING, OFFLINE, NEWER = "taken", "refused", "waiting", "offline", "newer"
#: So many letters are sealed and sent at once.
_AT_ONCE = 200


@dataclass(frozen=True)
class Push:
    """Settings on their way. `resumed`: a version that was begun before."""

    version: int
    files: Mapping[str, Mapping[str, bytes]]  # by lamp
    resumed: bool

    @property
    def lamps(self) -> list[str]:
        """For which lamps."""
        return list(self.files)


def prepare(street: Street, database: Database, lamps: Sequence[str], now: dt.datetime) -> Push:
    """The settings of a street's lamps (by default of all), as a new version, or as the one that is under way with the same content.

    InputError for lamps or settings that cannot be; Gone where the database does not answer.
    """
    wanted = [street.lamp(lamp).id for lamp in lamps] or street.lamps
    names = node_names(street.site)
    latest = _latest(database, [names[lamp] for lamp in wanted])
    versions = {version for version, _ in latest.values()}
    if len(latest) == len(wanted) and len(versions) == 1:
        version = versions.pop()
        files = _files(street, wanted, letters.made_at(version).date())
        if all(_digests(files[lamp]) == latest[names[lamp]][1] for lamp in wanted):
            return Push(version, files, True)
    # Later than any before, whatever the clock of this machine does.
    version = max([letters.version_of(now), *(before + 1 for before, _ in latest.values())])
    return Push(version, _files(street, wanted, letters.made_at(version).date()), False)


async def send(fleet: Fleet, push: Push, why: str, done: Callable[[int], object] = lambda count: None) -> None:
    """Seal and send the letters of a push; `done` is told how many of them went out. Nodes that have taken them are left out."""
    people = fleet.recipients()
    standing = stand(push, fleet)
    open_ = [lamp for lamp in push.lamps if standing[lamp] not in (TAKEN, NEWER)]
    done(len(push.lamps) - len(open_))
    for at in range(0, len(open_), _AT_ONCE):
        some = open_[at : at + _AT_ONCE]
        now = fleet.time()
        given: list[tuple[Command, Sealed]] = []
        for lamp in some:
            sealed = letters.settings(people[lamp], push.files[lamp], push.version)
            command = Command(int(now), fleet.who, why, fleet.names[lamp], "settings", push.version, ", ".join(push.files[lamp]))
            given.append((command, sealed))
        await fleet.in_thread(partial(_note, fleet.database, fleet.names, push, some))
        await fleet.send(given, topics.SETTINGS)
        done(len(some))


def stand(push: Push, fleet: Fleet) -> dict[str, str]:
    """How far each lamp is, by what its node says that it uses, and by what it has answered."""
    refused = fleet.refused(push.version)
    found = {}
    for lamp in push.lamps:
        node = fleet.nodes[fleet.names[lamp]]
        if node.settings == push.version:
            found[lamp] = TAKEN
        elif node.settings > push.version:
            found[lamp] = NEWER
        elif node.name in refused:
            found[lamp] = REFUSED
        else:
            found[lamp] = OFFLINE if node.online is False else WAITING
    return found


def _files(street: Street, lamps: Iterable[str], first: dt.date) -> dict[str, dict[str, bytes]]:
    made = street.public_files(first)
    return {lamp: {name: made[lamp][name] for name in FILES} for lamp in lamps}


def _digests(files: Mapping[str, bytes]) -> dict[str, str]:
    return {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}


def _latest(database: Database, nodes: Sequence[str]) -> dict[str, tuple[int, dict[str, str]]]:
    """By node the last version that was sealed for it, with the digests of its files."""
    table = schema.letters
    newest = select(table.c.node, func.max(table.c.version).label("version")).group_by(table.c.node).subquery()
    same = and_(newest.c.node == table.c.node, newest.c.version == table.c.version)
    query = select(schema.nodes.c.name, table.c.version, table.c.file, table.c.digest).join(newest, same)
    found: dict[str, tuple[int, dict[str, str]]] = {}
    for row in database.rows(query.join(schema.nodes, schema.nodes.c.id == table.c.node)):
        found.setdefault(row.name, (row.version, {}))[1][row.file] = row.digest
    return {node: found[node] for node in nodes if node in found}


def _note(database: Database, names: Mapping[str, str], push: Push, lamps: Sequence[str]) -> None:
    with database.using() as connection:
        numbers = database.numbers(connection, [names[lamp] for lamp in lamps])
        rows: list[dict[str, Any]] = [
            {"node": numbers[names[lamp]], "version": push.version, "file": name, "digest": digest}
            for lamp in lamps
            for name, digest in _digests(push.files[lamp]).items()
        ]
        database.insert(connection, schema.letters, rows)
