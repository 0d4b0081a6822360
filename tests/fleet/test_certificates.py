"""The authority: what it makes, what it keeps, when it renews, whom it no longer vouches for."""

from __future__ import annotations

import asyncio
import datetime as dt
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from lykta.errors import InputError
from lykta.fleet.carrier import Lost, Refused
from lykta.fleet.certificates import BRIDGE, NODE, NODE_HOLDS, OPERATOR, OTHERS_HOLD, Credential, authority_in, name_of
from lykta.fleet.client import Broker
from tests.fleet.networks import foreign, issued, network

NOW = dt.datetime(2026, 11, 23, 12, 0, tzinfo=dt.UTC)
NAME = "kungsholms_strand.K05"


def files_of(credential: Credential, folder: Path) -> tuple[Path, Path]:
    """A credential on disk."""
    folder.mkdir(exist_ok=True)
    (folder / "cert").write_bytes(credential.cert_der)
    (folder / "key").write_bytes(credential.key_der)
    return folder / "cert", folder / "key"


def test_node__has_its_name_and_a_key_of_p256_for_ten_years(tmp_path: Path):
    """What a node needs and no more: it is a client, it can sign, it is no authority."""
    with authority_in(tmp_path, "Kungsholms strand", NOW) as authority:
        made = authority.client(NAME, NODE)
    certificate = made.certificate
    assert name_of(certificate) == NAME
    assert isinstance(made.key.curve, ec.SECP256R1)
    assert certificate.not_valid_after_utc - NOW == NODE_HOLDS
    assert certificate.not_valid_before_utc < NOW
    extensions = certificate.extensions
    assert list(extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert not extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    certificate.verify_directly_issued_by(authority.root.certificate)


def test_server__is_known_by_names_and_addresses(tmp_path: Path):
    """Names and addresses are told apart."""
    with authority_in(tmp_path, "a", NOW) as authority:
        made = authority.server(["broker.example.se", "127.0.0.1", "::1"])
    names = made.certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["broker.example.se"]
    assert [str(one) for one in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "::1"]


@pytest.mark.security(1)
def test_numbers__are_all_different_and_long(tmp_path: Path):
    """Two certificates of one name have different numbers, of more than 64 bits that nobody can guess."""
    with authority_in(tmp_path, "a", NOW) as authority:
        made = [authority.client(NAME, NODE).certificate.serial_number for _ in range(50)]
    assert len(set(made)) == 50
    assert max(made).bit_length() > 120


def test_files__are_the_owners_alone(tmp_path: Path):
    """Key and register are for nobody else, nor is their folder."""
    with authority_in(tmp_path / "authority", "a", NOW):
        pass
    assert (tmp_path / "authority").stat().st_mode & 0o777 == 0o700
    assert {name: (tmp_path / "authority" / name).stat().st_mode & 0o777 for name in ("ca.key", "register.json")} == {
        "ca.key": 0o600,
        "register.json": 0o600,
    }


def test_key_that_others_may_read__is_refused(tmp_path: Path):
    """Whoever copied it could make operators."""
    with authority_in(tmp_path, "a", NOW):
        pass
    (tmp_path / "ca.key").chmod(0o640)
    with pytest.raises(InputError, match="others may read this key"), authority_in(tmp_path, "a", NOW):
        pass


@pytest.mark.parametrize(
    ("name", "content"), [("register.json", b"{"), ("register.json", b'{"format": 9, "issued": []}'), ("ca.key", b"-----no")]
)
def test_authority_that_is_damaged__is_said(tmp_path: Path, name: str, content: bytes):
    """Not one made anew in its place: every node would be locked out."""
    with authority_in(tmp_path, "a", NOW):
        pass
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match="this authority is damaged"), authority_in(tmp_path, "a", NOW):
        pass


def test_certificate__is_kept_until_a_quarter_of_its_time_is_left(tmp_path: Path):
    """The same one again; a new one, with another key, in time before it is over."""
    with authority_in(tmp_path / "a", "a", NOW) as authority:
        first = authority.client("operator-1", OPERATOR)
    pair = files_of(first, tmp_path / "own")
    almost = NOW + OTHERS_HOLD * 0.74
    with authority_in(tmp_path / "a", "a", almost) as authority:
        kept = Credential.read(*pair)
        assert authority.client("operator-1", OPERATOR, kept) is kept
    with authority_in(tmp_path / "a", "a", NOW + OTHERS_HOLD * 0.76) as authority:
        renewed = authority.client("operator-1", OPERATOR, Credential.read(*pair))
    assert renewed.certificate.serial_number != first.certificate.serial_number
    assert renewed.key.private_numbers() != first.key.private_numbers()


def test_server__gets_another_when_its_names_change(tmp_path: Path):
    """A broker that moved would be refused by its nodes otherwise."""
    with authority_in(tmp_path, "a", NOW) as authority:
        first = authority.server(["b.example.se", "127.0.0.1"])
        assert authority.server(["b.example.se", "127.0.0.1"], first) is first
        assert authority.server(["c.example.se", "127.0.0.1"], first) is not first


def test_certificate_of_another_authority__is_not_kept(tmp_path: Path):
    """Nor one whose key belongs to another."""
    with authority_in(tmp_path / "foreign", "b", NOW) as foreign:
        theirs = foreign.client(NAME, NODE)
    with authority_in(tmp_path / "a", "a", NOW) as authority:
        ours = authority.client(NAME, NODE)
        assert authority.client(NAME, NODE, theirs) is not theirs
        assert authority.client("kungsholms_strand.K06", NODE, ours) is not ours
    cert, _ = files_of(ours, tmp_path / "ours")
    _, key = files_of(theirs, tmp_path / "theirs")
    assert Credential.read(cert, key) is None
    assert Credential.read(cert, tmp_path / "nothing") is None


@pytest.mark.security(7)
def test_revoked__is_on_the_list_and_never_kept(tmp_path: Path):
    """All certificates of the name, and only those; a list of nobody is a list too."""
    with authority_in(tmp_path, "a", NOW) as authority:
        first, second, other = (authority.client(name, NODE) for name in (NAME, NAME, "kungsholms_strand.K06"))
        assert len(x509.load_pem_x509_crl(authority.crl())) == 0
        assert [one.number for one in authority.revoke(NAME, "stolen")] == [f"{x.certificate.serial_number:x}" for x in (first, second)]
        assert authority.revoke(NAME, "again") == []
    with authority_in(tmp_path, "a", NOW) as authority:
        crl = x509.load_pem_x509_crl(authority.crl())
        assert {one.serial_number for one in crl} == {first.certificate.serial_number, second.certificate.serial_number}
        assert crl.is_signature_valid(authority.root.key.public_key())
        assert authority.client(NAME, NODE, first) is not first
        assert authority.client("kungsholms_strand.K06", NODE, other) is other
        assert {one.why for one in authority.issued if one.revoked} == {"stolen"}


def test_list_of_the_revoked__is_never_over_before_the_authority(tmp_path: Path):
    """A broker with one that is over lets nobody in at all."""
    with authority_in(tmp_path, "a", NOW) as authority:
        assert x509.load_pem_x509_crl(authority.crl()).next_update_utc == authority.root.certificate.not_valid_after_utc


def test_nothing_outlives_the_authority(tmp_path: Path):
    """A node made in its last year holds no longer than it; later it makes nothing more."""
    with authority_in(tmp_path, "a", NOW) as authority:
        end = authority.root.certificate.not_valid_after_utc
    with authority_in(tmp_path, "a", end - dt.timedelta(days=100)) as authority:
        assert authority.client(NAME, NODE).certificate.not_valid_after_utc == end
    with pytest.raises(InputError, match="this authority has expired"), authority_in(tmp_path, "a", end + dt.timedelta(days=1)):
        pass


def test_secret__is_not_shown_in_a_traceback(tmp_path: Path):
    """What prints a credential prints no key."""
    with authority_in(tmp_path, "a", NOW) as authority:
        made = authority.client("bridge-a", BRIDGE)
    assert "PRIVATE" not in repr(made)
    assert str(made.key.private_numbers().private_value) not in repr(made)


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        ("old", "our certificate has expired"),
        ("early", "is it not valid yet"),
        ("foreign", "not of its authority"),
        ("none", "we have given none"),
        ("good", "was lost"),
    ],
)
def test_broker_that_hangs_up_without_a_word__is_explained_by_our_own_certificate(tmp_path: Path, shown: str, said: str):
    """The alert may be lost with the connection; what is wrong with us shows from here too. Else it is the connection."""
    made, _ = network(tmp_path / "network")
    ages = {"old": -11 * 365, "early": 3, "good": 0}
    own = foreign(tmp_path / "other", "operator-1") if shown == "foreign" else None
    own = issued(made, "operator-1", dt.datetime.now(dt.UTC) + dt.timedelta(days=ages[shown])) if shown in ages else own
    pem = tmp_path / "shown.pem"
    if own is not None:
        pem.write_bytes(own.cert_pem + own.key_pem)

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.transport.abort()

    async def connect() -> None:
        async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            broker = Broker("127.0.0.1", port, "operator-1", made.folder / "authority" / "ca.pem", *([pem, pem] if own else []))
            async with broker.connect():
                raise AssertionError("it was let in")

    with pytest.raises(Lost if shown == "good" else Refused, match=said):
        asyncio.run(connect())
