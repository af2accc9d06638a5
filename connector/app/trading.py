"""How the parts are made that trading stands on: the engine, who judges, and the two sides of the window protocol.

Law: as in `connector.app.ground`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

from connector.channel.doors import Buyer, Holder
from connector.consumer.acknowledging import Acknowledging
from connector.consumer.acquisition import Acquisitions
from connector.consumer.learning import Learning
from connector.consumer.pursuit import Pursuits
from connector.core.service import Service
from connector.enforcement.judge import Judge
from connector.enforcement.membership import Membership
from connector.exchange.federation.harvesting import Harvesting
from connector.exchange.finding import Finding
from connector.exchange.kinds import LISTED
from connector.exchange.reissuing import Reissuing
from connector.licence.continuity import Continuity
from connector.licence.intact import Intact
from connector.licence.standing import Standing
from connector.licence.throttle import Throttle
from connector.negotiation.courier import Courier
from connector.negotiation.doors import Doors, Participant
from connector.negotiation.engine import Engine
from connector.negotiation.ndi.address import plain
from connector.negotiation.notices import Notices
from connector.negotiation.protocol.messages import DSP_PATH
from connector.operation.management.processes import ContractProcesses
from connector.operation.ndi.ways import Ways
from connector.operation.ndi.white_lists import WhiteLists
from connector.provider.hosting.hosting import Hosting
from connector.runtime.clock import PolicyClock
from connector.runtime.errors import AddressRefused
from connector.runtime.settings_sources import shares
from connector.settlement.receivables import Receivables
from connector.settlement.returning import Returning
from connector.store.rows.protocol import TransferRow
from connector.store.rows.use import DecisionRow

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.chain.chain_watch import ChainWatch
    from connector.core.core import Core
    from connector.enforcement.enforce import Enforcement
    from connector.identity.peers import Peers
    from connector.identity.space.view import SpaceView
    from connector.licence.books import Books
    from connector.licence.duties import Duties
    from connector.negotiation.reactions import Rules
    from connector.operation.dcp.verifier import Verifier
    from connector.runtime.clock import Clock
    from connector.runtime.settings import Settings
    from connector.settlement.contradictions import Contradictions
    from connector.store.heads import Heads
    from connector.store.rows.protocol import ProcessRow
    from connector.store.transaction import Tx
    from ledger.chain.programs import Programs
    from ledger.space.document import Member


def doors(core: Core, peers: Peers, heads: Heads) -> Doors:
    """Return what the engine asks of the rest; what is made after it opens the doors that are left."""
    topics, courier = core.topics, Courier(core.outbound, peers.authorization, heads)

    def refuse_url(url: str) -> str | None:
        try:
            core.outbound.check(plain(url))
        except AddressRefused as refusal:
            return str(refusal)
        return None

    def moved(tx: Tx, process: str, row: ProcessRow) -> None:
        topics.process_moved.after(tx, process, row.id)
        if isinstance(row, TransferRow):
            topics.agreement_touched.after(tx, row.agreement)
            topics.transfer_moved.tell(tx, row)

    return Doors(
        now=core.clock.now,
        deliver=courier.deliver,
        ask=courier.ask,
        refuse_url=refuse_url,
        moved=moved,
        halted=lambda tx, row: topics.transfer_halted.after(tx, row.id),
        ended=topics.agreement_touched.after,
    )


def engine(core: Core, programs: Programs, doors: Doors, rules: Rules) -> Engine:
    """Return what negotiates and transfers."""
    identity, domain = core.identity, programs.deployment.domain("licences")
    currency, base = programs.deployment.currency, identity.url + DSP_PATH
    own, former = lambda: identity.keys.address, lambda: identity.keys.accounts[1:]
    me = Participant(identity.did, base, own, identity.sign, domain, currency, former)
    patience = timedelta(seconds=core.settings.negotiation.deadline_seconds)
    return Engine(core.store, core.evidence, me, doors, rules=rules, patience=patience)


ENGINE = Service(
    engine,
    begins=Engine.recover,
    ends=Engine.close,
    working={("outbox", "negotiations", "transfers"): Engine.wake},
)


def notices(core: Core, space: SpaceView, engine: Engine) -> Notices:
    """Return what tells the other parties of our agreements."""

    def member(did: str) -> Member | None:
        return space.last().members.get(did)

    return Notices(core.identity, core.store, core.evidence, core.clock, engine.outbox, member)


async def policy_clock(core: Core) -> PolicyClock:
    """Return the time that decisions are made at: it goes on from the newest one that is stored."""
    newest = await core.store.read(lambda tx: tx.find(DecisionRow, order="at desc", limit=1))
    return PolicyClock(core.clock, newest[0].at if newest else None)


def judge(
    core: Core, space: SpaceView, policy_clock: PolicyClock, watch: ChainWatch, duties: Duties, verifier: Verifier
) -> Judge:
    """Return who asks the policies."""
    members = Membership(core.settings.negotiation.collections)
    return Judge(space.last, policy_clock, lambda: watch.block_time, duties.promised, members, verifier.facts)


def intact(programs: Programs) -> Intact:
    """Return what tells whether an agreement is still what was signed."""
    return Intact(programs.deployment.domain("licences"))


def standing(core: Core, enforcement: Enforcement, intact: Intact, doors: Doors) -> Standing:
    """Return who says what stands, the engine's door of that among it."""
    made = Standing(enforcement, core.identity.did, intact, core.topics.agreement_altered.tell)
    doors.stands = lambda tx, agreement, now: made.refusal(tx, agreement, now, "transfer")
    return made


def throttle(settings: Settings, clock: Clock) -> Throttle:
    """Return how fast bytes may leave."""
    limits = settings.transfers
    return Throttle(
        clock.monotonic,
        total=limits.bytes_per_second,
        each=limits.agreement_bytes_per_second,
        rates=shares(limits.rates),
        weights=shares(limits.weights),
    )


def holder(
    core: Core,
    programs: Programs,
    books: Books,
    watch: ChainWatch,
    enforcement: Enforcement,
    contradictions: Contradictions,
) -> Holder:
    """Return the payee's side of the window protocol."""
    return Holder(**_desk(core, programs, books, watch, contradictions), secrets=books, enforcement=enforcement)


def buyer(core: Core, programs: Programs, books: Books, watch: ChainWatch, contradictions: Contradictions) -> Buyer:
    """Return the payer's side of the window protocol."""
    return Buyer(**_desk(core, programs, books, watch, contradictions), keyring=books)


def _desk(
    core: Core, programs: Programs, books: Books, watch: ChainWatch, contradictions: Contradictions
) -> dict[str, Any]:
    """Return what both sides have."""
    domain: Callable[[str], Any] = programs.deployment.domain
    return {
        "sign": core.identity.sign,
        "channels": domain("channels"),
        "registry": domain("editions"),
        "books": books,
        "editions": books,
        "evidence": core.evidence,
        "chain": watch,
        "contradicted": contradictions.found,
    }


WHITE_LISTS = Annotated[WhiteLists, Service()]
WAYS = Service(hears={"transfer_moved": Ways.moved}, chores={"forget old deliveries": Ways.tidy})
CONTINUITY = Service(
    begins=Continuity.start,
    ends=Continuity.close,
    hears={"agreement_touched": Continuity.touch, "agreement_altered": Continuity.report},
)
CONTRACT_PROCESSES = Service(
    begins=ContractProcesses.recover,
    hears={"process_moved": ContractProcesses.moved},
    working={("edr_requests",): ContractProcesses.recover},
)
ACKNOWLEDGING = Service(
    begins=Acknowledging.recover, ends=Acknowledging.close, working={("windows",): Acknowledging.recover}
)
RECEIVABLES = Service(
    begins=Receivables.recover,
    hears={"channel_stopped": Receivables.wake, "release_forgotten": Receivables.wake},
    warns=Receivables.warnings,
)
ACQUISITIONS = Service(
    begins=Acquisitions.recover,
    hears={"process_moved": Acquisitions.moved, "agreement_amended": Acquisitions.amended},
)
RETURNING = Service(begins=Returning.recover, hears={"channel_met": Returning.wake, "agreement_over": Returning.wake})
HOSTING = Service(
    readies=Hosting.recover,
    looks={("hosted_parts",): Hosting.recover},
    chores={"let go what may not be hosted any more": Hosting.look},
)
OwnLabels = Annotated[Learning, Service()]
FINDING = Service(
    readies=Finding.recover,
    ends=Finding.close,
    looks={(*LISTED, "spaces"): Finding.changed, ("federated",): Finding.grown},
)
REISSUING = Service(
    begins=Reissuing.look,
    hears={"key_replaced": Reissuing.look},
    chores={"issue anew what a former key has signed": Reissuing.look},
)
PURSUITS = Service(
    begins=Pursuits.recover,
    hears={"acquisition_moved": Pursuits.moved},
    chores={"pursue demands": Pursuits.recover},
)
HARVESTING = Service(begins=Harvesting.recover, ends=Harvesting.close, working={("sources",): Harvesting.wake})
