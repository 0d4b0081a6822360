"""What the settings are called on the page, and the rules that tie them together; their explanations are those of `profiles.texts`."""

from __future__ import annotations

from collections.abc import Sequence

from lykta.corehost import schema
from lykta.profiles.table import BY_KEY, CLASSES
from lykta.studio.page import brief
from lykta.studio.telling import PHASES
from lykta.studio.words import N_, Words

#: By the keys of the settings table.
NAMES = {
    "idle": N_("Idle level"),
    "fault": N_("Level at a fault"),
    "ramp_up": N_("Ramp up"),
    "ramp_down": N_("Ramp down"),
    "reaction": N_("Reaction"),
    "frame_max": N_("Longest trust in a neighbour"),
    "linger_once": N_("Linger, seen once"),
    "level": N_("Presence level"),
    "ahead": N_("Lit ahead"),
    "preview": N_("Lit ahead, in time"),
    "behind": N_("Lit behind"),
    "hold": N_("Hold"),
    "linger": N_("Linger"),
    "coast_lamps": N_("Coasting, in posts"),
    "slowest": N_("Slowest speed"),
    "fastest": N_("Fastest speed"),
}
#: Who a setting is for.
WHO = {"everyone": N_("Everyone"), "pedestrian": N_("Pedestrians"), "cyclist": N_("Cyclists"), "car": N_("Cars")}

# By the codes of `core/schema`: the keys of the two values in conflict, and the sentence.
_RULES = {
    schema.RULE_IDLE_ABOVE_PRESENCE: ("idle", "level", N_("Idle level {first} would be above presence level {second} ({who}).")),
    schema.RULE_FAULT_BELOW_PRESENCE: ("fault", "level", N_("Level at a fault {first} would be below presence level {second} ({who}).")),
    schema.RULE_HOLD_BELOW_RAMP: ("hold", "ramp_up", N_("Hold {first} would be shorter than ramp up {second} ({who}).")),
    schema.RULE_LINGER_BELOW_HOLD: ("linger", "hold", N_("Linger {first} would be shorter than hold {second} ({who}).")),
    schema.RULE_SLOWEST_ABOVE_FASTEST: ("slowest", "fastest", N_("Slowest speed {first} would not be below fastest {second} ({who}).")),
}


def phase(say: Words, name: str) -> str:
    """A phase of the night; those that a profile has named itself are left as they are."""
    return say(name) if name in PHASES else brief(name, 20)


def broken_rule(say: Words, rows: Sequence[Sequence[int]]) -> str:
    """The first rule that one of some settings rows breaks, as a sentence; "" where none does."""
    for row in rows:
        for code, (first, second, text) in _RULES.items():
            for road_user, name in enumerate(CLASSES):
                if schema.broken(row, code, road_user):
                    one, other = (say.quantity(BY_KEY[key].kind, row[BY_KEY[key].position(road_user)]) for key in (first, second))
                    return say(text, first=one, second=other, who=say(WHO[name]).lower())
    return ""
