"""A small MQTT broker for tests, bytes in and bytes out: on MicroPython beside the node, or on the host behind a street's sockets.

It knows CONNECT, PUBLISH, SUBSCRIBE, UNSUBSCRIBE and PINGREQ as a node sends them, keeps what is retained, sends last wills, and writes
down all that was published. It believes every client to be who it says.
"""


class Broker:
    """What all connections share. `published`: [(topic, payload, qos, retained, again)] in the order in which it came."""

    def __init__(self):
        self.clients = []
        self.kept = {}
        self.published = []
        self.refuses = 0  # the code for whoever connects
        self.acknowledges = True

    def client(self, send):
        """A new connection, to which `send(bytes)` writes."""
        found = Client(self, send)
        self.clients.append(found)
        return found

    def publish(self, topic, payload, retain=False, qos=1):
        """To all that have subscribed; how many those were."""
        if retain:
            if payload:
                self.kept[topic] = payload
            else:
                self.kept.pop(topic, None)
        found = [client for client in self.clients if topic in client.topics]
        for client in found:
            client.deliver(topic, payload, qos, False)
        return len(found)

    def of(self, ending):
        """The payloads that were published under topics with this ending."""
        return [each[1] for each in self.published if each[0].endswith(ending)]


class Client:
    """One connection."""

    def __init__(self, broker, send):
        self.broker = broker
        self.send = send
        self.name = ""
        self.topics = []
        self.will = None
        self.acknowledged = []
        self.packets = 0
        self._data = b""
        self._number = 0

    def received(self, data):
        """Bytes have come."""
        self._data += data
        while len(self._data) >= 2:
            length = shift = 0
            at = 1
            while True:
                if at >= len(self._data):
                    return
                byte = self._data[at]
                length |= (byte & 127) << shift
                shift += 7
                at += 1
                if byte < 128:
                    break
            if len(self._data) < at + length:
                return
            first, rest = self._data[0], self._data[at : at + length]
            self._data = self._data[at + length :]
            self._take(first, rest)

    def lost(self):
        """The connection is cut."""
        if self in self.broker.clients:
            self.broker.clients.remove(self)
        if self.will:
            will, self.will = self.will, None
            self.broker.published.append((will[0], will[1], 1, True, False))
            self.broker.publish(will[0], will[1], True)

    def deliver(self, topic, payload, qos, retained):
        """Send a PUBLISH."""
        self._number += 1
        rest = text(topic) + (self._number.to_bytes(2, "big") if qos else b"") + payload
        self.send(packet(0x30 | qos << 1 | int(retained), rest))

    def _take(self, first, rest):
        self.packets += 1
        kind = first >> 4
        if kind == 1:
            fields = texts(rest[10:])
            self.name = fields[0].decode()
            if rest[7] & 4:
                self.will = (fields[1].decode(), fields[2])
            if self.broker.refuses:
                self.will = None
            self.send(bytes([0x20, 2, 0, self.broker.refuses]))
        elif kind == 3:
            self._published(first, rest)
        elif kind == 4:
            self.acknowledged.append(int.from_bytes(rest, "big"))
        elif kind == 8:
            self._subscribe(rest)
        elif kind == 10:
            gone = [topic.decode() for topic in texts(rest[2:])]
            self.topics = [topic for topic in self.topics if topic not in gone]
            self.send(b"\xb0\x02" + rest[:2])
        elif kind == 12:
            self.send(b"\xd0\x00")

    def _published(self, first, rest):
        size = int.from_bytes(rest[:2], "big")
        topic, rest = rest[2 : 2 + size].decode(), rest[2 + size :]
        qos = first >> 1 & 3
        payload = rest[2:] if qos else rest
        self.broker.published.append((topic, bytes(payload), qos, bool(first & 1), bool(first & 8)))
        if qos and self.broker.acknowledges:
            self.send(b"\x40\x02" + rest[:2])
        self.broker.publish(topic, bytes(payload), bool(first & 1))

    def _subscribe(self, rest):
        codes = b""
        at = 2
        wanted = []
        while at < len(rest):
            size = int.from_bytes(rest[at : at + 2], "big")
            wanted.append(rest[at + 2 : at + 2 + size].decode())
            codes += b"\x01"
            at += 3 + size
        self.send(packet(0x90, rest[:2] + codes))
        for topic in wanted:
            if topic not in self.topics:
                self.topics.append(topic)
            if topic in self.broker.kept:
                self.deliver(topic, self.broker.kept[topic], 1, True)


def packet(first, rest):
    """A packet."""
    head = bytes([first])
    left = len(rest)
    while left > 127:
        head += bytes([left & 127 | 128])
        left >>= 7
    return head + bytes([left]) + rest


def text(value):
    """A string as it stands in a packet."""
    return len(value).to_bytes(2, "big") + value.encode()


def texts(data):
    """The strings that follow each other."""
    found = []
    while len(data) >= 2:
        size = int.from_bytes(data[:2], "big")
        found.append(bytes(data[2 : 2 + size]))
        data = data[2 + size :]
    return found
