"""Sealed editions in a real S3 server: the same bytes by row, moved only when every row was read back."""

from __future__ import annotations

import asyncio
import logging

import aiohttp
import pytest

from connector.custody import bucket as buckets
from connector.custody import scrub
from connector.custody.blobs import Blobs, blob_name
from connector.custody.bucket import Bucket, SealedObject
from connector.custody.errors import VaultError
from connector.custody.log_objects import Folder, InBucket
from connector.custody.reader import Reader
from connector.custody.sealed_file import SealedFile
from connector.runtime.errors import SettingsError
from connector.store.errors import EvidenceBroken, StoreError
from contracts.ranges import RowSet
from ledger.edition.opening import OpeningError

KEYS = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1"}


@pytest.fixture(scope="module")
def server():
    from moto.server import ThreadedMotoServer  # takes a second, which only these tests need

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    made = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    made.start()
    yield "http://{}:{}".format(*made.get_host_and_port())
    made.stop()


@pytest.fixture
def bucket(server, monkeypatch):
    async def make():
        async with aiohttp.ClientSession() as session, session.put(f"{server}/sealed") as answer:
            assert answer.status == 200

    asyncio.run(make())
    for name, value in {**KEYS, "AWS_ENDPOINT_URL": server, "AWS_ALLOW_HTTP": "true"}.items():
        monkeypatch.setenv(name, value)
    return Bucket("s3://sealed/editions")


def kept(world, blobs):
    size = len(world.sealed.table)
    edition, path = world.sealed.edition_id, blobs.path(world.sealed.edition_id)
    every = RowSet(((0, size),))
    return scrub.Kept("edition", edition.hex(), edition.hex(), "registered", size, path, every, world.sealed.table)


def test_what_was_moved_is_read_by_row_and_has_left_the_folder(world, bucket, monkeypatch):
    monkeypatch.setattr(buckets, "READ_BYTES", 100_000)  # one row and a half
    blobs, table, edition = Blobs(world.blobs.folder, bucket), world.sealed.table, world.sealed.edition_id
    pieces = world.pieces()
    assert not blobs.is_distant(edition, table)
    assert isinstance(blobs.open(edition, table), SealedFile)
    assert blobs.offload(edition, table)
    assert not world.sealed.path.exists()
    assert not blobs.offload(edition, table)
    for again in (blobs, Blobs(world.blobs.folder, bucket)):
        with again.open(edition, table) as sealed:
            assert isinstance(sealed, SealedObject)
            assert list(sealed.read_pieces(0, len(table))) == pieces
            whole = Reader(sealed, world.secrets())
            assert {file.name: whole.read(file.name) for file in whole.index().files} == world.content
            for first, count in ((0, len(table)), (2, 3), (len(table) - 1, 1)):
                assert b"".join(sealed.buffers(first, count)) == b"".join(pieces[first : first + count])
    assert len(scrub.scrub(kept(world, blobs), blobs).bad) == 0
    with pytest.raises(VaultError, match="not here"):
        Blobs(world.blobs.folder).open(edition, table)
    bucket.remove(blob_name(edition))
    bucket.remove(blob_name(edition))
    assert bucket.size(blob_name(edition)) is None


def test_an_object_that_a_bucket_spoiled_keeps_the_file_here(world, bucket, monkeypatch):
    blobs, table, edition = Blobs(world.blobs.folder, bucket), world.sealed.table, world.sealed.edition_id
    real = Bucket.read

    def spoiled(self, name, first, count):
        data = real(self, name, first, count)
        return data[:-1] + bytes([data[-1] ^ 1])

    with monkeypatch.context() as patch:
        patch.setattr(Bucket, "read", spoiled)
        with pytest.raises(OpeningError):
            blobs.offload(edition, table)
    assert world.sealed.path.exists()
    assert not blobs.is_distant(edition, table)


def test_a_damaged_object_is_found_at_its_rows(world, bucket):
    import obstore

    blobs, table, edition = Blobs(world.blobs.folder, bucket), world.sealed.table, world.sealed.edition_id
    whole = b"".join(world.pieces())
    blobs.offload(edition, table)
    at = table.offset(3) + 5
    obstore.put(bucket._store, blob_name(edition), whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
    assert scrub.scrub(kept(world, blobs), blobs).bad == RowSet(((3, 1),))
    obstore.put(bucket._store, blob_name(edition), whole[:-1])
    assert (
        "not here"
        in scrub.scrub(kept(world, Blobs(world.blobs.folder, bucket)), Blobs(world.blobs.folder, bucket)).problem
    )


def test_a_bucket_that_cannot_be_asked_says_so(world, bucket, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setattr(buckets, "PATIENCE", {"max_retries": 0})
    away = Bucket("s3://sealed")
    for act in (
        lambda: away.size("x"),
        lambda: away.read("x", 0, 1),
        lambda: away.remove("x"),
        lambda: Blobs(world.blobs.folder, away).offload(world.sealed.edition_id, world.sealed.table),
    ):
        with pytest.raises(VaultError, match="does not do as asked") as fault:
            act()
        assert fault.value.code == "bucket", "time can mend it"
    assert world.sealed.path.exists()


def test_what_a_bucket_has_lost_is_no_fault_that_time_can_mend(world, bucket):
    with pytest.raises(VaultError, match="has no `lost`") as fault:
        bucket.read("lost", 0, 1)
    assert fault.value.code == "blob"
    with pytest.raises(VaultError, match="does not do as asked") as fault:
        Blobs(world.blobs.folder, Bucket("s3://nobody-made-it")).offload(world.sealed.edition_id, world.sealed.table)
    assert fault.value.code == "bucket", "somebody may still make it"
    assert world.sealed.path.exists()


@pytest.mark.parametrize("url", ["s3://", "http://bucket", "bucket", "/tmp/x"])
def test_another_place_is_refused(url):
    with pytest.raises(SettingsError, match="s3://bucket"):
        Bucket(url)


def test_objects_of_a_log_are_put_read_and_removed(bucket, tmp_path):
    folder = Folder(tmp_path)
    objects = InBucket(bucket, folder)
    objects.remove("log/1")  # is none
    objects.put("log/1", b"entries")
    assert objects.get("log/1", 7) == b"entries"
    assert not folder.has("log/1")
    folder.put("log/2", b"restored")
    assert objects.get("log/2", 8) == b"restored"
    for name in ("log/1", "log/2"):
        objects.remove(name)
        with pytest.raises(EvidenceBroken, match=name):
            objects.get(name, 7)
    gone = InBucket(Bucket("s3://nobody/none"), folder)
    for act in (lambda: gone.put("log/1", b"entries"), lambda: gone.get("log/1", 7)):
        with pytest.raises(StoreError, match="s3://nobody/none"):
            act()
