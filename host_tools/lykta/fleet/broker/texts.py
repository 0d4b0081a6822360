"""What mosquitto reads: its configuration and its list of who may do what.

Both are made anew at every run, from `network.json` alone: whoever wants more writes a second file beside it (`include_dir`).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath

from lykta.fleet.broker.network import Network, Place
from lykta.fleet.certificates import OPERATOR
from lykta.fleet.topics import ROOT

#: A letter of 4,096 bytes, and room for its topic.
PACKET_BYTES = 4096 + 256
#: One broker is for so many nodes: after a power cut all of them shake hands at once.
DISTRICT_NODES = 15_000

_LISTENER = """\
# Made by `lykta broker config`, which writes it anew. What is yours goes into files in {folder}/conf.d.
# Who comes in has a certificate of our authority; its name is who he is (`acl`), and his client id: nobody can push out another.
per_listener_settings false
allow_anonymous false
acl_file {folder}/acl

listener {port}{address}
cafile {folder}/ca.pem
certfile {folder}/server.pem
keyfile {folder}/server.key
crlfile {folder}/crl.pem
require_certificate true
use_identity_as_username true
use_username_as_clientid true
allow_zero_length_clientid false
max_connections {connections}

# A letter is at most 4,096 bytes. For who is away, so much is kept and so long: what 15,000 nodes tell in a day without a database. It was
# acknowledged to them, so it must not be dropped. The database's program acknowledges by the thousand.
max_packet_size {packet}
# (Not 0, "no limit": mosquitto 2.0.11 then ends the session of whoever is refused a single letter.)
max_queued_messages 10000000
max_queued_bytes 1073741824
max_inflight_messages 2000
max_keepalive 3600
# (No persistent_client_expiration: with it mosquitto 2.0.11 enters whoever is away anew at each SIGHUP, and forgets one entry only when he
# is back; the others then end the sessions of anybody. What is kept for who never comes back is bounded by the lines above.)
queue_qos0_messages false

persistence true
persistence_location {folder}/state/
autosave_interval 300

connection_messages true
log_timestamp_format %Y-%m-%dT%H:%M:%S
log_type error
log_type warning
log_type notice
log_type information
include_dir {folder}/conf.d
"""

_BRIDGE = """
# Upwards: what nodes tell goes to the city's broker, what they are told comes from there. The street works without it.
connection {district}
address {host}:{port}
bridge_cafile {folder}/ca.pem
bridge_certfile {folder}/bridge.pem
bridge_keyfile {folder}/bridge.key
bridge_protocol_version mqttv311
cleansession false
restart_timeout 1 900
notification_topic {root}/{district}/bridge
try_private true
topic n/+/state out 1 {root}/{district}/ {root}/{district}/
topic n/+/up/+ out 1 {root}/{district}/ {root}/{district}/
topic n/+/down/+ in 1 {root}/{district}/ {root}/{district}/
topic update/+/+ in 1 {root}/{district}/ {root}/{district}/
"""


def configuration(place: Place, folder: PurePath, bridge: tuple[str, Place] | None = None, connections: int = DISTRICT_NODES + 1000) -> str:
    """mosquitto.conf of a broker whose files are in `folder` on its own machine. `bridge`: its district, and the city's broker."""
    listener = _LISTENER.format(
        folder=folder, port=place.port, address=" 127.0.0.1" if place.local else "", connections=connections, packet=PACKET_BYTES
    )
    if bridge is None:
        return listener
    district, city = bridge
    return listener + _BRIDGE.format(folder=folder, district=district, host=city.host, port=city.port, root=ROOT)


def access_of_district(network: Network, district: str) -> str:
    """The file `acl` of a district's broker."""
    here = f"{ROOT}/{district}"
    lines = [
        "# Made by `lykta broker config`, which writes it anew.",
        "# Every node has the topics of its own name. The last line warns at every start that it has no name in it: pieces of updates are",
        "# for all; they are signed, and no secret.",
        f"pattern write {here}/n/%u/state",
        f"pattern write {here}/n/%u/up/+",
        f"pattern read {here}/n/%u/down/+",
        f"pattern read {here}/update/+/+",
        "",
        *_people(network, [district]),
    ]
    for street in network.of_district(district):
        for gateway, lamps in sorted(street.carried.items()):
            lines += ["", f"# A gateway, with the {len(lamps)} lamps for which it speaks.", f"user {gateway}"]
            for name in lamps:
                lines += [f"topic write {here}/n/{name}/state", f"topic write {here}/n/{name}/up/+", f"topic read {here}/n/{name}/down/+"]
    return "\n".join(lines) + "\n"


def access_of_city(network: Network) -> str:
    """The file `acl` of the city's broker: its clients are the brokers of the districts, and people."""
    lines = ["# Made by `lykta broker config`, which writes it anew.", *_people(network, sorted(network.districts))]
    for district in sorted(network.districts):
        here = f"{ROOT}/{district}"
        lines += [
            "",
            f"user {bridge_name(district)}",
            f"topic write {here}/n/+/state",
            f"topic write {here}/n/+/up/+",
            f"topic write {here}/bridge",
            f"topic read {here}/n/+/down/+",
            f"topic read {here}/update/+/+",
        ]
    return "\n".join(lines) + "\n"


def bridge_name(district: str) -> str:
    """Who the broker of a district is for the city's."""
    return f"bridge-{district}"


def _people(network: Network, districts: list[str]) -> Iterator[str]:
    for name, role, _ in network.seat_names():
        yield f"user {name}"
        yield "topic read $SYS/broker/#"
        for district in districts:
            here = f"{ROOT}/{district}"
            yield f"topic read {here}/n/+/state"
            yield f"topic read {here}/n/+/up/+"
            yield f"topic read {here}/bridge"
            if role == OPERATOR:
                yield f"topic readwrite {here}/n/+/down/+"
                yield f"topic readwrite {here}/update/+/+"
        yield ""
