"""Collecting what nobody needs: keys first, then files; and an edition that was fetched once is never fetched again."""

from __future__ import annotations

import os

import pytest
import pytest_asyncio

from connector.custody import needs, replicas
from connector.custody.blobs import Blobs
from connector.custody.errors import VaultError
from connector.custody.seal import Brief, seal
from connector.custody.secrets import Keys
from connector.custody.sources import source_of
from contracts.ranges import RowSet
from tests.api.running import rule, running
from tests.api.space import PURPOSE

pytestmark = pytest.mark.asyncio(loop_scope="session")
POLICY = rule(("count", "lteq", "9"))


@pytest_asyncio.fixture(loop_scope="session")
async def keeper(tmp_path):
    """A connector with an edition of its own and a whole replica of somebody else's, each under an agreement."""
    async with running(tmp_path / "keeper", roles=("provider", "buyer")) as made:
        made.sold, _ = await made.agree(POLICY)
        made.held, transfer = await made.agree(POLICY)
        (tmp_path / "f").write_bytes(os.urandom(100_000))
        told = Brief(b"\x05" * 32, 1, "did:web:provider.example", piece_bytes=1 << 16)
        theirs, now = Blobs(tmp_path / "theirs"), made.connector.clock.now()
        sealed = seal(source_of([tmp_path / "f"]), Keys(tmp_path / "k").draw_run(), theirs, told, sealed_at=now)
        new = replicas.prepare(made.connector.secrets, sealed.edition_id, sealed.header.json(), sealed.table.data)

        def act(tx):
            changes = {"role": "consumer", "edition": sealed.edition_id.hex()}
            tx.update("agreements", {"digest": made.held}, **changes)
            tx.update("transfers", {"id": transfer}, role="consumer")
            made.replica = replicas.record(tx, new, agreement=made.held, now=now)
            replicas.note_bytes(tx, made.replica.id, RowSet(((0, len(sealed.table)),)))

        await made.store.write(act)
        sealed.path.rename(made.connector.blobs.folder / made.replica.path)
        yield made


async def over(keeper, digest):
    """End an agreement and all that runs under it."""

    def act(tx):
        tx.update("agreements", {"digest": digest}, state="ended")
        for each in tx.find("transfers", "agreement = ?", (digest,)):
            tx.update("transfers", {"id": each["id"]}, state="COMPLETED")

    await keeper.store.write(act)


async def test_what_is_needed_stays_and_what_is_not_goes_with_its_key(keeper):
    connector = keeper.connector
    assert await connector.collecting.collect() == []
    await over(keeper, keeper.held)
    looked = {need.id: need.reasons for need in await connector.collecting.look()}
    assert not looked[keeper.replica.id]
    assert looked[keeper.edition.hex()]
    (gone,) = await connector.collecting.collect()
    assert (gone.kind, gone.id) == (needs.REPLICA, keeper.replica.id)
    assert [path.name for path in connector.blobs.folder.iterdir()] == [f"{keeper.edition.hex()}.sealed"]
    assert not connector.secrets.holds(keeper.replica.key_id)
    assert len(await keeper.events("replica.deleted", keeper.held)) == 1
    await over(keeper, keeper.sold)
    (gone,) = await connector.collecting.collect()
    assert (gone.kind, gone.id) == (needs.EDITION, keeper.edition.hex())
    assert list(connector.blobs.folder.iterdir()) == []
    assert (await keeper.row("editions", id=keeper.edition.hex()))["state"] == "deleted"
    assert len(await keeper.events("edition.withdrawn", keeper.edition.hex())) == 1
    with pytest.raises(VaultError, match="does not exist"):
        connector.secrets.run(keeper.sealed.run.key_id)
    assert await connector.collecting.collect() == []


async def test_what_a_crash_interrupted_is_finished(keeper):
    """The row says `deleting` and the key may be gone already: the next collection ends it and records it once."""
    connector, edition = keeper.connector, keeper.edition.hex()
    await over(keeper, keeper.sold)
    await keeper.store.write(lambda tx: tx.update("editions", {"id": edition}, state="deleting"))
    connector.secrets.destroy(keeper.sealed.run.key_id)
    await connector.collecting.collect()
    assert (await keeper.row("editions", id=edition))["state"] == "deleted"
    assert len(await keeper.events("edition.withdrawn", edition)) == 1
    await keeper.store.write(lambda tx: tx.update("replicas", {"id": keeper.replica.id}, state="deleting"))
    connector.erasing.wake()

    async def deleted():
        return (await keeper.row("replicas", id=keeper.replica.id))["state"] == "deleted"

    await keeper.until(deleted)
    assert len(await keeper.events("replica.deleted", keeper.held)) == 1


async def test_a_second_agreement_on_an_edition_fetches_nothing_and_pays_for_keys(space):
    await space.publish("provider", "twice", (200_000,))
    for name in ("twice", "twice-again"):
        mandate = {"limit": "1000", "bid": None, "purpose": PURPOSE, "deposit": None}
        await space.doors["buyer"].call("POST", "acquisitions", {"id": name, "product": "twice", "mandate": mandate})
        view = await space.complete(name)
        assert int(view["progress"]["paid"]) > 0
    got = {row["id"]: row["agreement"] for row in space.rows("buyer", "acquisitions")}
    drawn = {row["agreement"] for row in space.rows("provider", "carried")}
    assert got["twice"] in drawn
    assert got["twice-again"] not in drawn
    both = {got["twice"], got["twice-again"]}
    (path,) = {row["path"] for row in space.rows("buyer", "replicas") if row["agreement"] in both}
    assert (space.people["buyer"].data / "sealed" / path).is_file()
