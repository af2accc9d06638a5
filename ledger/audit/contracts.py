"""Contracts of the interfaces (docs/ndi.md): signed by both of their parties, in force by the platform's word alone.

Law: (1) whose log says that a contract was signed is one of its parties, and both signatures are over name, code and
strategy as it tells them, by keys that the space knows: of an account, or of SM2. (2) A control instruction comes from
the exchange: its log says that it filed the contract and instructed that member; what a member says it was told stands
there. (3) A contract that names service parties is in force under their signatures, too: a log that was instructed has
each. (4) What was proposed before: `ledger.audit.rounds`; what is in place of another: `ledger.audit.successions`; what
is done under one: `ledger.audit.contract_uses`.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final

from contracts.errors import ContractError
from contracts.ndi.interfaces import contract_part
from contracts.ndi.strategy import services
from ledger.audit import rounds, successions
from ledger.audit.filings import FILED
from ledger.audit.horizon import behind
from policy.errors import PolicyError

if TYPE_CHECKING:
    from ledger.audit.books import Book, Books
    from ledger.audit.event import Event
    from ledger.audit.report import Report
    from ledger.space.document import Space

SIGNED: Final = "contract.signed"
CONSENTED: Final = "contract.consented"
INSTRUCTED: Final = "instruction.moved"
NEEDED: Final = frozenset({"contract", "name", "strategy", "provider", "consumer", "signatures"})


def check(space: Space, books: Books, report: Report) -> dict[str, Event]:
    """Check every contract that a log says was signed, and every control instruction; return those that were."""
    signed: dict[str, Event] = {}
    for did, book in books.items():
        for event in book.of(SIGNED):
            # of what was not disclosed nobody says that it is wrong
            if not set(NEEDED) <= set(event.fields):
                continue
            if _is_signed(space, did, event):
                signed.setdefault(event.part, event)
            else:
                report.find("contract-unsigned", did, event, agreement=event.part)
        for event in book.of(INSTRUCTED):
            if not _is_founded(space, books, did, event, report):
                report.find("instruction-unfounded", did, event, agreement=event.part)
        for event in book.of(SIGNED):
            if book.has(INSTRUCTED, event.part):
                for party in _unconsented(space, book, event):
                    report.find("contract-consent-missing", did, event, agreement=event.part, party=party)
    rounds.check(space, books, report)
    platform = books.get(space.exchange)
    filed = [] if platform is None else list(platform.of(FILED))
    instructed = [event for book in books.values() for event in book.of(INSTRUCTED)]
    successions.check(signed, filed, instructed, books, report)
    return signed


def _is_signed(space: Space, did: str, event: Event) -> bool:
    told = event.fields
    sides = (told["provider"], told["consumer"])
    try:
        part_signed = contract_part(str(told["name"]), str(told["contract"]), told["strategy"])
        signatures = [bytes.fromhex(str(one)) for one in told["signatures"]]
    except (ContractError, TypeError, ValueError):
        return False
    if did not in sides or sha256(part_signed).hexdigest() != event.part or len(signatures) != len(sides):
        return False
    members = [space.members.get(str(side)) for side in sides]
    pairs = zip(members, signatures, strict=True)
    return all(one is None or one.signer.has_signed(part_signed, proof, event.time) for one, proof in pairs)


def _unconsented(space: Space, book: Book, event: Event) -> list[str]:
    """List the service parties of a contract whose signature a log that says that it is in force does not have."""
    told = event.fields
    if not set(NEEDED) <= set(told):
        return []
    try:
        named = services(told["strategy"])
        part = contract_part(str(told["name"]), str(told["contract"]), told["strategy"])
    except (ContractError, PolicyError, TypeError, AttributeError):
        return []  # no contract at all, or an expansion of another make
    kept = list(book.of(CONSENTED, event.part))
    if any("signature" not in one.fields or "party" not in one.fields for one in kept):
        return []  # of what was not disclosed nobody says that it is wrong
    return [one.entity for one in named if not any(_is_given(space, one.entity, part, each) for each in kept)]


def _is_given(space: Space, party: str, part: bytes, event: Event) -> bool:
    """Say whether an event has a party's signature over a part; whose key the space does not know is believed."""
    member = space.members.get(party)
    if event.fields["party"] != party:
        return False
    try:
        proof = bytes.fromhex(str(event.fields["signature"]))
        return member is None or member.signer.has_signed(part, proof, event.time)
    except (ContractError, ValueError):
        return False


def _is_founded(space: Space, books: Books, did: str, event: Event, report: Report) -> bool:
    """Say whether the exchange filed the contract of an instruction, and instructed who says so."""
    platform: Book | None = books.get(space.exchange)
    if platform is None:
        return True
    if did == space.exchange:
        return any(True for _ in platform.of(FILED, event.part)) or behind(report, event.part, event.time, platform)
    if event.fields.get("from", space.exchange) != space.exchange:
        return False
    told = [str(one.fields.get("to", did)) for one in platform.of(INSTRUCTED, event.part)]
    return did in told or behind(report, event.part, event.time, platform)
