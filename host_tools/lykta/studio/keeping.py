"""What a view keeps for a session, so that it survives when the page is built anew in the other language or colours."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any, TypeVar

from lykta.studio.session import Session

T = TypeVar("T")
_of_session: dict[int, dict[str, Any]] = {}


def kept(session: Session, key: str, make: Callable[[], T], *, anew: bool = False) -> T:
    """What is kept for a session under a key, made where it is not there yet (or `anew`). It is forgotten with the session."""
    if id(session) not in _of_session:
        _of_session[id(session)] = {}
        weakref.finalize(session, _of_session.pop, id(session), None)
    own = _of_session[id(session)]
    if anew or key not in own:
        own[key] = make()
    found: T = own[key]
    return found
