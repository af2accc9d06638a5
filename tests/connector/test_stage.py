"""A staged folder: nothing has its name before the end, then everything has, and what was there before is there still.

Names are somebody else's: they take nobody's place and follow no link, unless files are to be replaced, and even then
nothing but files.
"""

from __future__ import annotations

import errno
import os

import pytest

from connector.runtime.errors import Conflict
from connector.runtime.files import write_new
from connector.runtime.stage import Stage, require_empty, require_free
from tests.every import every

CONTENT = {"a.csv": b"a", "deep/er/b.csv": b"b", "deep/c.csv": b"c"}


def staged(target, **said):
    stage = Stage(target, "work", **said)
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


@every("when", ["before", "meanwhile"])
@every("case", BEFORE)
def test_all_files_get_their_names_at_the_end(tmp_path, case, when):
    make, others = BEFORE[case]
    target = tmp_path / "some" / "target"
    if when == "before":
        make(target)
    stage = staged(target, overwrite=True)
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
    with pytest.raises(Conflict, match="no directory"):
        Stage(target, "work")
    target.unlink()
    stage = staged(target)
    target.write_bytes(b"mine")
    with pytest.raises(OSError, match="Not a directory"):
        stage.finish(list(CONTENT))
    stage.close()
    assert found(tmp_path) == {"target": b"mine"}


# what is in the way -------------------------------------------------------------------------------------------------


def plain_file(place, _outside):
    place.write_bytes(b"mine")


def folder(place, _outside):
    place.mkdir()


def link(place, outside):
    place.symlink_to(outside / "planted")


def dangling(place, outside):
    place.symlink_to(outside / "nowhere")


def pipe(place, _outside):
    os.mkfifo(place)


IN_THE_WAY = (plain_file, folder, link, dangling, pipe)


@pytest.fixture
def outside(tmp_path):
    made = tmp_path / "outside"
    made.mkdir()
    (made / "planted").write_bytes(b"theirs")
    return made


@pytest.mark.parametrize("name", CONTENT)
@pytest.mark.parametrize("put", IN_THE_WAY)
@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_nothing_is_overwritten_and_nothing_else_gets_its_name(tmp_path, outside, put, name, when):
    target = tmp_path / "target"
    (target / name).parent.mkdir(parents=True)
    stage = None if when == "before" else staged(target)
    put(target / name, outside)
    before = state(target), found(outside)
    with pytest.raises(Conflict, match="is there already"):
        require_free(target, CONTENT)
    stage = stage or staged(target)
    with pytest.raises(Conflict, match="is there already"):
        stage.finish(list(CONTENT))
    stage.close()
    assert [one for one in before[0] if before[0][one] != state(target).get(one)] == []
    assert {one for one in state(target) if not one.startswith(".work.part")} - set(before[0]) == set()
    assert found(outside) == before[1]


def state(target):
    """Return what is there but for a stage under way: name → kind and number."""
    there = {path.relative_to(target).as_posix(): path.lstat() for path in target.rglob("*")}
    return {name: (one.st_mode, one.st_ino) for name, one in there.items() if not name.startswith(".work.part")}


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("step", ["deep", "deep/er"])
def test_no_link_is_followed_on_the_way_to_a_file(tmp_path, outside, step, overwrite):
    target = tmp_path / "target"
    (target / step).parent.mkdir(parents=True)
    (target / step).symlink_to(outside)
    before = state(target), found(outside)
    with pytest.raises(Conflict, match="is a link"):
        require_free(target, CONTENT, overwrite=overwrite)
    stage = staged(target, overwrite=overwrite)
    with pytest.raises(Conflict, match="is a link"):
        stage.finish(list(CONTENT))
    stage.close()
    assert (state(target), found(outside)) == before


@pytest.mark.parametrize("put", IN_THE_WAY)
def test_what_may_be_replaced_is_a_name_and_never_what_it_leads_to(tmp_path, outside, put):
    target = tmp_path / "target"
    target.mkdir()
    put(target / "a.csv", outside)
    stage = staged(target, overwrite=True)
    if put is folder:
        with pytest.raises(Conflict, match="is there already"):
            stage.finish(list(CONTENT))
    else:
        stage.finish(list(CONTENT))
        assert (target / "a.csv").read_bytes() == b"a"
        assert not (target / "a.csv").is_symlink()
    stage.close()
    assert found(outside) == {"planted": b"theirs"}


def test_what_an_earlier_run_put_there_is_ours(tmp_path):
    target = tmp_path / "target"
    target.mkdir()
    stage = staged(target)
    stage.finish(["a.csv"])  # and a crash before the others
    stage.close()
    with pytest.raises(Conflict):
        require_free(target, CONTENT)
    again = staged(target)
    again.finish(list(CONTENT))
    again.close()
    assert found(target) == CONTENT


def test_where_nothing_can_be_linked_names_are_reserved_first(tmp_path, monkeypatch):
    def refuse(*_args, **_more):
        raise OSError(errno.EPERM, "no links here")

    target = tmp_path / "target"
    target.mkdir()
    monkeypatch.setattr(os, "link", refuse)
    stage = staged(target)
    stage.finish(list(CONTENT))
    stage.close()
    assert found(target) == CONTENT
    (target / "a.csv").write_bytes(b"mine")
    again = staged(target)
    with pytest.raises(Conflict):
        again.finish(list(CONTENT))
    again.close()
    assert found(target) == CONTENT | {"a.csv": b"mine"}


def test_a_folder_is_empty_but_for_what_we_began(tmp_path):
    target, plain = tmp_path / "target", tmp_path / "plain"
    plain.write_bytes(b"")
    require_empty(target)
    target.mkdir()
    staged(target)
    require_empty(target)
    (target / "b.csv").symlink_to(tmp_path)
    with pytest.raises(Conflict, match="not empty"):
        require_empty(target)
    with pytest.raises(Conflict, match="no directory"):
        require_empty(plain)


def test_the_folder_that_was_named_may_be_behind_a_link(tmp_path):
    (tmp_path / "large-disk").mkdir()
    (tmp_path / "data").symlink_to(tmp_path / "large-disk")
    stage = staged(tmp_path / "data" / "target")
    stage.finish(list(CONTENT))
    stage.close()
    assert found(tmp_path / "large-disk" / "target") == CONTENT
