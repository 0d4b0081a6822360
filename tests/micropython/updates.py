"""A node that takes updates, without its light: the real task, the real slots and the real boot.py, and a host that sends pieces."""

import asyncio
import os
import sys

import bundles
import esp32
from doubles import Nvs
from filing import put
from vboard import NEVER, board
from vclock import WDT

from lykta_node.core import letter
from lykta_node.drivers.store import Store
from lykta_node.tasks import slots
from lykta_node.tasks.alarm import Alarm
from lykta_node.tasks.mailbox import Mailbox
from lykta_node.tasks.update import Update

FIRMWARE = [path for path in sys.path if path.endswith("/firmware")][0]
with open(FIRMWARE + "/boot.py") as _file:
    BOOT = _file.read()

OLD = {
    "lykta_node/app.mpy": b"old app " * 90,
    "lykta_node/core/law.mpy": b"the same law " * 60,
    "lykta_node/core/wave.mpy": b"old wave",
}
NEW = {
    "lykta_node/app.mpy": b"new app, longer " * 80,
    "lykta_node/core/law.mpy": b"the same law " * 60,
    "lykta_node/tasks/more.mpy": b"what the old one lacks " * 25,
    "lykta_node/tasks/empty.mpy": b"",
}


class Clock:
    """A clock that shows a stamp; 0: not set."""

    def __init__(self, stamp=0):
        self.now = stamp

    def stamp(self):
        return self.now


class Host:
    """The other end of the mailbox: answers wishes for pieces of `bundle` after `delay` ms, as often as it `has` them."""

    def __init__(self, mailbox, bundle, delay=5, spoil=None):
        """`spoil(number, data)`: what comes in the place of a piece, None for nothing."""
        self.mailbox = mailbox
        self.bundle = bundle
        self.delay = delay
        self.spoil = spoil
        self.asked = []

    async def run(self):
        self.mailbox.carrier = alarm = Alarm()
        while True:
            await alarm.sleep(86_400_000)
            await asyncio.sleep_ms(self.delay)
            for _ in range(self.mailbox.waits(letter.WANT)):
                wish = self._wish()
                number = wish[8] << 8 | wish[9]
                self.asked.append(number)
                data = self.bundle.pieces[number]
                data = self.spoil(number, data) if self.spoil else data
                if wish[:8] == self.bundle.id and data is not None:
                    self.mailbox.take(letter.PIECE, wish + data)

    def _wish(self):
        for waiting in self.mailbox._waiting:
            if waiting.kind == letter.WANT:
                self.mailbox.done(waiting)
                return waiting.data
        return None


class Reports:
    """What the node says: `answers`, `happened`; a restart ends its life."""

    def __init__(self):
        self.answers = []
        self.happened = []
        self.events = self
        self.restarted = asyncio.Event()

    def answer(self, to, number, ok, reason):
        assert to == "update"
        self.answers.append((ok, reason))
        self.number = number

    def tell(self, kind, what, detail):
        self.happened.append((kind, what, detail))

    def restart(self):
        self.restarted.set()

    def change(self, name, value):
        self.happened.append((name, value))


def answers(made):
    """[(ok, reason)] of all that the node has answered since the last look."""
    found = list(made.reports.answers)
    made.reports.answers.clear()
    return found


class Made:
    """A node's updater: `nvs` counts, `mailbox`, `update`."""

    def __init__(self, nvs=None, keys=None, chip=bundles.CHIP, stamp=0):
        self.nvs = nvs or Nvs()
        self.store = Store("/data", self.nvs)
        self.mailbox = Mailbox()
        self.clock = Clock(stamp)
        self.reports = Reports()
        keys = bundles.keys() if keys is None else keys
        self.update = Update(self.mailbox, self.clock, self.store, self.reports, keys, chip)

    def take(self, bundle, ms=600_000, host=None, script=None):
        """Offer a bundle, let its pieces come, and let time pass; whether the node started anew. `script()` runs beside."""

        async def all_of():
            helper = asyncio.create_task((host or Host(self.mailbox, bundle)).run())
            life = asyncio.create_task(self.update.run())
            beside = asyncio.create_task(script()) if script else None
            self.mailbox.take(letter.UPDATE, bundle.head)
            try:
                await asyncio.wait_for_ms(self.reports.restarted.wait(), ms)
                return True
            except asyncio.TimeoutError:
                return False
            finally:
                for task in (helper, life, beside):
                    if task:
                        task.cancel()
                await asyncio.sleep_ms(0)

        asyncio.new_event_loop()
        return asyncio.run(all_of())


def install(slot, bundle):
    """Fill a slot as the cable does: all files, then the manifest."""
    for name in bundle.files:
        put("/" + slot, name, bundle.files[name])
    with open("/" + slot + "/manifest", "wb") as file:
        file.write(bundle.head)


def content(slot):
    """{name: bytes} of what lies in a slot's package."""
    found = {}

    def look(path, prefix):
        for about in os.ilistdir(path):
            if about[1] == 0x4000:
                look(path + "/" + about[0], prefix + about[0] + "/")
            else:
                with open(path + "/" + about[0], "rb") as file:
                    found[prefix + about[0]] = file.read()

    look("/" + slot + "/lykta_node", "lykta_node/")
    return found


def boot(nvs):
    """boot.py with these counters: the slot that comes first, and the rung."""
    kept = esp32.NVS
    esp32.NVS = lambda _: nvs
    before = list(sys.path)
    try:
        names = {"__name__": "__main__"}
        exec(BOOT, names)
        found = [path for path in sys.path if path not in before]
        return (found[0][1:] if found else "-"), names["_found"][0]
    finally:
        esp32.NVS = kept
        sys.path[:] = before
        if WDT._alarm:  # of a trial; here one start follows another at once
            WDT._alarm[0] = NEVER


def confirm(made):
    """What the app does when a start has proved itself."""
    trial = slots.on_trial()
    made.store.set_count("failed", 0)
    slots.confirm(made.store.count("rung"))
    if trial:
        made.update.confirmed()


def passed():
    """Virtual time [ms]."""
    return board.now
