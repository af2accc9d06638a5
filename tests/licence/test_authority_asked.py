"""What a peer shows of an authority is of the log that it shows everybody: one made for the question is a fork."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from connector.identity.space.peer_logs import PeerLogs
from connector.licence import authority
from connector.licence.authority import Authorities
from connector.negotiation.protocol.states import PROVIDER
from connector.runtime.clock import SetClock
from connector.runtime.errors import VerificationFailed
from connector.store import peer_heads
from connector.store.rows.evidence import PeerHeadRow
from connector.store.store import Store
from connector.store.tables import TABLES
from ledger.log import checkpoint as checkpoints
from ledger.log import merkle
from ledger.log.checkpoint import Checkpoint
from tests.contracts.test_authority import WITHIN
from tests.core import core
from tests.ledger.agreement.test_authority_proof import AGREEMENT, AT, GRANT, LOG, ME, ORIGIN, SIGNED, shown


class World:
    """A provider that holds a head of its buyer's log, and what that buyer answers it."""

    def __init__(self, store, monkeypatch):
        row = SimpleNamespace(peer=ME.did, digest=AGREEMENT, role=PROVIDER, agreement={})
        monkeypatch.setattr(authority, "from_json", lambda _kind, _told: None)
        monkeypatch.setattr(authority.signers, "agreed", lambda *_: WITHIN)
        member = SimpleNamespace(url="http://buyer.example", did=ME.did, log_vkey=ME.log, former_vkeys=())
        space = SimpleNamespace(
            require=self._answering(member), member=self._answering(member), known_currency=lambda: "CNY"
        )
        answer = SimpleNamespace(json=shown)
        ground = SimpleNamespace(read=self._answering(row), write=store.write)
        here = core(store=ground, outbound=SimpleNamespace(get=self._answering(answer)))
        self.store = store
        logs = PeerLogs(store, here.outbound, space, SetClock(AT))
        self.authorities = Authorities(here, space, SimpleNamespace(authorization=lambda _did: {}), logs)

    @staticmethod
    def _answering(value):
        async def answer(*_, **__):
            return value

        return answer

    async def saw(self, root):
        """Have seen a head of two entries of the buyer's log before."""
        note = checkpoints.sign(Checkpoint(ORIGIN, 2, root), LOG).encode()
        row = PeerHeadRow(origin=ORIGIN, size=2, root=root, note=note, at=AT)
        await self.store.write(lambda tx: tx.insert(row))


@pytest.fixture
async def world(tmp_path, monkeypatch):
    store = await Store.open(tmp_path / "x.db", TABLES)
    yield World(store, monkeypatch)
    await store.close()


async def test_another_history_than_was_seen_is_a_fork_and_kept(world):
    await world.saw(bytes(32))
    with pytest.raises(VerificationFailed, match="two histories"):
        await world.authorities.ask(AGREEMENT)
    assert await world.store.read(peer_heads.forks), "it is shown to others"


async def test_the_history_that_was_seen_holds_and_a_first_one_is_remembered(world):
    assert (await world.authorities.ask(AGREEMENT))["principal"] == ME.did
    [kept] = await world.store.read(peer_heads.seen)
    assert kept["root"] == merkle.node_hash(*(merkle.leaf_hash(one) for one in (GRANT, SIGNED))).hex()
    assert (await world.authorities.ask(AGREEMENT))["revoked"] is None
