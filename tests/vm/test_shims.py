"""The shims have the API of the ESP32: names, values and parameters are those of its stubs, or one of the differences named here."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from lykta.vm import SHIMS

pytestmark = pytest.mark.micropython

ROOT = Path(__file__).resolve().parents[2]
STUBS = ROOT / ".venv" / "esp32-stubs"
MODULES = ("machine", "time", "network", "espnow", "esp32", "socket")
#: What `machine` is made of here.
PARTS = ("vpin", "vuart", "vclock", "vbus")
#: (module, name): what the stubs of all ports say and the ESP32 does not do, with the reason.
DIFFERENT = {
    ("machine", "Pin.irq"): "the ESP32 has no `hard`, though the stubs of all ports do",
    ("machine", "Signal.__init__"): "two forms in one",
    ("machine", "UART.init"): "`pins` is another port's",
    ("machine", "RTC.__init__"): "it takes no time there",
    ("network", "WLAN.config"): "settings are checked by name when they are set",
    ("esp32", "Partition.find"): "the stub names TYPE_APP, which is 0",
}
#: What a shim has for itself: not the firmware's to use.
OWN = {
    ("machine", "Pin.driven"), ("machine", "UART.feed"), ("machine", "Bh1750"), ("machine", "devices"), ("machine", "number_of"),
    ("network", "WLAN.listening"), ("network", "WLAN.changed"), ("network", "around"), ("espnow", "ESPNow.heard"),
    ("esp32", "kept"), ("esp32", "on_commit"),
    ("socket", "WINDOW"), ("socket", "interfaces"), ("socket", "linked"), ("socket", "socket.took"),
}  # fmt: skip
#: What stubs leave out: what select.poll asks of a stream, and that a Signal can be called.
STREAM = {"ioctl", "__call__"}


class Api:
    """The public names of a module: functions and methods with their parameters, constants with their values."""

    def __init__(self, trees: list[ast.Module]) -> None:
        self.calls: dict[str, list[ast.arguments]] = {}
        self.values: dict[str, object] = {}
        self.others: set[str] = set()
        for tree in trees:
            self._read(tree.body, "")

    def _read(self, body: list[ast.stmt], prefix: str) -> None:
        for node in body:
            if isinstance(node, ast.FunctionDef) and (not node.name.startswith("_") or node.name in ("__init__", "__call__")):
                self.calls.setdefault(prefix + node.name, []).append(node.args)
            elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                self.others.add(prefix + node.name)
                self._read(node.body, f"{prefix}{node.name}.")
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                self._assigned(node, prefix)

    def _assigned(self, node: ast.Assign | ast.AnnAssign, prefix: str) -> None:
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            if isinstance(target, ast.Name) and not target.id.startswith("_"):
                self.others.add(prefix + target.id)
                if isinstance(node.value, ast.Constant) and isinstance(node.value.value, int):
                    self.values[prefix + target.id] = node.value.value


def parsed(file: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(file.read_text(encoding="utf-8"))


def shim(module: str) -> Api:
    """The API of a shim; that of `machine` is in parts."""
    return Api([parsed(SHIMS / f"{name}.py") for name in (module, *(PARTS if module == "machine" else ()))])


def stub(module: str) -> Api:
    """The API of the ESP32; what ESPNow inherits is in a module of its own."""
    return Api([parsed(STUBS / f"{module}.pyi")])


def takes(shim_args: ast.arguments, stub_args: ast.arguments) -> bool:
    """Whether a shim takes what one form of the ESP32's takes: as many by place, the same by keyword."""
    if shim_args.vararg and shim_args.kwarg:
        return True
    if stub_args.vararg and stub_args.kwarg:
        return True  # the stub does not say
    places = [*(arg.arg for arg in shim_args.posonlyargs), *(arg.arg for arg in shim_args.args)]
    keywords = {*places, *(arg.arg for arg in shim_args.kwonlyargs)}
    by_place = len(stub_args.posonlyargs) + len(stub_args.args)
    named = [arg.arg for arg in (*stub_args.args, *stub_args.kwonlyargs) if arg.arg != "self"]
    return (by_place <= len(places) or shim_args.vararg is not None) and (shim_args.kwarg is not None or set(named) <= keywords)


def asks_too_much(shim_args: ast.arguments, forms: list[ast.arguments]) -> bool:
    """Whether a shim has no form of the ESP32's with all that it cannot do without."""
    needed = len(shim_args.posonlyargs) + len(shim_args.args) - len(shim_args.defaults)
    return all(needed > len(form.posonlyargs) + len(form.args) for form in forms if not (form.vararg and form.kwarg)) and not any(
        form.vararg and form.kwarg for form in forms
    )


def differences(module: str) -> Iterator[str]:
    """What is not as on the ESP32."""
    ours, theirs = shim(module), stub(module)
    for name in sorted((ours.others | set(ours.calls)) - {owned for where, owned in OWN if where == module}):
        last = name.rpartition(".")[2]
        if name.partition(".")[0] in {owned for where, owned in OWN if where == module} or last in STREAM or last == "__init__":
            continue
        if name not in theirs.others and name not in theirs.calls:
            yield f"{module}.{name}: the ESP32 has no such name"
    for name, value in ours.values.items():
        if name in theirs.values and theirs.values[name] != value:
            yield f"{module}.{name} is {value}, on the ESP32 {theirs.values[name]}"
    for name, (arguments, *_) in ours.calls.items():
        forms = theirs.calls.get(name, [])
        if (module, name) in DIFFERENT or not forms:
            continue
        if not all(takes(arguments, form) for form in forms) or asks_too_much(arguments, forms):
            yield f"{module}.{name}({ast.unparse(arguments)}) is not {' or '.join(ast.unparse(form) for form in forms)}"


@pytest.mark.parametrize("module", MODULES)
def test_shim__has_the_api_of_the_esp32(module: str):
    """Every public name of a shim is one of the ESP32's, with its value and its parameters."""
    if not STUBS.is_dir():
        pytest.fail("the stubs of the ESP32 are not here: run `make env`", pytrace=False)
    assert list(differences(module)) == []


def test_differences__are_all_still_ones():
    """What is excused here is there, on both sides."""
    for module, name in DIFFERENT:
        assert name in shim(module).calls and name in stub(module).calls


@pytest.mark.parametrize(
    ("ours", "theirs", "same"),
    [
        ("def f(a, b=1): ...", "def f(a, b=1, /): ...", True),
        ("def f(a): ...", "def f(a, b=1, /): ...", False),
        ("def f(*, freq=1): ...", "def f(*, freq=..., duty=...): ...", False),
        ("def f(a, b): ...", "def f(a): ...", False),
        ("def f(a, *, c=1): ...", "def f(a, *, c: int = ...) -> None: ...", True),
    ],
)
def test_signatures__tell_same_from_other(ours: str, theirs: str, same: bool):
    """The comparison finds a parameter missing, one too many, and a keyword that is not there."""
    mine, real = (ast.parse(text).body[0] for text in (ours, theirs))
    assert isinstance(mine, ast.FunctionDef) and isinstance(real, ast.FunctionDef)
    assert (takes(mine.args, real.args) and not asks_too_much(mine.args, [real.args])) == same
