"""New settings for a fleet: one version for all its nodes, sealed for each, retained by the broker until they are taken.

    push = board.begin(number, by)                   # `proposals`: who wants them, who has approved them
    await send(fleet, push, why)                     # whoever has them already is left out: that is how it goes on
    stand(push.lamps, push.version, fleet)           # {lamp: TAKEN | REFUSED | WAITING | OFFLINE | NEWER}

The files of nodes are kept by their digests: what was sent once can be sent again, to the byte, as a later version.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import Connection, and_, func, insert, select

from lykta.errors import InputError
from lykta.fleet import letters, schema, topics
from lykta.fleet.database import Database
from lykta.fleet.fleet import Fleet
from lykta.fleet.letters import Sealed
from lykta.fleet.model import Command
from lykta.fleet.people import Person, needs_second
from lykta.node.street import Street
from lykta.plan.nodefiles import node_names

#: The files that a letter can bring.
FILES = ("program", "table", "adjacent")
TAKEN, REFUSED, WAITING, OFFLINE, NEWER = "taken", "refused", "waiting", "offline", "newer"
#: What a node says when it does not take settings, by the first word, and what that means to people.
MEANINGS = {
    "forged": "they are not proved under this node's own key. Has it other keys than this machine? Provision it: lykta flash",
    "another": "they are for another lamp",
    "old": "it has had settings of a later version",
    "newer": "they are of a newer form than its software knows. Update its software first (lykta fleet update), then send them again",
    "broken": "it cannot read them",
    "bad": "it would have to mend the program, so it does not take it",
    "expired": "tonight is none of the nights that they are for. Are the clocks of this machine and of the node right?",
    "room": "it has no place for them, in memory or flash",
    "flash": "its flash does not take them",
    "failed": "it did not start with them, and has gone back to those before",
}
#: So many letters are sealed and sent at once.
_AT_ONCE = 200
Files = Mapping[str, Mapping[str, bytes]]


@dataclass(frozen=True)
class Push:
    """Settings on their way. `files`: by lamp; `resumed`: a version that was begun before; `proposal`: number of what was approved.

    `act`: number of the act in the record by which it was begun.
    """

    version: int
    files: Files
    resumed: bool
    proposal: int
    act: int | None = None

    @property
    def lamps(self) -> list[str]:
        """For which lamps."""
        return list(self.files)


@dataclass(frozen=True)
class Before:
    """What was sent before a version: the newest of those versions, and the files of each lamp."""

    version: int
    files: Files


async def send(fleet: Fleet, push: Push, why: str, done: Callable[[int], object] = lambda count: None, by: Person | None = None) -> None:
    """Seal and send the letters of a push; `done` is told how many of them went out. Nodes that have taken them are left out.

    InputError where the street has a second person, and nobody has approved them.
    """
    if not push.proposal and needs_second(fleet.operators):
        raise InputError.of(f"version {push.version}", "nobody has approved these settings. Propose them: lykta fleet propose")
    people, person = fleet.recipients(), by or fleet.person
    standing = stand(push.lamps, push.version, fleet)
    open_ = [lamp for lamp in push.lamps if standing[lamp] not in (TAKEN, NEWER)]
    done(len(push.lamps) - len(open_))
    for at in range(0, len(open_), _AT_ONCE):
        some = open_[at : at + _AT_ONCE]
        now = fleet.time()
        given: list[tuple[Command, Sealed]] = []
        for lamp in some:
            sealed = letters.settings(people[lamp], push.files[lamp], push.version)
            command = Command(int(now), person.name, why, fleet.names[lamp], "settings", push.version, ", ".join(push.files[lamp]))
            given.append((command, sealed))
        await fleet.in_thread(partial(_note, fleet.database, fleet.names, push, some))
        await fleet.send(given, topics.SETTINGS, push.act)
        done(len(some))


def stand(lamps: Sequence[str], version: int, fleet: Fleet) -> dict[str, str]:
    """How far each lamp is with a version, by what its node says that it uses, and by what it has answered since the fleet was opened."""
    refused = fleet.refused(version)
    found = {}
    for lamp in lamps:
        node = fleet.nodes[fleet.names[lamp]]
        if node.settings == version:
            found[lamp] = TAKEN
        elif node.settings > version:
            found[lamp] = NEWER
        elif node.name in refused:
            found[lamp] = REFUSED
        else:
            found[lamp] = WAITING if node.online else OFFLINE
    return found


def meaning(reason: str) -> str:
    """A node's reason for not taking settings, for people: `newer: they are of a newer form ...`."""
    said = MEANINGS.get(reason.partition(":")[0].strip(), "")
    return f"{reason}: {said}" if said else reason or "it gave no reason"


def files_of(street: Street, lamps: Iterable[str], first: dt.date) -> dict[str, dict[str, bytes]]:
    """The files of lamps' nodes, by lamp, for ten years from a day."""
    made = street.public_files(first)
    return {lamp: {name: made[lamp][name] for name in FILES} for lamp in lamps}


# --- what is kept -----------------------------------------------------------------------------------------------------


def latest(database: Database, nodes: Sequence[str], below: int = 0) -> dict[str, tuple[int, dict[str, str]]]:
    """By node the last version that was sealed for it, with the digests of its files; `below`: the last one before that version."""
    table = schema.letters
    newest = select(table.c.node, func.max(table.c.version).label("version"))
    newest = newest.where(table.c.version < below) if below else newest
    found_ = newest.group_by(table.c.node).subquery()
    same = and_(found_.c.node == table.c.node, found_.c.version == table.c.version)
    query = select(schema.nodes.c.name, table.c.version, table.c.file, table.c.digest).join(found_, same)
    found: dict[str, tuple[int, dict[str, str]]] = {}
    for row in database.rows(query.join(schema.nodes, schema.nodes.c.id == table.c.node)):
        found.setdefault(row.name, (row.version, {}))[1][row.file] = row.digest
    return {node: found[node] for node in nodes if node in found}


def same_as_sent(street: Street, database: Database, lamps: Sequence[str]) -> bool:
    """Whether the settings of lamps are those that were sent last, to all of them, as one version."""
    names = node_names(street.site)
    sent = latest(database, [names[lamp] for lamp in lamps])
    versions = {version for version, _ in sent.values()}
    if len(sent) < len(lamps) or len(versions) != 1:
        return False
    kept_ = {lamp: sent[names[lamp]][1] for lamp in lamps}
    # The files of two days differ in the nights that they are for: made for the same day, they can be compared.
    return any(_digests_of(files_of(street, lamps, day)) == kept_ for day in _days(database, versions.pop()))


def _days(database: Database, version: int) -> list[dt.date]:
    """The days for which the files of a version may have been made: that of its proposal, that of the version."""
    table, decisions = schema.proposals, schema.decisions
    query = select(table.c.at).join(decisions, decisions.c.proposal == table.c.number).where(decisions.c.version == version)
    made = [dt.datetime.fromtimestamp(row.at, dt.UTC).date() for row in database.rows(query)]
    return [*made, letters.made_at(version).date()]


def before(database: Database, names: Mapping[str, str], version: int) -> Before:
    """What was sent before a version: of every lamp (lamp: node) the last of its files of which the contents are kept."""
    sent = latest(database, list(names.values()), below=version) if version else {}
    its = {lamp: sent[node][1] for lamp, node in names.items() if node in sent}
    return Before(max((one for one, _ in sent.values()), default=0), kept(database, its))


def others(database: Database, digests: Mapping[str, Mapping[str, str]], follows: int) -> dict[str, int]:
    """By file, of how many nodes it is another than the one sent up to a version."""
    sent = latest(database, list(digests), below=follows + 1)
    return {name: sum(its[name] != sent.get(node, (0, {}))[1].get(name) for node, its in digests.items() if name in its) for name in FILES}


def keep(database: Database, connection: Connection, proposal: int, files: Files) -> None:
    """Keep the files of a proposal, by node, as a part of something that is written as a whole."""
    numbers = database.numbers(connection, files)
    _keep_contents(database, connection, files)
    rows = [
        {"proposal": proposal, "node": numbers[node], "file": name, "digest": digest}
        for node, its in _digests_of(files).items()
        for name, digest in its.items()
    ]
    connection.execute(insert(schema.proposed), rows)


def kept(database: Database, digests: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, bytes]]:
    """The files of which the digests are given, by whatever they are given by; who lacks one is left out."""
    table = schema.contents
    wanted = sorted({digest for its in digests.values() for digest in its.values()})
    found: dict[str, bytes] = {}
    for at in range(0, len(wanted), _AT_ONCE):
        for row in database.rows(select(table).where(table.c.digest.in_(wanted[at : at + _AT_ONCE]))):
            found[row.digest] = zlib.decompress(row.content)
    return {
        key: {name: found[digest] for name, digest in its.items()}
        for key, its in digests.items()
        if its and all(digest in found for digest in its.values())
    }


def _keep_contents(database: Database, connection: Connection, files: Files) -> None:
    """Keep contents by their digests, each once."""
    contents = {hashlib.sha256(content).hexdigest(): content for its in files.values() for content in its.values()}
    there = set(connection.execute(select(schema.contents.c.digest)).scalars())
    rows = [{"digest": digest, "content": zlib.compress(content)} for digest, content in contents.items() if digest not in there]
    database.insert(connection, schema.contents, rows)


def _digests_of(files: Files) -> dict[str, dict[str, str]]:
    return {key: {name: hashlib.sha256(content).hexdigest() for name, content in its.items()} for key, its in files.items()}


def _note(database: Database, names: Mapping[str, str], push: Push, lamps: Sequence[str]) -> None:
    """Write down what is about to be sent."""
    files = {lamp: push.files[lamp] for lamp in lamps}
    with database.using() as connection:
        numbers = database.numbers(connection, [names[lamp] for lamp in lamps])
        rows: list[dict[str, Any]] = [
            {"node": numbers[names[lamp]], "version": push.version, "file": name, "digest": digest}
            for lamp, its in _digests_of(files).items()
            for name, digest in its.items()
        ]
        database.insert(connection, schema.letters, rows)
