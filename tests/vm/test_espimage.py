"""The format of images: what esptool takes for one, and what is found to be none."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from lykta.vm import espimage
from lykta.vm.chips import CHIPS, Chip


@pytest.mark.parametrize("chip", CHIPS.values(), ids=lambda chip: chip.name)
def test_training_image__is_whole_for_its_chip_and_always_the_same(chip: Chip):
    """Bootloader and program parse, with the name that says what they are; the table is where it belongs."""
    data = espimage.training_image(chip.image_id, chip.loader_at, size=1 << 12)
    espimage.training_image.cache_clear()
    assert data == espimage.training_image(chip.image_id, chip.loader_at, size=1 << 12)
    assert espimage.parse(data).chip == chip.image_id
    program = espimage.parse(data[0x10000 - chip.loader_at :])
    assert (program.chip, program.name) == (chip.image_id, espimage.TRAINING)
    assert espimage.partitions_in(data[0x8000 - chip.loader_at :]) == list(espimage.FOUR_MIB)


def test_esptool__takes_it_for_an_image(tmp_path: Path):
    """Checksum and hash are valid to the real one."""
    data = espimage.training_image(0, 0x1000, size=1 << 12)
    (tmp_path / "program.bin").write_bytes(data[0xF000:])
    command = [sys.executable, "-m", "esptool", "image-info", str(tmp_path / "program.bin")]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert said.count("(valid)") == 2, said
    assert espimage.TRAINING in said


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (lambda data: b"", "it is empty"),
        (lambda data: b"PK" + data, "does not begin"),
        (lambda data: data[:3000], "cut off"),
        (lambda data: data[:1000] + b"\x55" + data[1001:], "checksum"),
        (lambda data: data[:-1] + bytes([data[-1] ^ 1]), "hash"),
    ],
)
def test_damaged_image__is_refused_with_what_is_wrong(damage: object, why: str):
    """Nothing, something else, a part, a byte changed, the hash changed."""
    data = espimage.make(0, [(0x3F400020, bytes(range(256)) * 16)])
    assert espimage.parse(data).length == len(data)
    assert callable(damage)
    with pytest.raises(ValueError, match=why):
        espimage.parse(damage(data))
