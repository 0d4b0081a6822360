"""A short name for what something holds, the same in every process: sets have an order of their own in each."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Set
from dataclasses import fields, is_dataclass


def digest(value: object) -> str:
    """Twelve letters for a value made of dataclasses, mappings, sets, sequences and plain values."""
    return hashlib.sha256(_told(value).encode()).hexdigest()[:12]


def _told(value: object) -> str:
    if is_dataclass(value) and not isinstance(value, type):
        return f"{type(value).__name__}({', '.join(f'{one.name}={_told(getattr(value, one.name))}' for one in fields(value))})"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_told(key)}: {_told(one)}' for key, one in value.items())}}}"
    if isinstance(value, Set):
        return f"{{{', '.join(sorted(map(_told, value)))}}}"
    if isinstance(value, (tuple, list)):
        return f"({', '.join(map(_told, value))})"
    return repr(value)
