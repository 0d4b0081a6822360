"""Who attacks the post: strangers, opened neighbours, and recorders get nothing in, change no clock, and cost no light; memory stays."""

import asyncio
import gc
import hashlib

import cryptolib
import post
from vboard import board

from lykta_node import online  # noqa: F401 - the app could not find it later, nor what it imports
from lykta_node.core import bundle, ed25519, health, letter, parcel, sealing, telegram  # noqa: F401
from lykta_node.core import lamp as row
from lykta_node.tasks import airmail, changes, findings, letterfiles, reports, slotfiles, update  # noqa: F401
from lykta_node.tasks.transport import Transport

LAMP, GATEWAY = 2, 1
WAY = {"gateway": GATEWAY, "next": GATEWAY}
SALT = b"gateway."


class Gate(post.Other):
    """The gateway of the lamp, as far as its radio goes; `own`: what it believes to be the lamp's key."""

    def __init__(self, own=post.OWN, number=GATEWAY, secret=post.SHARED, epoch=1):
        super().__init__(number, epoch, secret)
        self.own = telegram.Key(0, own, hashlib.sha256)
        self.session = None

    def frame(self, kind, end, to=LAMP, stamp=None):
        """A telegram of the post whose payload stands in `buffer` up to `end`."""
        parcel.address(self.buffer, to, to)
        self.counter += 1
        if stamp is None:
            stamp = 0 if board.rtc is None else (board.now + board.rtc) // 4_000
        telegram.head(self.buffer, kind, self.number, self.epoch, self.counter, stamp, 60, 3)
        return bytes(self.buffer[: telegram.seal(self.buffer, end, 0, self.key)])

    def tell(self, asked, day=post.DAY, ms=post.EVENING_S * 1_000, key=None):
        """The answer to a greeting."""
        frame = self.buffer
        frame[parcel.GREETING] = parcel.TELL
        frame[parcel.ASKED : parcel.ANSWERED] = asked
        frame[parcel.ANSWERED : parcel.DAY] = SALT
        telegram.put(frame, parcel.DAY, 2, day)
        telegram.put(frame, parcel.MS, 4, ms)
        parcel.address(frame, LAMP, LAMP)
        proof = (key or self.own).tag(parcel.proof(self.number, frame, parcel.TELL_END))[: telegram.TAG]
        frame[parcel.TELL_END : parcel.TELL_END + telegram.TAG] = proof
        secret = sealing.secret(self.own, LAMP, GATEWAY, asked, SALT)
        self.session = sealing.Session(secret, hashlib.sha256, cryptolib.aes)
        return self.frame(telegram.TIME, parcel.TELL_END + telegram.TAG)

    def chunks(self, data, number=1, kind=letter.COMMAND, using=None):
        """A letter to the lamp, as telegrams."""
        using = using or self.session
        text = bytearray(sealing.PREFIX) + data + bytes(sealing.TAG)
        length = using.seal(text, len(data), (GATEWAY, LAMP, self.epoch, number, kind))
        found = []
        for index in range(parcel.chunks(length)):
            part = text[sealing.PREFIX + index * parcel.CHUNK : sealing.PREFIX + min(length, (index + 1) * parcel.CHUNK)]
            at = parcel.label(self.buffer, number, using.number, kind | parcel.ASKS, index, parcel.chunks(length))
            self.buffer[at : at + len(part)] = part
            found.append(self.frame(telegram.SETTINGS, at + len(part)))
        return found


def street(clock=True):
    """A lamp with a gateway, its mailbox listening for whatever comes down: (node, what has come)."""
    post.write(post.files(LAMP, radio={"channel": 1, "hops": 0, "post": WAY}))
    if clock:
        post.set_clock()
    from lykta_node import app

    node = app.Node()
    came = []
    for kind in (letter.SETTINGS, letter.COMMAND, letter.UPDATE):
        node.mesh.airmail._mailbox.on(kind, lambda data, kind=kind: came.append((kind, data)))
    return node, came


def asked():
    """What the lamp has last greeted with; None if it has not since the last look."""
    found = [data for _, data in post.sent() if data[0] & 15 == telegram.TIME]
    return found[-1][parcel.ASKED : parcel.ASK_END] if found else None


async def greeted(gate, **about):
    """Answer the lamp's next greeting."""
    drawn = None
    while drawn is None:
        await asyncio.sleep_ms(200)
        drawn = asked()
    told = gate.tell(drawn, **about)
    post.air(told)
    await asyncio.sleep_ms(100)
    return told


def test_lamp__that_knows_a_gateway_carries_for_itself():
    """It has a courier, and what nobody else needs is not there on other lamps."""
    node, _ = street()
    assert isinstance(node.mesh.airmail, Transport)


def test_letter__arrives_once_however_often_it_is_sent():
    """Three chunks in any order, twice; a letter of a number that was taken is only acknowledged."""
    node, came = street()
    gate = Gate()
    data = bytes([at & 255 for at in range(500)])

    async def script(node):
        await greeted(gate)
        for _ in range(2):
            for chunk in reversed(gate.chunks(data)):
                post.air(chunk)
                await asyncio.sleep_ms(100)
        await asyncio.sleep_ms(4_000)

    post.live(node, script)
    assert [(letter.COMMAND, data)] == came


# security: 13
def test_time__is_set_by_the_answer_to_the_own_question_alone():
    """A TELL under the segment's key, another lamp's key, for another question, or of yesterday sets no clock; the right one does."""
    node, _ = street(clock=False)
    gate = Gate()
    neighbour = Gate(own=bytes(32))

    async def script(node):
        drawn = None
        while drawn is None:
            await asyncio.sleep_ms(200)
            drawn = asked()
        shared = telegram.Key(0, post.SHARED, hashlib.sha256)
        post.air(gate.tell(drawn, key=shared), 10)
        post.air(neighbour.tell(drawn), 20)
        gate.counter += 5
        post.air(gate.tell(b"an older"), 30)
        gate.counter += 5
        bent = bytearray(gate.tell(drawn, ms=1))
        bent[parcel.MS + 3] ^= 2
        telegram.seal(bent, len(bent) - telegram.TAG, 0, gate.key)
        post.air(bytes(bent), 40)
        await asyncio.sleep_ms(2_500)
        assert (0, None) == (node.clock.stamp(), node.mesh.airmail.session)
        assert node.control.lamp[row.FAULTS] & health.CLOCK
        yesterday = await greeted(gate)
        await asyncio.sleep_ms(2_000)
        assert node.clock.stamp() and node.mesh.airmail.session is not None
        before = node.clock.stamp()
        post.air(yesterday)
        await asyncio.sleep_ms(2_000)
        assert before <= node.clock.stamp() <= before + 1

    post.live(node, script)


def test_answer__that_was_long_on_its_way_tells_no_time():
    """2.5 s late: the session holds, the clock stays unset, and the lamp asks again."""
    node, _ = street(clock=False)
    gate = Gate()

    async def script(node):
        drawn = None
        while drawn is None:
            await asyncio.sleep_ms(100)
            drawn = asked()
        post.air(gate.tell(drawn), 2_500)
        await asyncio.sleep_ms(3_500)
        assert 0 == node.clock.stamp() and node.mesh.airmail.session is not None
        await greeted(gate)
        await asyncio.sleep_ms(2_000)
        assert node.clock.stamp()

    post.live(node, script)


# security: 13
def test_insider__with_the_segments_key_gets_no_letter_in_and_takes_none_out():
    """An opened neighbour plays the gateway: letters under other keys, forged receipts; nothing is taken, and a real one still is."""
    node, came = street()
    gate = Gate()
    mail = node.mesh.airmail

    async def script(node):
        await greeted(gate)
        while mail._mailbox.first() is not None and mail._out is None:
            await asyncio.sleep_ms(100)
        waiting = mail._mailbox.first()
        other = sealing.Session(bytes(32), hashlib.sha256, cryptolib.aes)
        other.number = gate.session.number
        for chunk in gate.chunks(b"lower the light" * 20, using=other):
            post.air(chunk)
            await asyncio.sleep_ms(50)
        at = parcel.label(gate.buffer, mail._number, gate.session.number, waiting.kind, parcel.WHOLE, 1)
        telegram.put(gate.buffer, parcel.BITS, 4, 1)
        parcel.address(gate.buffer, LAMP, LAMP)
        gate.buffer[parcel.RECEIPT_END : parcel.RECEIPT_END + telegram.TAG] = bytes(telegram.TAG)
        assert at == parcel.BITS
        post.air(gate.frame(telegram.RECEIPT, parcel.RECEIPT_END + telegram.TAG))
        await asyncio.sleep_ms(1_000)
        assert [] == came and 1 <= mail.refused
        assert waiting is mail._mailbox.first()  # nobody has said that it arrived
        for chunk in gate.chunks(b"right" * 100, number=2):
            post.air(chunk)
            await asyncio.sleep_ms(50)
        await asyncio.sleep_ms(500)

    post.live(node, script)
    assert [(letter.COMMAND, b"right" * 100)] == came


def test_wave__silences_the_lamp_and_commands_go_all_the_same():
    """Somebody is at the post: no letter, no greeting; the receipt of a command is sent at once."""
    node, came = street()
    gate = Gate()

    async def script(node):
        await greeted(gate)
        await asyncio.sleep_ms(8_000)
        post.pir(1, 1)
        await asyncio.sleep_ms(100)
        node.mesh.airmail._mailbox.send(letter.EVENT, b"{}")
        assert node.mesh.airmail._pieces.wish(b"bundle..\x00\x01")
        post.sent()
        turns = node.mesh.airmail.turns
        await asyncio.sleep_ms(20_000)
        assert node.mesh.airmail.turns - turns < 100, "it waits, it does not spin"
        assert node.control.lamp[row.TRACKS]
        assert not [data for _, data in post.sent() if telegram.is_post(data)]
        for chunk in gate.chunks(b"brighter"):
            post.air(chunk)
        await asyncio.sleep_ms(300)
        found = [data for _, data in post.sent() if telegram.is_post(data)]
        assert [telegram.RECEIPT] == [data[0] & 15 for data in found]
        assert (letter.COMMAND, parcel.WHOLE) == (found[0][parcel.KIND], found[0][parcel.STATE])

    post.live(node, script)
    assert [(letter.COMMAND, b"brighter")] == came


def test_silence__of_the_gateway_changes_nothing_but_the_pauses__slow():
    """Nobody ever answers: in an hour the lamp asks ever more rarely, twenty times at most, and nothing is wrong with it."""
    node, _ = street()
    other = post.Other(3)

    async def script(node):
        for _ in range(60):
            post.air(other.heartbeat())
            await asyncio.sleep_ms(60_000)
            post.set_clock(second=post.EVENING_S + (board.now // 1_000))
        assert not node.control.lamp[row.FAULTS] and not node.control.reasons

    post.live(node, script)
    tries = [t for t, data in post.sent() if data[0] & 15 == telegram.TIME]
    assert 8 <= len(tries) <= 20, len(tries)
    assert tries[-1] - tries[-2] > 160_000


def draws(seed):
    """Bytes that look random, the same each time."""
    while True:
        seed = (seed * 1_103_515_245 + 12_345) & 0x7FFFFFFF
        yield seed >> 16 & 255


class Dark:
    """What the post asks of a lamp, and nobody is there."""

    lamp = [0] * row.LAMP

    def off(self):
        return True


class Still:
    """A mesh whose gate has let everything in: the worst case, an insider with the segment's key."""

    def __init__(self):
        from lykta_node.core import airtime

        self.budget = airtime.Budget()
        self.silence = airtime.Silence()
        self.epoch = 1
        self.gate = self

    def pass_time(self, now):
        self.budget.pass_time(1_000)

    def key_of(self, frame):
        return None

    def send_post(self, frame, kind, end, hops):
        pass

    pass_post = send_post


class Nobody:
    """A clock and a log."""

    def stamp(self):
        return 0

    def set(self, day, second, ms):
        raise AssertionError("a forged time was believed")

    def say(self, text):
        pass


def ends():
    """A lamp's end and a gateway's end, each with a session and a letter under way, and what each must never take."""
    from lykta_node.tasks.airmail import Way
    from lykta_node.tasks.gateway import Gateway
    from lykta_node.tasks.mailbox import Mailbox

    def never(data):
        raise AssertionError("a forged letter was taken")

    box = Mailbox()
    for kind in (letter.SETTINGS, letter.COMMAND, letter.UPDATE, letter.PIECE):
        box.on(kind, never)
    own = telegram.Key(0, post.OWN, hashlib.sha256)
    tools = hashlib.sha256, cryptolib.aes, lambda count: bytes(count), Nobody()
    lamp = Transport(Still(), Dark(), Nobody(), box, Way(LAMP, WAY), own, *tools)
    lamp._open(bytes(32))
    lamp._pieces.wish(b"bundle..\x00\x01")
    box.send(letter.EVENT, b"under way")
    gateway = Gateway(Still(), Dark(), Nobody(), Way(GATEWAY, {"gateway": GATEWAY, "below": [[LAMP, LAMP]]}), {LAMP: post.OWN}, *tools)
    gateway.peers[LAMP].secret = bytes(32)
    gateway.boxes.of[LAMP].take(letter.SETTINGS, b"under way")
    return lamp, gateway


def insider(count):
    """An insider's frames at both ends: random, bent from real ones, of other numbers, kinds and counts. Nothing is taken, nothing raises,
    nothing grows. Returns how many were refused as no letters."""
    lamp, gateway = ends()
    random = draws(3)
    frame = bytearray(telegram.LONGEST)
    model = bytearray(telegram.LONGEST)
    session = lamp.session.number
    kinds = (telegram.TIME, telegram.SETTINGS, telegram.TELEMETRY, telegram.CHUNK, telegram.RECEIPT)
    for at in range(telegram.LONGEST):
        model[at] = next(random)
    gc.collect()
    before = gc.mem_alloc()
    for number in range(count):
        to, sender, end_of = (LAMP, GATEWAY, lamp) if number & 1 else (GATEWAY, LAMP, gateway)
        for at in range(parcel.LETTER, parcel.DATA + 6):
            frame[at] = next(random)
        if number & 2:
            frame[:] = model
            telegram.put(frame, parcel.LETTER, 4, 1 + next(random) % 3)
            frame[parcel.SESSION] = session
            frame[parcel.KIND] = (1 + next(random) % 10) | (number & 128)
            frame[parcel.INDEX] = next(random) % 3
            frame[parcel.COUNT] = next(random) % 4 if number % 7 else next(random)
        frame[0] = 16 | kinds[next(random) % 5]
        telegram.put(frame, telegram.EPOCH, 4, 1)
        frame[telegram.HOPS] = number & 3
        parcel.address(frame, to, to if number % 9 else parcel.EVERYBODY)
        sizes = (parcel.DATA + parcel.CHUNK, parcel.ASK_END + 16, parcel.TELL_END + 16, parcel.RECEIPT_END + 16, 27 + next(random) % 207)
        end_of.take(frame, sender, sizes[next(random) % 5])
        if number % 64 == 0:
            lamp.work(1_000)
            gateway.work(1_000)
            lamp.pass_on(0)
    assert [gateway.boxes.of[LAMP].waits(kind) for kind in range(letter.KINDS)] == [0] * letter.KINDS
    gc.collect()
    grown = gc.mem_alloc() - before
    assert grown < 16_384, grown
    assert lamp.session.number == session
    return lamp.refused + gateway.refused


# security: 13
def test_hostile__frames_of_an_insider_never_become_letters():
    """Twenty thousand of them, at a lamp and at a gateway."""
    assert insider(20_000) > 500
