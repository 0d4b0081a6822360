"""The topics of the network, version 1: what is sent where, made and read.

    lykta/v1/{district}/n/{node}/state                of a node: see `KINDS`
    lykta/v1/{district}/update/{bundle}/{piece}       a piece of a bundle, for whoever wants it

The version is in the topic: a second one would stand beside the first, and a node speak either. District, node and bundle are words
of letters, digits, `_`, `.` and `-`, at most 64 of them; a node is `site.lamp`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from lykta.errors import InputError

VERSION = 1
ROOT = f"lykta/v{VERSION}"
_WORD = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_LONGEST = 200  # of a topic
_PIECES = 65_536
_PIECE = re.compile(r"0|[1-9][0-9]{0,4}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of letter. `up`: the node sends it; `qos`: how; `retained`: the broker keeps the last one for who comes later."""

    name: str
    topic: str
    up: bool
    qos: int
    retained: bool
    about: str


STATE = Kind("state", "state", True, 1, True, "Who the node is and what it runs; the broker says in its place that it is offline.")
TELEMETRY = Kind("telemetry", "up/telemetry", True, 1, False, "Means and counts over at least a quarter of an hour.")
EVENT = Kind("event", "up/event", True, 1, False, "What happened: faults, starts, security, commands, settings.")
ANSWER = Kind("answer", "up/answer", True, 1, False, "What became of a command, of settings or of an update.")
LIVE = Kind("live", "up/live", True, 0, False, "The level of the moment, in a commissioning window only; never stored.")
SETTINGS = Kind("settings", "down/settings", False, 1, True, "A sealed letter with files of the node.")
COMMAND = Kind("command", "down/command", False, 1, False, "An order, proved under the node's own key.")
UPDATE = Kind("update", "down/update", False, 1, True, "The signed manifest of a bundle: the node may take it.")
#: All kinds of letters between a node and the host, by their names.
KINDS = {kind.name: kind for kind in (STATE, TELEMETRY, EVENT, ANSWER, LIVE, SETTINGS, COMMAND, UPDATE)}
_BY_TOPIC = {kind.topic: kind for kind in KINDS.values()}


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic of a node, read."""

    district: str
    node: str
    kind: Kind

    def __str__(self) -> str:
        """As the broker has it."""
        return f"{ROOT}/{self.district}/n/{self.node}/{self.kind.topic}"


@dataclass(frozen=True, slots=True)
class Piece:
    """The topic of a piece of a bundle, read."""

    district: str
    bundle: str
    number: int

    def __str__(self) -> str:
        """As the broker has it."""
        return f"{ROOT}/{self.district}/update/{self.bundle}/{self.number}"


def topic_of(district: str, node: str, kind: Kind) -> str:
    """The topic of a kind of letter of a node. InputError for names that no topic can hold."""
    return str(Topic(checked(district, "district"), checked(node, "node"), kind))


def piece_of(district: str, bundle: str, number: int) -> str:
    """The topic of a piece of a bundle. InputError for names that no topic can hold."""
    if not 0 <= number < _PIECES:
        raise InputError.of(bundle, f"a bundle has no piece {number}: pieces count from 0 to {_PIECES - 1}.")
    return str(Piece(checked(district, "district"), checked(bundle, "bundle"), number))


def checked(word: str, what: str) -> str:
    """A word that may stand in a topic. InputError for another: `what` it is of."""
    if not _WORD.fullmatch(word):
        message = f'"{word}" cannot name a {what} on the network: letters, digits, "_", "." and "-" can, at most 64 of them.'
        raise InputError.of(word or what, message)
    return word


def read(topic: str) -> Topic | Piece | None:
    """What a topic is of; None where it is none of ours, or of another version."""
    if len(topic) > _LONGEST or not topic.startswith(f"{ROOT}/"):
        return None
    parts = topic.split("/")
    if len(parts) < 6 or not _WORD.fullmatch(parts[2]) or not _WORD.fullmatch(parts[4]):
        return None
    if parts[3] == "n":
        kind = _BY_TOPIC.get("/".join(parts[5:]))
        return Topic(parts[2], parts[4], kind) if kind else None
    if parts[3] == "update" and len(parts) == 6 and _PIECE.fullmatch(parts[5]) and int(parts[5]) < _PIECES:
        return Piece(parts[2], parts[4], int(parts[5]))
    return None


def of_nodes(district: str = "+") -> list[str]:
    """What the host subscribes to, to hear all nodes of a district (by default of every one)."""
    return [f"{ROOT}/{district}/n/+/state", f"{ROOT}/{district}/n/+/up/+"]


def of_node(district: str, node: str) -> list[str]:
    """What a node subscribes to. Pieces of bundles it asks for one by one."""
    return [topic_of(district, node, kind) for kind in KINDS.values() if not kind.up]
