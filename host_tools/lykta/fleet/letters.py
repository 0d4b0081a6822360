"""What nodes are told: commands and settings, each proved under the key of the one node that it is for.

    people = recipients(street)                                          # InputError where the site has no keys
    sealed = commands.override(people["K05"], 1000, until, now)          # commands: a Commands()
    sealed = settings(people["K05"], {"program": ...}, version_of(now))
    client.publish(topic, sealed.data)                                   # sealed.number comes back in the node's answer

A node obeys a command whose number is higher than any before, and takes settings whose version is. Both are the time in seconds, so
that no host has to remember what another one sent; of one host they rise even within a second.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lykta.corehost import letter, payload, telegram
from lykta.errors import InputError, Message
from lykta.node.street import Street

#: From which numbers and versions count: 2^30 seconds last until 2054.
SINCE = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
STAMPS = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
VALID = dt.timedelta(minutes=10)
LONGEST_OVERRIDE = dt.timedelta(hours=24)
LONGEST_WINDOW = dt.timedelta(hours=4)
LONGEST_SHOW = dt.timedelta(hours=1)


@dataclass(frozen=True)
class Recipient:
    """A node that letters can be sealed for. `number`: what it is called by radio and in letters."""

    lamp: str
    number: int
    key: bytes = field(repr=False)


@dataclass(frozen=True)
class Sealed:
    """A letter as it goes down. `number` comes back in the answer: that of the command, or the version of the settings."""

    number: int
    data: bytes = field(repr=False)


def recipients(street: Street) -> dict[str, Recipient]:
    """All nodes of a site, by the ids of their lamps. InputError where the site has no keys on this machine."""
    keys = street.keys().keys(street.segments).nodes
    return {lamp.id: Recipient(lamp.id, number, keys[lamp.id]) for number, lamp in enumerate(street.site.lamps) if lamp.adaptive}


def number_of(now: dt.datetime) -> int:
    """The number of a command that is given now."""
    return int((now - SINCE).total_seconds())


def version_of(now: dt.datetime) -> int:
    """The version of settings that are made now."""
    return number_of(now)


def made_at(version: int) -> dt.datetime:
    """When settings of a version were made; of a low one, written by cable, that means nothing."""
    return SINCE + dt.timedelta(seconds=version)


def stamp_of(moment: dt.datetime) -> int:
    """A moment as nodes write it: in units of 4 s since 2000, rounded up."""
    seconds = int((moment - STAMPS).total_seconds())
    return -(-seconds // int(telegram.STAMP_S))


class Commands:
    """Commands with numbers that rise, whatever the clock does meanwhile."""

    def __init__(self) -> None:
        self._last = 0

    def after(self, number: int) -> None:
        """The next number is higher than this one, which somebody else has given, in the same second or with a clock that is ahead."""
        self._last = max(self._last, number)

    def override(self, to: Recipient, permille: int, until: dt.datetime, now: dt.datetime) -> Sealed:
        """At least so much light until a time; 0 ends it. Presence and faults may give more, nothing gives less."""
        if not 0 <= permille <= 1000:
            raise InputError.of(to.lamp, f"a level of {permille} permille is none: 0 to 1000.")
        if permille and not now < until <= now + LONGEST_OVERRIDE:
            said = Message("an override ends within 24 hours from now, and not before: {until} does not.", until=f"{until:%Y-%m-%d %H:%M}")
            raise InputError.of(to.lamp, said)
        return self._seal(to, payload.OVERRIDE_UNTIL, permille, stamp_of(until) if permille else 0, now)

    def identify(self, to: Recipient, seconds: int, now: dt.datetime) -> Sealed:
        """Blink the status LED."""
        return self._seal(to, payload.IDENTIFY, _within(to, seconds, LONGEST_SHOW, "to identify a lamp"), 0, now)

    def walk_test(self, to: Recipient, seconds: int, now: dt.datetime) -> Sealed:
        """Show by blinks of the light whom the sensors see; 0 ends it."""
        return self._seal(to, payload.WALK_TEST, _within(to, seconds, LONGEST_SHOW, "a walk-test"), 0, now)

    def window(self, to: Recipient, seconds: int, now: dt.datetime) -> Sealed:
        """Open a commissioning window, in which the node tells its level of the moment; 0 ends it. The node tells of both as events."""
        return self._seal(to, payload.WINDOW, _within(to, seconds, LONGEST_WINDOW, "a commissioning window"), 0, now)

    def restart(self, to: Recipient, now: dt.datetime) -> Sealed:
        """Start the node anew, from full light."""
        return self._seal(to, payload.RESTART, 0, 0, now)

    def _seal(self, to: Recipient, verb: int, first: int, second: int, now: dt.datetime) -> Sealed:
        self._last = max(self._last + 1, number_of(now))
        fields = [0] * payload.COMMAND_LENGTH
        fields[payload.RECIPIENT] = to.number
        fields[payload.ORDER] = self._last
        fields[payload.EXPIRY] = stamp_of(now + VALID)
        fields[payload.VERB] = verb
        fields[payload.FIRST] = first
        fields[payload.SECOND] = second
        room = bytearray(telegram.LONGEST)
        wire = payload.Wire(room)
        if not wire.put(fields, 0, payload.COMMAND):
            raise InputError.of(to.lamp, f"a command has no room for {fields}.")
        return Sealed(self._last, bytes(room[: _key(to).sign(room, wire.at)]))


def settings(to: Recipient, files: Mapping[str, bytes], version: int) -> Sealed:
    """A letter with files of a node (program, table, adjacent), which hold together from this version on.

    InputError for other files, and where they are more than one letter can carry: the message says which is how long.
    """
    foreign = [name for name in files if name not in letter.NAMES[1:]]
    if foreign or not files:
        raise InputError.of(to.lamp, f"a letter brings {', '.join(letter.NAMES[1:])}, not {', '.join(foreign) or 'nothing'}.")
    packed = {name: _packed(content) for name, content in files.items()}
    room = bytearray(2 * letter.LONGEST + sum(len(data) for _, data in packed.values()))
    at = letter.begin(room, to.number, version)
    for name, (packing, data) in packed.items():
        at = letter.add(room, at, letter.NAMES.index(name), packing, len(files[name]), data)
    if at + letter.TAG > letter.LONGEST or any(len(content) > letter.LARGEST for content in files.values()):
        sizes = ", ".join(f"{name} {len(files[name]):,} bytes ({len(data):,} packed)" for name, (_, data) in packed.items())
        message = (
            f"these settings do not fit into one letter of {letter.LONGEST:,} bytes: {sizes}. Push fewer files, or write them by cable."
        )
        raise InputError.of(to.lamp, message)
    return Sealed(version, bytes(room[: letter.seal(room, at, _key(to))]))


def _key(to: Recipient) -> Any:
    return telegram.Key(0, to.key, hashlib.sha256)


def _packed(content: bytes) -> tuple[int, bytes]:
    """(how, data): deflated for the small window of a node, where that makes it shorter."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -int(letter.WINDOW))
    data = packer.compress(content) + packer.flush()
    return (letter.DEFLATED, data) if len(data) < len(content) else (letter.PLAIN, content)


def _within(to: Recipient, seconds: int, longest: dt.timedelta, what: str) -> int:
    if not 0 <= seconds <= longest.total_seconds():
        raise InputError.of(to.lamp, f"{what} lasts at most {longest.total_seconds() / 60:.0f} minutes.")
    return seconds
