"""Reads a requirement: what service is judged against. Neither profile nor tuner writes it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from lykta.document import Document, Node
from lykta.profiles.loader import open_document
from lykta.profiles.model import Need, Requirement, RequirementPhase
from lykta.profiles.starts import NOON, check_order, read_start
from lykta.profiles.table import BY_KEY, CLASSES

KEYS = ("name", "note", "tau", "needs", "phases")
PHASE_KEYS = ("from", "needs")
NEED_KEYS = ("level", "ahead", "preview", "behind")
TAU_MS = 3_000
_LONGEST_TAU_MS = 30_000


def load_requirement(which: str | Path) -> Requirement:
    """The requirement in a file, or a packaged one by its name. Raises InputError with every problem found."""
    return read_requirement(open_document(which, "requirements"))


def read_requirement(document: Document) -> Requirement:
    """The requirement in a document: `needs` of the whole night, and `phases` that change them from then on."""
    root = document.root
    if not root.is_mapping():
        root.problem("a requirement has the keys name, tau, needs, and phases if wanted.")
        document.finish()
    root.unknown_keys(KEYS)
    name = root.get("name").text(default=Path(document.file).stem)
    tau = root.get("tau").quantity("time", lowest=0, highest=_LONGEST_TAU_MS, default=TAU_MS)
    needs = _read_needs(root.get("needs"), {})
    if not needs:
        root.get("needs").problem("a requirement says for at least one of pedestrian, cyclist, car what light is owed.")
    phases = [RequirementPhase(NOON, needs)]
    starts = []
    for title, node in root.get("phases").items():
        node.unknown_keys(PHASE_KEYS)
        start = read_start(node.get("from"))
        starts.append((title, node.get("from"), start))
        phases.append(RequirementPhase(start or NOON, _read_needs(node.get("needs"), phases[-1].needs)))
    check_order(starts)
    document.finish()
    return Requirement(name, tau, tuple(phases))


def _read_needs(node: Node, before: Mapping[str, Need]) -> dict[str, Need]:
    """What is owed to each class; a class that is not named is owed what it was before, at first nothing."""
    node.unknown_keys(CLASSES)
    found = dict(before)
    for name in CLASSES:
        child = node.get(name)
        if child.present:
            child.unknown_keys(NEED_KEYS)
            found[name] = Need(*(_read(child, key, before.get(name)) for key in NEED_KEYS))
    return found


def _read(node: Node, key: str, before: Need | None) -> int:
    """One figure of a need, within the limits of the setting of that name; only `preview` may be left out at first."""
    setting, child = BY_KEY[key], node.get(key)
    if before is not None and not child.present:
        return int(getattr(before, {"level": "level_permille", "preview": "preview_ms"}.get(key, f"{key}_cm")))
    lowest = 1 if key == "level" else setting.lowest
    if key == "preview":
        return child.quantity(setting.kind, lowest=lowest, highest=setting.highest, default=0)
    return child.quantity(setting.kind, lowest=lowest, highest=setting.highest)
