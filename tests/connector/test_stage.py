"""A staged folder: nothing has its name before the end, then everything has, whatever was there before."""

from __future__ import annotations

import pytest

from connector.files import Stage, write_new

CONTENT = {"a.csv": b"a", "deep/er/b.csv": b"b", "deep/c.csv": b"c"}


def staged(target):
    stage = Stage(target, "work")
    for name, data in CONTENT.items():
        write_new(stage.place(name), memoryview(data), durable=True)
    return stage


def found(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def absent(_target):
    pass


def empty(target):
    target.mkdir(parents=True)


def used(target):
    (target / "deep").mkdir(parents=True)
    (target / "other").write_bytes(b"o")
    (target / "a.csv").write_bytes(b"old")


BEFORE = {"absent": (absent, {}), "empty": (empty, {}), "used": (used, {"other": b"o"})}


@pytest.mark.parametrize("when", ["before", "meanwhile"])
@pytest.mark.parametrize("case", BEFORE)
def test_all_files_get_their_names_at_the_end(tmp_path, case, when):
    make, others = BEFORE[case]
    target = tmp_path / "some" / "target"
    if when == "before":
        make(target)
    stage = staged(target)
    if when == "meanwhile":
        make(target)
    else:
        assert not CONTENT.items() & (found(target).items() if target.exists() else set())
    stage.finish(list(CONTENT))
    stage.close()
    assert found(target) == CONTENT | others
    assert [path.name for path in target.parent.iterdir()] == ["target"]
    assert not list(target.glob(".*"))


@pytest.mark.parametrize("case", BEFORE)
def test_what_is_not_finished_leaves_nothing_and_what_a_crash_left_is_made_anew(tmp_path, case):
    make, _ = BEFORE[case]
    target = tmp_path / "target"
    make(target)
    before = found(tmp_path)
    staged(target)  # and a crash
    again = staged(target)
    again.close()
    assert found(tmp_path) == before
    again.close()


def test_a_file_in_the_way_is_said_at_once_or_at_the_end_and_stays(tmp_path):
    target = tmp_path / "target"
    target.write_bytes(b"mine")
    with pytest.raises(OSError, match="exists"):
        Stage(target, "work")
    target.unlink()
    stage = staged(target)
    target.write_bytes(b"mine")
    with pytest.raises(OSError, match="exists"):
        stage.finish(list(CONTENT))
    stage.close()
    assert found(tmp_path) == {"target": b"mine"}
