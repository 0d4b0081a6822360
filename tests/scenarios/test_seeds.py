"""Seeds as people write them."""

from __future__ import annotations

import pytest

from lykta.scenarios import parse_seeds


@pytest.mark.parametrize(
    ("text", "seeds"), [("7", [7]), ("1-3", [1, 2, 3]), ("1, 5,9 - 11", [1, 5, 9, 10, 11]), ("3,1-3", [3, 1, 2]), ("0", [0]), ("4-4", [4])]
)
def test_seeds__are_read(text: str, seeds: list[int]):
    """Numbers and ranges, each seed once, in the order written."""
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", '"" is no seed. Write a number, or several: 1-20, or 1, 5, 9-12.'),
        ("-3", '"-3" is no seed. Write a number, or several: 1-20, or 1, 5, 9-12.'),
        ("1.5", '"1.5" is no seed. Write a number, or several: 1-20, or 1, 5, 9-12.'),
        ("20-1", '"20-1" runs backwards. Did you mean "1-20"?'),
        ("2147483648", "2147483648 is too large for a seed: at most 2147483647."),
        ("1-10001", '"1-10001" are more than 10,000 nights. Run them in parts.'),
        ("1-9999,10000-10005", '"1-9999,10000-10005" are more than 10,000 nights. Run them in parts.'),
    ],
)
def test_seeds__that_are_none_are_told_what_to_write(text: str, said: str):
    """What is wrong, and what to write instead."""
    with pytest.raises(ValueError) as error:
        parse_seeds(text)
    assert str(error.value) == said
