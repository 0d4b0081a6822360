"""Makes the pictures of the README: an hour of Kungsholms strand, with everybody who came by, in a light and a dark look; and the studio.

`make pictures` runs it. The drawings come out the same on any machine, so that they change only when the light does. The pictures of the
studio (`screens`) are taken of its pages as they look now, where there is a Chromium to take them with.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from lykta.errors import LyktaError
from lykta.report import static
from lykta.report.clock import Clock
from lykta.report.light import Light, caps
from lykta.report.strips import Movements, lines, strips
from lykta.scenarios import Scenario, Wish, assemble, fit, run

HERE = Path(__file__).resolve().parent
LOOKS = ("light", "dark")
HOUR_MS = 3_600_000
#: From local noon: 20 to 21 o'clock.
FROM_MS = 8 * HOUR_MS


def picture_of(scenario: Scenario, look: str) -> str:
    """An hour of the first way of a scenario's site as SVG."""
    plan, _ = fit(scenario)
    (outcome,) = run(scenario, plan)
    night, site = outcome.night, scenario.site
    strip = strips(site)[0]
    clock = Clock(plan.agenda.times.origin_utc_ms, site.timezone, plan.begin_ms, plan.end_ms)
    found = lines(strip, Movements(night.trajectories))
    title = f"{site.name}, simulated with ideal sensors: an hour of {scenario.date.day} {scenario.date:%B %Y}"
    light = Light(night.levels, caps(site))
    return static.space_time(
        strip, light, found, clock, title=title, from_ms=FROM_MS, until_ms=FROM_MS + HOUR_MS, width=860, height=520, look=look
    )


def drawing(look: str) -> str:
    """The picture in one of the LOOKS."""
    return picture_of(replace(assemble(Wish("kungsholms_strand", sensors="ideal")), engine="python"), look)


def main() -> int:
    """Write the drawings, then the pictures of the studio, beside this file; 2 where these cannot be taken."""
    for look in LOOKS:
        file = HERE / f"hour_{look}.svg"
        file.write_text(drawing(look) + "\n", encoding="utf-8")
        _tell(file)
    import screens

    try:
        for file in screens.take():
            _tell(file)
    except LyktaError as error:
        print(f"The pictures of the studio stay as they are. {error}", file=sys.stderr)
        return error.exit_status
    return 0


def _tell(file: Path) -> None:
    print(file.relative_to(HERE.parents[1]), file.stat().st_size, "bytes")


if __name__ == "__main__":
    sys.exit(main())
