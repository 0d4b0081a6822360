"""Letters to nodes: they say what they shall, under the right key, and nothing that a node would have to refuse is sealed."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lykta.corehost import letter, payload, telegram
from lykta.errors import InputError
from lykta.fleet import letters

NOW = dt.datetime(2026, 12, 14, 22, 30, tzinfo=dt.UTC)
K05 = letters.Recipient("K05", 4, bytes(range(32)))
KEY = telegram.Key(0, K05.key, hashlib.sha256)


def fields_of(sealed: letters.Sealed) -> list[int]:
    """What a command says, if it is whole and proved."""
    wire = payload.Wire(sealed.data)
    wire.open(0, len(sealed.data) - telegram.TAG)
    fields = [0] * payload.COMMAND_LENGTH
    assert wire.take(fields, 0, payload.COMMAND)
    assert wire.at == wire.end
    assert hmac.new(K05.key, sealed.data[: wire.end], hashlib.sha256).digest()[: telegram.TAG] == sealed.data[wire.end :]
    return fields


def files_of(sealed: bytes) -> dict[str, bytes]:
    """The files in a letter."""
    reader = letter.Reader(sealed)
    assert reader.open()
    assert reader.proves(KEY)
    files = {}
    while reader.next():
        data = sealed[reader.begin : reader.end]
        files[letter.NAMES[reader.file]] = zlib.decompress(data, -letter.WINDOW) if reader.packing == letter.DEFLATED else data
        assert reader.length == len(files[letter.NAMES[reader.file]])
    return files


def test_override__holds_until_a_time_and_the_command_itself_for_ten_minutes():
    """Level, moment in units of 4 s since 2000, never earlier than asked for; number and expiry of the moment it was given."""
    until = NOW + dt.timedelta(hours=4, minutes=30, seconds=1)
    sealed = letters.Commands().override(K05, 1000, until, NOW)
    fields = fields_of(sealed)
    since = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
    assert [4, sealed.number, payload.OVERRIDE_UNTIL, 1000] == [fields[at] for at in (0, 1, 3, 4)]
    assert until <= since + dt.timedelta(seconds=4 * fields[payload.SECOND]) < until + dt.timedelta(seconds=4)
    assert NOW + dt.timedelta(minutes=10) == since + dt.timedelta(seconds=4 * fields[payload.EXPIRY])


@pytest.mark.parametrize(
    ("verb", "first", "seal"),
    [
        (payload.OVERRIDE_UNTIL, 0, lambda given: given.override(K05, 0, NOW, NOW)),
        (payload.IDENTIFY, 60, lambda given: given.identify(K05, 60, NOW)),
        (payload.WALK_TEST, 600, lambda given: given.walk_test(K05, 600, NOW)),
        (payload.WINDOW, 14_400, lambda given: given.window(K05, 14_400, NOW)),
        (payload.RESTART, 0, lambda given: given.restart(K05, NOW)),
    ],
)
def test_every_command__says_its_verb(verb: int, first: int, seal):
    """And nothing else."""
    fields = fields_of(seal(letters.Commands()))
    assert [verb, first, 0] == fields[payload.VERB :]


def test_numbers__rise_within_a_second_when_the_clock_goes_back_and_from_one_host_to_the_next():
    """A node obeys none whose number it has seen."""
    commands = letters.Commands()
    numbers = [commands.restart(K05, now).number for now in (NOW, NOW, NOW - dt.timedelta(hours=1))]
    later = letters.Commands().restart(K05, NOW + dt.timedelta(seconds=5)).number
    assert [numbers[0], numbers[0] + 1, numbers[0] + 2, numbers[0] + 5] == [*numbers, later]


@pytest.mark.parametrize(
    "refused",
    [
        lambda given: given.override(K05, 1001, NOW + dt.timedelta(hours=1), NOW),
        lambda given: given.override(K05, 1000, NOW + dt.timedelta(hours=25), NOW),
        lambda given: given.override(K05, 1000, NOW, NOW),
        lambda given: given.window(K05, 14_401, NOW),
        lambda given: given.walk_test(K05, 3_601, NOW),
        lambda given: given.identify(K05, -1, NOW),
    ],
)
def test_command_that_no_node_obeys__is_not_sealed(refused):
    """Too bright, for too long, over already; a commissioning window of more than four hours."""
    with pytest.raises(InputError, match="K05"):
        refused(letters.Commands())


@given(
    st.dictionaries(st.sampled_from(letter.NAMES[1:]), st.binary(max_size=1_000) | st.just(bytes(3_000)), min_size=1),
    st.integers(1, 2**30 - 1),
)
def test_settings__are_read_as_they_were_sealed(files: dict[str, bytes], version: int):
    """Whatever the files, deflated or not."""
    sealed = letters.settings(K05, files, version)
    assert version == sealed.number
    assert len(sealed.data) <= letter.LONGEST
    assert files == files_of(sealed.data)


@given(st.binary(max_size=200), st.data())
def test_letter_with_any_bit_flipped__is_not_proved(content: bytes, data: st.DataObject):
    """Wherever it is flipped."""
    sealed = bytearray(letters.settings(K05, {"program": content}, 7).data)
    bit = data.draw(st.integers(0, 8 * len(sealed) - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    reader = letter.Reader(bytes(sealed))
    assert not (reader.open() and reader.proves(KEY))


@given(st.binary(max_size=300) | st.binary(max_size=100).map(lambda rest: bytes([0x16, 1, 0, 4, 0, 0, 0, 7]) + rest + bytes(32)))
def test_whatever_comes__is_read_without_an_exception_and_never_beyond_its_end(data: bytes):
    """Lengths that lie, files that do not exist, one file twice."""
    reader = letter.Reader(data)
    if reader.open():
        while reader.next():
            assert letter.HEADER <= reader.begin <= reader.end <= len(data) - letter.TAG


@pytest.mark.parametrize(("files", "said"), [({}, "nothing"), ({"keys": b"x"}, "keys"), ({"board": b"{}"}, "board")])
def test_file_that_may_not_come_by_letter__is_refused(files: dict[str, bytes], said: str):
    """Keys and the board's file go by cable alone."""
    with pytest.raises(InputError, match=said):
        letters.settings(K05, files, 7)


def test_settings_too_long_for_a_letter__are_refused_with_their_sizes():
    """What cannot be packed into 4,096 bytes is said before it is sent."""
    content = b"".join(hashlib.sha256(bytes([number])).digest() for number in range(200))
    with pytest.raises(InputError, match="table 6,400 bytes"):
        letters.settings(K05, {"table": content}, 7)
    with pytest.raises(InputError, match="by cable"):
        letters.settings(K05, {"table": bytes(letter.LARGEST + 1)}, 7)


def test_key__is_in_no_text():
    """A recipient or a letter that is printed tells no secret."""
    assert K05.key.hex() not in repr(K05)
    assert repr(K05.key) not in repr(K05)
    assert str(zlib.crc32(K05.key)) not in repr(letters.Commands().restart(K05, NOW))
