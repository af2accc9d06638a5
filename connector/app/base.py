"""What a participant stands on: settings, keys, store, log, space, chain; built from its data directory.

    data directory    penstock.toml · keys/ · penstock.db · sealed/ · chain.db (who hosts one)
                      management.token · server.json (while it runs)

Law: everything is built here in the order in which it depends on each other; who trades and who serves adds its own
layer (`trader`, `app`) and never reaches around this one.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import os
import signal
from typing import TYPE_CHECKING, Any

import orjson

from connector.chain.aggregating import Aggregating
from connector.chain.anchoring import Anchoring
from connector.chain.chain_watch import ChainWatch
from connector.chain.hosted import open_hosted
from connector.chain.peer_logs import PeerLogs
from connector.chain.rekeying import Rekeying, kept_pair
from connector.chain.sharing import Sharing
from connector.chain.transactions import Transactions
from connector.chain.witnessing import Witness
from connector.core.core import Core
from connector.custody.blobs import Blobs
from connector.custody.bucket import Bucket
from connector.custody.row_key import RowKey
from connector.custody.secrets import Keys as Secrets
from connector.exchange import membership, registering
from connector.identity import keys as key_files
from connector.identity.identity import Identity
from connector.identity.peers import Peers, Static
from connector.identity.self_description import described
from connector.net import tls
from connector.net.outbound import Outbound
from connector.operation import catching_up, set_back
from connector.operation.health import Health
from connector.operation.metrics import Metrics
from connector.runtime import files, private_folder, rehearsal
from connector.runtime.data_folder import CHAIN_DATABASE, DEPLOYMENT, KEYS, SEALED, TOKEN_FILE, tables
from connector.runtime.errors import Unproven
from connector.runtime.worker import Worker
from connector.space.author import SpaceAuthor
from connector.space.exchange import ExchangeDoor
from connector.space.view import SpaceView
from connector.store.evidence import Evidence
from connector.store.exclusive import Exclusive
from connector.store.heads import Heads
from connector.store.store import Store
from connector.store.tables import TABLES
from connector.store.tenure import Tenure
from connector.store.timekeeping import Timekeeping
from connector.telemetry.export import Export
from connector.telemetry.spans import Spans
from ledger import cosignature
from ledger.chain import Chain
from ledger.deployment import Deployment, deploy
from ledger.programs import Programs

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from connector.identity.keys import Keys
    from connector.identity.tokens import Claims
    from connector.runtime.clock import Clock
    from connector.runtime.settings import Settings
    from connector.store.transaction import Tx
    from ledger.embedded.chain import EmbeddedChain
    from ledger.space import Member, Space

TICKET_KEY = "ticket.key"
SPACE_RETRY_SECONDS = 0.3
DEPLOYED = "deployment"  # the fact that says where the programs are, for processes with folders of their own

log = logging.getLogger(__name__)


class Base:
    """The ground floor of one participant; make it with `open`."""

    store: Store
    heads: Heads
    tenure: Tenure
    exclusive: Exclusive
    space_view: SpaceView
    chain: Chain
    programs: Programs
    transactions: Transactions
    watch: ChainWatch
    anchoring: Anchoring
    witness: Witness
    peer_logs: PeerLogs
    rekeying: Rekeying
    decided: datetime | None = None
    core: Core
    author: SpaceAuthor
    health: Health
    exchange: ExchangeDoor
    embedded: EmbeddedChain | None = None
    _export: Export | None = None

    def __init__(self, data: Path, settings: Settings, clock: Clock) -> None:
        self.data: Path = data
        self.settings = settings
        self.clock = clock
        self.identity = Identity(settings, key_files.load(data / KEYS))
        self.did, self.url, self.roles, self.sign = settings.did, settings.url, self.identity.roles, self.identity.sign
        server = settings.server
        self.trust = tls.trusting(server.trust)
        self.spans, self.metrics, self.worker = Spans(), Metrics(), Worker()
        self.spans.listeners.append(self.metrics.ended)
        self.outbound = Outbound(
            development=server.development, networks=server.networks, trust=self.trust, spans=self.spans
        )
        if settings.telemetry.otlp:
            self._export = Export(settings.telemetry.otlp, self.did)
            self.spans.listeners.append(self._export.ended)
        named = settings.development
        self.peers = Peers(
            self.did,
            self.keys,
            self.outbound,
            clock,
            development=settings.server.development,
            static=Static(named.static_token, named.static_peer) if named.static_token else None,
        )
        self.secrets = Secrets.of(data, settings.vault.kek_file)
        self.row_key = RowKey(self.secrets)
        self.timekeeping: Timekeeping = Timekeeping(clock)
        place = settings.vault.blobs
        self.blobs = Blobs(data / SEALED, Bucket(place) if place else None)
        self.evidence: Evidence = Evidence(
            self.did, settings.log_origin, self.keys.log, {"owner": self.keys.delivery_public}
        )
        self.ticket_key = _drawn_once(data / KEYS / TICKET_KEY)
        self._management = (data / TOKEN_FILE).read_text().strip()

    async def open(self) -> None:
        """Open store, space and chain; waits for the database if another process works on it, and for the space."""
        self.outbound.open()
        if failed := private_folder.keep(self.data):
            log.warning("others may read what is ours alone, and it is not ours to change: %s", ", ".join(failed))
        self.store = await Store.open(tables(self.data, self.settings.store.database), TABLES, self.row_key)
        self.core = Core(self.data, self.settings, self.identity, self.store, self.clock, self.evidence, self.outbound)
        self.heads = Heads(self.store, self.evidence)
        self.tenure = Tenure(self.store, self.clock, stop)
        self._forget_heads = await set_back.follow(self.core)
        self.exclusive = Exclusive(self.store, self.clock, shared=self.settings.side_by_side)
        await (self.tenure.attempt() if self.settings.side_by_side else self.tenure.take())
        self.space_view = SpaceView(self.store, self.outbound, self.settings.space.exchange, self.clock)
        self.space_view.changed.append(self._space_changed)
        self.exchange = ExchangeDoor(self.space_view, self.peers, self.outbound)
        self.blobs.sweep()
        await asyncio.to_thread(self.secrets.settle)
        # of processes side by side the folders are copies, and nothing of the vault is kept
        await self.row_key.ready(self.store, draw=not self.settings.side_by_side)
        aggregate = await asyncio.to_thread(kept_pair, self.data, self.keys.aggregate)
        self.identity.publish(aggregate)
        newest = await self.store.read(lambda tx: tx.find("decisions", order="at desc", limit=1))
        self.decided = newest[0]["at"] if newest else None
        await self._open_chain()
        label = "embedded" if self.embedded is not None else "shared"
        self.author = SpaceAuthor(self.core, self.space_view, self.programs, label)
        if not self.settings.space.exchange:
            await self.author.rebuild()
        self._reach_the_chain()
        await self.timekeeping.begin(self.store, self.chain)
        await set_back.wait(self.core, self.space_view, self.programs, self.tenure, catching_up.catch_up)

    async def close(self) -> None:
        """Let go of everything; every row stays as it is."""
        self.worker.close()
        await self.watch.close()
        await self.transactions.close()
        await self.tenure.close()
        await self._forget_heads()
        await self.store.close()
        await self.chain.close()
        if self.embedded is not None:
            await self.embedded.close()
        await self.outbound.close()
        if self._export is not None:
            await asyncio.to_thread(self._export.close)

    @property
    def keys(self) -> Keys:
        """The keys as they are now: the one for witnessing may be drawn anew."""
        return self.identity.keys

    @property
    def member(self) -> Member:
        """How we describe ourselves."""
        return self.identity.member

    # ---- who calls

    @property
    def space(self) -> Space:
        """The space as last known."""
        return self.space_view.last()

    def authorization(self, audience: str) -> Mapping[str, str]:
        """Return a fresh `Authorization` header for one request to `audience`."""
        return self.peers.authorization(audience)

    async def prove(self, header: str) -> Claims:
        """Return who calls; the token is used up by whoever acts on it."""
        return await self.peers.prove(header)

    async def is_member(self, did: str) -> bool:
        """Say whether `did` is in the space."""
        return await self.space_view.member(did) is not None

    async def refuse_barred(self, did: str) -> None:
        """Raise NotPermitted for a member that the exchange has barred, as far as is known; nobody is waited for."""
        if did in self.space.members:
            await self.space_view.member(did)
            self.space_view.refuse_barred(did)

    def check_management(self, header: str) -> None:
        """Raise Unproven unless `header` bears the management token."""
        # a header may hold bytes that are no text; they are compared like all others
        if not hmac.compare_digest(header.encode(errors="surrogateescape"), b"Bearer " + self._management.encode()):
            raise Unproven("the management API needs the token of the data directory", "use the command line there")

    async def admit(self, did: str) -> dict[str, str]:
        """Admit a member, as the exchange; its supervisor's key is known before its own admission is recorded."""
        member = await described(self.peers, self.outbound, did)
        membership.refuse_double(member, self.space.members.values())
        if member.role == "regulator" and rehearsal.current() is None:
            self._disclose_to(member)
        now = self.clock.now()

        def act(tx: Tx) -> dict[str, str]:
            row = membership.admit(tx, self.evidence, member, self.did, now)
            registering.register(tx, self.transactions, self.programs.deployment, self.did, member)
            return row

        row = await self.store.write(act)
        await self.author.rebuild()
        return row

    async def enlist(self) -> None:
        """Write the space and all its members into the registry on chain, as the exchange; once each."""
        members = [member for member in self.space.members.values() if member.did != self.did]
        deployment = self.programs.deployment

        def act(tx: Tx) -> None:
            registering.found(tx, self.transactions, deployment, self.did)
            for member in members:
                registering.register(tx, self.transactions, deployment, self.did, member)

        await self.store.write(act)

    # ---- composition

    async def _open_chain(self) -> None:
        """Open or reach the chain and the programs on it; a member learns both from the space's document.

        Without an exchange we are one, or a lone connector that hosts its own chain (a space of one).
        """
        if self.settings.space.exchange:
            await self.space_view.recall()
            space = await self._first_space()
            hosted = self.settings.space.exchange + "/rpc"
            proofs = {hosted: lambda: self.authorization(space.exchange)}  # members come first there
            self.chain = Chain.connect(self.settings.chain.rpc or hosted, self.trust, proofs)
            self.programs = Programs(self.chain, Deployment.from_json(dict(space.deployment)))
            return
        if self.settings.chain.rpc:
            self.chain = Chain.connect(self.settings.chain.rpc, self.trust)
        else:
            bls, place = self.settings.chain.found_with_bls, self.data / CHAIN_DATABASE
            self.embedded = await open_hosted(place, self.clock, self.space_view, with_bls=bls)
            self.chain = Chain.local(self.embedded)
        self.programs = Programs(self.chain, await self._deployment())

    async def _first_space(self) -> Space:
        while True:
            try:
                return await self.space_view.current()
            except Exception as fault:  # noqa: BLE001  # whatever it is, the operator reads it and we ask again
                log.warning("waiting for the space: %s", fault)
                await asyncio.sleep(SPACE_RETRY_SECONDS)

    async def _deployment(self) -> Deployment:
        path = self.data / DEPLOYMENT
        if path.exists():
            return Deployment.from_json(orjson.loads(path.read_bytes()))
        known = await self._deployed_by_another()
        deployment = await deploy(self.chain, self.keys.agreement) if known is None else Deployment.from_json(known)
        await self.store.write(lambda tx: tx.put("facts", name=DEPLOYED, value=deployment.json()))
        files.write_atomic(path, orjson.dumps(deployment.json()))
        return deployment

    async def _deployed_by_another(self) -> dict[str, Any] | None:
        """Return what another process of ours put on the chain; None when it is for us to do."""
        while True:
            ours = await self.tenure.attempt()
            row = await self.store.read(lambda tx: tx.get("facts", name=DEPLOYED))
            if row is not None or ours:
                return None if row is None else dict(row["value"])
            await asyncio.sleep(SPACE_RETRY_SECONDS)

    def _reach_the_chain(self) -> None:
        """Build what acts on the chain and what witnesses; nothing is sent before `transactions.start`."""
        self.transactions = Transactions(
            self.store, self.programs, self.keys.agreement, self.clock, self.tenure.require, self.evidence
        )
        self.watch = ChainWatch(self.programs, self.evidence, self.clock, self.embedded)
        self.health = Health(self.core, self.watch, self.timekeeping)
        self.peer_logs = PeerLogs(self.store, self.outbound, self.space_view, self.clock)
        witness_keys = cosignature.WitnessKeys(self.member.witness_name, self.keys.log, self.keys.agreement)
        self.witness = Witness(
            self.store,
            witness_keys,
            lambda: self.keys.aggregate,
            Sharing(self.core, self.programs, self.transactions),
            self.clock,
            self.space_view,
            self.transactions,
            lambda: self.programs.deployment,
        )
        self.rekeying = Rekeying(
            self.core, self.space_view, self.programs, self.transactions, self.exchange, self.author
        )
        self.anchoring = Anchoring(
            self.did,
            self.store,
            self.evidence,
            witness_keys,
            self.outbound,
            self.transactions,
            lambda: self.programs,
            self.space_view,
            self.clock,
            Aggregating(self.settings.chain.aggregate_signers, self.transactions, lambda: self.programs),
            self.exclusive,
            self.watch.look,
        )

    def _space_changed(self, space: Space) -> None:
        if space.supervisor is not None:
            self._disclose_to(space.supervisor)

    def _disclose_to(self, supervisor: Member) -> None:
        """From now on events are disclosed to their owner and to the space's supervisor (spec 7, decision 0004)."""
        self.evidence.disclose_to({"owner": self.keys.delivery_public, "supervisor": supervisor.delivery})


def stop() -> None:
    """End this process as an operator would: requests under way may finish."""
    os.kill(os.getpid(), signal.SIGTERM)


def _drawn_once(path: Path) -> bytes:
    if not path.exists():
        files.write_atomic(path, os.urandom(32))
    return path.read_bytes()
