"""The heap of a node on a network, with its TLS session up: the post of `size` with an access point, and a broker that only says yes.

Certificates are EC P-256, both ways, as nodes have them. What mbedTLS holds lies outside of the VM's heap, in the C library's; there it is
counted by glibc itself (`malloc_info`). On the ESP32 both come out of the same memory.
"""

from __future__ import annotations

import datetime as dt
import json
import ssl
from pathlib import Path

from lykta.fleet.certificates import authority_in
from lykta.vm.peers import Connection, Peer

ADDRESS, PORT = "10.0.0.1", 8883
NAME = "valla_torg.P01"
#: What the broker answers: {type of the packet: its answer}; what has a number gets it back.
_ANSWERS = {1: b"\x20\x02\x00\x00", 3: b"\x40\x02", 8: b"\x90\x05", 10: b"\xb0\x02", 12: b"\xd0\x00"}


class Yes(Peer):
    """The other end: TLS, and an acknowledgement for everything."""

    context: ssl.SSLContext

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = self.context.wrap_bio(self._in, self._out, server_side=True)
        self._data = b""

    def took(self, data: bytes) -> None:
        """Bytes of the node."""
        super().took(data)
        self._in.write(data)
        try:
            self._tls.do_handshake()
            while found := self._tls.read(4096):
                self._data += found
                self._answer()
        except ssl.SSLWantReadError:
            pass
        if self._out.pending:
            self.connection.send(self._out.read())

    def _answer(self) -> None:
        while len(self._data) > 2:
            length, at = 0, 1
            while self._data[at] & 128:
                length |= (self._data[at] & 127) << 7 * (at - 1)
                at += 1
            length |= self._data[at] << 7 * (at - 1)
            at += 1
            if len(self._data) < at + length:
                return
            self._tls.write(self._acknowledge(self._data[0], self._data[at : at + length]))
            self._data = self._data[at + length :]

    def _acknowledge(self, first: int, rest: bytes) -> bytes:
        kind = first >> 4
        if kind == 3:
            at = 2 + int.from_bytes(rest[:2], "big")
            return _ANSWERS[3] + rest[at : at + 2]
        if kind == 8:
            return _ANSWERS[8] + rest[:2] + b"\x01\x01\x01"
        return _ANSWERS[kind] + (rest[:2] if kind == 10 else b"")


def files(folder: Path) -> dict[str, bytes]:
    """The files of a node on a network, and `Yes` gets the other side's; both lie in a new folder."""
    folder.mkdir()
    with authority_in(folder / "authority", "Valla torg", dt.datetime.now(dt.UTC)) as authority:
        root, server, client = authority.root, authority.server(["localhost"]), authority.client(NAME, "node")
    (folder / "root.pem").write_bytes(root.cert_pem)
    (folder / "server.pem").write_bytes(server.cert_pem + server.key_pem)
    Yes.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    Yes.context.load_cert_chain(folder / "server.pem")
    Yes.context.load_verify_locations(folder / "root.pem")
    Yes.context.verify_mode = ssl.CERT_REQUIRED
    about = {"host": ADDRESS, "port": PORT, "district": "valla_torg", "name": NAME, "server": "localhost", "tier": 1}
    return {"uplink": json.dumps(about).encode(), "ca": root.cert_der, "cert": client.cert_der, "certkey": client.key_der}
