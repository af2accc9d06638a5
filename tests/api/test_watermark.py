"""A watermarked product on running processes: two buyers, two copies, and a found table names the one it is of."""

from __future__ import annotations

import asyncio
import json
import random

import aiohttp
import blake3
import pytest

from connector.custody import bearers
from tests.api.refusals import refused

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROWS = 6_000


def written(path, rows=ROWS, seed=1):
    drawn = random.Random(seed)
    lines = [f"{at},{drawn.randint(0, 9999) / 100},station {at % 7}\n" for at in range(rows)]
    path.write_text("id,mm,place\n" + "".join(lines))
    return path


async def publish(space, product, path, **more):
    told = {"tier": "plain", "mask": {"mm": "watermark:id"}, **more}
    return await space.publish_files("provider", product, [path], **told)


async def trace(space, file, product):
    body = {"file": str(file), "product": product}
    return await space.doors["provider"].call("POST", "vault/traces", body)


async def bought(space, product, buyer):
    await space.get(product, role=buyer)
    view = await space.complete(product, role=buyer)
    [folder] = space.people[buyer].data.rglob(f"{view['agreement']}.copy")
    return view["agreement"], next(folder.glob("*.csv"))


async def test_a_found_table_names_the_buyer_whose_copy_it_is(space, tmp_path):
    source = written(tmp_path / "rain.csv")
    await publish(space, "rain-marked", source)
    first, one = await bought(space, "rain-marked", "buyer")
    second, two = await bought(space, "rain-marked", "other")
    plain = source.read_bytes()
    assert len(one.read_bytes()) == len(two.read_bytes()) == len(plain)
    assert len({one.read_bytes(), two.read_bytes(), plain}) == 3
    [column] = [
        column
        for column in (await space.doors["buyer"].call("GET", "offers/rain-marked"))["dataset"]["files"][0]["columns"]
        if column["name"] == "mm"
    ]
    assert column["hint"] == "masked: watermark"

    for copy, agreement, buyer in ((one, first, "buyer"), (two, second, "other")):
        lines = copy.read_text().splitlines()
        some = [lines[0], *random.Random(5).sample(lines[1:], ROWS // 10)]
        found = tmp_path / f"found-{buyer}.csv"
        found.write_text("\n".join(some))
        told = await trace(space, found, "rain-marked")
        assert [(named["agreement"], named["buyer"]) for named in told["named"]] == [(agreement, space.did(buyer))]
        assert told["tried"] == 2
        saved = tmp_path / f"saved-{buyer}.csv"  # as a spreadsheet saves it
        saved.write_text("\ufeff" + "\n".join(some).replace(",", ";"))
        assert [one["buyer"] for one in (await trace(space, saved, "rain-marked"))["named"]] == [space.did(buyer)]
    assert (await trace(space, source, "rain-marked"))["named"] == []
    assert (await trace(space, written(tmp_path / "others.csv", seed=2), "rain-marked"))["named"] == []


def its_row(space, transfer):
    return next(row for row in space.rows("buyer", "transfers") if row["id"] == transfer)


async def test_a_copy_is_the_same_in_parts(space, tmp_path):
    await publish(space, "rain-parts", written(tmp_path / "rain.csv"), pieceKiB=64)
    agreement, copy = await bought(space, "rain-parts", "buyer")
    began = await space.doors["buyer"].call("POST", "transfers", {"agreement": agreement, "format": "HttpData-PULL"})
    async with asyncio.timeout(20):
        while (found := its_row(space, began["id"]))["address"] is None:
            await asyncio.sleep(0.1)
    address = json.loads(found["address"])
    url, whole = address["endpoint"], copy.read_bytes()
    async with aiohttp.ClientSession(headers={"Authorization": bearers.of_address(address)}) as client:
        async with client.get(f"{url}?list") as answer:
            assert (await answer.json())["blake3"] == blake3.blake3(whole).hexdigest()
        for begin in (0, 1, 65_535, 65_536, len(whole) - 3):
            async with client.get(url, headers={"Range": f"bytes={begin}-{begin + 999}"}) as answer:
                assert await answer.read() == whole[begin : begin + 1000]


async def test_a_watermark_that_is_no_use_is_refused(space, tmp_path):
    rain, few = written(tmp_path / "rain.csv"), written(tmp_path / "few.csv", 900)
    for path, more, words in (
        (rain, {"tier": "kept"}, "all have the same sealed bytes"),
        (rain, {"mask": {"place": "watermark:id"}}, "cannot be done to every cell"),
        (rain, {"mask": {"mm": "watermark:nothing"}}, "names no row"),
        (rain, {"mask": {"mm": "watermark:mm"}}, "names no row"),
        (rain, {"mask": {"mm": "watermark:place"}}, "needs 2000"),
        (rain, {"mask": {"mm": "watermark"}}, "takes the column"),
        (rain, {"mask": {"mm": "watermark:id+noise:2"}}, "comes last"),
        (few, {}, "needs 2000"),
    ):
        status, text = await refused(publish(space, "no-mark", path, **more))
        assert status in (400, 409, 422), text
        assert words in text, (more, text)
    for body, words in (
        ({"file": "/nowhere.csv", "product": "rain-marked"}, "no table that can be read"),
        ({"file": "rain.csv", "product": "rain-marked"}, "no table that can be read"),
        ({"file": str(rain), "product": "nothing"}, "ever watermarked"),
    ):
        _, text = await refused(space.doors["provider"].call("POST", "vault/traces", body))
        assert words in text
    sent = tmp_path / "scientific.csv"
    sent.write_text("id,mm\n" + "".join(f"{at},{at}.5e+01\n" for at in range(3_000)))
    _, text = await refused(publish(space, "no-mark", sent))
    assert "cannot be done to every cell" in text
    for name, content in (("other.csv", "a,b\n1,2\n"), ("long.csv", "id,mm\n1," + "9" * 200_000), ("none.csv", "")):
        found = tmp_path / name
        found.write_text(content)
        status, text = await refused(trace(space, found, "rain-marked"))
        assert status in (400, 422), (name, status, text)
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"PAR1")
    _, text = await refused(trace(space, broken, "rain-marked"))
    assert "no table" in text
