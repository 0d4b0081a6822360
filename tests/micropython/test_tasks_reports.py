"""What a node tells of itself: telemetry that is right and never finer than a quarter of an hour, events that are few, answers."""

import asyncio
import gc
import hashlib
import json
import time

import post
from esp32 import NVS
from vboard import board

from lykta_node import app, online
from lykta_node.core import bundle, letter, payload, telegram  # noqa: F401 - the app could not find it later
from lykta_node.core import lamp as row
from lykta_node.tasks import changes, courier, mailbox, reports, update  # noqa: F401
from lykta_node.tasks.account import Account
from lykta_node.tasks.events import Events

DRAWS = [[0, 500], [100, 4_000], [1_000, 30_000]]
UNIX = 946_684_800


def node_of(number=0, lamps=1, **board_parts):
    """A node with its letters and no carrier: (node, mailbox). It has no neighbours, whose silence would make it bright."""
    parts = post.files(number, lamps, **board_parts)
    about = json.loads(parts["board"])
    about["fixture"]["draws"] = DRAWS
    parts["board"] = json.dumps(about).encode()
    post.write(parts)
    post.set_clock()
    node = app.Node(post.Trace())
    box, _ = online.correspond(node, 1)
    return node, box


def told(box, kind):
    """What waits of a kind, read, and taken out."""
    found = []
    for waiting in list(box._waiting):
        if waiting.kind == kind:
            found.append(json.loads(waiting.data))
            box.done(waiting)
    return found


def words(box):
    """The events that wait, as (kind, what, count)."""
    return [(event["kind"], event["what"], event["count"]) for event in told(box, letter.EVENT)]


# security: 23
def test_telemetry__has_the_mean_and_the_energy_of_a_quarter_of_an_hour():
    """Resting at half light: its level, what the table says of it, marked as estimated; the first one comes at a time of its own."""
    node, box = node_of()
    found = []

    async def script(node):
        await asyncio.sleep_ms(60_000)
        assert [] == told(box, letter.TELEMETRY)
        await asyncio.sleep_ms(844_000)
        first = told(box, letter.TELEMETRY)
        await asyncio.sleep_ms(904_000)
        found.extend(first + told(box, letter.TELEMETRY))

    post.live(node, script)
    first, second = found
    assert 1 == first["v"]
    assert 900 <= first["seconds"] <= 903
    assert 900 <= second["seconds"] <= 903
    assert first["to"] == second["from"]
    assert second["to"] - second["from"] == second["seconds"]
    assert 0 <= first["from"] - (post.DAY * 86_400 + post.EVENING_S + UNIX) <= 2
    assert 500 == second["level"]
    assert 500 < first["level"] < 600  # full at the start
    expected = 4_000 + 26_000 * 400 // 900
    assert abs(second["energy_mwh"] - expected * second["seconds"] / 3_600) < 2
    assert True is second["estimated"]
    assert 0 == second["detections"]
    assert [] == second["faults"]
    assert {} == second["refused"]
    assert False is second["doubt"]
    assert second["heap"] > 8_192
    assert 31_744 == second["block"]


# security: 23
def test_telemetry__counts_detections_and_tells_nothing_else_of_them():
    """Three people at the post, a minute apart: a count of three, and not a word of when, in no letter at all."""
    node, box = node_of()
    letters = []

    async def script(node):
        await asyncio.sleep_ms(30_000)
        for _ in range(3):
            post.pir(1, 1)
            post.pir(3_000, 0)
            await asyncio.sleep_ms(60_000)
        await asyncio.sleep_ms(900_000)
        letters.extend([(waiting.kind, json.loads(waiting.data)) for waiting in box._waiting])

    post.live(node, script)
    assert {letter.STATE, letter.TELEMETRY, letter.EVENT} == {kind for kind, _ in letters}
    telemetry = [told for kind, told in letters if kind == letter.TELEMETRY]
    assert [3] == [told["detections"] for told in telemetry]
    assert 500 < telemetry[0]["level"] < 800
    assert {"start"} == {told["kind"] for kind, told in letters if kind == letter.EVENT}


def test_telemetry__of_an_outage_is_long_and_loses_no_energy__slow():
    """Over two hours without a carrier: eight letters wait, then one gets longer; together they tell of all the time and energy."""
    node, box = node_of()

    async def script(node):
        await asyncio.sleep_ms(9_400_000)
        found = told(box, letter.TELEMETRY)
        assert 8 == len(found)
        await asyncio.sleep_ms(4_000)
        found += told(box, letter.TELEMETRY)
        assert 9 == len(found)
        assert found[8]["seconds"] > 2_000
        for one, following in zip(found, found[1:]):
            assert one["to"] == following["from"]
        seconds = sum([one["seconds"] for one in found])
        assert 9_398 <= seconds <= 9_406
        full = 12  # seconds from the start until the way down is over, about
        rests = (4_000 + 26_000 * 400 // 900) * seconds // 3_600
        assert rests <= sum([one["energy_mwh"] for one in found]) <= rests + full * 30_000 // 3_600
        assert 0 == box.dropped

    post.live(node, script)


class Meter:
    energy_mwh = 5_000
    fault = False


class Draws:
    def expected(self, level):
        return level * 30


class Lamp:
    """As an account sees control and fixture."""

    level = 200

    def __init__(self):
        self.lamp = [0] * row.LAMP


def test_account__believes_the_meter_and_estimates_without():
    """What the meter counted; if it failed meanwhile, or there is none, the table's; with neither nobody knows."""
    lamp, meter = Lamp(), Meter()
    measured, estimated, unknown = Account(lamp, lamp, meter, None), Account(lamp, lamp, None, Draws()), Account(lamp, lamp, None, None)
    time.sleep_ms(1_800_500)
    meter.energy_mwh += 123
    for one in (measured, estimated, unknown):
        one.look()
        assert (1_800, 200) == (one.seconds, one.level())
    assert (123, False) == (measured.energy_mwh(), measured.estimated())
    assert (3_000, True) == (estimated.energy_mwh(), estimated.estimated())
    assert (None, True) == (unknown.energy_mwh(), unknown.estimated())
    measured.begin()
    meter.fault = True
    measured.look()
    time.sleep_ms(1_000)
    measured.look()
    assert (None, True) == (measured.energy_mwh(), measured.estimated())


def test_account__counts_detections_past_the_end_of_their_numbers():
    """They begin again at 1 after 65,535."""
    lamp = Lamp()
    lamp.lamp[row.NUMBER] = 65_534
    account = Account(lamp, lamp, None, None)
    lamp.lamp[row.NUMBER] = 2
    assert 3 == account.detections()


class Uptime:
    """A log and a clock, as events see them."""

    def __init__(self):
        self.now = 0

    def seconds(self):
        return self.now

    def unix(self):
        return 1_800_000_000 + self.now


def test_events__that_flap_are_few_complete_and_end_as_they_ended():
    """A fault that comes and goes every ten seconds for three hours: two letters in ten minutes, nothing lost, the last word right."""
    box, time = mailbox.Mailbox(), Uptime()
    events = Events(box, time, time, 1)
    letters = []
    for step in range(1_080):
        events.tell("fault" if step % 2 == 0 else "right", "radar")
        letters += told(box, letter.EVENT)
        time.now += 10
    for _ in range(61):
        time.now += 10
        events.flush()
        letters += told(box, letter.EVENT)
    assert len(letters) <= 2 * 20
    assert [540, 540] == [sum([one["count"] for one in letters if one["kind"] == kind]) for kind in ("fault", "right")]
    assert "right" == letters[-1]["kind"]
    assert list(range(1, len(letters) + 1)) == [one["number"] for one in letters]
    assert [] == [one for one in letters if one["at"] != 1_800_000_000 + one["up"]]


# security: 22
def test_events__of_many_kinds_are_bounded_in_number_and_in_memory():
    """Ten thousand different words in an hour: a burst of 16, then one a minute; what is remembered stays small."""
    box, time = mailbox.Mailbox(), Uptime()
    events = Events(box, time, time, 1)
    count = 0
    gc.collect()
    before = None
    for step in range(10_000):
        events.tell("security", "word-" + str(step))
        count += len(told(box, letter.EVENT))
        if step % 3 == 0:
            time.now += 1
        if step % 1_000 == 999:
            gc.collect()
            before = before or gc.mem_alloc()
            assert gc.mem_alloc() < before + 4_096
    assert 16 + 50 <= count <= 16 + 60


def test_event__is_printable_and_short_whatever_went_wrong():
    """Nothing of it moves a cursor, and no letter gets too long."""
    box, time = mailbox.Mailbox(), Uptime()
    Events(box, time, time, 1).tell("fault", "task", "control ended: \x1b[2J\n\u00e5" + "x" * 2_000)
    (event,) = told(box, letter.EVENT)
    assert "control ended: ?[2J??x" == event["detail"][:22]
    assert 120 == len(event["detail"])


class Desk:
    """Who gives commands over the network: under the node's own key, without an envelope."""

    def __init__(self, own=post.OWN):
        self.key = telegram.Key(0, own, hashlib.sha256)
        self.buffer = bytearray(telegram.LONGEST)

    def order(self, number, verb, first=0, second=0, recipient=0, expiry=0x3FFFFFFF):
        wire = payload.Wire(self.buffer)
        assert wire.put([recipient, number, expiry, verb, first, second], 0, payload.COMMAND)
        return bytes(self.buffer[: self.key.sign(self.buffer, wire.at)])


def stamp(later_s=0):
    """The stamp of a moment."""
    return (board.now + board.rtc) // 4_000 + later_s // 4


def answered(box):
    """The answers to commands that wait: (number, reason; "" where it was done)."""
    found = [answer for answer in told(box, letter.ANSWER) if answer["to"] == "command"]
    assert [] == [answer for answer in found if answer["ok"] != (answer["reason"] == "")]
    return [(answer["number"], answer["reason"]) for answer in found]


def test_override__holds_until_its_time_and_through_a_restart():
    """Answered, told, obeyed; the node that starts anew in the midst of it goes on with it, and ends it in time."""
    node, box = node_of()

    async def first(node):
        await asyncio.sleep_ms(30_000)
        box.take(letter.COMMAND, Desk().order(7, payload.OVERRIDE_UNTIL, 900, stamp(1_200)))
        await asyncio.sleep_ms(10_000)
        assert 900 == post.light()
        assert [(7, "")] == answered(box)
        assert ("override", "begin", 1) in words(box)

    post.live(node, first)
    again = app.Node(post.Trace())
    box, _ = online.correspond(again, 1)
    begun = board.now

    async def second(node):
        await asyncio.sleep_ms(60_000)
        assert 900 == post.light()
        await asyncio.sleep_ms(1_200_000)
        assert 500 == post.light()
        down = [t for t, level in post.dims() if t > begun + 60_000 and level < 900][0]
        assert abs(down - (begun - 10_000 + 1_200_000)) <= 6_000, down - begun

    post.live(again, second)


def test_override__ends_by_command_and_never_lasts_a_day():
    """Level 0 ends it, for the next start too; a time that is farther off than 24 h is 24 h off."""
    node, box = node_of()

    async def script(node):
        await asyncio.sleep_ms(30_000)
        box.take(letter.COMMAND, Desk().order(1, payload.OVERRIDE_UNTIL, 900, stamp(200_000)))
        await asyncio.sleep_ms(5_000)
        assert 86_390_000 <= node.control.lamp[row.OVERRIDE_END] - node.control.now() <= 86_400_000
        box.take(letter.COMMAND, Desk().order(2, payload.OVERRIDE_UNTIL))
        await asyncio.sleep_ms(20_000)
        assert 500 == post.light()
        assert [("override", "begin", 1), ("override", "end", 1)] == [word for word in words(box) if word[0] == "override"]
        assert 0 == NVS("lykta").get_i32("over_level")

    post.live(node, script)


# security: 22
def test_command__that_is_not_obeyed_is_answered_with_the_reason():
    """Replayed, late, forged, broken: each is a security event too. One for another lamp is nothing to us but the answer."""
    node, box = node_of()
    desk = Desk()

    async def script(node):
        await asyncio.sleep_ms(30_000)
        told(box, letter.EVENT)
        done = desk.order(5, payload.OVERRIDE, 900, 10)
        for data in (
            done, done, desk.order(4, payload.RESTART), desk.order(6, payload.OVERRIDE, 900, 10, expiry=stamp(-60)),
            Desk(bytes(32)).order(7, payload.RESTART), done[:-1], b"", desk.order(8, payload.RESTART, recipient=1),
        ):  # fmt: skip
            box.take(letter.COMMAND, data)
        await asyncio.sleep_ms(10_000)
        reasons = [(5, ""), (5, "old"), (4, "old"), (6, "late"), (7, "forged"), (0, "broken"), (0, "broken"), (8, "another")]
        assert reasons == answered(box)
        security = [what for kind, what, _ in words(box) if kind == "security"]
        assert ["command-old", "command-late", "command-forged", "command-broken"] == security, security

    assert None is post.live(node, script)


def test_override__until_a_time_needs_a_clock():
    """A node that does not know the time says so, instead of guessing how long."""
    post.write(post.files(0, 1))
    node = app.Node(post.Trace())
    box, _ = online.correspond(node, 1)

    async def script(node):
        await asyncio.sleep_ms(10_000)
        box.take(letter.COMMAND, Desk().order(1, payload.OVERRIDE_UNTIL, 900, 300_000_000))
        await asyncio.sleep_ms(4_000)
        assert [(1, "unable")] == answered(box)
        box.take(letter.COMMAND, Desk().order(1, payload.IDENTIFY, 10))
        await asyncio.sleep_ms(4_000)
        assert [(1, "")] == answered(box)  # it did not use up its number
        (event,) = [one for one in told(box, letter.EVENT) if one["kind"] == "command"]
        assert None is event["at"]

    post.live(node, script)


def test_restart__is_answered_first():
    """The answer has some seconds to go."""
    node, box = node_of()
    begun = []

    async def script(node):
        await asyncio.sleep_ms(30_000)
        begun.append(board.now)
        box.take(letter.COMMAND, Desk().order(1, payload.RESTART))
        assert [(1, "")] == answered(box)
        await asyncio.sleep_ms(20_000)

    assert post.live(node, script)
    assert 4_000 <= board.now - begun[0] <= 6_500


# security: 23
def test_window__tells_levels_until_it_ends_by_itself():
    """Asked for a day it opens for four hours; both ends are events, the state says until when, and outside of it no level leaves."""
    node, box = node_of()
    live = []

    async def script(node):
        await asyncio.sleep_ms(30_000)
        assert [] == told(box, letter.LIVE)
        box.take(letter.COMMAND, Desk().order(1, payload.WINDOW, 86_400))
        opened = board.now
        await asyncio.sleep_ms(3_000)
        until = told(box, letter.STATE)[-1]["window"]
        assert abs(until - (opened + board.rtc) // 1_000 - 14_400 - UNIX) <= 1
        live.extend(told(box, letter.LIVE))
        post.pir(1, 1)
        post.pir(3_000, 0)
        for _ in range(30):
            await asyncio.sleep_ms(2_000)
            live.extend(told(box, letter.LIVE))
        assert {500, 1_000} <= {one["level"] for one in live}
        assert ("window", "open", 1) in words(box)
        box.take(letter.COMMAND, Desk().order(2, payload.WINDOW, 60))
        await asyncio.sleep_ms(66_000)
        told(box, letter.LIVE)
        assert [("window", "closed", 1)] == [word for word in words(box) if word[0] == "window"]
        assert None is told(box, letter.STATE)[-1]["window"]
        await asyncio.sleep_ms(60_000)
        assert [] == told(box, letter.LIVE)

    post.live(node, script)


# security: 22
def test_security__of_radio_and_clock_is_told():
    """Forged telegrams with how many, a clock that jumps; honest ones are none."""
    node, box = node_of(2, 5)
    honest, robber = post.Other(1), post.Other(3, secret=bytes(32))

    async def script(node):
        await asyncio.sleep_ms(30_000)
        post.air(honest.heartbeat())
        await asyncio.sleep_ms(3_000)
        assert ["start"] == [kind for kind, _, _ in words(box)]
        for at in range(50):
            post.air(robber.heartbeat(), 20 * at + 1)
        await asyncio.sleep_ms(610_000)
        assert 50 == sum([count for kind, what, count in words(box) if (kind, what) == ("security", "radio-forged")])
        board.rtc += 7_200_000
        await asyncio.sleep_ms(70_000)
        assert ("security", "clock-jump", 1) in words(box)

    post.live(node, script)
    assert {"forged": 50} == json.loads(node_telemetry(node))["refused"]


def node_telemetry(node):
    """What the node's next telemetry would say."""
    return [job.task for job in node.jobs if job.name == "reports"][0].telemetry()


def test_faults__are_told_when_they_come_and_when_they_go():
    """A street that falls silent, and is heard again."""
    node, box = node_of(2, 5)
    other = post.Other(1)

    async def script(node):
        await asyncio.sleep_ms(200_000)
        post.air(other.heartbeat())
        await asyncio.sleep_ms(4_000)
        assert [("start", "power-on", 1), ("fault", "radio", 1), ("right", "radio", 1)] == words(box)

    post.live(node, script)


def test_start__says_how_and_from_when():
    """The state has who the node is; when it started is said as soon as it knows the time."""
    post.write(post.files(0, 1))
    node = app.Node(post.Trace())
    box, _ = online.correspond(node, 2)

    async def script(node):
        await asyncio.sleep_ms(20_000)
        (state,) = told(box, letter.STATE)
        assert (1, True, 2, 0, "test", None) == tuple([state[name] for name in ("v", "online", "tier", "number", "board", "started")])
        post.set_clock()
        node.clock._alarm.ring()
        await asyncio.sleep_ms(4_000)
        (state,) = told(box, letter.STATE)
        assert abs(state["started"] - (post.DAY * 86_400 + post.EVENING_S + UNIX - 20)) <= 3
        await asyncio.sleep_ms(60_000)
        assert [] == told(box, letter.STATE)

    post.live(node, script)


def letters():
    """For the host's tests: print every letter of a node that much happens to, as topic and hexadecimal digits."""
    node, box = node_of(2, 5)
    desk = Desk()
    print("topics", *mailbox.TOPICS[letter.STATE : letter.PIECE])
    print("letter", mailbox.TOPICS[letter.STATE], courier.WILL.hex())

    def show():
        while box.first() is not None:
            print("letter", mailbox.TOPICS[box.first().kind], box.first().data.hex())
            box.done(box.first())

    async def script(node):
        await asyncio.sleep_ms(30_000)
        box.take(letter.COMMAND, desk.order(1, payload.OVERRIDE_UNTIL, 900, stamp(600), recipient=2))
        box.take(letter.COMMAND, desk.order(2, payload.WINDOW, 300, recipient=2))
        box.take(letter.COMMAND, desk.order(2, payload.IDENTIFY, 5, recipient=2))
        box.take(letter.COMMAND, desk.order(3, payload.IDENTIFY, 5, recipient=2))
        box.take(letter.COMMAND, b"\xff" * 40)
        for at in range(40):
            post.air(post.Other(3, secret=bytes(32)).heartbeat(), 20 * at + 1)
        for _ in range(20):
            await asyncio.sleep_ms(10_000)
            show()
        post.air(post.Other(1).heartbeat())
        node.log.say("mesh ended: \x1b[2J\u00e5")
        node.control.fault(4_096, 1)
        await asyncio.sleep_ms(1_600_000)
        show()

    post.live(node, script)
