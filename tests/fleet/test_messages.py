"""Messages of nodes: what is written is read, what is new is ignored, and nothing that is wrong gets through or raises."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from lykta.fleet import messages, topics
from tests.fleet import drawn, hostile

TELEMETRY: dict[str, Any] = {
    "v": 1, "from": 1_800_000_000, "to": 1_800_000_900, "seconds": 900, "boot": 3, "up": 905, "level": 512, "energy_mwh": 9_000,
    "estimated": True, "detections": 7, "faults": ["radio", "warm-up"], "heap": 70_000, "block": 30_000, "dropped": 0,
    "refused": {"stranger": 4}, "doubt": False,
}  # fmt: skip


def telemetry(**changes: Any) -> bytes:
    """A good telemetry message with some fields changed; ... as value: left out."""
    told = {**TELEMETRY, **changes}
    return json.dumps({name: value for name, value in told.items() if value is not ...}).encode()


@given(drawn.telegrams())
def test_message__is_read_as_it_was_written(sent: tuple[topics.Kind, messages.Message]):
    """Every field of every kind comes back."""
    kind, message = sent
    assert message == messages.parse(kind, messages.encode(message))


@pytest.mark.security(21)
@given(drawn.nearly())
def test_whatever_comes__is_a_message_or_is_refused_with_a_reason(came: tuple[topics.Kind, bytes]):
    """No other exception, and what is taken can be written again."""
    kind, payload = came
    try:
        message = messages.parse(kind, payload)
    except messages.BadMessage as bad:
        assert bad.reason in ("length", "json", "version", "field")
    else:
        assert message == messages.parse(kind, messages.encode(message))


def test_unknown_fields__are_ignored():
    """A newer node may tell more."""
    assert messages.parse(topics.TELEMETRY, telemetry()) == messages.parse(topics.TELEMETRY, telemetry(mood="good", more=[1]))


@pytest.mark.parametrize("version", [2, 0, "1", 1.0, True, None, ...])
def test_unknown_version__is_refused_whatever_else_it_says(version: object):
    """Its fields may mean something else. (1.0 and true are no versions either.)"""
    with pytest.raises(messages.BadMessage) as bad:
        messages.parse(topics.TELEMETRY, telemetry(v=version))
    assert bad.value.reason == "version"


@pytest.mark.parametrize(
    "changes",
    [
        {"level": 1001}, {"level": -1}, {"level": "512"}, {"level": 51.2}, {"level": True}, {"level": None}, {"level": ...},
        {"seconds": 60, "to": 1_800_000_060}, {"seconds": 901}, {"from": 5}, {"energy_mwh": 2**60}, {"faults": "radio"},
        {"faults": ["radio"] * 41}, {"faults": ["\x1b[2J"]}, {"refused": {"stranger": -1}}, {"refused": [4]}, {"estimated": 1},
    ],
)  # fmt: skip
def test_value_beyond_its_limits__makes_the_message_worthless(changes: dict[str, object]):
    """Nothing is guessed, cut or filled in; and nothing finer than a quarter of an hour is taken."""
    with pytest.raises(messages.BadMessage) as bad:
        messages.parse(topics.TELEMETRY, telemetry(**changes))
    assert bad.value.reason == "field"


@pytest.mark.parametrize("text", ["\x1b[31m", "a\nb", "\ud800", "\u202eevil", "x" * 121, 7])
def test_text__that_could_move_a_cursor_or_break_a_table_is_refused(text: object):
    """Control signs, half a character, turned direction, too long."""
    event = {"v": 1, "at": None, "boot": 1, "up": 1, "number": 1, "kind": "start", "what": "start", "count": 1, "detail": text}
    with pytest.raises(messages.BadMessage):
        messages.parse(topics.EVENT, json.dumps(event).encode())


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[" * 4_096,
        b"{}" * 3_000,
        b"\xff",
        b"[1]",
        b"null",
        b'{"v":1e999}',
        b'{"v":' + b"9" * 4_000 + b"}",
        '{"v":1,"online":false}'.encode("utf-16"),
    ],
)
def test_payload_that_is_no_message__is_refused(payload: bytes):
    """Nothing, too deep, too long, no UTF-8, no object, numbers without end, another encoding."""
    with pytest.raises(messages.BadMessage):
        messages.parse(topics.STATE, payload)


def test_state_of_a_node_that_is_gone__needs_no_more_than_that():
    """The last will says only that it is offline."""
    assert messages.State(online=False) == messages.parse(topics.STATE, messages.OFFLINE)


def test_telemetry_without_a_clock__is_placed_where_it_was_received():
    """Its length is known all the same."""
    found = messages.parse(topics.TELEMETRY, telemetry(**{"from": None, "to": None}))
    assert isinstance(found, messages.Telemetry)
    assert found.placed(1_800_010_000) == (1_800_009_100, 1_800_010_000)
    found = messages.parse(topics.TELEMETRY, telemetry())
    assert isinstance(found, messages.Telemetry)
    assert found.placed(1_800_010_000) == (1_800_000_000, 1_800_000_900)


@pytest.mark.security(23)
def test_counts_of_less_than_a_quarter_of_an_hour__are_refused():
    """Who sends them is no node of ours, or tells too much."""
    with pytest.raises(messages.BadMessage, match="seconds"):
        messages.parse(topics.TELEMETRY, telemetry(seconds=899, to=1_800_000_899))


def test_what_goes_down__is_no_message_of_a_node():
    """Nobody can send settings to the host."""
    with pytest.raises(messages.BadMessage) as bad:
        messages.parse(topics.SETTINGS, telemetry())
    assert bad.value.reason == "kind"


@pytest.mark.security(21)
def test_hostile__messages_and_topics_are_refused_and_leave_nothing_behind():
    """Three thousand of them; the bench does a million."""
    nobody, refused, kept = hostile.hostile(3_000)
    assert min(nobody, refused) > 1_000
    assert kept < 20  # one in a hundred that stays would be 15 a thousand; an interpreter keeps a few things of its own
