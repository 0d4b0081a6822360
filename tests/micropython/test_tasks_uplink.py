"""The uplink against a small broker in the same VM: letters up and down, and every way in which a broker can be bad."""

import asyncio
import socket  # noqa: F401

import network
import smallbroker
from vboard import NET_CLOSE, NET_DATA, NET_OPEN, NET_ROOM, WIFI, board

from lykta_node.core import letter
from lykta_node.drivers.wifi import Wifi
from lykta_node.tasks import clock, courier, log, mailbox, session, uplink

ABOUT = {"host": "10.0.0.1", "port": 8883, "district": "d", "name": "s.1", "server": "broker", "tier": 1}
BASE = "lykta/v1/d/n/s.1/"
WAY_MS = 20
ECONNREFUSED = 111
ECONNRESET = 104


class Line:
    """The other end of the sockets: one small broker, or something worse. `mood`: what it does to whoever connects."""

    def __init__(self):
        self.broker = smallbroker.Broker()
        self.mood = "well"
        self.clients = {}
        self.opened = []  # when somebody began to connect
        self.read = 0
        self._keep = board.emit
        board.emit = self.emit

    def emit(self, kind, which, value, data=b""):
        """What goes out of the board."""
        if kind == NET_OPEN:
            self.opened.append(board.now)
            if self.mood == "refuses":
                self.say(NET_CLOSE, value, b"", ECONNREFUSED)
            elif self.mood != "dead":
                self.clients[value] = self.broker.client(lambda out: self.say(NET_DATA, value, out))
                self.say(NET_OPEN, value)
                if self.mood == "garbage":
                    self.say(NET_DATA, value, b"\x00\xff garbage \r\n\r\n")
        elif kind == NET_DATA:
            self.read += len(data)
            self.say(NET_ROOM, value, len(data).to_bytes(2, "big"))
            if self.mood not in ("mute", "garbage") and value in self.clients:
                self.clients[value].received(bytes(data))
        elif kind == NET_CLOSE:
            if value in self.clients:
                self.clients.pop(value).lost()
        elif kind != NET_ROOM:
            self._keep(kind, which, value, data)

    def say(self, kind, value, data=b"", which=0):
        """To the board."""
        board.at(board.now + WAY_MS, kind, which, value, data)

    def cut(self):
        """All connections are cut."""
        for value in list(self.clients):
            self.say(NET_CLOSE, value, b"", ECONNRESET)
            self.clients.pop(value).lost()


class Time:
    """A clock that is set, or not."""

    state = clock.SET


class World:
    """An uplink with its line. The pauses drawn are a share of their limit."""

    def __init__(self, mood="well"):
        network.around["street"] = ("secret", 6)
        self.line = Line()
        self.line.mood = mood
        self.log = log.Log()
        self.clock = Time()
        self.limits = []
        self.events = []
        self.level = 500
        self.box = mailbox.Mailbox()
        wifi = Wifi(network.WLAN(0), "street", "secret", lambda below: 0)
        self.uplink = uplink.Uplink(ABOUT, dial, wifi, self.clock, lambda: self.level, self.draw, self.log, self.tell)
        self.uplink.courier.carry("s.1", self.box)

    def draw(self, below):
        self.limits.append(below)
        return below // 2

    def tell(self, *what):
        self.events.append(what)

    def live(self, script):
        """Let the uplink run while a script does."""

        async def both():
            task = asyncio.create_task(self.uplink.run())
            await script(self)
            assert not task.done()
            task.cancel()
            await asyncio.sleep_ms(10)

        asyncio.run(both())

    def said(self, word):
        """How many lines of the log have a word."""
        return len([line for line in self.log.lines() if word in line])


async def dial(host, port):
    """TCP alone: TLS is tested over whole streets."""
    stream, _ = await asyncio.open_connection(host, port)
    return stream


def test_letters__go_up_and_are_done_when_they_are_acknowledged():
    """State first, retained; telemetry and events in QoS 1, the level of the moment in QoS 0; each once."""

    async def script(world):
        world.box.send(letter.TELEMETRY, b"t1")
        world.box.send(letter.EVENT, b"e1")
        world.box.send(letter.STATE, b"on")
        world.box.send(letter.LIVE, b"l1")
        await asyncio.sleep(30)
        assert world.box.first() is None

    world = World()
    world.live(script)
    expected = [("state", b"on", 1, True), ("up/event", b"e1", 1, False), ("up/telemetry", b"t1", 1, False), ("up/live", b"l1", 0, False)]
    assert [(BASE + each[0], each[1], each[2], each[3], False) for each in expected] == world.line.broker.published[:4]
    assert 1 == world.uplink.connections


def test_letters_down__reach_the_mailbox():
    """Settings that the broker kept, a command, an offer; not a command that was kept, nor what nobody asked for."""

    async def script(world):
        broker = world.line.broker
        found = []
        for kind in (letter.SETTINGS, letter.COMMAND, letter.UPDATE):
            world.box.on(kind, lambda data, kind=kind: found.append((kind, data)))
        broker.publish(BASE + "down/settings", b"kept", True)
        broker.publish(BASE + "down/command", b"of another time", True)
        await asyncio.sleep(30)
        assert [(letter.SETTINGS, b"kept")] == found
        broker.publish(BASE + "down/command", b"now")
        broker.publish(BASE + "down/update", b"offer", qos=0)
        client = broker.clients[0]
        for topic in (BASE + "down/other", "lykta/v1/d/n/s.2/down/command", "lykta/v1/d/update/00/1", "cfg/a", BASE + "down/command/x"):
            client.deliver(topic, b"never asked for", 1, False)
        await asyncio.sleep(5)
        assert [(letter.COMMAND, b"now"), (letter.UPDATE, b"offer")] == found[1:]
        assert 6 == world.uplink.courier.ignored
        assert 8 == len(client.acknowledged)  # all are acknowledged, or they would come again and again

    World().live(script)


def test_pieces__are_asked_for_one_at_a_time():
    """The piece that is wanted comes at once, the one before is wanted no more; after an outage it is asked for again."""

    async def script(world):
        broker = world.line.broker
        found = []
        world.box.on(letter.PIECE, found.append)
        for number in range(3):
            broker.publish("lykta/v1/d/update/0102030405060708/" + str(number), bytes([number]) * 4_096, True)
        await asyncio.sleep(30)
        for number in (0, 1):
            world.box.want(b"\x01\x02\x03\x04\x05\x06\x07\x08", number)
            await asyncio.sleep(2)
            assert bytes([number]) * 4_096 == found[-1]
        pieces = [topic for topic in broker.clients[0].topics if "update/" in topic]
        assert ["lykta/v1/d/update/0102030405060708/1"] == pieces
        world.line.cut()
        await asyncio.sleep(60)
        assert 3 == len(found) and bytes([1]) * 4_096 == found[-1]

    World().live(script)


def test_acknowledgement__that_never_comes_sends_it_again_over_the_next_connection():
    """Marked as sent before, with the same number; then it is done."""

    async def script(world):
        await asyncio.sleep(30)
        world.line.broker.acknowledges = False
        world.box.send(letter.TELEMETRY, b"t1")
        await asyncio.sleep(15)
        assert 1 == len(world.line.broker.of("telemetry")) and world.box.first() is not None
        world.line.broker.acknowledges = True
        await asyncio.sleep(90)
        assert [False, True] == [each[4] for each in world.line.broker.published if each[0].endswith("telemetry")]
        assert world.box.first() is None and 2 == world.uplink.connections

    World().live(script)


def test_cut_connection__sends_the_last_will_and_comes_back():
    """The broker says that the node is offline; when it is back it says itself that it is not."""

    async def script(world):
        world.box.send(letter.STATE, b"on")
        await asyncio.sleep(120)
        world.line.cut()
        await asyncio.sleep(30)
        assert [b"on", b'{"v":1,"online":false}', b"on"] == world.line.broker.of("state")
        assert (1, 2) == (world.said("lost"), world.said("connected"))

    World().live(script)


def test_pauses__are_drawn_from_a_limit_that_doubles_up_to_the_cap():
    """A broker that refuses: 1 s, 2 s, ... below 15 min; one line in the log, however long it lasts; a good connection begins anew."""

    async def script(world):
        await asyncio.sleep(3_600 * 6)
        assert [20_000] + [min(1_000 << tries, 850_000) for tries in range(len(world.limits) - 1)] == world.limits
        gaps = [later - earlier for earlier, later in zip(world.line.opened, world.line.opened[1:])]  # noqa: B905
        assert gaps[-1] <= 850_000 and max(gaps) < 900_000
        assert (1, 0) == (world.said("uplink"), world.said("connected"))
        world.line.mood = "well"
        await asyncio.sleep(1_000)
        assert 1 == world.uplink.connections
        world.line.cut()
        await asyncio.sleep(60)
        assert 20_000 == world.limits[-1] and 2 == world.uplink.connections

    World("refuses").live(script)


def test_broker_that_is_dead_or_mute_or_babbles__costs_no_more_than_its_time():
    """Nobody answers, or accepts and says nothing, or sends garbage: each try ends within its limit, and no socket is left over."""
    for mood in ("dead", "mute", "garbage"):

        async def script(world):
            await asyncio.sleep(3_600)
            assert 0 == world.uplink.connections and world.uplink.tries > 3
            assert len(world.line.clients) <= 1 and len(socket._open) <= 1
            assert 1 == world.said("uplink"), world.log.lines()

        world = World(mood)
        world.live(script)
        board.emit = world.line._keep
        network.WLAN(0).disconnect()


def test_broker_that_refuses_us__is_said_and_left_alone():
    """A certificate that is not wanted: in the log once, with what to look at."""

    async def script(world):
        world.line.broker.refuses = 5
        await asyncio.sleep(3_600)
        assert (0, 1) == (world.uplink.connections, world.said("refuses s.1, code 5"))
        assert 850_000 == max(world.limits)

    World().live(script)


def test_silent_broker__is_asked_and_given_up():
    """Nothing for a minute: it is asked; no answer: the connection is over. One that answers is kept for hours."""

    async def script(world):
        await asyncio.sleep(3_600)
        assert 1 == world.uplink.connections and world.line.broker.clients[0].packets > 50
        world.line.mood = "mute"  # half open: the other side is gone, and says nothing
        await asyncio.sleep(session.ANSWER_MS * 2 // 1_000 + 70)
        assert world.said("lost") == 1

    World().live(script)


def test_broker_that_only_listens__is_asked_though_we_speak():
    """Levels of the moment are acknowledged by nobody: they are no reason to give a broker up, nor to keep one that is gone."""

    async def script(world):
        for _ in range(60):
            world.box.send(letter.LIVE, b"l")
            await asyncio.sleep(10)
        assert 1 == world.uplink.connections
        world.line.mood = "mute"
        for _ in range(session.ANSWER_MS * 2 // 10_000 + 8):
            world.box.send(letter.LIVE, b"l")
            await asyncio.sleep(10)
        assert world.said("lost") == 1

    World().live(script)


def test_clock_that_is_not_set__means_no_connection():
    """Said once; as soon as it is set, the connection comes."""

    async def script(world):
        await asyncio.sleep(3_600)
        assert ([], 1) == (world.line.opened, world.said("not before the clock is set"))
        world.clock.state = clock.SET
        await asyncio.sleep(30)
        assert 1 == world.uplink.connections

    world = World()
    world.clock.state = clock.UNSET
    world.live(script)


def test_ramp__is_waited_for():
    """While the light moves no handshake begins; a light that never stands still does not keep us away for ever."""

    async def script(world):
        for _ in range(60):
            world.level += 1
            await asyncio.sleep(1)
            if world.line.opened:
                break
        assert 30_000 <= board.now - began <= 50_000

    world = World()
    began = board.now
    world.live(script)


def test_access_point_that_goes__ends_the_connection_and_it_comes_back():
    """Not before the network is there again."""

    async def script(world):
        await asyncio.sleep(90)
        board.at(board.now + 1, WIFI, 6, 0, b"street\0secret")
        await asyncio.sleep(600)
        assert (1, 1) == (world.uplink.connections, len(world.line.opened))
        board.at(board.now + 1, WIFI, 6, 1, b"street\0secret")
        await asyncio.sleep(1_000)
        assert 2 == world.uplink.connections

    World().live(script)


def test_flood__is_left_in_the_socket():
    """A broker that sends all that there is room for: twenty a second are taken, the rest waits with the broker."""

    async def script(world):
        await asyncio.sleep(30)
        found = []
        world.box.on(letter.COMMAND, found.append)
        client = world.line.broker.clients[0]
        value = list(world.line.clients)[0]
        room = [socket.WINDOW]

        def emit(kind, which, serial, data=b"", emit=board.emit):
            if kind == NET_ROOM:
                room[0] += int.from_bytes(data, "big")
            emit(kind, which, serial, data)

        board.emit = emit
        whole = smallbroker.packet(0x30, smallbroker.text(BASE + "down/command") + bytes(64))
        sent = 0
        for _ in range(300):
            while room[0] >= len(whole):
                room[0] -= len(whole)
                world.line.say(NET_DATA, value, whole)
                sent += 1
            await asyncio.sleep_ms(100)
        assert 500 <= len(found) <= 620, len(found)
        assert sent < 720 and client in world.line.broker.clients

    World().live(script)


def test_gateway__carries_for_the_lamps_behind_it():
    """Each lamp under its own topics, in turn; what a lamp had no room for is asked for again."""

    async def script(world):
        behind = mailbox.Mailbox()
        found = []
        behind.on(letter.SETTINGS, found.append)
        world.line.broker.publish("lykta/v1/d/n/s.2/down/settings", b"for 2", True)
        await asyncio.sleep(30)
        world.uplink.courier.carry("s.2", behind)
        await asyncio.sleep(2)
        assert [b"for 2"] == found
        world.uplink.courier.ask_again(behind)
        for number in range(4):
            world.box.send(letter.EVENT, bytes([number]))
            behind.send(letter.EVENT, bytes([number]))
        await asyncio.sleep(5)
        assert [b"for 2"] * 2 == found
        order = [each[0] for each in world.line.broker.published if each[0].endswith("event")]
        assert [BASE + "up/event", "lykta/v1/d/n/s.2/up/event"] * 4 == order or order[0] != order[1]
        assert 8 == len(order)

    World().live(script)


def test_topics__that_are_nearly_ours_are_nobodys():
    """Only the very topics that were asked for."""
    carrier = courier.Courier("d", uplink.Alarm(), None)
    carrier.carry("s.1", mailbox.Mailbox())
    box, kind = carrier._addressed(BASE + "down/settings")
    assert "s.1" == box.name and letter.SETTINGS == kind
    others = ("x" + BASE + "down/settings", "lykta/v2/d/n/s.1/down/settings", "lykta/v1/d/n/s.1")
    for topic in ("", BASE, BASE + "state", BASE + "up/event") + others:
        assert (None, 0) == carrier._addressed(topic), topic
