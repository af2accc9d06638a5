"""The registry of spaces on chain against the space's document and the members' acts.

Law: the exchange writes both, and only the registry keeps what was. A member stands in it with its DID, role and keys
under the account that it signs with; from the block in which it is revoked on, nothing is signed by or for it. An entry
that cites a later block came after it, whatever time it bears. Who is suspended is given no keys until it is resumed:
whoever serves it has a minute to learn of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from contracts import address
from ledger.audit import assents
from ledger.chain.standing import did_digest, role_of
from ledger.space.accounts import followed
from ledger.space.document import REVOKED, SUSPENDED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from ledger.audit.books import Books
    from ledger.audit.report import Report
    from ledger.audit.sources import ChainEvent
    from ledger.space.document import Member, Space

# events of the programs that an account stands for, and the fields that name it
ACTS: Mapping[str, tuple[str, ...]] = {
    "EditionRegistered": ("provider",),
    "LicenceGranted": ("provider", "buyer"),
    "Opened": ("payer", "payee"),
}
# a suspension is known to everybody within this time
LEARN_SECONDS = 60
RELEASED = "keys.released"
AGREED = "agreement.signed"
LOG_KEY = "logKey"
# entries that bind or give: what a log may still say after its owner left is what others did to it
SIGNED = frozenset({"edition.sealed", "agreement.signed", "keys.offered", RELEASED, "opening.started"})


@dataclass(frozen=True, slots=True)
class Registered:
    """A member as the registry knows it; `since` is the block that admitted it, `revoked` the one that revoked it.

    `rests` are the times when it was suspended or resumed, with the block: (block, posix seconds, suspended); `logs`
    all keys that its log has had. `named` is the cause for which it left by itself, empty where another revoked it.
    """

    did: bytes
    role: int
    keys: Mapping[str, bytes]
    since: int
    revoked: int | None = None
    rests: tuple[tuple[int, int, bool], ...] = ()
    logs: frozenset[bytes] = frozenset()
    named: bytes = b""

    @property
    def suspended(self) -> bool:
        """Say whether it is suspended now."""
        return bool(self.rests) and self.rests[-1][2]

    def resting(self, block: int, time: float) -> int | None:
        """Return the block in which it was suspended, if it still was in `block` and long before `time`."""
        past = [rest for rest in self.rests if rest[0] <= block]
        if not past:
            return None
        number, since, suspended = past[-1]
        return number if suspended and number != block and time > since + LEARN_SECONDS else None


@dataclass(slots=True)
class Registry:
    """One space on chain, replayed."""

    space: bytes
    founded: bool = False
    exchanges: set[bytes] = field(default_factory=set)
    arbitrators: set[bytes] = field(default_factory=set)
    members: dict[bytes, Registered] = field(default_factory=dict)

    def take(self, event: ChainEvent) -> None:
        """Take the next event of the chain; those of other spaces and programs change nothing."""
        step = _STEPS.get(event.name)
        if step is not None and event.fields.get("space") == self.space:
            step(self, event)

    def gone(self, account: bytes) -> bool:
        """Say whether an account was revoked by now."""
        found = self.members.get(account)
        return found is not None and found.revoked is not None


def admitted(space: Space, events: Iterable[ChainEvent]) -> dict[bytes, int]:
    """Return account → block in which the registry admitted each member that it knows."""
    return {account: one.since for account, one in _replayed(space, events).members.items()}


def regulators(space: Space, events: Iterable[ChainEvent]) -> dict[bytes, str]:
    """Return account → DID of the regulators of a space whom neither its document nor the registry bars."""
    registry = _replayed(space, events)
    found = (one for one in space.of_role("regulator") if one.did not in space.barred)
    return {one.address: one.did for one in found if not registry.gone(one.address)}


def _replayed(space: Space, events: Iterable[ChainEvent]) -> Registry:
    """Return the registry as all events of the chain leave it."""
    registry = Registry(did_digest(space.exchange))
    for event in events:
        registry.take(event)
    return registry


def check(space: Space, books: Books, events: Iterable[ChainEvent], report: Report) -> None:
    """Replay the registry beside the acts of its members, then compare it with document and logs."""
    registry, arbiters = Registry(did_digest(space.exchange)), dict[bytes, bytes]()
    payers: dict[str, bytes] = {}
    for event in events:
        registry.take(event)
        _check_act(space, books, registry, event, report)
        if event.name == "Opened":
            arbiters[event.fields["channelId"]] = event.fields.get("arbitrator", b"")
            payers[event.fields["channelId"].hex()] = event.fields["payer"]
        elif event.name == "Divided" and registry.arbitrators:
            arbiter = arbiters.get(event.fields["channelId"], b"")
            if arbiter not in registry.arbitrators:
                channel = event.fields["channelId"].hex()
                report.find("division-by-unnamed", _subject(space, arbiter), channel=channel)
    if not registry.founded:
        report.find("space-unregistered", space.exchange)
        return
    _check_members(space, registry, report)
    _check_entries(space, books, registry, report)
    _check_served(books, registry, _present(space, payers), report)
    _check_assented(space, books, registry, report)


def _subject(space: Space, account: bytes) -> str:
    member = space.by_address(account)
    return "chain" if member is None else member.did


def _check_act(space: Space, books: Books, registry: Registry, event: ChainEvent, report: Report) -> None:
    for name in ACTS.get(event.name, ()):
        account = event.fields[name]
        if registry.gone(account) and not _goes_on(space, books, event, name):
            facts = {"act": event.name, "as": name, "block": event.block}
            report.find("act-after-revocation", _subject(space, account), **facts)


def _goes_on(space: Space, books: Books, event: ChainEvent, name: str) -> bool:
    """Say whether an act for a former account is of what was agreed under it: a licence, or what pays to it."""
    member = space.by_address(event.fields[name])
    if member is None or event.fields[name] == member.address:
        return False
    if event.name != "LicenceGranted":
        return name == "payee"
    book = books.get(member.did)
    signed = () if book is None else book.of(AGREED, event.fields["agreementDigest"].hex())
    until = next(one.until for one in member.address_former if one.address == event.fields[name])
    return any(one.time <= until for one in signed)


def _check_members(space: Space, registry: Registry, report: Report) -> None:
    """Compare every member of the document with the registry; the exchange stands in it as who runs the space."""
    for account in sorted(registry.exchanges):
        if space.by_address(account) is None:
            report.find("exchange-unlisted", space.exchange, account=address.show(account))
    for member in space.members.values():
        found = registry.members.get(member.address)
        if member.did == space.exchange:
            if member.address not in registry.exchanges or member.log_former:
                report.find("member-registered-otherwise", member.did, fields="exchange")
        elif found is None:
            report.find("member-unregistered", member.did)
        elif found.revoked is not None and space.barred.get(member.did) == REVOKED:
            continue  # the document says so, too
        elif found.revoked is not None:
            report.find("member-revoked", member.did, block=found.revoked)
        elif fields := ", ".join(
            _differing(member, found, registry, suspended=space.barred.get(member.did) == SUSPENDED)
        ):
            report.find("member-registered-otherwise", member.did, fields=fields)


def _differing(member: Member, found: Registered, registry: Registry, *, suspended: bool) -> Iterator[str]:
    keys = {LOG_KEY: member.log_key, "deliveryKey": member.delivery, "aggregateKey": member.aggregate}
    if found.did != did_digest(member.did):
        yield "did"
    if role_of(found.role) != member.role:
        yield "role"
    if found.suspended != suspended:
        yield "suspension"
    yield from (name for name, key in keys.items() if found.keys.get(name) != key)
    if not {one.key for one in member.log_former} <= found.logs:
        yield "logFormer"
    if not all(_follows(member, registry, *pair) for pair in pairwise(member.accounts)):
        yield "addressFormer"


def _follows(member: Member, registry: Registry, after: bytes, before: bytes) -> bool:
    """Say whether an account left the registry by itself for the one after it."""
    known = registry.members.get(before)
    return known is not None and known.did == did_digest(member.did) and known.named == followed(member.did, after)


def _check_entries(space: Space, books: Books, registry: Registry, report: Report) -> None:
    for did, book in books.items():
        found = registry.members.get(space.members[did].address)
        if found is None or found.revoked is None:
            continue
        for event in book.among(SIGNED):
            cited = event.block
            if cited is not None and cited.number > found.revoked:
                report.find("signed-after-revocation", did, event, block=found.revoked)


def _present(space: Space, payers: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return channel → the account that its payer has now: who is suspended is so by that."""
    return {channel: one.address if (one := space.by_address(payer)) else payer for channel, payer in payers.items()}


def _check_served(books: Books, registry: Registry, payers: Mapping[str, bytes], report: Report) -> None:
    """Check that nobody was given keys while it was suspended; `payers` channel → account."""
    resting = {account for account, one in registry.members.items() if one.rests}
    for did, book in books.items():
        for channel in book.parts(RELEASED) if resting else ():
            if payers.get(channel) not in resting:
                continue
            buyer = registry.members[payers[channel]]
            for event in book.of(RELEASED, channel):
                cited = event.block
                since = None if cited is None else buyer.resting(cited.number, event.time.timestamp())
                if since is not None:
                    report.find("released-to-suspended", did, event, channel=channel, block=since)


def _check_assented(space: Space, books: Books, registry: Registry, report: Report) -> None:
    """Check that no program was begun by the assent of a reviewer that was suspended or revoked by then."""
    known = {did: registry.members.get(one.address) for did, one in space.members.items()}
    resting = {did: one for did, one in known.items() if one is not None and (one.rests or one.revoked is not None)}
    for did, book in books.items():
        for event in book.of(assents.STARTED) if resting else ():
            reviewer, cited = resting.get(assents.reviewer(event)), event.block
            if reviewer is None or cited is None:
                continue
            since = reviewer.resting(cited.number, event.time.timestamp())
            if reviewer.revoked is not None and cited.number > reviewer.revoked:
                since = reviewer.revoked
            if since is not None:
                why = f"the registry had suspended or revoked its reviewer in block {since}"
                report.find(assents.UNASSENTED, did, event, reason=why)


def _founded(registry: Registry, event: ChainEvent) -> None:
    registry.founded = True
    registry.exchanges.add(event.fields["exchange"])


def _admitted(registry: Registry, event: ChainEvent) -> None:
    fields = event.fields
    one = Registered(fields["did"], fields["role"], fields["keys"], event.block, logs=_logs(fields["keys"]))
    registry.members[fields["member"]] = one


def _logs(keys: Mapping[str, bytes]) -> frozenset[bytes]:
    return frozenset(key for name, key in keys.items() if name == LOG_KEY)


def _keys_changed(registry: Registry, event: ChainEvent) -> None:
    keys, found = event.fields["keys"], registry.members.get(event.fields["member"])
    if found is not None:
        _changed(registry, event, keys=keys, logs=found.logs | _logs(keys))


def _changed(registry: Registry, event: ChainEvent, **changes: Any) -> None:
    found = registry.members.get(event.fields["member"])
    if found is not None:
        registry.members[event.fields["member"]] = replace(found, **changes)


def _revoked(registry: Registry, event: ChainEvent) -> None:
    fields = event.fields
    by_itself = fields.get("by") == fields["member"]
    _changed(registry, event, revoked=event.block, named=fields.get("cause", b"") if by_itself else b"")


def _rested(registry: Registry, event: ChainEvent) -> None:
    found = registry.members.get(event.fields["member"])
    if found is not None:
        rest = event.block, int(event.fields["at"]), event.name == "MemberSuspended"
        _changed(registry, event, rests=(*found.rests, rest))


_STEPS: Mapping[str, Callable[[Registry, ChainEvent], None]] = {
    "SpaceFounded": _founded,
    "ExchangeNamed": lambda registry, event: registry.exchanges.add(event.fields["exchange"]),
    "ExchangeDismissed": lambda registry, event: registry.exchanges.discard(event.fields["exchange"]),
    "ArbitratorNamed": lambda registry, event: registry.arbitrators.add(event.fields["arbitrator"]),
    "ArbitratorDismissed": lambda registry, event: registry.arbitrators.discard(event.fields["arbitrator"]),
    "MemberAdmitted": _admitted,
    "RoleChanged": lambda registry, event: _changed(registry, event, role=event.fields["role"]),
    "KeysChanged": _keys_changed,
    "MemberSuspended": _rested,
    "MemberResumed": _rested,
    "MemberRevoked": _revoked,
}
