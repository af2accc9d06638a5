"""Keys released = keys received: the two logs of a channel, window by window.

Every window leaves the same figures in three places that no single party can change together: the holder's log, the
payer's log, and the chain (ledger.audit.settlement). A figure that was altered, an entry that was dropped and one that
was added each break one of these equalities, and the break names the window.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from contracts.typed_data import Batch, Order, Range, Receipt, Voucher, digest, struct_hash
from ledger.audit.books import having, reading
from ledger.audit.facts import name_id
from ledger.audit.horizon import behind

if TYPE_CHECKING:
    from ledger.audit.books import Book, Books
    from ledger.audit.docket import Docket
    from ledger.audit.event import Event
    from ledger.audit.facts import ChainFacts, ChannelFacts
    from ledger.audit.report import Report
    from ledger.space.document import Space

RELEASED, RECEIVED, FAULTED = "keys.released", "keys.received", "keys.faulted"
_NAMED_IN_RECEIPT = ("voucherDigest", "offerDigest", "decisionDigest")
COMPARED = ("amount", "cumulative", "voucherDigest", "rows")


@dataclass(frozen=True, slots=True)
class Window:
    """The figures of one released or received window; amounts in minor units."""

    event: Event
    seq: int
    account_hash: str
    amount: int
    cumulative: int


@dataclass(frozen=True, slots=True)
class Ends:
    """Both ends of one channel as their logs tell it, windows by seq."""

    channel: str
    holder: Book | None
    payer: Book | None
    released: dict[int, Window]
    received: dict[int, Window]
    faulted: frozenset[int]


def channels(books: Books, facts: ChainFacts, docket: Docket) -> list[str]:
    """Return every channel that a log or the chain knows and that is to be judged, in hex and in order."""
    parts = {part for book in books.values() for kind in (RELEASED, RECEIVED) for part in book.parts(kind)}
    return sorted(parts | {name for name in map(bytes.hex, facts.channels) if docket.has(name)})


def check(space: Space, books: Books, facts: ChainFacts, channel: str, report: Report) -> Ends:
    """Check one channel; return both its ends for the settlement."""
    opened = facts.channels.get(name_id(channel))
    ends = _ends(space, books, channel, opened, report)
    _check_sequence(ends.released, report)
    _check_sequence(ends.received, report)
    _check_match(ends, report)
    _check_digests(space, ends, opened, report)
    _check_accounts(ends, report)
    if opened is None:
        _unknown(ends, report)
    return ends


def _ends(space: Space, books: Books, channel: str, opened: ChannelFacts | None, report: Report) -> Ends:
    """Find both ends by their accounts on chain, else by who logs what."""
    holder = payer = None
    if opened is not None:
        holder, payer = (_member(space, books, opened.opened[name]) for name in ("payee", "payer"))
    holder, payer = holder or _logging(books, RELEASED, channel), payer or _logging(books, RECEIVED, channel)
    released, received = _windows(holder, RELEASED, channel, report), _windows(payer, RECEIVED, channel, report)
    return Ends(channel, holder, payer, released, received, _faulted(payer, channel, report))


def _logging(books: Books, kind: str, channel: str) -> Book | None:
    return next(iter(having(books, kind, channel).values()), None)


def _member(space: Space, books: Books, account: bytes) -> Book | None:
    party = space.by_address(account)
    return None if party is None else books.get(party.did)


def _windows(book: Book | None, kind: str, channel: str, report: Report) -> dict[int, Window]:
    windows: dict[int, Window] = {}
    for event in () if book is None else book.of(kind, channel):
        window = reading(event, report, _window, event)
        if window is None:
            continue
        if window.seq in windows:
            report.find("release-repeated", event.did, event, seq=window.seq)
        elif windows and window.seq < max(windows):
            report.find("release-out-of-order", event.did, event, seq=window.seq)
        windows.setdefault(window.seq, window)
    return windows


def _faulted(book: Book | None, channel: str, report: Report) -> frozenset[int]:
    found: set[int] = set()
    for event in () if book is None else book.of(FAULTED, channel):
        seq = reading(event, report, _seq, event)
        if seq is not None:
            report.find("key-faulted", event.did, event, seq=seq)
            found.add(seq)
    return frozenset(found)


def _seq(event: Event) -> int:
    return int(event.link[1])


def _window(event: Event) -> Window:
    account_hash, seq = event.link
    amount, cumulative = (int(event.fields[name]) for name in ("amount", "cumulative"))
    return Window(event, int(seq), account_hash, amount, cumulative)


def _check_sequence(windows: dict[int, Window], report: Report) -> None:
    total = 0
    for seq in sorted(windows):
        window = windows[seq]
        total += window.amount
        if window.cumulative != total:
            facts = {"seq": seq, "mine": window.cumulative, "theirs": total}
            report.find("cumulative-broken", window.event.did, window.event, **facts)
            total = window.cumulative


def _check_match(ends: Ends, report: Report) -> None:
    """Compare the two logs window by window."""
    for seq, window in ends.released.items():
        other = ends.received.get(seq)
        if other is not None:
            _compare(window, other, report)
        elif seq not in ends.faulted and _lacks(ends.payer, ends.received, window, report):
            report.find("release-without-voucher", window.event.did, window.event, seq=seq)
    for seq in ends.received.keys() - ends.released.keys():
        other = ends.received[seq]
        if ends.holder is not None and _lacks(ends.holder, ends.released, other, report):
            report.find("receipt-without-release", ends.holder.party.did, other.event, seq=seq)


def _lacks(book: Book | None, windows: dict[int, Window], shown: Window, report: Report) -> bool:
    """Whether a log must have a window that it lacks: it has a later one, or was read to well after it."""
    if book is None:
        return False
    event = shown.event
    return max(windows, default=shown.seq) > shown.seq or not behind(report, event.part, event.time, book)


def _compare(window: Window, other: Window, report: Report) -> None:
    values = {name: (window.event.fields.get(name), other.event.fields.get(name)) for name in COMPARED}
    values["accountHash"] = (window.account_hash, other.account_hash)
    for name, (mine, theirs) in values.items():
        if mine != theirs:
            shown = {"field": name, "mine": mine, "theirs": theirs, "seq": window.seq}
            label = f"{other.event.label} of {other.event.did}"
            report.find("counterparty-differs", window.event.did, window.event, **shown, other=label)


def _check_digests(space: Space, ends: Ends, opened: ChannelFacts | None, report: Report) -> None:
    """Recompute voucher and receipt digests where the entries disclose enough: they bind figures to signatures.

    A payer whose voucher was not answered has no receipt, and reads the keys off the chain when they were claimed with.
    """
    claimed = set() if opened is None else {claim.account_hash.hex() for claim in opened.claims}
    for windows in (ends.released, ends.received):
        for window in windows.values():
            if {"lock", "validUntil"} <= window.event.fields.keys():
                found = reading(window.event, report, _voucher_digest, space, ends.channel, window)
                if found is not None and found != window.event.fields.get("voucherDigest"):
                    report.find("voucher-mismatch", window.event.did, window.event, seq=window.seq)
    for seq, window in ends.released.items():
        other = ends.received.get(seq)
        if other is not None and other.event.fields.get("receiptDigest") == "" and window.account_hash in claimed:
            report.find("keys-from-chain", window.event.did, window.event, seq=seq)
        elif other is not None and "offerDigest" in window.event.fields:
            found = reading(window.event, report, _receipt_digest, space, ends.channel, window)
            if found is not None and found != other.event.fields.get("receiptDigest"):
                report.find("receipt-mismatch", window.event.did, window.event, seq=seq)


def _voucher_digest(space: Space, channel: str, window: Window) -> str:
    fields = window.event.fields
    account, lock = bytes.fromhex(window.account_hash), bytes.fromhex(fields["lock"])
    until = int(fields["validUntil"])
    voucher = Voucher(bytes.fromhex(channel), window.seq, window.cumulative, account, lock, until)
    return digest(space.domains.channels, voucher).hex()


def _receipt_digest(space: Space, channel: str, window: Window) -> str:
    """Return the digest of the receipt that names this very entry as its log leaf."""
    fields = window.event.fields
    voucher, offer, decision = (bytes.fromhex(fields[name]) for name in _NAMED_IN_RECEIPT)
    released_at = int(fields.get("releasedAt") or window.event.time.timestamp())
    receipt = Receipt(bytes.fromhex(channel), window.seq, voucher, offer, decision, window.event.leaf, released_at)
    return digest(space.domains.registry, receipt).hex()


def _check_accounts(ends: Ends, report: Report) -> None:
    """Hash each batch again (spec 2): the account hash is in voucher and claim, so it holds the orders to them."""
    prev = ends.channel
    for seq in sorted(ends.released):
        window = ends.released[seq]
        found = reading(window.event, report, _account_hash, window.event, prev)
        if found is not None and found != window.account_hash:
            report.find("account-hash-differs", window.event.did, window.event, seq=seq)
        prev = window.account_hash


def _account_hash(event: Event, prev: str) -> str:
    orders = tuple(
        Order(
            bytes.fromhex(row["agreement"]),
            bytes.fromhex(row["transfer"]),
            bytes.fromhex(row["edition"]),
            int(row["use"]),
            tuple(Range(int(first), int(count)) for first, count in row["ranges"]),
            int(row["amount"]),
            bytes.fromhex(row["readerKey"]),
        )
        for row in event.fields["rows"]
    )
    return struct_hash(Batch(bytes.fromhex(prev), orders)).hex()


def _unknown(ends: Ends, report: Report) -> None:
    for window in [*ends.released.values(), *ends.received.values()][:1]:
        report.find("channel-unknown", window.event.did, window.event, channel=ends.channel)
