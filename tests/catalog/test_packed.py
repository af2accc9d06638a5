"""A look at packs: an honest description is never contradicted, a false one is; a hostile archive shows nothing."""

from __future__ import annotations

import io
import lzma
import random
import tarfile
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog import packed
from catalog.describe import describe
from catalog.looking import frame, told
from catalog.profile import file_json
from connector.custody.packing import pack
from connector.custody.sources import source_of

PIECE = 64 * 1024


def shelf(folder, small=400, large=1):
    """Write small tables, and large ones of several pieces around them by name; return (profiles, pieces)."""
    chance = random.Random(small)
    folder.mkdir()
    for at in range(small):
        rows = "".join(f"{row},{chance.randint(0, 10**9)},{chance.random()}\n" for row in range(chance.randint(1, 60)))
        (folder / f"{'rt'[at % 2]}{at}.csv").write_text(f"id,height,flow\n{rows}")
    for at in range(large):
        rows = "".join(f"{row},{chance.randint(0, 10**9)},{chance.random()}\n" for row in range(9_000))
        (folder / f"{'az'[at % 2]}{at}.csv").write_text(f"id,height,flow\n{rows}")
    source = source_of([folder])
    spool = folder.parent / "spool"
    spool.mkdir()
    made = pack(source, spool)
    return described(source), cut(made.source)


def described(source):
    return [describe(one.name, io.BytesIO(content(one))) for one in source.files]


def cut(source):
    return [data[at : at + PIECE] for data in map(content, source.files) for at in range(0, len(data), PIECE)]


def content(file):
    with file.open() as stream:
        return stream.read()


def looked(profiles, pieces, drawn=None, grade=None):
    lengths = [len(one) for one in pieces]
    begun = {"files": [file_json(one) for one in profiles], "lengths": lengths, "packed": True, "grade": grade}
    picked = range(len(pieces)) if drawn is None else drawn
    frames = frame(begun) + b"".join(frame({"piece": number}, pieces[number]) for number in picked)
    return told(io.BytesIO(frames))


@pytest.mark.parametrize("large", [0, 1, 2])
def test_what_holds_is_not_doubted_whatever_is_drawn(tmp_path, large):
    profiles, pieces = shelf(tmp_path / "files", large=large)
    chance = random.Random(large)
    for _ in range(5):
        drawn = sorted(chance.sample(range(len(pieces)), chance.randint(1, len(pieces))))
        assert looked(profiles, pieces, drawn)["doubts"] == []
    whole = looked(profiles, pieces)
    assert int(whole["looked"]["files"]) > large + 20
    assert int(whole["looked"]["pieces"]) <= len(pieces)


def test_a_false_one_is_told_by_its_file(tmp_path):
    profiles, pieces = shelf(tmp_path / "files", small=100)
    [place] = [at for at, one in enumerate(profiles) if one.path == "r0.csv"]
    honest = profiles[place]
    columns = (honest.columns[0], replace(honest.columns[1], nulls=1), honest.columns[2])
    for lie, what in (({"rows": 999}, "rows"), ({"columns": columns}, "empty"), ({"size": honest.size + 1}, "size")):
        false = [*profiles[:place], replace(honest, **lie), *profiles[place + 1 :]]
        doubts = looked(false, pieces)["doubts"]
        assert (what, "certain", "r0.csv") in {(one["what"], one["weight"], one["file"]) for one in doubts}
    [doubt] = looked([*profiles[:place], *profiles[place + 1 :]], pieces)["doubts"]
    assert doubt["words"]["en"] == "r0.csv is in a pack and is not described"


def test_people_in_a_pack_are_told(tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    for at in range(20):
        rows = "".join(f"{row},1381234{row:04d}\n" for row in range(at * 100, at * 100 + 90))
        (folder / f"t{at}.csv").write_text(f"id,reach\n{rows}")
    source, spool = source_of([folder]), tmp_path / "spool"
    spool.mkdir()
    bare = [
        replace(one, columns=tuple(replace(column, hint=None) for column in one.columns)) for one in described(source)
    ]
    found = looked(bare, cut(pack(source, spool).source), grade=2)
    assert {one["what"] for one in found["doubts"]} == {"hint", "grade found"}


@settings(max_examples=50)
@given(st.binary(max_size=2000), st.integers(0, 2000))
def test_whatever_is_called_a_pack_is_answered(noise, at):
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w") as archive:
        head = tarfile.TarInfo("a.csv")
        head.size = 900
        archive.addfile(head, io.BytesIO(noise.ljust(900)[:900]))
    content = bytearray(lzma.compress(whole.getvalue()))
    content[at % len(content)] ^= 1
    for data in (noise, packed.MAGIC + noise, bytes(content)):
        assert len(list(packed.members(data))) <= 1


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.GNUTYPE_SPARSE])
def test_what_is_no_file_shows_nothing(kind):
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w") as archive:
        for name in ("a.csv", "b.csv"):
            head = tarfile.TarInfo(name)
            head.type = kind
            archive.addfile(head)
    assert list(packed.members(lzma.compress(whole.getvalue()))) == []


def test_a_bomb_is_read_in_bounds():
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w") as archive:
        head = tarfile.TarInfo("a.csv")
        head.size = 200 << 20
        archive.addfile(head, io.BytesIO(bytes(head.size)))
    assert list(packed.members(lzma.compress(whole.getvalue(), preset=0))) == []
