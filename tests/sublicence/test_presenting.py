"""Chains of sub-licences as the key holder meets them: one that holds, and each way in which one does not."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from connector.channel.errors import ChannelFault
from connector.licence.sublicence import onward, presenting
from connector.negotiation.doors import Peer
from connector.negotiation.notices import Notice
from connector.negotiation.protocol import offers
from connector.negotiation.protocol.errors import UnacceptableError
from connector.store.rows.agreement import AgreementRow
from contracts import agreement as agreements
from contracts import signature, sublicence, typed_json
from contracts.namespace import SUB_LICENCES
from contracts.sublicence import LINKS_MAX, Above, Link
from contracts.terms import Terms
from contracts.typed_data import digest
from policy.compare.onward import Narrower, derive
from policy.offer import offer_rules
from tests.api.running import PEER, running
from tests.negotiation.cells import negotiation
from tests.negotiation.world import product_terms

pytestmark = pytest.mark.asyncio(loop_scope="module")

HOLDER, MIDDLE, CHILD, THIRD = (bytes([number]) * 32 for number in (1, 2, 3, 4))
END = datetime(2030, 1, 1, tzinfo=UTC)
CHILD_DID, MIDDLE_DID = "did:web:child.example", "did:web:middle.example"
RESEARCH = "https://w3id.org/penstock/purpose#Research"
OPEN = offers.rules(offer_rules(purpose=RESEARCH, until=END, region=None, openings=3, onward=True))
NOTHING = {**OPEN, "prohibition": [{"action": "use"}], "conflict": "prohibit"}
SHUT = offers.rules(offer_rules(purpose=RESEARCH, until=END, region=None, openings=3))


def terms_of(**changes):
    terms = product_terms(tier="leased", leaseSeconds=900, notAfter="2030-01-01T00:00:00Z")
    terms |= {"policy": OPEN, "salt": os.urandom(32).hex(), **changes}
    return Terms.from_json(terms)


def narrower(above, *, days=30, purpose=None, onward_too=False, **changes):
    """Return terms as a holder would grant them, with more changed."""
    end = END - timedelta(days=days)
    rules = offers.rules(derive(onward.read(above.policy), Narrower(end, purpose, onward_too)))
    return replace(above, policy=rules, not_after=end, salt=os.urandom(32), **changes)


@dataclass
class Bench:
    """A key holder, and what others sign under its agreements."""

    provider: object

    @property
    def connector(self):
        return self.provider.connector

    @property
    def domain(self):
        return onward.domain(self.connector.programs)

    async def agree(self, terms, key, *, parent=None, state="performing", peer=PEER, chain=None):
        """Keep an agreement that both sides have signed."""
        connector = self.connector
        typed = agreements.build(
            terms, provider=connector.identity.keys.address, buyer=signature.address(key), price_cap=10_000
        )
        key_of = digest(connector.programs.deployment.domain("licences"), typed)
        talk = f"urn:uuid:{os.urandom(8).hex()}"
        row = {"digest": key_of.hex(), "role": "provider", "peer": peer, "product": terms.product, "state": state}
        row |= {"terms": terms.json(), "agreement": typed_json.to_json(typed), "edition": terms.edition_id.hex()}
        row |= {"provider_signature": connector.identity.sign(key_of), "buyer_signature": signature.sign(key_of, key)}
        row |= {"not_after": terms.not_after, "parent": parent, "negotiation": talk, "created": connector.clock.now()}

        def act(tx):
            tx.insert("agreements", **row)
            offer = {SUB_LICENCES: [link.json() for link in chain or ()]}
            tx.insert("negotiations", id=talk, role="provider", peer=peer, peer_pid=talk, offer=offer if chain else {})

        await self.provider.store.write(act)
        return Above(key_of, typed, terms)

    def link(self, above, terms=None, *, key=HOLDER, child=CHILD, root=None, **changes):
        """Sign a sub-licence; `changes` are what it says otherwise than it should."""
        terms = terms or narrower(above.terms)
        if terms.parent == above.terms.parent:
            terms = replace(terms, parent=above.digest)
        said = sublicence.grant(above, terms, signature.address(child), root or above.digest)
        said = replace(said, **changes)
        return Link(said, signature.sign(digest(self.domain, said), key), terms)

    async def present(self, *chain, key=CHILD, did=CHILD_DID):
        """Return what a negotiation on the chain would begin with; raises UnacceptableError."""
        peer, now = Peer(did, key and signature.address(key)), self.connector.clock.now()
        offer = {SUB_LICENCES: [one if isinstance(one, dict) else one.json() for one in chain]}
        return await self.provider.store.read(lambda tx: self.connector.presenting.presented(tx, offer, peer, now))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bench(tmp_path_factory):
    async with running(tmp_path_factory.mktemp("presenting")) as made:
        yield Bench(made)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def top(bench):
    """An agreement that may be passed on."""
    return await bench.agree(terms_of(), HOLDER)


async def test_a_chain_that_holds_puts_its_terms_on_the_table_at_the_price_above(bench, top):
    link = bench.link(top)
    begun = await bench.present(link)
    table, mandate = begun.terms, begun.mandate
    assert {**table, "salt": mandate["salt"]} == link.terms.json()
    assert (mandate["ask"], mandate["floor"], mandate["cap"]) == ("110", "110", "10000")
    assert mandate["parent"] == top.digest.hex()


async def test_an_amendment_is_passed_on_as_what_amends_nothing(bench):
    above = await bench.agree(terms_of(amends="0f" * 32), HOLDER)
    begun = await bench.present(bench.link(above, narrower(above.terms, amends=b"")))
    assert "amends" not in begun.terms
    with pytest.raises(UnacceptableError, match="in place of no other"):
        await bench.present(bench.link(above, narrower(above.terms)))


WRONG = {
    "another agreement": ({"parent": b"\x0f" * 32}, "under an agreement that is not ours"),
    "another holder": ({"holder": signature.address(THIRD)}, "does not hold the licence above"),
    "another child": ({"child": signature.address(THIRD)}, "is for somebody else"),
    "other terms": ({"terms_digest": b"\x0f" * 32}, "other terms than those were signed"),
    "other counters": ({"draws_on": b"\x0f" * 32}, "draws on another agreement"),
    "another end": ({"not_after": 1_900_000_000}, "do not end together"),
}


@pytest.mark.parametrize("name", WRONG)
async def test_a_link_that_says_something_else(bench, top, name):
    changes, words = WRONG[name]
    with pytest.raises(UnacceptableError, match=words):
        await bench.present(bench.link(top, **changes))


TERMS = {
    "a later end": (lambda above: replace(narrower(above), not_after=END + timedelta(days=1)), "outlive"),
    "a lower price": (lambda above: narrower(above, tariff=replace(above.tariff, minor=1)), "change more than"),
    "another edition": (lambda above: narrower(above, edition_id=b"\x0f" * 32), "change more than"),
    "another parent": (lambda above: narrower(above, parent=b"\x0f" * 32), "stand under another agreement"),
    "what it is in place of": (lambda above: narrower(above, amends=b"\x0f" * 32), "in place of no other"),
    "all columns": (lambda above: narrower(above, columns={"x": 1}), "change more than"),
    "another purpose": (lambda above: narrower(above, purpose=RESEARCH[:-8] + "Marketing"), "does not let its holder"),
    "no rule": (lambda above: replace(narrower(above), policy={"permission": []}), "cannot be read"),
    "nothing": (lambda above: replace(narrower(above), policy=NOTHING), "would allow nothing"),
    "what is unheard of": (
        lambda above: replace(narrower(above), policy={"permission": [{"action": "unheardOf"}]}),
        "cannot be read",
    ),
}


@pytest.mark.parametrize("name", TERMS)
async def test_terms_that_go_beyond_those_above(bench, top, name):
    change, words = TERMS[name]
    with pytest.raises(UnacceptableError, match=words):
        await bench.present(bench.link(top, change(top.terms)))


async def test_rules_that_end_later_than_those_above_are_refused_with_a_case(bench, top):
    rules = offers.rules(offer_rules(purpose=RESEARCH, until=END + timedelta(days=9), region=None, openings=3))
    with pytest.raises(UnacceptableError, match=r"does not let its holder grant that .* may use .* at 2030-01-1"):
        await bench.present(bench.link(top, replace(narrower(top.terms), policy=rules)))


async def test_more_openings_than_above_are_refused(bench, top):
    rules = offers.rules(offer_rules(purpose=RESEARCH, until=END, region=None, openings=4))
    with pytest.raises(UnacceptableError, match="does not let its holder"):
        await bench.present(bench.link(top, replace(narrower(top.terms), policy=rules)))


@pytest.mark.parametrize(
    "chain", [[], ["x"], [{}], [{"subLicence": {}, "signature": "00", "terms": {}}], [{}] * (LINKS_MAX + 1)], ids=repr
)
async def test_what_is_no_chain(bench, chain):
    offer, peer, now = {SUB_LICENCES: chain}, Peer(CHILD_DID, b"\x01" * 20), bench.connector.clock.now()
    with pytest.raises(UnacceptableError, match="does not hold"):
        await bench.provider.store.read(lambda tx: bench.connector.presenting.presented(tx, offer, peer, now))


async def test_a_link_by_another_key_or_shown_by_another_child(bench, top):
    with pytest.raises(UnacceptableError, match="not signed by its holder"):
        await bench.present(bench.link(top, key=THIRD))
    with pytest.raises(UnacceptableError, match="is for somebody else"):
        await bench.present(bench.link(top), key=THIRD)
    with pytest.raises(UnacceptableError, match="is for somebody else"):
        await bench.present(bench.link(top), key=None)


@pytest.mark.parametrize(
    ("changes", "state", "words"),
    [
        ({"policy": SHUT}, "performing", "does not let its holder grant that"),
        ({"tier": "plain", "leaseSeconds": 0}, "performing", "tier `plain`"),
        ({}, "ended", "is over"),
        ({"notAfter": "2026-01-01T00:00:00Z"}, "performing", "is over"),
    ],
)
async def test_an_agreement_that_gives_no_sub_licence(bench, changes, state, words):
    above = await bench.agree(terms_of(**changes), HOLDER, state=state)
    with pytest.raises(UnacceptableError, match=words):
        await bench.present(bench.link(above))


async def test_a_licence_for_named_recipients_is_passed_on_to_these_alone(bench):
    named = offer_rules(purpose=RESEARCH, until=END, region=None, onward=True, recipients=(PEER, CHILD_DID))
    above = await bench.agree(terms_of(policy=offers.rules(named)), HOLDER)
    assert (await bench.present(bench.link(above))).mandate["parent"] == above.digest.hex()
    with pytest.raises(UnacceptableError, match=r"does not let its holder grant that .* recipient: did:web:unnamed"):
        await bench.present(bench.link(above), did="did:web:unnamed.example")


async def below(bench, top, **asked):
    """Return the link to the middle, and the agreement that the middle has made on it."""
    link = bench.link(top, narrower(top.terms, **asked), child=MIDDLE)
    agreed = await bench.agree(link.terms, MIDDLE, parent=top.digest.hex(), peer=MIDDLE_DID, chain=[link])
    return link, agreed


async def test_a_chain_of_two_draws_on_the_topmost(bench, top):
    first, middle = await below(bench, top, onward_too=True)
    second = bench.link(middle, narrower(middle.terms, days=60), key=MIDDLE, root=top.digest)
    assert (await bench.present(first, second)).mandate["parent"] == middle.digest.hex()
    with pytest.raises(UnacceptableError, match="does not begin at the topmost"):
        await bench.present(second)
    nearer = bench.link(middle, narrower(middle.terms, days=60), key=MIDDLE)
    with pytest.raises(UnacceptableError, match="draws on another agreement"):
        await bench.present(first, nearer)
    other, _ = await below(bench, top, onward_too=True)
    with pytest.raises(UnacceptableError, match="not taken up"):
        await bench.present(other, second)
    with pytest.raises(UnacceptableError, match="not taken up"):
        await bench.present(bench.link(top, child=MIDDLE), second)
    with pytest.raises(UnacceptableError, match="was made on this sub-licence before"):
        await bench.present(first, key=MIDDLE, did=MIDDLE_DID)


@pytest.mark.parametrize("claimed", [None, "ours"])
async def test_what_a_sub_licence_stands_under_is_signed_and_not_for_the_database_to_say(bench, top, claimed):
    _, agreed = await below(bench, top)
    connector, digest_of_it = bench.connector, agreed.digest.hex()
    assert not await stands(bench, digest_of_it)
    other = None if claimed is None else (await bench.agree(terms_of(), THIRD)).digest.hex()
    await bench.provider.store.write(lambda tx: tx.update("agreements", {"digest": digest_of_it}, parent=other))
    assert "stands under another licence" in await stands(bench, digest_of_it)
    deal = bench.provider.store.read(lambda tx: connector.books.deal(tx, agreed.digest))
    with pytest.raises(ChannelFault, match="stands under another licence"):
        await deal
    free = await bench.agree(terms_of(), THIRD, parent=top.digest.hex())  # and nobody is put under a licence
    assert "stands under another licence" in await stands(bench, free.digest.hex())


async def stands(bench, agreement):
    """Return why an agreement is over, empty if it is not."""
    now = bench.connector.clock.now()

    def act(tx):
        return bench.connector.standing.over(tx, tx.get(AgreementRow, digest=agreement), now)

    return await bench.provider.store.read(act)


async def test_an_agreement_has_so_many_sub_licences_and_no_more(bench, monkeypatch):
    above = await bench.agree(terms_of(), HOLDER)
    monkeypatch.setattr(presenting, "CHILDREN_MAX", 1)
    await below(bench, above)
    with pytest.raises(UnacceptableError, match="`1` sub-licences under one agreement already"):
        await bench.present(bench.link(above))


async def test_a_middle_that_may_not_pass_on_cannot(bench, top):
    first, middle = await below(bench, top)
    second = bench.link(middle, narrower(middle.terms, days=60), key=MIDDLE, root=top.digest)
    with pytest.raises(UnacceptableError, match="does not let its holder grant that"):
        await bench.present(first, second)


async def test_a_withdrawn_link_makes_nothing_and_ends_what_it_made_with_all_below(bench, top):
    first, middle = await below(bench, top, onward_too=True)
    second = bench.link(middle, narrower(middle.terms, days=60), key=MIDDLE, root=top.digest)
    last = await bench.agree(second.terms, CHILD, parent=middle.digest.hex(), chain=[first, second])
    unused = bench.link(top)
    connector = bench.connector

    async def withdraw(link, by):
        said = f"{digest(bench.domain, link.said).hex()} no longer"
        now = connector.clock.now()

        def act(tx):
            row = tx.get(AgreementRow, digest=by.digest.hex())
            connector.presenting.withdrawn(tx, row, Notice(onward.WITHDRAWAL, row.digest, said, now), now)

        await bench.provider.store.write(act)

    async def states():
        rows = [await bench.provider.row("agreements", digest=one.digest.hex()) for one in (middle, last)]
        return [row["state"] for row in rows]

    await withdraw(unused, middle)  # somebody who did not grant it
    await withdraw(first, middle)
    assert await bench.present(unused)
    assert await states() == ["performing", "performing"]
    await withdraw(unused, top)
    with pytest.raises(UnacceptableError, match="was withdrawn"):
        await bench.present(unused)
    await withdraw(first, top)
    assert await states() == ["ended", "ended"]
    with pytest.raises(UnacceptableError, match="was withdrawn"):
        await bench.present(first, key=MIDDLE, did=MIDDLE_DID)


async def test_a_licence_that_ends_while_its_sub_licence_is_negotiated_makes_no_agreement(bench):
    above = await bench.agree(terms_of(), HOLDER)
    begun, now = await bench.present(bench.link(above)), bench.connector.clock.now()
    row = negotiation(id="urn:uuid:late", role="provider", peer=CHILD_DID, **asdict(begun))
    agrees = bench.connector.presenting.agrees
    assert not await bench.provider.store.write(lambda tx: agrees(tx, row, now))
    await bench.connector.agreements.revoke(above.digest.hex(), "it ends")
    assert "is over" in await bench.provider.store.write(lambda tx: agrees(tx, row, now))


async def test_a_chain_is_shown_once_and_no_other_in_its_place(bench, top):
    first, other = bench.link(top).json(), bench.link(top).json()
    offer = {"@id": "urn:offer", "permission": [{"action": "use"}]}
    row = negotiation(offer=offer | {SUB_LICENCES: [first]}, their_price=1, rounds=1)
    peer = Peer(CHILD_DID, None)
    take = bench.connector.engine.negotiations.take
    assert take(row, "request", {"offer": row.offer}, peer).rounds == 2
    for changed in (offer, offer | {SUB_LICENCES: [other]}):
        with pytest.raises(UnacceptableError, match="not the offer this negotiation is about"):
            take(row, "request", {"offer": changed}, peer)
