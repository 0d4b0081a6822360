"""Find better: a search over settings in the background, its front as it grows, and each point of it ready to be loaded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nicegui import events, ui

from lykta.errors import LyktaError
from lykta.profiles.table import SETTINGS
from lykta.scenarios.yardsticks import least_service
from lykta.studio import saving, simulator
from lykta.studio.page import empty, working
from lykta.studio.seeker import MOST_PROVED, Seeker, loosening, task_of
from lykta.studio.session import DRAFT, STREET, Session
from lykta.studio.settingnames import NAMES
from lykta.studio.words import N_
from lykta.tune.search import Point, Task
from lykta.units import show

_EXAMPLE = ("idle: 20..50 %", "hold: 5..30 s", "behind: 10..60 m")
#: Numbers of an axis as the language of the page writes them; the browser knows how.
_WRITTEN = "(value) => value.toLocaleString(document.documentElement.lang)"
_FRONT, _OTHER, _SHORT, _NOW = N_("Front"), N_("Keeps all"), N_("Falls short"), N_("The profile as it stands")


async def build(session: Session) -> None:
    """Put the view where it is called."""
    ui.add_head_html('<link rel="stylesheet" href="/lykta/tune.css">')
    view = _Better(session)
    view.build()
    session.listen(STREET, view.forget)


class _Better:
    """The view on one page. The search itself stays with the session, so that it goes on while another view is looked at."""

    def __init__(self, session: Session) -> None:
        self._session = session
        known = session.kept.get("seeker")
        self._seeker = known if isinstance(known, Seeker) else Seeker(lambda: None)
        session.kept["seeker"] = self._seeker
        self._seeker.heard, self._seeker.look_again = self._show, self._again
        self._listed: object = None

    def forget(self) -> None:
        """Another street: a search of this one says nothing of it."""
        self._seeker.forget()
        self._seeker = Seeker(self._show, self._again)
        self._session.kept["seeker"] = self._seeker
        self._show()

    def build(self) -> None:
        """Put the form, the picture and the table."""
        say = self._session.say
        with ui.element("div").classes("tune"):
            with ui.element("div").classes("controls stack"):
                self._form()
            with ui.element("div").classes("stack result"):
                with ui.element("div").classes("row") as self._progress:
                    self._bar = ui.linear_progress(0, show_value=False).classes("search-bar").props(f'aria-label="{say("Profiles tried")}"')
                    self._said = ui.label().classes("small number").props('role="status"')
                self._wrong = ui.label().classes("field-wrong").props('role="alert"')
                self._empty = empty(
                    self._session, "query_stats", N_("Nothing has been tried yet"),
                    N_("Say which settings may move and how far, then press Start. Each point will be a profile of its own."),
                )  # fmt: skip
                self._waiting = working(self._session, N_("Simulating the first profiles"))
                with ui.element("div").classes("panel") as self._panel:
                    self._chart = ui.echart(self._options(), on_point_click=self._clicked).classes("front-chart").mark("front")
                    ui.label(say("Click a point to load its profile into Tune; the table below does the same.")).classes("quiet small")
                self._list = ui.element("div").classes("panel scroll")
        self._show()

    def _form(self) -> None:
        say = self._session.say
        with ui.element("div").classes("panel stack"):
            ui.label(say("Settings that may move")).classes("section")
            ui.label(say("One in a line, with its lowest and highest value; zone, phase and class may go before it.")).classes("field-said")
            ranges = "\n".join(self._session.kept.get("ranges", _EXAMPLE))
            self._ranges = ui.textarea(value=ranges).props('outlined autogrow input-class="mono"').mark("ranges")
            self._ranges.props["aria-label"] = say("Settings that may move")
            names = {setting.key: f"{say(NAMES[setting.key])} ({setting.key})" for setting in SETTINGS}
            ui.select(names, label=say("Add a setting"), on_change=self._add).props("outlined dense").mark("add")
            with ui.element("div").classes("pair"):
                self._trials = (
                    ui.number(say("Profiles to try"), value=72, min=2, max=2000, precision=0).props("outlined dense").mark("trials")
                )
                self._nights = ui.number(say("Nights each"), value=4, min=1, max=20, precision=0).props("outlined dense").mark("nights")
            kept = say("Kept: full light for every class that is owed it, as the requirement has it. The least energy wins.")
            ui.label(kept).classes("field-said")
            with ui.element("div").classes("row"):
                self._start = (
                    ui.button(say("Start"), icon="play_arrow", on_click=self._go)
                    .props("unelevated no-caps", remove="color")
                    .classes("act")
                    .mark("start")
                )
                self._stop = ui.button(say("Stop"), icon="stop", on_click=self._halt).props("outline no-caps").mark("stop")

    def _add(self, event: events.ValueChangeEventArguments[str]) -> None:
        """A line for a setting, with its own limits."""
        setting = next((one for one in SETTINGS if one.key == event.value), None)
        if setting is not None:
            line = f"{setting.key}: {show(setting.kind, setting.lowest)}..{show(setting.kind, setting.highest)}"
            self._ranges.set_value(f"{str(self._ranges.value).rstrip()}\n{line}")

    def _go(self) -> None:
        session = self._session
        ranges = str(self._ranges.value or "").splitlines()
        session.kept["ranges"] = ranges
        self._wrong.set_text("")
        try:
            task = task_of(session, ranges, int(self._nights.value or 1))
        except LyktaError as error:
            self._wrong.set_text(session.say.fault(error))
            return
        self._seeker.start(task, int(self._trials.value or 2), session.studio.folder)
        self._show()

    def _halt(self) -> None:
        self._seeker.stop()
        self._said.set_text(self._session.say("Stopping; what was tried is kept, and the same search goes on from there."))

    # -- what is shown

    def _show(self) -> None:
        seeker, say = self._seeker, self._session.say
        points = seeker.points
        self._start.set_visibility(not seeker.running)
        self._stop.set_visibility(seeker.running)
        self._wrong.set_text(say.fault(seeker.error) if seeker.error else self._wrong.text)
        self._start.set_text(say("Go on") if points else say("Start"))
        self._bar.set_value(len(points) / seeker.wanted if seeker.wanted else 0)
        self._progress.set_visibility(bool(points))
        self._empty.set_visibility(not points and not seeker.running)
        self._waiting.set_visibility(not points and seeker.running)
        self._panel.set_visibility(bool(points))
        self._list.set_visibility(bool(points))
        if not points:
            return
        said = say("{count} of {wanted} profiles tried", count=len(points), wanted=seeker.wanted)
        best = seeker.best()
        found = say("the best saves {saving}", saving=say.percent(best.saving, 2)) if best else say("none keeps everything yet")
        self._said.set_text(f"{said}; {self._over_all() or found}")
        self._chart.options.clear()
        self._chart.options.update(self._options())
        self._chart.update()
        self._table()

    def _over_all(self) -> str:
        """What is known of the best over all nights of Tune: the search looked at a few."""
        seeker, say = self._seeker, self._session.say
        if seeker.looking_at is not None:
            return say("looking at the best again over {nights} nights", nights=len(simulator.SEEDS))
        if (proven := seeker.proven()) is not None:
            return say("the best that keeps the requirement over {nights} nights is marked", nights=seeker.proved[proven.number].nights)
        if seeker.proved:
            return say("none keeps the requirement over {nights} nights: let it look at more nights each", nights=len(simulator.SEEDS))
        return ""

    async def _again(self, point: Point, over: Callable[[], bool]) -> saving.Standing:
        """How a point stands over all nights; Tune has them then, too."""
        session, task = self._session, self._seeker.task
        assert task is not None
        text = task.space.written(point.values)
        await session.simulator.whole(text, session.draft.name, over)
        return saving.standing(session, text)

    def _groups(self) -> dict[str, list[Point]]:
        seeker = self._seeker
        whole = [one for one in seeker.points if not one.broken]
        on_front = {one.number for one in seeker.front()}
        return {
            _SHORT: [one for one in whole if not one.feasible],
            _OTHER: [one for one in whole if one.feasible and one.number not in on_front],
            _FRONT: seeker.front(),
            _NOW: [one for one in whole if one.number == 0],
        }

    def _options(self) -> dict[str, Any]:
        """The picture for ECharts. Groups differ in shape as well as in colour."""
        session, say = self._session, self._session.say
        ink, rule = ("#e8ebf0", "#333d4b") if session.dark else ("#1a2230", "#d0d6de")
        colours = ("#8a94a3", "#6fc3ff", "#ffd65c", "#ff8fa8") if session.dark else ("#7a8594", "#00629b", "#8a6200", "#a3123a")
        shapes = ("emptyCircle", "circle", "diamond", "triangle")
        axis = {
            "nameLocation": "middle",
            "scale": True,
            "axisLabel": {"color": ink, ":formatter": _WRITTEN},
            "nameTextStyle": {"color": ink},
        }
        axis["splitLine"] = {"lineStyle": {"color": rule}}
        series = [
            {
                "name": say(name),
                "id": name,
                "type": "line" if name == _FRONT else "scatter",
                "symbol": shape,
                "symbolSize": 12 if name in (_FRONT, _NOW) else 9,
                "showSymbol": True,
                "itemStyle": {"color": colour},
                "lineStyle": {"color": colour, "width": 1.5},
                "data": [[100 * one.saving, 100 * one.service, one.number] for one in points],
            }
            for (name, points), shape, colour in zip(self._groups().items(), shapes, colours, strict=True)
        ]
        return {
            "animation": False,
            "aria": {"enabled": True},
            "textStyle": {"fontFamily": "system-ui, 'Segoe UI', Roboto, sans-serif"},
            "legend": {"textStyle": {"color": ink}, "top": 0},
            "tooltip": {"trigger": "item"},
            "grid": {"left": 70, "right": 20, "top": 40, "bottom": 50},
            "xAxis": {**axis, "name": say("Saving against always on, %"), "nameGap": 30},
            "yAxis": {**axis, "name": say("Full light for the class served worst, %"), "nameGap": 52},
            "series": series,
        }

    def _table(self) -> None:
        """The front, or the profile nearest to it, each with a button that loads it; untouched where nothing is new."""
        seeker, say, task = self._seeker, self._session.say, self._seeker.task
        assert task is not None
        nearest = seeker.nearest()
        shown = seeker.front()[:MOST_PROVED] if nearest is None else [nearest]
        listed = id(task), [one.number for one in shown], list(seeker.proved), seeker.looking_at, nearest and len(seeker.points)
        if listed == self._listed:
            return
        self._listed, proven = listed, seeker.proven()
        self._list.clear()
        if nearest is not None:
            self._none_keeps(task, nearest)
        with self._list, ui.element("table").classes("plain"):
            with ui.element("thead"), ui.element("tr"):
                titles = say("Profile"), say("Saving"), say("Full light"), say("Over {nights} nights", nights=len(simulator.SEEDS)), ""
                for title in titles:
                    with ui.element("th"):
                        ui.label(title)
            with ui.element("tbody"):
                for point in shown:
                    with ui.element("tr"):
                        known = say.percent(point.saving, 2), say.percent(point.service, 3), self._proof(point)
                        for text in (self._values(task, point), *known):
                            with ui.element("td"):
                                ui.label(text)
                        with ui.element("td"):
                            load = ui.button(say("Load"), on_click=lambda point=point: self._load(point)).props("outline dense no-caps")
                            load.mark(f"load-{point.number}")
                            if proven is not None and point.number == proven.number:
                                load.props("unelevated", remove="outline color").classes("act")

    def _values(self, task: Task, point: Point) -> str:
        """What the settings that may move are at a point, by the names that they have in the form."""
        say, values = self._session.say, point.values
        return ", ".join(f"{one.name} {say.quantity(one.setting.kind, values[one.name])}" for one in task.space.dimensions)

    def _proof(self, point: Point) -> str:
        """How a point stands over all nights, where that was looked at."""
        seeker, say = self._seeker, self._session.say
        if (found := seeker.proved.get(point.number)) is None:
            return say("simulating") if point.number == seeker.looking_at else ""
        if found.conforms:
            return say("keeps the requirement")
        return ", ".join(f"{one.measure.name(say)} {one.measure.shown(say, one.now.value)}" for one in found.broken)

    def _none_keeps(self, task: Task, nearest: Point) -> None:
        """Say that no profile keeps the requirement, how near the nearest comes, and what to loosen."""
        say = self._session.say
        count = sum(1 for one in self._seeker.points if not one.broken)
        at_end, others = loosening(task, nearest)
        named = ", ".join(f"{say(NAMES[key])} ({key})" for key in others[:3])
        with self._list, ui.element("div").classes("notice stack").props('role="status"').mark("none-keeps"):
            ui.label(say("None of the {count} profiles tried keeps the requirement.", count=count)).classes("section")
            said = N_("The nearest has {service} full light for the class served worst; {least} is asked for.")
            ui.label(say(said, service=say.percent(nearest.service, 3), least=say.percent(least_service(self._session.street), 1)))
            if at_end:
                ui.label(say("It stands at the upper end of {ranges}: raise that end.", ranges=", ".join(at_end)))
            if named:
                ui.label(say("Let another setting that gives more light move as well: {settings}.", settings=named))
            ui.label(say("Or try more profiles: the search goes on from those it knows."))

    async def _clicked(self, event: events.EChartPointClickEventArguments) -> None:
        if isinstance(event.value, list) and len(event.value) == 3:
            number = int(event.value[2])
            point = next((one for one in self._seeker.points if one.number == number), None)
            if point is not None:
                await self._load(point)

    async def _load(self, point: Point) -> None:
        """Take the values of a point into the draft, as one step that can be undone."""
        session, task = self._session, self._seeker.task
        assert task is not None
        try:
            session.draft.replace(task.space.written(point.values))
        except LyktaError as error:
            self._wrong.set_text(session.say.fault(error))
            return
        session.tell(DRAFT)
        ui.notify(session.say("Loaded into Tune: {what}.", what=self._values(task, point)))
        await session.visit("tune")
