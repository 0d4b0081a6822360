"""Pins, and PWM by the LEDC unit, of the virtual board."""

from vboard import DUTY, PIN, PIN_OUT, board

_NO_PIN = (20, 24, 28, 29, 30, 31)  # numbers that the chip does not have
_FLASH = (6, 7, 8, 9, 10, 11)  # wired to the flash inside every module: using one crashes the chip
_LAST_OUTPUT = 33  # 34 to 39 are inputs without pull resistors
_LAST = 39
_CHANNELS = 16  # of the LEDC unit
_FREQUENCIES = 8  # of its timers: PWMs of one frequency share one


class Pin:
    """A pin: levels come from the host, or from what is written while it is an output."""

    IN = 1
    OUT = 3
    OPEN_DRAIN = 7
    PULL_DOWN = 1
    PULL_UP = 2
    IRQ_RISING = 1
    IRQ_FALLING = 2
    WAKE_LOW = 4
    WAKE_HIGH = 5
    DRIVE_0 = 0
    DRIVE_1 = 1
    DRIVE_2 = 2
    DRIVE_3 = 3

    def __new__(cls, id, *args, **kwargs):
        # As on the chip there is one object for each pin: a second Pin(5) is the first.
        number = number_of(id)
        if number not in _pins:
            pin = super().__new__(cls)
            pin.number = number
            pin.level = 0
            pin.is_output = False
            pin.handler = None
            pin.trigger = 0
            pin.pwm = None
            pin._mode = -1
            _pins[number] = pin
        return _pins[number]

    def __init__(self, id, mode=-1, pull=-1, *, value=None, drive=None, alt=None):
        self.init(mode, pull, value=value, drive=drive, alt=alt)

    def __repr__(self):
        return "Pin(%d)" % self.number

    def init(self, mode=-1, pull=-1, *, value=None, drive=None, alt=None):
        """Set it up anew. The level of an output is set before it becomes one: no glitch."""
        if alt is not None:
            raise ValueError("alt is not supported")
        if mode in (self.OUT, self.OPEN_DRAIN) and self.number > _LAST_OUTPUT:
            raise ValueError("pin can only be input")
        if mode != -1:
            self._mode = mode
            self.is_output = mode != self.IN
            if not self.is_output and self.number in _driven:
                self.level = _driven[self.number]
            elif not self.is_output and pull in (self.PULL_UP, self.PULL_DOWN):
                self.level = int(pull == self.PULL_UP)
        if value is not None:
            self.value(value)

    def value(self, x=None):
        """The level, or set it."""
        if x is None:
            return self.level
        level = 1 if x else 0
        if self.is_output:
            if level != self.level:
                self.level = level
                board.emit(PIN_OUT, self.number, level)

    def __call__(self, x=None):
        return self.value(x)

    def on(self):
        """Set it high."""
        self.value(1)

    def off(self):
        """Set it low."""
        self.value(0)

    def toggle(self):
        """Set it to the other level."""
        self.value(1 - self.level)

    def mode(self, mode=None):
        """The mode, or set it."""
        if mode is None:
            return self._mode
        self.init(mode)

    def irq(self, handler=None, trigger=3, *, priority=1, wake=None):
        """Call a handler at edges. It runs when the scheduler comes round; its queue holds eight, a full one loses the edge."""
        self.handler = handler
        self.trigger = trigger
        return self

    def driven(self, level):
        """The host puts a level on the pin."""
        _driven[self.number] = level
        if self.is_output or level == self.level:
            return
        self.level = level
        if self.handler and self.trigger & (self.IRQ_RISING if level else self.IRQ_FALLING):
            board.schedule(self.handler, self)


_pins = {}
_driven = {}


def number_of(pin):
    """The number of a pin, checked; ValueError where the chip has none, or it is needed for the flash."""
    number = pin.number if isinstance(pin, Pin) else pin
    if not isinstance(number, int) or not 0 <= number <= _LAST or number in _NO_PIN or number in _FLASH:
        raise ValueError("invalid pin")
    return number


def _take_pin(which, value, data):
    if which in _pins:
        _pins[which].driven(value)
    else:
        _driven[which] = value


board.takers[PIN] = _take_pin


class Signal:
    """A pin whose active level may be low."""

    def __init__(self, pin_obj, *args, invert=False, **kwargs):
        self._pin = pin_obj if isinstance(pin_obj, Pin) else Pin(pin_obj, *args, **kwargs)
        self._invert = bool(invert)

    def value(self, x=None):
        """Whether it is active, or make it so."""
        if x is None:
            return self._pin.value() ^ self._invert
        self._pin.value(bool(x) ^ self._invert)

    def __call__(self, x=None):
        return self.value(x)

    def on(self):
        """Make it active."""
        self.value(1)

    def off(self):
        """Make it inactive."""
        self.value(0)


class PWM:
    """A channel of the LEDC unit. Its duty is rounded to what the frequency leaves of resolution (80 MHz / frequency steps)."""

    def __init__(self, dest, *, freq=None, duty_u16=None, duty_ns=None, invert=None):
        number = number_of(dest)
        if number > _LAST_OUTPUT:
            raise ValueError("pin can only be input")
        if number not in _duties and len(_duties) >= _CHANNELS:
            raise ValueError("out of PWM channels:%d" % _CHANNELS)
        self._pin = number
        self._freq, self._duty, self._invert = _duties.get(number, (5000, 32768, False))
        self.init(freq=freq, duty_u16=duty_u16, duty_ns=duty_ns, invert=invert)

    def init(self, *, freq=None, duty_u16=None, duty_ns=None, invert=None):
        """Set it up anew; what is left out stays (5 kHz and half at first)."""
        if duty_u16 is not None and duty_ns is not None:
            raise ValueError("only one of parameters 'duty', 'duty_u16' or 'duty_ns' is allowed")
        frequencies = {other[0] for pin, other in _duties.items() if pin != self._pin}
        if freq is not None:
            if not 1 <= freq <= 40_000_000:
                raise ValueError("frequency must be from 1Hz to 40MHz")
            if freq not in frequencies and len(frequencies) >= _FREQUENCIES:
                raise ValueError("out of PWM timers:%d" % _FREQUENCIES)
            self._freq = freq
        if invert is not None:
            self._invert = bool(invert)
        if duty_ns is not None:
            duty_u16 = min(65535, duty_ns * self._freq * 65536 // 1_000_000_000)
        self._show(self._duty if duty_u16 is None else duty_u16)

    def _show(self, duty):
        if not 0 <= duty <= 65535:
            raise ValueError("duty_u16 must be from 0 to 65535")
        bits = 1
        while bits < 16 and (self._freq << (bits + 1)) <= 80_000_000:
            bits += 1
        if duty < 65535:  # full stays full
            duty = duty >> (16 - bits) << (16 - bits)
        self._duty = duty
        _duties[self._pin] = (self._freq, duty, self._invert)
        board.emit(DUTY, self._pin, 65535 - duty if self._invert else duty)

    def duty_u16(self, value=None):
        """The duty, 0 to 65535, or set it."""
        if value is None:
            return self._duty
        self._show(value)

    def duty(self, value=None):
        """The same, 0 to 1023."""
        if value is None:
            return self._duty >> 6
        self._show(65535 if value >= 1023 else value << 6)

    def duty_ns(self, value=None):
        """The same as the length of the pulse."""
        if value is None:
            return self._duty * 1_000_000_000 // (65536 * self._freq)
        self.init(duty_ns=value)

    def freq(self, value=None):
        """The frequency [Hz], or set it."""
        if value is None:
            return self._freq
        self.init(freq=value)

    def deinit(self):
        """Stop: the pin is low afterwards, until it is set up as something else."""
        _duties.pop(self._pin, None)
        board.emit(DUTY, self._pin, 0)


_duties = {}  # pin -> (frequency, duty, invert)
