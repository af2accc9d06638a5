"""The values that get signed: one frozen dataclass a type of spec 2, its fields in the type's order, in snake_case.

Digests, ids and keys are 32 bytes, addresses 20, times posix seconds, amounts minor units.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Agreement:
    """What both sides sign; its digest is what goes on chain and what orders cite."""

    provider: bytes
    buyer: bytes
    product: bytes
    edition_id: bytes
    terms_digest: bytes
    token: bytes
    price_cap: int
    not_after: int
    split_hash: bytes
    summary: str


@dataclass(frozen=True, slots=True)
class Range:
    """Rows `first` to `first + count - 1` of an edition."""

    first: int
    count: int


@dataclass(frozen=True, slots=True)
class Edition:
    """The provider's word that an edition is the n-th of its series."""

    edition_id: bytes
    series: bytes
    number: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """The payee's word that a voucher will not be released; `reason` is a labelled digest of the reasons."""

    voucher_digest: bytes
    reason: bytes
    time: int


@dataclass(frozen=True, slots=True)
class Order:
    """Rows of one transfer under one agreement; `use` is a row of the specification's use codes."""

    agreement_digest: bytes
    transfer_id: bytes
    edition_id: bytes
    use: int
    ranges: tuple[Range, ...]
    amount: int
    reader_key: bytes


@dataclass(frozen=True, slots=True)
class Batch:
    """The orders of one window; its struct hash is the account hash and chains to `prev`."""

    prev: bytes
    orders: tuple[Order, ...]


@dataclass(frozen=True, slots=True)
class KeyOffer:
    """The payee's promise: these masked keys for this cumulative amount, unlocked by the preimage of `lock`."""

    channel_id: bytes
    seq: int
    account_hash: bytes
    cumulative_amount: int
    lock: bytes
    masked_hash: bytes
    decision_digest: bytes
    valid_until: int


@dataclass(frozen=True, slots=True)
class Voucher:
    """The payer's promise to the channel program; `lock` zero needs no preimage, `valid_until` 0 never lapses."""

    channel_id: bytes
    seq: int
    cumulative_amount: int
    account_hash: bytes
    lock: bytes
    valid_until: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """The payee's word that the keys of a voucher were released, and where its log says so."""

    channel_id: bytes
    seq: int
    voucher_digest: bytes
    offer_digest: bytes
    decision_digest: bytes
    log_leaf: bytes
    released_at: int


@dataclass(frozen=True, slots=True)
class Final:
    """Both sides' consent to close a channel at an amount."""

    channel_id: bytes
    final_amount: int
    account_hash: bytes
    valid_until: int


@dataclass(frozen=True, slots=True)
class SubLicence:
    """A holder's grant to a child under its own licence."""

    parent: bytes
    holder: bytes
    child: bytes
    terms_digest: bytes
    draws_on: bytes
    not_after: int


@dataclass(frozen=True, slots=True)
class Head:
    """A log's head as witnesses sign it for the anchors program."""

    origin: bytes
    size: int
    root: bytes
    time: int
