"""Light first, then everything else: nothing here may fail, and nothing of ours is imported.

1. The lamp's output is put to full, with nothing but `machine`. Where it is stands in NVS (written by the app), else in the file `/light`:
   the number of the pin, plus 256 if it is inverted.
2. The start is counted in NVS: `boots` for ever (the radio's epoch), `failed` until the supervisor confirms that this one is good.
3. A version on trial gets a watchdog from the first moment on: it may hang before it has one of its own.
4. The rung of the recovery ladder is chosen, and with it the slot (`/a`, `/b`, or the root where there are none):

   failed starts      rung
   0-2                as it should be; a version on trial, if there is one
   3                  a trial that failed three times is over: back to the slot in use, and counted from 0
   3-5                the files as they were before the last change
   6-8                the other slot, if it is whole (it has its manifest) and has not failed a trial
   then               safe mode: full light, nothing else (main.py), for an hour; then all over again
"""

import os
import sys

NORMAL = 0
PREVIOUS = 1
OTHER = 2
SAFE = 3
_TRIES = 3
_TRIAL_WATCHDOG_MS = 60_000


def attempt(step, *about):
    """What a step returns; None if it failed, which is printed and otherwise ignored: the next step matters as much."""
    try:
        return step(*about)
    except Exception as error:  # noqa: BLE001 - whatever fails here, the light must go on
        print("boot:", step.__name__, repr(error))
        return None


def storage():
    """The namespace in NVS."""
    from esp32 import NVS

    return NVS("lykta")


def count(nvs, name):
    """A counter; 0 where there is none."""
    try:
        return nvs.get_i32(name)
    except (OSError, AttributeError):
        return 0


def light(nvs):
    """Full light on the lamp's output."""
    from machine import Pin

    place = count(nvs, "light")
    if not place:
        with open("/light") as file:
            place = int(file.read())
    Pin(place & 255, Pin.OUT, value=0 if place & 256 else 1)


def record():
    """(slot in use, slot on trial), "-" where there is none; "x": none, and what lies in the other slot failed its trial."""
    try:
        with open("/slots") as file:
            words = file.read().split()
    except OSError:
        return "-", "-"
    if len(words) == 2 and words[0] in ("a", "b") and words[1] in ("a", "b", "-", "x"):
        return words[0], words[1]
    return "-", "-"


def end_trial(active):
    """The version on trial has failed."""
    with open("/slots.new", "w") as file:
        file.write(active + " x")
    os.rename("/slots.new", "/slots")


def whole(slot):
    """Whether a slot holds a version: what fills it removes the manifest first and writes it last."""
    return "manifest" in os.listdir("/" + slot)


def watch():
    """The watchdog; the supervisor feeds it, and makes it a stricter one."""
    from machine import WDT

    WDT(timeout=_TRIAL_WATCHDOG_MS)


def number(nvs):
    """Count this start; returns how many before it failed in a row, which rung that is, and which slot."""
    failed = count(nvs, "failed")
    active, trial = record()
    on_trial = trial in ("a", "b") and trial != active
    over = on_trial and failed >= _TRIES
    if over:
        on_trial = False
        failed = 0
    rung = NORMAL if on_trial else min(failed // _TRIES, SAFE)
    other = "b" if active == "a" else "a"
    if rung == OTHER and (active == "-" or trial == "x" or not attempt(whole, other)):
        rung = SAFE  # there is no other: three more starts would only be lost
    if nvs is not None:
        nvs.set_i32("boots", count(nvs, "boots") + 1)
        nvs.set_i32("failed", failed + 1)
        nvs.set_i32("rung", rung)
        nvs.commit()
    if over:
        attempt(end_trial, active)  # a cut before this costs tries of the trial; after it, the old version would pay for them
    slot = trial if on_trial else active
    if on_trial:
        attempt(watch)
    if rung == OTHER:
        slot = other
    return rung, slot


def rom(slot):
    """Where the slot's ROM image is mounted, whose code runs in place; None where this runtime has no ROM, or nothing of ours is in it."""
    import vfs

    if not hasattr(vfs, "rom_ioctl"):
        return None
    image = vfs.rom_ioctl(2, 0 if slot == "a" else 1)  # 2: the memory of a segment
    if isinstance(image, int):
        return None
    path = "/rom_" + slot
    vfs.mount(vfs.VfsRom(image), path)  # type: ignore[attr-defined]  # the stubs do not know it yet
    return path if "lykta_node" in os.listdir(path) else None


def folder(slot):
    """Put the slot's modules before all others: its ROM image, else its folder; the root serves where it has neither."""
    if slot == "-":
        return
    path = attempt(rom, slot) or "/" + slot
    if "lykta_node" in os.listdir(path):
        sys.path.insert(0, path)


_nvs = attempt(storage)
attempt(light, _nvs)
_found = attempt(number, _nvs)
if _found:
    attempt(folder, _found[1])
