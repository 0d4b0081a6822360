"""What says things in a language, for who tells and does not mind which: the page in all of its own, the command line in English.

It needs nothing that is not installed everywhere: `words` has the languages, with what the extra `studio` brings.
"""

from __future__ import annotations

import datetime as dt
from typing import Protocol

from lykta.units import show


def N_(text: str) -> str:  # noqa: N802  the name that gettext tools know
    """Mark a text for the catalogs where it stands; it is said elsewhere."""
    return text


class Say(Protocol):
    """A language: `say("Saved in {file}.", file=path)`."""

    def __call__(self, text: str, /, **values: object) -> str:
        """A text in this language, with values at its {names}."""

    def number(self, value: float | None, digits: int = 0, signed: bool = False) -> str:
        """A number with so many decimals."""

    def quantity(self, kind: str, value: int) -> str:
        """An integer of the code as people write it."""

    def written(self, quantity: str) -> str:
        """A quantity that was written down, with the decimal sign of the language."""

    def date(self, day: dt.date, style: str = "long") -> str:
        """A day."""

    def clock(self, moment: dt.datetime, seconds: bool = False) -> str:
        """The time of day of a moment."""


class Plain:
    """English, as the code has it; the same as the page says."""

    def __call__(self, text: str, /, **values: object) -> str:
        """See `Say`."""
        return text.format(**values) if values else text

    def number(self, value: float | None, digits: int = 0, signed: bool = False) -> str:
        """See `Say`."""
        if value is None:
            return "–"
        return f"{value:{'+' if signed else ''},.{digits}f}".replace("-", "\N{MINUS SIGN}")

    def quantity(self, kind: str, value: int) -> str:
        """See `Say`."""
        return show(kind, value)

    def written(self, quantity: str) -> str:
        """See `Say`."""
        return quantity

    def date(self, day: dt.date, style: str = "long") -> str:
        """See `Say`."""
        return f"{day.day} {day:{'%B' if style == 'long' else '%b'} %Y}"

    def clock(self, moment: dt.datetime, seconds: bool = False) -> str:
        """See `Say`."""
        return f"{moment:%H:%M:%S}" if seconds else f"{moment:%H:%M}"
