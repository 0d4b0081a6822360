"""Settings for a fleet: proposed, approved by a second person, rolled out, taken back; or all at once by who is alone."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from typing import TYPE_CHECKING, Any

import click
from rich.markup import escape

from lykta.cli.fleet_options import Asked, fleet_of, fleet_options, lamp_options, lamps_of, listed, run, settled, shown, who_options
from lykta.cli.terminal import make_console
from lykta.errors import InputError
from lykta.progress import Progress, track

if TYPE_CHECKING:
    from lykta.fleet.fleet import Fleet
    from lykta.fleet.proposal import Conformity, Proposal
    from lykta.fleet.proposals import Proposals
    from lykta.fleet.rollout import Progress as Standing

_LISTED = 12
_HINTS = {
    "taken": ("green", ""),
    "refused": ("red", "their old settings stay; the reasons are below"),
    "waiting": ("yellow", "they are there, and have not answered yet"),
    "offline": ("yellow", "the broker keeps it for them"),
    "newer": ("red", "they use a later version, which this machine did not send"),
}


def _deciding(command: Callable[..., Any]) -> Callable[..., Any]:
    """SITE, the number of a proposal, and who decides."""
    for option in (who_options, click.argument("number", type=click.IntRange(1)), fleet_options):
        command = option(command)
    return command


def _waiting(command: Callable[..., Any]) -> Callable[..., Any]:
    said = "Seconds to wait for nodes that are there."
    return click.option("--wait", "wait_s", type=click.FloatRange(0), default=60.0, show_default=True, help=said)(command)


# --- proposing and deciding -------------------------------------------------------------------------------------------


@click.command()
@fleet_options
@lamp_options
@who_options
@click.option(
    "--nights", type=click.IntRange(0, 100), default=3, show_default=True, help="Simulate so many, to say whether everybody is served."
)
def propose(asked: Asked, lamps: tuple[str, ...], zones: tuple[str, ...], why: str, who: str, nights: int) -> int:
    """Propose the settings of SITE and a profile: what would change is written down, for another operator to approve.

    Nothing is sent. What is approved later is exactly what is kept now, whatever becomes of the files.

    \b
    Example:
      lykta fleet propose my_site.yaml --profile winter.yaml --why "longer hold in the park"
    """

    async def work() -> int:
        async with _operating(asked, who) as fleet:
            chosen = lamps_of(fleet.street, lamps, zones) if lamps or zones else []
            judged = _judged(asked, nights)
            board = _board(fleet)
            one = await fleet.in_thread(lambda: board.propose(fleet.street, fleet.person, why, chosen, judged))
            _print_proposal(one, asked)
            others = [name for name in fleet.operators if not fleet.person.same_as(name)]
            whom = " or ".join(others) if board.needs_second else "another operator"
            click.echo(f"Nothing is sent yet. {whom} can approve it: lykta fleet approve {asked.site} {one.number}")
            return 0

    return run(work())


@click.command()
@_deciding
def approve(asked: Asked, number: int, why: str, who: str) -> int:
    """Approve proposal NUMBER of somebody else. It is rolled out with `lykta fleet roll-out`.

    \b
    Example:
      lykta fleet approve my_site.yaml 3 --network my_site.network/people/bertil-1
    """
    return run(
        _decided(asked, who, lambda fleet, board: board.approve(number, fleet.person, why), f"lykta fleet roll-out {asked.site} {number}")
    )


@click.command()
@_deciding
def refuse(asked: Asked, number: int, why: str, who: str) -> int:
    """Refuse proposal NUMBER, and say why.

    \b
    Example:
      lykta fleet refuse my_site.yaml 3 --why "the pond needs its light until midnight"
    """
    return run(_decided(asked, who, lambda fleet, board: board.refuse(number, fleet.person, why), ""))


@click.command()
@_deciding
def withdraw(asked: Asked, number: int, why: str, who: str) -> int:
    """Take back one's own proposal NUMBER, as long as nobody has decided it.

    \b
    Example:
      lykta fleet withdraw my_site.yaml 3
    """
    return run(_decided(asked, who, lambda fleet, board: board.withdraw(number, fleet.person, why), ""))


async def _decided(asked: Asked, who: str, decide: Callable[[Fleet, Proposals], Proposal], then: str) -> int:
    async with _operating(asked, who) as fleet:
        board = _board(fleet)
        one = await fleet.in_thread(lambda: decide(fleet, board))
        click.echo(f"proposal {one.number} is {one.state}, by {fleet.person.name}." + (f" Next: {then}" if then else ""))
        return 0


@click.command()
@fleet_options
@click.argument("number", type=click.IntRange(1), required=False)
def proposals(asked: Asked, number: int | None) -> None:
    """List the proposals, the newest first; or show one: what would change, who decided what.

    \b
    Example:
      lykta fleet proposals my_site.yaml
      lykta fleet proposals my_site.yaml 3
    """
    from lykta.fleet.proposals import Proposals

    board = Proposals(asked.open(), asked.street())
    if number is not None:
        _print_proposal(board.one(number), asked)
        return
    found = board.all()
    for one in found:
        version = f" as version {one.version}" if one.version else ""
        what = f"{one.profile}, {_differences(len(one.changes))}, {len(one.lamps)} lamps"
        click.echo(f'{one.number:4}  {shown(one.at, board_timezone(asked))}  {one.who:10} {one.state}{version}: {what}  "{one.why}"')
    if not found:
        click.echo("Nothing was ever proposed.")


def board_timezone(asked: Asked) -> str:
    """The time zone of the site."""
    return asked.street().site.timezone


# --- sending ----------------------------------------------------------------------------------------------------------


@click.command("roll-out")
@_deciding
@_waiting
def roll_out(asked: Asked, number: int, why: str, who: str, wait_s: float) -> int:
    """Send the settings of proposal NUMBER, which was approved; show who has taken them.

    The broker keeps them for who is away. The same command goes on where it was interrupted, and shows how far it has come. Exit status 0
    when all lamps have taken them.

    \b
    Example:
      lykta fleet roll-out my_site.yaml 3
    """

    async def work() -> int:
        async with _operating(asked, who) as fleet:
            await settled(fleet)
            return await _sent(fleet, _board(fleet), number, wait_s)

    return run(work())


@click.command()
@fleet_options
@who_options
@_waiting
def back(asked: Asked, why: str, who: str, wait_s: float) -> int:
    """The way back: send again what was in force before the newest version, as a new version.

    Nobody has to approve it, since it was in force already. It stands in the record like everything else.

    \b
    Example:
      lykta fleet back my_site.yaml --why "too dark at the pond"
    """

    async def work() -> int:
        async with _operating(asked, who) as fleet:
            await settled(fleet)
            board = _board(fleet)
            one = await fleet.in_thread(lambda: board.back(fleet.person, why))
            click.echo(f"back to what was in force before version {one.follows}: {one.profile} (proposal {one.number})")
            return await _sent(fleet, board, one.number, wait_s)

    return run(work())


@click.command()
@fleet_options
@lamp_options
@who_options
@_waiting
def push(asked: Asked, lamps: tuple[str, ...], zones: tuple[str, ...], why: str, who: str, wait_s: float) -> int:
    """Send the settings of site and profile to the lamps at once, in a street that one person sets up.

    Where two operators are known by name (`lykta broker config --person`), settings are proposed by one and approved by the other instead.

    The broker keeps them for who is away. The same command goes on where it was interrupted: as long as site and profile are the same it is
    the same version. A node proves, checks and stores settings before it uses them; what it refuses does not touch the old ones.

    \b
    Example:
      lykta fleet push my_site.yaml --profile winter.yaml --why "longer hold in the park"
    """

    async def work() -> int:
        async with _operating(asked, who) as fleet:
            chosen = lamps_of(fleet.street, lamps, zones) if lamps or zones else []
            await settled(fleet)
            board = _board(fleet)
            one = await fleet.in_thread(lambda: board.alone(fleet.street, fleet.person, why, chosen))
            return await _sent(fleet, board, one.number, wait_s)

    return run(work())


async def _sent(fleet: Fleet, board: Proposals, number: int, wait_s: float) -> int:
    """Send what was approved, wait for the nodes, and say how far it has come: 0 where all have taken it."""
    from lykta.fleet import rollout, settings

    one = await fleet.in_thread(lambda: board.one(number))
    with Progress("sealing and sending", len(one.lamps)) as bar:
        sent = await rollout.roll_out(fleet, board, number, fleet.person, bar.advance)
    click.echo(f"version {sent.version} ({'goes on' if sent.resumed else 'new'}) of the settings of {len(sent.lamps)} lamps: {one.profile}")
    with contextlib.suppress(TimeoutError), Progress("waiting for the nodes", len(sent.lamps)) as bar:
        taken = 0
        async with asyncio.timeout(wait_s):
            while settings.WAITING in (open_ := settings.stand(sent.lamps, sent.version, fleet)).values():
                now = list(open_.values()).count(settings.TAKEN)
                bar.advance(now - taken)
                taken = now
                await asyncio.sleep(0.2)
    standing = await rollout.progress(fleet, board, number)
    _print_standing(standing)
    return int(any(what != settings.TAKEN for what in standing.lamps.values()))


# --- how --------------------------------------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def _operating(asked: Asked, who: str) -> AsyncIterator[Fleet]:
    """The fleet, for an operator whose colleagues see what is done."""
    asked.must_share()
    async with fleet_of(asked, "operator", who) as fleet:
        yield fleet


def _board(fleet: Fleet) -> Proposals:
    from lykta.fleet.proposals import Proposals

    return Proposals(fleet.database, fleet.street, fleet.operators, fleet.time)


def _judged(asked: Asked, nights: int) -> Conformity:
    """Whether everybody is served as the requirement of the site asks, in simulated nights."""
    from lykta import scenarios
    from lykta.fleet.proposal import Conformity
    from lykta.scenarios.yardsticks import least_service
    from lykta.score.quantities import QUANTITIES

    if not nights:
        return Conformity()
    try:
        seeds = tuple(range(1, nights + 1))
        scenario = scenarios.assemble(scenarios.Wish(asked.site, {"profile": asked.profile} if asked.profile else {}, seeds=seeds))
        plan, _ = scenarios.fit(scenario)
        scores = [one.score for one in track(scenarios.run(scenario, plan), "simulating", nights)]
    except InputError as error:
        return Conformity(None, f"not judged: {error.problems[0].message}")
    found = {name: QUANTITIES["service"].read(scores, name) for one in scores for name in one.classes}
    served = {name: value for name, value in found.items() if value is not None}
    return Conformity.judged(served, least_service(scenario), nights, scenario.demand.name, scenario.requirement.name)


def _print_proposal(one: Proposal, asked: Asked) -> None:
    console, timezone = make_console(highlight=False, soft_wrap=True), board_timezone(asked)
    version = f" as version {one.version}" if one.version else ""
    console.print(f"[bold]proposal {one.number}[/bold]: {escape(one.profile)}, {one.state}{version}")
    console.print(f'  {shown(one.at, timezone)}  proposed by {escape(_who(one.who, one.proof))}: "{escape(one.why)}"')
    for decision in (one.verdict, one.rollout):
        if decision is not None:
            why = f': "{escape(decision.why)}"' if decision.why else ""
            console.print(f"  {shown(decision.at, timezone)}  {decision.what} by {escape(_who(decision.who, decision.proof))}{why}")
    console.print(f"  for {len(one.lamps)} lamps: {escape(listed(one.lamps))}")
    mark = {True: "[green]keeps the requirement[/]", False: "[red]BREAKS the requirement[/]", None: "[yellow]requirement[/]"}
    console.print(f"  {mark[one.conformity.conforms]}: {escape(one.conformity.said)}")
    console.print(f"  {_differences(len(one.changes))} from {escape(one.compared)}:")
    for change in one.changes:
        console.print(f"    {escape(str(change))}")
    files = ", ".join(f"{name} of {count}" for name, count in one.others.items())
    console.print(f"  files of nodes that become others: {files}", style="dim")


def _differences(count: int) -> str:
    return "no setting differs" if not count else f"{count} difference{'' if count == 1 else 's'}"


def _who(who: str, proof: str) -> str:
    return who if proof == "certificate" else f"{who} (by {'word' if proof == 'word' else 'a token'} only)"


def _print_standing(standing: Standing) -> None:
    console = make_console(highlight=False)
    by_what: dict[str, list[str]] = {}
    for lamp, what in standing.lamps.items():
        by_what.setdefault(what, []).append(lamp)
    for what, (colour, hint) in _HINTS.items():
        if what in by_what:
            said = f"  [dim]({hint})[/]" if hint else ""
            console.print(f"[{colour}]{what:8}[/] {len(by_what[what]):5}  {listed(by_what[what])}{said}")
    for lamp in _some(standing.reasons):
        console.print(f"  {lamp}: {standing.reasons[lamp]}", style="red", markup=False, soft_wrap=True)


def _some(lamps: Any) -> Sequence[str]:
    return list(lamps)[:_LISTED]
