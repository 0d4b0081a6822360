"""The views of the studio: a tab each, a module each.

A view is a module of this package with a function `build(session)` that puts its elements where it is called; the README says more. A
module is imported, and its page built, when its tab is opened first.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from lykta.studio.session import Session
from lykta.studio.words import N_

Build = Callable[[Session], Awaitable[None]]


@dataclass(frozen=True)
class View:
    """A tab: its key (in the address, `/?view=tune`), the module that builds it, its title (a text of the catalogs), its icon."""

    key: str
    module: str
    title: str
    icon: str

    @property
    def there(self) -> bool:
        """Whether this installation has the view."""
        return importlib.util.find_spec(self.module) is not None

    def load(self) -> Build:
        """The function that builds the page of the view."""
        build: Build = importlib.import_module(self.module).build
        return build


_PACKAGE = "lykta.studio"
_ALL = (
    View("street", f"{_PACKAGE}.street", N_("Street"), "map"),
    View("tune", f"{_PACKAGE}.tune", N_("Tune"), "tune"),
    View("night", f"{_PACKAGE}.night", N_("Night"), "nights_stay"),
    View("better", f"{_PACKAGE}.better", N_("Find better"), "query_stats"),
    View("live", f"{_PACKAGE}.live", N_("Live"), "sensors"),
    View("report", f"{_PACKAGE}.report", N_("Report"), "description"),
)
#: What a visitor sees first: the example running.
FIRST = "tune"


def views() -> tuple[View, ...]:
    """The views that are there, in the order of the tabs."""
    return tuple(view for view in _ALL if view.there)
