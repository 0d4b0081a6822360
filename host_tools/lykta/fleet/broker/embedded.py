"""A broker inside Lykta, for machines without mosquitto: amqtt, on loopback only, for trying things out.

It asks for the same certificates as mosquitto, so that whoever connects needs nothing else. What it does not do is in `WARNING`, for people
to read.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from lykta.errors import EnvironmentLacks, InputError
from lykta.fleet.broker.network import Place
from lykta.fleet.broker.run import hold

WARNING = """\
This is a small broker inside Lykta, not mosquitto: for trying things out, on this machine alone. It does not:
  - look at who does what: whoever has a certificate of this network may read everything, command every lamp and be any node;
  - notice what is revoked while it runs;
  - keep anything: after a restart no state, no settings and no letters for who was away are there;
  - carry a district: it takes a tenth of the letters that mosquitto takes.
For anything else: sudo apt install mosquitto (macOS: brew install mosquitto), then the same command."""


def run_embedded(folder: Path, place: Place, listens: Callable[[], None]) -> None:
    """Run it until it is interrupted; `listens` is called when it listens. InputError where its port is taken."""
    if not place.local:
        raise InputError.of(str(place), "the broker inside Lykta is for this machine alone. Install mosquitto to let others in.")
    try:
        import amqtt.broker  # type: ignore[import-untyped]  # noqa: F401
    except ImportError:
        raise EnvironmentLacks("Neither mosquitto nor amqtt is installed: pip install 'lykta[fleet]' (in a clone: make env).") from None
    with hold(folder):
        asyncio.run(_run(folder, place, listens))


async def _run(folder: Path, place: Place, listens: Callable[[], None]) -> None:
    from amqtt.errors import BrokerError  # type: ignore[import-untyped]

    # It logs every message as a warning or worse, and tracebacks of its own when clients go.
    for name in ("amqtt", "transitions"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    files = {"cafile": "ca.pem", "certfile": "server.pem", "keyfile": "server.key"}
    listener = {"type": "tcp", "bind": f"127.0.0.1:{place.port}", "ssl": True, **{key: str(folder / name) for key, name in files.items()}}
    everybody = {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}}
    broker = _kind(folder)({"listeners": {"default": listener}, "plugins": everybody})
    try:
        await broker.start()
    except (BrokerError, OSError) as error:
        raise InputError.of(str(place), f"the broker cannot listen here ({error}). Take another port: --port NUMBER") from None
    listens()
    try:
        await asyncio.Event().wait()
    finally:
        await broker.shutdown()


class _Steady(dict[str, Any]):
    """A dictionary that may change while somebody goes through it: he goes through what there was when he began."""

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(super().__iter__()))


def _kind(folder: Path) -> Any:
    """amqtt's broker, with certificates as in a folder, and mended where a whole street comes at once."""
    from amqtt.broker import Broker

    class Asking(Broker):  # type: ignore[misc]  # it has no types
        def __init__(self, config: dict[str, Any]) -> None:
            super().__init__(config)
            # Whoever connects goes through all subscriptions, waiting at each, while others subscribe.
            self._subscriptions = _Steady()

        @staticmethod
        def _create_ssl_context(listener: Any) -> ssl.SSLContext:
            """amqtt takes clients without a certificate, too; here nobody comes in without one of ours that is not revoked."""
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=listener["cafile"])
            context.load_verify_locations(str(folder / "crl.pem"))
            context.load_cert_chain(listener["certfile"], listener["keyfile"])
            context.verify_mode = ssl.CERT_REQUIRED
            context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
            return context

        async def _publish_retained_messages_for_subscription(self, subscription: tuple[str, int], session: Any) -> None:
            """amqtt sends whoever connects all that is retained for anybody; here only what he has subscribed to himself."""
            subscribers = self._subscriptions.get(subscription[0], ())
            if any(one.client_id == session.client_id for one, _ in subscribers):
                await super()._publish_retained_messages_for_subscription(subscription, session)

    return Asking
