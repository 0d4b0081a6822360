"""Progress is for a person at a terminal: silent elsewhere, and it changes nothing of the work."""

from __future__ import annotations

import io
import re
import sys

import pytest

from lykta.progress import Bars, Progress, track, wanted


def terminal(monkeypatch: pytest.MonkeyPatch, is_one: bool, ci: str | None) -> None:
    """Pretend that stderr is a terminal or none, and that this is CI or not."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: is_one, raising=False)
    if ci is None:
        monkeypatch.delenv("CI", raising=False)
    else:
        monkeypatch.setenv("CI", ci)


class Screen(io.StringIO):
    """A terminal on which stdout and stderr are written: what a person sees."""

    def isatty(self) -> bool:
        """It is one."""
        return True

    def lines(self) -> list[str]:
        """What stands on it, after all that rich uses: carriage return, line up, line cleared."""
        shown, row, column = [""], 0, 0
        for part in re.findall(r"\x1b\[[0-9;?]*[A-Za-z]|\r|\n|[^\x1b\r\n]+", self.getvalue()):
            if part == "\n":
                row, column = row + 1, 0
                shown += [""] * (row + 1 - len(shown))
            elif part == "\r":
                column = 0
            elif part == "\x1b[1A":
                row = max(0, row - 1)
            elif part == "\x1b[2K":
                shown[row] = ""
            elif not part.startswith("\x1b"):
                shown[row] = shown[row][:column].ljust(column) + part + shown[row][column + len(part) :]
                column += len(part)
        return [line.rstrip() for line in shown if line.strip()]


def watched(monkeypatch: pytest.MonkeyPatch) -> Screen:
    """A terminal that somebody watches, from now on."""
    made = Screen()
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stdout", made)
    monkeypatch.setattr(sys, "stderr", made)
    return made


@pytest.mark.parametrize(("is_one", "ci", "expected"), [(True, None, True), (False, None, False), (True, "true", False), (True, "", True)])
def test_progress__is_for_a_terminal_outside_ci(monkeypatch: pytest.MonkeyPatch, is_one: bool, ci: str | None, expected: bool):
    """A bar is drawn only where somebody watches."""
    terminal(monkeypatch, is_one, ci)
    assert wanted() == expected


def test_track__gives_the_same_items(capsys: pytest.CaptureFixture[str]):
    """Nothing is lost or reordered, and nothing is printed in a pipe."""
    assert list(track(range(5), "counting")) == [0, 1, 2, 3, 4]
    assert capsys.readouterr() == ("", "")


def test_track__takes_what_has_no_length():
    """A generator can be watched too."""
    assert list(track((number * number for number in range(4)), "squaring")) == [0, 1, 4, 9]


def test_progress__draws_on_stderr_only(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """What a command prints stays clean while the bar moves."""
    terminal(monkeypatch, True, None)
    monkeypatch.setenv("TERM", "xterm")
    with Progress("reading lamps", total=3) as bar:
        bar.advance(2)
        bar.retitle("matching lamps")
        bar.advance()
    assert capsys.readouterr().out == ""


def test_progress__lets_a_line_stand_alone(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """What is said goes to stdout while the bar is away; the bar is there again afterwards."""
    terminal(monkeypatch, True, None)
    monkeypatch.setenv("TERM", "xterm")
    with Progress("rolling out", total=3) as bar:
        before = len(capsys.readouterr().err)
        bar.say("K01: 2.0 is in use")
        told = capsys.readouterr()
        bar.advance()
    assert told.out == "K01: 2.0 is in use\n"
    assert (before > 0, "rolling out" in told.err) == (True, True)


def test_progress__ends_when_the_work_fails(monkeypatch: pytest.MonkeyPatch):
    """An error passes through the bar, and the bar is gone."""
    terminal(monkeypatch, True, None)
    bar = Progress("reading lamps", total=3)
    with pytest.raises(ValueError, match="broken"), bar:
        raise ValueError("broken")
    bar.advance()


def test_bars__leave_what_is_printed_between_them(monkeypatch: pytest.MonkeyPatch):
    """Several bars go away for each line and come back below it; no line is lost, at the end no bar is left."""
    screen = watched(monkeypatch)
    with Bars() as bars:
        for number in range(8):
            bars.add(f"K{number}").begin("writing", 100)
        for number in range(3):
            with bars.aside():
                print(f"K{number}: ready")
        seen = screen.lines()
    assert seen[:3] == screen.lines() == ["K0: ready", "K1: ready", "K2: ready"]
    assert [line.split()[0] for line in seen[3:]] == [f"K{number}" for number in range(8)]


def test_progress__leaves_what_it_is_told_to_say(monkeypatch: pytest.MonkeyPatch):
    """One bar, several lines above it."""
    screen = watched(monkeypatch)
    with Progress("rolling out", total=3) as bar:
        for number in range(3):
            bar.say(f"K{number}: 2.0 is in use")
            bar.advance()
    assert screen.lines() == ["K0: 2.0 is in use", "K1: 2.0 is in use", "K2: 2.0 is in use"]


def test_bars__do_not_take_what_goes_into_a_file(monkeypatch: pytest.MonkeyPatch):
    """Where stdout is a file and stderr a terminal, what is printed while bars are shown goes into the file."""
    watched(monkeypatch)
    file = io.StringIO()
    monkeypatch.setattr(sys, "stdout", file)
    with Bars() as bars:
        bars.add("K05").begin("writing", 100)
        print("a line of JSON")
    assert file.getvalue() == "a line of JSON\n"


def test_bar__shows_its_title_as_it_stands(monkeypatch: pytest.MonkeyPatch):
    """A MAC with :cd: in it is no picture of a disc, a name in brackets no style."""
    screen = watched(monkeypatch)
    with Bars() as bars:
        bars.add("[bold] 02:cd:59").begin("writing", 100)
        with bars.aside():
            pass  # they are drawn anew when this is over
        assert screen.lines()[0].startswith("[bold] 02:cd:59  writing")
