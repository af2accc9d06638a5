"""Sub-licences on the chain: signed by the holder above, nowhere wider than the one above, ended with it (spec 5)."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from eth_hash.auto import keccak

from contracts import typed_data
from contracts.typed_data import SubLicence
from ledger.chain import acts

from .stage import DAY
from .test_licences import agreed, granting

CHAIN = ("buyer", "third", "stranger", "signer", "exchange", "arbitrator", "w1", "w2", "w3", "issuer")
LINKS_MAX = 8


def digest_of(stage, agreement):
    return typed_data.digest(stage.deployment.domain("licences"), agreement)


class Link:
    """A sub-licence in the making: the agreement above, the one below, what the holder signs, and who signs."""

    def __init__(self, stage, above, root, child, **changes):
        self.stage, self.above, self.holder, self.child = stage, above, None, child
        terms = keccak(b"narrower terms of " + child.encode())
        self.below = replace(above, buyer=stage.account(child), terms_digest=terms, summary="narrower")
        self.below = replace(self.below, not_after=above.not_after - 1)
        self.sub = SubLicence(
            parent=digest_of(stage, above),
            holder=above.buyer,
            child=self.below.buyer,
            terms_digest=terms,
            draws_on=root,
            not_after=self.below.not_after,
        )
        self.sub = replace(self.sub, **changes)

    def act(self, holder, provider="provider", child=None):
        signed = tuple(self.stage.sign(self.below, actor, "licences") for actor in (provider, child or self.child))
        by_holder = self.stage.sign(self.sub, holder, "licences")
        return acts.grant_sub_licence(self.stage.deployment, self.below, signed, self.sub, by_holder, self.above)


@pytest.fixture
async def above(stage):
    """A granted agreement of the buyer."""
    agreement = await agreed(stage, not_after=await stage.now() + DAY)
    await stage.do(granting(stage, agreement))
    return agreement


async def test_a_sub_licence_stands_under_its_parent(stage, above):
    root = digest_of(stage, above)
    link = Link(stage, above, root, "third")
    await stage.do(link.act("buyer"), "stranger")
    below = digest_of(stage, link.below)
    assert (await stage.programs.licence(below)).parent == root
    assert await stage.programs.in_force(below)
    [event] = await stage.programs.events("licences", "SubLicenceGranted", parent=root)
    assert (event.fields["agreementDigest"], event.fields["child"]) == (below, stage.account("third"))
    await stage.refuses(link.act("buyer"), "licences: already granted")


@pytest.mark.parametrize(
    ("side", "changes", "reason"),
    [
        ("sub", {"parent": bytes(32)}, "licences: another parent"),
        ("sub", {"holder": b"\x07" * 20}, "licences: another parent"),
        ("sub", {"child": b"\x07" * 20}, "licences: another sub-licence"),
        ("sub", {"terms_digest": bytes(32)}, "licences: another sub-licence"),
        ("sub", {"draws_on": bytes(32)}, "licences: draws on another"),
        ("below", {"product": bytes(32)}, "licences: of something else"),
        ("below", {"edition_id": bytes(32)}, "licences: of something else"),
        ("below", {"token": b"\x07" * 20}, "licences: of something else"),
        ("below", {"split_hash": bytes(32)}, "licences: of something else"),
        ("below", {"provider": b"\x07" * 20}, "licences: of something else"),
        ("below", {"price_cap": 1_000_001}, "licences: beyond its parent"),
    ],
)
async def test_what_is_not_within_its_parent_is_refused(stage, above, side, changes, reason):
    link = Link(stage, above, digest_of(stage, above), "third")
    setattr(link, side, replace(getattr(link, side), **changes))
    await stage.refuses(link.act("buyer"), reason)


@pytest.mark.parametrize(("said", "agreed_end"), [(1, 0), (0, 1)])
async def test_a_later_end_than_the_parents_or_the_links_is_refused(stage, above, said, agreed_end):
    link = Link(stage, above, digest_of(stage, above), "third")
    link.sub = replace(link.sub, not_after=above.not_after + said)
    link.below = replace(link.below, not_after=link.sub.not_after + agreed_end)
    await stage.refuses(link.act("buyer"), "licences: beyond its parent")


@pytest.mark.parametrize(
    ("signers", "reason"),
    [
        ({"holder": "third"}, "licences: not the holder's signature"),
        ({"holder": "buyer", "provider": "third"}, "licences: not the provider's signature"),
        ({"holder": "buyer", "child": "buyer"}, "licences: not the buyer's signature"),
    ],
)
async def test_a_missing_consent_is_refused(stage, above, signers, reason):
    await stage.refuses(Link(stage, above, digest_of(stage, above), "third").act(**signers), reason)


async def test_under_what_was_never_granted_nothing_is(stage):
    above = await agreed(stage)
    await stage.refuses(Link(stage, above, digest_of(stage, above), "third").act("buyer"), "licences: not in force")


async def test_under_a_pledged_suspended_or_revoked_licence_nothing_is_granted(stage, above):
    root = digest_of(stage, above)
    act = Link(stage, above, root, "third").act("buyer")
    await stage.do(acts.pledge_licence(stage.deployment, root, stage.account("w1"), bytes(32)), "buyer")
    await stage.refuses(act, "licences: pledged")
    await stage.do(acts.release_licence(stage.deployment, root), "w1")
    await stage.do(acts.suspend_licence(stage.deployment, root, bytes(32)), "provider")
    await stage.refuses(act, "licences: not in force")
    await stage.do(acts.revoke_licence(stage.deployment, root, bytes(32)), "provider")
    await stage.refuses(act, "licences: not in force")


async def descending(stage, above, count):
    """Grant `count` links, each under the last; return the agreements from the top on."""
    line = [above]
    for holder, child in pairwise(CHAIN[: count + 1]):
        link = Link(stage, line[-1], digest_of(stage, above), child)
        await stage.do(link.act(holder))
        line.append(link.below)
    return line


async def test_the_end_of_a_link_ends_all_below(stage, above):
    line = [digest_of(stage, each) for each in await descending(stage, above, 3)]
    assert [await stage.programs.in_force(each) for each in line] == [True] * 4
    await stage.refuses(acts.revoke_licence(stage.deployment, line[2], bytes(32)), "licences: not the provider", "w1")
    await stage.do(acts.revoke_licence(stage.deployment, line[2], keccak(b"by the holder above")), "third")
    assert [await stage.programs.in_force(each) for each in line] == [True, True, False, False]
    await stage.do(acts.suspend_licence(stage.deployment, line[0], bytes(32)), "provider")
    assert not any([await stage.programs.in_force(each) for each in line])


async def test_a_chain_has_at_most_eight_links(stage, above):
    line = await descending(stage, above, LINKS_MAX)
    assert await stage.programs.in_force(digest_of(stage, line[-1]))
    link = Link(stage, line[-1], digest_of(stage, above), CHAIN[-1])
    await stage.refuses(link.act(CHAIN[LINKS_MAX]), "licences: too many links")
