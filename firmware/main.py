"""Runs the app of the slot that boot.py chose. Whatever ends it, the board starts anew from full light."""

import sys
import time

import machine

_SAFE = 3  # rung of boot.py
_REST_S = 3_600
_PAUSE_S = 2


def rung():
    """The rung of the recovery ladder that boot.py stands on."""
    from esp32 import NVS

    try:
        return NVS("lykta").get_i32("rung")
    except OSError:
        return 0


def rest():
    """Safe mode: boot.py's full light, an hour long, open to the cable; then another try from the first rung."""
    from esp32 import NVS

    print("Safe mode: this node failed to start nine times. The light is full. Connect a cable, read /crash, provision it again.")
    time.sleep(_REST_S)  # nothing else runs: the prompt of the cable interrupts it, and then all starts anew
    nvs = NVS("lykta")
    nvs.set_i32("failed", 0)
    nvs.commit()
    machine.reset()


def keep(error):
    """Print what ended the app, and keep it for whoever comes with a cable."""
    sys.print_exception(error)
    try:
        with open("/crash", "w") as file:
            sys.print_exception(error, file)
    except OSError:
        print("the file system is full or broken: the crash is not kept")


def main():
    """A node's life."""
    try:
        if rung() == _SAFE:
            rest()
        from lykta_node import app

        app.run()
    except Exception as error:  # noqa: BLE001 - whatever it was, a new start from full light is the answer
        keep(error)
    time.sleep(_PAUSE_S)  # at full light; a cable gets in before the new start
    machine.reset()


main()
