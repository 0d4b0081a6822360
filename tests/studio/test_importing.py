"""An import on the page: names are only names, columns are shown before anything is read, what is written is a site."""

from __future__ import annotations

from pathlib import Path

import pytest

from lykta.errors import InputError, LyktaError
from lykta.studio import importing
from lykta.studio.importing import Wish

LIST = "nr;breite;lon\n" + "".join(f"L{n};59.30{n:02d};18.0{n:02d}\n" for n in range(1, 9))


def test_uploaded_file__is_kept_under_a_name_that_is_only_a_name(tmp_path: Path):
    """No way out of the folder, no hidden file, no kind that nobody reads."""
    kept = importing.keep(tmp_path, "../../etc/.lamps of <b>.csv", b"x")
    assert kept.is_relative_to(tmp_path)
    assert (kept.name, kept.read_bytes()) == ("lamps_of_b_.csv", b"x")
    with pytest.raises(LyktaError, match="neither CSV"):
        importing.keep(tmp_path, "lamps.exe", b"")


def test_columns__are_shown_with_what_they_are_taken_for(tmp_path: Path):
    """Longitude and number are found by their names; latitude has to be named."""
    path = importing.keep(tmp_path, "lamps.csv", LIST.encode())
    found = Wish(lamps=path).peek
    assert found is not None
    assert (found.headings, found.columns["lon"], found.columns["lat"], found.columns["id"]) == (("nr", "breite", "lon"), "lon", "", "nr")
    assert found.rows[0] == ("L1", "59.3001", "18.001")
    with pytest.raises(InputError, match="latitude"):
        importing.match(path, None, "", "", {})


def test_import__is_counted_and_written_as_a_site_with_sensors(tmp_path: Path):
    """Eight heads in a row: links are guessed, sensors proposed, the file says where it comes from; a second one does not replace it."""
    path = importing.keep(tmp_path, "lamps.csv", LIST.encode())
    found = importing.match(path, None, "Quay", "Europe/Stockholm", {"lat": "breite"})
    counts = importing.matched(found)
    assert (counts.heads, counts.posts, len(counts.unmatched)) == (8, 8, 0)
    target = tmp_path / importing.file_name("Quay <1>")
    site = importing.take_over(found, "lamps.csv", "all", target)
    assert (site.name, target.name) == ("Quay", "quay_1.yaml")
    assert "Imported by `lykta studio` from lamps.csv" in target.read_text(encoding="utf-8").split("\n")[0]
    with pytest.raises(LyktaError, match="there already"):
        importing.take_over(found, "lamps.csv", "none", target)


def test_file_name__is_never_empty_and_stays_in_the_folder():
    """Whatever somebody types."""
    assert [importing.file_name(name) for name in ("", "..", "/etc/passwd", "A b")] == [
        "my_site.yaml",
        "my_site.yaml",
        "passwd.yaml",
        "a_b.yaml",
    ]
