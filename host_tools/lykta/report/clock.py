"""The time of day in a report: from ms since the night's origin to what the clock on the wall said."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

_MINUTE = 60_000


@dataclass(frozen=True)
class Clock:
    """Local time of a night: `offsets` are (from t_ms, minutes ahead of UTC), more than one where the clocks change."""

    origin_utc_ms: int
    timezone: str
    begin_ms: int
    end_ms: int
    offsets: tuple[tuple[int, int], ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "offsets", self._find_offsets())

    def _offset_min(self, t_ms: int) -> int:
        moment = datetime.fromtimestamp((self.origin_utc_ms + t_ms) / 1000, UTC).astimezone(ZoneInfo(self.timezone))
        offset = moment.utcoffset()
        return 0 if offset is None else int(offset.total_seconds()) // 60

    def _find_offsets(self) -> tuple[tuple[int, int], ...]:
        """Looks every quarter of an hour, on the quarter: no clock changes at another time."""
        found = [(self.begin_ms, self._offset_min(self.begin_ms))]
        step = 15 * _MINUTE
        first = -((-(self.begin_ms + self.origin_utc_ms)) // step) * step - self.origin_utc_ms
        for t_ms in range(first, self.end_ms + 1, step):
            offset = self._offset_min(t_ms)
            if offset != found[-1][1]:
                found.append((t_ms, offset))
        return tuple(found)

    def local_ms(self, t_ms: int) -> int:
        """The wall clock as if it were UTC: ms since 1970."""
        offset = self.offsets[0][1]
        for begins, minutes in self.offsets:
            if t_ms >= begins:
                offset = minutes
        return self.origin_utc_ms + t_ms + offset * _MINUTE

    def text(self, t_ms: int, seconds: bool = False) -> str:
        """`23:04`, or `23:04:09`."""
        moment = datetime.fromtimestamp(self.local_ms(t_ms) / 1000, UTC)
        return moment.strftime("%H:%M:%S" if seconds else "%H:%M")

    def hours(self, step_h: int = 1) -> list[int]:
        """The whole local hours within the night, every `step_h` hours of the day [t_ms]."""
        step = 15 * _MINUTE
        first = -((-(self.begin_ms + self.origin_utc_ms)) // step) * step - self.origin_utc_ms
        hour = 60 * _MINUTE
        return [t_ms for t_ms in range(first, self.end_ms + 1, step) if self.local_ms(t_ms) % (step_h * hour) == 0]
