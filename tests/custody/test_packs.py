"""Packs: the same files make the same archive, any tool opens it, and a hostile one costs little and writes nothing."""

from __future__ import annotations

import io
import lzma
import subprocess
import tarfile
from dataclasses import replace
from random import Random
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog import packing as told
from connector.custody import packing, packs
from connector.custody.errors import VaultError
from connector.custody.packing import pack
from connector.custody.packs import Unpacking, archive, contents, packs_of, schema_of
from connector.custody.reader import Reader
from connector.custody.seal import Brief, seal
from connector.custody.sources import Source, SourceFile, source_of
from connector.runtime.errors import Conflict, explain_failure
from contracts.errors import ContractError
from contracts.ranges import RowSet
from ledger.edition.index import Index, IndexedFile, safe_name
from tests.every import every
from tests.fault.extent import tried


def harmless(name):
    try:
        return bool(safe_name(name))
    except ContractError:
        return False


LONG = st.from_regex(r"[a-z]{1,9}(/[a-z]{1,120}){0,3}\.csv", fullmatch=True)
NAMES = st.text(min_size=1, max_size=300).filter(harmless) | LONG
FILES = st.dictionaries(NAMES, st.binary(max_size=2000), min_size=1, max_size=12)


@settings(max_examples=tried(100), deadline=None)
@given(files=FILES)
def test_what_is_packed_is_unpacked(files):
    packed = archive(files.items())
    assert packed == archive(reversed(files.items()))
    assert {name: bytes(content) for name, content in contents("p", packed)} == files
    with tarfile.open(fileobj=io.BytesIO(packed), mode="r:xz") as stock:
        assert {one.name: stock.extractfile(one).read() for one in stock} == files
        assert all((one.mode, one.mtime, one.uid, one.uname) == (0o644, 0, 0, "") for one in stock)


def tar(*members, form=tarfile.PAX_FORMAT, end=bytes(1024)):
    """Return an archive of (header's fields, bytes)."""
    made = b""
    for fields, content in members:
        info = tarfile.TarInfo("a")
        info.size = len(content)
        for name, value in fields.items():
            setattr(info, name, value)
        made += info.tobuf(form) + content + bytes(-len(content) % 512)
    return made + end


def xz(data, **more):
    return lzma.compress(data, **more)


def record(key, value):
    body = f" {key}={value}\n".encode()
    size = len(body) + 1
    while len(str(size)) + len(body) != size:
        size = len(str(size)) + len(body)
    return str(size).encode() + body


def extended(body, name="a"):
    return ({"name": "x", "type": tarfile.XHDTYPE}, body), ({"name": name}, b"abc")


MiB = 1 << 20
BIG_DICTIONARY = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 256 * MiB}]


def hostile():
    """Return packs that are none."""
    return {
        "no archive": b"hello",
        "nothing": b"",
        "cut short": archive([("a", b"x" * 5000)])[:-7],
        "half": archive([("a", bytes(range(256)) * 20)])[:60],
        "something behind": archive([("a", b"x")]) + b"more",
        "two streams": archive([("a", b"x")]) + archive([("b", b"y")]),
        "another check": archive([("a", b"x" * 99)])[:-12] + b"\0" * 12,
        "much memory": xz(tar(({}, b"abc")), filters=BIG_DICTIONARY),
        "much of nothing": xz(bytes(64 * MiB)),
        "a large file": xz(tar(({}, b"x" * (packs.MEMBER_BYTES_MAX + 1)))),
        "many files": xz(tar(*(({"name": str(n)}, b"") for n in range(packs.MEMBERS_MAX + 1)))),
        "a link": xz(tar(({"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"}, b""))),
        "a hard link": xz(tar(({}, b"x"), ({"name": "b", "type": tarfile.LNKTYPE, "linkname": "a"}, b""))),
        "a device": xz(tar(({"type": tarfile.CHRTYPE}, b""))),
        "a block device": xz(tar(({"type": tarfile.BLKTYPE}, b""))),
        "a pipe": xz(tar(({"type": tarfile.FIFOTYPE}, b""))),
        "a folder": xz(tar(({"type": tarfile.DIRTYPE}, b""))),
        "holes": xz(tar(({"type": tarfile.GNUTYPE_SPARSE}, b"x"))),
        "holes in PAX": xz(tar(*extended(record("GNU.sparse.map", "0,1") + record("GNU.sparse.size", "99999999")))),
        "another size": xz(tar(*extended(record("size", "999999999999")))),
        "less than no size": xz(tar(*extended(record("size", "-512")))),
        "a link in PAX": xz(tar(*extended(record("linkpath", "/etc/passwd")))),
        "a name twice in PAX": xz(tar(*extended(record("path", "a") + record("path", "b")))),
        "a long header": xz(tar(*extended(record("path", "a" * 3000)))),
        "no header": xz(tar(*extended(b"5 x\n"))),
        "endless header": xz(tar(*extended(b"0 path=a\n"))),
        "a header for nothing": xz(tar(extended(record("path", "b"))[0])),
        "a header for all": xz(tar(({"type": tarfile.XGLTYPE}, record("path", "b")), ({}, b"x"))),
        "a long name of GNU": xz(tar(({"type": tarfile.GNUTYPE_LONGNAME}, b"b\0"), ({}, b"x"))),
        "up": xz(tar(({"name": "../a"}, b"x"))),
        "up in PAX": xz(tar(*extended(record("path", "b/../../c")))),
        "from the root": xz(tar(({"name": "/etc/x"}, b"x"))),
        "a name that turns": xz(tar(*extended(record("path", "a\u202ecsv.exe")))),
        "one name twice": xz(tar(({}, b"x"), ({}, b"y"))),
        "one name in two cases": xz(tar(({}, b"x"), ({"name": "A"}, b"y"))),
        "a file as a folder": xz(tar(({}, b"x"), ({"name": "a/b"}, b"y"))),
        "another file's name": xz(tar(({"name": "other.csv"}, b"x"))),
        "its own name": xz(tar(({"name": "p"}, b"x"))),
        "headers for nothing": xz(tar(*[extended(record("mtime", "1"))[0]] * 9)),
        "headers twice": xz(tar(*[extended(record("mtime", "1"))[0]] * 2, ({}, b"x"))),
        "nothing in it": archive([]),
        "much of an end": xz(tar(({}, b"x"), end=bytes(64 * 1024))),
        "no end": xz(tar(({}, b"x"), end=b"")),
        "half an end": xz(tar(({}, b"x"), end=bytes(512))),
        "something after the end": xz(tar(({}, b"x"), end=bytes(1024) + b"x" * 512)),
        "a wrong sum": xz(b"a" * 512 + bytes(1024)),
        "breaks off in a file": xz(tar(({}, b"x" * 600))[:1000]),
    }


def index(*names, schema=None, size=10):
    files = tuple(IndexedFile(name, n * size, size, n + 1, 1) for n, name in enumerate(names))
    return Index("multipart/mixed", schema_of(["p"], {}) if schema is None else schema, files, RowSet(), bytes(32))


@every("case, packed", lambda: list(hostile().items()))
def test_a_hostile_pack_is_the_providers_fault(case, packed):
    unpacking = Unpacking(index("other.csv", "p"))
    with pytest.raises(VaultError) as caught:
        for _ in unpacking.members("p", packed):
            pass
    told = explain_failure(caught.value)
    assert (case, told.code, told.exit_code, told.whose) == (case, "pack", 6, "peer")
    assert "complain" in str(caught.value)


def test_a_stock_archive_with_times_is_a_pack_too(tmp_path):
    (tmp_path / "a").write_text("hello")
    subprocess.run(["tar", "cJf", "p.tar.xz", "--format=pax", "a"], cwd=tmp_path, check=True, timeout=60)
    assert [(name, bytes(data)) for name, data in contents("p", (tmp_path / "p.tar.xz").read_bytes())] == [
        ("a", b"hello")
    ]


def test_packs_are_apart_from_each_other_and_few():
    unpacking = Unpacking(index("p", "q", schema=schema_of(["p", "q"], {})))
    assert [one.here for one in unpacking.members("p", archive([(".a", b"x")]))] == ["_.a"]
    with pytest.raises(VaultError, match="beside the rest"):
        list(unpacking.members("q", archive([("_.A", b"x")])))


def test_all_packs_together_are_bounded(monkeypatch):
    names = [f"pack-{number}" for number in range(5)]
    packed = [archive((f"in-{name}/{n}", b"x" * 100) for n in range(10)) for name in names]
    for limit, most in (("MAX_FILES", 35), ("EDITION_CONTENT_BYTES_MAX", 3500)):
        monkeypatch.setattr(packs, limit, most)
        unpacking = Unpacking(index(*names, schema=schema_of(names, {})))
        with pytest.raises(VaultError, match="too much"):
            for name, one in zip(names, packed, strict=True):
                list(unpacking.members(name, one))
        monkeypatch.undo()


SCHEMAS = [None, 5, [], {}, {"packs": ["a column"]}, {"packs": None, "schema": 1}]
BROKEN = [{"packs": {}}, {"packs": {"files": "p"}}, {"packs": {"files": ["q"]}}, {"packs": {"files": [["p"]]}}]


@every("schema", SCHEMAS)
def test_an_index_without_packs_has_none(schema):
    assert packs_of(replace(index("p"), schema=schema)) == frozenset()


@every("schema", BROKEN)
def test_an_index_that_names_no_packs_is_refused(schema):
    with pytest.raises(VaultError, match="not there"):
        packs_of(replace(index("p"), schema=schema))


def test_packs_are_few():
    names = [f"p{number}" for number in range(packs.PACKS_MAX + 1)]
    assert len(packs_of(index(*names, schema=schema_of(names[1:], {})))) == packs.PACKS_MAX
    with pytest.raises(VaultError, match="the most"):
        packs_of(index(*names, schema=schema_of(names, {})))


def test_a_pack_is_not_larger_than_packs_are():
    with pytest.raises(VaultError, match="at most"):
        packs_of(index("p", size=packs.ARCHIVE_BYTES_MAX + 1))


# ---- packing, sealing, reading


def write(folder, files):
    for name, content in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    return source_of([folder])


def read(file):
    with file.open() as stream:
        return stream.read()


def drawn(count, size, seed=1):
    random = Random(seed)
    return {f"d{n % 7}/{n:05}.csv": random.randbytes(random.randrange(size)) for n in range(count)}


def test_small_files_are_packed_and_others_stay(tmp_path):
    files = drawn(100, 3000) | {"large.bin": bytes(packs.MEMBER_BYTES_MAX + 1), "small-files": b"so called"}
    packed = pack(write(tmp_path / "in", files), tmp_path)
    assert [file.name for file in packed.source.files] == ["large.bin", "small-files--1.tar.xz"]
    assert packed.packs == ("small-files--1.tar.xz",)
    assert len(packed.members) == 101
    again = pack(source_of([tmp_path / "in"]), tmp_path)
    assert [read(file) for file in again.source.files] == [read(file) for file in packed.source.files]


def test_a_file_that_changes_changes_its_pack_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(packing, "PACK_BYTES_MIN", 32 * 1024)
    monkeypatch.setattr(packing, "CONTENT_BYTES_MAX", 128 * 1024)
    files = drawn(500, 4000)
    packed = pack(write(tmp_path / "in", files), tmp_path)
    size = sum(map(len, files.values()))
    assert len(packed.packs) >= size // packing.CONTENT_BYTES_MAX
    before = {read(file) for file in packed.source.files}
    for name, content in (("d3/00101.csv", b"another"), ("d3/00101-new.csv", b"x" * 9000)):
        after = pack(write(tmp_path / "in", {name: content}), tmp_path).source.files
        changed = {read(file) for file in after} - before
        assert 1 <= len(changed) <= 2, name
        before |= changed
    (tmp_path / "in" / "d4" / "00200.csv").unlink()
    after = pack(source_of([tmp_path / "in"]), tmp_path).source.files
    assert 1 <= len({read(file) for file in after} - before) <= 2
    for file in after:
        assert file.size <= packs.ARCHIVE_BYTES_MAX
        assert len(list(contents(file.name, read(file)))) <= packs.MEMBERS_MAX


def test_a_file_that_changes_while_it_is_packed_fails_the_sealing(tmp_path):
    source = write(tmp_path / "in", {"a": b"1", "b": b"2"})
    (tmp_path / "in" / "b").write_bytes(b"22")
    with pytest.raises(VaultError, match="changed while"):
        pack(source, tmp_path)
    packed = pack(source_of([tmp_path / "in"]), tmp_path)
    (tmp_path / "in" / "a").write_bytes(b"11")
    with pytest.raises(VaultError, match="changed while"):
        packed.source.files[0].origin.check()


def test_packs_end_by_names_and_hold_no_more_than_they_may(monkeypatch):
    monkeypatch.setattr(packing, "MEMBERS_MAX", 10)
    files = [SourceFile(f"{n:04}", SimpleNamespace(size=0)) for n in range(95)]
    groups = list(packing._groups(files))
    assert [file for group in groups for file in group] == files
    assert max(map(len, groups)) == 10
    monkeypatch.setattr(told, "EDITION_CONTENT_BYTES_MAX", 30)
    sized = Source(tuple(SourceFile(f"{n:04}", SimpleNamespace(size=10)) for n in range(5)))
    assert len(packing.small(sized)) == 3


def edition(world, source, names, number=9):
    told = Brief(b"\x05" * 32, number, "did:web:provider.example", piece_bytes=64 * 1024, schema=schema_of(names, {}))
    sealed = seal(source, world.keys.draw_run(), world.blobs, told, sealed_at=world.sealed.header.sealed_at)
    world.sealed = sealed
    file = world.blobs.open(sealed.edition_id, sealed.table)
    return file, Reader(file, world.secrets())


def test_members_are_opened_under_their_own_names(world):
    files = drawn(150, 2000) | {"large.bin": bytes(200_000), ".hidden/x": b"1"}
    packed = pack(write(world.folder / "in", files), world.folder)
    file, reader = edition(world, packed.source, packed.packs)
    with file:
        assert sorted(reader.prove()) == sorted(files)
        paths = reader.open_files(world.folder / "out")
        assert reader.renamed == {".hidden/x": "_.hidden/x"}
        told = {path.relative_to(world.folder / "out").as_posix(): path.read_bytes() for path in paths}
        assert told == {name.replace(".hidden", "_.hidden"): content for name, content in files.items()}
        assert {each for each in (world.folder / "out").rglob("*") if each.is_file()} == set(paths)
        plain = reader.open_files(world.folder / "plain", packed=True)
        assert [path.name for path in plain] == ["large.bin", packed.packs[0]]
        subprocess.run(["tar", "xJf", packed.packs[0]], cwd=world.folder / "plain", check=True, timeout=60)
        assert all((world.folder / "plain" / name).read_bytes() == content for name, content in files.items())
        with pytest.raises(Conflict):
            reader.open_files(world.folder / "out" / "large.bin")


def test_a_broken_pack_names_no_file_and_can_be_had_as_it_is(world):
    source = write(world.folder / "in", {"a.csv": b"fine", "small.tar.xz": xz(tar(({"name": "../b"}, b"x")))})
    file, reader = edition(world, source, ["small.tar.xz"])
    with file:
        for act in (reader.prove, lambda: reader.open_files(world.folder / "out")):
            with pytest.raises(VaultError, match="leads elsewhere"):
                act()
        assert not (world.folder / "out").exists()
        assert len(reader.open_files(world.folder / "out", packed=True)) == 2
