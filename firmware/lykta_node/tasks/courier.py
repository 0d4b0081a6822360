"""Carries letters between mailboxes and the broker over a session: whose they are, under which topics, and which have arrived.

One letter at a time goes up, and counts as gone when the broker has acknowledged it; else it goes again, marked as such, over the next
connection. A gateway carries for the lamps behind it as well, each with a mailbox and topics of its own. What nobody asked for is
ignored and counted: a broker may send anything.
"""

from micropython import const

from ..core import letter, mqtt
from . import ticks
from .mailbox import TOPICS

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from .alarm import Alarm
    from .mailbox import Letter, Mailbox
    from .session import Session

WILL = b'{"v":1,"online":false}'
_ROOT = "lykta/v1/"
_DOWN = (letter.SETTINGS, letter.COMMAND, letter.UPDATE)
_BUNDLE = const(8)


class Box:
    """A mailbox, the name of its node on the network, and what of it the broker knows by now."""

    def __init__(self, name: str, mailbox: "Mailbox") -> None:
        self.name = name
        self.mailbox = mailbox
        self.subscribed = False
        self.piece = ""  # topic of the piece it waits for


class Courier:
    """The boxes of one district, and what is under way between them and the broker."""

    def __init__(self, district: str, alarm: "Alarm", log) -> None:
        """`alarm`: on which whoever calls `round` sleeps."""
        self.ignored = 0  # letters that nobody asked for
        self._district = f"{_ROOT}{district}/"
        self._nodes = self._district + "n/"
        self._alarm = alarm
        self._log = log
        self._boxes: list[Box] = []
        self._next = 0  # of the boxes, whose turn it is
        self._under_way: "tuple[Box, Letter] | None" = None  # sent, or to be sent again: not acknowledged yet,
        self._sent = 0  # and its number
        self._again = False  # it was sent over a connection before this one
        self._number = 0  # of the last packet that had one

    def carry(self, name: str, mailbox: "Mailbox") -> None:
        """Carry for a node from now on."""
        mailbox.carrier = self._alarm
        self._boxes.append(Box(name, mailbox))
        self._alarm.ring()

    def ask_again(self, mailbox: "Mailbox") -> None:
        """Ask the broker anew for what it keeps for a node: whoever should have had it had no room."""
        for box in self._boxes:
            if box.mailbox is mailbox:
                box.subscribed = False
                self._alarm.ring()

    def will_topic(self) -> str:
        """Where the broker says that the first node, this one, is gone."""
        return self._topic(self._boxes[0], letter.STATE)

    def connected(self) -> None:
        """A session has begun: the broker is told and asked everything anew, and first what it has not acknowledged."""
        self._again = self._under_way is not None
        for box in self._boxes:
            box.subscribed = False
            box.mailbox.connected()

    async def round(self, session: "Session") -> bool:
        """Do the next thing there is to do, if the session is free; False: there is nothing."""
        if not session.free():
            return False
        return await self._subscribe(session) or await self._send(session)

    async def _subscribe(self, session: "Session") -> bool:
        """Ask for what comes down to a box, where that was not done."""
        for box in self._boxes:
            if not box.subscribed:
                topics = [self._topic(box, kind) for kind in _DOWN]
                if box.piece:
                    topics.append(box.piece)
                refused = await session.subscribe(topics, self._following())
                box.subscribed = True
                if refused:
                    self._log.say(f"uplink: the broker has no letters for {box.name}: may this node carry for it?")
                return True
        return False

    async def _send(self, session: "Session") -> bool:
        """Send the next letter, or first one of before that was not acknowledged; whether there was one."""
        if self._under_way is not None and not self._again:
            box, gone = self._under_way  # the session is free: it has arrived
            self._under_way = None
            box.mailbox.done(gone)
        if self._under_way is None and not self._choose():
            return False
        assert self._under_way is not None
        box, chosen = self._under_way
        if chosen.kind == letter.WANT:
            self._under_way = None
            await self._ask(session, box, chosen.data)
            box.mailbox.done(chosen)
            return True
        again = self._again
        self._again = False
        number = self._sent if chosen.kind != letter.LIVE else 0
        await session.publish(self._topic(box, chosen.kind), chosen.data, again, chosen.kind == letter.STATE, number)
        return True

    def _choose(self) -> bool:
        """Take the next letter, box after box; whether any waits."""
        for _ in range(len(self._boxes)):
            box = self._boxes[self._next]
            self._next = (self._next + 1) % len(self._boxes)
            waiting = box.mailbox.first()
            if waiting is not None:
                self._sent = self._following()
                self._under_way = (box, waiting)
                return True
        return False

    async def _ask(self, session: "Session", box: Box, wish: bytes) -> None:
        """Ask for a piece of a bundle, and no more for the one before."""
        bundle = "".join([f"{byte:02x}" for byte in wish[:_BUNDLE]])
        topic = f"{self._district}update/{bundle}/{wish[_BUNDLE] << 8 | wish[_BUNDLE + 1]}"
        old = box.piece
        box.piece = topic
        if old and old != topic:
            await session.unsubscribe(old, self._following())
        await session.subscribe((topic,), self._following())

    def take(self, packet, buffer) -> None:
        """A letter has come down: whose it is the topic says. A command that the broker kept is of another time."""
        box, kind = self._addressed(packet.topic)
        if box is None or (kind == letter.COMMAND and packet.retained):
            self.ignored = (self.ignored + 1) & ticks.WRAP
        elif not box.mailbox.take(kind, bytes(memoryview(buffer)[packet.begin : packet.end])):
            self.ignored = (self.ignored + 1) & ticks.WRAP

    def _addressed(self, topic: str):
        """(box, kind of letter) of a topic; (None, 0): it is for nobody here."""
        name, _, rest = topic[len(self._nodes) :].partition("/")
        ours = topic.startswith(self._nodes)
        for box in self._boxes:
            if ours and box.name == name:
                for kind in _DOWN:
                    if TOPICS[kind] == rest:
                        return box, kind
            elif topic and topic == box.piece:
                return box, letter.PIECE
        return None, 0

    def _following(self) -> int:
        self._number = mqtt.following(self._number)
        return self._number

    def _topic(self, box: Box, kind: int) -> str:
        return f"{self._nodes}{box.name}/{TOPICS[kind]}"
