"""The audit reads what others write: the programs' events by their ABI, and the space's document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from connector.exchange.space import Member, Space
from contracts import address
from contracts.onchain import artifacts
from contracts.typed_data import Agreement, members
from ledger.audit import facts, parties
from ledger.audit.parties import SpaceError

DUMMIES = {"bytes32": b"\x01" * 32, "address": b"\x02" * 20}


@dataclass(frozen=True)
class Event:
    name: str
    fields: dict[str, Any]
    block: int = 1
    transaction: bytes = bytes(32)


def abi_events():
    for program in ("editions", "licences", "channels", "anchors"):
        for entry in artifacts.load(program).abi:
            if entry["type"] == "event":
                yield Event(entry["name"], {one["name"]: DUMMIES.get(one["type"], 7) for one in entry["inputs"]})


def test_every_event_that_decides_something_is_in_a_program_with_the_fields_read():
    found = {event.name: event for event in abi_events()}
    assert set(facts._READERS) <= set(found)
    gathered = facts.gather([found["Opened"], *found.values()])
    [channel] = gathered.channels.values()
    assert (channel.claimed, channel.closed, channel.credits) == (7, True, {b"\x02" * 20: 7})
    assert set(channel.opened) >= {"payer", "payee", "splitHash"}
    [log] = gathered.logs.values()
    assert set(log) >= {"owner", "witnesses", "quorum"}
    assert len(gathered.anchors) == len(gathered.editions) == len(gathered.forked) == 1
    [licence] = gathered.licences.values()
    signed = {name for _, name, _ in members(Agreement)} - {"summary"}
    assert signed <= set(licence), "all that is signed but its words is on chain"


def test_events_of_a_channel_that_was_never_opened_are_passed_over():
    assert not facts.gather(event for event in abi_events() if event.name in {"Claimed", "Credited", "Closed"}).channels


def space_document():
    shown = {
        one: Member(
            f"did:web:{one}", one, one, "US", f"http://localhost:70{at}", bytes([at]) * 20, *(bytes([at]) * 32,) * 4
        )
        for at, one in enumerate(["provider", "buyer", "exchange", "regulator"], 10)
    }
    where = {name: address.show(bytes([at]) * 20) for at, name in enumerate(artifacts.PROGRAMS, 1)}
    deployment = {"chainId": "77", "salt": "22" * 32, "addresses": where}
    return Space("did:web:exchange", deployment, {one.did: one for one in shown.values()}, 500, "demo")


def test_the_space_document_is_read_as_it_is_written():
    written = space_document()
    read = parties.parse(written.json())
    assert set(read.parties) == set(written.members)
    for did, member in written.members.items():
        party = read.parties[did]
        assert (party.log_vkey, party.cosigner_vkey) == (member.log_vkey, member.cosigner_vkey)
        assert [one.did for one in read.witnesses_of(did)] == [one.did for one in written.witnesses_of(did)]
        assert read.log_policy(did).met_by(frozenset(one.witness_name for one in written.witnesses_of(did)))


@pytest.mark.parametrize("key", ["exchange", "members", "witnesses", "quorum", "deployment"])
def test_a_space_document_that_lacks_something_is_refused(key):
    document = space_document().json()
    for broken in ({**document, key: None}, {name: value for name, value in document.items() if name != key}):
        if key == "exchange" and broken.get(key, 1) is None:
            continue
        with pytest.raises(SpaceError):
            parties.parse(broken)
