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
from lykta.sim import loop
from lykta.sim.radio import Radio
from lykta.vm.frames import TRACE_FRAME

LAMPS, GATEWAY, PITCH_CM = 31, 15, 2_200
PIECES, PIECE = 25, 4_000
_LOSS = 0.1
_ADDRESS = 6
_NEAR = 3  # neighbours up to the third
_AIM_MS = 500


def report(quick: bool) -> Iterator[str]:
    """The lines of this part."""
    radio = Radio(delay_ms=10, jitter_ms=20, loss=_LOSS, burst_ms=300)
    plan = posting.street(LAMPS, PITCH_CM, GATEWAY)
    street = f"{LAMPS - 1} lamps {PITCH_CM // 100} m apart, the gateway among them, relays to the outermost"
    yield f"   an update of {PIECES * PIECE // 1000} kB to {street}; {_LOSS:.0%} of telegrams lost in bursts of 300 ms; whole firmwares:"
    with tempfile.TemporaryDirectory(prefix="lykta-") as name:
        firmware = Path(name) / "firmware"
        compile_into(firmware)
        for users, minutes in ((0, 20),) if quick else ((0, 20), (10, 90)):
            wanted = posting.Post(pieces=PIECES, size=PIECE)
            lit = posting.played(plan, wanted, minutes, radio, Path(name) / f"{users}", users, trace="all", source=firmware)
            yield from _transfer(lit, plan.begin_ms, users, minutes)
            if users:
                bare = posting.played(plan, posting.Post(), minutes, radio, Path(name) / "bare", users, trace="all", source=firmware)
                yield from _wave(lit, bare)


def _transfer(lit: loop.Lit, begin_ms: int, users: int, minutes: int) -> Iterator[str]:
    """How long it took, and what of the air."""
    done = {}
    for line in posting.lines(lit, "piece"):
        done.setdefault(line.lamp, []).append(line.t_ms)
        if line.words[2] != "True":
            yield f"     WRONG: piece {line.words[1]} at lamp {line.lamp}"
    begun = min(line.t_ms for line in posting.lines(lit, "fetched"))
    whole = sorted(times[-1] for times in done.values() if len(times) == PIECES)
    when = f"{users} users an hour" if users else "nobody about"
    if len(whole) < LAMPS - 1:
        yield f"     {when}: {len(whole)} of {LAMPS - 1} lamps have all of it after {minutes} min"
    if whole:
        half, last = (whole[len(whole) // 2] - begun) / 60_000, (whole[-1] - begun) / 60_000
        yield f"     {when}: the last lamp has all of it {last:.1f} min after the first piece, half of them after {half:.1f} min"
    share = {lamp: _busiest(frames) for lamp, frames in lit.sent.items()}
    most = max(share, key=lambda lamp: share[lamp])
    yield f"     most of the air in any minute: {share[GATEWAY]:.2%} by the gateway, {share[most]:.2%} by lamp {most} (aim: 1 % at most)"


def _busiest(frames: list[loop.Frame]) -> float:
    """The largest share of a minute that letters of one node had of the air."""
    sent = [(frame.t_ms, airtime.frame_us(len(frame.data) - _ADDRESS)) for frame in frames if telegram.is_post(frame.data[_ADDRESS:])]
    times = np.array([when for when, _ in sent], dtype=np.int64)
    total = np.concatenate([[0], np.cumsum([us for _, us in sent])])
    ends = np.searchsorted(times, times + 60_000)
    return float(max((total[ends] - total[np.arange(len(times))]), default=0)) / 60e6


def _wave(lit: loop.Lit, bare: loop.Lit) -> Iterator[str]:
    """From a detection to its first copy at the lamps up to the third neighbour, with letters and without."""
    for name, night in (("with letters", lit), ("without", bare)):
        told, found = _heard(night)
        p99 = float(np.percentile(found, 99))
        got = f"median {np.median(found):.0f} ms, 99 % {p99:.0f} ms, of {len(found):,}; {1 - len(found) / told:.2%} never heard"
        yield f"     wave to the third neighbour, {name}: {got}; aim {_AIM_MS} ms   {verdict(p99 <= _AIM_MS)}"


def _heard(lit: loop.Lit) -> tuple[int, list[int]]:
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
        for lamp in range(max(0, origin - _NEAR), min(LAMPS, origin + _NEAR + 1)):
            if lamp != origin:
                told += 1
                if (lamp, origin, number) in first:
                    found.append(first[lamp, origin, number] - t_ms)
    return told, found


if __name__ == "__main__":
    for text in report(False):
        print(text)
