"""The tables that flow between the stages of the pipeline: their schemas, in one place.

Time `t_ms` is in ms since the origin of the night, local noon of its date; positions are in cm, levels in
permille of the design flux. `user` numbers the road users of the night from 0; -1 is nobody (a false alarm).
`lamp` and `link` are indices into `Site.lamps` and `Site.links`.
"""

from __future__ import annotations

import pyarrow as pa

#: Who moves where: one row per stretch at constant speed on one link, in the order (user, t0_ms). `from_cm` and `to_cm`
#: are chainages from the end `a` of the link; equal while the user stands. `lateral_cm`: offset to the right of a -> b.
#: `road_user`: PEDESTRIAN, CYCLIST, CAR of `core/schema`, or ANIMAL (sets off sensors, is owed no light).
TRAJECTORIES = pa.schema(
    [
        ("user", pa.int32()),
        ("road_user", pa.int8()),
        ("group", pa.int32()),
        ("t0_ms", pa.int32()),
        ("t1_ms", pa.int32()),
        ("link", pa.int32()),
        ("from_cm", pa.int32()),
        ("to_cm", pa.int32()),
        ("lateral_cm", pa.int32()),
    ]
)
ANIMAL = 4

#: What sensors report, in the order (t_ms, lamp, sensor). `kind`: the codes of `core/presence` (EDGE_ON, EDGE_OFF,
#: ENTER, LEAVE, TARGET). `distance_cm` and `speed_cms` (positive: towards the sensor) only for TARGET, else 0.
#: `road_user` is the class where the sensor can tell (only the ideal one can), else UNKNOWN.
#: `user` is the truth, for the account of losses alone: no engine shows it to the core.
READINGS = pa.schema(
    [
        ("lamp", pa.int32()),
        ("t_ms", pa.int32()),
        ("sensor", pa.int8()),
        ("kind", pa.int8()),
        ("distance_cm", pa.int32()),
        ("speed_cms", pa.int32()),
        ("road_user", pa.int8()),
        ("user", pa.int32()),
    ]
)

#: Detections that the nodes made of their readings, in the order (t_ms, lamp). `number` counts per lamp;
#: `speed_cms` 0 and `from_link` 255 are unknown; `prev_lamp`, `prev_number` name the detection that it continues (-1: none).
DETECTIONS = pa.schema(
    [
        ("lamp", pa.int32()),
        ("t_ms", pa.int32()),
        ("number", pa.int32()),
        ("road_user", pa.int8()),
        ("speed_cms", pa.int32()),
        ("from_link", pa.int16()),
        ("prev_lamp", pa.int32()),
        ("prev_number", pa.int32()),
        ("user", pa.int32()),
    ]
)

#: Light: one row per change of target (and one at the start for every lamp), in the order (lamp, t_ms). From `t_ms` on
#: the lamp moves from `position` (of `core/dimmer`, exact) towards `target_permille` by `rate` positions per ms.
#: `level_permille` is the level at `t_ms`; `cause` the code of `core/priority` that set the target.
LEVELS = pa.schema(
    [
        ("lamp", pa.int32()),
        ("t_ms", pa.int32()),
        ("position", pa.int32()),
        ("level_permille", pa.int16()),
        ("target_permille", pa.int16()),
        ("rate", pa.int32()),
        ("cause", pa.int8()),
    ]
)

#: What lamps do while nobody is there: one row per step, in the order (lamp, t_ms); a step holds until the next one. `idle_permille`
#: and `floor_permille` are what every scheme gives at least (the floor is the site's); `up` and `down` the ramps in positions of
#: `core/dimmer` per ms; `lit`: whether a lamp can give light at all then (else it is day).
RESTS = pa.schema(
    [
        ("lamp", pa.int32()),
        ("t_ms", pa.int32()),
        ("idle_permille", pa.int16()),
        ("floor_permille", pa.int16()),
        ("up", pa.int32()),
        ("down", pa.int32()),
        ("lit", pa.bool_()),
    ]
)
