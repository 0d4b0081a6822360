"""The files with which nodes connect to their broker, from the folder that `lykta broker config` wrote."""

from __future__ import annotations

import json
from pathlib import Path

from lykta.errors import InputError
from lykta.plan.nodefiles import NETWORK_FILES, node_names
from lykta.site import loader
from lykta.site.model import Site

#: The access point of nodes without a cable, in the folder of a network: JSON, {"network", "password"}.
ACCESS_POINT = "nodes/access_point"
_LOOPBACK = "127."


def network_of(site: str) -> Path | None:
    """The network beside a site; None where there is none, or only one to try things out on this machine."""
    folder = loader.beside(site, "network")
    uplinks = (folder / "nodes").glob("*/uplink")
    return folder if any(not _host(uplink).startswith(_LOOPBACK) for uplink in uplinks) else None


def _host(uplink: Path) -> str:
    try:
        return str(json.loads(uplink.read_bytes())["host"])
    except (OSError, ValueError, KeyError, TypeError):
        return _LOOPBACK


def network_files(folder: Path, site: Site) -> dict[str, dict[str, bytes]]:
    """The files of every node of a site that connects by itself, by lamp. InputError where the folder is no network."""
    if not (folder / "nodes").is_dir():
        raise InputError.of(str(folder), "here is no network. Make one: lykta broker config SITE --out FOLDER")
    files = {}
    for lamp, name in node_names(site).items():
        its = folder / "nodes" / name
        if all((its / one).is_file() for one in NETWORK_FILES):
            files[lamp] = {one: (its / one).read_bytes() for one in NETWORK_FILES}
            if (folder / ACCESS_POINT).is_file():
                files[lamp]["wifi"] = (folder / ACCESS_POINT).read_bytes()
    return files
