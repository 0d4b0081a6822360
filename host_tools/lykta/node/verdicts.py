"""What a check says: PASS, FAIL, or NOT CHECKED, which is neither and never green."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

PASS, FAIL, NOT_CHECKED = "PASS", "FAIL", "NOT CHECKED"


@dataclass(frozen=True)
class Finding:
    """What was found of one part. `part`: what it is, in a word or two; `text`: what was seen, and what to do where it is wrong."""

    part: str
    verdict: str
    text: str


def overall(verdicts: Iterable[str]) -> str:
    """The verdict of all together: FAIL if any failed, NOT CHECKED if any was not checked, or if there is none."""
    found = set(verdicts)
    if FAIL in found:
        return FAIL
    return PASS if found == {PASS} else NOT_CHECKED
