"""`lykta` ends well or with a sentence: exit status, message, and a traceback only on demand."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import click
import pytest

from lykta import __version__
from lykta import cli as cli_package
from lykta.cli import main
from lykta.errors import EnvironmentLacks, InputError

Put = Callable[[Callable[[], object]], None]


@pytest.fixture
def verb(monkeypatch: pytest.MonkeyPatch) -> Put:
    """Gives `lykta trial` the body that a test wants."""

    def put(body: Callable[[], object]) -> None:
        command = click.Command("trial", callback=body)
        monkeypatch.setattr(cli_package.Verbs, "get_command", lambda self, context, name: command)

    monkeypatch.setitem(cli_package.VERBS, "trial", "Try something.")
    return put


def raising(error: BaseException) -> Callable[[], object]:
    """A body that raises."""

    def body() -> object:
        raise error

    return body


def test_main__help_lists_the_verbs(capsys: pytest.CaptureFixture[str]):
    """Help is printed, exit status 0."""
    assert main(["--help"]) == 0
    printed = capsys.readouterr().out
    assert [name for name in cli_package.VERBS if name not in printed] == []


def test_main__version(capsys: pytest.CaptureFixture[str]):
    """The version is that of the package."""
    assert (main(["--version"]), capsys.readouterr().out) == (0, f"lykta, version {__version__}\n")


def test_main__help_imports_no_verb():
    """`lykta --help` does not wait for NumPy or for any verb."""
    program = (
        "import sys; from lykta.cli import main; main(['--help']); "
        "print([name for name in sys.modules if name in ('numpy', 'pyarrow') or name.startswith('lykta.cli.')])"
    )
    environment = {"PYTHONPATH": ":".join(sys.path)}
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment)
    assert run.stdout.splitlines()[-1] == "[]"


def test_main__near_miss_is_proposed(capsys: pytest.CaptureFixture[str]):
    """A mistyped verb is an error of usage that proposes the right one."""
    assert main(["simulat"]) == 2
    assert "No such command 'simulat'. Did you mean 'simulate'?" in capsys.readouterr().err


def test_main__verb_may_say_its_exit_status(verb: Put):
    """A verb that returns a number ends with it, one that returns nothing with 0, one that leaves with what it says."""
    verb(lambda: 1)
    assert main(["trial"]) == 1
    verb(lambda: None)
    assert main(["trial"]) == 0
    verb(raising(click.exceptions.Exit(1)))
    assert main(["trial"]) == 1
    verb(raising(SystemExit(1)))
    with pytest.raises(SystemExit):
        main(["trial"])


def test_main__input_error_has_no_traceback(verb: Put, capsys: pytest.CaptureFixture[str]):
    """What somebody wrote wrong: the message alone, on stderr, exit status 2."""
    verb(raising(InputError.of("street.yaml", "no lamps. Add some.", line=3, column=1, path="lamps")))
    assert main(["trial"]) == 2
    assert capsys.readouterr() == ("", "street.yaml:3:1  lamps: no lamps. Add some.\n")


def test_main__lacking_environment_has_no_traceback(verb: Put, capsys: pytest.CaptureFixture[str]):
    """What the machine lacks: the message alone, exit status 2."""
    verb(raising(EnvironmentLacks("Numba is missing: run `make fast`.")))
    assert main(["trial"]) == 2
    assert capsys.readouterr().err == "Numba is missing: run `make fast`.\n"


def test_main__fault_asks_for_a_report(verb: Put, capsys: pytest.CaptureFixture[str]):
    """An error nobody foresaw: one sentence that says how to report it, exit status 3."""
    verb(raising(KeyError("lamp 7")))
    assert main(["trial"]) == 3
    printed = capsys.readouterr().err
    assert "KeyError: 'lamp 7'" in printed
    assert "`lykta --debug trial`" in printed
    assert "Traceback" not in printed


@pytest.mark.parametrize("words", [["--debug", "trial"], ["trial", "--debug"]])
def test_main__debug_shows_the_traceback(verb: Put, capsys: pytest.CaptureFixture[str], words: list[str]):
    """`--debug` anywhere on the line shows where an error arose, without changing the exit status."""
    verb(raising(InputError.of("street.yaml", "no lamps")))
    assert main(words) == 2
    assert "Traceback" in capsys.readouterr().err


def test_main__debug_after_two_dashes_is_an_argument():
    """What follows `--` belongs to the verb."""
    assert cli_package._without_debug(["x", "--debug", "--", "--debug"]) == (["x", "--", "--debug"], True)
    assert cli_package._without_debug(["x", "--", "--debug"]) == (["x", "--", "--debug"], False)


def test_main__interrupt_ends_quietly(verb: Put, capsys: pytest.CaptureFixture[str]):
    """Ctrl-C: exit status 130, no traceback."""
    verb(raising(KeyboardInterrupt()))
    assert main(["trial"]) == 130
    assert "Traceback" not in capsys.readouterr().err


def test_main__closed_pipe_is_no_fault():
    """`lykta --help | head -0`: nobody reads, nothing is said."""
    program = "import sys; from lykta.cli import main; sys.exit(main(['--help']))"
    reader, writer = os.pipe()
    os.close(reader)
    environment = {"PYTHONPATH": ":".join(sys.path)}
    run = subprocess.run([sys.executable, "-c", program], stdout=writer, stderr=subprocess.PIPE, text=True, check=False, env=environment)
    os.close(writer)
    assert (run.returncode, run.stderr) == (1, "")
