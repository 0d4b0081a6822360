"""Real servers for tests: each on a free port of loopback, with files of its own, stopped at the end.

| fixture | what a test gets |
|---|---|
| `mosquitto` | a running `Mosquitto`: anybody may connect on `host`, `port`; `Mosquitto(folder, config)` takes any configuration |
| `postgres` | an empty `Database` of its own: its `url` for SQLAlchemy; `server.stop()` and `.start()`: it goes away, comes back |
| `chromium` | a Playwright `Browser` without a window |

Which of these programs are installed and where, `.ci/services` knows.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
HOST = "127.0.0.1"
#: Chromium that stays on this machine; as root it has no sandbox.
CHROMIUM_ARGUMENTS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    *(["--no-sandbox"] if os.geteuid() == 0 else []),
]
_LONG_S = 30  # nothing takes so long but what hangs


def program(name: str) -> str:
    """The path of a program. Without it the test is skipped, with the sentence that says what to install; in CI it fails."""
    found = subprocess.run([str(ROOT / ".ci" / "services"), "find", name], capture_output=True, text=True, check=False)
    if found.returncode:
        if os.environ.get("CI"):
            pytest.fail(found.stderr.strip(), pytrace=False)
        pytest.skip(found.stderr.strip())
    return found.stdout.strip()


def free_port() -> int:
    """A port of loopback that nobody listens on, and that no system gives to who goes out."""
    while True:
        port = 20_000 + secrets.randbelow(12_000)
        with contextlib.suppress(OSError), socket.socket() as one:
            one.bind((HOST, port))
            return port


class Mosquitto:
    """A mosquitto with a configuration; `log` grows while it runs.

    Waits for what mosquitto says of itself, never for a time.
    """

    def __init__(self, folder: Path, config: str = "", port: int = 0) -> None:
        """`config`: lines of mosquitto.conf, its listener included; "": anybody may connect to a free port."""
        self.host = HOST
        self.port = port or free_port()
        self.folder = folder
        self.log: list[str] = []
        self._program = program("mosquitto")
        self._config = folder / "mosquitto.conf"
        lines = config or f"listener {self.port} {HOST}\nallow_anonymous true\n"
        # As root it would become another user, who may not read the folder of a test.
        self._config.write_text(lines + ("user root\n" if os.geteuid() == 0 else ""), encoding="utf-8")
        self._process: subprocess.Popen[str] | None = None
        self._said = threading.Condition()

    def start(self) -> Mosquitto:
        """Start it, and return when it listens."""
        words = [self._program, "-v", "-c", str(self._config)]
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen(words, stdin=quiet, stdout=quiet, stderr=subprocess.PIPE, text=True)
        begin = len(self.log)
        threading.Thread(target=self._listen, args=(self._process,), daemon=True).start()
        self.wait_for(" running", begin)
        return self

    def _listen(self, process: subprocess.Popen[str]) -> None:
        assert process.stderr is not None
        with process.stderr as lines:
            for line in lines:
                with self._said:
                    self.log.append(line.rstrip())
                    self._said.notify_all()
        with self._said:
            self.log.append("(ended)")
            self._said.notify_all()

    def wait_for(self, words: str, begin: int = 0) -> str:
        """The first line of its log, from number `begin` on, that has these words; fails when it ends without."""

        def told() -> str | None:
            return next((line for line in self.log[begin:] if words in line or line == "(ended)"), None)

        with self._said:
            line = self._said.wait_for(told, _LONG_S)
        assert line is not None and line != "(ended)", f'mosquitto never said "{words}":\n' + "\n".join(self.log)
        return line

    def reload(self) -> None:
        """Let it read its files again (SIGHUP), and return when it has."""
        assert self._process is not None
        begin = len(self.log)
        self._process.send_signal(signal.SIGHUP)
        self.wait_for("Reloading config", begin)

    def stop(self) -> None:
        """Stop it; nothing where it does not run."""
        if self._process is not None:
            # It forgets a signal that comes in the moment between saying that it runs and running.
            for _ in range(_LONG_S):
                self._process.terminate()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(1)
                    break
            else:
                self._process.kill()
            self._process = None

    close = stop


class PostgresServer:
    """A PostgreSQL of its own, that a password opens on loopback. It refuses to be root: then it belongs to `postgres`, or to `nobody`."""

    def __init__(self, folder: Path) -> None:
        """`folder`: an empty one, which the user of the server may reach."""
        self.port = free_port()
        self.password = secrets.token_hex(16)
        self._folder = folder
        self.data = folder / "data"
        self._initdb, self._ctl = program("initdb"), program("pg_ctl")
        self._runs = False
        words = folder / "password"
        words.write_text(self.password, encoding="ascii")
        words.chmod(0o600)
        if os.geteuid() == 0:
            for path in (folder, words):
                shutil.chown(path, _not_root())
        options = ["--auth=scram-sha-256", "--username=lykta", f"--pwfile={words}", "--encoding=UTF8", "--locale=C", "--no-sync"]
        self._run([self._initdb, "-D", str(self.data), *options])
        # No socket in a file; no syncs: these data may be lost with the machine.
        with (self.data / "postgresql.conf").open("a", encoding="ascii") as config:
            config.write(f"listen_addresses = '{HOST}'\nunix_socket_directories = ''\nfsync = off\nmax_connections = 40\n")

    def _run(self, words: Sequence[str]) -> None:
        user = {"user": _not_root(), "extra_groups": []} if os.geteuid() == 0 else {}
        done = subprocess.run(
            words,
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            **user,
        )
        log = self._folder / "log"
        assert done.returncode == 0, done.stdout + (log.read_text() if log.exists() else "")

    def start(self) -> None:
        """Start it, and return when it answers."""
        if not self._runs:
            log = str(self._folder / "log")
            self._run([self._ctl, "-D", str(self.data), "-l", log, "-o", f"-p {self.port}", "-t", str(_LONG_S), "-w", "start"])
            self._runs = True

    def stop(self) -> None:
        """Stop it as a crash would: connections are cut. Nothing where it does not run."""
        if self._runs:
            self._run([self._ctl, "-D", str(self.data), "-m", "immediate", "-w", "stop"])
            self._runs = False

    close = stop

    def url(self, database: str) -> str:
        """Where a database is, for SQLAlchemy."""
        return f"postgresql+psycopg://lykta:{self.password}@{HOST}:{self.port}/{database}"


class Database:
    """An empty database on a server."""

    def __init__(self, server: PostgresServer) -> None:
        self.server = server
        self.name = f"test_{secrets.token_hex(6)}"
        self._do(f"CREATE DATABASE {self.name}")

    @property
    def url(self) -> str:
        """Where it is, for SQLAlchemy."""
        return self.server.url(self.name)

    def close(self) -> None:
        """Away with it, whoever is connected."""
        self.server.start()
        self._do(f"DROP DATABASE {self.name} WITH (FORCE)")

    def _do(self, sql: str) -> None:
        import psycopg

        with psycopg.connect(self.server.url("postgres").replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(sql)


def _not_root() -> str:
    names = [one.pw_name for one in pwd.getpwall()]
    return "postgres" if "postgres" in names else "nobody"


@contextlib.contextmanager
def folder_for_all(name: str) -> Iterator[Path]:
    """A temporary folder that another user may be given: pytest's own are below one that only root may enter."""
    with tempfile.TemporaryDirectory(prefix=f"lykta-{name}-") as folder:
        yield Path(folder)
