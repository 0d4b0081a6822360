"""The contract of the network as one AsyncAPI 3 document, made from the code that keeps it: `topics`, `messages` and the node's core.

    python -m lykta.fleet.contract > host_tools/lykta/fleet/asyncapi.yaml

A test says when that has to be done anew. The document is that of the host: it receives what nodes tell, and sends what they are told.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import Any

from lykta.corehost import letter, payload, telegram
from lykta.fleet import messages, topics

_WORD = "letters, digits, _, . and -, at most 64 of them"
_ABOUT = f"""\
What the nodes of a street tell, and what they are told, over MQTT 3.1.1.

The version is in the topic (lykta/v{topics.VERSION}/...) and in every message of a node (v). Another topic is not
subscribed to, another v is refused and counted. Unknown fields are ignored by both sides; unknown words (kinds of
events, names of faults) are shown as they are. A message has at most {messages.LONGEST:,} bytes, one of a node
{letter.LONGEST_UP:,}. A value beyond its limits makes the whole message worthless. Text of nodes has printable signs
only. Where both times of telemetry are known, they are its seconds apart.

Nothing finer than a quarter of an hour leaves a node, but in a commissioning window: it is opened by command for four
hours at most, ends by itself, and both are told as events. What the channel live carries is never stored.

QoS 1 may bring a message twice: boot and number of an event, boot and up of telemetry, tell whether it is the same.
What comes down is proved by the node itself, whoever carried it: commands and settings under its own key, updates
under the release key. Nothing that was retained is obeyed, but settings and updates, whose versions must rise.
"""

_COMMAND_FIELDS = (
    "number of the lamp", "number of the command, higher than any before", "when it expires, in units of 4 s since 2000", "verb",
    "what the verb needs", "what the verb needs",
)  # fmt: skip
_VERBS = {
    payload.OVERRIDE: "override: at least so many permille, for so many seconds; 0 permille ends it",
    payload.IDENTIFY: "identify: blink for so many seconds",
    payload.WALK_TEST: "walk-test for so many seconds; 0 ends it",
    payload.CLOCK: "set the clock: days since 2000-01-01, second of the day, UTC",
    payload.RESTART: "start anew",
    payload.OVERRIDE_UNTIL: "override until a time: at least so many permille, until when in units of 4 s since 2000; 0 permille ends it",
    payload.WINDOW: "commissioning window for so many seconds, at most four hours; 0 ends it",
}


def _command() -> str:
    """What stands in a command."""
    fields = (f"{about} ({low} to {high})" for about, (_, low, high) in zip(_COMMAND_FIELDS, payload.COMMAND, strict=True))
    verbs = (f"{verb} {about}" for verb, about in sorted(_VERBS.items()))
    return (
        "Fields in groups of 7 bits, the lowest first, the last group with bit 7 clear, each as what it exceeds its lowest value by: "
        f"{', '.join(fields)}. Then the first {telegram.TAG} bytes of the HMAC-SHA256 of all that under the node's own key. "
        f"Verbs: {'; '.join(verbs)}."
    )


def _settings() -> str:
    """What stands in a letter with settings."""
    files = (f"{at} {name}" for at, name in enumerate(letter.NAMES) if name)
    return (
        f"Big-endian: 0x{letter.VERSION << 4 | letter.SETTINGS:02x}; how many files (1 byte); number of the lamp (2); version of the "
        f"settings, higher than any before (4). Each file: which ({', '.join(files)}; 1 byte); {letter.PLAIN} as it is or "
        f"{letter.DEFLATED} as raw deflate with a window of {1 << letter.WINDOW:,} bytes (1); its length unpacked (3) and here (3); "
        f"itself. Then the HMAC-SHA256 of all that under the node's own key ({letter.TAG} bytes). An empty one takes a letter back."
    )


def _update() -> str:
    """What stands in the offer of an update."""
    return "The head of a bundle: version, what it is for, hashes, the signature under the release key. An empty one withdraws it."


_BODIES: Mapping[topics.Kind, Callable[[], str]] = {topics.COMMAND: _command, topics.SETTINGS: _settings, topics.UPDATE: _update}
_PIECE = "piece"


def document() -> dict[str, Any]:
    """The whole document."""
    channels = {
        kind.name: _channel(f"{topics.ROOT}/{{district}}/n/{{node}}/{kind.topic}", kind.name, kind.about) for kind in topics.KINDS.values()
    }
    channels[_PIECE] = _channel(
        f"{topics.ROOT}/{{district}}/update/{{bundle}}/{{piece}}", _PIECE, "A piece of a bundle, while it is rolled out."
    )
    operations = {kind.name: _operation(kind.name, kind.up, kind.qos, kind.retained) for kind in topics.KINDS.values()}
    operations[_PIECE] = _operation(_PIECE, False, 1, True)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Lykta, nodes of a street",
            "version": f"{topics.VERSION}.0.0",
            "description": _ABOUT,
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "district": {
                "host": "{broker}:{port}",
                "protocol": "secure-mqtt",
                "protocolVersion": "3.1.1",
                "description": "The broker of a district. Its clients are who their certificates say, and nobody else.",
                "variables": {"broker": {"description": "name or address"}, "port": {"default": "8883"}},
                "security": [{"$ref": "#/components/securitySchemes/certificate"}],
            }
        },
        "channels": channels,
        "operations": operations,
        "components": {
            "messages": {
                **{kind.name: _message(kind) for kind in topics.KINDS.values()},
                _PIECE: _binary("A piece of a bundle.", "As the list of the bundle says."),
            },
            "parameters": {
                "district": {"description": f"District of the broker: {_WORD}."},
                "node": {"description": f"Node, site.lamp: {_WORD}. It is the common name of its certificate, and its client id."},
                "bundle": {"description": f"Bundle: {_WORD}."},
                "piece": {"description": "Number of the piece, from 0."},
            },
            "securitySchemes": {"certificate": {"type": "X509", "description": "A client certificate of the district's own authority."}},
        },
    }


def _channel(address: str, message: str, about: str) -> dict[str, Any]:
    parameters = [part[1:-1] for part in address.split("/") if part.startswith("{")]
    return {
        "address": address,
        "description": about,
        "parameters": {name: {"$ref": f"#/components/parameters/{name}"} for name in parameters},
        "messages": {message: {"$ref": f"#/components/messages/{message}"}},
    }


def _operation(name: str, up: bool, qos: int, retained: bool) -> dict[str, Any]:
    return {
        "action": "receive" if up else "send",
        "channel": {"$ref": f"#/channels/{name}"},
        "messages": [{"$ref": f"#/channels/{name}/messages/{name}"}],
        "bindings": {"mqtt": {"qos": qos, "retain": retained, "bindingVersion": "0.2.0"}},
    }


def _message(kind: topics.Kind) -> dict[str, Any]:
    if kind.up:
        return {"summary": kind.about, "payload": schema_of(kind)}
    return _binary(kind.about, _BODIES[kind]())


def _binary(summary: str, about: str) -> dict[str, Any]:
    content = {"type": "string", "format": "binary", "maxLength": int(letter.LONGEST), "description": about}
    return {"contentType": "application/octet-stream", "summary": summary, "payload": content}


def schema_of(kind: topics.Kind) -> dict[str, Any]:
    """The JSON Schema (draft 7) of what nodes send of a kind."""
    fields = messages.FIELDS[messages.CLASSES[kind]].values()
    return {
        "type": "object",
        "required": ["v", *(field.name for field in fields if field.required)],
        "properties": {
            "v": {"description": "Version of the message.", "type": "integer", "const": messages.VERSION},
            **{field.name: field.schema() for field in fields},
        },
    }


def text() -> str:
    """The document as YAML."""
    from ruamel.yaml import YAML
    from ruamel.yaml.scalarstring import LiteralScalarString

    writer = YAML()
    writer.width = 120
    writer.indent(mapping=2, sequence=4, offset=2)
    stream = io.StringIO()
    stream.write("# Made by `python -m lykta.fleet.contract` from the code that keeps it; a test compares the two.\n")
    whole = document()
    whole["info"]["description"] = LiteralScalarString(whole["info"]["description"])
    writer.dump(whole, stream)
    return stream.getvalue()


if __name__ == "__main__":
    print(text(), end="")
