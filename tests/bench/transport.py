"""Letters by radio: how long 100 kB of an update take to 30 lamps behind a gateway, by whole firmwares, and what the wave notices of it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from energy import verdict

from gauges import posting
from gauges.size import compile_into
from lykta.corehost import airtime, telegram
from lykta.corehost import lamp as row
from lykta.plan import Plan
from lykta.sim import loop
from lykta.sim.radio import Radio
from lykta.vm.frames import TRACE_FRAME

LAMPS, PITCH_CM = 31, 2_200
BUSY_LAMPS, USERS, MINUTES = 16, 30, 15  # of the evening with people
PIECES, PIECE = 25, 4_000
_LOSS = 0.1
_ADDRESS = 6
_NEAR = 3  # neighbours up to the third
_AIM_MS = 500


def report(quick: bool) -> Iterator[str]:
    """The lines of this part; `quick` leaves out the evening with people."""
    with tempfile.TemporaryDirectory(prefix="lykta-") as name:
        compile_into(Path(name) / "firmware")
        yield from quiet(Path(name))
        if not quick:
            yield from busy(Path(name))


def quiet(folder: Path) -> Iterator[str]:
    """An update while nobody is about."""
    yield f"   an update of {PIECES * PIECE // 1000} kB to {LAMPS - 1} lamps {PITCH_CM // 100} m apart, gateway in the middle, relays to"
    yield f"     the outermost; {_LOSS:.0%} of telegrams lost in bursts of 300 ms; whole firmwares, nobody about:"
    plan = posting.street(LAMPS, PITCH_CM, LAMPS // 2)
    yield from _transfer(_night(plan, PIECES, 20, 0, folder / "quiet"), LAMPS, 20)


def busy(folder: Path) -> Iterator[str]:
    """The wave of an evening with people, while the same update goes to fewer lamps, and without any letters."""
    yield f"   the same to {BUSY_LAMPS - 1} lamps, {USERS} users an hour, the first {MINUTES} minutes:"
    plan = posting.street(BUSY_LAMPS, PITCH_CM, BUSY_LAMPS // 2)
    lit = _night(plan, PIECES, MINUTES, USERS, folder / "busy")
    yield from _transfer(lit, BUSY_LAMPS, MINUTES)
    for name, night in (("with letters", lit), ("without", _night(plan, 0, MINUTES, USERS, folder / "bare"))):
        told, found = _heard(night, BUSY_LAMPS)
        p99 = float(np.percentile(found, 99))
        got = f"median {np.median(found):.0f} ms, 99 % {p99:.0f} ms, of {len(found):,}; {1 - len(found) / told:.2%} never heard"
        yield f"     wave up to the third neighbour, {name}: {got}; aim {_AIM_MS} ms   {verdict(p99 <= _AIM_MS)}"


def _night(plan: Plan, pieces: int, minutes: int, users: int, folder: Path) -> loop.Lit:
    radio = Radio(delay_ms=10, jitter_ms=20, loss=_LOSS, burst_ms=300)
    wanted = posting.Post(pieces=pieces, size=PIECE)
    return posting.played(plan, wanted, minutes, radio, folder, users, trace="all", source=folder.parent / "firmware")


def _transfer(lit: loop.Lit, lamps: int, minutes: int) -> Iterator[str]:
    """How long it took, and what of the air."""
    done: dict[int, dict[str, int]] = {}
    for line in posting.lines(lit, "piece"):
        done.setdefault(line.lamp, {}).setdefault(line.words[1], line.t_ms)  # one whose receipt was lost may come again
        if line.words[2] != "True":
            yield f"     WRONG: piece {line.words[1]} at lamp {line.lamp}"
    begun = min(line.t_ms for line in posting.lines(lit, "fetched"))
    whole = sorted(max(times.values()) for times in done.values() if len(times) == PIECES)
    if len(whole) < lamps - 1:
        pieces = sum(map(len, done.values())) / (lamps - 1)
        yield f"     {len(whole)} of {lamps - 1} lamps have all of it after {minutes} min; {pieces:.1f} of {PIECES} pieces on average"
    if whole:
        half, last = (whole[len(whole) // 2] - begun) / 60_000, (whole[-1] - begun) / 60_000
        yield f"     the last lamp has all of it {last:.1f} min after the first piece was there, half of them after {half:.1f} min"
    share = {lamp: _busiest(frames) for lamp, frames in lit.sent.items()}
    most = max(share, key=lambda lamp: share[lamp])
    took = f"{share[most]:.2%} by lamp {most}"
    yield f"     most of the air that letters took in any minute: {took}; aim: 1 %   {verdict(share[most] <= 0.01)}"


def _busiest(frames: list[loop.Frame]) -> float:
    """The largest share of a minute that letters of one node had of the air."""
    sent = [(frame.t_ms, airtime.frame_us(len(frame.data) - _ADDRESS)) for frame in frames if telegram.is_post(frame.data[_ADDRESS:])]
    times = np.array([when for when, _ in sent], dtype=np.int64)
    total = np.concatenate([[0], np.cumsum([us for _, us in sent])])
    ends = np.searchsorted(times, times + 60_000)
    return float(max((total[ends] - total[np.arange(len(times))]), default=0)) / 60e6


def _heard(lit: loop.Lit, lamps: int) -> tuple[int, list[int]]:
    """(detections times lamps that should hear them, ms until each heard its first copy)."""
    first: dict[tuple[int, int, int], int] = {}
    for lamp, frames in lit.traces.items():
        for frame in frames:
            if frame.which == TRACE_FRAME:
                values = np.frombuffer(frame.data, dtype="<i4")[1:]
                first.setdefault((lamp, int(values[int(row.ORIGIN)]), int(values[int(row.DETECTION)])), frame.t_ms)
    told, found = 0, []
    for values in np.array(lit.detections).reshape(-1, 9):
        origin, t_ms, number = int(values[0]), int(values[1]), int(values[2])
        for lamp in range(max(0, origin - _NEAR), min(lamps, origin + _NEAR + 1)):
            if lamp != origin:
                told += 1
                if (lamp, origin, number) in first:
                    found.append(first[lamp, origin, number] - t_ms)
    return told, found


if __name__ == "__main__":
    for text in report(False):
        print(text)
