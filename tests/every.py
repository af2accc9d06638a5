"""One test that walks every row of a table, and names each row that fails.

Law: `pytest.mark.parametrize` makes each row a test of its own; for a long table of small rows that costs more than the
rows do. Here they are one test: rows are drawn when it is run and not when it is collected, each is tried whatever
became of the others, and at the end none may have failed. A row has a folder and a patch of its own (`tmp_path`,
`monkeypatch`); every other fixture is one for all of them, so a test whose rows would harm each other stays with
`parametrize`. A row cannot be skipped.
"""

from __future__ import annotations

import functools
import inspect
import os
import traceback
from collections.abc import Iterable
from contextlib import ExitStack

import pytest

# of each row that fails, how much is shown of why
REASON_LINES_MAX = 12
# of an object as the name of its row
NAME_CHARACTERS_MAX = 120
_PARAM = type(pytest.param())


def every(names, rows, ids=None):
    """Walk `rows` (or what returns them) under these names; `ids` has the names of rows, or gives a value's.

    Above another `every`, each of its rows is tried with each of the other's.
    """
    names = tuple(name.strip() for name in names.split(",")) if isinstance(names, str) else tuple(names)

    def decorate(test):
        tables = [(names, rows, ids), *getattr(test, "_tables", ())]
        inner = getattr(test, "_inner", test)
        given = {name for table, _, _ in tables for name in table}
        signature = inspect.signature(inner)
        left = [one for one in signature.parameters.values() if one.name not in given]
        if inspect.iscoroutinefunction(inner):

            @functools.wraps(inner)
            async def walk(**fixtures):
                failed = _Failed()
                for name, values in _rows(tables):
                    with failed.noted(name), ExitStack() as stack:
                        await inner(**values, **_own(fixtures, failed.walked, stack))
                failed.end()
        else:

            @functools.wraps(inner)
            def walk(**fixtures):
                failed = _Failed()
                for name, values in _rows(tables):
                    with failed.noted(name), ExitStack() as stack:
                        inner(**values, **_own(fixtures, failed.walked, stack))
                failed.end()

        walk.__signature__ = signature.replace(parameters=left)
        walk._tables, walk._inner = tables, inner
        return walk

    return decorate


class _Failed:
    """The rows that failed, and the first of their errors, whose traceback is shown."""

    def __init__(self):
        self.walked, self._names, self._first = 0, [], None

    def noted(self, name):
        self._name = name
        self.walked += 1
        return self

    def __enter__(self):
        return self

    def __exit__(self, kind, error, _trace):
        if error is None or not isinstance(error, (Exception, pytest.fail.Exception, pytest.skip.Exception)):
            return False
        self._first = self._first or error
        said = traceback.format_exception_only(error)
        lines = "".join(said).rstrip().splitlines()[:REASON_LINES_MAX]
        self._names.append(f"{self._name}: {_where(error)}" + "\n    ".join(lines))
        return True

    def end(self):
        """Fail with the name of every row that failed; a table without rows shows nothing, and fails as well."""
        if not self.walked:
            pytest.fail("the table has no row, so nothing was tried")
        if self._names:
            said = "\n".join(self._names)
            raise AssertionError(f"{len(self._names)} of {self.walked} rows fail:\n{said}") from self._first


def _rows(tables):
    """Yield (name, values) of each row, a row of the first table with each of those of the others."""
    if not tables:
        yield "", {}
        return
    (names, rows, ids), *others = tables
    if ids is not None and not callable(ids):
        ids = list(ids)
    for at, row in enumerate(rows if isinstance(rows, Iterable) else rows()):
        param = row if isinstance(row, _PARAM) else None
        assert param is None or not param.marks, f"row {at} is marked, which only `parametrize` understands"
        values = tuple(param.values if param else row) if param or len(names) > 1 else (row,)
        assert len(values) == len(names), f"row {at} has {len(values)} values for {names}"
        said = param.id if param and param.id else _said(values, at, ids)
        for name, more in _rows(others):
            yield "-".join(filter(None, (said, name))), dict(zip(names, values, strict=True)) | more


def _said(values, at, ids):
    if isinstance(ids, list):
        return str(ids[at])
    names = [(ids(value) if ids else None) or _name(value) for value in values]
    return "-".join(names)


def _name(value):
    text = value.__name__ if hasattr(value, "__name__") else value if isinstance(value, str) else repr(value)
    return text.encode("unicode_escape").decode()[:NAME_CHARACTERS_MAX]


def _where(error):
    """Return the line of the test at which it failed, as pytest shows it."""
    frames = [one for one in traceback.extract_tb(error.__traceback__) if one.filename != __file__]
    return f"{os.path.relpath(frames[0].filename)}:{frames[0].lineno}: " if frames else ""


def _own(fixtures, at, stack):
    """Return the fixtures of a row: a folder of its own and a patch that ends with it."""
    own = dict(fixtures)
    if "tmp_path" in own:
        own["tmp_path"] = own["tmp_path"] / f"row-{at}"
        own["tmp_path"].mkdir()
    if "monkeypatch" in own:
        own["monkeypatch"] = stack.enter_context(pytest.MonkeyPatch.context())
    return own
