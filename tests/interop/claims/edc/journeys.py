"""The journeys: who shows a credential is dealt with, in both directions, and who shows none is refused."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from connector.runtime.limits import STATUS_SECONDS
from tests.interop.claims.edc.counterpart import DEMANDED, OPERAND
from tests.interop.edc.buying import Buyer
from tests.interop.edc.counterpart import CONTEXT
from tests.interop.edc.space import CONTENT, PURPOSE

if TYPE_CHECKING:
    from tests.interop.claims.edc.space import Party
    from tests.interop.edc.counterpart import Counterpart
    from tests.interop.edc.space import Sink

PRODUCT, ASSET = "levels", "alpha"
ODRL = "http://www.w3.org/ns/odrl.jsonld"
# how long what a peer has shown counts at ours before it is checked again
FRESH_SECONDS = 1
REVOKED_SECONDS = STATUS_SECONDS + FRESH_SECONDS
# what machines that are busy with others take besides, of each question
SLACK_SECONDS = 30
LOOK_SECONDS = 0.5
ISSUED_SECONDS = 120
REASON = "a test of what follows"


@dataclass
class Table:
    """Who is at it: the stock connector under the identity of `hub`, ours, and who issues to both."""

    edc: Counterpart
    hub: Party
    ours: Party
    issuer: Party
    sink: Sink
    told: str = ""  # what a journey has measured

    @property
    def buyer(self) -> Buyer:
        """The stock connector as a buyer of ours."""
        return Buyer(self.edc, self.ours, self.sink, 1)

    async def find(self) -> dict:
        """Read the stock connector's catalogue as ours."""
        return await self.ours.command("find", "--at", self.hub.did)

    async def issue(self, party: Party) -> None:
        """Have a participant ask for what it is granted, and get it."""
        await self.issuer.command("exchange", "credential", "grant", party.did, DEMANDED)
        await party.command("credential", "request", DEMANDED, "--issuer", self.issuer.did)
        async with asyncio.timeout(ISSUED_SECONDS):
            while not (await party.command("credential", "list"))["credentials"]:
                await asyncio.sleep(LOOK_SECONDS)

    async def revoke(self, party: Party) -> None:
        """Have the issuer revoke what a participant holds."""
        found = await self.issuer.command("exchange", "credential", "list", "--holder", party.did)
        (identifier,) = [one["credential"] for one in found["credentials"]]
        await self.issuer.command("exchange", "credential", "revoke", identifier, "--reason", REASON)


async def without_a_credential_it_is_refused(table: Table) -> None:
    with pytest.raises(AssertionError, match="it shows no MembershipCredential"):
        await table.buyer.catalogue()


async def without_a_credential_it_refuses_us(table: Table) -> None:
    with pytest.raises(AssertionError, match=r"\(401\)"):
        await table.find()


async def both_are_issued_a_credential(table: Table) -> None:
    await table.issue(table.hub)
    await table.issue(table.ours)


async def it_reads_our_catalogue(table: Table) -> None:
    assert PRODUCT in await table.buyer.catalogue()
    (shown,) = (await table.ours.command("credential", "shown"))["shown"]
    assert (shown["peer"], shown["type"], shown["issuer"]) == (table.hub.did, DEMANDED, table.issuer.did), shown


async def it_buys_of_us_and_pulls(table: Table) -> None:
    buyer = table.buyer
    pid = await buyer.pull(await _agreed(table))
    assert await buyer.read(pid) == (200, CONTENT)


async def we_read_its_catalogue(table: Table) -> None:
    await _offer(table)
    found = await table.find()
    (catalogue,) = found["catalogues"]
    assert {one["@id"] for one in catalogue["datasets"]} == {ASSET}, found


async def we_buy_of_it(table: Table) -> None:
    to = table.ours.folder / "got"
    at = ("--at", table.hub.did, "--max-price", "0", "--purpose", PURPOSE)
    view = await table.ours.command("get", ASSET, *at, "--to", str(to))
    assert view["state"] == "complete", view
    (path,) = to.iterdir()
    assert path.read_bytes() == CONTENT


async def it_is_refused_once_its_credential_is_revoked(table: Table) -> None:
    assert PRODUCT in await table.buyer.catalogue()
    await table.revoke(table.hub)
    begun = time.monotonic()
    while not (refused := await _refused(table)):
        assert time.monotonic() - begun < REVOKED_SECONDS + SLACK_SECONDS, "it is still believed"
        await asyncio.sleep(LOOK_SECONDS)
    assert "by its status list: revocation" in refused, refused
    table.told = f"after {time.monotonic() - begun:.1f} s, {REVOKED_SECONDS} s at most"
    assert (await table.ours.command("credential", "shown"))["shown"] == []


async def it_refuses_us_once_ours_is_revoked(table: Table) -> None:
    await table.revoke(table.ours)
    with pytest.raises(AssertionError, match=r"\(401\)"):
        await table.find()


async def _agreed(table: Table) -> str:
    """Return the stock connector's new agreement on the product of ours."""
    ended = await table.buyer.negotiate(PRODUCT)
    assert ended["state"] == "FINALIZED", ended
    return ended["contractAgreementId"]


async def _refused(table: Table) -> str:
    """Return in which words ours refuses the stock connector, empty where it does not."""
    try:
        await table.buyer.catalogue()
    except AssertionError as refused:
        return str(refused)
    return ""


async def _offer(table: Table) -> None:
    """Have the stock connector offer a table to members."""
    constraint = {"leftOperand": OPERAND, "operator": "eq", "rightOperand": "active"}
    permission = {"action": "use", "constraint": constraint}
    address = {"@type": "DataAddress", "type": "HttpData", "baseUrl": f"{table.sink.url}/table.csv"}
    rows = {
        "policydefinitions": {
            "@id": "members",
            "policy": {"@context": ODRL, "@type": "Set", "permission": [permission]},
        },
        "assets": {"@id": ASSET, "properties": {"contenttype": "text/csv"}, "dataAddress": address},
        "contractdefinitions": {
            "@id": "all",
            "accessPolicyId": "members",
            "contractPolicyId": "members",
            "assetsSelector": [],
        },
    }
    for kind, body in rows.items():
        await table.edc.call("POST", kind, {"@context": CONTEXT, **body})


JOURNEYS = (
    without_a_credential_it_is_refused,
    without_a_credential_it_refuses_us,
    both_are_issued_a_credential,
    it_reads_our_catalogue,
    it_buys_of_us_and_pulls,
    we_read_its_catalogue,
    we_buy_of_it,
    it_is_refused_once_its_credential_is_revoked,
    it_refuses_us_once_ours_is_revoked,
)
