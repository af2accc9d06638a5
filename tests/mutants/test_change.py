"""What is changed, and what is left alone; and that the tables beside it name what exists."""

from __future__ import annotations

import ast

import pytest

from tests.every import every
from tests.mutants.change import changes
from tests.mutants.equivalents import EQUIVALENTS, read
from tests.mutants.rooms import ROOMS, ROOT, STAGES, stages

REASON_CHARACTERS_MIN = 20

# a source → what becomes of it, one change each
KINDS = {
    "def f(a):\n    if a < 3:\n        return\n": [
        "(not (a < 3))", "False", "(a <= 3)", "4", "2",
    ],
    "def f(a):\n    if not a:\n        return\n": ["(a)", "False"],
    "def f(a, b):\n    return a or b\n": ["return None", "(a and b)", "(b)", "(a)"],
    "def f(a) -> bool:\n    return a.b\n": ["return False", "return True"],
    "def f(a):\n    raise ValueError(a)\n": ["pass"],
    "async def f(a):\n    await a.check()\n": ["pass"],
    "def f(a):\n    return [n for n in a if n == a]\n": ["return None", "(n != a)", "True"],
    "LIMIT = 2 * 8\n": ["(2 // 8)", "1", "3", "7", "9"],
    "def f(a=True):\n    a.b = a - 1\n": ["False", "(a + 1)", "2"],
    # words, invariants, hints, logs and caches
    'def f(a: int) -> int:\n    """3"""\n    assert a > 3\n    log.info("%d", 3)\n': [],
    'def f(a):\n    a = f"{a[:80]}" + "3"\n': [],
    "NAMES_KEPT = 256\n": [],
    "if TYPE_CHECKING:\n    from a import b\n": [],
    "@cache(3)\ndef f():\n    pass\n": [],
}  # fmt: skip


@every("source", KINDS)
def test_what_becomes_of_a_source(source):
    assert sorted(one.after for one in changes("a.py", source.encode())) == sorted(KINDS[source])


def test_a_change_is_known_by_what_it_changes_not_by_its_line():
    source = "def f(a):\n    if a < 3 or a < 3:\n        return\n"
    keys = [one.key for one in changes("a.py", source.encode())]
    moved = [one.key for one in changes("a.py", b"# \xe6\xbd\xae\nX = None\n\n\n" + source.encode())]
    assert keys == moved
    assert len(set(keys)) == len(keys)


def test_it_is_told_where_it_stands():
    [one] = changes("a/b.py", "class A:\n    def f(self):\n        潮 = 1; raise 潮\n".encode())[1:]
    assert str(one) == "a/b.py:3: raise 潮 -> pass"
    assert one.key == "a/b.py::A.f: `潮 = 1; raise 潮`: raise 潮 -> pass"


@every("file", STAGES)
def test_every_change_of_a_room_can_be_run_and_named(file):
    source = (ROOT / file).read_bytes()
    found = changes(file, source)
    for one in found[:: max(1, len(found) // 3)]:
        changed = ast.unparse(ast.parse(one.applied(source)))
        assert changed != ast.unparse(ast.parse(source)), one.key
    assert len({one.key for one in found}) == len(found)


def test_every_file_has_tests_that_exist():
    assert len(STAGES) == sum(len(room.files) for room in ROOMS), "a file stands in two rooms"
    tests = {test for file in STAGES for stage in stages(file) for test in stage}
    assert not [test for test in tests if not (ROOT / test.partition("::")[0]).exists()]


def test_an_equivalent_is_one_of_the_changes_and_has_a_reason():
    files = {key.partition("::")[0] for key in EQUIVALENTS}
    known = {one.key for file in files for one in changes(file, (ROOT / file).read_bytes())}
    assert not set(EQUIVALENTS) - known
    assert not [key for key, reason in EQUIVALENTS.items() if len(reason) < REASON_CHARACTERS_MIN]


def test_an_equivalent_has_a_reason_and_stands_once():
    assert read("= why\na\nb\n\n= because\nc\n") == {"a": "why", "b": "why", "c": "because"}
    for wrong in ("a\n= why\n", "= why\na\n= because\na\n"):
        with pytest.raises(ValueError, match="`a` has no reason, or stands twice"):
            read(wrong)
