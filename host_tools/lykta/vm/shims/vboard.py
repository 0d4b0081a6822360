"""The virtual board under the shims: its clock, what its wires carry, and the way out to the host.

Virtual time passes only in `wait`, which sleeping, asyncio and blocking calls all end in; computing takes none. What comes
in from outside are events (t, kind, which, value, data), due at their ms: the host hands them over in lockstep
(`lockstep`), or a test in the same VM writes them down with `at` and lets time pass with `advance`.
"""

NEVER = 1 << 40  # ms; later than any time
MASK = (1 << 30) - 1  # ticks_ms wraps here on the ESP32: after 12.4 days
QUEUE = 8  # what the scheduler of the ESP32 holds: a soft interrupt more is lost without a word
_PATIENCE = 10_000  # looks at the clock without letting time pass, before it is taken for a loop that waits

# What comes in.
PIN, UART_IN, RADIO_IN, LUX, ADC_IN, RTC_SET, WIFI, UART_END = range(1, 9)
_WIRES = (PIN, UART_IN, UART_END, LUX, ADC_IN)  # what a task that polls may find
# Both ways, for sockets; see `socket`. CABLE comes in: whether a network cable is plugged in.
NET_OPEN, NET_DATA, NET_ROOM, NET_CLOSE, CABLE = range(16, 21)
# What goes out.
DUTY, PIN_OUT, UART_OUT, RADIO_OUT, RESET, WATCHDOG, TRACE, RADIO_SET, UART_SET = range(1, 10)

PWRON_RESET, HARD_RESET, WDT_RESET, DEEPSLEEP_RESET, SOFT_RESET = range(1, 6)


class Reset(BaseException):
    """The board restarts; args[0] is the cause. Only tests see it: in lockstep the host ends the VM and starts another."""


class Board:
    """What there is one of: the clock, the events to come, and who wants to know of them."""

    def __init__(self):
        self.now = 0  # ms; runs on through resets, and is the host's
        self.horizon = NEVER  # until when this VM may go on by itself
        self.booted = 0  # when it got power, or was reset
        self.shift = 0  # what ticks_ms showed then
        self.rtc = None  # ms from `now` to the time since 2000-01-01; None: the clock was never set
        self.cause = PWRON_RESET
        self.mac = b"\x24\x6f\x28\x00\x00\x01"
        self.delay = 1  # ms that a radio frame takes at the least
        self.events = []  # sorted by time
        self.takers = {}  # kind of event -> function (which, value, data)
        self.alarms = []  # [due, function]: timers and the watchdog
        self.pausing = []  # who polls, and is told when that is worth while: see `hooks`
        self.queue = []  # soft interrupts that wait for the scheduler
        self.lost = 0  # soft interrupts that found the queue full
        self.exchange = None  # lockstep: function (until), which sets `now`, `horizon` and `events`
        self.emit = self.keep  # function (kind, which, value, data): what goes out
        self.out = []  # what went out, where no host takes it
        self._looks = 0

    def keep(self, kind, which, value, data=b""):
        """Where no host is: keep what goes out for the test, and restart when told to."""
        self.out.append((self.now, kind, which, value, bytes(data)))
        if kind == RESET:
            raise Reset(value)

    def sent(self, kind, which=None):
        """What went out of one kind so far, taken away: [(t, which, value, data)]."""
        found = [(o[0], o[2], o[3], o[4]) for o in self.out if o[1] == kind and (which is None or o[2] == which)]
        self.out = [o for o in self.out if not (o[1] == kind and (which is None or o[2] == which))]
        return found

    def ticks(self):
        """What ticks_ms shows; a loop that only looks at the clock is let on, a ms for each look."""
        self._looks += 1
        if self._looks > _PATIENCE:
            self.wait(self.now + 1)
            self._looks = _PATIENCE
        return (self.now - self.booted + self.shift) & MASK

    def at(self, t, kind, which=0, value=0, data=b""):
        """Something will come in at `t`."""
        place = len(self.events)
        while place and self.events[place - 1][0] > t:
            place -= 1
        self.events.insert(place, (t, kind, which, value, data))

    def wait(self, until):
        """Let time pass to `until`, or to the first thing that happens before; never further."""
        self._looks = 0
        due = until
        for alarm in self.alarms:
            if alarm[0] < due:
                due = alarm[0]
        if self.events and self.events[0][0] < due:
            due = self.events[0][0]
        if due > self.horizon:
            self.exchange(due)
            due = self.now
        if due > self.now:
            self.now = due
        self._take()

    def _take(self):
        """Let everything happen that is due."""
        now = self.now
        events = self.events
        while events and events[0][0] <= now:
            _, kind, which, value, data = events.pop(0)
            taker = self.takers.get(kind)
            if taker:
                taker(which, value, data)
            if kind in _WIRES:
                for pause in self.pausing:
                    pause.news(now)
        for alarm in list(self.alarms):
            if alarm[0] <= now:
                alarm[1]()
        while self.queue:
            function, argument = self.queue.pop(0)
            function(argument)

    def schedule(self, function, argument):
        """A soft interrupt: runs as soon as the scheduler comes round, or is lost if too many wait already."""
        if len(self.queue) >= QUEUE:
            self.lost += 1
        else:
            self.queue.append((function, argument))

    def sleep(self, ms):
        """Block for `ms`; interrupts and timers go on meanwhile."""
        until = self.now + ms
        while self.now < until:
            self.wait(until)

    def advance(self, ms):
        """Tests: the same as `sleep`."""
        self.sleep(ms)

    def reset(self, cause):
        """Restart."""
        self.emit(RESET, 0, cause, b"")


board = Board()
