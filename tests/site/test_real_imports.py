"""The two real inventories become sites that load; they need the shared data."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from lykta.site import check, loader, write
from lykta.site.graph import Graph
from lykta.site.importer import Imported, import_site
from lykta.site.model import Site


def loaded(imported: Imported, folder: Path) -> Site:
    """The site written to a file and loaded again."""
    path = folder / "site.yaml"
    path.write_text(write(imported.site, {"unknown": "unknown"}), encoding="utf-8")
    return loader.load(path)


@pytest.fixture(scope="module")
def helsinki(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Imported, Site]:
    """The extract of central Helsinki."""
    imported = import_site(shared_data / "helsinki_kamppi.osm.pbf")
    return imported, loaded(imported, tmp_path_factory.mktemp("helsinki"))


def test_helsinki__has_its_586_lamps(helsinki: tuple[Imported, Site]):
    """573 of them stand within 25 m of a way, as was measured when the data were chosen."""
    imported, site = helsinki
    assert (imported.heads, len(imported.unmatched)) == (586, 13)
    assert sum(lamp.heads for lamp in site.lamps) == 586
    assert site.timezone == "Europe/Helsinki"


def test_helsinki__lamps_stand_on_links(helsinki: tuple[Imported, Site]):
    """Every matched lamp is joined, and most are within 100 m of a neighbour along the ways."""
    imported, site = helsinki
    graph = Graph(site)
    unmatched = {post.head.id for post in imported.unmatched}
    joined = [lamp for lamp in range(graph.lamp_count) if graph.out_links(lamp)]
    assert len(joined) == len(site.lamps) - len(unmatched)
    with_neighbour = sum(len(graph.lamps_around(lamp, 10_000)) > 1 for lamp in joined)
    assert with_neighbour > 0.95 * len(joined)


def test_helsinki__lengths_are_never_shorter_than_the_air(helsinki: tuple[Imported, Site]):
    """Nor a link without length."""
    graph = Graph(helsinki[1])
    air = ((graph.x_cm[graph.a] - graph.x_cm[graph.b]) ** 2.0 + (graph.y_cm[graph.a] - graph.y_cm[graph.b]) ** 2.0) ** 0.5
    assert bool((graph.length_cm >= air - 1).all())
    assert int(graph.length_cm.min()) > 0


def test_helsinki__crossings_and_steps_get_floors(helsinki: tuple[Imported, Site]):
    """Proposed, with the reason."""
    reasons = Counter(floor.reason for lamp in helsinki[1].lamps for floor in lamp.floors)
    assert reasons["pedestrian crossing (proposed at import)"] > 50
    assert "© OpenStreetMap contributors" in helsinki[1].source


@pytest.mark.slow
def test_montpellier__29_969_heads_become_posts_with_guessed_links(shared_data: Path, tmp_path: Path):
    """Pairs are one post, ground and flood lights are not adaptive, neighbours of at most 40 m are linked."""
    imported = import_site(shared_data / "montpellier_street_lights.csv")
    site = loaded(imported, tmp_path)
    assert (imported.heads, imported.skipped) == (29_969, [])
    assert sum(lamp.heads for lamp in site.lamps) == 29_969
    assert 26_000 < len(site.lamps) < 28_000
    assert sum(lamp.heads for lamp in site.lamps if not lamp.adaptive) == 1_017 + 1_689
    assert all(link.guessed and link.length_cm <= 4_000 for link in site.links)
    assert any("links guessed" in problem.message for problem in check(site))
