"""The authority of a network: it says who is who, for how long, and who is not any more.

    with authority_in(folder, "Kungsholms strand", now) as authority:            # made where there is none
        broker = authority.server(["broker.example.se", "127.0.0.1"])
        node = authority.client("kungsholms_strand.K05", NODE)
        authority.revoke("kungsholms_strand.K04", "stolen")
        authority.crl()                                                          # the list of the revoked, PEM

EC P-256 throughout: a node can work with it. The key of the authority never leaves its folder, which is its owner's alone. Every
certificate has a random number of 159 bits, and the register says for whom it was made. Times are UTC.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import ipaddress
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from lykta import wholefile
from lykta.errors import InputError

NODE, SERVER, BRIDGE, OPERATOR, VIEWER, INGEST = "node", "server", "bridge", "operator", "viewer", "ingest"

#: How long they hold. A lamp post is seldom climbed; whoever is at a desk can renew.
AUTHORITY_HOLDS, NODE_HOLDS, OTHERS_HOLD = dt.timedelta(days=20 * 365), dt.timedelta(days=10 * 365), dt.timedelta(days=2 * 365)
#: They are renewed when less than this share of their time is left.
RENEWED_AT = 0.25
#: They hold from a day before they are made: clocks differ.
_BEFORE = dt.timedelta(days=1)
_MOMENT = dt.timedelta(minutes=10)
_FORMAT = 1


@dataclass
class Issued:
    """A certificate that was made. `number`: its serial number, hexadecimal; times: ISO 8601; `revoked`: when, "" where it is not."""

    number: str
    name: str
    role: str
    since: str
    until: str
    revoked: str = ""
    why: str = ""


@dataclass(frozen=True)
class Credential:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey = field(repr=False)

    @property
    def cert_pem(self) -> bytes:
        """The certificate as PEM."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def cert_der(self) -> bytes:
        """The certificate as DER."""
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def key_pem(self) -> bytes:
        """The key as PEM (PKCS 8), not encrypted."""
        form = serialization.PrivateFormat.PKCS8
        return self.key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())

    @property
    def key_der(self) -> bytes:
        """The key as DER, in the shorter form that only EC keys have (SEC 1), not encrypted."""
        form = serialization.PrivateFormat.TraditionalOpenSSL
        return self.key.private_bytes(serialization.Encoding.DER, form, serialization.NoEncryption())

    @classmethod
    def read(cls, certificate: Path, key: Path) -> Credential | None:
        """From two files, PEM or DER; None where one is missing or damaged, or they do not belong to each other."""
        try:
            public, private = certificate.read_bytes(), key.read_bytes()
            pem = public.startswith(b"-----")
            cert = x509.load_pem_x509_certificate(public) if pem else x509.load_der_x509_certificate(public)
            load = serialization.load_pem_private_key if private.startswith(b"-----") else serialization.load_der_private_key
            loaded = load(private, None)
        except (OSError, ValueError, TypeError):
            return None
        if not isinstance(loaded, ec.EllipticCurvePrivateKey) or loaded.public_key() != cert.public_key():
            return None
        return cls(cert, loaded)


@contextlib.contextmanager
def authority_in(folder: Path, name: str, now: dt.datetime) -> Iterator[Authority]:
    """The authority in a folder, made where there is none, ours alone meanwhile; what it did is saved at the end.

    `name`: what people call the network. InputError where its files are damaged, or its key is open to others.
    """
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        now = now.astimezone(dt.UTC).replace(microsecond=0)
        authority = _read(folder, now) if (folder / "ca.pem").exists() else _make(folder, name, now)
        try:
            yield authority
        finally:
            authority.save()


class Authority:
    """Makes certificates, and keeps the register of them."""

    def __init__(self, folder: Path, root: Credential, issued: list[Issued], now: dt.datetime) -> None:
        self.folder = folder
        self.root = root
        self.issued = issued
        self.now = now
        self._by_number = {one.number: one for one in issued}

    def server(self, names: Sequence[str], kept: Credential | None = None) -> Credential:
        """For a broker that is reached by these names and addresses; `kept` where it still serves."""
        wanted = [_general(name) for name in names]
        if kept and self.holds(kept) and _alternatives(kept.certificate) == wanted:
            return kept
        return self._issue(names[0][:64], SERVER, OTHERS_HOLD, wanted)

    def client(self, name: str, role: str, kept: Credential | None = None) -> Credential:
        """For a node, a person's program or a bridge, by that name; `kept` where it still serves."""
        if kept and self.holds(kept) and name_of(kept.certificate) == name:
            return kept
        return self._issue(name, role, NODE_HOLDS if role == NODE else OTHERS_HOLD)

    def moment(self, name: str) -> Credential:
        """A client's certificate for ten minutes: for whoever takes the place of a live session, so that it ends."""
        return self._issue(name, NODE, _MOMENT)

    def _issue(self, name: str, role: str, holds: dt.timedelta, names: Sequence[x509.GeneralName] = ()) -> Credential:
        key = ec.generate_private_key(ec.SECP256R1())
        # Nothing outlives its authority.
        until = min(self.now + holds, self.root.certificate.not_valid_after_utc)
        usage = ExtendedKeyUsageOID.SERVER_AUTH if role == SERVER else ExtendedKeyUsageOID.CLIENT_AUTH
        builder = (
            _builder(_named(name), self.root.certificate.subject, key, self.now, until)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(digital_signature=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.root.key.public_key()), critical=False)
        )
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        certificate = builder.sign(self.root.key, hashes.SHA256())
        since, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        made = Issued(f"{certificate.serial_number:x}", name, role, since.isoformat(), end.isoformat())
        self.issued.append(made)
        self._by_number[made.number] = made
        return Credential(certificate, key)

    def holds(self, credential: Credential) -> bool:
        """Whether a certificate is ours, not revoked, and holds for long enough that nobody need renew it."""
        certificate = credential.certificate
        since, until = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        known = self._by_number.get(f"{certificate.serial_number:x}")
        if known is None or known.revoked or not since <= self.now <= until - (until - since) * RENEWED_AT:
            return False
        try:
            certificate.verify_directly_issued_by(self.root.certificate)
        except (ValueError, TypeError, InvalidSignature):
            return False
        return True

    def revoke(self, name: str, why: str) -> list[Issued]:
        """Every certificate of a name, from now on; returns those that were not revoked or over before. The list must go to the brokers."""
        now = self.now.isoformat()
        found = [one for one in self.issued if one.name == name and not one.revoked and one.until > now]
        for one in found:
            one.revoked, one.why = now, why
        return found

    def crl(self) -> bytes:
        """The list of the revoked, PEM. It holds as long as the authority: a broker with one that is over would let nobody in."""
        builder = x509.CertificateRevocationListBuilder().issuer_name(self.root.certificate.subject)
        builder = builder.last_update(self.now - _BEFORE).next_update(self.root.certificate.not_valid_after_utc)
        for one in self.issued:
            if one.revoked:
                entry = x509.RevokedCertificateBuilder().serial_number(int(one.number, 16))
                builder = builder.add_revoked_certificate(entry.revocation_date(dt.datetime.fromisoformat(one.revoked)).build())
        return builder.sign(self.root.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def save(self) -> None:
        """Write the register."""
        text = json.dumps({"format": _FORMAT, "issued": [asdict(one) for one in self.issued]}, ensure_ascii=False, indent=1)
        write_secret(self.folder / "register.json", text.encode())


def _make(folder: Path, name: str, now: dt.datetime) -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _named(f"Street lights: {name[:40]}")
    builder = (
        _builder(subject, subject, key, now, now + AUTHORITY_HOLDS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
    )
    authority = Authority(folder, Credential(builder.sign(key, hashes.SHA256()), key), [], now)
    authority.save()
    write_secret(folder / "ca.key", authority.root.key_pem)
    write_public(folder / "ca.pem", authority.root.cert_pem)  # last: it says that the authority is whole
    return authority


def _read(folder: Path, now: dt.datetime) -> Authority:
    key = folder / "ca.key"
    damaged = InputError.of(
        str(folder), "this authority is damaged. Bring the folder back from a backup; without it every node needs new files."
    )
    try:
        if key.stat().st_mode & 0o077:
            advice = f"Run `chmod 600 {key}`; if that was so for long, make another network in another folder."
            raise InputError.of(str(key), f"others may read this key. {advice}")
        register = json.loads((folder / "register.json").read_text(encoding="utf-8"))
        issued = [Issued(**one) for one in register["issued"]]
        right = register["format"] == _FORMAT
    except (OSError, ValueError, KeyError, TypeError):
        raise damaged from None
    root = Credential.read(folder / "ca.pem", key)
    if root is None or not right:
        raise damaged
    if now > root.certificate.not_valid_after_utc:
        raise InputError.of(
            str(folder), "this authority has expired. Make another network in another folder, and give all nodes its files."
        )
    return Authority(folder, root, issued, now)


def name_of(certificate: x509.Certificate) -> str:
    """The common name."""
    return str(certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


def write_secret(path: Path, data: bytes, sync: bool = True) -> None:
    """Write beside and rename; for its owner alone, not for a moment for others. `sync`: wait until the disk has it."""
    _write(path, data, 0o600, sync)


def write_public(path: Path, data: bytes, sync: bool = True) -> None:
    """Write beside and rename, so that a cut leaves the old one. `sync`: wait until the disk has it."""
    _write(path, data, 0o644, sync)


def _write(path: Path, data: bytes, mode: int, sync: bool) -> None:
    try:
        wholefile.write(path, data, mode, sync)
    except OSError as error:
        raise InputError.of(str(path), f"cannot be written: {error.strerror}. Give another folder with --out, or make room.") from None


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: dt.datetime, until: dt.datetime
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - _BEFORE).not_valid_after(until)
    return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)


def _usage(digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _general(name: str) -> x509.GeneralName:
    """A name of a machine, or its address."""
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _alternatives(certificate: x509.Certificate) -> list[x509.GeneralName]:
    try:
        return list(certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    except x509.ExtensionNotFound:
        return []
