"""MQTT 3.1.1 in bytes: packets made and read, as much of it as a node needs. Pure: no socket, no clock; `tasks/uplink` uses it.

A packet is a first byte (its type in the high half), the length of the rest in one to four bytes, and the rest. A client gets CONNACK,
PUBLISH, PUBACK, SUBACK, UNSUBACK and PINGRESP, in QoS 0 and 1; anything else, or one whose lengths do not add up, is no packet, and ends
the connection. Section numbers are those of the OASIS standard.
"""

from micropython import const

CONNECT = const(1)
CONNACK = const(2)
PUBLISH = const(3)
PUBACK = const(4)
SUBSCRIBE = const(8)
SUBACK = const(9)
UNSUBSCRIBE = const(10)
UNSUBACK = const(11)
PINGREQ = const(12)
PINGRESP = const(13)
DISCONNECT = const(14)

LONGEST_TOPIC = const(255)
LONGEST = const(4_355)  # bytes of the rest of a packet: topic, number, and 4,096 of payload
MORE = const(-1)
BAD = const(-2)
REFUSED = const(0x80)  # the code of a subscription that is not granted

_ID_LAST = const(65_535)
_WILL = const(0x2C)  # there is one, QoS 1, retained
_HEADS = (0, 0, 0x20, 0x30, 0x40, 0, 0, 0, 0, 0x90, 0, 0xB0, 0, 0xD0, 0, 0)


def connect(client: str, keep_alive_s: int, will_topic: str, will: bytes) -> bytes:
    """CONNECT (3.1), with a last will that is retained and sent in QoS 1, to a session that the broker keeps.

    Who we are the certificate says: no name, no password.
    """
    head = b"\x00\x04MQTT\x04" + bytes([_WILL, keep_alive_s >> 8, keep_alive_s & 255])
    return _packet(CONNECT << 4, head + _text(client) + _text(will_topic) + _blob(will))


def publish(topic: str, payload: bytes, number: int, again: bool, retain: bool) -> bytes:
    """PUBLISH (3.3): in QoS 1 with a number from 1 to 65535, in QoS 0 with none (0). `again`: it was sent before, and not acknowledged."""
    first = PUBLISH << 4 | (8 if again else 0) | (2 if number else 0) | (1 if retain else 0)
    return _packet(first, _text(topic) + (_number(number) if number else b"") + payload)


def subscribe(number: int, topics) -> bytes:
    """SUBSCRIBE (3.8) to some topics, in QoS 1."""
    rest = _number(number)
    for topic in topics:
        rest += _text(topic) + b"\x01"
    return _packet(SUBSCRIBE << 4 | 2, rest)


def unsubscribe(number: int, topic: str) -> bytes:
    """UNSUBSCRIBE (3.10) from a topic."""
    return _packet(UNSUBSCRIBE << 4 | 2, _number(number) + _text(topic))


def puback(number: int) -> bytes:
    """PUBACK (3.4): what came with this number is ours now."""
    return _packet(PUBACK << 4, _number(number))


def ping() -> bytes:
    """PINGREQ (3.12)."""
    return _packet(PINGREQ << 4, b"")


def disconnect() -> bytes:
    """DISCONNECT (3.14): the broker forgets the last will."""
    return _packet(DISCONNECT << 4, b"")


def following(number: int) -> int:
    """The number after another: 1 to 65535, then 1 again."""
    return number % _ID_LAST + 1


def _packet(first: int, rest: bytes) -> bytes:
    head = bytearray([first])
    left = len(rest)
    while left > 127:
        head.append(left & 127 | 128)
        left >>= 7
    head.append(left)
    return bytes(head) + rest


def _number(number: int) -> bytes:
    return bytes([number >> 8, number & 255])


def _text(text: str) -> bytes:
    return _blob(text.encode())


def _blob(data: bytes) -> bytes:
    return _number(len(data)) + data


class Length:
    """The length of a packet's rest, byte after byte."""

    def __init__(self) -> None:
        self._shift = 0
        self._sum = 0

    def take(self, byte: int) -> int:
        """The next byte: the length, MORE, or BAD where it is longer than any that we take."""
        self._sum += (byte & 127) << self._shift
        self._shift += 7
        if self._sum > LONGEST or self._shift > 21 or (byte == 0 and self._shift > 7):
            return BAD
        return MORE if byte & 128 else self._sum


class Packet:
    """What came: `read` it, then look at the fields of its type. `buffer` holds the rest, and is used again for the next."""

    def __init__(self, buffer) -> None:
        self._buffer = buffer
        self.type = 0
        self.number = 0  # of a PUBLISH in QoS 1, or of what is acknowledged
        self.retained = False  # it was kept by the broker, and sent to whoever asks later
        self.present = False  # CONNACK: the broker has a session of ours
        self.code = 0  # CONNACK: 0, or why not; SUBACK: REFUSED if any topic was
        self.topic = ""
        self.begin = 0  # of the payload,
        self.end = 0  # and its end

    def read(self, first: int, length: int) -> bool:
        """Take a packet apart, `length` bytes of which lie in the buffer. False: it is none."""
        self.type = kind = first >> 4
        if kind == PUBLISH:
            return self._read_publish(first & 15, length)
        if not _HEADS[kind] or first != _HEADS[kind]:
            return False
        if kind == CONNACK:
            return self._read_connack(length)
        if kind == PINGRESP:
            return length == 0
        return self._read_acknowledgement(kind, length)

    def _read_connack(self, length: int) -> bool:
        buffer = self._buffer
        if length != 2 or buffer[0] > 1:
            return False
        self.present = buffer[0] == 1
        self.code = buffer[1]
        return not (self.present and self.code)

    def _read_acknowledgement(self, kind: int, length: int) -> bool:
        buffer = self._buffer
        if length < 2 or (length != 2) != (kind == SUBACK):
            return False
        self.number = buffer[0] << 8 | buffer[1]
        self.code = 0
        for at in range(2, length):
            if buffer[at] == REFUSED:
                self.code = REFUSED
            elif buffer[at] > 2:
                return False
        return self.number > 0

    def _read_publish(self, flags: int, length: int) -> bool:
        buffer = self._buffer
        qos = flags >> 1 & 3
        if qos > 1 or (flags & 8 and not qos) or length < 2:
            return False
        size = buffer[0] << 8 | buffer[1]
        at = 2 + size
        if not 0 < size <= LONGEST_TOPIC or at + 2 * qos > length:
            return False
        self.number = 0
        if qos:
            self.number = buffer[at] << 8 | buffer[at + 1]
            at += 2
            if not self.number:
                return False
        self.retained = flags & 1 == 1
        self.begin = at
        self.end = length
        return self._read_topic(2, 2 + size)

    def _read_topic(self, begin: int, end: int) -> bool:
        """A topic without wildcards, in the printable signs of ASCII: all of ours are."""
        for at in range(begin, end):
            sign = self._buffer[at]
            if not 32 < sign < 127 or sign == 35 or sign == 43:
                self.topic = ""  # whatever it is, nobody has asked for it
                return True
        self.topic = str(memoryview(self._buffer)[begin:end], "ascii")
        return True
