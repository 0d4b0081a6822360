"""A node whose files are missing or bad, one after the other: it runs with the rest, says what is wrong, and is bright where it matters."""

import asyncio
import json

import post

from lykta_node import app
from lykta_node.core import lamp as row
from lykta_node.tasks import reasons
from lykta_node.tasks.papers import NOBODY


def life(found):
    """The reasons, the light's target and the duty [permille] of a node with these files, after 20 s of night."""
    post.write(found)
    post.set_clock()
    node = app.Node()
    seen = []

    async def script(node):
        await asyncio.sleep_ms(20_000)
        seen.append((node.control.reasons, node.control.lamp[row.TARGET], post.light()))
        assert all([job.failures == 0 for job in node.jobs])

    assert post.live(node, script) is None
    return seen[0]


def without(name, content=None):
    found = post.files()
    found[name] = content
    return found


def test_files__all_there_and_nothing_is_wrong():
    """The yardstick of the tests below."""
    assert (0, 500, 500) == life(post.files())


def test_identity__missing_is_bright_and_without_a_radio():
    """Nobody could know whose frames they are."""
    wrong, target, duty = life(without("identity"))
    assert wrong & reasons.IDENTITY
    assert (1000, 1000) == (target, duty)


def test_identity__that_makes_no_sense_is_none():
    """A number that is no number, or none of ours."""
    post.write(without("identity", b'{"number": 70000}'))
    assert NOBODY == app.Node().papers.number
    for text in (b"[1]", b'{"number": "2"}', b"{", b'{"number": -1}'):
        post.put("identity", text)
        node = app.Node()
        assert (NOBODY, None) == (node.papers.number, node.mesh), text


def test_keys__missing_are_bright():
    """Without keys there is no radio, and nobody tells who comes."""
    wrong, target, _ = life(without("keys"))
    assert (reasons.KEYS, 1000) == (wrong, target)


def test_keys__of_a_wrong_length_are_none():
    """Torn in the middle, or without the own key."""
    post.write(without("keys", b"\x10" + post.SHARED))
    assert app.Node().papers.wrong & reasons.KEYS
    post.put("keys", b"\x10" + post.SHARED + post.OWN + b"\x00")
    assert app.Node().papers.wrong & reasons.KEYS


def test_table__missing_is_a_lamp_alone_and_bright():
    """It still sees its own walkers, and the light is at the fault level."""
    wrong, target, _ = life(without("table"))
    assert (reasons.TABLE, 1000) == (wrong, target)


def test_table__that_leads_nowhere_is_none():
    """Own rows elsewhere, a row too few, origins out of order, the last row not marked."""
    good = post.table(2, 5)
    post.write(post.files())
    numbers = [int.from_bytes(good[at : at + 4], "little") for at in range(0, len(good), 4)]
    for at, value in ((-2, 9), (-1, 4), (9, 40), (13, 0), (0, 0), (0, 8)):
        bad = [number if number < 1 << 31 else number - (1 << 32) for number in numbers]
        bad[at] = value
        post.put("table", post.integers(bad))
        assert app.Node().papers.wrong & reasons.TABLE, (at, value)
    post.put("table", good[:-3])
    assert app.Node().papers.wrong & reasons.TABLE


def test_board__missing_leaves_the_light_of_boot():
    """No pin is known: the full light that boot.py switched on stays, and nothing else is touched."""
    wrong, target, duty = life(without("board"))
    assert wrong & reasons.BOARD
    assert (1000, -1) == (target, duty)


def test_board__with_a_bad_part_runs_with_the_rest():
    """A sensor on a pin of the flash, a kind that nobody knows, a fixture without a curve, a light sensor that is not described."""
    post.write(post.files())
    for part in (
        {"sensors": [{"kind": "pir", "pin": 7, "warm_up_ms": 1, "blind_ms": 1}]},
        {"sensors": [{"kind": "sonar"}]},
        {"sensors": [{"kind": "ld2451", "uart": 9, "tx": 1, "rx": 3}]},
        {"sensors": [17]},
        {"fixture": {"pin": 25, "lowest": 100}},
        {"fixture": {"pin": 25, "freq": 1_000, "curve": [[0, 0], [0, 1_000]], "lowest": 100}},
        {"light_sensor": {"i2c": 5}},
        {"meter": {"uart": 1}},
        {"led": {"pin": 36}},
    ):
        post.put("board", post.files(**part)["board"])
        assert app.Node().devices.wrong & reasons.BOARD, part


def test_store__that_was_torn_gives_the_file_of_before():
    """The present file is damaged: the one before it holds, and nothing is missing."""
    post.write(post.files())
    node = app.Node()
    node.store.write("program", post.program(idle=300), 2)
    with open("/data/program", "r+b") as file:
        file.seek(60)
        file.write(b"\xff\xff")
    post.set_clock()
    node = app.Node()
    assert 0 == node.papers.wrong
    assert ["program"] == node.store.damaged
    assert 500 in list(node.papers.program) and 300 not in list(node.papers.program)


def test_ladder__takes_the_files_of_before():
    """On the rung of boot.py that asks for it, each file is the previous one, where there is one."""
    post.write(post.files())
    app.Node().store.write("identity", json.dumps({"lamp": "new", "number": 4}).encode(), 2)
    assert "new" == app.Node().papers.lamp
    from esp32 import NVS

    nvs = NVS("lykta")
    nvs.set_i32("rung", 1)
    nvs.commit()
    assert "L2" == app.Node().papers.lamp
