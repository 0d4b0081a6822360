"""The space-time diagram on the page: a picture of the light that changes, under axes and people that stay."""

from __future__ import annotations

from nicegui import ui

from lykta.report import static
from lykta.report.clock import Clock
from lykta.report.png import data_uri
from lykta.report.strips import Line, Strip
from lykta.score import Outage
from lykta.studio.nights import Frame
from lykta.studio.session import Session
from lykta.studio.settingnames import phase
from lykta.studio.words import N_

WIDTH, HEIGHT = 980, 700
#: What the drawing says besides names.
WORDS = (
    N_("100 % of full light"), N_("Space-time diagram"), N_("pedestrians"), N_("cyclists"), N_("cars"), N_("unknown"), N_("animals"),
    N_("north"), N_("south"), N_("east"), N_("west"), N_("north-east"), N_("north-west"), N_("south-east"), N_("south-west"),
)  # fmt: skip


class Diagram:
    """One diagram. Its size is that of its place; it is drawn for WIDTH x HEIGHT."""

    def __init__(self, session: Session) -> None:
        self._session = session
        left, top, right, bottom = static.MARGINS
        place = f"left:{100 * left / WIDTH:.4f}%;top:{100 * top / HEIGHT:.4f}%;"
        place += f"width:{100 * (WIDTH - left - right) / WIDTH:.4f}%;height:{100 * (HEIGHT - top - bottom) / HEIGHT:.4f}%"
        with ui.element("figure").classes("diagram").style(f"aspect-ratio:{WIDTH}/{HEIGHT}") as self.element:
            self._picture = ui.element("img").classes("light").style(place).props('alt=""')
            self._over = ui.html("", sanitize=False).classes("over")

    @staticmethod
    def size() -> tuple[int, int]:
        """(rows, columns) of the picture of the light."""
        left, top, right, bottom = static.MARGINS
        return HEIGHT - top - bottom, WIDTH - left - right

    def show(self, picture: bytes) -> None:
        """Put another picture of the light under the axes."""
        self._picture.props(f'src="{data_uri(picture)}"')

    def draw(self, strip: Strip, people: list[Line], frame: Frame) -> None:
        """Draw axes and people anew."""
        session = self._session
        plan, say = session.plan, session.say
        clock = Clock(plan.agenda.times.origin_utc_ms, session.street.site.timezone, plan.begin_ms, plan.end_ms)
        agenda = tuple((begin_ms, phase(say, one.name)) for begin_ms, one in plan.agenda.phases)
        outages = [Outage(dead.lamp, dead.from_ms, dead.until_ms) for dead in session.street.broken.dead_lamps]
        drawn = static.space_time(
            strip, None, people, clock, title=say(strip.title), agenda=agenda, outages=outages, from_ms=frame.from_ms,
            until_ms=frame.until_ms, width=WIDTH, height=HEIGHT, look="dark" if session.dark else "light", say=say,
        )  # fmt: skip
        self._over.set_content(drawn)
