"""A small street in a folder, as somebody would write it: six posts, a profile, a requirement, a few walkers."""

from __future__ import annotations

from pathlib import Path

PLACE = "place: {lat: 59.3, lon: 18.0, timezone: Europe/Stockholm}"
HEAD = f"""\
{PLACE}
profile: profile.yaml
requirement: requirement.yaml
traffic: people.yaml
zones: [path]
fixtures: {{post: park_20w}}
ways:
  - {{id: way, kind: path, name: Park path}}
"""
LAMPS = [f"  - {{id: {name}, at: [{20 * n} m, 0 m], zone: path, fixture: post, sensors: [pir]}}\n" for n, name in enumerate("ABCDEF")]
LINKS = [f"  - {{from: {a}, to: {b}, way: way}}\n" for a, b in zip("ABCDE", "BCDEF", strict=True)]

FILES = {
    "site.yaml": f"name: Six posts\nnote: made up\n{HEAD}lamps:\n{''.join(LAMPS)}links:\n{''.join(LINKS)}entrances: [A, F]\n",
    "profile.yaml": "name: Dim\nphases: {night: sunset}\nend: sunrise\nzones:\n  path:\n    all: {idle: 40 %}\n",
    "requirement.yaml": "name: Path\nneeds:\n  pedestrian: {level: 100 %, ahead: 60 m, behind: 20 m}\n",
    "people.yaml": "name: A few\nabout: two walkers an hour\npedestrian: {an_hour: 2}\n",
    "nobody.yaml": "name: Nobody\npedestrian: {an_hour: 0}\n",
    "one_post.yaml": (
        f"name: One post\n{HEAD}lamps:\n{LAMPS[0]}junctions:\n  - {{id: west, at: [-30 m, 0 m]}}\n  - {{id: east, at: [30 m, 0 m]}}\n"
        "links:\n  - {from: west, to: A, way: way}\n  - {from: A, to: east, way: way}\nentrances: [west, east]\n"
    ),
    "lonely.yaml": f"name: Lonely post\n{HEAD}lamps:\n{LAMPS[0]}links: []\n",
    "scenario.yaml": """\
name: Six posts in the dark
site: site.yaml
seeds: 1-2
sensors: ideal
faults:
  - {fault: dead_lamp, lamps: [A, B, C, D, E, F]}
require:
  - net saving at least 90 %
  - dark seconds per pedestrian at most 0
  - service of cyclists at least 99 %
""",
}


def write(folder: Path) -> None:
    """Write all files into a folder."""
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "north.yaml").write_text(FILES["site.yaml"].replace("lat: 59.3", "lat: 67.9"), encoding="utf-8")
    (folder / "gap.csv").write_text(counts(gap=True), encoding="utf-8")


def counts(gap: bool = False) -> str:
    """Four weeks of hourly counts: five walkers in every hour; the counter missed four days if there is a gap."""
    rows = ["time,pedestrians"]
    for day in range(1, 29):
        if not (gap and 10 <= day < 14):
            rows += [f"2026-12-{day:02}T{hour:02}:00,5" for hour in range(24)]
    return "\n".join(rows) + "\n"
