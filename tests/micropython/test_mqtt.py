"""MQTT in bytes: what we send is what the standard says, what comes is read or refused, and nothing a broker sends does harm."""

import gc

from lykta_node.core import mqtt


def taken(data):
    """(whether it is a packet, the packet) of bytes."""
    length = mqtt.Length()
    at = 1
    left = mqtt.MORE
    while left == mqtt.MORE:
        if at >= len(data):
            return None, None
        left = length.take(data[at])
        at += 1
    if left == mqtt.BAD or len(data) < at + left:
        return False, None
    found = mqtt.Packet(bytearray(data[at : at + left]))
    return found.read(data[0], left), found


def test_connect__is_that_of_the_standard():
    """Name of the protocol, level 4, flags for a last will in QoS 1, retained; then who we are, and the will."""
    expected = b"\x10\x1f\x00\x04MQTT\x04\x2c\x00\x78\x00\x03s.1\x00\x05a/b/c\x00\x07offline"
    assert expected == mqtt.connect("s.1", 120, "a/b/c", b"offline")


def test_publish__says_qos_again_and_retained():
    """With a number QoS 1, without one QoS 0."""
    assert b"\x32\x07\x00\x01t\x00\x09hi" == mqtt.publish("t", b"hi", 9, False, False)
    assert b"\x3b\x07\x00\x01t\x00\x09hi" == mqtt.publish("t", b"hi", 9, True, True)
    assert b"\x30\x05\x00\x01thi" == mqtt.publish("t", b"hi", 0, False, False)


def test_long_packets__have_lengths_of_more_bytes():
    """Seven bits in each, the lowest first."""
    assert b"\x32\xff\x01" == mqtt.publish("t", bytes(250), 1, False, False)[:3]
    assert b"\x32\x85\x20" == mqtt.publish("t", bytes(4096), 1, False, False)[:3]


def test_the_rest__is_that_of_the_standard():
    """SUBSCRIBE and UNSUBSCRIBE have flag 2; the others have none."""
    assert b"\x82\x0a\x00\x05\x00\x01a\x01\x00\x01b\x01" == mqtt.subscribe(5, ("a", "b"))
    assert b"\xa2\x05\x01\x05\x00\x01a" == mqtt.unsubscribe(261, "a")
    assert b"\x40\x02\xff\xff" == mqtt.puback(65_535)
    assert b"\xc0\x00" == mqtt.ping()


def test_numbers__begin_again_at_one():
    """0 is no number of a packet."""
    assert (1, 2, 1) == (mqtt.following(0), mqtt.following(1), mqtt.following(65_535))


def test_publish__that_comes_is_read():
    """Topic, number, payload, whether the broker kept it."""
    good, found = taken(mqtt.publish("lykta/v1/d/n/s.1/down/command", b"\x00\x01\x02", 77, False, False))
    assert good and (mqtt.PUBLISH, "lykta/v1/d/n/s.1/down/command", 77, False) == (found.type, found.topic, found.number, found.retained)
    assert 3 == found.end - found.begin
    good, found = taken(mqtt.publish("t", b"", 0, False, True))
    assert good and (0, True, 0) == (found.number, found.retained, found.end - found.begin)


def test_longest__letter_fits_and_one_byte_more_does_not():
    """4,096 bytes under the longest topic in QoS 1."""
    topic = "t" * mqtt.LONGEST_TOPIC
    assert taken(mqtt.publish(topic, bytes(4_096), 1, False, False))[0]
    assert not taken(mqtt.publish(topic, bytes(4_097), 1, False, False))[0]


def test_acknowledgements__are_read():
    """Of a connection, a letter, a subscription, its end; the sign of life."""
    good, found = taken(b"\x20\x02\x01\x00")
    assert good and found.present and 0 == found.code
    good, found = taken(b"\x20\x02\x00\x05")
    assert good and (False, 5) == (found.present, found.code)
    good, found = taken(b"\x40\x02\x12\x34")
    assert good and (mqtt.PUBACK, 0x1234) == (found.type, found.number)
    good, found = taken(b"\x90\x05\x00\x07\x01\x80\x01")
    assert good and (7, mqtt.REFUSED) == (found.number, found.code)
    assert taken(b"\xb0\x02\x00\x07")[0] and taken(b"\xd0\x00")[0]


def test_what_is_no_packet__is_refused():
    """Each for its own reason."""
    for data in (
        b"\x00\x00",  # reserved
        b"\xf0\x00",
        b"\x10\x00",  # what only a client sends
        b"\x82\x05\x00\x01\x00\x01a",
        b"\xc0\x00",
        b"\x34\x05\x00\x01t\x00\x01",  # QoS 2
        b"\x36\x05\x00\x01t\x00\x01",
        b"\x38\x03\x00\x01t",  # again, in QoS 0
        b"\x30\x01\x00",  # shorter than its topic
        b"\x30\x03\x00\x02t",
        b"\x30\x02\x00\x00",  # no topic
        b"\x32\x04\x00\x01t\x00",  # half a number
        b"\x32\x05\x00\x01t\x00\x00",  # number 0
        b"\x21\x02\x00\x00",  # flags that are reserved
        b"\x20\x03\x00\x00\x00",
        b"\x20\x02\x02\x00",
        b"\x20\x02\x01\x05",  # a session of one who is refused
        b"\x40\x02\x00\x00",
        b"\x40\x03\x00\x01\x00",
        b"\x40\x01\x00",
        b"\x90\x02\x00\x01",  # no code
        b"\x90\x03\x00\x01\x03",
        b"\xd0\x01\x00",
        b"\x30\xff\xff\xff\xff\x01",  # a length of five bytes
        b"\x30\xff\xff\x7f",  # 2 MB
        b"\x30\x80\x00",  # a length with a byte too many
    ):
        assert not taken(data)[0], data


def test_topics__with_strange_signs_are_nobodys():
    """Wildcards, spaces, what is not ASCII: a packet, but no topic anybody asked for."""
    for topic in (b"a/#", b"+/b", b"a b", b"a\x00", b"\xc3\xa5", b"\xff"):
        good, found = taken(b"\x30" + bytes([len(topic) + 2, 0, len(topic)]) + topic)
        assert good and "" == found.topic, topic


class Dice:
    """Numbers that are the same in every run: xorshift of 30 bits."""

    def __init__(self, seed):
        self.state = seed

    def below(self, limit):
        state = self.state
        state ^= state << 13 & 0x3FFFFFFF
        state ^= state >> 17
        state ^= state << 5 & 0x3FFFFFFF
        self.state = state
        return state % limit


def hostile(count, seed):
    """Read so many packets that are cut, lengthened, changed, or random; how many were taken for good ones."""
    dice = Dice(seed)
    good = [
        mqtt.publish("lykta/v1/d/n/s.1/down/settings", bytes(range(64)), 7, False, True),
        mqtt.publish("t", b"x", 0, False, False),
        b"\x20\x02\x00\x00",
        b"\x40\x02\x00\x07",
        b"\x90\x03\x00\x07\x01",
        b"\xb0\x02\x00\x07",
        b"\xd0\x00",
    ]
    buffer = bytearray(mqtt.LONGEST)
    packet = mqtt.Packet(buffer)
    believed = 0
    for _ in range(count):
        data = bytearray(good[dice.below(len(good))])
        way = dice.below(4)
        if way == 0:
            data = data[: dice.below(len(data))]
        elif way == 1:
            data[dice.below(len(data))] ^= 1 << dice.below(8)
        elif way == 2:
            data += bytes([dice.below(256) for each in range(dice.below(8))])
        else:
            data = bytearray([dice.below(256) for _ in range(2 + dice.below(24))])
        length = mqtt.Length()
        at = 1
        left = mqtt.MORE
        while left == mqtt.MORE and at < len(data):
            left = length.take(data[at])
            at += 1
        if left < 0:
            continue
        rest = data[at:]  # what would come next is there, too: a broker that lies about lengths
        buffer[: len(rest)] = rest
        if packet.read(data[0], left):
            believed += 1
            assert 0 <= packet.begin <= packet.end <= mqtt.LONGEST
            assert 0 <= packet.number < 65_536 and len(packet.topic) <= mqtt.LONGEST_TOPIC
    return believed


def measured(count):
    """The same, and the heap is as it was: how many were packets."""
    hostile(100, 3)
    gc.collect()
    before = gc.mem_alloc()
    believed = hostile(count, 7)
    gc.collect()
    assert gc.mem_alloc() <= before + 256, gc.mem_alloc() - before
    return believed


# security: 21
def test_ten_thousand_malformed_packets__raise_nothing_and_leave_no_garbage():
    """Cut, lengthened, with a bit turned, random: each is a packet or none, and the heap is as it was. `tests/bench` has a million."""
    assert 0 < measured(10_000) < 5_000
