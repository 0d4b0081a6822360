"""A street whose nodes speak: certificates, a real mosquitto, light nodes in a thread of their own, people with tokens."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lykta.fleet import messages, topics
from lykta.fleet.broker.network import Network
from lykta.fleet.simulate_light import Crowd, broker_of
from lykta.node.keyfiles import place_of
from lykta.node.keys import KeyStore
from lykta.node.street import Street, load_street
from tests import services
from tests.fleet import networks
from tests.tune import nights

ANNA, BERTIL, CILLA = "anna-drawn-at-random", "bertil-drawn-at-random", "cilla-drawn-at-random"
HOSTILE = "<img src=x onerror=hurt=1>"
_LOOKS_S = 0.05
_PEOPLE = f"anna: {{role: operator, token: {ANNA}}}\nbertil: {{role: operator, token: {BERTIL}}}\ncilla: {{role: viewer, token: {CILLA}}}\n"


class Lively:
    """The street. `broker` may be stopped and started; `cut` takes the power of a node away for good."""

    def __init__(self, folder: Path) -> None:
        nights.write(folder)
        site = folder / "site.yaml"
        text = site.read_text(encoding="utf-8")
        for plain in ("id: E,", "to: E,", "from: E,"):
            text = text.replace(plain, plain.replace("E", f'"{HOSTILE}"'))
        site.write_text(text, encoding="utf-8")
        (folder / "people_of.yaml").write_text(_PEOPLE, encoding="utf-8")
        self.folder = folder
        self.street: Street = load_street(str(site))
        self.network: Network = networks.network(folder / "site.network", self.street.site)[0]
        KeyStore.make(self.street.site, place_of(self.street.site.name), dt.datetime.now(dt.UTC))
        self.names = next(iter(self.network.sites.values())).nodes
        self.broker = networks.broker_of(self.network, next(iter(self.network.districts)))
        self._loop = asyncio.new_event_loop()
        self._own = tempfile.TemporaryDirectory()

    def __enter__(self) -> Lively:
        """Let them speak."""
        self.broker.start()
        where, names = broker_of(self.street, self.network.folder, None, Path(self._own.name))
        self._crowd = Crowd(names, where, speed=20.0)
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._do(self._crowd.__aenter__())
        self._do(self._crowd.all_there())
        return self

    def __exit__(self, *_: object) -> None:
        self._do(self._crowd.__aexit__())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self.broker.close()
        self._own.cleanup()

    def _do(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def cut(self, lamp: str) -> None:
        """A node dies: its connection ends without a farewell, and it does not come back."""
        node = next(one for one in self._crowd.nodes if one.name == self.names[lamp])

        async def die() -> None:
            number = self._crowd.nodes.index(node)
            self._crowd._tasks[number].cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._crowd._tasks[number]

        self._do(die())

    def tell(self, lamp: str, kind: topics.Kind, message: messages.Message) -> None:
        """A node tells something more, as soon as it is connected: after a broker's new start it comes back in its own time."""
        node = next(one for one in self._crowd.nodes if one.name == self.names[lamp])
        topic = topics.topic_of(self._crowd.where.district, node.name, kind)

        async def tell() -> None:
            while node._link is None:
                await asyncio.sleep(_LOOKS_S)
            node._link.publish(topic, messages.encode(message))
            await node._link.settled()

        self._do(tell())


@contextlib.contextmanager
def lively(folder: Path) -> Iterator[Lively]:
    """The street, as long as it is needed."""
    services.program("mosquitto")
    with Lively(folder) as found:
        yield found
