"""Makes what only a node on a network has, and adds its jobs; part of `app`, which imports it only there. The light never waits for any.

Each part is made where the node's files have it, and left out where they are bad: nothing here may keep the light from its node.
"""

import json
import random
import socket
from hashlib import sha256
from os import urandom

import machine
import network
from cryptolib import aes
from micropython import const

from .devices import BAD
from .tasks import reasons, slots
from .tasks.supervisor import Job

_WORSE = (OSError, ValueError, TypeError, KeyError, AttributeError, MemoryError)  # what a network may refuse besides
_PATIENCE_MS = const(15_000)
_UPLINK_PATIENCE_MS = const(120_000)  # a connection may take 25 s to open and as long for its handshake


def add(node) -> None:
    """Give a node (`app.Node`), which is complete but for its supervisor, the jobs that its network needs."""
    papers = node.papers
    about = papers.part("wifi")
    way = _network(papers.part("ethernet"), about)
    uplink = _uplink_file(node)
    if way is not None:
        server = uplink.get("ntp") or about.get("ntp")
        if server:
            _add_ntp(node, way, server)
        courier = _add_uplink(node, way, uplink) if uplink else None
    else:
        courier = None
    post = papers.part("radio").get("post")
    if post and node.mesh is not None and papers.key is not None:
        _add_post(node, post, courier)


def _network(ethernet, wifi):
    """What has the way out, where the board has one: its cable before its access point."""
    if ethernet:
        from .drivers.lan import Lan

        try:
            return Lan(_lan(ethernet))
        except _WORSE:
            return None
    if "network" in wifi:
        from .drivers.wifi import Wifi

        return Wifi(network.WLAN(network.WLAN.IF_STA), wifi["network"], wifi.get("password", ""), draw)
    return None


def _lan(about):
    """The PHY of a board. GPIO0 takes its clock in, the others give it."""
    kind = getattr(network, "PHY_" + about["phy"].upper())
    clock = about["clock"]
    power = about.get("power", -1)
    return network.LAN(  # type: ignore[call-arg]  # the stubs have those of another port
        mdc=machine.Pin(about["mdc"]),
        mdio=machine.Pin(about["mdio"]),
        power=machine.Pin(power) if power >= 0 else None,
        phy_type=kind,
        phy_addr=about["address"],
        ref_clk=machine.Pin(clock),
        ref_clk_mode=machine.Pin.OUT if clock else machine.Pin.IN,
    )


def _uplink_file(node) -> dict:  # type: ignore[type-arg]  # MicroPython has no `dict[str, ...]`
    """Where the broker is; empty where the file is missing or makes no sense."""
    text = node.store.read("uplink")
    if text is None:
        return {}
    from .drivers.tls import numeric

    try:
        about = json.loads(text)
        good = numeric(about["host"]) and 0 < about["port"] < 65_536 and about["district"] and about["name"] and about["server"]
    except BAD:
        good = False
    if good:
        return about
    node.log.say("uplink: the file `uplink` makes no sense (its host must be an address in numbers): provision this node again")
    return {}


def _add_uplink(node, way, about):
    """Carry letters to and from the broker; who does. Without good certificates nobody could prove who he is, and there is no uplink."""
    from .drivers.tls import Tls

    read = node.store.read
    try:
        tls = Tls(read("ca") or b"", read("cert") or b"", read("certkey") or b"", about["server"])
    except _WORSE as error:
        node.log.say(f"uplink: certificates or their key, {error!r}: provision this node again")
        return None
    from .tasks.uplink import Uplink

    mailbox, reports = correspond(node, about.get("tier", 1))
    uplink = Uplink(about, tls.open, way, node.clock, lambda: node.fixture.level, draw, node.log, reports.events.tell)
    uplink.courier.carry(about["name"], mailbox)
    node.jobs.append(Job("uplink", uplink, reasons.TASK, _UPLINK_PATIENCE_MS))
    return uplink.courier


def _add_post(node, about, courier) -> None:
    """Carry letters by radio: to the gateway, or as the gateway between its lamps and the network. `courier`: of the uplink, or None."""
    from .tasks.airmail import Way

    papers, mesh = node.papers, node.mesh
    tools = sha256, aes, urandom, node.log
    try:
        way = Way(papers.number, about)
        if way.gateway != papers.number:
            from .tasks.transport import Transport

            mailbox, _ = correspond(node, 1)
            mesh.airmail = Transport(mesh, node.control, node.clock, mailbox, way, papers.key, *tools)
        else:
            from .tasks.boxes import behind
            from .tasks.gateway import Gateway

            keys, names = behind(node.store.read("behind") or b"")
            mesh.airmail = gateway = Gateway(mesh, node.control, node.clock, way, keys, *tools)
            if courier is not None:
                gateway.again = courier.ask_again
                for lamp, name in names.items():
                    courier.carry(name, gateway.boxes.of[lamp])
    except BAD as error:
        node.log.say(f"post: the way of the letters, {error!r}: provision this node again")
        return
    node.jobs.append(Job("post", mesh.airmail, reasons.TASK, _PATIENCE_MS))


def correspond(node, tier: int):
    """Give a node its letters: what it reports, and settings that it takes. Returns (mailbox, reports); a carrier is still to come.

    `tier`: how its software is protected, 1 to 3 (SECURITY).
    """
    from .tasks.changes import Changes
    from .tasks.mailbox import Mailbox
    from .tasks.reports import Reports
    from .tasks.update import ON_TRIAL, Update

    mailbox = Mailbox()
    slot = slots.running(node.store.count("rung"))
    software = slots.version(slot) + (ON_TRIAL if slots.on_trial() else "")
    reports = Reports(node, mailbox, software, slot, tier, _draws(node.papers.part("fixture")))
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
