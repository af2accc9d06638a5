"""An edition handed over to a host: all of its keys, proven one by one, boxed for that host, and no other's."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from connector.custody import edition as editions
from connector.custody import hosted
from connector.custody.errors import VaultError
from contracts.errors import ContractError
from ledger.edition.opening import OpeningError
from tests.custody.conftest import NOW

HOST = X25519PrivateKey.from_private_bytes(bytes([7]) * 32)
PUBLIC = HOST.public_key().public_bytes_raw()


def handed(world, told=None, key=HOST):
    told = told or hosted.hand_over(world.keys, row_of(world), PUBLIC)
    sealed = world.sealed
    return hosted.taken(sealed.edition_id, (sealed.header.json(), sealed.table.data), told, [key])


def row_of(world):
    return SimpleNamespace(**vars(world.row()), index_json=world.sealed.index.json(), repeated={})


def kept(world, keys):
    """Return the row that a host keeps, and the run that it drew."""
    rows, run = [], keys.draw_run()
    hosted.record(SimpleNamespace(insert=rows.append), handed(world), run, product="p", path="x", now=NOW)
    return rows[0], run


def test_a_host_has_every_key_of_the_edition_under_a_key_of_its_own(world):
    row, run = kept(world, world.buyer_keys)
    table = world.sealed.table
    assert editions.row_secrets(world.buyer_keys, row, table, range(len(table))) == world.secrets()
    assert row.run != world.sealed.run.run
    assert all(secret.hex() not in str(row.repeated) for secret in world.secrets().values())
    assert row.id == world.sealed.edition_id.hex()
    # destroying that key ends it, whatever the database holds
    assert world.buyer_keys.destroy(run.key_id)
    with pytest.raises(VaultError):
        editions.row_secrets(world.buyer_keys, row, table, [0])


def test_what_is_handed_over_is_for_that_host_and_not_the_key_of_the_run(world):
    told = hosted.hand_over(world.keys, row_of(world), PUBLIC)
    assert world.sealed.run.key.hex() not in str(told)
    with pytest.raises(VaultError):
        handed(world, told, X25519PrivateKey.from_private_bytes(bytes([8]) * 32))


def test_keys_and_digests_that_are_not_the_edition_s_are_not_kept(world):
    told = hosted.hand_over(world.keys, row_of(world), PUBLIC)
    wrong = told | {"plain": "00" * (len(told["plain"]) // 2)}
    with pytest.raises(ContractError, match="digest of piece 0"):
        handed(world, wrong)
    with pytest.raises(ContractError, match="not every piece"):
        handed(world, told | {"plain": told["plain"][:-64]})
    short = hosted.SUITE.encrypt(bytes(32), HOST.public_key(), info=hosted.INFO + world.sealed.edition_id)
    with pytest.raises(ContractError, match="not every piece"):
        handed(world, told | {"box": short.hex()})
    size = 32 * len(world.sealed.table)
    others = hosted.SUITE.encrypt(bytes(size), HOST.public_key(), info=hosted.INFO + world.sealed.edition_id)
    with pytest.raises(OpeningError):
        handed(world, told | {"box": others.hex()})
    elsewhere = hosted.SUITE.encrypt(bytes(size), HOST.public_key(), info=hosted.INFO + bytes(32))
    with pytest.raises(VaultError):
        handed(world, told | {"box": elsewhere.hex()})


def test_an_edition_of_too_many_pieces_is_not_handed_over(world, monkeypatch):
    monkeypatch.setattr(hosted, "HOSTED_PIECES_MAX", len(world.sealed.table) - 1)
    with pytest.raises(ContractError, match="too large"):
        hosted.hand_over(world.keys, row_of(world), PUBLIC)
