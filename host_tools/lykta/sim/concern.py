"""Whom a frame concerns: most of those who hear of a user light nothing for him, and have no track of him.

For them the core would find out that nothing changes, each time anew; the kernel leaves them where they are in time instead, since
`advance` is a semigroup. Nothing here decides about light: a lamp for which a frame may change anything is handed it.
"""

from __future__ import annotations

from lykta.corehost import lamp as row
from lykta.corehost import neighbours as way
from lykta.corehost import schema, slots
from lykta.corehost import settings as entries
from lykta.sim.radio import Row


def has_track_of(lamp: Row, origin: int) -> bool:
    """Whether a lamp has a track of somebody whom a post saw last: if not, it is all the same to it when he leaves that post."""
    slot = row.SLOTS
    end = row.SLOTS + lamp[row.TRACKS] * row.SLOT_LENGTH
    while slot < end:
        if lamp[slot + row.SLOT_ORIGIN] == origin:
            return True
        slot += row.SLOT_LENGTH
    return False


def may_change(lamp: Row, block: Row, table: Row, at: int, frames: Row, frame: int) -> bool:
    """Whether a frame that somebody is at its origin may change anything for a lamp, whose NEXT has not come.

    It does so if it continues a track of the lamp, or if `reach.window` finds a time at which the lamp is wanted. The latter is looked
    at here without the times: who must pass the first gate of a way, or leave there, asks for no light beyond it. `at`: where the rows of
    the origin begin in the table.
    """
    before = slots.find(lamp, frames[frame + row.PREVIOUS], frames[frame + row.PREVIOUS_NUMBER])
    if before >= 0 or frames[frame + row.ALSO] >= 0 or lamp[row.UNWELL_COUNT]:
        return True
    came = frames[frame + row.CAME]
    base = entries.of(lamp[row.ENTRY], frames[frame + row.CLASSES])
    ahead = block[base + schema.AHEAD]
    near: int = block[base + schema.BEHIND]
    behind = near
    if frames[frame + row.PERHAPS] > row.UNTIL_SILENT:
        behind = max(behind, ahead)
    behind += frames[frame + row.BACK]
    fast = block[base + schema.FASTEST]
    speed = frames[frame + row.SPEED]
    if speed:
        ahead = max(ahead, speed * block[base + schema.PREVIEW] // 1000)
        fast = speed + (speed >> 1)
    ahead += fast * block[lamp[row.ENTRY] + entries.LEAD] // 1000
    front = frames[frame + row.FRONT]
    stop: int = front  # how far he may have gone when he stopped
    nearest: int = row.NEVER
    beside: int = row.NEVER
    while True:
        distance = table[at + way.DISTANCE]
        if table[at + way.LINK] == came:
            if distance <= behind:
                return True
        else:
            gate = table[at + way.GATES + way.GATE_NEAR]
            sure = table[at + way.GATES + way.GATE_SURE]
            if gate == row.NEVER or (sure == 0 and table[at + way.GATES + way.GATE_LAMP] >= 0):
                return True  # sensors may miss somebody, or there are none
            if distance - ahead <= gate or distance - ahead <= front:
                return True
            stop = max(stop, gate)
            if distance < nearest:
                nearest = distance
                beside = table[at + way.NEAR_FROM] if sure else row.NEVER
        if table[at + way.FLAGS] & way.LAST:
            return beside <= stop or nearest <= near + stop
        at += way.ROW_LENGTH
