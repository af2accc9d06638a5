"""Many licences in one call: each as if it were granted alone, all or none, and by halves where one is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
from eth_hash.auto import keccak

from connector.store.rows.chain import ActState
from contracts import typed_data
from ledger.chain import grants
from ledger.chain.batch import CALLS_MAX
from ledger.chain.client import Act, call_data
from ledger.chain.errors import ChainRefused

from .earlier import set_up
from .stage import MINED_SECONDS
from .test_channels import high_s
from .test_licences import agreed, granting
from .test_transactions import Outbox, licences

SEVERAL, GRANT = 5, grants.GRANT


@pytest.fixture
async def outbox(stage, store):
    made = Outbox(stage, store)
    yield made
    await made.transactions.close()


async def several(stage, count=SEVERAL):
    """Agreements that differ in everything that is an agreement's own, of two kinds."""
    base = await agreed(stage)
    return [
        replace(
            base,
            terms_digest=keccak(b"terms %d" % number),
            product=keccak(b"product %d" % (number % 2)),
            price_cap=(1 << 128) - 1 - number,
            not_after=base.not_after + number,
            summary=f"number {number}",
        )
        for number in range(count)
    ]


async def sent(stage, data):
    """The receipt of a call of the licences program, as bytes."""
    where, key = stage.deployment.addresses["licences"], stage.key("stranger")
    signed = await stage.chain.sign_call(where, data, nonce=await stage.chain.nonce(stage.account("stranger")), key=key)
    return await stage.chain.wait(await stage.chain.send(signed.raw), MINED_SECONDS)


def laid_out(acts):
    return grants.together([call_data(act) for act in acts])


async def test_each_licence_is_the_one_it_would_be_alone(stage):
    agreements = await several(stage)
    receipt = await sent(stage, laid_out([granting(stage, each) for each in agreements]))
    assert receipt.succeeded
    together = await stage.programs.events("licences", "LicenceGranted")
    for agreement, event in zip(agreements, together, strict=True):
        digest = typed_data.digest(stage.deployment.domain("licences"), agreement)
        assert event.fields["agreementDigest"] == digest
        licence = await stage.programs.licence(digest)
        assert (licence.provider, licence.buyer, licence.parent) == (agreement.provider, agreement.buyer, None)
        assert int(licence.not_after.timestamp()) == agreement.not_after
        assert licence.granted_at == (await stage.chain.block(receipt.block)).at
        assert await stage.programs.in_force(digest)
    # and the event has every field that it has alone
    other = replace(agreements[0], terms_digest=keccak(b"alone"))
    await stage.do(granting(stage, other))
    alone = (await stage.programs.events("licences", "LicenceGranted"))[-1]
    differs = {"agreementDigest", "termsDigest"}
    assert {name: value for name, value in alone.fields.items() if name not in differs} == {
        name: value for name, value in together[0].fields.items() if name not in differs
    }


async def refuses(stage, data, reason):
    """The call is refused in these words, and no licence is there after it."""
    where = stage.deployment.addresses["licences"]
    with pytest.raises(ChainRefused) as refusal:
        await stage.chain.answer(where, data, stage.account("stranger"))
    assert refusal.value.reason.removeprefix("execution reverted: ") == reason


async def test_one_refusal_is_a_refusal_of_all_in_the_words_of_a_single_grant(stage):
    good = [granting(stage, each) for each in await several(stage, 2)]
    base = await agreed(stage)
    signed = [stage.sign(base, actor, "licences") for actor in ("provider", "buyer")]

    def with_signatures(by_provider, by_buyer):
        return Act(good[0].program, "grant", (granting(stage, base).args[0], by_provider, by_buyer))

    past = granting(stage, await agreed(stage, not_after=await stage.now() - 1))
    cases = {
        "licences: not the provider's signature": granting(stage, base, provider="stranger"),
        "licences: not the buyer's signature": granting(stage, base, buyer="stranger"),
        "licences: past its end": past,
        "licences: already granted": good[0],
        "typed: high s": with_signatures(signed[0], high_s(signed[1])),
        "typed: no signature": with_signatures(bytes(64) + b"\x1b", signed[1]),
    }
    for reason, bad in cases.items():
        await refuses(stage, laid_out([*good, bad]), reason)
    assert await stage.programs.events("licences", "LicenceGranted") == []


async def test_a_grant_of_no_kind_or_with_stray_bits_is_refused(stage):
    data = laid_out([granting(stage, await agreed(stage))])
    last = len(data) - 8 * 32
    no_kind = data[: last + 3 * 32 + 28] + b"\x00\x01" + data[last + 3 * 32 + 30 :]
    wide_buyer = data[:last] + b"\x01" + data[last + 1 :]
    for spoiled in (no_kind, wide_buyer):
        with pytest.raises(ChainRefused):
            await stage.chain.answer(stage.deployment.addresses["licences"], spoiled, stage.account("stranger"))
    # nothing but the four empty bytes may be changed without a refusal, and they mean nothing
    stray = data[: last + 3 * 32 + 24] + b"\xff" * 4 + data[last + 3 * 32 + 28 :]
    assert (await sent(stage, stray)).succeeded
    assert len(await stage.programs.events("licences", "LicenceGranted")) == 1


async def test_how_many_go_together(stage):
    acts = [granting(stage, each) for each in await several(stage)]
    calls = [(act.program.name, act.function, call_data(act)) for act in acts]
    assert grants.run(calls, 256) == SEVERAL
    assert grants.run(calls, 3) == 3
    assert grants.run(calls, 0) == 0
    assert grants.run([*calls[:2], ("token", "permit", b"")], 256) == 2
    assert grants.run(calls * 50, 256) == grants.GRANTS_MAX
    several_kinds = [(*GRANT, call_data(granting(stage, await agreed(stage, product=keccak(b"%d" % number)))))
                     for number in range(grants.KINDS_MAX + 2)]  # fmt: skip
    assert grants.run(several_kinds, 256) == grants.KINDS_MAX
    assert not grants.fits(*GRANT, calls[0][2] + b"memo")


async def test_licences_that_wait_go_by_the_hundred(outbox):
    wanted = await licences(outbox.stage, grants.GRANTS_MAX + 2)
    await outbox.want(**wanted)
    outbox.transactions.start()
    rows = await outbox.ended(*wanted)
    assert {row.state for row in rows} == {ActState.MINED}
    assert len(await outbox.sends()) == 2
    events = await outbox.stage.programs.events("licences", "LicenceGranted")
    assert [f"licence:{event.fields['agreementDigest'].hex()}" for event in events] == list(wanted)


async def test_one_that_is_refused_is_found_by_halves(outbox):
    wanted = await licences(outbox.stage, 15)
    unsigned = granting(outbox.stage, await agreed(outbox.stage), provider="stranger")
    await outbox.want(**wanted, **{"licence:bad": unsigned})
    outbox.transactions.start()
    rows = await outbox.ended(*wanted, "licence:bad")
    assert [row.state for row in rows] == [ActState.MINED] * 15 + [ActState.REVERTED]
    assert "not the provider's signature" in rows[-1].error
    # 8, 4, 2 and 1 beside it: what is refused in a trial is not sent
    assert len(await outbox.sends()) == 4


async def test_programs_of_before_take_licences_as_they_did(stage, store):
    """A space that was set up before keeps its programs: 32 in a batch, and the new call is never tried on it."""
    earlier = await set_up(stage)
    assert await earlier.programs.most_grants() == 0
    await earlier.programs.confirm()
    outbox = Outbox(earlier, store)
    wanted = await licences(earlier, CALLS_MAX + 8)
    await outbox.want(**wanted)
    outbox.transactions.start()
    rows = await outbox.ended(*wanted)
    await outbox.transactions.close()
    assert {row.state for row in rows} == {ActState.MINED}
    sends = await outbox.sends()
    assert len(sends) == 2
    assert all(earlier.deployment.addresses["batch"] in send["raw"] for send in sends)
    assert len(await earlier.programs.events("licences", "LicenceGranted")) == CALLS_MAX + 8
