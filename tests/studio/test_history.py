"""Steps that can be taken back."""

from __future__ import annotations

from lykta.studio.history import History


def test_history__goes_back_and_forward_over_the_same_texts():
    """Two steps back, one forward; a new step ends what lay ahead."""
    history = History()
    history.take("a")
    history.take("b")
    assert (history.step("c", back=True), history.step("b", back=True)) == ("b", "a")
    assert history.next(back=True) is None
    assert history.step("a", back=False) == "b"
    history.take("b")
    assert (history.next(back=False), history.done) == (None, ["a", "b"])


def test_history__forgets_the_oldest_and_keeps_one_step():
    """More than is kept goes from the far end; a text longer than all that is kept can still be taken back."""
    few, small = History(steps=2), History(characters=5)
    for text in ("a", "b", "c"):
        few.take(text)
        small.take(text * 3)
    assert (few.done, small.done) == (["b", "c"], ["ccc"])
    small.take("d" * 50)
    assert small.done == ["d" * 50]
