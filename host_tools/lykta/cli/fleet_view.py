"""The fleet in a terminal: lamps side by side as many as fit, alarms and events below."""

from __future__ import annotations

import datetime as dt
from collections import deque
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from lykta.cli.fleet_options import ago
from lykta.fleet.fleet import Fleet
from lykta.fleet.model import MEANINGS, Event, NodeState
from lykta.fleet.telling import told

#: A cell: name, bar, level, watts, how long ago, what is wrong.
_CELL = 38
_BAR = 10
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_FRESH_S = 5
#: Lines for what is not lamps: head, rule, alarms and events.
_OTHER_LINES = 9
#: In a window a level of the moment is shown as long as it is so new [s].
_LIVE_S = 120


class View:
    """What `lykta fleet watch` shows; drawn anew whenever rich asks. `lamps`: of which, in the order of the site."""

    def __init__(self, fleet: Fleet, lamps: Sequence[str], height: int | None = None) -> None:
        self.fleet = fleet
        self.events: deque[Event] = deque(maxlen=100)
        self.said = ""
        self._wanted = [fleet.names[lamp] for lamp in lamps]
        self._height = height

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Head, lamps, alarms, events: as much of each as the terminal has room for."""
        height = self._height or console.size.height
        nodes = [self.fleet.nodes[node] for node in self._wanted]
        columns = max(1, min((options.max_width + 2) // (_CELL + 2), len(nodes)))
        room = max(3, height - _OTHER_LINES) * columns
        hidden = max(0, len(nodes) - room)
        if hidden:
            # What needs somebody comes first; otherwise the order of the site.
            nodes = sorted(nodes, key=lambda node: not (node.alarms or node.faults or node.online is False))[:room]
        yield self._head(options.max_width)
        yield self._lamps(nodes, columns)
        if hidden:
            yield Text(f"{hidden} more lamps are well, or less urgent; --lamp and --zone choose.", style="dim")
        yield from self._below(max(3, height - 3 - -(-len(nodes) // columns) - bool(hidden)), options.max_width)

    def _head(self, width: int) -> Text:
        fleet, counts = self.fleet, self.fleet.counts()
        clock = dt.datetime.fromtimestamp(fleet.time(), ZoneInfo(fleet.street.site.timezone))
        head = Text(no_wrap=True, overflow="ellipsis")
        head.append(fleet.street.site.name, "bold")
        head.append(f"  {clock:%H:%M:%S}  ", "dim")
        head.append(f"{counts['online']} of {counts['nodes']} online", "green" if counts["online"] == counts["nodes"] else "yellow")
        head.append(f"  {counts['alarms']} alarm{'' if counts['alarms'] == 1 else 's'}", "red bold" if counts["alarms"] else "green")
        watts = sum(node.power_mw or 0 for node in fleet.nodes.values()) / 1000
        if watts:
            head.append(f"  {watts:.0f} W")
        if not fleet.connected:
            head.append("  no broker", "red bold")
        if fleet.away:
            head.append("  no database", "red bold")
        if width >= 120:
            head.append(f"  {fleet.tally.messages} messages, {fleet.tally.bad} bad", "dim")
            head.append("  levels: means of a quarter of an hour; ● of this moment, in a window", "dim")
        return head

    def _lamps(self, nodes: Sequence[NodeState], columns: int) -> Table:
        table = Table.grid(padding=(0, 2), pad_edge=False)
        for _ in range(columns):
            table.add_column(no_wrap=True, width=_CELL)
        rows = -(-len(nodes) // columns)
        for row in range(rows):
            table.add_row(*(self._cell(nodes[at]) for at in range(row, len(nodes), rows)))
        return table

    def _cell(self, node: NodeState) -> Text:
        """One lamp: what it is called, how bright, what it takes, when it was heard, what is wrong."""
        now = self.fleet.time()
        live = node.live if node.live_at is not None and now - node.live_at < _LIVE_S else None
        level = node.live if live is not None else node.level
        line = Text(no_wrap=True, overflow="ellipsis")
        line.append(f"{node.lamp[:7]:7} ", "bold" if node.online else "dim")
        if level is None:
            line.append("·" * _BAR, "dim")
            line.append("    – ")
        else:
            line.append(_bar(level), _colour(level))
            line.append(f"{level / 10:4.0f}%")
            line.append("●" if live is not None else " ", "bright_yellow")
        line.append(_trouble(node, now))
        return line

    def _below(self, lines: int, width: int) -> RenderResult:
        """Alarms first, then events, then what was said of broker and database."""
        zone = ZoneInfo(self.fleet.street.site.timezone)
        shown: list[Text] = []
        alarms = self.fleet.alarms
        most = max(1, lines // 2)
        for alarm in alarms[:most]:
            line = Text(no_wrap=True, overflow="ellipsis")
            line.append(f"{_clock(alarm.opened, zone)} ", "dim")
            line.append(f"{alarm.kind:12} ", "red bold")
            line.append(f"{_lamp(alarm.node):7} ", "bold")
            line.append(alarm.detail or MEANINGS[alarm.kind])
            shown.append(line)
        if len(alarms) > most:
            shown.append(Text(f"and {len(alarms) - most} alarms more: lykta fleet alarms", style="red"))
        for event in list(self.events)[: max(1, lines - len(shown) - 1)]:
            line = Text(no_wrap=True, overflow="ellipsis")
            line.append(f"{_clock(event.received, zone)} {event.kind:12} ", "dim")
            line.append(f"{_lamp(event.node):7} ", "bold")
            line.append(told(event, zone.key) + (f" ({event.count} times)" if event.count > 1 else ""))
            shown.append(line)
        if self.said:
            shown.append(Text(self.said, style="yellow", no_wrap=True, overflow="ellipsis"))
        yield Text("─" * width, style="dim")
        yield from shown or [Text("Nothing has happened since this was opened.", style="dim")]


def _bar(level: int) -> str:
    """A level as a bar of eighths."""
    eighths = round(level * _BAR * 8 / 1000)
    bar = "█" * (eighths // 8) + (_EIGHTHS[eighths % 8] if eighths % 8 else "")
    return f"{bar:{_BAR}}"


def _colour(level: int) -> str:
    return "bright_yellow" if level >= 900 else "yellow" if level >= 300 else "dark_orange3" if level else "dim"


def _trouble(node: NodeState, now: float) -> Text:
    """What is wrong with a node; else what it takes, and when it was heard."""
    found = Text(no_wrap=True, overflow="ellipsis")
    if node.online is False:
        found.append("offline ", "red bold")
    if node.alarms:
        found.append(" ".join(node.alarms), "red bold")
    elif node.faults:
        found.append(" ".join(node.faults), "yellow")
    elif node.online is not False:
        watts = "" if node.power_mw is None else f"{node.power_mw / 1000:3.0f} W "
        heard = None if node.seen is None else now - node.seen
        found.append(watts)
        found.append("not heard yet" if heard is None else "now" if heard < _FRESH_S else ago(heard), "dim" if heard is None else "")
    return found


def _lamp(node: str) -> str:
    return node.partition(".")[2] or node


def _clock(at: float, zone: ZoneInfo) -> str:
    return dt.datetime.fromtimestamp(at, zone).strftime("%H:%M:%S")
