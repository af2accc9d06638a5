"""A provider whose editions rest in a bucket serves, collects and forgets like any other."""

from __future__ import annotations

import asyncio

import aiohttp
import orjson
import pytest

from connector.custody import bucket as buckets
from connector.custody.blobs import blob_name
from connector.custody.errors import VaultError
from connector.operation.supplies import BUCKET_AWAY
from tests.api.running import rule, running
from tests.custody.test_bucket import bucket, server  # noqa: F401  # fixtures

pytestmark = pytest.mark.asyncio(loop_scope="function")


async def drawn(provider, digest, pid, first, count):
    url = f"{provider.connector.url}/sealed/{provider.edition.hex()}/pieces?first={first}&count={count}"
    header = {"Authorization": provider.ticket(digest, pid)}
    async with aiohttp.ClientSession() as session, session.get(url, headers=header) as said:
        return said.status, await said.read()


async def test_pieces_come_from_the_bucket_until_nothing_needs_them(tmp_path, monkeypatch, bucket):  # noqa: F811
    monkeypatch.setenv("PENSTOCK_VAULT_BLOBS", "s3://sealed/editions")
    async with running(tmp_path / "p") as provider:
        connector, name = provider.connector, blob_name(provider.edition)
        digest, pid = await provider.agree(rule(("count", "lteq", "9")))
        whole = b"".join(_pieces(connector, provider))
        connector.offloading.wake(provider.edition.hex())

        async def moved():
            return not (connector.blobs.folder / name).exists()

        await provider.until(moved)
        assert bucket.size(name) == len(whole)
        table = provider.sealed.table
        for first, count in ((0, provider.rows), (3, 9)):
            offset, size = table.span(first, count)
            assert await drawn(provider, digest, pid, first, count) == (200, whole[offset : offset + size])

        with monkeypatch.context() as patch:
            patch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
            patch.setattr(buckets, "PATIENCE", buckets.HASTE)
            patch.setattr(connector.blobs, "bucket", buckets.Bucket(bucket.url))
            status, said = await drawn(provider, digest, pid, 0, provider.rows)
        assert (status, orjson.loads(said)["code"]) == (503, "bucket"), "who asks again may be served"

        def end(tx):
            tx.update("agreements", {"digest": digest}, state="ended")
            tx.update("transfers", {"id": pid}, state="COMPLETED")

        await provider.store.write(end)
        (gone,) = await connector.collecting.collect()
        assert gone.id == provider.edition.hex()
        assert bucket.size(name) is None


def _pieces(connector, provider):
    with connector.blobs.open(provider.edition, provider.sealed.table) as sealed:
        return list(sealed.read_pieces(0, provider.rows))


async def test_a_bucket_that_fails_in_the_middle_of_an_answer_ends_the_connection(
    tmp_path,
    monkeypatch,
    bucket,  # noqa: F811
):
    """Words about the fault would be taken for sealed bytes."""
    monkeypatch.setenv("PENSTOCK_VAULT_BLOBS", "s3://sealed/midway")
    async with running(tmp_path / "p") as provider:
        digest, pid = await provider.agree(rule(("count", "lteq", "9")))
        whole = b"".join(_pieces(provider.connector, provider))
        await asyncio.to_thread(provider.connector.blobs.offload, provider.edition, provider.sealed.table)
        real, reads = buckets.Bucket.read, []

        def failing(self, name, first, count):
            reads.append(first)
            if len(reads) > 1:
                raise VaultError("bucket", "it has gone")
            return real(self, name, first, count)

        monkeypatch.setattr(buckets, "READ_BYTES", len(whole) // 3)
        monkeypatch.setattr(buckets.Bucket, "read", failing)
        url = f"{provider.connector.url}/sealed/{provider.edition.hex()}/pieces?first=0&count={provider.rows}"
        header, got = {"Authorization": provider.ticket(digest, pid)}, bytearray()
        async with aiohttp.ClientSession() as session, session.get(url, headers=header) as said:
            assert said.status == 200
            with pytest.raises(aiohttp.ClientError):
                async for some in said.content.iter_any():
                    got += some
        assert whole.startswith(bytes(got))
        assert len(reads) == 2


async def test_a_move_into_a_bucket_that_is_not_there_is_tried_until_it_is(
    tmp_path,
    monkeypatch,
    caplog,
    bucket,  # noqa: F811
    server,  # noqa: F811
):
    place = "not-there-yet"
    monkeypatch.setenv("PENSTOCK_VAULT_BLOBS", f"s3://{place}/editions")
    monkeypatch.setattr(buckets, "PATIENCE", buckets.HASTE)
    async with running(tmp_path / "p") as provider:
        connector, name = provider.connector, blob_name(provider.edition)
        await connector.supplies.look()
        assert connector.supplies.warnings() == [BUCKET_AWAY]
        assert "make the bucket" in caplog.text
        connector.offloading.wake(provider.edition.hex())

        async def failed():
            return (await connector.offloading.measures())["penstock_bucket_failed_moves"]

        await provider.until(failed)
        assert (connector.blobs.folder / name).exists(), "it is served from here meanwhile"
        async with aiohttp.ClientSession() as session, session.put(f"{server}/{place}") as answer:
            assert answer.status == 200

        async def moved():
            return not (connector.blobs.folder / name).exists()

        await provider.until(moved)

        async def over():
            return await failed() == 0

        await provider.until(over)
        await connector.supplies.look()
        assert connector.supplies.warnings() == []
