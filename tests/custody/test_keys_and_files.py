"""Key files and the door of file writes."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from connector.custody.errors import VaultError
from connector.custody.secrets import Keys
from connector.runtime import files
from connector.runtime.errors import SettingsError


def test_key_files_are_private_and_durable(tmp_path, monkeypatch):
    synced: list[str] = []
    real = os.fsync
    monkeypatch.setattr(
        os, "fsync", lambda handle: (synced.append(str(Path(f"/proc/self/fd/{handle}").readlink())), real(handle))
    )
    keys = Keys(tmp_path / "keys")
    run = keys.draw_run()
    (path,) = (tmp_path / "keys").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    assert synced[-1] == str(tmp_path / "keys")
    assert synced[-2].endswith(".part")
    assert run.key.hex() not in repr(run)
    assert str(run.key) not in repr(run)
    assert Keys(tmp_path / "keys").run(run.key_id) == run


def test_a_key_others_may_read_is_refused(tmp_path):
    run = Keys(tmp_path).draw_run()
    (tmp_path / f"{run.key_id}.key").chmod(0o644)
    with pytest.raises(SettingsError, match="others may read"):
        Keys(tmp_path).run(run.key_id)


@pytest.mark.parametrize("key_id", ["../../etc/passwd", "run-", "run-" + "g" * 32, "replica-" + "0" * 33, ""])
def test_ids_do_not_become_paths(tmp_path, key_id):
    with pytest.raises(VaultError, match=r"no key id|no run key"):
        Keys(tmp_path).run(key_id)


def test_kinds_of_keys_are_not_mixed(tmp_path):
    keys = Keys(tmp_path)
    with pytest.raises(VaultError, match="no run key"):
        keys.run(keys.draw_replica())
    with pytest.raises(VaultError, match="no replica key"):
        keys.wrap(keys.draw_run().key_id, b"", bytes(32))


def test_wrapping_binds_the_context(tmp_path):
    keys = Keys(tmp_path)
    key_id = keys.draw_replica()
    wrapped = keys.wrap(key_id, b"here", b"s" * 32)
    assert keys.unwrap(key_id, b"here", wrapped) == b"s" * 32
    assert keys.wrap(key_id, b"here", b"s" * 32) != wrapped
    for context, key, data in (
        (b"there", key_id, wrapped),
        (b"here", keys.draw_replica(), wrapped),
        (b"here", key_id, wrapped[:-1]),
        (b"here", key_id, b""),
    ):
        with pytest.raises(VaultError, match="does not open"):
            keys.unwrap(key, context, data)


def test_write_atomic_leaves_old_or_new(tmp_path, monkeypatch):
    path = tmp_path / "a"
    files.write_atomic(path, b"old")

    def full(*_args, **_kwargs):
        raise OSError(28, "no space")

    for name in ("pwrite", "fsync", "rename"):
        with monkeypatch.context() as patch:
            patch.setattr(os, name, full)
            with pytest.raises(OSError, match="no space"):
                files.write_atomic(path, b"new")
        assert path.read_bytes() == b"old"
        assert [item.name for item in tmp_path.iterdir()] == ["a"]
    files.write_atomic(path, b"new")
    assert path.read_bytes() == b"new"


def test_write_atomic_does_not_follow_a_link(tmp_path):
    (tmp_path / "target").write_bytes(b"keep")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    files.write_atomic(tmp_path / "link", b"new")
    assert (tmp_path / "target").read_bytes() == b"keep"
    assert (tmp_path / "link").read_bytes() == b"new"
    (tmp_path / "part").symlink_to(tmp_path / "target")
    with pytest.raises(OSError, match="symbolic"):
        files.Part(tmp_path / "part", 1)


def test_remove_says_whether_it_was_there(tmp_path):
    files.write_atomic(tmp_path / "a", b"")
    assert files.remove(tmp_path / "a")
    assert not files.remove(tmp_path / "a")
