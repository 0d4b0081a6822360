"""Updates of whole firmwares over TLS and MQTT, in virtual time: all of it goes over, is tried out, and stays; a bad one does not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lykta.fleet import messages, topics
from lykta.fleet.updates.bundle import Bundle, make
from lykta.node import releasekeys
from lykta.node.payload import make_payload
from tests.fleet.updates.fakes import KEYS, SIGNER
from tests.vm.towns import SITE, Town, town

pytestmark = [pytest.mark.micropython, pytest.mark.slow]

_CRASH = b"raise ValueError('bad')\n"


def ours(version: str, **changed: bytes) -> Bundle:
    """The firmware as it is, compiled and signed; `changed`: app.py in the place of the compiled one."""
    package = dict(make_payload().package)
    if "app" in changed:
        del package["lykta_node/app.mpy"]
        package["lykta_node/app.py"] = changed["app"]
    about, files = make(package, version, ("esp32",), security=2, expires=None, runtime=(1, 29, 0), rom=False, key=0)
    return Bundle(releasekeys.sign(about, SIGNER.sign), files)


def offer(found: Town, bundle: Bundle, node: int = 0) -> None:
    """What a roll-out publishes, for one node."""
    for number, piece in enumerate(bundle.pieces()):
        found.broker.publish(topics.piece_of(SITE, bundle.id, number), piece, retain=True)
    topic = topics.topic_of(SITE, found.names[node], topics.UPDATE)

    def publish(t_ms: int) -> None:
        found.network.now_ms = t_ms
        found.broker.publish(topic, bundle.head, retain=True)

    found.player.street.call(found.player.street.now_ms + 1, publish)


def said(found: Town, node: int = 0) -> list[messages.Answer]:
    """What a node has answered."""
    topic = topics.topic_of(SITE, found.names[node], topics.ANSWER)
    parsed = [messages.parse(topics.ANSWER, payload) for name, payload, *_ in found.broker.published if name == topic]
    return [one for one in parsed if isinstance(one, messages.Answer)]


def software(found: Town, node: int = 0) -> list[str]:
    """The versions that a node's state has told, in order."""
    topic = topics.topic_of(SITE, found.names[node], topics.STATE)
    states = [json.loads(payload) for name, payload, *_ in found.broker.published if name == topic]
    return [state["software"] for state in states if "software" in state]


def lived(folder: Path, bundle: Bundle, minutes: float) -> Town:
    """Two posts of which the first is offered an update when it has been there for four minutes."""
    found = town(folder, lamps=2, minutes=minutes, changed={"release": KEYS.node_file()}, demand=None)
    with found.player.street:
        found.start()
        found.run(4)
        offer(found, bundle)
        found.run(minutes)
    return found


def test_update__comes_over_the_network_and_stays(tmp_path: Path):
    """The whole firmware, compiled: every answer on the way, one restart, the new version from the slot, the neighbour untouched."""
    bundle = ours("2.0")
    found = lived(tmp_path, bundle, 16)
    assert [answer.reason for answer in said(found)] == ["begun", "25 %", "50 %", "75 %", "on trial", "on trial", "in use"]
    assert {answer.number for answer in said(found)} == {bundle.number}
    assert [version for version in software(found) if version][-2:] == ["2.0 on trial", "2.0"]
    assert [(lamp, node) for lamp, node, _ in found.player.falls] == [(0, found.player.falls[0][1])]
    root = tmp_path / "posts" / "0" / "root"
    assert (root / "slots").read_text() == "a -"
    assert {file.relative_to(root / "a").as_posix(): file.read_bytes() for file in (root / "a" / "lykta_node").rglob("*.mpy")} == dict(
        bundle.files
    )
    assert (said(found, 1), set(software(found, 1))) == ([], {""})


@pytest.mark.soak
def test_bad_update__is_tried_three_times_and_undone(tmp_path: Path):
    """It crashes as it is imported: four restarts in all, then the old version says that it went back, and does not take it again."""
    found = lived(tmp_path, ours("6.6", app=_CRASH), 16)
    assert [answer.reason for answer in said(found)][-3:] == [
        "on trial",
        "went back",
        "went back",
    ]  # at the start, and for the offer that is still there
    assert not said(found)[-1].ok
    assert len(found.player.falls) == 4
    assert software(found)[-1] == ""
    assert (tmp_path / "posts" / "0" / "root" / "slots").read_text() == "b x"


@pytest.mark.soak
def test_light__does_not_notice_an_update(tmp_path: Path):
    """Until it starts anew, the changes of its lamp are those of a night in which nothing is offered, to the ms."""
    plain = town(tmp_path / "plain", lamps=2, minutes=9, changed={"release": KEYS.node_file()})
    with plain.player.street:
        plain.start()
        plain.run(9)
    found = town(tmp_path / "updated", lamps=2, minutes=9, changed={"release": KEYS.node_file()})
    with found.player.street:
        found.start()
        found.run(4)
        offer(found, ours("2.0"))
        found.run(9)
    begin = found.player.begin_ms
    restarts = [t_ms for lamp, t_ms, _ in found.player.falls if lamp == 0]
    until = restarts[0] if restarts else begin + 9 * 60_000
    assert "begun" in [answer.reason for answer in said(found)]
    before, after = ([change for change in one.duties(begin)[0] if change[0] < until] for one in (plain, found))
    assert before == after
    assert len(before) > 10
