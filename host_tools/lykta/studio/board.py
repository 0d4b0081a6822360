"""The map as an element of the page: draws a street and plays a night on one canvas, and tells what was chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from nicegui.element import Element
from nicegui.events import GenericEventArguments

from lykta.studio.words import N_, Words

#: The rules by their code, and the phases of a night, as the map says them.
_RULES = (
    N_("not controlled"),
    N_("bright to be safe"),
    N_("override"),
    N_("somebody is expected"),
    N_("level of the phase"),
    N_("its floor"),
)
#: How a lamp of a live street is, as `static/map/live.js` numbers it.
_LIVE = (
    N_("online"),
    N_("offline"),
    N_("never heard"),
    N_("has no node"),
    N_("alarm"),
    N_("fault"),
    N_("ordered light"),
    N_("level of this moment"),
)
_PHASES = (N_("dusk"), N_("evening"), N_("night"), N_("dawn"))


class Board(Element, component="static/map/board.js"):
    """A map. What it shows survives a reload of the page.

    `plays`: it has the bar that plays a night; `lives`: it shows what nodes tell; `edits`: what is chosen can be moved.
    """

    def __init__(self, say: Words, plays: bool = False, lives: bool = False, edits: bool = False) -> None:
        super().__init__()
        self._props["words"] = _words(say, edits)
        self._props["plays"] = plays
        self._props["lives"] = lives
        self._props["edits"] = edits
        self._classes.append("board-host")
        self._shown: list[tuple[str, tuple[Any, ...]]] = []
        self.chosen: tuple[int, ...] = ()
        self.ringed: tuple[int, ...] = ()
        self.t_ms = 0
        self._there = False  # whether it stands in a browser
        self.seen = True  # whether somebody looks at it: its tab is open
        self.on("ready", self._again)
        self.on("choose", self._chose)
        self.on("moment", self._stands)
        self.on("shown", self._turned)

    def on_choose(self, told: Callable[[tuple[int, ...]], object]) -> None:
        """Call `told` with the points that somebody chose; lamps are those below the number of lamps."""
        self.on("choose", lambda event: told(tuple(int(one) for one in event.args["points"])))

    def on_move(self, told: Callable[[tuple[int, ...], int, int], object]) -> None:
        """Call `told` with points that somebody moved, and how far to the east and to the north [cm]; `change` or `release` is awaited."""
        self.on("move", lambda event: told(tuple(map(int, event.args["points"])), int(event.args["dx"]), int(event.args["dy"])))

    def on_step(self, told: Callable[[bool], object]) -> None:
        """Call `told` when somebody takes a step back (True) or does it again, by key."""
        self.on("undo", lambda: told(True))
        self.on("redo", lambda: told(False))

    def on_ready(self, told: Callable[[], object]) -> None:
        """Call `told` whenever it stands in a browser anew, with nothing of a live street."""
        self.on("ready", lambda: told())

    def on_moment(self, told: Callable[[int, bool], object]) -> None:
        """Call `told` with the time of the night [ms] and whether it is being played, whenever that was settled."""
        self.on("moment", lambda event: told(int(event.args["t"]), bool(event.args["playing"])))

    def on_shown(self, told: Callable[[], object]) -> None:
        """Call `told` whenever its tab is opened again."""
        self.on("shown", lambda event: told() if event.args["there"] else None)

    def load(self, drawing: dict[str, Any], stay: bool = False) -> None:
        """Show a street (`mapping.drawing`)."""
        self._shown = [("load", (drawing, stay))]
        self._run("load", (drawing, stay))

    def change(self, drawing: dict[str, Any]) -> None:
        """Show what an edit changed of the street."""
        self._shown[:1] = [("load", (drawing, True))]
        self._run("change", (drawing,))

    def live(self, cells: dict[str, Any]) -> None:
        """Hand over what has changed of a live street (`livecells.columns`); `on_ready` tells when all of it is wanted."""
        self._run("live", (cells,))

    def night(self, payload: dict[str, Any], at_ms: int | None = None) -> None:
        """Hand over a night (`replay.payload`) to be played."""
        self._shown[1:] = [("night", (payload, at_ms))]
        self._run("night", (payload, at_ms))

    def select(self, points: Sequence[int], centre: bool = False) -> None:
        """Choose points, as if somebody had clicked them."""
        self.chosen = tuple(points)
        self._run("select", (list(points), centre))

    def ring(self, points: Sequence[int]) -> None:
        """Put a ring round the points that a message is about."""
        self.ringed = tuple(points)
        self._run("mark", (list(points),))

    def release(self) -> None:
        """What was moved stays where it was after all."""
        self._run("release", ())

    def look(self, x_cm: int, y_cm: int) -> None:
        """Bring a place into the middle."""
        self._run("look", (x_cm, y_cm))

    def seek(self, t_ms: int, play: bool = False) -> None:
        """Go to a moment of the night, and play from there where wanted."""
        self.t_ms = t_ms
        self._run("seek", (t_ms, play))

    def _run(self, method: str, given: tuple[Any, ...]) -> None:
        if self._there:
            self.run_method(method, *given)

    def _again(self) -> None:
        """The element stands in a browser, for the first time or after a reload."""
        self._there = True
        for method, given in self._shown:
            self._run(method, given)
        if self.chosen:
            self._run("select", (list(self.chosen), False))
        if self.ringed:
            self._run("mark", (list(self.ringed),))

    def _chose(self, event: GenericEventArguments) -> None:
        self.chosen = tuple(int(one) for one in event.args["points"])

    def _turned(self, event: GenericEventArguments) -> None:
        self.seen = bool(event.args["there"])

    def _stands(self, event: GenericEventArguments) -> None:
        self.t_ms = int(event.args["t"])


def _words(say: Words, edits: bool) -> dict[str, Any]:
    keys = [say("Map of the street. Arrow keys move it, plus and minus zoom, Enter chooses the lamp in the middle.")]
    if edits:
        keys.append(say("M moves what is chosen with the arrow keys, with Shift a little; Enter puts it there, Escape leaves it."))
    return {
        "map": " ".join(keys),
        "closer": say("Closer"),
        "farther": say("Farther"),
        "whole": say("The whole street"),
        "play": say("Play"),
        "pause": say("Pause"),
        "before": say("The change before"),
        "after": say("The next change"),
        "time": say("Time of the night"),
        "speed": say("Speed"),
        "live": [say(state) for state in _LIVE],
        "rules": [say(rule) for rule in _RULES],
        "phases": {phase: say(phase) for phase in _PHASES},
    }
