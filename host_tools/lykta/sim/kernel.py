"""The kernel engine: a night event by event, in closed form, with the node's own core.

`run` works on plain lists with the core as it is, and on NumPy int64 with the core compiled by Numba: the same file (int64, since
all other integers of Numba are that: half the time of compilation goes into mixtures). A
lamp acts on others only through frames, so a lamp is brought up to date only when something reaches it; what it did by
itself since then is written down in order. Frames reach their receivers through the radio model of `sim/radio`.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import Any

import numpy as np

from lykta.corehost import control, dimmer, health, priority
from lykta.corehost import lamp as row
from lykta.sim import concern, radio
from lykta.sim.radio import Row

#: How often heartbeats are exchanged here [ms]: the latest that has got through by then, of those sent every 60 s.
SWEEP_MS = 120_000
#: How many frames may be on their way at once.
RING = 4096
NOT_YET = -1 << 40  # when what was never sent was sent

#: Events that are not fault bits of `core/health`: the node is dead (its lamp burns full), its radio is.
NODE_DEAD = -1
RADIO_DEAD = -2

_DELIVERY = 0
_RENEWAL = 1
_SWEEP = 2
_NEVER = 1 << 62

# An item of the queue is one integer, so that it sorts by time and costs little: time, kind, a (slot of a frame, or a
# lamp: 20 bits), b (0, or which of the receivers: 12 bits).
_B_MASK = 0xFFF
_A = 12
_KIND = 32
_TIME = 34
_NODE = 1
_RADIO = 2
_NEAREST = 4

_LEVEL = 6  # integers in a row of levels
# Room for what one lamp may write between two events: its tracks begin and end, its phases and floors change. Levels are an array that
# only `run` makes longer, since functions that take lists count references at every call, which takes a third of a night.
_ROWS_AT_ONCE = 128 * _LEVEL


def run(
    lamps: Any, blocks: Any, block_of: Any, tables: Any, own: Any, receivers: Any, adjacent: Any, readings: Any, events: Any,
    link: Any, frames: Any, sent: Any, noted: Any, works: Any, begin_ms: int, end_ms: int,
) -> Any:  # fmt: skip
    """One night of a street. Returns (levels, detections) as flat arrays of 6 and 9 integers each.

    lamps          rows of `core/lamp`, one for each lamp, changed in place
    blocks         settings blocks; block_of[lamp] says which is whose
    tables, own    neighbour tables, and where a lamp's own rows begin in each (-1: not a node)
    receivers      (starts, lamps, rows, hops): who hears lamp i, from starts[i] to starts[i + 1]
    adjacent       (starts, lamps): whose heartbeats lamp i hears
    readings       (t_ms, lamp, kind, road_user, distance_cm, speed_cms, user), sorted by time
    events         (t_ms, lamp, fault bit, present), sorted by time: what drivers report, NODE_DEAD, RADIO_DEAD
    link           parameters of the radio: see `sim/radio`
    frames, sent   room for RING frames of FRAME_LENGTH; when each was sent, then until when each is on its way; first NOT_YET
    noted, works   room for two integers for each lamp (target and rate last written down) and one more, and for one for each (what works)
    """
    detections = [0]  # the first one tells the compiler what is in the list
    detections.pop()
    count = len(lamps)
    written = 2 * count  # noted[written]: how many integers of levels
    noted[written] = 0
    levels = np.empty(count * _ROWS_AT_ONCE, np.int64)
    at_once = 1  # for how many lamps there must be room
    for i in range(count):
        at_once = max(at_once, receivers[0][i + 1] - receivers[0][i])
    told = [0] * count  # number of the detection last written down
    user = [-1] * count  # whom the last reading was about
    scheduled = [-1] * count
    number = 0  # of frames sent
    perfect = _perfect(link, events)
    for i in range(count):
        works[i] = _NODE | _RADIO
        noted[2 * i] = -1
        if own[i] >= 0:
            control.start(lamps[i], blocks[block_of[i]], tables[i], own[i], i, begin_ms)
            if perfect:
                lamps[i][row.HEARD] = end_ms
            _note(levels, noted, lamps[i], i)
    queue = [_item(begin_ms + SWEEP_MS, _SWEEP, 0, 0)]
    at = 0
    event = 0
    while True:
        # What comes next; at the same time readings first, then events, then the queue.
        reading_ms = readings[0][at] if at < len(readings[0]) else _NEVER
        event_ms = events[0][event] if event < len(events[0]) else _NEVER
        t = min(reading_ms, event_ms, queue[0] >> _TIME)
        if t >= end_ms:
            break
        if noted[written] + at_once * _ROWS_AT_ONCE > len(levels):
            levels = _roomy(levels, noted[written], at_once)
        i = -1
        if reading_ms == t:
            i = readings[1][at]
            if own[i] >= 0 and works[i] & _NODE:
                lamp = lamps[i]
                block = blocks[block_of[i]]
                catch_up(levels, noted, lamp, block, tables[i], own[i], i, t)
                user[i] = readings[6][at]
                control.reading(lamp, block, tables[i], own[i], readings[2][at], readings[3][at], readings[4][at], readings[5][at])
                _note(levels, noted, lamp, i)
            else:
                i = -1
            at += 1
        elif event_ms == t:
            _happen(levels, noted, lamps, blocks, block_of, tables, own, works, events, event, t)
            event += 1
        else:
            item = heappop(queue)
            kind = item >> _KIND & 3
            a = item >> _A & 0xFFFFF
            if kind == _DELIVERY:
                frame = a * row.FRAME_LENGTH
                frames[frame + row.AGE] = t - sent[a]
                origin = frames[frame + row.ORIGIN]
                first = receivers[0][origin]
                last = receivers[0][origin + 1]
                if item & _B_MASK:  # one receiver only
                    first += (item & _B_MASK) - 1
                    last = first + 1
                heard = receivers[1]
                rows = receivers[2]
                _deliver(levels, noted, lamps, blocks, block_of, tables, own, works, heard, rows, first, last, frames, frame, t)
            elif kind == _RENEWAL:
                scheduled[a] = -1
                lamp = lamps[a]
                if works[a] & _NODE and lamp[row.SEEN]:
                    i = a
                    if lamp[row.RENEWAL] <= t:
                        catch_up(levels, noted, lamp, blocks[block_of[i]], tables[i], own[i], i, t)
            else:
                levels = _roomy(levels, noted[written], count)
                if not perfect or _something_to_hear(levels, noted, lamps, blocks, block_of, tables, own, t, begin_ms):
                    _sweep(levels, noted, lamps, blocks, block_of, tables, own, adjacent, works, link, t)
                heappush(queue, _item(t + SWEEP_MS, _SWEEP, 0, 0))
        if i >= 0:
            lamp = lamps[i]
            if lamp[row.SEND]:
                lamp[row.SEND] = 0
                if lamp[row.NUMBER] != told[i]:
                    told[i] = lamp[row.NUMBER]
                    _write_detection(detections, lamp, i, t, user[i])
                if works[i] & _RADIO:
                    _send(queue, frames, sent, lamp, i, number, receivers, link, t)
                    number += 1
            if lamp[row.SEEN] and scheduled[i] < 0:
                scheduled[i] = lamp[row.RENEWAL]
                heappush(queue, _item(lamp[row.RENEWAL], _RENEWAL, i, 0))
    levels = _roomy(levels, noted[written], count)
    for i in range(count):
        if own[i] >= 0 and works[i] & _NODE:
            catch_up(levels, noted, lamps[i], blocks[block_of[i]], tables[i], own[i], i, end_ms)
    return levels[: noted[written]], np.array(detections)


def _deliver(
    levels: Row, noted: Row, lamps: Any, blocks: Any, block_of: Row, tables: Any, own: Row, works: Row, heard: Row, rows: Row,
    first: int, last: int, frames: Row, frame: int, t: int,
) -> None:  # fmt: skip
    """Let receivers `first` to `last - 1` hear a frame. Apart from `run`, whose lists would make compiled code count references here too.

    Whom it does not concern has heard somebody, and is left where it is in time: see `concern`.
    """
    origin = frames[frame + row.ORIGIN]
    departs = frames[frame + row.LEFT] >= row.ONE_LEFT  # it says that somebody has left,
    again = departs and frames[frame + row.STILL_SEEN] == 1  # and that others stay
    for hears in range(first, last):
        j = heard[hears]
        if works[j] == _NODE | _RADIO:
            lamp = lamps[j]
            block = blocks[block_of[j]]
            if lamp[row.NEXT] > t and not again and not lamp[row.FAULTS] & health.RADIO:
                if departs:
                    changes = concern.has_track_of(lamp, origin)
                else:
                    changes = concern.may_change(lamp, block, tables[j], rows[hears], frames, frame)
                if not changes:
                    if lamp[row.HEARD] < t:
                        lamp[row.HEARD] = t  # as `health.listen` does
                    continue
            catch_up(levels, noted, lamp, block, tables[j], own[j], j, t)
            control.frame(lamp, block, tables[j], own[j], rows[hears], frames, frame)
            _note(levels, noted, lamp, j)


def _roomy(levels: Row, written: int, lamps: int) -> Any:
    """The levels, with room for more rows of some lamps."""
    needed = written + lamps * _ROWS_AT_ONCE
    if needed <= len(levels):
        return levels
    longer = np.empty(needed + len(levels), np.int64)
    longer[:written] = levels[:written]
    return longer


def _item(t: int, kind: int, a: int, b: int) -> int:
    return t << _TIME | kind << _KIND | a << _A | b


def catch_up(levels: Row, noted: Row, lamp: Row, block: Row, table: Row, own: int, i: int, t: int) -> None:
    """Bring a lamp up to time `t`, writing down every change of target on the way."""
    while lamp[row.NEXT] <= t:
        control.advance(lamp, block, table, own, lamp[row.NEXT] - lamp[row.NOW])
        _note(levels, noted, lamp, i)
    control.advance(lamp, block, table, own, t - lamp[row.NOW])


def _note(levels: Row, noted: Row, lamp: Row, i: int) -> None:
    """Write down where a lamp is and where it goes, if that is not what was written last."""
    moves = lamp[row.POSITION] != lamp[row.TARGET_POSITION]
    if lamp[row.TARGET] != noted[2 * i] or (moves and lamp[row.RATE] != noted[2 * i + 1]):
        _write_level(levels, noted, i, lamp[row.NOW], lamp[row.POSITION], lamp[row.TARGET], lamp[row.RATE], lamp[row.CAUSE])


def _write_level(levels: Row, noted: Row, i: int, t: int, position: int, target: int, rate: int, cause: int) -> None:
    noted[2 * i] = target
    noted[2 * i + 1] = rate
    at = noted[len(noted) - 1]
    if at + _LEVEL > len(levels):
        raise IndexError  # machine code would write beyond the end
    noted[len(noted) - 1] = at + _LEVEL
    levels[at] = i
    levels[at + 1] = t
    levels[at + 2] = position
    levels[at + 3] = target
    levels[at + 4] = rate
    levels[at + 5] = cause


def _write_detection(detections: list[int], lamp: Row, i: int, t: int, user: int) -> None:
    detections.append(i)
    detections.append(t)
    detections.append(lamp[row.NUMBER])
    detections.append(lamp[row.FRAME + row.CLASSES])
    detections.append(lamp[row.FRAME + row.SPEED])
    detections.append(lamp[row.FRAME + row.CAME])
    detections.append(lamp[row.FRAME + row.PREVIOUS])
    detections.append(lamp[row.FRAME + row.PREVIOUS_NUMBER])
    detections.append(user)


def _send(queue: list[int], frames: Row, sent: Row, lamp: Row, i: int, number: int, receivers: Any, link: Row, t: int) -> None:
    """Put a lamp's frame on the air: to everybody after the same time, or to each as the radio lets it through."""
    ring = len(sent) >> 1
    slot = number % ring
    if sent[ring + slot] >= t:
        raise OverflowError  # somebody would hear another frame than was sent to him
    frames[slot * row.FRAME_LENGTH : (slot + 1) * row.FRAME_LENGTH] = lamp[row.FRAME : row.FRAME + row.FRAME_LENGTH]
    sent[slot] = t
    if not link[radio.LOSSY]:
        sent[ring + slot] = t + link[radio.DELAY]
        heappush(queue, _item(t + link[radio.DELAY], _DELIVERY, slot, 0))
        return
    for hears in range(receivers[0][i], receivers[0][i + 1]):
        arrives = radio.arrival(link, i, lamp[row.FRAME + row.DETECTION], receivers[1][hears], receivers[3][hears], t)
        if arrives >= 0:
            sent[ring + slot] = max(sent[ring + slot], arrives)
            heappush(queue, _item(arrives, _DELIVERY, slot, hears - receivers[0][i] + 1))


def _happen(
    levels: Row, noted: Row, lamps: Any, blocks: Any, block_of: Row, tables: Any, own: Any, works: Row, events: Any, event: int, t: int
) -> None:
    """Something breaks, or works again. A dead node leaves its lamp full: the output idles at full by its hardware."""
    i = events[1][event]
    bit = events[2][event]
    if own[i] < 0:
        return
    lamp = lamps[i]
    block = blocks[block_of[i]]
    if works[i] & _NODE:
        catch_up(levels, noted, lamp, block, tables[i], own[i], i, t)
    if bit == NODE_DEAD and events[3][event]:
        works[i] &= ~_NODE
        _write_level(levels, noted, i, t, dimmer.FULL, 1000, dimmer.FULL, priority.CAUSE_FAULT)
    elif bit == NODE_DEAD:
        works[i] |= _NODE
        control.start(lamp, block, tables[i], own[i], i, t)
        lamp[row.POSITION] = dimmer.FULL
        control.settle(lamp, block, tables[i], own[i])
    elif bit == RADIO_DEAD:
        works[i] = works[i] & ~_RADIO if events[3][event] else works[i] | _RADIO
    else:
        control.fault(lamp, block, tables[i], own[i], bit, events[3][event])
    if works[i] & _NODE:
        _note(levels, noted, lamp, i)


def _perfect(link: Row, events: Any) -> bool:
    """Whether every heartbeat of the night gets through: then each lamp hears others to the end, whatever they say."""
    cut_off = link[radio.LOSSY] or link[radio.CYCLE]
    for event in range(len(events[2])):
        if events[2][event] == NODE_DEAD or events[2][event] == RADIO_DEAD:
            cut_off = True
    return not cut_off


def _something_to_hear(
    levels: Row, noted: Row, lamps: Any, blocks: Any, block_of: Row, tables: Any, own: Any, t: int, begin_ms: int
) -> bool:
    """Whether the heartbeats of this sweep can tell anybody anything, in a night in which all get through.

    They tell which sensors lie, and what share of an hour each was on. A share only grows until the hour ends, so it is enough to
    hear the last one of each hour; at its end sensors may turn out to lie, else only those that see somebody may.
    """
    into_hour = (t - begin_ms) % health.HOUR_MS
    if into_hour == 0 or into_hour + SWEEP_MS >= health.HOUR_MS:
        return True
    news = False
    for i in range(len(lamps)):
        lamp = lamps[i]
        if lamp[row.SEEN]:
            catch_up(levels, noted, lamp, blocks[block_of[i]], tables[i], own[i], i, t)
        if lamp[row.FAULTS] & health.LYING or lamp[row.UNWELL_COUNT]:
            news = True
    return news


def _sweep(
    levels: Row, noted: Row, lamps: Any, blocks: Any, block_of: Row, tables: Any, own: Any, adjacent: Any, works: Row, link: Row, t: int
) -> None:
    """Bring every lamp up to `t`, then let each hear the last heartbeat that got through from each neighbour."""
    liars = 0
    for i in range(len(lamps)):
        if own[i] >= 0 and works[i] & _NODE:
            catch_up(levels, noted, lamps[i], blocks[block_of[i]], tables[i], own[i], i, t)
            if lamps[i][row.FAULTS] & health.LYING:
                liars += 1
    for i in range(len(lamps)):
        if own[i] < 0 or works[i] != _NODE | _RADIO:
            continue
        lamp = lamps[i]
        block = blocks[block_of[i]]
        first = adjacent[0][i]
        last = adjacent[0][i + 1]
        if liars == 0 and lamp[row.UNWELL_COUNT] == 0:  # then the nearest say all there is to say
            last = min(last, first + _NEAREST)
        for hears in range(first, last):
            j = adjacent[1][hears]
            if works[j] == _NODE | _RADIO:
                ago = radio.last_heartbeat(link, j, i, t, SWEEP_MS)
                if ago >= 0:
                    lying = lamps[j][row.FAULTS] & health.LYING
                    control.heartbeat(lamp, block, tables[i], own[i], j, ago, health.on_share(lamps[j]), lying)
        _note(levels, noted, lamp, i)
