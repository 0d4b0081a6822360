"""Whether an Ed25519 signature (RFC 8032) is good. In slices of a few ms on an ESP32, so that it never holds up the lamp.

Nothing here is secret, so nothing takes care to take as long for one number as for another. Numbers have 255 bits and allocate: this
is the one module of the core, with `sha512`, that does not keep to small integers.

Stricter than some: S and the key's y must be below their moduli (RFC 8032, 5.1.7 and 5.1.3), R must be spelt as we would spell it, and
a key of small order, such as one of zeros, under which anybody can sign, is no key. Otherwise without the cofactor, as OpenSSL has it.
"""

from . import sha512

_P = (1 << 255) - 19
_L = (1 << 252) + 27742317777372353535851937790883648493
_D = 37095705934669439343138083508754565189542113879843219016388785533085940283555
_ROOT = 19681161376707505956807079304988542015446066515923890162744021073123829784752  # of -1
_BASE_X = 15112221349535400772501151409588531511454012693041857206046113283949847762202
_BASE_Y = 46316835694926478169428394003475163141307993866256225615783033603165251855960
_BASE = (_BASE_X, _BASE_Y, 1, _BASE_X * _BASE_Y % _P)
_NOTHING = (0, 1, 1, 0)  # points: X, Y, Z, T with x = X / Z, y = Y / Z, x y = T / Z
_SQUARINGS = 4  # in a slice


def verification(public, message, signature):
    """Yields None after each slice of the work, then, last, whether `signature` (64 bytes) of a message is that of `public` (32 bytes)."""
    if len(public) != 32 or len(signature) != 64:
        yield False
        return
    scalar = int.from_bytes(signature[32:], "little")
    key = yield from _point(public)
    if scalar >= _L or key is None or _small(key):
        yield False
        return
    yield None
    hashed = yield from sha512.digest(signature[:32] + public + message)
    factor = int.from_bytes(hashed, "little") % _L
    # R is to be S * base - factor * key: both at once, two bits of each at a time.
    negative = (_P - key[0], key[1], 1, _P - key[3])
    table = yield from _table(negative)
    point = _NOTHING
    for at in range(252, -2, -2):
        point = _double(_double(point, False), True)
        pick = (scalar >> at & 3) << 2 | factor >> at & 3
        if pick:
            point = _add(point, table[pick])
        yield None
    inverse = yield from _power(point[2], True)
    x = point[0] * inverse % _P
    y = point[1] * inverse % _P
    yield (y | (x & 1) << 255).to_bytes(32, "little") == bytes(signature[:32])


def _point(public):
    """The point that 32 bytes spell; None if there is none."""
    y = int.from_bytes(public, "little")
    odd = y >> 255
    y &= (1 << 255) - 1
    if y >= _P:
        return None
    square = y * y % _P
    above, below = (square - 1) % _P, (_D * square + 1) % _P
    cube = below * below % _P * below % _P
    power = yield from _power(above * cube % _P * cube % _P * below % _P, False)
    x = above * cube % _P * power % _P
    check = below * x % _P * x % _P
    if check != above:
        if check != _P - above:
            return None
        x = x * _ROOT % _P
    if x == 0 and odd:
        return None
    if x & 1 != odd:
        x = _P - x
    return x, y, 1, x * y % _P


def _power(value, inverse: bool):
    """value to the power of p - 2 (its inverse), or of (p - 5) / 8: 2^252 - 3."""
    square = value * value % _P
    nine = value * (yield from _squared(square, 2)) % _P
    eleven = nine * square % _P
    low = nine * (eleven * eleven % _P) % _P  # 2^5 - 1
    ten = (yield from _squared(low, 5)) * low % _P  # 2^10 - 1, and so on
    twenty = (yield from _squared(ten, 10)) * ten % _P
    forty = (yield from _squared(twenty, 20)) * twenty % _P
    fifty = (yield from _squared(forty, 10)) * ten % _P
    hundred = (yield from _squared(fifty, 50)) * fifty % _P
    two_hundred = (yield from _squared(hundred, 100)) * hundred % _P
    all_but_few = (yield from _squared(two_hundred, 50)) * fifty % _P
    if inverse:
        return (yield from _squared(all_but_few, 5)) * eleven % _P
    return (yield from _squared(all_but_few, 2)) * value % _P


def _squared(value, times: int):
    """value to the power of 2^times."""
    for number in range(times):
        value = value * value % _P
        if number % _SQUARINGS == _SQUARINGS - 1:
            yield None
    return value


def _table(negative):
    """Four times a + b: a times the base and b times the negative key, as `_add` wants its second point."""
    points = [_NOTHING]
    table = [_ready(_NOTHING)]
    for number in range(1, 16):
        other = table[4] if number > 4 else _ready(_BASE if number == 4 else negative)
        points.append(_add(points[number - 4 if number >= 4 else number - 1], other))
        table.append(_ready(points[number]))
        yield None
    return table


def _ready(point):
    """What `_add` needs of its second point: Y - X, Y + X, 2 Z, 2 d T."""
    x, y, z, t = point
    return (y - x) % _P, (y + x) % _P, 2 * z, 2 * _D * t % _P


def _add(one, ready):
    """The sum of two points, equal or not (RFC 8032, 5.1.4)."""
    x, y, z, t = one
    a = (y - x) * ready[0] % _P
    b = (y + x) * ready[1] % _P
    c = t * ready[3] % _P
    d = z * ready[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _double(point, whole: bool):
    """Twice a point. T only where it is to be added to something (`whole`)."""
    x, y, z, _ = point
    a = x * x % _P
    b = y * y % _P
    h = a + b
    e = h - (x + y) * (x + y) % _P
    g = a - b
    f = 2 * z * z % _P + g
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P if whole else 0


def _small(point) -> bool:
    """Whether eight times a point is nothing."""
    for _ in range(3):
        point = _double(point, False)
    return point[0] % _P == 0 and (point[1] - point[2]) % _P == 0
