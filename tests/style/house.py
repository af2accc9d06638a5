"""What a reader of `connector/` meets, counted: who imports whom, in circles or down, and who is handed everything.

Imports under TYPE_CHECKING and inside functions count, because a reader follows those as well.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections import defaultdict
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HOUSE = "connector"
TOPS = (HOUSE, "catalog", "ledger", "contracts", "policy", "bench")
WHOLE = {"Connector"}  # the class that has every part of a participant
TAKING_A_TABLE = {"get", "find", "insert", "put", "update", "delete", "value", "note"}
ROW = re.compile(r"Row(: TypeAlias)? = dict\[str, Any\]")


@cache
def parsed(path):
    """Return the syntax of a file, read once for all tests."""
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def nodes(top=HOUSE):
    """Return module → every node of its syntax tree, walked once for all that is counted."""
    return {name: list(ast.walk(tree)) for name, tree in sources(top).items()}


@cache
def sources(top=HOUSE):
    """Return every module of the house, or below another folder at the top, with its syntax tree."""
    found = {}
    for path in sorted((ROOT / top).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = parsed(path)
    return found


@cache
def imports(top=HOUSE):
    """Return module → the modules of the house, or of that folder, that it imports."""
    known = set(sources(top))
    found = {}
    for name, inside_it in nodes(top).items():
        told = set()
        for node in inside_it:
            if isinstance(node, ast.Import):
                told |= {one.name for one in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                inside = {f"{node.module}.{one.name}" for one in node.names}
                told |= (inside & known) or {node.module}
        found[name] = (told & known) - {name}
    return found


def circles(arrows):
    """Return the sets of more than one that all reach each other, largest first (Tarjan)."""
    order, low, stack, found = {}, {}, [], []

    def visit(first):
        walk = [(first, iter(sorted(arrows[first])))]
        order[first] = low[first] = len(order)
        stack.append(first)
        while walk:
            one, rest = walk[-1]
            for other in rest:
                if other not in order:
                    order[other] = low[other] = len(order)
                    stack.append(other)
                    walk.append((other, iter(sorted(arrows[other]))))
                    break
                if other in stack:
                    low[one] = min(low[one], order[other])
            else:
                walk.pop()
                if walk:
                    low[walk[-1][0]] = min(low[walk[-1][0]], low[one])
                if low[one] == order[one]:
                    at = stack.index(one)
                    if len(stack) - at > 1:
                        found.append(frozenset(stack[at:]))
                    del stack[at:]

    for one in sorted(arrows):
        if one not in order:
            visit(one)
    return sorted(found, key=len, reverse=True)


def room(module):
    """Return the room of a module: its folder in the house, or the module itself where it stands loose."""
    return module.split(".")[1]


def rooms(top=HOUSE):
    """Return room → the rooms that it imports from."""
    found = defaultdict(set)
    for name, told in imports(top).items():
        if name != top:
            found[room(name)] |= {room(one) for one in told - {top}} - {room(name)}
    return dict(found)


def floors(arrows):
    """Return what stands on each floor, the ground first: a room is above every room that it imports from."""
    below = {one: set(told) for one, told in arrows.items()}
    found = []
    while below:
        ground = {one for one, told in below.items() if not told & set(below)}
        assert ground, "rooms in a circle stand on no floor"
        found.append(sorted(ground))
        below = {one: told for one, told in below.items() if one not in ground}
    return found


def back_arrows():
    """Return `room -> room` of each import that does not lead down the layers of pyproject.toml."""
    told = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    [layers] = [one["layers"] for one in told if one.get("containers") == [HOUSE]]
    level = {one.strip(): at for at, layer in enumerate(layers) for one in layer.split("|")}
    return sorted(
        f"{one} -> {other}" for one, below in rooms().items() for other in below if level[one] >= level[other]
    )


def outside(room, calls):
    """Return the modules of the house that make one of these calls, besides those of one room."""
    last = {call.rpartition(".")[2] for call in calls}
    return sorted(
        name
        for name, inside_it in nodes().items()
        if not name.startswith(f"{HOUSE}.{room}.")
        and any(
            isinstance(node, ast.Call)
            and getattr(node.func, "attr", getattr(node.func, "id", "")) in last
            and ast.unparse(node.func) in calls
            for node in inside_it
        )
    )


def handed_the_whole():
    """Return `module.function` of each that takes a participant with everything in it."""
    return sorted(
        f"{name}.{node.name}"
        for name, inside_it in nodes().items()
        for node in inside_it
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for one in [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        if one.annotation is not None and ast.unparse(one.annotation).strip("\"'") in WHOLE
    )


def tables_by_name():
    """Return `module:line` of each call outside the store that names a table as text, so that rows are dictionaries."""
    return sorted(
        f"{name}:{node.lineno}"
        for name, inside_it in nodes().items()
        if not name.startswith(f"{HOUSE}.store.")
        for node in inside_it
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in TAKING_A_TABLE
        and ast.unparse(node.func.value) == "tx"
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    )


def rows_of_anything():
    """Return the modules that say what a row is: a dictionary of anything, until its columns are its type."""
    return [
        name
        for name, inside_it in nodes().items()
        if any(
            isinstance(node, ast.Assign | ast.AnnAssign)
            and isinstance(node.value, ast.Subscript)
            and ROW.fullmatch(ast.unparse(node))
            for node in inside_it
        )
    ]
