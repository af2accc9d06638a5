"""What the window protocol is given from outside, and the two sides as values.

Law: an act opens no socket, reads no clock and knows no policy; it calls these, inside its transaction, so they are
short and do not wait. What they write goes through the transaction they are handed.
"""

from __future__ import annotations

import secrets as entropy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from contracts.terms import Terms
from contracts.typed_data import Agreement
from contracts.typed_json import from_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    from connector.enforcement.enforce import Enforcement
    from connector.store.recorder import Recorder
    from connector.store.rows.agreement import AgreementRow
    from connector.store.rows.channel import ChannelRow
    from connector.store.transaction import Tx
    from contracts.typed_data import Domain
    from ledger.edition.row_table import RowTable


@dataclass(frozen=True, slots=True)
class Deal:
    """An agreement as the channel sees it: its digest, what was signed, its terms, the peer's DID, whether it lives.

    `parent` is the digest of the agreement it is a sub-licence of; it draws on that one's counters, too.
    """

    digest: bytes
    agreement: Agreement
    terms: Terms
    peer: str
    live: bool
    parent: bytes | None = None

    @property
    def currency(self) -> str:
        """Return what its amounts are in."""
        return self.terms.tariff.currency

    @classmethod
    def of_row(cls, row: AgreementRow, *, live: bool) -> Deal:
        """Read a row of `agreements`; the store's own rows are trusted to be well-formed."""
        return cls.of(row, from_json(Agreement, row.agreement), Terms.from_json(row.terms), live=live)

    @classmethod
    def of(cls, row: AgreementRow, agreement: Agreement, terms: Terms, *, live: bool) -> Deal:
        """Return the deal of a row of `agreements` whose documents are read already."""
        parent = bytes.fromhex(row.parent) if row.parent else None
        return cls(bytes.fromhex(row.digest), agreement, terms, row.peer, live, parent)


@dataclass(frozen=True, slots=True)
class Sight:
    """What is known of the chain: time of its newest block, and when that was last looked at."""

    block_time: datetime
    seen_at: datetime


class Books(Protocol):
    """Agreements and transfers of this participant."""

    def deal(self, tx: Tx, agreement_digest: bytes) -> Deal | None:
        """Return the agreement, None if there is none with this digest."""

    def claim_margin(self, tx: Tx, agreement_digest: bytes) -> int:
        """Return the seconds before a lapse from which on a voucher under it is claimed, as they are kept here.

        Nothing is verified: a start asks for a thousand channels, and what was earned under an agreement that was
        altered here is claimed, too.
        """

    def transfer_runs(self, tx: Tx, deal: Deal, transfer_id: bytes) -> bool:
        """Say whether the transfer belongs to the agreement and is started."""

    def used(self, tx: Tx, deal: Deal) -> None:
        """Take note that a use was taken under the agreement: what runs under it may hold no longer."""


class Editions(Protocol):
    """Row tables, proven against their edition ids."""

    def table(self, tx: Tx, edition_id: bytes) -> RowTable | None:
        """Return the row table of an edition, None if it is unknown here."""


class Secrets(Protocol):
    """The provider's secrets."""

    def secrets(self, tx: Tx, edition_id: bytes, rows: Sequence[int]) -> list[bytes]:
        """Return the 32-byte secret of each row, in the order asked."""


class ChainView(Protocol):
    """The chain as last seen; deposits and expiries are written to `channels` by whoever watches it."""

    def sight(self, tx: Tx) -> Sight:
        """Return the newest block's time and when the chain was last seen."""


class Keyring(Protocol):
    """The buyer's keys: reader keys, and secrets received."""

    def reader(self, tx: Tx, reader_key: bytes) -> X25519PrivateKey | None:
        """Return the private key of a reader key of ours, None when it is gone."""

    def keep(self, tx: Tx, agreement: bytes, secrets: Mapping[int, bytes]) -> None:
        """Store verified secrets (row number → secret) of an agreement's edition, wrapped, in this transaction."""


def _nobody(_tx: Tx, _account: ChannelRow, _bundle: str, _now: datetime) -> None:
    """Tell nobody that a channel has stopped."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What both sides have: signing, the two domains (spec 2), the doors.

    `sign` makes 65 bytes of a digest by an account of ours: that which the channel names, though another follows it.
    `channels` is the domain of vouchers, `registry` that of offers, receipts and refusals. `contradicted` hears, in the
    transaction that stops a channel, which bundle proves that its other side signed two things with one seq.
    """

    sign: Callable[[bytes, bytes], bytes]
    channels: Domain
    registry: Domain
    books: Books
    editions: Editions
    evidence: Recorder
    chain: ChainView
    contradicted: Callable[[Tx, ChannelRow, str, datetime], None] = field(default=_nobody, kw_only=True)


@dataclass(frozen=True, slots=True)
class Holder(Desk):
    """The payee's side: it holds the keys and releases them."""

    secrets: Secrets
    enforcement: Enforcement
    random: Callable[[int], bytes] = entropy.token_bytes


@dataclass(frozen=True, slots=True)
class Buyer(Desk):
    """The payer's side."""

    keyring: Keyring
