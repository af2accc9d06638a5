"""What the chain says, gathered from the programs' events: the one record that no party of a trade keeps."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

from ledger.log.head_share import key_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from ledger.audit.sources import ChainEvent

Fact = TypeVar("Fact")


@dataclass(frozen=True, slots=True)
class Anchored:
    """A head that a quorum of witnesses put on the chain; it is `signed` if its log's signature came with it."""

    size: int
    root: bytes
    block: int
    signed: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim of a channel: the cumulative amount in minor units and the batch it stands for."""

    cumulative: int
    account_hash: bytes
    block: int


@dataclass(frozen=True, slots=True)
class Divided:
    """What an arbitrator did with the unclaimed rest of a channel, in minor units, under the digest of its ruling."""

    to_payees: int
    to_payer: int
    ruling: bytes
    block: int


@dataclass(slots=True)
class ChannelFacts:
    """One channel: what it was opened with, its claims in order, credits by account, whether it is closed, its deposit.

    Amounts are minor units; a deposit only grows. `divided` is None unless an arbitrator ended it.
    """

    opened: Mapping[str, Any]
    claims: list[Claim] = field(default_factory=list)
    credits: dict[bytes, int] = field(default_factory=dict)
    closed: bool = False
    deposit: int = 0
    divided: Divided | None = None

    @property
    def claimed(self) -> int:
        """Return the cumulative amount claimed so far."""
        return max((claim.cumulative for claim in self.claims), default=0)


@dataclass(slots=True)
class ChainFacts:
    """Everything the audit compares the logs with; ids and origins are 32 bytes, `revoked` says in which block.

    `suspended` lists the blocks in which a licence was suspended (True) or resumed (False), in chain order; `proven`
    is the BLS key that an account proved last, `granted` the block of each licence, `until` the newest block's time.
    """

    editions: dict[bytes, Mapping[str, Any]] = field(default_factory=dict)
    licences: dict[bytes, Mapping[str, Any]] = field(default_factory=dict)
    revoked: dict[bytes, int] = field(default_factory=dict)
    suspended: dict[bytes, list[tuple[int, bool]]] = field(default_factory=dict)
    channels: dict[bytes, ChannelFacts] = field(default_factory=dict)
    logs: dict[bytes, list[ChainEvent]] = field(default_factory=dict)
    anchors: dict[bytes, list[Anchored]] = field(default_factory=dict)
    forked: set[bytes] = field(default_factory=set)
    proven: dict[bytes, bytes] = field(default_factory=dict)
    granted: dict[bytes, int] = field(default_factory=dict)
    until: datetime | None = None

    def narrowed(self, *, channels: Iterable[str] = (), agreements: Iterable[str] = ()) -> ChainFacts:
        """Return what a share of channels or agreements, by their ids in hex, is checked with: no other of its kind."""
        return replace(
            self,
            licences=_only(self.licences, agreements),
            channels=_only(self.channels, channels),
            logs={},
            anchors={},
            proven={},
        )


def _only(known: Mapping[bytes, Fact], names: Iterable[str]) -> dict[bytes, Fact]:
    ids = (name_id(name) for name in names)
    return {one: known[one] for one in ids if one in known}


def name_id(name: str) -> bytes:
    """Return the bytes of an id as the logs write it, nothing if it is none."""
    try:
        return bytes.fromhex(name)
    except ValueError:
        return b""


def gather(events: Iterable[ChainEvent]) -> ChainFacts:
    """Sort events into facts; those that decide nothing here are passed over."""
    facts = ChainFacts()
    for event in events:
        put = _READERS.get(event.name)
        if put is not None:
            put(facts, event)
    return facts


def _registered(facts: ChainFacts, event: ChainEvent) -> None:
    facts.editions[event.fields["editionId"]] = event.fields


def _granted(facts: ChainFacts, event: ChainEvent) -> None:
    facts.licences[event.fields["agreementDigest"]] = event.fields
    facts.granted[event.fields["agreementDigest"]] = event.block


def _revoked(facts: ChainFacts, event: ChainEvent) -> None:
    facts.revoked.setdefault(event.fields["agreementDigest"], event.block)


def _suspended(facts: ChainFacts, event: ChainEvent) -> None:
    turns = facts.suspended.setdefault(event.fields["agreementDigest"], [])
    turns.append((event.block, event.name == "LicenceSuspended"))


def _opened(facts: ChainFacts, event: ChainEvent) -> None:
    facts.channels[event.fields["channelId"]] = ChannelFacts(event.fields, deposit=event.fields["deposit"])


def _topped(facts: ChainFacts, event: ChainEvent) -> None:
    _channel(facts, event).deposit = event.fields["deposit"]


def _channel(facts: ChainFacts, event: ChainEvent) -> ChannelFacts:
    """Return the channel of an event; one whose opening the chain did not show is known to nobody."""
    return facts.channels.get(event.fields["channelId"]) or ChannelFacts({})


def _claimed(facts: ChainFacts, event: ChainEvent) -> None:
    claim = Claim(event.fields["cumulativeAmount"], event.fields["accountHash"], event.block)
    _channel(facts, event).claims.append(claim)


def _credited(facts: ChainFacts, event: ChainEvent) -> None:
    credits_of = _channel(facts, event).credits
    account = event.fields["account"]
    credits_of[account] = credits_of.get(account, 0) + event.fields["amount"]


def _closed(facts: ChainFacts, event: ChainEvent) -> None:
    channel = _channel(facts, event)
    channel.closed = True
    # a `Final` may close above the last claim; what was paid out in the end is what counts
    if event.fields["claimed"] > channel.claimed:
        channel.claims.append(Claim(event.fields["claimed"], b"", event.block))


def _divided(facts: ChainFacts, event: ChainEvent) -> None:
    amounts = event.fields["toPayees"], event.fields["toPayer"]
    _channel(facts, event).divided = Divided(*amounts, event.fields["ruling"], event.block)


def _log_registered(facts: ChainFacts, event: ChainEvent) -> None:
    facts.logs.setdefault(event.fields["origin"], []).append(event)


def _anchored(facts: ChainFacts, event: ChainEvent) -> None:
    head = Anchored(event.fields["size"], event.fields["root"], event.block)
    facts.anchors.setdefault(event.fields["origin"], []).append(head)


def _forked(facts: ChainFacts, event: ChainEvent) -> None:
    facts.forked.add(event.fields["origin"])


def _proven(facts: ChainFacts, event: ChainEvent) -> None:
    facts.proven[event.fields["witness"]] = key_of(event.fields["key"])


_READERS = {
    "EditionRegistered": _registered,
    "LicenceGranted": _granted,
    "LicenceRevoked": _revoked,
    "LicenceSuspended": _suspended,
    "LicenceResumed": _suspended,
    "Opened": _opened,
    "ToppedUp": _topped,
    "Claimed": _claimed,
    "Credited": _credited,
    "Closed": _closed,
    "Divided": _divided,
    "LogRegistered": _log_registered,
    "Anchored": _anchored,
    "Forked": _forked,
    "KeyProven": _proven,
}
