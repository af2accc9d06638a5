"""By which key a supervisor is disclosed to: one that it publishes under its log's signature, and none that is none."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import pytest_asyncio

from connector.identity.space.supervision import Supervision
from connector.runtime.errors import PeerUnreachable
from connector.store.store import Store
from connector.store.tables import TABLES
from ledger.log.wrapping import HybridKey

OWNER, DID = b"\x01" * 32, "did:web:regulator.example"
MEMBER = SimpleNamespace(did=DID, delivery=b"\x02" * 32, log_key=b"\x03" * 32)
HYBRID = HybridKey(b"\x04" * 32).public


class Peers:
    """Answers with one document, or raises."""

    said: object = None

    async def document(self, did):
        assert did == DID
        if isinstance(self.said, Exception):
            raise self.said
        return self.said


class Evidence:
    def disclose_to(self, recipients):
        self.told = recipients


def published(hybrid, log=MEMBER.log_key):
    return SimpleNamespace(hybrid=hybrid, log=log)


@pytest_asyncio.fixture
async def store(tmp_path):
    made = await Store.open(tmp_path / "p.sqlite", TABLES)
    yield made
    await made.close()


def made(store, did="did:web:owner.example"):
    """Return the part, what it tells the log, and whom it asks."""
    evidence, peers = Evidence(), Peers()
    part = Supervision(SimpleNamespace(did=did, sealed_to=OWNER), evidence, store, peers)
    return part, evidence, peers


async def test_a_hybrid_key_counts_from_when_it_was_seen_and_over_a_start(store):
    part, evidence, peers = made(store)
    await part.look()  # there is no supervisor yet
    part.disclose_to(MEMBER)
    assert evidence.told == {"owner": OWNER, "supervisor": MEMBER.delivery}
    peers.said = published(HYBRID)
    await part.look()
    assert evidence.told["supervisor"] == HYBRID
    assert part.of(MEMBER).keys == (HYBRID, MEMBER.delivery)
    again, told, away = made(store)
    await again.recall()
    again.space_changed(SimpleNamespace(supervisor=MEMBER))
    away.said = PeerUnreachable("it sleeps")
    await again.look()
    assert told.told["supervisor"] == HYBRID
    away.said = published(None)
    await again.look()
    assert told.told["supervisor"] == MEMBER.delivery
    await part.recall()
    assert evidence.told["supervisor"] == MEMBER.delivery, "what another process saw counts here, too"


@pytest.mark.parametrize("said", [published(b"\xff" * 1216), published(HYBRID[:-1]), published(HYBRID, log=bytes(32))])
async def test_a_key_that_is_none_or_that_another_log_vouches_for_is_not_taken(store, said):
    part, evidence, peers = made(store)
    part.disclose_to(MEMBER)
    peers.said = said
    await part.look()
    assert evidence.told["supervisor"] == MEMBER.delivery
    again, *_ = made(store)
    await again.recall()
    assert again.of(MEMBER).keys == (MEMBER.delivery,)


async def test_the_supervisor_s_own_log_goes_to_its_own_key(store):
    part, evidence, _ = made(store, DID)
    part.disclose_to(MEMBER)
    await part.look()  # asks nobody
    assert evidence.told == {"owner": OWNER, "supervisor": OWNER}
