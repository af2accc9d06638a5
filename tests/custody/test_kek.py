"""The key-encryption key: what it wraps opens with it alone, and it lies outside the data folder."""

from __future__ import annotations

import os
import shutil
import stat

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.custody import edition
from connector.custody.errors import VaultError
from connector.custody.kek import FileKek, beside
from connector.custody.secrets import Keys
from connector.runtime import files
from connector.runtime.errors import SettingsError
from tests.every import every
from tests.fault.extent import tried


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "data"
    (folder / "keys").mkdir(parents=True, mode=0o700)
    return folder


def test_a_copy_of_the_data_folder_opens_nothing(data, tmp_path):
    keys = Keys.of(data, "")
    run, replica = keys.draw_run(), keys.draw_replica()
    wrapped = keys.wrap(replica, b"here", b"s" * 32)
    backup = shutil.copytree(data, tmp_path / "backup")
    assert not any(run.key in path.read_bytes() for path in backup.rglob("*") if path.is_file())
    with pytest.raises(VaultError, match="restore it") as caught:
        Keys.of(backup, "")
    assert caught.value.code == "kek"
    assert not beside(backup).exists()  # a lost one is not replaced
    restored = Keys.of(backup, str(beside(data)))
    assert restored.run(run.key_id) == run
    assert restored.unwrap(replica, b"here", wrapped) == b"s" * 32


def test_it_lies_outside_the_data_folder_and_is_private(data):
    Keys.of(data, "").draw_run()
    assert stat.S_IMODE(beside(data).stat().st_mode) == 0o600
    (data.parent / "way in").symlink_to(data / "keys")
    for inside in ("keys/kek", "../data/kek", "../way in/kek"):
        with pytest.raises(SettingsError, match="in the data folder"):
            Keys.of(data, str(data / inside))
    beside(data).chmod(0o640)
    with pytest.raises(SettingsError, match="others may read"):
        Keys.of(data, "")


@every("text", [b"", b"# none\n", b"00\n", b"g" * 64, (b"00" * 32 + b"\n") * 17, b"\xff" * 64])
def test_what_is_no_kek_is_refused(tmp_path, text):
    files.write_atomic(tmp_path / "kek", text)
    with pytest.raises(VaultError, match="64 digits"):
        FileKek(tmp_path / "kek", make=True)


def test_a_rotation_leaves_nothing_under_the_old_key(data, tmp_path):
    keys = Keys.of(data, "")
    runs = [keys.draw_run() for _ in range(3)]
    before = beside(data).read_text()
    assert keys.rotate() == len(runs)
    assert before not in beside(data).read_text()
    files.write_atomic(tmp_path / "old", before.encode())
    with pytest.raises(VaultError, match="has not the KEK"):
        Keys.of(data, str(tmp_path / "old")).run(runs[0].key_id)
    fresh = Keys.of(data, "")
    assert [fresh.run(run.key_id) for run in runs] == runs
    assert keys.run(keys.draw_run().key_id)
    assert fresh.settle() == 0


@pytest.mark.parametrize("broken", range(8))
def test_a_rotation_that_breaks_off_anywhere_loses_nothing(data, monkeypatch, broken):
    keys = Keys.of(data, "")
    runs = [keys.draw_run() for _ in range(3)]
    renames, real = [], os.rename

    def failing(*args, **kwargs):
        renames.append(args)
        if len(renames) > broken:
            raise OSError(28, "no space")
        real(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", failing)
        try:
            keys.rotate()
        except OSError:
            assert broken < 5  # the key drawn, three wrapped, the old one struck out
        else:
            assert broken >= 5
    again = Keys.of(data, "")
    assert [again.run(run.key_id) for run in runs] == runs
    again.settle()
    assert again.rotate() == len(runs)
    assert [Keys.of(data, "").run(run.key_id) for run in runs] == runs


def test_a_key_brought_in_by_hand_takes_over_at_the_next_start(data, tmp_path):
    """A file that a service's credentials provide is not ours to write: its owner puts the new key first."""
    path = tmp_path / "credential"
    files.write_atomic(path, b"11" * 32 + b"\n")
    run = Keys.of(data, str(path)).draw_run()
    files.write_atomic(path, b"22" * 32 + b"  # since May\n" + b"11" * 32 + b"\n")
    assert Keys.of(data, str(path)).settle() == 1
    files.write_atomic(path, b"22" * 32 + b"\n")
    assert Keys.of(data, str(path)).run(run.key_id) == run


@settings(max_examples=tried(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 2**16), bit=st.integers(0, 7))
def test_no_bit_of_a_wrapped_key_may_change(tmp_path, at, bit):
    kek = FileKek(tmp_path / "kek", make=True)
    wrapped = bytearray(kek.wrap("run-1", b"k" * 48))
    assert kek.unwrap("run-1", bytes(wrapped)) == b"k" * 48
    wrapped[at % len(wrapped)] ^= 1 << bit
    with pytest.raises(VaultError):
        kek.unwrap("run-1", bytes(wrapped))


@pytest.mark.parametrize("wrapped", [b"", b"short", bytes(36), bytes(100)])
def test_what_is_not_wrapped_does_not_unwrap(tmp_path, wrapped):
    with pytest.raises(VaultError):
        FileKek(tmp_path / "kek", make=True).unwrap("run-1", wrapped)


def test_a_wrapped_key_has_one_name(data):
    keys = Keys.of(data, "")
    first, second = keys.draw_run(), keys.draw_run()
    folder = data / "keys/vault"
    shutil.copy(folder / f"{first.key_id}.key", folder / f"{second.key_id}.key")
    with pytest.raises(VaultError, match="under its name"):
        Keys.of(data, "").run(second.key_id)


async def test_a_backup_of_database_and_blobs_opens_nothing(world, store):
    """Everything that a back-up may hold, against every secret of the edition and the run's own key."""
    secrets = world.secrets()
    row = await store.write(lambda tx: edition.record(tx, world.sealed, product="p", now=world.sealed.header.sealed_at))
    assert row is None
    copied = [path.read_bytes() for path in (*world.folder.glob("store.sqlite*"), *(world.folder / "blobs").iterdir())]
    copied += [path.read_bytes() for path in (world.folder / "keys").iterdir()]
    assert any(world.sealed.table.data in content for content in copied)
    hidden = [world.sealed.run.key, *secrets.values()]
    assert not any(secret in content for secret in hidden for content in copied)
