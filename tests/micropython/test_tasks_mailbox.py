"""The mailbox: nothing in it grows without bound, what is urgent goes first, and a letter waits until it has arrived."""

from lykta_node.core import letter
from lykta_node.tasks.mailbox import Mailbox


class Carrier:
    rings = 0

    def ring(self):
        self.rings += 1


def waiting(box):
    """(kind, data) in the order in which they would go."""
    found = []
    while box.first() is not None:
        found.append((box.first().kind, box.first().data))
        box.done(box.first())
    return found


def test_mailbox__sends_the_urgent_first_and_the_old_before_the_new():
    """State, answers, wishes for pieces, events, telemetry, levels; each kind in its order."""
    box = Mailbox()
    for kind in (letter.LIVE, letter.TELEMETRY, letter.EVENT, letter.ANSWER, letter.STATE):
        box.send(kind, b"a")
    box.send(letter.EVENT, b"b")
    box.want(b"12345678", 258)
    order = [letter.STATE, letter.ANSWER, letter.WANT, letter.EVENT, letter.EVENT, letter.TELEMETRY, letter.LIVE]
    found = waiting(box)
    assert order == [kind for kind, _ in found]
    assert [b"12345678\x01\x02", b"a", b"b"] == [data for _, data in found[2:5]]


def test_mailbox__is_bounded_and_counts_what_gave_way():
    """The oldest of its kind goes; what the newest replaces is not counted; other kinds keep their room."""
    box = Mailbox()
    for number in range(1_000):
        for kind in (letter.EVENT, letter.STATE, letter.LIVE, letter.WANT):
            box.send(kind, str(number).encode())
    events = [data for kind, data in waiting(box) if kind == letter.EVENT]
    assert [str(number).encode() for number in range(984, 1_000)] == events
    assert 984 == box.dropped


def test_mailbox__keeps_a_letter_until_it_has_arrived():
    """Asked again it is the same; done twice, or after it had to give way, does no harm."""
    box = Mailbox()
    box.send(letter.ANSWER, b"0")
    first = box.first()
    assert first is box.first()
    for number in range(1, 9):
        box.send(letter.ANSWER, str(number).encode())
    box.done(first)
    assert 8 == box.waits(letter.ANSWER)
    assert 0 == box.room(letter.ANSWER)
    box.done(box.first())
    assert b"2" == box.first().data


def test_mailbox__tells_the_state_again_on_every_new_connection():
    """The broker may have said meanwhile that the node is gone."""
    box = Mailbox()
    box.connected()
    assert None is box.first()
    box.send(letter.STATE, b"here")
    box.connected()
    assert [(letter.STATE, b"here")] == waiting(box)
    box.connected()
    assert [(letter.STATE, b"here")] == waiting(box)


def test_mailbox__wakes_its_carrier_and_refuses_what_nobody_can_carry():
    """Too long, or of a kind that does not go up: dropped, counted, and the carrier sleeps on."""
    box = Mailbox()
    box.carrier = Carrier()
    assert box.send(letter.EVENT, bytes(letter.LONGEST_UP))
    assert not box.send(letter.EVENT, bytes(letter.LONGEST_UP + 1))
    assert not box.send(letter.SETTINGS, b"")
    assert (1, 2) == (box.carrier.rings, box.dropped)


def test_mailbox__hands_what_comes_to_who_wants_it():
    """Kinds that nobody wants, kinds that there are not, and what is too long are nobody's."""
    box = Mailbox()
    came = []
    box.on(letter.COMMAND, came.append)
    assert box.take(letter.COMMAND, b"do")
    for kind in (0, -1, letter.UPDATE, letter.KINDS, 99):
        assert not box.take(kind, b"do")
    assert not box.take(letter.COMMAND, bytes(letter.LONGEST + 1))
    assert [b"do"] == came
