"""The radio between the posts: losses about as asked and in bursts, and draws that no order of events can change."""

from __future__ import annotations

import itertools
import random
import re

import pytest

from lykta.corehost import firmware_folder
from lykta.sim import radio
from lykta.sim.radio import IDEAL, REAL, Radio

SENDINGS = [(sender, number) for sender in range(20) for number in range(500)]


def lost(link: list[int], hops: int = 1) -> float:
    """The share of frames lost, sent one a second."""
    gone = [radio.arrival(link, sender, number, 7, hops, 1000 * (500 * sender + number)) < 0 for sender, number in SENDINGS]
    return sum(gone) / len(gone)


@pytest.mark.parametrize("share", [0.02, 0.1, 0.3])
@pytest.mark.parametrize("burst_ms", [100, 300, 1000])
def test_loss__is_about_what_is_asked(share: float, burst_ms: int):
    """Of frames sent once, within a tenth of the share, whatever the length of the bursts (overlaps lose a little)."""
    link = Radio(loss=share, burst_ms=burst_ms).row(5)
    assert lost(link) == pytest.approx(share, rel=0.15, abs=0.005)


def test_loss__ideal_loses_nothing_and_takes_its_time():
    """Every frame arrives after the delay."""
    link = IDEAL.row(1)
    assert {radio.arrival(link, sender, number, 3, 1, 5000) for sender, number in SENDINGS[:200]} == {5020}


def test_loss__comes_in_bursts():
    """Two frames 50 ms apart are lost together far more often than one in ten, and bursts have about the mean asked for."""
    link = Radio(loss=0.1, burst_ms=300).row(3)
    deaf = [radio.deaf(link, 4, t) for t in range(0, 1_000_000, 10)]
    both = sum(one and other for one, other in zip(deaf, deaf[5:], strict=False)) / sum(deaf)
    assert both > 0.7
    runs = sum(now and not before for before, now in itertools.pairwise(deaf))
    assert 10 * sum(deaf) / runs == pytest.approx(300, rel=0.2)


def test_copies__get_through_a_burst():
    """Copies as nodes send them lose far less than one does, and more over two posts than over one."""
    once, often = lost(Radio(loss=0.1).row(9)), lost(REAL.row(9))
    assert often < once / 2
    assert lost(REAL.row(9), hops=3) > often


def test_copies__are_those_of_the_firmware():
    """The kernel's real radio repeats a frame as often, and at such intervals, as a node does."""
    outbox = (firmware_folder() / "lykta_node" / "tasks" / "outbox.py").read_text(encoding="utf-8")
    values = {name: int(value) for name, value in re.findall(r"^(\w+) = const\((\d+)\)", outbox, re.MULTILINE)}
    assert (REAL.copies, REAL.spacing_ms) == (values["COPIES"], values["SPACING_MS"] + values["JITTER_MS"] // 2)


def test_relay__takes_the_delay_of_every_post():
    """Over three posts, three times the delay."""
    assert radio.arrival(Radio(delay_ms=20).row(1), 1, 1, 2, 3, 1000) == 1060


def test_draws__do_not_depend_on_order():
    """Asked in any order, every frame has its own fate."""
    link = REAL.row(11)
    questions = [(sender, number, receiver, 100 * number) for sender in range(5) for number in range(40) for receiver in range(5)]
    answers = {question: radio.arrival(link, question[0], question[1], question[2], 1, question[3]) for question in questions}
    random.Random(1).shuffle(questions)
    assert {question: radio.arrival(link, question[0], question[1], question[2], 1, question[3]) for question in questions} == answers


def test_draws__differ_by_seed_sender_number_and_receiver():
    """The delays of one frame at thirty receivers, of thirty frames, of thirty senders and under thirty seeds are spread."""
    spread = Radio(jitter_ms=20)
    link = spread.row(11)
    for change in (
        [radio.arrival(link, sender, 1, 2, 1, 0) for sender in range(30)],
        [radio.arrival(link, 1, number, 2, 1, 0) for number in range(30)],
        [radio.arrival(link, 1, 1, receiver, 1, 0) for receiver in range(30)],
        [radio.arrival(spread.row(seed), 1, 1, 2, 1, 0) for seed in range(30)],
    ):
        assert len(set(change)) > 5


def test_draw__is_even():
    """Draws modulo a small number are spread evenly, also for keys next to each other."""
    counts = [0] * 16
    for a in range(40):
        for b in range(100):
            counts[radio.draw(1, a, b, 0, 0) % 16] += 1
    assert max(counts) - min(counts) < 100


def test_heartbeat__is_the_last_that_got_through():
    """Ideal: at most a minute old, at the sender's own beat; in a burst, the one before it."""
    link = IDEAL.row(1)
    heard = [t - radio.last_heartbeat(link, 3, 4, t, 120_000) for t in range(600_000, 900_000, 7_000)]
    assert len({at % radio.HEARTBEAT_MS for at in heard}) == 1
    deaf_link = Radio(loss=0.3).row(1)
    for t in range(600_000, 3_000_000, 61_000):
        ago = radio.last_heartbeat(deaf_link, 3, 4, t, 600_000)
        assert ago < 0 or not radio.deaf(deaf_link, 4, t - ago)
