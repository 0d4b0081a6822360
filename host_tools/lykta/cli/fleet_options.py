"""What the commands of `lykta fleet` have in common: which street, which network, which database, who is at work."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import getpass
import os
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

import click

from lykta.errors import EnvironmentLacks, InputError
from lykta.site import loader

if TYPE_CHECKING:
    from lykta.fleet.broker.access import Access
    from lykta.fleet.database import Database
    from lykta.fleet.fleet import Fleet
    from lykta.fleet.model import Command
    from lykta.fleet.people import Person
    from lykta.node.street import Street

T = TypeVar("T")
_LISTED = 12
#: So long nobody wonders why nothing happens [s].
_SOON_S = 2.0
_LACKS = "Fleets need the extra fleet: pip install 'lykta[fleet]' (in a clone: make env)."


@dataclass(frozen=True)
class Asked:
    """The options that every command of a fleet has."""

    site: str
    network: Path | None
    database: str | None
    district: str
    profile: str

    def street(self) -> Street:
        """The site with its profile."""
        from lykta.node.street import load_street

        return load_street(self.site, self.profile)

    @property
    def folder(self) -> Path:
        """The folder of the network: beside the site; of a packaged site, here."""
        return self.network or _beside(self.site, "network")

    @property
    def home(self) -> Path:
        """The folder with its history and its clock: of the network, also where the place of one person in it is given."""
        network = self.folder.parent.parent
        return network if self.folder.parent.name == "people" and (network / "network.json").is_file() else self.folder

    def must_share(self) -> None:
        """InputError where what is written would be seen by nobody else: a place that was handed on has no history of the network."""
        if self.database is None and self.home == self.folder and (self.folder / "access.json").is_file():
            message = "this is the place of one person, and not the network's history, in which others must find it. Say where: --database"
            raise InputError.of(str(self.folder), message)

    def open(self, district: str = "") -> Database:
        """The database. LyktaError where it cannot be used."""
        try:
            from lykta.fleet.database import Database
        except ImportError:
            raise EnvironmentLacks(_LACKS) from None
        folder = self.home
        if self.database is None and not folder.is_dir():
            message = f"here is no network. `lykta broker run {self.site}` makes one to try things out; --network names another folder."
            raise InputError.of(str(folder), message)
        return Database.open(self.database or folder / "fleet.sqlite", district)

    def now(self) -> float:
        """What time it is for this fleet: that of a simulated street, where one is simulated [s since 1970]."""
        from lykta.fleet.clock import now_of

        return now_of(self.home)()


def _beside(site: str, ending: str) -> Path:
    path = loader.find(site)
    return (Path() if path.parent == loader.FOLDER else path.parent) / f"{path.stem}.{ending}"


def fleet_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """SITE and the options that every command of a fleet has; the command is handed them as `asked`."""
    options = (
        click.argument("site"),
        click.option(
            "--network", type=click.Path(file_okay=False, path_type=Path), metavar="FOLDER",
            help="The folder that `lykta broker` made, or people/ROLE-NUMBER of it. Default: SITE.network.",
        ),
        click.option(
            "--database", metavar="FILE|URL", help="History: a file, or postgresql://user@host/name. Default: fleet.sqlite in the network.",
        ),
        click.option("--district", default="", help="The district, where the network has several."),
        click.option("--profile", default="", metavar="FILE", help="Profile: a file or a packaged name. Default: the site's."),
    )  # fmt: skip

    def called(*words: Any, site: str, network: Path | None, database: str | None, district: str, profile: str, **others: Any) -> Any:
        return command(*words, asked=Asked(site, network, database, district, profile), **others)

    called.__doc__, called.__name__ = command.__doc__, command.__name__
    called.__click_params__ = getattr(command, "__click_params__", [])  # type: ignore[attr-defined]
    for option in reversed(options):
        called = option(called)
    return called


def lamp_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--lamp` and `--zone`: which lamps."""
    for option in (
        click.option("--zone", "zones", multiple=True, metavar="ZONE", help="All lamps of a zone. May be given again."),
        click.option("--lamp", "lamps", multiple=True, metavar="LAMP", help="One lamp. May be given again. Default: the whole site."),
    ):
        command = option(command)
    return command


def who_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--who` and `--why`."""
    for option in (
        click.option(
            "--who", default="", help="Who does it. Default: whom the certificate names, else LYKTA_WHO, or the user of this machine."
        ),
        click.option("--why", default="", help="The reason; it is kept in the record."),
    ):
        command = option(command)
    return command


def lamps_of(street: Street, lamps: Sequence[str], zones: Sequence[str]) -> list[str]:
    """The lamps that are meant; all of them where nobody says which. InputError for lamps and zones that do not exist."""
    known = list(dict.fromkeys(lamp.zone for lamp in street.site.lamps))
    for zone in zones:
        if zone not in known:
            raise InputError.of(street.name, f'the site has no zone "{zone}". It has {", ".join(known)}.')
    named = [street.lamp(lamp).id for lamp in lamps]
    if not lamps and not zones:
        return street.lamps
    wanted = {*named, *(lamp.id for lamp in street.site.lamps if lamp.zone in zones)}
    return [lamp for lamp in street.lamps if lamp in wanted]


def whoever(who: str) -> str:
    """The person at work: as given, LYKTA_WHO, or the user of this machine."""
    return who or os.environ.get("LYKTA_WHO") or getpass.getuser()


def _spare(asked: Asked, said: Callable[[str], None]) -> Asked:
    """The same, with a spare database where its own cannot be used."""
    from lykta.fleet.database import Gone

    try:
        asked.open().close()
    except Gone as error:
        spare = Path.cwd() / f"emergency-{dt.datetime.fromtimestamp(asked.now(), dt.UTC):%Y%m%dT%H%M%S}.sqlite"
        said(f"{error} What is ordered now is written into {spare}: keep it.")
        return replace(asked, database=str(spare))
    return asked


def _person(access: Access, who: str) -> Person:
    """Who is at work: whom the certificate names, else whoever says so. InputError where the two are not the same."""
    from lykta.fleet.people import CERTIFICATE, WORD, Person

    if not access.person:
        return Person(whoever(who), access.role, WORD)
    person = Person(access.person, access.role, CERTIFICATE)
    if who and not person.same_as(who):
        raise InputError.of("--who", f'the certificate here is that of {access.person}, not of "{who}". Leave --who out, or use your own.')
    return person


@contextlib.asynccontextmanager
async def fleet_of(
    asked: Asked, role: str, who: str = "", record: bool = False, said: Callable[[str], None] = lambda text: None, wait: bool = True,
    urgent: bool = False,
) -> AsyncIterator[Fleet]:  # fmt: skip
    """The fleet of a site, connected in a role: "viewer", "operator" or "ingest". LyktaError where that is not possible.

    `urgent`: where the database is away a spare one, in the folder of the network, takes the record.
    """
    try:
        from lykta.fleet.broker.access import take
        from lykta.fleet.client import Broker
        from lykta.fleet.clock import now_of
        from lykta.fleet.fleet import Fleet
    except ImportError:
        raise EnvironmentLacks(_LACKS) from None
    street = asked.street()
    asked = _spare(asked, said) if urgent else asked
    asked.open().close()  # says what is missing
    with take(asked.folder, role, asked.district, who) as access:
        district = asked.district or (access.districts[0] if len(access.districts) == 1 else "")
        broker = Broker(access.host, access.port, access.client, access.authority, access.certificate, access.key)
        connect = partial(broker.connect, record)
        now = now_of(asked.home)
        fleet = Fleet(street, connect, asked.open(district), _person(access, who), record, district, now, said, access.operators)
        async with fleet:
            if wait:
                await _connected(fleet)
            yield fleet


async def _connected(fleet: Fleet) -> None:
    """Wait for the connection; who waits longer than a moment is told for what."""
    waiting = asyncio.create_task(fleet.wait_connected())
    done, _ = await asyncio.wait([waiting], timeout=_SOON_S)
    if not done:
        click.echo("The broker does not answer yet: waiting for it.", err=True)
    await waiting


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's work until it is done; Ctrl-C ends it cleanly."""
    return asyncio.run(work)


def answer_of(command: Command) -> str:
    """What the node said to a command, in a word or two."""
    if command.ok:
        return "done"
    if command.ok is False:
        return f"refused: {command.reason}"
    return "no answer yet" if command.sent else "not sent"


def moment_of(text: str, timezone: str, now: dt.datetime) -> dt.datetime:
    """A time of day (03:00: the next one), or a date and time, on the clocks of the site where it names no others. InputError for none."""
    zone = ZoneInfo(timezone)
    local = now.astimezone(zone)
    try:
        if len(text) <= 5:
            moment = dt.datetime.combine(local.date(), dt.time.fromisoformat(text.zfill(5)), zone)
            return moment if moment > local else moment + dt.timedelta(days=1)
        moment = dt.datetime.fromisoformat(text)
        return moment if moment.tzinfo else moment.replace(tzinfo=zone)
    except ValueError:
        raise InputError.of("--until", f'"{text}" is no time. Write 03:00, or 2026-12-14 03:00.') from None


def shown(at: float | None, timezone: str) -> str:
    """A time on the clocks of the site; "" for none."""
    return "" if at is None else dt.datetime.fromtimestamp(at, ZoneInfo(timezone)).strftime("%Y-%m-%d %H:%M:%S")


def listed(words: Sequence[str]) -> str:
    """Words with commas, the first of them where there are many."""
    return ", ".join(words) if len(words) <= _LISTED else f"{', '.join(words[:_LISTED])} and {len(words) - _LISTED} more"


async def settled(fleet: Fleet) -> None:
    """What the broker retains is here: nothing new has come for a moment."""
    before = -1
    while fleet.tally.messages != before:
        before = fleet.tally.messages
        await asyncio.sleep(0.4)


def ago(seconds: float | None) -> str:
    """How long ago, in few letters."""
    if seconds is None:
        return "never"
    for length, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= length:
            return f"{int(seconds // length)} {unit}"
    return f"{max(0, int(seconds))} s"
