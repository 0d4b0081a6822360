"""Who changes a street: a person, what may be done in that role, and what proves that it is that person.

anna = Person("anna", OPERATOR, CERTIFICATE)     # the broker has let her in with a certificate in her name
needs_second(["anna", "bertil"])                 # True: settings are rolled out when another operator has approved them
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lykta.errors import InputError

VIEWER, OPERATOR = "viewer", "operator"
#: What says who somebody is: a certificate that the broker took, a token of the studio, or that person's own word.
CERTIFICATE, TOKEN, WORD = PROOFS = ("certificate", "token", "word")
_LONGEST = 80


@dataclass(frozen=True)
class Person:
    """Somebody at work. `role`: viewer or operator; `proof`: what says that it is this person."""

    name: str
    role: str = OPERATOR
    proof: str = WORD

    @property
    def operates(self) -> bool:
        """Whether this person may change the street."""
        return self.role == OPERATOR

    @property
    def proved(self) -> bool:
        """Whether more than this person's word says who it is."""
        return self.proof != WORD

    def same_as(self, name: str) -> bool:
        """Whether a name is that of this person: big and small letters, and spaces around it, make no other."""
        return _bare(self.name) == _bare(name)


def needs_second(operators: Iterable[str]) -> bool:
    """Whether a street has a second person: two operators at least who are known by name.

    One alone is a street that is being set up: nobody else is there to approve anything.
    """
    return len({_bare(name) for name in operators}) >= 2


def must_operate(person: Person, what: str) -> None:
    """InputError where a person is nobody, or may not do something because of the role."""
    if not person.name.strip() or len(person.name) > _LONGEST:
        raise InputError.of("--who", f"say who you are, in at most {_LONGEST} characters: --who anna.")
    if not person.operates:
        raise InputError.of(person.name, f"is a {person.role}, and may not {what}. An operator may.")


def must_be_proved(person: Person, what: str, operators: Iterable[str]) -> None:
    """InputError where several operators are known by name, and only a person's word says that it is one of them."""
    named = sorted(set(operators))
    if needs_second(named) and not person.proved:
        message = f"only a word says who this is, and to {what} that is not enough here: this network knows {', '.join(named)} by name."
        advice = "Give their own folder with --network .../people/NAME-1, or name one of them with --who where those folders are."
        raise InputError.of(person.name, f"{message} {advice}")


def _bare(name: str) -> str:
    return " ".join(name.casefold().split())
