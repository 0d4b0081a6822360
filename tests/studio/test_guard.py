"""Who may come in, from where, as what; and that nothing leaves the machine."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from lykta.errors import InputError
from lykta.studio.access import OPERATOR, SOMEBODY, VIEWER, Access, Person, read_people
from lykta.studio.guard import COOKIE, PERSON, Guard, policy

ANNA = Person("anna", OPERATOR, "a-token-of-annas-own")
BO = Person("bo", VIEWER, "another-token-for-bo")
OPEN, GUARDED = Access(), Access((ANNA, BO))


class Inside:
    """The application behind the guard: notes who was let in."""

    def __init__(self) -> None:
        self.people: list[Person] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.people.append(scope[PERSON])
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
            await send({"type": "http.response.body", "body": b"inside"})


def ask(
    access: Access = OPEN, kind: str = "http", method: str = "GET", query: str = "", path: str = "/", **headers: str
) -> tuple[list[Mapping[str, Any]], list[Person]]:
    """What the guard answers to one request: (messages, who was let in). Header names with _ for -."""
    inside, sent = Inside(), []

    async def send(message: Mapping[str, Any]) -> None:
        sent.append(message)

    async def receive() -> Mapping[str, Any]:
        return {"type": "http.disconnect"}

    given = {"host": "127.0.0.1:8765"} | {name.replace("_", "-"): value for name, value in headers.items()}
    raw = [(name.encode(), value.encode()) for name, value in given.items()]
    scope = {"type": kind, "method": method, "path": path, "query_string": query.encode(), "headers": raw, "scheme": "http"}
    asyncio.run(Guard(inside, access)(scope, receive, send))
    return sent, inside.people


def status(sent: list[Mapping[str, Any]]) -> int:
    """The status of an answer."""
    return int(sent[0]["status"])


def headers_of(sent: list[Mapping[str, Any]]) -> dict[str, str]:
    """The headers of an answer."""
    return {name.decode(): value.decode() for name, value in sent[0]["headers"]}


def test_this_computer__needs_no_token():
    """Whoever sits here comes in, and may only look at the real street."""
    sent, people = ask()
    assert (status(sent), people) == (200, [SOMEBODY])
    assert not people[0].operates


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8765", "127.0.0.1.evil.example", "", "["])
def test_name_of_somebody_else__is_not_answered(host: str):
    """A page elsewhere can give this address a name of its own: under that name there is no studio."""
    sent, people = ask(host=host)
    assert (status(sent), people) == (421, [])


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:9999"])
def test_page_of_somebody_else__may_do_nothing(kind: str, origin: str):
    """What acts (a POST, a WebSocket) must come from the studio's own page."""
    sent, people = ask(kind=kind, method="POST", origin=origin)
    assert people == []
    assert sent[0].get("status", sent[0].get("code")) in (403, 1008)


def test_own_page__may_open_a_websocket():
    """With the origin of the page itself."""
    _, people = ask(kind="websocket", origin="http://127.0.0.1:8765")
    assert people == [SOMEBODY]


def test_token__is_demanded_of_pages_and_websockets():
    """Without one: a page that asks for it, and no WebSocket; nothing of what is inside."""
    sent, people = ask(GUARDED)
    assert (status(sent), people) == (401, [])
    assert b"inside" not in sent[1]["body"]
    sent, people = ask(GUARDED, kind="websocket", origin="http://127.0.0.1:8765")
    assert (sent[0]["type"], people) == ("websocket.close", [])


def test_wrong_token__is_told_so_and_not_repeated():
    """The page says that it is wrong; what was given is not in it."""
    sent, people = ask(GUARDED, query="token=<script>wrong")
    assert (status(sent), people) == (401, [])
    assert b"The token is wrong" in sent[1]["body"]
    assert b"<script>" not in sent[1]["body"]


def test_right_token__goes_into_a_cookie_and_out_of_the_address():
    """So that it is in no history; scripts cannot read it, other sites cannot send it."""
    sent, people = ask(GUARDED, query=f"token={ANNA.token}&view=night", path="//evil.example")
    found = headers_of(sent)
    assert (status(sent), people, found["location"]) == (303, [], "/evil.example?view=night")
    assert f"{COOKIE}={ANNA.token}" in found["set-cookie"]
    assert "HttpOnly" in found["set-cookie"] and "SameSite=Strict" in found["set-cookie"]


@pytest.mark.parametrize("person", [ANNA, BO])
def test_cookie__says_who_it_is(person: Person):
    """Each with their own role, on a page and on a WebSocket."""
    for kind in ("http", "websocket"):
        _, people = ask(GUARDED, kind=kind, cookie=f"{COOKIE}={person.token}", origin="http://127.0.0.1:8765")
        assert people == [person]


@pytest.mark.parametrize("cookie", [f"{COOKIE}=", f"{COOKIE}=wrong", "nonsense; ;=", f"{COOKIE}=åäö"])
def test_wrong_cookie__is_nobody(cookie: str):
    """Whatever stands in it."""
    sent, people = ask(GUARDED, cookie=cookie)
    assert (status(sent), people) == (401, [])


def test_every_answer__forbids_other_hosts():
    """The browser may fetch nothing from anywhere else, whatever a library has in mind."""
    sent, _ = ask()
    rules = dict(rule.strip().split(" ", 1) for rule in headers_of(sent)["content-security-policy"].split(";"))
    assert rules["default-src"] == rules["connect-src"] == "'self'"
    assert all("http" not in sources and "*" not in sources for sources in rules.values())


def test_tiles__are_the_only_exception():
    """Pictures of the server that was named, and nothing but pictures."""
    rules = dict(rule.strip().split(" ", 1) for rule in policy("https://{s}.tiles.example/{z}/{x}/{y}.png").split(";"))
    assert "https://*.tiles.example" in rules["img-src"]
    assert [name for name, sources in rules.items() if "tiles" in sources] == ["img-src"]


def test_people__are_read_with_their_roles(tmp_path: Path):
    """Who is not said to be an operator is a viewer."""
    file = tmp_path / "people.yaml"
    file.write_text(f"anna: {{role: operator, token: {ANNA.token}}}\nbo: {{token: {BO.token}}}\n", encoding="utf-8")
    assert read_people(file) == (ANNA, BO)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("anna: {role: queen, token: a-token-of-annas-own}", '"queen" is not known here'),
        ("anna: {role: viewer, token: short}", "can be guessed"),
        ("anna: {role: viewer}", "this is missing"),
        ("{}", "names nobody"),
        ("anna: {token: a-token-of-annas-own}\nbo: {token: a-token-of-annas-own}", "anna and bo have the same token"),
    ],
)
def test_file_of_people__is_explained_where_it_is_wrong(tmp_path: Path, text: str, said: str):
    """Each mistake with a sentence."""
    file = tmp_path / "people.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=said):
        read_people(file)
