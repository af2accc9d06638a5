"""A circle of witnesses with BLS keys beside their accounts; secrets are small numbers, which makes thousands quick."""

from __future__ import annotations

from eth_hash.auto import keccak

from contracts.typed_data import Head
from ledger.chain import acts
from ledger.log import aggregate, head_aggregate

NOTE = keccak(b"note")
EVENTS = 1000


class Circle:
    """`count` witnesses of one log, in the order of their accounts; `gather` registers log and keys."""

    def __init__(self, stage, count, quorum):
        self.stage, self.quorum = stage, quorum
        self.origin = keccak(b"circle of %d" % count)
        self.actors = sorted((f"witness {number} of {count}" for number in range(count)), key=stage.account)
        self.accounts = [stage.account(actor) for actor in self.actors]
        self.secrets = [1000 + int(actor.split()[1]) for actor in self.actors]
        self.keys = [aggregate.public(secret) for secret in self.secrets]
        self.points = [head_aggregate.key_point(key) for key in self.keys]

    def registering(self):
        owner = self.stage.account("provider")
        return acts.register_log(self.stage.deployment, self.origin, owner, self.accounts, self.quorum)

    def possession(self, at):
        return head_aggregate.prove_for(self.secrets[at], self.keys[at], self.accounts[at])

    async def gather(self, endow):
        """Prove all keys, register the log, bring the keys; the gas of a proof and of bringing."""
        deployment = self.stage.deployment
        for at, actor in enumerate(self.actors):
            endow(self.accounts[at])
            proven = await self.stage.do(acts.prove_key(deployment, self.points[at], self.possession(at)), actor)
        await self.stage.do(self.registering(), "provider")
        brought = await self.stage.do(acts.bring_keys(deployment, self.origin, self.points))
        return proven.gas_used, brought.gas_used

    def head(self, size):
        return Head(self.origin, size, keccak(b"root %d" % size), 1_700_000_000)

    def signed(self, value, signers):
        # one signature by the sum of secrets is the sum of their signatures
        secret = sum(self.secrets[at] for at in signers)
        return head_aggregate.signature_point(
            head_aggregate.sign(secret, value, self.stage.deployment.domain("anchors"))
        )

    def anchoring(self, value, signers, bitmap=None):
        if bitmap is None:
            bitmap = head_aggregate.bitmap(self.accounts, [self.accounts[at] for at in signers])
        return acts.anchor_aggregate(self.stage.deployment, value, NOTE, bitmap, self.signed(value, signers))

    async def costs(self):
        """Gas of one more anchor by all: (by a signature each, by one aggregate)."""
        spent = []
        for size in range(1, 4):
            value = self.head(size * EVENTS)
            signed = [self.stage.sign(value, actor, "anchors") for actor in self.actors]
            single = acts.anchor(self.stage.deployment, value, NOTE, signed)
            act = single if size < 3 else self.anchoring(value, range(len(self.actors)))
            spent.append((await self.stage.do(act)).gas_used)
        return spent[1:]
