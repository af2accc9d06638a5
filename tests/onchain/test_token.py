"""The settlement token: one issuer, balances that only move, permits that count once (ERC-20, EIP-2612)."""

from __future__ import annotations

from dataclasses import replace

from eth_hash.auto import keccak

from ledger.chain import acts

from .stage import DAY
from .test_channels import high_s

VALUE = 500


def permitting(stage, owner, permit, value=VALUE):
    r, s, v = permit.signature[:32], permit.signature[32:64], permit.signature[64]
    spender = stage.deployment.addresses["channels"]
    return acts.Act(
        stage.deployment.program("token"), "permit", (stage.account(owner), spender, value, permit.deadline, v, r, s)
    )


async def permit_of(stage, actor="buyer", nonce=0, deployment=None):
    deadline = await stage.now() + DAY
    return acts.sign_permit(
        deployment or stage.deployment, stage.key(actor), value=VALUE, nonce=nonce, deadline=deadline
    )


async def test_the_issuer_makes_units_and_owners_move_them(stage):
    token = stage.deployment.program("token")
    await stage.do(acts.mint(stage.deployment, stage.account("buyer"), 1000), "issuer")
    await stage.do(acts.transfer(stage.deployment, stage.account("third"), 400), "buyer")
    assert await stage.programs.balance(stage.account("buyer")) == 600
    assert await stage.programs.balance(stage.account("third")) == 400
    assert await stage.chain.call(token, "totalSupply") == 1000
    assert await stage.chain.call(token, "decimals") == 2
    assert await stage.chain.call(token, "symbol") == "PSU"
    assert await stage.chain.call(token, "DOMAIN_SEPARATOR") == stage.deployment.domain("token").separator


async def test_nobody_else_makes_units(stage):
    await stage.refuses(acts.mint(stage.deployment, stage.account("buyer"), 1), "token: not the issuer", "buyer")


async def test_the_zero_address_is_refused(stage):
    token = stage.deployment.program("token")
    await stage.do(acts.mint(stage.deployment, stage.account("buyer"), 10), "issuer")
    await stage.refuses(acts.Act(token, "mint", (bytes(20), 1)), "token: zero address", "issuer")
    await stage.refuses(acts.transfer(stage.deployment, bytes(20), 1), "token: zero address", "buyer")
    await stage.refuses(acts.Act(token, "approve", (bytes(20), 1)), "token: zero address", "buyer")


async def test_over_balance_and_over_allowance_are_refused(stage):
    token = stage.deployment.program("token")
    await stage.do(acts.mint(stage.deployment, stage.account("buyer"), 10), "issuer")
    await stage.refuses(acts.transfer(stage.deployment, stage.account("third"), 11), "token: over balance", "buyer")
    taking = acts.Act(token, "transferFrom", (stage.account("buyer"), stage.account("third"), 1))
    await stage.refuses(taking, "token: over allowance", "third")
    await stage.do(acts.Act(token, "approve", (stage.account("third"), 1)), "buyer")
    await stage.do(taking, "third")
    await stage.refuses(taking, "token: over allowance", "third")


async def test_a_permit_counts_once(stage):
    act = permitting(stage, "buyer", await permit_of(stage))
    await stage.do(act)
    assert await stage.programs.permit_nonce(stage.account("buyer")) == 1
    await stage.refuses(act, "token: not the owner's permit")


async def test_a_foreign_altered_or_replayed_permit_is_refused(stage):
    reason = "token: not the owner's permit"
    permit = await permit_of(stage)
    await stage.refuses(permitting(stage, "third", permit), reason)
    await stage.refuses(permitting(stage, "buyer", permit, VALUE + 1), reason)
    for other in (
        replace(stage.deployment, chain_id=stage.deployment.chain_id + 1),
        replace(stage.deployment, salt=keccak(b"other salt")),
    ):
        await stage.refuses(permitting(stage, "buyer", await permit_of(stage, deployment=other)), reason)


async def test_a_lapsed_or_high_s_permit_is_refused(stage):
    permit = await permit_of(stage)
    await stage.refuses(
        permitting(stage, "buyer", replace(permit, signature=high_s(permit.signature))), "typed: high s"
    )
    await stage.advance(DAY + 1)
    await stage.refuses(permitting(stage, "buyer", permit), "token: permit lapsed")
