"""Who may do what: people, their tokens and roles.

anna: {role: operator, token: 5d1f...}     a file for `--tokens`; `operator` may change the street, `viewer` may look
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lykta.document import Document
from lykta.errors import InputError

VIEWER, OPERATOR = "viewer", "operator"
ROLES = (VIEWER, OPERATOR)
#: Shorter tokens can be guessed by trying.
LEAST_TOKEN = 16


@dataclass(frozen=True)
class Person:
    """Somebody who may come in. `token`: what proves it; "" for whoever sits at this computer, who needs none."""

    name: str
    role: str = VIEWER
    token: str = ""

    @property
    def operates(self) -> bool:
        """Whether the person may change the real street."""
        return self.role == OPERATOR


#: Who opens the page at this computer without a token: may tune and simulate, and only look at the real street.
SOMEBODY = Person("somebody at this computer")


@dataclass(frozen=True)
class Access:
    """Who may come in. Without people everybody at this computer may."""

    people: Sequence[Person] = ()

    @property
    def guarded(self) -> bool:
        """Whether a token is demanded."""
        return bool(self.people)

    def person(self, token: str) -> Person | None:
        """Whose token it is; None where it is nobody's. Takes the same time for each wrong one."""
        given = token.encode()
        found = [person for person in self.people if hmac.compare_digest(person.token.encode(), given)]
        return found[0] if found else None


def read_people(file: Path) -> tuple[Person, ...]:
    """The people in a file of tokens. InputError with all that is wrong with it."""
    document = Document.load(file)
    people = []
    for name, node in document.root.items():
        node.unknown_keys(("role", "token"))
        role, token = node.get("role").text(choices=ROLES, default=VIEWER), node.get("token").text()
        if token and len(token) < LEAST_TOKEN:
            node.get("token").problem(f"a token of {len(token)} characters can be guessed. Take {LEAST_TOKEN} or more, drawn at random.")
        people.append(Person(name, role, token))
    if not people and not document.problems:
        document.root.problem('this names nobody. Write a line for each person, such as "anna: {role: operator, token: ...}".')
    document.finish()
    twice = [person.name for person in people if sum(person.token == other.token for other in people) > 1]
    if twice:
        raise InputError.of(str(file), f"{' and '.join(twice)} have the same token, so nobody can tell who did what. Give each their own.")
    return tuple(people)
