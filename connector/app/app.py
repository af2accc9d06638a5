"""The composition root: a table with a line for each part above `founded`, in the order in which they stand."""

from typing import Annotated

from connector.app import trading
from connector.app.founded import Founded
from connector.channel.doors import Buyer, Holder
from connector.channel.pace import Paces
from connector.compute.assents import Assents
from connector.compute.program_files import ProgramFiles
from connector.compute.readers import Readers
from connector.console.accounts import Accounts
from connector.console.api_keys import ApiKeys
from connector.console.drafts import Drafts
from connector.console.sessions import Sessions
from connector.consumer.acknowledging import Acknowledging
from connector.consumer.acquisition import Acquisitions
from connector.consumer.bought_program import BoughtPrograms
from connector.consumer.budget import Budget
from connector.consumer.calling import Calling
from connector.consumer.choosing import Choosing
from connector.consumer.copying import Copying
from connector.consumer.deposit import Deposits
from connector.consumer.fetching import Fetching
from connector.consumer.fitting import FittingRoom
from connector.consumer.flows.arriving import Arriving
from connector.consumer.following import Followings
from connector.consumer.held_lists import HeldLists
from connector.consumer.holding import Holding
from connector.consumer.joining import Joining
from connector.consumer.jointly import AskingJointly
from connector.consumer.lines import Lines
from connector.consumer.looking_up import LookingUp
from connector.consumer.mending import Mending
from connector.consumer.modelling import Modelling
from connector.consumer.next_channel import NextChannels
from connector.consumer.opening import Openings
from connector.consumer.opening_turns import OpeningTurns
from connector.consumer.pausing import Pausing
from connector.consumer.pipe import Pipes
from connector.consumer.proposals import Proposals
from connector.consumer.prospect import Prospects
from connector.consumer.pulling import Pulls
from connector.consumer.purchase import Till
from connector.consumer.pursuit import Pursuits
from connector.consumer.querying import Querying
from connector.consumer.quoting import Quotes
from connector.consumer.reads import Reads
from connector.consumer.relating import Relating
from connector.consumer.running import Running
from connector.consumer.trials import Trials
from connector.core.service import Service
from connector.custody.slabs import Memory
from connector.enforcement.enforce import Enforcement
from connector.enforcement.judge import Judge
from connector.exchange.acts import Acts
from connector.exchange.admission import Admission
from connector.exchange.applications import Applications
from connector.exchange.attesting import Attesting
from connector.exchange.cash import Cash
from connector.exchange.chain_events import ChainEvents
from connector.exchange.complaints import Complaints
from connector.exchange.contract_templates import ContractTemplates
from connector.exchange.deals import FiledDeals
from connector.exchange.demands import Demands
from connector.exchange.federation.harvesting import Harvesting
from connector.exchange.filings import Filings
from connector.exchange.finding import Finding
from connector.exchange.heartbeats import Heartbeats, Pulse
from connector.exchange.indicating import Indicators
from connector.exchange.issuer import Issuer
from connector.exchange.kinds import LISTED
from connector.exchange.leaving import Departing, Leaving
from connector.exchange.members import Members
from connector.exchange.node.office import Office
from connector.exchange.operators import Operators
from connector.exchange.projects import Projects
from connector.exchange.reissuing import Reissuing
from connector.exchange.reviewer import Reviewer
from connector.exchange.searches import Searches
from connector.exchange.signed_filings import SignedFilings
from connector.exchange.spaces import Spaces
from connector.exchange.telling import UseTelling
from connector.exchange.trades import Trades
from connector.exchange.watched_uses import WatchedUses
from connector.licence import authority, filing
from connector.licence.agreements import Agreements
from connector.licence.audience import Audience
from connector.licence.books import Books
from connector.licence.carriage import Carriage
from connector.licence.chain_turns import ChainTurns
from connector.licence.collecting import Collecting
from connector.licence.continuity import Continuity
from connector.licence.deal_filing import DealFiling
from connector.licence.duties import Duties
from connector.licence.erasing import Erasing
from connector.licence.intact import Intact
from connector.licence.licensing import Licensing
from connector.licence.partnership import Partnership
from connector.licence.running_uses import RunningUses
from connector.licence.standing import Standing
from connector.licence.sublicence.granting import Granting
from connector.licence.sublicence.presenting import Presenting
from connector.licence.suspension import Suspensions
from connector.licence.throttle import Throttle
from connector.negotiation.doors import Doors
from connector.negotiation.engine import Engine
from connector.negotiation.notices import Notices
from connector.operation.management.callbacks import Callbacks
from connector.operation.management.catalogues import Catalogues
from connector.operation.management.client_secrets import ClientSecrets
from connector.operation.management.processes import ContractProcesses
from connector.operation.management.references import References
from connector.operation.ndi.calling import HeaderCalls
from connector.operation.ndi.desk import Desk
from connector.operation.ndi.landing import Landing
from connector.operation.ndi.paying import Paying
from connector.operation.ndi.service_desk import ServiceDesk
from connector.operation.ndi.ways import Ways
from connector.operation.oidc.admission import Entrance
from connector.operation.oidc.provider import Provider
from connector.operation.signaling.data_planes import DataPlanes
from connector.operation.signaling.flows import Flows
from connector.operation.signaling.planes import ControlPlanes
from connector.operation.signaling.steering import Steering
from connector.provider.assets.assets import Assets
from connector.provider.assets.definitions import ContractDefinitions
from connector.provider.assets.policies import PolicyDefinitions
from connector.provider.billing.bills import Bills
from connector.provider.carriers import Carriers
from connector.provider.computing.room import ComputeRoom
from connector.provider.computing.shown import Computations
from connector.provider.data_addresses import DataAddresses, ticket_key
from connector.provider.derivation import Derivation
from connector.provider.discovery import Discovery
from connector.provider.flows.given import Given
from connector.provider.flows.renewal import Renewal
from connector.provider.folders import Folders
from connector.provider.handover import Handover
from connector.provider.hosting.hosting import Hosting
from connector.provider.leaking import Leaking
from connector.provider.offering import Offering
from connector.provider.offloading import Offloading
from connector.provider.plain.calls import Calls
from connector.provider.plain.copies import Copies
from connector.provider.plain.pushing import Pushes
from connector.provider.plain.strangers import Strangers
from connector.provider.publication import Publications
from connector.provider.resources import Resources
from connector.provider.rights import Rights
from connector.provider.shop import Shop
from connector.provider.streams.batching import Batching
from connector.provider.streams.giving import Giving
from connector.provider.uploads import Uploads
from connector.provider.versions import Versions
from connector.provider.waiting import Waiting
from connector.provider.watermarks import Watermarks
from connector.regulator.audits import Audits
from connector.regulator.chain_book import ChainBook
from connector.regulator.logbooks import Logbooks
from connector.runtime.clock import PolicyClock
from connector.settlement.arbitration import Arbitration
from connector.settlement.cases import Cases
from connector.settlement.claiming import Claiming
from connector.settlement.contradictions import Contradictions
from connector.settlement.following import Following
from connector.settlement.meeting import Meetings
from connector.settlement.monitor import Monitor
from connector.settlement.movements import Movements
from connector.settlement.paying import Payments
from connector.settlement.purse import Purse
from connector.settlement.receivables import Receivables
from connector.settlement.refunds import Refunds
from connector.settlement.reporting import Reporting
from connector.settlement.returning import Returning
from connector.settlement.settlement import Settlements
from connector.settlement.turns import Turns
from connector.settlement.wallet import Wallet


class Connector(Founded):
    """One participant, made by `Connector.start`: what it is founded on, negotiations and windows, then its roles."""

    doors: Annotated[Doors, Service(trading.doors)]
    engine: Annotated[Engine, trading.ENGINE]
    issuer: Issuer
    reissuing: Annotated[Reissuing, trading.REISSUING]
    licensing: Annotated[Licensing, Service(begins=Licensing.recover, hears={"act_mined": Licensing.mined})]
    meetings: Meetings
    notices: Annotated[Notices, Service(trading.notices)]
    erasing: Annotated[Erasing, Service(begins=Erasing.start, ends=Erasing.close)]
    duties: Duties
    policy_clock: Annotated[PolicyClock, Service(trading.policy_clock)]
    judge: Annotated[Judge, Service(trading.judge)]
    enforcement: Enforcement
    running_uses: RunningUses
    white_lists: trading.WHITE_LISTS
    ways: Annotated[Ways, trading.WAYS]
    desk: Desk
    header_calls: HeaderCalls
    paying: Paying
    service_desk: ServiceDesk
    intact: Annotated[Intact, Service(trading.intact)]
    standing: Annotated[Standing, Service(trading.standing)]
    audience: Audience
    agreements: Agreements
    continuity: Annotated[Continuity, trading.CONTINUITY]
    presenting: Presenting
    derivation: Derivation
    partnership: Partnership
    deal_filing: DealFiling
    registration: filing.Registration
    authorities: authority.Authorities
    strangers: Strangers
    ticket_key: Annotated[bytes, Service(ticket_key)]
    data_addresses: DataAddresses
    landing: Landing
    carriage: Annotated[Carriage, Service(hears={"transfer_halted": Carriage.halt})]
    throttle: Annotated[Throttle, Service(trading.throttle)]
    books: Books
    contradictions: Contradictions
    holder: Annotated[Holder, Service(trading.holder)]
    buyer: Annotated[Buyer, Service(trading.buyer)]
    paces: Paces
    turns: Turns
    payments: Payments
    acknowledging: Annotated[Acknowledging, trading.ACKNOWLEDGING]
    till: Till
    admission: Annotated[Admission, Service(begins=Admission.begin)]
    resources: Resources
    holding: Holding
    carriers: Carriers
    granting: Granting
    suspensions: Suspensions
    copies: Annotated[Copies, Service(hears={"transfer_moved": Copies.moved})]
    control_planes: ControlPlanes
    flows: Annotated[Flows, Service(begins=Flows.recover, working={("flows",): Flows.recover})]
    data_planes: DataPlanes
    steering: Annotated[Steering, Service(begins=Steering.recover, hears={"process_moved": Steering.moved})]
    given: Given
    renewal: Renewal
    arriving: Arriving
    calls: Calls
    computations: Computations
    readers: Readers
    compute_room: Annotated[ComputeRoom, Service(begins=ComputeRoom.recover, ends=ComputeRoom.end)]
    collecting: Collecting
    memory: Memory
    pipes: Pipes
    offering: Offering
    discovery: Discovery
    waiting: Annotated[Waiting, Service(chores={"see what the exchange has reviewed": Waiting.look})]
    publications: Annotated[Publications, Service(begins=Publications.recover)]
    handover: Handover
    batching: Annotated[Batching, Service(begins=Batching.recover, chores={"remove old batches": Batching.tidy})]
    giving: Giving
    assets: Annotated[Assets, Service(begins=Assets.recover, working={("assets",): Assets.recover})]
    policy_definitions: PolicyDefinitions
    contract_definitions: ContractDefinitions
    catalogues: Catalogues
    client_secrets: ClientSecrets
    callbacks: Annotated[Callbacks, Service(begins=Callbacks.recover, hears={"process_moved": Callbacks.moved})]
    contract_processes: Annotated[ContractProcesses, trading.CONTRACT_PROCESSES]
    references: References
    offloading: Annotated[Offloading, Service(begins=Offloading.recover, chores={"move editions": Offloading.again})]
    rights: Rights
    versions: Versions
    shop: Shop
    hosting: Annotated[Hosting, trading.HOSTING]
    drafts: Drafts
    uploads: Annotated[Uploads, Service(begins=Uploads.recover, chores={"remove old uploads": Uploads.tidy})]
    folders: Folders
    purse: Purse
    quotes: Quotes
    prospects: Prospects
    deposits: Deposits
    next_channels: NextChannels
    reads: Reads
    opening_turns: OpeningTurns
    joining: Joining
    lines: Annotated[Lines, Service(chores={"sign for what was answered": Lines.collect})]
    calling: Calling
    querying: Querying
    fitting: FittingRoom
    looking_up: LookingUp
    asking_jointly: AskingJointly
    modelling: Modelling
    assents: Assents
    program_files: Annotated[ProgramFiles, Service(chores={"remove old programs": ProgramFiles.tidy})]
    relating: Relating
    learning: trading.OwnLabels
    followings: Annotated[Followings, Service(begins=Followings.recover)]
    copying: Copying
    fetching: Fetching
    pulls: Pulls
    acquisitions: Annotated[Acquisitions, trading.ACQUISITIONS]
    pausing: Pausing
    openings: Openings
    bought_programs: BoughtPrograms
    choosing: Choosing
    running: Running
    pursuits: Annotated[Pursuits, trading.PURSUITS]
    pushes: Annotated[Pushes, Service(begins=Pushes.recover, hears={"process_moved": Pushes.moved})]
    settlements: Settlements
    following: Annotated[Following, Service(hears={"block_seen": Following.seen})]
    chain_turns: Annotated[ChainTurns, Service(hears={"block_seen": ChainTurns.seen})]
    cases: Cases
    arbitration: Arbitration
    receivables: Annotated[Receivables, trading.RECEIVABLES]
    returning: Annotated[Returning, trading.RETURNING]
    claiming: Annotated[Claiming, Service(warns=Claiming.warnings)]
    movements: Movements
    refunds: Refunds
    wallet: Wallet
    bills: Bills
    reporting: Reporting
    finding: Annotated[Finding, trading.FINDING]
    members: Members
    chain_events: ChainEvents
    indicators: Indicators
    applications: Applications
    operators: Operators
    acts: Acts
    spaces: Spaces
    searches: Searches
    heartbeats: Heartbeats
    departing: Departing
    pulse: Annotated[
        Pulse,
        Service(begins=Pulse.start, ends=Pulse.close, chores={"tell the exchange that we are there": Pulse.chore}),
    ]
    watched_uses: WatchedUses
    use_telling: Annotated[UseTelling, Service(readies=UseTelling.start, ends=UseTelling.close)]
    leaving: Annotated[Leaving, Service(chores={"end memberships whose plans are over": Leaving.end_due})]
    harvesting: Annotated[Harvesting, trading.HARVESTING]
    demands: Demands
    projects: Projects
    filed_deals: FiledDeals
    filings: Filings
    signed_filings: SignedFilings
    office: Annotated[Office, Service(chores={"register at the node, or collect as one": Office.chore})]
    contract_templates: ContractTemplates
    reviewer: Annotated[Reviewer, Service(begins=Reviewer.recover, working={LISTED: Reviewer.recover})]
    attesting: Attesting
    trades: Trades
    complaints: Complaints
    cash: Cash
    monitor: Annotated[Monitor, Service(begins=Monitor.start, ends=Monitor.close)]
    mending: Annotated[Mending, Service(ends=Mending.close, hears={"process_moved": Mending.woken})]
    leaking: Leaking
    watermarks: Watermarks
    accounts: Accounts
    api_keys: ApiKeys
    openid: Provider
    entrance: Entrance
    budget: Budget
    proposals: Proposals
    held_lists: Annotated[HeldLists, Service(ends=HeldLists.close)]
    trials: Annotated[Trials, Service(ends=Trials.close)]
    sessions: Sessions
    audits: Annotated[Audits, Service(begins=Audits.recover, ends=Audits.close)]
    logbooks: Logbooks
    chain_book: ChainBook
