"""F16: names that lead elsewhere name nothing: not in a request, not as a file of an edition, not in an archive.

The server is asked under strace by the very bytes of each request; whatever it opens, it is not what was named.
"""

from __future__ import annotations

import asyncio
import random
from contextlib import closing, suppress

import pytest

from connector.api.authorize import ROUTES
from connector.custody.errors import VaultError
from connector.custody.packs import Unpacking, unpack
from connector.runtime import files
from connector.runtime.errors import Conflict, PeerMisbehaved
from connector.runtime.local_names import local_names
from connector.runtime.stage import Stage
from tests.custody.test_packs import extended, index, record, tar, xz
from tests.fault import extent
from tests.fault.injection import permitted
from tests.fault.served_points import Tracer
from tests.hostile.astray import as_path, names, spellings
from tests.hostile.host import HOST
from tests.hostile.test_authorization import entitled, named, without_patterns

pytestmark = pytest.mark.asyncio(loop_scope="session")

SECRET, OUTSIDE = b"nobody shall read this", "secret-outside"
DRAWN = 100  # names of a short run
ROWS = [row for row in ROUTES if row.method == "GET" and "{" in without_patterns(row.path).replace("{twin}", "")]


@pytest.fixture
def place(tmp_path):
    """A file that names lead to, and the folder in which files are written, beside it."""
    outside = tmp_path / OUTSIDE
    outside.write_bytes(SECRET)
    yield outside, tmp_path / "in"
    # what strace says, and what it says of itself
    assert {path.name for path in tmp_path.iterdir() if not path.name.startswith("log")} <= {OUTSIDE, "in"}
    assert outside.read_bytes() == SECRET


def drawn(outside):
    return extent.drawn(names(str(outside).strip("/")), DRAWN)


def stays(folder, write):
    """Write into a folder by a stage; what is written stays below it."""
    stage = Stage(folder, "trial")
    with closing(stage), suppress(PeerMisbehaved, VaultError, Conflict):
        stage.finish(write(stage))
    return sum(path.resolve().is_relative_to(folder) for path in folder.rglob("*"))


async def test_no_file_is_written_elsewhere(place, record_property):
    outside, folder = place
    folder.mkdir()
    tried = drawn(outside)

    def write(stage, name):
        for here in local_names([name]).values():
            files.write_new(stage.place(here), memoryview(b"x"), durable=False)
        return [here]

    for number, name in enumerate(tried):
        for kind, spelled in enumerate(spellings(name)):
            stays(folder / f"{number}-{kind}", lambda stage, spelled=spelled: write(stage, spelled))
    assert {path.name for path in folder.iterdir()} <= {f"{n}-{kind}" for n in range(len(tried)) for kind in range(3)}
    record_property(extent.ASTRAY, len(tried))


async def test_no_archive_is_unpacked_elsewhere(place, record_property):
    outside, folder = place
    folder.mkdir()
    tried = drawn(outside)
    for number, name in enumerate(tried):
        for kind, spelled in enumerate(spellings(name)):
            packed = xz(tar(*extended(record("path", spelled))), preset=0)
            stays(
                folder / f"{number}-{kind}",
                lambda stage, packed=packed: unpack(stage, Unpacking(index("p")), "p", packed),
            )
    assert {path.name for path in folder.iterdir()} <= {f"{n}-{kind}" for n in range(len(tried)) for kind in range(3)}
    record_property(extent.ASTRAY, len(tried))


async def test_no_request_reads_elsewhere(host, stranger, place, tmp_path, absent, record_property):
    """Every name at some routes; in the long run, at every route."""
    if not permitted():
        absent("nobody may trace a process here")
    outside, _ = place
    tried, chance, asked = drawn(outside), random.Random(extent.SEED), 0
    tracer = Tracer(host.people[HOST].pid, tmp_path / "log", names=("%file",))
    try:
        for number, name in enumerate(tried):
            for row in chance.sample(ROWS, len(ROWS) if number % 10 == 0 and extent.ALL else 3):
                status, said = await raw(host, named(row, as_path(name)), entitled(row, host, stranger))
                assert status < 500, (row, name, said)
                assert SECRET not in said, (row, name)
                asked += 1
    finally:
        tracer.leave()
    assert "Traceback" not in host.log
    assert OUTSIDE not in tracer.text(), "a name from outside became the name of a file"
    assert "openat" in tracer.text()
    record_property(extent.ASTRAY, len(tried))


async def raw(host, path, headers):
    """Ask by these very bytes; return the status and the whole answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(host.address.rpartition(":")[2]))
    with closing(writer):
        lines = "".join(f"{key}: {value}\r\n" for key, value in headers.items())
        writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{lines}\r\n".encode())
        said = await reader.read()
    return int(said.split(b" ", 2)[1]), said
