"""Letters by radio, by whole firmwares in virtual time: what lamps say comes up, what is for them comes down, and the light goes first."""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from gauges.posting import SEED, Post, letters, lines, people, played, street
from gauges.size import compile_into
from lykta.corehost import airtime, letter, parcel, priority, telegram
from lykta.fleet.letters import Commands, Recipient, settings
from lykta.plan import Plan
from lykta.plan.gateways import carriers
from lykta.plan.keys import segments_of, simulated_keys
from lykta.plan.nodefiles import boards_of, node_files
from lykta.sim import loop
from lykta.sim.breakdowns import Breakdown, Oddity
from lykta.sim.radio import IDEAL, Radio
from tests.sim.looped import disagreements, rows_of, tolerance

pytestmark = pytest.mark.micropython

GATEWAY, FAR = 2, 4
ADDRESS = 6  # bytes before a telegram in a frame of the virtual radio


def losing(share: float) -> Radio:
    """A radio that loses so much in bursts of 100 ms."""
    return Radio(delay_ms=10, jitter_ms=20, loss=share, burst_ms=100)


@pytest.fixture(scope="module")
def firmware(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The firmware as it ships, compiled."""
    folder = tmp_path_factory.mktemp("compiled")
    compile_into(folder)
    return folder


@cache
def five() -> Plan:
    """Five posts 150 m apart, the gateway in the middle: the outermost need a relay."""
    return street(5, 15_000, GATEWAY)


def recipient(plan: Plan, lamp: int) -> Recipient:
    """A lamp as whoever seals letters for it knows it."""
    keys = simulated_keys(plan.graph, segments_of(plan.graph, plan.tables), SEED)
    name = plan.site.lamps[lamp].id
    return Recipient(name, lamp, keys.nodes[name])


def now(plan: Plan) -> dt.datetime:
    """When the first minutes are played."""
    return dt.datetime.fromtimestamp((plan.agenda.times.origin_utc_ms + plan.begin_ms) / 1000, dt.UTC)


def told(lit: loop.Lit, kind: int) -> dict[int, list[Any]]:
    """What lamps said of a kind, in their order."""
    found = defaultdict(list)
    for lamp, of, data in letters(lit):
        if of == kind:
            found[lamp].append(json.loads(data))
    return found


def posted(lit: loop.Lit) -> list[tuple[int, int, bytes]]:
    """All telegrams of the post: (t_ms, who sent it, telegram)."""
    sent = [(frame.t_ms, lamp, frame.data[ADDRESS:]) for lamp, frames in lit.sent.items() for frame in frames]
    return sorted(one for one in sent if telegram.is_post(one[2]))


@pytest.mark.parametrize("loss", [0.1, 0.3])
def test_letters__go_up_and_down_through_losses_and_over_relays(tmp_path: Path, firmware: Path, loss: float):
    """Every lamp's state and start arrive; settings and a command reach the farthest lamp, are obeyed once, and answered."""
    plan = five()
    program = settings(recipient(plan, FAR), {"program": own_program(plan, FAR)}, 500).data
    raised = Commands().override(recipient(plan, FAR), 900, now(plan) + dt.timedelta(hours=1), now(plan)).data
    given = [(150_000, FAR, letter.SETTINGS, program), (180_000, FAR, letter.COMMAND, raised)]
    lit = played(plan, Post(given), 4, losing(loss), tmp_path, source=firmware)
    states = told(lit, letter.STATE)
    assert sorted(states) == [0, 1, 3, FAR] and all(said[0]["online"] for said in states.values())
    starts = told(lit, letter.EVENT)
    assert all(starts[lamp][0]["kind"] == "start" for lamp in (0, 1, 3, FAR))
    answers = {answer["to"]: answer for answer in told(lit, letter.ANSWER)[FAR]}
    assert len(told(lit, letter.ANSWER)[FAR]) == 2 and all(answer["ok"] for answer in answers.values())
    assert answers["settings"]["number"] == states[FAR][-1]["settings"] == 500
    last = [values for values in rows_of(lit.levels, 6, plan.end_ms) if values[0] == FAR][-1]
    assert (last[3], last[5]) == (900, priority.CAUSE_OVERRIDE)


def own_program(plan: Plan, lamp: int) -> bytes:
    """The program that a lamp has already, as its file."""
    files = node_files(plan.site, plan.graph, plan.profile, plan.date, SEED)
    return files[plan.site.lamps[lamp].id]["program"]


@pytest.mark.slow
def test_telemetry__comes_every_quarter_of_an_hour_and_once(tmp_path: Path, firmware: Path):
    """In 20 minutes at 10 % loss: one or two of each lamp, none twice, each of 15 minutes at least."""
    lit = played(five(), Post(), 32, losing(0.1), tmp_path, source=firmware)
    found = told(lit, letter.TELEMETRY)
    assert sorted(found) == [0, 1, 3, FAR]
    for said in found.values():
        assert 1 <= len(said) <= 2 and all(one["to"] - one["from"] >= 900 for one in said)
        assert len({one["from"] for one in said}) == len(said)


def test_update__comes_to_everybody_once_and_is_mended_for_who_missed_some(tmp_path: Path, firmware: Path):
    """Three pieces of 1,010 bytes at 10 % loss: all lamps have all, right; the network was asked for each only a few times."""
    lit = played(five(), Post(pieces=3), 5, losing(0.1), tmp_path, source=firmware)
    got = defaultdict(list)
    for line in lines(lit, "piece"):
        got[line.lamp].append((int(line.words[1]), line.words[2]))
    assert got == {lamp: [(piece, "True") for piece in range(3)] for lamp in (0, 1, 3, FAR)}
    assert len(lines(lit, "fetched")) <= 9  # each lamp by itself: 12
    chunks = [data for _, lamp, data in posted(lit) if data[0] & 15 == telegram.CHUNK and lamp == GATEWAY]
    assert 3 * 6 <= len(chunks) <= 3 * 6 * 4


def test_time__is_the_gateways_for_lamps_without_any_or_with_a_wrong_one(tmp_path: Path, firmware: Path):
    """A clock that was never set is set; one that is five minutes ahead is put right, though its telegrams are stale to all."""
    lit = played(five(), Post(), 3, IDEAL, tmp_path, clocks=[(FAR, None), (1, 300_000)], source=firmware)
    assert "the clock is set" in lit.consoles[FAR] and "clock" not in lit.consoles[3]
    last = {lamp: frames[-1] for lamp, frames in lit.sent.items()}
    utc_s = {lamp: 4 * telegram.number(frame.data[ADDRESS:], telegram.STAMP, 4) - frame.t_ms / 1000 for lamp, frame in last.items()}
    assert all(abs(seconds - utc_s[GATEWAY]) <= 5 for seconds in utc_s.values())
    assert told(lit, letter.STATE).keys() >= {1, FAR}


@pytest.mark.slow
def test_wave__is_disturbed_by_no_letter(tmp_path: Path, firmware: Path):
    """60 people an hour, letters all the time: no telegram of the post while presence lights the sender, or soon after a detection."""
    plan = street(8, 2_500, GATEWAY)
    end_ms = plan.begin_ms + 6 * 60_000
    lit = played(plan, Post(pieces=200), 6, losing(0.1), tmp_path, users=60, source=firmware)
    assert len(people(plan, 60, 6)) > 20
    rows = defaultdict(list)
    for values in rows_of(lit.levels, 6, end_ms):
        rows[values[0]].append((values[1], values[5]))
    waves = {lamp: [frame.t_ms for frame in frames if frame.data[ADDRESS] & 15 == telegram.DETECTION] for lamp, frames in lit.sent.items()}
    post = [one for one in posted(lit) if plan.begin_ms <= one[0] < end_ms]
    assert len(post) > 100
    for t_ms, lamp, _ in post:
        assert next(cause for since, cause in reversed(rows[lamp]) if since <= t_ms) != priority.CAUSE_PRESENCE, (t_ms, lamp)
        assert not [when for when in waves[lamp] if when <= t_ms < when + airtime.QUIET_MS], (t_ms, lamp)


@pytest.mark.slow
def test_air__is_ours_for_one_percent_at_most(tmp_path: Path, firmware: Path):
    """An update as fast as it goes: no node sends more than 600 ms of letters in any minute."""
    lit = played(five(), Post(pieces=200, size=4_000), 5, losing(0.1), tmp_path, source=firmware)
    spent: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for t_ms, lamp, data in posted(lit):
        spent[lamp].append((t_ms, int(airtime.frame_us(len(data)))))
    for sent in spent.values():
        assert all(sum(us for when, us in sent if begin <= when < begin + 60_000) <= 600_000 for begin, _ in sent)
    assert sum(us for _, us in spent[GATEWAY]) > 1_500_000
    assert not any("of the air" in console for console in lit.consoles.values())


def without_post(plan: Plan) -> list[Oddity]:
    """Boards that know of no gateway."""
    files = node_files(plan.site, plan.graph, plan.profile, plan.date, SEED)
    found = []
    for number, lamp in enumerate(plan.site.lamps):
        board = json.loads(files[lamp.id]["board"])
        del board["radio"]["post"]
        found.append(Oddity(number, board={**board, "meter": None}))
    return found


@pytest.mark.slow
def test_light__does_not_notice(tmp_path: Path, firmware: Path):
    """The same evening with letters, with a gateway that dies in the middle, and without any post: every change of target is the same."""
    plan = street(8, 2_500, GATEWAY)
    end_ms = plan.begin_ms + 8 * 60_000
    mute = Breakdown(GATEWAY, "radio", plan.begin_ms + 4 * 60_000, end_ms)
    nights = {}
    for name, post, odd, broken in (
        ("with", Post(pieces=50), [], []),
        ("without", Post(), without_post(plan), []),
        ("mute, with", Post(pieces=50), [], [mute]),
        ("mute", Post(), without_post(plan), [mute]),
    ):
        nights[name] = played(plan, post, 8, losing(0.1), tmp_path / name, 60, broken, source=firmware, files=odd)
    rows = {name: rows_of(lit.levels, 6, end_ms) for name, lit in nights.items()}
    assert len(rows["with"]) > 16 and posted(nights["with"]) and not posted(nights["without"])
    assert disagreements(rows["without"], rows["with"], tolerance(20)) == []
    assert disagreements(rows["mute"], rows["mute, with"], tolerance(20)) == []
    assert not any("ended" in console for lit in nights.values() for console in lit.consoles.values())


@pytest.mark.slow
def test_gateway__that_starts_anew_is_greeted_anew(tmp_path: Path, firmware: Path):
    """It is without power for a minute, and forgets everybody: two minutes after its second start a command finds its way."""
    plan = five()
    outage = Breakdown(GATEWAY, "node", plan.begin_ms, plan.begin_ms + 60_000)
    raised = Commands().override(recipient(plan, FAR), 900, now(plan) + dt.timedelta(hours=1), now(plan)).data
    lit = played(plan, Post([(121_000, FAR, letter.COMMAND, raised)]), 4, losing(0.1), tmp_path, breakdowns=[outage], source=firmware)
    assert [answer["ok"] for answer in told(lit, letter.ANSWER)[FAR]] == [True]


@pytest.mark.slow
def test_no_letter__goes_through_the_air_in_clear_text_or_twice_alike(tmp_path: Path, firmware: Path):
    """What lamps say can be read in no telegram; and no two chunks of letters are the same, unless one was sent again."""
    lit = played(five(), Post(), 4, losing(0.1), tmp_path, source=firmware)
    up = [data for _, _, data in posted(lit) if data[0] & 15 == telegram.TELEMETRY]
    assert len(up) > 10
    for data in up:
        assert b'"v"' not in data and b"lykta" not in data and b"start" not in data
    texts: dict[bytes, set[tuple[int, int, int]]] = defaultdict(set)
    for data in up:
        name = (telegram.number(data, telegram.SENDER, 2), telegram.number(data, parcel.LETTER, 4), data[parcel.INDEX])
        texts[bytes(data[parcel.DATA : -telegram.TAG])].add(name)
    assert all(len(names) == 1 for names in texts.values())


def test_plan__gives_everybody_this_gateway():
    """What these tests stand on: the outermost go through a relay."""
    plan = five()
    assert set(carriers(plan.graph, boards_of(plan.site)).values()) == {"L002"}
