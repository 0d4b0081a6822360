"""A proposal of settings: what it says, who decided what of it, and what that makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lykta.errors import Message
from lykta.fleet.differences import Difference

#: What a proposal may be. OVERTAKEN: other settings have been rolled out since it was made, so it says no longer what would change.
OPEN, APPROVED, REFUSED, WITHDRAWN, ROLLED_OUT, OVERTAKEN = "open", "approved", "refused", "withdrawn", "rolled out", "overtaken"
#: How it came to be approved without a second person: in a street of one operator, or as the way back to what had been in force.
ALONE, WAY_BACK = "alone", "way back"
#: Of names so much is kept in words; a share that lacks less than a hair of what is asked for keeps it.
_NAME, _HAIR = 60, 1e-12


@dataclass(frozen=True)
class Conformity:
    """Whether a profile keeps the requirement of its site. `conforms` is None where nobody has judged it; `said`: how, in words."""

    conforms: bool | None = None
    said: str = "not judged"

    @classmethod
    def judged(cls, served: Mapping[str, float], least: float, nights: int, demand: str, requirement: str) -> Conformity:
        """The verdict of simulated nights, in the words that the record keeps. `served`: class -> share of its time in full light."""
        if not nights:
            return cls()
        shares = ", ".join(f"{who} {100 * share:.2f} %" for who, share in served.items()) or "nobody came by"
        where = f"{nights} simulated night{'' if nights == 1 else 's'} of {demand[:_NAME]}, requirement {requirement[:_NAME]}"
        kept = all(share >= least - _HAIR for share in served.values())
        return cls(kept, f"service {shares} of {100 * least:g} % asked for; {where}")


@dataclass(frozen=True)
class Decision:
    """What somebody decided on a proposal: `what` is approved, alone, way back, refused, withdrawn or rolled out."""

    at: int
    who: str
    proof: str
    what: str
    why: str
    version: int | None = None


@dataclass(frozen=True)
class Proposal:
    """Settings that somebody proposes. `lamps`: for which; `changes`: against `compared`; `follows`: the version then in force.

    `text`: the profile, YAML; `others`: of how many nodes each file becomes another than the one sent before (`Proposals.one` counts them:
    what of the site changed is seen there); `undoes`: number of the proposal that it takes back.
    """

    number: int
    at: int
    who: str
    proof: str
    why: str
    profile: str
    text: str = field(repr=False)
    compared: str
    changes: tuple[Difference, ...]
    conformity: Conformity
    follows: int
    undoes: int | None
    lamps: tuple[str, ...]
    others: Mapping[str, int]
    state: str = OPEN
    verdict: Decision | None = None
    rollout: Decision | None = None

    @property
    def version(self) -> int | None:
        """As which version it was rolled out."""
        return self.rollout.version if self.rollout else None


#: What can be done with a proposal that is not what somebody thought.
NEXT = {
    OPEN: Message("another operator must approve it first: lykta fleet approve"),
    APPROVED: Message("it can be rolled out: lykta fleet roll-out"),
    REFUSED: Message("propose again what should be otherwise: lykta fleet propose"),
    WITHDRAWN: Message("propose it again: lykta fleet propose"),
    ROLLED_OUT: Message("the way back is lykta fleet back"),
    OVERTAKEN: Message(
        "other settings were sent since, so it would change something else than it says. Propose it again: lykta fleet propose"
    ),
}


def state_of(verdict: Decision | None, rollout: Decision | None, follows: int, in_force: int) -> str:
    """
    verdict       rolled out    other settings sent since    state
    any           yes           any                          ROLLED_OUT
    refused       no            any                          REFUSED
    withdrawn     no            any                          WITHDRAWN
    any other     no            yes                          OVERTAKEN
    approved ...  no            no                           APPROVED
    none          no            no                           OPEN
    """
    if rollout is not None:
        return ROLLED_OUT
    if verdict is not None and verdict.what in (REFUSED, WITHDRAWN):
        return verdict.what
    if in_force != follows:
        return OVERTAKEN
    return OPEN if verdict is None else APPROVED
