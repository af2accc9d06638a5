"""Bytes ahead of keys over a real connection: right in any order of pieces and faults, never more than the pool."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import lzma
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from aiohttp import web

from connector.consumer.carrier import Carrier
from connector.consumer.roads import Road, Roads
from connector.custody.blobs import Blobs
from connector.custody.edition import row_secrets
from connector.custody.errors import VaultError
from connector.custody.intake import Intake
from connector.custody.packs import archive, schema_of
from connector.custody.places import sectors
from connector.custody.seal import Brief, seal
from connector.custody.sealed_file import SealedFile
from connector.custody.secrets import Keys
from connector.custody.sinks import Folder, Null
from connector.custody.slabs import Memory, Pool
from connector.custody.sources import source_of
from connector.custody.unsealer import Unsealer
from connector.negotiation.protocol import data_address
from connector.net.outbound import Outbound
from connector.runtime.errors import PeerMisbehaved, PeerRefused, PeerUnreachable
from contracts.ranges import RowSet
from tests.every import every

S = 64 * 1024
NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
SECONDS = 30
SHAPES = {
    "one large file": [40 * S + 17],
    "many small ones": [100 + 37 * n for n in range(60)],
    "all kinds": [0, 1, 4096, S - 1, S, S + 1, 9 * S, 0, 3 * S + 4096, 5],
}


class Source:
    """Serves the sealed pieces of one edition; `spoil(first, body)` may change an answer, or raise one."""

    def __init__(self, folder, sizes, padding=0, packs=None):
        self.content = {f"f{n:03}": hashlib.shake_128(bytes([n])).digest(size) for n, size in enumerate(sizes)}
        self.content |= packs or {}
        (folder / "source").mkdir(parents=True)
        for name, data in self.content.items():
            (folder / "source" / name).write_bytes(data)
        keys, self.blobs = Keys(folder / "keys"), Blobs(folder / "blobs")
        schema = schema_of(list(packs or ()), None)
        brief = Brief(bytes(32), 1, "did:web:p", piece_bytes=S, padding=padding, schema=schema)
        self.sealed = seal(source_of([folder / "source"]), keys.draw_run(), self.blobs, brief, sealed_at=NOW)
        run, self.table = self.sealed.run, self.sealed.table
        kept = SimpleNamespace(key_id=run.key_id, run=run.run, plain_digests=self.sealed.plain_digests)
        self.secrets = row_secrets(keys, kept, self.table, range(len(self.table)))
        self.asked, self.spoil, self.ticket = [], lambda _first, body: body, "t"

    async def pieces(self, request):
        if request.headers["Authorization"] != f"Ticket {self.ticket}":
            raise web.HTTPUnauthorized
        first, count = int(request.query["first"]), int(request.query["count"])
        self.asked.append((first, count))
        with self.blobs.open(self.sealed.edition_id, self.table) as file:
            body = b"".join(file.buffers(first, count))
        return web.Response(body=self.spoil(first, body))


@contextlib.asynccontextmanager
async def carrying(source, pool, intake=None, *, wanted=None, stored=None, keeps=True):
    app = web.Application()
    app.router.add_get("/sealed/pieces", source.pieces)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    address = data_address.write(f"http://127.0.0.1:{runner.addresses[0][1]}/sealed", {"authorization": "t"})
    async with Outbound(development=True) as door, asyncio.timeout(SECONDS):
        carrier = Carrier(source.table, pool, Roads([Road.of(address)]), intake, keeps=keeps)
        await carrier.start(door, RowSet(((0, len(source.table)),)) if wanted is None else wanted, stored)
        try:
            yield carrier
        finally:
            await carrier.close()
    await runner.cleanup()


async def open_all(source, carrier, unsealer, most):
    """Open what comes in windows of at most `most` rows, as keys would let us."""

    def work(rows):
        for load, slab, some in carrier.lent(rows):
            unsealer.open(load, slab, some, source.secrets)
            carrier.opened(some)

    while rows := await carrier.front(most):
        await asyncio.to_thread(work, rows)
        carrier.passed(rows)
        if rows.ranges[0][0] == 0:
            carrier.prefer(unsealer.index.critical)


def small_pools(source):
    """Memory for five sealed slabs and two plain ones."""
    memory, size = Memory(), sectors(source.table.longest_sealed)
    return Pool(memory, size, 5, 5), Pool(memory, size, 2, 2)


@every("most", [1, 7, 4096])
@every("keeps_sealed", [False, True])
@every("shape", SHAPES)
async def test_files_come_out_as_they_went_in(tmp_path, shape, keeps_sealed, most):
    source = Source(tmp_path, SHAPES[shape], padding=4096 if most == 7 else 0)
    sealed, plain = small_pools(source)
    intake = Intake(tmp_path / "replica", source.table) if keeps_sealed else None
    sink = Folder(plain, tmp_path / "out", "stage")
    async with carrying(source, sealed, intake) as carrier:
        await open_all(source, carrier, Unsealer(source.table, plain, sink), most)
        assert not (tmp_path / "out").joinpath("f000").exists()
        named = sink.finish()
    sink.close()
    assert {path: (tmp_path / "out" / path).read_bytes() for path in source.content} == source.content
    assert sorted(named) == sorted(str(tmp_path / "out" / path) for path in source.content)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(source.content)
    assert sealed.used == plain.used == 0
    if intake is not None:
        intake.sync()
        assert intake.complete
        intake.close()
        assert (tmp_path / "replica").read_bytes() == source.sealed.path.read_bytes()


PACKED = {f"small/{n}.txt": bytes([n]) * n * 37 for n in range(90)} | {".rc": b"hidden"}
NOISE = {f"noise/{n}": hashlib.shake_128(bytes([n])).digest(30_000) for n in range(9)}


async def test_of_packs_what_is_in_them_comes_out(tmp_path):
    packs = {"p-1.tar.xz": archive(PACKED.items()), "p-2.tar.xz": archive(NOISE.items())}
    source = Source(tmp_path, [5, 3 * S], packs=packs)
    sealed, plain = small_pools(source)
    sink = Folder(plain, tmp_path / "out", "stage")
    async with carrying(source, sealed) as carrier:
        await open_all(source, carrier, Unsealer(source.table, plain, sink), 2)
        named = sink.finish()
    sink.close()
    wanted = {name: data for name, data in source.content.items() if name not in packs}
    wanted |= {name.replace(".rc", "_.rc"): data for name, data in (PACKED | NOISE).items()}
    found = {path.relative_to(tmp_path / "out"): path for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert {str(name): path.read_bytes() for name, path in found.items()} == wanted
    assert sorted(named) == sorted(map(str, found.values()))
    assert sink.renamed == {".rc": "_.rc"}


BROKEN = {
    "no archive": b"hello",
    "up": lzma.compress(b"x" * 512 + bytes(1024)),
    "another file's name": archive([("f000", b"another")]),
    "another file's folder": archive([("f000/b", b"another")]),
}


@every("case", list(BROKEN))
async def test_of_a_broken_pack_nothing_gets_its_name(tmp_path, case):
    source = Source(tmp_path, [5], packs={"p-1.tar.xz": BROKEN[case]})
    sealed, plain = small_pools(source)
    sink = Folder(plain, tmp_path / "out", "stage")
    async with carrying(source, sealed) as carrier:
        await open_all(source, carrier, Unsealer(source.table, plain, sink), 4096)
        with pytest.raises(VaultError) as refusal:
            sink.finish()
    sink.close()
    assert refusal.value.code == "pack"
    assert not (tmp_path / "out").exists()
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".part")] == []


async def test_who_opens_slowly_is_fetched_for_slowly(tmp_path):
    source = Source(tmp_path, [60 * S])
    sealed, plain = small_pools(source)
    async with carrying(source, sealed) as carrier:
        while sealed.used < 2:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.2)
        assert sum(count for _, count in source.asked) <= sealed.count
        await open_all(source, carrier, Unsealer(source.table, plain, Null(plain)), 4096)
    assert sum(count for _, count in source.asked) == len(source.table)


async def test_pulls_side_by_side_share_the_memory_and_all_end(tmp_path):
    """Of memory for sixteen slabs each of six pulls is sure of two; the early rows never keep out the critical ones."""
    sources = [Source(tmp_path / str(n), [20 * S, 30 * S]) for n in range(6)]
    memory = Memory(16 * sectors(sources[0].table.longest_sealed))

    async def one(source):
        size = sectors(source.table.longest_sealed)
        with Pool(memory, size, 12, 2) as sealed, Pool(memory, size, 1, 1) as plain:
            async with carrying(source, sealed) as carrier:
                await open_all(source, carrier, Unsealer(source.table, plain, Null(plain)), 4096)
        return sum(count for _, count in source.asked)

    assert await asyncio.gather(*map(one, sources)) == [len(source.table) for source in sources]
    assert memory.spare == 16 * sectors(sources[0].table.longest_sealed)


async def test_a_row_that_comes_wrong_is_fetched_again_alone(tmp_path):
    source = Source(tmp_path, [20 * S])
    wrong = {3, 9}

    def flip(first, body):
        for row in sorted(wrong):
            at = source.table.offset(row) - source.table.offset(first)
            if 0 <= at < len(body):
                wrong.remove(row)
                return body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
        return body

    source.spoil = flip
    memory = Memory()
    with memory.sealed(source.table) as sealed, memory.plain(source.table) as plain:
        async with carrying(source, sealed) as carrier:
            await open_all(source, carrier, Unsealer(source.table, plain, Null(plain)), 4096)
    assert not wrong
    assert {(3, 1), (9, 1)} <= set(source.asked)


def refuse(status):
    def answer(_first, _body):
        raise web.HTTPException if status is None else {403: web.HTTPForbidden, 503: web.HTTPServiceUnavailable}[status]

    return answer


FAULTS = {
    "always wrong": (lambda _first, body: bytes([body[0] ^ 1]) + body[1:], PeerMisbehaved, "for piece [01]"),
    "too short": (lambda _first, body: body[:-1], PeerMisbehaved, "bytes instead of"),
    "too long": (lambda _first, body: body + b"x", PeerMisbehaved, "bytes instead of"),
    "refused": (refuse(403), PeerRefused, "403"),
    "later": (refuse(503), PeerUnreachable, "later"),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_source_that_does_not_do_its_part(tmp_path, fault):
    source = Source(tmp_path, [3 * S])
    source.spoil, kind, words = FAULTS[fault]
    sealed, _ = small_pools(source)
    async with carrying(source, sealed) as carrier:
        with pytest.raises(kind, match=words):
            await carrier.front(8)


async def test_a_ticket_that_is_not_taken_ends_the_pull(tmp_path):
    source = Source(tmp_path, [3 * S])
    source.ticket = "another"
    async with carrying(source, small_pools(source)[0]) as carrier:
        with pytest.raises(PeerRefused, match="401"):
            await carrier.front(8)


async def test_what_the_replica_holds_is_not_fetched_again(tmp_path):
    source = Source(tmp_path, [30 * S])
    intake = Intake(tmp_path / "replica", source.table)
    pieces = list(source.blobs.open(source.sealed.edition_id, source.table).read_pieces(0, len(source.table)))
    for row in (*range(10), 20):
        intake.accept(row, pieces[row])
    sealed, plain = small_pools(source)
    with SealedFile(tmp_path / "replica", source.table) as stored:
        async with carrying(source, sealed, intake, stored=stored) as carrier:
            await open_all(source, carrier, Unsealer(source.table, plain, Null(plain)), 5)
    fetched = RowSet.of(source.asked)
    assert fetched == RowSet.of([(10, 10), (21, len(source.table) - 21)])
    assert intake.complete
    intake.close()


async def test_without_an_opener_everything_lands_on_the_disk(tmp_path):
    source = Source(tmp_path, [30 * S, 100])
    intake = Intake(tmp_path / "replica", source.table)
    async with carrying(source, small_pools(source)[0], intake, keeps=False) as carrier:
        await carrier.all_here()
    assert intake.complete
    intake.close()
    assert (tmp_path / "replica").read_bytes() == source.sealed.path.read_bytes()


async def test_a_carrier_that_is_given_up_leaves_no_thread(tmp_path):
    source = Source(tmp_path, [60 * S])
    async with carrying(source, small_pools(source)[0]) as carrier:
        await carrier.front(1)
    assert not any(thread.is_alive() for thread in carrier._threads)
