"""A site as whoever provisions it sees it: its lamps with their boards, streets and files, its keys, its inventory.

street = load_street("my_site.yaml")
street.files(dt.date.today())["K05"]["program"]     # InputError where the site has no keys yet
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from lykta import profiles
from lykta import site as sites
from lykta.errors import InputError
from lykta.node.inventory import Inventory, inventory_path
from lykta.node.keys import KeyStore
from lykta.node.network import network_files, network_of
from lykta.node.releasekeys import NODE_FILE, public_keys
from lykta.plan.board import Board
from lykta.plan.gateways import carriers
from lykta.plan.keys import Keys, Segments, key_file, segments_of
from lykta.plan.nodefiles import boards_of, node_files, reaches_of
from lykta.plan.routes import hearers, routes_of
from lykta.plan.tables import Tables, make_tables
from lykta.profiles import Profile
from lykta.site import loader
from lykta.site.graph import Graph
from lykta.site.model import Lamp, Site
from lykta.units import near_miss

#: Files of a node that hold keys.
SECRET = ("keys", "behind", "certkey")


@dataclass(frozen=True)
class Street:
    """A site with its profile. `name`: as it was given, for commands that are proposed; `path`: its file.

    `network`: the folder with what its nodes need to reach their broker; None where they have none.
    """

    name: str
    path: Path
    site: Site
    profile: Profile
    network: Path | None = None

    @cached_property
    def graph(self) -> Graph:
        """The ways of the site."""
        return Graph(self.site)

    @cached_property
    def boards(self) -> dict[str, Board]:
        """The board that the site wants for each lamp."""
        return boards_of(self.site)

    @cached_property
    def lamps(self) -> list[str]:
        """The lamps that have a node, in the order of the site."""
        return [lamp.id for lamp in self.site.lamps if lamp.adaptive]

    def lamp(self, name: str) -> Lamp:
        """A lamp that has a node. InputError for another, with what was probably meant."""
        found = next((lamp for lamp in self.site.lamps if lamp.id == name), None)
        if found is None:
            same = [lamp for lamp in self.lamps if _bare(lamp) == _bare(name)]
            hint = near_miss(name, same or self.lamps) or f" It has {_listed(self.lamps)}."
            raise InputError.of(self.name, f'"{self.site.name}" has no lamp "{name}".{hint}')
        if not found.adaptive:
            line, column = self.site.positions.get(f"lamps.{name}", (0, 0))
            raise InputError.of(self.name, f"{name} is not adaptive, so it has no node.", line=line, column=column)
        return found

    def way_of(self, lamp: str) -> str:
        """The street along which a lamp stands: the way of most of its links, rather no crossing; "" where it has none."""
        ways = {way.id: way for way in self.site.ways}
        counts = Counter(link.way for link in self.site.links if lamp in (link.a, link.b))
        best = max(counts, key=lambda way: (ways[way].kind != "crossing", counts[way]), default="")
        return (ways[best].name or best) if best else ""

    @cached_property
    def tables(self) -> Tables:
        """Who hears whom."""
        return make_tables(self.graph, reaches_of(self.profile, self.site))

    @cached_property
    def segments(self) -> Segments:
        """Who shares keys with whom."""
        return segments_of(self.graph, self.tables, hearers(routes_of(self.graph, carriers(self.graph, self.boards))))

    def adjacent(self, lamp: str) -> list[str]:
        """The neighbours whose heartbeats a lamp listens to, the nearest first."""
        return [self.site.lamps[other].id for other in self.tables.adjacent[self._number(lamp)]]

    def _number(self, lamp: str) -> int:
        return next(number for number, one in enumerate(self.site.lamps) if one.id == lamp)

    def heard(self, lamp: str) -> list[int]:
        """The segments of which a lamp holds the keys."""
        return self.segments.heard[self._number(lamp)]

    def keys(self) -> KeyStore:
        """The keys of the site. InputError where there are none."""
        return KeyStore.open(self.site)

    def files(self, first: dt.date, keys: KeyStore | None = None) -> dict[str, dict[str, bytes]]:
        """The files of every node, for ten years from `first`; `keys`: by default those of the site."""
        network = network_files(self.network, self.site) if self.network else None
        files = node_files(self.site, self.graph, self.profile, first, (keys or self.keys()).keys, network)
        return self._with_release(files)

    def _with_release(self, files: dict[str, dict[str, bytes]]) -> dict[str, dict[str, bytes]]:
        """The same, with who may sign updates, where that is known on this machine."""
        known = public_keys()
        return {lamp: {**each, NODE_FILE: known.node_file()} for lamp, each in files.items()} if known else files

    def lacks_certificate(self, lamp: str) -> bool:
        """Whether a lamp should connect to the broker by itself, and nobody has made a certificate for it."""
        if self.network is None or lamp in carriers(self.graph, self.boards):
            return False
        return lamp not in network_files(self.network, self.site)

    def key_file(self, lamp: str, keys: Keys) -> bytes:
        """The file `keys` of one node."""
        return key_file(lamp, self._number(lamp), self.segments, keys)

    def public_files(self, first: dt.date) -> dict[str, dict[str, bytes]]:
        """The same without the keys: what can be compared on a machine that does not have them."""
        files = node_files(self.site, self.graph, self.profile, first, 0)
        return {lamp: {name: content for name, content in each.items() if name not in SECRET} for lamp, each in files.items()}

    def behind(self, lamp: str) -> list[str]:
        """The lamps for which a lamp is the gateway: it holds their own keys."""
        return [one for one, gateway in carriers(self.graph, self.boards).items() if gateway == lamp]

    def inventory(self, who: str = "") -> Inventory:
        """The inventory beside the site; made where there is none."""
        return Inventory(inventory_path(self.name), who)


def load_street(name: str, profile: str = "", network: Path | None = None) -> Street:
    """The site in a file, or a packaged one, with the profile that it names or the one given. InputError with every problem.

    `network`: the folder of its network; by default the one beside the site, where there is one for more than this machine.
    """
    site = sites.load(name)
    path = loader.find(name)
    wanted = profile or site.profile
    if not wanted:
        raise InputError.of(name, "the site names no profile, so nobody knows how bright its lamps shall be. Write `profile: ...` into it.")
    near = path.parent / wanted
    chosen = profiles.load_profile(str(near) if near.is_file() and not profile else wanted)
    return Street(name, path, site, chosen, network or network_of(name))


def _bare(name: str) -> str:
    """A name as one says it: K5 is K05."""
    return re.sub(r"(?<!\d)0+(?=\d)", "", name.lower())


def _listed(names: list[str]) -> str:
    most = 6
    return ", ".join(names) if len(names) <= most else f"{', '.join(names[:3])} ... {names[-1]}"
