"""How a night was simulated, in words: what stands above the figures, in the terminal and in the report."""

from __future__ import annotations

from collections import Counter

from lykta.plan import Plan
from lykta.scenarios.model import Scenario
from lykta.score.words import duration
from lykta.site import Site

_SENSORS = {"pir": "PIR", "ld2410": "LD2410 (presence radar)", "ld2451": "LD2451 (traffic radar)", "ideal": "ideal"}


def sentence(text: str) -> str:
    """A note as a sentence: it begins with a capital and ends with a full stop."""
    text = text.strip()
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('.', '!', '?')) else '.'}"


def site_said(site: Site) -> str:
    """`Valla torg (schematic), 64 lamps`."""
    note = f" ({site.note})" if site.note else ""
    fixed = sum(not lamp.adaptive for lamp in site.lamps)
    count = f"{len(site.lamps)} lamp{'s' if len(site.lamps) != 1 else ''}"
    return f"{site.name}{note}, {count}" + (f", {fixed} of them not controlled" if fixed else "")


def night_said(plan: Plan) -> str:
    """`14 December 2026, light on from 14:47 to 08:38 (Europe/Stockholm)`; from when to when it is judged, where that differs."""
    times, agenda = plan.agenda.times, plan.agenda
    lit, judged = (
        f"from {times.local(begin_ms):%H:%M} to {times.local(end_ms):%H:%M}"
        for begin_ms, end_ms in ((agenda.begin_ms, agenda.end_ms), (plan.begin_ms, plan.end_ms))
    )
    light = f"light on {lit}" if agenda.end_ms > agenda.begin_ms else "no light"
    why = "the sun does not rise" if times.never_rises else "sunset to sunrise"
    return f"{plan.date.day} {plan.date:%B %Y}, {light}{f', judged {judged} ({why})' if judged != lit else ''}, {times.timezone}"


def conditions(scenario: Scenario) -> tuple[tuple[str, str], ...]:
    """What decides the figures besides site, night, traffic, profile and seed: (name, text)."""
    tau = duration(scenario.requirement.tau_ms)
    said = [
        ("Requirement", f"{scenario.requirement.name}: light is owed {tau} after somebody comes within reach of a sensor"),
        *([("Scheme", f"{scenario.scheme.said}. A yardstick, not Lykta: {scenario.scheme.scheme.said}")] if scenario.scheme else []),
        ("Sensors", _sensors(scenario)),
        ("Radio", _radio(scenario)),
    ]
    if scenario.broken.said:
        said.append(("Broken", "; ".join(scenario.broken.said)))
    return tuple(said)


def _sensors(scenario: Scenario) -> str:
    if scenario.sensors == "ideal":
        count = sum(bool(lamp.sensors) for lamp in scenario.site.lamps)
        return f"{count} ideal ones: each sees everybody within 8 m, and knows who it is"
    kinds = Counter(sensor.kind for lamp in scenario.site.lamps for sensor in lamp.sensors)
    return ", ".join(f"{count} {_SENSORS.get(kind, kind)}" for kind, count in kinds.items()) or "none"


def _radio(scenario: Scenario) -> str:
    link = scenario.link
    if not link.loss:
        return f"{scenario.radio}: nothing is lost, every frame arrives after {link.delay_ms} ms"
    burst = f"in bursts of {link.burst_ms} ms, {link.copies} copies sent of each"
    return f"{scenario.radio}: {100 * link.loss:.0f} % of frames lost at each receiver {burst}"


def doubts(site: Site) -> tuple[str, ...]:
    """What about a site makes any figure doubtful, as sentences."""
    said = []
    controlled = [lamp for lamp in site.lamps if lamp.adaptive]
    if controlled and not any(lamp.sensors for lamp in controlled):
        said.append("No lamp has a sensor, so nobody can be noticed. `lykta site plan` proposes where to put some.")
    linked = {end for link in site.links for end in (link.a, link.b)}
    lonely = sum(lamp.id not in linked for lamp in controlled)
    if lonely:
        verb = (
            "lies on no link, so nobody can come to it, and it burns"
            if lonely == 1
            else "lie on no link, so nobody can come to them, and they burn"
        )
        said.append(f"{lonely} of {len(site.lamps)} lamps {verb} at full all night.")
    guessed = sum(link.guessed for link in site.links)
    if guessed:
        said.append(f"{guessed} of {len(site.links)} links between lamps are guessed, not surveyed.")
    return tuple(said)
