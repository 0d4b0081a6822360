"""Errors travel from the process where they happen to the one that tells them."""

from __future__ import annotations

import pickle

from lykta.errors import InputError, Problem


def test_input_error__comes_through_a_process_with_all_its_problems():
    """Every problem, its place and its words are the same on the other side."""
    before = InputError([Problem("a.yaml", 3, 1, "lamps", "this is missing."), Problem("a.yaml", 1, 9, "name", "this too.")])
    after = pickle.loads(pickle.dumps(before))
    assert (before.problems, str(before)) == (after.problems, str(after))
