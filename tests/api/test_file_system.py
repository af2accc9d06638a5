"""What was got as a file system: libraries of others read it unchanged, and each file object is one opening."""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import tempfile
from importlib.metadata import entry_points
from pathlib import Path

import pytest
import pytest_asyncio

from connector.client.client import Client
from connector.runtime.errors import Conflict, InvalidInput, NotPermitted, PenstockError, explain_failure
from tests.api.space import PURPOSE

pytestmark = pytest.mark.asyncio(loop_scope="session")

GOT = "rain-files"
FILES = {"rain.parquet": 1, "more/hail.parquet": 2}
ROWS = 4_000
WITHIN_SECONDS = 10
RAIN, HAIL = f"{GOT}/rain.parquet", f"{GOT}/more/hail.parquet"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def got(space, tmp_path_factory):
    """A folder of two tables was bought."""
    import pyarrow as pa
    from pyarrow import parquet

    folder = tmp_path_factory.mktemp("files") / "tables"
    for name, step in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        table = pa.table({"day": range(ROWS), "fall": [day * step % 19 for day in range(ROWS)]})
        parquet.write_table(table, folder / name, row_group_size=500)
    await space.publish_files("provider", GOT, [folder], price=1000, title="Rain in files")
    async with Client(space.people["buyer"].data) as penstock:
        return await penstock.get(GOT, max_price=1000, purpose=PURPOSE, id=GOT)


@pytest.fixture
def files(space, absent):
    """Make a file system that nobody else has."""
    try:
        from connector.client.file_system import PenstockFileSystem
    except ImportError:
        absent("fsspec is not installed: `make install`")
    made = PenstockFileSystem(str(space.people["buyer"].data), purpose=PURPOSE, skip_instance_cache=True)
    yield made
    for each in [made, *PenstockFileSystem._cache.values()]:
        each.close()
    PenstockFileSystem.clear_instance_cache()


@pytest.fixture
def counted(space, got):
    """Count the openings while something is done in a thread; afterwards nothing lies about."""

    async def during(work):
        def reads():
            return len([row for row in space.rows("buyer", "reads") if row["acquisition"] == got.id])

        before = reads()
        told = await asyncio.to_thread(work)
        async with asyncio.timeout(WITHIN_SECONDS):
            while list(Path(tempfile.gettempdir()).glob("penstock-files-*")):
                gc.collect()  # what a library did not close
                await asyncio.sleep(0.05)
        return told, reads() - before

    return during


async def test_a_file_object_is_one_opening_however_it_is_read(files, counted):
    def work():
        with files.open(RAIN) as file:
            assert (file.read(4), file.seek(-4, os.SEEK_END) > 0, file.read()) == (b"PAR1", True, b"PAR1")
            assert file.seek(0) == 0
            whole = file.read()
        assert files.info(RAIN)["size"] == len(whole)
        return whole

    whole, openings = await counted(work)
    assert openings == 1
    (first, last), openings = await counted(lambda: files.cat_ranges([RAIN, RAIN], [0, -4], [4, None]))
    assert (first, last, openings) == (b"PAR1", b"PAR1", 1)
    assert await counted(lambda: files.cat_file(RAIN)) == (whole, 1)


async def test_libraries_read_it_by_its_address(space, files, counted, got, absent):
    if not any(one.name == "penstock" for one in entry_points(group="fsspec.specs")):
        absent("the address is registered by an installation: `make install`")
    import pandas as pd

    options = {"data": str(space.people["buyer"].data), "purpose": PURPOSE}
    frame, openings = await counted(lambda: pd.read_parquet(f"penstock://{RAIN}", storage_options=options))
    assert (len(frame), list(frame["fall"][:3]), openings > 0) == (ROWS, [0, 1, 2], True)
    by_agreement = f"penstock://{got.agreement}/more/hail.parquet"
    frame, _ = await counted(lambda: pd.read_parquet(by_agreement, storage_options=options))
    assert list(frame["fall"][:3]) == [0, 2, 4]


async def test_a_session_is_one_opening_for_all_that_is_read_in_it(files, counted):
    import duckdb
    import polars as pl
    import pyarrow.dataset as ds

    def work():
        with files.session(GOT) as opened:
            assert opened.bytes > 0
            assert files.ls(GOT, detail=False) == [f"{GOT}/more", RAIN]
            assert files.glob(f"{GOT}/**/*.parquet") == [HAIL, RAIN]
            whole = ds.dataset(GOT, filesystem=files, format="parquet")
            with files.open(HAIL) as file:
                hail = pl.read_parquet(file)
            lazily = pl.scan_pyarrow_dataset(ds.dataset(RAIN, filesystem=files, format="parquet"))
            for threads in (1, 8):  # which seek and read one file object by turns
                database = duckdb.connect(config={"threads": threads})
                database.register_filesystem(files)
                [(count, total)] = database.sql(f"select count(*), sum(fall) from 'penstock://{RAIN}'").fetchall()
                assert (count, total) == (ROWS, sum(day % 19 for day in range(ROWS)))
            with pytest.raises(Conflict, match="open already"), files.session(GOT):
                pass
            return whole.count_rows(), len(hail), len(lazily.filter(pl.col("fall") == 3).collect()), count, total

    found, openings = await counted(work)
    fall = [day % 19 for day in range(ROWS)]
    assert found == (2 * ROWS, ROWS, fall.count(3), ROWS, sum(fall))
    assert openings == 1


async def test_what_is_knowable_is_refused_before_it_is_counted(files, counted):
    def unknown():
        with pytest.raises(Conflict, match="known when it is opened"):
            files.ls(GOT)
        with pytest.raises(OSError, match="read, and not written"):
            files.open(RAIN, "wb")
        with pytest.raises(IsADirectoryError):
            files.open(GOT)
        with pytest.raises(InvalidInput, match="for a purpose"):
            type(files)("anywhere", skip_instance_cache=True)

    assert await counted(unknown) == (None, 0)

    def absent():
        with pytest.raises(FileNotFoundError, match=r"rain\.parquet"):
            files.open(f"{GOT}/snow.parquet")

    assert await counted(absent) == (None, 1), "which files there are was not known"
    assert await counted(absent) == (None, 0), "now it is"


def head(files):
    """Read a file's first bytes and end with how many there were, without the end of a thread that is none here."""
    with files.open(RAIN) as file:
        count = len(file.read(4))
    os._exit(count)


async def test_a_fork_asks_by_itself(files, counted):
    def work():
        with files.open(RAIN):
            child = multiprocessing.get_context("fork").Process(target=head, args=(files,))
            child.start()
            child.join(WITHIN_SECONDS)
            return child.exitcode

    assert await counted(work) == (4, 2)


async def test_of_a_leased_replica_a_session_is_paid_once(space, files, tmp_path):
    import pandas as pd

    (tmp_path / "dew.csv").write_text("day,drops\n" + "".join(f"{day},{day % 7}\n" for day in range(ROWS)))
    await space.publish_files("provider", "dew", [tmp_path / "dew.csv"], price=300, openings=2, title="Dew by day")
    async with Client(space.people["buyer"].data) as penstock:
        got = await penstock.get("dew", max_price=300, purpose=PURPOSE, id="dew-leased", deposit=900)

        def work():
            with files.session(got.id) as opening:
                read = [len(pd.read_csv(file)) for file in map(files.open, [f"{got.id}/dew.csv"] * 3)]
            with files.open(f"{got.id}/dew.csv") as file:
                file.read()
            with pytest.raises(PenstockError) as refused:
                files.open(f"{got.id}/dew.csv")
            return opening.charged, read, explain_failure(refused.value).exit_code

        assert await asyncio.to_thread(work) == (300, [ROWS] * 3, 3)
        with pytest.raises(InvalidInput, match="mandate"):
            await penstock.get("dew", max_price=300, purpose=PURPOSE, colour="red")


async def test_a_purpose_that_is_not_permitted_opens_nothing(space, files, counted):
    other = type(files)(str(space.people["buyer"].data), purpose="Marketing", skip_instance_cache=True)

    def work():
        with pytest.raises(NotPermitted):
            other.open(RAIN)

    await counted(work)
