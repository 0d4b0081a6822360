"""Messages as Hypothesis draws them: anything within the limits of their fields, and payloads that are nearly messages."""

from __future__ import annotations

import json
import string
from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from lykta.fleet import messages, topics

names = st.from_regex(r"[a-z][a-z0-9-]{0,23}", fullmatch=True)
kinds = st.sampled_from(list(messages.CLASSES))


def value(field: messages.Field) -> st.SearchStrategy[Any]:
    """Values that a field may have."""
    drawn: Mapping[str, st.SearchStrategy[Any]] = {
        "integer": st.integers(field.lowest, field.highest),
        "boolean": st.booleans(),
        "string": st.text(string.ascii_letters + " åäö.:-", min_size=field.lowest, max_size=min(field.highest, 40)),
        "names": st.lists(names, max_size=5).map(tuple),
        "counts": st.dictionaries(names, st.integers(field.lowest, field.highest), max_size=5),
    }
    return drawn[field.form] | st.none() if field.null or not field.required else drawn[field.form]


def _whole(values: dict[str, Any]) -> dict[str, Any]:
    """Times and length of telemetry that agree, where both times are known."""
    if None not in (values.get("begin"), values.get("until", 0)):
        values["until"] = min(values["begin"] + values["seconds"], 4_102_444_800)
        values["begin"] = values["until"] - values["seconds"]
    return values


@st.composite
def telegrams(draw: st.DrawFn) -> tuple[topics.Kind, messages.Message]:
    """(kind, message)."""
    kind = draw(kinds)
    values = {attribute: draw(value(field)) for attribute, field in messages.FIELDS[messages.CLASSES[kind]].items()}
    if "seconds" in values:
        values["seconds"] = draw(st.integers(900, 86_400 * 365))
        values = _whole(values)
        if values["begin"] is not None and values["begin"] < 1_767_225_600:
            values["begin"] = None
    return kind, messages.CLASSES[kind](**values)


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@st.composite
def nearly(draw: st.DrawFn) -> tuple[topics.Kind, bytes]:
    """(kind, payload): bytes, JSON of anything, or a message in which some fields are anything, missing or more than there are."""
    kind = draw(kinds)
    if draw(st.booleans()):
        return kind, draw(st.binary(max_size=200) | junk.map(lambda told: json.dumps(told).encode()))
    fields = [field.name for field in messages.FIELDS[messages.CLASSES[kind]].values()]
    told = draw(st.dictionaries(st.sampled_from([*fields, "v", "more"]), junk | st.integers(0, 1000), max_size=12))
    return kind, json.dumps({"v": 1, **told}).encode()
