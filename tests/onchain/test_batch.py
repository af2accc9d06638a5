"""Many acts in one transaction: all or none, in the words of who refused, and only what a signature allows."""

from __future__ import annotations

import pytest
from eth_hash.auto import keccak

from contracts import typed_data
from ledger.chain import acts, batch
from ledger.chain.batch import CALLS_MAX, carry_acts

from .test_editions import edition, registering
from .test_licences import agreed, granting


async def several(stage, count):
    agreements = [await agreed(stage, terms_digest=keccak(b"terms %d" % number)) for number in range(count)]
    domain = stage.deployment.domain("licences")
    return [granting(stage, each) for each in agreements], [typed_data.digest(domain, each) for each in agreements]


async def test_a_full_batch_of_licences_and_other_acts_is_one_transaction(stage):
    granted, digests = await several(stage, CALLS_MAX - 1)
    receipt = await stage.do(carry_acts(stage.deployment, [*granted, registering(stage, edition(1))]))
    events = await stage.programs.events("licences", "LicenceGranted")
    assert [event.fields["agreementDigest"] for event in events] == digests
    assert {event.transaction for event in events} == {receipt.transaction}
    assert (await stage.programs.edition(edition(1).edition_id)).number == 1


async def test_one_refusal_is_a_refusal_of_all_in_its_own_words(stage):
    granted, digests = await several(stage, 2)
    await stage.do(granted[0])
    await stage.refuses(carry_acts(stage.deployment, granted[::-1]), "licences: already granted")
    assert await stage.programs.licence(digests[1]) is None


async def test_a_batch_has_no_authority_of_its_own(stage):
    """What is not in the table is refused by its program too: the sender that it sees is nobody's account."""
    await stage.do(registering(stage, edition(1)))
    for act, reason in (
        (acts.withdraw_edition(stage.deployment, edition(1).edition_id), "editions: not the holder"),
        (acts.mint(stage.deployment, stage.account("stranger"), 1), "token: not the issuer"),
        (acts.withdraw(stage.deployment), "channels: nothing to withdraw"),
    ):
        with pytest.raises(AssertionError):
            carry_acts(stage.deployment, [act])
        raw = batch.carry(stage.deployment, [(act.program.name, batch.call_data(act))])
        await stage.refuses(raw, reason, "provider")


async def test_a_call_to_no_program_is_refused(stage):
    act = batch.Act(stage.deployment.program("batch"), "carry", ([(stage.account("buyer"), b"")],))
    await stage.refuses(act, "batch: no program")
