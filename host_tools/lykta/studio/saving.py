"""Saving a profile: where to, and what a profile that breaks the requirement must say of itself.

A profile that serves some class less than is asked for carries, in its `note`, that it does not conform, by how much, and why it was saved
all the same. The requirement itself is never written here.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from lykta import wholefile
from lykta.document import Document
from lykta.errors import LyktaError
from lykta.scenarios.yardsticks import least_service
from lykta.studio.results import Reading, means
from lykta.studio.session import Session
from lykta.tune.edit import Change, put

NON_CONFORMING = "non-conforming"
_MARK = re.compile(rf"{NON_CONFORMING}: .*?\(end of it\)(; )?")
_HAIR = 1e-12


@dataclass(frozen=True)
class Standing:
    """Whether the draft keeps what is asked for: service of each class at least `least`, over `nights` nights. `served`: each class."""

    least: float
    served: tuple[Reading, ...]
    nights: int

    @property
    def broken(self) -> tuple[Reading, ...]:
        """The classes that are served less than is asked for."""
        return tuple(one for one in self.served if (one.now.value or 0) < self.least - _HAIR)

    @property
    def conforms(self) -> bool:
        """Whether every class has the service asked for, as far as was simulated."""
        return not self.broken and self.nights > 0


def standing(session: Session, text: str | None = None) -> Standing:
    """How a profile stands, over the nights simulated so far; the draft without one."""
    rows = session.simulator.known(session.draft.text if text is None else text).rows
    least = least_service(session.street)
    services = (one for one in means(rows) if one.measure.key.startswith("service "))
    return Standing(least, tuple(one for one in services if one.now.value is not None), len(rows))


def proposal(session: Session) -> Path:
    """Where a draft would be saved: its own file, or a copy in the folder where the studio was started."""
    draft = session.draft
    if draft.path is not None:
        return draft.path
    stem = re.sub(r"[^\w.-]+", "_", Path(draft.name).stem)[:60] or "profile"
    return session.studio.folder / f"my_{stem}.yaml"


def text_to_save(session: Session, found: Standing, reason: str) -> str:
    """The text of the draft with what it must say of itself. LyktaError where it does not conform and no reason is given."""
    text, name = session.draft.text, session.draft.name
    root = Document.read(text, name).root
    note = root.get("note").text(default="") if root.get("note").present else None
    own = _MARK.sub("", note or "").strip()
    if found.conforms:
        return text if note is None or own == note else put(text, [Change(("note",), _quoted(own))], name)
    if not reason.strip():
        raise LyktaError(session.say("A profile that breaks the requirement is saved only with a reason. Write one."))
    served = ", ".join(f"{one.measure.group} {100 * (one.now.value or 0):.3f} %" for one in found.broken) or "not simulated yet"
    where = f"{session.street.site.name[:80]}, {session.street.demand.name[:40]}, requirement {session.street.requirement.name[:60]}"
    what = f"service {served} of {100 * found.least:g} % asked for, {found.nights} nights of {where}"
    said = " ".join(f"{NON_CONFORMING}: {what}; reason: {reason.strip()} (end of it)".split())
    return put(text, [Change(("note",), _quoted(f"{said}; {own}" if own else said))], name)


def _quoted(text: str) -> str:
    """A text as a YAML scalar in quotes."""
    return json.dumps(text, ensure_ascii=False)


def save(session: Session, where: Path, reason: str = "") -> Path:
    """Write the draft into a file, whole or not at all. LyktaError where that is not possible."""
    say = session.say
    if where.suffix not in (".yaml", ".yml"):
        raise LyktaError(say("A profile is a YAML file: let its name end in .yaml."))
    text = text_to_save(session, standing(session), reason)
    where = where if where.is_absolute() else session.studio.folder / where
    if session.draft.path is not None and where == session.draft.path and where.is_file():
        if where.read_text(encoding="utf-8") != session.draft.original:
            raise LyktaError(say("{file} was changed by somebody else since it was opened. Save under another name.", file=where))
    elif where.exists():
        raise LyktaError(say("{file} is there already. Choose another name.", file=where))
    _write(session, where, text)
    session.draft.replace(text, keep=False)
    session.draft.saved(where)
    return where


def _write(session: Session, where: Path, text: str) -> None:
    try:
        wholefile.write(where, text)
    except OSError as error:
        what = error.strerror or str(error)
        raise LyktaError(session.say("{file} cannot be written: {what}. Choose another place.", file=where, what=what)) from None
