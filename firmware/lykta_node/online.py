"""Makes what only a node on a network has, and adds its jobs; part of `app`, which imports it only there. The light never waits for any.

Each part is made where the node's files have it, and left out where they are bad: nothing here may keep the light from its node.
"""

import random
import socket

import network
from micropython import const

from .devices import BAD
from .tasks import reasons, slots
from .tasks.supervisor import Job

_PATIENCE_MS = const(15_000)


def add(node) -> None:
    """Give a node (`app.Node`), which is complete but for its supervisor, the jobs that its network needs."""
    about = node.papers.part("wifi")
    if "network" in about:
        from .drivers.wifi import Wifi

        wifi = Wifi(network.WLAN(network.WLAN.IF_STA), about["network"], about.get("password", ""), draw)
        if "ntp" in about:
            _add_ntp(node, wifi, about["ntp"])


def correspond(node, tier: int):
    """Give a node its letters: what it reports, and settings that it takes. Returns (mailbox, reports); a carrier is still to come.

    `tier`: how its software is protected, 1 to 3 (SECURITY).
    """
    from .tasks.changes import Changes
    from .tasks.mailbox import Mailbox
    from .tasks.reports import Reports
    from .tasks.update import Update

    mailbox = Mailbox()
    slot = slots.running(node.store.count("rung"))
    reports = Reports(node, mailbox, slots.version(slot), slot, tier, _draws(node.papers.part("fixture")))
    chip = node.papers.board.get("chip", "")
    node.update = Update(mailbox, node.clock, node.store, reports, node.store.read("release"), chip)
    node.jobs.append(Job("reports", reports, reasons.TASK, _PATIENCE_MS))
    node.jobs.append(Job("changes", Changes(node, mailbox, reports), reasons.TASK, 0))
    node.jobs.append(Job("update", node.update, reasons.TASK, 0))
    return mailbox, reports


def _draws(fixture):
    """What the lamp takes at each level, where the board's file tells."""
    from .drivers.lamp_check import LampCheck

    try:
        return LampCheck(fixture["draws"])
    except BAD:
        return None


def _add_ntp(node, wifi, server: str) -> None:
    """Ask a server for the time."""
    from .tasks.ntp import Ntp

    task = Ntp(wifi, server, lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM), node.clock)
    node.jobs.append(Job("ntp", task, reasons.TASK, _PATIENCE_MS))


def draw(below: int) -> int:
    """A random integer from 0 to below - 1."""
    return random.getrandbits(24) % below
