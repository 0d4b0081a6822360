"""Puts a counter before every statement of a firmware file, so that a MicroPython VM, which cannot trace, tells which lines ran.

A statement `x = 1` on line 7 becomes `_ran[3] = 1; x = 1`, where `_ran` is a bytearray of the file: storing into one allocates
nothing, so tests that lock the heap stay as they are. What `const` names, docstrings and annotations say stays, too.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

from lykta.shipping import text_of

#: The module on the VM that holds the counters: `recorder.py` beside this file.
RECORDER = "recorder"
_NAME = "_ran"
_TYPES_ONLY = "TYPE_CHECKING"


@dataclass(frozen=True)
class Instrumented:
    """A changed file. `lines[n]`: the line that counter n stands for, rising."""

    source: str
    lines: tuple[int, ...]


class _Counters(ast.NodeTransformer):
    """Puts counters into the bodies of a module."""

    def __init__(self) -> None:
        self.lines: list[int] = []

    def visit(self, node: ast.AST) -> ast.AST:
        """Count the statements of every body; what is only for the checker of types is left as it is."""
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == _TYPES_ONLY:
            node.orelse = self._counted(node.orelse)
            return node
        for name in ("body", "handlers", "orelse", "finalbody"):
            inside = getattr(node, name, None)
            if name == "handlers":
                for handler in inside or []:
                    self.visit(handler)
            elif isinstance(inside, list):
                setattr(node, name, self._counted(inside))
        return node

    def _counted(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        found: list[ast.stmt] = []
        for statement in statements:
            if not _is_text(statement):
                found.append(ast.parse(f"{_NAME}[{len(self.lines)}] = 1").body[0])
                self.lines.append(statement.lineno)
            self.visit(statement)
            found.append(statement)
        return found


def _is_text(statement: ast.stmt) -> bool:
    """A docstring, or another expression that does nothing."""
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def instrument(source: str, name: str) -> Instrumented:
    """A firmware file with counters. `name`: what the recorder calls it, such as `lykta_node/core/wave.py`."""
    tree = ast.parse(source)
    counters = _Counters()
    body = tree.body
    head = [body.pop(0)] if body and _is_text(body[0]) else []
    tree.body = body
    counters.visit(tree)
    begin = ast.parse(f"from {RECORDER} import counters as _counters\n{_NAME} = _counters({name!r}, {len(counters.lines)})").body
    tree.body = [*head, *begin, *tree.body]
    return Instrumented(text_of(ast.fix_missing_locations(tree)), tuple(counters.lines))


def instrument_folder(firmware: Path, target: Path) -> dict[str, tuple[int, ...]]:
    """Write the firmware with counters, and the recorder, into an empty folder: {file: the lines its counters stand for}."""
    lines: dict[str, tuple[int, ...]] = {}
    for file in sorted(firmware.rglob("*.py")):
        name = file.relative_to(firmware).as_posix()
        place = target / name
        place.parent.mkdir(parents=True, exist_ok=True)
        changed = instrument(file.read_text(encoding="utf-8"), name)
        place.write_text(changed.source, encoding="utf-8")
        lines[name] = changed.lines
    recorder = Path(__file__).with_name(f"{RECORDER}.py")
    (target / recorder.name).write_bytes(recorder.read_bytes())
    return lines
