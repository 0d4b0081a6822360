"""Day or night, as far as the light sensor can tell."""

from micropython import const

_DARK_LUX = const(5)
_DAY_LUX = const(100)  # the lamp's own light gives less at the sensor on its top


class Outlook:
    """`light_sensor` may be None: then it is never day."""

    def __init__(self, light_sensor) -> None:
        self.day = False  # whether it last saw daylight
        self._light = light_sensor

    def look(self) -> None:
        """Bring `day` up to date; between dusk and day it stays what it was."""
        lux = self._light.lux if self._light is not None else -1
        if lux < _DARK_LUX:
            self.day = False
        elif lux > _DAY_LUX:
            self.day = True

    def dark(self) -> bool:
        """Whether it sees the dark of night."""
        return self._light is not None and 0 <= self._light.lux < _DARK_LUX
