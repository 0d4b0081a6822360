"""The page around the views: brand, street, tabs, language, colours, and what to say when something fails."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable
from pathlib import Path

from nicegui import Client, app, ui

from lykta import report
from lykta.errors import LyktaError
from lykta.studio import guard, opening
from lykta.studio.access import OPERATOR, SOMEBODY, VIEWER
from lykta.studio.session import DRAFT, LOOK, STREET, Session
from lykta.studio.studio import LANGUAGE, Studio, Wishes
from lykta.studio.studio import LOOK as LOOK_COOKIE
from lykta.studio.views import FIRST, View, views
from lykta.studio.words import LANGUAGES, N_, Words

STATIC = Path(__file__).with_name("static")
_SHARED = Path(report.__file__).with_name("templates") / "unpack.js"  # what the maps have in common with the pages of `report`
_LONGEST_NAME = 60
_YEAR_S = 31_536_000
_KEPT, _ANSWER_S = "lykta_draft", 5.0
_LOOK_S = 0.5
#: Until the browser has been sent the tab that is pressed, before the view is made, which may take a moment.
_SEEN_S = 0.02
_ROLES = {VIEWER: N_("may look"), OPERATOR: N_("may change the street")}
_log = logging.getLogger(__name__)


def pages(studio: Studio, met: Callable[[Session], object] = lambda session: None) -> Callable[[Client], object]:
    """The function that builds the page of a studio for each browser that opens it; `met` is handed each session, once its page stands."""

    async def root(client: Client) -> None:
        headers = client.request.headers
        wishes = Wishes.of(headers.get("cookie", ""), headers.get("accept-language", ""))
        person = client.request.scope.get(guard.PERSON, SOMEBODY)
        session = Session(studio, person, Words(wishes.language), wishes.dark is not False)
        first = client.request.query_params.get("view", FIRST)
        client.on_delete(session.close)
        page = Page(session, first)
        page.build()
        # The browser gets the frame at once; what takes longer comes when it is there.
        await client.connected()
        await page.show()
        met(session)
        await page.restore()

    return root


def static_files() -> None:
    """Serve what pictures and styles the pages need; a browser asks whether they are new, so that no page mixes two versions."""
    app.add_static_file(local_file=_SHARED, url_path=f"/lykta/map/{_SHARED.name}", max_cache_age=0)
    app.add_static_files("/lykta", STATIC, max_cache_age=0)


def brief(name: str, most: int = _LONGEST_NAME) -> str:
    """A name of somebody's own, cut where it would push everything else off the page."""
    one_line = " ".join(name.split())
    return one_line if len(one_line) <= most else one_line[: most - 1] + "…"


class Page:
    """One open page. Language and colours change in place, so that nothing of the session is lost."""

    def __init__(self, session: Session, first: str) -> None:
        self._session = session
        self._views = {view.key: view for view in views()}
        self._now = first if first in self._views else FIRST
        self._bodies: dict[str, ui.element] = {}
        self._tabs: dict[str, ui.element] = {}
        session.visit = self._visit

    def build(self) -> None:
        """Put everything on the page but the view."""
        ui.add_head_html('<link rel="stylesheet" href="/lykta/studio.css"><script type="module" src="/lykta/keys.js"></script>')
        self._dark = ui.dark_mode(self._session.dark)
        self._language()
        self._whole = ui.element("div").classes("studio")
        self._fill()

    async def show(self) -> None:
        """Show the view that is wanted."""
        with self._whole:  # whoever pressed a button of the old page stands in a place that is gone
            await self._show(self._now)

    async def _visit(self, key: str) -> None:
        """Show another view, for one that sends its reader there."""
        with self._whole:
            await self._show(key)
            focus(f"tab-{key}")

    def _fill(self) -> None:
        """Build all of it anew, in the language of now."""
        self._session.deafen()
        self._bodies.clear()
        self._tabs.clear()
        self._whole.clear()
        with self._whole:
            self._head()
            self._main = ui.element("div").classes("studio-main").props('id="main" tabindex="-1"')
        self._session.listen(STREET, self._street_changed)
        self._session.listen(DRAFT, self._keep)

    def _head(self) -> None:
        say = self._session.say
        with ui.element("header").classes("studio-head"):
            ui.html(f'<a class="skip" href="#main">{say("Skip to the content")}</a>', sanitize=False)
            with ui.element("div").classes("brand"):
                ui.html('<img src="/lykta/lykta.svg" alt="" width="26" height="26">', sanitize=False)
                ui.html("<h1>Lykta studio</h1>", sanitize=False)
            with ui.element("nav").classes("tabs").props(f'role="tablist" aria-label="{say("Views")}"'):
                for view in self._views.values():
                    self._tabs[view.key] = self._tab(view)
            self._street = ui.button(on_click=lambda: opening.ask(self._session)).props("flat no-caps dense").classes("street-name")
            self._street.mark("street")
            self._name_street()
            with ui.element("div").classes("manners"):
                if self._session.person != SOMEBODY:
                    said = f"{brief(self._session.person.name, 24)} ({say(_ROLES[self._session.person.role])})"
                    ui.label(said).classes("quiet").tooltip(said)
                other = next(code for code in LANGUAGES if code != say.language)
                button = ui.button(LANGUAGES[other], on_click=self._other_language).props(f'flat dense no-caps lang="{other}"')
                button.mark("language")
                look = "light_mode" if self._session.dark else "dark_mode"
                said = say("Light colours") if self._session.dark else say("Dark colours")
                ui.button(icon=look, on_click=self._other_look).props(f'flat dense round aria-label="{said}"').tooltip(said).mark("look")

    def _tab(self, view: View) -> ui.element:
        async def show() -> None:
            await self._show(view.key)

        tab = ui.element("button").classes("tab").props(f'role="tab" id="tab-{view.key}" aria-controls="view-{view.key}" type="button"')
        with tab.on("click", show).mark(f"tab-{view.key}"):
            ui.icon(view.icon)
            ui.label(self._session.say(view.title))
        return tab

    async def _show(self, key: str) -> None:
        """Bring a view to the front; it is built when it is wanted first."""
        self._now = key
        for name, tab in self._tabs.items():
            tab.props(f'aria-selected="{str(name == key).lower()}"')
            tab.classes("now") if name == key else tab.classes(remove="now")
        for name, body in self._bodies.items():
            body.set_visibility(name == key)
        ui.run_javascript(f"history.replaceState(null, '', '?view={key}')")
        if key in self._bodies:
            return
        with self._main:
            body = ui.element("section").classes("view").props(f'role="tabpanel" id="view-{key}" aria-labelledby="tab-{key}"')
        self._bodies[key] = body
        with body:
            waiting = working(self._session, N_("Opening"))
            await asyncio.sleep(_SEEN_S)
            await self._build(self._views[key])
            waiting.delete()

    async def _build(self, view: View) -> None:
        try:
            await view.load()(self._session)
        except LyktaError as error:
            fault(self._session, self._session.say.fault(error))
        except Exception as error:  # noqa: BLE001  the last resort: whatever it is, a person gets a sentence
            _log.exception("the view %s cannot be shown", view.key)
            say = self._session.say
            fault(
                self._session,
                say("This view met a fault of Lykta's own, not of your files: {what}.", what=f"{type(error).__name__}: {error}"),
            )

    def _name_street(self) -> None:
        session = self._session
        name = f"{brief(session.street.site.name, 40)}{f' ({brief(session.street.site.note, 20)})' if session.street.site.note else ''}"
        self._street.set_text(f"{name}, {session.say.date(session.street.date, 'medium')}")
        self._street.props["aria-label"] = session.say("Open another street; now {name}", name=name)

    def _keep(self) -> None:
        """Let the browser's tab keep what is not saved: it outlives this page, and this server."""
        draft = self._session.draft
        kept = json.dumps({"street": self._session.street.site.name, "file": draft.name, "text": draft.text})
        put = f"sessionStorage.setItem('{_KEPT}', {json.dumps(kept)})"
        with self._whole:  # a task that stands in no place of the page may have told
            ui.run_javascript(put if draft.changed else f"sessionStorage.removeItem('{_KEPT}')")

    async def restore(self) -> None:
        """Take back what the tab has kept, where it is of this street and profile."""
        session = self._session
        try:
            kept = json.loads(await ui.run_javascript(f"sessionStorage.getItem('{_KEPT}')", timeout=_ANSWER_S) or "{}")
            if (kept.get("street"), kept.get("file")) != (session.street.site.name, session.draft.name):
                return
            session.draft.replace(str(kept["text"]))
        except (TimeoutError, ValueError, KeyError, AttributeError, LyktaError):
            return  # nothing was kept, or nothing that is a profile
        session.tell(DRAFT)
        ui.notify(session.say("The changes that were not saved are back."))

    def _street_changed(self) -> None:
        self._name_street()

    async def _other_language(self) -> None:
        session = self._session
        session.say = Words(next(code for code in LANGUAGES if code != session.say.language))
        self._language()
        _remember(LANGUAGE, session.say.language)
        self._fill()
        await self.show()

    def _language(self) -> None:
        ui.run_javascript(f"document.documentElement.lang = '{self._session.say.language}'")

    async def _other_look(self) -> None:
        session = self._session
        session.dark = not session.dark
        self._dark.set_value(session.dark)
        _remember(LOOK_COOKIE, "dark" if session.dark else "light")
        session.tell(LOOK)
        self._fill()
        await self.show()


def focus(html_id: str) -> None:
    """Put the keyboard on an element, once it stands on the page."""
    ui.run_javascript(f"setTimeout(() => document.getElementById('{html_id}')?.focus())")


def _remember(name: str, value: str) -> None:
    """Keep a wish of the reader in his browser."""
    ui.run_javascript(f"document.cookie = '{name}={value}; path=/; max-age={_YEAR_S}; SameSite=Strict'")


def fault(session: Session, said: str, title: str = N_("This cannot be shown")) -> None:
    """What is shown in place of something that failed: what, and what to do."""
    with ui.element("div").classes("state fault").props('role="alert"'):
        ui.icon("error_outline")
        with ui.element("div"):
            ui.label(session.say(title)).classes("state-title")
            ui.label(said).classes("state-said")


def empty(session: Session, icon: str, title: str, said: str) -> ui.element:
    """What is shown where there is nothing yet: what would be here, and how to get it. More can be put into the element."""
    with ui.element("div").classes("state empty") as state:
        ui.icon(icon)
        with ui.element("div"):
            ui.label(session.say(title)).classes("state-title")
            ui.label(session.say(said)).classes("state-said")
    return state


def working(session: Session, said: str) -> ui.element:
    """What is shown while something takes a moment; where that is the engine being made machine code, that is said, and for how long."""
    with ui.element("div").classes("state working").props('role="status"') as state:
        ui.spinner(size="1.4em")
        label = ui.label(session.say(said)).classes("state-said")
        begun_s: float | None = None

        def look() -> None:
            nonlocal begun_s
            if not (state.visible and session.bench.translating):
                begun_s = None
                label.set_text(session.say(said))
                return
            begun_s = begun_s or time.monotonic()
            text = N_("Lykta is made machine code for this computer: a minute or two, once after each update. {seconds} s so far.")
            label.set_text(session.say(text, seconds=round(time.monotonic() - begun_s)))

        ui.timer(_LOOK_S, look)
    return state
