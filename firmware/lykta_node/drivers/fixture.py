"""The lamp's driver behind a PWM output, or behind 0-10 V made of PWM: from luminous flux to duty.

A calibration curve belongs to a model of driver: pairs (duty, flux), both in permille, rising. Its inverse here gives the smallest duty
whose flux is at least the one wanted; the lamp's twin on the host reads the same curve forwards. Pairs may share a flux (a 0-10 V
driver gives all it has above about 8 V), never a duty.

Before any of this runs, boot.py has put the pin to full with nothing but `machine.Pin`; hand in a PWM that was made with the duty of
full, so that taking over is not seen. A bad curve means full whenever there is to be light at all: better bright than unknown.
"""

from array import array

from micropython import const

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from machine import PWM

FULL = const(1000)
DUTY = const(65_535)  # 16 bit; the ESP32 rounds to the bits that the frequency leaves it (13 at 5 kHz, 16 at 1 kHz)


def full_duty(inverted: bool) -> int:
    """The duty to make the PWM with."""
    return 0 if inverted else DUTY


class Fixture:
    """A lamp on a PWM output. `inverted`: the pin at low is full light (an inverting stage, or an open line that must mean full)."""

    def __init__(self, pwm: "PWM", curve, lowest: int, inverted: bool = False) -> None:
        """`curve`: pairs of (duty, flux) permille, as in the board's file; `lowest`: the lowest flux that is stable [permille]."""
        self._pwm = pwm
        self._inverted = inverted
        self._duty = -1
        self._set(DUTY)
        self.level = FULL  # what it shows
        self.curve_bad = not _sound(curve, lowest)
        self._lowest = FULL if self.curve_bad else lowest
        self._curve = array("h") if self.curve_bad else array("h", [value for pair in curve for value in pair])

    def full(self) -> None:
        """All the light there is, whatever curve and settings say."""
        self.level = FULL
        self._set(DUTY)

    def show(self, level: int) -> None:
        """Show a luminous flux [permille of the design flux]: 0 is off, else at least the lowest stable level."""
        if level <= 0:
            level = 0
        elif level < self._lowest:
            level = self._lowest
        if level >= FULL:
            self.full()
            return
        self.level = level
        self._set(self._duty_of(level))

    def _duty_of(self, level: int) -> int:
        """The smallest duty (0 to DUTY) whose flux is at least `level`."""
        curve = self._curve
        if level == 0:
            return 0
        if level <= curve[1]:
            return (curve[0] * DUTY + FULL - 1) // FULL
        at = 2
        while curve[at + 1] < level:
            at += 2
        step = curve[at + 1] - curve[at - 1]
        # Whole permille of duty first, then the rest of the division: all at once would leave 2^30. Rounded up.
        way = (level - curve[at - 1]) * (curve[at] - curve[at - 2])
        whole = curve[at - 2] + way // step
        rest = (way % step * DUTY + step - 1) // step
        return (whole * DUTY + rest + FULL - 1) // FULL

    def _set(self, duty: int) -> None:
        """Write the duty, if it is another one: each write starts the PWM's period anew."""
        duty = min(duty, DUTY)
        if duty != self._duty:
            self._duty = duty
            self._pwm.duty_u16(DUTY - duty if self._inverted else duty)


def _sound(curve, lowest: int) -> bool:
    """Whether a curve is one: at least two pairs of integers within 0 to FULL, duty rising, flux never falling, ending at full flux."""
    try:
        if not 0 < lowest <= FULL or len(curve) < 2 or curve[len(curve) - 1][1] != FULL or curve[0][1] >= FULL:
            return False
        duty, flux = -1, 0
        for pair in curve:
            if not isinstance(pair[0], int) or not isinstance(pair[1], int) or not (duty < pair[0] <= FULL and flux <= pair[1] <= FULL):
                return False
            duty, flux = pair
    except (TypeError, IndexError, ValueError, KeyError):
        return False
    return isinstance(lowest, int)
