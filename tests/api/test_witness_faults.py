"""The witness over HTTP: a log that forks or shrinks, although its owner signs, is refused and the proof is kept."""

from __future__ import annotations

import hashlib

import pytest

from ledger.log import checkpoint as checkpoints
from ledger.log import note as notes
from ledger.log import policy as log_policy
from ledger.log.checkpoint import Checkpoint
from ledger.log.witness import Request
from tests.api.command import penstock

pytestmark = pytest.mark.asyncio(loop_scope="session")

TEXT = {"Content-Type": "text/plain; charset=utf-8"}


async def test_forked_shrunken_foreign_and_broken(space, say):
    """Only the log's owner can sign these, so the test signs with the provider's own log key."""
    anchored = await space.doors["provider"].call("POST", "log/anchor", {})
    origin, size, root = anchored["origin"], int(anchored["size"]), bytes.fromhex(anchored["root"])
    key, url = space.keys("provider").log, space.url("exchange") + "/witness/add-checkpoint"

    async def add(old, checkpoint, proof=(), signer=key):
        body = Request(old, tuple(proof), checkpoints.sign(checkpoint, signer)).encode()
        return await say("POST", url, body, TEXT)

    before = space.rows("exchange", "witnessed")
    other = hashlib.sha256(b"another history").digest()
    cases = {
        "same size, other root": (await add(size, Checkpoint(origin, size, other)), 409, 422),
        "grown from another root": (await add(size, Checkpoint(origin, size + 1, other), [other]), 422),
        "shrunken": (await add(size - 1, Checkpoint(origin, size - 1, other)), 409, 422),
        "old size is not what was seen": (await add(size - 1, Checkpoint(origin, size, root), [other]), 409),
        "unknown log": (await add(0, Checkpoint("localhost:1/log", 1, other)), 404),
        "another's signature": (
            await add(size, Checkpoint(origin, size, root), signer=space.keys("buyer").log),
            403,
        ),
    }
    for name, (said, *statuses) in cases.items():
        assert said.status in statuses, (name, said)
    for body in (b"", b"old x\n\n", b"\xff" * 100, b"x" * 200_000):
        assert (await say("POST", url, body, TEXT)).status in (400, 413)
    assert space.rows("exchange", "witnessed") == before
    same = await add(size, Checkpoint(origin, size, root))
    assert same.status == 200
    assert same.body.decode().startswith("— ")


async def test_what_a_witness_cosigned_last_is_shown_to_everybody_as_the_log_signed_it(space, say):
    anchored = await space.doors["provider"].call("POST", "log/anchor", {})
    key = notes.log_vkey(anchored["origin"], space.keys("provider").log_public)
    for witness in ("exchange", "regulator"):
        shown = await say("GET", f"{space.url(witness)}/log/cosigned/{anchored['origin']}")
        head = checkpoints.verify(notes.parse(shown.body), key)
        [row] = [one for one in space.rows(witness, "witnessed") if one["origin"] == anchored["origin"]]
        assert (shown.status, head.size, head.root) == (200, row["size"], row["root"])
        assert head.size >= int(anchored["size"])
        unknown = await say("GET", f"{space.url(witness)}/log/cosigned/localhost:1/log")
        assert unknown.status == 404


async def test_a_head_is_cosigned_with_lattices_too_and_a_policy_may_demand_it(space, say):
    await space.doors["provider"].call("POST", "log/anchor", {})
    served = await say("GET", space.url("provider") + "/log/checkpoint")
    note = notes.parse(served.body)
    shapes = sorted(len(line.blob) for line in note.signatures)
    assert shapes == [64, 72, 72, 73, 73, 2428, 2428]
    policies = {}
    for named, more in (("usual", []), ("lattice", ["--post-quantum"])):
        told = await penstock(space, "provider", "log", "policy", *more)
        policies[named] = log_policy.parse(told["policy"])
        assert policies[named].check(note).origin == note.text.split("\n", 1)[0]
    assert {one.kind for one in policies["usual"].witnesses.values()} == {notes.COSIGNATURE}
    assert {one.kind for one in policies["lattice"].witnesses.values()} == {notes.SUBTREE}
