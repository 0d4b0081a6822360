"""What people do with a node: walk-test, identify, self-test; and the time from a server."""

import asyncio

import post
from vboard import PIN_OUT, board

from lykta_node import app
from lykta_node.core import lamp as row
from lykta_node.drivers import status_led
from lykta_node.tasks import selftest, walktest  # noqa: F401  # a walk-test loads itself when asked for: here that is after the last import
from lykta_node.tasks.ntp import Ntp

LED = 13


def test_walk_test__blinks_at_a_detection_and_never_below_the_phase():
    """At night: down to idle and up again, twice, within 1.2 s; then full as long as somebody is there; it ends by itself."""
    node = post.street(led={"pin": LED})

    async def script(node):
        await asyncio.sleep_ms(20_000)
        node.orders.walk(60_000)
        await asyncio.sleep_ms(1_000)
        assert 500 == post.light()
        assert status_led.WALK == node.devices.led.state or node.orders.walking()
        post.pir(1, 1)
        begun = board.now
        await asyncio.sleep_ms(3_000)
        seen = [level for t, level in post.dims() if t > begun]
        assert [1000, 500, 1000] == seen[:3], seen
        assert min(seen) == 500
        await asyncio.sleep_ms(60_000)
        assert not node.orders.walking()
        assert node.control.lamp[row.TARGET] == post.light()

    post.live(node, script)


def test_walk_test__by_day_lights_the_lamp_dimly():
    """So that a lamp under test is told from one that is off; a detection blinks up to full."""
    post.write(post.files())
    post.set_clock(second=11 * 3_600)
    node = app.Node()

    async def script(node):
        await asyncio.sleep_ms(20_000)
        assert 0 == post.light()
        node.orders.walk(30_000)
        await asyncio.sleep_ms(500)
        assert 150 == post.light()
        post.pir(1, 1)
        await asyncio.sleep_ms(500)
        assert 1000 == post.light()
        node.orders.walk(0)
        await asyncio.sleep_ms(3_000)
        assert 0 == post.light()

    post.live(node, script)


def test_walk_test__does_not_darken_a_fault():
    """A lamp that is bright because something is wrong stays bright under test."""
    found = post.files()
    found["keys"] = None
    post.write(found)
    post.set_clock()
    node = app.Node()

    async def script(node):
        node.orders.walk(60_000)
        await asyncio.sleep_ms(5_000)
        post.pir(1, 1)
        await asyncio.sleep_ms(5_000)
        assert {1000} == {level for _, level in post.dims()}

    post.live(node, script)


def test_led__tells_the_most_urgent():
    """Well, then a radio that is silent; identify comes before all."""
    node = post.street(led={"pin": LED})

    async def script(node):
        await asyncio.sleep_ms(10_000)
        assert status_led.WELL == node.devices.led.state
        await asyncio.sleep_ms(180_000)
        assert status_led.RADIO == node.devices.led.state
        node.orders.identify_until = (board.ticks() + 5_000) & 0x3FFFFFFF
        await asyncio.sleep_ms(1_000)
        assert status_led.IDENTIFY == node.devices.led.state
        assert len(board.sent(PIN_OUT, LED)) > 10
        await asyncio.sleep_ms(8_000)
        assert status_led.RADIO == node.devices.led.state

    post.live(node, script)


def _printed(node, heard):
    """What the self-test of a node prints, and its result. `heard`: a neighbour lives."""
    lines = []
    selftest.print = lambda text: lines.append(text)
    found = []
    other = post.Other(1)

    async def script(node):
        if heard:
            post.air(other.heartbeat(), 4_000)
        await asyncio.sleep_ms(3_000)
        found.append(await selftest.SelfTest(node).run())

    post.live(node, script)
    return found[0], lines


def test_self_test__of_a_good_node_says_so_line_by_line():
    """Every part is told, and the last line is the result."""
    good, lines = _printed(post.street(), True)
    assert good, lines
    assert "all is well" == lines[-1]
    for part in ("identity", "board", "program", "table", "keys", "memory", "radio", "sensors", "clock"):
        assert 1 == len([line for line in lines if line.startswith("ok    " + part)]), part


def test_self_test__says_what_to_do():
    """No clock, no neighbour, no program: each is a line with what to do about it, and the result counts them."""
    found = post.files()
    found["program"] = None
    post.write(found)
    good, lines = _printed(app.Node(), False)
    assert not good
    failed = [line for line in lines if line.startswith("FAIL")]
    assert "4 FAILED: put them right, then test again" == lines[-1], lines
    assert ["program", "settings", "radio", "clock"] == [line.split()[1] for line in failed], failed
    assert all([": " in line for line in failed])


class Uplink:
    """An uplink whose third look brings `kept` and `why`, or a connection. `there`: whether it has a network."""

    def __init__(self, kept, why="", there=True):
        self.connections = 0
        self.kept = ""
        self.why = ""
        self.looks = 0
        self._found = kept, why
        self._there = there

    def hurry(self):
        self.looks += 1
        if self.looks == 3:
            self.kept, self.why = self._found
            self.connections = 0 if self.kept or not self._there else 1
        return self._there


def _network_lines(name, tasks):
    """What the self-test says of each of these tasks of the network: the line, and whether that is a failure."""
    told = []
    lines = []
    selftest.print = lambda text: lines.append(text)

    async def script(node):
        for task in tasks:
            node.jobs.append(app.Job(name, task, 0, 0))
            test = selftest.SelfTest(node)
            await test._network()
            node.jobs.pop()
            told.append((lines.pop(), test.failed))

    post.live(post.street(), script)
    assert not lines
    return told


def test_self_test__says_whether_the_broker_is_reached():
    """A connection is well; a broker that is away or refuses is a failure with its reason; without a clock nobody can tell."""
    told = [
        (Uplink(""), ("ok    uplink    the broker has let it in", 0)),
        (Uplink("away", "no connection: OSError(113,)"), ("FAIL  uplink    no connection: OSError(113,). Check that the broker runs", 1)),
        (Uplink("refused", "the broker refuses s.1"), ("FAIL  uplink    the broker refuses s.1. Check", 1)),
        (Uplink("clock", "not before the clock is set"), ("look  uplink    not before the clock is set", 0)),
        (Uplink("", "", False), ("FAIL  uplink    no network: check the cable", 1)),
    ]
    for (said, count), (_, (line, failed)) in zip(_network_lines("uplink", [uplink for uplink, _ in told]), told):
        assert said.startswith(line), said
        assert failed == count


class Way:
    gateway = 9


class Post:
    """The lamp's end of the street's post."""

    way = Way()

    def __init__(self, session):
        self.session = session


def test_self_test__of_a_lamp_behind_a_gateway_says_whether_that_answers():
    """Its session is the proof."""
    good, bad = _network_lines("post", [Post(object()), Post(None)])
    assert ("ok    gateway   it answers", 0) == good
    assert bad[0].startswith("FAIL  gateway   no answer: check that the gateway"), bad
    assert 1 == bad[1]


def test_self_test__of_a_node_on_its_own_has_no_such_line():
    """Nothing is open where no network was planned; files without a way to the broker are a failure."""
    lines = _printed(post.street(), True)[1]
    assert not [line for line in lines if "uplink" in line or "gateway" in line]


def test_self_test__finds_files_of_a_network_without_a_way_to_it():
    """A broker that nothing leads to is a failure, not silence."""
    found = post.files()
    found["uplink"] = b"{}"
    post.write(found)
    post.set_clock()
    lines = _printed(app.Node(), True)[1]
    assert [line for line in lines if line.startswith("FAIL  uplink    the board file has neither")], lines


class Socket:
    """A time server behind a socket: `answers` are given one after the other; None: nothing comes."""

    def __init__(self, answers):
        self.answers = answers
        self.asked = []

    def __call__(self):
        return self

    def setblocking(self, flag):
        pass

    def sendto(self, data, address):
        self.asked.append((board.now, len(data), address))

    def recv(self, length):
        found = self.answers.pop(0) if self.answers else None
        if found is None:
            raise OSError(11)
        return found

    def close(self):
        pass


class Joined:
    def poll(self, now):
        return True


class Clock:
    def __init__(self):
        self.told = []

    def set(self, day, second, ms):
        self.told.append((day, second, ms))
        return True


def answer(seconds, first=0x24, stratum=2, half=True):
    """An answer of a time server: seconds since 2000."""
    since_1900 = (seconds + 3_155_673_600) % (1 << 32)
    return bytes([first, stratum]) + bytes(38) + since_1900.to_bytes(4, "big") + (b"\x80" if half else b"\x00") + bytes(3)


def ask(answers, ms):
    """What the clock was told, and when the server was asked."""
    socket = Socket(answers)
    clock = Clock()
    ntp = Ntp(Joined(), "10.0.0.1", socket, clock)

    async def run():
        task = asyncio.create_task(ntp.run())
        await asyncio.sleep_ms(ms)
        task.cancel()

    asyncio.run(run())
    return clock.told, socket.asked


def test_ntp__sets_the_clock_and_asks_again_in_an_hour():
    """Seconds and ms, also in the era of NTP that begins in 2036."""
    told, asked = ask([answer(9_820 * 86_400 + 7)], 3_000_000)
    assert ([(9_820, 7, 500)], 1) == (told, len(asked))
    assert (48, ("10.0.0.1", 123)) == asked[0][1:]
    told, _ = ask([answer(14_000 * 86_400)], 10_000)
    assert [(14_000, 0, 500)] == told


def test_ntp__believes_no_answer_that_is_none():
    """Too short, of a client, out of step, without a source, nothing at all: asked again in half a minute."""
    good = answer(9_820 * 86_400)
    for bad in (good[:47], answer(1, first=0x23), answer(1, first=0xE4), answer(1, stratum=0), None):
        told, asked = ask([bad], 70_000)
        assert ([], 3) == (told, len(asked)), (bad, told, asked)
