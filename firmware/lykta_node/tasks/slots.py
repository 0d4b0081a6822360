"""Which of the two versions of the software is in use: the record that boot.py reads, replaced in one piece by a rename.

The file holds two words: the slot in use (`a` or `b`), and the one on trial (or `-`). Without it there are no slots: the software
lies in the root, as on a board that has never been updated.
"""

import os

_PATH = "/slots"


def read():
    """(in use, on trial); ("-", "-") without a record."""
    try:
        with open(_PATH) as file:
            words = file.read().split()
    except OSError:
        return "-", "-"
    if len(words) != 2 or words[0] not in ("a", "b") or words[1] not in ("a", "b", "-"):
        return "-", "-"
    return words[0], words[1]


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
    return trial != "-" and trial != active


def confirm() -> None:
    """The version on trial has proved itself: it is the one in use from now on."""
    if on_trial():
        write(read()[1], "-")
