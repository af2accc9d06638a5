"""The wheel `penstock-client`: what `penstock` imports of the rooms, all under its one name; hatchling runs this.

Law: (1) what comes along is what `src/penstock` imports, directly or not, for types too: found in the sources, never
listed; a module that loads those beside it by their names brings all of them. (2) A room's name stands below
`penstock.rooms` there, in imports and where a text names a class (`connector.runtime.fault_table`); nothing else of a
file changes. (3) A file that names a room in another way would not work there, and no wheel is made.
"""

from __future__ import annotations

import ast
import io
import re
import shutil
import tempfile
import tokenize
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TOP = HERE / "src/penstock/__init__.py"
ROOMS = frozenset({"connector", "contracts", "ledger", "policy", "catalog"})
BELOW = "penstock.rooms"
# in a source that loads modules of its own package by name (`connector.client.acts.areas`)
LOADS_BESIDE = "__package__"
# a text that is the name of a module or of what is in it
NAMED = re.compile(rf"""^["'](?:{"|".join(sorted(ROOMS))})(?:\.\w+)+(?:#[\w-]+)?["']$""")


class RenamedRooms(BuildHookInterface[Any]):
    """Puts the files into the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write them into a folder of their own, which `finalize` removes; an editable wheel has a path instead."""
        self._folder = Path(tempfile.mkdtemp(prefix="penstock-client-"))
        if version == "editable":
            return
        for name, text in files().items():
            place = self._folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
            build_data["force_include"][str(place)] = name

    def finalize(self, _version: str, _build_data: dict[str, Any], _artifact_path: str) -> None:
        """Remove the folder."""
        shutil.rmtree(self._folder)


def files() -> dict[str, str]:
    """Return path in the wheel → text of every file of the package."""
    top = TOP.read_text(encoding="utf-8")
    found = {"penstock/__init__.py": renamed(top), "penstock/py.typed": ""}
    for module in closure(imported(top)):
        path = _path(module)
        place = f"{BELOW}.{module}".replace(".", "/") + ("/__init__.py" if path.name == "__init__.py" else ".py")
        found[place] = renamed(path.read_text(encoding="utf-8"))
    return {**found, f"{BELOW.replace('.', '/')}/__init__.py": '"""What `penstock` is made of; nobody else\'s."""\n'}


def closure(begun: Iterable[str]) -> list[str]:
    """Return the modules of our rooms that these need, with the packages that they are in."""
    left, found = list(begun), set[str]()
    while left:
        module = left.pop()
        if module in found:
            continue
        found.add(module)
        left += [module.rpartition(".")[0]] if "." in module else []
        text = _path(module).read_text(encoding="utf-8")
        left += [*imported(text), *(_beside(module) if LOADS_BESIDE in text else ())]
    return sorted(found)


def _beside(module: str) -> Iterator[str]:
    """Yield the modules that are in one package with a module."""
    package = module.rpartition(".")[0]
    yield from (f"{package}.{path.stem}" for path in _path(module).parent.glob("[!_]*.py"))


def imported(text: str) -> Iterator[str]:
    """Yield the modules of our rooms that a source imports; raises ValueError for an import that binds a room."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in ROOMS:
            below = [f"{node.module}.{one.name}" for one in node.names]
            yield from (name for name in below if _path(name).is_file())
            yield node.module
        elif isinstance(node, ast.Import) and any(one.name.split(".")[0] in ROOMS for one in node.names):
            raise ValueError(f"`{ast.unparse(node)}` binds the name of a room: say `from … import …`")


def renamed(text: str) -> str:
    """Return a source with our rooms below `penstock.rooms`."""
    lines = text.splitlines(keepends=True)
    for token in reversed(list(tokenize.generate_tokens(io.StringIO(text).readline))):
        row, at = token.start
        if token.type == tokenize.NAME and token.string in ROOMS and lines[row - 1][:at].strip() == "from":
            lines[row - 1] = f"{lines[row - 1][:at]}{BELOW}.{lines[row - 1][at:]}"
        elif token.type == tokenize.STRING and NAMED.match(token.string):
            lines[row - 1] = f"{lines[row - 1][: at + 1]}{BELOW}.{lines[row - 1][at + 1 :]}"
    return "".join(lines)


def _path(module: str) -> Path:
    """Return the file of a module: a package's is its `__init__.py`."""
    place = ROOT / module.replace(".", "/")
    return place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
