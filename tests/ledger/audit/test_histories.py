"""One history of each log: what chain, peers and witnesses hold against it, and what the chain lacks or contradicts."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from ledger.audit import heads
from ledger.chain.standing import did_digest
from ledger.dispute import fork_proof
from ledger.log import aggregate, merkle, mirror
from ledger.log import checkpoint as checkpoints
from ledger.log.aggregate import FinalHead
from ledger.log.checkpoint import Checkpoint, origin_id
from tests.ledger.audit.world import errors


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("LicenceGranted", "licence-missing"),
        ("EditionRegistered", "edition-unregistered"),
        ("Opened", "channel-unknown"),
        ("Anchored", "log-not-anchored"),
        ("LogRegistered", "log-not-registered"),
    ],
)
async def test_what_the_chain_lacks_is_found(world, name, code):
    world.chain = [event for event in world.chain if event.name != name]
    world.go_on()
    assert code in errors(await world.audit())


@pytest.mark.parametrize(
    ("name", "changes", "code"),
    [
        ("LicenceGranted", {"priceCap": 1}, "licence-differs"),
        ("LicenceGranted", {"agreementDigest": b"\x01" * 32}, "licence-without-agreement"),
        ("Opened", {"splitHash": b"\x01" * 32}, "split-differs"),
        ("Credited", {"amount": 1}, "split-differs"),
        ("Claimed", {"accountHash": b"\x01" * 32}, "claim-unknown"),
        ("Closed", {"claimed": 9_999}, "settlement-differs"),
        ("Closed", {"claimed": 9_999}, "settlement-log-differs"),
        ("LogRegistered", {"owner": b"\x01" * 20}, "anchor-owner-differs"),
        ("LogRegistered", {"quorum": 1}, "anchor-witnesses-differ"),
        ("LogRegistered", {"witnesses": [b"\x01" * 20, b"\x02" * 20]}, "anchor-witnesses-differ"),
        ("Anchored", {"root": b"\x01" * 32}, "anchor-without-checkpoint"),
    ],
)
async def test_what_the_chain_contradicts_is_found(world, name, changes, code):
    at = next(at for at, event in enumerate(world.chain) if event.name == name)
    world.chain[at] = replace(world.chain[at], fields={**world.chain[at].fields, **changes})
    world.go_on()
    assert code in errors(await world.audit())


async def test_a_fork_reported_on_chain_is_found(world):
    world.mine("Forked", origin=origin_id(world["provider"].origin), size=1, rootA=b"", rootB=b"")
    assert "log-forked-on-chain" in errors(await world.audit())


async def test_an_open_channel_is_only_a_warning(world):
    world.chain = [event for event in world.chain if event.name not in {"Claimed", "Credited", "Closed"}]
    for at in [at for at, one in enumerate(world["provider"].records) if one.kind == "channel.closed"][::-1]:
        world["provider"].alter(at, cumulative="0")
    report = await world.audit()
    assert "release-not-settled" in report.codes() - errors(report)


async def test_two_histories_of_a_log_are_found_by_its_peers(world):
    exchange, buyer = world["exchange"], world["buyer"]
    other = mirror.build([b"another", b"history"])
    exchange.peers.append(checkpoints.sign(Checkpoint(buyer.origin, 2, other.root()), buyer.key).encode())
    forged = Checkpoint(buyer.origin, 2, b"\x01" * 32)
    exchange.peers.append(checkpoints.sign(forged, exchange.key).encode())
    exchange.peers.append("not a note")
    report = await world.audit()
    found = [one for one in report.findings if one.code == "peer-saw-other-log"]
    assert [(one.subject, one.facts["peer"]) for one in found] == [(buyer.did, exchange.did)], "its own word"


async def test_a_fork_that_a_peer_can_prove_is_found_and_a_made_up_one_is_not(world):
    exchange, buyer = world["exchange"], world["buyer"]
    log = mirror.build(one[1] for one in buyer.entries())
    true = checkpoints.sign(Checkpoint(buyer.origin, log.size, log.root()), buyer.key).encode()
    lie, honest = (
        checkpoints.sign(Checkpoint(buyer.origin, 3, root), buyer.key).encode() for root in (b"\x01" * 32, log.root(3))
    )
    proof = merkle.prefix_proof(log.span, 3, log.size)
    made_up = fork_proof.document(honest, true, proof)
    exchange.forks = [fork_proof.document(lie, true, proof), made_up, {"origin": buyer.origin}, 7]
    found = [one for one in (await world.audit()).findings if one.code == "log-forked-proven"]
    assert [(one.subject, one.facts["peer"], one.facts["old"]) for one in found] == [(buyer.did, exchange.did, "3")]


async def test_a_log_without_an_independent_witness_is_found(world, monkeypatch):
    monkeypatch.setattr(heads, "_has_no_stake", lambda space, witness, payees: witness.address in payees)
    report = await world.audit()
    assert "no-independent-witness" in errors(report)


async def test_a_head_newer_than_the_published_one_is_followed_by_its_tiles(world):
    """A peer may hold a head that its log has signed but not published yet; the tiles show that the log just grew."""
    buyer, exchange = world["buyer"], world["exchange"]
    sealed = [one[1] for one in buyer.entries()]
    size = len(sealed) - 2
    world.overrides = {f"{buyer.url}/log/checkpoint": buyer.note(size, world.space).encode().encode()}
    for path, body in mirror.files(mirror.build(sealed), size, buyer.note(size, world.space)):
        world.overrides.setdefault(f"{buyer.url}/log/{path}", body)
    boxes = [buyer._boxes(at) for at in range(size)]
    world.overrides[f"{buyer.url}/log/addenda/0-{size}"] = json.dumps(boxes).encode()
    exchange.peers = [note for note in exchange.peers if not note.startswith(buyer.origin)]
    exchange.peers.append(buyer.note(len(sealed), world.space).encode())
    report = await world.audit()
    assert not [
        one for one in report.findings if one.code == "peer-saw-other-log" and one.facts["peer"] == exchange.did
    ]


async def test_the_attestation_over_final_heads_is_verified(world):
    keys = {name: aggregate.secret(bytes([at]) * 32) for at, name in enumerate(["exchange", "regulator"], 1)}
    document = world.document()
    for member in document["members"]:
        if member["role"] in keys:
            key = keys[member["role"]]
            member |= {"aggregate": aggregate.public(key).hex(), "possession": aggregate.prove(key).hex()}
            admitted = next(one for one in world.chain if one.fields.get("did") == did_digest(member["did"]))
            admitted.fields["keys"]["aggregateKey"] = aggregate.public(key)
    world.document = lambda: document
    heads_now = [checkpoints.parse_text(one.note(len(one.records), world.space).text) for one in world.space.values()]
    final = [FinalHead(one.origin, one.size, one.root) for one in heads_now]
    signed = {
        world[name].witness.name: (aggregate.public(key), aggregate.sign(key, final)) for name, key in keys.items()
    }
    world.attested = aggregate.combine(final, signed).as_json()
    report = await world.audit()
    assert report.codes() == {"decisions-untold"}
    buyer = world["buyer"]
    buyer.entries()
    buyer.alter(buyer.find("keys.received", 1), amount="3")
    found = [one.subject for one in (await world.audit()).findings if one.code == "attested-head-differs"]
    assert found == [buyer.did]
    alone = {name: one for name, one in signed.items() if name == world["exchange"].witness.name}
    world.attested = aggregate.combine(final, alone).as_json()
    found = [one.subject for one in (await world.audit()).findings if one.code == "attestation-unsigned"]
    assert found == [world["regulator"].did]
    world.attested["heads"][0]["size"] = "1"
    assert "attestation-invalid" in errors(await world.audit())
