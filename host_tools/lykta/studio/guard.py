"""What stands before the page: who may come in, from where, and that nothing leaves the machine.

Around the whole application, WebSocket included. A request without the right token gets a page that says so, and nothing of NiceGUI.
Without tokens only this computer's own names for itself are answered, so that a page of somebody else cannot reach the studio through
a name that it controls; a WebSocket is only opened from a page of the studio. The Content-Security-Policy forbids the browser every
request to another host, whatever a library has in mind.
"""

from __future__ import annotations

import html
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from lykta.studio.access import SOMEBODY, Access, Person

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

COOKIE = "lykta_token"
LOOPBACK = ("localhost", "127.0.0.1", "::1")
#: Where the person who was let in stands in the scope of a request.
PERSON = "lykta.person"
_REFUSED = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Lykta studio: {title}</title>
<style>body{{font:18px/1.5 system-ui,sans-serif;max-width:34em;margin:15vh auto;padding:0 1em;background:#0f1520;color:#e6e9ee}}
h1{{font-size:1.4em}}label{{display:block;margin:.5em 0}}input,button{{font:inherit;padding:.3em .6em}}</style>
<main><h1>{title}</h1><p>{said}</p>{form}</main></html>"""
_FORM = (
    '<form><label for="token">Token</label> <input id="token" name="token" type="password" autocomplete="off"> <button>Open</button></form>'
)


def policy(tiles: str = "") -> str:
    """The Content-Security-Policy: only the studio itself, and, where wanted, pictures of one server of map tiles.

    NiceGUI needs inline scripts and styles, and Vue compiles its templates in the page.
    """
    pictures = " ".join(
        ["'self' data: blob:", *([f"{urlsplit(tiles).scheme}://{urlsplit(tiles).netloc}".replace("{s}", "*")] if tiles else [])]
    )
    own = "'self'"
    return (
        f"default-src {own}; script-src {own} 'unsafe-inline' 'unsafe-eval'; style-src {own} 'unsafe-inline'; img-src {pictures}; "
        f"font-src {own} data:; connect-src {own}; worker-src {own} blob:; object-src 'none'; base-uri {own}; form-action {own}; "
        f"frame-src {own}; frame-ancestors {own}"
    )


class Guard:
    """The application behind the guard. `app` is what it guards."""

    def __init__(self, app: App, access: Access, hosts: Sequence[str] = LOOPBACK, tiles: str = "") -> None:
        self.app = app
        self._access = access
        self._hosts = tuple(hosts)
        self._headers = [
            (b"content-security-policy", policy(tiles).encode()),
            (b"referrer-policy", b"no-referrer"),
            (b"x-content-type-options", b"nosniff"),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or open one WebSocket."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        if not self._own_name(headers.get("host", "")):
            await _refuse(scope, send, 421, "This is not the name of this page", "Open it under the address that `lykta studio` printed.")
        elif not _own_origin(headers, scope):
            await _refuse(scope, send, 403, "Another page asked", "Only pages of the studio itself may use it.")
        elif (given := _in_address(scope)) and self._access.person(given) and scope["type"] == "http":
            await _welcome(scope, send, given)
        elif (person := self._person(headers)) is None:
            said = "The token is wrong." if given else "This page opens with a token only."
            more = " Ask whoever started `lykta studio` for it."
            await _refuse(scope, send, 401, "Who is there?", said + more, _FORM)
        else:
            scope[PERSON] = person
            await self.app(scope, receive, self._with_headers(send))

    def _own_name(self, host: str) -> bool:
        """Whether a host name is one of ours. With tokens any will do: the network calls this computer what it likes."""
        try:
            return self._access.guarded or urlsplit(f"//{host}").hostname in self._hosts
        except ValueError:
            return False

    def _person(self, headers: dict[str, str]) -> Person | None:
        if not self._access.guarded:
            return SOMEBODY
        try:
            cookie = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
        except CookieError:
            return None
        return self._access.person(cookie.value) if cookie else None

    def _with_headers(self, send: Send) -> Send:
        async def answer(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                known = {name.lower() for name, _ in message.get("headers", ())}
                message["headers"] = [*message.get("headers", ()), *(one for one in self._headers if one[0] not in known)]
            await send(message)

        return answer


def _own_origin(headers: dict[str, str], scope: Scope) -> bool:
    """Whether a request comes from our own page. Plain reading of a page may come from a link anywhere; whatever acts may not."""
    origin = headers.get("origin", "")
    acts = scope["type"] == "websocket" or scope["method"] not in ("GET", "HEAD")
    if not origin:
        return not acts or headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")
    return origin.partition("://")[2] == headers.get("host", "")


def _in_address(scope: Scope) -> str:
    """The token in the address of a request."""
    query: bytes = scope.get("query_string", b"")
    return parse_qs(query.decode("latin-1")).get("token", [""])[0]


async def _welcome(scope: Scope, send: Send, token: str) -> None:
    """Put the token into a cookie and out of the address, so that it is in no history and no screenshot."""
    rest = {key: values for key, values in parse_qs(scope["query_string"].decode("latin-1")).items() if key != "token"}
    place = scope["path"] + (f"?{urlencode(rest, doseq=True)}" if rest else "")
    cookie = SimpleCookie({COOKIE: token})
    cookie[COOKIE]["path"], cookie[COOKIE]["httponly"], cookie[COOKIE]["samesite"] = "/", True, "Strict"
    if scope.get("scheme") == "https":
        cookie[COOKIE]["secure"] = True
    headers = [(b"location", ("/" + place.lstrip("/")).encode()), (b"set-cookie", cookie[COOKIE].OutputString().encode())]
    await send({"type": "http.response.start", "status": 303, "headers": [*headers, (b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


async def _refuse(scope: Scope, send: Send, status: int, title: str, said: str, form: str = "") -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    body = _REFUSED.format(title=html.escape(title), said=html.escape(said), form=form).encode()
    headers = [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    if status == 401:
        headers.append((b"www-authenticate", b'Bearer realm="Lykta studio"'))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
