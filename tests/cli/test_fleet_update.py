"""`lykta fleet update` as somebody types it, as far as it needs no network."""

from __future__ import annotations

from pathlib import Path

import pytest

from lykta.node import releasekeys
from tests.cli.conftest import Run


@pytest.fixture(autouse=True)
def keys(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys of the test, and its passphrase."""
    monkeypatch.setenv("LYKTA_KEYS", str(here / "keys"))
    monkeypatch.setenv("LYKTA_PASSPHRASE", "four words of mine")


def test_keys_build_check__from_nothing_to_a_bundle(here: Path, lykta: Run):
    """Keys, once; a bundle of the firmware as it is; looked at as a node would."""
    status, out, _ = lykta("fleet", "update", "keys", "--out", "medium", "--backup", "safe")
    known = releasekeys.public_keys()
    assert known is not None
    assert (status, known.release.hex() in out, (here / "safe" / "backup.pem").is_file()) == (0, True, True)
    assert lykta("fleet", "update", "keys")[1].count(known.backup.hex()) == 1
    status, out, _ = lykta("fleet", "update", "build", "--version", "1.0", "--keys", "medium", "--days", "0")
    assert (status, "1.0.lykta: 1.0, " in out, "valid for ever" in out) == (0, True, True)
    status, out, _ = lykta("fleet", "update", "check", "1.0.lykta")
    assert (status, "signed by us" in out) == (0, True)


def test_one_place_for_both_keys__is_warned_of(lykta: Run):
    """Whoever loses that loses both."""
    assert "a medium of its own" in lykta("fleet", "update", "keys")[1]


def test_bundle_of_somebody_else__is_refused(here: Path, lykta: Run, monkeypatch: pytest.MonkeyPatch):
    """Signed with keys that our nodes do not know; or there are no keys here at all."""
    lykta("fleet", "update", "keys")
    lykta("fleet", "update", "build", "--version", "1.0")
    monkeypatch.setenv("LYKTA_KEYS", str(here / "others"))
    status, _, err = lykta("fleet", "update", "check", "1.0.lykta")
    assert (status, "release.json" in err) == (2, True)
    lykta("fleet", "update", "keys")
    status, _, err = lykta("fleet", "update", "roll", "kungsholms_strand", "1.0.lykta")
    assert (status, "neither of our keys has signed it" in err) == (2, True)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("build", "--runtime", "1.x"), "no version of MicroPython. Write 1.29.0."),
        (("build", "--version", "a b"), "cannot be a version"),
        (("build",), "there is no such key"),
        (("check", "nothing.lykta"), "cannot be read"),
        (("stop", "kungsholms_strand"), "No roll-out is under way here."),
        (("undo", "kungsholms_strand"), "Nothing was rolled out here yet."),
    ],
)
def test_bad_input__is_a_sentence(lykta: Run, words: tuple[str, ...], why: str):
    """Exit status 2, with what to do."""
    status, _, err = lykta("fleet", "update", *words)
    assert (status, why in err) == (2, True), err


def test_status__of_nothing(lykta: Run):
    """Before the first roll-out."""
    assert lykta("fleet", "update", "status", "kungsholms_strand")[:2] == (0, "Nothing was rolled out here yet.\n")


def test_stages__must_rise_to_all(lykta: Run):
    """Anything else would leave somebody out, or nobody to try it first."""
    lykta("fleet", "update", "keys")
    lykta("fleet", "update", "build", "--version", "1.0")
    for stages in ("10,1,100", "1,10", "x", "0,100", ""):
        status, _, err = lykta("fleet", "update", "roll", "kungsholms_strand", "1.0.lykta", "--stages", stages)
        assert (status, "Write 1,10,100." in err) == (2, True)
