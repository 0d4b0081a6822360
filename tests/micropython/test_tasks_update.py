"""Updates: what is signed, meant for this node and whole goes on trial; nothing else ever touches what runs."""

import os

import bundles
import post
from updates import NEW, OLD, Host, Made, answers, boot, confirm, content, install, passed

from lykta_node.core import bundle as form
from lykta_node.core import ed25519, letter
from lykta_node.tasks import slots

OLD_BUNDLE = bundles.Bundle(OLD, "1.0")
NEW_BUNDLE = bundles.Bundle(NEW, "2.0")


def node(**about):
    """A node whose slot a is in use, with the old version."""
    post.write({})
    install("a", OLD_BUNDLE)
    slots.write("a", "-")
    return Made(**about)


def refused(made, bundle, reason, **about):
    """Offer a bundle: it is refused for a reason, and nothing has changed."""
    assert not made.take(bundle, **about)
    assert (False, reason) == answers(made)[-1]
    assert ("a", "-") == slots.record()
    assert OLD == content("a")


def test_update__goes_into_the_idle_slot_and_on_trial():
    """Progress is told, what the slot in use has is not fetched; the next start is that of the new version."""
    made = node()
    host = Host(made.mailbox, NEW_BUNDLE)
    assert made.take(NEW_BUNDLE, host=host)
    said = answers(made)
    assert [(True, "begun"), (True, "on trial")] == [said[0], said[-1]]
    assert {"25 %", "50 %", "75 %"} >= {reason for _, reason in said[1:-1]}
    assert (NEW, OLD) == (content("b"), content("a"))
    assert ("a", "b") == slots.record()
    pieces = [NEW_BUNDLE.pieces.index(NEW["lykta_node/core/law.mpy"][at : at + bundles.PIECE]) for at in (0, bundles.PIECE)]
    assert set(range(len(NEW_BUNDLE.pieces))) - set(pieces) == set(host.asked)
    assert ("b", 0) == boot(made.nvs)


def test_update__is_confirmed_by_the_node_alone():
    """Then it is in use, said so once, and its security counter is kept."""
    made = node()
    assert made.take(bundles.Bundle(NEW, security=7))
    boot(made.nvs)
    answers(made)
    confirm(made)
    assert [(True, "in use")] == answers(made)
    assert (("b", "-"), 7) == (slots.record(), made.store.count("security"))
    confirm(made)
    assert [] == answers(made)


# security: 12
def test_update__that_fails_three_starts_gives_way_and_is_not_taken_again():
    """boot.py goes back; the node says so, refuses the same bundle, and takes another one."""
    made = node()
    made.take(NEW_BUNDLE)
    assert ["b", "b", "b", "a"] == [boot(made.nvs)[0] for _ in range(4)]
    assert ("a", "x") == slots.record()
    made.store.set_count("failed", 0)
    again = Made(made.nvs)
    assert not again.take(NEW_BUNDLE)
    assert [(False, "went back")] * 2 == answers(again)
    assert again.take(bundles.Bundle(NEW, "2.1"))
    assert ("a", "b") == slots.record()


def test_update__back_to_the_version_before_needs_no_piece():
    """The other slot still has all of it."""
    made = node()
    made.take(NEW_BUNDLE)
    boot(made.nvs)
    confirm(made)
    host = Host(made.mailbox, OLD_BUNDLE)
    later = Made(made.nvs)
    host.mailbox = later.mailbox
    assert later.take(OLD_BUNDLE, host=host)
    assert OLD_BUNDLE.pieces[:1] == [OLD_BUNDLE.pieces[number] for number in host.asked]  # its list was never kept: the cable filled it
    assert (("b", "a"), OLD) == (slots.record(), content("a"))


def test_offer__of_what_runs_is_answered_and_nothing_done():
    """A retained offer comes again at every connection."""
    made = node()
    assert not made.take(OLD_BUNDLE)
    assert [(True, "in use")] == answers(made)
    slots.write("b", "a")
    again = Made(made.nvs)
    assert not again.take(OLD_BUNDLE)
    assert [(True, "on trial")] == answers(again)


def test_update__signed_by_the_backup_key_is_as_good():
    """The one that lies in a safe."""
    made = node()
    assert made.take(bundles.Bundle(NEW, secret=bundles.BACKUP_SECRET, key=form.BACKUP))


# security: 8, 22
def test_signature__of_anybody_else_is_refused():
    """A stranger's, the wrong one of our keys, none; and a node that knows no key takes nothing."""
    made = node()
    refused(made, bundles.Bundle(NEW, secret=bytes(32)), "not signed by us")
    refused(made, bundles.Bundle(NEW, "2.1", key=form.BACKUP), "not signed by us")
    refused(Made(keys=bytes(64)), bundles.Bundle(NEW, "2.2", secret=bytes(32)), "not signed by us")
    refused(Made(keys=b""), NEW_BUNDLE, "no release key here")


# security: 8
def test_offer__with_any_flipped_bit_is_refused():
    """In head or signature; the cheap checks may find it first."""
    made = node()
    for at in range(0, form.LENGTH, 3):
        spoiled = bundles.Bundle(NEW)
        data = bytearray(spoiled.head)
        data[at] ^= 1 << at % 8
        spoiled.head = bytes(data)
        assert not made.take(spoiled, ms=1_000)
        said = answers(made)
        assert [False] == [ok for ok, _ in said], (at, said)
    assert ("a", "-") == slots.record()


# security: 9, 22
def test_downgrade__that_is_refused_is_a_security_event():
    """Somebody who has an old bundle of ours tries to bring an old fault back; an honest one that does not fit is none."""
    made = node()
    made.store.set_count("security", 5)
    refused(made, bundles.Bundle(NEW, security=4), "older than its security allows")
    refused(made, bundles.Bundle(NEW, security=5, chips="esp32s3"), "other hardware")
    assert [("security", "update-refused"), ("update", "update-refused")] == [about[:2] for about in made.reports.happened]


# security: 10
def test_expiry__that_shows_while_it_is_fetched_keeps_it_off_the_node():
    """All pieces come at once, and the clock is set, or the day is over, before the last of them: it is not tried out."""
    made = node(stamp=0)

    def late(number, data):
        made.clock.now = 2
        return data

    bundle = bundles.Bundle(NEW, expiry=1)
    refused(made, bundle, "expired", host=Host(made.mailbox, bundle, spoil=late))
    assert ("a", "-") == slots.record()


# security: 9, 10
def test_offer__that_does_not_fit_is_refused():
    """Expired, lower security, other chip, newer runtime, another form of slots, sizes that cannot be, no offer at all."""
    made = node(stamp=1_000)
    made.store.set_count("security", 5)
    cases = (
        ("expired", {"expiry": 1_000, "security": 5}),
        ("older than its security allows", {"security": 4}),
        ("other hardware", {"chips": "esp32s3,esp32c3", "security": 5}),
        ("newer runtime needed", {"runtime": (9, 0, 0), "security": 5}),
        ("other form of slots", {"form": form.IMAGE, "security": 5}),
        ("bad sizes", {"piece": 100, "security": 5}),
        ("bad sizes", {"count": 0, "security": 5}),
        ("bad sizes", {"length": 0, "security": 5}),
        ("bad sizes", {"security": 0xFFFFFFFF}),
    )
    for number, (reason, about) in enumerate(cases):
        refused(made, bundles.Bundle(NEW, "3." + str(number), **about), reason, ms=2_000)
    made.mailbox.take(letter.UPDATE, b"rubbish")
    short = bundles.Bundle(NEW)
    short.head = short.head[:-1]
    refused(made, short, "no such form", ms=2_000)
    assert made.take(bundles.Bundle(NEW, security=5, expiry=1_001, chips="esp32c3,esp32"))


# security: 10
def test_expiry__cannot_be_told_without_a_clock():
    """A node that does not know the time takes the update: it may be what puts the clock right."""
    made = node(stamp=0)
    assert made.take(bundles.Bundle(NEW, expiry=1))


def test_offer__waits_for_none_that_is_on_trial():
    """Another version has to prove itself first."""
    made = node()
    made.take(NEW_BUNDLE)
    answers(made)
    later = Made(made.nvs)
    assert not later.take(bundles.Bundle(NEW, "3.0"))
    assert (False, "another is on trial") == answers(later)[-1]
    assert ("a", "b") == slots.record()


def test_offer__waits_until_this_start_has_proved_itself():
    """Nothing is written before; then it goes on by itself."""
    import asyncio

    made = node()
    boot(made.nvs)
    seen = []

    async def prove():
        await asyncio.sleep_ms(60_000)
        seen.append(answers(made))
        confirm(made)

    assert made.take(NEW_BUNDLE, script=prove)
    assert [[]] == seen
    assert passed() > 60_000


# security: 8
def test_list__that_is_none_is_refused():
    """Names that lead out of the slot, twice the same, not the lengths of the head: signed or not, nothing is written by them."""
    made = node()
    for number, name in enumerate(
        ("../boot.py", "/boot.py", "boot.py", "lykta_node/../../main.py", "lykta_node//x", "manifest", "lykta_node/\\x")
    ):
        refused(made, bundles.Bundle({name: b"x" * 300}, "4." + str(number)), "bad list")
    listed = bundles.Bundle(NEW).listed
    refused(made, bundles.Bundle(NEW, "5.0", listed=listed[:-1]), "bad list")
    refused(
        made, bundles.Bundle(NEW, "5.1", listed=listed + listed, count=2 * len(NEW), length=2 * sum(map(len, NEW.values()))), "bad list"
    )
    refused(made, bundles.Bundle(NEW, "5.2", count=len(NEW) + 1), "bad list")
    assert ["a", "b", "data", "slots"] == sorted(os.listdir("/"))


# security: 8
def test_pieces__that_come_wrong_are_asked_for_again():
    """Spoiled once, lost once, too short once: the update is whole in the end."""
    made = node()
    seen = set()

    def spoil(number, data):
        if number in seen:
            return data
        seen.add(number)
        return (bytes(len(data)), None, data[:-1])[number % 3]

    host = Host(made.mailbox, NEW_BUNDLE, spoil=spoil)
    assert made.take(NEW_BUNDLE, ms=6_000_000, host=host)
    assert NEW == content("b")


def test_pieces__that_are_always_wrong_end_it():
    """Somebody else signs nothing, but may send rubbish: three times, and it is over."""
    for number, reason in ((0, "damaged: list"), (1, "damaged: lykta_node/app.mpy")):
        made = node() if not number else Made()
        bad = bundles.Bundle(NEW, "6." + str(number))
        host = Host(made.mailbox, bad, spoil=lambda asked, data, number=number: bytes(len(data)) if asked == number else data)
        refused(made, bad, reason, host=host)
        assert 3 == host.asked.count(number)


def test_pieces__that_do_not_come_are_asked_for_ever_more_rarely():
    """A day without a broker: the node asks, and holds nothing but one wish."""
    made = node()
    host = Host(made.mailbox, NEW_BUNDLE, delay=86_400_000)
    wishes = []
    want = made.mailbox.want
    made.mailbox.want = lambda *about: (wishes.append(passed()), want(*about))
    assert not made.take(NEW_BUNDLE, ms=86_400_000, host=host)
    assert 140 < len(wishes) < 160
    assert 1 == made.mailbox.waits(letter.WANT)


def test_offer__that_is_withdrawn_ends_it():
    """An empty offer in the middle; what was fetched stays for the next time."""
    import asyncio

    made = node()

    async def withdraw():
        await asyncio.sleep_ms(40)
        made.mailbox.take(letter.UPDATE, b"")

    refused(made, NEW_BUNDLE, "withdrawn", script=withdraw, host=Host(made.mailbox, NEW_BUNDLE, delay=10))
    host = Host(made.mailbox, NEW_BUNDLE)
    assert made.take(NEW_BUNDLE, host=host)
    assert 0 not in host.asked  # the list was kept
    assert NEW == content("b")


def test_flash__that_is_full_keeps_what_runs():
    """No room: said, and the node goes on; when there is room the next offer is taken."""
    made = node()
    kept = os.statvfs
    os.statvfs = lambda path: (4096, 4096, 20, 6, 6, 0, 0, 0, 0, 255)
    refused(made, NEW_BUNDLE, "no room")
    os.statvfs = kept
    assert Made(made.nvs).take(NEW_BUNDLE)


def test_board__whose_software_lies_in_the_root_takes_updates():
    """It has no slots yet; if the update fails, the root serves again."""
    post.write({})
    made = Made()
    assert made.take(NEW_BUNDLE)
    assert ("b", "a") == slots.record()
    assert ["a", "a", "a", "-"] == [boot(made.nvs)[0] for _ in range(4)]


def test_confirmed_start__from_the_other_slot_makes_it_the_one_in_use():
    """Else each start would begin with six that fail."""
    made = node()
    install("b", NEW_BUNDLE)
    made.nvs.set_i32("failed", 6)
    made.nvs.commit()
    assert ("b", 2) == boot(made.nvs)
    assert "b" == slots.running(2)
    confirm(made)
    assert ("b", "x") == slots.record()
    assert ("b", 0) == boot(made.nvs)
    assert "2.0" == slots.version("b")


def test_verification__holds_nothing_up():
    """It yields after each slice of its work."""
    public, message = bundles.public_of(bundles.RELEASE_SECRET), bytes(127)
    said = list(ed25519.verification(public, message, bundles.sign(bundles.RELEASE_SECRET, message)))
    assert [None] * (len(said) - 1) + [True] == said
    assert len(said) > 280
