"""The self-test after installing: what a person at the foot of the post must know, one line for each part.

    ok    radio     3 neighbours heard
    FAIL  radar 2   it does not answer: check its cable (TX and RX crossed?) and its 5 V

The light shows it, too: full, half, full, for two seconds each. Attended, by cable, and over in less than a minute.
"""

import asyncio

from micropython import const

from . import reasons

_LISTEN_S = const(20)  # heartbeats come every minute; three neighbours or more are heard sooner
_REACH_S = const(60)  # to join a network and shake hands; or for a gateway to answer one of three greetings
_SHOW_MS = const(2_000)
_LITTLE = const(20_000)
_FULL = const(1000)
_HALF = const(500)


class SelfTest:
    """Looks at a running node (`app.Node`) and prints what it finds."""

    def __init__(self, node) -> None:
        self._node = node
        self.failed = 0

    async def run(self) -> bool:
        """Test everything; whether all is well."""
        self._files()
        await self._light()
        self._memory()  # the supervisor has counted it by now
        for _ in range(_LISTEN_S):
            if self._node.mesh is None or self._node.mesh.heard:
                break
            await asyncio.sleep_ms(1_000)
        self._radio()
        self._sensors()
        self._clock()
        await self._network()
        print("all is well" if not self.failed else f"{self.failed} FAILED: put them right, then test again")
        return not self.failed

    def _say(self, good, part: str, well: str, ill: str) -> None:
        if not good:
            self.failed += 1
        print(f"{'ok  ' if good else 'FAIL'}  {part:<10}{well if good else ill}")

    def _files(self) -> None:
        store = self._node.store
        for name in ("identity", "board", "program", "table", "keys"):
            version = store.version(name)
            self._say(version >= 0, name, f"version {version}", "it is missing or damaged: provision this node again")
        wrong = self._node.control.reasons & reasons.SETTINGS
        self._say(not wrong, "settings", "nothing had to be repaired", f"{reasons.words(wrong)}: check the profile, then provision again")

    def _memory(self) -> None:
        free = self._node.supervisor.free
        self._say(free >= _LITTLE, "memory", f"{free} bytes free", f"only {free} bytes free: is this the right image for the board?")

    async def _light(self) -> None:
        node = self._node
        powers = []
        for level in (_FULL, _HALF, _FULL):
            node.control.show(Steady(level))
            await asyncio.sleep_ms(_SHOW_MS)
            powers.append(node.meter.power_mw if node.meter is not None else 0)
        node.control.show(None)
        if node.meter is None:
            print("look  light     was it full, half, full? If not: check the dimming wires and the board file")
            return
        text = f"{powers[0] // 1000} W at full"
        self._say(powers[0] > 1_000, "light", text, f"{powers[0]} mW at full: check lamp, driver and meter")

    def _radio(self) -> None:
        mesh = self._node.mesh
        if mesh is None or not self._node.radio.up:
            self._say(False, "radio", "", "it is off: check `keys` and the image")
            return
        others = "no neighbour was heard: check aerial, channel and keys, and that a neighbour is on"
        self._say(mesh.heard or not self._node.neighbours, "radio", f"{mesh.heard} telegrams taken", others)

    def _sensors(self) -> None:
        wrong = self._node.control.reasons
        self._say(
            not wrong & reasons.WIRE, "sensors", f"{self._node.sensors} polled", "one cannot be read: check the pins in the board file"
        )
        if self._node.radars:
            ill = "it does not answer: check its cable (TX and RX crossed?) and its 5 V"
            self._say(not wrong & reasons.RADAR, "radar", "it answers", ill)

    def _clock(self) -> None:
        ill = "the time is not known: the light is bright until it is. Set it by cable, or check the gateway"
        self._say(self._node.clock.stamp() > 0, "clock", "set", ill)

    async def _network(self) -> None:
        """Whether letters get away: over the uplink to the broker, or by radio to the gateway. Who has neither has no such line."""
        node = self._node
        tasks = {job.name: job.task for job in node.jobs}
        if "uplink" in tasks:
            await self._uplink(tasks["uplink"])
        elif node.store.version("uplink") >= 0:
            ill = "the board file has neither access point nor cable, or the files for the network make no sense: provision this node again"
            self._say(False, "uplink", "", ill)
        elif "post" in tasks and tasks["post"].way.gateway != node.papers.number:
            await self._gateway(tasks["post"])

    async def _uplink(self, uplink) -> None:
        there = uplink.hurry()
        for _ in range(_REACH_S):
            if uplink.connections or uplink.kept in ("refused", "away"):
                break
            await asyncio.sleep_ms(1_000)
            there = uplink.hurry()
        if uplink.kept == "clock" and not uplink.connections:
            print("look  uplink    " + uplink.why)
            return
        ill = f"{uplink.why or 'no answer yet'}. Check that the broker runs, its address, and that this node's certificate is valid"
        if not there:
            ill = "no network: check the cable, or the access point's name and password"
        self._say(uplink.connections and not uplink.kept, "uplink", "the broker has let it in", ill)

    async def _gateway(self, transport) -> None:
        for _ in range(_REACH_S):
            if transport.session is not None:
                break
            await asyncio.sleep_ms(1_000)
        ill = "no answer: check that the gateway and the posts on the way are on, and that it was flashed after this lamp was planned"
        self._say(transport.session is not None, "gateway", "it answers", ill)


class Steady:
    """A level to show whatever the law says: see `Control.show`."""

    def __init__(self, level: int) -> None:
        self._level = level

    def level(self, lamp, settings, level: int) -> int:
        """The level to show [permille]."""
        return self._level
