"""`lykta studio` before it serves: what it demands, and how it says no."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from lykta.cli import main
from lykta.studio import server
from lykta.studio.access import OPERATOR
from lykta.studio.studio import Studio

TOKEN = "a-token-drawn-at-random"


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What would have been served, instead of serving it: (studio, address, browser wanted)."""
    found: list[Any] = []

    def serve(studio: Studio, bound: socket.socket, browse: bool, ready: Any) -> None:
        found.append((studio, server.address(bound), browse))
        bound.close()

    monkeypatch.setattr(server, "serve", serve)
    monkeypatch.delenv("LYKTA_STUDIO_TOKEN", raising=False)
    return found


def test_studio__is_for_this_computer_alone(served: list[Any]):
    """Without options: the example, on loopback, on a free port, and a browser is opened."""
    assert main(["studio"]) == 0
    ((studio, address, browse),) = served
    assert (studio.scenario.site.name, studio.access.guarded, browse) == ("Valla torg", False, True)
    assert address.startswith("http://127.0.0.1:")


def test_network__demands_a_token(served: list[Any], capsys: pytest.CaptureFixture[str]):
    """Beyond loopback nobody comes in without one: a sentence, and nothing is served."""
    assert main(["studio", "--host", "0.0.0.0"]) == 2
    assert "so it needs a token" in capsys.readouterr().err
    assert served == []


def test_network__with_a_token_opens(served: list[Any], monkeypatch: pytest.MonkeyPatch):
    """That of the environment is one operator's."""
    monkeypatch.setenv("LYKTA_STUDIO_TOKEN", TOKEN)
    assert main(["studio", "--host", "0.0.0.0", "--no-browser"]) == 0
    ((studio, _, browse),) = served
    assert ([person.role for person in studio.access.people], browse) == ([OPERATOR], False)


def test_token_that_can_be_guessed__is_refused(served: list[Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """A short one is none."""
    monkeypatch.setenv("LYKTA_STUDIO_TOKEN", "secret")
    assert main(["studio"]) == 2
    assert "can be guessed" in capsys.readouterr().err
    assert served == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--tiles", "https://tiles.example/{z}/{x}/{y}.png"], "--tiles and --attribution go together"),
        (["--tiles", "tiles.example", "--attribution", "somebody"], "is no address of map tiles"),
        (["--host", "192.0.2.1", "--tokens", "people.yaml"], "cannot be used here"),
    ],
)
def test_wrong_options__are_a_sentence(
    served: list[Any], capsys: pytest.CaptureFixture[str], tmp_path: Any, monkeypatch: Any, words: list[str], said: str
):
    """Each says what to do; exit status 2."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "people.yaml").write_text(f"anna: {{role: operator, token: {TOKEN}}}\n", encoding="utf-8")
    assert main(["studio", *words]) == 2
    assert said in capsys.readouterr().err
    assert served == []


def test_port_in_use__is_a_sentence(served: list[Any], capsys: pytest.CaptureFixture[str]):
    """A port that was asked for and is taken: which, and what to do."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert main(["studio", "--port", str(port)]) == 2
    assert f"Port {port} is in use" in capsys.readouterr().err
