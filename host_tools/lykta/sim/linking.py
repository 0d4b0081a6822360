"""Makes one flat module of the core and the engine that drives it, for CPython: the same statements, without the calls between them.

A call costs CPython as much as two or three of the statements of the core. So functions that are small, or called at one place only, are
put where they are called, as Numba and a C compiler would do; `min` and `max` of two become a comparison. What is left is called by a
global name instead of an attribute of a module. Nothing is rewritten by hand, and nothing is left out: results are equal to the unit.
"""

from __future__ import annotations

import ast
from collections import Counter
from functools import lru_cache
from types import ModuleType
from typing import Any

from lykta import corehost

_SMALL = 160  # nodes of syntax; what is larger and called at several places stays a function
_REMEMBERED = ("dimmer__position_of",)  # what depends on nothing but its argument, of which there are few
_Functions = dict[str, ast.FunctionDef]


def link(drivers: list[ModuleType], entry: str) -> ModuleType:
    """A module with the function `entry` of the last of the drivers, modules that use the core; all that it reaches is in it."""
    core = corehost.load()
    trees = corehost.trees(drivers)
    modules = {**core, **{_short(module): module for module in drivers}}
    flat = ModuleType("lykta_linked")
    functions: _Functions = {}
    for short in trees:
        for name, value in vars(modules[short]).items():
            setattr(flat, f"{short}__{name}", value)
        for node in trees[short].body:
            if isinstance(node, ast.FunctionDef):
                function = _flattened(node, short, modules)
                functions[function.name] = function
    start = f"{_short(drivers[-1])}__{entry}"
    body = _inlined(functions, start)
    code = compile(ast.fix_missing_locations(ast.Module(body, [])), "<the core, linked>", "exec", dont_inherit=True)
    exec(code, vars(flat))
    for name in set(_REMEMBERED) & vars(flat).keys():
        setattr(flat, name, lru_cache(vars(flat)[name]))
    setattr(flat, entry, vars(flat)[start])
    return flat


def _short(module: ModuleType) -> str:
    return module.__name__.rpartition(".")[2]


def _flattened(function: ast.FunctionDef, short: str, modules: dict[str, ModuleType]) -> ast.FunctionDef:
    """A function without annotations and docstring, its global names as the flat module has them."""
    own = {node.arg for node in ast.walk(function.args) if isinstance(node, ast.arg)} | _stored(function)
    flat: ast.FunctionDef = _Flatten(short, modules, own).visit(function)
    flat.name = f"{short}__{function.name}"
    flat.returns = None
    for argument in flat.args.args:
        argument.annotation = None
    if ast.get_docstring(flat, clean=False) is not None:
        flat.body = flat.body[1:] or [ast.Pass()]
    return flat


def _copied(node: Any) -> Any:
    """A copy of a piece of syntax; several times faster than `deepcopy`."""
    fields = []
    for name in node._fields:
        value = getattr(node, name)
        if isinstance(value, list):
            value = [_copied(item) if isinstance(item, ast.AST) else item for item in value]
        elif isinstance(value, ast.AST) and not isinstance(value, ast.expr_context | ast.operator | ast.cmpop):
            value = _copied(value)
        fields.append(value)
    return type(node)(*fields)


def _stored(tree: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}


class _Flatten(ast.NodeTransformer):
    """Global names, and functions of other linked modules, by their names in the flat module; `min`, `max` and `+ 0` in short."""

    def __init__(self, short: str, modules: dict[str, ModuleType], own: set[str]) -> None:
        self.short, self.own = short, own
        self.globals = vars(modules[short])
        self.linked = {id(module): name for name, module in modules.items()}
        self.kept = 0

    def visit_Name(self, node: ast.Name) -> ast.AST:
        """A global name of this module; of a constant its value."""
        if node.id in self.globals and node.id not in self.own:
            if node.id.isupper() and type(self.globals[node.id]) is int:
                return ast.Constant(self.globals[node.id])
            return ast.Name(f"{self.short}__{node.id}", node.ctx)
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        """A name of another linked module."""
        if isinstance(node.value, ast.Name) and node.value.id not in self.own:
            other = self.linked.get(id(self.globals.get(node.value.id)))
            if other is not None:
                value = getattr(self.globals[node.value.id], node.attr)
                if node.attr.isupper() and type(value) is int:
                    return ast.Constant(value)
                return ast.Name(f"{other}__{node.attr}", ast.Load())
        return self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        """The first field of a slot, frame or row is at + 0."""
        self.generic_visit(node)
        if isinstance(node.op, ast.Add) and isinstance(node.right, ast.Constant) and node.right.value == 0:
            return node.left
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """`min` and `max` of integers, the first of them where they are equal."""
        self.generic_visit(node)
        if not (isinstance(node.func, ast.Name) and node.func.id in ("min", "max") and len(node.args) > 1):
            return node
        found = node.args[0]
        for other in node.args[1:]:
            found = self._better(found, other, ast.LtE() if node.func.id == "min" else ast.GtE())
        return found

    def _better(self, one: ast.expr, other: ast.expr, how: ast.cmpop) -> ast.expr:
        """Both are looked at once, the first one first."""
        values: list[ast.expr] = []
        tests: list[ast.expr] = []
        for value in (one, other):
            if _plain(value):
                tests.append(value)
                values.append(value)
            else:
                self.kept += 1
                name = f"kept_{self.kept}"
                tests.append(ast.NamedExpr(ast.Name(name, ast.Store()), value))
                values.append(ast.Name(name, ast.Load()))
        return ast.IfExp(ast.Compare(tests[0], [how], [tests[1]]), values[0], values[1])


def _inlined(functions: _Functions, start: str) -> list[ast.stmt]:
    """The functions that `start` reaches and that are still called, each after those that it calls."""
    order = _reached(functions, start)
    calls = Counter(name for caller in order for name in _named(functions[caller], functions))
    ready: _Functions = {}
    for name in order:
        small = sum(1 for _ in ast.walk(functions[name])) <= _SMALL  # before others are put into it
        _Inline(ready, name).statements(functions[name].body)
        if small or calls[name] == 1:
            ready[name] = functions[name]
    return [functions[name] for name in _reached(functions, start)]


def _reached(functions: _Functions, start: str) -> list[str]:
    """A function and all that it calls, each after what it calls itself."""
    begun: set[str] = set()
    found: list[str] = []

    def visit(name: str) -> None:
        begun.add(name)
        for called in _named(functions[name], functions):
            if called not in begun:
                visit(called)
        found.append(name)

    visit(start)
    return found


def _named(tree: ast.AST, functions: _Functions) -> list[str]:
    return [node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id in functions]


class _Inline(ast.NodeTransformer):
    """Puts functions that are `ready` where a function calls them."""

    def __init__(self, ready: _Functions, caller: str) -> None:
        self.ready = {name: function for name, function in ready.items() if name != caller}

    def statements(self, body: list[ast.stmt]) -> None:
        """A list of statements, changed in place."""
        found: list[ast.stmt] = []
        for statement in body:
            _split(statement)
            for field in ("body", "orelse"):
                self.statements(getattr(statement, field, []))
            found += self._statement(self._expressions(statement))
        body[:] = found

    def _expressions(self, statement: ast.stmt) -> ast.stmt:
        """A statement with the functions in it that are no more than an expression in their place."""
        for field, value in ast.iter_fields(statement):
            if isinstance(value, ast.expr):
                setattr(statement, field, self.visit(value))
        return statement

    def visit_Call(self, node: ast.Call) -> Any:
        """A function that is one expression, where every argument is looked at as often as before."""
        self.generic_visit(node)
        function = self._function(node)
        if function is None or len(function.body) != 1 or not isinstance(function.body[0], ast.Return):
            return node
        value = function.body[0].value
        assert value is not None
        given = dict(zip([argument.arg for argument in function.args.args], node.args, strict=True))
        used = Counter(name.id for name in ast.walk(value) if isinstance(name, ast.Name))
        if _stored(value) or any(not _plain(arg) and (used[name] > 1 or _calls(arg)) for name, arg in given.items()):
            return node
        return _Put(given, {}).visit(_copied(value))

    def _statement(self, statement: ast.stmt) -> list[ast.stmt]:
        """A statement, or what its call does and then the statement with what came of it."""
        place = _place_of_call(statement)
        if place is None:
            return [statement]
        holder, field = place
        call = getattr(holder, field)
        function = self._function(call)
        found = _body(function, call) if function else None
        if found is None:
            return [statement]
        body, value = found
        if isinstance(statement, ast.Expr) and not _calls(value):
            return body
        setattr(holder, field, value)
        return [*body, statement]

    def _function(self, call: Any) -> ast.FunctionDef | None:
        return self.ready.get(call.func.id) if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) else None


def _plain(value: ast.expr) -> bool:
    """Whether it costs nothing to look at a value twice."""
    return isinstance(value, ast.Name | ast.Constant)


def _calls(value: ast.expr) -> bool:
    return any(isinstance(node, ast.Call) for node in ast.walk(value))


def _split(statement: ast.stmt) -> None:
    """Make `if a and b()` two statements, so that the call comes before all else in its own."""
    if not isinstance(statement, ast.If) or statement.orelse or not isinstance(statement.test, ast.BoolOp):
        return
    last = statement.test.values[-1]
    call = last.operand if isinstance(last, ast.UnaryOp) else last
    if isinstance(statement.test.op, ast.And) and isinstance(call, ast.Call):
        first = statement.test.values[:-1]
        statement.test = ast.BoolOp(ast.And(), first) if len(first) > 1 else first[0]
        statement.body = [ast.If(last, statement.body, [])]


def _place_of_call(statement: ast.stmt) -> tuple[ast.AST, str] | None:
    """Where in a statement a call stands that comes before all else in it: (what holds it, in which field)."""
    if isinstance(statement, ast.Expr | ast.Return) or (isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name)):
        return (statement, "value") if isinstance(statement.value, ast.Call) else None
    if isinstance(statement, ast.If) and isinstance(statement.test, ast.UnaryOp) and isinstance(statement.test.operand, ast.Call):
        return statement.test, "operand"
    return (statement, "test") if isinstance(statement, ast.If) and isinstance(statement.test, ast.Call) else None


def _body(function: ast.FunctionDef, call: ast.Call) -> tuple[list[ast.stmt], ast.expr] | None:
    """The statements of a function for the arguments of a call, and the expression of what it returns; None where that cannot be told."""
    ended = _ended([_copied(statement) for statement in function.body], f"{function.name}__found")
    if ended is None:
        return None
    whole = ast.Module(ended, [])
    changed = _stored(whole)
    given: dict[str, ast.expr] = {}
    body: list[ast.stmt] = []
    names = {name: name if name.startswith(f"{function.name}__") else f"{function.name}__{name}" for name in changed}
    for argument, value in zip(function.args.args, call.args, strict=True):
        if argument.arg not in changed and _plain(value):
            given[argument.arg] = value
        else:
            names[argument.arg] = f"{function.name}__{argument.arg}"
            body.append(_assign(names[argument.arg], value))
    put = _Put(given, names)
    body += [put.visit(statement) for statement in whole.body]
    last = body[-1]
    if isinstance(last, ast.Assign) and isinstance(last.targets[0], ast.Name) and last.targets[0].id == f"{function.name}__found":
        return body[:-1], last.value
    return body, ast.Name(f"{function.name}__found", ast.Load())


def _ended(body: list[ast.stmt], name: str) -> list[ast.stmt] | None:
    """Statements that give a name what they would return; None where they return from deeper than one loop or an open branch."""
    for at, statement in enumerate(body):
        rest = body[at + 1 :]
        if isinstance(statement, ast.Return):
            return [*body[:at], _assign(name, statement.value)] if statement.value else body[:at]
        if not _returns(statement):
            continue
        if isinstance(statement, ast.While):
            after = _ended(rest, name)
            if statement.orelse or after is None or not _leave_loop(statement.body, name):
                return None
            statement.orelse = after
            return [*body[:at], statement]
        if not isinstance(statement, ast.If) or not isinstance(statement.body[-1], ast.Return):
            return None
        inside, after = _ended(statement.body, name), _ended([*statement.orelse, *rest], name)
        if inside is None or after is None:
            return None
        statement.body, statement.orelse = inside or [ast.Pass()], after
        return [*body[:at], statement]
    return body


def _leave_loop(body: list[ast.stmt], name: str) -> bool:
    """Give a name what the body of a loop returns, and break instead; False where that would end another loop, or others end this one."""
    for at, statement in enumerate(body):
        if isinstance(statement, ast.Return) and statement.value:
            body[at:] = [_assign(name, statement.value), ast.Break()]
            return True
        if isinstance(statement, ast.If):
            if not _leave_loop(statement.body, name) or not _leave_loop(statement.orelse, name):
                return False
        elif isinstance(statement, ast.Break) or _returns(statement):
            return False
    return True


def _returns(tree: ast.AST) -> bool:
    return any(isinstance(node, ast.Return) for node in ast.walk(tree))


def _assign(name: str, value: ast.expr) -> ast.Assign:
    return ast.Assign([ast.Name(name, ast.Store())], value)


class _Put(ast.NodeTransformer):
    """Arguments, and names of its own, in the place of the names of a function."""

    def __init__(self, given: dict[str, ast.expr], names: dict[str, str]) -> None:
        self.given, self.names = given, names

    def visit_Name(self, node: ast.Name) -> Any:
        """A parameter or a local name."""
        if node.id in self.given:
            return _copied(self.given[node.id])
        return ast.Name(self.names.get(node.id, node.id), node.ctx)
