"""Topics: what is made is read back, and nothing else is taken for one of ours."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lykta.errors import InputError
from lykta.fleet import topics

words = st.from_regex(r"[A-Za-z0-9_.-]{1,64}", fullmatch=True)


@given(words, words, st.sampled_from(list(topics.KINDS.values())))
def test_topic_of_a_node__is_read_as_what_it_was_made_of(district: str, node: str, kind: topics.Kind):
    """District, node and kind come back."""
    assert topics.Topic(district, node, kind) == topics.read(topics.topic_of(district, node, kind))


@given(words, words, st.integers(0, 65_535))
def test_topic_of_a_piece__is_read_as_what_it_was_made_of(district: str, bundle: str, number: int):
    """District, bundle and number come back."""
    assert topics.Piece(district, bundle, number) == topics.read(topics.piece_of(district, bundle, number))


@given(
    st.one_of(
        st.text(max_size=300), st.lists(words | st.sampled_from(["", "lykta", "v1", "n", "up", "update", "٣"]), max_size=8).map("/".join)
    )
)
def test_whatever_comes__is_read_or_is_none_of_ours(topic: str):
    """Reading never raises, and what it takes for ours is written the same way again."""
    found = topics.read(topic)
    assert found is None or topic == str(found)


@pytest.mark.parametrize(
    "topic",
    [
        "lykta/v2/d/n/s.K1/state",
        "lykta/v1/d/n/s.K1/up",
        "lykta/v1/d/n/s.K1/up/telemetry/more",
        "lykta/v1/d/n/s K1/state",
        "lykta/v1//n/s.K1/state",
        "lykta/v1/d/n/" + "x" * 65 + "/state",
        "lykta/v1/d/update/b/65536",
        "lykta/v1/d/update/b/01",
        "lykta/v1/d/update/b/٣",
        "lykta/v1/d/update/b",
        "$SYS/broker/version",
    ],
)
def test_topic_that_is_none_of_ours__is_not_read(topic: str):
    """Another version, too little, too much, signs that no name has, a number that is none."""
    assert topics.read(topic) is None


@pytest.mark.parametrize("name", ["", "a/b", "a+", "#", "å", "x" * 65])
def test_name_that_no_topic_can_hold__is_refused_with_what_can(name: str):
    """A level too many, a wildcard, letters that brokers may disagree about, too long."""
    with pytest.raises(InputError, match="letters, digits"):
        topics.topic_of("district", name, topics.STATE)


def test_subscriptions__hear_all_that_nodes_send_and_nothing_of_what_is_sent_to_them():
    """The host's two subscriptions match every kind that goes up and none that comes down; those of a node the other way round."""

    def matches(wanted: str, topic: str) -> bool:
        pairs = list(zip(wanted.split("/"), topic.split("/"), strict=False))
        return wanted.count("/") == topic.count("/") and all(want in ("+", found) for want, found in pairs)

    for kind in topics.KINDS.values():
        topic = topics.topic_of("d", "s.K1", kind)
        assert kind.up == any(matches(wanted, topic) for wanted in topics.of_nodes())
        assert kind.up != (topic in topics.of_node("d", "s.K1"))
