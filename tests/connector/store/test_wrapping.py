"""Columns that rest wrapped: on a server, too, what an older program left is wrapped, and a lost key is said."""

from __future__ import annotations

import psycopg
import pytest

from connector.custody.errors import VaultError
from connector.custody.row_key import RowKey
from connector.custody.secrets import Keys
from connector.runtime.errors import explain_failure
from connector.store import upgrades
from connector.store.errors import BadStatement
from connector.store.store import Store
from connector.store.tables import TABLES
from tests.postgres import durable, new_schema
from tests.row_key import row_key

PREIMAGE = b"t" * 32


async def test_preimages_of_an_older_schema_rest_wrapped(absent):
    with durable(absent) as base:
        url = new_schema(base)
        await (await Store.open(url, TABLES, row_key())).close()
        places = [(f"{number % 3:064x}", number) for number in range(1, 2 * upgrades.WRAPPED_AT_ONCE + 3)]
        with psycopg.connect(url, autocommit=True) as asked:
            for channel, seq in places:
                plain = (channel, seq, b"%032d" % seq)
                asked.execute("INSERT INTO windows (channel, seq, secret) VALUES (%s, %s, %s)", plain)
            asked.execute("INSERT INTO windows (channel, seq, masked) VALUES (%s, 9999, %s)", ("f" * 64, b"masked"))
            asked.execute("UPDATE store_mark SET version = 2, mark = 0")
        store = await Store.open(url, TABLES, row_key())
        rows = await store.read(lambda tx: tx.find("windows", order="seq"))
        await store.close()
        assert [row["secret"] for row in rows] == [*(b"%032d" % seq for _, seq in places), None]
        assert rows[-1]["masked"] == b"masked"
        with psycopg.connect(url) as asked:
            rested = asked.execute("SELECT secret FROM windows WHERE secret IS NOT NULL").fetchall()
        assert {len(secret) for (secret,) in rested} == {32 + 8 + 12 + 16}


@pytest.fixture
def keys(tmp_path):
    return Keys(tmp_path / "keys" / "vault")


async def open_store(tmp_path, wrapping):
    return await Store.open(tmp_path / "penstock.db", TABLES, wrapping)


async def test_a_database_alone_tells_no_preimage_and_with_its_key_every_one(tmp_path, keys):
    store = await open_store(tmp_path, RowKey(keys))
    await store.write(lambda tx: tx.put("windows", channel="c", seq=1, secret=PREIMAGE, masked=b"m" * 320))
    await store.close()
    for path in tmp_path.glob("penstock.db*"):
        assert not any(secret in path.read_bytes() for secret in (PREIMAGE, b"m" * 32)), path.name
    alone = await open_store(tmp_path, None)
    with pytest.raises(BadStatement, match="without the key"):
        await alone.read(lambda tx: tx.find("windows"))
    await alone.close()
    store = await open_store(tmp_path, RowKey(Keys(tmp_path / "keys" / "vault")))
    [row] = await store.read(lambda tx: tx.find("windows"))
    assert (row["secret"], row["masked"]) == (PREIMAGE, b"m" * 320)
    await store.close()


async def test_what_did_not_change_is_not_written_again(tmp_path, keys):
    store = await open_store(tmp_path, RowKey(keys))
    await store.write(lambda tx: tx.put("windows", channel="c", seq=1, secret=PREIMAGE, state="offered"))
    rested = "SELECT secret FROM windows"
    before = await store.read(lambda tx: tx.execute(rested))

    def pay(tx):
        row = tx.get("windows", channel="c", seq=1)
        tx.put("windows", **(row | {"state": "paid"}))

    await store.write(pay)
    assert await store.read(lambda tx: tx.execute(rested)) == before
    await store.close()


async def test_a_lost_key_is_said_at_once_and_never_replaced(tmp_path, keys):
    store = await open_store(tmp_path, RowKey(keys))
    await store.write(lambda tx: tx.put("windows", channel="c", seq=1, secret=PREIMAGE))
    [path] = (tmp_path / "keys" / "vault").glob("rows-*.key")
    kept = path.read_bytes()
    path.unlink()
    lost = RowKey(Keys(tmp_path / "keys" / "vault"))
    with pytest.raises(VaultError, match="is not here") as told:
        await lost.ready(store, draw=True)
    assert "put `keys/vault` back" in explain_failure(told.value).hint
    assert not list((tmp_path / "keys" / "vault").glob("rows-*.key"))
    path.write_bytes(kept)
    path.chmod(0o600)
    await lost.ready(store, draw=True)
    await store.close()


def test_what_was_wrapped_for_one_column_unwraps_for_no_other(keys):
    one = RowKey(keys)
    wrapped = one.wrap("windows.secret", PREIMAGE)
    assert one.unwrap("windows.secret", wrapped) == PREIMAGE
    for name, value in (
        ("windows.masked", wrapped),
        ("windows.secret", wrapped[:-1] + bytes([wrapped[-1] ^ 1])),
        ("windows.secret", b""),
    ):
        with pytest.raises(VaultError):
            one.unwrap(name, value)


def test_a_new_kek_wraps_it_anew(tmp_path, keys):
    wrapped = RowKey(keys).wrap("windows.secret", PREIMAGE)
    assert keys.rotate() == 1
    assert RowKey(Keys(tmp_path / "keys" / "vault")).unwrap("windows.secret", wrapped) == PREIMAGE
