"""What verbs print with: one kind of console for all of them."""

from __future__ import annotations

from typing import Any

from rich.console import Console


def make_console(**about: Any) -> Console:
    """A console of rich, on stdout unless `about` (its keywords) says otherwise.

    It draws no pictures for words between colons: rich takes the :cd: in a MAC for a disc, and a lamp may be called :m:.
    """
    return Console(emoji=False, **about)
