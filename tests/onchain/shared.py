"""One node of a kind for a whole session: it is started at its first use, and all programs are put on it."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack

import pytest
from eth_hash.auto import keccak

from contracts import signature
from ledger.chain import client
from ledger.chain.client import Chain
from ledger.chain.deployment import deploy
from tests.onchain import nodes
from tests.onchain.stage import ACTORS, ANCHOR_DELAY

POLL_SECONDS = 0.01


@pytest.fixture(scope="session")
def shared_nodes(tmp_path_factory, absent):
    """Call it with a kind: (node, deployment), or a skip that names what is not here."""
    with ExitStack() as running, pytest.MonkeyPatch.context() as patched:
        # these nodes mine at once: who deploys all programs would wait for seconds
        patched.setattr(client, "RECEIPT_POLL_SECONDS", POLL_SECONDS)
        started = {}

        def start(kind):
            if kind not in started:
                try:
                    node = running.enter_context(nodes.running(kind, tmp_path_factory.mktemp(kind)))
                except nodes.NotHereError as reason:
                    absent(f"{kind}: not here: {reason}", optional=kind == "geth")
                for actor in ACTORS:
                    node.endow(signature.address(keccak(b"actor " + actor.encode())))
                started[kind] = node, asyncio.run(_prepared(node.url))
            return started[kind]

        yield start


async def deployed(chain):
    """Put all programs on a chain by its issuer."""
    return await deploy(chain, keccak(b"actor issuer"), anchor_delay_seconds=ANCHOR_DELAY)


async def _prepared(url):
    chain = Chain.connect(url)
    try:
        return await deployed(chain)
    finally:
        await chain.close()
