"""Settings for a street: proposed by one person, approved by another, rolled out, and taken back.

    board = Proposals(fleet.database, fleet.street, fleet.operators, fleet.time)
    one = board.propose(street, anna, "longer hold in the park", conformity=...)     # what it is, in words: one.changes, one.conformity
    board.approve(one.number, bertil)                                                # not anna: InputError
    await roll_out(fleet, board, one.number, bertil)                                 # `rollout`: seals and sends, goes on where it stopped
    await ... board.back(bertil, "too dark at the pond")                             # the version before, as a new one

What is approved is what is sent: the files of every node are kept when they are proposed, to the byte. Everything blocks on the database:
call it in a thread (`fleet.in_thread`).

Where fewer than two operators are known by name, nobody could approve anything: then `alone` does all of it, and says so in the record.
"""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select
from sqlalchemy.exc import IntegrityError

from lykta import profiles
from lykta.document import Document
from lykta.errors import InputError, Message
from lykta.fleet import acts, letters, schema, settings
from lykta.fleet.acts import Act
from lykta.fleet.database import Database
from lykta.fleet.differences import Difference, differences
from lykta.fleet.people import Person, must_be_proved, must_operate, needs_second
from lykta.fleet.proposal import (
    ALONE,
    APPROVED,
    NEXT,
    OPEN,
    REFUSED,
    ROLLED_OUT,
    WAY_BACK,
    WITHDRAWN,
    Conformity,
    Decision,
    Proposal,
    state_of,
)
from lykta.fleet.settings import Push
from lykta.node.street import Street, load_street
from lykta.plan.nodefiles import node_names
from lykta.profiles import Profile

_VERDICT, _ROLLOUT = "verdict", "rollout"
_SHORT = 300


class Proposals:
    """The proposals of a street. `operators`: who is known by name to may change it; `now`: what time it is [s since 1970]."""

    def __init__(self, database: Database, street: Street, operators: Sequence[str] = (), now: Callable[[], float] = time.time) -> None:
        self.database = database
        self.operators = tuple(operators)
        self._street = street
        self._names = node_names(street.site)
        self._lamps = {node: lamp for lamp, node in self._names.items()}
        self._now = now

    @property
    def needs_second(self) -> bool:
        """Whether another person must approve what one has proposed."""
        return needs_second(self.operators)

    # --- what there is --------------------------------------------------------------------------------------------

    def all(self, most: int = 100) -> list[Proposal]:
        """The proposals, the newest first."""
        table = schema.proposals
        in_force = self.in_force()
        return [self._read(row, in_force) for row in self.database.rows(select(table).order_by(table.c.number.desc()).limit(most))]

    def one(self, number: int) -> Proposal:
        """A proposal. InputError where there is none of that number."""
        rows = self.database.rows(select(schema.proposals).where(schema.proposals.c.number == number))
        if not rows:
            raise InputError.of(_called(number), Message("there is none of this number. `lykta fleet proposals` lists them."))
        found = self._read(rows[0], self.in_force())
        its = {self._names[lamp]: digests for lamp, digests in self.digests(number).items()}
        return replace(found, others=settings.others(self.database, its, found.follows))

    def of_version(self, version: int) -> Proposal | None:
        """The proposal that was rolled out as a version; None where none was."""
        table = schema.decisions
        rows = self.database.rows(select(table.c.proposal).where(table.c.version == version))
        return self.one(rows[0].proposal) if rows else None

    def in_force(self) -> int:
        """The newest version that was sent to any node of the street, or is about to be; 0 where none was."""
        latest = settings.latest(self.database, list(self._names.values()))
        (begun,) = self.database.rows(select(func.max(schema.decisions.c.version)))
        return max([begun[0] or 0, *(version for version, _ in latest.values())])

    # --- what people do -------------------------------------------------------------------------------------------

    def propose(
        self, street: Street, by: Person, why: str, lamps: Sequence[str] = (), conformity: Conformity | None = None, text: str = ""
    ) -> Proposal:
        """Propose the settings of a street with its profile, for some lamps or all.

        `text`: the profile as YAML, where it is no file yet. InputError where the person may not, nothing would change, or no reason is
        given.
        """
        self._may(by, "propose settings", why)
        return self._keep(self._made(street, by, why, lamps, conformity or Conformity(), text))

    def approve(self, number: int, by: Person, why: str = "") -> Proposal:
        """Approve a proposal of somebody else. InputError for one's own, and for one that is not open any more."""
        self._may(by, "approve settings", "-")
        one = self.one(number)
        if by.same_as(one.who):
            said = Message("{who} has made it, so another operator must approve it{others}.", who=by.name, others=self._others(by))
            raise InputError.of(_called(number), said)
        return self._decide(one, by, APPROVED, why)

    def refuse(self, number: int, by: Person, why: str) -> Proposal:
        """Refuse a proposal, and say why."""
        self._may(by, "refuse settings", why)
        return self._decide(self.one(number), by, REFUSED, why)

    def withdraw(self, number: int, by: Person, why: str = "") -> Proposal:
        """Take one's own proposal back, as long as nobody has decided it."""
        self._may(by, "withdraw settings", "-")
        one = self.one(number)
        if not by.same_as(one.who):
            raise InputError.of(_called(number), Message("{who} has made it. Others refuse it, and say why.", who=one.who))
        return self._decide(one, by, WITHDRAWN, why)

    def alone(
        self, street: Street, by: Person, why: str, lamps: Sequence[str] = (), conformity: Conformity | None = None, text: str = ""
    ) -> Proposal:
        """Propose and approve at once, in a street whose operators are not known by name: it is being set up, by one person.

        Where these very settings are under way already, that proposal. InputError where there is a second person.
        """
        if self.needs_second:
            message = Message(
                "settings need a second person here: {people} are known by name. Propose them: lykta fleet propose",
                people=", ".join(self.operators),
            )
            raise InputError.of(street.name, message)
        under_way = self._under_way(street, lamps)
        if under_way is not None:
            return under_way
        self._may(by, "send settings", why)
        return self._keep(self._made(street, by, why, lamps, conformity or Conformity(), text), ALONE)

    def back(self, by: Person, why: str) -> Proposal:
        """The way back: what was in force before the newest version, approved already since it was in force; to be rolled out.

        No second person is asked: a street that went wrong at night does not wait for one. InputError where there is nothing before.
        """
        self._may(by, "take settings back", why)
        version = self.in_force()
        before = settings.before(self.database, {lamp: self._names[lamp] for lamp in self._street.lamps}, version)
        if not before.files:
            said = Message("nothing was sent before it") if version else Message("no settings were ever sent")
            message = Message(
                "{said}: what the nodes had came by cable. Propose the profile of then: lykta fleet propose --profile FILE", said=said
            )
            raise InputError.of(self._street.name, message)
        newest, older = self.of_version(version), self.of_version(before.version)
        changes = _changes(newest.text, older.text) if newest and older else ()
        made = Proposal(
            number=0,
            at=int(self._now()),
            who=by.name,
            proof=by.proof,
            why=why,
            profile=older.profile if older else f"version {before.version}",
            text=older.text if older else "",
            compared=f"version {version}",
            changes=changes,
            conformity=older.conformity if older else Conformity(),
            follows=version,
            undoes=newest.number if newest else None,
            lamps=tuple(before.files),
            others={},
        )
        return self._keep((made, before.files), WAY_BACK)

    # --- rolling out ----------------------------------------------------------------------------------------------

    def begin(self, number: int, by: Person) -> Push:
        """What is to be sent, under a version higher than any before; begun once, and later the same again.

        InputError where it is not approved, or other settings were rolled out since it was made.
        """
        one = self.one(number)
        if one.state == ROLLED_OUT and one.version is not None:
            if one.version < self.in_force():
                said = Message("version {number} was sent after it. `lykta fleet back` takes that back.", number=self.in_force())
                raise InputError.of(_called(number), said)
            return Push(one.version, settings.kept(self.database, self.digests(number)), True, number, self._act_of(one.version))
        self._may(by, "roll settings out", "-")
        if one.state != APPROVED:
            said = Message("it is {state}, not approved: {next}", state=Message(one.state), next=NEXT[one.state])
            raise InputError.of(_called(number), said)
        now = dt.datetime.fromtimestamp(self._now(), dt.UTC)
        version = max(letters.version_of(now), self.in_force() + 1)
        act = Act(int(self._now()), by.name, by.proof, "settings", self._about(one), _version(one.follows), _version(version), one.why)
        begun = self._write_decision(number, _ROLLOUT, Decision(int(self._now()), by.name, by.proof, ROLLED_OUT, "", version), act)
        return Push(version, settings.kept(self.database, self.digests(number)), False, number, begun)

    # --- how ------------------------------------------------------------------------------------------------------

    def _may(self, by: Person, what: str, why: str) -> None:
        must_operate(by, what)
        must_be_proved(by, what, self.operators)
        if not why.strip():
            raise InputError.of("--why", f'say why you {what}, for those who read the record later: --why "longer hold in the park".')

    def _others(self, by: Person) -> str:
        others = [name for name in self.operators if not by.same_as(name)]
        return f": {' or '.join(others)}" if others else ""

    def _made(
        self, street: Street, by: Person, why: str, lamps: Sequence[str], conformity: Conformity, text: str
    ) -> tuple[Proposal, Mapping[str, Mapping[str, bytes]]]:
        text = text or profiles.text_of(street.profile)
        profile = profiles.read_profile(Document.read(text, street.profile.file))
        if (profile.zones, profile.ordinary, profile.calendar) != (street.profile.zones, street.profile.ordinary, street.profile.calendar):
            said = Message("was changed since it was read, or is not saved yet. Save it, and propose it again.")
            raise InputError.of(street.profile.file, said)
        street = replace(street, profile=profile)
        wanted = [street.lamp(lamp).id for lamp in lamps] or street.lamps
        if settings.same_as_sent(street, self.database, wanted):
            said = Message("these settings were sent already, as version {number}: nothing would change.", number=self.in_force())
            raise InputError.of(street.name, said)
        now = self._now()
        files = settings.files_of(street, wanted, dt.datetime.fromtimestamp(now, dt.UTC).date())
        compared, old = self._compared()
        made = Proposal(
            number=0,
            at=int(now),
            who=by.name,
            proof=by.proof,
            why=why,
            profile=profile.name,
            text=text,
            compared=compared,
            changes=differences(old, profile),
            conformity=conformity,
            follows=self.in_force(),
            undoes=None,
            lamps=tuple(wanted),
            others={},
        )
        return made, files

    def _compared(self) -> tuple[str, Profile]:
        """The profile that is in force, as far as it is known, and what it is called."""
        version = self.in_force()
        newest = self.of_version(version)
        if newest is not None and newest.text:
            return f"version {version}, {newest.profile}", _profile(newest.text)
        named = load_street(self._street.name).profile
        return f"{named.name}, the profile that the site names", named

    def _under_way(self, street: Street, lamps: Sequence[str]) -> Proposal | None:
        wanted = [street.lamp(lamp).id for lamp in lamps] or street.lamps
        if not settings.same_as_sent(street, self.database, wanted):
            return None
        return self.of_version(self.in_force())

    def _keep(self, made: tuple[Proposal, Mapping[str, Mapping[str, bytes]]], verdict: str = "") -> Proposal:
        """Write a proposal down, with the files of every node, and what decided it where nobody else has to."""
        one, files = made
        told = {key: getattr(one, key) for key in ("at", "who", "proof", "profile", "text", "follows", "undoes")}
        told |= {"who": one.who[:80], "why": one.why[:_SHORT], "profile": one.profile[:200], "compared": one.compared[:_SHORT]}
        told |= {"changes": json.dumps([change.as_json() for change in one.changes]), "conformity": json.dumps(asdict(one.conformity))}
        with self.database.using() as connection:
            key = connection.execute(insert(schema.proposals).values(told)).inserted_primary_key
            number = int(key[0]) if key else 0
            settings.keep(self.database, connection, number, {self._names[lamp]: its for lamp, its in files.items()})
            after = f"proposal {number}: {one.profile}, {_some(len(one.changes))} from {one.compared}"
            act = Act(one.at, one.who, one.proof, "propose", acts.said_of(one.lamps, len(self._street.lamps)), "", after, one.why)
            acts.note_in(connection, act)
            if verdict:
                _insert(connection, number, _VERDICT, Decision(one.at, one.who, one.proof, verdict, one.why))
        return self.one(number)

    def _decide(self, one: Proposal, by: Person, what: str, why: str) -> Proposal:
        if one.state != OPEN:
            said = Message("it is {state}: {next}", state=Message(one.state), next=NEXT[one.state])
            raise InputError.of(_called(one.number), said)
        now = int(self._now())
        verb = {APPROVED: "approve", REFUSED: "refuse", WITHDRAWN: "withdraw"}[what]
        act = Act(now, by.name, by.proof, verb, f"proposal {one.number} of {one.who}: {one.profile}", one.state, what, why)
        self._write_decision(one.number, _VERDICT, Decision(now, by.name, by.proof, what, why), act)
        return self.one(one.number)

    def _act_of(self, version: int) -> int | None:
        """The act by which a version was begun."""
        table = schema.acts
        query = select(table.c.number).where(table.c.verb == "settings", table.c.after == _version(version))
        rows = self.database.rows(query.order_by(table.c.number.desc()).limit(1))
        return rows[0].number if rows else None

    def _write_decision(self, number: int, step: str, decision: Decision, act: Act) -> int:
        with self.database.using() as connection:
            try:
                _insert(connection, number, step, decision)
            except IntegrityError:
                said = Message("somebody else has just decided it. Look again: lykta fleet proposals")
                raise InputError.of(_called(number), said) from None
            return acts.note_in(connection, act)

    def _about(self, one: Proposal) -> str:
        return f"{acts.said_of(one.lamps, len(self._street.lamps))} (proposal {one.number}: {one.profile})"

    def digests(self, number: int) -> dict[str, dict[str, str]]:
        """By lamp the digests of the files that a proposal has for its node."""
        table = schema.proposed
        query = select(table, schema.nodes.c.name).join(schema.nodes, schema.nodes.c.id == table.c.node).where(table.c.proposal == number)
        found: dict[str, dict[str, str]] = {}
        for row in self.database.rows(query):
            found.setdefault(self._lamps.get(row.name, row.name), {})[row.file] = row.digest
        return {lamp: found[lamp] for lamp in self._street.lamps if lamp in found}

    def _read(self, row: Row[Any], in_force: int) -> Proposal:
        """A proposal from its row, with its decisions, and what they make of it."""
        told = {
            key: getattr(row, key) for key in ("number", "at", "who", "proof", "why", "profile", "text", "compared", "follows", "undoes")
        }
        number = int(told["number"])
        decisions = schema.decisions
        found = {one.step: one for one in self.database.rows(select(decisions).where(decisions.c.proposal == number))}
        verdict, rollout = (
            Decision(one.at, one.who, one.proof, one.what, one.why, one.version) if (one := found.get(step)) else None
            for step in (_VERDICT, _ROLLOUT)
        )
        return Proposal(
            **told,
            changes=tuple(Difference.of_json(one) for one in json.loads(row.changes)),
            conformity=Conformity(**json.loads(row.conformity)),
            lamps=tuple(self.digests(number)),
            others={},
            state=state_of(verdict, rollout, row.follows, in_force),
            verdict=verdict,
            rollout=rollout,
        )


def _insert(connection: Connection, number: int, step: str, one: Decision) -> None:
    told = {**asdict(one), "who": one.who[:80], "why": one.why[:_SHORT]}
    connection.execute(insert(schema.decisions).values(proposal=number, step=step, **told))


def _called(number: int) -> Message:
    """What an error is about."""
    return Message("proposal {number}", number=number)


def _profile(text: str) -> Profile:
    return profiles.read_profile(Document.read(text, "profile"))


def _changes(old: str, new: str) -> tuple[Difference, ...]:
    return differences(_profile(old), _profile(new)) if old and new else ()


def _version(version: int) -> str:
    return f"version {version}" if version else "as flashed by cable"


def _some(count: int) -> str:
    return f"{count or 'no'} difference{'' if count == 1 else 's'}"
