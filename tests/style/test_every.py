"""`tests.every`: one test that walks a table tries every row, and fails by the name of each that fails."""

from __future__ import annotations

import re

import pytest

from tests.every import every


def walked(test, **fixtures):
    """Return what the test said when it failed."""
    with pytest.raises(AssertionError) as caught:
        test(**fixtures)
    return str(caught.value)


def test_each_row_that_fails_is_named_and_the_others_are_tried():
    tried = []

    @every("number", range(5))
    def odd(number):
        tried.append(number)
        assert number % 2, "it is even"

    said = walked(odd)
    assert tried == [0, 1, 2, 3, 4]
    assert said.startswith("3 of 5 rows fail:\n0: tests/style/test_every.py:")
    assert re.findall(r"^(\d): .*AssertionError: it is even", said, re.MULTILINE) == ["0", "2", "4"]


def test_what_pytest_refuses_and_a_row_that_is_skipped_are_failures(absent):
    @every(("kind", "reason"), [("raises", ""), ("skips", "absent"), ("holds", "")])
    def row(kind, reason):
        if kind == "raises":
            with pytest.raises(ValueError):
                pass
        if kind == "skips":
            absent(reason)

    said = walked(row)
    assert said.startswith("2 of 3 rows fail:\nraises-")
    assert re.search(r"^skips-absent: .*(Skipped: absent|absent in CI: absent)", said, re.MULTILINE)


def test_rows_are_drawn_when_it_is_run_and_a_table_without_rows_fails():
    drawn = []

    @every("row", lambda: drawn)
    def nothing(row):
        assert row

    with pytest.raises(pytest.fail.Exception, match="nothing was tried"):
        nothing()
    drawn.append("")
    assert "1 of 1 rows fail" in walked(nothing)


def test_tables_above_each_other_are_walked_with_each_other():
    tried = []

    @every("late", [False, True])
    @every("state, move", [("a", "b"), ("c", "d")], ids=["first", "second"])
    def cell(state, move, late):
        tried.append((state, move, late))
        assert not late

    said = walked(cell)
    assert tried == [("a", "b", False), ("c", "d", False), ("a", "b", True), ("c", "d", True)]
    assert re.findall(r"^(\S+): ", said, re.MULTILINE) == ["True-first", "True-second"]


@every("number", [1, 2])
async def test_a_row_has_a_folder_and_a_patch_of_its_own(number, tmp_path, monkeypatch):
    assert not hasattr(every, "patched")
    assert not list(tmp_path.iterdir())
    monkeypatch.setattr(every, "patched", number, raising=False)
    (tmp_path / "left").touch()


def test_what_ends_the_run_is_not_kept_for_the_end():
    @every("number", [1, 2])
    def interrupted(number):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
