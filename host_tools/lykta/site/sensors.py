"""The kinds of sensor a post may carry, how far each sees, and how a site writes them: `pir`, `ld2451 towards S02`.

Ranges are nominal, in m, on the way along which the lamp stands. PIR and ideal: 8 m. LD2410: 6 m (gates 1 to 8 of 0.75 m).
LD2451: cars 60 m and walkers 8 m; for cyclists nothing was measured, 15 m is an assumption on the safe side.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from lykta.document import Node
from lykta.site.model import Sensor
from lykta.units import near_miss

RANGES_CM: Mapping[str, Mapping[str, int]] = {
    "ideal": {"pedestrian": 800, "cyclist": 800, "car": 800},
    "pir": {"pedestrian": 800, "cyclist": 800, "car": 800},
    "ld2410": {"pedestrian": 600, "cyclist": 600, "car": 600},
    "ld2451": {"pedestrian": 800, "cyclist": 1500, "car": 6000},
}
DIRECTED = frozenset({"ld2451"})  # kinds that look one way and so need a point to face
TOWARDS = " towards "
CLASSES = ("pedestrian", "cyclist", "car")


def read_models(node: Node) -> dict[str, Sensor]:
    """The sensors that a site may name: every kind under its own name, and those that the site describes."""
    models = {kind: Sensor(kind, dict(ranges)) for kind, ranges in RANGES_CM.items()}
    for name, child in node.items():
        child.unknown_keys(("kind", "range"))
        kind = child.get("kind").text(choices=tuple(RANGES_CM), default=name)
        models[name] = Sensor(kind, _ranges(child.get("range"), kind))
    return models


def _ranges(node: Node, kind: str) -> dict[str, int]:
    """Range by class: one length for everyone, or a mapping by class (what is left out keeps its nominal range)."""
    nominal = dict(RANGES_CM.get(kind, RANGES_CM["pir"]))
    if node.present and not node.is_mapping():
        length = node.quantity("length", lowest=50, highest=20_000)
        return dict.fromkeys(CLASSES, length)
    node.unknown_keys(CLASSES)
    return {name: node.get(name).quantity("length", lowest=0, highest=20_000, default=nominal[name]) for name in CLASSES}


def read_sensors(node: Node, models: Mapping[str, Sensor]) -> tuple[Sensor, ...]:
    """The sensors of one lamp: a text or a list of texts."""
    items = node.list() if node.is_list() else [node] if node.present else []
    found = (_read_sensor(item, models) for item in items)
    return tuple(sensor for sensor in found if sensor is not None)


def _read_sensor(node: Node, models: Mapping[str, Sensor]) -> Sensor | None:
    name, _, facing = node.text().partition(TOWARDS)
    model = models.get(name.strip())
    if model is None:
        node.problem(f'no sensor is called "{name}".{near_miss(name, models)} Known: {", ".join(models)}.')
        return None
    if model.kind in DIRECTED and not facing:
        node.problem(f'{model.kind} looks one way: name the next point that it faces, for example "{name} towards S02".')
    if model.kind not in DIRECTED and facing:
        node.problem(f"{model.kind} looks all round: leave `towards {facing.strip()}` out.")
    return Sensor(model.kind, model.range_cm, facing.strip())


def write_sensor(sensor: Sensor, models: Mapping[str, Sensor]) -> str:
    """A sensor as `read_sensors` reads it: by the name of the model with its kind and ranges."""
    same = (name for name, model in models.items() if model.kind == sensor.kind and model.range_cm == sensor.range_cm)
    name = next(same, sensor.kind)
    return f"{name}{TOWARDS}{sensor.facing}" if sensor.facing else name


def models_of(sensors: Collection[Sensor]) -> dict[str, Sensor]:
    """Names for every model among some sensors: its kind where the ranges are nominal, else the kind and a number."""
    models = {kind: Sensor(kind, dict(ranges)) for kind, ranges in RANGES_CM.items()}
    for sensor in sensors:
        if not any(model.kind == sensor.kind and model.range_cm == sensor.range_cm for model in models.values()):
            number = sum(model.kind == sensor.kind for model in models.values()) + 1
            models[f"{sensor.kind}_{number}"] = Sensor(sensor.kind, dict(sensor.range_cm))
    return models
