"""A data folder is its owner's alone: brought back to that, links left alone, what cannot be changed is named."""

from __future__ import annotations

import os
import stat

import pytest

from connector.runtime import files, private_folder
from connector.store.store import Store
from connector.store.tables import TABLES


@pytest.fixture
def generous():
    """A umask that takes nothing away."""
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path):
    return stat.S_IMODE(path.lstat().st_mode)


def test_it_is_brought_back_and_links_are_left_alone(tmp_path, generous):
    data, elsewhere = tmp_path / "data", tmp_path / "elsewhere"
    (data / "keys" / "vault").mkdir(parents=True)
    (data / "sealed").mkdir()
    elsewhere.write_text("not ours")
    for name in ("penstock.db", "keys/log.key", "keys/vault/run.key"):
        (data / name).write_text("ours")
    (data / "way out").symlink_to(elsewhere)
    assert len(private_folder.open_to_others(data)) == 7
    assert private_folder.keep(data) == []
    assert private_folder.open_to_others(data) == []
    assert mode(data) == mode(data / "sealed") == 0o700
    assert mode(data / "penstock.db") == mode(data / "keys/vault/run.key") == 0o600
    assert mode(elsewhere) == 0o666
    assert private_folder.keep(tmp_path / "nothing") == []


async def test_a_database_is_made_private_whatever_the_umask(tmp_path, generous):
    store = await Store.open(tmp_path / "penstock.db", TABLES)
    await store.write(lambda tx: tx.put("facts", name="a", value=1))
    made = {path.name: mode(path) for path in tmp_path.iterdir() if path.name.startswith("penstock.db")}
    await store.close()
    assert set(made) == {"penstock.db", "penstock.db-wal", "penstock.db-shm"}
    assert set(made.values()) == {0o600}


def test_a_file_has_the_mode_that_was_asked_for_whatever_the_umask(tmp_path):
    for umask in (0, 0o077):
        before = os.umask(umask)
        try:
            files.write_atomic(tmp_path / "own", b"")
            files.write_atomic(tmp_path / "others", b"", 0o644)
        finally:
            os.umask(before)
        assert (mode(tmp_path / "own"), mode(tmp_path / "others")) == (0o600, 0o644)
