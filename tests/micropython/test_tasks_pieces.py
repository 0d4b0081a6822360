"""Pieces of updates from a gateway to all its lamps at once, and the mailboxes it holds for them: whole, once, and memory bounded."""

from lykta_node.core import letter, parcel, telegram
from lykta_node.tasks.boxes import Boxes, behind
from lykta_node.tasks.mailbox import Mailbox
from lykta_node.tasks.pieces import Pieces, number_of
from lykta_node.tasks.spread import Spread

STEP_MS = 100
BUNDLE = b"bundle.."


def wish(piece, bundle=BUNDLE):
    return bundle + bytes([piece >> 8, piece & 255])


def content(piece, size=1_500, bundle=BUNDLE):
    """A piece as it comes from the network: the wish for it, and its bytes."""
    return wish(piece, bundle) + bytes([(7 * at + piece) & 255 for at in range(size)])


def chunk_of(data, index, number=None):
    """(frame, where it ends) of one chunk of a piece."""
    frame = bytearray(telegram.LONGEST)
    at = parcel.label(frame, number_of(data) if number is None else number, 0, letter.PIECE, index, parcel.chunks(len(data)))
    part = data[index * parcel.CHUNK : (index + 1) * parcel.CHUNK]
    frame[at : at + len(part)] = part
    return frame, at + len(part)


class Lamp:
    """A lamp that wants pieces, one after the other; `got`: those it has."""

    def __init__(self, number, pieces):
        self.mailbox = Mailbox()
        self.pieces = Pieces(self.mailbox, number)
        self.mailbox.on(letter.PIECE, self.taken)
        self.left = list(pieces)
        self.got = []
        self.pieces.wish(wish(self.left[0]))

    def taken(self, data):
        self.got.append(data)
        self.left.pop(0)
        if self.left:
            self.pieces.wish(wish(self.left[0]))


class Street:
    """A gateway and its lamps, in air that loses what `lost()` says; the network answers after half a second, or not at all."""

    def __init__(self, lamps, lost, network=True):
        self.lamps = lamps
        self.lost = lost
        self.network = network
        self.mailbox = Mailbox()
        self.spread = Spread(self.mailbox)
        self.fetched = []
        self.sent = 0
        self.told = 0

    def gateway(self):
        pause = self.spread.work(STEP_MS)
        assert pause >= 0
        if not pause:
            index = self.spread.next()
            frame, end = chunk_of(self.spread.data, index, self.spread.number)
            self.spread.sent(index)
            self.sent += 1
            for lamp in self.lamps:
                if not self.lost():
                    lamp.pieces.take(frame, end)
        waiting = self.mailbox.first()
        if waiting is not None:
            self.mailbox.done(waiting)
            piece = waiting.data[8] << 8 | waiting.data[9]
            self.fetched.append(piece)
            if self.network:
                self.mailbox.take(letter.PIECE, content(piece))

    def speak(self, lamp):
        assert lamp.pieces.pause(STEP_MS) > 0
        if lamp.pieces.lacks():
            bits, count = lamp.pieces.told()
            self.told += 1
            if not self.lost():
                self.spread.lacks(lamp.pieces.number, bits, count)
        elif lamp.pieces.asks():
            asked = lamp.pieces.letter()
            assert letter.WANT == asked.kind
            if not self.lost():
                self.spread.wish(asked.data)

    def live(self, seconds):
        for _ in range(seconds * 1_000 // STEP_MS):
            self.gateway()
            for lamp in self.lamps:
                self.speak(lamp)
            if self.lamps and not any([lamp.left for lamp in self.lamps]):
                return


def every(nth):
    """Each nth is lost."""
    state = [0]

    def lost():
        state[0] += 1
        return state[0] % nth == 0

    return lost


def test_pieces__reach_all_lamps_whole_though_a_third_is_lost():
    """Four lamps, five pieces, each fetched once; what one lamp lacks serves all that lack it, so it costs less than a letter for each."""
    street = Street([Lamp(number, range(5)) for number in (3, 4, 5, 11)], every(3))
    street.live(600)
    assert all([content(piece) for piece in range(5)] == lamp.got for lamp in street.lamps)
    assert [0, 1, 2, 3, 4] == street.fetched
    chunks = 5 * parcel.chunks(len(content(0)))
    assert chunks < street.sent < 3 * chunks, street.sent


def test_pieces__in_good_air_are_sent_once_and_nobody_complains():
    """All lamps hear all chunks: as many frames as there are chunks, and not a word from the lamps but their wishes."""
    street = Street([Lamp(number, range(3)) for number in (1, 2)], lambda: False)
    street.live(60)
    assert all([content(piece) for piece in range(3)] == lamp.got for lamp in street.lamps)
    assert (3 * parcel.chunks(len(content(0))), 0) == (street.sent, street.told)


def test_piece__that_the_network_has_not_is_asked_for_ever_more_rarely():
    """An hour without an answer: a dozen wishes from the lamp, each of which the gateway hands on; nothing else is said."""
    street = Street([Lamp(2, [7])], lambda: False, network=False)
    street.live(3_600)
    assert [] == street.lamps[0].got
    assert 8 <= len(street.fetched) <= 16 and {7} == set(street.fetched), street.fetched
    assert (0, 0) == (street.sent, street.told)


def test_piece__of_which_the_rest_never_comes_is_asked_for_anew():
    """The lamp says six times what lacks, each time later, then it asks for the piece; what it heard stays."""
    lamp = Lamp(1, [4])
    data = content(4)
    lamp.pieces.take(*chunk_of(data, 0))
    told = []
    now = 0
    while not lamp.pieces.asks():
        lamp.pieces.pause(STEP_MS)
        now += STEP_MS
        if lamp.pieces.lacks():
            told.append(now)
            assert (1, parcel.chunks(len(data))) == lamp.pieces.told()
    assert 6 == len(told) and told[5] - told[4] > 2 * (told[2] - told[1]), told
    for index in range(1, parcel.chunks(len(data))):
        lamp.pieces.take(*chunk_of(data, index))
    assert [data] == lamp.got


def test_chunks__of_another_piece_kind_or_length_change_nothing():
    """And whole chunks of a piece with the same short number, but of another bundle, are thrown away; then the right one is taken."""
    lamp = Lamp(1, [4])
    data = content(4)
    lamp.pieces.take(*chunk_of(content(5), 0))
    other = chunk_of(data, 0)
    other[0][parcel.KIND] = letter.SETTINGS
    lamp.pieces.take(*other)
    longer = chunk_of(data, 0)
    longer[0][parcel.COUNT] = parcel.MOST + 1
    lamp.pieces.take(*longer)
    alike = b"\xe2" + BUNDLE[1:]  # the upper bits of the first byte are not in the number
    assert number_of(wish(4, alike)) == number_of(wish(4)) and alike != BUNDLE
    for data in (content(4, bundle=alike), content(4)):
        assert [] == lamp.got
        for index in range(parcel.chunks(len(data))):
            lamp.pieces.take(*chunk_of(data, index))
    assert [content(4)] == lamp.got
    assert lamp.pieces.pause(STEP_MS) > 1_000_000 and not lamp.pieces.asks()


def test_wishes__are_bounded_and_the_earliest_is_fetched_first():
    """Eight wait besides the one that is being fetched; what is no wish is dropped; what nobody asked for is not sent."""
    street = Street([], lambda: False, network=False)
    spread = street.spread
    spread.wish(b"no wish")
    assert not Lamp(1, [0]).pieces.wish(b"no wish")
    for piece in [9, 8] + list(range(10, 30)) + [3]:
        spread.wish(wish(piece))
        spread.wish(wish(piece))
    street.mailbox.take(letter.PIECE, content(9))
    street.live(300)
    assert [8, 9, 10, 11, 12, 13, 14, 15] == street.fetched, street.fetched
    assert b"" == spread.data and not street.sent
    street.network = True
    spread.wish(wish(40))
    street.live(30)
    assert parcel.chunks(len(content(40))) == street.sent
    spread.wish(wish(40))  # who comes late gets all of it again, and nothing is fetched
    street.live(30)
    assert 2 * parcel.chunks(len(content(40))) == street.sent
    assert 40 == street.fetched[-1] and 1 == street.fetched.count(40)


class Parcels:
    """What goes to the lamps: takes what it has room for."""

    def __init__(self, room):
        self.room = room
        self.taken = []

    def offer(self, lamp, kind, data):
        self.taken += [(lamp, kind, data)] * self.room
        return self.room


def test_box__brings_nothing_twice_and_says_what_it_had_no_room_for():
    """Settings that the lamp has are not brought again, a command always; what had no room is asked of the network anew, but a command."""
    parcels = Parcels(True)
    boxes = Boxes((5, 6), parcels)
    box = boxes.of[5]
    assert box.take(letter.SETTINGS, b"one")
    box.arrived(letter.SETTINGS, b"one")
    assert box.take(letter.SETTINGS, b"one") and box.take(letter.SETTINGS, b"two")
    for _ in range(2):
        assert box.take(letter.COMMAND, b"go")
        box.arrived(letter.COMMAND, b"go")
    assert [b"one", b"two", b"go", b"go"] == [data for _, _, data in parcels.taken]
    assert not box.take(letter.TELEMETRY, b"up, not down") and not box.take(letter.UPDATE, bytes(letter.LONGEST + 1))
    assert boxes.missed() is None
    parcels.room = False
    assert not box.take(letter.COMMAND, b"no room") and boxes.missed() is None
    assert not box.take(letter.UPDATE, b"no room")
    assert box is boxes.missed() and boxes.missed() is None
    box.forgot()
    assert box is boxes.missed()
    parcels.room = True
    assert box.take(letter.SETTINGS, b"one") and (5, letter.SETTINGS, b"one") == parcels.taken[-1]


def test_boxes__of_all_lamps_together_have_a_limit_at_which_lamps_keep_their_letters():
    """12 kB; and where one lamp's room for a kind is full, its letter is not taken: nothing that it sent is dropped."""
    boxes = Boxes(range(40), Parcels(True))
    taken = 0
    for lamp in range(40):
        for _ in range(8):
            taken += boxes.put(lamp, letter.TELEMETRY, bytes(500))
    assert 12_288 // 500 == taken == sum([box.waits(letter.TELEMETRY) for box in boxes.of.values()])
    assert 12_288 - 500 < sum([box.held() for box in boxes.of.values()]) <= 12_288
    assert 0 == sum([box.dropped for box in boxes.of.values()])
    few = Boxes((1,), Parcels(True))
    assert 16 == sum([few.put(1, letter.EVENT, b"{}") for _ in range(20)])
    assert all([few.put(1, letter.STATE, b"on") for _ in range(3)]) and 1 == few.of[1].waits(letter.STATE)


def test_file_behind__is_read_or_refused_as_a_whole():
    """Numbers, keys and names; empty, cut anywhere, or with a length beyond its end it is no such file."""
    lamps = {3: "a.L3", 700: "a.L700"}
    found = b"".join(
        [bytes([lamp >> 8, lamp & 255]) + bytes([lamp & 255]) * 32 + bytes([len(name)]) + name.encode() for lamp, name in lamps.items()]
    )
    keys, names = behind(found)
    assert lamps == names and {3: b"\x03" * 32, 700: b"\xbc" * 32} == keys
    whole = 35 + len("a.L3") if found[1] == 3 else 35 + len("a.L700")
    for end in range(len(found)):
        try:
            behind(found[:end])
            assert end == whole, end
        except ValueError:
            assert end != whole, end
