"""Who gets an update, in which order, and what undoes one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lykta.errors import InputError, LyktaError
from lykta.fleet.model import NodeState
from lykta.fleet.updates.bundle import Bundle
from lykta.fleet.updates.record import OFFERED, UPDATED, Folder, Record, spread
from lykta.node.street import Street


def begin(
    street: Street, states: Mapping[str, NodeState], names: Mapping[str, str], lamps: Sequence[str], bundle: Bundle,
    stages: Sequence[float], first: Sequence[str], now: float,
) -> tuple[Record, list[str]]:  # fmt: skip
    """(a new roll-out, the lamps that are left out because the bundle is for other chips). InputError where nobody is left.

    `names`: of the nodes, by lamp. Those of `first` begin; then who is online, neighbours far from each other; then the others.
    """
    foreign = [lamp for lamp in lamps if street.boards[lamp].chip.name not in bundle.about.chips]
    wanted = [lamp for lamp in lamps if lamp not in foreign]
    if not wanted:
        chips = ", ".join(sorted({street.boards[lamp].chip.name for lamp in lamps}))
        raise InputError.of(
            bundle.version, f"the bundle is for {', '.join(bundle.about.chips)}, these lamps have {chips}. Build it with --chip."
        )
    order = [lamp for lamp in spread(wanted) if lamp not in first]
    order.sort(key=lambda lamp: states[names[lamp]].online is not True)
    order = [*(lamp for lamp in first if lamp in wanted), *order]
    return Record.new(bundle, now, [names[lamp] for lamp in order], stages), foreign


def undoing(record: Record, folder: Folder, to: Bundle | None, now: float) -> tuple[Record, Bundle]:
    """(the roll-out that takes an update back, with the bundle of the version before). LyktaError where that is not here.

    All nodes that have it, or may soon have it, at once: they ran the old version yesterday, and still have its files.
    """
    nodes = record.of(UPDATED, OFFERED)
    if not nodes:
        raise LyktaError(f"No node has {record.version} from this roll-out: there is nothing to undo.")
    before = sorted({record.nodes[name].before for name in nodes} - {""})
    if to is None:
        found = [folder.bundle_of(version) for version in before]
        if len(found) != 1 or found[0] is None:
            told = ", ".join(before) or "a version without a name, which the cable brought"
            message = (
                f"before it the nodes had {told}; of that no single bundle is in {folder.path}. Build it again, and give it with --to."
            )
            raise LyktaError(message)
        to = found[0]
    return Record.new(to, now, nodes, [1.0], record.bundle), to
