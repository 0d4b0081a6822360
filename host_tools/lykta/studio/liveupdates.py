"""New firmware on the page: which versions run, and how far a roll-out is, stage by stage."""

from __future__ import annotations

from collections import Counter

from nicegui import background_tasks, ui

from lykta.errors import LyktaError
from lykta.fleet.updates.record import DONE, FAILED, OFFERED, STOPPED, UNDER_WAY, UPDATED, WAITING, Folder, Record
from lykta.site import loader
from lykta.studio.liveparts import Redrawn, prose
from lykta.studio.livewatch import Watch
from lykta.studio.livewords import Tells
from lykta.studio.page import brief
from lykta.studio.session import Session
from lykta.studio.words import N_

_STATES = {UNDER_WAY: N_("under way"), STOPPED: N_("stopped"), DONE: N_("done")}
_NODES = {WAITING: N_("waiting"), OFFERED: N_("fetching"), UPDATED: N_("updated"), FAILED: N_("failed")}
_LISTED = 12
#: How far a roll-out is, is read again so often [times that the page is brought up to date, once a second].
_READ_BEATS = 4


class UpdatePanel:
    """Versions, and the roll-out that is under way or was the last."""

    def __init__(self, session: Session, watch: Watch, tells: Tells) -> None:
        self._session = session
        self._watch = watch
        self._tells = tells
        self._record: Record | None = None
        self._said = ""
        self._beats = 0
        with ui.element("div").classes("panel stack"):
            ui.label(session.say("Software of the nodes")).props('role="heading" aria-level="2"').classes("state-title")
            self._versions = Redrawn(ui.element("div").classes("facts"))
        with ui.element("div").classes("panel stack"):
            ui.label(session.say("Roll-out")).props('role="heading" aria-level="2"').classes("state-title")
            self._roll = Redrawn(ui.element("div").classes("stack").mark("roll-out"))

    async def load(self) -> None:
        """Read how far the roll-out is: whoever rolls out writes it down beside the site."""
        try:
            self._record, self._said = Folder(loader.beside(self._watch.street.name, "updates")).load(), ""
        except LyktaError as error:
            self._said = self._session.say.fault(error)
        self._draw()

    def refresh(self) -> None:
        """Bring it up to date."""
        self._beats += 1
        if self._beats % _READ_BEATS == 0:
            background_tasks.create(self.load())
        self._draw()

    def _draw(self) -> None:
        states = [] if self._watch.fleet is None else self._watch.fleet.nodes.values()
        versions = Counter(state.software or "–" for state in states)
        self._versions.show(tuple(versions.items()), lambda: self._draw_versions(versions))
        record = self._record
        said = (
            None
            if record is None
            else (record.bundle, record.state, record.stage, record.why, tuple(one.state for one in record.nodes.values()))
        )
        self._roll.show((said, self._said), lambda: self._draw_roll(record))

    def _draw_versions(self, versions: Counter[str]) -> None:
        say = self._session.say
        for version, count in versions.most_common(_LISTED):
            ui.label(brief(version, 40) if version != "–" else say("not known"))
            ui.label(say("one node") if count == 1 else say("{count} nodes", count=say.number(count)))

    def _draw_roll(self, record: Record | None) -> None:
        say, tells = self._session.say, self._tells
        if self._said or record is None:
            ui.label(self._said or say("Nothing was rolled out here yet.")).classes("quiet")
            prose(say("An update is signed and rolled out where its keys are: `lykta fleet update`.")).classes("quiet small")
            return
        ui.label(f"{brief(record.version, 40)}: {say(_STATES.get(record.state, record.state))}").style("font-weight: 650")
        ui.label(say("begun {time}", time=tells.moment(record.begun, self._watch.now()))).classes("quiet small")
        if record.why:
            ui.label(brief(record.why, 300)).classes("worse small")
        for stage, share in enumerate(record.stages):
            self._draw_stage(record, stage, share)
        for name in [*record.of(FAILED), *record.of(OFFERED)][:_LISTED]:
            node = record.nodes[name]
            reason = brief(node.reason, 100) or say("nothing told yet")
            ui.label(f"{brief(name.partition('.')[2], 40)}: {say(_NODES.get(node.state, node.state))}, {reason}").classes("small")
        prose(say("It is begun, stopped and taken back where the keys are: `lykta fleet update`.")).classes("quiet small")

    def _draw_stage(self, record: Record, stage: int, share: float) -> None:
        say = self._session.say
        names = record.in_stage(stage)
        counts = Counter(record.nodes[name].state for name in names)
        told = ", ".join(f"{count} {say(_NODES.get(state, state))}" for state, count in sorted(counts.items())) or say("no node")
        now = " ◂" if stage == record.stage and record.state == UNDER_WAY else ""
        ui.label(say("stage {number}, up to {share}: {told}", number=stage + 1, share=say.percent(share, 0), told=told) + now).classes(
            "small"
        )
        with ui.element("div").classes("bar").props('aria-hidden="true"'):
            for state, kind in ((UPDATED, ""), (FAILED, "ill")):
                ui.element("span").classes(kind).style(f"width: {100 * counts[state] / max(1, len(names)):.1f}%")
