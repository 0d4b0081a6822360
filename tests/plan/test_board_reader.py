"""Board files: the packaged ones are right, and what a wrong one is told, word by word."""

from __future__ import annotations

from pathlib import Path

import pytest

from lykta.document import Document
from lykta.errors import InputError
from lykta.plan.board_reader import boards_folder, load_board, packaged_boards, read_board
from lykta.plan.chips import CHIPS

GOLDEN = Path(__file__).parent / "golden"
WRONG = sorted(GOLDEN.glob("board_*.yaml"))


@pytest.mark.parametrize("file", WRONG, ids=lambda file: file.stem)
def test_messages__are_the_golden_ones(file: Path):
    """All problems of a board at once, each with its place, what is wrong, and what to do."""
    with pytest.raises(InputError) as caught:
        read_board(Document.load(file, file.name), file.stem)
    assert f"{caught.value}\n" == file.with_suffix(".txt").read_text(encoding="utf-8")


def test_boards__the_packaged_four_are_there_and_right():
    """Each is read without a problem, and is called as its file is."""
    assert packaged_boards() == ["esp32_devkitc", "esp32_poe", "esp32c3_mini", "esp32s3_post"]
    assert [load_board(name).id for name in packaged_boards()] == packaged_boards()


def test_boards__one_is_a_gateway():
    """Only the PoE board has a cable to the network."""
    assert [name for name in packaged_boards() if load_board(name).gateway] == ["esp32_poe"]


def test_board__beside_the_site_goes_before_the_packaged_one(tmp_path: Path):
    """A city that wires its DevKitC otherwise puts its own file beside its site."""
    text = (boards_folder() / "esp32_devkitc.yaml").read_text(encoding="utf-8")
    (tmp_path / "esp32_devkitc.yaml").write_text(text.replace("led: {pin: 13}", "led: {pin: 14}"), encoding="utf-8")
    assert load_board("esp32_devkitc", tmp_path).led.pin == 14
    assert load_board("esp32_devkitc").led.pin == 13


def test_board__that_is_nearly_a_packaged_one_gets_a_proposal():
    """A slip of the pen is answered with what was meant."""
    with pytest.raises(InputError, match=r'esp32_devkit  is neither .* Did you mean "esp32_devkitc"\?'):
        load_board("esp32_devkit")


def test_readme__ten_lines_make_a_board(tmp_path: Path):
    """What boards/README.md says of adding a board is a board: the DevKitC with the lines that it changes."""
    readme = (boards_folder() / "README.md").read_text(encoding="utf-8")
    block = readme.split("```yaml\n")[1].split("```")[0]
    assert len(block.strip().splitlines()) == 10
    (tmp_path / "mine.yaml").write_text(block, encoding="utf-8")
    board = load_board(tmp_path / "mine.yaml")
    assert (board.chip.name, board.light.pin, board.pir_pins) == ("esp32", 26, (27,))


@pytest.mark.parametrize("chip", CHIPS.values(), ids=list(CHIPS))
def test_chips__reserve_only_pins_they_have(chip):
    """The table agrees with itself: every pin that it names for something is a pin of the chip."""
    named = {*chip.strapping, *chip.input_only, *chip.flash, *chip.console, *chip.usb, *chip.ethernet}
    assert named - set(chip.pins) == set()
