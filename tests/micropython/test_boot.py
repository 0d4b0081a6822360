"""boot.py and main.py: light before anything that can fail, and a way down from every start that fails."""

import sys

import post
from esp32 import NVS
from vboard import PIN_OUT, Reset, board

FIRMWARE = [path for path in sys.path if path.endswith("/firmware")][0]
with open(FIRMWARE + "/boot.py") as _file:
    BOOT = _file.read()
with open(FIRMWARE + "/main.py") as _file:
    MAIN = _file.read()
HARD_RESET = 2


def keep(**counters):
    """What NVS holds."""
    nvs = NVS("lykta")
    for name, value in counters.items():
        nvs.set_i32(name, value)
    nvs.commit()


def boot(source=BOOT):
    """Run a file as the chip does; the names it leaves."""
    names = {"__name__": "__main__"}
    exec(source, names)
    return names


def output():
    """(pin, level) of the last output that was set."""
    found = board.sent(PIN_OUT)
    return found[-1][1:3] if found else None


def counters():
    return tuple([post.count(name) for name in ("boots", "failed", "rung")])


def test_light__is_on_from_what_nvs_knows():
    """Pin 25 high; the app told it so at its last start."""
    post.write({})
    keep(light=25)
    boot()
    assert (25, 1) == output()


def test_light__may_be_inverted():
    """An output that is full when low: it is driven low (it idles there, so nothing is seen to change)."""
    post.write({})
    from machine import Pin

    keep(light=25 + 256)
    Pin(25, Pin.OUT, value=1)
    boot()
    assert (25, 0) == output()


def test_light__is_on_from_the_file_where_nvs_is_empty():
    """The first start after provisioning, or after NVS was lost."""
    post.write({})
    with open("/light", "w") as file:
        file.write("26\n")
    boot()
    assert (26, 1) == output()


# security: 17
def test_light__comes_first_and_fails_alone():
    """No pin is known, or a wrong one: the start is counted all the same. Every other step fails: the light is on."""
    post.write({})
    boot()
    assert (1, 1, 0) == counters()
    keep(light=7)  # wired to the flash: refused
    boot()
    assert (2, 2, 0) == counters()
    keep(light=25)
    sys.modules["os"].mkdir("/slots")  # reading the record fails
    boot()
    assert (25, 1) == output()


def test_app__tells_boot_where_the_light_is():
    """After one start of the app the next boot knows the pin, whatever becomes of the file system."""
    post.street()
    assert post.LIGHT == post.count("light")


def test_ladder__goes_down_three_by_three():
    """As it should be, the files of before, the other slot, safe mode."""
    post.write({})
    slots("a", "b")
    record("a -")
    rungs = []
    for _ in range(11):
        boot()
        rungs.append(post.count("rung"))
    assert [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3] == rungs


def test_ladder__leaves_out_a_slot_that_is_not_there():
    """None, one that is not whole, one that failed its trial: safe mode comes three starts earlier."""
    import os

    post.write({})
    slots("a", "b")
    for text, whole in (("-", True), ("a -", False), ("a x", True)):
        record(text)
        if whole:
            manifest("b")
        else:
            os.remove("/b/manifest")
        keep(failed=0)
        rungs = []
        for _ in range(7):
            boot()
            rungs.append(post.count("rung"))
        assert [0, 0, 0, 1, 1, 1, 3] == rungs, text


def test_start__that_was_confirmed_ends_the_ladder():
    """The next one is as it should be."""
    post.write({})
    slots("a", "b")
    record("a -")
    keep(failed=8)
    boot()
    assert 2 == post.count("rung")
    keep(failed=0)
    boot()
    assert (2, 1, 0) == counters()


def slots(*names):
    """Folders with the software in them, whole."""
    import os

    for name in names:
        os.mkdir("/" + name)
        os.mkdir("/" + name + "/lykta_node")
        manifest(name)


def manifest(slot):
    with open("/" + slot + "/manifest", "w") as file:
        file.write("whole")


def record(text):
    with open("/slots", "w") as file:
        file.write(text)


def chosen():
    """The folder that modules come from first."""
    before = list(sys.path)
    boot()
    found = [path for path in sys.path if path not in before]
    sys.path[:] = before
    return found[0] if found else None


def test_slot__in_use_comes_first():
    """The record says b; the ladder's third rung takes a."""
    post.write({})
    slots("a", "b")
    record("b -")
    assert "/b" == chosen()
    keep(failed=6)
    assert "/a" == chosen()


def test_slot__that_is_empty_is_not_taken():
    """The root serves then."""
    post.write({})
    slots("a")
    record("b -")
    assert chosen() is None
    record("rubbish")
    assert chosen() is None


# security: 12
def test_trial__has_three_tries_and_then_the_old_slot_is_back():
    """And the count begins anew: the old version is not to blame for what the new one did."""
    post.write({})
    slots("a", "b")
    record("a b")
    assert ["/b", "/b", "/b", "/a"] == [chosen() for _ in range(4)]
    with open("/slots") as file:
        assert "a x" == file.read()
    assert (4, 1, 0) == counters()


# security: 12
def test_trial__has_a_watchdog_from_the_first_moment_on():
    """A version that hangs while it is imported would hang for ever; what is in use has none before the supervisor's."""
    for text, bites in (("a -", False), ("a b", True)):
        if bites:
            record(text)
        else:
            post.write({})
            slots("a", "b")
            record(text)
        boot()
        try:
            board.advance(61_000)
            assert not bites
        except Reset:
            assert bites


def test_epoch__of_the_radio_never_goes_back():
    """`boots` counts through the whole ladder, and through its end."""
    post.write({})
    seen = []
    for start in range(12):
        boot()
        seen.append(post.count("boots"))
        if start == 8:
            keep(failed=0)
    assert list(range(1, 13)) == seen


def ends(source):
    """The cause of the reset in which a file ends."""
    try:
        boot(source)
    except Reset as reset:
        return reset.args[0]
    return None


# security: 12
def test_main__in_safe_mode_rests_an_hour_and_tries_again():
    """The light stays as boot.py left it; then the ladder begins anew."""
    post.write({})
    keep(light=25, failed=9)
    boot()
    output()
    assert HARD_RESET == ends(MAIN)
    assert 3_600_000 == board.now
    assert None is output()
    boot()
    assert 0 == post.count("rung")


# security: 17
def test_main__starts_anew_when_the_app_cannot_be_imported():
    """What it was is kept for whoever comes with a cable."""
    post.write({})
    before = list(sys.path)
    sys.path.remove(FIRMWARE)
    for name in [name for name in sys.modules if name.startswith("lykta_node")]:
        del sys.modules[name]
    assert HARD_RESET == ends(MAIN)
    sys.path[:] = before
    with open("/crash") as file:
        assert "ImportError" in file.read()


# security: 18
def test_light__is_there_within_a_second_of_power():
    """In virtual time nothing passes between power and full light: boot.py waits for nothing."""
    post.write({})
    keep(light=25)
    boot()
    assert 0 == board.now
    assert (25, 1) == output()
