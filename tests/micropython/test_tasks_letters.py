"""Letters between lamps and their gateway, the tasks of both ends in one VM: through bad air, restarts, and no room, each arrives once."""

import hashlib

import cryptolib
import post
from test_tasks_post import Dark, Still
from vboard import board

from lykta_node.core import letter, parcel, telegram
from lykta_node.tasks.airmail import Way
from lykta_node.tasks.gateway import Gateway
from lykta_node.tasks.mailbox import Mailbox
from lykta_node.tasks.transport import Transport

GATEWAY = 1
STEP_MS = 100
BUNDLE = b"bundle.."


class Side(Still):
    """The mesh of one end: what it sends is on the air at once; its share of the air is what it really has."""

    def __init__(self, number, air):
        super().__init__()
        self.number = number
        self.air = air

    def pass_time(self, now):
        pass

    def send_post(self, frame, kind, end, hops):
        self.budget.spend(end + telegram.TAG)
        sent = bytearray(frame)
        sent[0] = 16 | kind
        telegram.put(sent, telegram.EPOCH, 4, self.epoch)
        sent[telegram.HOPS] = hops
        self.air.append((self.number, sent, end))


class Clock:
    """A clock that knows the time, or is told it."""

    def __init__(self, stamp=0):
        self.told = stamp

    def stamp(self):
        return self.told

    def set(self, day, second, ms):
        self.told = day * 86_400 + second


class Log:
    def say(self, text):
        raise AssertionError(text)


class Lamp:
    """A lamp of the street; `came`: (kind, letter) that came down."""

    def __init__(self, street, number):
        self.came = []
        self.mailbox = Mailbox()
        for kind in (letter.SETTINGS, letter.COMMAND, letter.UPDATE, letter.PIECE):
            self.mailbox.on(kind, lambda data, kind=kind: self.came.append((kind, data)))
        self.clock = Clock()
        way = Way(number, {"gateway": GATEWAY, "next": GATEWAY})
        own = telegram.Key(0, street.keys[number], hashlib.sha256)
        self.end = Transport(Side(number, street.air), Dark(), self.clock, self.mailbox, way, own, *street.tools)


class Street:
    """A gateway with some lamps. `lost(frame)`: whether the next reception is; `up`: (lamp, kind, letter) that the network got."""

    def __init__(self, lamps, lost=lambda frame: False):
        post.set_clock()
        self.lost = lost
        self.air = []
        self.up = []
        self.asked = []
        self.takes = True
        self.drawn = 0
        self.keys = {lamp: bytes([lamp]) * 32 for lamp in lamps}
        self.tools = hashlib.sha256, cryptolib.aes, self.random, Log()
        self.gateway = None
        self.start()
        self.lamps = {lamp: Lamp(self, lamp) for lamp in lamps}

    def random(self, count):
        self.drawn += 1
        return hashlib.sha256(bytes([self.drawn & 255, self.drawn >> 8])).digest()[:count]

    def start(self):
        """The gateway starts, for the first time or anew: it knows nobody."""
        side = Side(GATEWAY, self.air)
        side.epoch = 1 if self.gateway is None else self.gateway.mesh.epoch + 1
        way = Way(GATEWAY, {"gateway": GATEWAY, "below": [[lamp, lamp] for lamp in self.keys]})
        self.gateway = Gateway(side, Dark(), Clock(1), way, self.keys, *self.tools)
        self.gateway.again = self.asked.append

    def box(self, lamp):
        return self.gateway.boxes.of[lamp]

    def network(self):
        """Takes what waits, and answers wishes for pieces."""
        for lamp in self.keys:
            box = self.box(lamp)
            waiting = box.first() if self.takes else None
            if waiting is not None:
                box.done(waiting)
                if waiting.kind == letter.WANT:
                    box.take(letter.PIECE, waiting.data + bytes(900))
                else:
                    self.up.append((lamp, waiting.kind, waiting.data))

    def live(self, seconds, but=()):
        """Some seconds pass; lamps in `but` have no power."""
        for _ in range(seconds * 1_000 // STEP_MS):
            board.advance(STEP_MS)
            ends = {lamp: self.lamps[lamp].end for lamp in self.lamps if lamp not in but}
            ends[GATEWAY] = self.gateway
            for end in ends.values():
                end.mesh.budget.pass_time(STEP_MS)
                end.mesh.silence.pass_time(STEP_MS, False)
                end.work(STEP_MS)
            self.network()
            sent = list(self.air)
            self.air.clear()
            for sender, frame, end in sent:
                for number in ends:
                    if number != sender and ends[number].concerns(frame, end + telegram.TAG) and not self.lost(frame):
                        ends[number].take(frame, sender, end)


def every(nth):
    """Each nth is lost."""
    state = [0]

    def lost(frame):
        state[0] += 1
        return state[0] % nth == 0

    return lost


def text(size, seed=0):
    return bytes([(7 * at + seed) & 255 for at in range(size)])


def test_letters__arrive_once_each_way_though_a_third_is_lost():
    """Telemetry of three lamps, settings and a command for one of them, and a piece of an update; and the lamps know the time."""
    street = Street((2, 5, 9), every(3))
    for lamp in street.keys:
        for number in range(3):
            street.lamps[lamp].mailbox.send(letter.TELEMETRY, text(700, lamp + number))
    assert street.box(5).take(letter.SETTINGS, text(3_000)) and street.box(5).take(letter.COMMAND, b"brighter")
    street.lamps[9].mailbox.want(BUNDLE, 258)
    street.live(300)
    assert [(5, letter.TELEMETRY, text(700, 5 + number)) for number in range(3)] == [found for found in street.up if found[0] == 5]
    assert 9 == len(street.up)
    assert [(letter.COMMAND, b"brighter"), (letter.SETTINGS, text(3_000))] == street.lamps[5].came
    assert [(letter.PIECE, BUNDLE + b"\x01\x02" + bytes(900))] == street.lamps[9].came
    assert [] == street.lamps[2].came
    assert all([lamp.mailbox.first() is None and lamp.clock.told for lamp in street.lamps.values()])
    assert 0 == street.gateway.refused + sum([lamp.end.refused for lamp in street.lamps.values()])


def test_gateway__that_starts_anew_is_greeted_by_all_and_goes_on():
    """In the midst of letters both ways, and nobody hears its call to all: whoever writes is asked to greet; nothing is lost or doubled."""
    street = Street((2, 3))
    street.live(60)
    street.lost = lambda frame: frame[0] & 15 == telegram.TIME and telegram.number(frame, parcel.TO, 2) == parcel.EVERYBODY
    for number in range(4):
        street.lamps[2].mailbox.send(letter.EVENT, text(300, number))
    street.live(1)
    street.start()
    assert street.box(3).take(letter.COMMAND, b"identify")
    street.lamps[3].mailbox.send(letter.EVENT, text(300, 4))
    street.live(240)
    assert [text(300, number) for number in range(5)] == sorted([data for _, _, data in street.up])
    assert [(letter.COMMAND, b"identify")] == street.lamps[3].came
    assert street.box(2) in street.asked and street.box(3) in street.asked, "what the broker keeps is asked for anew"


def test_receipts__that_are_lost_bring_a_letter_again_but_not_twice():
    """For twenty seconds none is heard, at either end: a letter of one chunk or of three, up and down, is there once."""
    for kind, data in ((letter.COMMAND, b"short"), (letter.SETTINGS, text(500))):
        street = Street((2,), lambda frame: frame[0] & 15 == telegram.RECEIPT)
        street.box(2).take(kind, data)
        street.lamps[2].mailbox.send(letter.EVENT, data)
        street.live(20)
        assert [(kind, data)] == street.lamps[2].came and 1 == street.lamps[2].mailbox.waits(letter.EVENT)
        street.lost = lambda frame: False
        street.live(60)
        assert [(kind, data)] == street.lamps[2].came
        assert [(2, letter.EVENT, data)] == street.up and not street.lamps[2].mailbox.waits(letter.EVENT)


def test_lamp__without_power_holds_up_nobody_and_is_given_up():
    """Settings for it rest while those for another go; after ten minutes they are dropped, and asked for anew when it is back."""
    street = Street((2, 3))
    street.live(60)
    assert street.box(2).take(letter.UPDATE, text(400)) and street.box(3).take(letter.UPDATE, text(400, 1))
    street.live(60, but=(2,))
    assert [(letter.UPDATE, text(400, 1))] == street.lamps[3].came
    street.live(600, but=(2,))
    assert 1 == street.gateway.parcels.forgotten
    street.asked.clear()
    street.live(60)
    assert [] == street.lamps[2].came
    assert street.box(2).take(letter.UPDATE, text(400))
    street.live(60)
    assert [(letter.UPDATE, text(400))] == street.lamps[2].came


def test_network__that_is_gone_leaves_letters_at_the_lamps():
    """The gateway says that it has no room, lamps wait, and when the network is back all of it arrives in its order."""
    street = Street((2, 3))
    street.takes = False
    sent = [text(900, number) for number in range(8)]
    for lamp in (2, 3):
        for data in sent:
            street.lamps[lamp].mailbox.send(letter.TELEMETRY, data)
    street.live(300)
    waits = [street.lamps[lamp].mailbox.waits(letter.TELEMETRY) for lamp in (2, 3)]
    held = sum([street.box(lamp).held() for lamp in (2, 3)])
    assert sum(waits) and held <= 12_288 and 16 * 900 == held + 900 * sum(waits), (waits, held)
    street.takes = True
    street.live(300)
    for lamp in (2, 3):
        assert sent == [data for found, _, data in street.up if found == lamp]


def test_parcels__are_bounded_and_only_the_last_settings_count():
    """12 kB and 40 letters; who had no room is told so, and is asked for when there is some."""
    street = Street(range(2, 50))
    parcels = street.gateway.parcels
    assert street.box(2).take(letter.SETTINGS, text(4_000)) and street.box(2).take(letter.SETTINGS, text(4_000))
    assert street.box(2).take(letter.SETTINGS, text(4_000, 1)), "it takes the place of the one before"
    assert street.box(3).take(letter.SETTINGS, text(4_000)) and parcels.room()
    assert street.box(4).take(letter.SETTINGS, text(4_000)) and not parcels.room()
    assert not street.box(5).take(letter.SETTINGS, text(4_000))
    assert [True] * 37 + [False] * 7 == [street.box(lamp).take(letter.COMMAND, b"go") for lamp in range(6, 50)]
    street.gateway.work(3_600_000)
    assert 40 == parcels.forgotten and parcels.room()
    street.gateway.work(STEP_MS)
    assert 1 == len(street.asked)
