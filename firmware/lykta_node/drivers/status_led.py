"""The status LED: what the technician sees at the foot of the post. A pattern of short flashes repeats every 3.75 s.

state      pattern                      what it says
BOOT       on                           starting
WELL       one flash                    all is well
CLOCK      two flashes                  the time is not known: is the gateway there?
RADIO      three flashes                no neighbour is heard: aerial, channel, keys
SENSOR     four flashes                 a sensor does not answer: cable, power
LAMP       five flashes                 the lamp takes less or more power than it should
SETTINGS   six flashes                  a setting or a file had to be repaired: provision again
SAFE       long, short, long, short     safe mode: it failed to start too often; the light is at full
UPDATE     even, slow                   writing an update: leave the power on
IDENTIFY   even, fast                   this is the one you are looking for
WALK       dark                         walk test: every detection is one flash of half a second

The most urgent state is shown alone: a higher number wins.
"""

from micropython import const

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from machine import Pin

WELL = const(0)
CLOCK = const(1)
RADIO = const(2)
SETTINGS = const(3)
LAMP = const(4)
SENSOR = const(5)
BOOT = const(6)
SAFE = const(7)
UPDATE = const(8)
WALK = const(9)
IDENTIFY = const(10)

SLOT_MS = const(125)
SLOTS = const(30)
_FLASH_MS = const(500)
_LONGEST = const(8)  # slots: a new state is seen after a second at the latest; in a walk-test after one slot, for the flash's end
_TICKS = const(0x3FFFFFFF)

# One bit a slot, the first slot lowest. A flash is one slot on and two off.
_PATTERNS = (
    0b000000000000000000000000000001,
    0b000000000000000000000000001001,
    0b000000000000000000000001001001,
    0b000000000000001001001001001001,
    0b000000000000000001001001001001,
    0b000000000000000000001001001001,
    0b111111111111111111111111111111,
    0b000000000000001001111001001111,
    0b000001111100000111110000011111,
    0b000000000000000000000000000000,
    0b010101010101010101010101010101,
)


class StatusLed:
    """An LED on a pin. `inverted`: it lights while the pin is low."""

    def __init__(self, pin: "Pin", inverted: bool = False) -> None:
        self._pin = pin
        self._inverted = inverted
        self._lit = -1
        self._begin = 0
        self._flash_begin = 0
        self._flashes = False
        self.state = BOOT
        self._set(1)

    def show(self, now: int, state: int) -> None:
        """Show a state, from the beginning of its pattern if it is a new one."""
        if state != self.state:
            self.state = state
            self._begin = now

    def flash(self, now: int) -> None:
        """One flash of half a second, whatever the state."""
        self._flashes = True
        self._flash_begin = now
        self._set(1)

    def poll(self, now: int) -> int:
        """Light the LED or not; returns in how many ms to call again."""
        if self._flashes:
            left = _FLASH_MS - ((now - self._flash_begin) & _TICKS)
            if left > 0:
                self._set(1)
                return left
            self._flashes = False
        passed = (now - self._begin) & _TICKS
        if passed >= SLOT_MS * SLOTS:
            whole = passed // (SLOT_MS * SLOTS) * (SLOT_MS * SLOTS)
            self._begin = (self._begin + whole) & _TICKS
            passed -= whole
        slot = passed // SLOT_MS
        rest = _PATTERNS[self.state] >> slot
        lit = rest & 1
        self._set(lit)
        same = 1
        while self.state != WALK and same < _LONGEST and slot + same < SLOTS and rest >> same & 1 == lit:
            same += 1
        return same * SLOT_MS - passed % SLOT_MS

    def _set(self, lit: int) -> None:
        if lit != self._lit:
            self._lit = lit
            self._pin.value(1 - lit if self._inverted else lit)
