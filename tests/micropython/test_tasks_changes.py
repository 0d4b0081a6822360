"""Settings by letter: taken once, whole, and by a ramp; whatever is wrong with them leaves the old ones as they were."""

import asyncio
import hashlib
import os
import struct

import post
from esp32 import NVS
from test_drivers_store import Flash, mount
from test_tasks_reports import node_of, told
from vboard import board

from lykta_node.core import almanac, letter, schema, telegram
from lykta_node.tasks import letterfiles

KEY = telegram.Key(0, post.OWN, hashlib.sha256)
NUMBER = 0


def sealed(version, key=KEY, recipient=NUMBER, **files):
    """A letter with files, none deflated."""
    room = bytearray(letter.LONGEST + 8_000)
    at = letter.begin(room, recipient, version)
    for name, content in files.items():
        at = letter.add(room, at, letter.NAMES.index(name), letter.PLAIN, len(content), content)
    return bytes(room[: letter.seal(room, at, key)])


def spoilt(program, position, value):
    """A program with one integer changed."""
    return program[: 4 * position] + struct.pack("<i", value) + program[4 * position + 4 :]


def answers(box):
    """The answers that wait: (number, ok, reason)."""
    return [(answer["number"], answer["ok"], answer["reason"]) for answer in told(box, letter.ANSWER) if answer["to"] == "settings"]


def test_program__is_taken_by_a_ramp_and_said():
    """Down and up: from where the light is, never below both; stored, answered, told as an event and in the state."""
    node, box = node_of(idle=500)

    async def script(node):
        await asyncio.sleep_ms(60_000)
        assert 500 == post.light()
        box.take(letter.SETTINGS, sealed(7, program=post.program(700)))
        begun = board.now
        await asyncio.sleep_ms(10_000)
        seen = [level for t, level in post.dims() if t >= begun]
        assert 700 == seen[-1] and sorted(seen) == seen and seen[0] > 500, seen
        told(box, letter.STATE)
        box.take(letter.SETTINGS, sealed(8, program=post.program(300)))
        begun = board.now
        await asyncio.sleep_ms(1_200_000)
        seen = [level for t, level in post.dims() if t >= begun]
        assert 300 == seen[-1] and sorted(seen, reverse=True) == seen, seen
        first = [t for t, level in post.dims() if t >= begun][0]
        assert first - begun > 900_000  # it rests as before for a quarter of an hour: see `tasks/clock`

    post.live(node, script)
    assert [(7, True, ""), (8, True, "")] == answers(box)
    assert 8 == told(box, letter.STATE)[-1]["settings"] == NVS("lykta").get_i32("settings")
    assert [("settings", "adopted", "version 7"), ("settings", "adopted", "version 8")] == [
        (event["kind"], event["what"], event["detail"]) for event in told(box, letter.EVENT) if event["kind"] == "settings"
    ]
    assert (8, post.program(300)) == (node.store.version("program"), node.store.read("program"))


def test_program__that_changes_while_somebody_is_there_leaves_him_his_light():
    """Full before, full after."""
    node, box = node_of(idle=500)

    async def script(node):
        await asyncio.sleep_ms(60_000)
        post.pir(1, 1)
        await asyncio.sleep_ms(10_000)
        assert 1_000 == post.light()
        begun = board.now
        box.take(letter.SETTINGS, sealed(7, program=post.program(300)))
        await asyncio.sleep_ms(20_000)
        assert [] == [level for t, level in post.dims() if t >= begun and level < 1_000]

    post.live(node, script)


def test_program__survives_a_restart():
    """The next start begins with it."""
    node, box = node_of(idle=500)

    async def script(node):
        await asyncio.sleep_ms(5_000)
        box.take(letter.SETTINGS, sealed(7, program=post.program(300)))
        await asyncio.sleep_ms(5_000)

    post.live(node, script)
    from lykta_node import app

    again = app.Node()
    assert (300,) == tuple(again.papers.program[almanac.at(again.papers.program, almanac.ROWS, 0) + schema.IDLE :][:1])


def refusals():
    """(what is wrong, the letter, the reason that is answered, the number in the answer)."""
    good = post.program(300)
    newer = bytearray(sealed(9, program=good))
    newer[0] = 0x26
    torn = bytearray(sealed(9, program=good))
    torn[9] = letter.DEFLATED
    length = letter.seal(torn, len(torn) - letter.TAG, KEY)
    return [
        (sealed(9, telegram.Key(0, bytes(32), hashlib.sha256), program=good), "forged", 9),
        (sealed(9, recipient=1, program=good), "another", 9),
        (sealed(4, program=good), "old", 4),
        (bytes(newer), "newer", 0),
        (sealed(9, program=spoilt(good, almanac.FORMAT, 2)), "newer", 9),
        (sealed(9, program=spoilt(good, almanac.ROW_LENGTH, schema.ROW + 1)), "newer", 9),
        (sealed(9, program=good[:-4]), "broken", 9),
        (sealed(9, program=good[:-1]), "broken", 9),
        (bytes(torn[:length]), "broken", 9),
        (sealed(9, program=spoilt(good, len(good) // 4 - schema.ROW, 2_000)), "bad: row", 9),
        (sealed(9, program=spoilt(good, almanac.LATITUDE, 2_000_000)), "bad: place", 9),
        (sealed(9, program=spoilt(good, almanac.LAST, post.DAY - 10)), "expired", 9),
        (sealed(9, program=good, table=post.table(3, 5)), "broken", 9),
        (sealed(9, program=good, adjacent=post.integers([-1])), "broken", 9),
        (sealed(9, table=post.table(NUMBER, 5), program=good), "broken", 9),  # a table with neighbours, and none to listen to
        (b"no letter at all", "broken", 0),
    ]


# security: 22
def test_letter__with_anything_wrong_leaves_the_old_settings():
    """Each reason by itself: answered, and neither file, counter nor light has changed."""
    node, box = node_of(idle=500)

    async def script(node):
        await asyncio.sleep_ms(60_000)
        box.take(letter.SETTINGS, sealed(5, program=post.program(500)))
        await asyncio.sleep_ms(1_000)
        assert [(5, True, "")] == answers(box)
        for data, reason, number in refusals():
            box.take(letter.SETTINGS, data)
            await asyncio.sleep_ms(500)
            assert [(number, False, reason)] == answers(box), reason
            assert (5, post.program(500)) == (node.store.version("program"), node.store.read("program")), reason
            assert 5 == NVS("lykta").get_i32("settings")
        assert 500 == post.light()
        assert "letter" not in os.listdir("/data")

    post.live(node, script)
    security = [event["what"] for event in told(box, letter.EVENT) if event["kind"] == "security"]
    assert ["settings-forged", "settings-old"] == security, security


def test_letter__that_comes_again_is_answered_and_changes_nothing():
    """Retained by the broker, it comes at every connection; written by cable meanwhile, the newer stays."""
    node, box = node_of(idle=500)
    data = sealed(7, program=post.program(300))

    async def script(node):
        await asyncio.sleep_ms(10_000)
        for _ in range(3):
            box.take(letter.SETTINGS, data)
            await asyncio.sleep_ms(500)
        assert [(7, True, "")] * 3 == answers(box)
        node.store.write("program", post.program(400), 8)
        box.take(letter.SETTINGS, data)
        box.take(letter.SETTINGS, b"")
        await asyncio.sleep_ms(500)
        box.take(letter.SETTINGS, data)
        await asyncio.sleep_ms(500)
        assert [(7, False, "old")] == answers(box)
        assert 8 == node.store.version("program")

    post.live(node, script)


def test_letter__that_a_cut_interrupted_is_completed_by_the_next_start():
    """Before the files are read: the node begins with all that is new."""
    found = {"program": post.program(300), "table": post.table(3, 6), "adjacent": post.integers([2, 4])}
    node_of(3, 5)
    from lykta_node import app

    files = app.Node().store
    files.write(letterfiles.KEPT, sealed(7, recipient=3, **found), 7)
    files.write("program", found["program"], 7)
    node = app.Node()
    assert found == {name: node.store.read(name) for name in found}
    assert [7, 7, 7] == [node.store.version(name) for name in found]
    assert -1 == node.store.version(letterfiles.KEPT)
    assert [2, 4] == node.papers.adjacent


def test_letter__with_which_the_node_did_not_start_is_left():
    """It runs on the files of before, says so, refuses the same again and takes the next."""
    node, _ = node_of(idle=500)
    node.store.write("program", post.program(300), 7)
    node.store.write(letterfiles.KEPT, sealed(7, program=post.program(300)), 7)
    node.store.set_count("settings", 7)
    node.store.set_count("rung", 1)
    from lykta_node import app, online

    node = app.Node(post.Trace())
    box, _ = online.correspond(node, 1)

    async def script(node):
        await asyncio.sleep_ms(30_000)
        assert 500 == post.light()
        assert 1 == told(box, letter.STATE)[-1]["settings"]
        box.take(letter.SETTINGS, sealed(7, program=post.program(300)))
        await asyncio.sleep_ms(1_000)
        box.take(letter.SETTINGS, sealed(8, program=post.program(600)))
        await asyncio.sleep_ms(10_000)
        assert 600 == post.light()
        assert [(7, False, "failed"), (8, True, "")] == answers(box)
        assert 8 == told(box, letter.STATE)[-1]["settings"]
        assert ("settings", "failed") in [(event["kind"], event["what"]) for event in told(box, letter.EVENT)]

    post.live(node, script)
    assert "letter" not in os.listdir("/data")


def test_table__starts_the_node_anew_from_full_light():
    """At a time of its own, once the answer has had time to go; the files of one letter belong together."""
    node, box = node_of(3, 5)
    found = {"program": post.program(300), "table": post.table(3, 6), "adjacent": post.integers([2, 4])}

    async def script(node):
        await asyncio.sleep_ms(20_000)
        box.take(letter.SETTINGS, sealed(7, recipient=3, **found))
        await asyncio.sleep_ms(90_000)
        raise AssertionError("it did not start anew")

    assert post.live(node, script)
    assert 20_000 + 3 * 7_919 + 4_000 <= board.now <= 20_000 + 3 * 7_919 + 8_000, board.now
    assert 1_000 == post.light()
    assert {name: node.store.read(name) for name in found} == found


def test_table__that_is_the_same_starts_nothing_anew():
    """A host that sends all files with every change disturbs nobody."""
    node, box = node_of(3, 5)
    same = post.files(3, 5)

    async def script(node):
        await asyncio.sleep_ms(20_000)
        box.take(letter.SETTINGS, sealed(7, recipient=3, program=post.program(600), table=same["table"], adjacent=same["adjacent"]))
        await asyncio.sleep_ms(90_000)

    assert None is post.live(node, script)
    assert [(7, True, "")] == answers(box)
    assert 7 == node.store.version("table")


def test_letter__survives_a_power_cut_at_every_write():
    """Three files, clean, torn or rubbish, then the next start, and a second cut in that: all old or all new, never a mixture."""
    old = {name: (name + " of before ").encode() * 16 for name in ("program", "table", "adjacent")}
    new = {name: (name + " from now on").encode() * 16 for name in old}
    data = sealed(2, **new)

    def fresh():
        flash = Flash()
        import vfs

        vfs.VfsLfs2.mkfs(flash, progsize=16, readsize=16)
        files = mount(flash)
        for name in old:
            files.write(name, old[name], 1)
        return files.flash

    def cut(flash, at, how, what):
        files = mount(flash)
        files.flash.cut_at = files.flash.writes + at
        files.flash.how = how
        try:
            what(files)
            return files.flash, False
        except OSError:
            return files.flash, True

    def keep(files):
        letterfiles.keep(files, data, 2)

    def started(flash):
        """What a start finds, once it has finished what a cut interrupted."""
        files = mount(flash)
        letterfiles.finish(files)
        return files, {name: files.read(name) for name in old}

    files = mount(fresh())
    before = files.flash.writes
    keep(files)
    points = files.flash.writes - before
    assert points > 20
    seen = [0, 0]
    for how in ("clean", "torn", "garbage"):
        for at in range(1, points + 1, 1 if how == "torn" else 2):
            flash, went = cut(fresh(), at, how, keep)
            assert went, (how, at)
            if at % 5 == 0:
                flash, _ = cut(flash, at % 11 + 1, how, letterfiles.finish)
            files, found = started(flash)
            assert found in (old, new), (how, at, found)
            seen[found == new] += 1
            assert "letter" not in os.listdir("/flash")
    assert min(seen) > 5, seen


def taken(digits):
    """For the host's tests: let a node have a letter, in hexadecimal digits; print its answer, and what it holds then."""
    node, box = node_of()

    async def script(node):
        await asyncio.sleep_ms(20_000)
        box.take(letter.SETTINGS, bytes.fromhex(digits))
        await asyncio.sleep_ms(1_000)

    post.live(node, script)
    print("answer", *answers(box)[0])
    print("digest", hashlib.sha256(node.store.read("program")).digest().hex())
