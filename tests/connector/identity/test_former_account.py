"""Accounts of ours that were: their file, and by which key is signed what names one of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from connector.identity import former_account
from connector.identity import keys as key_files
from connector.identity.former_account import FormerAccountKey
from connector.identity.identity import Identity
from connector.identity.keys import AGREEMENT
from connector.runtime.errors import Conflict, SettingsError
from contracts import signature
from ledger.space.accounts import FORMER_ACCOUNTS_MAX

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
FIRST, SECOND = (FormerAccountKey(bytes([one]) * 32, NOW + timedelta(hours=one)) for one in (1, 2))
DIGEST = b"\x05" * 32
SETTINGS = SimpleNamespace(
    did="did:web:m",
    url="https://m",
    participant=SimpleNamespace(roles=("buyer",)),
    trust=SimpleNamespace(connector=""),
    log=SimpleNamespace(hybrid=False),
)


def test_a_file_has_what_was_written_the_newest_first(tmp_path):
    for one in (FIRST, SECOND, SECOND):
        former_account.KEPT.add(tmp_path, one)
    assert former_account.KEPT.read(tmp_path) == (SECOND, FIRST)
    assert (tmp_path / former_account.FILE).stat().st_mode & 0o077 == 0
    assert FIRST.secret.hex() not in repr(former_account.KEPT.read(tmp_path))
    assert FIRST.told.json()["until"] == "2026-11-30T13:00:00+00:00"


@pytest.mark.parametrize("text", ["", "00", f"{'01' * 32}", f"{'01' * 32} 2026-11-30T12:00:00", "a\u00e9 x"])
def test_a_damaged_file_is_refused(tmp_path, text):
    path = tmp_path / former_account.FILE
    path.write_text(text + "\n")
    path.chmod(0o600)
    with pytest.raises(SettingsError, match="damaged"):
        former_account.KEPT.read(tmp_path)


def test_there_is_room_for_so_many(tmp_path):
    for number in range(FORMER_ACCOUNTS_MAX):
        former_account.KEPT.require_room(tmp_path)
        former_account.KEPT.add(tmp_path, FormerAccountKey(bytes([number + 1]) * 32, NOW))
    with pytest.raises(Conflict, match="replaced 8 times"):
        former_account.KEPT.require_room(tmp_path)
    former_account.KEPT.add(tmp_path, FormerAccountKey(b"\x77" * 32, NOW))
    with pytest.raises(SettingsError, match="more than 8"):
        former_account.KEPT.read(tmp_path)


def test_what_names_a_former_account_is_signed_by_it_and_a_stranger_s_is_not(tmp_path):
    folder = tmp_path / "keys"
    before = key_files.create(folder)
    former_account.KEPT.add(folder, FormerAccountKey(before.agreement, NOW))
    assert key_files.load(folder).account_former == (), "a crash came before the next one took its place"
    key_files.draw_next(folder, AGREEMENT)
    key_files.take_next(folder, AGREEMENT)
    keys = key_files.load(folder)
    assert keys.accounts == (keys.address, before.address)
    identity = Identity(SETTINGS, keys)
    for account in (None, *keys.accounts):
        signed = identity.sign(DIGEST, account)
        assert signature.is_by(account or keys.address, DIGEST, signed)
    with pytest.raises(Conflict, match="none of ours"):
        identity.sign(DIGEST, bytes(20))
    assert replace(keys, account_former=()).accounts == (keys.address,)
