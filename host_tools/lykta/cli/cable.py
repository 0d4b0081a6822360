"""What the verbs that talk to a board share: which port, whom they ask, where they write down what was found."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.markup import escape

from lykta.errors import InputError, LyktaError
from lykta.node.ports import find_ports
from lykta.node.session import Info
from lykta.node.street import Street, load_street
from lykta.node.verdicts import FAIL, NOT_CHECKED, PASS, Finding

F = TypeVar("F", bound=Callable[..., Any])

_LISTED = 3  # ports in a message
#: How a verdict looks: what was not checked is never green.
STYLES = {PASS: "green", FAIL: "bold red", NOT_CHECKED: "yellow"}


def port_option(function: F) -> F:
    """`--port`, which may be left out where one board is plugged in."""
    text = "The board's port; may be left out where one board is plugged in (LYKTA_PORT says it once)."
    return click.option("--port", metavar="PORT", envvar="LYKTA_PORT", help=text)(function)


def site_option(function: F) -> F:
    """`--site`, beside which findings are written down."""
    text = "The site of this lamp: what is found goes into its inventory (LYKTA_SITE says it once)."
    return click.option("--site", "site_name", metavar="SITE", envvar="LYKTA_SITE", help=text)(function)


def the_port(given: str | None) -> str:
    """The port that was given, or the only one with a board on it. InputError where that cannot be told."""
    if given:
        return given
    ports = find_ports()
    if len(ports) == 1:
        return ports[0].name
    if not ports:
        raise InputError.of("--port", "no board is plugged in. Use a cable with data wires; a virtual board: lykta virtual-board")
    listed = ", ".join(f"{port.name} ({port.about})" for port in ports[:_LISTED])
    others = f" and {len(ports) - _LISTED} more (`lykta node list` has all)" if len(ports) > _LISTED else ""
    raise InputError.of("--port", f"{len(ports)} boards are plugged in: {listed}{others}. Say which, as in: --port {ports[0].name}")


def asks() -> bool:
    """Whether there is a person to ask."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def ask(question: str, choices: Sequence[str]) -> str | None:
    """The answer of a person, one of the choices if there are any (a first letter will do); None: nobody is there, or Enter."""
    if not asks():
        return None
    hint = f" [{'/'.join(choices)}]" if choices else ""
    while True:
        answer: str = click.prompt(f"  {question}{hint}", default="", show_default=False, err=True).strip()
        found = [choice for choice in choices if answer and choice.startswith(answer.lower())]
        if not answer:
            return None
        if not choices or found:
            return found[0] if found else answer
        click.echo(f"  Write one of: {', '.join(choices)}; or Enter.", err=True)


def show_finding(console: Console, finding: Finding) -> None:
    """One line for a finding; what was not checked is never green."""
    style = STYLES[finding.verdict]
    console.print(
        f"  [{style}]{finding.verdict:<11}[/{style}]  {escape(finding.part):<12} {escape(finding.text)}", highlight=False, soft_wrap=True
    )


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """A file or folder is written meanwhile: what the system says against it becomes a sentence, as a LyktaError."""
    try:
        yield
    except OSError as error:
        raise LyktaError(f"{path}  cannot be written: {error.strerror or error}. Make room, or choose another place.") from None


class Record:
    """Writes into the inventory of a site what was done to the lamp on the cable; says so where no site was given."""

    def __init__(self, site_name: str | None, about: Info) -> None:
        """InputError where the node belongs to another site, or to none; Claimed where the lamp has another board."""
        self.about = about
        self.street: Street | None = load_street(site_name) if site_name else None
        if self.street is None:
            return
        if not about.lamp:
            raise InputError.of(site_name or "", f"the board does not know which lamp it is. Provision it: lykta flash {site_name} LAMP")
        theirs = about.identity.get("site")
        if theirs != self.street.site.name:
            raise InputError.of(
                site_name or "", f'the board is {about.lamp} of "{theirs}", not of "{self.street.site.name}". Give that site.'
            )
        self.street.lamp(about.lamp)
        with self.street.inventory() as inventory:
            inventory.claim(about.lamp, about.mac, str(about.identity.get("board", "")))

    def note(self, kind: str, what: Mapping[str, Any]) -> None:
        """Write it down."""
        if self.street is None:
            click.echo("not written down: give the site with --site, and it goes into its inventory.", err=True)
            return
        with self.street.inventory() as inventory:
            inventory.note(self.about.lamp, kind, what, self.about.mac)
            click.echo(f"written down in {inventory.path} as {self.about.lamp}, {self.about.mac}, by {inventory.who}.", err=True)

    def lamp_named(self, number: int) -> str:
        """The lamp that the radio calls by a number."""
        return self.street.site.lamps[number].id if self.street is not None and number < len(self.street.site.lamps) else str(number)
