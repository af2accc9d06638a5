"""The regulator of a simulated space: the real audit, over the logs as participants serve them and the chain as it is.

Law: in a space of honest participants it finds nothing that accuses one, whatever failed. What is not in the space at
all, and is missed, has a row in `ABSENT`.
"""

from __future__ import annotations

import hashlib
from types import SimpleNamespace

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from ledger.audit.audit import run
from ledger.audit.sources import BlockHead, Unavailable
from ledger.space.document import Member
from tests.channel.rig import EXCHANGE

REGULATOR = X25519PrivateKey.from_private_bytes(hashlib.sha256(b"regulator").digest())
REGULATOR_DELIVERY = REGULATOR.public_key().public_bytes_raw()
ABSENT = frozenset({"decision-too-narrow", "edition-unregistered"})


def bystander(name, role, account, delivery):
    """A member that runs nothing here: it is paid, or looks on."""
    log, aggregate = (hashlib.sha256(f"{name}/{what}".encode()).digest() for what in ("log", "aggregate"))
    url = f"http://{name}.example"
    return Member(
        f"did:web:{name}.example", name, role, "US-NY", url, account, log, delivery, aggregate + bytes(16), bytes(96)
    )


def bystanders():
    return (
        bystander("exchange", "exchange", EXCHANGE, hashlib.sha256(b"exchange").digest()),
        bystander("regulator", "regulator", b"\xe9" * 20, REGULATOR_DELIVERY),
    )


class Sources:
    """What an audit asks a space for; see `ledger.audit.sources`."""

    def __init__(self, world):
        self._world = world

    async def space(self):
        return self._world.space.json()

    async def identity(self, did):
        return self._world.space.members[did].json()

    async def fetch(self, url):
        world = self._world
        one = next((one for one in world.people.values() if url.startswith(one.url + "/")), None)
        if one is None:
            raise Unavailable(f"nobody answers at {url}")
        answer = await one.answer("GET", url[len(one.url) :], None, world.regulator, None)
        if answer.status != 200:
            raise Unavailable(f"{answer.status} {url}")
        return answer.body

    async def chain_events(self, first=0):
        return [
            SimpleNamespace(name=name, fields=fields, block=mined.block.number, transaction=transaction)
            for mined in self._world.chain.blocks[first:]
            for name, fields, transaction in mined.events
        ]

    async def block(self, number):
        blocks = self._world.chain.blocks
        return BlockHead(blocks[number].block.hash, blocks[number].block.at) if number < len(blocks) else None

    async def payment(self, _transaction):
        return None

    async def payments(self, _sender, _receiver):
        return []

    async def unread(self):
        return []

    async def head(self):
        return None

    async def attestation(self):
        return None


async def audited(world):
    """Return the findings that accuse somebody."""
    report = await run(Sources(world), REGULATOR)
    return [one for one in report.findings if one.severity == "error" and one.code not in ABSENT]
