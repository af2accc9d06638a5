"""One small change to a source, of the kinds that a test of the promise should see.

Left alone, because no test of behaviour is to judge them: annotations, decorators, docstrings, whatever stands in an
f-string (words), asserts (invariants that never fail), calls that only log, and how much a cache keeps (`…_KEPT`).
"""

from __future__ import annotations

import ast
from collections import Counter
from dataclasses import dataclass

COMPARED = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
COUNTED = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult, ast.Mod: ast.FloorDiv,
    ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.LShift: ast.RShift, ast.RShift: ast.LShift,
}  # fmt: skip
JOINED = {ast.And: ast.Or, ast.Or: ast.And}
CACHED = "_KEPT"
LOGS = {"log", "logger", "logging"}
# what a function returns by its annotation → what it returns instead, whatever it was about to
RETURNED = {"bool": ("True", "False"), "int": ("0", "1"), "str": ("''",), "bytes": ("b''",)}


@dataclass(frozen=True, slots=True)
class Change:
    """A change to one place of a file: `start` and `end` are offsets in its bytes; `line` counts from 1."""

    file: str
    line: int
    within: str
    statement: str
    start: int
    end: int
    before: str
    after: str
    number: int

    @property
    def key(self) -> str:
        """Name the change by what it changes, wherever in the file that stands today."""
        nth = f" #{self.number}" if self.number > 1 else ""
        return f"{self.file}::{self.within}: `{self.statement}`: {self.before} -> {self.after}{nth}"

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.before} -> {self.after}"

    def applied(self, source: bytes) -> bytes:
        """Return the source with the change."""
        return source[: self.start] + self.after.encode() + source[self.end :]


def changes(file: str, source: bytes) -> list[Change]:
    """Return every change to a source, in the order in which they stand there."""
    walk = _Walk(file, source)
    walk.visit(ast.parse(source))
    return sorted(walk.found, key=lambda one: (one.start, one.end, one.after))


class _Walk(ast.NodeVisitor):
    def __init__(self, file: str, source: bytes) -> None:
        self._file, self._source = file, source
        self._starts = [0]
        for line in source.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))
        self._names: list[str] = []
        self._returns: list[str] = []
        self._statement = ""
        self._seen: Counter[tuple[str, ...]] = Counter()
        self.found: list[Change] = []

    def _put(self, node: ast.AST, after: str) -> None:
        start = self._starts[node.lineno - 1] + node.col_offset
        end = self._starts[node.end_lineno - 1] + node.end_col_offset
        before = " ".join(self._source[start:end].decode().split())
        about = (".".join(self._names), self._statement, before, after)
        if after != before:
            self._seen[about] += 1
            within, statement, *_ = about
            number = self._seen[about]
            self.found.append(Change(self._file, node.lineno, within, statement, start, end, before, after, number))

    def visit(self, node: ast.AST) -> None:
        """Look at a node, knowing the first line of the statement that it stands in."""
        if not isinstance(node, ast.stmt):
            super().visit(node)
            return
        outer, line = self._statement, self._source[self._starts[node.lineno - 1] : self._starts[node.lineno]]
        self._statement = line.decode().strip()
        super().visit(node)
        self._statement = outer

    # ---- what is left alone

    def visit_Assert(self, node: ast.Assert) -> None:
        """Leave invariants alone."""

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Leave words alone."""

    def visit_Assign(self, node: ast.Assign) -> None:
        if not (isinstance(node.targets[0], ast.Name) and node.targets[0].id.endswith(CACHED)):
            self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._names.append(node.name)
        for one in node.body:
            self.visit(one)
        self._names.pop()

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._names.append(node.name)
        self._returns.append(ast.unparse(node.returns) if node.returns else "")
        for one in [*node.args.defaults, *(value for value in node.args.kw_defaults if value), *node.body]:
            self.visit(one)
        self._returns.pop()
        self._names.pop()

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815  # ast's name

    # ---- conditions

    def _condition(self, test: ast.expr) -> None:
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            self._put(test, f"({ast.unparse(test.operand)})")
        elif not (isinstance(test, ast.Compare) and len(test.ops) == 1 and type(test.ops[0]) not in (ast.Lt, ast.Gt)):
            self._put(test, f"(not ({ast.unparse(test)}))")

    def visit_If(self, node: ast.If) -> None:
        if ast.unparse(node.test) == "TYPE_CHECKING":
            return
        self._condition(node.test)
        if not isinstance(node.test, ast.Constant) and not node.orelse:
            self._put(node.test, "False")
        self.generic_visit(node)

    def visit_While(self, node: ast.While) -> None:
        if not isinstance(node.test, ast.Constant):
            self._condition(node.test)
        self.generic_visit(node)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self._condition(node.test)
        self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        for test in node.ifs:
            self._put(test, "True")
        self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        for place, operator in enumerate(node.ops):
            ops = [*node.ops]
            ops[place] = COMPARED[type(operator)]()
            self._put(node, "(" + ast.unparse(ast.Compare(node.left, ops, node.comparators)) + ")")
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        self._put(node, "(" + ast.unparse(ast.BoolOp(JOINED[type(node.op)](), node.values)) + ")")
        for place in range(len(node.values)):
            rest = node.values[:place] + node.values[place + 1 :]
            self._put(node, "(" + ast.unparse(ast.BoolOp(node.op, rest) if len(rest) > 1 else rest[0]) + ")")
        self.generic_visit(node)

    # ---- numbers

    def visit_BinOp(self, node: ast.BinOp) -> None:
        if (other := COUNTED.get(type(node.op))) is not None and not _is_text(node):
            self._put(node, "(" + ast.unparse(ast.BinOp(node.left, other(), node.right)) + ")")
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if type(node.value) is int:
            self._put(node, str(node.value + 1))
            if node.value > 1:
                self._put(node, str(node.value - 1))
        elif type(node.value) is bool:
            self._put(node, str(not node.value))

    # ---- statements

    def visit_Return(self, node: ast.Return) -> None:
        if node.value is not None and not (isinstance(node.value, ast.Constant) and node.value.value is None):
            for value in RETURNED.get(self._returns[-1], ("None",)):
                if ast.unparse(node.value) != value:
                    self._put(node, f"return {value}")
        self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> None:
        self._put(node, "pass")
        self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> None:
        call = node.value.value if isinstance(node.value, ast.Await) else node.value
        if isinstance(call, ast.Call):
            if _root(call.func) in LOGS:
                return
            self._put(node, "pass")
        self.generic_visit(node)


def _root(target: ast.expr) -> str:
    while isinstance(target, ast.Attribute | ast.Call):
        target = target.value if isinstance(target, ast.Attribute) else target.func
    return target.id if isinstance(target, ast.Name) else ""


def _is_text(node: ast.BinOp) -> bool:
    """Whether one side is a text or a type: `a + "\\n"`, `int | None`."""
    return any(
        isinstance(one, ast.JoinedStr) or (isinstance(one, ast.Constant) and not isinstance(one.value, int))
        for one in (node.left, node.right)
    )
