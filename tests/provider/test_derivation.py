"""What is made out of licensed data, asked of its licences when it is published and when it is sold (scenario 23)."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import pytest
import pytest_asyncio

from connector.custody import joined, lineage
from connector.negotiation.protocol import offers
from connector.runtime.errors import Absent, NotPermitted
from contracts import agreement as agreements
from contracts import signature, typed_json
from contracts.terms import Terms
from contracts.typed_data import digest
from policy.offer import offer_rules
from tests.api.running import running
from tests.negotiation.cells import negotiation
from tests.negotiation.world import product_terms

pytestmark = pytest.mark.asyncio(loop_scope="module")

END, SOONER, LATER = (datetime(year, 1, 1, tzinfo=UTC) for year in (2030, 2029, 2031))
BUYER, OTHER = "did:web:buyer.example", "did:web:other.example"
RESEARCH, MARKETING = (f"https://w3id.org/penstock/purpose#{name}" for name in ("Research", "Marketing"))
SOURCE = "urn:product:flights"


def rules(purpose=RESEARCH, until=END, *, onward=False, **more):
    return offers.rules(offer_rules(purpose=purpose, until=until, region=None, onward=onward, **more))


SHUT, OPEN, NARROW = rules(), rules(onward=True), rules(until=SOONER)
NO_DERIVING = OPEN | {"prohibition": [{"action": "derive"}], "conflict": "prohibit"}
READING = {"permission": [{"action": "read"}]}


class Maker:
    """A participant that buys and sells."""

    def __init__(self, provider):
        self.connector, self.store = provider.connector, provider.store

    async def license(self, policy, *, inherit=False, state="performing", role="consumer"):
        """Keep a licence of ours for somebody's data, with its replica; returns the agreement's digest."""
        said = product_terms(notAfter="2030-01-01T00:00:00Z") | {"product": SOURCE, "policy": policy}
        terms = Terms.from_json(said | {"salt": os.urandom(32).hex()} | ({"inherit": True} if inherit else {}))
        key, now = os.urandom(32), self.connector.clock.now()
        us = self.connector.identity.keys.address
        typed = agreements.build(terms, provider=signature.address(key), buyer=us, price_cap=10_000)
        key_of = digest(self.connector.programs.deployment.domain("licences"), typed)
        row = {"digest": key_of.hex(), "role": role, "peer": BUYER, "product": SOURCE, "state": state, "created": now}
        row |= {"terms": terms.json(), "agreement": typed_json.to_json(typed), "edition": terms.edition_id.hex()}
        row |= {
            "provider_signature": signature.sign(key_of, key),
            "buyer_signature": self.connector.identity.sign(key_of),
        }

        def act(tx):
            tx.insert("agreements", **row, not_after=terms.not_after)
            about = {"edition": row["edition"], "agreement": row["digest"], "state": "sealed", "created": now}
            tx.insert("replicas", id=os.urandom(8).hex(), header={}, **about)

        await self.store.write(act)
        return row["digest"]

    async def join(self, reading, first, other, state="done"):
        """Keep that two licences were read together under this id."""
        about = {"purpose": "Research", "state": state, "created": self.connector.clock.now()}

        def act(tx):
            for name, licence, said in (("", first, joined.written({"other": other})), ("other", other, reading)):
                row = {"id": joined.opening_id(reading, name), "acquisition": licence, "agreement": licence}
                tx.insert("reads", **row, said={"joined": said}, **about)

        await self.store.write(act)

    async def publish(self, *sources, policy=NARROW, inherit=False):
        """Have a draft's sources asked; returns the draft."""
        draft = {"brief": {"derivedFrom": list(sources), "inherit": inherit}, "policy": policy}
        brief = await self.store.write(lambda tx: self.connector.derivation.settle(tx, draft["brief"], policy))
        return draft | {"brief": brief}

    async def sell(self, draft, to=OTHER, policy=None):
        """Return why a buyer gets no agreement on a draft's product, empty if it does."""
        key, now = os.urandom(4).hex(), self.connector.clock.now()
        row = negotiation(role="provider", product=key, peer=to, terms={"policy": policy or draft["policy"]})

        def act(tx):
            tx.insert("products", id=key, **draft, state="submitted", created=now)
            return self.connector.derivation.agrees(tx, row, now)

        return await self.store.write(act)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def maker(tmp_path_factory):
    async with running(tmp_path_factory.mktemp("deriving"), roles=("provider", "buyer")) as made:
        yield Maker(made)


async def test_what_is_made_belongs_to_who_made_it_where_nothing_else_was_agreed(maker):
    licence = await maker.license(SHUT)
    draft = await maker.publish(licence[:12], policy=rules(MARKETING))
    assert draft["brief"]["derivedFrom"] == [licence]
    assert not await maker.sell(draft)


NOT_GRANTED = "does not let its holder grant"
# licence: its rules and whether it stays; product: its rules and whether it stays → words of the refusal
CASES = {
    "narrower, and it stays": (OPEN, True, NARROW, True, ""),
    "the same rules": (OPEN, True, SHUT, True, ""),
    "not to be passed on": (SHUT, True, NARROW, True, NOT_GRANTED),
    "another purpose": (OPEN, True, rules(MARKETING), True, NOT_GRANTED),
    "a later end": (OPEN, True, rules(until=LATER), True, NOT_GRANTED),
    "it would not stay": (OPEN, True, NARROW, False, "so must the one that is sold"),
    "more openings": (rules(onward=True, openings=3), True, rules(openings=4), True, NOT_GRANTED),
    "for named recipients, sold to all": (rules(onward=True, recipients=(BUYER,)), True, NARROW, True, NOT_GRANTED),
    "deriving is prohibited": (NO_DERIVING, False, NARROW, False, "does not permit to derive"),
    "deriving is not permitted": (READING, False, NARROW, False, "does not permit to derive"),
}


@pytest.mark.parametrize("name", CASES)
async def test_a_licence_says_whether_it_may_be_made_and_sold(maker, name):
    above, stays, policy, said, words = CASES[name]
    licence = await maker.license(above, inherit=stays)
    if not words:
        assert not await maker.sell(await maker.publish(licence, policy=policy, inherit=said))
        return
    with pytest.raises(NotPermitted, match=words):
        await maker.publish(licence, policy=policy, inherit=said)


async def test_of_several_sources_each_must_let_it(maker):
    free, bound = await maker.license(SHUT), await maker.license(SHUT, inherit=True)
    await maker.publish(free)
    with pytest.raises(NotPermitted, match=f"made out of `{SOURCE}`"):
        await maker.publish(free, bound, inherit=True)


async def test_a_joined_opening_names_each_of_its_licences_as_a_source(maker):
    free, other, bound = await maker.license(SHUT), await maker.license(OPEN), await maker.license(NO_DERIVING)
    await maker.join("heights", free, other)
    assert (await maker.publish("heights"))["brief"]["derivedFrom"] == sorted([free, other])
    assert (await maker.publish("heights", free))["brief"]["derivedFrom"] == sorted([free, other])
    await maker.join("forbidden", free, bound)
    with pytest.raises(NotPermitted, match="does not permit to derive"):
        await maker.publish("forbidden")
    await maker.join("refused", free, other, state="denied")
    for absent in ("refused", "never"):
        with pytest.raises(Absent):
            await maker.publish(absent)


async def test_a_buyer_is_asked_about_by_name(maker):
    licence = await maker.license(rules(onward=True, recipients=(maker.connector.did, BUYER)), inherit=True)
    draft = await maker.publish(licence, policy=rules(until=SOONER, recipients=(BUYER,)), inherit=True)
    assert not await maker.sell(draft, BUYER)
    assert NOT_GRANTED in await maker.sell(draft, OTHER)
    assert NOT_GRANTED in await maker.sell(draft, BUYER, policy=rules(MARKETING))


async def test_a_licence_that_is_over_or_not_here_makes_nothing(maker):
    over, theirs = await maker.license(OPEN, state="ended"), await maker.license(OPEN, role="provider")
    with pytest.raises(NotPermitted, match="the agreement is `ended`"):
        await maker.publish(over)
    with pytest.raises(NotPermitted, match="is not here"):
        await maker.publish(theirs)
    with pytest.raises(Absent):
        await maker.publish("f" * 64)
    licence = await maker.license(OPEN)
    draft = await maker.publish(licence)
    await maker.store.write(lambda tx: tx.update("agreements", {"digest": licence}, state="ended"))
    assert "the agreement is `ended`" in await maker.sell(draft)


async def test_lineage_goes_both_ways(maker):
    licence = await maker.license(OPEN)
    (edition,) = await maker.store.read(lambda tx: tx.find("editions"))

    def act(tx):
        header = {"series": "s", "edition": 1, "prev": None, "keyHolder": BUYER}
        tx.update("replicas", {"agreement": licence}, header=header)
        return lineage.note_derived(tx, edition["id"], [licence])

    source = (await maker.store.read(lambda tx: tx.get("agreements", digest=licence)))["edition"]
    assert await maker.store.write(act) == {"sources": source}
    made = await maker.store.read(lambda tx: lineage.descent(tx, edition["id"][:12]))
    assert made["derivedFrom"] == [{"agreement": licence, "edition": source}]
    assert (await maker.store.read(lambda tx: lineage.descent(tx, licence)))["derived"] == [edition["id"]]
