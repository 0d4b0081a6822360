"""The studio as a whole: what was asked for on the command line, the processes, the pages that are open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from typing import Any

from lykta.scenarios import Scenario
from lykta.studio.access import Access
from lykta.studio.guard import LOOPBACK
from lykta.studio.work import Bench


@dataclass
class Studio:
    """What all pages share. `scenario`: the street that a page opens with; `names`: how site, profile, requirement and traffic were named.

    `folder`: where files are saved; `command`: as it was started.
    `network`: the folder of the network of its nodes, where it is not the one beside the site; `database`: another history than that of it.
    `tiles`: the address of a server of map tiles with {z}, {x}, {y}, and `attribution` of its maps; "" for none, the default.
    """

    scenario: Scenario
    access: Access = field(default_factory=Access)
    bench: Bench = field(default_factory=Bench)
    names: Mapping[str, str] = field(default_factory=dict)
    folder: Path = field(default_factory=Path.cwd)
    command: str = "lykta studio"
    tiles: str = ""
    attribution: str = ""
    hosts: Sequence[str] = LOOPBACK
    network: Path | None = None
    database: str = ""
    #: What is watched, by the folder of its network and its site: all pages look at the same.
    watches: dict[str, Any] = field(default_factory=dict)
    #: The networks of simulated streets that the studio itself brought to life, by site.
    trials: dict[str, Path] = field(default_factory=dict)


LANGUAGE, LOOK = "lykta_language", "lykta_look"


@dataclass(frozen=True)
class Wishes:
    """What a browser remembers of its reader: language, and whether the page is dark (None: as the system is)."""

    language: str
    dark: bool | None

    @classmethod
    def of(cls, cookies: str, accepted: str) -> Wishes:
        """From the headers Cookie and Accept-Language."""
        try:
            kept = {name: one.value for name, one in SimpleCookie(cookies).items()}
        except CookieError:
            kept = {}
        spoken = "sv" if accepted.strip().lower().startswith("sv") else "en"
        language = kept.get(LANGUAGE, spoken)
        return cls(language if language in ("en", "sv") else spoken, {"dark": True, "light": False}.get(kept.get(LOOK, "")))
