"""Ramps that look even: perceived lightness moves at a constant rate, luminous flux follows.

A *position* is perceived lightness as an integer, 0 to FULL. A ramp moves the position by a whole number per ms
towards its target, so that `move(a)` then `move(b)` is exactly `move(a + b)` and a lamp that is wanted again turns
round from where it is. `level_of` gives the flux [permille] of a position.

Source: CIE 1976 lightness, Y = ((L* + 16) / 116)^3 above L* = 8, L* / 903.3 below; KNOTS[L*] = round(1000 Y).
"""

from micropython import const

from .lamp import POSITION, RATE, TARGET, TARGET_POSITION

FULL = const(6_000_000)
SEGMENT = const(60_000)  # positions between two knots
KNOTS = (
    0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 13, 14, 16, 17, 19, 21, 23, 25, 27, 30, 32, 35, 38, 41, 44, 47, 51, 55, 58,
    62, 67, 71, 75, 80, 85, 90, 95, 101, 107, 113, 119, 125, 132, 138, 145, 153, 160, 168, 176, 184, 193, 201, 210,
    220, 229, 239, 249, 260, 270, 281, 292, 304, 316, 328, 340, 353, 366, 380, 393, 407, 422, 437, 452, 467, 483,
    499, 515, 532, 549, 567, 585, 603, 622, 641, 660, 680, 700, 721, 742, 763, 785, 807, 830, 853, 876, 900, 924,
    949, 974, 1000,
)  # fmt: skip


def level_of(position: int) -> int:
    """Luminous flux [permille] at a position (0 to FULL), linear between the knots."""
    knot = position // SEGMENT
    below = KNOTS[knot]
    if knot == 100:
        return below
    return below + (KNOTS[knot + 1] - below) * (position - knot * SEGMENT) // SEGMENT


def position_of(level: int) -> int:
    """The lowest position whose level is at least `level` [permille, 0 to 1000]."""
    low = 0
    high = 100
    while low < high:
        middle = (low + high) // 2
        if KNOTS[middle] < level:
            low = middle + 1
        else:
            high = middle
    if low == 0:
        return 0
    below = KNOTS[low - 1]
    step = KNOTS[low] - below
    return (low - 1) * SEGMENT + ((level - below) * SEGMENT + step - 1) // step


def rate_of(ramp_ms: int) -> int:
    """Positions per ms of a ramp that takes `ramp_ms` for the whole way from 0 to full, rounded down."""
    return FULL // ramp_ms


def aim(lamp, target: int, up: int, down: int) -> None:
    """Turn the lamp towards a target [permille] from where it is, at `up` or `down` positions per ms."""
    if target != lamp[TARGET]:
        lamp[TARGET] = target
        lamp[TARGET_POSITION] = position_of(target)
    lamp[RATE] = up if lamp[TARGET_POSITION] > lamp[POSITION] else down


def move(lamp, ms: int) -> None:
    """Let `ms` pass: the position moves towards its target and stays there."""
    way = lamp[TARGET_POSITION] - lamp[POSITION]
    rate = lamp[RATE]
    if way >= 0:
        if ms >= (way + rate - 1) // rate:
            lamp[POSITION] = lamp[TARGET_POSITION]
        else:
            lamp[POSITION] += rate * ms
    elif ms >= (rate - 1 - way) // rate:
        lamp[POSITION] = lamp[TARGET_POSITION]
    else:
        lamp[POSITION] -= rate * ms
