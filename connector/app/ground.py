"""How parts are made that take more than other parts: settings, files of the data directory, the chain.

    data directory    penstock.toml · keys/ · penstock.db · sealed/ · chain.db (who hosts one)
                      management.token · server.json (while it runs)

Law: each function makes one line of the table (`connector.app.app`); its parameters name what it needs.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from functools import partial
from typing import TYPE_CHECKING, Any

import orjson

from connector.chain.aggregating import Aggregating
from connector.chain.anchoring import Anchoring
from connector.chain.chain_watch import ChainWatch
from connector.chain.entrusting import Entrusting
from connector.chain.gathering import Gathering
from connector.chain.hosted import Hosted, open_hosted
from connector.chain.proving import Proving
from connector.chain.sharing import Sharing
from connector.chain.transactions import Transactions
from connector.chain.witnessing import Witness
from connector.core.service import Service
from connector.custody.blobs import Blobs
from connector.custody.bucket import Bucket
from connector.custody.log_objects import bundles_of
from connector.custody.row_key import RowKey
from connector.custody.secrets import Keys as Secrets
from connector.identity import former_log, published
from connector.identity.identity import Identity
from connector.identity.peers import Peers, Static
from connector.identity.space.author import SpaceAuthor
from connector.identity.space.exchange import EXCHANGE
from connector.identity.space.heads import Heads
from connector.identity.space.key_pins import KeyPins
from connector.identity.space.supervision import Supervision
from connector.identity.space.view import SpaceView
from connector.net import tls
from connector.net.outbound import Outbound
from connector.operation.access_log import AccessLog
from connector.operation.keys.witness_key import kept_pair
from connector.operation.span_export import Export
from connector.runtime import files, private_folder
from connector.runtime.data_folder import ACCESS, CHAIN_DATABASE, DEPLOYMENT, KEYS, SEALED, tables
from connector.runtime.errors import SettingsError
from connector.runtime.settings_table import SPACE
from connector.runtime.spans import Spans
from connector.store.evidence import Evidence
from connector.store.exclusive import Exclusive
from connector.store.rows.console import FactRow
from connector.store.store import Store
from connector.store.tables import TABLES
from connector.store.tenure import Tenure
from connector.store.timekeeping import Timekeeping
from contracts import currencies
from ledger.chain.client import Chain
from ledger.chain.deployment import Deployment, deploy
from ledger.chain.programs import Programs
from ledger.log import cosignature
from ledger.space.log_keys import verifiers

if TYPE_CHECKING:
    from pathlib import Path
    from ssl import SSLContext

    from connector.core.core import Core
    from connector.operation.metrics import Metrics
    from connector.runtime.clock import Clock
    from connector.runtime.settings import Settings

SPACE_RETRY_SECONDS = 0.3
DEPLOYED = "deployment"  # the fact that says where the programs are, for processes with folders of their own

log = logging.getLogger(__name__)


def stop() -> None:
    """End this process as an operator would: requests under way may finish."""
    os.kill(os.getpid(), signal.SIGTERM)


async def identity(data: Path, settings: Settings, clock: Clock) -> Identity:
    """Return who we are, by the keys of the data directory, which others must not read."""
    if failed := private_folder.keep(data):
        log.warning("others may read what is ours alone, and it is not ours to change: %s", ", ".join(failed))
    made = Identity(settings, *published.load(data / KEYS, clock.now(), settings.keys.module))
    made.publish(await asyncio.to_thread(kept_pair, data, made.keys.aggregate))
    return made


def trust(settings: Settings) -> SSLContext | None:
    """Return the authorities that we believe besides the public ones, and what we show who asks."""
    return tls.asking(settings.server)


def spans(data: Path, settings: Settings, clock: Clock, metrics: Metrics) -> Spans:
    """Return where spans end, and are counted; they are sent and written down where the settings say so."""
    made, told = Spans(), settings.telemetry
    made.listeners.append(metrics.ended)
    if told.otlp:
        export = Export(told.otlp, settings.did)
        made.listeners.append(export.ended)
        made.closers.append(partial(asyncio.to_thread, export.close))
    if told.access_days and told.access_mib:
        access = AccessLog(data / ACCESS, clock, told.access_days, told.access_mib * 1_048_576)
        made.listeners.append(access.ended)
        made.closers.append(access.close)
    return made


def outbound(settings: Settings, trust: SSLContext | None, spans: Spans) -> Outbound:
    """Open the way out."""
    server = settings.server
    made = Outbound(development=server.development, networks=server.networks, trust=trust, spans=spans)
    made.open()
    return made


def secrets(data: Path, settings: Settings) -> Secrets:
    """Return the vault's keys."""
    return Secrets.of(data, settings.vault.kek_file)


def row_key(secrets: Secrets) -> RowKey:
    """Return what wraps secrets of the tables."""
    return RowKey(secrets)


def evidence(settings: Settings, identity: Identity) -> Evidence:
    """Return our log, as far as it is no table."""
    keys = identity.keys
    made = Evidence(identity.did, settings.log_origin, keys.log, {"owner": identity.sealed_to})
    former = verifiers(settings.log_origin, [one.told for one in keys.log_former])
    made.sign_by(former_log.signers(keys.log, keys.log_former), former)
    return made


async def store(data: Path, settings: Settings, row_key: RowKey) -> Store:
    """Open the tables."""
    place, bundles = tables(data, settings.store.database), bundles_of(data, settings)
    return await Store.open(place, TABLES, row_key, bundles, aside=bool(settings.keys.module))


async def tenure(core: Core) -> Tenure:
    """Return our right to work on the tables: held, or of several processes side by side perhaps another's."""
    made = Tenure(core.store, core.clock, stop, core.settings.own_url)
    await (made.attempt() if core.settings.side_by_side else made.take())
    return made


def exclusive(core: Core) -> Exclusive:
    """Return what one of several processes does at a time."""
    return Exclusive(core.store, core.clock, shared=core.settings.side_by_side)


def peers(core: Core) -> Peers:
    """Return who others are, and the proofs of who we are."""
    named, identity = core.settings.development, core.identity
    static = Static(named.static_token, named.static_peer) if named.static_token else None
    development = core.settings.server.development
    did = identity.did
    return Peers(did, lambda: identity.token, core.outbound, core.clock, development=development, static=static)


async def blobs(core: Core, secrets: Secrets, row_key: RowKey, tenure: Tenure) -> Blobs:
    """Return the folder of sealed editions, with the vault as it was left; who works has it swept."""
    settings = core.settings
    place = settings.vault.blobs
    made = Blobs(core.data / SEALED, Bucket(place) if place else None)
    if tenure.held:
        await asyncio.to_thread(secrets.settle)
    # an exchange keeps nothing of a vault; others on one database share their folder, where who works has drawn a key
    await row_key.ready(core.store, draw=tenure.held and not settings.is_copied)
    return made


# ---- the space and the chain


async def space(core: Core) -> SpaceView:
    """Return the space as last known; a member waits for the exchange that says what it is."""
    exchange = core.settings.space.exchange
    topic, own = core.topics.space_changed, core.identity.did
    made = SpaceView(core.store, core.outbound, exchange, core.clock, topic, own)
    if exchange:
        await made.recall()
        await _first(made)
    return made


def key_pins(core: Core, space: SpaceView, peers: Peers) -> KeyPins:
    """Return who looks whether members' keys bear their log's signature."""
    return KeyPins(core.store, space, peers, demanded=core.settings.trust.signed_keys)


async def _first(space: SpaceView) -> None:
    while True:
        try:
            await space.current()
        except Exception as fault:  # noqa: BLE001  # whatever it is, the operator reads it and we ask again
            log.warning("waiting for the space: %s", fault)
            await asyncio.sleep(SPACE_RETRY_SECONDS)
        else:
            return


async def hosted(core: Core, space: SpaceView) -> Hosted:
    """Open the chain that we host: as an exchange, or as a lone connector (a space of one), without another one."""
    if core.settings.space.exchange or core.settings.chain.rpc:
        return Hosted()
    bls, place = core.settings.chain.found_with_bls, core.data / CHAIN_DATABASE
    return Hosted(
        await open_hosted(place, core.clock, lambda one: space.last().by_address(one) is not None, with_bls=bls)
    )


def chain(core: Core, space: SpaceView, hosted: Hosted, peers: Peers, trust: SSLContext | None) -> Chain:
    """Return the way to the chain; a member's leads through its exchange unless the settings name another."""
    if hosted.chain is not None:
        return Chain.local(hosted.chain)
    exchange, rpc = core.settings.space.exchange, core.settings.chain.rpc
    if not exchange:
        return Chain.connect(rpc, trust)
    through = exchange + "/rpc"
    proofs = {through: lambda: peers.authorization(space.last().exchange)}  # members come first there
    return Chain.connect(rpc or through, trust, proofs)


async def programs(core: Core, space: SpaceView, chain: Chain, tenure: Tenure) -> Programs:
    """Return the programs on the chain; a member learns of them from the space's document, else they are deployed."""
    if core.settings.space.exchange:
        return Programs(chain, Deployment.from_json(dict(space.last().deployment)))
    path, said = core.data / DEPLOYMENT, core.settings.space.currency
    if path.exists():
        return Programs(chain, _founded(Deployment.from_json(orjson.loads(path.read_bytes())), said))
    known = await _deployed_by_another(core, tenure)
    if known is None:
        deployment = await deploy(chain, core.identity.keys.agreement, currency=said or currencies.FIRST)
    else:
        deployment = _founded(Deployment.from_json(known), said)
    await core.store.write(lambda tx: tx.put(FactRow(name=DEPLOYED, value=deployment.json())))
    files.write_atomic(path, orjson.dumps(deployment.json()))
    return Programs(chain, deployment)


def _founded(deployment: Deployment, said: str) -> Deployment:
    """Return a deployment if its token is of the currency that the settings say; raises SettingsError."""
    if said in {"", deployment.currency}:
        return deployment
    raise SettingsError(
        f"`space.currency` is `{said}`, and this space was founded in `{deployment.currency}`",
        "leave it empty: a token that was given out cannot become another currency; found another space for it",
    )


async def _deployed_by_another(core: Core, tenure: Tenure) -> dict[str, Any] | None:
    """Return what another process of ours put on the chain; None when it is for us to do."""
    while True:
        ours = await tenure.attempt()
        row = await core.store.read(lambda tx: tx.get(FactRow, name=DEPLOYED))
        if row is not None or ours:
            return None if row is None else row.value
        await asyncio.sleep(SPACE_RETRY_SECONDS)


async def author(core: Core, space: SpaceView, programs: Programs, hosted: Hosted) -> SpaceAuthor:
    """Return who writes the space's document, which an exchange does at once."""
    exchange = EXCHANGE in core.identity.roles and not core.settings.space.exchange
    heads = Heads(core.identity, core.store, core.evidence, core.clock) if exchange else None
    label = "shared" if hosted.chain is None else "embedded"
    made = SpaceAuthor(core.identity, space, programs, core.store, label, heads)
    if not core.settings.space.exchange:
        await made.draft()
    return made


def transactions(core: Core, programs: Programs, tenure: Tenure) -> Transactions:
    """Return our account on the chain."""
    keys, mined = core.identity.keys, core.topics.act_mined
    former = [one.secret for one in keys.account_former]
    return Transactions(core.store, programs, keys.agreement, core.clock, tenure.require, core.evidence, mined, former)


def watch(core: Core, programs: Programs, hosted: Hosted) -> ChainWatch:
    """Return what is seen of the chain."""
    seen = core.topics.block_seen
    return ChainWatch(programs, core.evidence, core.clock, hosted.chain, seen, core.settings.chain.confirmations)


SUPERVISION = Service(
    readies=Supervision.recall,
    hears={"space_changed": Supervision.space_changed},
    looks={("facts",): Supervision.recall},
    chores={"look by which key the supervisor is disclosed to": Supervision.look},
)

TRANSACTIONS = Service(
    transactions,
    begins=Transactions.start,
    ends=Transactions.close,
    looks={("chain_txs",): Transactions.heard},
    chores={"remove what was signed for acts that are settled": Transactions.tidy},
)


def witness(core: Core, space: SpaceView, programs: Programs, transactions: Transactions) -> Witness:
    """Return us as a witness of others' logs."""
    identity, sharing = core.identity, Sharing(core, Proving(core, space, programs, transactions))
    keys = partial(_witness_keys, core)
    seed, deployment = (lambda: identity.keys.aggregate), (lambda: programs.deployment)
    return Witness(core.store, keys, seed, sharing, core.clock, space, transactions, deployment)


def _witness_keys(core: Core) -> cosignature.WitnessKeys:
    keys, name = core.identity.keys, core.identity.member.witness_name
    log, *former = former_log.signers(keys.log, keys.log_former)
    heads = tuple(one.secret for one in keys.account_former)
    return cosignature.WitnessKeys(name, log, keys.agreement, keys.cosigner, former[0] if former else None, heads)


def anchoring(
    core: Core,
    space: SpaceView,
    peers: Peers,
    programs: Programs,
    transactions: Transactions,
    exclusive: Exclusive,
    watch: ChainWatch,
) -> Anchoring:
    """Return what has our own log cosigned and anchored, and what gathers those of others."""
    did, store, evidence, clock, wanted = core.identity.did, core.store, core.evidence, core.clock, core.settings.log
    entrusting = None
    if wanted.anchor == SPACE:
        interval = wanted.anchor_interval_seconds
        entrusting = Entrusting(did, store, evidence, core.outbound, peers, space, lambda: programs, clock, interval)
    return Anchoring(
        did,
        store,
        evidence,
        partial(_witness_keys, core),
        core.outbound,
        peers,
        transactions,
        lambda: programs,
        space,
        clock,
        Aggregating(core.settings.chain.aggregate_signers, transactions, lambda: programs),
        exclusive,
        watch.look,
        Gathering(store, evidence, space, clock, lambda: programs.deployment.domain("anchors")),
        entrusting,
    )


async def timekeeping(core: Core, chain: Chain) -> Timekeeping:
    """Return what holds our clock against the chain's."""
    made = Timekeeping(core.clock)
    await made.begin(core.store, chain)
    return made
