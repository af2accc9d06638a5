"""The channels program, clause by clause of spec 3; refusals are tests with their names."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import replace

import pytest
from eth_hash.auto import keccak

from contracts.split import Split
from contracts.typed_data import Final
from ledger.chain import acts
from ledger.chain.deployment import deploy

from .stage import DAY, DEPOSIT

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
T = b"\xaa" * 32
LOCK = hashlib.sha256(T).digest()
RULING = keccak(b"ruling")


def high_s(signed):
    s = ORDER - int.from_bytes(signed[32:64], "big")
    return signed[:32] + s.to_bytes(32, "big") + bytes((55 - signed[64],))


# --- opening ---


async def test_open_with_permit_locks_the_deposit_under_the_specified_id(stage):
    await stage.do(acts.mint(stage.deployment, stage.account("buyer"), DEPOSIT), "issuer")
    opening = await stage.opening()
    nonce = await stage.programs.permit_nonce(stage.account("buyer"))
    permit = acts.sign_permit(
        stage.deployment, stage.key("buyer"), value=DEPOSIT, nonce=nonce, deadline=await stage.now() + DAY
    )
    await stage.do(acts.open_channel(stage.deployment, opening, DEPOSIT, permit), "buyer")
    channel_id = acts.channel_id(stage.deployment, stage.account("buyer"), opening)
    channel = await stage.programs.channel(channel_id)
    assert (channel.payer, channel.payee) == (stage.account("buyer"), stage.account("provider"))
    assert (channel.deposit, channel.claimed, channel.closed) == (DEPOSIT, 0, False)
    assert channel.split_hash == opening.split.hash
    assert await stage.programs.balance(stage.deployment.addresses["channels"]) == DEPOSIT
    [opened] = await stage.programs.events("channels", "Opened", channelId=channel_id)
    assert opened.fields["payees"] == (stage.account("provider"), stage.account("exchange"))
    assert opened.fields["bps"] == (9000, 1000)
    assert opened.fields["deposit"] == DEPOSIT


async def test_a_permit_that_a_stranger_brought_first_does_not_block_the_opening(stage):
    await stage.do(acts.mint(stage.deployment, stage.account("buyer"), DEPOSIT), "issuer")
    opening = await stage.opening()
    permit = acts.sign_permit(
        stage.deployment, stage.key("buyer"), value=DEPOSIT, nonce=0, deadline=await stage.now() + DAY
    )
    r, s, v = permit.signature[:32], permit.signature[32:64], permit.signature[64]
    owner, spender = stage.account("buyer"), stage.deployment.addresses["channels"]
    token = stage.deployment.program("token")
    await stage.do(acts.Act(token, "permit", (owner, spender, DEPOSIT, permit.deadline, v, r, s)))
    await stage.do(acts.open_channel(stage.deployment, opening, DEPOSIT, permit), "buyer")


@pytest.mark.parametrize("field", ["signer", "payee", "token"])
async def test_zero_address_is_refused(stage, field):
    await stage.fund()
    nobody = bytes(20)
    reason = "channels: zero address"
    if field == "payee":
        opening = await stage.opening(split=Split(((stage.account("provider"), 5000), (nobody, 5000))))
    else:
        opening = await stage.opening(**{field: nobody})
        reason = "channels: no token" if field == "token" else reason
    await stage.refuses(acts.open_channel(stage.deployment, opening, DEPOSIT), reason, "buyer")


@pytest.mark.parametrize(
    ("payees", "bps", "reason"),
    [
        (["provider", "exchange"], [9000, 999], "channels: split is not whole"),
        (["provider", "exchange"], [9000, 1001], "channels: split is not whole"),
        (["provider", "exchange"], [10000], "channels: split of unequal length"),
        ([], [], "channels: split of unequal length"),
    ],
)
async def test_a_split_that_is_not_whole_is_refused(stage, payees, bps, reason):
    await stage.fund()
    signer, _, _, *rest = (await stage.opening()).args()
    args = (signer, [stage.account(payee) for payee in payees], bps, *rest)
    await stage.refuses(acts.Act(stage.deployment.program("channels"), "open", (args, DEPOSIT)), reason, "buyer")


async def test_an_id_is_burnt_for_ever(stage):
    opening = await stage.opening()
    await stage.fund(2 * DEPOSIT)
    await stage.do(acts.open_channel(stage.deployment, opening, DEPOSIT), "buyer")
    again = acts.open_channel(stage.deployment, replace(opening, expiry=opening.expiry + 1), DEPOSIT)
    await stage.refuses(again, "channels: id already used", "buyer")
    await stage.do(
        acts.close(stage.deployment, acts.channel_id(stage.deployment, stage.account("buyer"), opening)), "provider"
    )
    await stage.refuses(again, "channels: id already used", "buyer")


async def test_a_freeze_agreed_for_ever_is_refused(stage):
    opening = await stage.opening(freeze_seconds=91 * DAY)
    await stage.refuses(
        acts.open_channel(stage.deployment, opening, DEPOSIT), "channels: freeze period too long", "buyer"
    )


async def test_an_expiry_past_or_too_far_is_refused(stage):
    await stage.fund()
    for expiry, reason in ((0, "channels: past expiry"), (11 * 365 * DAY, "channels: expiry too far")):
        opening = await stage.opening(expiry=await stage.now() + expiry)
        await stage.refuses(acts.open_channel(stage.deployment, opening, DEPOSIT), reason, "buyer")


async def test_deposit_and_expiry_only_grow_and_only_by_the_payer(stage):
    channel = await stage.open()
    await stage.fund(500)
    before = await stage.programs.channel(channel)
    expiry = int(before.expiry.timestamp())
    await stage.refuses(acts.top_up(stage.deployment, channel, 500), "channels: not the payer", "stranger")
    await stage.refuses(acts.extend(stage.deployment, channel, expiry + 1), "channels: not the payer", "provider")
    await stage.refuses(acts.extend(stage.deployment, channel, expiry), "channels: expiry only grows", "buyer")
    await stage.do(acts.top_up(stage.deployment, channel, 500), "buyer")
    await stage.do(acts.extend(stage.deployment, channel, expiry + DAY), "buyer")
    after = await stage.programs.channel(channel)
    assert after.deposit == DEPOSIT + 500
    assert int(after.expiry.timestamp()) == expiry + DAY


# --- claiming ---


async def test_a_locked_voucher_is_claimed_with_its_preimage_by_anyone(stage):
    channel = await stage.open()
    voucher = stage.voucher(channel, 1001, lock=LOCK, valid_until=await stage.now() + 1000)
    await stage.do(acts.claim(stage.deployment, voucher, stage.sign(voucher), T), "stranger")
    [claimed] = await stage.programs.events("channels", "Claimed", channelId=channel)
    assert claimed.fields["preimage"] == T
    assert claimed.fields["cumulativeAmount"] == 1001
    assert claimed.fields["accountHash"] == voucher.account_hash
    assert await stage.credits("provider", "exchange") == [900, 100]


async def test_stale_voucher_is_refused(stage):
    channel = await stage.open()
    await stage.do(stage.claim(channel, 1000))
    await stage.refuses(stage.claim(channel, 1000, seq=2), "channels: stale voucher")
    await stage.refuses(stage.claim(channel, 999, seq=3), "channels: stale voucher")


async def test_foreign_signer_is_refused(stage):
    channel = await stage.open()
    voucher = stage.voucher(channel, 1000)
    for actor in ("stranger", "buyer", "provider"):
        act = acts.claim(stage.deployment, voucher, stage.sign(voucher, actor))
        await stage.refuses(act, "channels: foreign signer")


async def test_an_altered_voucher_is_refused(stage):
    channel = await stage.open()
    signed = stage.sign(stage.voucher(channel, 1000))
    await stage.refuses(acts.claim(stage.deployment, stage.voucher(channel, 1001), signed), "channels: foreign signer")


async def test_a_voucher_of_another_channel_is_refused(stage):
    first, second = await stage.open(), await stage.open()
    signed = stage.sign(stage.voucher(first, 1000))
    await stage.refuses(acts.claim(stage.deployment, stage.voucher(second, 1000), signed), "channels: foreign signer")


async def test_a_voucher_of_another_chain_is_refused(stage):
    channel = await stage.open()
    voucher = stage.voucher(channel, 1000)
    other = replace(stage.deployment, chain_id=stage.deployment.chain_id + 1)
    act = acts.claim(stage.deployment, voucher, stage.sign(voucher, deployment=other))
    await stage.refuses(act, "channels: foreign signer")


async def test_a_voucher_of_another_salt_is_refused(stage):
    channel = await stage.open()
    voucher = stage.voucher(channel, 1000)
    other = replace(stage.deployment, salt=secrets.token_bytes(32))
    act = acts.claim(stage.deployment, voucher, stage.sign(voucher, deployment=other))
    await stage.refuses(act, "channels: foreign signer")


async def test_a_voucher_of_another_program_is_refused(stage):
    channel = await stage.open()
    voucher = stage.voucher(channel, 1000)
    act = acts.claim(stage.deployment, voucher, stage.sign(voucher, program="licences"))
    await stage.refuses(act, "channels: foreign signer")


async def test_a_second_deployment_takes_nothing_of_the_first(embedded_stage):
    stage = embedded_stage
    channel = await stage.open()
    second = await deploy(stage.chain, stage.key("issuer"))
    voucher = stage.voucher(channel, 1000)
    await stage.refuses(acts.claim(second, voucher, stage.sign(voucher)), "channels: unknown")


async def test_over_deposit_is_refused(stage):
    channel = await stage.open()
    await stage.refuses(stage.claim(channel, DEPOSIT + 1), "channels: over deposit")
    await stage.do(stage.claim(channel, DEPOSIT))


async def test_claim_after_close_is_refused(stage):
    channel = await stage.open()
    await stage.do(acts.close(stage.deployment, channel), "provider")
    await stage.refuses(stage.claim(channel, 1000), "channels: closed")


async def test_an_unknown_channel_is_refused(stage):
    await stage.refuses(stage.claim(keccak(b"no channel"), 1000), "channels: unknown")


async def test_missing_preimage_is_refused(stage):
    channel = await stage.open()
    voucher = stage.voucher(channel, 1000, lock=LOCK)
    signed = stage.sign(voucher)
    await stage.refuses(acts.claim(stage.deployment, voucher, signed), "channels: missing preimage")
    await stage.refuses(acts.claim(stage.deployment, voucher, signed, b"\xab" * 32), "channels: missing preimage")


async def test_a_preimage_where_there_is_no_lock_is_refused(stage):
    channel = await stage.open()
    voucher = stage.voucher(channel, 1000)
    act = acts.claim(stage.deployment, voucher, stage.sign(voucher), T)
    await stage.refuses(act, "channels: preimage without lock")


async def test_high_s_is_refused(stage):
    channel = await stage.open()
    voucher = stage.voucher(channel, 1000)
    await stage.refuses(acts.claim(stage.deployment, voucher, high_s(stage.sign(voucher))), "typed: high s")


async def test_a_broken_signature_is_refused(stage):
    channel = await stage.open()
    voucher = stage.voucher(channel, 1000)
    signed = stage.sign(voucher)
    broken = {signed[:64]: "typed: wrong length", signed[:64] + b"\x1d": "typed: no signature"}
    for broken_signature, reason in broken.items():
        await stage.refuses(acts.claim(stage.deployment, voucher, broken_signature), reason)


async def test_a_lapsed_voucher_is_refused(stage):
    channel = await stage.open()
    act = stage.claim(channel, 1000, valid_until=await stage.now() + 500)
    await stage.advance(1000)
    await stage.refuses(act, "channels: voucher lapsed")


# --- closing ---


async def test_the_payee_closes_and_everybody_withdraws_its_own(stage):
    channel = await stage.open()
    await stage.do(stage.claim(channel, 3333))
    await stage.refuses(acts.close(stage.deployment, channel), "channels: not the payee", "exchange")
    await stage.do(acts.close(stage.deployment, channel), "provider")
    assert await stage.credits("provider", "exchange", "buyer") == [3000, 333, DEPOSIT - 3333]
    for actor, amount in (("provider", 3000), ("exchange", 333), ("buyer", DEPOSIT - 3333)):
        await stage.do(acts.withdraw(stage.deployment), actor)
        assert await stage.programs.balance(stage.account(actor)) == amount
        await stage.refuses(acts.withdraw(stage.deployment), "channels: nothing to withdraw", actor)
    assert await stage.programs.balance(stage.deployment.addresses["channels"]) == 0


async def test_refund_too_early_is_refused(stage):
    channel = await stage.open(expiry=await stage.now() + 1000)
    await stage.refuses(acts.refund(stage.deployment, channel), "channels: refund too early", "buyer")
    await stage.advance(1001)
    await stage.refuses(acts.refund(stage.deployment, channel), "channels: not the payer", "stranger")
    await stage.do(acts.refund(stage.deployment, channel), "buyer")
    assert await stage.credits("buyer") == [DEPOSIT]
    await stage.refuses(acts.refund(stage.deployment, channel), "channels: closed", "buyer")


async def test_both_signatures_close_at_any_amount_from_claimed_up(stage):
    channel = await stage.open()
    await stage.do(stage.claim(channel, 1000))
    final = Final(channel, 999, keccak(b"account"), 0)
    both = stage.sign(final), stage.sign(final, "provider")
    await stage.refuses(acts.finalise(stage.deployment, final, *both), "channels: final below claimed")
    final = replace(final, final_amount=2000)
    by_signer, by_payee = stage.sign(final), stage.sign(final, "provider")
    one_sided = acts.finalise(stage.deployment, final, by_signer, by_signer)
    await stage.refuses(one_sided, "channels: not the payee's signature")
    await stage.refuses(acts.finalise(stage.deployment, final, by_payee, by_payee), "channels: foreign signer")
    await stage.do(acts.finalise(stage.deployment, final, by_signer, by_payee))
    assert await stage.credits("provider", "exchange", "buyer") == [1800, 200, DEPOSIT - 2000]


async def test_a_final_over_the_deposit_is_refused(stage):
    channel = await stage.open()
    final = Final(channel, DEPOSIT + 1, keccak(b"account"), 0)
    act = acts.finalise(stage.deployment, final, stage.sign(final), stage.sign(final, "provider"))
    await stage.refuses(act, "channels: over deposit")
