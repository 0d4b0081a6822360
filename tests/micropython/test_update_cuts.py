"""An update whose power is cut, at every write and then once more: it always starts, with the old or the new version whole.

The real updater, slots and boot.py, on littlefs on a flash that dies at its n-th write. What is cut: the whole way from the offer over the
restart to the confirmation, boot.py's own writes and the end of a trial that failed included.
"""

import asyncio
import gc

import bundles
import machine  # noqa: F401 - boot.py could not find it later
import power
from updates import Made, boot, confirm, content, install

from lykta_node.core import ed25519
from lykta_node.drivers.store import Store
from lykta_node.tasks import slots

SAME = {"lykta_node/core/law" + str(number) + ".mpy": b"the same law " * (20 + 9 * number) for number in range(5)}
OLD = {"lykta_node/app.mpy": b"old app " * 190, "lykta_node/core/wave.mpy": b"old wave"}
NEW = {
    "lykta_node/app.mpy": b"new app, longer " * 180,
    "lykta_node/tasks/more.mpy": b"what the old one lacks " * 95,
    "lykta_node/tasks/many.mpy": b"and more " * 220,
    "lykta_node/tasks/empty.mpy": b"",
}
OLD.update(SAME)
NEW.update(SAME)
OLD_BUNDLE = bundles.Bundle(OLD, "1.0")
NEW_BUNDLE = bundles.Bundle(NEW, "2.0", security=3)
OFTEN = 5  # starts and offers after which an update must be in use


class Board:
    """A node's flash and NVS, for one start after the other."""

    def __init__(self, flash, kept):
        self.flash = flash
        self.kept = kept
        self.said = []

    def copy(self):
        return Board(power.Flash(bytearray(self.flash.data)), dict(self.kept))

    def become(self, other):
        """As the other is now, on the chip it has: thousands of new ones would break the heap of a small VM into pieces."""
        self.flash.data[:] = other.flash.data
        self.kept = dict(other.kept)
        return self

    def power_on(self, cut_at=-1, how="clean"):
        """A new start, whose power will be cut at a write. What still runs since the one before writes nothing any more."""
        gc.collect()
        self.flash.supply.dead = True
        self.flash = power.Flash(self.flash.data)
        self.flash.supply = power.Supply(cut_at, how)
        power.mount(self.flash)
        self.nvs = power.Nvs(self.kept, self.flash.supply)

    def power_off(self):
        """Whatever was cut: what NVS holds from now on."""
        self.flash.supply.dead = True
        self.kept = self.nvs.kept


def fresh():
    """A board whose slot a has the old version."""
    board = Board(power.formatted(), {"light": 25})
    board.power_on()
    import os

    os.mkdir("/data")
    install("a", OLD_BUNDLE)
    slots.write("a", "-")
    board.power_off()
    return board


def started(board):
    """What boot.py starts: the version; AssertionError where it is not whole, or a slot with a manifest is not."""
    for slot in ("a", "b"):
        head = slots.manifest(slot)
        assert head in (b"", OLD_BUNDLE.head, NEW_BUNDLE.head), "a manifest that is none"
        assert not head or content(slot) == (OLD if head == OLD_BUNDLE.head else NEW), "a manifest of what is not there"
    slot, rung = boot(board.nvs)
    assert rung == 0, rung
    found = content(slot)
    assert found in (OLD, NEW), sorted(found)
    return "old" if found == OLD else "new"


def life(board, cut_at=-1, how="clean", good=True):
    """One start: boot.py, confirmation (`good`), the offer, until the restart or the cut. Returns (version that started, writes)."""
    board.power_on(cut_at, how)
    version = None
    try:
        version = started(board)
        made = Made(board.nvs)
        if good:
            confirm(made)
            made.update.settle()
        made.take(NEW_BUNDLE, ms=2_000)
        board.said = made.reports.answers
    except (power.PowerCut, OSError, AssertionError):
        if not board.flash.supply.dead:
            raise
        asyncio.new_event_loop()
    writes = board.flash.supply.writes
    board.power_off()
    return version, writes


def recovers(board):
    """After whatever happened: each start is of a whole version, and in the end the new one is in use, the old one whole beside it."""
    for _ in range(OFTEN):
        life(board)
        board.power_on()
        record = slots.record()
        board.power_off()
        if record == ("b", "-"):
            break
    assert record == ("b", "-"), (record, board.said)
    board.power_on()
    assert NEW == content("b")
    assert OLD == content("a")
    assert NEW_BUNDLE.head == slots.manifest("b")
    assert 3 == Store("/data", board.nvs).count("security")
    board.power_off()


def whole_way():
    """How many writes each start of an undisturbed update takes: download, then trial and confirmation."""
    board = fresh()
    counts = [life(board)[1], life(board)[1]]
    recovers(board)
    return counts


def cut_once(number, at, how):
    """The power is cut at the at-th write of the number-th start of an update; then it recovers."""
    board = SPARES[0].become(BOARDS[number])
    life(board, at, how)
    recovers(board)


BOARDS = []
SPARES = []


def prepare():
    """Boards before the first and before the second start of an update, and spare ones; the signature is looked at once, it is always the
    same. Returns how many writes each start takes."""
    ed25519.verification = _remembered(ed25519.verification)
    board = fresh()
    BOARDS.append(board.copy())
    life(board)
    BOARDS.append(board.copy())
    SPARES.append(board)
    SPARES.append(board.copy())
    return whole_way()


def _remembered(verification):
    known = {}

    def verify(public, message, signature):
        about = bytes(public) + bytes(message) + bytes(signature)
        if about not in known:
            known[about] = list(verification(public, message, signature))[-1]
        yield known[about]

    return verify


def sweep(step, begin):
    """Cut at every `step`-th write of both starts, in each way; how many cuts that were."""
    cuts = 0
    for number, writes in enumerate(prepare()):
        for at in range(1 + begin % step, writes + 1, step):
            for how in power.KINDS:
                cut_once(number, at, how)
                cuts += 1
    return cuts


# security: 11
def test_update__survives_cuts__sample():
    """At every seventeenth write, clean, torn and garbage: never unbootable, never a mixture, and the update is in use in the end."""
    assert sweep(17, 3) >= 27


# security: 11
def test_update__survives_a_cut_at_every_write__soak():
    """At every one."""
    cuts = sweep(1, 0)
    print("single cuts:", cuts)
    assert cuts > 400


# security: 11
def test_update__survives_a_second_cut_while_it_recovers__soak():
    """The second cut at every seventh write of the start after each third one, in all ways."""
    cuts = 0
    counts = prepare()
    for number, writes in enumerate(counts):
        for at in range(1, writes + 1, 3):
            for kind, how in enumerate(power.KINDS):
                board, other = SPARES[0].become(BOARDS[number]), SPARES[1]
                life(board, at, how)
                _, again = life(other.become(board))
                for second in range(1 + at % 7, again + 1, 7):
                    life(other.become(board), second, power.KINDS[(kind + second) % 3])
                    recovers(other)
                    cuts += 1
    print("pairs of cuts:", cuts)
    assert cuts > 1_000


# security: 11, 12
def test_trial_that_fails__survives_a_cut_at_every_write_of_its_way_back():
    """boot.py's own writes: a version that never confirms gives way after three starts, whenever the power is cut meanwhile."""
    prepare()
    for at in range(1, 12):
        for how in power.KINDS:
            board = SPARES[0].become(BOARDS[1])
            starts = []
            for number in range(8):
                board.power_on(at if number == 3 else -1, how)
                try:
                    starts.append(started(board))
                except (power.PowerCut, OSError, AssertionError):
                    if not board.flash.supply.dead:
                        raise
                    starts.append("cut")
                board.power_off()
                if starts[-1] == "old":
                    break
            assert ["new"] * 3 == starts[:3], starts
            assert "old" == starts[-1], starts
            board.power_on()
            assert ("a", "x") == slots.record()
            board.power_off()


def test_cuts__find_what_is_wrong():
    """Two mutants fail: one that puts the slot on trial before it is whole, one that writes the manifest first."""
    prepare()
    begin = slots.begin

    def tries_at_once(slot):
        begin(slot)
        slots.try_out(slot)

    def manifest_first(slot):
        begin(slot)
        with open("/" + slot + "/manifest", "wb") as file:
            file.write(NEW_BUNDLE.head)

    for mutant in (tries_at_once, manifest_first):
        slots.begin = mutant
        found = 0
        for at in range(1, 60, 5):
            try:
                cut_once(0, at, "clean")
            except (AssertionError, OSError):
                found += 1
        assert found > 0
    slots.begin = begin
