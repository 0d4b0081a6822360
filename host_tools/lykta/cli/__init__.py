"""The command `lykta`: arguments and printing only, one module per group of verbs.

Exit status: 0 well; 1 a requirement failed; 2 something a person can put right; 3 a fault in Lykta; 130 interrupted.
"""

from __future__ import annotations

import importlib
import os
import shlex
import sys
import traceback
from collections.abc import Sequence
from difflib import get_close_matches

import click

from lykta import __version__
from lykta.errors import LyktaError

FAULT_IN_LYKTA = 3
INTERRUPTED = 130

#: Verb -> its one line in `lykta --help`. The module `lykta.cli.<verb>` holds the click command of the same name;
#: it is imported only when it is wanted, so that `lykta --help` does not wait for NumPy.
VERBS = {
    "accept": "List what is open before a street can be taken over; write its page, table and labels.",
    "broker": "Set up the broker of a street: who is let in, what they may do there; run one on this machine.",
    "city": "Simulate a night of a site of many streets, street by street.",
    "compare": "Profiles and schemes beside each other, in the same nights with the same people.",
    "explain": "Which setting, which sensor and which lamp cost most energy or service.",
    "flash": "Make the board on the cable the node of a lamp; or a whole street of them.",
    "fleet": "Many nodes on a network: see, command, record, update and simulate them.",
    "node": "Look at the board on the cable: which it is, whether it is well, what it says; change its settings.",
    "profile": "Check, show and describe profiles: how bright, when, for whom.",
    "simulate": "Simulate a night on a street and write its report.",
    "virtual-board": "Boards to practise on, which flash and node take for real ones.",
    "site": "Draw up, import, check and show streets.",
    "year": "What a year takes, costs and gives: twelve months, working days and weekends.",
    "studio": "Open the page on which a street is looked at, tuned and watched.",
    "why": "Why a lamp was as bright as it was: on the real street by its history, or in a simulated night.",
    "tune": "Search the settings of a profile for the least energy with which everybody is still served.",
}


class Verbs(click.Group):
    """A group whose commands are imported on demand."""

    def list_commands(self, context: click.Context) -> list[str]:
        """The verbs, in the order of the alphabet."""
        return sorted(VERBS)

    def get_command(self, context: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a verb; None if there is no such verb."""
        if cmd_name not in VERBS:
            return None
        module = cmd_name.replace("-", "_")
        command: click.Command = getattr(importlib.import_module(f"lykta.cli.{module}"), module)
        return command

    def resolve_command(self, context: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """The verb that the words begin with; a near miss is proposed."""
        near = get_close_matches(args[0], VERBS, n=1)
        if near and args[0] not in VERBS:
            context.fail(f"No such command '{args[0]}'. Did you mean '{near[0]}'?")
        return super().resolve_command(context, args)

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """List the verbs without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(sorted(VERBS.items()))


@click.group(cls=Verbs, name="lykta", context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, help="Show the traceback of an error; may stand anywhere on the line.")
@click.version_option(__version__, prog_name="lykta")
def lykta(debug: bool) -> None:
    """Adaptive street lighting: draw a street, tune how it lights, and see a night of it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status. Prints errors to stderr, without a traceback unless `--debug` is given.

    Verbs find the command line as it was given in the `obj` of their click context.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    words, debug = _without_debug(given)
    try:
        result = lykta.main(words, prog_name="lykta", standalone_mode=False, obj=shlex.join(["lykta", *given]))
        sys.stdout.flush()
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        print("\ninterrupted", file=sys.stderr)
        return INTERRUPTED
    except LyktaError as error:
        _traceback(debug)
        print(error, file=sys.stderr)
        return error.exit_status
    except BrokenPipeError:
        # The reader of our output (`| head`) has gone: nothing to say, and nothing left to flush at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:  # noqa: BLE001  the last resort: whatever it is, a person gets a sentence
        _traceback(debug)
        print(_please_report(error, given, debug), file=sys.stderr)
        return FAULT_IN_LYKTA
    return result if isinstance(result, int) else 0


def _without_debug(words: Sequence[str]) -> tuple[list[str], bool]:
    """The words without `--debug`, and whether it was among them; what follows `--` is left alone."""
    end = words.index("--") if "--" in words else len(words)
    options = [word for word in words[:end] if word != "--debug"]
    return [*options, *words[end:]], len(options) < end


def _traceback(debug: bool) -> None:
    if debug:
        traceback.print_exc()


def _please_report(error: Exception, given: Sequence[str], debug: bool) -> str:
    what = f"lykta {__version__} met a fault of its own, not of your files ({type(error).__name__}: {error})."
    again = "the traceback above" if debug else f"the output of `lykta --debug {' '.join(given)}`"
    return f"{what} Please report it with {again}, as CONTRIBUTING.md says."
