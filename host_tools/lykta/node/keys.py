"""The keys of a site's radio: drawn, kept away from the site file, changed in three steps, taken from whom they were stolen.

    store = KeyStore.open(site)                                      # InputError where there are none yet
    files = node_files(site, graph, profile, first, store.keys)      # the file `keys` among them

Every key is 32 random bytes; nothing is derived from a MAC, a name or another key. They lie in a file of the user's own data folder
that nobody else may read (or in the folder LYKTA_KEYS, or in the keyring of the system), never beside the site.

Changing the keys of segments takes three rounds through the street, so that neighbours hear each other all the time:

    steady    [A]      prepare ->
    prepared  [A, B]   all nodes take both, still sign with A; when all have them: switch ->
    switched  [B, A]   all sign with B, still take A;          when all do: retire ->
    steady    [B]
"""

from __future__ import annotations

import datetime as dt
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lykta.errors import InputError, Message
from lykta.node.keyfiles import Place, place_of
from lykta.plan.keys import KEY_BYTES, Keys, Segments
from lykta.site.model import Site

STEADY, PREPARED, SWITCHED = "steady", "prepared", "switched"
_FORMAT = 1
_GENERATIONS = 16  # of the half byte in a key's id


@dataclass(frozen=True)
class SharedKey:
    """A key of a segment; `generation` counts from 0, its last half byte is in the key's id."""

    generation: int
    key: bytes = field(repr=False)


@dataclass(frozen=True)
class Revoked:
    """A lamp whose keys were taken from it: when [ISO 8601, UTC], and why."""

    lamp: str
    when: str
    why: str


class KeyStore:
    """The keys of one site. What changes is written at once."""

    def __init__(self, site: Site, place: Place, kept: Mapping[str, Any], draw: Callable[[int], bytes] = secrets.token_bytes) -> None:
        """`kept`: as `_to_json` makes it; `draw` gives so many random bytes."""
        self.site = site
        self.place = place
        self._draw = draw
        self.made: str = kept["made"]
        self.segments: dict[int, list[SharedKey]] = {
            int(number): [SharedKey(one["generation"], bytes.fromhex(one["key"])) for one in keys]
            for number, keys in kept["segments"].items()
        }
        self._nodes: dict[str, bytes] = {lamp: bytes.fromhex(key) for lamp, key in kept["nodes"].items()}
        self.revoked = [Revoked(**one) for one in kept["revoked"]]

    @classmethod
    def open(cls, site: Site, place: Place | None = None, draw: Callable[[int], bytes] = secrets.token_bytes) -> KeyStore:
        """The keys of a site. InputError where there are none, others may read them, or they belong to another site."""
        place = place or place_of(site.name)
        text = place.read()
        if text is None:
            raise InputError.of(
                str(place), Message('there are no keys of "{site}" on this machine. {how}', site=site.name, how=_HOW_TO_MAKE)
            )
        return cls(site, place, _checked(text, site, place), draw)

    @classmethod
    def make(cls, site: Site, place: Place, now: dt.datetime, draw: Callable[[int], bytes] = secrets.token_bytes) -> KeyStore:
        """Keys for a site that has none. InputError where it has."""
        if place.read() is not None:
            raise InputError.of(str(place), f'the keys of "{site.name}" are there already. `--rotate` changes them step by step.')
        store = cls(site, place, {"made": _when(now), "segments": {}, "nodes": {}, "revoked": []}, draw)
        store.save()
        return store

    def keys(self, segments: Segments) -> Keys:
        """The keys in the form of the plan; lamps and segments that are new to the site get theirs now."""
        lamps = [lamp.id for lamp in self.site.lamps if lamp.adaptive]
        news = [lamp for lamp in lamps if lamp not in self._nodes]
        missing = [segment for segment in range(len(segments.number)) if segment not in self.segments]
        for lamp in news:
            self._nodes[lamp] = self._draw(KEY_BYTES)
        for segment in missing:
            self.segments[segment] = [SharedKey(0, self._draw(KEY_BYTES))]
        if news or missing:
            self.save()
        shared = [
            [(number << 4 | one.generation % _GENERATIONS, one.key) for one in self.segments[segment]]
            for segment, number in enumerate(segments.number)
        ]
        return Keys(shared, dict(self._nodes))

    @property
    def lamps(self) -> Sequence[str]:
        """The lamps that have a key of their own."""
        return list(self._nodes)

    def stage(self, segment: int) -> str:
        """Where a segment stands in the change of its keys."""
        keys = self.segments[segment]
        if len(keys) == 1:
            return STEADY
        return PREPARED if keys[0].generation < keys[1].generation else SWITCHED

    def stages(self) -> set[str]:
        """The stages in which segments are."""
        return {self.stage(segment) for segment in self.segments}

    def rotate(self) -> str:
        """One step of the change: of the segments that are in the midst of it, else of all. The stage that they are in now."""
        moving = [segment for segment in self.segments if self.stage(segment) != STEADY] or list(self.segments)
        earliest = min((self.stage(segment) for segment in moving), key=(STEADY, PREPARED, SWITCHED).index)
        moving = [segment for segment in moving if self.stage(segment) == earliest]
        for segment in moving:
            self._step(segment)
        self.save()
        return self.stage(moving[0]) if moving else STEADY

    def _step(self, segment: int) -> None:
        keys = self.segments[segment]
        stage = self.stage(segment)
        if stage == STEADY:
            self.segments[segment] = [keys[0], SharedKey(keys[0].generation + 1, self._draw(KEY_BYTES))]
        elif stage == PREPARED:
            self.segments[segment] = [keys[1], keys[0]]
        else:
            self.segments[segment] = [keys[0]]

    def revoke(self, lamp: str, heard: Sequence[int], why: str, now: dt.datetime, behind: Sequence[str] = ()) -> list[int]:
        """Take its keys from a lamp: it gets another of its own, and the change of all shared ones that it held begins.

        `heard`: the segments of which it held keys; `behind`: the lamps for which it was the gateway, whose own keys it held too. Returns
        those segments whose change began now. InputError for an unknown lamp.
        """
        if lamp not in self._nodes:
            raise InputError.of(str(self.place), f'no lamp with keys is called "{lamp}". `lykta site keys` lists none for it either.')
        for one in (lamp, *behind):
            self._nodes[one] = self._draw(KEY_BYTES)
        # A segment whose change was only prepared has told the stolen board its next key too: that one is drawn anew.
        for segment in heard:
            keys = self.segments[segment]
            if self.stage(segment) == SWITCHED:
                keys = keys[:1]
            self.segments[segment] = [keys[0], SharedKey(max(one.generation for one in keys) + 1, self._draw(KEY_BYTES))]
        self.revoked.append(Revoked(lamp, _when(now), why))
        self.save()
        return list(heard)

    def secrets(self) -> list[bytes]:
        """Every key there is: for tests that look where none may be."""
        return [*self._nodes.values(), *(one.key for keys in self.segments.values() for one in keys)]

    def save(self) -> None:
        """Write all of it to its place."""
        self.place.write(json.dumps(self._to_json(), ensure_ascii=False, indent=1))

    def _to_json(self) -> dict[str, Any]:
        return {
            "format": _FORMAT,
            "site": self.site.name,
            "made": self.made,
            "segments": {
                str(number): [{"generation": one.generation, "key": one.key.hex()} for one in keys]
                for number, keys in self.segments.items()
            },
            "nodes": {lamp: key.hex() for lamp, key in self._nodes.items()},
            "revoked": [vars(one) for one in self.revoked],
        }

    def __repr__(self) -> str:
        """Nothing of what it holds."""
        return f"KeyStore({self.site.name!r}, {len(self._nodes)} lamps)"


_HOW_TO_MAKE = Message("Make them with `lykta site keys SITE`, or bring the file from the machine that has them.")


def _checked(text: str, site: Site, place: Place) -> Mapping[str, Any]:
    """What a place holds, if it is the keys of this site."""
    try:
        kept: Mapping[str, Any] = json.loads(text)
        if kept["format"] != _FORMAT or not isinstance(kept["nodes"], dict) or not isinstance(kept["segments"], dict):
            raise ValueError
        every = [*kept["nodes"].values(), *(one["key"] for keys in kept["segments"].values() for one in keys)]
        if any(len(bytes.fromhex(key)) != KEY_BYTES for key in every):
            raise ValueError
    except (ValueError, KeyError, TypeError):
        raise InputError.of(str(place), "this is no store of keys, or it is damaged. Bring it back from a backup.") from None
    if kept["site"] != site.name:
        raise InputError.of(str(place), f'these keys belong to "{kept["site"]}", not to "{site.name}". Two sites need two names.')
    return kept


def _when(now: dt.datetime) -> str:
    return now.astimezone(dt.UTC).isoformat(timespec="seconds")
