"""The audit reads what others write: the programs' events by their ABI."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from contracts.onchain import artifacts
from contracts.typed_data import Agreement, members
from ledger.audit import facts

DUMMIES = {"bytes32": b"\x01" * 32, "address": b"\x02" * 20}


@dataclass(frozen=True)
class Event:
    name: str
    fields: dict[str, Any]
    block: int = 1
    transaction: bytes = bytes(32)


def dummy(entry):
    """Return a value of the type of an ABI entry: 7 for a number, and for a struct one of each member."""
    if entry["type"] == "tuple":
        return {one["name"]: dummy(one) for one in entry["components"]}
    return DUMMIES.get(entry["type"], 7)


def abi_events():
    for program in ("editions", "licences", "channels", "anchors"):
        for entry in artifacts.load(program).abi:
            if entry["type"] == "event":
                yield Event(entry["name"], {one["name"]: dummy(one) for one in entry["inputs"]})


def test_every_event_that_decides_something_is_in_a_program_with_the_fields_read():
    found = {event.name: event for event in abi_events()}
    assert set(facts._READERS) <= set(found)
    gathered = facts.gather([found["Opened"], *found.values()])
    [channel] = gathered.channels.values()
    assert (channel.claimed, channel.closed, channel.credits) == (7, True, {b"\x02" * 20: 7})
    assert set(channel.opened) >= {"payer", "payee", "splitHash"}
    [[log]] = gathered.logs.values()
    assert set(log.fields) >= {"owner", "witnesses", "quorum"}
    assert len(gathered.anchors) == len(gathered.editions) == len(gathered.forked) == 1
    [licence] = gathered.licences.values()
    signed = {name for _, name, _ in members(Agreement)} - {"summary"}
    assert signed <= set(licence), "all that is signed but its words is on chain"


def test_events_of_a_channel_that_was_never_opened_are_passed_over():
    assert not facts.gather(event for event in abi_events() if event.name in {"Claimed", "Credited", "Closed"}).channels
