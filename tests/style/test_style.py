"""The habits of the house, held by a test. An exception is a row of a table here, with its reason."""

from __future__ import annotations

import ast
import importlib
import importlib.metadata
import re
import statistics
import subprocess
from functools import cache
from pathlib import Path

import pytest

from tests.every import every
from tests.style.house import parsed

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("connector", "contracts", "ledger", "policy", "catalog")
SOURCE = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
TESTS = sorted(path for path in (ROOT / "tests").rglob("*.py"))

FILE_LINES_MAX = 400
FILE_LINES_MEDIAN_MAX = 200
TYPE_IGNORES_MAX = 20
REASON_CHARACTERS_MIN = 8
TOP_LEVEL = {
    *ROOMS, ".ci", ".gitignore", "CONTRIBUTING.md", "LICENSE", "Makefile", "README.md", "bench", "docker", "docs",
    "pyproject.toml", "requirements.lock", "tests",
}  # fmt: skip
# A name that says nothing about what is inside.
BANNED_NAMES = {"util", "utils", "helper", "helpers", "manager", "managers", "common", "misc"}
# Spelled in halves, so that this file does not contain them.
REGISTRY_HOSTS = [
    first + rest
    for first, rest in (
        ("py", "pi.org"), ("python", "hosted"), ("npm", "js."), ("crates", ".io"), ("hub.", "docker"),
        ("docker", ".io"), ("ghcr", ".io"), ("quay", ".io"), ("proxy.", "golang"),
        ("repo1.", "maven"), ("ruby", "gems"),
    )
]  # fmt: skip

# A door → the only file that may use it, and the named exceptions with their reasons.
CLOCK = "connector/runtime/clock.py"
CLOCK_CALLS = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns"}
CLOCK_EXCEPTIONS = {
    "connector/demo/story.py": "plays a user, who has a watch of their own",
}
OUTBOUND = "connector/net/outbound.py"
# a connection for a thread, made by the door, which checked where it leads
OUTBOUND_LANE = "connector/net/lane.py"
# one question of a command that has no event loop, by the rules of the door
OUTBOUND_QUESTION = "connector/net/question.py"
OUTBOUND_CALLS = {"ClientSession", "aiohttp.ClientSession", "aiohttp.request", "socket.create_connection"}
OUTBOUND_EXCEPTIONS = {
    "ledger/chain/transport.py": "chain access is the ledger's own: web3's session, with connections that are kept",
    "connector/api/forwarding.py": "a stranger's request, passed on to another process of the same participant",
}
OUTBOUND_MODULES = {"requests", "urllib.request", "urllib3", "httpx", "http.client", "websockets"}
FILES = "connector/runtime/files.py"
FILE_EXCEPTIONS = {
    "connector/demo/flights.py": "wraps the descriptor it got from the files door for pyarrow's writer",
    "contracts/onchain/compile.py": "a developer's command that writes the committed artifacts; nothing imports it",
    "connector/client/wheel.py": "makes a wheel's files in a folder that is removed, before anything is installed",
    "connector/custody/secrets.py": "overwrites a key where it lies before it is removed",
    "connector/demo/processes.py": "plays a user's shell: sends a participant's output to a log file",
}
WRITE_METHODS = {"write_text", "write_bytes", "touch", "symlink_to", "hardlink_to"}
WRITE_MODES = re.compile(r"[wax+]")
WRITE_FLAGS = {"O_WRONLY", "O_RDWR", "O_CREAT", "O_APPEND", "O_TRUNC"}
WRITE_CALLS = {"shutil.copy", "shutil.copy2", "shutil.copyfile", "shutil.copytree", "shutil.move", "os.link"}


def short(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def tracked() -> list[str]:
    """Every file of the repository: what git knows or would add; without git, what is not a tool's own folder."""
    command = ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode == 0 and done.stdout:
        return [name for name in done.stdout.splitlines() if (ROOT / name).is_file()]
    hidden = re.compile(r"(^|/)(\.(?!ci/|gitignore)[^/]+|__pycache__|[^/]+\.egg-info)(/|$)")
    return [short(path) for path in ROOT.rglob("*") if path.is_file() and not hidden.search(short(path))]


@cache
def calls(path: Path) -> list[tuple[str, ast.Call]]:
    """Every call in a file as (dotted name, node); a method of something computed is `.name`."""
    found = []
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Call):
            parts, target = [], node.func
            while isinstance(target, ast.Attribute):
                parts.append(target.attr)
                target = target.value
            parts.append(target.id if isinstance(target, ast.Name) else "")
            found.append((".".join(reversed(parts)), node))
    return found


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{name.name}" for name in node.names}
    return found


def writes(name: str, node: ast.Call) -> bool:
    """Whether a call opens something for writing (what is computed counts as writing)."""
    last = name.rsplit(".", 1)[-1]
    if name in WRITE_CALLS or last in WRITE_METHODS:
        return True
    if name in ("os.open", "os.fdopen", "open", "io.open", "FileIO", "io.FileIO") or last == "open":
        if name == "os.open":
            flags = {part.attr for part in ast.walk(node) if isinstance(part, ast.Attribute)}
            return bool(flags & WRITE_FLAGS) or any(isinstance(arg, ast.Name) and arg.id.isupper() for arg in node.args)
        is_method = last == "open" and name not in ("open", "io.open")
        positional = node.args[0:1] if is_method else node.args[1:2]
        mode = next((keyword.value for keyword in node.keywords if keyword.arg == "mode"), None)
        for value in [mode, *positional]:
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                return bool(WRITE_MODES.search(value.value)) and len(value.value) <= 3
    return False


def test_there_is_something_to_check():
    assert len(SOURCE) > 40
    assert all((ROOT / room).is_dir() for room in ROOMS)


def test_no_file_is_longer_than_one_sitting():
    long = {short(path): lines(path) for path in SOURCE + TESTS if lines(path) > FILE_LINES_MAX}
    long |= {short(path): lines(path) for path in ROOT.glob("contracts/onchain/*.vy") if lines(path) > FILE_LINES_MAX}
    assert not long


def test_the_usual_file_is_short():
    assert statistics.median(lines(path) for path in SOURCE if path.name != "__init__.py") <= FILE_LINES_MEDIAN_MAX


def test_names_say_what_is_inside():
    paths = [Path(name) for name in tracked()]
    assert not [str(path) for path in paths if BANNED_NAMES & {part.split(".")[0].lower() for part in path.parts}]
    classes = [
        f"{short(path)}: {node.name}"
        for path in SOURCE
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.ClassDef) and re.search(r"(Util|Utils|Helper|Helpers|Manager)$", node.name)
    ]
    assert not classes


def test_the_top_of_the_repository_holds_only_what_it_may():
    assert {name.split("/", 1)[0] for name in tracked()} <= TOP_LEVEL


# what programs import by name offers its names there
OFFERS = "connector/client/src/penstock/__init__.py"


@pytest.mark.parametrize("room", ROOMS)
def test_a_package_says_in_one_line_what_it_is(room):
    for path in (ROOT / room).rglob("__init__.py"):
        if short(path) == OFFERS:
            continue
        tree = parsed(path)
        assert len(tree.body) == 1, f"{short(path)} holds more than its docstring"
        docstring = ast.get_docstring(tree) or ""
        assert len(docstring) > 10, f"{short(path)} does not say what the package is"
        assert "\n" not in docstring


def test_every_file_opens_with_what_it_is():
    bare = [short(path) for path in SOURCE if not ast.get_docstring(parsed(path))]
    assert not bare


# their annotations are read at import: the parts of a participant (decision 0121), the columns of tables (0125)
TABLES_OF_PARTS = ["connector/app/app.py", "connector/app/founded.py"]
ROWS = "connector/store/rows/"


def test_annotations_are_never_evaluated():
    missing = [
        short(path)
        for path in SOURCE
        if path.name != "__init__.py" and "from __future__ import annotations" not in path.read_text(encoding="utf-8")
    ]
    assert [path for path in missing if not path.startswith(ROWS)] == TABLES_OF_PARTS


def test_one_clock():
    users = {short(path) for path in SOURCE for name, _ in calls(path) if _dotted_tail(name) in CLOCK_CALLS}
    assert users <= {CLOCK, *CLOCK_EXCEPTIONS}


def test_one_door_outward():
    users = {short(path) for path in SOURCE for name, _ in calls(path) if name in OUTBOUND_CALLS}
    assert users <= {OUTBOUND, *OUTBOUND_EXCEPTIONS}
    importers = {short(path): imports(path) & OUTBOUND_MODULES for path in SOURCE}
    assert {path for path, names in importers.items() if names} == {OUTBOUND_LANE, OUTBOUND_QUESTION}
    makers = {short(path) for path in SOURCE for name, _ in calls(path) if _dotted_tail(name) == "Lane"}
    assert makers == {OUTBOUND}


def test_one_door_for_written_files():
    users = {short(path) for path in SOURCE for name, node in calls(path) if writes(name, node)}
    assert users <= {FILES, *FILE_EXCEPTIONS}


@every(
    ("code", "expected"),
    [
        ("open('x', 'w')", True),
        ("open('x', mode='ab')", True),
        ("open('x')", False),
        ("open('x', 'rb')", False),
        ("path.open('wb')", True),
        ("path.open('rb')", False),
        ("path.open()", False),
        ("Store.open('path', TABLES)", False),
        ("path.write_text('x')", True),
        ("os.open(path, os.O_RDONLY)", False),
        ("os.open(path, os.O_RDWR | os.O_CREAT)", True),
        ("os.open(path, _NEW)", True),
        ("io.FileIO(handle, 'wb')", True),
        ("shutil.copytree(a, b)", True),
    ],
)
def test_the_door_test_knows_writing_from_reading(code, expected):
    assert writes(*next(iter(_calls_in(code)))) is expected


def test_silenced_checks_are_few_and_say_why():
    silenced = [
        (short(path), line.strip())
        for path in SOURCE
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(r"#\s*(type:\s*ignore|noqa)", line)
    ]
    assert sum("type:" in line for _, line in silenced) <= TYPE_IGNORES_MAX
    bare = [row for row in silenced if len(_reason(row[1])) < REASON_CHARACTERS_MIN]
    assert not bare


def test_no_package_registry_is_named():
    found = []
    for name in tracked():
        content = (ROOT / name).read_bytes().lower()
        found += [(name, host) for host in REGISTRY_HOSTS if host.encode() in content]
    assert not found


def test_no_package_knows_the_official_kit():
    """What it needs comes in by settings and reactions, which are everybody's."""
    files = [path for room in ROOMS for path in (ROOT / room).rglob("*") if path.is_file() and path.suffix != ".pyc"]
    assert not [short(path) for path in files if b"tck" in path.read_bytes().lower() or "tck" in path.name.lower()]


def test_skips_go_through_the_rule_about_absent_counterparts():
    direct = [
        short(path)
        for path in TESTS
        if b"skip" in path.read_bytes()
        for name, _ in calls(path)
        if name in ("pytest.skip", "pytest.importorskip", "pytest.mark.skip", "pytest.mark.skipif")
        and path.name != "conftest.py"
    ]
    assert not direct


def test_the_five_import_names_are_ours():
    owners = importlib.metadata.packages_distributions()
    for room in ROOMS:
        assert set(owners.get(room, [])) <= {"penstock"}, f"`{room}` is also installed by {owners[room]}"
        module = importlib.import_module(room)
        assert Path(module.__file__).resolve().parent == ROOT / room


def test_exceptions_are_still_needed():
    clock = {short(path) for path in SOURCE for name, _ in calls(path) if _dotted_tail(name) in CLOCK_CALLS}
    files = {short(path) for path in SOURCE for name, node in calls(path) if writes(name, node)}
    assert set(CLOCK_EXCEPTIONS) <= clock
    assert set(FILE_EXCEPTIONS) <= files


@every(
    ("line", "expected"),
    [
        ("import x  # noqa: PLC0415", ""),
        ("import x  # noqa", ""),
        ("import x  # noqa: PLC0415, S101 -- loaded late", "loaded late"),
        ("x = y  # type: ignore[attr-defined]", ""),
        ("x = y  # type: ignore[attr-defined]  # the stubs lack it", "the stubs lack it"),
        ("x = y  # type: ignore", ""),
    ],
)
def test_a_reason_is_words_after_the_code(line, expected):
    assert _reason(line) == expected


def _reason(line: str) -> str:
    found = re.search(r"#\s*(?:type:\s*ignore\[[^\]]+\]|noqa:\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*)(.*)$", line)
    return found[1].strip(" #-;") if found else ""


def _dotted_tail(name: str) -> str:
    return ".".join(name.split(".")[-2:])


def _calls_in(code: str) -> list[tuple[str, ast.Call]]:
    class Text:
        def read_text(self, encoding: str) -> str:
            assert encoding
            return code

    return calls(Text())
