"""The servers that other tests use: they start, answer, go away and come back."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests import services

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SCRIPT = services.ROOT / ".ci" / "services"


def test_script__says_what_to_install():
    """Where a program is missing, a sentence has the command; the status is 2."""
    done = subprocess.run([SCRIPT, "find", "no-such-program"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "is not installed: run `make services`, or `" in done.stderr


@pytest.fixture
def bare_machine(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs the script on a machine that has only the programs named, each a line of shell."""

    def run(**programs: str) -> subprocess.CompletedProcess[str]:
        for name in ("sort", "tr", "tail", "ls", "grep"):
            (tmp_path / name).symlink_to(Path("/usr/bin") / name)
        for name, line in {"uname": "echo Linux", **programs}.items():
            file = tmp_path / name.replace("_", "-")
            file.write_text(f"#!/bin/sh\n{line}\n", encoding="ascii")
            file.chmod(0o755)
        text = SCRIPT.read_text(encoding="utf-8")
        for folder in ("/usr/sbin/", "/usr/local/sbin/", "/opt/homebrew/", "/usr/lib/postgresql/", "/usr/local/opt/"):
            text = text.replace(folder, "/nowhere/")
        there = {"PATH": str(tmp_path)}
        return subprocess.run(["/bin/sh", "-c", text], env=there, capture_output=True, text=True, check=False)

    return run


def test_script__may_not_install__says_the_command(bare_machine: Callable[..., subprocess.CompletedProcess[str]]):
    """A person who is no administrator, of whom nothing is asked, gets a command to hand on."""
    done = bare_machine(id="echo 1000", sudo="exit 1", apt_get="echo must not run; exit 1")
    assert done.returncode == 2
    assert done.stdout == ""
    wanted = "chromium mosquitto mosquitto-clients postgresql"
    assert f"Run `sudo apt-get install --no-install-recommends {wanted}` yourself, then `make services` again." in done.stderr.replace(
        "-browser", ""
    )


def test_script__installs_without_asking(bare_machine: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path):
    """As root it calls apt-get with all that is missing, and complains where something is missing still."""
    done = bare_machine(id="echo 0", apt_get=f'echo "$DEBIAN_FRONTEND $*" >> {tmp_path}/calls', mosquitto="exit 0")
    calls = (tmp_path / "calls").read_text(encoding="utf-8").replace("-browser", "").splitlines()
    assert calls == [
        "noninteractive update -qq",
        "noninteractive install -y -qq --no-install-recommends chromium mosquitto-clients postgresql",
    ]
    assert done.returncode == 2
    assert "Still missing: " in done.stderr


def test_script__neither_apt_nor_brew(bare_machine: Callable[..., subprocess.CompletedProcess[str]]):
    """On another system the programs are named."""
    done = bare_machine(id="echo 0")
    assert done.returncode == 2
    assert "neither apt-get nor brew" in done.stderr


def test_program__missing__is_a_skip_at_a_desk_and_a_failure_in_ci(monkeypatch: pytest.MonkeyPatch):
    """Nothing is skipped in CI."""
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="make services"):
        services.program("no-such-program")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="make services"):
        services.program("no-such-program")


@pytest.mark.services
def test_mosquitto__delivers_again_after_it_was_away(mosquitto: services.Mosquitto):
    """A message reaches a subscriber; after a stop and a start too, on the same port."""
    for _ in range(2):
        assert _one_message(mosquitto) == "42"
        mosquitto.stop()
        mosquitto.start()


def _one_message(broker: services.Mosquitto) -> str:
    at = ["-h", broker.host, "-p", str(broker.port), "-t", "a"]
    subprocess.run([services.program("mosquitto_pub"), *at, "-r", "-m", "42"], check=True, timeout=30)
    done = subprocess.run([services.program("mosquitto_sub"), *at, "-C", "1"], check=True, timeout=30, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.mark.services
def test_postgres__keeps_what_was_committed_when_it_goes_away(postgres: services.Database):
    """After a stop as by a crash, and a start, the row is there."""
    import sqlalchemy as sql

    engine = sql.create_engine(postgres.url, pool_pre_ping=True)
    with engine.begin() as connection:
        connection.execute(sql.text("CREATE TABLE a (b int)"))
        connection.execute(sql.text("INSERT INTO a VALUES (42)"))
    postgres.server.stop()
    with pytest.raises(sql.exc.OperationalError), engine.connect():
        pass
    postgres.server.start()
    with engine.connect() as connection:
        assert connection.execute(sql.text("SELECT b FROM a")).scalar_one() == 42
    engine.dispose()


@pytest.mark.services
def test_postgres__belongs_to_nobody_who_may_do_all(postgres: services.Database):
    """It does not run as root, and its data are for its user alone."""
    data = postgres.server.data
    assert data.stat().st_uid != 0
    assert data.stat().st_mode & 0o777 == 0o700


@pytest.mark.services
def test_chromium__shows_a_page(chromium: Browser):
    """A page's own script runs."""
    page = chromium.new_page()
    page.set_content("<p id=a></p><script>document.getElementById('a').textContent = 6 * 7</script>")
    assert page.inner_text("#a") == "42"
    page.close()
