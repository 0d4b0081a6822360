"""The connection to a real broker: MQTT 3.1.1 over TLS, by aiomqtt. A letter is acknowledged when it is stored, not when it is read."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import aiomqtt
from aiomqtt.exceptions import MqttConnectError
from cryptography.exceptions import InvalidSignature
from cryptography.x509 import Certificate, load_pem_x509_certificate, load_pem_x509_certificates

from lykta.errors import InputError, Message
from lykta.fleet.carrier import Letter, Lost, Refused

_TIMEOUT_S = 10.0
#: More than the broker lets be under way at once (`max_inflight_messages`): the inbox never grows beyond that.
_INBOX = 65_536
_REFUSED = 128  # in an answer to a subscription

#: What TLS says -> what it means and what to do; the first that is found in its text.
_MEANINGS = (
    ("certificate is not yet valid", "its certificate is not valid yet: is the clock of this machine right?"),
    ("certificate has expired", "its certificate has expired, or the clock of this machine is wrong. Renew it: `lykta broker config`"),
    ("Hostname mismatch", "its certificate was made for another name: connect to the name that it has"),
    ("IP address mismatch", "its certificate was made for another name: connect to the name that it has"),
    ("CERTIFICATE_VERIFY_FAILED", "its certificate is not of our authority: it is another broker, or another set of certificates"),
    ("CERTIFICATE_EXPIRED", "our certificate has expired. Make a new one: `lykta broker config`"),
    ("CERTIFICATE_REVOKED", "our certificate was revoked: somebody has said that it shall not be used any more"),
    ("UNKNOWN_CA", "our certificate is not of its authority: it is another broker, or another set of certificates"),
    ("CERTIFICATE_REQUIRED", "it wants a certificate, and we have given none"),
    ("BAD_CERTIFICATE", "it does not accept our certificate: is it not valid yet? Was it made where the clock is wrong?"),
    ("CERTIFICATE_UNKNOWN", "it does not accept our certificate"),
    ("WRONG_VERSION_NUMBER", "it does not speak TLS: is that the right port?"),
)


@dataclass(frozen=True)
class Broker:
    """Where the broker is, and who we are for it. `authority`, `certificate`, `key`: PEM files; without an authority there is no TLS."""

    host: str
    port: int
    client: str
    authority: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    def __str__(self) -> str:
        """For people."""
        return f"{self.host}:{self.port}"

    @asynccontextmanager
    async def connect(self, keep: bool = False) -> AsyncIterator[MqttConnection]:
        """Connect. `keep`: the broker keeps what comes for us while we are away. Lost, or Refused where it is no use to try again."""
        said = _Said()
        inbox: asyncio.Queue[aiomqtt.Message] = asyncio.Queue(_INBOX)
        client = _Client(
            self.host,
            self.port,
            identifier=self.client,
            clean_session=not keep,
            timeout=_TIMEOUT_S,
            keepalive=30,
            tls_context=self._tls(),
            queue_type=cast("type[asyncio.Queue[aiomqtt.Message]]", lambda maxsize: inbox),  # a factory of it serves
            logger=said.logger,
        )
        client.pending_calls_threshold = 100_000
        try:
            async with client:
                yield MqttConnection(client, inbox)
        except aiomqtt.MqttError as error:
            raise self._told(error, said.last) from None

    def _tls(self) -> ssl.SSLContext | None:
        if self.authority is None:
            return None
        try:
            context = ssl.create_default_context(cafile=str(self.authority))
            if self.certificate is not None:
                context.load_cert_chain(str(self.certificate), str(self.key) if self.key else None)
        except (OSError, ssl.SSLError) as error:
            where = getattr(error, "filename", None) or self.certificate or self.authority
            raise InputError.of(str(where), f"cannot be used as a certificate ({error}). `lykta broker config` makes them.") from None
        return context

    def _told(self, error: aiomqtt.MqttError, logged: str) -> Lost:
        """What happened, said to people."""
        said = f"{error} {logged}".strip()
        if meaning := _meaning(said):
            return self._refused(meaning)
        if isinstance(error, MqttConnectError):
            return Refused(
                Message(
                    "The broker at {broker} does not let {client} in ({error}). Is it a client of this broker?",
                    broker=self,
                    client=self.client,
                    error=error,
                )
            )
        if "refused" in said.lower():
            return Lost(
                Message(
                    "No broker answers at {broker}. Start one with `lykta broker run`, or look whether it runs on its machine.", broker=self
                )
            )
        if meaning := _meaning(self._own_fault()):
            return self._refused(meaning)
        return Lost(Message("The connection to the broker at {broker} was lost ({said}).", broker=self, said=said))

    def _refused(self, meaning: str) -> Refused:
        return Refused(f"The broker at {self}: {meaning}{'' if meaning.endswith('?') else '.'}")

    def _own_fault(self) -> str:
        """The sign in _MEANINGS of what is wrong with our own certificate, as far as it shows from here, or nothing.

        A broker that hangs up at once may take its reason along: the system drops the alert with whatever else was not read yet.
        """
        if self.authority is None:
            return ""
        if self.certificate is None:
            return "CERTIFICATE_REQUIRED"
        ours = load_pem_x509_certificate(self.certificate.read_bytes())
        now = dt.datetime.now(dt.UTC)
        if now > ours.not_valid_after_utc:
            return "CERTIFICATE_EXPIRED"
        if now < ours.not_valid_before_utc:
            return "BAD_CERTIFICATE"
        known = load_pem_x509_certificates(self.authority.read_bytes())
        return "" if any(ours.issuer == one.subject and _signed(one, ours) for one in known) else "UNKNOWN_CA"


def _meaning(said: str) -> str:
    """What a text of TLS means; nothing where it is not known."""
    return next((meaning for sign, meaning in _MEANINGS if sign.lower() in said.lower().replace(" ", "_") or sign in said), "")


def _signed(authority: Certificate, certificate: Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
    except (InvalidSignature, TypeError, ValueError):
        return False
    return True


class MqttConnection:
    """See `carrier.Connection`."""

    def __init__(self, client: _Client, inbox: asyncio.Queue[aiomqtt.Message]) -> None:
        self._client = client
        self._inbox = inbox

    async def subscribe(self, filters: Sequence[tuple[str, int]]) -> None:
        """See `carrier.Connection`."""
        granted = await self._guard(self._client.subscribe(list(filters)))
        for (topic, _), qos in zip(filters, granted, strict=True):
            if int(getattr(qos, "value", qos)) >= _REFUSED:
                raise Refused(f"The broker does not let us read {topic}: see its access list, or who we say we are.")

    async def publish(self, topic: str, payload: bytes, qos: int = 1, retain: bool = False) -> None:
        """See `carrier.Connection`."""
        await self._guard(self._client.publish(topic, payload, qos, retain))

    async def letters(self, most: int, linger_s: float) -> list[Letter]:
        """See `carrier.Connection`."""
        inbox = self._inbox
        found = [await self._guard(anext(aiter(self._client.messages)))]
        if linger_s and inbox.qsize() < most - 1:
            await asyncio.sleep(linger_s)
        while len(found) < most and not inbox.empty():
            found.append(inbox.get_nowait())
        return [Letter(one.topic.value, bytes(one.payload), one.retain, one.mid if one.qos else 0) for one in found]

    def acknowledge(self, letters: Sequence[Letter]) -> None:
        """See `carrier.Connection`."""
        for letter in letters:
            if letter.number:
                self._client.acknowledge(letter.number)

    async def _guard(self, call: Any) -> Any:
        try:
            return await call
        except aiomqtt.MqttError as error:
            raise Lost(f"The connection to the broker was lost ({error}).") from None


class _Client(aiomqtt.Client):
    """aiomqtt with two things that it does not hand out: acknowledging later, and why a connection did not come about.

    It waits ten seconds for an answer though the broker has hung up long since; and the reason is only in its log.
    """

    def __init__(self, *words: Any, **options: Any) -> None:
        super().__init__(*words, **options)
        self._client.manual_ack_set(True)

    def acknowledge(self, number: int) -> None:
        """Acknowledge a message of QoS 1."""
        self._client.ack(number, 1)

    def _on_disconnect(self, client: Any, userdata: Any, flags: Any, reason_code: Any, properties: Any = None) -> None:
        if not self._connected.done():
            self._connected.set_exception(aiomqtt.MqttError(f"it hung up: {reason_code}"))
            return
        super()._on_disconnect(client, userdata, flags, reason_code, properties)


class _Said(logging.Handler):
    """Keeps the last error that the library logs: TLS says there, and only there, why it was refused."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.last = ""
        self.logger = logging.Logger("lykta.fleet", logging.ERROR)
        self.logger.addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        self.last = record.getMessage()
