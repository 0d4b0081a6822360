"""Live: the real street on the map, as its nodes tell it; alarms, orders, settings, updates, and who did what.

Levels and energy are means of a quarter of an hour, and called so: a level of the moment at 03:12 tells who walks home. Only in a
commissioning window do nodes tell it, and nothing of it is stored.
"""

from __future__ import annotations

from collections.abc import Sequence

from nicegui import ui

from lykta.fleet.model import Command
from lykta.studio import livestart, mapping
from lykta.studio.board import Board
from lykta.studio.liveorders import Orders
from lykta.studio.liveparts import Redrawn, key, prose
from lykta.studio.liveside import Side
from lykta.studio.livewatch import AWAY, FAILED, LOOKING, REFUSED, UP, Watch, watch_of
from lykta.studio.livewords import Tells
from lykta.studio.page import brief
from lykta.studio.session import STREET, Session
from lykta.studio.words import N_

#: The map is brought up to date so often [s]; words once a second, however many alarms there are.
_BEAT_S, _WORDS_BEATS = 0.25, 4
_BANNERS = 4
_TITLES = {
    LOOKING: N_("Connecting to the broker"),
    AWAY: N_("The broker does not answer"),
    REFUSED: N_("The broker does not let us in"),
    FAILED: N_("This street cannot be watched yet"),
}


async def build(session: Session) -> None:
    """Put the view where it is called."""
    ui.add_head_html('<link rel="stylesheet" href="/lykta/map.css"><link rel="stylesheet" href="/lykta/live.css">')
    whole = ui.element("div")

    def fill() -> None:
        """The street of now, or what brings one to life."""
        whole.clear()
        with whole:
            watch = watch_of(session)
            if watch is None:
                livestart.build(session, fill)
            else:
                _Live(session, watch).build()

    fill()
    session.listen(STREET, fill)


class _Live:
    """The view on one page."""

    def __init__(self, session: Session, watch: Watch) -> None:
        self._session = session
        self._watch = watch
        self._tells = Tells(session.say, watch.street.site.timezone)
        self._orders = Orders(session, watch, self._tells)
        self._revision = -1
        self._faded: bool | None = None
        self._beats = 0
        self._stood: tuple[str, int] | None = None  # what is said at once when it changes

    def build(self) -> None:
        """Put its parts on the page."""
        session = self._session
        with ui.element("div").classes("map-view live"):
            with ui.element("div").classes("live-place"):
                self._head = Redrawn(ui.element("div").classes("live-head"))
                self._banners = Redrawn(ui.element("div").classes("stack").props('aria-live="polite"'))
                self._legend()
                self._board = Board(session.say, lives=True)
                self._board.on_ready(self._anew)
                self._board.on_choose(self._chosen)
            with ui.element("div").classes("map-side"):
                self._side = Side(session, self._watch, self._tells, self._orders, self._go)
        self._board.load(mapping.drawing(self._watch.street.site))
        self._words()
        ui.timer(_BEAT_S, self._beat)

    def _legend(self) -> None:
        say = self._session.say
        with ui.element("div").classes("legend"):
            for sign in ("online", "offline", "never", "alarm", "fault", "override", "exact"):
                key(say, sign)

    # -- keeping up

    def _anew(self) -> None:
        """The map stands in a browser anew: it knows nothing yet."""
        self._revision = -1

    def _beat(self) -> None:
        """Hand over what has changed since the last time."""
        if not self._board.seen:
            return
        cells, faded = self._watch.cells, self._watch.standing != UP
        if self._revision < 0:
            self._board.live({**cells.all(), "faded": faded})
        elif cells.revision != self._revision or faded != self._faded:
            self._board.live({**cells.columns(cells.since(self._revision)), "faded": faded})
        self._revision, self._faded = cells.revision, faded
        self._beats += 1
        if self._stood != (self._watch.standing, len(self._watch.overrides)) or self._beats % _WORDS_BEATS == 0:
            self._words()

    def _words(self) -> None:
        self._stood = (self._watch.standing, len(self._watch.overrides))
        self._show_head()
        self._show_banners()
        self._side.refresh()

    # -- what is said above the map

    def _show_head(self) -> None:
        watch, say, tells = self._watch, self._session.say, self._tells
        states = [] if watch.fleet is None else list(watch.fleet.nodes.values())
        there = [state for state in states if state.online]
        levels = [state.level for state in there if state.level is not None]
        powers = [state.power_mw for state in there if state.power_mw is not None]
        alarms = 0 if watch.fleet is None else len(watch.fleet.alarms)
        guessed = any(state.estimated for state in there if state.power_mw is not None)
        counts = (
            (say("{count} of {all}", count=say.number(len(there)), all=say.number(len(watch.cells.numbers))), say("nodes online"), False),
            (say.number(alarms), say("alarms") if alarms != 1 else say("alarm"), alarms > 0),
            (tells.percent(round(sum(levels) / len(levels)) if levels else None), say("mean level"), False),
            (tells.watts(sum(powers), guessed) if powers else "–", say("mean power"), False),
        )
        tag = say("simulated street") if watch.simulated else say("live")
        clock = tells.clock(watch.now(), seconds=True)
        self._head.show((tag, clock, counts), lambda: self._draw_head(tag, clock, counts))

    def _draw_head(self, tag: str, clock: str, counts: Sequence[tuple[str, str, bool]]) -> None:
        ui.label(tag).classes("tag").mark("live-tag")
        ui.label(clock).classes("live-clock").mark("live-clock")
        with ui.element("div").classes("live-counts"):
            for value, name, ill in counts:
                with ui.element("div").classes("count ill" if ill else "count"):
                    ui.label(value).classes("value")
                    ui.label(name).classes("quiet")
        ui.label(self._session.say("Levels and power are means of a quarter of an hour.")).classes("quiet small")

    def _show_banners(self) -> None:
        watch = self._watch
        lasting = groups(watch.overrides)
        confirmed = tuple(self._confirmed(group) for group in lasting)
        states = [] if watch.fleet is None else watch.fleet.nodes.values()
        now = watch.now()
        windows = {state.lamp: state.window for state in states if state.online and state.window is not None and state.window > now}
        said = (
            watch.standing,
            watch.said,
            watch.silent,
            watch.database_said,
            confirmed,
            tuple(map(tuple, lasting)),
            tuple(windows.items()),
        )
        self._banners.show(said, lambda: self._draw_banners(lasting, confirmed, windows))

    def _draw_banners(self, lasting: list[list[Command]], confirmed: Sequence[int], windows: dict[str, int]) -> None:
        watch, say = self._watch, self._session.say
        if watch.standing != UP:
            self._draw_standing()
        elif watch.silent:
            title = say("No node has spoken yet")
            said = say(
                "Have the posts power, and were the nodes flashed for this network? Without hardware: lykta fleet simulate {site}",
                site=brief(watch.street.name, 80),
            )
            _banner("hearing", title, said)
        if watch.database_said:
            _banner("storage", say("The history cannot be read"), brief(say.error(watch.database_said), 300))
        for group, count in list(zip(lasting, confirmed, strict=True))[:_BANNERS]:
            self._draw_override(group, count)
        if len(lasting) > _BANNERS:
            ui.label(say("and {count} more orders in force; the record has them all", count=len(lasting) - _BANNERS)).classes("quiet")
        if windows:
            self._draw_windows(windows)

    def _draw_standing(self) -> None:
        watch, say = self._watch, self._session.say
        if watch.standing == LOOKING:
            _banner("sync", say(_TITLES[LOOKING]), brief(str(watch.folder), 200))
            return
        since = self._tells.clock(watch.since, seconds=True)
        more = say("The lamps go on without it. The map shows what was known last; it goes on by itself as soon as there is an answer.")
        title = f"{say(_TITLES[watch.standing])} ({say('since {time}', time=since)})"
        with _banner("cloud_off", title, f"{brief(say.error(watch.said), 400)}\n{more}"):
            ui.button(say("Try now"), on_click=watch.try_again).props("flat no-caps dense").mark("try-now")

    def _draw_override(self, group: list[Command], confirmed: int) -> None:
        say, first = self._session.say, group[0]
        lamps = [command.node.partition(".")[2] for command in group]
        where = say("all lamps") if len(group) == len(self._watch.cells.numbers) else brief(", ".join(lamps), 80)
        until = self._tells.moment(first.until or 0, self._watch.now())
        level = "" if self._orders.level_of(first) is None else self._tells.percent(self._orders.level_of(first))
        title = say("At least {level} until {until}: {where}", level=level, until=until, where=where)
        who = say("{who}: {why}", who=brief(first.who, 40), why=brief(first.why, 160))
        answers = say("confirmed by {count} of {all}", count=confirmed, all=len(group))
        with _banner("light_mode", title, f"{who} ({answers})", "lit"):
            if self._orders.may:
                end = ui.button(say("End"), on_click=lambda: self._orders.end([command.node for command in group]))
                end.props("no-caps unelevated", remove="color").classes("act").mark("end-override")

    def _draw_windows(self, windows: dict[str, int]) -> None:
        """Whose levels of the moment can be seen now, by whoever looks at this page, and until when."""
        say, lamps = self._session.say, list(windows)
        until = self._tells.moment(max(windows.values()), self._watch.now())
        title = say("Levels of the moment until {until}: {where}", until=until, where=brief(", ".join(lamps), 80))
        with _banner("visibility", title, say("A commissioning window: it closes by itself, and nothing of it is stored."), "now"):
            if self._orders.may:
                close = ui.button(say("Close it"), on_click=lambda: self._orders.close(lamps))
                close.props("no-caps unelevated", remove="color").classes("act").mark("close-window")

    def _confirmed(self, group: list[Command]) -> int:
        """How many nodes have taken an order, by what was heard here, or by the history of before."""
        answers = self._watch.answers
        found = [(command.ok, answers.get((command.node, command.number))) for command in group]
        return sum(bool(ok) if answer is None else answer.ok for ok, answer in found)

    # -- what somebody does

    async def _chosen(self, points: tuple[int, ...]) -> None:
        site = self._watch.street.site
        await self._side.choose([site.lamps[point].id for point in points if 0 <= point < len(site.lamps)])

    async def _go(self, lamp: str) -> None:
        """Show a lamp that a list names."""
        numbers = {one.id: number for number, one in enumerate(self._watch.street.site.lamps)}
        if lamp in numbers:
            self._board.select([numbers[lamp]])
            post = self._watch.street.site.lamps[numbers[lamp]]
            self._board.look(post.x_cm, post.y_cm)
            await self._side.choose([lamp])


def groups(overrides: dict[str, Command]) -> list[list[Command]]:
    """Orders that were given as one: by the same person, for the same reason, until the same time; the largest first."""
    found: dict[tuple[str, str, str, int | None], list[Command]] = {}
    for command in overrides.values():
        found.setdefault((command.who, command.why, command.detail, command.until), []).append(command)
    return sorted(found.values(), key=len, reverse=True)


def _banner(icon: str, title: str, said: str, kind: str = "") -> ui.element:
    with ui.element("div").classes(f"banner {kind}".strip()) as banner:
        ui.icon(icon)
        with ui.element("div").classes("said"):
            ui.label(title).classes("state-title")
            for line in said.split("\n"):
                prose(line).classes("small")
    return banner
