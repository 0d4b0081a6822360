"""What READMEs and help texts say is so: commands exist, links lead somewhere, every folder says what lives there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from lykta.cli import VERBS, lykta

pytestmark = pytest.mark.docs

ROOT = Path(__file__).resolve().parents[1]
TOPS = (".ci", "boards", "firmware", "host_tools", "locks", "tests")
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *(file for top in TOPS for file in sorted((ROOT / top).rglob("*.md")))]


def folders() -> list[Path]:
    """Every folder of the project that holds files."""
    found = [folder for top in TOPS for folder in [ROOT / top, *(ROOT / top).rglob("*")] if folder.is_dir()]
    return [folder for folder in found if "__pycache__" not in folder.parts and any(file.is_file() for file in folder.iterdir())]


def explained(folder: Path) -> bool:
    """Whether a folder has a README; that of the folder above will do where there is no code."""
    return (folder / "README.md").is_file() or (not any(folder.glob("*.py")) and (folder.parent / "README.md").is_file())


def commands(text: str, name: str) -> list[str]:
    """The command lines beginning with `name` in the fenced blocks and in back-quotes of a document."""
    blocks = re.findall(r"^```(?:sh|console)?\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    lines = [line.strip().removeprefix("$ ") for block in blocks for line in block.splitlines()]
    lines += re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))
    return [line.partition(" #")[0].strip() for line in lines if line == name or line.startswith(f"{name} ")]


def fault(line: str) -> str:
    """What is wrong with a documented `lykta` command line; "" if its verbs and options exist. Upper case stands for anything."""
    words = shlex.split(line.replace("|", " "))[1:]
    command: click.Command = lykta
    allowed = {"--help", "-h", *(option for parameter in lykta.params for option in parameter.opts)}
    for word in words:
        if isinstance(command, click.Group) and not word.startswith("-"):
            if word.isupper() or word == "...":
                return ""
            found = command.get_command(click.Context(command), word)
            if found is None:
                return f"`{line}`: no verb {word}"
            command = found
            allowed |= {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
        elif word.startswith("-") and word.partition("=")[0] not in allowed:
            return f"`{line}`: no option {word}"
    return ""


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_document__names_commands_that_exist(document: Path):
    """Each `lykta ...` and `make ...` in a document is a verb with those options, or a target."""
    text = document.read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    named = [word for line in commands(text, "make") for word in line.split()[1:] if re.fullmatch(r"[a-z-]+", word)]
    assert [word for word in named if word not in targets and not word.startswith("-")] == []
    assert [wrong for line in commands(text, "lykta") if (wrong := fault(line))] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_document__links_lead_somewhere(document: Path):
    """Each link to a file of the project, and each picture, is there."""
    text = document.read_text(encoding="utf-8")
    links = [*re.findall(r"\]\(([^)#\s]+)[^)]*\)", text), *re.findall(r'(?:src|srcset)="([^"]+)"', text)]
    local = [link for link in links if "://" not in link and not link.startswith("mailto:")]
    assert [link for link in local if not (document.parent / link).exists()] == []


def test_folders__say_what_lives_there():
    """Every folder has a README, or holds no code and is explained by the one above."""
    assert [str(folder.relative_to(ROOT)) for folder in folders() if not explained(folder)] == []


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_help__lists_verbs_as_they_describe_themselves(verb: str):
    """The line of a verb in `lykta --help`, kept without importing the verb, is the first line of its own help."""
    command = lykta.get_command(click.Context(lykta), verb)
    assert command is not None
    assert command.get_short_help_str(limit=140) == VERBS[verb]


def test_makefile__describes_every_target():
    """`make help` lists every target that a person may name."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = set(re.search(r"^\.PHONY: (.*)$", text, flags=re.MULTILINE).group(1).split())
    described = set(re.findall(r"^([a-z-]+):.*## ", text, flags=re.MULTILINE))
    assert phony == described


def test_makefile__runs_files_that_exist():
    """Each script that the Makefile calls is there."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    called = re.findall(r"(?:^|\s)((?:\.ci|tests|host_tools|locks)/[\w/.-]+)", text)
    assert [name for name in called if not (ROOT / name).exists()] == []


def test_fault__tells_good_from_bad():
    """The reader of command lines sees a verb or an option that does not exist."""
    assert fault("lykta --version") == ""
    assert fault("lykta simulat valla_torg") != ""
    assert fault("lykta --vesion") != ""
