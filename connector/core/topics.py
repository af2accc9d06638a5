"""What services tell each other: each topic is a line here, and who hears it is said in the table of services.

Law: who tells knows nobody who hears. What is told of a transaction's effect is told after it (`after`), so nobody
hears of what was rolled back; `transfer_moved` alone is told inside, because what hears it writes in the same one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from connector.store.topic import Awaited, Topic

if TYPE_CHECKING:
    from connector.store.rows.agreement import AgreementRow
    from connector.store.rows.chain import ChainTxRow
    from connector.store.rows.protocol import TransferRow
    from connector.store.transaction import Tx
    from ledger.chain.client import Block
    from ledger.space.document import Space


# what every process on our tables is told when one of them is: ids alone, for whatever it keeps in memory of them
EVERYWHERE = (
    "process_moved",
    "transfer_halted",
    "agreement_touched",
    "agreement_altered",
    "agreement_over",
    "acquisition_moved",
    "channel_met",
    "channel_stopped",
)


@dataclass(frozen=True, slots=True)
class Topics:
    """All topics of one participant.

    process_moved       (`negotiation` or `transfer`, id) a negotiation or transfer has another state
    transfer_moved      (tx, row of `transfers`) the same of a transfer, inside its transaction
    transfer_halted     (id) nothing may flow under a transfer any more, told to the peer or not
    agreement_touched   (digest) something has changed on which it depends what may flow under an agreement
    agreement_altered   (digest) what is stored of an agreement is not what was signed; told from any thread
    agreement_over      (digest) an agreement has ended
    agreement_amended   (tx, the row of an agreement, and of the one in its place) the same, inside its transaction
    acquisition_moved   (id) an acquisition made a step, or ended
    channel_met         (agreement's digest) a channel is open to us under it
    channel_stopped     (id) a channel's other side contradicted itself
    release_forgotten   (id) a channel is closed at more than we know as released on it
    act_mined           (row of `chain_txs`) a transaction of ours is on chain
    block_seen          (block, which past it has) the chain has a new block
    space_changed       (the space) its document says something new
    key_replaced        () we prove ourselves by another key
    """

    process_moved: Topic[[str, str]] = field(default_factory=Topic)
    transfer_moved: Topic[[Tx, TransferRow]] = field(default_factory=Topic)
    transfer_halted: Topic[[str]] = field(default_factory=Topic)
    agreement_touched: Topic[[str]] = field(default_factory=Topic)
    agreement_altered: Topic[[str]] = field(default_factory=Topic)
    agreement_over: Topic[[str]] = field(default_factory=Topic)
    agreement_amended: Topic[[Tx, AgreementRow, AgreementRow]] = field(default_factory=Topic)
    acquisition_moved: Topic[[str]] = field(default_factory=Topic)
    channel_met: Topic[[str]] = field(default_factory=Topic)
    channel_stopped: Topic[[str]] = field(default_factory=Topic)
    release_forgotten: Topic[[str]] = field(default_factory=Topic)
    act_mined: Topic[[ChainTxRow]] = field(default_factory=Topic)
    block_seen: Awaited[[Block, int]] = field(default_factory=Awaited)
    space_changed: Topic[[Space]] = field(default_factory=Topic)
    key_replaced: Awaited[[]] = field(default_factory=Awaited)
