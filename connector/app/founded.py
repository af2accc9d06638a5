"""What every participant stands on, as a table: its store and identity, the space that it is in, and the chain."""

from ssl import SSLContext
from typing import Annotated

from connector.app import ground
from connector.app.life import Life
from connector.chain.anchoring import Anchoring
from connector.chain.chain_watch import ChainWatch
from connector.chain.hosted import Hosted
from connector.chain.transactions import Transactions
from connector.chain.witnessing import Witness
from connector.core.core import Core
from connector.core.service import Service, Table
from connector.custody.blobs import Blobs
from connector.custody.row_key import RowKey
from connector.custody.secrets import Keys as Secrets
from connector.identity.identity import Identity
from connector.identity.management_token import ManagementToken
from connector.identity.peers import Peers
from connector.identity.space.author import SpaceAuthor
from connector.identity.space.exchange import ExchangeDoor
from connector.identity.space.key_pins import KeyPins
from connector.identity.space.peer_logs import PeerLogs
from connector.identity.space.supervision import Supervision
from connector.identity.space.view import SpaceView
from connector.licence.profiles import Profiles
from connector.net.outbound import Outbound
from connector.operation import set_back
from connector.operation.codes import Codes
from connector.operation.dcp.identity_hub import IDENTITY_HUB, IdentityHub
from connector.operation.dcp.verifier import VERIFIER, Verifier
from connector.operation.health import Health
from connector.operation.keys.key_life import KEY_LIFE, KeyLife
from connector.operation.keys.registered import REGISTERED_KEYS, RegisteredKeys
from connector.operation.metrics import Metrics
from connector.operation.supplies import Supplies
from connector.runtime.spans import Spans
from connector.runtime.worker import Worker
from connector.store.beside import Beside
from connector.store.evidence import Evidence
from connector.store.exclusive import Exclusive
from connector.store.heads import Heads
from connector.store.store import Store
from connector.store.tenure import Tenure
from connector.store.timekeeping import Timekeeping
from ledger.chain.client import Chain
from ledger.chain.programs import Programs


class Founded(Life, Table):
    """One participant before it trades: ground, space and chain."""

    metrics: Metrics
    spans: Annotated[Spans, Service(ground.spans, ends=Spans.close)]
    trust: Annotated[SSLContext | None, Service(ground.trust)]
    outbound: Annotated[Outbound, Service(ground.outbound, ends=Outbound.close)]
    management_token: ManagementToken
    identity: Annotated[Identity, Service(ground.identity)]
    secrets: Annotated[Secrets, Service(ground.secrets)]
    row_key: Annotated[RowKey, Service(ground.row_key)]
    evidence: Annotated[Evidence, Service(ground.evidence, looks={("log_entries", "checkpoints"): Evidence.forget})]
    store: Annotated[Store, Service(ground.store, ends=Store.close)]
    core: Core
    heads: Heads
    seen: Annotated[set_back.Seen, Service(set_back.follow, ends=set_back.Seen.close)]
    tenure: Annotated[Tenure, Service(ground.tenure, ends=Tenure.close)]
    profiles: Annotated[Profiles, Service(Profiles.open, ends=Profiles.close, looks={("facts",): Profiles.look})]
    beside: Annotated[Beside, Service(ends=Beside.close)]
    exclusive: Annotated[Exclusive, Service(ground.exclusive)]
    worker: Annotated[Worker, Service(ends=Worker.close)]
    peers: Annotated[Peers, Service(ground.peers)]
    blobs: Annotated[Blobs, Service(ground.blobs, begins=Blobs.sweep)]
    supervision: Annotated[Supervision, ground.SUPERVISION]
    space: Annotated[SpaceView, Service(ground.space)]
    key_pins: Annotated[KeyPins, Service(ground.key_pins)]
    identity_hub: Annotated[IdentityHub, IDENTITY_HUB]
    verifier: Annotated[Verifier, VERIFIER]
    exchange: ExchangeDoor
    codes: Codes
    hosted: Annotated[Hosted, Service(ground.hosted, ends=Hosted.close)]
    chain: Annotated[Chain, Service(ground.chain, ends=Chain.close)]
    programs: Annotated[Programs, Service(ground.programs)]
    author: Annotated[SpaceAuthor, Service(ground.author, looks={("members",): SpaceAuthor.rebuild})]
    transactions: Annotated[Transactions, ground.TRANSACTIONS]
    watch: Annotated[ChainWatch, Service(ground.watch, begins=ChainWatch.start, ends=ChainWatch.close)]
    timekeeping: Annotated[Timekeeping, Service(ground.timekeeping)]
    health: Health
    peer_logs: Annotated[PeerLogs, Service(looks={("peer_heads",): PeerLogs.changed})]
    witness: Annotated[Witness, Service(ground.witness)]
    registered_keys: Annotated[RegisteredKeys, REGISTERED_KEYS]
    key_life: Annotated[KeyLife, KEY_LIFE]
    anchoring: Annotated[Anchoring, Service(ground.anchoring)]
    supplies: Annotated[Supplies, Service(begins=Supplies.begin, ends=Supplies.close, warns=Supplies.warnings)]
