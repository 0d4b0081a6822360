"""Which of the two versions of the software is in use: the record that boot.py reads, replaced in one piece by a rename.

The file holds two words: the slot in use (`a` or `b`), and the one on trial (`-`: none; `x`: none, and what lies in the other slot has
failed its trial). Without it there are no slots: the software lies in the root, as on a board that has never been flashed.

Each slot has a file `manifest`, the head of the bundle that it holds (`core/bundle`): what fills a slot removes it first and writes it
last, so a slot with a manifest is whole.
"""

import os

_PATH = "/slots"
NONE = "-"
FAILED = "x"
MANIFEST = "/manifest"
_MISSING = 2  # ENOENT
_OTHER = 2  # rung of boot.py


def record():
    """The two words of the record; ("-", "-") without one."""
    try:
        with open(_PATH) as file:
            words = file.read().split()
    except OSError:
        return NONE, NONE
    if len(words) != 2 or words[0] not in ("a", "b") or words[1] not in ("a", "b", NONE, FAILED):
        return NONE, NONE
    return words[0], words[1]


def read():
    """(in use, on trial), "-" where there is none."""
    active, trial = record()
    return active, NONE if trial == FAILED else trial


def write(active: str, trial: str) -> None:
    """Replace the record; raises OSError, then the old one holds."""
    with open(_PATH + ".new", "w") as file:
        file.write(active + " " + trial)
    os.rename(_PATH + ".new", _PATH)
    if hasattr(os, "sync"):
        os.sync()


def on_trial() -> bool:
    """Whether this start is one of a version that has to prove itself."""
    active, trial = read()
    return trial != NONE and trial != active


def confirm(rung: int) -> None:
    """This start was good: the version on trial, or the other one on boot.py's rung of it, is the one in use from now on."""
    active, trial = read()
    if on_trial():
        write(trial, NONE)
    elif rung == _OTHER:
        write("b" if active == "a" else "a", FAILED)  # else the next start would begin with what fails


def idle() -> str:
    """The slot that may be filled. Where the software lies in the root, that counts as the content of `b`."""
    return "b" if read()[0] == "a" else "a"


def failed() -> bool:
    """Whether what lies in the idle slot has failed its trial."""
    return record()[1] == FAILED


def begin(slot: str) -> None:
    """The idle slot is about to be filled: from now on it is not whole, and no longer one that failed."""
    try:
        os.remove("/" + slot + MANIFEST)
    except OSError as error:
        if error.errno != _MISSING:
            raise
    active, trial = record()
    if trial == FAILED:
        write(active, NONE)


def try_out(slot: str) -> None:
    """Put a slot that is whole on trial, from the next start on."""
    write("b" if slot == "a" else "a", slot)


def manifest(slot: str) -> bytes:
    """The head of the bundle in a slot; nothing where it is not whole."""
    try:
        with open("/" + slot + MANIFEST, "rb") as file:
            return file.read()
    except OSError:
        return b""


def running(rung: int) -> str:
    """The slot that this start runs from, boot.py's rung given; "-" without slots."""
    active, trial = read()
    if on_trial():
        return trial
    return ("b" if active == "a" else "a") if rung == _OTHER else active


def version(slot: str) -> str:
    """The version in a slot; "" where nobody wrote one down."""
    from ..core import bundle  # not every node asks

    head = bundle.Head(manifest(slot))
    return head.version if head.sound else ""
