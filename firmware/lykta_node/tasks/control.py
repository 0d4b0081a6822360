"""The lamp: lets the control law see time and inputs, and the fixture its level.

Sleeps until the law's next change or an input; ticks only while the level moves. Inputs are handed in by the other tasks
and take effect at once. Nothing here knows whether a network exists, and nothing in a tick allocates.
"""

from array import array

from micropython import const

from ..core import control as law
from ..core import dimmer, health, neighbours
from ..core import lamp as row
from . import reasons, ticks
from .alarm import Alarm

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from .selftest import Steady
    from .walktest import WalkTest

TICK_MS = const(50)
_FIRST_TICK_MS = const(20)  # from an input to the first change of the light
BEAT_MS = const(2_000)  # asleep for no longer: the supervisor wants to see that control lives
_FARTHEST_MS = const(172_800_000)  # what lies two days back is as good as never


class Control:
    """One lamp of the street, and its light. `table`: (neighbour table, where the own rows begin, how many rows)."""

    def __init__(self, fixture, identity: int, table, clock, outbox, numbers, trace=None) -> None:
        """`clock.start()` gives settings and time to start with; `outbox.tell(lamp)` takes the frame that stands in the lamp's row.

        `numbers`: those of its detections (`tasks/numbers`).

        `trace` is a host's hook, None on the post: it is told of all that crosses the boundary of the core.
        """
        self.lamp = array("i", [0] * row.LAMP)
        self.lamp[row.NUMBER] = numbers.last
        self.reasons = 0  # what is wrong: see `reasons`
        self.turns = 0  # how often the loop came round
        self._fixture = fixture
        self._identity = identity
        self._table = table[0]
        self._own = table[1]
        self._rows = table[2]
        self._clock = clock
        self._outbox = outbox
        self._numbers = numbers
        self._trace = trace
        self._settings = array("i")
        self._alarm = Alarm()
        self._ticks = 0
        self._level = -1
        self._show_as: "WalkTest | Steady | None" = None
        self._target = -1
        self._rate = 0
        self._still = False  # the light stood still when the loop last went to sleep

    # --- inputs -----------------------------------------------------------------------------------------------

    def begin(self, wrong: int) -> None:
        """Before `run`: what is wrong from the start."""
        self.reasons = wrong

    def start(self, settings, now: int) -> None:
        """Begin anew at `now` [ms since the night's origin], full as after power-on; the way down is a ramp."""
        self._settings = settings
        self._ticks = ticks.now()
        number = self.lamp[row.NUMBER]
        law.start(self.lamp, settings, self._table, self._own, self._identity, now)
        self.lamp[row.NUMBER] = number & 0xFFFF  # they go on: neighbours know those of before
        self.lamp[row.POSITION] = dimmer.FULL
        law.settle(self.lamp, settings, self._table, self._own)
        if self._trace:
            self._trace.start(now, self.lamp[row.NUMBER])
        self._target = -1
        self._tell(reasons.PRESENCE, health.SENSOR)
        self._tell(reasons.SETTINGS, health.SETTINGS)
        self._after()

    def adopt(self, settings, back: int) -> None:
        """Other settings from now on, and the lamp's clock set back by `back` ms (forward if it is less than 0)."""
        self._catch_up()
        lamp = self.lamp
        law.renumber(lamp, back)
        for at in range(row.LAMP):
            if lamp[at] < -_FARTHEST_MS:
                lamp[at] = -_FARTHEST_MS
            elif lamp[at] > row.NEVER:
                lamp[at] = row.NEVER
        self._settings = settings
        if self._trace:
            self._trace.renumber(back)
        self._tell(reasons.SETTINGS, health.SETTINGS)
        self._after()

    def reading(self, kind: int, road_user: int, distance: int, speed: int) -> None:
        """A reading of an own sensor: see `core/presence`."""
        self._catch_up()
        if self._trace:
            self._trace.reading(self.lamp[row.NOW], kind, road_user, distance, speed)
        law.reading(self.lamp, self._settings, self._table, self._own, kind, road_user, distance, speed)
        self._after()

    def frame(self, frame) -> bool:
        """A neighbour's detection; False if the table does not know its origin."""
        rows = neighbours.find(self._table, self._rows, frame[row.ORIGIN])
        if rows < 0 or frame[row.ORIGIN] == self._identity:
            return False
        self._catch_up()
        if self._trace:
            self._trace.frame(self.lamp[row.NOW], frame)
        law.frame(self.lamp, self._settings, self._table, self._own, rows, frame, 0)
        self._after()
        return True

    def heartbeat(self, neighbour: int, ago_ms: int, share: int, lying: int) -> None:
        """A neighbour's sign of life."""
        self._catch_up()
        if self._trace:
            self._trace.heartbeat(self.lamp[row.NOW], neighbour, ago_ms, share, lying)
        law.heartbeat(self.lamp, self._settings, self._table, self._own, neighbour, ago_ms, share, lying)
        self._after()

    def override(self, level: int, ms: int) -> None:
        """A command: at least `level` for `ms`; 0 ends it."""
        self._catch_up()
        if self._trace:
            self._trace.override(self.lamp[row.NOW], level, ms)
        law.override(self.lamp, self._settings, self._table, self._own, level, ms)
        self._after()

    def show(self, other) -> None:
        """Show the light otherwise: as `other.level(lamp, settings, level)` says; None: as it is."""
        self._show_as = other
        self._alarm.ring()

    def fault(self, reason: int, present) -> None:
        """Something is wrong, or right again: see `reasons`."""
        before = self.reasons
        self.reasons = before | reason if present else before & ~reason
        if self.reasons != before:
            self._catch_up()
            if reason & reasons.PRESENCE:
                self._tell(reasons.PRESENCE, health.SENSOR)
            if reason & reasons.SETTINGS:
                self._tell(reasons.SETTINGS, health.SETTINGS)
            self._after()

    def apart(self) -> None:
        """The clock was set to another time. Neighbours whose clock differs refuse us, and we them: bright until one is heard."""
        if self._table[neighbours.NEIGHBOURS]:
            self.fault(reasons.APART, 1)

    # --- what others may know -----------------------------------------------------------------------------------

    def now(self) -> int:
        """The time, brought up to date [ms since the night's origin]."""
        self._catch_up()
        return self.lamp[row.NOW]

    def shown_as(self, other) -> bool:
        """Whether the light is shown as `other` says."""
        return self._show_as is other

    def off(self) -> bool:
        """Whether no light is wanted, as by day."""
        return self.lamp[row.TARGET] == 0

    # --- the light --------------------------------------------------------------------------------------------

    def bright(self) -> None:
        """Full light, until the next tick."""
        self._level = -1
        self._fixture.full()

    async def run(self) -> None:
        """Follow the law for ever, from the beginning: what the row held may be what ended the last run."""
        self.start(*self._clock.start())
        while True:
            self.tick()
            await self._alarm.sleep(self.pause())

    def tick(self) -> None:
        """Let the time that has passed pass for the lamp, and show its level."""
        self.turns = (self.turns + 1) & ticks.WRAP
        self._catch_up()
        level = dimmer.level_of(self.lamp[row.POSITION])
        if self._show_as is not None:
            level = self._show_as.level(self.lamp, self._settings, level)
        if level != self._level:
            self._level = level
            self._fixture.show(level)

    def pause(self) -> int:
        """How long nothing will happen by itself [ms]."""
        longest = BEAT_MS
        if self.lamp[row.POSITION] != self.lamp[row.TARGET_POSITION] or self._show_as is not None:
            longest = _FIRST_TICK_MS if self._still else TICK_MS
            self._still = False
        else:
            self._still = True
        return min(longest, law.next_change_ms(self.lamp))

    def _catch_up(self) -> None:
        """Bring the lamp up to now, with every change on the way."""
        now = ticks.now()
        left = max(0, ticks.since(self._ticks, now))
        self._ticks = now
        while True:
            step = min(left, law.next_change_ms(self.lamp))
            if self._trace:
                self._trace.advance(step)
            law.advance(self.lamp, self._settings, self._table, self._own, step)
            self._note()
            left -= step
            if left == 0:
                break

    def _after(self) -> None:
        """An input has been taken: what it changed goes out, and the loop looks anew how long it may sleep."""
        self._note()
        self._alarm.ring()

    def _note(self) -> None:
        """Hand over the frame for the neighbours, if there is one, and tell the host of a new target."""
        lamp = self.lamp
        if lamp[row.SEND]:
            lamp[row.SEND] = 0
            self._numbers.used(lamp[row.NUMBER])
            self._outbox.tell(lamp)
        if self._trace:
            moves = lamp[row.POSITION] != lamp[row.TARGET_POSITION]
            if lamp[row.TARGET] != self._target or (moves and lamp[row.RATE] != self._rate):
                self._target = lamp[row.TARGET]
                self._rate = lamp[row.RATE]
                self._trace.target(lamp[row.NOW], lamp[row.POSITION], lamp[row.TARGET], lamp[row.RATE], lamp[row.CAUSE])

    def _tell(self, reasons_of_it: int, bit: int) -> None:
        """Tell the law whether any of these reasons holds."""
        present = 1 if self.reasons & reasons_of_it else 0
        if self._trace:
            self._trace.fault(self.lamp[row.NOW], bit, present)
        law.fault(self.lamp, self._settings, self._table, self._own, bit, present)
