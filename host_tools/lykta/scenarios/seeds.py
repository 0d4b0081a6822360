"""Seeds as people write them."""

from __future__ import annotations

import re

_PART = re.compile(r"(\d{1,12})(?:\s*-\s*(\d{1,12}))?")
_LARGEST = 0x7FFFFFFF
_MOST = 10_000


def parse_seeds(text: str) -> list[int]:
    """The seeds in a text: `7`, `1-20`, `1, 5, 9-12`; each once, in the order written. Raises ValueError."""
    found: dict[int, None] = {}
    for part in text.split(","):
        match = _PART.fullmatch(part.strip())
        if match is None:
            raise ValueError(f'"{text}" is no seed. Write a number, or several: 1-20, or 1, 5, 9-12.')
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first:
            raise ValueError(f'"{part.strip()}" runs backwards. Did you mean "{last}-{first}"?')
        if last > _LARGEST:
            raise ValueError(f"{last} is too large for a seed: at most {_LARGEST}.")
        if last - first >= _MOST or len(found) + last - first >= _MOST:
            raise ValueError(f'"{text}" are more than {_MOST:,} nights. Run them in parts.')
        found.update(dict.fromkeys(range(first, last + 1)))
    return list(found)
