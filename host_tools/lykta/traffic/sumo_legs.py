"""What SUMO is asked to move: the ways of the generator's people as legs, each from where somebody sets out to where he stops or turns.

Who comes, when, which way and how fast he would like to go is the generator's; how people get on with each other is SUMO's. Each leg is a
person or vehicle of its own, so that rests and turns on the way need nothing of SUMO; afterwards the legs of one user are joined again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import pyarrow as pa

from lykta.tables import ANIMAL


@dataclass(frozen=True)
class Leg:
    """A way without rest that passes no link twice: directed links, from `from_cm` on the first (in its direction) to `to_cm` on the last.

    `from_ms`, `to_ms`: when the generator has him there; `side_cm`: how far to the right of the first link he sets out there.
    """

    user: int
    number: int
    road_user: int
    links: tuple[int, ...]
    from_cm: int
    to_cm: int
    from_ms: int
    to_ms: int
    side_cm: int = 0

    def length_cm(self, length_cm: Sequence[int]) -> int:
        """How far it is. `length_cm`: of each link of the site."""
        return sum(length_cm[link >> 1] for link in self.links[:-1]) + self.to_cm - self.from_cm


def legs(table: pa.Table, length_cm: Sequence[int]) -> list[Leg]:
    """The legs of all people in a table of trajectories (animals stay what they are), in the order of user and time."""
    names = ("user", "road_user", "t0_ms", "t1_ms", "link", "from_cm", "to_cm", "lateral_cm")
    rows = zip(*(table[name].to_numpy().astype(np.int64).tolist() for name in names), strict=True)
    found: list[Leg] = []
    for user, own in groupby(rows, key=lambda row: row[0]):
        parts: list[list[tuple[int, ...]]] = [[]]
        for _, road_user, t0, t1, link, a, b, right in own:
            if road_user == ANIMAL:
                continue
            if a == b:
                parts.append([])
                continue
            back = int(b < a)
            from_cm, to_cm = (length_cm[link] - a, length_cm[link] - b) if back else (a, b)
            part = parts[-1]
            if part and part[-1][1] != 2 * link + back and any(row[1] >> 1 == link for row in part):
                parts.append(part := [])  # he turns round, or comes by here again: where he is on a leg must say how far he has come
            part.append((road_user, 2 * link + back, from_cm, to_cm, t0, t1, -right if back else right))
        kept = [part for part in parts if part]
        found += [_leg(user, number, part) for number, part in enumerate(kept)]
    return found


def _leg(user: int, number: int, part: Sequence[tuple[int, ...]]) -> Leg:
    links = tuple(directed for directed, _ in groupby(row[1] for row in part))
    return Leg(user, number, part[0][0], links, part[0][2], part[-1][3], part[0][4], part[-1][5], part[0][6])
