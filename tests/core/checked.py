"""The debug build of the core: fails on any value or product that does not fit -2^30 .. 2^30 - 1, as the node's small integers do."""

from __future__ import annotations

import ast
from functools import cache
from types import ModuleType
from typing import TypeVar

from tests.core import variants

LIMIT = 1 << 30
Value = TypeVar("Value")


class TooLarge(ArithmeticError):
    """A value of the core that a node could hold only by allocating."""


def fits(value: Value) -> Value:
    """The value itself, if the node can hold it without allocating."""
    if isinstance(value, int) and not -LIMIT <= value < LIMIT:
        raise TooLarge(value)
    return value


class _Checked(ast.NodeTransformer):
    """Puts `fits(...)` around the result of every arithmetic operation."""

    def _around(self, node: ast.expr) -> ast.Call:
        call = ast.Call(ast.Name("fits", ast.Load()), [node], [])
        return ast.copy_location(call, node)

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        return self._around(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        self.generic_visit(node)
        return node if isinstance(node.op, ast.Not) else self._around(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.Assign:
        self.generic_visit(node)
        target = ast.parse(ast.unparse(node.target), mode="eval").body
        value = self._around(ast.copy_location(ast.BinOp(self.visit(target), node.op, node.value), node))
        return ast.copy_location(ast.Assign([node.target], value), node)


def checked(module: str, source: str) -> ast.Module:
    """A module of the core with every operation checked."""
    return ast.fix_missing_locations(_Checked().visit(ast.parse(source)))


@cache
def core() -> dict[str, ModuleType]:
    """The debug build."""
    return variants.load("lykta_checked", checked, fits=fits)
