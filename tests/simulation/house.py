"""A participant as it runs: the real parts of a connector in their order, with a few that stand for what is not here.

What is not here: keys of files (they are drawn), pieces of data (a purchase buys keys of rows that are nowhere), the
judgement of policies (the rig's, which allows), the exchange's list (a product is known), witnesses.
"""

from types import SimpleNamespace
from typing import Annotated

from connector.app import ground, trading
from connector.chain.anchoring import Anchoring
from connector.chain.chain_watch import ChainWatch
from connector.chain.hosted import Hosted
from connector.chain.transactions import Transactions
from connector.channel.doors import Buyer, Holder
from connector.channel.pace import Paces
from connector.consumer.acknowledging import Acknowledging
from connector.consumer.acquisition import Acquisitions
from connector.consumer.deposit import Deposits
from connector.consumer.holding import Holding
from connector.consumer.next_channel import NextChannels
from connector.consumer.pipe import Pipes
from connector.consumer.prospect import Prospects
from connector.consumer.pulling import Pulls
from connector.consumer.purchase import Till
from connector.consumer.quoting import Quotes
from connector.core import service
from connector.core.core import Core
from connector.core.service import Parts, Service, Table
from connector.enforcement.enforce import Enforcement
from connector.enforcement.judge import Judge
from connector.identity.identity import Identity
from connector.identity.peers import Peers
from connector.identity.space.peer_logs import PeerLogs
from connector.identity.space.view import SpaceView
from connector.licence.books import Books
from connector.licence.duties import Duties
from connector.licence.licensing import Licensing
from connector.negotiation.doors import Doors
from connector.negotiation.engine import Engine
from connector.net.outbound import Outbound
from connector.operation import catching_up, set_back
from connector.settlement.cases import Cases
from connector.settlement.claiming import Claiming
from connector.settlement.contradictions import Contradictions
from connector.settlement.following import Following
from connector.settlement.meeting import Meetings
from connector.settlement.monitor import Monitor
from connector.settlement.paying import Payments
from connector.settlement.purse import Purse
from connector.settlement.receivables import Receivables
from connector.settlement.returning import Returning
from connector.settlement.settlement import Settlements
from connector.settlement.turns import Turns
from connector.store.evidence import Evidence
from connector.store.heads import Heads
from connector.store.store import Store
from connector.store.tenure import Tenure
from ledger.chain.client import Chain
from ledger.chain.programs import Programs
from tests.channel import rig
from tests.money import program
from tests.simulation import goods
from tests.simulation.network import Way


def _tenure():
    return SimpleNamespace(held=True, require=lambda _tx: None)


def _space(core, around):
    made = SpaceView(core.store, core.outbound, "", core.clock, core.topics.space_changed)
    made.take(around.space)
    return made


def _cases(around, identity):
    async def file(proof):
        around.filed.append((identity.did, proof))

    return SimpleNamespace(file=file)


class House(Table):
    """One life of a participant; `around` is what of the world it stands in."""

    evidence: Annotated[Evidence, Service(lambda identity, around: around.evidence(identity))]
    outbound: Annotated[Outbound, Service(lambda around: Way(around.network, around.participant))]
    core: Core
    heads: Heads
    tenure: Annotated[Tenure, Service(_tenure)]
    peers: Annotated[Peers, Service(lambda around: around.peers)]
    space: Annotated[SpaceView, Service(_space)]
    hosted: Annotated[Hosted, Service(lambda: SimpleNamespace(chain=None))]
    chain: Annotated[Chain, Service(lambda around: around.node)]
    programs: Annotated[Programs, Service(lambda chain: Programs(chain, program.DEPLOYMENT))]
    transactions: Annotated[
        Transactions,
        Service(ground.transactions, begins=Transactions.start, chores=ground.TRANSACTIONS.chores),
    ]
    watch: Annotated[ChainWatch, Service(ground.watch, begins=ChainWatch.start)]
    peer_logs: PeerLogs
    anchoring: Annotated[Anchoring, Service(lambda: SimpleNamespace(witnessed=lambda: False))]
    # negotiations, licences, and the window protocol
    doors: Annotated[Doors, Service(trading.doors)]
    engine: Annotated[Engine, Service(goods.engine, begins=Engine.recover)]
    licensing: Annotated[Licensing, Service(begins=Licensing.recover, hears={"act_mined": Licensing.mined})]
    meetings: Meetings
    judge: Annotated[Judge, Service(rig.Judge)]
    duties: Annotated[Duties, Service(rig.Duties)]
    enforcement: Enforcement
    books: Annotated[Books, Service(goods.books)]
    contradictions: Contradictions
    holder: Annotated[Holder, Service(trading.holder)]
    buyer: Annotated[Buyer, Service(trading.buyer)]
    paces: Paces
    turns: Turns
    payments: Payments
    acknowledging: Annotated[Acknowledging, Service(begins=Acknowledging.recover)]
    till: Till
    # what buyers do
    pipes: Annotated[Pipes, Service(lambda: SimpleNamespace(find=lambda _key: None))]
    holding: Annotated[Holding, Service(lambda: SimpleNamespace(say=lambda *_told: None))]
    quotes: Annotated[Quotes, Service(goods.quotes)]
    prospects: Annotated[Prospects, Service(goods.prospects)]
    purse: Purse
    deposits: Deposits
    next_channels: NextChannels
    pulls: Annotated[Pulls, Service(goods.Pulls)]
    acquisitions: Annotated[
        Acquisitions, Service(begins=Acquisitions.recover, hears={"process_moved": Acquisitions.moved})
    ]
    # what is owed
    settlements: Settlements
    following: Annotated[Following, Service(hears={"block_seen": Following.seen})]
    cases: Annotated[Cases, Service(_cases)]
    receivables: Annotated[Receivables, trading.RECEIVABLES]
    returning: Annotated[
        Returning,
        Service(begins=Returning.recover, hears={"channel_met": Returning.wake, "agreement_over": Returning.wake}),
    ]
    claiming: Claiming
    monitor: Annotated[Monitor, Service(begins=Monitor.start)]

    # lines that every participant has, and which are made before
    identity: Identity
    store: Store

    def __init__(self, around, store):
        self.around, self.identity, self.store = around, around.identity, store
        self.data, self.settings, self.clock = None, around.settings, around.clock

    async def start(self, listen, serve):
        """Make all parts, `listen`, `serve` when it is known what others know, then go on with what the rows say."""
        await service.make(self)
        self.parts = Parts(self)
        self.catching_up = True
        listen()
        await set_back.wait(self.core, self.space, self.programs, self.tenure, catching_up.catch_up)
        self.catching_up = False
        serve()
        await self.claiming.begin()
        for chores in service.each(self, "chores"):
            self.monitor.chores.update(chores)
        await service.begin(self)


# given, not made
del House.__annotations__["identity"], House.__annotations__["store"]
