"""What the Hi-Link radars have in common: a stream of reports, commands that are answered, and whether the unit is there at all.

A command is a talk of several steps, each waiting for its answer (twice the code, 0x0100 more, then status 0):

    step                  answered          refused, or silent after 3 tries
    enable configuration  next              end configuration, the talk has failed
    the commands          next              end configuration, the talk has failed
    end configuration     the talk is done  the talk has failed; silent: so has the unit

A unit reports nothing between the first step and the last: the last is therefore sent whatever became of the others.
"""

from micropython import const

from .stream import ANSWER, COUNT, REPORT, Stream, command

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from machine import UART

# How the last talk went.
IDLE = const(0)  # there was none
TALKING = const(1)
DONE = const(2)
FAILED = const(3)

SILENT_MS = const(1_500)  # without a report nobody is there any more: some units fall silent without targets
_ANSWER_MS = const(500)
_TRIES = const(3)
_BOOT_MS = const(2_000)  # a unit that has just got power does not answer yet
_AGAIN_MS = const(60_000)  # how often a unit that did not answer is asked again

_ENABLE = command(0x00FF, b"\x01\x00")
_END = command(0x00FE)


class Radar:
    """A radar on a UART. A unit says what its reports mean in `_report`, and what it forgets when it hears nothing in `_quiet`."""

    def __init__(self, uart: "UART", question: bytes, patience_ms: int) -> None:
        """`question`: the command that reads a setting; `patience_ms`: how long the unit may be silent before it is asked."""
        self._stream = Stream(uart)
        self._question: tuple[bytes, ...] = (question,)
        self._patience = patience_ms
        self._script: tuple[bytes, ...] = self._question
        self._step = -1
        self._tries = 0
        self._sent = 0
        self._broken = False  # a step of this talk failed
        self._wait = _BOOT_MS
        self._since = -1  # of the last sign of life, or of the last talk; -1: never polled
        self._reported = 0
        self._silent = True
        self._alive = True
        self.talk = IDLE
        self.kind = 0
        self.distance_cm = 0
        self.speed_cms = 0
        self.reports = 0  # frames that made sense
        self.refused = 0  # frames that did not, though they were whole

    def poll(self, now: int) -> bool:
        """Read what has come; whether a reading was found: `kind`, `distance_cm`, `speed_cms`. Call it again until not."""
        if self._since < 0:
            self._since = now
        while True:
            if self._pending(now):
                return True
            found = self._stream.next(now)
            if found == REPORT:
                self._take(now)
            elif found == ANSWER:
                self._answer(now)
            else:
                break
        if not self._silent and (now - self._reported) & COUNT >= SILENT_MS:
            self._silent = True
            self._quiet()
            return self._pending(now)
        return False

    def alive(self, now: int) -> bool:
        """Whether the unit is there: it reports, or it answered when it was last asked. Call `poll` as often, it reads the answers."""
        if self._since < 0:
            self._since = now
        if self._step >= 0:
            if (now - self._sent) & COUNT >= _ANSWER_MS:
                self._retry(now)
        elif (now - self._since) & COUNT >= self._wait:
            self._begin(self._question, now)
        return self._alive

    def next_due(self, now: int) -> int:
        """In how many ms `poll` or `alive` may do something although nothing comes in. Ask after both."""
        due = self._stream.left(now)
        if not self._silent:
            due = min(due, max(0, SILENT_MS - ((now - self._reported) & COUNT)))
        if self._step >= 0:
            return min(due, max(0, _ANSWER_MS - ((now - self._sent) & COUNT)))
        return min(due, max(0, self._wait - ((now - self._since) & COUNT)))

    def configure(self, now: int, commands: tuple[bytes, ...]) -> None:
        """Send commands (see `stream.command`), one after the other; `talk` says how it goes on while `alive` and `poll` are called."""
        self._begin(commands, now)

    def garbage(self) -> int:
        """How many bytes belonged to no frame."""
        return self._stream.garbage

    # The three in which the units differ. MicroPython has no `abc`: one that a driver forgets is an error at its first poll.

    def _pending(self, now: int) -> bool:
        """Whether a reading waits to be told; then it stands in `kind`, `distance_cm`, `speed_cms`."""
        raise NotImplementedError

    def _report(self, data: bytearray, at: int, length: int, now: int) -> bool:
        """Take the content of a report; False if it makes no sense."""
        raise NotImplementedError

    def _quiet(self) -> None:
        """The unit has said nothing for SILENT_MS."""
        raise NotImplementedError

    def _take(self, now: int) -> None:
        stream = self._stream
        if not self._report(stream.data, stream.content, stream.length, now):
            self.refused = min(self.refused + 1, COUNT)
            return
        self.reports = min(self.reports + 1, COUNT)
        self._reported = now
        self._silent = False
        self._lives(now)

    def _lives(self, now: int) -> None:
        self._alive = True
        self._since = now
        self._wait = self._patience

    # --- talks ------------------------------------------------------------------------------------------------

    def _begin(self, commands: tuple[bytes, ...], now: int) -> None:
        self._script = commands
        self._broken = False
        self.talk = TALKING
        self._go(0, now)

    def _go(self, step: int, now: int) -> None:
        """Send a step for the first time."""
        self._step = step
        self._tries = 0
        self._retry(now)

    def _frame(self) -> bytes:
        """The command of the current step."""
        if self._step == 0:
            return _ENABLE
        if self._step <= len(self._script):
            return self._script[self._step - 1]
        return _END

    def _retry(self, now: int) -> None:
        """Send the current step again; after the last try the step has failed, and at the last step nobody is there."""
        if self._tries < _TRIES:
            self._tries += 1
            self._sent = now
            self._stream.send(self._frame())
            return
        last = self._step > len(self._script)
        self._failed(now)
        if last:
            self._alive = False
            self._wait = _AGAIN_MS

    def _answer(self, now: int) -> None:
        """Take an answer: it counts if it is that of the current step."""
        stream = self._stream
        if self._step < 0 or stream.length < 4:
            self.refused = min(self.refused + 1, COUNT)
            return
        data = stream.data
        at = stream.content
        frame = self._frame()
        if data[at] != frame[6] or data[at + 1] != frame[7] | 1:
            self.refused = min(self.refused + 1, COUNT)
            return
        self._lives(now)
        if data[at + 2] or data[at + 3]:
            self._failed(now)
        elif self._step > len(self._script):
            self._over(now)
        else:
            self._go(self._step + 1, now)

    def _failed(self, now: int) -> None:
        """The current step got no answer, or a refusal."""
        self._broken = True
        if self._step <= len(self._script):
            self._go(len(self._script) + 1, now)
        else:
            self._over(now)

    def _over(self, now: int) -> None:
        self._step = -1
        self._since = now
        self.talk = FAILED if self._broken else DONE
