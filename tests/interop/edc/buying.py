"""The stock connector buys from us: each journey through its management API, as its users drive it."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from tests.interop.edc.counterpart import CONTEXT, KEEPS_REFERENCES, NS, PROTOCOL, Counterpart
from tests.interop.edc.space import CONTENT, Ours, Sink

PULL, PUSH = "HttpData-PULL", "HttpData-PUSH"
ODRL = "http://www.w3.org/ns/odrl.jsonld"
DSP = "https://w3id.org/dspace/2025/1/context.jsonld"
RULES = ("permission", "prohibition", "obligation")
# what a buyer of a stock connector does at one moment, and in all
AT_ONCE = 16
LOST_SHOWN = 3


class Buyer:
    """The stock connector as buyer of `ours`; `count` says how many of each the long journeys make."""

    def __init__(self, counterpart: Counterpart, ours: Ours, sink: Sink, count: int) -> None:
        self.edc, self.ours, self.sink, self.count = counterpart, ours, sink, count
        self._peer = {"counterPartyAddress": f"{ours.url}/dsp", "counterPartyId": ours.did, "protocol": PROTOCOL}

    async def catalogue(self, **query) -> dict[str, dict]:
        """Return id → data set of our catalogue, as the stock connector shows it."""
        body = {"@context": CONTEXT, "@type": "CatalogRequest", **self._peer}
        body |= {"querySpec": {"@type": "QuerySpec", **query}} if query else {}
        found = (await self.edc.call("POST", "catalog/request", body)).get("dataset", [])
        return {one["@id"]: one for one in (found if isinstance(found, list) else [found])}

    async def negotiate(self, product: str, *, whole: bool = True) -> dict:
        """Negotiate over a product's offer; with all that it says or its rules alone. Returns the ended negotiation."""
        offer = (await self.catalogue(filterExpression=[criterion("id", "=", product)]))[product]["hasPolicy"]
        offer = offer[0] if isinstance(offer, list) else offer
        kept = offer if whole else {name: offer[name] for name in ("@id", *RULES) if name in offer}
        policy = {**kept, "@context": ODRL, "@type": "odrl:Offer", "assigner": self.ours.did, "target": product}
        body = {"@context": CONTEXT, "@type": "ContractRequest", **self._peer, "policy": policy}
        begun = await self.edc.call("POST", "contractnegotiations", body)
        return await self.edc.until(f"contractnegotiations/{begun['@id']}", {"FINALIZED", "TERMINATED"})

    async def agree(self, product: str) -> str:
        """Return the id of a new agreement on a product."""
        ended = await self.negotiate(product)
        assert ended["state"] == "FINALIZED", ended
        return ended["contractAgreementId"]

    async def transfer(self, agreement: str, kind: str, destination: dict) -> str:
        """Ask for a transfer; return its id."""
        told = {"contractId": agreement, "transferType": kind, "dataDestination": destination}
        if not KEEPS_REFERENCES:
            called = {"transactional": False, "uri": f"{self.sink.url}/told", "events": ["transfer.process.started"]}
            told["callbackAddresses"] = [called]
        body = {"@context": CONTEXT, "@type": "TransferRequest", **self._peer, **told}
        return (await self.edc.call("POST", "transferprocesses", body))["@id"]

    async def pull(self, agreement: str) -> str:
        """Return the id of a pull that has started."""
        pid = await self.transfer(agreement, PULL, {"@type": "DataAddress", "type": "HttpProxy"})
        await self.reached(pid, "STARTED")
        return pid

    async def reached(self, pid: str, state: str) -> dict:
        found = await self.edc.until(f"transferprocesses/{pid}", {state, "TERMINATED"})
        assert found["state"] == state, found
        return found

    async def read(self, pid: str, beyond: str = "", scheme: str = "") -> tuple[int, bytes]:
        """Read where the transfer's data are, as its own data reference says."""
        found = await (self.edc.reference(pid) if KEEPS_REFERENCES else self.sink.address(pid))
        headers = {"Authorization": scheme + found["authorization"]}
        async with aiohttp.ClientSession() as session, session.get(found["endpoint"] + beyond, headers=headers) as got:
            return got.status, await got.read()

    async def act(self, pid: str, verb: str) -> None:
        self.sink.addresses.pop(pid, None)
        kind = {"suspend": "SuspendTransfer", "terminate": "TerminateTransfer"}.get(verb)
        body = {"@context": CONTEXT, "@type": kind, "reason": "a test"} if kind else {}
        await self.edc.call("POST", f"transferprocesses/{pid}/{verb}", body)


def criterion(left: str, operator: str, right) -> dict:
    return {"@type": "Criterion", "operandLeft": NS + left, "operator": operator, "operandRight": right}


async def catalogue_as_it_comes(buyer: Buyer) -> None:
    found = await buyer.catalogue()
    assert {"one", "two", "three"} <= set(found), found
    assert all(one["distribution"] for one in found.values())


async def catalogue_by_filter(buyer: Buyer) -> None:
    assert set(await buyer.catalogue(filterExpression=[criterion("id", "in", ["one", "two"])])) == {"one", "two"}
    assert set(await buyer.catalogue(filterExpression=[criterion("title", "like", "% three")])) == {"three"}
    assert len(await buyer.catalogue(offset=1, limit=1)) == 1


async def catalogue_filter_refused_in_words(buyer: Buyer) -> None:
    with pytest.raises(AssertionError, match="nothing is selected by"):
        await buyer.catalogue(filterExpression=[criterion("color", "=", "red")])


async def negotiation_with_the_whole_offer(buyer: Buyer) -> None:
    assert (await buyer.negotiate("one"))["state"] == "FINALIZED"


async def negotiation_with_its_rules_alone(buyer: Buyer) -> None:
    assert (await buyer.negotiate("two", whole=False))["state"] == "FINALIZED"


async def what_would_never_be_delivered_is_not_agreed(buyer: Buyer) -> None:
    assert (await buyer.negotiate("far"))["state"] == "TERMINATED"


async def pull_with_its_data_reference(buyer: Buyer) -> None:
    pid = await buyer.pull(await buyer.agree("one"))
    assert await buyer.read(pid) == (200, CONTENT)
    assert await buyer.read(pid, scheme="Bearer ") == (200, CONTENT)
    assert await buyer.read(pid, "/") == (200, CONTENT)
    assert await buyer.read(pid, "/one.csv") == (200, CONTENT)


async def push_to_an_address(buyer: Buyer) -> None:
    buyer.sink.came.clear()
    told = {"@type": "DataAddress", "type": "HttpData", "baseUrl": f"{buyer.sink.url}/in"}
    pid = await buyer.transfer(await buyer.agree("one"), PUSH, told)
    await buyer.reached(pid, "COMPLETED")
    assert buyer.sink.taken[-1] == ("POST", CONTENT)


async def suspend_resume_and_terminate(buyer: Buyer) -> None:
    pid = await buyer.pull(await buyer.agree("one"))
    for _ in range(2):
        await buyer.act(pid, "suspend")
        await buyer.reached(pid, "SUSPENDED")
        await buyer.act(pid, "resume")
        await buyer.reached(pid, "STARTED")
        assert await buyer.read(pid) == (200, CONTENT)
    await buyer.act(pid, "terminate")
    await buyer.edc.until(f"transferprocesses/{pid}", {"TERMINATED"})


async def negotiations_and_transfers_without_one_lost(buyer: Buyer) -> None:
    places = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> None:
        async with places:
            pid = await buyer.pull(await buyer.agree(("one", "two", "three")[number % 3]))
            assert await buyer.read(pid) == (200, CONTENT)

    ended = await asyncio.gather(*map(one, range(buyer.count)), return_exceptions=True)
    lost = [fault for fault in ended if fault is not None]
    assert not lost, f"{len(lost)} of {buyer.count} lost:\n" + "\n".join({repr(fault) for fault in lost[:LOST_SHOWN]})


JOURNEYS = (
    catalogue_as_it_comes,
    catalogue_by_filter,
    catalogue_filter_refused_in_words,
    negotiation_with_the_whole_offer,
    negotiation_with_its_rules_alone,
    what_would_never_be_delivered_is_not_agreed,
    pull_with_its_data_reference,
    push_to_an_address,
    suspend_resume_and_terminate,
    negotiations_and_transfers_without_one_lost,
)
