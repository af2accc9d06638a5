"""A contract for some columns of a table, from the offer to the file that is read."""

from __future__ import annotations

import json
from functools import cache

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connector.runtime.errors import PeerRefused
from contracts.ranges import RowSet
from contracts.tariff import Tariff, amount
from ledger.edition.row_table import RowTable
from tests.custody.served import Site

pytestmark = pytest.mark.asyncio(loop_scope="session")

PRODUCT = "columns"


@cache
def table_of_rows():
    return pa.table(
        {"id": range(90_000), "delay": [n * 7 % 91 / 3 for n in range(90_000)], "note": ["private"] * 90_000}
    )


async def test_only_the_licensed_columns_are_fetched_paid_and_read(space, tmp_path):
    path = tmp_path / "flights.parquet"
    pq.write_table(table_of_rows(), path, row_group_size=30_000)
    made = await space.publish_files("provider", PRODUCT, [path], layout="aligned", columns=["delay", "note"])
    await space.get(PRODUCT)
    await space.complete(PRODUCT)
    (agreement,) = [row for row in space.rows("buyer", "agreements") if row["product"] == PRODUCT]
    terms = json.loads(agreement["terms"])
    (replica,) = [row for row in space.rows("buyer", "replicas") if row["edition"] == made["edition"]]
    (edition,) = [row for row in space.rows("provider", "editions") if row["id"] == made["edition"]]
    table = RowTable(edition["rows"])
    licensed = table.licensed({int(group) for group in terms["columns"].values()})
    assert 0 < len(licensed) < len(table)
    for held in ("bytes_rows", "key_rows"):
        assert RowSet.from_json(json.loads(replica[held])) == licensed
    (paid,) = [row for row in space.rows("provider", "paid_rows") if row["agreement"] == agreement["digest"]]
    quantity = sum(table.plain_bytes(row, 1) for row in licensed)
    assert int(paid["amount"]) == amount(Tariff.from_json(terms["tariff"]), quantity)
    assert int(json.loads(agreement["agreement"])["priceCap"]) == int(paid["amount"])
    (content,) = await space.opened(PRODUCT)
    assert len(content) == path.stat().st_size
    source = pa.BufferReader(content)
    assert pq.read_table(source, columns=["delay", "note"]) == table_of_rows().select(["delay", "note"])
    with pytest.raises((OSError, pa.ArrowException)):
        pq.read_table(source, columns=["id"])


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"layout": "aligned", "columns": ["missing"]}, 400),
        ({"columns": ["delay"]}, 400),
        ({"layout": "aligned", "columns": ["delay"], "tier": "plain"}, 400),
        ({"layout": "woven"}, 400),
        ({"layout": "cdc"}, 400),
        ({"files": ["postgresql://me:pencil@localhost/db?table=t"]}, 409),
    ],
    ids=["no such column", "not aligned", "plain", "no such layout", "personal", "password"],
)
async def test_a_brief_that_cannot_be_kept_is_refused(space, tmp_path, more, status):
    path = tmp_path / "flights.parquet"
    pq.write_table(table_of_rows().slice(0, 9).append_column("email", [[f"p{n}@example.org" for n in range(9)]]), path)
    with pytest.raises(PeerRefused) as refused:
        await space.publish_files("provider", "refused" + tmp_path.name, more.pop("files", [path]), **more)
    assert refused.value.status == status
    assert b"pencil" not in refused.value.body
    assert not [row for row in space.rows("provider", "products") if b"pencil" in str(row).encode()]


async def test_a_file_of_a_web_server_is_published_by_its_address(space):
    content = b"id,delay\n" + b"".join(b"%d,%d\n" % (n, n * 7 % 91) for n in range(20_000))
    with Site(content, "strong") as site:
        address = site.url.replace("table.bin", "flights.csv")
        made = await space.publish_files("provider", "web-source", [address])
    assert made["tableRows"] == 20_000
    (edition,) = [row for row in space.rows("provider", "editions") if row["id"] == made["edition"]]
    assert json.loads(edition["sources"]) == [{"path": address, "name": "flights.csv", "bytes": str(len(content))}]
    await space.get("web-source")
    await space.complete("web-source")
    assert await space.opened("web-source") == [content]
