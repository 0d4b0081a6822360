"""The panel of the street view: what was chosen on the map, its night, its settings, and what can be changed of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import numpy as np
from nicegui import ui

from lykta.corehost import schema
from lykta.errors import LyktaError
from lykta.site.model import Lamp, Site
from lykta.site.projection import Projection
from lykta.site.writer import metres
from lykta.studio import day
from lykta.studio.editing import NONE, PROPOSED, Doubt, SiteDraft, guessed_between
from lykta.studio.mapping import neighbours_of
from lykta.studio.page import brief, working
from lykta.studio.session import Session
from lykta.studio.settingnames import phase
from lykta.studio.words import N_
from lykta.studio.work import Newest
from lykta.units import NotAQuantity

_NEIGHBOURS = 6
_EQUIPMENT = {
    NONE: N_("no sensor"),
    PROPOSED: N_("as Lykta proposes"),
    "pir": N_("PIR"),
    "pir_still": N_("PIR and presence radar"),
    "ld2410": N_("presence radar"),
    "ideal": N_("ideal sensor"),
}
_RADAR = "radar:"
_KEY, _SETTLED_MS = "data-key", 60  # of a control, by which it is found again; when the browser has built it
Control = TypeVar("Control", bound=ui.element)
_CLASSES = (N_("pedestrians"), N_("cyclists"), N_("cars"))
_SETTINGS = ((schema.PRESENCE, "level", N_("level")), (schema.AHEAD, "length", N_("ahead")), (schema.HOLD, "time", N_("hold")))
Edit = Callable[[Callable[[SiteDraft], str]], Awaitable[None]]


class StreetPanel:
    """Shows what is chosen. `edit` is called with what makes the changed text."""

    def __init__(self, session: Session, edit: Edit) -> None:
        self._session = session
        self._edit = edit
        self._newest = Newest()
        self._doubts: Sequence[Doubt] = ()
        self._body = ui.element("div").classes("panel stack")

    def take(self, draft: SiteDraft, simulated: bool) -> None:
        """Show parts of this street from now on. `simulated`: whether nights of it can be shown."""
        self._draft, self._simulated = draft, simulated

    def doubtful(self, doubts: Sequence[Doubt]) -> None:
        """What the check says of the street, to be told at the points that it is about."""
        self._doubts = doubts

    def show(self, points: Sequence[int]) -> None:
        """Show what is known at once of some points: lamps, a junction, or the whole street."""
        site = self._draft.site
        points = [point for point in points if 0 <= point < len(site.points)]
        lamps = [site.lamps[point] for point in points if point < len(site.lamps)]
        self._newest.renew()
        self._body.clear()
        with self._body:
            if len(lamps) == 1 and len(points) == 1:
                self._lamp(points[0], lamps[0])
            elif lamps:
                self._several(lamps)
            elif points:
                self._junction(points[0])
            else:
                self._overview(site)

    async def look_at(self, points: tuple[int, ...]) -> None:
        """Show some points, and the night of a lamp as soon as it is simulated."""
        self.show(points)
        site = self._draft.site
        if len(points) != 1 or not 0 <= points[0] < len(site.lamps) or not self._simulated:
            return
        number = self._newest.renew()
        seed = self._session.street.seeds[0]
        try:
            outcome = await self._newest.run(number, lambda: self._session.outcome(seed))
        except LyktaError as error:
            self._night.clear()
            with self._night:
                ui.label(self._session.say.fault(error)).classes("quiet")
            return
        if outcome is None or self._body.is_deleted or outcome.night.plan.site.lamps[points[0]].id != site.lamps[points[0]].id:
            return
        say = self._session.say
        self._night.clear()
        with self._night:
            seen = len(day.seen_at(outcome, points[0]))
            said = say("Level over the simulated night; {count} detections of its own (blue).", count=seen)
            ui.html(day.picture(outcome, points[0], said), sanitize=False)
            ui.label(said).classes("quiet small")

    # -- the whole street

    def _overview(self, site: Site) -> None:
        say = self._session.say
        self._title(brief(site.name))
        length = sum(link.length_cm for link in site.links)
        equipped = sum(bool(lamp.sensors) for lamp in site.lamps)
        with ui.element("div").classes("facts"):
            self._fact(say("Lamps"), say.number(len(site.lamps)))
            self._fact(say("with sensors"), say.number(equipped))
            self._fact(say("Ways"), f"{say.number(length / 100_000, 2)} km")
            self._fact(say("Entrances"), say.number(len(site.entrances)))
            guessed = sum(link.guessed for link in site.links)
            if guessed:
                self._fact(say("Guessed links"), say.number(guessed))
            for zone, count in Counter(lamp.zone for lamp in site.lamps).items():
                self._fact(say("Zone {name}", name=brief(zone, 30)), say("{count} lamps", count=say.number(count)))
        ui.label(
            say(
                "Click a lamp for its night; drag it then to move it. Shift and drag chooses many, Ctrl and click one more. "
                "By key: Enter, arrows, M."
            )
        ).classes("quiet small")

    # -- one lamp

    def _lamp(self, number: int, lamp: Lamp) -> None:
        say, site = self._session.say, self._draft.site
        self._title(brief(lamp.id, 40))
        self._doubted(number)
        fixture = site.fixtures[lamp.fixture]
        power = f"{say.number(fixture.max_mw * lamp.heads / 1000, 1)} W" if fixture.power_known else say("power unknown")
        latitude, longitude = Projection(site.latitude, site.longitude).to_degrees(
            *(np.array([cm / 100]) for cm in lamp.post_cm or (lamp.x_cm, lamp.y_cm))
        )
        with ui.element("div").classes("facts"):
            self._fact(say("Fixture"), f"{brief(lamp.fixture, 30)}, {power}")
            self._fact(say("Place"), f"{say.number(float(latitude[0]), 5)}, {say.number(float(longitude[0]), 5)}")
            for floor in lamp.floors[:3]:
                self._fact(say("Never below"), f"{say.quantity('level', floor.permille)}, {brief(floor.reason, 60)}")
            near = neighbours_of(site, number)
            told = ", ".join(f"{brief(name, 20)} {say.number(length / 100)} m" for name, length, _ in near[:_NEIGHBOURS])
            self._fact(say("Neighbours"), told or say("none"))
            self._fact(say("Way"), ", ".join(dict.fromkeys(brief(way, 40) for _, _, way in near)) or say("none"))
        self._night = ui.element("div")
        with self._night:
            if self._simulated:
                working(self._session, N_("Simulating its night"))
            else:
                ui.label(say("Not simulated yet as it is on the map.")).classes("quiet")
        self._change(say("Change"))
        self._place(lamp.id, lamp.x_cm, lamp.y_cm)
        self._controls([lamp])
        self._entrance(lamp.id)
        self._settings(lamp)

    def _settings(self, lamp: Lamp) -> None:
        """What the profile sets for the lamp's zone tonight, phase by phase."""
        session, say = self._session, self._session.say
        agenda = session.plan.agenda
        phases = [(phase.name, phase.rows.get(lamp.zone)) for _, phase in agenda.phases]
        rows = [(name, row) for name, row in phases if row is not None]
        if not rows or not lamp.adaptive:
            return
        self._change(say("Settings of its zone tonight"))
        admitted = [number for number, name in enumerate(schema.CLASS_NAMES) if name in self._classes(lamp)]
        with ui.element("table").classes("plain").props(f'aria-label="{say("Settings of its zone tonight")}"'):
            with ui.element("thead"), ui.element("tr"):
                ui.element("td")
                for name, _ in rows:
                    with ui.element("th").props('scope="col"'):
                        ui.label(phase(say, name))
            with ui.element("tbody"):
                self._row(say("idle"), [say.quantity("level", row[schema.IDLE]) for _, row in rows])
                for number in admitted:
                    for setting, kind, name in _SETTINGS:
                        at = schema.PHASE_SETTINGS + number * schema.CLASS_SETTINGS + setting
                        self._row(f"{say(_CLASSES[number])}: {say(name)}", [say.quantity(kind, row[at]) for _, row in rows])

    def _classes(self, lamp: Lamp) -> set[str]:
        site = self._draft.site
        ways = {way.id: way for way in site.ways}
        own = {lamp.id, *lamp.anchors}
        return {name for link in site.links if {link.a, link.b} & own for name in ways[link.way].classes}

    def _row(self, name: str, values: Sequence[str]) -> None:
        with ui.element("tr"):
            with ui.element("th").props('scope="row"'):
                ui.label(name)
            same = len(set(values)) == 1
            for value in values[:1] if same else values:
                with ui.element("td").props(f'colspan="{len(values)}"' if same else "").style("white-space: nowrap"):
                    ui.label(value)

    # -- several, and junctions

    def _several(self, lamps: Sequence[Lamp]) -> None:
        say = self._session.say
        self._title(say("{count} lamps", count=say.number(len(lamps))))
        with ui.element("div").classes("facts"):
            for zone, count in Counter(lamp.zone for lamp in lamps).items():
                self._fact(say("Zone {name}", name=brief(zone, 30)), say("{count} lamps", count=say.number(count)))
        self._change(say("Change all of them"))
        self._controls(lamps)
        self._guessed([lamp.id for lamp in lamps])

    def _junction(self, number: int) -> None:
        point = self._draft.site.points[number]
        self._title(brief(point.id, 40))
        self._doubted(number)
        ui.label(self._session.say("A place without a lamp.")).classes("quiet")
        self._place(point.id, point.x_cm, point.y_cm)
        self._entrance(point.id)

    def _doubted(self, number: int) -> None:
        """What the check says of one point."""
        for doubt in self._doubts:
            if number in doubt.points:
                ui.label(brief(self._session.say.error(doubt.message), 400)).classes("notice").mark("doubt")

    # -- what can be changed

    def _place(self, name: str, x_cm: int, y_cm: int) -> None:
        """Where it stands on the plane, to be written instead of dragged."""
        say = self._session.say
        with ui.element("div").classes("pair"):
            for axis, label, now in ((0, say("Metres to the east"), x_cm), (1, say("Metres to the north"), y_cm)):
                written = metres(now) if say.language == "en" else metres(now).replace(".", ",")
                field = self._keyed(ui.input(label=label, value=written).props("outlined dense"), f"place-{axis}")
                for event in ("keydown.enter", "blur"):
                    field.on(event, lambda field=field, axis=axis: self._move(name, field, axis))

    async def _move(self, name: str, field: ui.input, axis: int) -> None:
        """Move a point to where a field says; the field says what is wrong with it."""
        point = next(point for point in self._draft.site.points if point.id == name)
        try:
            way = self._session.say.parse("length", str(field.value)) - (point.y_cm if axis else point.x_cm)
        except NotAQuantity as error:
            field.props["error-message"] = str(error)
            field.props("error")
            return
        field.props(remove="error")
        if way:
            await self._do(f"place-{axis}", lambda draft: draft.with_moved([name], *((0, way) if axis else (way, 0))))

    @staticmethod
    def _keyed(control: Control, key: str) -> Control:
        """Mark a control, so that whoever changed something with it finds himself there again."""
        control.props[_KEY] = key
        return control.mark(key)

    async def _do(self, key: str, make: Callable[[SiteDraft], str]) -> None:
        """Change the street; the panel is made anew, and the keyboard stays at its control."""
        await self._edit(make)
        with self._body:
            ui.run_javascript(f"setTimeout(() => document.querySelector('.map-side [{_KEY}=\"{key}\"]')?.focus(), {_SETTLED_MS})")

    def _controls(self, lamps: Sequence[Lamp]) -> None:
        say, site = self._session.say, self._draft.site
        names = [lamp.id for lamp in lamps]
        zones = {lamp.zone for lamp in lamps}
        zone = ui.select({name: brief(name, 40) for name in site.zones}, value=zones.pop() if len(zones) == 1 else None, label=say("Zone"))
        self._keyed(zone.props("outlined dense"), "zone").on_value_change(
            lambda event: self._do("zone", lambda draft: draft.with_zone(names, event.value))
        )
        fresh = self._keyed(ui.input(label=say("New zone")).props("outlined dense"), "new-zone")
        fresh.on(
            "keydown.enter",
            lambda: self._do("new-zone", lambda draft: draft.with_zone(names, fresh.value.strip())) if fresh.value.strip() else None,
        )
        choices = {key: say(name) for key, name in _EQUIPMENT.items()}
        if len(lamps) == 1:
            choices |= {f"{_RADAR}{point}": say("radar towards {point}", point=brief(point, 24)) for point in self._near(lamps[0])}
        sensors = ui.select(choices, label=say("Sensors: {now}", now=self._equipped(lamps))).props("outlined dense")
        self._keyed(sensors, "sensors").on_value_change(
            lambda event: self._do("sensors", lambda draft: self._with_sensors(draft, names, event.value))
        )
        adaptive = self._keyed(ui.switch(say("Follows people"), value=all(lamp.adaptive for lamp in lamps)), "adaptive")
        adaptive.on_value_change(lambda event: self._do("adaptive", lambda draft: draft.with_control(names, bool(event.value))))

    @staticmethod
    def _with_sensors(draft: SiteDraft, names: Sequence[str], choice: str) -> str:
        if choice.startswith(_RADAR):
            return draft.with_radar(names[0], choice.removeprefix(_RADAR))
        return draft.with_sensors(names, choice)

    def _near(self, lamp: Lamp) -> list[str]:
        links = self._draft.site.links
        return list(dict.fromkeys(link.b if link.a == lamp.id else link.a for link in links if lamp.id in (link.a, link.b)))

    def _equipped(self, lamps: Sequence[Lamp]) -> str:
        say = self._session.say
        kinds = {tuple(sensor.kind.upper() for sensor in lamp.sensors) for lamp in lamps}
        if len(kinds) > 1:
            return say("different")
        return ", ".join(kinds.pop()) or say("none")

    def _entrance(self, name: str) -> None:
        say = self._session.say
        there = name in self._draft.site.entrances
        switch = self._keyed(ui.switch(say("People come in and go out here"), value=there), "entrance")
        switch.on_value_change(lambda event: self._do("entrance", lambda draft: draft.with_entrance(name, bool(event.value))))
        self._guessed([name])

    def _guessed(self, names: Sequence[str]) -> None:
        """Guessed links at what is chosen can be confirmed or taken out."""
        say = self._session.say
        numbers = guessed_between(self._draft.site, names)
        if not numbers:
            return
        ui.label(say("{count} guessed links end here.", count=say.number(len(numbers)))).classes("quiet")
        with ui.element("div").classes("row"):
            ui.button(say("They are right"), on_click=lambda: self._edit(lambda draft: draft.with_links(numbers, keep=True))).props(
                "no-caps outline dense"
            ).mark("links-right")
            ui.button(say("Take them out"), on_click=lambda: self._edit(lambda draft: draft.with_links(numbers, keep=False))).props(
                "no-caps outline dense"
            ).mark("links-out")

    # -- small things

    def _title(self, text: str) -> None:
        ui.label(text).props('role="heading" aria-level="2"').classes("state-title").style("overflow-wrap: anywhere").mark("chosen")

    def _change(self, text: str) -> None:
        ui.label(text).props('role="heading" aria-level="3"').style("font-weight: 650")

    def _fact(self, name: str, value: str) -> None:
        ui.label(name)
        ui.label(value)
