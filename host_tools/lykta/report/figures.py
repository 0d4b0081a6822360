"""A score as what a page shows: cards, tables, bars, moments. Only says what the score holds, in another form."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from lykta.report.clock import Clock
from lykta.report.view import Bar, Card, LampEnergy, Moment, Sheet, View
from lykta.score import words
from lykta.score.model import ClassScore, Score, Spread

_MOST_MOMENTS = 9  # three rows of three


def view(score: Score, clock: Clock) -> View:
    """Everything that a page says of a score."""
    return View(
        words=tuple(sentence.replace(" %", "\u00a0%") for sentence in words.sentences(score)),
        cards=_cards(score),
        sheets=(*_service_sheets(score), _energy_sheet(score)),
        losses=_losses(score.everyone),
        wasted=_wasted(score),
        moments=tuple(
            Moment(
                words.moment_title(moment, clock.text(moment.begin_ms, seconds=True)),
                words.moment_said(moment),
                moment.user,
                moment.link,
                moment.chainage_cm,
                moment.begin_ms,
                moment.end_ms,
            )
            for moment in score.worst[:_MOST_MOMENTS]
        ),
        lamps=_lamps(score),
        users=_users(score),
    )


def _cards(score: Score) -> tuple[Card, ...]:
    """The figures to see first; of people only where some came."""
    energy, everyone = score.energy, score.everyone
    cards = [
        Card("Electricity saved by control", words.percent(energy.saving), f"net of nodes and sensors {words.percent(energy.net_saving)}")
    ]
    if energy.power_known:
        estimated = ", power estimated" if energy.estimated else ""
        cards.append(Card("Electricity of the lamps", words.kwh(energy.lamps_wh), f"always on {words.kwh(energy.always_on_wh)}{estimated}"))
    if everyone.users:
        note = f"of the time that light was owed, it was full ({everyone.users} road users)"
        stood = f", {words.seconds(everyone.stationary_s)} of it standing still" if everyone.stationary_s else ""
        cards.append(Card("Service", words.service(everyone.service), note))
        cards.append(Card("Time in the dark", words.seconds(everyone.dark_s), f"all road users together{stood}"))
    cards.append(Card("Lowest level", f"{score.lowest_permille / 10:g} %", "of full light, any lamp, any time"))
    return tuple(cards)


def _metres(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.1f} m"


Row = tuple[str, Callable[[ClassScore], str]]


def _spread(name: str, of: Callable[[ClassScore], Spread], shown: Callable[[float | None], str]) -> tuple[Row, ...]:
    """Three rows: mean, 95th percentile and worst over the users."""
    return (
        (f"{name} per user: mean", lambda one: shown(of(one).mean)),
        (f"{name} per user: 95th percentile", lambda one: shown(of(one).p95)),
        (f"{name} per user: worst", lambda one: shown(of(one).worst)),
    )


def _level(value: float | None) -> str:
    return "n/a" if value is None else f"{value / 10:.0f} %"


_SERVICE_ROWS: tuple[Row, ...] = (
    ("road users owed light", lambda one: str(one.users)),
    ("time in which light was owed", lambda one: words.seconds(one.duty_s)),
    ("service: share of it fully lit", lambda one: words.service(one.service)),
    ("late in all", lambda one: words.seconds(one.late_s)),
    ("users with late light", lambda one: str(one.users_late)),
    *_spread("late", lambda one: one.late, words.seconds),
    ("dark in all", lambda one: words.seconds(one.dark_s)),
    ("users in the dark", lambda one: str(one.users_dark)),
    *_spread("dark", lambda one: one.dark, words.seconds),
    ("dark while standing still longer than the light waits", lambda one: words.seconds(one.stationary_s)),
    ("late or dark by dead lamps", lambda one: words.seconds(one.dead_lamp_s)),
    *_spread("shortfall", lambda one: one.shortfall, words.seconds),
    ("metres lit ahead: mean", lambda one: _metres(one.ahead_mean_m)),
    ("metres lit ahead: 5th percentile", lambda one: _metres(one.ahead_p5_m)),
)
_ARRIVAL_ROWS: tuple[Row, ...] = (
    ("light on arrival", lambda one: _level(one.arrival_permille)),
    *_spread("unserved way", lambda one: one.unserved_m, _metres),
    ("users who never came within a sensor's reach", lambda one: str(one.never_covered)),
    ("share of owed time within a sensor's reach", lambda one: words.percent(one.covered_share)),
    ("strict service, from entry on and without delay", lambda one: words.service(one.strict_service)),
)


def _service_sheets(score: Score) -> tuple[Sheet, ...]:
    """Service by class, and what happens before light is owed; none where nobody came."""
    if not score.classes:
        return ()
    columns: Mapping[str, ClassScore] = {**score.classes, "everyone": score.everyone} if len(score.classes) != 1 else score.classes
    head = ("", *columns)
    tau = words.seconds(score.tau_ms / 1000)
    service = tuple((name, *(shown(one) for one in columns.values())) for name, shown in _SERVICE_ROWS)
    arrival = tuple((name, *(shown(one) for one in columns.values())) for name, shown in _ARRIVAL_ROWS)
    return (
        Sheet(
            "Light for people",
            head,
            service,
            f"Light is owed from {tau} after somebody comes within a sensor's nominal reach, seen or not, until they leave. Every such "
            "second is fully lit, late (some lamp farther ahead not lit) or dark (the nearest lamp or the next one ahead not lit).",
        ),
        Sheet("Before light is owed (told apart, never a target)", head, arrival),
    )


def _possible(score: Score) -> tuple[tuple[str, str], ...]:
    """What could have been saved, beside what was."""
    if score.bounds is None:
        return ()
    return (
        ("at most possible, with full light for everyone and these lowest levels", words.percent(score.bounds.saving)),
        ("share of it that was reached", words.percent(score.bounds.share)),
        ("at most possible if lamps rested at their floors alone", words.percent(score.bounds.free_saving)),
    )


def _energy_sheet(score: Score) -> Sheet:
    energy, comfort = score.energy, score.comfort
    rows = []
    if energy.power_known:
        rows = [
            ("electricity of the lamps", words.kwh(energy.lamps_wh)),
            ("the same lamps always on", words.kwh(energy.always_on_wh)),
            ("of it lamps without control", words.kwh(energy.fixed_wh)),
            ("nodes and sensors", f"{words.kwh(energy.nodes_wh)} and {words.kwh(energy.sensors_wh)}"),
        ]
    changes = "n/a" if comfort.changes_per_lamp_hour is None else f"{comfort.changes_per_lamp_hour:.1f}"
    rows += [
        ("saving by control, lamps only", words.percent(energy.saving)),
        *_possible(score),
        ("nodes and sensors, as a share of always on", words.percent(energy.node_share)),
        ("net saving", words.percent(energy.net_saving)),
        ("light emitted", f"{energy.lumen_hours / 1000:,.0f} klm h".replace(",", " ")),
        ("changes of level, per lamp and hour", changes),
        (f"time in which neighbouring lamps differ more than 2:1 ({comfort.neighbours} pairs)", words.percent(comfort.uneven_share)),
    ]
    notes = []
    if not energy.power_known:
        notes.append("The power of at least one fixture is not known, so no energy is given in kWh.")
    if energy.estimated:
        notes.append("Power over level is estimated for at least one fixture (linear, from a share of the power at full).")
    return Sheet("Energy and quiet", ("", "this night"), tuple(rows), " ".join(notes))


def _losses(everyone: ClassScore) -> tuple[Bar, ...]:
    """Time without light by cause, most first; dark apart from late."""
    causes = {*everyone.dark_causes, *everyone.late_causes}
    pairs = [(cause, everyone.dark_causes.get(cause, 0.0), everyone.late_causes.get(cause, 0.0)) for cause in causes]
    found = sorted((pair for pair in pairs if pair[1] + pair[2] > 0), key=lambda pair: (-pair[1] - pair[2], pair[0]))
    return tuple(Bar(words.cause_name(cause), dark, late, _said(dark, late)) for cause, dark, late in found)


def _said(dark: float, late: float) -> str:
    parts = [f"{words.seconds(value)} {name}" for value, name in ((dark, "dark"), (late, "late")) if value > 0]
    return ", ".join(parts)


def _wasted(score: Score) -> tuple[Bar, ...]:
    """Light that nobody needed, by cause, most first: energy, or lamp-hours where power is not known."""
    known = score.energy.power_known
    found = sorted((loss for loss in score.losses if loss.lamp_s > 0), key=lambda loss: (-loss.lamp_s, loss.cause))
    if known:
        found.sort(key=lambda loss: -loss.energy_wh)
    return tuple(
        Bar(
            words.cause_name(loss.cause),
            0.0,
            max(0.0, loss.energy_wh) if known else loss.lamp_s,
            f"{words.kwh(loss.energy_wh)}, {words.seconds(loss.lamp_s)} of lamps" if known else f"{words.seconds(loss.lamp_s)} of lamps",
        )
        for loss in found
    )


def _lamps(score: Score) -> dict[int, LampEnergy]:
    known = score.energy.power_known
    return {
        number: LampEnergy(
            round(lamp.energy_wh * 1000) if known else None,
            round(lamp.always_on_wh * 1000) if known else None,
            lamp.mean_permille,
            lamp.changes,
        )
        for number, lamp in enumerate(score.lamps)
    }


def _users(score: Score) -> dict[int, str]:
    """What to add to the name of those who were late or dark."""
    columns = (score.users[name].to_pylist() for name in ("user", "dark_ms", "late_ms"))
    return {user: _said(dark / 1000, late / 1000) for user, dark, late in zip(*columns, strict=True) if dark or late}
