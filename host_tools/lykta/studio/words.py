"""The languages of the studio: texts by gettext, numbers, times and dates as each language writes them.

Every text stands in English in the code, inside `say("...")`, and in Swedish in the catalogs `locale/sv/*.po`, one for each view. They
are read as they are: nothing has to be compiled, and a test keeps them complete.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from pathlib import Path

from lykta.errors import EnvironmentLacks, InputError, Message
from lykta.studio.saying import N_
from lykta.units import KINDS, NotAQuantity, parse, show

try:
    from babel import Locale
    from babel.dates import format_date, format_time
    from babel.messages.pofile import read_po
    from babel.numbers import get_decimal_symbol, get_group_symbol
except ImportError as error:
    raise EnvironmentLacks('The studio needs NiceGUI: install it with `pip install "lykta[studio]"` (in a clone: `make env`).') from error

FOLDER = Path(__file__).with_name("locale")
#: Language -> what it calls itself. English needs no catalog.
LANGUAGES = {"en": "English", "sv": "Svenska"}
_LOCALES = {"en": "en_GB", "sv": "sv_SE"}
_NO_VALUE = "–"
_WRITTEN = re.compile(r"[\d.]+( \D\S*)?")
_EXAMPLES = {"level": 500, "time": 30_000, "length": 6600, "speed": 350}


@cache
def catalog(language: str) -> dict[str, str]:
    """English text -> text in a language, from all catalogs of that language; texts that lack are left out."""
    found: dict[str, str] = {}
    for file in sorted((FOLDER / language).glob("*.po")):
        with file.open("rb") as opened:
            messages = read_po(opened, locale=_LOCALES[language])
        found |= {str(one.id): str(one.string) for one in messages if one.id and one.string and not one.fuzzy}
    return found


@cache
def _signs(language: str) -> dict[int, str]:
    """What stands in a language for the signs in numbers of Python."""
    locale = _LOCALES[language]
    return str.maketrans({",": get_group_symbol(locale), ".": get_decimal_symbol(locale), "-": "\N{MINUS SIGN}"})


@dataclass(frozen=True)
class Words:
    """What one language says: `say("Saved in {file}.", file=path)`, `say.number(0.5, 1)`."""

    language: str = "en"

    def __call__(self, text: str, /, **values: object) -> str:
        """A text in this language, with values at its {names}."""
        found = catalog(self.language).get(text, text) if self.language != "en" else text
        return found.format(**values) if values else found

    def error(self, message: str) -> str:
        """A sentence of an error; one that knows its text and values (`errors.Message`) in this language, others as they are."""
        if not isinstance(message, Message):
            return message
        values = {name: self.error(value) if isinstance(value, str) else value for name, value in message.values.items()}
        return self(message.text, **values)

    def fault(self, error: Exception) -> str:
        """What an error says, as it is printed, each sentence that knows its text in this language."""
        if isinstance(error, InputError):
            problems = (replace(one, file=self.error(one.file), message=self.error(one.message)) for one in error.problems)
            return "\n".join(map(str, problems))
        said = error.args[0] if error.args else ""
        return self.error(said) if isinstance(said, Message) else str(error)

    @property
    def locale(self) -> Locale:
        """The rules for numbers and dates."""
        return Locale.parse(_LOCALES[self.language])

    def number(self, value: float | None, digits: int = 0, signed: bool = False) -> str:
        """A number with so many decimals: `1,234.5`, in Swedish `1 234,5`; a dash for None."""
        if value is None:
            return _NO_VALUE
        shown = format(Decimal(str(value)), f"{'+' if signed else ''},.{digits}f")  # as Babel does it, which takes a hundred times as long
        return shown.translate(_signs(self.language))

    def percent(self, share: float | None, digits: int = 1, signed: bool = False) -> str:
        """A share between 0 and 1 in percent: `41.2 %`."""
        return _NO_VALUE if share is None else f"{self.number(100 * share, digits, signed)} %"

    def quantity(self, kind: str, value: int) -> str:
        """An integer of the code as people write it (`units.show`), with the decimal sign of the language."""
        return self.written(show(kind, value))

    def written(self, quantity: str) -> str:
        """A quantity that was written down, `99.5 %`, with the decimal sign of the language; anything else as it is."""
        return quantity.translate(_signs(self.language)) if _WRITTEN.fullmatch(quantity) else quantity

    def parse(self, kind: str, text: str) -> int:
        """The integer of what somebody wrote; a decimal comma is understood. NotAQuantity with a sentence in this language."""
        try:
            return parse(kind, text.strip().replace(",", "."))
        except NotAQuantity:
            said = N_("“{given}” cannot be read here. Write a number with its unit, such as {example}.")
            if not KINDS[kind].usual:
                said = N_("“{given}” is no whole number. Write one such as {example}.")
            raise NotAQuantity(self(said, given=text[:60], example=self.quantity(kind, _EXAMPLES.get(kind, 1)))) from None

    def date(self, day: dt.date, style: str = "long") -> str:
        """A day: `14 December 2026`. `style`: short, medium, long or full, as Babel calls them."""
        return str(format_date(day, style, locale=self.locale))

    def clock(self, moment: dt.datetime, seconds: bool = False) -> str:
        """The time of day of a moment, as its own time zone has it: `03:12`."""
        return str(format_time(moment, "HH:mm:ss" if seconds else "HH:mm", locale=self.locale))


__all__ = ["FOLDER", "LANGUAGES", "N_", "Words", "catalog"]
