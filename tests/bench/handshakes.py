"""What a broker takes when nodes come back: mutual TLS handshakes of a real mosquitto, all at once and spread, over loopback.

    python tests/bench/handshakes.py [--clients 1000] [--spread 20]

The files are those of `lykta broker config`. Every client has a certificate of its own, as the broker wants it, and stays connected until
all are; the clients use the same processors as the broker. Times are of a client, from its SYN to its CONNACK; processor time and memory
are the broker's, from /proc (Linux).
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import ssl
import statistics
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from time import perf_counter

if __name__ == "__main__":  # else pytest or figures.py have done it
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from lykta.fleet.broker import run
from lykta.fleet.broker.files import AUTHORITY, DISTRICTS, write
from lykta.fleet.broker.network import Network
from lykta.fleet.certificates import NODE, Credential, authority_in
from tests.fleet.networks import NOW
from tests.services import HOST, free_port
from tests.site.streets import row

_TICKS = os.sysconf("SC_CLK_TCK")
_PATIENCE_S = 300


class Crowd:
    """Nodes with their certificates, and where their broker is."""

    def __init__(self, folder: Path, clients: int) -> None:
        self.network = Network.at(folder)
        self.network.add(row(1))
        self.place = self.network.districts["street"]
        self.place.port = free_port()
        write(self.network, NOW)
        self.folder = folder / DISTRICTS / "street"
        names = [f"street.N{number}" for number in range(clients)]
        with authority_in(folder / AUTHORITY, "street", NOW) as authority:
            self.trusted = {name: self._trust(authority.client(name, NODE)) for name in names}

    def _trust(self, shown: Credential) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.network.folder / AUTHORITY / "ca.pem"))
        pem = self.network.folder / "shown.pem"
        pem.write_bytes(shown.cert_pem + shown.key_pem)
        context.load_cert_chain(str(pem))
        return context

    async def come(self, spread_s: float, usage: Callable[[], tuple[float, int]]) -> tuple[list[float], float, int]:
        """All connect, evenly over so many seconds, and stay until the last is in; how long each took [s], and the usage then."""
        waits = [spread_s * number / len(self.trusted) for number in range(len(self.trusted))]
        opened: list[asyncio.StreamWriter] = []
        try:
            took = await asyncio.gather(*(self._one(name, wait, opened) for name, wait in zip(self.trusted, waits, strict=True)))
            return list(took), *usage()
        finally:
            for writer in opened:
                writer.transport.abort()

    async def _one(self, name: str, wait_s: float, opened: list[asyncio.StreamWriter]) -> float:
        await asyncio.sleep(wait_s)
        begin = perf_counter()
        reader, writer = await asyncio.open_connection(
            HOST, self.place.port, ssl=self.trusted[name], server_hostname="localhost", ssl_handshake_timeout=_PATIENCE_S
        )
        opened.append(writer)
        text = name.encode()
        body = b"\x00\x04MQTT\x04\x02\x00\x3c" + len(text).to_bytes(2, "big") + text
        writer.write(bytes([0x10, len(body)]) + body)
        answer = await reader.readexactly(4)
        if answer != b"\x20\x02\x00\x00":
            raise ConnectionError(f"{name} was refused: {answer.hex()}")
        return perf_counter() - begin


def usage(process: int) -> tuple[float, int]:
    """Processor time [s] and memory [kB] of a process."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    memory = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
    return (int(fields[11]) + int(fields[12])) / _TICKS, memory


def storm(crowd: Crowd, spread_s: float) -> tuple[list[float], float, float, int]:
    """A broker of its own, to which all come: (time of each, time of all, processor time of the broker [s], its memory [kB])."""
    with run.Mosquitto(crowd.folder, crowd.place) as broker:
        threading.Thread(target=lambda: sum(1 for _ in broker.log()), daemon=True).start()
        process = int((crowd.folder / "run.pid").read_text(encoding="ascii"))
        before, empty = usage(process)
        begin = perf_counter()
        took, ending, full = asyncio.run(crowd.come(spread_s, lambda: usage(process)))
        return took, perf_counter() - begin, ending - before, full - empty


def report(quick: bool = False, clients: int = 1000, spread_s: float = 20.0) -> Iterator[str]:
    """The table, line by line."""
    if not Path("/proc/self/stat").exists():
        yield "Only where /proc is (Linux)."
        return
    if run.find_mosquitto() is None:
        yield "mosquitto is not installed: make services"
        return
    count = 100 if quick else clients
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    yield f"| {count} clients, mutual TLS, P-256 | all in after | a client: median | 99 % | broker: processor, each | memory, each |"
    yield "|---|---|---|---|---|---|"
    with tempfile.TemporaryDirectory(prefix="lykta-") as folder:
        crowd = Crowd(Path(folder), count)
        for name, spread in (("all at once", 0.0), (f"spread over {spread_s / (10 if quick else 1):g} s", spread_s / (10 if quick else 1))):
            took, whole, processor, memory = storm(crowd, spread)
            city = f"{150 * processor * 1000 / count:.0f} s of a processor | {150 * memory / count / 1000:.1f} GB"
            ms = [1000 * statistics.quantiles(took, n=100)[at] for at in (49, 98)]
            cost = f"{1000 * processor / count:.1f} ms | {memory / count:.0f} kB"
            yield f"| {name} | {whole:.1f} s | {ms[0]:.0f} ms | {ms[1]:.0f} ms | {cost} |"
            yield f"|   150 times 1,000 such nodes | | | | {city} |"


def main(words: Sequence[str]) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=1000)
    parser.add_argument("--spread", type=float, default=20.0, help="seconds")
    given = parser.parse_args(words)
    for line in report(clients=given.clients, spread_s=given.spread):
        print(line, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
