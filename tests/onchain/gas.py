"""What each act costs in gas: `python -m tests.onchain.gas` writes docs/gas.json.

Aggregates are measured on anvil, which has BLS12-381, everything else on the embedded chain.

Gas is exact but for the zero bytes of random digests and signatures: a few units in a hundred thousand.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from dataclasses import replace
from pathlib import Path

from eth_hash.auto import keccak

from contracts.onchain.artifacts import PROGRAMS
from contracts.split import Split
from contracts.typed_data import Edition, Final, Head
from ledger.chain import acts, grants, membership
from ledger.chain.batch import CALLS_MAX, carry_acts
from ledger.chain.client import Chain, call_data
from ledger.chain.deployment import creation, deploy
from ledger.chain.grants import GRANTS_MAX
from ledger.chain.membership import Keys
from ledger.chain.programs import Programs
from ledger.embedded.chain import EmbeddedChain
from ledger.log import head_share

from . import nodes
from .dearer import Dearer
from .shared import deployed
from .stage import ACTORS, ANCHOR_DELAY, DAY, DEPOSIT, MINED_SECONDS, Clock, Stage
from .test_licences import agreed, granting
from .test_sub_licences import Link, digest_of
from .witnesses import EVENTS, Circle

RECORDED = Path(__file__).resolve().parents[2] / "docs" / "gas.json"
CIRCLES = (3, 16, 32, 48, 64)
CAUSE = keccak(b"cause")
ORIGIN = keccak(b"origin")


async def measured():
    """Operation → gas of its transaction, the base of 21,000 included; a share of a batch where the name says so."""
    with tempfile.TemporaryDirectory() as folder:
        clock = Clock()
        embedded = await EmbeddedChain.open(Path(folder) / "chain.sqlite", clock)
        chain = Chain.local(embedded)
        gas = {}
        for name in PROGRAMS:
            args = creation(name, keccak(b"salt"), anchor_delay_seconds=ANCHOR_DELAY)
            issuer = keccak(b"actor issuer")
            nonce = await chain.nonce(Stage("", chain, None, None).account("issuer"))
            signed = await chain.sign_creation(name, args, nonce=nonce, key=issuer)
            gas[f"deploy {name}"] = (await chain.wait(await chain.send(signed.raw), 5)).gas_used
        deployment = await deploy(chain, issuer, anchor_delay_seconds=ANCHOR_DELAY)

        async def move(seconds):
            clock.move(seconds)
            await embedded.tick()

        stage = Stage("embedded", chain, Programs(chain, deployment), move)
        for part in (_editions, _licences, _channels, _anchors, _spaces):
            gas |= await part(stage)
        await embedded.close()
        return gas


async def _spent(stage, act, actor="stranger"):
    return (await stage.do(act, actor)).gas_used


async def _called(stage, program, data):
    key, where = stage.key("stranger"), stage.deployment.addresses[program]
    nonce = await stage.chain.nonce(stage.account("stranger"))
    signed = await stage.chain.sign_call(where, data, nonce=nonce, key=key)
    return (await stage.chain.wait(await stage.chain.send(signed.raw), MINED_SECONDS)).gas_used


async def _editions(stage):
    deployment = stage.deployment

    def registering(number):
        value = Edition(keccak(b"edition %d" % number), keccak(b"series"), number)
        return acts.register_edition(deployment, value, stage.sign(value, "provider", "editions"))

    one, provider, third = keccak(b"edition 1"), stage.account("provider"), stage.account("third")
    return {
        "register the first edition of a series": await _spent(stage, registering(1)),
        "register the next": await _spent(stage, registering(2)),
        "pledge an edition": await _spent(stage, acts.pledge_edition(deployment, one, third, CAUSE), "provider"),
        "release an edition": await _spent(stage, acts.release_edition(deployment, one), "third"),
        "pass on the rights": await _spent(stage, acts.transfer_edition(deployment, one, provider, third), "provider"),
        "withdraw an edition": await _spent(stage, acts.withdraw_edition(deployment, one), "third"),
    }


async def _licences(stage):
    deployment = stage.deployment
    base = await agreed(stage, not_after=await stage.now() + 100 * DAY)
    several = [replace(base, terms_digest=keccak(b"terms %d" % number)) for number in range(CALLS_MAX)]
    root = digest_of(stage, base)
    gas = {"grant a licence": await _spent(stage, granting(stage, base))}
    together = carry_acts(deployment, [granting(stage, each) for each in several])
    gas[f"grant a licence, one of {CALLS_MAX} in a batch"] = await _spent(stage, together) // CALLS_MAX
    for count in (32, GRANTS_MAX):
        anew = [replace(base, terms_digest=keccak(b"terms %d of %d" % (number, count))) for number in range(count)]
        many = grants.together([call_data(granting(stage, each)) for each in anew])
        gas[f"grant a licence, one of {count} in one call"] = await _called(stage, "licences", many) // count
    gas["grant a sub-licence"] = await _spent(stage, Link(stage, base, root, "third").act("buyer"))
    gas["suspend a licence"] = await _spent(stage, acts.suspend_licence(deployment, root, CAUSE), "provider")
    gas["resume a licence"] = await _spent(stage, acts.resume_licence(deployment, root), "provider")
    pledge = acts.pledge_licence(deployment, root, stage.account("third"), CAUSE)
    gas["pledge a licence"] = await _spent(stage, pledge, "buyer")
    gas["release a licence"] = await _spent(stage, acts.release_licence(deployment, root), "third")
    gas["revoke a licence"] = await _spent(stage, acts.revoke_licence(deployment, root, CAUSE), "provider")
    return gas


async def _channels(stage):
    deployment = stage.deployment
    await stage.fund(100 * DEPOSIT)
    split = Split(((stage.account("provider"), 9000), (stage.account("exchange"), 1000)))

    async def opened(salt):
        opening = await stage.opening(split=split, salt=keccak(b"salt %d" % salt))
        spent = await _spent(stage, acts.open_channel(deployment, opening, DEPOSIT), "buyer")
        return acts.channel_id(deployment, stage.account("buyer"), opening), spent

    await opened(0)
    channel, opening = await opened(1)
    gas = {"open a channel of two payees": opening}
    gas["claim first"] = await _spent(stage, stage.claim(channel, 10))
    gas["claim next"] = await _spent(stage, stage.claim(channel, 20, seq=2))
    several = [(await opened(salt))[0] for salt in range(2, CALLS_MAX + 2)]
    together = carry_acts(deployment, [stage.claim(each, 10) for each in several])
    gas[f"claim first, one of {CALLS_MAX} in a batch"] = await _spent(stage, together) // CALLS_MAX
    gas["close a channel"] = await _spent(stage, acts.close(deployment, channel), "provider")
    final = Final(several[0], 20, CAUSE, 0)
    finalise = acts.finalise(deployment, final, stage.sign(final, "signer"), stage.sign(final, "provider"))
    gas["finalise a channel by both signatures"] = await _spent(stage, finalise)
    gas["withdraw"] = await _spent(stage, acts.withdraw(deployment), "provider")
    return gas


async def _anchors(stage):
    gas = {}
    for quorum in (1, 2, 3, 11):
        actors = (*(f"w{number}" for number in (1, 2, 3)), "provider", "buyer", "signer", "exchange", "third", "issuer")
        actors = (*actors, "arbitrator", "stranger")[:quorum]
        origin = keccak(b"origin %d" % quorum)
        accounts = [stage.account(actor) for actor in actors]
        log = acts.register_log(stage.deployment, origin, stage.account("provider"), accounts, quorum)
        gas[f"register a log of {quorum} witnesses"] = await _spent(stage, log, "provider")
        for size, word in ((1, "first"), (2, "next")):
            head = Head(origin, size * EVENTS, keccak(b"root %d" % size), 1_700_000_000)
            anchor = acts.anchor(stage.deployment, head, CAUSE, [stage.sign(head, each, "anchors") for each in actors])
            gas[f"anchor a head, quorum {quorum}, {word}"] = await _spent(stage, anchor)
    plain = gas["anchor a head, quorum 3, next"]
    gas[f"anchor, quorum 3, for each of {EVENTS} events"] = plain / EVENTS
    dearer = Dearer(stage)
    await dearer.deploy()
    gas["the same, if each head were kept"] = (plain + await dearer.kept()) / EVENTS
    checked, nodes = await dearer.grown()
    gas[f"the same, if {nodes} nodes of a consistency proof were checked"] = (plain + checked) / EVENTS
    return gas


async def aggregated(stage, endow, counts=CIRCLES):
    """Operation → gas of what needs BLS12-381, for circles of so many witnesses, beside what a signature each costs."""
    gas = {}
    for count in counts:
        circle = Circle(stage, count, count)
        gas["prove a BLS key"], gas[f"bring the keys of {count} witnesses"] = await circle.gather(endow)
        single, together = await circle.costs()
        gas[f"anchor a head, {count} signatures"] = single
        gas[f"anchor a head, one aggregate of {count}"] = together
    return gas


async def _all():
    with tempfile.TemporaryDirectory() as folder, nodes.running("anvil", Path(folder)) as node:
        for actor in ACTORS:
            node.endow(Stage("", None, None, None).account(actor))
        chain = Chain.connect(node.url)
        stage = Stage("anvil", chain, Programs(chain, await deployed(chain)), None)
        gas = await measured() | await aggregated(stage, node.endow)
        await chain.close()
        return gas | {"signers from which one aggregate costs less": head_share.AGGREGATE_FROM_SIGNERS}


async def _spaces(stage):
    deployment, space, keys = stage.deployment, keccak(b"space"), Keys(CAUSE, CAUSE, b"\x01" * 48)
    provider = stage.account("provider")
    admit = membership.admit(deployment, space, provider, "did:web:provider.example", "provider", keys)
    held = deployment, space, provider, CAUSE
    return {
        "found a space": await _spent(stage, membership.found(deployment, space), "exchange"),
        "admit a member": await _spent(stage, admit, "exchange"),
        "change keys": await _spent(stage, membership.change_keys(deployment, space, keys), "provider"),
        "suspend a member": await _spent(stage, membership.suspend_member(*held), "exchange"),
        "resume a member": await _spent(stage, membership.resume_member(*held), "exchange"),
        "revoke a membership": await _spent(
            stage, membership.revoke_member(deployment, space, provider, CAUSE), "exchange"
        ),
    }


if __name__ == "__main__":
    RECORDED.write_text(json.dumps(asyncio.run(_all()), indent=1) + "\n", "utf-8")
