"""What nodes tell: every message with its fields, limits and checks, read from JSON and written to it.

    parse(topics.TELEMETRY, payload)      # a Telemetry; BadMessage where it is none
    encode(Telemetry(begin=..., ...))     # the JSON of it

Fields that are not known are ignored, so that newer nodes may tell more; a `v` that is not known is refused and counted, since its
fields may mean something else. Values are never guessed: what is beyond its limits makes the whole message worthless. Kinds of events,
and names of faults, may be any word: newer nodes may know more of them. `FIELDS` is what `asyncapi.yaml` says as well; a test compares.
Times are whole seconds since 1970, UTC; None where the node's clock is not set.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from lykta.fleet import topics

VERSION = 1
LONGEST = 4096  # bytes of any message; nodes send no more than 1,024
_WHOLE = 2**53
_NAME = re.compile(r"[a-z][a-z0-9-]{0,23}")
_MOST_NAMES = 40
_FIRST, _LAST = 1_767_225_600, 4_102_444_800  # 2026 to 2100: a clock that shows another time was not set


class BadMessage(ValueError):
    """What came is no such message. `reason` is one of a few words, to count by."""

    def __init__(self, reason: str, text: str) -> None:
        self.reason = reason
        super().__init__(text)


@dataclass(frozen=True, slots=True)
class Field:
    """What one field of a message may be. `name`: in JSON; `form`: integer, boolean, string, names or counts."""

    name: str
    form: str
    about: str
    lowest: int = 0
    highest: int = _WHOLE
    null: bool = False
    required: bool = True

    def take(self, value: object) -> Any:
        """The checked value. BadMessage where it is none."""
        if value is None and self.null:
            return None
        if not _FORMS[self.form](value, self):
            raise BadMessage("field", f"{self.name}: {value!r:.60} is no {self.form} from {self.lowest} to {self.highest}")
        return tuple(value) if self.form == "names" else value  # type: ignore[arg-type]  # _FORMS has looked

    def schema(self) -> dict[str, Any]:
        """The same as JSON Schema."""
        found = _SCHEMAS[self.form](self)
        if self.null:
            found["type"] = [found["type"], "null"]
        return {"description": self.about, **found}


def _is_whole(value: object, field: Field) -> bool:
    return type(value) is int and field.lowest <= value <= field.highest


def _is_name(value: object) -> bool:
    return isinstance(value, str) and _NAME.fullmatch(value) is not None


def _is_text(value: object, field: Field) -> bool:
    return isinstance(value, str) and field.lowest <= len(value) <= field.highest and value.isprintable()


def _are_names(value: object, field: Field) -> bool:
    return isinstance(value, list) and len(value) <= field.highest and all(_is_name(one) for one in value)


def _are_counts(value: object, field: Field) -> bool:
    if not isinstance(value, dict) or len(value) > _MOST_NAMES:
        return False
    return all(_is_name(name) and _is_whole(count, field) for name, count in value.items())


_FORMS = {
    "integer": _is_whole,
    "boolean": lambda value, _: isinstance(value, bool),
    "string": _is_text,
    "names": _are_names,
    "counts": _are_counts,
}
_SCHEMAS: Mapping[str, Any] = {
    "integer": lambda field: {"type": "integer", "minimum": field.lowest, "maximum": field.highest},
    "boolean": lambda _: {"type": "boolean"},
    "string": lambda field: {"type": "string", "minLength": field.lowest, "maxLength": field.highest},
    "names": lambda field: {"type": "array", "maxItems": field.highest, "items": {"type": "string", "pattern": f"^{_NAME.pattern}$"}},
    "counts": lambda field: {
        "type": "object",
        "maxProperties": _MOST_NAMES,
        "propertyNames": {"pattern": f"^{_NAME.pattern}$"},
        "additionalProperties": {"type": "integer", "minimum": field.lowest, "maximum": field.highest},
    },
}


def _of(name: str, form: str, about: str, **limits: Any) -> Any:
    """A field of a message as a field of its class; what is not required is None."""
    told = {"told": Field(name, form, about, **limits)}
    return field(metadata=told) if told["told"].required else field(default=None, metadata=told)


def _time(name: str, about: str, **more: Any) -> Any:
    return _of(name, "integer", about + " [s since 1970, UTC]", lowest=_FIRST, highest=_LAST, null=True, **more)


def _start() -> Any:
    return _of("boot", "integer", "How often the node had started.", highest=2**30)


def _uptime() -> Any:
    return _of("up", "integer", "How long ago it started [s].", highest=2**31)


@dataclass(frozen=True, slots=True)
class State:
    """Who the node is and what it runs. Of a node that is offline, as its last will says it, only `online` is known."""

    online: bool = _of("online", "boolean", "Whether it is there.")
    software: str | None = _of("software", "string", "Version of its software.", highest=40, required=False)
    slot: str | None = _of("slot", "string", "Slot that runs: a, b, or - without slots.", lowest=1, highest=1, required=False)
    settings: int | None = _of("settings", "integer", "Version of the settings in use.", highest=2**30, required=False)
    tier: int | None = _of("tier", "integer", "How its software is protected: see SECURITY.", lowest=1, highest=3, required=False)
    board: str | None = _of("board", "string", "Kind of board.", highest=40, required=False)
    number: int | None = _of("number", "integer", "What the radio calls it.", highest=65_535, required=False)
    boots: int | None = _of("boots", "integer", "How often it has started.", highest=2**30, required=False)
    started: int | None = _time("started", "When it last started", required=False)
    window: int | None = _time("window", "Until when a commissioning window is open; null: none is", required=False)


@dataclass(frozen=True, slots=True)
class Telemetry:
    """Means and counts over at least 900 s. Where the clock is not set `begin` and `until` are None; `seconds` is always known."""

    begin: int | None = _time("from", "When it began")
    until: int | None = _time("to", "When it ended")
    seconds: int = _of("seconds", "integer", "How long it was.", lowest=900, highest=2**31)
    boot: int = _start()
    uptime: int = _uptime()
    level: int = _of("level", "integer", "Mean luminous flux [permille of the design flux].", highest=1000)
    energy_mwh: int | None = _of("energy_mwh", "integer", "Energy of the lamp [mWh]; null: nobody knows.", highest=2**40, null=True)
    estimated: bool = _of("estimated", "boolean", "Whether the energy comes from the fixture's table, for want of a meter.")
    detections: int = _of("detections", "integer", "How often its own sensors detected somebody.", highest=2**30)
    faults: tuple[str, ...] = _of("faults", "names", "What is wrong.", highest=_MOST_NAMES)
    heap: int = _of("heap", "integer", "Free memory [bytes].", highest=2**31)
    block: int = _of("block", "integer", "Its largest free block [bytes].", highest=2**31)
    dropped: int = _of("dropped", "integer", "Letters that had to give way since the start, for want of room.", highest=2**30)
    refused: Mapping[str, int] = _of("refused", "counts", "Telegrams that the gate refused in this time, by its verdicts.", highest=2**30)
    doubt: bool = _of("doubt", "boolean", "Whether its clock is not set, or not believed.")

    @property
    def refusals(self) -> int:
        """How many telegrams were refused in all."""
        return sum(self.refused.values())

    def placed(self, received: int) -> tuple[int, int]:
        """When it began and ended: by the node's clock where that was set, else as if it had ended when it was received."""
        until = received if self.until is None else self.until
        return (until - self.seconds if self.begin is None else self.begin), until


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened. Equal ones within ten minutes come as one, with how many there were."""

    at: int | None = _time("at", "When it happened")
    boot: int = _start()
    uptime: int = _uptime()
    number: int = _of("number", "integer", "Its number since the start; a gap: some were dropped.", lowest=1, highest=2**30)
    kind: str = _of("kind", "string", "fault, right, start, security, override, command, settings, update, window.", lowest=1, highest=24)
    what: str = _of("what", "string", "What happened, in a word.", lowest=1, highest=24)
    count: int = _of("count", "integer", "How often, since the last one of the same kind and word.", lowest=1, highest=2**30)
    detail: str = _of("detail", "string", "More about it, for people.", highest=120)


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a letter that came down. `to`: command, settings or update; `number`: the order, or the version."""

    to: str = _of("to", "string", "What is answered: command, settings, update.", lowest=1, highest=24)
    number: int = _of("number", "integer", "Its number: of the order, of the settings, of the bundle.", highest=2**30)
    ok: bool = _of("ok", "boolean", "Whether it was done.")
    reason: str = _of("reason", "string", "Why not.", highest=120)


@dataclass(frozen=True, slots=True)
class Live:
    """The level right now. It never leaves a node outside a commissioning window, and the host never stores it."""

    at: int | None = _time("at", "When")
    level: int = _of("level", "integer", "Luminous flux [permille of the design flux].", highest=1000)


Message = State | Telemetry | Event | Answer | Live
CLASSES: Mapping[topics.Kind, type[Message]] = {
    topics.STATE: State,
    topics.TELEMETRY: Telemetry,
    topics.EVENT: Event,
    topics.ANSWER: Answer,
    topics.LIVE: Live,
}
#: The fields of every message: {class: {attribute: Field}}.
FIELDS: Mapping[type[Message], Mapping[str, Field]] = {
    message: {one.name: one.metadata["told"] for one in fields(message)} for message in CLASSES.values()
}


def parse(kind: topics.Kind, payload: bytes) -> Message:
    """The message that a payload holds. BadMessage where it is none: too long, no JSON, another version, a field beyond its limits."""
    if kind not in CLASSES:
        raise BadMessage("kind", f"{kind.name} does not come from nodes")
    if len(payload) > LONGEST:
        raise BadMessage("length", f"{len(payload)} bytes; at most {LONGEST}")
    try:
        told = json.loads(str(payload, "utf-8"))  # of bytes it would guess UTF-16 and UTF-32, too, and load what reads these
    except (ValueError, RecursionError):
        raise BadMessage("json", "no JSON") from None
    if not isinstance(told, dict):
        raise BadMessage("json", "no object")
    if type(told.get("v")) is not int or told["v"] != VERSION:
        raise BadMessage("version", f"version {told.get('v')!r:.20}; this is {VERSION}")
    found = CLASSES[kind]
    values = {}
    for attribute, one in FIELDS[found].items():
        if one.name in told:
            values[attribute] = one.take(told[one.name])
        elif one.required:
            raise BadMessage("field", f"{one.name} is missing")
    return _consistent(found(**values))


def _consistent(message: Message) -> Message:
    """Rules across fields."""
    if isinstance(message, Telemetry) and None not in (message.begin, message.until):
        assert message.begin is not None and message.until is not None
        if message.until - message.begin != message.seconds:
            raise BadMessage("field", "from, to and seconds contradict each other")
    return message


def encode(message: Message) -> bytes:
    """The JSON of a message. BadMessage where a field is beyond its limits; what is None and not required is left out."""
    told: dict[str, Any] = {"v": VERSION}
    _consistent(message)
    for attribute, one in FIELDS[type(message)].items():
        value = getattr(message, attribute)
        value = list(value) if isinstance(value, tuple) else value
        if value is not None or one.required:
            one.take(value)
            told[one.name] = value
    return json.dumps(told, separators=(",", ":")).encode()


#: What the broker says in the place of a node that is gone: its last will.
OFFLINE = encode(State(online=False))
