"""The licences program: an agreement stands on the chain only with both signatures (spec 2)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from eth_hash.auto import keccak

from contracts import typed_data
from contracts.typed_data import Agreement
from ledger.chain import acts
from ledger.chain.programs import Pledge

from .stage import DAY
from .test_channels import high_s


async def agreed(stage, **changes):
    agreement = Agreement(
        provider=stage.account("provider"),
        buyer=stage.account("buyer"),
        product=keccak(b"product"),
        edition_id=keccak(b"edition"),
        terms_digest=keccak(b"terms"),
        token=stage.deployment.addresses["token"],
        price_cap=1_000_000,
        not_after=await stage.now() + DAY,
        split_hash=keccak(b"split"),
        summary="weather 2013, research, 3 openings — 天气",
    )
    return replace(agreement, **changes)


def granting(stage, agreement, provider="provider", buyer="buyer", deployment=None):
    signed = [stage.sign(agreement, actor, "licences", deployment) for actor in (provider, buyer)]
    return acts.grant_licence(stage.deployment, agreement, *signed)


async def test_a_licence_is_granted_under_the_agreements_digest(stage):
    agreement = await agreed(stage)
    digest = typed_data.digest(stage.deployment.domain("licences"), agreement)
    assert await stage.programs.licence(digest) is None
    receipt = await stage.do(granting(stage, agreement), "stranger")
    licence = await stage.programs.licence(digest)
    assert (licence.provider, licence.buyer) == (agreement.provider, agreement.buyer)
    assert (licence.parent, licence.suspended_at) == (None, None)
    assert int(licence.not_after.timestamp()) == agreement.not_after
    assert await stage.programs.in_force(digest)
    assert licence.granted_at == (await stage.chain.block(receipt.block)).at
    assert licence.revoked_at is None
    [event] = await stage.programs.events("licences", "LicenceGranted", agreementDigest=digest)
    assert event.fields["priceCap"] == 1_000_000
    assert event.fields["splitHash"] == agreement.split_hash
    assert event.fields["editionId"] == agreement.edition_id
    assert event.fields["termsDigest"] == agreement.terms_digest


async def test_granting_twice_is_refused(stage):
    act = granting(stage, await agreed(stage))
    await stage.do(act)
    await stage.refuses(act, "licences: already granted")


@pytest.mark.parametrize(
    ("provider", "buyer", "reason"),
    [
        ("stranger", "buyer", "licences: not the provider's signature"),
        ("provider", "stranger", "licences: not the buyer's signature"),
        ("buyer", "provider", "licences: not the provider's signature"),
    ],
)
async def test_a_missing_consent_is_refused(stage, provider, buyer, reason):
    await stage.refuses(granting(stage, await agreed(stage), provider, buyer), reason)


async def test_other_words_under_the_signatures_are_refused(stage):
    agreement = await agreed(stage)
    signed = [stage.sign(agreement, actor, "licences") for actor in ("provider", "buyer")]
    altered = replace(agreement, summary="weather 2013, any purpose")
    act = acts.grant_licence(stage.deployment, altered, *signed)
    await stage.refuses(act, "licences: not the provider's signature")


async def test_signatures_for_another_chain_or_salt_are_refused(stage):
    agreement = await agreed(stage)
    for other in (
        replace(stage.deployment, chain_id=stage.deployment.chain_id + 1),
        replace(stage.deployment, salt=keccak(b"other salt")),
    ):
        act = granting(stage, agreement, deployment=other)
        await stage.refuses(act, "licences: not the provider's signature")


async def test_high_s_is_refused(stage):
    agreement = await agreed(stage)
    provider, buyer = (stage.sign(agreement, actor, "licences") for actor in ("provider", "buyer"))
    await stage.refuses(acts.grant_licence(stage.deployment, agreement, high_s(provider), buyer), "typed: high s")
    await stage.refuses(acts.grant_licence(stage.deployment, agreement, provider, high_s(buyer)), "typed: high s")


async def test_an_agreement_past_its_end_is_refused(stage):
    agreement = await agreed(stage, not_after=await stage.now() + 500)
    await stage.advance(1000)
    await stage.refuses(granting(stage, agreement), "licences: past its end")


async def test_only_the_provider_revokes_and_once(stage):
    agreement = await agreed(stage)
    digest = typed_data.digest(stage.deployment.domain("licences"), agreement)
    await stage.do(granting(stage, agreement))
    act = acts.revoke_licence(stage.deployment, digest, keccak(b"breach"))
    await stage.refuses(act, "licences: not the provider", "buyer")
    await stage.do(act, "provider")
    assert (await stage.programs.licence(digest)).revoked_at is not None
    [event] = await stage.programs.events("licences", "LicenceRevoked", agreementDigest=digest)
    assert event.fields["cause"] == keccak(b"breach")
    await stage.refuses(act, "licences: already revoked", "provider")
    assert not await stage.programs.in_force(digest)


async def granted(stage, **changes):
    agreement = await agreed(stage, **changes)
    await stage.do(granting(stage, agreement))
    return typed_data.digest(stage.deployment.domain("licences"), agreement)


async def test_a_licence_stops_holding_at_its_end(stage):
    digest = await granted(stage, not_after=await stage.now() + 500)
    await stage.advance(300)
    assert await stage.programs.in_force(digest)
    await stage.advance(201)
    assert not await stage.programs.in_force(digest)


async def test_what_was_never_granted_is_not_in_force(stage):
    assert not await stage.programs.in_force(keccak(b"nothing"))
    for act in (
        acts.suspend_licence(stage.deployment, keccak(b"nothing"), bytes(32)),
        acts.revoke_licence(stage.deployment, keccak(b"nothing"), bytes(32)),
    ):
        await stage.refuses(act, "licences: not the provider", "provider")


async def test_a_suspended_licence_does_not_hold_until_it_is_resumed(stage):
    digest = await granted(stage)
    suspend = acts.suspend_licence(stage.deployment, digest, keccak(b"unpaid"))
    resume = acts.resume_licence(stage.deployment, digest)
    await stage.refuses(suspend, "licences: not the provider", "buyer")
    await stage.refuses(resume, "licences: not suspended", "provider")
    await stage.do(suspend, "provider")
    assert not await stage.programs.in_force(digest)
    assert int((await stage.programs.licence(digest)).suspended_at.timestamp()) == await stage.now()
    await stage.refuses(suspend, "licences: already suspended", "provider")
    await stage.refuses(resume, "licences: not the provider", "buyer")
    await stage.do(resume, "provider")
    assert await stage.programs.in_force(digest)
    assert (await stage.programs.licence(digest)).suspended_at is None
    names = [event.name for event in await stage.programs.events("licences")]
    assert names == ["LicenceGranted", "LicenceSuspended", "LicenceResumed"]


async def test_a_revoked_licence_is_neither_suspended_nor_resumed(stage):
    digest = await granted(stage)
    await stage.do(acts.suspend_licence(stage.deployment, digest, bytes(32)), "provider")
    await stage.do(acts.revoke_licence(stage.deployment, digest, bytes(32)), "provider")
    for act in (
        acts.suspend_licence(stage.deployment, digest, bytes(32)),
        acts.resume_licence(stage.deployment, digest),
    ):
        await stage.refuses(act, "licences: already revoked", "provider")


# --- pledges ---


async def test_only_the_creditor_lets_go_of_a_pledged_licence(stage):
    digest = await granted(stage)
    pledge = acts.pledge_licence(stage.deployment, digest, stage.account("third"), keccak(b"loan"))
    release = acts.release_licence(stage.deployment, digest)
    await stage.refuses(pledge, "licences: not the buyer", "provider")
    await stage.refuses(release, "licences: not the creditor", "third")
    nobody = acts.pledge_licence(stage.deployment, digest, bytes(20), keccak(b"loan"))
    await stage.refuses(nobody, "licences: zero address", "buyer")
    await stage.do(pledge, "buyer")
    assert await stage.programs.pledge("licences", digest) == Pledge(stage.account("third"), keccak(b"loan"))
    await stage.refuses(pledge, "licences: pledged", "buyer")
    await stage.refuses(release, "licences: not the creditor", "buyer")
    await stage.do(release, "third")
    assert await stage.programs.pledge("licences", digest) is None


async def test_what_does_not_hold_is_not_pledged(stage):
    digest = await granted(stage)
    await stage.do(acts.suspend_licence(stage.deployment, digest, bytes(32)), "provider")
    pledge = acts.pledge_licence(stage.deployment, digest, stage.account("third"), bytes(32))
    await stage.refuses(pledge, "licences: not in force", "buyer")
