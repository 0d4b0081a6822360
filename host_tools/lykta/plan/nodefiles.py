"""Makes all the files of a node: what is written into its `/data/` before it goes up the post.

| file | what | format |
|---|---|---|
| `identity` | who it is | JSON: site, lamp (its id on the site), number (what the radio calls it), board |
| `board` | pins and devices | JSON: see `board_of` |
| `program` | the settings of any night | integers of `core/almanac`, 4 bytes each, the lowest first |
| `table` | the neighbour table | integers of `core/neighbours`, then two more: where its own rows begin, how many rows there are |
| `adjacent` | whose heartbeats count | integers: numbers of nodes, the nearest first |
| `keys` | keys of the radio | `plan/keys.key_file` |
| `behind` | of a gateway: numbers, keys and names of the lamps whose letters it carries | `behind_file` |
| `uplink`, `ca`, `cert`, `certkey` | on a network: where the broker is, what proves each to the other | JSON; DER; made with the broker |
"""

from __future__ import annotations

import datetime as dt
import json
import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from lykta.corehost import neighbours
from lykta.errors import InputError, Problem
from lykta.plan.blocks import make_block, reach_of
from lykta.plan.board import DEFAULT, Board, Uart
from lykta.plan.board_reader import load_board
from lykta.plan.gateways import carriers
from lykta.plan.keys import KEY_BYTES, Keys, Segments, key_file, segments_of, simulated_keys
from lykta.plan.program import make_program, to_bytes
from lykta.plan.routes import RADIO_RANGE_CM, Route, hearers, routes_of
from lykta.plan.tables import Reach, Tables, make_tables
from lykta.profiles import Profile
from lykta.site.graph import Graph
from lykta.site.model import Fixture, Lamp, Sensor, Site

#: HC-SR501: 60 s until it can be trusted; BISS0001: blind 2.5 s after its output fell.
_WARM_UP_MS, _BLIND_MS = 60_000, 2500
#: What `network` has of a node.
NETWORK_FILES = ("uplink", "ca", "cert", "certkey")
#: The longest name of a node on the network: what a certificate allows for a common name.
NAME_LENGTH = 64
#: What a node is told of its board, as JSON.
Told = dict[str, object]
#: Keys of the site: as they are, made when it is known which segments there are, or a seed to derive them from for simulation.
KeysFrom = Keys | Callable[[Segments], Keys] | int


def node_files(
    site: Site, graph: Graph, profile: Profile, first: dt.date, keys: KeysFrom, network: Mapping[str, Mapping[str, bytes]] | None = None
) -> dict[str, dict[str, bytes]]:
    """The files of every node of a site for ten years from `first`: {id of the lamp: {name of the file: contents}}.

    `network`: the four files of nodes on a network, by lamp, as whoever set up their broker made them; they are added as they are. A fifth,
    `wifi`, is the access point ({"network", "password"}).
    InputError where the profile lacks a zone, a board is not known or wrong, or a lamp has sensors that its board cannot drive.
    """
    missing = profile.missing_zones(dict.fromkeys(lamp.zone for lamp in site.lamps))
    if missing:
        raise InputError(missing)
    tables = make_tables(graph, reaches_of(profile, site))
    boards = boards_of(site)
    routes = routes_of(graph, carriers(graph, boards))
    segments = segments_of(graph, tables, hearers(routes))
    nodes = [(number, lamp) for number, lamp in enumerate(site.lamps) if lamp.adaptive]
    given = _keys(graph, segments, keys)
    files = {lamp.id: _files(graph, profile, first, number, tables, segments, given, boards[lamp.id], routes) for number, lamp in nodes}
    return {lamp: _connected(own, (network or {}).get(lamp, {})) for lamp, own in files.items()}


def _connected(own: dict[str, bytes], network: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files of a node with those of its network; the access point is a part of its board."""
    files = {**own, **{name: network[name] for name in NETWORK_FILES if name in network}}
    if "wifi" in network:
        files["board"] = _json({**json.loads(own["board"]), "wifi": json.loads(network["wifi"])})
    return files


def boards_of(site: Site) -> dict[str, Board]:
    """The board of every lamp that has a node. InputError, at the lamp that names it, for one that is not known or wrong."""
    beside = Path(site.file).parent
    read: dict[str, Board] = {}
    for lamp in site.lamps:
        name = lamp.board or DEFAULT
        if lamp.adaptive and name not in read:
            try:
                read[name] = load_board(name, beside)
            except InputError as error:
                if error.problems[0].line or not site.file:
                    raise  # the file is there, and wrong
                line, column = site.positions.get(f"lamps.{lamp.id}", (0, 0))
                message = f'"{name}" {error.problems[0].message}'
                raise InputError.of(site.file, message, line=line, column=column, path=f"lamps.{lamp.id}.board") from None
    return {lamp.id: read[lamp.board or DEFAULT] for lamp in site.lamps if lamp.adaptive}


def check_boards(site: Site) -> None:
    """Raise InputError, with every lamp that it concerns, where a board is not known or wrong, or has no room for a lamp's sensors."""
    boards = boards_of(site)
    problems: list[Problem] = []
    for lamp in site.lamps:
        real = replace(lamp, sensors=tuple(sensor for sensor in lamp.sensors if sensor.kind != "ideal"))
        try:
            if lamp.adaptive:
                board_of(boards[lamp.id], real, site.fixtures[lamp.fixture], 0)
        except InputError as error:
            line, column = site.positions.get(f"lamps.{lamp.id}", (0, 0))
            problems.append(Problem(site.file, line, column, f"lamps.{lamp.id}.sensors", error.problems[0].message))
    if problems:
        raise InputError(problems)


def node_name(site: str, lamp: str) -> str:
    """What the network calls the node of a lamp: {site}.{lamp} in letters, digits, `_`, `-` and `.`, the site's part without a dot.

    It is the common name of its certificate, its client id and a level of its topics. InputError where nothing is left, or more than 64.
    """
    name = f"{network_word(site).replace('.', '_').lower()}.{network_word(lamp)}"
    if len(name) > NAME_LENGTH or name.startswith(".") or name.endswith("."):
        message = f'"{name}" cannot be the name of a node: at most {NAME_LENGTH} letters or digits, some of them from the lamp.'
        raise InputError.of(f"{site}, {lamp}", f"{message} Give the site or the lamp another.")
    return name


def node_names(site: Site) -> dict[str, str]:
    """The names of all nodes of a site on the network, by the id of their lamps. InputError where two lamps would have the same."""
    names = {lamp.id: node_name(site.name, lamp.id) for lamp in site.lamps if lamp.adaptive}
    first: dict[str, str] = {}
    for lamp, name in names.items():
        other = first.setdefault(name, lamp)
        if other != lamp:
            line, column = site.positions.get(f"lamps.{lamp}", (0, 0))
            message = f'on the network {lamp} and {other} would both be "{name}". Give one another id.'
            raise InputError.of(site.file or site.name, message, line=line, column=column, path=f"lamps.{lamp}.id")
    return names


def district_of(site: str) -> str:
    """The district of a site on the network, where nobody names one: its own name, as it stands in names of nodes."""
    return node_name(site, "x")[:-2]


def network_word(text: str) -> str:
    """A text in the alphabet of the network: accents dropped, whatever else is not a letter, digit, `_`, `-` or `.` as one `_`."""
    bare = "".join(sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign))
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", bare).strip("_")


def _keys(graph: Graph, segments: Segments, keys: KeysFrom) -> Keys:
    if isinstance(keys, int):
        return simulated_keys(graph, segments, keys)
    return keys if isinstance(keys, Keys) else keys(segments)


def _files(
    graph: Graph, profile: Profile, first: dt.date, number: int, tables: Tables, segments: Segments, keys: Keys, board: Board,
    routes: Mapping[int, Route],
) -> dict[str, bytes]:  # fmt: skip
    site = graph.site
    lamp = site.lamps[number]
    table = tables.tables[number]
    rows = (len(table) - neighbours.HEADER) // neighbours.ROW_LENGTH
    identity = {"site": site.name, "lamp": lamp.id, "number": number, "board": board.id}
    route = routes.get(number)
    behind = {"behind": behind_file(site, route, keys)} if route is not None and route.gateway == number else {}
    return {
        "identity": _json(identity),
        "board": _json(board_of(board, lamp, site.fixtures[lamp.fixture], relays(graph, tables, number), post=route)),
        "program": to_bytes(make_program(site, profile, lamp, first)),
        "table": to_bytes([*table, tables.own[number], rows]),
        "adjacent": to_bytes(tables.adjacent[number]),
        "keys": key_file(lamp.id, number, segments, keys),
        **behind,
    }


def behind_file(site: Site, route: Route, keys: Keys) -> bytes:
    """The file `behind` of a gateway: number (2 bytes), own key (32), length of the name (1) and name on the network of each lamp.

    InputError for a key that is missing.
    """
    found = b""
    for number in sorted(route.below):
        lamp = site.lamps[number].id
        key = keys.nodes.get(lamp, b"")
        if len(key) != KEY_BYTES:
            raise InputError.of(lamp, "its own key must be there, for its gateway. Make the keys of the site anew.")
        name = node_name(site.name, lamp).encode()
        found += number.to_bytes(2, "big") + key + bytes([len(name)]) + name
    return found


def _json(value: Mapping[str, object]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def reaches_of(profile: Profile, site: Site) -> list[Reach]:
    """How far evidence may matter to each lamp of a site in any night of the profile."""
    return [_reach(profile, lamp) for lamp in site.lamps]


def _reach(profile: Profile, lamp: Lamp) -> Reach:
    """How far evidence may matter to a lamp in any night of the profile."""
    rows = dict.fromkeys(phase.rows[lamp.zone] for _, night in profile.nights() for phase in night.phases)
    return reach_of(make_block([(number, 0, row) for number, row in enumerate(rows)], 0, 0))


def relays(graph: Graph, tables: Tables, number: int) -> int:
    """How often what a lamp tells must be passed on to reach all who need it."""
    place = (float(graph.x_cm[number]), float(graph.y_cm[number]))
    far = [math.dist(place, (float(graph.x_cm[other]), float(graph.y_cm[other]))) for other, _ in tables.receivers[number]]
    return max(0, math.ceil(max(far, default=0.0) / RADIO_RANGE_CM) - 1)


def board_of(board: Board, lamp: Lamp, fixture: Fixture, hops: int, channel: int = 1, post: Route | None = None) -> Told:
    """What the node of a lamp is told of its board: pins for its sensors, the curve of its driver, radio.

    {"chip", "fixture": {"kind", "pin", "freq" [Hz], "curve": [[duty, flux] permille], "lowest" [permille], "inverted", "power": [[level
    permille, mW]] with a meter to check by, "draws": the same without one, to estimate by}, "sensors": [{"kind", "pin", "warm_up_ms",
    "blind_ms"} for a PIR, {"kind", "uart", "tx", "rx"} for a radar, in the order of the site], "led": {"pin", "inverted"},
    "light_sensor": {"i2c", "sda", "scl"}, "meter": {"uart", "tx", "rx"}, "ethernet", "radio": {"channel", "hops", "post": {"gateway",
    "next", "below": [[lamp, next]]}}}. What a board does not have is None or left out.
    """
    pins, uarts = list(board.pir_pins), list(board.radar_uarts)
    told: Told = {
        "chip": board.chip.name,
        "fixture": _output(board, fixture),
        "sensors": [_wired(board, lamp, sensor, pins, uarts) for sensor in lamp.sensors],
        "led": {"pin": board.led.pin, **_if_inverted(board.led.inverted)} if board.led else None,
        "light_sensor": {"i2c": board.light_sensor.number, "sda": board.light_sensor.sda, "scl": board.light_sensor.scl}
        if board.light_sensor
        else None,
        "meter": _uart(board.meter) if board.meter else None,
        "radio": {"channel": channel, "hops": hops, **_post(post)},
    }
    return {**told, "ethernet": vars(board.ethernet)} if board.ethernet else told


def _post(route: Route | None) -> Told:
    """The way of the post, where there is one."""
    if route is None:
        return {}
    below = [[lamp, step] for lamp, step in sorted(route.below.items())]
    return {"post": {"gateway": route.gateway, "next": route.next, **({"below": below} if below else {})}}


def _output(board: Board, fixture: Fixture) -> Told:
    """The lamp's output, and, where a meter can check it, the power that its levels should take."""
    light = board.light
    output: Told = {"kind": light.kind, "pin": light.pin, "freq": light.frequency_hz, "curve": curve_of(fixture)}
    output |= {"lowest": fixture.lowest_stable_permille, **_if_inverted(light.inverted)}
    if board.meter is not None and fixture.power_known and not fixture.estimated:
        output["power"] = _takes(fixture)
    if board.meter is None and fixture.power_known:
        output["draws"] = _takes(fixture)
    return output


def _takes(fixture: Fixture) -> list[list[int]]:
    """What a lamp takes at each level, standby first: pairs of permille and mW."""
    return [[0, fixture.standby_mw], *(list(pair) for pair in fixture.power_mw)]


def _if_inverted(inverted: bool) -> Told:
    return {"inverted": True} if inverted else {}


def _uart(uart: Uart) -> Told:
    return {"uart": uart.number, "tx": uart.tx, "rx": uart.rx}


def _wired(board: Board, lamp: Lamp, sensor: Sensor, pins: list[int], uarts: list[Uart]) -> Told:
    """A sensor on the next free pin or UART."""
    if sensor.kind == "pir" and pins:
        return {"kind": "pir", "pin": pins.pop(0), "warm_up_ms": _WARM_UP_MS, "blind_ms": _BLIND_MS}
    if sensor.kind in ("ld2410", "ld2451") and uarts:
        return {"kind": sensor.kind, **_uart(uarts.pop(0))}
    if sensor.kind == "ideal":
        raise InputError.of(lamp.id, "an ideal sensor exists only in the kernel engine. Give the lamp a real one, for example `pir`.")
    message = (
        f"a board {board.id} has room for {_some(len(board.pir_pins), 'PIR')} and {_some(len(board.radar_uarts), 'radar')}. "
        f"Take the {sensor.kind} away, put it on another post, or give the lamp another board."
    )
    raise InputError.of(lamp.id, message)


def _some(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def curve_of(fixture: Fixture) -> list[list[int]]:
    """The calibration of a fixture's driver: rising pairs of duty and flux [permille], from nothing to full; a line where unknown."""
    knots = [[0, 0]]
    for flux, duty in fixture.driver or ((1000, 1000),):
        if duty > knots[-1][0]:
            knots.append([duty, flux])
        else:
            knots[-1][1] = flux  # the same duty: the most light that it gives
    return knots if knots[-1][0] == 1000 else [*knots, [1000, 1000]]
