"""The languages of the studio: every text of the page is translated, and numbers are written as each language writes them."""

from __future__ import annotations

import ast
import datetime as dt
import pickle
import string
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

from lykta import studio
from lykta.errors import Message
from lykta.profiles.texts import TEXTS
from lykta.site.checks import check
from lykta.site.loader import load
from lykta.studio.words import FOLDER, Words, catalog
from lykta.units import NotAQuantity, near_miss

PACKAGE = Path(studio.__file__).parent
SWEDISH = Words("sv")
#: Where sentences that know their text are made: what the page says of a file is said by these.
ELSEWHERE = sorted(
    file for file in PACKAGE.parent.rglob("*.py") if PACKAGE not in file.parents and "Message(" in file.read_text(encoding="utf-8")
)
MODULES = sorted(file.name for file in PACKAGE.glob("*.py"))


def texts(source: str) -> set[str]:
    """The texts that a module says: what stands in `say("...")`, `session.say("...")` and `N_("...")`."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id if isinstance(node.func, ast.Name) else ""
            if name in ("say", "_say", "N_", "Message") and node.args[0].value:
                found.add(node.args[0].value)
    return found


def said() -> set[str]:
    """Every text of the page: its own, the explanations of the settings, and what files are said to have wrong."""
    return set(TEXTS.values()).union(*(texts(file.read_text(encoding="utf-8")) for file in (*PACKAGE.glob("*.py"), *ELSEWHERE)))


def names(text: str) -> set[str]:
    """The {names} in a text."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("module", MODULES)
def test_swedish__lacks_no_text(module: str):
    """Whatever a module of the page says in English it says in Swedish."""
    found = texts((PACKAGE / module).read_text(encoding="utf-8"))
    assert sorted(found - set(catalog("sv"))) == []


@pytest.mark.parametrize("file", ELSEWHERE, ids=lambda file: file.stem)
def test_swedish__lacks_no_message_of_files(file: Path):
    """Whatever is said to be wrong in a file by a sentence that knows its text is said in Swedish too."""
    assert sorted(texts(file.read_text(encoding="utf-8")) - set(catalog("sv"))) == []


def test_error__is_said_in_the_language_of_the_page():
    """Text, values and a hint within it; the command line has the same sentence in English."""
    error = Message('"{given}" is no weekday.{hint} Write "fri", "fri-sat" or [mon, wed].', given="frii", hint=near_miss("frii", ["fri"]))
    assert error == '"frii" is no weekday. Did you mean "fri"? Write "fri", "fri-sat" or [mon, wed].'
    assert SWEDISH.error(error) == "”frii” är ingen veckodag. Menade du ”fri”? Skriv ”fri”, ”fri-sat” eller [mon, wed]."
    assert Words("en").error(error) == error
    assert SWEDISH.error(pickle.loads(pickle.dumps(error))) == SWEDISH.error(error)
    assert SWEDISH.error("a sentence of its own") == "a sentence of its own"


def test_check_of_a_site__is_said_in_swedish():
    """What the site's own check doubts, with its values: the sentence stands once, where it is found out."""
    found = [SWEDISH.error(problem.message) for problem in check(load("valla_torg"))]
    assert found[0] == "effekten för park vid olika nivåer är uppskattad, inte mätt (38 lampor)."


def test_swedish__explains_every_setting():
    """So are the explanations of the settings, which stand elsewhere."""
    assert sorted(set(TEXTS.values()) - set(catalog("sv"))) == []


def test_swedish__has_no_text_that_is_not_used():
    """What the page no longer says is not kept in the catalogs."""
    assert sorted(set(catalog("sv")) - said()) == []


def test_swedish__has_the_values_of_the_english_text():
    """A translation names exactly the values that its text has: a wrong one would fail in front of somebody."""
    assert {text: found for text, found in catalog("sv").items() if names(text) != names(found)} == {}


def test_catalogs__agree():
    """Two views may not translate one text differently."""
    seen: dict[str, tuple[str, str]] = {}
    for file in sorted((FOLDER / "sv").glob("*.po")):
        with file.open("rb") as opened:
            for message in read_po(opened):
                if message.id:
                    known, where = seen.setdefault(str(message.id), (str(message.string), file.name))
                    assert message.string == known, f"{message.id} is said differently in {where} and {file.name}"


def test_texts__are_found_in_f_strings_too():
    """The reader of texts sees those inside other texts."""
    assert texts("""ui.html(f"<b>{say('Views')}</b>"); N_('Tune'); other('no')""") == {"Views", "Tune"}


@pytest.mark.parametrize(
    ("language", "expected"), [("en", ("1,234.5", "−0.50", "41.2 %", "3.5 m/s")), ("sv", ("1\xa0234,5", "−0,50", "41,2 %", "3,5 m/s"))]
)
def test_numbers__are_written_as_the_language_writes_them(language: str, expected: tuple[str, ...]):
    """Decimal comma and thin thousands in Swedish; a real minus in both."""
    say = Words(language)
    assert expected == (say.number(1234.5, 1), say.number(-0.5, 2), say.percent(0.412), say.quantity("speed", 350))


def test_unknown_number__is_a_dash():
    """None is no zero."""
    assert (SWEDISH.number(None), SWEDISH.percent(None)) == ("–", "–")


def test_dates__are_in_words():
    """A day and a time of day in both languages."""
    day, moment = dt.date(2026, 12, 14), dt.datetime(2026, 12, 15, 3, 12, 4)
    assert (Words("en").date(day), Words("en").clock(moment)) == ("14 December 2026", "03:12")
    assert (SWEDISH.date(day), SWEDISH.clock(moment, seconds=True)) == ("14 december 2026", "03:12:04")


def test_decimal_comma__is_understood():
    """What somebody writes in Swedish is read; nonsense is answered in Swedish."""
    assert SWEDISH.parse("speed", "3,5 m/s") == 350
    with pytest.raises(NotAQuantity, match="går inte att läsa"):
        SWEDISH.parse("time", "snart")
    with pytest.raises(NotAQuantity, match="heltal"):
        SWEDISH.parse("count", "två")


def test_name_of_somebody__is_not_taken_for_a_value():
    """Braces in a value are left alone."""
    assert Words("en")("Saved in {file}.", file="{say}") == "Saved in {say}."


@pytest.mark.parametrize("language", ["en", "sv"])
@pytest.mark.parametrize("value", [0, -0.0, 0.125, 2.675, -1e-9, 999.995, -1234567.891, 30_000_000])
@pytest.mark.parametrize("signed", [False, True])
def test_number__is_written_as_babel_writes_it(language: str, value: float, signed: bool):
    """Groups, decimal sign, minus and rounding are those of the language's own rules."""
    locale = Words(language).locale
    for digits, pattern in enumerate(("#,##0", "#,##0.0", "#,##0.00", "#,##0.000")):
        theirs = format_decimal(value, format=f"+{pattern};-{pattern}" if signed else pattern, locale=locale)
        assert theirs.replace("-", "\N{MINUS SIGN}") == Words(language).number(value, digits, signed)
