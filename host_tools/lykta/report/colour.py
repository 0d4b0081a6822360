"""The colours of the pictures: brightness from night blue to lamplight, and one colour and dash for each road user class.

Brightness runs along lightness (CIE L*, evenly) and from blue to yellow, so that it reads the same with every kind of
colour blindness, and in grey on paper. Classes differ by dash as well as by colour, never by colour alone.
"""

from __future__ import annotations

from dataclasses import dataclass

_WHITE = (0.95047, 1.0, 1.08883)  # D65


def _channel(linear: float) -> int:
    clipped = min(1.0, max(0.0, linear))
    encoded = 12.92 * clipped if clipped <= 0.0031308 else 1.055 * clipped ** (1 / 2.4) - 0.055
    return round(255 * encoded)


def _from_lab(lightness: float, a: float, b: float) -> tuple[int, int, int]:
    """sRGB of a colour of CIE 1976 L*a*b*, clipped to what a screen can show."""
    fy = (lightness + 16) / 116
    x, y, z = (
        white * (f**3 if f**3 > 0.008856 else (f - 16 / 116) / 7.787)
        for white, f in zip(_WHITE, (fy + a / 500, fy, fy - b / 200), strict=True)
    )
    return (
        _channel(3.2406 * x - 1.5372 * y - 0.4986 * z),
        _channel(-0.9689 * x + 1.8758 * y + 0.0415 * z),
        _channel(0.0557 * x - 0.2040 * y + 1.0570 * z),
    )


def brightness(share: float) -> tuple[int, int, int]:
    """The colour of a share (0 to 1) of full light or of full energy: (red, green, blue), 0 to 255."""
    share = min(1.0, max(0.0, share))
    return _from_lab(10 + 82 * share, 6 - 8 * share, -34 + 98 * share * share)


#: Brightness in 255 steps: the palette of every raster, here and in the page. Index 255 is left for "no lamp".
PALETTE: tuple[tuple[int, int, int], ...] = tuple(brightness(step / 254) for step in range(255))
NO_LAMP = 255


def hexadecimal(colour: tuple[int, int, int]) -> str:
    """A colour as `#rrggbb`."""
    return "#{:02x}{:02x}{:02x}".format(*colour)


@dataclass(frozen=True)
class Stroke:
    """How the lines of a class are drawn over the brightness: dark colours, with a pale edge that the drawing adds."""

    name: str
    plural: str
    colour: str
    dash: tuple[int, ...]  # lengths on and off [px]; () is unbroken


#: By the code of `road_user` in the tables: pedestrian, cyclist, car, unknown, animal.
STROKES = (
    Stroke("pedestrian", "pedestrians", "#101418", ()),
    Stroke("cyclist", "cyclists", "#0a4fc4", (7, 3)),
    Stroke("car", "cars", "#b3123f", (2, 3)),
    Stroke("unknown", "unknown", "#4a4a4a", (1, 3)),
    Stroke("animal", "animals", "#5b3a1a", (1, 4)),
)
