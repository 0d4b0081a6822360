"""What a report says of how it was made: a command for the folder of the studio, without a path of its computer."""

from __future__ import annotations

from pathlib import Path

import pytest

from lykta.studio.reporting import command, named_from
from tests.tune import nights


@pytest.mark.parametrize(
    ("file", "named"),
    [
        ("/home/ada/street/my_profile.yaml", "my_profile.yaml"),
        ("/home/ada/street/tried/one.yaml", "tried/one.yaml"),
        ("/srv/x.yaml", "/srv/x.yaml"),
    ],
)
def test_file__is_named_from_the_folder_of_the_studio(file: str, named: str):
    """Relative where it lies in the folder; elsewhere only the whole path finds it."""
    assert named_from(Path(file), Path("/home/ada/street")) == named


def test_command__names_no_folder_of_this_computer(folder: Path):
    """Site and profile of the folder: the command runs in it, wherever it is copied to."""
    nights.write(folder)
    said = command({"site": "site.yaml"}, nights.scenario("site"), named_from(folder / "profile.yaml", folder), 7)
    assert said.startswith("lykta simulate site.yaml --profile profile.yaml")
    assert str(folder) not in said
