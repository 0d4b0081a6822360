"""The commands around a bundle of `lykta fleet update`: the keys that sign it, making it, looking at it."""

from __future__ import annotations

import datetime as dt
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lykta.errors import InputError

if TYPE_CHECKING:
    from lykta.fleet.updates.bundle import Bundle

_CHIPS = ("esp32", "esp32c3", "esp32s3")
_PASSPHRASE = "LYKTA_PASSPHRASE"


def _given(confirm: bool) -> str:
    """The passphrase: from the environment, else asked for."""
    text = os.environ.get(_PASSPHRASE)
    if not text:
        if not sys.stdin.isatty():
            raise InputError.of(
                _PASSPHRASE, "there is no terminal to ask for the passphrase of the release keys at: set this variable to it."
            )
        text = click.prompt("Passphrase of the release keys", hide_input=True, confirmation_prompt=confirm)
    return str(text)


@click.command()
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Where the secret half of the release key goes.")
@click.option("--backup", type=click.Path(file_okay=False, path_type=Path), help="Where that of the backup key goes: another medium.")
def keys(out: Path | None, backup: Path | None) -> None:
    """Draw the two keys that sign updates, once; show them when they are there.

    Both secret halves are encrypted with a passphrase (LYKTA_PASSPHRASE, or it is asked for). They belong on media that are off line: the
    release key is plugged in when a bundle is built, the backup key lies in a safe for the day on which the other is lost. Nodes are given
    the public halves when they are flashed, so draw the keys before.

    \b
    Example:
      lykta fleet update keys --out /media/release --backup /media/backup
    """
    from lykta.node import manifest, releasekeys
    from lykta.node.keyfiles import keys_folder

    known = releasekeys.public_keys()
    if known is None:
        places = out or keys_folder(), backup or out or keys_folder()
        known = releasekeys.draw(*places, _given(True))
        for key, place in zip((manifest.RELEASE, manifest.BACKUP), places, strict=True):
            click.echo(f"The {releasekeys.NAMES[key]} key is in {releasekeys.secret_path(place, key)}.")
        if places[0] == places[1]:
            click.echo("Both lie in one place: whoever loses that loses both. Move backup.pem to a medium of its own, and lock it away.")
        click.echo("Next: flash the nodes, so that they know the public halves.")
    click.echo(f"public halves ({releasekeys.public_path()}):")
    click.echo(f"  release  {known.release.hex()}\n  backup   {known.backup.hex()}")


@click.command()
@click.option("--version", default="", help="What people call it, at most 24 characters. Default: a hash of the firmware.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Default: VERSION.lykta here.")
@click.option("--chip", "chips", multiple=True, default=_CHIPS, show_default=True, help="For boards with this chip. May be given again.")
@click.option("--security", type=click.IntRange(0, (1 << 30) - 1), default=0, show_default=True,
              help="Raise it when a fault of security is mended: nodes that confirmed it take nothing lower any more, never.")  # fmt: skip
@click.option("--days", type=click.IntRange(0, 3650), default=90, show_default=True, help="Void after so many days; 0: never.")
@click.option("--runtime", default="1.29.0", show_default=True, help="MicroPython that it needs at least.")
@click.option("--rom", is_flag=True, help="As a ROM image, for boards whose runtime has ROM partitions; else as files.")
@click.option("--backup-key", is_flag=True, help="Sign with the backup key: the release key is lost, or others have it.")
@click.option("--keys", "folder", type=click.Path(file_okay=False, path_type=Path), help="Where the secret key is.")
@click.option("--firmware", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Sources other than Lykta's own.")
def build(
    version: str, out: Path | None, chips: Sequence[str], security: int, days: int, runtime: str, rom: bool, backup_key: bool,
    folder: Path | None, firmware: Path | None,
) -> None:  # fmt: skip
    """Compile the firmware into a bundle, and sign it.

    The release key's medium is needed for this alone: do it on a machine that is off line, and carry the bundle over.

    \b
    Example:
      lykta fleet update build --version 2026.12 --keys /media/release
    """
    from lykta.fleet.updates.bundle import SUFFIX, Bundle, make
    from lykta.node import manifest, releasekeys
    from lykta.node.keyfiles import keys_folder
    from lykta.node.payload import make_payload

    payload = make_payload(firmware)
    key = manifest.BACKUP if backup_key else manifest.RELEASE
    expires = dt.datetime.now(dt.UTC) + dt.timedelta(days=days) if days else None
    needs = _numbers(runtime)
    about, files = make(
        payload.package, version or payload.version, tuple(chips), security=security, expires=expires, runtime=needs, rom=rom, key=key
    )
    secret = releasekeys.secret_path(folder or keys_folder(), key)
    made = Bundle(releasekeys.sign(about, releasekeys.signer(secret, lambda: _given(False))), files)
    target = out or Path(f"{about.version}{SUFFIX}")
    try:
        target.write_bytes(made.to_bytes())
    except OSError as error:
        raise InputError.of(str(target), f"the bundle cannot be written: {error.strerror}.") from None
    _describe(target, made)


def _numbers(text: str) -> tuple[int, int, int]:
    try:
        one, two, three = (int(word) for word in text.split("."))
        bytes((one, two, three))
    except ValueError:
        raise InputError.of("--runtime", f'"{text}" is no version of MicroPython. Write 1.29.0.') from None
    return one, two, three


def _describe(path: Path, made: Bundle) -> None:
    about = made.about
    expires = f"until {about.expires:%Y-%m-%d}" if about.expires else "for ever"
    form = "ROM image" if about.form else f"{about.files} files"
    click.echo(f"{path}: {about.version}, {form}, {about.length:,} bytes, for {', '.join(about.chips)}, valid {expires}.")
    runtime = ".".join(map(str, about.runtime))
    click.echo(f"  security {about.security}, MicroPython {runtime} or newer, bundle {made.id}")


@click.command()
@click.argument("path", metavar="BUNDLE", type=click.Path(path_type=Path))
def check(path: Path) -> None:
    """Look at a bundle as a node will: whole, signed by us, not void. Exit status 2 where a node would refuse it.

    \b
    Example:
      lykta fleet update check 2026.12.lykta
    """
    _describe(path, checked(path))
    click.echo("  whole, and signed by us")


def checked(path: Path) -> Bundle:
    """The bundle in a file. InputError where nodes would refuse it."""
    from lykta.fleet.updates import bundle as bundles
    from lykta.node import releasekeys

    found = bundles.read(path)
    known = releasekeys.public_keys()
    if known is None:
        message = "the public release keys are not on this machine. Take release.json from whoever made them."
        raise InputError.of(str(releasekeys.public_path()), message)
    if not releasekeys.verify(found.head, known):
        raise InputError.of(str(path), "neither of our keys has signed it: no node takes it. `lykta fleet update build` signs.")
    expires = found.about.expires
    if expires and expires <= dt.datetime.now(dt.UTC):
        raise InputError.of(str(path), f"it is void since {expires:%Y-%m-%d}: no node takes it. Build it again.")
    return found
