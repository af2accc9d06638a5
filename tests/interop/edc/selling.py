"""We buy from the stock connector: assets, policies and definitions are its users', the commands are ours."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from connector.demo.processes import SERVE
from tests.interop.edc.counterpart import CONTEXT, NAME, Counterpart
from tests.interop.edc.space import CONTENT, PURPOSE, Ours, Sink

if TYPE_CHECKING:
    from pathlib import Path

ASSETS = ("alpha", "beta")
ODRL = "http://www.w3.org/ns/odrl.jsonld"
# commands of ours that run at one moment: each is a process
AT_ONCE = 4
GETS_MAX = 12


class Seller:
    """The stock connector as provider to `ours`."""

    def __init__(self, counterpart: Counterpart, ours: Ours, sink: Sink, count: int, folder: Path) -> None:
        self.edc, self.ours, self.sink, self.folder = counterpart, ours, sink, folder
        self.count = min(count, GETS_MAX)

    async def offer(self) -> None:
        """Offer assets for any use, once."""
        policy = {"@context": ODRL, "@type": "Set", "permission": [{"action": "use"}]}
        rows = {"policydefinitions": [{"@id": "open", "policy": policy}]}
        rows["assets"] = [
            {
                "@id": asset,
                "properties": {"name": f"Asset {asset}", "contenttype": "text/csv"},
                "dataAddress": {"@type": "DataAddress", "type": "HttpData", "baseUrl": f"{self.sink.url}/table.csv"},
            }
            for asset in ASSETS
        ]
        definition = {"@id": "all", "accessPolicyId": "open", "contractPolicyId": "open", "assetsSelector": []}
        rows["contractdefinitions"] = [definition]
        for kind, bodies in rows.items():
            for body in bodies:
                await self.edc.call("POST", kind, {"@context": CONTEXT, **body})

    async def command(self, *words: str) -> dict:
        """Run a command of ours; return what it tells."""
        told = [*SERVE[:-1], *words, "--data", str(self.ours.data), "--json"]
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(*told, stdout=pipe, stderr=pipe)
        out, error = await process.communicate()
        assert process.returncode == 0, f"{words}: {out.decode()} {error.decode()}"
        return json.loads(out.splitlines()[-1])

    async def get(self, asset: str, to: Path) -> bytes:
        """Get an asset into a folder; return the bytes of its one file."""
        at = ("--at", self.edc.dsp, "--provider", NAME, "--max-price", "0", "--purpose", PURPOSE)
        view = await self.command("get", asset, *at, "--to", str(to))
        assert view["state"] == "complete", view
        (path,) = to.iterdir()
        return path.read_bytes()


async def its_catalogue_is_read(seller: Seller) -> None:
    await seller.offer()
    found = await seller.command("find", "--at", seller.edc.dsp, "--peer", NAME)
    (catalogue,) = found["catalogues"]
    assert {one["@id"] for one in catalogue["datasets"]} == set(ASSETS)
    assert catalogue["base"] == seller.edc.protocol
    assert found["unread"] == []


async def an_asset_is_got(seller: Seller) -> None:
    assert await seller.get("alpha", seller.folder / "alpha") == CONTENT


async def assets_are_got_without_one_lost(seller: Seller) -> None:
    places = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> None:
        async with places:
            assert await seller.get(ASSETS[number % 2], seller.folder / str(number)) == CONTENT

    ended = await asyncio.gather(*map(one, range(seller.count)), return_exceptions=True)
    lost = [fault for fault in ended if fault is not None]
    assert not lost, f"{len(lost)} of {seller.count} lost, first {lost[0]!r}"


async def what_is_not_there_is_refused_in_words(seller: Seller) -> None:
    with pytest.raises(AssertionError, match="is not on offer there"):
        await seller.get("gamma", seller.folder / "gamma")


JOURNEYS = (
    its_catalogue_is_read,
    an_asset_is_got,
    assets_are_got_without_one_lost,
    what_is_not_there_is_refused_in_words,
)
