"""`lykta broker run`: what it says, who can connect, how it ends."""

from __future__ import annotations

import asyncio
import contextlib
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiomqtt import ProtocolVersion

from lykta.cli import main
from lykta.errors import InputError
from lykta.fleet.broker.embedded import run_embedded
from lykta.fleet.broker.network import Network, Place
from tests.fleet.networks import client, credential, foreign, knock, trust
from tests.services import free_port, program

NODE = "kungsholms_strand.K05"


@contextlib.contextmanager
def running(folder: Path, *words: str, end: signal.Signals = signal.SIGINT) -> Iterator[tuple[str, Network]]:
    """The command in a process of its own: what it said until it listened, and its network. It has to end well."""
    command = [sys.executable, "-m", "lykta", "broker", "run", "kungsholms_strand", *words]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            if line.startswith("  its files"):
                break
        try:
            yield "".join(said), Network.open(folder / "kungsholms_strand.network")
        finally:
            process.send_signal(end)
            rest = process.stdout.read()
            status = process.wait(30)
    assert (status, rest.splitlines()[-1:]) == (0, ["The broker has ended."])
    assert "Traceback" not in rest


def test_embedded__lets_in_who_has_a_certificate_and_says_what_it_does_not_do(tmp_path: Path):
    """The small broker inside Lykta: same files, same port, no rights; and nobody comes in without."""
    port = free_port()
    with running(tmp_path, "--embedded", "--port", str(port)) as (said, made):
        assert "not mosquitto: for trying things out, on this machine alone" in said
        assert "look at who does what" in said
        assert f"listening on port {port} of this machine alone" in said
        assert knock(port, trust(made, credential(made, NODE), tmp_path), NODE) == "in"
        assert knock(port, trust(made, None, tmp_path), NODE) != "in"
        assert knock(port, trust(made, foreign(tmp_path / "other", NODE), tmp_path), NODE) != "in"


def test_embedded__bears_a_street_that_comes_at_once(tmp_path: Path):
    """Everybody subscribes while others connect: each hears what was kept for it, and nothing of what others asked for."""
    port, lamps = free_port(), [f"kungsholms_strand.K{number:02}" for number in range(1, 13)]

    async def come(made: Network, lamp: str) -> list[str]:
        heard = []
        async with client(made, lamp, made.folder, port, protocol=ProtocolVersion.V311) as one:
            await one.subscribe(f"{lamp}/#", qos=1)
            await one.publish(f"{lamp}/end", b"", qos=1)
            async with asyncio.timeout(60):
                async for message in one.messages:
                    heard.append(message.topic.value)
                    if heard[-1].endswith("/end"):
                        break
        return heard

    async def street(made: Network) -> list[list[str]]:
        async with client(made, "operator-1", tmp_path, port, protocol=ProtocolVersion.V311) as operator:
            await operator.subscribe("#", qos=1)
            for lamp in lamps:
                await operator.publish(f"{lamp}/kept", b"x", qos=1, retain=True)
            return await asyncio.gather(*(come(made, lamp) for lamp in lamps))

    with running(tmp_path, "--embedded", "--port", str(port)) as (_, made):
        assert [[f"{lamp}/kept", f"{lamp}/end"] for lamp in lamps] == asyncio.run(street(made))


def test_embedded__refuses_to_be_for_others(tmp_path: Path):
    """What has no access list is for this machine alone."""
    with pytest.raises(InputError, match="is for this machine alone"):
        run_embedded(tmp_path, Place("broker.example.se"), lambda: None)


def test_broker_for_another_machine__is_not_run_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Its configuration has the paths of that machine."""
    monkeypatch.chdir(tmp_path)
    words = ["--host", "b.example.se", "--address", "192.0.2.7", "--at", "/etc/lykta"]
    assert main(["broker", "config", "kungsholms_strand", *words]) == 0
    assert main(["broker", "run", "kungsholms_strand"]) == 2
    assert "are for another machine, in /etc/lykta" in capsys.readouterr().err


@pytest.mark.services
def test_run__starts_mosquitto_and_says_how_to_connect(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """In the foreground until Ctrl-C; a second one of the same folder, or on the same port, is told so."""
    program("mosquitto")
    port = free_port()
    with running(tmp_path, "--port", str(port)) as (said, made):
        assert "certificates of 34 nodes, 34 of them new" in said
        assert re.search(r"flash +lykta flash kungsholms_strand LAMP --network", said)
        assert max(map(len, said.splitlines()[2:5])) <= 80
        assert "lykta fleet watch kungsholms_strand" in said
        assert "mosquitto version" not in said
        assert knock(port, trust(made, credential(made, NODE), tmp_path), NODE) == "in"
        assert knock(port, trust(made, None, tmp_path), NODE) == "SSLV3_ALERT_HANDSHAKE_FAILURE"
        for folder, words in (("kungsholms_strand.network", "runs already"), ("another", "this port is taken")):
            assert main(["broker", "run", "kungsholms_strand", "--port", str(port), "--network", str(tmp_path / folder)]) == 2
            assert words in capsys.readouterr().err
    # A terminal that is closed ends it as well, and no mosquitto is left behind that would have the port.
    for end in (signal.SIGHUP, signal.SIGTERM):
        with running(tmp_path, end=end) as (said, _):
            assert f"listening on port {port}" in said
    with running(tmp_path) as (said, _):
        assert f"listening on port {port}" in said
        assert "certificates of 34 nodes.\n" in said


@pytest.mark.services
def test_run__tells_when_mosquitto_does_not_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """A mistake in a file of one's own beside the configuration: in the words of mosquitto, no traceback."""
    program("mosquitto")
    monkeypatch.chdir(tmp_path)
    assert main(["broker", "config", "kungsholms_strand", "--port", str(free_port())]) == 0
    mine = tmp_path / "kungsholms_strand.network" / "districts" / "kungsholms_strand" / "conf.d" / "mine.conf"
    mine.write_text("no_such_word true\n", encoding="utf-8")
    assert main(["broker", "run", "kungsholms_strand"]) == 2
    said = capsys.readouterr().err
    assert "mosquitto did not start. It said:" in said
    assert "no_such_word" in said
