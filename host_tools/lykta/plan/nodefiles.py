"""Makes all the files of a node: what is written into its `/data/` before it goes up the post.

| file | what | format |
|---|---|---|
| `identity` | who it is | JSON: site, lamp (its id on the site), number (what the radio calls it), board |
| `board` | pins and devices | JSON: see `board_of` |
| `program` | the settings of any night | integers of `core/almanac`, 4 bytes each, the lowest first |
| `table` | the neighbour table | integers of `core/neighbours`, then two more: where its own rows begin, how many rows there are |
| `adjacent` | whose heartbeats count | integers: numbers of nodes, the nearest first |
| `keys` | keys of the radio | `plan/keys.key_file` |
"""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Mapping

from lykta.corehost import neighbours
from lykta.errors import InputError
from lykta.plan.blocks import make_block, reach_of
from lykta.plan.keys import Keys, Segments, key_file, segments_of, simulated_keys
from lykta.plan.program import make_program, to_bytes
from lykta.plan.tables import Reach, Tables, make_tables
from lykta.profiles import Profile
from lykta.site.graph import Graph
from lykta.site.model import Fixture, Lamp, Sensor, Site

#: The board of the simulator: an ESP32 whose pins are none that decide how it starts (0, 2, 5, 12, 15).
BOARD = "simulated_esp32"
_PWM_PIN, _PWM_HZ = 25, 1000
_PIR_PINS = (27, 26, 33, 32)
_UARTS = ((2, 17, 16), (1, 19, 18))  # number, pin out, pin in; number 0 is the console
_LED_PIN = 13
#: HC-SR501: 60 s until it can be trusted; BISS0001: blind 2.5 s after its output fell.
_WARM_UP_MS, _BLIND_MS = 60_000, 2500
#: From post to post in the open, on the safe side: farther along the straight line, telegrams are relayed [cm].
RADIO_RANGE_CM = 20_000
Board = dict[str, object]


def node_files(site: Site, graph: Graph, profile: Profile, first: dt.date, keys: Keys | int) -> dict[str, dict[str, bytes]]:
    """The files of every node of a site for ten years from `first`: {id of the lamp: {name of the file: contents}}.

    `keys`: those of the site, or a seed to derive them from for simulation. InputError where the profile lacks a zone, or
    a lamp has sensors that no board can drive.
    """
    missing = profile.missing_zones(dict.fromkeys(lamp.zone for lamp in site.lamps))
    if missing:
        raise InputError(missing)
    tables = make_tables(graph, [_reach(profile, lamp) for lamp in site.lamps])
    segments = segments_of(graph, tables)
    given = simulated_keys(graph, segments, keys) if isinstance(keys, int) else keys
    nodes = [(number, lamp) for number, lamp in enumerate(site.lamps) if lamp.adaptive]
    return {lamp.id: _files(graph, profile, first, number, tables, segments, given) for number, lamp in nodes}


def _files(graph: Graph, profile: Profile, first: dt.date, number: int, tables: Tables, segments: Segments, keys: Keys) -> dict[str, bytes]:
    site = graph.site
    lamp = site.lamps[number]
    table = tables.tables[number]
    rows = (len(table) - neighbours.HEADER) // neighbours.ROW_LENGTH
    identity = {"site": site.name, "lamp": lamp.id, "number": number, "board": lamp.board or BOARD}
    return {
        "identity": _json(identity),
        "board": _json(board_of(lamp, site.fixtures[lamp.fixture], relays(graph, tables, number))),
        "program": to_bytes(make_program(site, profile, lamp, first)),
        "table": to_bytes([*table, tables.own[number], rows]),
        "adjacent": to_bytes(tables.adjacent[number]),
        "keys": key_file(lamp.id, number, segments, keys),
    }


def _json(value: Mapping[str, object]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _reach(profile: Profile, lamp: Lamp) -> Reach:
    """How far evidence may matter to a lamp in any night of the profile."""
    rows = dict.fromkeys(phase.rows[lamp.zone] for _, night in profile.nights() for phase in night.phases)
    return reach_of(make_block([(number, 0, row) for number, row in enumerate(rows)], 0, 0))


def relays(graph: Graph, tables: Tables, number: int) -> int:
    """How often what a lamp tells must be passed on to reach all who need it."""
    place = (float(graph.x_cm[number]), float(graph.y_cm[number]))
    far = [math.dist(place, (float(graph.x_cm[other]), float(graph.y_cm[other]))) for other, _ in tables.receivers[number]]
    return max(0, math.ceil(max(far, default=0.0) / RADIO_RANGE_CM) - 1)


def board_of(lamp: Lamp, fixture: Fixture, hops: int, channel: int = 1) -> Board:
    """The board that the simulator gives a lamp: pins for its sensors, the curve of its driver, radio.

    {"chip", "fixture": {"kind", "pin", "freq" [Hz], "curve": [[duty, flux] permille], "lowest" [permille]}, "sensors": [{"kind",
    "pin", "warm_up_ms", "blind_ms"} for a PIR, {"kind", "uart", "tx", "rx"} for a radar, in the order of the site], "led": {"pin"},
    "light_sensor": None, "meter": None, "radio": {"channel", "hops"}}
    """
    pins, uarts = list(_PIR_PINS), list(_UARTS)
    output = {"kind": "pwm", "pin": _PWM_PIN, "freq": _PWM_HZ, "curve": curve_of(fixture), "lowest": fixture.lowest_stable_permille}
    return {
        "chip": "esp32",
        "fixture": output,
        "sensors": [_wired(lamp, sensor, pins, uarts) for sensor in lamp.sensors],
        "led": {"pin": _LED_PIN},
        "light_sensor": None,
        "meter": None,
        "radio": {"channel": channel, "hops": hops},
    }


def _wired(lamp: Lamp, sensor: Sensor, pins: list[int], uarts: list[tuple[int, int, int]]) -> Board:
    """A sensor on the next free pin or UART."""
    if sensor.kind == "pir" and pins:
        return {"kind": "pir", "pin": pins.pop(0), "warm_up_ms": _WARM_UP_MS, "blind_ms": _BLIND_MS}
    if sensor.kind in ("ld2410", "ld2451") and uarts:
        uart, out, into = uarts.pop(0)
        return {"kind": sensor.kind, "uart": uart, "tx": out, "rx": into}
    if sensor.kind == "ideal":
        raise InputError.of(lamp.id, "an ideal sensor exists only in the kernel engine. Give the lamp a real one, for example `pir`.")
    message = (
        f"a board has room for {len(_PIR_PINS)} PIRs and {len(_UARTS)} radars. Take the {sensor.kind} away, or put it on another post."
    )
    raise InputError.of(lamp.id, message)


def curve_of(fixture: Fixture) -> list[list[int]]:
    """The calibration of a fixture's driver: rising pairs of duty and flux [permille], from nothing to full; a line where unknown."""
    knots = [[0, 0]]
    for flux, duty in fixture.driver or ((1000, 1000),):
        if duty > knots[-1][0]:
            knots.append([duty, flux])
        else:
            knots[-1][1] = flux  # the same duty: the most light that it gives
    return knots if knots[-1][0] == 1000 else [*knots, [1000, 1000]]
