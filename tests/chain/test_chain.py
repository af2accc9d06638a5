"""The chain door: signing without sending, sending twice, fees, events, proofs, and whose fault it was."""

from __future__ import annotations

import socket
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from eth_account import Account

from contracts.errors import ContractError
from ledger.chain import acts
from ledger.chain.client import Chain, read_time
from ledger.chain.deployment import Deployment, borne_out
from ledger.chain.errors import ChainRefused, ChainUnreachable
from ledger.chain.programs import Programs
from ledger.chain.state_proof import StateProof, StateProofError, slot_of

from .conftest import HOST, KEY


async def test_signed_is_not_sent_and_sent_twice_counts_once(programs):
    chain = programs.chain
    act = acts.mint(programs.deployment, HOST, 3)
    signed = await chain.sign_transaction(act, nonce=await chain.nonce(HOST), key=KEY)
    assert await chain.receipt(signed.hash) is None
    assert await programs.balance(HOST) == 0
    for _ in range(3):
        assert await chain.send(signed.raw) == signed.hash
    assert await programs.balance(HOST) == 3
    assert (await chain.receipt(signed.hash)).succeeded


async def test_another_transaction_with_a_used_nonce_is_refused(programs):
    nonce = await programs.chain.nonce(HOST)
    one, other = [
        await programs.chain.sign_transaction(acts.mint(programs.deployment, HOST, amount), nonce=nonce, key=KEY)
        for amount in (1, 2)
    ]
    await programs.chain.send(one.raw)
    # anvil may still have the first one waiting for its block
    with pytest.raises(ChainRefused, match=r"nonce too low|replacement transaction underpriced"):
        await programs.chain.send(other.raw)


async def test_a_chain_without_fees_gets_legacy_transactions_with_a_chain_id(programs):
    act = acts.mint(programs.deployment, HOST, 3)
    signed = await programs.chain.sign_transaction(act, nonce=9, key=KEY)
    assert signed.raw[0] >= 0xC0, "a legacy transaction is a bare list"
    assert Account.recover_transaction(signed.raw) == Account.from_key(KEY).address


async def test_a_refusal_has_the_programs_words(programs):
    with pytest.raises(ChainRefused) as refusal:
        await programs.chain.sign_transaction(acts.transfer(programs.deployment, HOST, 3), nonce=9, key=KEY)
    assert refusal.value.reason == "token: over balance"


async def test_a_program_that_is_not_there_is_said_so(programs):
    elsewhere = replace(programs.deployment, addresses=dict.fromkeys(programs.deployment.addresses, b"\x09" * 20))
    with pytest.raises(ChainRefused, match="no `licences` program"):
        await Programs(programs.chain, elsewhere).licence(bytes(32))


async def test_a_deployment_is_confirmed_or_said_to_be_another(programs):
    await programs.confirm()
    other = replace(programs.deployment, salt=bytes(32))
    with pytest.raises(ChainRefused, match="belongs to another deployment"):
        await Programs(programs.chain, other).confirm()


async def test_nobody_there_is_unreachable():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    chain = Chain.connect(f"http://127.0.0.1:{port}")
    for question in (chain.chain_id(), chain.newest(), chain.send(b"\x01"), chain.proof(HOST, [], 0)):
        with pytest.raises(ChainUnreachable, match="no answer"):
            await question
    await chain.close()


async def test_waiting_has_an_end(programs):
    with pytest.raises(ChainUnreachable, match="not mined yet"):
        await programs.chain.wait(bytes(32), 0.05)


def test_milliseconds_are_read_as_seconds():
    moment = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    stamp = int(moment.timestamp())
    assert read_time(stamp) == read_time(stamp * 1000) == read_time(stamp * 1000 + 999) == moment


async def test_events_come_whole_over_many_pages(programs, monkeypatch):
    from ledger.chain import client as chain

    for amount in range(1, 8):
        await programs.perform(acts.mint(programs.deployment, HOST, amount), KEY)
    monkeypatch.setattr(chain, "EVENT_PAGE_BLOCKS", 3)
    events = await programs.events("token")
    assert [event.fields["value"] for event in events] == list(range(1, 8))
    assert {event.name for event in events} == {"Transfer"}
    assert await programs.events("token", "Transfer", receiver=HOST) == events
    assert await programs.events("token", "Transfer", sender=HOST) == []
    middle = events[3].block
    assert await programs.events("token", "Transfer", middle, middle) == [events[3]]


async def test_events_come_whole_from_a_node_that_answers_few_at_once(programs, monkeypatch):
    from ledger.embedded import index

    for amount in range(1, 8):
        await programs.perform(acts.mint(programs.deployment, HOST, amount), KEY)
    monkeypatch.setattr(index, "MAX_LOGS", 2)
    assert [event.fields["value"] for event in await programs.events("token")] == list(range(1, 8))
    monkeypatch.setattr(index, "MAX_LOGS", 0)
    with pytest.raises(ChainRefused, match="more than 0 logs"):
        await programs.events("token")


async def test_a_proof_holds_under_its_root_and_no_other(programs):
    await programs.perform(acts.mint(programs.deployment, HOST, 3), KEY)
    token = programs.deployment.addresses["token"]
    newest = await programs.chain.newest()
    slot = slot_of(7, HOST)
    proof = await programs.chain.proof(token, [slot, 99], newest.number)
    proof.verify(newest.state_root)
    key = slot.to_bytes(32, "big")
    value, nodes = proof.slots[key]
    assert value == 3
    assert proof.slots[(99).to_bytes(32, "big")][0] == 0
    earlier = await programs.chain.block(newest.number - 1)
    with pytest.raises(StateProofError):
        proof.verify(earlier.state_root)
    forgeries = [
        replace(proof, slots={key: (4, nodes)}),
        replace(proof, slots={key: (0, nodes)}),
        replace(proof, slots={key: (3, ())}),
        replace(proof, slots={key: (3, nodes[:-1])}),
        replace(proof, nonce=proof.nonce + 1),
        replace(proof, balance=1),
        replace(proof, nodes=()),
        replace(proof, address=HOST),
    ]
    for forged in forgeries:
        with pytest.raises(StateProofError):
            forged.verify(newest.state_root)


async def test_an_absent_account_is_proven_absent(programs):
    newest = await programs.chain.newest()
    proof = await programs.chain.proof(b"\x09" * 20, [5], newest.number)
    proof.verify(newest.state_root)
    assert (proof.nonce, proof.balance) == (0, 0)
    with pytest.raises(StateProofError):
        replace(proof, balance=1).verify(newest.state_root)


@pytest.mark.parametrize("document", [{}, {"storageProof": 5}, {"storageProof": [{"key": "x"}]}])
def test_what_is_no_proof_document_is_refused(document):
    with pytest.raises(StateProofError):
        StateProof.from_json(document)


async def test_events_are_looked_for_since_the_deployment_and_its_word_is_checked(programs):
    deployment, chain = programs.deployment, programs.chain
    assert deployment.since > 0
    await programs.perform(acts.mint(deployment, HOST, 5), KEY)
    everything = await programs.events("token")
    assert [event.name for event in everything][-1] == "Transfer"
    assert await Programs(chain, replace(deployment, since=0)).events("token") == everything
    assert (await borne_out(chain, deployment)).since == deployment.since
    # whoever says a later block would have us overlook what came before it
    late = replace(deployment, since=(await chain.newest()).number + 1)
    assert await Programs(chain, late).events("token") == []
    assert (await borne_out(chain, late)).since == 0


async def test_a_deployment_survives_json(programs):
    deployment = programs.deployment
    survived = Deployment.from_json(deployment.json())
    assert (survived, survived.since) == (deployment, deployment.since)
    unsaid = {name: value for name, value in deployment.json().items() if name != "since"}
    assert Deployment.from_json(unsaid).since == 0
    with pytest.raises(ValueError, match="salt"):
        Deployment(1, b"short", deployment.addresses)
    # a document of before there were several currencies names none
    assert "currency" not in deployment.json()
    assert survived.currency == "CNY"
    euros = replace(deployment, currency="EUR")
    assert Deployment.from_json(euros.json()) == euros != deployment
    with pytest.raises(ContractError, match="`JPY` has no decimals"):
        Deployment.from_json(deployment.json() | {"currency": "JPY"})
