"""Takes an update: proves its offer, fetches what is missing into the idle slot, verifies it whole, and puts it on trial.

An offer is the head of a bundle (`core/bundle`). Checks come in the order of what they cost, the signature last. Pieces are asked for one
by one, for as long as it takes; the light is never waited for, nor does it wait: whatever takes long is done in slices. What was written
before a power cut stays. The next start is that of the new version; it is confirmed by the supervisor alone, without any network, and
what fails three starts gives way to the old one (boot.py).

What is told of it: ANSWER, its number the first 30 bits of the bundle's id; ok with "begun", "25 %", "50 %", "75 %", "on trial",
"in use"; or not ok with what was wrong.
"""

import asyncio
import sys
from hashlib import sha256

from micropython import const

from ..core import bundle, letter
from . import slots, ticks
from .alarm import Alarm
from .filling import EXPIRED, Filling
from .slotfiles import open_slot

_IDLE_MS = const(3_600_000)
_START_MS = const(5_000)
_NO_ROOM = const(28)  # ENOSPC
ON_TRIAL = " on trial"  # behind the version in the node's state, until it is confirmed
UNSIGNED = "not signed by us"
DOWNGRADE = "older than its security allows"
SECURITY = "security"  # counter in NVS: the highest that was confirmed


class Update:
    """The task. `keys`: the two public keys, 64 bytes, or None; `chip`: what the board is, as bundles name it."""

    def __init__(self, mailbox, clock, store, reports, keys, chip: str) -> None:
        """`reports` answers, tells of events, and starts the board anew once that has gone."""
        self.turns = 0
        self.progress = -1  # percent; -1: nothing is under way
        self._mailbox = mailbox
        self._clock = clock
        self._store = store
        self._reports = reports
        self._keys = keys
        self._chip = chip
        self._alarm = Alarm()
        self._offer: "bytes | None" = None
        self._filling: "Filling | None" = None
        mailbox.on(letter.UPDATE, self.offer)
        mailbox.on(letter.PIECE, self._take)

    def offer(self, data: bytes) -> None:
        """An offer has come; an empty one withdraws what was offered."""
        if data != self._offer:
            self._offer = data
            self._alarm.ring()
            if self._filling is not None:
                self._filling.withdraw()

    def _take(self, data: bytes) -> None:
        """A piece has come. What was not asked for is nobody's."""
        if self._filling is not None:
            self._filling.take(data)

    def settle(self) -> None:
        """What a confirmed version brings with it: from now on nothing older is taken."""
        if slots.on_trial():
            return
        head = bundle.Head(slots.manifest(slots.read()[0]))
        if head.sound and head.security > self._store.count(SECURITY):
            self._store.set_count(SECURITY, head.security)

    def confirmed(self) -> None:
        """This start was good: said, if it was a trial."""
        self.settle()
        head = bundle.Head(slots.manifest(slots.read()[0]))
        if head.sound:
            self._reports.change("software", head.version)
            self._tell(True, "in use", head)

    async def run(self) -> None:
        """Wait for offers for ever."""
        self.settle()
        head = bundle.Head(slots.manifest(slots.idle()))
        if slots.failed() and head.sound:
            self._tell(False, "went back", head)
        looked_at = None
        while True:
            self.turns = (self.turns + 1) & ticks.WRAP
            if self._offer is looked_at:
                await self._alarm.sleep(_IDLE_MS)
                continue
            looked_at = self._offer
            if looked_at:
                await self._consider(bundle.Head(looked_at))

    # --- may it come? -------------------------------------------------------------------------------------------

    async def _consider(self, head) -> None:
        """Take an offer, or say why not."""
        known = self._known(head)
        if known:
            self._tell(known != "went back", known, head)
            return
        wrong = self._refuses(head)
        if not wrong and not await self._signed(head):
            wrong = UNSIGNED
        if not wrong:
            while self._store.count("failed"):  # this start has not proved itself yet
                if self._offer is not head.data:
                    return
                await asyncio.sleep_ms(_START_MS)
            self._tell(True, "begun", head)
            wrong = await self._fill(head)
            if not wrong and self._expired(head):  # meanwhile, or the clock was set meanwhile
                wrong = EXPIRED
        if wrong:
            self._tell(False, wrong, head)
            return
        slots.try_out(slots.idle())
        self._tell(True, "on trial", head)
        self._reports.restart()

    async def _fill(self, head) -> str:
        """Fill the idle slot; returns what went wrong, "" if it is whole."""
        slot = open_slot(slots.idle(), head.form)
        self._filling = Filling(slot, head, self._mailbox, self._expired, self._report)
        try:
            return await self._filling.run()
        except OSError as error:
            return "no room" if error.errno == _NO_ROOM else "flash: " + str(error)
        finally:
            self._filling = None
            self.progress = -1

    def _known(self, head) -> str:
        """What has become of an offer that was taken before; "" if it was not."""
        active, trial = slots.read()
        if slots.manifest(active) == head.data:
            return "in use"
        if slots.on_trial() and slots.manifest(trial) == head.data:
            return "on trial"
        return "went back" if slots.failed() and slots.manifest(slots.idle()) == head.data else ""

    def _refuses(self, head) -> str:
        """Why an offer cannot be taken, as far as that costs nothing to find out; "" if nothing is against it."""
        if not head.sound:
            return "no such form"
        if not head.sizes():
            return "bad sizes"
        if slots.on_trial():
            return "another is on trial"
        if self._expired(head):
            return EXPIRED
        if self._chip not in head.chips:
            return "other hardware"
        if tuple(sys.implementation.version[:3]) < head.runtime:
            return "newer runtime needed"
        if head.security < self._store.count(SECURITY):
            return DOWNGRADE
        if open_slot(slots.idle(), head.form) is None:
            return "other form of slots"
        return "" if self._keys is not None and len(self._keys) == 64 else "no release key here"

    def _expired(self, head) -> bool:
        """Whether it is void; a node that does not know the time cannot tell."""
        return 0 < head.expiry <= self._clock.stamp()

    async def _signed(self, head) -> bool:
        """Whether the key that it names has signed it."""
        from ..core import ed25519

        public = self._keys[head.key * 32 : head.key * 32 + 32]
        good = False
        for verdict in ed25519.verification(public, bundle.CONTEXT + head.data[: bundle.SIGNED], head.data[bundle.SIGNED :]):
            good = verdict is True
            await asyncio.sleep_ms(0)
        return good

    # --- said -----------------------------------------------------------------------------------------------------

    def _report(self, percent: int, head) -> None:
        """Say every quarter of the way."""
        if percent < 100 and percent // 25 > max(0, self.progress) // 25:
            self._tell(True, str(percent // 25 * 25) + " %", head)
        self.progress = percent

    def _tell(self, ok: bool, reason: str, head) -> None:
        """Answer; all but the quarters of the way is an event, too, and a wrong signature or a downgrade one of security."""
        number = int.from_bytes(sha256(head.data).digest()[:4], "big") >> 2
        self._reports.answer("update", number, ok, reason)
        if not reason.endswith("%"):
            kind = "security" if reason in (UNSIGNED, DOWNGRADE) else "update"
            version = head.version if head.sound else "?"
            self._reports.events.tell(kind, reason.replace(" ", "-") if ok else "update-refused", version + ": " + reason)
