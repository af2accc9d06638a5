"""An offer that names somebody is shown to these alone, and negotiated with these alone; an answer is recorded once."""

from __future__ import annotations

import pytest
import pytest_asyncio

from connector.enforcement import decision_log as decisions
from connector.negotiation.protocol import messages, offers
from tests.api.running import rule, running
from tests.api.stranger import called
from tests.negotiation.world import product_terms

pytestmark = pytest.mark.asyncio(loop_scope="module")

OPEN_TO_ALL = rule(("count", "lteq", "3"))
LIMITS = {"ask": "110", "floor": "85", "rounds": 8, "units": 1}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def parties(tmp_path_factory):
    """A provider with offers for everybody, for one of two callers by assignee, and for the same by recipient."""
    folder = tmp_path_factory.mktemp("audience")
    async with running(folder / "provider") as provider:
        now = provider.connector.clock.now
        async with called(folder / "one", now) as one, called(folder / "other", now) as other:
            named = rule(("count", "lteq", "3"), assignee=one.did)
            either = rule(("recipient", "isAnyOf", [one.did, "did:web:third.example"]))
            barred = {**OPEN_TO_ALL, "prohibition": [{"action": "use", "assignee": other.did}], "conflict": "prohibit"}
            for key, policy in {"all": OPEN_TO_ALL, "named": named, "either": either, "barred": barred}.items():
                await offered(provider, key, policy)
            yield provider, one, other


async def offered(provider, key, policy):
    now = provider.connector.clock.now()
    row = {"id": key, "title": key, "tier": "plain", "edition": provider.edition.hex(), "dataset": {}, "policy": policy}
    terms = product_terms(product=key, tier="plain")
    row |= {"terms": terms, "limits": LIMITS, "state": "submitted", "created": now, "updated": now}
    await provider.store.write(lambda tx: tx.insert("products", **row))


async def ask(provider, who, method, path, body=None):
    connector = provider.connector
    headers = who.bearer(connector.did)
    sent = connector.outbound.request(method, connector.url + path, body=body, headers=headers, limit_bytes=1 << 20)
    return (await sent).json()


async def seen_by(provider, who):
    body = {"@context": [messages.CONTEXT], "@type": "CatalogRequestMessage"}
    page = await ask(provider, who, "POST", "/dsp/catalog/request", body)
    return {entry["@id"] for entry in page.get("dataset", [])}


async def test_each_sees_what_is_for_it_and_looking_again_records_nothing_more(parties):
    provider, one, other = parties
    assert await seen_by(provider, one) == {"all", "named", "either", "barred"}
    assert await seen_by(provider, other) == {"all"}
    before = await provider.store.read(lambda tx: tx.find("decisions", "place = ?", ("catalogue",)))
    assert sorted(row["outcome"] for row in before) == ["allow"] * 3 + ["default-deny"] + ["deny"] * 2
    await seen_by(provider, other)
    assert await provider.store.read(lambda tx: tx.find("decisions", "place = ?", ("catalogue",))) == before


@pytest.mark.parametrize("key", ["named", "either", "barred"])
async def test_to_others_it_looks_like_one_that_is_not_there(parties, key):
    provider, one, other = parties
    assert (await ask(provider, one, "GET", f"/dsp/catalog/datasets/{key}"))["@id"] == key
    with pytest.raises(Exception, match="404"):
        await ask(provider, other, "GET", f"/dsp/catalog/datasets/{key}")
    product = await provider.row("products", id=key)
    body = messages.contract_request(
        consumer_pid=f"urn:uuid:{key}", offer=offers.asked(product, target=key), callback=other.url + "/dsp"
    )
    with pytest.raises(Exception, match="400") as refused:
        await ask(provider, other, "POST", "/dsp/negotiations/request", body)
    assert "is not an offer of ours" in refused.value.body.decode()


async def test_every_one_of_these_decisions_comes_out_the_same_again(parties):
    provider, *_ = parties
    again = await provider.store.read(decisions.replayed)
    assert again
    assert all(again.values())
